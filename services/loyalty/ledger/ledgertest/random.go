package ledgertest

import (
	"fmt"
	"math/rand/v2"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
)

// Begin is the instant at which random operations begin.
const Begin = clock.Millis(1_767_225_600_000) // 2026-01-01T00:00:00Z

const (
	hour = clock.Millis(3_600_000)
	day  = 24 * hour
)

// Random makes up operations that mostly make sense for the accounts as a model has them. Instants fall on a coarse grid, so that much is due at the same one. The same
// seed gives the same operations.
type Random struct {
	// Model does every operation that Next returns, before the next.
	Model *Model
	r     *rand.Rand
	now   clock.Millis
	names int
	ids   []string
	rich  map[string]bool
	// same is how often the next operation is about the account of the last once more.
	same    int
	account string
	// spent are takes of redemptions, by account, which may be restored.
	spent map[string][][]ledger.Take
	// parcel is on its way.
	parcel *Operation
}

// NewRandom returns a source of operations on accounts of these ids. In a twentieth of them figures come near the largest that are kept.
func NewRandom(seed uint64, ids ...string) *Random {
	g := &Random{Model: NewModel(), r: rand.New(rand.NewPCG(seed, 7)), now: Begin, ids: ids, rich: map[string]bool{}, spent: map[string][][]ledger.Take{}}
	for i, id := range ids {
		g.rich[id] = i%20 == 19
	}
	return g
}

// Did tells what came of the last operation.
func (g *Random) Did(o Operation, out Outcome) {
	if len(out.Takes) > 0 {
		g.spent[o.Account] = append(g.spent[o.Account], out.Takes)
	}
	if o.Verb == TransferOut && (len(out.Parcel.Lots) > 0 || out.Parcel.Debt > 0) {
		g.parcel = &Operation{Account: g.ids[g.r.IntN(len(g.ids))], Verb: TransferIn, Step: ledger.Step{Now: o.Step.Now}, Transfer: o.Transfer, Parcel: out.Parcel, Idle: clock.Millis(g.r.IntN(20)) * day}
	}
}

// Next makes the next operation up. Those that need something which the account does not have may ask for it all the same.
func (g *Random) Next() Operation {
	if o := g.parcel; o != nil {
		g.parcel = nil
		return *o
	}
	if g.same--; g.same < 0 {
		g.same = g.r.IntN(12)
		g.account = g.ids[min(g.r.IntN(len(g.ids)), g.r.IntN(len(g.ids)))]
	}
	a := g.Model.account(g.account)
	g.pass(a)
	o := Operation{Account: g.account, Step: ledger.Step{Now: g.now}}
	switch g.r.IntN(30) {
	case 0, 1, 2:
		o.Step.EffectiveAt = g.now - clock.Millis(g.r.Int64N(50))*hour
	case 3:
		o.Step.EffectiveAt = g.now + clock.Millis(g.r.Int64N(2))
	}
	o.Points = g.points(a)
	g.choose(&o, a)
	// Nearly everything can be something that the member did, and what brings points of such a life must be.
	switch {
	case g.chance(1):
		o.Idle = clock.Millis(lastInstant)
	case o.Verb == Issue && g.chance(95), o.Verb == Restore && g.chance(80), g.chance(15):
		o.Idle = (5 + clock.Millis(g.r.Int64N(25))) * day
	}
	return o
}

// chance is true n times in a hundred.
func (g *Random) chance(n int) bool { return g.r.IntN(100) < n }

// pass lets time go on, often to the very instant at which something is due, or next to it, and sometimes back.
func (g *Random) pass(a *book) {
	due, _, _ := a.nextDue()
	next := clock.Millis(due)
	switch n := g.r.IntN(100); {
	case n < 45:
		g.now += clock.Millis(g.r.Int64N(2000))
	case n < 60 && next > g.now && next-g.now < 20*day:
		g.now = next + clock.Millis(g.r.Int64N(3)) - 1
	case n < 85:
		g.now += clock.Millis(g.r.Int64N(3)) * hour
	case n < 92:
		g.now = (g.now/day + 1) * day
	case n < 93:
		g.now += clock.Millis(g.r.Int64N(40)) * day
	case n < 96:
		g.now -= clock.Millis(g.r.Int64N(30)) * hour
	}
	g.now = max(g.now, Begin)
}

// grid returns the beginning of a day, from some days before the present on.
func (g *Random) grid(before, after int64) clock.Millis {
	return (g.now/day + clock.Millis(g.r.Int64N(before+after)-before)) * day
}

func (g *Random) points(a *book) int64 {
	n := g.r.IntN(200)
	switch {
	case n == 0:
		return 0
	case n == 1:
		return -g.r.Int64N(100)
	case n < 8 && g.rich[g.account]:
		return most - 50 + g.r.Int64N(100)
	case n < 16 && g.rich[g.account]:
		return most / (2 + g.r.Int64N(4))
	case n < 40:
		return max(1, a.sums()["available"])
	case n < 45:
		return a.sums()["available"] + 1
	}
	return 1 + g.r.Int64N(200)
}

