package roster

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/member"
)

// most is the largest number of points that is kept.
const most = int64(1) << 53

// nothing reports whether a value says that there is none.
func (m *Mapping) nothing(value string) bool {
	return value == "" || slices.ContainsFunc(m.Empty, func(e string) bool { return strings.EqualFold(e, value) })
}

// points reads a number of points. It is never guessed: "1.234" could be a thousand points or a little more than one. rounded says that it had a fraction.
func (m *Mapping) points(value string) (n int64, rounded bool, err error) {
	text := strings.NewReplacer("\u00a0", "", "\u202f", "", "\u2009", "", " ", "", "'", "", "’", "", "−", "-").Replace(value)
	sign := int64(1)
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		text, sign = rest, -1
	}
	text = strings.TrimPrefix(text, "+")
	whole, fraction, err := m.split(text)
	if err != nil {
		return 0, false, err
	}
	n, err = strconv.ParseInt(whole, 10, 64)
	if err != nil || n > most {
		return 0, false, fmt.Errorf("%s are more points than can be kept", shown(value))
	}
	if strings.Trim(fraction, "0") == "" {
		return sign * n, false, nil
	}
	switch {
	case m.Fractions == "down":
	case m.Fractions == "half_up":
		if fraction[0] >= '5' {
			n++
		}
	default:
		return 0, false, fmt.Errorf("%s has a fraction of a point: say in the mapping what becomes of them, by fractions: down or fractions: half_up", shown(value))
	}
	return sign * n, true, nil
}

// split parts a number into digits before and behind the decimal mark.
func (m *Mapping) split(text string) (whole, fraction string, err error) {
	bad := fmt.Errorf("%s is no number of points", shown(text))
	if text == "" || strings.Trim(text, "0123456789.,") != "" {
		return "", "", bad
	}
	decimal, thousands := m.Decimal, m.Thousands
	if decimal == "" {
		if decimal, err = decimalMark(text, thousands); err != nil {
			return "", "", err
		}
	}
	whole = text
	if decimal != "" {
		whole, fraction, _ = strings.Cut(text, decimal)
	}
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == '.' || r == ',' })
	digits := strings.Join(groups, "")
	if digits == "" || strings.Trim(fraction, "0123456789") != "" || strings.ContainsAny(whole[:1]+whole[len(whole)-1:], ".,") {
		return "", "", bad
	}
	for i, g := range groups {
		if i > 0 && len(g) != 3 || len(groups) > 1 && len(g) > 3 {
			return "", "", bad
		}
	}
	if mark := strings.Trim(whole, "0123456789"); thousands != "" && len(groups) > 1 && (mark[:1] != thousands || strings.Trim(mark, thousands+"0123456789") != "") {
		return "", "", bad
	}
	return digits, fraction, nil
}

// decimalMark finds the decimal mark of a number, empty if it has none, if there is no doubt.
func decimalMark(text, thousands string) (string, error) {
	last := strings.LastIndexAny(text, ".,")
	if last < 0 {
		return "", nil
	}
	mark := text[last : last+1]
	switch {
	case mark == thousands:
		return "", nil
	case strings.Count(text, mark) > 1: // repeated: it parts thousands
		return "", nil
	case strings.ContainsAny(text[:last], ".,") || thousands != "" || len(text)-last-1 != 3 || last > 3 || last == 0 || text[0] == '0':
		return mark, nil
	}
	return "", fmt.Errorf("%s can be read in two ways: say in the mapping which mark parts thousands, or which is the decimal mark", shown(text))
}

// instant reads an instant. A date without a time is its beginning, or its end if end is set and the last day is included.
func (m *Mapping) instant(value string, end bool) (clock.Millis, error) {
	for _, layout := range m.layouts {
		at, days, err := m.parse(layout, value)
		if err != nil {
			continue
		}
		if days && end && m.LastDay == "included" {
			at = at.AddDate(0, 0, 1)
		}
		if year := at.UTC().Year(); year < 1970 || year > 9998 || at.UnixMilli() == 0 {
			return 0, fmt.Errorf("%s lies outside of the years 1970 to 9998", shown(value))
		}
		return clock.At(at), nil
	}
	if len(m.Dates) > 0 {
		return 0, fmt.Errorf("%s is no date of the patterns %s", shown(value), strings.Join(m.Dates, ", "))
	}
	return 0, fmt.Errorf("%s is no date such as 2027-03-31: say in the mapping how dates are written", shown(value))
}

func (m *Mapping) parse(layout, value string) (at time.Time, days bool, err error) {
	if layout == "unix" || layout == "unix_ms" {
		n, err := strconv.ParseInt(value, 10, 64)
		if layout == "unix" && err == nil {
			if n > 1<<40 || n < -(1<<40) {
				return at, false, errors.New("too large")
			}
			n *= 1000
		}
		return time.UnixMilli(n).UTC(), false, err
	}
	at, err = time.ParseInLocation(layout, value, m.Zone)
	return at, !strings.Contains(layout, "04"), err
}

func (m *Mapping) truth(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("%s is neither true nor false", shown(value))
}

// identifier reads an identifier. A telephone number without a country gets the mapping's.
func (m *Mapping) identifier(kind member.Kind, value string) (Identifier, error) {
	if kind == member.Phone && m.Country != "" && !strings.HasPrefix(value, "+") && !strings.HasPrefix(value, "00") {
		value = m.Country + " " + strings.TrimPrefix(strings.TrimPrefix(value, "("), "0")
	}
	canonical, err := member.Canonical(kind, value)
	return Identifier{kind, canonical}, err
}

// list parts the values of a list. A mark with a backslash before it is part of a value.
func (m *Mapping) list(value string) []string {
	const hidden = "\x00"
	parts := strings.Split(strings.ReplaceAll(value, `\`+m.Several, hidden), m.Several)
	var out []string
	for _, p := range parts {
		if p = strings.TrimSpace(strings.ReplaceAll(p, hidden, m.Several)); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// shown is a value as messages show it.
func shown(value string) string {
	if r := []rune(value); len(r) > 40 {
		value = string(r[:39]) + "…"
	}
	return strconv.Quote(value)
}
