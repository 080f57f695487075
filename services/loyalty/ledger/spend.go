package ledger

import (
	"cmp"
	"slices"

	"renown.example/kit/clock"
)

// Spend takes available points to an account of the system.
func (b *Book) Spend(s Step, kind Kind, points int64, to string) (Transaction, error) {
	return b.step(s, kind, func(e *entry) error {
		if !isSystem(to) {
			return refuse(Invalid, "points cannot go to %q", to)
		}
		if err := e.covered(points); err != nil {
			return err
		}
		err := e.inOrder(points, func(p spot, points int64) { e.add(p, -points, 0) })
		e.post(string(Available), -points)
		e.post(to, points)
		return err
	})
}

// Reserve takes available points into a hold.
func (b *Book) Reserve(s Step, id string, points int64, endsAt clock.Millis) (Transaction, error) {
	return b.step(s, KindReserve, func(e *entry) error {
		if id == "" || endsAt <= e.at.now || unkept(endsAt) {
			return refuse(Invalid, "a hold %q cannot end at %d", id, endsAt)
		}
		if e.book.hold(id) >= 0 {
			return refuse(Exists, "the account has a hold %q", id)
		}
		if err := e.covered(points); err != nil {
			return err
		}
		h := Hold{ID: id, Points: points, EndsAt: endsAt, Created: e.at.effective}
		e.tx.Hold, e.tx.EndsAt = id, endsAt
		err := e.inOrder(points, func(p spot, points int64) { e.add(p, 0, points) })
		h.Takes = make([]Take, len(e.tx.Lots))
		for i := range e.tx.Lots {
			c := &e.tx.Lots[i]
			h.Takes[i] = Take{c.LotRef, c.Reserved}
		}
		e.post(string(Available), -points)
		e.post(string(Reserved), points)
		a := &e.book.account
		a.Holds = append(slices.Clip(a.Holds), h)
		if a.DueAt == 0 || endsAt < a.DueAt {
			a.DueAt = endsAt
		}
		return err
	})
}

// Commit redeems what a hold has reserved.
func (b *Book) Commit(s Step, id string) (Transaction, error) {
	return b.step(s, KindCommit, func(e *entry) error {
		i := b.hold(id)
		if i < 0 {
			return refuse(NoHold, "the account has no hold %q", id)
		}
		h := b.account.Holds[i]
		e.post(string(Reserved), -h.Points)
		e.post(Redeemed, h.Points)
		return e.end(h, func(p spot, points int64) { e.add(p, -points, -points) })
	})
}

// Cancel gives back what a hold has reserved, to the lots that it came from.
func (b *Book) Cancel(s Step, id string) (Transaction, error) {
	return b.step(s, KindCancel, func(e *entry) error {
		i := b.hold(id)
		if i < 0 {
			return refuse(NoHold, "the account has no hold %q", id)
		}
		return e.release(b.account.Holds[i])
	})
}

// release ends a hold and gives its points back.
func (e *entry) release(h Hold) error {
	e.post(string(Reserved), -h.Points)
	return e.end(h, func(p spot, points int64) { e.add(p, e.free(*p.lot(), points)-points, -points) })
}

// free posts points that a hold lets go of, or that a redemption gives back, and returns how many of them stay open in their lot. Unless that is frozen they repay debt
// before anything else, even past the lot's end: what became owed while they were away would have been taken from them, and nobody loses it twice.
func (e *entry) free(l Lot, points int64) int64 {
	if l.FrozenAt == 0 {
		points -= e.repay(points)
	}
	return e.land(l, points)
}

// end removes a hold and does something with each of its takes.
func (e *entry) end(h Hold, each func(p spot, points int64)) error {
	a := &e.book.account
	e.tx.Hold = h.ID
	i := e.book.hold(h.ID)
	if i < 0 {
		return e.book.broken("hold %q is gone", h.ID)
	}
	h = a.Holds[i]
	a.Holds = slices.Concat(a.Holds[:i], a.Holds[i+1:])
	if h.EndsAt == a.DueAt {
		e.book.stale = true
	}
	e.tx.Lots = slices.Grow(e.tx.Lots, len(h.Takes))
	var p spot
	for _, t := range h.Takes {
		var ok bool
		var err error
		if p, ok, err = e.book.findBehind(p, t.LotRef); err != nil {
			return err
		}
		if !ok || p.lot().Reserved < t.Points {
			return e.book.broken("hold %q has %d points of lot %d, and the lot does not", h.ID, t.Points, t.N)
		}
		each(p, t.Points)
	}
	return nil
}

