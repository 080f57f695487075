package ledgertest

import (
	"sort"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
)

// do does what the operation says within an entry.
func (a *book) do(o Operation) (out Outcome) {
	switch o.Verb {
	case Issue:
		a.issue(o.Lots)
	case Spend:
		out.Takes = a.spend(o.Points, o.To)
	case Reserve:
		a.reserve(o.Hold, o.Points, int64(o.EndsAt))
	case Commit:
		out.Takes = a.commit(o.Hold)
	case Cancel:
		a.promised(o.Hold)
		a.giveBack(o.Hold)
	case Restore:
		a.restore(o.Takes)
	case Reverse:
		out.Reversal = a.reverse(o.Takes, o.Points, string(o.Reach))
	case Activate:
		a.activate(o)
	case Freeze:
		a.freeze(o.Refs)
	case Unfreeze:
		a.unfreeze(o.Refs)
	case TransferOut:
		out.Parcel = a.transferOut(o.Transfer)
	case TransferIn:
		a.transferIn(o.Transfer, o.Parcel)
	}
	return out
}

func isSystem(name string) bool {
	switch name {
	case "", "pending", "available", "reserved", "frozen", "debt":
		return false
	}
	return true
}

func outOfBounds(at clock.Millis) bool { return at < 0 || int64(at) >= lastInstant }

func (a *book) issue(lots []ledger.NewLot) {
	if len(lots) == 0 {
		no(ledger.Invalid)
	}
	for _, n := range lots {
		issued := int64(n.IssuedAt)
		if issued == 0 {
			issued = a.effective
		}
		if n.Points <= 0 {
			no(ledger.Invalid)
		}
		if n.Points > most {
			no(ledger.Overflow)
		}
		if !isSystem(n.From) || outOfBounds(n.ActivatesAt) || outOfBounds(n.ExpiresAt) || issued < 0 || issued > a.present {
			no(ledger.Invalid)
		}
		p := piece{points: n.Points, wakes: int64(n.ActivatesAt), issued: issued, ends: int64(n.ExpiresAt), life: n.Life, policy: n.Policy, rule: n.Rule, source: n.Source}
		if n.ActivatesAt == 0 {
			p.pending = n.Pending
		} else {
			p.pending = int64(n.ActivatesAt) > a.present
		}
		if n.Frozen {
			p.frozen = a.effective
		}
		a.bring(p, n.From)
	}
}

// bring opens a lot with points from outside.
func (a *book) bring(p piece, from string) {
	a.needs(p)
	a.outside(from, -p.points)
	lot := a.add(p)
	if from == "redeemed" && !lot.pending {
		a.comesBack(lot, lot.points)
	} else {
		a.give(lot, lot.points)
	}
	a.check()
}

func (a *book) afford(points int64) {
	if points <= 0 {
		no(ledger.Invalid)
	}
	if points > a.sums()["available"] {
		no(ledger.Insufficient)
	}
}

// share takes points out of what is available and says from which lots.
func (a *book) share(points int64) (takes []ledger.Take) {
	for _, i := range a.spendable() {
		p := &a.pieces[i]
		some := p.free
		if points < some {
			some = points
		}
		if some == 0 {
			break
		}
		p.free -= some
		points -= some
		takes = append(takes, ledger.Take{LotRef: ledger.LotRef{Page: p.page, N: p.n}, Points: some})
	}
	return takes
}

func (a *book) spend(points int64, to string) []ledger.Take {
	if !isSystem(to) {
		no(ledger.Invalid)
	}
	a.afford(points)
	a.outside(to, points)
	return a.share(points)
}

func (a *book) reserve(id string, points, ends int64) {
	if id == "" || ends <= a.present || ends >= lastInstant {
		no(ledger.Invalid)
	}
	for _, h := range a.promises {
		if h.id == id {
			no(ledger.Exists)
		}
	}
	a.afford(points)
	for turn, t := range a.share(points) {
		p := &a.pieces[t.N-1]
		p.held = append(p.held, part{hold: id, turn: turn, points: t.Points})
	}
	a.promises = append(a.promises, promise{id: id, points: points, ends: ends, created: a.effective})
	a.hold, a.holdEnds = id, ends
}

