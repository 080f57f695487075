package ledgertest

import (
	"maps"
	"slices"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
)

// Account says what the account should be, but for the head of its chain.
func (m *Model) Account(id string) ledger.Account {
	a := m.account(id)
	s := a.sums()
	at, _, _ := a.nextDue()
	acc := ledger.Account{
		ID:       id,
		Balances: ledger.Balances{Pending: s["pending"], Available: s["available"], Reserved: s["reserved"], Frozen: s["frozen"], Debt: s["debt"]},
		Lifetime: ledger.Lifetime{Earned: a.earned, Spent: a.spent, Expired: a.expired},
		Seq:      int64(len(a.entries)), Lots: int64(len(a.pieces)), RecordedAt: clock.Millis(a.recorded), DueAt: clock.Millis(at),
	}
	for i := range a.pieces {
		p := &a.pieces[i]
		if p.free+p.reserved() > 0 && (acc.First == "" || p.page < acc.First) {
			acc.First = p.page
		}
	}
	if n := len(a.pieces); n > 0 {
		acc.Tail.Page = a.pieces[n-1].page
		for i := range a.pieces {
			if a.pieces[i].page == acc.Tail.Page {
				acc.Tail.Lots++
			}
		}
	}
	for _, life := range slices.Sorted(maps.Keys(a.idle)) {
		open, free := a.living(life)
		acc.Idle = append(acc.Idle, ledger.Idle{Life: life, EndsAt: clock.Millis(a.idle[life]), Open: open, Free: free})
	}
	for _, h := range a.promises {
		hold := ledger.Hold{ID: h.id, Points: h.points, EndsAt: clock.Millis(h.ends), Created: clock.Millis(h.created)}
		for _, i := range a.partsOf(h.id) {
			p := a.pieces[i]
			hold.Takes = append(hold.Takes, ledger.Take{LotRef: ledger.LotRef{Page: p.page, N: p.n}, Points: p.letGo(h.id)})
		}
		acc.Holds = append(acc.Holds, hold)
	}
	return acc
}

// Entries lists what was written down about an account, from the entry of that place on.
func (m *Model) Entries(id string, from int) []Entry { return m.account(id).entries[from:] }

// AsOf returns a model that knows only this account, as it would be if it were settled then.
func (m *Model) AsOf(id string, now clock.Millis) *Model {
	c := m.account(id).clone()
	c.settle(max(int64(now), c.recorded))
	return &Model{accounts: map[string]*book{id: &c}}
}

// Lot says what the lot of a number should be, and on which page it should lie; false if there should be none.
func (m *Model) Lot(id string, n int64) (lot ledger.Lot, page string, ok bool) {
	a := m.account(id)
	if n < 1 || n > int64(len(a.pieces)) {
		return ledger.Lot{}, "", false
	}
	ref := func(n int64) *ledger.LotRef {
		if n == 0 {
			return nil
		}
		return &ledger.LotRef{Page: a.pieces[n-1].page, N: n}
	}
	p := &a.pieces[n-1]
	return ledger.Lot{
		N: p.n, Points: p.points, Open: p.free + p.reserved(), Reserved: p.reserved(), Pending: p.pending, ActivatesAt: clock.Millis(p.wakes),
		IssuedAt: clock.Millis(p.issued), ExpiresAt: clock.Millis(p.ends), Life: p.life, Policy: p.policy, FrozenAt: clock.Millis(p.frozen),
		Rule: p.rule, Source: p.source, Tx: p.tx, From: ref(p.cameFrom), MovedTo: ref(p.wentTo),
	}, p.page, true
}
