package kept_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/kit/store/enginetest"
	"renown.example/kit/store/kept"
)

type thing struct {
	N    int64  `json:"n"`
	Kind string `json:"kind"`
}

var (
	things = store.Define[thing](store.Spec{Name: "things", Indexes: []store.Index{{Name: "by_kind", Fields: []string{"kind"}}}})
	others = store.Define[thing](store.Spec{Name: "others"})
	parts  = store.Define[thing](store.Spec{Name: "parts"})
)

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// rig is a database with answers made from it.
type rig struct {
	db      store.DB
	clock   *clock.Fake
	answers *kept.Answers[int64]
	// made counts how often an answer was made; until is what is said of the next.
	made  int
	until clock.Millis
}

func newRig(t *testing.T, most int) *rig {
	t.Helper()
	r := &rig{db: enginetest.Open(t, things.Spec(), others.Spec(), parts.Spec()), clock: clock.NewFake(start), until: kept.Never}
	r.answers = kept.New[int64](r.db, r.clock, most, parts.Spec())
	return r
}

// sole skips the test where other processes may write to the database: nothing is kept there.
func (r *rig) sole(t *testing.T) {
	if store.Sole(r.db) == nil {
		t.Skip("the engine is not alone with its database")
	}
}

// put sets a row.
func put(t testing.TB, db store.DB, table *store.Table[thing], id string, v thing) {
	t.Helper()
	if err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error { return set(ctx, tx, table, id, v) }); err != nil {
		t.Fatal(err)
	}
}

// set sets a row within an update.
func set(ctx context.Context, tx store.Writer, table *store.Table[thing], id string, v thing) error {
	row, err := table.GetForUpdate(ctx, tx, id)
	if store.IsNotFound(err) {
		_, err = table.Insert(ctx, tx, id, v)
		return err
	}
	if err != nil {
		return err
	}
	row.Value = v
	_, err = table.Put(ctx, tx, row)
	return err
}

// value reads a row, 0 if there is none.
func value(ctx context.Context, tx store.Reader, table *store.Table[thing], id string) (int64, error) {
	row, err := table.Get(ctx, tx, id)
	if store.IsNotFound(err) {
		return 0, nil
	}
	return row.Value.N, err
}

// ask returns an answer: of the thing, the other of the same name and the part of the same name, added up, and whether it was kept.
func (r *rig) ask(t *testing.T, key string) (sum int64, was bool) {
	t.Helper()
	before := r.made
	got, err := r.answers.Get(t.Context(), key, func(ctx context.Context, tx store.Reader) (int64, clock.Millis, error) {
		r.made++
		a, err1 := value(ctx, tx, things, key)
		b, err2 := value(ctx, tx, others, key)
		c, err3 := value(ctx, tx, parts, key)
		return a + b + c, r.until, errors.Join(err1, err2, err3)
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, r.made == before
}

// wants fails the test unless an answer is so.
func (r *rig) wants(t *testing.T, what, key string, sum int64, was bool) {
	t.Helper()
	if got, kept := r.ask(t, key); got != sum || kept != was {
		t.Errorf("%s: %d, kept %v; want %d, kept %v", what, got, kept, sum, was)
	}
}

func TestAnAnswerIsKeptUntilARowOfItChanges(t *testing.T) {
	r := newRig(t, 100)
	r.sole(t)
	put(t, r.db, things, "a", thing{N: 1})
	r.wants(t, "the first", "a", 1, false)
	r.wants(t, "the second", "a", 1, true)
	put(t, r.db, things, "b", thing{N: 7})
	r.wants(t, "after another row", "a", 1, true)
	put(t, r.db, things, "a", thing{N: 2})
	r.wants(t, "after its row", "a", 2, false)
	r.wants(t, "again", "a", 2, true)
	put(t, r.db, others, "a", thing{N: 10})
	r.wants(t, "after a row that had not been there", "a", 12, false)
	put(t, r.db, parts, "a", thing{N: 100})
	r.wants(t, "after a row of a table that is not watched", "a", 12, true)
	err := r.db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
		row, err := things.GetForUpdate(ctx, tx, "a")
		if err != nil {
			return err
		}
		return things.Delete(ctx, tx, row)
	})
	if err != nil {
		t.Fatal(err)
	}
	r.wants(t, "after its row is gone", "a", 110, false)
	r.answers.Forget()
	r.wants(t, "after all were forgotten", "a", 110, false)
	failure := errors.New("no")
	err = r.db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
		if _, err := things.Insert(ctx, tx, "a", thing{N: 1000}); err != nil {
			return err
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Fatal(err)
	}
	if got, _ := r.ask(t, "a"); got != 110 {
		t.Errorf("after an update that failed: %d", got)
	}
}

