package ledger_test

import (
	"testing"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/ledger/ledgertest"
)

// What a redemption took goes back to the very lots that it came from, and they are taken from in the order of their ends.
func TestTheEarliestEndIsSpentFirst(t *testing.T) {
	m, b := issued(t, lot(100, 0), lot(100, begin+20*day), lot(100, begin+10*day), lot(100, begin+40*day))
	tx, err := b.Reserve(at(begin+hour), "r1", 350, begin+day)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64]int64{3: 100, 2: 100, 4: 100, 1: 50}
	for i, c := range tx.Lots {
		if c.N != []int64{3, 2, 4, 1}[i] || c.Reserved != want[c.N] {
			t.Errorf("lot %d: %+v", i, c)
		}
	}
	if tx, err = b.Commit(at(begin+2*hour), "r1"); err != nil || tx.After.Available != 50 || tx.After.Reserved != 0 {
		t.Fatal(tx, err)
	}
	m.Store(b)
	b = m.Open()
	if tx, err = b.Restore(at(begin+15*day), tx.Takes()); err != nil {
		t.Fatal(err)
	}
	m.Store(b)
	for _, l := range m.Lots() {
		if want := map[bool]int64{true: 0, false: 100}[l.N == 3]; l.Open != want {
			t.Errorf("lot %d has %d open, want %d", l.N, l.Open, want)
		}
	}
	if got := m.Account; got.Balances.Available != 300 || got.Lifetime != (ledger.Lifetime{Earned: 400, Expired: 100}) || got.DueAt != begin+20*day {
		t.Errorf("%+v", got)
	}
}

// BenchmarkSpendTenThousandLots is the core's part of the largest redemption that the service promises to be quick with.
func BenchmarkSpendTenThousandLots(b *testing.B) {
	m := ledgertest.NewMemory("ada/points")
	book := m.Open()
	for i := range clock.Millis(10_000) {
		l := lot(1, begin+(300+i%12*31)*day+i*1000)
		if _, err := book.Issue(at(begin+i), ledger.KindAccrue, []ledger.NewLot{l}); err != nil {
			b.Fatal(err)
		}
	}
	m.Store(book)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Open().Spend(at(begin+day), ledger.KindAdjust, 10_000, ledger.Adjusted); err != nil {
			b.Fatal(err)
		}
	}
}

// Nothing is due after a step, also if it opens or unfreezes a lot that waits for its activation and whose end has passed.
func TestAPendingLotWhoseEndHasPassedExpiresAtOnce(t *testing.T) {
	waiting := ledger.NewLot{Points: 70, Pending: true, ExpiresAt: begin + day, From: ledger.Opening}
	frozen := waiting
	frozen.Frozen = true
	m, b := issued(t, lot(100, 0), frozen)
	tx, err := b.Issue(at(begin+2*day), ledger.KindOpen, []ledger.NewLot{waiting})
	if err != nil || tx.After.Pending != 70 || b.Account().Lifetime.Expired != 70 || b.Account().DueAt != 0 {
		t.Errorf("issued: %+v, %v, %+v", tx, err, b.Account())
	}
	m.Store(b)
	back := ledger.Step{Now: begin + 4*day, EffectiveAt: begin + hour}
	tx, err = b.Unfreeze(back, []ledger.LotRef{{Page: "2026-01/000001", N: 2}})
	if err != nil || tx.After.Pending != 0 || b.Account().Lifetime.Expired != 140 || b.Account().DueAt != 0 {
		t.Errorf("unfrozen: %+v, %v, %+v", tx, err, b.Account())
	}
}
