// Package compact writes protobuf messages as JSON: the text of protojson with default values written, without the white space that it varies from build to build on purpose, so that
// the same answer has the same bytes in every replica. What is to be known of a type of message, such as the names and the order of its fields, is found once.
package compact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// options are those of every answer: fields with their zero value are written, so that clients can rely on them; messages that are not there, such as an unknown time, are
// left out.
var options = protojson.MarshalOptions{EmitDefaultValues: true}

// JSON returns the text of a message.
func JSON(m proto.Message) ([]byte, error) {
	if r := m.ProtoReflect(); r.IsValid() {
		if out, ok := message(make([]byte, 0, 512), r); ok {
			return out, nil
		}
	}
	return slowly(m)
}

// slowly has protojson write a message, or say why it cannot be written.
func slowly(m proto.Message) ([]byte, error) {
	b, err := options.Marshal(m)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(len(b))
	err = json.Compact(&out, b)
	return out.Bytes(), err
}

// writer appends a value. It reports false if only protojson knows how to, or why not.
type writer func(to []byte, v protoreflect.Value) ([]byte, bool)

// field is what is known of a field of a message.
type field struct {
	fd protoreflect.FieldDescriptor
	// name is in quotation marks, with the colon.
	name string
	// optional says that it is left out where it is not set.
	optional bool
	write    writer
}

// known are the fields of messages in the order in which they are written, by descriptor; nil for those that only protojson can write.
var known sync.Map

func fieldsOf(d protoreflect.MessageDescriptor) []field {
	if f, ok := known.Load(d); ok {
		return f.([]field)
	}
	fields := []field{}
	for i := range d.Fields().Len() {
		fd := d.Fields().Get(i)
		f := field{fd: fd, name: `"` + fd.JSONName() + `":`, optional: fd.HasPresence(), write: writerOf(fd)}
		if f.write == nil || fd.Cardinality() == protoreflect.Required {
			fields = nil
			break
		}
		fields = append(fields, f)
	}
	if d.ExtensionRanges().Len() > 0 {
		fields = nil
	}
	known.Store(d, fields)
	return fields
}

func writerOf(fd protoreflect.FieldDescriptor) writer {
	switch {
	case fd.IsMap():
		if fd.MapKey().Kind() != protoreflect.StringKind {
			return nil
		}
		return mapWriter(single(fd.MapValue()))
	case fd.IsList():
		return listWriter(single(fd))
	}
	return single(fd)
}

// single returns the writer of one value of a field, nil for kinds that answers do not have.
func single(fd protoreflect.FieldDescriptor) writer {
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return func(to []byte, v protoreflect.Value) ([]byte, bool) { return strconv.AppendBool(to, v.Bool()), true }
	case protoreflect.StringKind:
		return func(to []byte, v protoreflect.Value) ([]byte, bool) { return text(to, v.String()) }
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return func(to []byte, v protoreflect.Value) ([]byte, bool) { return strconv.AppendInt(to, v.Int(), 10), true }
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return func(to []byte, v protoreflect.Value) ([]byte, bool) {
			return strconv.AppendUint(to, v.Uint(), 10), true
		}
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return func(to []byte, v protoreflect.Value) ([]byte, bool) {
			return append(strconv.AppendInt(append(to, '"'), v.Int(), 10), '"'), true
		}
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return func(to []byte, v protoreflect.Value) ([]byte, bool) {
			return append(strconv.AppendUint(append(to, '"'), v.Uint(), 10), '"'), true
		}
	case protoreflect.BytesKind:
		return func(to []byte, v protoreflect.Value) ([]byte, bool) {
			return append(base64.StdEncoding.AppendEncode(append(to, '"'), v.Bytes()), '"'), true
		}
	case protoreflect.EnumKind:
		return enumWriter(fd.Enum())
	case protoreflect.MessageKind:
		if fd.Message().FullName() == "google.protobuf.Timestamp" {
			return timestampWriter(fd.Message())
		}
		return func(to []byte, v protoreflect.Value) ([]byte, bool) { return message(to, v.Message()) }
	}
	return nil // numbers with a point, and groups
}