func TestAnAnswerHoldsForItsTime(t *testing.T) {
	r := newRig(t, 100)
	r.sole(t)
	r.until = clock.At(start.Add(time.Minute))
	r.wants(t, "the first", "a", 0, false)
	r.clock.Step(time.Minute - time.Millisecond)
	r.wants(t, "before its end", "a", 0, true)
	r.clock.Step(time.Millisecond)
	r.wants(t, "at its end", "a", 0, false)
	r.wants(t, "one that ends at once", "a", 0, false)
	r.until = kept.Never
	r.wants(t, "one that does not end", "a", 0, false)
	r.clock.Step(100 * 365 * 24 * time.Hour)
	r.wants(t, "after a hundred years", "a", 0, true)
	r.clock.Step(-200 * 365 * 24 * time.Hour)
	r.wants(t, "before it was made", "a", 0, false)
}

func TestAnAnswerFromManyRowsGoesWithTheTable(t *testing.T) {
	r := newRig(t, 100)
	r.sole(t)
	count := func(key string, read func(ctx context.Context, tx store.Reader) (int64, error)) (n int64, was bool) {
		was = true
		n, err := r.answers.Get(t.Context(), key, func(ctx context.Context, tx store.Reader) (int64, clock.Millis, error) {
			was = false
			n, err := read(ctx, tx)
			return n, kept.Never, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n, was
	}
	q := store.Query{Index: "by_kind", Equal: []any{"red"}}
	for key, read := range map[string]func(ctx context.Context, tx store.Reader) (int64, error){
		"find": func(ctx context.Context, tx store.Reader) (int64, error) {
			p, err := things.Find(ctx, tx, q)
			return int64(len(p.Rows)), err
		},
		"count": func(ctx context.Context, tx store.Reader) (int64, error) { return things.Count(ctx, tx, q) },
		"elsewhere": func(_ context.Context, tx store.Reader) (int64, error) {
			kept.Uses(tx, things.Spec())
			return 0, nil
		},
	} {
		count(key, read)
		if _, was := count(key, read); !was {
			t.Errorf("%s: it was not kept", key)
		}
		put(t, r.db, others, key, thing{N: 1})
		if _, was := count(key, read); !was {
			t.Errorf("%s: it was not kept after a row of another table", key)
		}
		put(t, r.db, things, key, thing{Kind: "red"})
		if _, was := count(key, read); was {
			t.Errorf("%s: it was kept after a row was added to the table", key)
		}
	}
}

func TestOnlySoManyAnswersAreKept(t *testing.T) {
	r := newRig(t, 10)
	r.sole(t)
	r.ask(t, "often")
	for n := range 100 {
		r.ask(t, fmt.Sprint("once-", n))
		r.wants(t, "asked for often", "often", 0, true)
	}
	r.wants(t, "asked for once", "once-50", 0, false)
}

func TestFailuresAreNotKept(t *testing.T) {
	r := newRig(t, 10)
	failure := errors.New("no")
	for range 2 {
		_, err := r.answers.Get(t.Context(), "a", func(context.Context, store.Reader) (int64, clock.Millis, error) { return 0, kept.Never, failure })
		if !errors.Is(err, failure) {
			t.Errorf("got %v", err)
		}
	}
	r.wants(t, "afterwards", "a", 0, false)
}

// TestAnAnswerIsNeverOlderThanTheDatabase has readers ask while a writer counts two rows up together: no answer is older than what was acknowledged when it was asked for, or
// than what the same reader has seen before, in an answer or in the database, and none is of two states.
func TestAnAnswerIsNeverOlderThanTheDatabase(t *testing.T) {
	r := newRig(t, 100)
	var acknowledged atomic.Int64
	const last = 400
	read := func(ctx context.Context, tx store.Reader) (int64, error) {
		a, err1 := value(ctx, tx, things, "n")
		b, err2 := value(ctx, tx, others, "n")
		if a != b {
			return 0, fmt.Errorf("two states in one: %d and %d", a, b)
		}
		return a, errors.Join(err1, err2)
	}
	var running sync.WaitGroup
	for g := range 4 {
		running.Go(func() {
			for seen, n := int64(0), 0; seen < last; n++ {
				least := max(seen, acknowledged.Load())
				var got int64
				var err error
				if (n+g)%3 == 0 {
					err = r.db.View(t.Context(), func(ctx context.Context, tx store.Reader) (err error) {
						got, err = read(ctx, tx)
						return err
					})
				} else {
					got, err = r.answers.Get(t.Context(), "n", func(ctx context.Context, tx store.Reader) (int64, clock.Millis, error) {
						v, err := read(ctx, tx)
						return v, kept.Never, err
					})
				}
				if err != nil || got < least {
					t.Errorf("got %d, %v after %d", got, err, least)
					return
				}
				seen = got
			}
		})
	}
	for n := int64(1); n <= last && !t.Failed(); n++ {
		err := r.db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
			if err := set(ctx, tx, things, "n", thing{N: n}); err != nil {
				return err
			}
			return set(ctx, tx, others, "n", thing{N: n})
		})
		if err != nil {
			t.Fatal(err)
		}
		acknowledged.Store(n)
	}
	running.Wait()
}
