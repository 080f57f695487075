package ledger

import (
	"fmt"
	"slices"
	"strings"

	"renown.example/kit/clock"
)

// entry is a transaction as it is made: postings move the balances, edits the lots, and seal looks whether they say the same.
type entry struct {
	book  *Book
	began Mark
	at    instants
	tx    Transaction
	// idle is that of the step.
	idle func(life string) clock.Millis
}

func refuse(code Code, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (b *Book) broken(format string, args ...any) error {
	return &Broken{Account: b.account.ID, Seq: b.account.Seq + 1, What: fmt.Sprintf(format, args...)}
}

// bucket returns the balance that a leg's account stands for, nil for an account of the system.
func (v *Balances) bucket(account string) *int64 {
	switch Bucket(account) {
	case Pending:
		return &v.Pending
	case Available:
		return &v.Available
	case Reserved:
		return &v.Reserved
	case Frozen:
		return &v.Frozen
	case Debt:
		return &v.Debt
	}
	return nil
}

// each lists the balances in the order in which legs name them.
func (v Balances) each() [5]Leg {
	return [5]Leg{
		{string(Pending), v.Pending}, {string(Available), v.Available}, {string(Reserved), v.Reserved}, {string(Frozen), v.Frozen}, {string(Debt), v.Debt},
	}
}

func (v Balances) plus(w Balances, sign int64) Balances {
	return Balances{
		v.Pending + sign*w.Pending, v.Available + sign*w.Available, v.Reserved + sign*w.Reserved, v.Frozen + sign*w.Frozen, v.Debt + sign*w.Debt,
	}
}

// open is what lies in lots.
func (v Balances) open() int64 { return v.Pending + v.Available + v.Reserved + v.Frozen }

// isSystem reports whether points can come from or go to an account of this name.
func isSystem(account string) bool { return account != "" && (&Balances{}).bucket(account) == nil }

// post adds points to one account of the transaction.
func (e *entry) post(account string, points int64) {
	if points == 0 {
		return
	}
	if v := e.book.account.Balances.bucket(account); v != nil {
		*v += points
	}
	e.book.account.Lifetime.count(account, points)
	i := slices.IndexFunc(e.tx.Legs, func(l Leg) bool { return l.Account == account })
	if i < 0 {
		i = len(e.tx.Legs)
		e.tx.Legs = append(e.tx.Legs, Leg{Account: account})
	}
	e.tx.Legs[i].Points += points
}

// count adds what a leg means for the lifetime.
func (t *Lifetime) count(account string, points int64) {
	switch {
	case strings.HasPrefix(account, IssuanceOf("")), account == Reversed:
		t.Earned -= points
	case account == Redeemed, strings.HasPrefix(account, DonatedTo("")):
		t.Spent += points
	case account == Expired:
		t.Expired += points
	}
}

// edit makes the lot one that the transaction may change, and returns it with what is noted of the change. Both are good until the next edit or opening.
func (e *entry) edit(p spot) (*Lot, *LotChange) {
	e.book.edit(p.sheet)
	return p.lot(), e.noted(p)
}

// noted is what the transaction says of a lot.
func (e *entry) noted(p spot) *LotChange {
	if p.sheet.touched[p.i] == 0 {
		e.tx.Lots = append(e.tx.Lots, LotChange{LotRef: p.ref()})
		p.sheet.touched[p.i] = int32(len(e.tx.Lots))
	}
	return &e.tx.Lots[p.sheet.touched[p.i]-1]
}

// add changes the figures of a lot, and nothing else.
func (e *entry) add(p spot, open, reserved int64) {
	e.book.count(p.sheet)
	l, c := p.lot(), e.noted(p)
	l.Open += open
	l.Reserved += reserved
	c.Open += open
	c.Reserved += reserved
}

// debit takes points out of a lot, from the bucket in which they are, to an account of the system.
func (e *entry) debit(p spot, points int64, to string) {
	e.post(p.lot().bucket(), -points)
	e.post(to, points)
	e.add(p, -points, 0)
}

// bucket is where the points of the lot are that are open and not reserved.
func (l Lot) bucket() string {
	switch {
	case l.Pending:
		return string(Pending)
	case l.FrozenAt != 0:
		return string(Frozen)
	}
	return string(Available)
}

// unreserved is what is open of a lot and not reserved.
func (l Lot) unreserved() int64 { return l.Open - l.Reserved }

// land posts points of a lot to where they belong, as it is opened or its state changes, and returns how many of them stay open in it.
func (e *entry) land(l Lot, points int64) int64 {
	end := e.book.account.Ends(&l)
	switch ended := end != 0 && end <= e.at.ends; {
	case ended && l.FrozenAt == 0:
		e.post(Expired, points)
		return 0
	case l.Pending:
		e.post(string(Pending), points)
		return points
	case l.FrozenAt != 0:
		e.post(string(Frozen), points)
		return points
	}
	points -= e.repay(points)
	e.post(string(Available), points)
	return points
}

// repay posts what of some points is owed, and returns how many those are.
func (e *entry) repay(points int64) int64 {
	repaid := min(points, -e.book.account.Balances.Debt)
	e.post(string(Debt), repaid)
	return repaid
}

// open adds a lot under the next number.
func (e *entry) open(l Lot) (LotRef, error) {
	b := e.book
	s, err := b.room(prefixOf(l))
	if err != nil {
		return LotRef{}, err
	}
	b.edit(s)
	b.account.Lots++
	l.N, l.Tx = b.account.Lots, e.tx.Seq
	s.lots = append(s.lots, l)
	b.account.Tail = Tail{Page: s.id, Lots: len(s.lots)}
	ref := LotRef{Page: s.id, N: l.N}
	e.tx.Lots = append(e.tx.Lots, LotChange{LotRef: ref, Opened: &l})
	s.touched = append(s.touched, int32(len(e.tx.Lots)))
	return ref, nil
}

// move closes a lot and opens it again as another, on the page where that belongs. Its part in holds goes along.
func (e *entry) move(p spot, as Lot) error {
	from := p.ref()
	open, reserved := p.lot().Open, p.lot().Reserved
	as.From = &from
	to, err := e.open(as)
	if err != nil {
		return err
	}
	e.add(p, -open, -reserved)
	l, c := e.edit(p)
	l.MovedTo, c.MovedTo = &to, &to
	if reserved > 0 {
		e.book.account.Holds = renamed(e.book.account.Holds, from, to)
	}
	return nil
}

func renamed(holds []Hold, from, to LotRef) []Hold {
	holds = slices.Clone(holds)
	for i := range holds {
		if !slices.ContainsFunc(holds[i].Takes, func(t Take) bool { return t.LotRef == from }) {
			continue
		}
		holds[i].Takes = slices.Clone(holds[i].Takes)
		for j := range holds[i].Takes {
			if holds[i].Takes[j].LotRef == from {
				holds[i].Takes[j].LotRef = to
			}
		}
	}
	return holds
}

// named finds the lots that a caller names: each must be there, fit, and be named once.
func (e *entry) named(refs []LotRef, fits func(Lot) bool) ([]spot, error) {
	spots := make([]spot, 0, len(refs))
	var seen map[spot]bool // from where lots are not named in the order in which they lie: before that none can be named twice
	var p spot
	for _, ref := range refs {
		var ok bool
		var err error
		p, ok, err = e.book.findBehind(p, ref)
		switch {
		case err != nil:
			return nil, err
		case !ok || !fits(*p.lot()):
			return nil, refuse(NoLot, "there is no lot %d on page %s that this can be done with", ref.N, ref.Page)
		}
		if n := len(spots); seen == nil && n > 0 && !spots[n-1].before(p) {
			seen = make(map[spot]bool, len(refs))
			for _, earlier := range spots {
				seen[earlier] = true
			}
		}
		if seen[p] {
			return nil, refuse(Invalid, "lot %d on page %s is named twice", ref.N, ref.Page)
		}
		if seen != nil {
			seen[p] = true
		}
		spots = append(spots, p)
	}
	return spots, nil
}

// given finds the lots of takes: in addition, each must be of one point or more.
func (e *entry) given(takes []Take, fits func(Lot) bool) ([]spot, error) {
	refs := make([]LotRef, len(takes))
	for i, t := range takes {
		if t.Points <= 0 {
			return nil, refuse(Invalid, "lot %d on page %s is named with %d points", t.N, t.Page, t.Points)
		}
		refs[i] = t.LotRef
	}
	return e.named(refs, fits)
}

// unkept reports whether an instant is none that can be kept.
func unkept(at clock.Millis) bool { return at < 0 || at > latest }
