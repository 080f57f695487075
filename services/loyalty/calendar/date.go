package calendar

import (
	"cmp"
	"fmt"
	"time"

	"renown.example/kit/fault"
)

// Date is a day of the Gregorian calendar, without a zone. Its text is that of ISO 8601, "2027-03-31". The zero Date is none, and its text is empty.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads a date from its text, of the years 0001 to 9999. path names the field that it was given in.
func ParseDate(path, text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1 {
		return Date{}, fault.Invalid(path, "must be a day such as \"2027-03-31\", not %s", shown(text))
	}
	return dateOf(t), nil
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String returns the date as ISO 8601 writes it.
func (d Date) String() string {
	var room [len(time.DateOnly)]byte
	return string(d.Append(room[:0]))
}

// Append adds the date's text.
func (d Date) Append(to []byte) []byte {
	if d.IsZero() {
		return to
	}
	to = digits(to, d.Year, 1000)
	to = digits(append(to, '-'), int(d.Month), 10)
	return digits(append(to, '-'), d.Day, 10)
}

// digits adds a number of as many digits as first, a power of ten, has.
func digits(to []byte, n, first int) []byte {
	for ; first > 0; first /= 10 {
		to = append(to, byte('0'+n/first%10))
	}
	return to
}

// MarshalText returns the date's text.
func (d Date) MarshalText() ([]byte, error) { return d.Append(nil), nil }

// UnmarshalText reads the date's text.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate("date", string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// midnight is the date's beginning in seconds since 1970, as if it were in UTC.
func (d Date) midnight() int64 { return d.utc().Unix() }

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// Compare returns -1, 0 or 1 as d lies before, is, or lies after e.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Sub returns the number of days from e to d.
func (d Date) Sub(e Date) int { return int((d.midnight() - e.midnight()) / (24 * 3600)) }

// AddDays returns the date n days later, or earlier if n is less than zero.
func (d Date) AddDays(n int) Date { return dateOf(d.utc().AddDate(0, 0, n)) }

// AddMonths returns the same day n months later, or the month's last day if it lacks that one.
func (d Date) AddMonths(n int) Date {
	first := dateOf(time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC))
	first.Day = min(d.Day, daysIn(first.Year, first.Month))
	return first
}

// Add returns the date that the years, months, weeks and days of a span lead to. Hours, minutes and seconds are left out.
func (d Date) Add(s Span) Date {
	return d.AddMonths(12*s.Years + s.Months).AddDays(7*s.Weeks + s.Days)
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// MonthDay is a day of each year, such as "12-31". In years without a 29 February that one is the 28th, as for java.time's MonthDay.atYear.
type MonthDay struct {
	Month time.Month
	Day   int
}

// ParseMonthDay reads a day of the year from its text. path names the field that it was given in.
func ParseMonthDay(path, text string) (MonthDay, error) {
	// A leap year knows all days.
	t, err := time.Parse(time.DateOnly, "2028-"+text)
	if err != nil {
		return MonthDay{}, fault.Invalid(path, "must be a day of the year such as \"12-31\", not %s", shown(text))
	}
	return MonthDay{t.Month(), t.Day()}, nil
}

// IsZero reports whether m is no day.
func (m MonthDay) IsZero() bool { return m == MonthDay{} }

// String returns the day's text.
func (m MonthDay) String() string {
	if m.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02d-%02d", int(m.Month), m.Day)
}

// MarshalText returns the day's text.
func (m MonthDay) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads the day's text.
func (m *MonthDay) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*m = MonthDay{}
		return nil
	}
	parsed, err := ParseMonthDay("day", string(text))
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// In returns the day of a year.
func (m MonthDay) In(year int) Date { return Date{year, m.Month, min(m.Day, daysIn(year, m.Month))} }
