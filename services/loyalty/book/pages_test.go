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

// Whoever goes through hundreds of pages gets each of them once and in order, from wherever it begins, and the database is asked a few times only.
func TestPagesAreReadAhead(t *testing.T) {
	s := newStored(t, []string{"ada", "adam"})
	const months = 300
	work := func(fn func(u *book.Unit) error) *counted {
		c := &counted{}
		err := s.db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
			*c = counted{Writer: tx}
			return book.Run(ctx, s.books, c, func(_ context.Context, u *book.Unit) error { return fn(u) })
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	opened := func(u *book.Unit, member string) *ledger.Book {
		w, err := u.Open(t.Context(), "customers", member, "points")
		if err != nil {
			t.Fatal(err)
		}
		return w.Book
	}
	var want []string
	for month := range months {
		want = append(want, ledgertest.Begin.Time().AddDate(0, month+1, 0).Format("2006-01/")+"000001")
	}
	work(func(u *book.Unit) error {
		for _, member := range []string{"ada", "adam"} { // whose pages lie behind each other
			var lots []ledger.NewLot
			for month := range months {
				end := clock.At(ledgertest.Begin.Time().AddDate(0, month+1, 0))
				lots = append(lots, ledger.NewLot{Points: 1, ExpiresAt: end, From: ledger.Opening})
			}
			if _, err := opened(u, member).Issue(ledger.Step{Now: u.Now}, ledger.KindOpen, lots); err != nil {
				return err
			}
		}
		return nil
	})
	for _, from := range []int{-1, 0, 1, 150, months - 2, months - 1} {
		t.Run(fmt.Sprint(from), func(t *testing.T) {
			var got []string
			c := work(func(u *book.Unit) error {
				b, at := opened(u, "ada"), ""
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
			if c.finds > 11 {
				t.Errorf("the database was asked %d times", c.finds)
			}
		})
	}
}
