package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
)

func period(unit calendar.Unit) calendar.Period { return calendar.Period{Unit: unit} }

func rolling(text string) calendar.Period {
	return calendar.Period{Unit: calendar.Rolling, Span: span(text)}
}

func TestPeriods(t *testing.T) {
	for _, c := range []struct {
		period           calendar.Period
		anchor, d        string
		key, first, next string
	}{
		{period(calendar.Day), "", "2027-03-31", "2027-03-31", "2027-03-31", "2027-04-01"},
		// The weeks are those of java.time's IsoFields.
		{period(calendar.Week), "", "2026-12-31", "2026-W53", "2026-12-28", "2027-01-04"},
		{period(calendar.Week), "", "2027-01-01", "2026-W53", "2026-12-28", "2027-01-04"},
		{period(calendar.Week), "", "2027-01-03", "2026-W53", "2026-12-28", "2027-01-04"},
		{period(calendar.Week), "", "2027-01-04", "2027-W01", "2027-01-04", "2027-01-11"},
		{period(calendar.Week), "", "2024-12-30", "2025-W01", "2024-12-30", "2025-01-06"},
		{period(calendar.Week), "", "2021-01-03", "2020-W53", "2020-12-28", "2021-01-04"},
		{period(calendar.Month), "", "2028-02-29", "2028-02", "2028-02-01", "2028-03-01"},
		{period(calendar.Quarter), "", "2027-03-31", "2027-Q1", "2027-01-01", "2027-04-01"},
		{period(calendar.Quarter), "", "2027-12-31", "2027-Q4", "2027-10-01", "2028-01-01"},
		{period(calendar.Year), "", "2027-12-31", "2027", "2027-01-01", "2028-01-01"},
		{period(calendar.Anniversary), "2026-05-17", "2027-05-16", "2026-05-17/2027-05-16", "2026-05-17", "2027-05-17"},
		{period(calendar.Anniversary), "2026-05-17", "2027-05-17", "2027-05-17/2028-05-16", "2027-05-17", "2028-05-17"},
		{period(calendar.Anniversary), "2024-02-29", "2025-02-28", "2025-02-28/2026-02-27", "2025-02-28", "2026-02-28"},
		{period(calendar.Anniversary), "2024-02-29", "2027-02-28", "2027-02-28/2028-02-28", "2027-02-28", "2028-02-29"},
		{period(calendar.Anniversary), "2024-02-29", "2028-02-29", "2028-02-29/2029-02-27", "2028-02-29", "2029-02-28"},
		{period(calendar.Anniversary), "2026-05-17", "2026-05-16", "2025-05-17/2026-05-16", "2025-05-17", "2026-05-17"},
		{rolling("P30D"), "", "2027-03-31", "2027-03-02/2027-03-31", "2027-03-02", "2027-04-01"},
		{rolling("P1D"), "", "2027-03-31", "2027-03-31/2027-03-31", "2027-03-31", "2027-04-01"},
		{rolling("P12M"), "", "2027-03-31", "2026-04-01/2027-03-31", "2026-04-01", "2027-04-01"},
		// 28, 29, 30 and 31 January all leave a month later, on 28 February.
		{rolling("P1M"), "", "2027-02-27", "2027-01-28/2027-02-27", "2027-01-28", "2027-02-28"},
		{rolling("P1M"), "", "2027-02-28", "2027-02-01/2027-02-28", "2027-02-01", "2027-03-01"},
	} {
		var anchor calendar.Date
		if c.anchor != "" {
			anchor = day(c.anchor)
		}
		w := c.period.On(calendar.UTC, anchor, day(c.d))
		if w.Key != c.key || w.First != day(c.first) || w.Next != day(c.next) || w.From != calendar.UTC.Start(w.First) || w.To != calendar.UTC.Start(w.Next) {
			t.Errorf("%+v on %s: %+v, want %s from %s until before %s", c.period, c.d, w, c.key, c.first, c.next)
		}
		if err := c.period.Validate("period"); err != nil {
			t.Error(err)
		}
	}
}

