package web

import (
	"strconv"
	"strings"

	"golang.org/x/text/currency"
)

// symbols are those of currencies that everybody who is paid in them knows; others are written by their code.
var symbols = map[string]string{"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}

// FormatMoney writes an amount in minor units of an ISO 4217 currency as the language does: 1205 EUR is "€12.05" or "12,05 €".
func FormatMoney(locale string, minor int64, code string) string {
	digits, sign := Decimals(minor, code), ""
	if rest, below := strings.CutPrefix(digits, "-"); below {
		digits, sign = rest, "−"
	}
	m := mannerOf(locale)
	whole, part, fraction := strings.Cut(digits, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + m.group + whole[i:]
	}
	if fraction {
		whole += m.point + part
	}
	symbol := symbols[code]
	switch {
	case symbol != "" && m.point == ".":
		return sign + symbol + whole
	case symbol != "":
		return sign + whole + "\u00a0" + symbol
	}
	return sign + whole + "\u00a0" + code
}

// MinorDigits is how many decimal places the minor unit of a currency has: 2 for EUR, 0 for JPY, and 2 for a code that nobody knows.
func MinorDigits(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// Decimals writes an amount in minor units as a plain decimal: 1205 EUR is "12.05".
func Decimals(minor int64, code string) string {
	places := MinorDigits(code)
	digits, sign := strconv.FormatInt(minor, 10), ""
	if rest, below := strings.CutPrefix(digits, "-"); below {
		digits, sign = rest, "-"
	}
	if places == 0 {
		return sign + digits
	}
	for len(digits) <= places {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-places] + "." + digits[len(digits)-places:]
}

// ParseMoney reads an amount that somebody typed, as "12.5" or "12,50", in minor units of a currency. It reports whether it is one: without signs, without grouping,
// with no more places than the currency has.
func ParseMoney(text, code string) (int64, bool) {
	places := MinorDigits(code)
	whole, part, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(text), ",", "."), ".")
	if len(part) > places || whole == "" && part == "" || len(whole) > 15 {
		return 0, false
	}
	n, err := strconv.ParseUint("0"+whole+part+strings.Repeat("0", places-len(part)), 10, 63)
	return int64(n), err == nil
}
