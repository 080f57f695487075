// Package storetest is the conformance suite of kit/store: what it proves, domain code may rely on, whichever engine is under it.
//
// An engine's own test calls Main from TestMain and Run from a test. Each case gets a fresh database.
package storetest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"renown.example/kit/store"
)

// Engine is what the suite needs to know of an engine.
type Engine struct {
	// Fresh returns the location of a new, empty database, which is removed when t ends.
	Fresh func(t testing.TB) string
	// Open opens the database at a location, in this process or in a child.
	Open func(ctx context.Context, location string, specs ...*store.Spec) (store.DB, error)
	// Concurrent says that updates run side by side and that several processes may open one database. Without it they run one after the other, and a closure that
	// waits for another update would wait for ever.
	Concurrent bool
	// Recorded fills an empty database with what an older program of ours left there: the rows of recordedRows at schema version 1.
	Recorded func(t testing.TB, location string)
}

// Full reports whether the longer versions of the cases were asked for.
func Full() bool { return os.Getenv("RENOWN_TEST_FULL") == "1" }

// patience is how long a case waits for something that must happen.
const patience = 30 * time.Second

// Run runs every case against the engine.
func Run(t *testing.T, e Engine) {
	groups := []struct {
		name  string
		cases []testCase
	}{
		{"rows", rowCases}, {"queries", queryCases}, {"transactions", transactionCases}, {"concurrency", concurrencyCases},
		{"feeds", feedCases}, {"jobs", jobCases}, {"schema", schemaCases}, {"life", lifeCases},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) { c.run(&suite{T: t, Engine: e}) })
			}
		})
	}
}

type testCase struct {
	name string
	run  func(s *suite)
}

// suite is one running case.
type suite struct {
	*testing.T
	Engine
}

// item is the record of most cases. The fields that are left out when empty are those that an index may lack.
type item struct {
	Kind  string `json:"kind,omitempty"`
	Rank  *int64 `json:"rank"`
	Done  bool   `json:"done"`
	Code  string `json:"code,omitempty"`
	Count int64  `json:"count"`
}

var items = store.Define[item](store.Spec{Name: "items", Indexes: []store.Index{
	{Name: "kind_rank", Fields: []string{"kind", "rank"}},
	{Name: "done_kind", Fields: []string{"done", "kind"}},
	{Name: "code", Fields: []string{"code"}, Unique: true},
	{Name: "kind_code", Fields: []string{"kind", "code"}, Unique: true},
}})

var others = store.Define[item](store.Spec{Name: "others"})

var events = store.Define[item](store.Spec{Name: "events", Feed: true, Indexes: []store.Index{{Name: "kind", Fields: []string{"kind"}}}})

// fresh opens a new database with the usual tables, closed when the case ends.
func (s *suite) fresh() store.DB {
	s.Helper()
	return s.open(s.Fresh(s))
}

func (s *suite) open(location string) store.DB {
	s.Helper()
	db, err := s.Open(context.Background(), location, items.Spec(), others.Spec(), events.Spec())
	if err != nil {
		s.Fatalf("open: %v", err)
	}
	s.Cleanup(func() {
		if err := db.Close(); err != nil {
			s.Errorf("close: %v", err)
		}
	})
	return db
}

// update runs fn and fails the case if it is refused.
func (s *suite) update(db store.DB, fn func(ctx context.Context, tx store.Writer) error) {
	s.Helper()
	if err := db.Update(s.Context(), fn); err != nil {
		s.Fatalf("update: %v", err)
	}
}

func (s *suite) insert(db store.DB, id string, v item) {
	s.Helper()
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		_, err := items.Insert(ctx, tx, id, v)
		return err
	})
}

// get reads a row in a view of its own.
func get(ctx context.Context, db store.DB, id string) (row store.Row[item], err error) {
	err = db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		row, err = items.Get(ctx, tx, id)
		return err
	})
	return row, err
}

func (s *suite) get(db store.DB, id string) store.Row[item] {
	s.Helper()
	row, err := get(s.Context(), db, id)
	if err != nil {
		s.Fatalf("get %q: %v", id, err)
	}
	return row
}

func (s *suite) absent(db store.DB, ids ...string) {
	s.Helper()
	for _, id := range ids {
		if row, err := get(s.Context(), db, id); !store.IsNotFound(err) {
			s.Errorf("row %q: %+v, %v; it should not exist", id, row, err)
		}
	}
}

// count counts the rows of the table of items that q selects.
func (s *suite) count(db store.DB, q store.Query) (n int64) {
	s.Helper()
	err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) (err error) {
		n, err = items.Count(ctx, tx, q)
		return err
	})
	if err != nil {
		s.Fatalf("count: %v", err)
	}
	return n
}

// increment adds one to the row's count.
func increment(ctx context.Context, tx store.Writer, id string) error {
	row, err := items.GetForUpdate(ctx, tx, id)
	if err != nil {
		return err
	}
	row.Value.Count++
	_, err = items.Put(ctx, tx, row)
	return err
}

// parallel runs fn n times at once and waits; the first error fails the case.
func (s *suite) parallel(n int, fn func(i int) error) {
	s.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			s.Fatalf("worker %d: %v", i, err)
		}
	}
}

// waiting is a context that tells when somebody begins to wait for its end, which is how a case knows that a request is in the engine's queue.
type waiting struct {
	context.Context
	once  *sync.Once
	begun chan struct{}
}

func newWaiting(ctx context.Context) waiting {
	return waiting{Context: ctx, once: new(sync.Once), begun: make(chan struct{})}
}

func (w waiting) Done() <-chan struct{} {
	w.once.Do(func() { close(w.begun) })
	return w.Context.Done()
}

func rank(n int64) *int64 { return &n }

func id(n int) string { return fmt.Sprintf("%06d", n) }
