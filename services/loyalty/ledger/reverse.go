package ledger

// Reverse takes back points that an order earned. From names the order's lots, and how many points of each at most. First come its pending lots, then the rest of
// its lots, then whatever is available in the order in which lots are spent, then debt; Reach says where that ends. Points in holds are not touched, but they are the
// member's still: WithinBalance owes as many as are held and not owed already, and when a hold lets them go they repay it.
func (b *Book) Reverse(s Step, from []Take, points int64, reach Reach) (Transaction, Reversal, error) {
	var met Reversal
	tx, err := b.step(s, KindReverse, func(e *entry) error {
		if points <= 0 {
			return refuse(Invalid, "%d is no amount of points", points)
		}
		if points > Most {
			return refuse(Overflow, "%d points are more than can be kept", points)
		}
		if reach != OnlyPending && reach != WithinBalance && reach != AllowDebt {
			return refuse(Invalid, "there is no reach %q", reach)
		}
		spots, err := e.given(from, func(Lot) bool { return true })
		if err != nil {
			return err
		}
		met, err = e.reverse(spots, from, points, reach)
		return err
	})
	if err != nil {
		return Transaction{}, Reversal{}, err
	}
	return tx, met, nil
}

func (e *entry) reverse(spots []spot, from []Take, points int64, reach Reach) (met Reversal, err error) {
	own := func(pending bool) {
		for i, p := range spots {
			l := p.lot()
			part := min(from[i].Points, l.unreserved(), points)
			if l.Pending != pending || part <= 0 {
				continue
			}
			switch points -= part; Bucket(l.bucket()) {
			case Pending:
				met.FromPending += part
			case Frozen:
				met.FromFrozen += part
			default:
				met.FromAvailable += part
			}
			e.debit(p, part, Reversed)
		}
	}
	own(true)
	if reach != OnlyPending {
		own(false)
		if part := min(points, e.book.account.Balances.Available); part > 0 {
			points -= part
			met.FromAvailable += part
			if err := e.inOrder(part, func(p spot, points int64) { e.debit(p, points, Reversed) }); err != nil {
				return met, err
			}
		}
	}
	switch v := e.book.account.Balances; reach {
	case AllowDebt:
		met.AsDebt = points
	case WithinBalance:
		met.AsDebt = min(points, max(0, v.Reserved+v.Debt))
	}
	met.Forgiven = points - met.AsDebt
	e.post(string(Debt), -met.AsDebt)
	e.post(Reversed, met.AsDebt)
	return met, nil
}

// Reclaim takes back, out of what a transaction has given back that was spent, what reversals within the balance had let go before because it was spent, and returns how
// much that was. Never more than what came back, did not end at once and is not frozen, less what was taken of it already; first from the lots that it went to, then as a
// reversal within the balance does, but that nothing is let go any more. Nothing to take is no transaction.
func (b *Book) Reclaim(s Step, restored Transaction, taken, forgiven int64) (Transaction, int64, error) {
	came := -taken
	for _, l := range restored.Legs {
		switch l.Account {
		case Redeemed, Expired, string(Frozen):
			came -= l.Points
		}
	}
	v := b.account.Balances
	points := min(forgiven, came, v.Available+max(0, v.Reserved+v.Debt))
	if points <= 0 {
		return Transaction{}, 0, nil
	}
	var from []Take
	for _, c := range restored.Lots {
		open := c.Open
		if c.Opened != nil {
			open = c.Opened.Open
		}
		if open > 0 {
			from = append(from, Take{c.LotRef, open})
		}
	}
	tx, err := b.step(s, KindReverse, func(e *entry) error {
		spots, err := e.given(from, func(Lot) bool { return true })
		if err != nil {
			return err
		}
		var thawed []spot
		var takes []Take
		for i, p := range spots {
			if p.lot().FrozenAt == 0 { // of a frozen one a return takes nothing either
				thawed, takes = append(thawed, p), append(takes, from[i])
			}
		}
		_, err = e.reverse(thawed, takes, points, WithinBalance)
		return err
	})
	if err != nil {
		return Transaction{}, 0, err
	}
	return tx, points, nil
}
