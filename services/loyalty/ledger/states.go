package ledger

import "renown.example/kit/clock"

// Activate makes pending lots activated before their time, or because of an event. Expires says when each ends from now on; without it the ends stay.
func (b *Book) Activate(s Step, lots []LotRef, expires func(Lot) clock.Millis) (Transaction, error) {
	return b.step(s, KindActivate, func(e *entry) error {
		return e.each(lots, func(l Lot) bool { return l.Pending && l.Open > 0 }, func(p spot) error {
			l := *p.lot()
			end := l.ExpiresAt
			if expires != nil {
				end = expires(l)
			}
			if unkept(end) {
				return refuse(Invalid, "lot %d cannot end at %d", l.N, end)
			}
			if err := e.arm(Lot{ExpiresAt: end, Life: l.Life}); err != nil {
				return err
			}
			if to := (Lot{ExpiresAt: end}); prefixOf(to) == p.sheet.prefix() {
				e.until(p, end)
				e.activate(p)
				return nil
			}
			e.post(string(Pending), -l.Open)
			l.Pending, l.ActivatesAt, l.ExpiresAt = false, e.at.effective, end
			l.Open = e.land(l, l.Open)
			return e.move(p, l)
		})
	})
}

// Freeze makes lots unspendable and pauses their life. What is reserved of them stays so; released, it is frozen.
func (b *Book) Freeze(s Step, lots []LotRef) (Transaction, error) {
	return b.step(s, KindFreeze, func(e *entry) error {
		return e.each(lots, func(l Lot) bool { return l.FrozenAt == 0 && l.Open > 0 }, func(p spot) error {
			l, c := e.edit(p)
			points := l.unreserved()
			if !l.Pending {
				e.post(l.bucket(), -points)
				e.post(string(Frozen), points)
				c.Points = points
			}
			l.FrozenAt, c.Froze = e.at.effective, true
			return nil
		})
	})
}

// Unfreeze lets the life of frozen lots go on: what was left of it is left.
func (b *Book) Unfreeze(s Step, lots []LotRef) (Transaction, error) {
	return b.step(s, KindUnfreeze, func(e *entry) error {
		return e.each(lots, func(l Lot) bool { return l.FrozenAt != 0 && l.Open > 0 }, func(p spot) error {
			l := *p.lot()
			if l.ExpiresAt != 0 {
				l.ExpiresAt += max(0, e.at.effective-max(l.FrozenAt, l.ActivatesAt))
			}
			if unkept(l.ExpiresAt) {
				return refuse(Overflow, "lot %d would end at %d", l.N, l.ExpiresAt)
			}
			points := l.unreserved()
			e.post(l.bucket(), -points)
			l.FrozenAt = 0
			kept := e.land(l, points)
			if prefixOf(l) != p.sheet.prefix() {
				l.Open -= points - kept
				return e.move(p, l)
			}
			e.until(p, l.ExpiresAt)
			e.add(p, kept-points, 0)
			thawed, c := e.edit(p)
			if thawed.FrozenAt, c.Unfroze = 0, true; !thawed.Pending {
				c.Points = points
			}
			return nil
		})
	})
}

// until gives a lot another end on the page where it lies.
func (e *entry) until(p spot, end clock.Millis) {
	if l, c := e.edit(p); l.ExpiresAt != end {
		l.ExpiresAt, c.ExpiresAt = end, end
	}
}

// each does something with each lot that a caller names, of which there must be one.
func (e *entry) each(refs []LotRef, fits func(Lot) bool, do func(spot) error) error {
	if len(refs) == 0 {
		return refuse(Invalid, "no lot is named")
	}
	spots, err := e.named(refs, fits)
	for i := 0; i < len(spots) && err == nil; i++ {
		err = do(spots[i])
	}
	return err
}
