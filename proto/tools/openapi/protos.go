package openapi

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// protos are the declarations that the document is made from.
type protos struct {
	files *protoregistry.Files
	types *dynamicpb.Types
	// methods by the operationId that protoc-gen-openapiv3 gives them: Service_Method.
	methods map[string]protoreflect.MethodDescriptor
	// rules are those of the fields.
	rules protovalidate.Validator
}

func newProtos(set *descriptorpb.FileDescriptorSet) (*protos, error) {
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, err
	}
	rules, err := protovalidate.New()
	if err != nil {
		return nil, err
	}
	p := &protos{files, dynamicpb.NewTypes(files), map[string]protoreflect.MethodDescriptor{}, rules}
	files.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				m := s.Methods().Get(j)
				p.methods[fmt.Sprintf("%s_%s", s.Name(), m.Name())] = m
			}
		}
		return true
	})
	return p, nil
}

// rule is a method's declaration of who may call it.
type rule struct {
	public                bool
	roles, scopes, links  []string
	keyTaken, keyRequired bool
}

// ruleOf reads renown.options.v1.rule. Its Go type is generated in the same run as this document, so it is read by its descriptor.
func (p *protos) ruleOf(m protoreflect.MethodDescriptor) (rule, error) {
	raw, err := proto.Marshal(m.Options())
	if err != nil {
		return rule{}, err
	}
	opts := &descriptorpb.MethodOptions{}
	if err := (proto.UnmarshalOptions{Resolver: p.types}).Unmarshal(raw, opts); err != nil {
		return rule{}, err
	}
	var found protoreflect.Message
	opts.ProtoReflect().Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.FullName() == "renown.options.v1.rule" {
			found = v.Message()
		}
		return true
	})
	if found == nil {
		return rule{}, fmt.Errorf("%s declares no rule", m.FullName())
	}
	field := func(name protoreflect.Name) protoreflect.Value {
		return found.Get(found.Descriptor().Fields().ByName(name))
	}
	words := func(name protoreflect.Name) []string {
		var all []string
		for i := range field(name).List().Len() {
			all = append(all, field(name).List().Get(i).String())
		}
		return all
	}
	key := field("idempotency").Enum()
	return rule{field("public").Bool(), words("roles"), words("scopes"), words("links"), key > 0, key == 2}, nil
}

// comment returns what is written above a declaration, each paragraph in one line.
func comment(d protoreflect.Descriptor) string {
	var paragraphs []string
	for _, p := range paragraphBreak.Split(d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments, -1) {
		paragraphs = append(paragraphs, strings.Join(strings.Fields(p), " "))
	}
	return strings.TrimSpace(strings.Join(paragraphs, "\n\n"))
}

var paragraphBreak = regexp.MustCompile(`\n[ \t]*\n`)

var sentenceEnd = regexp.MustCompile(`\.\s+`)

// sentences splits a comment on "Name does this. More." into "Does this." and "More."
func sentences(d protoreflect.Descriptor) (first, rest string) {
	text := strings.TrimPrefix(comment(d), string(d.Name())+" ")
	if text == "" {
		return "", ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if end := sentenceEnd.FindStringIndex(text); end != nil {
		return text[:end[0]+1], text[end[1]:]
	}
	return text, ""
}

// spoken is a comment without the name that Go's convention begins it with: "Text is the working text." is "The working text."
func spoken(d protoreflect.Descriptor) string {
	first, rest := sentences(d)
	text := strings.TrimSpace(first + " " + rest)
	if rest, ok := strings.CutPrefix(text, "Is "); ok && rest != "" {
		return strings.ToUpper(rest[:1]) + rest[1:]
	}
	return text
}

// bounds returns the JSON Schema words for a field's rules of validation.
func bounds(fd protoreflect.FieldDescriptor) object {
	rules, _ := proto.GetExtension(fd.Options(), validate.E_Field).(*validate.FieldRules)
	return boundsOf(rules)
}

func boundsOf(rules *validate.FieldRules) object {
	out := object{}
	if s := rules.GetString(); s != nil {
		set(out, "minLength", s.GetMinLen(), s.HasMinLen())
		set(out, "maxLength", s.GetMaxLen(), s.HasMaxLen())
		set(out, "pattern", s.GetPattern(), s.HasPattern())
		if len(s.GetIn()) > 0 {
			var all []any
			for _, v := range s.GetIn() {
				all = append(all, v)
			}
			out["enum"] = all
		}
	}
	if n := rules.GetInt32(); n != nil {
		set(out, "minimum", n.GetGte(), n.HasGte())
		set(out, "maximum", n.GetLte(), n.HasLte())
		set(out, "exclusiveMaximum", n.GetLt(), n.HasLt())
	}
	if b := rules.GetBytes(); b != nil {
		// Bounds of bytes count before base64.
		set(out, "maxLength", (b.GetMaxLen()+2)/3*4, b.HasMaxLen())
	}
	if r := rules.GetRepeated(); r != nil {
		set(out, "minItems", r.GetMinItems(), r.HasMinItems())
		set(out, "maxItems", r.GetMaxItems(), r.HasMaxItems())
		set(out, "uniqueItems", true, r.GetUnique())
		if items := boundsOf(r.GetItems()); len(items) > 0 {
			out["items"] = items
		}
	}
	return out
}

func set(o object, name string, v any, have bool) {
	if have {
		o[name] = v
	}
}

// required names the fields of a message without which a request is refused, in JSON's names. Nobody spells them out: they are what the rules of validation, which the
// services go by, have against a message that is empty.
func (p *protos) required(md protoreflect.MessageDescriptor) (map[string]bool, error) {
	err := p.rules.Validate(dynamicpb.NewMessage(md))
	if err == nil {
		return nil, nil
	}
	var against *protovalidate.ValidationError
	if !errors.As(err, &against) {
		return nil, fmt.Errorf("%s: %w", md.FullName(), err)
	}
	out := map[string]bool{}
	for _, v := range against.Violations {
		if fd := v.FieldDescriptor; fd != nil && fd.Parent() == md { // a rule over several fields, or over a oneof, makes none of them needed
			out[fd.JSONName()] = true
		}
	}
	return out, nil
}
