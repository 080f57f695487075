package domain

import (
	"time"

	"renown.example/kit/fault"
)

// ReadingKind is what a reader did with a story.
type ReadingKind int

// The kinds of readings.
const (
	Viewed  ReadingKind = iota // the page was shown
	ReadOn                     // three quarters of the body were passed
	Clicked                    // a call to action was followed
	readingKinds
)

// Counts holds a number for each kind of reading.
type Counts [readingKinds]int64

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	for i := range c {
		c[i] += other[i]
	}
}

// Readings are the counts of one language of a story in one month, by the day.
type Readings struct {
	// Days holds the counts of the 1st, 2nd … in Days[0], Days[1] …; days after the last that has any are left out.
	Days []Counts `json:"days,omitempty"`
	// Leads counts clicks by the story that was read before, NoLead where none was.
	Leads map[string]int64 `json:"leads,omitempty"`
}

// NoLead is the key of clicks that came through no other story; no story has this id.
const NoLead = "-"

// MaxLeads bounds the stories in a month's Leads; clicks that came through further ones count as without one.
const MaxLeads = 100

// Count adds a reading of a day of the month, 1 to 31; lead is the story that was read before a click.
func (m *Readings) Count(day int, kind ReadingKind, lead string) {
	for len(m.Days) < day {
		m.Days = append(m.Days, Counts{})
	}
	m.Days[day-1][kind]++
	if kind != Clicked {
		return
	}
	if lead == "" {
		lead = NoLead
	}
	if m.Leads == nil {
		m.Leads = map[string]int64{}
	}
	if _, known := m.Leads[lead]; !known && len(m.Leads) >= MaxLeads {
		lead = NoLead
	}
	m.Leads[lead]++
}

// Day returns the counts of a day of the month, 1 to 31.
func (m Readings) Day(day int) Counts {
	if day > len(m.Days) {
		return Counts{}
	}
	return m.Days[day-1]
}

// MaxFigureDays bounds a range of days: a leap year and a day.
const MaxFigureDays = 367

// DayRange reads a range of days of UTC, both ends included. Empty ends mean today and 27 days before the last.
func DayRange(from, to string, today time.Time) (first, last time.Time, err error) {
	last = today.UTC().Truncate(24 * time.Hour)
	if to != "" {
		if last, err = time.Parse(time.DateOnly, to); err != nil {
			return first, last, fault.Invalid("toDay", "%q is not a day such as 2026-03-02", to)
		}
	}
	first = last.AddDate(0, 0, -27)
	if from != "" {
		if first, err = time.Parse(time.DateOnly, from); err != nil {
			return first, last, fault.Invalid("fromDay", "%q is not a day such as 2026-03-02", from)
		}
	}
	switch days := int(last.Sub(first)/(24*time.Hour)) + 1; {
	case days < 1:
		return first, last, fault.Invalid("fromDay", "it lies after toDay")
	case days > MaxFigureDays:
		return first, last, fault.Invalid("fromDay", "at most %d days can be asked for at once", MaxFigureDays)
	}
	return first, last, nil
}
