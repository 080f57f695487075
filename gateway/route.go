package gateway

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	optionsv1 "renown.example/proto/gen/renown/options/v1"
)

// files are the protos whose methods the gateway serves: all of Renown's that it is built with.
func files() []protoreflect.FileDescriptor {
	var all []protoreflect.FileDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(f.Package()), "renown.") && strings.HasPrefix(f.Path(), "renown/") {
			all = append(all, f)
		}
		return true
	})
	return all
}

// route is what the gateway knows of one REST method from its declaration in the proto.
type route struct {
	method  string
	pattern string
	rpc     protoreflect.MethodDescriptor
	rule    *optionsv1.Rule
	// hasBody says that the request's message is the JSON body.
	hasBody bool
	// inPath holds the JSON names of the fields that the address gives.
	inPath map[string]bool
	// etag is the request's field for If-Match, nil if it has none.
	etag protoreflect.FieldDescriptor
	// large says that the body carries files.
	large bool
}

// public reports whether anybody on any website may read it.
func (r *route) public() bool { return r.rule.GetPublic() && !r.hasBody }

// routeTable holds routes by "METHOD pattern" as runtime spells patterns.
type routeTable map[string]*route

func newRouteTable() (routeTable, error) {
	t := routeTable{}
	for _, file := range files() {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				if err := t.add(methods.Get(j)); err != nil {
					return nil, err
				}
			}
		}
	}
	return t, nil
}

func (t routeTable) add(md protoreflect.MethodDescriptor) error {
	rule, _ := proto.GetExtension(md.Options(), optionsv1.E_Rule).(*optionsv1.Rule)
	if rule == nil {
		return fmt.Errorf("gateway: %s declares no rule about who may call it", md.FullName())
	}
	http, _ := proto.GetExtension(md.Options(), annotations.E_Http).(*annotations.HttpRule)
	if http == nil {
		return nil
	}
	method, pattern := binding(http)
	if method == "" || http.GetBody() != "" && http.GetBody() != "*" || len(http.GetAdditionalBindings()) > 0 {
		return fmt.Errorf("gateway: the http rule of %s is of a form that is not served", md.FullName())
	}
	r := &route{method: method, pattern: pattern, rpc: md, rule: rule, hasBody: http.GetBody() == "*", inPath: map[string]bool{}}
	fields := md.Input().Fields()
	for _, name := range variables(pattern) {
		fd := fields.ByName(protoreflect.Name(name))
		if fd == nil {
			return fmt.Errorf("gateway: %s has {%s} in its address and no such field", md.FullName(), name)
		}
		r.inPath[fd.JSONName()] = true
	}
	if fd := fields.ByName("etag"); fd != nil && fd.Kind() == protoreflect.StringKind {
		r.etag = fd
	}
	for i := range fields.Len() {
		r.large = r.large || fields.Get(i).Kind() == protoreflect.BytesKind
	}
	t[method+" "+spelled(pattern)] = r
	return nil
}

func binding(r *annotations.HttpRule) (method, pattern string) {
	switch p := r.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return "GET", p.Get
	case *annotations.HttpRule_Post:
		return "POST", p.Post
	case *annotations.HttpRule_Put:
		return "PUT", p.Put
	case *annotations.HttpRule_Patch:
		return "PATCH", p.Patch
	case *annotations.HttpRule_Delete:
		return "DELETE", p.Delete
	}
	return "", ""
}

func variables(pattern string) []string {
	var names []string
	for rest := pattern; ; {
		_, after, ok := strings.Cut(rest, "{")
		if !ok {
			return names
		}
		name, tail, _ := strings.Cut(after, "}")
		name, _, _ = strings.Cut(name, "=")
		names, rest = append(names, name), tail
	}
}

// spelled writes a pattern as runtime.Pattern.String does.
func spelled(pattern string) string {
	for _, name := range variables(pattern) {
		pattern = strings.Replace(pattern, "{"+name+"}", "{"+name+"=*}", 1)
	}
	return pattern
}

// Routes lists what the gateway serves from the protos, as "METHOD /path/{variable}", in order.
func (g *Gateway) Routes() []string {
	var all []string
	for _, r := range g.routes {
		all = append(all, r.method+" "+r.pattern)
	}
	slices.Sort(all)
	return all
}
