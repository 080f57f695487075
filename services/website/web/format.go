package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// manner is how a language writes dates and numbers.
type manner struct {
	months       [12]string
	date         string // verbs %d day, %m month's name, %y year
	clock        string // between date and time of day
	group, point string
}

var manners = map[string]manner{
	"en": {
		months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		date:   "%d %m %y", clock: ", ", group: ",", point: ".",
	},
	"de": {
		months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		date:   "%d. %m %y", clock: ", ", group: ".", point: ",",
	},
}

func mannerOf(locale string) manner {
	if m, ok := manners[language(locale)]; ok {
		return m
	}
	return manners["en"]
}

// language is the locale without its region: "de" of "de-AT".
func language(locale string) string {
	lang, _, _ := strings.Cut(locale, "-")
	return strings.ToLower(lang)
}

// FormatDate writes the day in words, as "2 March 2026", in UTC.
func FormatDate(locale string, t time.Time) string {
	m := mannerOf(locale)
	t = t.UTC()
	return strings.NewReplacer("%d", strconv.Itoa(t.Day()), "%m", m.months[t.Month()-1], "%y", strconv.Itoa(t.Year())).Replace(m.date)
}

// FormatDateTime writes day and minute in UTC; the module time.js puts it into the reader's zone.
func FormatDateTime(locale string, t time.Time) string {
	return FormatDate(locale, t) + mannerOf(locale).clock + t.UTC().Format("15:04") + " UTC"
}

// FormatInt groups the digits as the language does, with a real minus sign.
func FormatInt(locale string, n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "−"
	}
	group := mannerOf(locale).group
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + group + digits[i:]
	}
	return sign + digits
}

// FormatShort writes a number in a few characters: from 10,000 on in thousands or millions with at most one decimal, as "12.5k".
func FormatShort(locale string, n int64) string {
	for _, size := range []struct {
		from, unit int64
		mark       string
	}{{1_000_000_000_000, 1_000_000_000_000, "T"}, {1_000_000_000, 1_000_000_000, "G"}, {1_000_000, 1_000_000, "M"}, {10_000, 1_000, "k"}} {
		if n < size.from && n > -size.from {
			continue
		}
		tenths := n / (size.unit / 10)
		short := FormatInt(locale, tenths/10)
		if rest := max(tenths%10, -(tenths % 10)); rest != 0 {
			short += mannerOf(locale).point + strconv.FormatInt(rest, 10)
		}
		return short + size.mark
	}
	return FormatInt(locale, n)
}

// FormatBytes writes a size in kB or MB (powers of 1000) with at most one decimal.
func FormatBytes(locale string, n int64) string {
	const kilo, mega = 1000, 1000 * 1000
	switch {
	case n < kilo:
		return FormatInt(locale, n) + " B"
	case n < mega:
		return FormatInt(locale, (n+kilo/2)/kilo) + " kB"
	}
	tenths := (n + mega/20) / (mega / 10)
	return FormatInt(locale, tenths/10) + mannerOf(locale).point + strconv.FormatInt(tenths%10, 10) + " MB"
}

func timeElement(locale string, t time.Time, exact bool) template.HTML {
	if t.IsZero() {
		return ""
	}
	iso := t.UTC().Format(time.RFC3339)
	shown, attr := FormatDate(locale, t), ""
	if exact {
		shown, attr = FormatDateTime(locale, t), ` data-local`
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s"%s>%s</time>`, iso, iso, attr, template.HTMLEscapeString(shown)))
}