// hold returns the place of a hold, -1 if there is none.
func (b *Book) hold(id string) int {
	return slices.IndexFunc(b.account.Holds, func(h Hold) bool { return h.ID == id })
}

// Restore gives back what a committed redemption took, to the lots that it came from. It repays what is owed, as all that comes free does.
func (b *Book) Restore(s Step, takes []Take) (Transaction, error) {
	return b.step(s, KindRestore, func(e *entry) error {
		if len(takes) == 0 {
			return refuse(Invalid, "there is nothing to restore")
		}
		spots, err := e.given(takes, func(l Lot) bool { return !l.Pending })
		if err != nil {
			return err
		}
		e.tx.Lots = slices.Grow(e.tx.Lots, len(takes))
		for i, p := range spots {
			points := takes[i].Points
			if l := p.lot(); points > l.Points-l.Open {
				return &Refusal{Code: Invalid, Message: "more than was taken from the lot", Want: points, Have: l.Points - l.Open}
			}
			if err := e.arm(*p.lot()); err != nil {
				return err
			}
			e.post(Redeemed, -points)
			e.add(p, e.free(*p.lot(), points), 0)
			if err := b.inRange(); err != nil {
				return err
			}
		}
		return nil
	})
}

// covered refuses an amount that is none, or more than is available.
func (e *entry) covered(points int64) error {
	if points <= 0 {
		return refuse(Invalid, "%d is no amount of points", points)
	}
	if have := e.book.account.Balances.Available; points > have {
		return &Refusal{Code: Insufficient, Message: "fewer points are available", Want: points, Have: have}
	}
	return nil
}

// inOrder shares points out over the lots that have some available, in the order in which they are spent. Pages come in the order of their months, so that those of one
// month are looked at together, and nothing is read of later ones than are needed.
func (e *entry) inOrder(points int64, each func(p spot, points int64)) error {
	s := sharing{entry: e, left: points, each: each}
	unseen, month := e.book.account.Balances.Available, ""
	err := e.book.shelf.walk(e.book.account.First, func(page *sheet) bool {
		if p := page.prefix(); p != month {
			if s.share(); s.left == 0 {
				return false
			}
			month = p
		}
		for i := range page.lots {
			if l := &page.lots[i]; !l.Pending && l.FrozenAt == 0 && l.unreserved() > 0 {
				unseen -= l.unreserved()
				s.add(spot{page, i})
			}
		}
		return unseen != 0
	})
	if err != nil {
		return err
	}
	if s.share(); s.left != 0 {
		return e.book.broken("the lots hold %d points less than the balances", s.left)
	}
	return nil
}

// sharing shares points out over the lots of one month after the other.
type sharing struct {
	entry       *entry
	taken, left int64
	each        func(p spot, points int64)
	// lots are those of a month that have points available; mixed says that they do not lie in the order in which they are spent.
	lots  []spot
	mixed bool
}

func (s *sharing) add(p spot) {
	if n := len(s.lots); n > 0 && !s.mixed {
		s.mixed = spentBefore(s.lots[n-1].lot(), p.lot()) > 0
	}
	s.lots = append(s.lots, p)
}

// share takes points out of the month's lots.
func (s *sharing) share() {
	if s.mixed {
		slices.SortFunc(s.lots, func(p, q spot) int { return spentBefore(p.lot(), q.lot()) })
	}
	s.room()
	for _, p := range s.lots {
		part := min(s.left, p.lot().unreserved())
		if part == 0 {
			break
		}
		s.left, s.taken = s.left-part, s.taken+part
		s.each(p, part)
	}
	s.lots, s.mixed = s.lots[:0], false
}

// room makes room for the changes of the month's lots and, if there were months before, for as many more as are to be expected from those.
func (s *sharing) room() {
	changes := &s.entry.tx.Lots
	n := int64(len(s.lots))
	if s.taken > 0 {
		n = max(n, min(s.left, int64(len(*changes))*s.left/s.taken, s.entry.book.account.Lots))
	}
	if int64(cap(*changes)-len(*changes)) < min(n, s.left) {
		*changes = slices.Grow(*changes, int(min(n, s.left)))
	}
}

// spentBefore compares two lots in the order in which lots are spent.
func spentBefore(x, y *Lot) int {
	if x.ExpiresAt != y.ExpiresAt {
		// Minus one turns "never", which is zero, into what comes last.
		return cmp.Compare(uint64(x.ExpiresAt-1), uint64(y.ExpiresAt-1))
	}
	return cmp.Or(cmp.Compare(x.IssuedAt, y.IssuedAt), cmp.Compare(x.N, y.N))
}
