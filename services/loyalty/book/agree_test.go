package book_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/emptypb"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/kit/store/enginetest"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/ledger/ledgertest"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// stored is a ledger in a real database, by the way that commands take.
type stored struct {
	t     *testing.T
	db    store.DB
	clock *clock.Fake
	books *book.Books
	// turn counts calls. In every twentieth each operation is a command of its own, of the kind that shares updates with others; otherwise all are done in one update.
	turn int
}

func newStored(t *testing.T, members []string) *stored {
	t.Helper()
	s := &stored{t: t, db: enginetest.Open(t, tables.Specs()...), clock: clock.NewFake(ledgertest.Begin.Time())}
	s.books = book.New(s.db, s.clock)
	err := s.db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
		return book.Run(ctx, s.books, tx, func(ctx context.Context, u *book.Unit) error {
			for _, m := range members {
				u.Create(ctx, "customers", m, "points")
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// do takes one step in the unit of a command. A refusal is noted and, where the command is not to be undone, swallowed.
func do(ctx context.Context, u *book.Unit, o ledgertest.Operation) (ledgertest.Answer, error) {
	member := o.Account[:len(o.Account)-len("/points")]
	w, err := u.Open(ctx, "customers", member, "points")
	if err != nil {
		return ledgertest.Answer{}, err
	}
	return ledgertest.Answered(o.Do(w.Book))
}

func (s *stored) Do(operations []ledgertest.Operation) ([]ledgertest.Answer, error) {
	s.turn++
	answers := make([]ledgertest.Answer, len(operations))
	if s.turn%20 == 0 {
		for i, o := range operations {
			s.clock.Step(o.Step.Now.Time().Sub(s.clock.Now()))
			if err := s.move(o, &answers[i]); err != nil {
				return nil, err
			}
		}
		return answers, nil
	}
	err := s.db.Update(s.t.Context(), func(ctx context.Context, tx store.Writer) error {
		for i, o := range operations {
			s.clock.Step(o.Step.Now.Time().Sub(s.clock.Now()))
			err := book.Run(ctx, s.books, tx, func(ctx context.Context, u *book.Unit) (err error) {
				answers[i], err = do(ctx, u, o)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return answers, err
}

// move takes a step as a command of the kind that shares its update: refused, the command is undone, and what was due stays done.
func (s *stored) move(o ledgertest.Operation, a *ledgertest.Answer) error {
	// Where there are several queues, a command that names no member has an update of its own, in which a refusal undoes what was due as well.
	member, _, _ := strings.Cut(o.Account, "/")
	_, err := book.Move(s.t.Context(), s.books, &loyaltyv1.AdjustPointsRequest{Member: member}, func(ctx context.Context, u *book.Unit) (*emptypb.Empty, error) {
		var err error
		if *a, err = do(ctx, u, o); err == nil && a.Refused != nil {
			err = a.Refused
		}
		return &emptypb.Empty{}, err
	})
	if refusal := (*ledger.Refusal)(nil); errors.As(err, &refusal) {
		return nil
	}
	return err
}

func (s *stored) State(account string) (a ledger.Account, pages []ledger.Page, err error) {
	err = s.db.View(s.t.Context(), func(ctx context.Context, tx store.Reader) error {
		row, err := tables.Accounts.Get(ctx, tx, account)
		if err != nil {
			return err
		}
		a = row.Value.Ledger
		q := store.Query{From: account + "/", Before: account + "0"}
		for {
			found, err := tables.LotPages.Find(ctx, tx, q)
			if err != nil {
				return err
			}
			for _, r := range found.Rows {
				pages = append(pages, r.Value)
			}
			if q.After = found.Next; q.After == "" {
				return nil
			}
		}
	})
	return a, pages, err
}

func (s *stored) Transactions(account string, from int64) (txs []ledger.Transaction, err error) {
	err = s.db.View(s.t.Context(), func(ctx context.Context, tx store.Reader) error {
		q := store.Query{From: book.EntryID(account, from), Before: account + "0"}
		for {
			found, err := tables.Journal.Find(ctx, tx, q)
			if err != nil {
				return err
			}
			for _, r := range found.Rows {
				txs = append(txs, *r.Value.Tx)
			}
			if q.After = found.Next; q.After == "" {
				return nil
			}
		}
	})
	return txs, err
}

// The random operations of the core's test, through a database: what is stored agrees with the model in every balance, lot, hold and transaction, and so do the
// refusals. 100,000 operations, 1,000,000 with RENOWN_TEST_FULL, a tenth of it on a MongoDB server. A million take six to eight minutes where nothing else runs, and two gigabytes of disk;
// they sync fifty thousand times, which a TMPDIR in memory saves: states are compared here, not what outlives a crash.
func TestTheStoredLedgerAgreesWithTheModel(t *testing.T) {
	p := ledgertest.Plan{Seed: uint64(time.Now().UnixNano()), Operations: 100_000, Together: 400}
	if os.Getenv("RENOWN_TEST_FULL") != "" {
		p.Operations = 1_000_000
	}
	if enginetest.URI() != "" {
		p.Operations, p.Together = p.Operations/10, 30
	}
	if set, err := strconv.ParseUint(os.Getenv("RENOWN_TEST_SEED"), 10, 64); err == nil {
		p.Seed = set
	}
	t.Logf("RENOWN_TEST_SEED=%d", p.Seed)
	var members []string
	for i := range max(100, p.Operations/100) {
		members = append(members, fmt.Sprintf("member%d", i))
		p.Accounts = append(p.Accounts, members[i]+"/points")
	}
	counts, err := ledgertest.Agree(newStored(t, members), p)
	if err != nil {
		t.Fatalf("%.3000s", err.Error())
	}
	t.Log(counts)
	if missing := counts.Missing(); len(missing) != 0 {
		t.Errorf("these never occurred: %q", missing)
	}
}
