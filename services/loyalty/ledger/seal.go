package ledger

import (
	"cmp"
	"slices"

	"renown.example/kit/clock"
)

// seal ends an entry: it refuses figures out of range, looks whether legs, balances and lots say the same, and numbers the transaction.
func (e *entry) seal() error {
	b := e.book
	e.order()
	e.tx.After = b.account.Balances
	if b.tamper != nil {
		b.tamper(e)
	}
	if err := b.inRange(); err != nil {
		return err
	}
	if err := e.balanced(); err != nil {
		return err
	}
	if err := e.backed(); err != nil {
		return err
	}
	b.account.Seq, b.account.RecordedAt = e.tx.Seq, e.tx.RecordedAt
	b.txs = append(b.txs, e.tx)
	return nil
}

// order puts the legs in the order in which they are kept: buckets first, then accounts of the system by name; legs that came to nothing are dropped.
func (e *entry) order() {
	e.tx.Legs = slices.DeleteFunc(e.tx.Legs, func(l Leg) bool { return l.Points == 0 })
	rank := func(account string) int {
		return slices.Index([]string{string(Pending), string(Available), string(Reserved), string(Frozen), string(Debt)}, account)
	}
	slices.SortFunc(e.tx.Legs, func(x, y Leg) int {
		if rx, ry := rank(x.Account), rank(y.Account); rx >= 0 || ry >= 0 {
			return cmp.Compare(uint(rx), uint(ry))
		}
		return cmp.Compare(x.Account, y.Account)
	})
}

// inRange refuses what would leave the range that is kept.
func (b *Book) inRange() error {
	v, t := b.account.Balances, b.account.Lifetime
	for _, figure := range []int64{v.Debt, t.Earned, t.Spent, t.Expired, v.open() + t.Expired} {
		if figure > Most || figure < -Most {
			return refuse(Overflow, "a figure of the account would be %d", figure)
		}
	}
	return nil
}

// balanced looks whether the legs add up to zero and moved the balances by just as much.
func (e *entry) balanced() error {
	b := e.book
	var sum int64
	moved := e.began.account.Balances
	for _, l := range e.tx.Legs {
		sum += l.Points
		if v := moved.bucket(l.Account); v != nil {
			*v += l.Points
		}
	}
	if sum != 0 {
		return b.broken("the legs add up to %d", sum)
	}
	if moved != b.account.Balances || moved != e.tx.After {
		return b.broken("the legs lead to %+v, the balances are %+v", moved, b.account.Balances)
	}
	for _, l := range moved.each() {
		if debt := l.Account == string(Debt); debt && l.Points > 0 || !debt && l.Points < 0 {
			return b.broken("%s would be %d", l.Account, l.Points)
		}
	}
	return nil
}

// backed looks whether the lots have changed as the transaction says, and their buckets by as much as the balances. By the way it notes what that means for First and
// DueAt.
func (e *entry) backed() error {
	b := e.book
	var moved Balances
	changes := 0
	for at := range b.undo[e.began.undo:] {
		f := &b.undo[e.began.undo+at]
		if f.figures != nil && printOf(f.sheet.lots) != f.sheet.print {
			b.spoilt = b.broken("more than figures has changed on page %s", f.sheet.id)
			return b.spoilt
		}
		for i := range f.sheet.lots {
			did, err := e.changed(f, i, &moved)
			if err != nil {
				return err
			}
			if did {
				changes++
			}
		}
	}
	e.idled()
	if changes != len(e.tx.Lots) {
		return b.broken("%d lots changed, the transaction says %d", changes, len(e.tx.Lots))
	}
	now := b.account.Balances
	if moved.Debt = now.Debt - e.began.account.Balances.Debt; moved != now.plus(e.began.account.Balances, -1) {
		return b.broken("the lots moved by %+v, the balances from %+v to %+v", moved, e.began.account.Balances, now)
	}
	return nil
}

// changed reports whether a lot has changed, and adds what that moved.
func (e *entry) changed(f *former, i int, moved *Balances) (bool, error) {
	b, l, n := e.book, &f.sheet.lots[i], int(f.sheet.touched[i])
	if n == 0 && f.same(i) {
		return false, nil
	}
	if n < 1 || n > len(e.tx.Lots) {
		return false, b.unsaid(f, l)
	}
	c, was, had := &e.tx.Lots[n-1], l, figures{}
	if f.figures != nil {
		had = f.figures[i]
		if !c.tellsFigures(f.sheet.id, l, had) {
			return false, b.unsaid(f, l)
		}
	} else {
		before := f.lot(i)
		was, had = &before, before.figures()
		if !c.tells(f.sheet.id, before, *l, e.tx.EffectiveAt) {
			return false, b.unsaid(f, l)
		}
	}
	if l.Open < 0 || l.Reserved < 0 || l.Reserved > l.Open || l.Open > l.Points || l.Pending && l.Reserved > 0 {
		return false, b.broken("lot %d would have %d points open and %d reserved of %d", l.N, l.Open, l.Reserved, l.Points)
	}
	b.notice(f.sheet.id, was, had, l)
	if was == l {
		moved.lie(l, c.Open, c.Reserved)
		b.countIdle(l, c.Open, c.Reserved)
		return true, nil
	}
	moved.lie(l, l.Open, l.Reserved)
	moved.lie(was, -had.open, -had.reserved)
	b.countIdle(was, -had.open, -had.reserved)
	b.countIdle(l, l.Open, l.Reserved)
	return true, nil
}

