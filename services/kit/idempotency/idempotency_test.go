package idempotency_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/metadata"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/idempotency"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/probe"
	"renown.example/kit/store"
	"renown.example/kit/store/enginetest"
)

type counter struct {
	N int64 `json:"n"`
}

var counters = store.Define[counter](store.Spec{Name: "counters"})

func open(t testing.TB) store.DB {
	t.Helper()
	return enginetest.Open(t, counters.Spec(), idempotency.Table.Spec())
}

// as returns the context of an RPC that u called with the key.
func as(u, key string) context.Context {
	ctx := auth.With(context.Background(), auth.Identity{Kind: auth.KindUser, Subject: u})
	if key == "" {
		return ctx
	}
	return metadata.NewIncomingContext(ctx, metadata.Pairs(rpc.IdempotencyKeyHeader, key))
}

// add adds one to the counter, through Do, and returns the new number.
func add(ctx context.Context, db store.DB, c clock.Clock, req *probe.Request) (int64, error) {
	got, err := idempotency.Do(ctx, db, c, req, func() *probe.Reply { return &probe.Reply{} }, func(ctx context.Context, tx store.Writer) (*probe.Reply, error) {
		row, err := counters.GetForUpdate(ctx, tx, "c")
		if store.IsNotFound(err) {
			row, err = counters.Insert(ctx, tx, "c", counter{})
		}
		if err != nil {
			return nil, err
		}
		row.Value.N++
		if _, err := counters.Put(ctx, tx, row); err != nil {
			return nil, err
		}
		if req.GetText() == "refused" {
			return nil, fault.IllegalState.New("not now")
		}
		return &probe.Reply{Number: row.Value.N}, nil
	})
	return got.GetNumber(), err
}

func value(t testing.TB, db store.DB) int64 {
	t.Helper()
	var n int64
	if err := db.View(context.Background(), func(ctx context.Context, tx store.Reader) error {
		row, err := counters.Get(ctx, tx, "c")
		n = row.Value.N
		if store.IsNotFound(err) {
			return nil
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRepetitions(t *testing.T) {
	db, c := open(t), clock.NewFake(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	steps := []struct {
		name, user, key, text string
		want                  int64
		refused               *fault.Reason
	}{
		{name: "first", user: "a", key: "k", text: "x", want: 1},
		{name: "repeated", user: "a", key: "k", text: "x", want: 1},
		{name: "another body", user: "a", key: "k", text: "y", refused: &fault.IdempotencyKeyReused},
		{name: "another caller", user: "b", key: "k", text: "x", want: 2},
		{name: "another key", user: "a", key: "k2", text: "x", want: 3},
		{name: "no key", user: "a", text: "x", want: 4},
		{name: "no key again", user: "a", text: "x", want: 5},
		{name: "failed", user: "a", key: "k3", text: "refused", refused: &fault.IllegalState},
		{name: "the key of a failure is free", user: "a", key: "k3", text: "x", want: 6},
	}
	for _, s := range steps {
		got, err := add(as(s.user, s.key), db, c, &probe.Request{Text: s.text})
		if s.refused != nil {
			if !fault.Has(err, *s.refused) {
				t.Errorf("%s: %v, want %s", s.name, err, s.refused.Name)
			}
			continue
		}
		if err != nil || got != s.want {
			t.Errorf("%s: %d, %v, want %d", s.name, got, err, s.want)
		}
	}
	if got := value(t, db); got != 6 {
		t.Errorf("%d effects, want 6", got)
	}
}

func TestHundredAtOnceHaveOneEffect(t *testing.T) {
	db := open(t)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if got, err := add(as("a", "k"), db, clock.System(), &probe.Request{Text: "x"}); err != nil || got != 1 {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
	wg.Wait()
	if got := value(t, db); got != 1 {
		t.Errorf("%d effects, want 1", got)
	}
}

// uncertain is a database that commits and then says that it does not know.
type uncertain struct {
	store.DB
	left   atomic.Int32
	commit bool
}

func (u *uncertain) Update(ctx context.Context, fn func(context.Context, store.Writer) error) error {
	if u.left.Add(-1) < 0 {
		return u.DB.Update(ctx, fn)
	}
	if u.commit {
		if err := u.DB.Update(ctx, fn); err != nil {
			return err
		}
	}
	return fault.Unavailable.New("no answer").WithMeta(store.MetaOutcome, "unknown")
}

func TestUnknownOutcomeIsResolvedByTheRecord(t *testing.T) {
	for _, committed := range []bool{true, false} {
		t.Run(fmt.Sprint("committed ", committed), func(t *testing.T) {
			db := &uncertain{DB: open(t), commit: committed}
			db.left.Store(1)
			if got, err := add(as("a", "k"), db, clock.System(), &probe.Request{}); err != nil || got != 1 {
				t.Errorf("got %d, %v", got, err)
			}
			if got := value(t, db); got != 1 {
				t.Errorf("%d effects, want 1", got)
			}
			db.left.Store(1)
			if _, err := add(as("a", ""), db, clock.System(), &probe.Request{}); !fault.Has(err, fault.Unavailable) {
				t.Errorf("without a key nothing may be repeated: %v", err)
			}
		})
	}
}

// overtaken is a database in which another update commits between what a closure reads and what it writes.
type overtaken struct {
	store.DB
	left atomic.Int32
}

func (o *overtaken) Update(ctx context.Context, fn func(context.Context, store.Writer) error) error {
	return o.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		if o.left.Add(-1) >= 0 {
			return store.ErrUnique(idempotency.Table.Spec(), "id")
		}
		return nil
	})
}

func TestARowThatAnotherInsertedMeanwhileIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		key   string
		races int32
		want  *fault.Reason
	}{
		"with a key":                     {key: "k", races: 2},
		"without":                        {races: 2},
		"again and again":                {key: "k", races: 9, want: &fault.AlreadyExists},
		"without a key, again and again": {races: 9, want: &fault.AlreadyExists},
	} {
		t.Run(name, func(t *testing.T) {
			db := &overtaken{DB: open(t)}
			db.left.Store(c.races)
			got, err := add(as("a", c.key), db, clock.System(), &probe.Request{Text: "x"})
			if c.want != nil {
				if !fault.Has(err, *c.want) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || got != 1 || value(t, db.DB) != 1 {
				t.Errorf("got %d, %v, %d effects", got, err, value(t, db.DB))
			}
		})
	}
}

func TestPurge(t *testing.T) {
	db, c := open(t), clock.NewFake(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	for i := range 3 {
		if _, err := add(as("a", fmt.Sprint(i)), db, c, &probe.Request{}); err != nil {
			t.Fatal(err)
		}
		c.Step(time.Hour)
	}
	c.Step(idempotency.Retention - 90*time.Minute) // the first two are older than the retention now
	if n, err := idempotency.Purge(context.Background(), db, c, idempotency.Retention); err != nil || n != 2 {
		t.Errorf("purged %d, %v, want 2", n, err)
	}
	if got, err := add(as("a", "2"), db, c, &probe.Request{}); err != nil || got != 3 {
		t.Errorf("the kept one: %d, %v", got, err)
	}
	if got, err := add(as("a", "0"), db, c, &probe.Request{}); err != nil || got != 4 {
		t.Errorf("a forgotten one runs again: %d, %v", got, err)
	}
}
