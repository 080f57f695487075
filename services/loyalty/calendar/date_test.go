package calendar_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
)

func TestAMonthWithoutTheDayLendsItsLast(t *testing.T) {
	for _, c := range []struct {
		from   string
		months int
		want   string
	}{
		{"2027-01-31", 1, "2027-02-28"}, {"2028-01-31", 1, "2028-02-29"}, {"2027-01-31", 2, "2027-03-31"}, {"2027-03-31", -1, "2027-02-28"}, {"2027-12-31", 2, "2028-02-29"},
		{"2024-02-29", 12, "2025-02-28"}, {"2024-02-29", 48, "2028-02-29"}, {"2027-05-17", -17, "2025-12-17"},
	} {
		if got := day(c.from).AddMonths(c.months); got != day(c.want) {
			t.Errorf("%s and %d months is %s, want %s", c.from, c.months, got, c.want)
		}
	}
	if got := day("2027-01-31").Add(span("P1Y1M1W1D")); got != day("2028-03-08") {
		t.Errorf("years and months come first: %s", got)
	}
}

func TestDatesAreNumbered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := day("1970-01-01").AddDays(rapid.IntRange(-50_000, 50_000).Draw(t, "day"))
		n := rapid.IntRange(-50_000, 50_000).Draw(t, "n")
		if got := d.AddDays(n).Sub(d); got != n {
			t.Fatalf("%s and %d days is %d days later", d, n, got)
		}
		if (n < 0) != d.AddDays(n).Before(d) || d.AddDays(7*n).Weekday() != d.Weekday() {
			t.Fatalf("%s and %d days is %s", d, n, d.AddDays(n))
		}
	})
}

func TestTextsComeBack(t *testing.T) {
	type texts struct {
		Date calendar.Date     `json:"date,omitzero"`
		Day  calendar.MonthDay `json:"day,omitzero"`
		Span calendar.Span     `json:"span,omitzero"`
	}
	for _, want := range []string{`{}`, `{"date":"2027-02-28","day":"02-29","span":"P1Y2M3W4DT5H6M7S"}`, `{"span":"PT1M"}`, `{"span":"P1M"}`, `{"span":"P12M"}`} {
		var v texts
		if err := json.Unmarshal([]byte(want), &v); err != nil {
			t.Fatal(err)
		}
		if got, err := json.Marshal(v); err != nil || string(got) != want {
			t.Errorf("%s came back as %s (%v)", want, got, err)
		}
	}
	if got := (calendar.MonthDay{Month: time.February, Day: 29}).In(2027); got != day("2027-02-28") {
		t.Errorf("29 February of 2027 is %s", got)
	}
}

func TestTextsThatAreNotRightAreRefusedByField(t *testing.T) {
	refused := func(what, text string, err error) {
		t.Helper()
		e, ok := fault.As(err)
		if !ok || len(e.Fields) != 1 || e.Fields[0].Path != "rule.field" || len(e.Message) > 300 {
			t.Errorf("%s %q: %v", what, text, err)
		}
	}
	for _, text := range []string{
		"", "P", "PT", "1Y", "P1", "PY", "P1.5Y", "P-1D", "-P1D", "+P1D", "p1d", "P1D ", "P1H", "P1DT", "PT1D", "P1D1Y", "P1D1D", "P1M2M", "PT1S1M", "P1YT1HT1M", "P0D", "PT0S", "P101Y", "P36601D",
		"PT99999999999999999999H", "P1Y\n", "P1Ｄ", strings.Repeat("P1Y", 1000),
	} {
		_, err := calendar.ParseSpan("rule.field", text)
		refused("span", text, err)
	}
	for _, text := range []string{"", "2027-02-29", "2027-13-01", "2027-1-1", "0000-01-01", "27-01-01", "2027-01-01T00:00", "10000-01-01"} {
		_, err := calendar.ParseDate("rule.field", text)
		refused("date", text, err)
	}
	for _, text := range []string{"", "02-30", "13-01", "1-1", "12-31 ", "2027-12-31"} {
		_, err := calendar.ParseMonthDay("rule.field", text)
		refused("day of the year", text, err)
	}
}

func FuzzSpan(f *testing.F) {
	for _, text := range []string{"P1Y2M3W4DT5H6M7S", "PT1M", "P12M", "P", "P1D1Y", "P9999999999999999999D"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := calendar.ParseSpan("span", text)
		if err != nil {
			return
		}
		if again, err := calendar.ParseSpan("span", s.String()); err != nil || again != s {
			t.Errorf("%q is %q, which is %v (%v)", text, s, again, err)
		}
		if !day("2000-01-01").Add(s).Before(day("2200-01-01")) {
			t.Errorf("%q is too long", text)
		}
	})
}
