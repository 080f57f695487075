package ledger

// Issue opens lots, in the order in which they are given.
func (b *Book) Issue(s Step, kind Kind, lots []NewLot) (Transaction, error) {
	return b.step(s, kind, func(e *entry) error {
		if len(lots) == 0 {
			return refuse(Invalid, "there is nothing to issue")
		}
		for _, n := range lots {
			if err := e.issue(n); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *entry) issue(n NewLot) error {
	issued := n.IssuedAt
	if issued == 0 {
		issued = e.at.effective
	}
	switch {
	case n.Points <= 0:
		return refuse(Invalid, "%d points cannot be issued", n.Points)
	case n.Points > Most:
		return refuse(Overflow, "%d points are more than can be kept", n.Points)
	case !isSystem(n.From):
		return refuse(Invalid, "points cannot come from %q", n.From)
	case unkept(n.ActivatesAt), unkept(n.ExpiresAt), issued < 0, issued > e.at.now:
		return refuse(Invalid, "points cannot be issued at %d, be activated at %d and end at %d", issued, n.ActivatesAt, n.ExpiresAt)
	}
	l := Lot{
		Points: n.Points, IssuedAt: issued, ActivatesAt: n.ActivatesAt, ExpiresAt: n.ExpiresAt, Life: n.Life, Policy: n.Policy, Rule: n.Rule, Source: n.Source,
		Pending: n.Pending || n.ActivatesAt != 0,
	}
	if n.Frozen {
		l.FrozenAt = e.at.effective
	}
	return e.put(l, n.From)
}

// put opens a lot with all its points, which come from an account of the system. A pending one whose ActivatesAt has passed is opened as activated.
func (e *entry) put(l Lot, from string) error {
	if err := e.arm(l); err != nil {
		return err
	}
	e.post(from, -l.Points)
	l.Pending = l.Pending && (l.ActivatesAt == 0 || l.ActivatesAt > e.at.now)
	if from == Redeemed && !l.Pending { // a redemption gives back what it took in an account that is closed by now
		l.Open = e.free(l, l.Points)
	} else {
		l.Open = e.land(l, l.Points)
	}
	// Each lot is looked at, so that no sum can overflow before the end.
	if err := e.book.inRange(); err != nil {
		return err
	}
	_, err := e.open(l)
	return err
}

// Note records that something happened that moved no points.
func (b *Book) Note(s Step) (Transaction, error) {
	return b.step(s, KindNote, func(*entry) error { return nil })
}
