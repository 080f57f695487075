package ledger

import (
	"cmp"
	"slices"

	"renown.example/kit/clock"
)

// What happens by itself, in the order in which it does at one instant.
const (
	activation = iota
	lapse
	expiry
)

// happening is something that is due.
type happening struct {
	at   clock.Millis
	what int
	spot spot
	hold Hold
}

// Settle does what is due by now. An account that nothing is due on is not touched.
func (b *Book) Settle(now clock.Millis) error {
	return b.settle(max(now, b.account.RecordedAt))
}

func (b *Book) settle(now clock.Millis) error {
	if b.account.DueAt == 0 || b.account.DueAt > now {
		return nil
	}
	m := b.mark()
	err := b.happen(now)
	if err == nil {
		err = b.survey()
	}
	if err != nil {
		b.Reset(m)
		return err
	}
	if !b.kept {
		b.undo = b.undo[:0]
	}
	return nil
}

// happen records everything that is due, one transaction for each instant and kind.
func (b *Book) happen(now clock.Millis) error {
	// Whatever comes of it, the instant that was the earliest is not it any more.
	b.stale = true
	all, err := b.agenda(now)
	if err != nil {
		return err
	}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[0].what != lapse && all[n].at == all[0].at && all[n].what == all[0].what {
			n++
		}
		if err := b.happens(all[:n], now); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// agenda lists what may happen up to now, in order. What an earlier happening prevents is found out later.
func (b *Book) agenda(now clock.Millis) ([]happening, error) {
	var all []happening
	open, pending := b.account.Balances.open(), b.account.Balances.Pending
	last := monthOf(now)
	// What a hold lets go on the way may be what a deadline ends, so that it does not matter what is free of it now.
	idle := slices.ContainsFunc(b.account.Idle, func(i Idle) bool { return i.EndsAt <= now })
	err := b.shelf.walk(b.account.First, func(s *sheet) bool {
		if pending == 0 && s.prefix() > last && !idle {
			return false
		}
		for i, l := range s.lots {
			if l.Open == 0 {
				continue
			}
			open -= l.Open
			if l.Pending {
				pending -= l.Open
				if l.ActivatesAt != 0 && l.ActivatesAt <= now {
					all = append(all, happening{at: l.ActivatesAt, what: activation, spot: spot{s, i}})
				}
			}
			if end := b.account.Ends(&l); end != 0 && end <= now {
				all = append(all, happening{at: end, what: expiry, spot: spot{s, i}})
			}
		}
		return open != 0
	})
	for _, h := range b.account.Holds {
		if h.EndsAt <= now {
			all = append(all, happening{at: h.EndsAt, what: lapse, hold: h})
		}
	}
	slices.SortFunc(all, func(x, y happening) int {
		if c := cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.what, y.what)); c != 0 {
			return c
		}
		if x.what == lapse {
			return cmp.Compare(x.hold.ID, y.hold.ID)
		}
		return cmp.Compare(x.spot.lot().N, y.spot.lot().N)
	})
	return all, err
}

// happens records what happens at one instant.
func (b *Book) happens(same []happening, now clock.Millis) error {
	at := instants{effective: same[0].at, ends: same[0].at, now: now}
	if same[0].what == lapse {
		_, err := b.record(KindLapse, at, func(e *entry) error { return e.release(same[0].hold) })
		return err
	}
	spots := make([]spot, 0, len(same))
	for _, h := range same {
		l := h.spot.lot()
		if h.what == activation && l.Pending && l.Open > 0 || h.what == expiry && l.FrozenAt == 0 && l.unreserved() > 0 {
			spots = append(spots, h.spot)
		}
	}
	if len(spots) == 0 {
		return nil
	}
	kind := map[int]Kind{activation: KindActivate, expiry: KindExpire}[same[0].what]
	_, err := b.record(kind, at, func(e *entry) error {
		for _, p := range spots {
			if kind == KindActivate {
				e.activate(p)
			} else {
				e.debit(p, p.lot().unreserved(), Expired)
			}
		}
		return nil
	})
	return err
}

// activate makes a lot activated where it lies.
func (e *entry) activate(p spot) {
	l, c := e.edit(p)
	l.Pending, l.ActivatesAt, c.Activated = false, e.at.effective, true
	points := l.Open
	c.Points = points
	e.post(string(Pending), -points)
	if kept := e.land(*l, points); kept != points {
		e.add(p, kept-points, 0)
	}
}
