package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"renown.example/loyalty/ledger"
)

// What a redemption gives back repays what is owed before its lot's end takes it, in the account that it came from and in one that has its points by now.
func TestWhatARedemptionGivesBackRepaysDebtPastItsEnd(t *testing.T) {
	for _, elsewhere := range []bool{false, true} {
		_, b := issued(t, lot(700, begin+2*day))
		ok := done(t)
		ok(b.Reserve(at(begin), "r", 700, begin+day))
		if _, met, err := b.Reverse(at(begin), nil, 500, ledger.WithinBalance); err != nil || met.AsDebt != 500 { // what is held is owed
			t.Fatal(met, err)
		}
		spent := ok(b.Commit(at(begin), "r"))
		back := func() (ledger.Transaction, error) { return b.Restore(at(begin+3*day), spent.Takes()) }
		if elsewhere {
			l := lot(700, begin+2*day)
			l.From = ledger.Redeemed
			back = func() (ledger.Transaction, error) {
				return b.Issue(at(begin+3*day), ledger.KindRestore, []ledger.NewLot{l})
			}
		}
		tx := ok(back())
		wants(t, tx, map[string]int64{"redeemed": -700, "debt": 500, "expired": 200})
		if v := b.Account().Balances; v != (ledger.Balances{}) {
			t.Errorf("elsewhere %t: %+v", elsewhere, v)
		}
		// None of it is there to be taken.
		if _, points, err := b.Reclaim(at(begin+3*day), tx, 0, 700); err != nil || points != 0 {
			t.Errorf("elsewhere %t: %d, %v", elsewhere, points, err)
		}
	}
}

// What came back into a frozen lot is left alone until somebody has looked, as a return leaves it; beside it, what came back to others is taken, in one go or in several.
func TestWhatCameBackFrozenIsNotReclaimed(t *testing.T) {
	_, b := issued(t, lot(300, begin+2*day), lot(100, begin+3*day), lot(50, begin+4*day))
	ok := done(t)
	held := ok(b.Reserve(at(begin), "r", 400, begin+day))
	ok(b.Freeze(at(begin), []ledger.LotRef{held.Lots[0].LotRef}))
	spent := ok(b.Commit(at(begin), "r"))
	restored := ok(b.Restore(at(begin), spent.Takes()))
	wants(t, restored, map[string]int64{"redeemed": -400, "frozen": 300, "available": 100})
	for _, step := range []struct{ taken, forgiven, points int64 }{{0, 60, 60}, {60, 90, 40}, {100, 50, 0}} {
		if _, points, err := b.Reclaim(at(begin), restored, step.taken, step.forgiven); err != nil || points != step.points {
			t.Errorf("%+v: %d, %v", step, points, err)
		}
	}
	if v := b.Account().Balances; v != (ledger.Balances{Available: 50, Frozen: 300}) {
		t.Errorf("it leaves %+v", v)
	}
}

// paid is an order that a redemption paid for, and what happens to it.
type paid struct {
	b *ledger.Book
	g *rand.Rand
	// beside is what the member had, price what the redemption took of it, earned what the order gave, spent what went away since.
	beside, price, earned, spent int64
	own                          ledger.Take
	takes                        []ledger.Take
	holds                        []string
	forgiven                     int64
}

func newPaid(t *testing.T, g *rand.Rand, pending bool) *paid {
	p := &paid{g: g, beside: 1 + g.Int64N(1000), earned: 1 + g.Int64N(1000)}
	p.price = 1 + g.Int64N(p.beside)
	_, p.b = issued(t, lot(p.beside, 0))
	ok := done(t)
	ok(p.b.Reserve(at(begin), "price", p.price, begin+day))
	p.takes = ok(p.b.Commit(at(begin), "price")).Takes()
	l := lot(p.earned, 0)
	l.Pending = pending
	p.own.LotRef = ok(p.b.Issue(at(begin), ledger.KindAccrue, []ledger.NewLot{l})).Lots[0].LotRef
	return p
}

// meanwhile spends, holds or lets go of what is held, or does nothing.
func (p *paid) meanwhile(t *testing.T) {
	ok := done(t)
	have := p.b.Account().Balances.Available
	switch k := p.g.IntN(6); {
	case k < 2 && have > 0:
		some := 1 + p.g.Int64N(have)
		p.spent += some
		ok(p.b.Spend(at(begin), ledger.KindAdjust, some, ledger.Adjusted))
	case k == 2 && have > 0:
		id := fmt.Sprint(len(p.holds), "-", p.b.Account().Seq)
		ok(p.b.Reserve(at(begin), id, 1+p.g.Int64N(have), begin+day))
		p.holds = append(p.holds, id)
	case k == 3 && len(p.holds) > 0:
		ok(p.b.Cancel(at(begin), p.holds[0]))
		p.holds = p.holds[1:]
	}
}

// takeBack takes some of what the order earned.
func (p *paid) takeBack(t *testing.T, points int64, reach ledger.Reach) {
	p.own.Points = points
	tx, met, err := p.b.Reverse(at(begin), []ledger.Take{p.own}, points, reach)
	done(t)(tx, err)
	if reach == ledger.WithinBalance {
		p.forgiven += met.Forgiven
	}
}

// giveBack gives the redemption back.
func (p *paid) giveBack(t *testing.T) {
	restored := done(t)(p.b.Restore(at(begin), p.takes))
	_, points, err := p.b.Reclaim(at(begin), restored, 0, p.forgiven)
	if err != nil {
		t.Fatal(err)
	}
	if p.forgiven -= points; points > p.price {
		t.Fatalf("%d were taken of %d that came back", points, p.price)
	}
}

// Over 10,000 orders that a redemption paid for, of each policy: whatever the steps in which all of one comes back, whatever is spent, held and released between them, and whether
// what paid for it is given back with the last of them or later by a decision, the member has what one full return would have left.
func TestReturnsOfPaidOrdersEqualOneFullReturn(t *testing.T) {
	s := seed(t)
	reclaimed := 0
	for n := range uint64(10_000) {
		g := rand.New(rand.NewPCG(s, n))
		reach := []ledger.Reach{ledger.WithinBalance, ledger.WithinBalance, ledger.AllowDebt, ledger.OnlyPending}[g.IntN(4)]
		pending, asked := g.IntN(4) == 0, g.IntN(2) == 0
		p := newPaid(t, g, pending)
		for left := p.earned; left > 0; {
			p.meanwhile(t)
			points := 1 + g.Int64N(left)
			if left -= points; left == 0 && !asked {
				before := p.forgiven
				if p.giveBack(t); p.forgiven < before {
					reclaimed++
				}
			}
			p.takeBack(t, points, reach)
		}
		if asked {
			p.giveBack(t)
		}
		want := p.beside - p.spent // as though nothing had been ordered
		switch {
		case reach == ledger.WithinBalance:
			if p.forgiven != max(0, -want) {
				t.Fatalf("order %d (%+v): %d are let go in the end", n, p, p.forgiven)
			}
			want = max(0, want)
		case reach == ledger.OnlyPending && !pending:
			want += p.earned
		}
		if v := p.b.Account().Balances; v.Pending+v.Available+v.Reserved+v.Debt != want {
			t.Fatalf("order %d (%s, asked %t, %+v) leaves %+v, want %d", n, reach, asked, p, v, want)
		}
	}
	if reclaimed < 500 {
		t.Errorf("only %d orders had something to reclaim", reclaimed)
	}
}
