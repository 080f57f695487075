package calendar

import (
	"fmt"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Unit is a kind of period.
type Unit string

// The units. Day to Year follow the calendar; Anniversary is a year from the same day of each year, such as that of a member's enrolment; Rolling ends today and
// reaches back for a span.
const (
	Day         Unit = "day"
	Week        Unit = "week"
	Month       Unit = "month"
	Quarter     Unit = "quarter"
	Year        Unit = "year"
	Anniversary Unit = "anniversary"
	Rolling     Unit = "rolling"
)

// Period divides days into periods.
type Period struct {
	Unit Unit `json:"unit"`
	// Span is how far a rolling period reaches, in whole days. The day d counts for as long as today is before d and the span: with P30D on thirty days, d among them;
	// with P1M from 28, 29, 30 and 31 January until 27 February, where there is no 29th.
	Span Span `json:"span,omitzero"`
}

// Validate refuses what is no period; path names the field that it was given in.
func (p Period) Validate(path string) error {
	switch p.Unit {
	case Rolling:
		if p.Span.IsZero() || !p.Span.whole() {
			return fault.Invalid(path+".span", "a rolling period needs a length of whole days, such as \"P12M\" or \"P30D\"")
		}
		return nil
	case Day, Week, Month, Quarter, Year, Anniversary:
		if !p.Span.IsZero() {
			return fault.Invalid(path+".span", "only a rolling period has a length; a %s has its own", p.Unit)
		}
		return nil
	}
	return fault.Invalid(path+".unit", "must be day, week, month, quarter, year, anniversary or rolling, not %s", shown(string(p.Unit)))
}

// Window is one period: the days from First until before Next, and the instants From until before To that they are made of. Key names it: "2027-03-31",
// "2027-W13", "2027-03", "2027-Q1", "2027", and "2026-05-17/2027-05-16" (its first and last day) for an anniversary's year and for a rolling period.
type Window struct {
	Key         string
	First, Next Date
	From, To    clock.Millis
}

// Holds reports whether a day lies in the window.
func (w Window) Holds(d Date) bool { return !d.Before(w.First) && d.Before(w.Next) }

// At returns the window that an instant lies in; of a rolling period the one that ends with the instant's day. anchor is the day that anniversaries are
// counted from; other periods need none.
func (p Period) At(z Zone, anchor Date, at clock.Millis) Window { return p.On(z, anchor, z.DateOf(at)) }

// On returns the window that a day lies in.
func (p Period) On(z Zone, anchor, d Date) Window {
	var w Window
	w.First, w.Next = p.Days(anchor, d)
	w.From, w.To, w.Key = z.Start(w.First), z.Start(w.Next), p.key(w)
	return w
}

// Days returns the first day of the window that a day lies in, and the first after it.
func (p Period) Days(anchor, d Date) (first, next Date) {
	first = p.first(anchor, d)
	return first, p.next(anchor, first, d)
}

// Leaves returns the first day on which d does not count any more: that after its window, or for a rolling period d and the span.
func (p Period) Leaves(anchor, d Date) Date {
	if p.Unit == Rolling {
		return d.Add(p.Span)
	}
	return p.next(anchor, p.first(anchor, d), d)
}

func (p Period) first(anchor, d Date) Date {
	switch p.Unit {
	case Week:
		return d.AddDays(-(int(d.Weekday()) + 6) % 7)
	case Month:
		return Date{d.Year, d.Month, 1}
	case Quarter:
		return Date{d.Year, (d.Month-1)/3*3 + 1, 1}
	case Year:
		return Date{d.Year, time.January, 1}
	case Anniversary:
		first := anchor.AddMonths(12 * (d.Year - anchor.Year))
		if d.Before(first) {
			first = anchor.AddMonths(12 * (d.Year - anchor.Year - 1))
		}
		return first
	case Rolling:
		return p.oldest(d)
	}
	return d
}

// oldest returns the earliest day that still counts on d. Subtracting the span is right to within the days by which months differ.
func (p Period) oldest(d Date) Date {
	first := d.AddDays(-7*p.Span.Weeks - p.Span.Days).AddMonths(-12*p.Span.Years - p.Span.Months)
	for d.Before(first.AddDays(-1).Add(p.Span)) {
		first = first.AddDays(-1)
	}
	for !d.Before(first.Add(p.Span)) {
		first = first.AddDays(1)
	}
	return first
}

func (p Period) next(anchor, first, d Date) Date {
	switch p.Unit {
	case Week:
		return first.AddDays(7)
	case Month:
		return first.AddMonths(1)
	case Quarter:
		return first.AddMonths(3)
	case Year:
		return first.AddMonths(12)
	case Anniversary:
		// From the anchor, not from the year's first day: that of a 29 February is the 28th in most years, but the 29th again in the next leap year.
		return anchor.AddMonths(12 * (first.Year - anchor.Year + 1))
	}
	return d.AddDays(1)
}

func (p Period) key(w Window) string {
	f := w.First
	switch p.Unit {
	case Week:
		// The year of a week is that of its Thursday.
		year, week := f.utc().ISOWeek()
		return fmt.Sprintf("%04d-W%02d", year, week)
	case Month:
		return fmt.Sprintf("%04d-%02d", f.Year, int(f.Month))
	case Quarter:
		return fmt.Sprintf("%04d-Q%d", f.Year, (int(f.Month)+2)/3)
	case Year:
		return fmt.Sprintf("%04d", f.Year)
	case Anniversary, Rolling:
		return f.String() + "/" + w.Next.AddDays(-1).String()
	}
	return f.String()
}
