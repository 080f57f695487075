package domain

import "testing"

// FuzzParseCredential takes keys, tokens and sessions apart: only the one spelling of a credential is taken, and nothing but the whole has its digest.
func FuzzParseCredential(f *testing.F) {
	for _, kind := range []Kind{KindAPIKey, KindToken, KindSession} {
		f.Add(NewCredential(kind, kind == KindAPIKey, "06h1kj04oppkr9khn2cijsel7c", [SecretBytes]byte{1, 2, 3}).String())
	}
	f.Add("rn_live_key__")
	f.Add("rn_live_key_a_00000000000000000000000000000000ffffffff")
	f.Fuzz(func(t *testing.T, given string) {
		c, ok := ParseCredential(given)
		if !ok {
			if c != (Credential{}) {
				t.Fatalf("%q is refused and gives %+v", given, c)
			}
			return
		}
		if c.String() != given || c.ID == "" || len(c.Secret) != secretLength {
			t.Fatalf("%q is taken as %q", given, c)
		}
		altered := c
		altered.Secret = "0" + c.Secret[1:]
		if altered != c && altered.Matches(c.Digest()) {
			t.Fatalf("%q has the digest of %q", altered, c)
		}
	})
}
