package rpc

import (
	"fmt"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	_ "renown.example/proto/gen/renown/partners/v1"
	_ "renown.example/proto/gen/renown/stories/v1"
)

func TestViolationsAreSaidInPlainWords(t *testing.T) {
	v, err := protovalidate.New()
	if err != nil {
		t.Fatal(err)
	}
	line := &loyaltyv1.OrderLine{Id: "1", Sku: "bean", Amount: proto.Int64(100)}
	tests := []struct {
		name string
		req  proto.Message
		want []string
	}{
		{"nothing given", &loyaltyv1.RecordOrderRequest{}, []string{"program: " + missing, "member: " + missing, "order: " + missing}},
		{"missing ids", &loyaltyv1.RecordOrderRequest{Program: "p", Member: "m", Order: &loyaltyv1.OrderInput{Currency: "eur", Story: "aarlift", Lines: []*loyaltyv1.OrderLine{line}}},
			[]string{"order.orderId: " + missing, `order.currency: It has to be a currency by its three capital letters, such as "EUR".`,
				`order.story: It has to be the name of a story, "stories/" and its id, such as "stories/aarlift".`}},
		{"too long and of another form", &loyaltyv1.RecordOrderRequest{Program: "p", Member: "m", Order: &loyaltyv1.OrderInput{
			OrderId: strings.Repeat("a b", 60), Currency: "EUR", Lines: []*loyaltyv1.OrderLine{line}}},
			[]string{"order.orderId: It has to be letters, digits, dots, underscores, tildes and hyphens, at most 100 characters."}},
		{"out of range", &loyaltyv1.ListMembersRequest{Program: "p", PageSize: -1}, []string{"pageSize: It has to be at least 0 and at most 200."}},
		{"neither", &loyaltyv1.CalculatePointsRequest{Program: "p", Member: "m"}, []string{"order: Give either order or event."}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := fault.As(check(v, tt.req))
			var got []string
			for _, f := range e.Fields {
				got = append(got, f.Path+": "+f.Message)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// No pattern of any request is told as a pattern.
func TestEveryPatternHasWords(t *testing.T) {
	seen := 0
	var rules func(at string, r *validate.FieldRules)
	rules = func(at string, r *validate.FieldRules) {
		if r == nil {
			return
		}
		if p := r.GetString(); p.HasPattern() {
			if seen++; forms[p.GetPattern()] == "" {
				t.Errorf("%s: there are no words for %s", at, p.GetPattern())
			}
		}
		rules(at, r.GetRepeated().GetItems())
		rules(at, r.GetMap().GetKeys())
		rules(at, r.GetMap().GetValues())
	}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(f.Package()), "renown.") {
			return true
		}
		for i := range f.Messages().Len() {
			m := f.Messages().Get(i)
			for j := range m.Fields().Len() {
				fd := m.Fields().Get(j)
				r, _ := proto.GetExtension(fd.Options(), validate.E_Field).(*validate.FieldRules)
				rules(fmt.Sprint(fd.FullName()), r)
			}
		}
		return true
	})
	if seen < 40 {
		t.Errorf("only %d patterns were looked at", seen)
	}
}

// Bounds of bytes are told in bytes, of which a character may have several.
func TestBytesAreNoCharacters(t *testing.T) {
	for id, want := range map[string]string{
		"bytes.len": "It has to be 32 bytes long.", "bytes.min_len": "It has to be at least 32 bytes long.", "bytes.max_len": "It has to be at most 32 bytes long.",
		"string.max_bytes": "It has to be at most 32 bytes long.", "string.len": "It has to be 32 characters long.",
	} {
		v := &protovalidate.Violation{
			Proto: validate.Violation_builder{RuleId: proto.String(id)}.Build(), FieldValue: protoreflect.ValueOfBytes([]byte("some")), RuleValue: protoreflect.ValueOfUint64(32),
		}
		if got := words(v); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}
