package explain

import (
	"fmt"
	"strings"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/ledger"
)

// Words write for the members of one programme.
type Words struct {
	Zone calendar.Zone
	// One and Many are what one point and several are called; empty means point and points.
	One, Many string
}

// Points writes an amount, without its sign.
func (w Words) Points(n int64) string {
	if n < 0 {
		n = -n
	}
	name := w.Many
	if name == "" {
		name = "points"
	}
	if n == 1 {
		if name = w.One; name == "" {
			name = "point"
		}
	}
	return fmt.Sprintf("%d %s", n, name)
}

// Day writes the day of an instant, as the programme's zone has it.
func (w Words) Day(at clock.Millis) string { return w.Zone.DateOf(at).String() }

// lot says which lot it is and what it has to do with the transaction.
func (w Words) lot(tx ledger.Transaction, c ledger.LotChange, l ledger.Lot, known bool) string {
	what := fmt.Sprintf("lot %d", c.N)
	if known {
		what += w.origin(l)
	}
	switch {
	case c.Opened != nil && l.Pending && l.ActivatesAt != 0:
		return what + ", available from " + w.Day(l.ActivatesAt) + w.end(l)
	case c.Opened != nil && l.Pending:
		return what + ", not available yet" + w.end(l)
	case c.Opened != nil:
		return what + w.end(l)
	case tx.Kind == ledger.KindExpire:
		return what + w.over(l)
	}
	return what + w.end(l)
}

// origin says where a lot comes from.
func (w Words) origin(l ledger.Lot) string {
	var s strings.Builder
	if l.Rule != "" {
		s.WriteString(" by " + l.Rule)
	}
	if l.Source != "" {
		s.WriteString(" for " + l.Source)
	}
	if l.IssuedAt != 0 {
		s.WriteString(" of " + w.Day(l.IssuedAt))
	}
	return s.String()
}

func (w Words) end(l ledger.Lot) string {
	switch {
	case l.ExpiresAt != 0:
		return ", to be spent before " + w.Instant(l.ExpiresAt) + w.life(l)
	case l.Pending:
		return ""
	}
	return ", without end"
}

// over says why a lot has ended.
func (w Words) over(l ledger.Lot) string {
	if l.ExpiresAt == 0 {
		return ", which has ended"
	}
	return ", which ended " + w.Instant(l.ExpiresAt) + w.life(l)
}

func (w Words) life(l ledger.Lot) string {
	if l.Life == "" {
		return ""
	}
	if l.Policy == "" {
		return " (" + l.Life + ")"
	}
	return " (" + l.Life + ", as " + l.Policy + " says)"
}

// Instant writes a day, with the time if it is not the beginning of the day.
func (w Words) Instant(at clock.Millis) string {
	date, shows := w.Zone.Clock(at)
	if shows == 0 {
		return date.String()
	}
	return fmt.Sprintf("%s %02d:%02d", date, int(shows.Hours()), int(shows.Minutes())%60)
}
