package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"renown.example/loyalty/ledger"
)

// What a return within the balance finds in a hold is owed: what is released repays it, even past the lot's end, and what is committed leaves it.
func TestHeldPointsAreOwedAndRepayWhatTheyOwe(t *testing.T) {
	own := []ledger.Take{{LotRef: ledger.LotRef{Page: "2026-01/000001", N: 1}, Points: 740}}
	for what, c := range map[string]struct {
		end  func(*ledger.Book) (ledger.Transaction, error)
		want map[string]int64
		debt int64
	}{
		"cancelled": {func(b *ledger.Book) (ledger.Transaction, error) { return b.Cancel(at(begin+hour), "r") }, map[string]int64{"reserved": -700, "debt": 700}, 0},
		"lapsed after the lot's end": {func(b *ledger.Book) (ledger.Transaction, error) {
			err := b.Settle(begin + 6*day)
			return b.Transactions()[len(b.Transactions())-1], err
		}, map[string]int64{"reserved": -700, "debt": 700}, 0},
		"committed": {func(b *ledger.Book) (ledger.Transaction, error) { return b.Commit(at(begin+hour), "r") }, map[string]int64{"reserved": -700, "redeemed": 700}, -700},
	} {
		m, b := issued(t, lot(740, begin+2*day))
		if own[0].Page = m.Stored()[0].ID; m.Account.Balances.Available != 740 {
			t.Fatal(m.Account)
		}
		ok := done(t)
		ok(b.Reserve(at(begin), "r", 700, begin+5*day))
		tx, met, err := b.Reverse(at(begin), own, 740, ledger.WithinBalance)
		wants(t, ok(tx, err), map[string]int64{"available": -40, "debt": -700, "reversed": 740})
		if met != (ledger.Reversal{FromAvailable: 40, AsDebt: 700}) {
			t.Errorf("%s: %+v", what, met)
		}
		// All that is held is owed already: no more is.
		tx, met, err = b.Reverse(at(begin), nil, 5, ledger.WithinBalance)
		if ok(tx, err); met != (ledger.Reversal{Forgiven: 5}) {
			t.Errorf("%s: %+v more", what, met)
		}
		wants(t, ok(c.end(b)), c.want)
		if v := b.Account().Balances; v != (ledger.Balances{Debt: c.debt}) || b.Account().Lifetime.Expired != 0 {
			t.Errorf("%s: %+v", what, b.Account())
		}
	}
}

// Over 10,000 orders: whatever the steps in which all of one comes back, and whichever holds begin and end between them, the member has what one full return would have left,
// and nothing is let go that was only held.
func TestReturnsBetweenHoldsEqualOneFullReturn(t *testing.T) {
	s := seed(t)
	for n := range uint64(10_000) {
		g := rand.New(rand.NewPCG(s, n))
		earned, beside := 1+g.Int64N(1000), g.Int64N(300)
		lots := []ledger.NewLot{lot(earned, 0)}
		if beside > 0 {
			lots = append(lots, lot(beside, 0))
		}
		m, b := issued(t, lots...)
		own := ledger.Take{LotRef: ledger.LotRef{Page: m.Stored()[0].ID, N: 1}}
		ok := done(t)
		holds, left, spent := map[string]bool{}, earned, int64(0)
		for i := 0; left > 0; i++ {
			switch have := b.Account().Balances.Available; {
			case have > 0 && g.IntN(3) == 0:
				id := fmt.Sprint(i)
				ok(b.Reserve(at(begin), id, 1+g.Int64N(have), begin+day))
				holds[id] = true
			case len(holds) > 0 && g.IntN(4) == 0:
				for id := range holds {
					ok(b.Cancel(at(begin), id))
					delete(holds, id)
					break
				}
			default:
				own.Points = 1 + g.Int64N(left)
				left -= own.Points
				tx, met, err := b.Reverse(at(begin), []ledger.Take{own}, own.Points, ledger.WithinBalance)
				if ok(tx, err); met.Forgiven != 0 {
					t.Fatalf("order %d: %+v", n, met)
				}
			}
		}
		for _, h := range b.Account().Holds {
			if g.IntN(2) == 0 {
				ok(b.Commit(at(begin), h.ID))
				spent += h.Points
			}
		}
		if err := b.Settle(begin + day); err != nil {
			t.Fatal(err)
		}
		if v, want := b.Account().Balances, beside-spent; v != (ledger.Balances{Available: max(0, want), Debt: min(0, want)}) {
			t.Fatalf("order %d of %d with %d beside and %d spent leaves %+v", n, earned, beside, spent, v)
		}
	}
}