func (b *Book) unsaid(f *former, l *Lot) error {
	return b.broken("the transaction does not say what happened to lot %d on page %s", l.N, f.sheet.id)
}

// tellsFigures reports whether a change is exactly what lies between the figures that a lot had and has.
func (c *LotChange) tellsFigures(page string, l *Lot, had figures) bool {
	return c.N == l.N && l.Open == had.open+c.Open && l.Reserved == had.reserved+c.Reserved && c.figures() && c.Points == 0 && c.Page == page
}

// tells reports whether a change is exactly what lies between two states of a lot, the first of which is empty if the transaction opened it.
func (c *LotChange) tells(page string, was, l Lot, at clock.Millis) bool {
	if c.N != l.N || c.Page != page {
		return false
	}
	if was.N == 0 {
		return c.Opened != nil && *c.Opened == l && c.Open == 0 && c.Reserved == 0
	}
	end := clock.Millis(0)
	if l.ExpiresAt != was.ExpiresAt {
		end = l.ExpiresAt
	}
	want := LotChange{
		LotRef: c.LotRef, Open: l.Open - was.Open, Reserved: l.Reserved - was.Reserved, ExpiresAt: end, MovedTo: l.MovedTo,
		Activated: was.Pending && !l.Pending, Froze: was.FrozenAt == 0 && l.FrozenAt != 0, Unfroze: was.FrozenAt != 0 && l.FrozenAt == 0,
	}
	if want.Activated || (want.Froze || want.Unfroze) && !was.Pending {
		want.Points = was.unreserved()
	}
	if want.Activated {
		was.Pending, was.ActivatesAt = false, at
	}
	if want.Froze {
		was.FrozenAt = at
	}
	if want.Unfroze {
		was.FrozenAt = 0
	}
	was.Open, was.Reserved, was.ExpiresAt, was.MovedTo = l.Open, l.Reserved, l.ExpiresAt, l.MovedTo
	return *c == want && was == l
}

// notice keeps First and DueAt right after the change of a lot, or says that they must be looked for.
func (b *Book) notice(page string, was *Lot, had figures, l *Lot) {
	a := &b.account
	before, after := dueOf(was, had), due(l)
	if before != 0 && before == a.DueAt && after != before || had.open > 0 && l.Open == 0 && page == a.First {
		b.stale = true
	}
	if after != 0 && (a.DueAt == 0 || after < a.DueAt) {
		a.DueAt = after
	}
	if l.Open > 0 && (a.First == "" || page < a.First) {
		a.First = page
	}
}

// survey looks for First and DueAt if they are not known: it goes through the open lots until it has seen every one that can matter.
func (b *Book) survey() error {
	if !b.stale {
		return nil
	}
	var first, month string
	var next clock.Millis
	earlier := func(at clock.Millis) {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	v := b.account.Balances
	open, pending := v.open(), v.Pending
	visit := func(s *sheet) bool {
		// Of lots without a date only those that wait have something to come.
		if pending == 0 && (month != "" && s.prefix() != month || first != "" && s.prefix() == neverPrefix) {
			return false
		}
		for i := range s.lots {
			l := &s.lots[i]
			if l.Open == 0 {
				continue
			}
			if first == "" {
				first = s.id
			}
			open -= l.Open
			if l.Pending {
				pending -= l.Open
			} else if due(l) != 0 && month == "" {
				month = s.prefix()
			}
			earlier(due(l))
		}
		return open != 0
	}
	if open != 0 {
		if err := b.shelf.walk(b.account.First, visit); err != nil {
			return err
		}
		if first == "" {
			return b.broken("no lot is open from page %q on, and the balances are %+v", b.account.First, v)
		}
	}
	for _, h := range b.account.Holds {
		earlier(h.EndsAt)
	}
	earlier(idleDue(b.account.Idle))
	b.account.First, b.account.DueAt, b.stale = first, next, false
	return nil
}
