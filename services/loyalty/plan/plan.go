// Package plan compares what a programme is set up as with what it is to become. It is pure, and knows of documents only how they are put together: a field that the
// document gets is compared without a word about it here.
package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Fingerprint tells set-ups apart: documents that say the same have the same one, 64 hexadecimal digits.
func Fingerprint(d *loyaltyv1.ProgramDocument) string {
	sum := sha256.Sum256([]byte(textOf(d)))
	return hex.EncodeToString(sum[:])
}

// Changes are what leads from one document to another, in the order of their fields. Things that have an id are compared with those of the same id, wherever they stand.
func Changes(from, to *loyaltyv1.ProgramDocument) []*loyaltyv1.ProgramChange {
	var c changes
	c.message("", from.ProtoReflect(), to.ProtoReflect())
	return c
}

type changes []*loyaltyv1.ProgramChange

func (c *changes) add(path, before, after string) {
	if before != after {
		*c = append(*c, &loyaltyv1.ProgramChange{Path: path, Before: before, After: after})
	}
}

func (c *changes) message(path string, a, b protoreflect.Message) {
	fields := a.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		at := path + f.JSONName()
		switch {
		case f.IsList() && keyOf(f) != nil:
			c.list(at, keyOf(f), a.Get(f).List(), b.Get(f).List())
		case f.Message() != nil && f.Cardinality() != protoreflect.Repeated && f.Message().ParentFile().Package() != "google.protobuf" && a.Has(f) && b.Has(f):
			c.message(at+".", a.Get(f).Message(), b.Get(f).Message())
		default:
			c.add(at, valueOf(a, f), valueOf(b, f))
		}
	}
}

// keyOf is the field that tells the things of a list apart, nil if none does.
func keyOf(f protoreflect.FieldDescriptor) protoreflect.FieldDescriptor {
	if f.Message() == nil {
		return nil
	}
	return f.Message().Fields().ByName("id")
}

func (c *changes) list(path string, key protoreflect.FieldDescriptor, a, b protoreflect.List) {
	before, order := byKey(key, a)
	after, wanted := byKey(key, b)
	for _, id := range order {
		at := path + "[" + id + "]"
		if after[id] == nil {
			c.add(at, textOf(before[id].Interface()), "")
			continue
		}
		c.message(at+".", before[id], after[id])
	}
	for _, id := range wanted {
		if before[id] == nil {
			c.add(path+"["+id+"]", "", textOf(after[id].Interface()))
		}
	}
	order = slices.DeleteFunc(order, func(id string) bool { return after[id] == nil })
	wanted = slices.DeleteFunc(wanted, func(id string) bool { return before[id] == nil })
	if !slices.Equal(order, wanted) {
		c.add(path, jsonOf(order), jsonOf(wanted))
	}
}

func byKey(key protoreflect.FieldDescriptor, l protoreflect.List) (map[string]protoreflect.Message, []string) {
	of, order := map[string]protoreflect.Message{}, []string{}
	for i := range l.Len() {
		m := l.Get(i).Message()
		id := m.Get(key).String()
		of[id], order = m, append(order, id)
	}
	return of, order
}

// valueOf is a field of a message as JSON, empty if it is not there.
func valueOf(m protoreflect.Message, f protoreflect.FieldDescriptor) string {
	if !m.Has(f) {
		return ""
	}
	only := m.New()
	only.Set(f, m.Get(f))
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(textOf(only.Interface())), &fields); err != nil {
		panic(err) // protojson writes JSON
	}
	return string(fields[f.JSONName()])
}

// textOf is a message as JSON. protojson does not promise its spaces, so they are taken out.
func textOf(m proto.Message) string {
	text, err := protojson.Marshal(m)
	if err != nil {
		panic(err) // a document has valid texts and times: they were checked when it came in
	}
	var out bytes.Buffer
	if err := json.Compact(&out, text); err != nil {
		panic(err)
	}
	return out.String()
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // they are strings
	}
	return string(text)
}