func message(to []byte, m protoreflect.Message) ([]byte, bool) {
	d := m.Descriptor()
	if strings.HasPrefix(string(d.FullName()), "google.protobuf.") { // each has a form of its own
		b, err := slowly(m.Interface())
		return append(to, b...), err == nil
	}
	fields := fieldsOf(d)
	if fields == nil {
		return to, false
	}
	to = append(to, '{')
	first := true
	for i := range fields {
		f := &fields[i]
		if f.optional && !m.Has(f.fd) {
			continue
		}
		if !first {
			to = append(to, ',')
		}
		first = false
		var ok bool
		if to, ok = f.write(append(to, f.name...), m.Get(f.fd)); !ok {
			return to, false
		}
	}
	return append(to, '}'), true
}

func listWriter(one writer) writer {
	if one == nil {
		return nil
	}
	return func(to []byte, v protoreflect.Value) ([]byte, bool) {
		list, ok := v.List(), true
		to = append(to, '[')
		for i := range list.Len() {
			if i > 0 {
				to = append(to, ',')
			}
			if to, ok = one(to, list.Get(i)); !ok {
				return to, false
			}
		}
		return append(to, ']'), true
	}
}

func mapWriter(one writer) writer {
	if one == nil {
		return nil
	}
	return func(to []byte, v protoreflect.Value) ([]byte, bool) {
		entries, keys := v.Map(), []string(nil)
		entries.Range(func(k protoreflect.MapKey, _ protoreflect.Value) bool {
			keys = append(keys, k.String())
			return true
		})
		slices.Sort(keys)
		to = append(to, '{')
		for i, k := range keys {
			if i > 0 {
				to = append(to, ',')
			}
			var ok bool
			if to, ok = text(to, k); !ok {
				return to, false
			}
			if to, ok = one(append(to, ':'), entries.Get(protoreflect.ValueOfString(k).MapKey())); !ok {
				return to, false
			}
		}
		return append(to, '}'), true
	}
}

func enumWriter(d protoreflect.EnumDescriptor) writer {
	names := map[protoreflect.EnumNumber]string{}
	for i := range d.Values().Len() {
		v := d.Values().Get(i)
		if _, alias := names[v.Number()]; !alias {
			names[v.Number()] = `"` + string(v.Name()) + `"`
		}
	}
	if d.FullName() == "google.protobuf.NullValue" {
		return nil
	}
	return func(to []byte, v protoreflect.Value) ([]byte, bool) {
		if name, ok := names[v.Enum()]; ok {
			return append(to, name...), true
		}
		return strconv.AppendInt(to, int64(v.Enum()), 10), true
	}
}

// The instants that a timestamp may hold, in seconds.
const earliest, latest = -62135596800, 253402300799

func timestampWriter(d protoreflect.MessageDescriptor) writer {
	seconds, nanos := d.Fields().ByName("seconds"), d.Fields().ByName("nanos")
	return func(to []byte, v protoreflect.Value) ([]byte, bool) {
		m := v.Message()
		s, n := m.Get(seconds).Int(), m.Get(nanos).Int()
		if s < earliest || s > latest || n < 0 || n > 999_999_999 {
			return to, false
		}
		layout := `"2006-01-02T15:04:05.000000000Z"`
		switch {
		case n == 0:
			layout = `"2006-01-02T15:04:05Z"`
		case n%1_000_000 == 0:
			layout = `"2006-01-02T15:04:05.000Z"`
		case n%1000 == 0:
			layout = `"2006-01-02T15:04:05.000000Z"`
		}
		return time.Unix(s, n).UTC().AppendFormat(to, layout), true
	}
}

// text appends a string in quotation marks; what is no UTF-8 it leaves.
func text(to []byte, s string) ([]byte, bool) {
	to = append(to, '"')
	begin := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				return to, false
			}
			i += n
			continue
		}
		to = append(to, s[begin:i]...)
		i++
		begin = i
		to = escaped(to, c)
	}
	return append(append(to, s[begin:]...), '"'), true
}

func escaped(to []byte, c byte) []byte {
	to = append(to, '\\')
	switch c {
	case '"', '\\':
		return append(to, c)
	case '\b':
		return append(to, 'b')
	case '\f':
		return append(to, 'f')
	case '\n':
		return append(to, 'n')
	case '\r':
		return append(to, 'r')
	case '\t':
		return append(to, 't')
	}
	to = append(to, 'u')
	to = append(to, "0000"[1+(bits.Len8(c)-1)/4:]...)
	return strconv.AppendUint(to, uint64(c), 16)
}
