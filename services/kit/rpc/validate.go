package rpc

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// newValidator compiles the rules of all requests, so that a rule that makes no sense stops the start and no call pays for compiling.
func newValidator(c clock.Clock, methods map[string]*method) (protovalidate.Validator, error) {
	var inputs []protoreflect.MessageDescriptor
	for _, m := range methods {
		inputs = append(inputs, m.desc.Input())
	}
	return protovalidate.New(protovalidate.WithMessageDescriptors(inputs...), protovalidate.WithDisableLazy(),
		protovalidate.WithNowFunc(func() *timestamppb.Timestamp { return timestamppb.New(c.Now()) }))
}

// check validates a request and returns fault.InvalidArgument naming each field that is wrong.
func check(v protovalidate.Validator, req any) error {
	m, ok := req.(proto.Message)
	if !ok {
		return fault.Internal.New("A request is not a protobuf message.")
	}
	err := v.Validate(m)
	if err == nil {
		return nil
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return fault.Of(err)
	}
	var fields []fault.Field
	for _, viol := range invalid.Violations {
		path, o := jsonPath(m.ProtoReflect().Descriptor(), viol.Proto.GetField().GetElements())
		f := fault.Field{Path: path}
		if o == nil {
			f.Message = words(viol)
		} else {
			f.Message = either(o)
		}
		// One thing said of a field is enough: an id that is too long breaks the rule of its length and its pattern.
		if !slices.ContainsFunc(fields, func(said fault.Field) bool { return said.Path == path }) {
			fields = append(fields, f)
		}
	}
	if len(fields) == 1 {
		return fault.InvalidArgument.New("%s", sentence(fields[0])).With(fields...)
	}
	return fault.InvalidArgument.New("%d fields of the request are not valid.", len(fields)).With(fields...)
}

func sentence(f fault.Field) string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// jsonPath spells a field path with the names that JSON uses: "content.blocks[2].alt", "labels["de"]". A path to a oneof, which is no part of JSON, leads to the
// first of its fields, and the oneof is returned.
func jsonPath(d protoreflect.MessageDescriptor, elements []*validate.FieldPathElement) (string, protoreflect.OneofDescriptor) {
	var b strings.Builder
	var o protoreflect.OneofDescriptor
	for i, e := range elements {
		name := e.GetFieldName()
		var f protoreflect.FieldDescriptor
		if d != nil {
			f = d.Fields().ByNumber(protoreflect.FieldNumber(e.GetFieldNumber()))
			if o = d.Oneofs().ByName(protoreflect.Name(name)); f == nil && o != nil {
				f = o.Fields().Get(0)
			} else {
				o = nil
			}
		}
		d = nil
		if f != nil {
			name, d = f.JSONName(), f.Message()
			if f.IsMap() {
				d = f.MapValue().Message()
			}
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
		switch e.WhichSubscript() {
		case validate.FieldPathElement_Index_case:
			fmt.Fprintf(&b, "[%d]", e.GetIndex())
		case validate.FieldPathElement_StringKey_case:
			fmt.Fprintf(&b, "[%s]", strconv.Quote(e.GetStringKey()))
		case validate.FieldPathElement_IntKey_case:
			fmt.Fprintf(&b, "[%d]", e.GetIntKey())
		case validate.FieldPathElement_UintKey_case:
			fmt.Fprintf(&b, "[%d]", e.GetUintKey())
		case validate.FieldPathElement_BoolKey_case:
			fmt.Fprintf(&b, "[%t]", e.GetBoolKey())
		}
	}
	return b.String(), o
}
