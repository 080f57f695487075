package compact_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"renown.example/gateway/compact"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	_ "renown.example/proto/gen/renown/partners/v1"
	_ "renown.example/proto/gen/renown/stories/v1"
)

// strings that are written differently from how they are.
var texts = []string{"", "plain", `a "quoted" \ word`, "\x00\x01\x1f\x7f\b\f\n\r\t", "<b>&amp;</b>", "Zürich \u2028 \U0001F980", "broken \xff", strings.Repeat("x", 300)}

// fill gives a message values at random. Of one field in four it leaves none.
func fill(r *rand.Rand, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if r.IntN(4) == 0 || fd.Message() != nil && !fd.IsMap() && depth == 0 {
			continue
		}
		switch {
		case fd.IsMap():
			for range r.IntN(4) {
				key := any(texts[r.IntN(len(texts))])
				switch fd.MapKey().Kind() {
				case protoreflect.BoolKind:
					key = r.IntN(2) == 0
				case protoreflect.Int32Kind:
					key = r.Int32()
				case protoreflect.Int64Kind:
					key = r.Int64()
				}
				k := protoreflect.ValueOf(key).MapKey()
				if fd.MapValue().Message() != nil {
					fill(r, m.Mutable(fd).Map().Mutable(k).Message(), max(0, depth-1))
					continue
				}
				m.Mutable(fd).Map().Set(k, scalar(r, fd.MapValue()))
			}
		case fd.IsList():
			for range r.IntN(3) {
				if fd.Message() != nil {
					fill(r, m.Mutable(fd).List().AppendMutable().Message(), depth-1)
					continue
				}
				m.Mutable(fd).List().Append(scalar(r, fd))
			}
		case fd.Message() != nil:
			fill(r, m.Mutable(fd).Message(), depth-1)
		default:
			m.Set(fd, scalar(r, fd))
		}
	}
}

func scalar(r *rand.Rand, fd protoreflect.FieldDescriptor) protoreflect.Value {
	number := []int64{0, 1, -1, 1_777_885_206, 123_000_000, 5_000, 999_999_999}[r.IntN(7)]
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(r.IntN(2) == 0)
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(texts[r.IntN(len(texts))])
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(texts[r.IntN(len(texts))]))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(r.IntN(fd.Enum().Values().Len() + 1)))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(number))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(number))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(number * 7)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(number))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(number) / 3)
	}
	return protoreflect.ValueOfFloat64(float64(number) / 3)
}

// TestItIsTheTextOfProtojson fills every message of ours at random, with instants and texts that cannot be written among the rest.
func TestItIsTheTextOfProtojson(t *testing.T) {
	options, r := protojson.MarshalOptions{EmitDefaultValues: true}, rand.New(rand.NewPCG(26, 7))
	written, refused := 0, 0
	check := func(m proto.Message) {
		t.Helper()
		b, wantErr := options.Marshal(m)
		got, err := compact.JSON(m)
		if (err != nil) != (wantErr != nil) {
			t.Fatalf("%s: error %v, want %v", m.ProtoReflect().Descriptor().FullName(), err, wantErr)
		}
		if err != nil {
			refused++
			return
		}
		written++
		var want bytes.Buffer
		if err := json.Compact(&want, b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%s:\ngot  %s\nwant %s", m.ProtoReflect().Descriptor().FullName(), got, want.Bytes())
		}
	}
	protoregistry.GlobalTypes.RangeMessages(func(mt protoreflect.MessageType) bool {
		if !strings.HasPrefix(string(mt.Descriptor().FullName()), "renown.") {
			return true
		}
		check(mt.New().Interface())
		for range 30 {
			m := mt.New()
			fill(r, m, 3)
			check(m.Interface())
		}
		m := dynamicpb.NewMessage(mt.Descriptor())
		fill(r, m, 2)
		check(m)
		return !t.Failed()
	})
	check((*loyaltyv1.Member)(nil))
	if written < 1000 || refused < 100 {
		t.Errorf("%d were written and %d refused", written, refused)
	}
}

func BenchmarkJSON(b *testing.B) {
	m := &loyaltyv1.Member{
		Name: "programs/customers/members/06ev4dqlu1odvb162mgqse6eo4", DisplayName: "Ida B", State: loyaltyv1.MemberState_MEMBER_STATE_ACTIVE, Etag: `"1"`,
		Identifiers: []*loyaltyv1.MemberIdentifier{{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL, Value: "K-1"}},
		Accounts:    []*loyaltyv1.Account{{Wallet: "points", Available: 120, Entries: 8, Head: "27a2183386d9c2f8f153997d3a861170c4780cad4655e098ec54b11eb7e5c6fd"}},
	}
	for b.Loop() {
		if _, err := compact.JSON(m); err != nil {
			b.Fatal(err)
		}
	}
}