func (a *book) promised(id string) {
	for _, h := range a.promises {
		if h.id == id {
			return
		}
	}
	no(ledger.NoHold)
}

func (a *book) commit(id string) (takes []ledger.Take) {
	a.promised(id)
	for _, i := range a.partsOf(id) {
		p := &a.pieces[i]
		points := p.letGo(id)
		a.outside("redeemed", points)
		takes = append(takes, ledger.Take{LotRef: ledger.LotRef{Page: p.page, N: p.n}, Points: points})
	}
	a.forget(id)
	return takes
}

// named returns the lots that somebody names, or what has become of them.
func (a *book) named(refs []ledger.LotRef, fits func(*piece) bool) []int {
	var at []int
	taken := map[int]bool{}
	for _, ref := range refs {
		i := int(ref.N) - 1
		if i < 0 || i >= len(a.pieces) || a.pieces[i].page != ref.Page {
			no(ledger.NoLot)
		}
		for a.pieces[i].wentTo != 0 {
			i = int(a.pieces[i].wentTo) - 1
		}
		if !fits(&a.pieces[i]) {
			no(ledger.NoLot)
		}
		if taken[i] {
			no(ledger.Invalid)
		}
		taken[i] = true
		at = append(at, i)
	}
	return at
}

func (a *book) namedIn(takes []ledger.Take, fits func(*piece) bool) []int {
	var refs []ledger.LotRef
	for _, t := range takes {
		if t.Points <= 0 {
			no(ledger.Invalid)
		}
		refs = append(refs, t.LotRef)
	}
	return a.named(refs, fits)
}

func (a *book) restore(takes []ledger.Take) {
	if len(takes) == 0 {
		no(ledger.Invalid)
	}
	for k, i := range a.namedIn(takes, func(p *piece) bool { return !p.pending }) {
		p := &a.pieces[i]
		if p.free+p.reserved()+takes[k].Points > p.points {
			no(ledger.Invalid)
		}
		a.needs(*p)
		a.outside("redeemed", -takes[k].Points)
		a.comesBack(p, takes[k].Points)
		a.check()
	}
}

func (a *book) reverse(takes []ledger.Take, points int64, reach string) (r ledger.Reversal) {
	if points <= 0 {
		no(ledger.Invalid)
	}
	if points > most {
		no(ledger.Overflow)
	}
	if reach != "only_pending" && reach != "within_balance" && reach != "allow_debt" {
		no(ledger.Invalid)
	}
	own := a.namedIn(takes, func(*piece) bool { return true })
	left := points
	for _, pending := range []bool{true, false} {
		for k, i := range own {
			p := &a.pieces[i]
			some := min(left, p.free, takes[k].Points)
			if p.pending != pending || some == 0 || !pending && reach == "only_pending" {
				continue
			}
			if pending {
				r.FromPending += some
			} else if p.frozen != 0 {
				r.FromFrozen += some
			} else {
				r.FromAvailable += some
			}
			p.free -= some
			left -= some
		}
	}
	if reach != "only_pending" {
		for _, t := range a.share(left) {
			r.FromAvailable += t.Points
			left -= t.Points
		}
	}
	switch held := a.sums()["reserved"]; {
	case reach == "allow_debt":
		r.AsDebt = left
	case reach == "within_balance" && held > a.debt:
		r.AsDebt = min(left, held-a.debt)
	}
	a.debt += r.AsDebt
	left -= r.AsDebt
	r.Forgiven = left
	a.outside("reversed", points-left)
	return r
}

func (a *book) activate(o Operation) {
	if len(o.Refs) == 0 {
		no(ledger.Invalid)
	}
	for _, i := range a.named(o.Refs, func(p *piece) bool { return p.pending && p.free > 0 }) {
		as := a.pieces[i]
		if o.Life == 0 {
			as.ends = 0
		} else if o.Life > 0 {
			as.ends = int64(o.Step.Now + o.Life)
		}
		if as.ends < 0 || as.ends >= lastInstant {
			no(ledger.Invalid)
		}
		a.needs(as)
		as.pending, as.wakes = false, a.effective
		a.wake(a.become(i, as))
	}
}

