// Package api calls Renown's REST interface with the generated clients: a [Conn] is a gRPC client connection that speaks REST.
//
//	conn := api.New("http://127.0.0.1:8081", nil).As(api.Session(token))
//	text, err := storiesv1.NewWorkspaceServiceClient(conn).GetText(ctx, &storiesv1.GetTextRequest{Story: id, Locale: "en"})
//
// Address, verb and body of each call follow from the method's google.api.http annotation, the same that the gateway is made
// from, so the website is a partner like any other and no address is written twice. A refusal comes back as a *[Problem].
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"renown.example/kit/ready"
	"renown.example/kit/telemetry"
)

// maxAnswer bounds what is read of one answer, in bytes: the export of a whole installation as a zip is the largest.
const maxAnswer = 512 << 20

// callTimeout bounds a call whose context has no deadline of its own.
const callTimeout = 130 * time.Second

// Credential is the value of the Authorization header; the zero value is nobody.
type Credential struct{ header string }

// Session is an employee's opaque session token.
func Session(token string) Credential { return Credential{"Session " + token} }

// Link is the token of a signed link, such as a customer's sign-off link.
func Link(token string) Credential { return Credential{"Link " + token} }

// Conn is a REST connection on behalf of one caller. It is safe for use by many requests at once.
type Conn struct {
	base   string
	client *http.Client
	as     Credential
}

var _ grpc.ClientConnInterface = (*Conn)(nil)

// New connects to the gateway at base, such as "http://127.0.0.1:8081"; a nil client is one with sensible limits. Nothing is
// sent before the first call.
func New(base string, client *http.Client) *Conn {
	if client == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 64
		client = &http.Client{Transport: transport, CheckRedirect: stay}
	}
	return &Conn{base: strings.TrimRight(base, "/"), client: client}
}

// stay returns a redirect to the caller: a story that moved is an answer, not an address to follow silently.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// As gives a connection on behalf of another caller over the same sockets.
func (c *Conn) As(who Credential) *Conn {
	other := *c
	other.as = who
	return &other
}

// Invoke calls a unary method; args and reply are the generated messages. The error is a *Problem when the gateway refused,
// and a *Problem of code UNAVAILABLE when it could not be reached.
func (c *Conn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	in, ok := args.(proto.Message)
	out, ok2 := reply.(proto.Message)
	if !ok || !ok2 {
		return fmt.Errorf("%s: %T and %T are not messages", method, args, reply)
	}
	rule, err := ruleOf(method)
	if err != nil {
		return err
	}
	verb, path, body, err := rule.address(in)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	if _, set := ctx.Deadline(); !set {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
		defer cancel()
	}
	return c.exchange(ctx, rule, verb, path, body, out, opts)
}

// Revisions is the gateway's stream of what changed among published things, for a ready.Holder.
func (c *Conn) Revisions() ready.Source { return ready.FromStream(c.client, c.base+"/v1/revisions") }

// NewStream refuses: REST has no streams; see Revisions for the one that there is.
func (c *Conn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("api: REST has no streams")
}

func (c *Conn) exchange(ctx context.Context, rule *rule, verb, path string, body []byte, out proto.Message, opts []grpc.CallOption) error {
	var content io.Reader
	if body != nil {
		content = bytes.NewReader(body)
	}
	if reader, ok := ctx.Value(readerKey{}).(Reader); ok {
		ctx = reader.Calling(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, verb, c.base+path, content)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	var meta *Meta
	for _, opt := range opts {
		switch o := opt.(type) {
		case header:
			req.Header.Set(o.name, o.value)
		case metaInto:
			meta = o.meta
		}
	}
	c.identify(ctx, req)
	res, err := c.client.Do(req)
	if err != nil {
		return unreachable(ctx, err)
	}
	defer res.Body.Close()
	if meta != nil {
		*meta = metaOf(res)
	}
	noteKeys(ctx, verb, res)
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return unreachable(ctx, err)
	}
	switch {
	case res.StatusCode == http.StatusNotModified:
		return nil
	case res.StatusCode >= 300:
		return problemOf(res, raw)
	}
	return rule.read(raw, res.Header.Get("Content-Type"), out)
}

