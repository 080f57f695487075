package calendar

import (
	"fmt"
	"strings"
	"time"

	"renown.example/kit/fault"
)

// Span is a length of civil time. Its text is a duration of ISO 8601, such as "P1Y", "P6M", "P30D" or "P1DT12H": whole numbers, none of them negative. The zero
// Span is none, and its text is empty.
type Span struct {
	Years, Months, Weeks, Days, Hours, Minutes, Seconds int
}

// The shorter spans, for tables and tests.
func Years(n int) Span  { return Span{Years: n} }
func Months(n int) Span { return Span{Months: n} }
func Days(n int) Span   { return Span{Days: n} }

// maxSpanDays bounds a span: a hundred years, counted in the longest months and years.
const maxSpanDays = 36_600

// part is one number of a span's text: the letter after it, and whether it comes after the T.
type part struct {
	letter byte
	time   bool
	value  *int
}

func (s *Span) parts() []part {
	return []part{
		{'Y', false, &s.Years}, {'M', false, &s.Months}, {'W', false, &s.Weeks}, {'D', false, &s.Days},
		{'H', true, &s.Hours}, {'M', true, &s.Minutes}, {'S', true, &s.Seconds},
	}
}

// ParseSpan reads a span from its text, at most a hundred years. path names the field that it was given in.
func ParseSpan(path, text string) (Span, error) {
	var s Span
	if !s.read(text) {
		return Span{}, fault.Invalid(path, "must be a duration such as \"P1Y\", \"P6M\", \"P30D\" or \"PT12H\", in whole numbers, not %s", shown(text))
	}
	if s.IsZero() {
		return Span{}, fault.Invalid(path, "must be longer than nothing")
	}
	if s.days() > maxSpanDays {
		return Span{}, fault.Invalid(path, "must not be longer than 100 years, as %s is", shown(text))
	}
	return s, nil
}

// read takes the text apart; false if it is no duration.
func (s *Span) read(text string) bool {
	rest, ok := strings.CutPrefix(text, "P")
	parts, inTime := s.parts(), false
	if !ok || rest == "" {
		return false
	}
	for rest != "" {
		if !inTime && rest[0] == 'T' {
			rest, inTime = rest[1:], true
			if rest == "" {
				return false
			}
		}
		n, digits := 0, 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			n = min(n*10+int(rest[digits]-'0'), 1<<40)
			digits++
		}
		if digits == 0 || digits == len(rest) {
			return false
		}
		for len(parts) > 0 && (parts[0].time != inTime || parts[0].letter != rest[digits]) {
			parts = parts[1:]
		}
		if len(parts) == 0 {
			return false
		}
		*parts[0].value, parts, rest = n, parts[1:], rest[digits+1:]
	}
	return true
}

// days is how many days the span has at most.
func (s Span) days() int {
	return 366*s.Years + 31*s.Months + 7*s.Weeks + s.Days + (s.Hours+s.Minutes/60+s.Seconds/3600)/24
}

// exact is the part of the span that is counted as it passes.
func (s Span) exact() time.Duration {
	return time.Duration(s.Hours)*time.Hour + time.Duration(s.Minutes)*time.Minute + time.Duration(s.Seconds)*time.Second
}

// IsZero reports whether s is no span.
func (s Span) IsZero() bool { return s == Span{} }

// whole reports whether the span is made of whole days.
func (s Span) whole() bool { return s.exact() == 0 }

// String returns the span's text.
func (s Span) String() string {
	if s.IsZero() {
		return ""
	}
	var b strings.Builder
	b.WriteByte('P')
	inTime := false
	for _, p := range s.parts() {
		if *p.value == 0 {
			continue
		}
		if p.time && !inTime {
			b.WriteByte('T')
			inTime = true
		}
		fmt.Fprintf(&b, "%d%c", *p.value, p.letter)
	}
	return b.String()
}

// Words are the span as people say it in English, such as "400 days" or "1 year and 6 months"; empty for none.
func (s Span) Words() string {
	names := map[bool]map[byte]string{false: {'Y': "year", 'M': "month", 'W': "week", 'D': "day"}, true: {'H': "hour", 'M': "minute", 'S': "second"}}
	var said []string
	for _, p := range s.parts() {
		switch n := *p.value; {
		case n == 1:
			said = append(said, "1 "+names[p.time][p.letter])
		case n > 1:
			said = append(said, fmt.Sprintf("%d %ss", n, names[p.time][p.letter]))
		}
	}
	if len(said) < 2 {
		return strings.Join(said, "")
	}
	return strings.Join(said[:len(said)-1], ", ") + " and " + said[len(said)-1]
}

// MarshalText returns the span's text.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the span's text.
func (s *Span) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*s = Span{}
		return nil
	}
	parsed, err := ParseSpan("duration", string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
