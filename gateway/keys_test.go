package gateway

import (
	"bytes"
	"strings"
	"testing"

	"renown.example/kit/auth"
)

func TestPrintedKeysBelongTogether(t *testing.T) {
	var out bytes.Buffer
	PrintKeys(&out)
	values := map[string]string{}
	for line := range strings.Lines(out.String()) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[name] = value
		}
	}
	var private auth.PrivateKey
	if err := private.UnmarshalText([]byte(values["RENOWN_IDENTITY_KEY"])); err != nil {
		t.Fatal(err)
	}
	if got := private.Public().String(); got != values["RENOWN_IDENTITY_KEYS"] {
		t.Errorf("the public key of what is printed is %s, printed is %s", got, values["RENOWN_IDENTITY_KEYS"])
	}
}
