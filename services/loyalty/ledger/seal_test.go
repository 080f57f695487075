package ledger_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/ledger/ledgertest"
)

const (
	begin = clock.Millis(1_767_225_600_000) // 2026-01-01T00:00:00Z
	hour  = clock.Millis(3_600_000)
	day   = 24 * hour
)

func at(t clock.Millis) ledger.Step { return ledger.Step{Now: t} }

func lot(points int64, ends clock.Millis) ledger.NewLot {
	return ledger.NewLot{Points: points, ExpiresAt: ends, From: ledger.IssuanceOf("rules/base@1"), Rule: "rules/base@1", Source: "orders/1"}
}

// issued opens an account with lots.
func issued(t *testing.T, lots ...ledger.NewLot) (*ledgertest.Memory, *ledger.Book) {
	t.Helper()
	m := ledgertest.NewMemory("ada/points")
	b := m.Open()
	if _, err := b.Issue(at(begin), ledger.KindAccrue, lots); err != nil {
		t.Fatal(err)
	}
	m.Store(b)
	return m, m.Open()
}

// spoils are what may be lost or altered of a transaction on its way.
var spoils = map[string]func(*ledger.Book, *ledger.Transaction, []*ledger.Lot){
	"a leg is dropped": func(_ *ledger.Book, tx *ledger.Transaction, _ []*ledger.Lot) { tx.Legs = tx.Legs[1:] },
	"a leg on the system is dropped": func(_ *ledger.Book, tx *ledger.Transaction, _ []*ledger.Lot) {
		tx.Legs = tx.Legs[:len(tx.Legs)-1]
	},
	"two legs are altered, and still balance": func(_ *ledger.Book, tx *ledger.Transaction, _ []*ledger.Lot) {
		tx.Legs[0].Points--
		tx.Legs[1].Points++
	},
	"a leg names another bucket":      func(_ *ledger.Book, tx *ledger.Transaction, _ []*ledger.Lot) { tx.Legs[0].Account = "frozen" },
	"a change of a lot is dropped":    func(_ *ledger.Book, tx *ledger.Transaction, _ []*ledger.Lot) { tx.Lots = tx.Lots[:1] },
	"all changes of lots are dropped": func(_ *ledger.Book, tx *ledger.Transaction, _ []*ledger.Lot) { tx.Lots = nil },
	"a change of a lot is altered":    func(_ *ledger.Book, tx *ledger.Transaction, _ []*ledger.Lot) { tx.Lots[0].Open++ },
	"a change names another lot":      func(_ *ledger.Book, tx *ledger.Transaction, _ []*ledger.Lot) { tx.Lots[0].N++ },
	"a lot is altered":                func(_ *ledger.Book, _ *ledger.Transaction, lots []*ledger.Lot) { lots[0].Open++ },
	"a lot's end is altered":          func(_ *ledger.Book, _ *ledger.Transaction, lots []*ledger.Lot) { lots[0].ExpiresAt++ },
	"a lot's rule is altered":         func(_ *ledger.Book, _ *ledger.Transaction, lots []*ledger.Lot) { lots[1].Rule = "rules/other@1" },
	"an untouched lot is altered":     func(_ *ledger.Book, _ *ledger.Transaction, lots []*ledger.Lot) { lots[2].Open-- },
	"a change and its lot are altered": func(_ *ledger.Book, tx *ledger.Transaction, lots []*ledger.Lot) {
		lots[0].Open++
		tx.Lots[0].Open++
	},
	"the balances are altered": func(b *ledger.Book, _ *ledger.Transaction, _ []*ledger.Lot) {
		v := b.Account().Balances
		v.Available++
		b.SetBalances(v)
	},
	"the balances after it are altered": func(_ *ledger.Book, tx *ledger.Transaction, _ []*ledger.Lot) { tx.After.Available++ },
}

// alters reports whether a spoil changes more of a lot than its figures: of those no copy is made that they could be put back from.
func alters(spoil string) bool { return strings.HasPrefix(spoil, "a lot's ") }

// Whatever part of a transaction is lost or altered on its way, the step ends with Broken and nothing of it stays, also if it is not the first that changes a page.
func TestASpoiltTransactionIsStopped(t *testing.T) {
	for before := range 3 {
		opened := func(t *testing.T) *ledger.Book {
			_, b := issued(t, lot(100, begin+10*day), lot(100, begin+11*day), lot(100, begin+12*day))
			for range before {
				if _, err := b.Spend(at(begin+hour), ledger.KindAdjust, 1, ledger.Adjusted); err != nil {
					t.Fatal(err)
				}
			}
			return b
		}
		for name, spoil := range spoils {
			t.Run(fmt.Sprintf("%s, behind %d", name, before), func(t *testing.T) {
				b, want := opened(t), opened(t)
				b.Tamper(func(tx *ledger.Transaction, lots []*ledger.Lot) { spoil(b, tx, lots) })
				_, err := b.Spend(at(begin+hour), ledger.KindAdjust, 150, ledger.Adjusted)
				var broken *ledger.Broken
				if !errors.As(err, &broken) || broken.Account != "ada/points" || broken.Seq != int64(2+before) {
					t.Fatalf("got %v, want it broken", err)
				}
				// Of a page of which more has changed than figures nothing is given out any more.
				pages := b.Changed()
				if !reflect.DeepEqual(b.Account(), want.Account()) || pages != nil && !reflect.DeepEqual(pages, want.Changed()) || len(b.Transactions()) != before {
					t.Errorf("something of it stays: %+v, %+v", b.Account(), pages)
				}
				if !alters(name) && len(pages) != len(want.Changed()) {
					t.Errorf("%d pages are left of %d", len(pages), len(want.Changed()))
				}
				b.Tamper(func(*ledger.Transaction, []*ledger.Lot) {})
				if _, err := b.Note(at(begin + hour)); alters(name) != (err != nil) {
					t.Errorf("the next step ends with %v", err)
				}
			})
		}
	}
}
