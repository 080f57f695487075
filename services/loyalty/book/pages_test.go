package book_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/ledger/ledgertest"
)

// counted counts how often an update looks for rows.
type counted struct {
	store.Writer
	finds int
}

func (c *counted) Find(ctx context.Context, s *store.Spec, q store.Query) ([]store.Doc, error) {
	c.finds++
	return c.Writer.Find(ctx, s, q)
}

// counting runs a command by itself and counts.
func (s *stored) counting(fn func(u *book.Unit) error) *counted {
	s.t.Helper()
	c := &counted{}
	err := s.db.Update(s.t.Context(), func(ctx context.Context, tx store.Writer) error {
		*c = counted{Writer: tx}
		return book.Run(ctx, s.books, c, func(_ context.Context, u *book.Unit) error { return fn(u) })
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *stored) opened(u *book.Unit, member string) *ledger.Book {
	s.t.Helper()
	w, err := u.Open(s.t.Context(), "customers", member, "points")
	if err != nil {
		s.t.Fatal(err)
	}
	return w.Book
}

// Whoever goes through hundreds of pages gets each of them once and in order, from wherever it begins, and the database is asked a few times only.
func TestPagesAreReadAhead(t *testing.T) {
	s := newStored(t, []string{"ada", "adam"}) // whose pages lie behind each other
	const months = 300
	var want []string
	var lots []ledger.NewLot
	for month := range months {
		end := ledgertest.Begin.Time().AddDate(0, month+1, 0)
		want = append(want, end.Format("2006-01/")+"000001")
		lots = append(lots, ledger.NewLot{Points: 1, ExpiresAt: clock.At(end), From: ledger.Opening})
	}
	for _, member := range []string{"ada", "adam"} {
		s.counting(func(u *book.Unit) error {
			_, err := s.opened(u, member).Issue(ledger.Step{Now: u.Now}, ledger.KindOpen, lots)
			return err
		})
	}
	for _, from := range []int{-1, 0, 1, 150, months - 2, months - 1} {
		t.Run(fmt.Sprint(from), func(t *testing.T) {
			var got []string
			c := s.counting(func(u *book.Unit) error {
				b, at := s.opened(u, "ada"), ""
				if from >= 0 {
					at = want[from]
				}
				for {
					p, ok, err := b.After(at)
					if err != nil || !ok {
						return err
					}
					if at = p.ID; len(p.Lots) != 1 {
						return fmt.Errorf("%d lots on page %s", len(p.Lots), at)
					}
					got = append(got, at)
				}
			})
			if !slices.Equal(got, want[from+1:]) {
				t.Errorf("%d pages: %.200q", len(got), got)
			}
			if c.finds > 8 {
				t.Errorf("the database was asked %d times", c.finds)
			}
		})
	}
}

// Many pages are stored while their account is sealed: what is stored is what was decided, also when they are changed twice in one update.
func TestManyPagesAreStoredAsTheyWereDecided(t *testing.T) {
	s := newStored(t, []string{"ada"})
	var lots []ledger.NewLot
	for month := range 100 {
		lots = append(lots, ledger.NewLot{Points: 2, ExpiresAt: clock.At(ledgertest.Begin.Time().AddDate(0, month+1, 0)), From: ledger.Opening})
	}
	s.counting(func(u *book.Unit) error {
		_, err := s.opened(u, "ada").Issue(ledger.Step{Now: u.Now}, ledger.KindOpen, lots)
		return err
	})
	s.counting(func(u *book.Unit) error {
		b := s.opened(u, "ada")
		if _, err := b.Reserve(ledger.Step{Now: u.Now}, "trip", 199, u.Now+1000); err != nil {
			return err
		}
		_, err := b.Commit(ledger.Step{Now: u.Now}, "trip")
		return err
	})
	a, pages, err := s.State("ada/points")
	if err != nil || a.Balances != (ledger.Balances{Available: 1}) || len(pages) != 100 {
		t.Fatalf("%+v on %d pages, %v", a.Balances, len(pages), err)
	}
	for i, p := range pages {
		if l := p.Lots[0]; l.Reserved != 0 || (l.Open != 0) != (i == 99) {
			t.Errorf("page %s: %+v", p.ID, l)
		}
	}
	txs, err := s.Transactions("ada/points", 1)
	if err != nil || len(txs) != 3 || len(txs[1].Lots) != 100 || len(txs[2].Lots) != 100 || txs[2].After != a.Balances {
		t.Errorf("%d transactions, %v", len(txs), err)
	}
}