func TestADayWithAChangeOfClocksIsLongerOrShorter(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for date, want := range map[string]time.Duration{"2026-03-29": 23 * time.Hour, "2026-10-25": 25 * time.Hour, "2026-05-17": 24 * time.Hour} {
		w := period(calendar.Day).On(berlin, calendar.Date{}, day(date))
		if got := w.To.Time().Sub(w.From.Time()); got != want {
			t.Errorf("%s has %s, want %s", date, got, want)
		}
	}
	if w := period(calendar.Month).At(berlin, calendar.Date{}, instant("2026-03-31T21:59:59Z")); w.Key != "2026-03" || w.To != instant("2026-03-31T22:00:00Z") {
		t.Errorf("March in Berlin: %+v", w)
	}
}

func TestPeriodsDivideTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := places().Draw(t, "zone")
		p := period(rapid.SampledFrom([]calendar.Unit{calendar.Day, calendar.Week, calendar.Month, calendar.Quarter, calendar.Year, calendar.Anniversary}).Draw(t, "unit"))
		anchor := rapid.SampledFrom([]calendar.Date{day("2024-02-29"), day("2023-12-31"), day("2026-05-17"), day("1999-01-01")}).Draw(t, "anchor")
		at := moments(z).Draw(t, "at")
		w := p.At(z, anchor, at)
		if at < w.From || at >= w.To || !w.Holds(z.DateOf(at)) {
			t.Fatalf("%s is not within %+v", at.Time(), w)
		}
		if first := p.On(z, anchor, w.First); first != w {
			t.Fatalf("the first day of %+v lies in %+v", w, first)
		}
		if last := p.On(z, anchor, w.Next.AddDays(-1)); last != w {
			t.Fatalf("the last day of %+v lies in %+v", w, last)
		}
		if after := p.On(z, anchor, w.Next); after.First != w.Next || after.From != w.To || after.Key == w.Key {
			t.Fatalf("%+v is followed by %+v", w, after)
		}
		if got := p.Leaves(anchor, z.DateOf(at)); got != w.Next {
			t.Fatalf("the day leaves at %s, not with %+v", got, w)
		}
	})
}

func TestARollingPeriodIsTheDaysThatHaveNotLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rolling(rapid.SampledFrom([]string{"P1D", "P30D", "P1M", "P2M", "P6M", "P12M", "P1Y", "P2W", "P1M3D", "P1Y1M1W1D"}).Draw(t, "span"))
		today := day("2023-01-01").AddDays(rapid.IntRange(0, 3000).Draw(t, "today"))
		d := today.AddDays(-rapid.IntRange(-3, 450).Draw(t, "back"))
		w := p.On(calendar.UTC, calendar.Date{}, today)
		if counts := !today.Before(d) && today.Before(p.Leaves(calendar.Date{}, d)); counts != w.Holds(d) {
			t.Fatalf("on %s the day %s, which leaves on %s, is held by %+v: %t", today, d, p.Leaves(calendar.Date{}, d), w, w.Holds(d))
		}
		if before := p.On(calendar.UTC, calendar.Date{}, today.AddDays(-1)); w.First.Before(before.First) {
			t.Fatalf("the window goes back from %+v to %+v", before, w)
		}
	})
}

func TestPeriodsThatAreNotRightAreRefused(t *testing.T) {
	for _, c := range []struct {
		p    calendar.Period
		path string
	}{
		{calendar.Period{}, "p.unit"}, {period("fortnight"), "p.unit"}, {period(calendar.Rolling), "p.span"}, {calendar.Period{Unit: calendar.Month, Span: calendar.Days(3)}, "p.span"}, {rolling("P1DT1H"), "p.span"},
	} {
		wantField(t, c.p.Validate("p"), c.path)
	}
}

// hours is n hours in milliseconds.
func hours(n int64) clock.Millis { return clock.Millis(n * 3_600_000) }
