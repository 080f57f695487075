package currency_test

import (
	"testing"

	"renown.example/loyalty/currency"
)

func TestMinorUnits(t *testing.T) {
	for _, c := range []struct {
		code, want string
		known      bool
	}{{"EUR", "120.50", true}, {"JPY", "12050", true}, {"KWD", "12.050", true}, {"eur", "12050", false}, {"XXX", "12050", false}, {"", "12050", false}} {
		if got := currency.Major(12050, c.code).String(); got != c.want || currency.Known(c.code) != c.known {
			t.Errorf("%q: 12050 minor units are %s, known %v; want %s, %v", c.code, got, currency.Known(c.code), c.want, c.known)
		}
	}
}
