package domain

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"renown.example/kit/fault"
)

func TestReadingsAreCountedByDay(t *testing.T) {
	var m Readings
	m.Count(31, Viewed, "")
	m.Count(2, Viewed, "")
	m.Count(2, ReadOn, "")
	m.Count(2, Clicked, "halderveen")
	m.Count(2, Clicked, "")
	if got := m.Day(2); got != (Counts{1, 1, 2}) {
		t.Errorf("the 2nd has %v", got)
	}
	if got := m.Day(31); got != (Counts{1, 0, 0}) {
		t.Errorf("the 31st has %v", got)
	}
	if got := (Readings{}).Day(31); got != (Counts{}) {
		t.Errorf("a month without readings has %v", got)
	}
	if m.Leads["halderveen"] != 1 || m.Leads[NoLead] != 1 || len(m.Leads) != 2 {
		t.Errorf("leads are %v", m.Leads)
	}
}

// However many stories lead to clicks, a month stays small and no click is lost.
func TestLeadsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Readings
		n := rapid.IntRange(0, 3*MaxLeads).Draw(t, "clicks")
		for i := range n {
			m.Count(1, Clicked, fmt.Sprintf("story-%d", rapid.IntRange(0, 2*MaxLeads).Draw(t, "lead")))
			if len(m.Leads) > MaxLeads+1 {
				t.Fatalf("%d leads after %d clicks", len(m.Leads), i+1)
			}
		}
		var sum int64
		for _, c := range m.Leads {
			sum += c
		}
		if sum != int64(n) || m.Day(1)[Clicked] != int64(n) {
			t.Fatalf("%d clicks became %d by lead, %d by day", n, sum, m.Day(1)[Clicked])
		}
	})
}

func TestDayRange(t *testing.T) {
	today := time.Date(2028, 2, 29, 23, 59, 0, 0, time.FixedZone("", 2*3600))
	for _, c := range []struct{ from, to, first, last, refused string }{
		{"", "", "2028-02-02", "2028-02-29", ""},
		{"", "2027-03-01", "2027-02-02", "2027-03-01", ""},
		{"2027-12-31", "2028-01-01", "2027-12-31", "2028-01-01", ""},
		{"2028-02-29", "2028-02-29", "2028-02-29", "2028-02-29", ""},
		{"2027-02-28", "2028-02-29", "2027-02-28", "2028-02-29", ""},
		{"2027-02-27", "2028-02-29", "", "", "fromDay"},
		{"2028-03-01", "2028-02-29", "", "", "fromDay"},
		{"yesterday", "", "", "", "fromDay"},
		{"", "2027-02-29", "", "", "toDay"},
	} {
		first, last, err := DayRange(c.from, c.to, today)
		if c.refused != "" {
			if e, ok := fault.As(err); !ok || len(e.Fields) != 1 || e.Fields[0].Path != c.refused {
				t.Errorf("%+v: %v", c, err)
			}
			continue
		}
		if err != nil || first.Format(time.DateOnly) != c.first || last.Format(time.DateOnly) != c.last {
			t.Errorf("%+v: %v to %v, %v", c, first, last, err)
		}
	}
}
