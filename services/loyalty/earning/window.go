package earning

import (
	"fmt"
	"slices"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
)

// span is Hours in minutes of the day.
type span struct{ from, until int }

// minutes reads "17:30"; only an end may be "24:00".
func minutes(s string) (int, bool) {
	var h, m int
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	if n, err := fmt.Sscanf(s, "%02d:%02d", &h, &m); n != 2 || err != nil || h < 0 || m < 0 || m > 59 || h*60+m > 24*60 {
		return 0, false
	}
	return h*60 + m, true
}

// local is an instant as the programme's zone shows it.
type local struct {
	zone calendar.Zone
	date calendar.Date
	// minute is the minute of the day.
	minute int
}

func localize(z calendar.Zone, at clock.Millis) local {
	date, shows := z.Clock(at)
	return local{z, date, int(shows.Minutes())}
}

// outside reports whether the instant is not in the window, and why.
func (c *Compiled) outside(at clock.Millis, l *local) (why Why, outside bool) {
	w := &c.Rule.Window
	if w.From != 0 && at < w.From {
		return NotBegun, true
	}
	if w.Until != 0 && at >= w.Until {
		return Ended, true
	}
	day := l.date.Weekday()
	if len(c.hours) == 0 {
		return NotThisDay, !w.on(day)
	}
	for _, h := range c.hours {
		overnight := h.until <= h.from
		if l.minute >= h.from && (overnight || l.minute < h.until) && w.on(day) {
			return 0, false
		}
		if overnight && l.minute < h.until && w.on((day+6)%7) {
			return 0, false
		}
	}
	return NotThisHour, true
}

func (w *Window) on(d time.Weekday) bool {
	return len(w.Weekdays) == 0 || slices.Contains(w.Weekdays, weekday(d))
}

// weekday numbers the days from Monday, 1, to Sunday, 7.
func weekday(d time.Weekday) int { return (int(d)+6)%7 + 1 }

// key names the counter of a cap, and the instant after which nobody asks for it any more: zero means never. Caps per order have none.
func (c *Cap) key(r *Rule, z calendar.Zone, at clock.Millis) (string, clock.Millis) {
	var key string
	switch c.Per {
	case PerMember:
		key = "member/" + r.ID
	case PerCampaign:
		key = "campaign/" + r.Campaign
	default:
		return "", 0
	}
	key += "/" + string(c.Counts)
	if c.Period == "" {
		return key, 0
	}
	w := calendar.Period{Unit: c.Period}.At(z, calendar.Date{}, at)
	return key + "/" + w.Key, w.To
}
