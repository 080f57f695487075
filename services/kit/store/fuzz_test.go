package store_test

import (
	"encoding/base64"
	"testing"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// FuzzParsePosition reads positions, which come inside of page tokens: each is refused, or fits the index.
func FuzzParsePosition(f *testing.F) {
	for _, text := range []string{`["a"]`, `["a",1,"b"]`, `[true,-9223372036854775808,"b"]`, `[[],{},null]`, `[1.5,1e9,"b"]`, "["} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	f.Add("?")
	f.Fuzz(func(t *testing.T, after string) {
		for _, ix := range []store.Index{{}, {Name: "two", Fields: []string{"kind", "rank"}}} {
			p, err := store.ParsePosition(ix, after)
			if err != nil {
				if !fault.Has(err, fault.PageTokenInvalid) {
					t.Fatalf("%q: %v", after, err)
				}
				continue
			}
			if len(p.Values) != len(ix.Fields) {
				t.Fatalf("%q gives %v for an index over %v", after, p.Values, ix.Fields)
			}
			for _, v := range p.Values {
				switch v.(type) {
				case string, int64, bool:
				default:
					t.Fatalf("%q gives a %T", after, v)
				}
			}
		}
	})
}