func (g *Random) choose(o *Operation, a *book) {
	switch n := g.r.IntN(100); {
	case n < 30:
		g.issue(o, a)
	case n < 40:
		o.Verb, o.Kind, o.To = Spend, ledger.KindAdjust, pick(g, "adjusted", "redeemed", "donated:reef", "adjusted", "redeemed", "debt", "")
	case n < 51:
		o.Verb, o.Hold, o.EndsAt = Reserve, g.name("r"), g.grid(0, 15)+clock.Millis(g.r.Int64N(20))*hour
		if len(a.promises) > 0 && g.chance(3) {
			o.Hold = a.promises[0].id
		}
	case n < 62 && (len(a.promises) > 0 || g.chance(5)):
		o.Verb, o.Hold = pick(g, Commit, Commit, Cancel), "r0"
		if len(a.promises) > 0 && g.chance(98) {
			o.Hold = a.promises[g.r.IntN(len(a.promises))].id
		}
	case n < 62:
		g.issue(o, a)
	case n < 67:
		g.restore(o, a)
	case n < 77:
		o.Verb, o.Reach = Reverse, pick(g, ledger.OnlyPending, ledger.WithinBalance, ledger.WithinBalance, ledger.AllowDebt, ledger.AllowDebt)
		o.Takes = g.lots(a, 3, func(*piece) bool { return true })
	case n < 82:
		o.Verb, o.Life = Activate, pick(g, -1, 0, 30*day, 90*day, hour)
		o.Refs = refs(g.lots(a, 3, func(p *piece) bool { return p.pending && p.free > 0 }))
	case n < 87:
		o.Verb, o.Refs = Freeze, refs(g.lots(a, 4, func(p *piece) bool { return p.frozen == 0 && p.free+p.reserved() > 0 }))
	case n < 93:
		o.Verb, o.Refs = Unfreeze, refs(g.lots(a, 4, func(p *piece) bool { return p.frozen != 0 && p.free+p.reserved() > 0 }))
	case n < 94:
		o.Verb, o.Transfer = TransferOut, g.name("t")
	case n < 97:
		o.Verb = Settle
	default:
		o.Verb = Note
	}
}

func pick[T any](g *Random, of ...T) T { return of[g.r.IntN(len(of))] }

func (g *Random) name(of string) string {
	g.names++
	return fmt.Sprintf("%s%d", of, g.names)
}

func (g *Random) issue(o *Operation, a *book) {
	o.Verb, o.Kind = Issue, pick(g, ledger.KindAccrue, ledger.KindAccrue, ledger.KindAdjust, ledger.KindOpen)
	n := 1 + g.r.IntN(3)
	switch {
	case g.chance(2):
		n = 40
	case g.chance(1):
		n = 0
	}
	for range n {
		l := ledger.NewLot{Points: g.points(a), From: "issuance:rules/base@1", Rule: "rules/base@1", Source: "orders/1", Policy: "expiry@1"}
		switch k := g.r.IntN(20); {
		case k == 0 && g.chance(10):
			l.From = pick(g, "", "available", "debt")
		case k < 3:
			l.From = pick(g, "adjusted", "opening", "redeemed")
		}
		if g.chance(80) {
			l.ExpiresAt = g.grid(4, 70)
		}
		switch {
		case g.chance(15):
			l.ActivatesAt = g.grid(2, 20)
		case g.chance(10):
			l.Pending, l.Life = true, "rolling P30D"
		}
		if g.chance(15) {
			l.Life = pick(g, idleShort, idleShort, idleLong)
			if g.chance(95) {
				l.ExpiresAt = 0
			}
		}
		l.Frozen = g.chance(5)
		switch {
		case g.chance(5):
			l.IssuedAt = g.now - clock.Millis(g.r.Int64N(100))*day
		case g.chance(1):
			l.IssuedAt = g.now + 1 + clock.Millis(g.r.Int64N(2))*day
		}
		o.Lots = append(o.Lots, l)
	}
}

// restore names what a redemption took, or something like it.
func (g *Random) restore(o *Operation, a *book) {
	o.Verb = Restore
	if spent := g.spent[o.Account]; len(spent) > 0 && g.chance(80) {
		o.Takes = spent[g.r.IntN(len(spent))]
		return
	}
	o.Takes = g.lots(a, 2, func(p *piece) bool { return p.free+p.reserved() < p.points && !p.pending })
}

// lots names some that fit, and sometimes one that does not, one that is not there, or one twice.
func (g *Random) lots(a *book, most int, fits func(*piece) bool) (takes []ledger.Take) {
	take := func(i int) ledger.Take {
		return ledger.Take{LotRef: ledger.LotRef{Page: a.pieces[i].page, N: a.pieces[i].n}, Points: 1 + g.r.Int64N(60)}
	}
	var fitting []int
	for i := range a.pieces {
		if fits(&a.pieces[i]) {
			fitting = append(fitting, i)
		}
	}
	for range min(len(fitting), 1+g.r.IntN(most)) {
		i := g.r.IntN(len(fitting))
		takes = append(takes, take(fitting[i]))
		fitting[i] = fitting[len(fitting)-1]
		fitting = fitting[:len(fitting)-1]
	}
	switch {
	case g.chance(3) && len(a.pieces) > 0:
		takes = append(takes, take(g.r.IntN(len(a.pieces))))
		if g.chance(30) {
			takes[len(takes)-1].N++
		}
	case len(takes) > 0 && g.chance(1):
		takes = append(takes, takes[0])
		takes[0].Points = g.r.Int64N(2)
	}
	return takes
}

func refs(takes []ledger.Take) []ledger.LotRef {
	var named []ledger.LotRef
	for _, t := range takes {
		named = append(named, t.LotRef)
	}
	return named
}