// become makes a lot another: where it is, or as a new lot if that belongs on another page.
func (a *book) become(i int, as piece) *piece {
	was := a.pieces[i]
	if month(a.place(as)) == month(was.page) {
		a.pieces[i] = as
		return &a.pieces[i]
	}
	as.cameFrom, as.wentTo = was.n, 0
	lot := a.add(as)
	old := &a.pieces[i]
	old.free, old.held, old.wentTo = 0, nil, lot.n
	return lot
}

func month(page string) string { return page[:len(page)-6] }

func (a *book) freeze(refs []ledger.LotRef) {
	if len(refs) == 0 {
		no(ledger.Invalid)
	}
	for _, i := range a.named(refs, func(p *piece) bool { return p.frozen == 0 && p.free+p.reserved() > 0 }) {
		a.pieces[i].frozen = a.effective
	}
}

func (a *book) unfreeze(refs []ledger.LotRef) {
	if len(refs) == 0 {
		no(ledger.Invalid)
	}
	for _, i := range a.named(refs, func(p *piece) bool { return p.frozen != 0 && p.free+p.reserved() > 0 }) {
		as := a.pieces[i]
		// The pause is the time in which the lot was both alive and frozen.
		since := as.frozen
		if as.wakes > since {
			since = as.wakes
		}
		if as.ends != 0 && a.effective > since {
			as.ends += a.effective - since
		}
		if as.ends >= lastInstant {
			no(ledger.Overflow)
		}
		as.frozen = 0
		p := a.become(i, as)
		points := p.free
		p.free = 0
		a.give(p, points)
	}
}

func (a *book) transferOut(transfer string) (parcel ledger.Parcel) {
	if transfer == "" {
		no(ledger.Invalid)
	}
	var at []int
	for i := range a.pieces {
		if a.pieces[i].free > 0 {
			at = append(at, i)
		}
	}
	sort.SliceStable(at, func(i, j int) bool { return a.pieces[at[i]].page < a.pieces[at[j]].page })
	for _, i := range at {
		p := &a.pieces[i]
		parcel.Lots = append(parcel.Lots, ledger.Lot{
			N: p.n, Points: p.free, Open: p.free, Pending: p.pending, ActivatesAt: clock.Millis(p.wakes), IssuedAt: clock.Millis(p.issued),
			ExpiresAt: clock.Millis(p.ends), Life: p.life, Policy: p.policy, FrozenAt: clock.Millis(p.frozen), Rule: p.rule, Source: p.source, Tx: p.tx,
		})
		a.outside("transfer:"+transfer, p.free)
		p.free = 0
	}
	a.outside("transfer:"+transfer, -a.debt)
	parcel.Debt, a.debt = a.debt, 0
	return parcel
}

func (a *book) transferIn(transfer string, parcel ledger.Parcel) {
	if transfer == "" || parcel.Debt < 0 {
		no(ledger.Invalid)
	}
	if parcel.Debt > most {
		no(ledger.Overflow)
	}
	a.outside("transfer:"+transfer, parcel.Debt)
	a.debt += parcel.Debt
	for _, t := range a.share(parcel.Debt) {
		a.debt -= t.Points
	}
	for _, l := range parcel.Lots {
		if l.Open <= 0 {
			no(ledger.Invalid)
		}
		if l.Open > most {
			no(ledger.Overflow)
		}
		if outOfBounds(l.ActivatesAt) || outOfBounds(l.ExpiresAt) || outOfBounds(l.IssuedAt) || outOfBounds(l.FrozenAt) {
			no(ledger.Invalid)
		}
		wakes := int64(l.ActivatesAt)
		a.bring(piece{
			points: l.Open, pending: l.Pending && (wakes == 0 || wakes > a.present), wakes: wakes, issued: int64(l.IssuedAt), ends: int64(l.ExpiresAt),
			frozen: int64(l.FrozenAt), life: l.Life, policy: l.Policy, rule: l.Rule, source: l.Source,
		}, "transfer:"+transfer)
	}
}
