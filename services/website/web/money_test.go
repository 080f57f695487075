package web_test

import (
	"testing"

	"renown.example/website/web"
)

func TestMoney(t *testing.T) {
	for _, c := range []struct {
		minor                int64
		code, en, de, number string
	}{
		{1205, "EUR", "€12.05", "12,05\u00a0€", "12.05"}, {-5, "EUR", "−€0.05", "−0,05\u00a0€", "-0.05"}, {123456789, "EUR", "€1,234,567.89", "1.234.567,89\u00a0€", "1234567.89"},
		{1200, "JPY", "¥1,200", "1.200\u00a0¥", "1200"}, {1500, "KWD", "1.500\u00a0KWD", "1,500\u00a0KWD", "1.500"}, {700, "SEK", "7.00\u00a0SEK", "7,00\u00a0SEK", "7.00"},
	} {
		if en, de, number := web.FormatMoney("en", c.minor, c.code), web.FormatMoney("de", c.minor, c.code), web.Decimals(c.minor, c.code); en != c.en || de != c.de || number != c.number {
			t.Errorf("%d %s: %q, %q, %q; want %q, %q, %q", c.minor, c.code, en, de, number, c.en, c.de, c.number)
		}
	}
}

func TestParseMoney(t *testing.T) {
	for _, c := range []struct {
		text, code string
		minor      int64
		ok         bool
	}{
		{"12.5", "EUR", 1250, true}, {" 12,05 ", "EUR", 1205, true}, {".5", "EUR", 50, true}, {"1200", "JPY", 1200, true}, {"1.5", "JPY", 0, false},
		{"", "EUR", 0, false}, {"-1", "EUR", 0, false}, {"1.234,5", "EUR", 0, false}, {"1e3", "EUR", 0, false}, {"9999999999999999", "EUR", 0, false},
	} {
		if minor, ok := web.ParseMoney(c.text, c.code); ok != c.ok || ok && minor != c.minor {
			t.Errorf("%q: %d, %t; want %d, %t", c.text, minor, ok, c.minor, c.ok)
		}
	}
}