func (c *Conn) identify(ctx context.Context, req *http.Request) {
	if c.as.header != "" {
		req.Header.Set("Authorization", c.as.header)
	}
	if reader, ok := ctx.Value(readerKey{}).(Reader); ok {
		req.Header.Set("X-Forwarded-For", reader.Chain())
	}
	telemetry.Propagator.Inject(ctx, propagation.HeaderCarrier(req.Header))
	if id := telemetry.RequestID(ctx); id != "" {
		req.Header.Set("X-Request-Id", id)
	}
}

// rule is a method's google.api.http annotation.
type rule struct {
	verb, path, body, responseBody string
}

func ruleOf(method string) (*rule, error) {
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", "."))
	desc, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
	if err != nil {
		return nil, fmt.Errorf("api: method %s is unknown: %w", method, err)
	}
	annotation, ok := proto.GetExtension(desc.Options(), annotations.E_Http).(*annotations.HttpRule)
	if !ok || annotation == nil {
		return nil, fmt.Errorf("api: method %s has no REST address", method)
	}
	r := &rule{body: annotation.GetBody(), responseBody: annotation.GetResponseBody()}
	switch p := annotation.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		r.verb, r.path = http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		r.verb, r.path = http.MethodPost, p.Post
	case *annotations.HttpRule_Put:
		r.verb, r.path = http.MethodPut, p.Put
	case *annotations.HttpRule_Patch:
		r.verb, r.path = http.MethodPatch, p.Patch
	case *annotations.HttpRule_Delete:
		r.verb, r.path = http.MethodDelete, p.Delete
	default:
		return nil, fmt.Errorf("api: method %s has an address of an unknown kind", method)
	}
	return r, nil
}

// address fills the fields of the message into path, query and body, in its JSON form: that is how the gateway reads them.
func (r *rule) address(in proto.Message) (verb, path string, body []byte, err error) {
	raw, err := protojson.Marshal(in)
	if err != nil {
		return "", "", nil, err
	}
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		return "", "", nil, err
	}
	path, err = fillPath(r.path, fields)
	if err != nil {
		return "", "", nil, err
	}
	switch r.body {
	case "":
	case "*":
		body, err = json.Marshal(fields)
		return r.verb, path, body, err
	default:
		if body, err = json.Marshal(fields[r.body]); err != nil {
			return "", "", nil, err
		}
		delete(fields, r.body)
	}
	query := url.Values{}
	flatten(query, "", fields)
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return r.verb, path, body, nil
}

// fillPath puts fields into the braces of the template and takes them out of the map.
func fillPath(template string, fields map[string]any) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(template, "{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, _ := strings.Cut(rest, "}")
		name = jsonName(name)
		value := fmt.Sprint(fields[name])
		if fields[name] == nil || value == "" {
			return "", fmt.Errorf("%s is missing", name)
		}
		out.WriteString(url.PathEscape(value))
		delete(fields, name)
		template = after
	}
}

// jsonName is a field's name in JSON: rule_id is ruleId.
func jsonName(field string) string {
	words := strings.Split(field, "_")
	for i, w := range words[1:] {
		if w != "" {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

func flatten(query url.Values, prefix string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, part := range v {
			name := key
			if prefix != "" {
				name = prefix + "." + key
			}
			flatten(query, name, part)
		}
	case []any:
		for _, part := range v {
			flatten(query, prefix, part)
		}
	case nil:
	default:
		query.Add(prefix, fmt.Sprint(v))
	}
}

// read fills the reply from the answer. Fields that this version of the website does not know yet are passed over: the gateway
// may be newer.
func (r *rule) read(raw []byte, contentType string, out proto.Message) error {
	target := out
	if r.responseBody != "" {
		field := out.ProtoReflect().Descriptor().Fields().ByJSONName(r.responseBody)
		if field == nil {
			field = out.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(r.responseBody))
		}
		if field == nil || field.Message() == nil || field.IsList() {
			return fmt.Errorf("api: response body %q of %s is no message", r.responseBody, out.ProtoReflect().Descriptor().FullName())
		}
		target = out.ProtoReflect().Mutable(field).Message().Interface()
	}
	if file, ok := target.(*httpbody.HttpBody); ok {
		file.ContentType, file.Data = contentType, raw
		return nil
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(raw, target)
}
