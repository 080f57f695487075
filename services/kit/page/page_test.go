package page_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
	"pgregory.net/rapid"

	"renown.example/kit/fault"
	"renown.example/kit/page"
)

func tokens(t testing.TB, fill byte) *page.Tokens {
	t.Helper()
	p, err := page.New(bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func filter(t testing.TB, m proto.Message) page.Filter {
	t.Helper()
	f, err := page.FilterOf(m)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTokenComesBack(t *testing.T) {
	p := tokens(t, 1)
	f := filter(t, &fieldmaskpb.FieldMask{Paths: []string{"a"}})
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "position")
		got, err := p.Parse(p.Issue(want, f), f)
		if err != nil || got != want {
			t.Fatalf("got %q, %v", got, err)
		}
	})
}

func TestTokenOfOtherFiltersOrKeysOrAltered(t *testing.T) {
	p := tokens(t, 1)
	mine := filter(t, &fieldmaskpb.FieldMask{Paths: []string{"a"}})
	token := p.Issue("position", mine)
	refuse := func(name, token string, p *page.Tokens, f page.Filter) {
		t.Helper()
		if _, err := p.Parse(token, f); !fault.Has(err, fault.PageTokenInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refuse("other filter", token, p, filter(t, &fieldmaskpb.FieldMask{Paths: []string{"b"}}))
	refuse("other method, same bytes", token, p, filter(t, &structpb.Value{}))
	refuse("other key", token, tokens(t, 2), mine)
	refuse("nonsense", "%%%", p, mine)
	refuse("no position", token[:22], p, mine)
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	for i := range raw {
		altered := bytes.Clone(raw)
		altered[i] ^= 1
		refuse("altered", base64.RawURLEncoding.EncodeToString(altered), p, mine)
	}
	if _, err := page.New(make([]byte, 31)); err == nil {
		t.Error("a short key was taken")
	}
}

func TestSize(t *testing.T) {
	for _, tt := range []struct {
		asked int32
		want  int
	}{{0, 20}, {1, 1}, {100, 100}, {101, 100}, {1 << 30, 100}} {
		if got, err := page.Size(tt.asked, 20, 100); err != nil || got != tt.want {
			t.Errorf("Size(%d) = %d, %v, want %d", tt.asked, got, err, tt.want)
		}
	}
	if _, err := page.Size(-1, 20, 100); !fault.Has(err, fault.InvalidArgument) {
		t.Errorf("negative size: %v", err)
	}
}
