package ledger_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/ledger/ledgertest"
)

// lived returns an account on which some random operations were done, and the present instant.
func lived(t *testing.T, seed uint64) (*ledgertest.Memory, clock.Millis) {
	t.Helper()
	g, m, now := ledgertest.NewRandom(seed, "ada/points"), ledgertest.NewMemory("ada/points"), clock.Millis(0)
	for range 60 {
		o := g.Next()
		out, _ := g.Model.Do(o)
		g.Did(o, out)
		b := m.Open()
		if _, err := o.Do(b); err != nil && !ledger.IsRefusal(err) {
			t.Fatalf("seed %d: %v", seed, err)
		}
		m.Store(b)
		now = max(now, o.Step.Now, b.Account().RecordedAt)
	}
	return m, now
}

// unrecorded takes out when transactions and their account were recorded, which is all that may depend on when it is settled.
func unrecorded(m *ledgertest.Memory, txs []ledger.Transaction) (ledger.Account, []ledger.Page, []ledger.Transaction) {
	account := m.Account
	account.RecordedAt = 0
	for i := range txs {
		txs[i].RecordedAt = 0
	}
	return account, m.Stored(), txs
}

// Settling once after weeks does what settling every hour would have done, transaction by transaction.
func TestCatchingUpIsLikeNeverHavingBeenDown(t *testing.T) {
	s, settled := seed(t), 0
	for n := range uint64(150) {
		inTime, now := lived(t, s+n)
		late, _ := lived(t, s+n)
		var txs []ledger.Transaction
		for at := now; at <= now+30*day; at += hour {
			b := inTime.Open()
			if err := b.Settle(at); err != nil {
				t.Fatal(err)
			}
			txs = append(txs, b.Transactions()...)
			inTime.Store(b)
		}
		b := late.Open()
		if err := b.Settle(now + 30*day); err != nil {
			t.Fatal(err)
		}
		late.Store(b)
		a1, p1, t1 := unrecorded(inTime, txs)
		a2, p2, t2 := unrecorded(late, b.Transactions())
		if len(t1) == 0 && len(t2) == 0 {
			t1, t2 = nil, nil
		}
		if !reflect.DeepEqual(a1, a2) || !reflect.DeepEqual(p1, p2) || !reflect.DeepEqual(t1, t2) {
			t.Fatalf("seed %d: in time\n%+v\n%+v\nlate\n%+v\n%+v", s+n, a1, t1, a2, t2)
		}
		settled += len(t1)
	}
	if settled < 100 {
		t.Errorf("only %d transactions were due", settled)
	}
}

// A millisecond before DueAt nothing happens, at DueAt something does, and a second time nothing.
func TestDueAtIsExact(t *testing.T) {
	s, met := seed(t), 0
	for n := range uint64(150) {
		m, _ := lived(t, s+n)
		for m.Account.DueAt != 0 {
			due := m.Account.DueAt
			for i, want := range []bool{false, true, false} {
				b := m.Open()
				if err := b.Settle(due + []clock.Millis{-1, 0, 0}[i]); err != nil {
					t.Fatal(err)
				}
				if got := len(b.Transactions()) > 0; got != want || !want && len(b.Changed()) != 0 {
					t.Fatalf("seed %d: DueAt %d, settled %d: %+v", s+n, due, i, b.Transactions())
				}
				m.Store(b)
			}
			met++
		}
		if v := m.Account.Balances; v.Available > 0 && m.Account.First == "" {
			t.Errorf("seed %d: %+v", s+n, m.Account)
		}
	}
	if met < 300 {
		t.Errorf("only %d instants were due", met)
	}
}

// A view says what settling would, and leaves the Book as it is.
func TestAViewSettlesOnlyItself(t *testing.T) {
	s := seed(t)
	for n := range uint64(50) {
		m, now := lived(t, s+n)
		now += 20 * day
		viewed, settled := m.Open(), m.Open()
		view, err := viewed.AsOf(now)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(viewed.Account(), m.Account) || len(viewed.Changed())+len(viewed.Transactions()) != 0 {
			t.Fatalf("seed %d: the view shows in the Book", s+n)
		}
		if err := settled.Settle(now); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(view.Account(), settled.Account()) || !reflect.DeepEqual(view.Changed(), settled.Changed()) {
			t.Fatalf("seed %d: the view is %+v, settled it is %+v", s+n, view.Account(), settled.Account())
		}
		// What happens to one later does not show in the other.
		if _, err := viewed.Issue(at(now), ledger.KindAccrue, []ledger.NewLot{lot(5, 0)}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(view.Account(), settled.Account()) || !reflect.DeepEqual(view.Changed(), settled.Changed()) {
			t.Fatalf("seed %d: a later step shows in the view", s+n)
		}
	}
}

// Whatever read fails, the step ends with that very error, and the Book is as it was before it or as it was settled.
func TestAFailedReadLeavesTheBookAsItWas(t *testing.T) {
	s, failures := seed(t), 0
	g, m := ledgertest.NewRandom(s, "ada/points"), ledgertest.NewMemory("ada/points")
	r := rand.New(rand.NewPCG(s, 1))
	gone := errors.New("the database is gone")
	for n := range 1500 {
		o := g.Next()
		out, _ := g.Model.Do(o)
		g.Did(o, out)
		settled := m.Open()
		if err := settled.Settle(o.Step.Now); err != nil {
			t.Fatal(err)
		}
		b := m.Open()
		m.Calls, m.Fail = 0, func(call int) error {
			if call == 1+r.IntN(3) {
				return gone
			}
			return nil
		}
		_, err := o.Do(b)
		m.Fail = nil
		if errors.Is(err, gone) {
			failures++
			if now := b.Account(); !reflect.DeepEqual(now, m.Account) && !reflect.DeepEqual(now, settled.Account()) {
				t.Fatalf("seed %d, operation %d: after the failure %+v, before %+v", s, n, now, m.Account)
			}
			// The same Book goes on where it was.
			_, err = o.Do(b)
		}
		if err != nil && !ledger.IsRefusal(err) {
			t.Fatalf("seed %d, operation %d: %v", s, n, err)
		}
		m.Store(b)
		if err := ledgertest.Same(g.Model, m.Account, m.Stored()); err != nil {
			t.Fatalf("seed %d, operation %d: %v", s, n, err)
		}
	}
	if failures < 100 {
		t.Errorf("only %d reads failed", failures)
	}
}

func TestTheClockMayStepBack(t *testing.T) {
	m, b := issued(t, lot(100, begin+10*day))
	tx, err := b.Spend(at(begin-day), ledger.KindAdjust, 10, ledger.Adjusted)
	if err != nil || tx.RecordedAt != begin || tx.EffectiveAt != begin {
		t.Fatalf("%+v, %v", tx, err)
	}
	if tx, err = b.Note(ledger.Step{Now: begin - day, EffectiveAt: begin - 2*day}); err != nil || tx.RecordedAt != begin || tx.EffectiveAt != begin-2*day {
		t.Fatalf("%+v, %v", tx, err)
	}
	// A hold that would have ended by what the account knows is refused, whatever the clock says.
	if _, err := b.Reserve(at(begin-day), "r", 1, begin-hour); !ledger.IsRefusal(err) {
		t.Errorf("got %v", err)
	}
	m.Store(b)
}
