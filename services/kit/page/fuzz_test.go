package page_test

import (
	"encoding/base64"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"renown.example/kit/fault"
)

// FuzzParse reads tokens as strangers send them: only one that was issued for the same filter is taken, and its position comes back.
func FuzzParse(f *testing.F) {
	p, other := tokens(f, 1), tokens(f, 2)
	mine, theirs := filter(f, &fieldmaskpb.FieldMask{Paths: []string{"a"}}), filter(f, &fieldmaskpb.FieldMask{Paths: []string{"b"}})
	for _, position := range []string{"", "x", "\x00", "WyJhIl0"} {
		f.Add(p.Issue(position, mine), position)
		f.Add(other.Issue(position, mine), position)
		f.Add(p.Issue(position, theirs), position)
	}
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 16)), "=")
	f.Fuzz(func(t *testing.T, token, position string) {
		got, err := p.Parse(token, mine)
		switch {
		case err == nil && p.Issue(got, mine) != token:
			t.Fatalf("%q is taken for the position %q, whose token is another", token, got)
		case err != nil && !fault.Has(err, fault.PageTokenInvalid):
			t.Fatalf("%q: %v", token, err)
		}
		issued := p.Issue(position, mine)
		if back, err := p.Parse(issued, mine); err != nil || back != position {
			t.Fatalf("%q came back as %q, %v", position, back, err)
		}
		if position == "" {
			return
		}
		if back, err := p.Parse(issued, theirs); err == nil {
			t.Fatalf("the token of one filter is taken for another: %q", back)
		}
		if back, err := other.Parse(issued, mine); err == nil {
			t.Fatalf("a token of another key is taken: %q", back)
		}
	})
}
