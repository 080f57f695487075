// Package calendar turns instants into civil time and back: days, periods, spans, and when a lot of points begins and ends to count. It is pure; the only thing it
// reads is the time zone database, of which a copy is compiled in for machines that have none.
//
// # Conventions
//
// Where a convention exists it is that of java.time and of ECMAScript's Temporal, which agree but for names:
//   - A local time that a change of clocks skips is moved on by the length of the gap, one that happens twice is the earlier of the two (java.time's
//     ZonedDateTime.ofLocal, Temporal's disambiguation "compatible").
//   - A day begins at its first instant, which is not midnight where a change of clocks skips midnight (java.time's LocalDate.atStartOfDay, Temporal's startOfDay).
//   - Years and months are added first, and a day that the month lacks becomes its last: 31 January and a month is 28 or 29 February (LocalDate.plusMonths,
//     Temporal's overflow "constrain"). Then weeks and days, then the local time is looked up in the zone, then hours, minutes and seconds as they pass
//     (Temporal.ZonedDateTime.prototype.add; java.time when a Period is added before a Duration).
//   - Weeks are those of ISO 8601: from Monday, and week 1 is the one with the year's first Thursday.
//
// # Lots
//
// Activation says when points can be spent from, Life until when. Both are evaluated once, when a lot is opened or activated, and the instant is kept with the lot;
// a later version of a policy changes no lot. The exception is a Life of inactivity, whose end moves with the member: see Life.
package calendar

import (
	"fmt"
	"strings"
	"sync"
	"time"
	// The zones of machines without a time zone database, such as containers made from nothing.
	_ "time/tzdata"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Zone is a place's civil time by its name in the IANA time zone database, such as "Europe/Berlin". The zero Zone is UTC.
type Zone struct{ loc *time.Location }

// UTC is the zone without changes of clocks.
var UTC = Zone{time.UTC}

var zones sync.Map // name -> Zone

// maxZoneName bounds the name of a zone; the longest that exists has 32 characters.
const maxZoneName = 64

// LoadZone finds a zone by its IANA name. path names the field that it was given in.
func LoadZone(path, name string) (Zone, error) {
	if z, ok := zones.Load(name); ok {
		return z.(Zone), nil
	}
	// "right/" zones count leap seconds, which no instant here does.
	if name == "" || name == "Local" || len(name) > maxZoneName || strings.HasPrefix(name, "right/") {
		return Zone{}, noZone(path, name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil || loc.String() != name {
		return Zone{}, noZone(path, name)
	}
	z := Zone{loc}
	zones.Store(name, z)
	return z, nil
}

func noZone(path, name string) error {
	return fault.Invalid(path, "must be the name of a time zone such as \"Europe/Berlin\" or \"UTC\", not %s", shown(name))
}

// shown quotes what was given, cut to a length that fits into a message.
func shown(s string) string {
	const most = 40
	if len(s) > most {
		return fmt.Sprintf("%.*q...", most, s)
	}
	return fmt.Sprintf("%q", s)
}

// String returns the zone's IANA name.
func (z Zone) String() string { return z.location().String() }

func (z Zone) location() *time.Location {
	if z.loc == nil {
		return time.UTC
	}
	return z.loc
}

// Clock returns what calendar and clock on the wall show at an instant: the date and the time since midnight as the clock shows it.
func (z Zone) Clock(at clock.Millis) (Date, time.Duration) {
	t := time.UnixMilli(int64(at)).In(z.location())
	h, m, s := t.Clock()
	shows := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
	return dateOf(t), shows
}

// DateOf returns the day that an instant belongs to: the one with Start(day) <= at < Start(day.AddDays(1)). That is what a calendar on the wall shows, but where
// clocks are set back over midnight, so that the evening before comes twice: the second time belongs to the day that had begun. So days never go back.
func (z Zone) DateOf(at clock.Millis) Date {
	d := dateOf(time.UnixMilli(int64(at)).In(z.location()))
	if next := d.AddDays(1); z.Start(next) <= at {
		return next
	}
	return d
}

// Start returns the first instant of a day. A day that a place skipped (Samoa's 30 December 2011) begins and ends where the next one begins.
func (z Zone) Start(d Date) clock.Millis {
	at, gap, skipped := z.resolve(d.midnight())
	if skipped {
		at = gap
	}
	return clock.Millis(at * 1000)
}

// At returns the instant at which the clock on the wall shows a time of a day; see the package's conventions for times that do not exist or exist twice.
func (z Zone) At(d Date, shows time.Duration) clock.Millis {
	ms := shows.Milliseconds()
	at, _, _ := z.resolve(d.midnight() + ms/1000)
	return clock.Millis(at*1000 + ms%1000)
}

// farthest is more than any zone was ever away from UTC, in seconds.
const farthest = 26 * 3600

// resolve finds the instant, in seconds, at which the wall clock shows wall (seconds since 1970 as if it were UTC). If it never does, skipped is true, gap is the
// instant at which the clock was set over it, and at is moved on by the length of the gap. It walks the spans between changes of the clock, of which there
// is nearly always one.
func (z Zone) resolve(wall int64) (at, gap int64, skipped bool) {
	t := time.Unix(wall-farthest, 0).In(z.location())
	for {
		_, offset := t.Zone()
		_, end := t.ZoneBounds()
		// Beyond its table of changes the time package counts on by years of 365 days: on the last day of a leap year the bound that it gives has passed.
		for !end.IsZero() && !end.After(t) {
			end = end.AddDate(0, 0, 1)
		}
		at = wall - int64(offset)
		if end.IsZero() || at < end.Unix() {
			return at, 0, false
		}
		if _, next := end.Zone(); wall < end.Unix()+int64(next) {
			return at, end.Unix(), true
		}
		t = end
	}
}

// Add returns the instant a span after another; the package's conventions say how.
func (z Zone) Add(at clock.Millis, s Span) clock.Millis {
	if s.Years != 0 || s.Months != 0 || s.Weeks != 0 || s.Days != 0 {
		d, shows := z.Clock(at)
		at = z.At(d.Add(s), shows)
	}
	return at + clock.Millis(s.exact().Milliseconds())
}
