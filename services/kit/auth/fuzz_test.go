package auth_test

import (
	"strings"
	"testing"

	"renown.example/kit/auth"
)

// FuzzKeys reads keys as operators paste them: what is taken is written in one way only, and a refusal does not repeat what may be a secret with one wrong letter.
func FuzzKeys(f *testing.F) {
	private := auth.GenerateKey()
	text, err := private.MarshalText()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(private.Public().String())
	f.Add(" " + string(text[:len(text)-1]))
	f.Fuzz(func(t *testing.T, given string) {
		var k auth.PrivateKey
		if err := k.UnmarshalText([]byte(given)); err == nil {
			written, err := k.MarshalText()
			var again auth.PrivateKey
			if err != nil || again.UnmarshalText(written) != nil || again.Public().String() != k.Public().String() {
				t.Fatalf("a key that was taken cannot be written and read: %v", err)
			}
		} else if len(given) > 40 && strings.Contains(err.Error(), given) {
			t.Fatalf("the refusal repeats the key: %v", err)
		}
		var p auth.PublicKey
		if err := p.UnmarshalText([]byte(given)); err != nil {
			return
		}
		var again auth.PublicKey
		if err := again.UnmarshalText([]byte(p.String())); err != nil || again.String() != p.String() {
			t.Fatalf("%q is read as %q, %v", p, again, err)
		}
	})
}
