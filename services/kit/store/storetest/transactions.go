package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

var transactionCases = []testCase{
	{"an error, a panic or a cancelled context undoes all of an update, and nothing of those beside it", txRollback},
	{"a refused statement undoes only itself", txStatement},
	{"an update reads its own writes", txOwnWrites},
	{"what an update wrote, read and undid is seen by no other", txUnseen},
	{"a view is one snapshot while others write", txSnapshot},
	{"a view is the snapshot of its first read, whatever that is", txFirstRead},
	{"a cancelled caller waits no longer", txCancelled},
	{"ten thousand rows in one update", txLarge},
	{"a transaction is of no use after its closure", txOver},
	{"a closure that ends its goroutine has no effect and stops nobody", txGoexit},
	{"an update inside an update is refused", txNested},
}

// txUnseen changes, deletes and adds rows, reads them, and gives up: the updates that follow read what was there before.
func txUnseen(s *suite) {
	db := s.fresh()
	s.insert(db, "changed", item{Kind: "old"})
	s.insert(db, "deleted", item{Kind: "old"})
	look := func(ctx context.Context, tx store.Writer) [3]string {
		var kinds [3]string
		for i, id := range []string{"changed", "deleted", "added"} {
			row, err := items.Get(ctx, tx, id)
			switch {
			case err == nil:
				kinds[i] = row.Value.Kind
			case !store.IsNotFound(err):
				s.Error(err)
			}
		}
		return kinds
	}
	for range 3 {
		s.update(db, func(ctx context.Context, tx store.Writer) error {
			if got, want := look(ctx, tx), [3]string{"old", "old", ""}; got != want {
				s.Errorf("an update reads %q, want %q", got, want)
			}
			return nil
		})
		err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
			return errors.Join(change(ctx, tx, "changed", "new"), remove(ctx, tx, "deleted"), add(ctx, tx, "added", "new"), seen(look(ctx, tx), [3]string{"new", "", "new"}), errRefused)
		})
		if !errors.Is(err, errRefused) {
			s.Fatal(err)
		}
	}
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		return errors.Join(change(ctx, tx, "changed", "new"), remove(ctx, tx, "deleted"), add(ctx, tx, "added", "new"))
	})
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		return seen(look(ctx, tx), [3]string{"new", "", "new"})
	})
}

func change(ctx context.Context, tx store.Writer, id, kind string) error {
	row, err := items.GetForUpdate(ctx, tx, id)
	if err != nil {
		return err
	}
	row.Value.Kind = kind
	_, err = items.Put(ctx, tx, row)
	return err
}

func remove(ctx context.Context, tx store.Writer, id string) error {
	row, err := items.GetForUpdate(ctx, tx, id)
	if err != nil {
		return err
	}
	return items.Delete(ctx, tx, row)
}

func add(ctx context.Context, tx store.Writer, id, kind string) error {
	_, err := items.Insert(ctx, tx, id, item{Kind: kind})
	return err
}

func seen(got, want [3]string) error {
	if got != want {
		return fmt.Errorf("an update reads %q, want %q", got, want)
	}
	return nil
}

var errRefused = errors.New("refused by the closure")

// group is a number of requests that are in the engine at the same time: the first holds it until the others wait.
type group struct {
	s  *suite
	db store.DB
	wg sync.WaitGroup
}

// hold starts an update that inserts the row and ends when release is closed. It returns when its closure runs.
func (g *group) hold(id string, release <-chan struct{}) {
	running := make(chan struct{})
	var once sync.Once
	g.wg.Go(func() {
		err := g.db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
			_, err := items.Insert(ctx, tx, id, item{})
			once.Do(func() { close(running) })
			<-release
			return err
		})
		if err != nil {
			g.s.Errorf("row %s: %v", id, err)
		}
	})
	<-running
}

// add starts an update and returns when it waits in the engine; check is given its result, and what it panicked with.
func (g *group) add(ctx context.Context, fn func(ctx context.Context, tx store.Writer) error, check func(err error, panicked any)) {
	w := newWaiting(ctx)
	g.wg.Go(func() {
		var err error
		defer func() { check(err, recover()) }()
		err = g.db.Update(w, fn)
	})
	<-w.begun
}

func txRollback(s *suite) {
	db := s.fresh()
	g := &group{s: s, db: db}
	release := make(chan struct{})
	g.hold("first", release)
	var inserted []string
	insert := func(id string, then func(ctx context.Context) error) func(ctx context.Context, tx store.Writer) error {
		inserted = append(inserted, id)
		return func(ctx context.Context, tx store.Writer) error {
			if _, err := items.Insert(ctx, tx, id, item{}); err != nil {
				return err
			}
			if _, err := items.Insert(ctx, tx, id+" too", item{}); err != nil {
				return err
			}
			return then(ctx)
		}
	}
	for i := range 10 {
		n := fmt.Sprint(i)
		g.add(s.Context(), insert("well"+n, func(context.Context) error { return nil }), func(err error, p any) {
			if err != nil || p != nil {
				s.Errorf("an update beside refused ones: %v, %v", err, p)
			}
		})
		g.add(s.Context(), insert("refused"+n, func(context.Context) error { return errRefused }), func(err error, p any) {
			if !errors.Is(err, errRefused) || p != nil {
				s.Errorf("a refused update: %v, %v", err, p)
			}
		})
		g.add(s.Context(), insert("panicked"+n, func(context.Context) error { panic("panic " + n) }), func(err error, p any) {
			if !strings.Contains(fmt.Sprint(p), "panic "+n) {
				s.Errorf("a closure that panics: %v, %v", err, p)
			}
		})
		ctx, cancel := context.WithCancel(s.Context())
		g.add(ctx, insert("cancelled"+n, func(context.Context) error { cancel(); return nil }), func(err error, p any) {
			if !fault.Has(err, fault.Canceled) || !errors.Is(err, context.Canceled) || p != nil {
				s.Errorf("an update cancelled in its closure: %v, %v", err, p)
			}
		})
	}
	close(release)
	g.wg.Wait()
	s.get(db, "first")
	for _, id := range inserted {
		if strings.HasPrefix(id, "well") {
			s.get(db, id)
			s.get(db, id+" too")
			continue
		}
		s.absent(db, id, id+" too")
	}
}

func txStatement(s *suite) {
	db := s.fresh()
	s.insert(db, "taken", item{Code: "one"})
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		if _, err := items.Get(ctx, tx, "gone"); !store.IsNotFound(err) {
			return fmt.Errorf("get: %w", err)
		}
		_, err := items.Insert(ctx, tx, "after", item{})
		return err
	})
	s.get(db, "after")
	// A violated unique index may end the transaction, but must never end it half: either both rows are there or none.
	err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
		if _, err := items.Insert(ctx, tx, "b", item{}); err != nil {
			return err
		}
		if _, err := items.Insert(ctx, tx, "c", item{Code: "one"}); store.ViolatedIndex(err) != "code" {
			s.Errorf("insert of a taken code: %v", err)
		}
		_, err := items.Insert(ctx, tx, "d", item{})
		return err
	})
	s.absent(db, "c")
	if err != nil {
		s.absent(db, "b", "d")
		return
	}
	s.get(db, "b")
	s.get(db, "d")
}

func txOwnWrites(s *suite) {
	db := s.fresh()
	s.insert(db, "a", item{Kind: "x", Rank: rank(1)})
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		row, err := items.GetForUpdate(ctx, tx, "a")
		if err != nil {
			return err
		}
		row.Value.Rank = rank(5)
		if row, err = items.Put(ctx, tx, row); err != nil {
			return err
		}
		if _, err := items.Insert(ctx, tx, "b", item{Kind: "x", Rank: rank(2)}); err != nil {
			return err
		}
		again, err := items.Get(ctx, tx, "a")
		if err != nil || again.Version != 2 || *again.Value.Rank != 5 {
			s.Errorf("its own change reads as %+v, %v", again, err)
		}
		if got, err := ids(ctx, tx, store.Query{Index: "kind_rank"}); fmt.Sprint(got) != "[b a]" {
			s.Errorf("its own rows are found as %v, %v", got, err)
		}
		if n, err := items.Count(ctx, tx, store.Query{}); n != 2 {
			s.Errorf("it counts %d, %v", n, err)
		}
		row.Value.Count = 7 // the version that Put returned can be put again
		_, err = items.Put(ctx, tx, row)
		return err
	})
	if row := s.get(db, "a"); row.Version != 3 || row.Value.Count != 7 {
		s.Errorf("after it: %+v", row)
	}
}

func txSnapshot(s *suite) {
	db := s.fresh()
	s.insert(db, "a", item{Kind: "x", Rank: rank(0)})
	err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) error {
		before, err := items.Get(ctx, tx, "a")
		if err != nil {
			return err
		}
		for i := range 20 {
			s.update(db, func(ctx context.Context, tx store.Writer) error { return increment(ctx, tx, "a") })
			s.insert(db, id(i), item{Kind: "x", Rank: rank(int64(i))})
		}
		after, err := items.Get(ctx, tx, "a")
		if err != nil || after.Version != before.Version {
			s.Errorf("the row went from version %d to %d inside a view, %v", before.Version, after.Version, err)
		}
		if n, err := items.Count(ctx, tx, store.Query{}); n != 1 {
			s.Errorf("%d rows inside the view, %v", n, err)
		}
		if got, err := ids(ctx, tx, store.Query{Index: "kind_rank"}); len(got) != 1 {
			s.Errorf("rows inside the view: %v, %v", got, err)
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
	if row := s.get(db, "a"); row.Value.Count != 20 {
		s.Errorf("a later view reads %+v", row)
	}
}

func txFirstRead(s *suite) {
	for what, first := range map[string]func(ctx context.Context, tx store.Reader) error{
		"a row": func(ctx context.Context, tx store.Reader) error { _, err := items.Get(ctx, tx, "there"); return err },
		"a missing row": func(ctx context.Context, tx store.Reader) error {
			_, err := items.Get(ctx, tx, "missing")
			return ignoreMissing(err)
		},
		"rows": func(ctx context.Context, tx store.Reader) error { _, err := ids(ctx, tx, store.Query{}); return err },
		"a number": func(ctx context.Context, tx store.Reader) error {
			_, err := items.Count(ctx, tx, store.Query{})
			return err
		},
	} {
		db := s.fresh()
		s.insert(db, "there", item{Kind: "x", Rank: rank(0)})
		err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) error {
			if err := first(ctx, tx); err != nil {
				return err
			}
			s.insert(db, "missing", item{Kind: "x", Rank: rank(1)})
			s.update(db, func(ctx context.Context, tx store.Writer) error { return increment(ctx, tx, "there") })
			for range 2 { // whatever comes second, and what comes after that
				if _, err := items.Get(ctx, tx, "missing"); !store.IsNotFound(err) {
					s.Errorf("after reading %s, a row that came later is there: %v", what, err)
				}
				if row, err := items.Get(ctx, tx, "there"); err != nil || row.Value.Count != 0 {
					s.Errorf("after reading %s, a row that changed later is %+v, %v", what, row, err)
				}
				if got, err := ids(ctx, tx, store.Query{Index: "kind_rank"}); len(got) != 1 {
					s.Errorf("after reading %s, there are %v, %v", what, got, err)
				}
			}
			return nil
		})
		if err != nil {
			s.Fatal(err)
		}
		if row := s.get(db, "missing"); row.Version != 1 {
			s.Errorf("a later view reads %+v", row)
		}
	}
}

func ignoreMissing(err error) error {
	if store.IsNotFound(err) {
		return nil
	}
	return err
}

func txCancelled(s *suite) {
	db := s.fresh()
	ended, cancel := context.WithCancel(s.Context())
	cancel()
	nothing := func(context.Context, store.Writer) error { return nil }
	if err := db.Update(ended, nothing); !fault.Has(err, fault.Canceled) {
		s.Errorf("update with an ended context: %v", err)
	}
	if err := db.View(ended, func(ctx context.Context, tx store.Reader) error {
		_, err := items.Get(ctx, tx, "a")
		return err
	}); !fault.Has(err, fault.Canceled) {
		s.Errorf("view with an ended context: %v", err)
	}
	// A statement after the cancellation is refused, and the closure's own error does not hide what it is.
	ctx, cancel := context.WithCancel(s.Context())
	err := db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		if _, err := items.Insert(ctx, tx, "a", item{}); err != nil {
			return err
		}
		cancel()
		_, err := items.Insert(ctx, tx, "b", item{})
		return err
	})
	if !fault.Has(err, fault.Canceled) {
		s.Errorf("update cancelled between statements: %v", err)
	}
	s.absent(db, "a", "b")
}

func txLarge(s *suite) {
	db := s.fresh()
	const n = 10_000
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		for i := range n {
			if _, err := others.Insert(ctx, tx, id(i), item{Kind: "x", Count: int64(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	var got int64
	err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) (err error) {
		got, err = others.Count(ctx, tx, store.Query{})
		return err
	})
	if err != nil || got != n {
		s.Errorf("%d rows, %v", got, err)
	}
}

func txOver(s *suite) {
	db := s.fresh()
	var w store.Writer
	var r store.Reader
	s.update(db, func(_ context.Context, tx store.Writer) error { w = tx; return nil })
	if err := db.View(s.Context(), func(_ context.Context, tx store.Reader) error { r = tx; return nil }); err != nil {
		s.Fatal(err)
	}
	if _, err := items.Insert(s.Context(), w, "a", item{}); err == nil {
		s.Error("a row was inserted after the update had ended")
	}
	if _, err := items.Get(s.Context(), r, "a"); err == nil || store.IsNotFound(err) {
		s.Errorf("a read after the view had ended: %v", err)
	}
	s.absent(db, "a")
}

func txGoexit(s *suite) {
	db := s.fresh()
	var ran atomic.Bool
	s.parallel(1, func(int) error {
		return db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
			ran.Store(true)
			if _, err := items.Insert(ctx, tx, "a", item{}); err != nil {
				s.Error(err)
			}
			runtime.Goexit()
			return nil
		})
	})
	if !ran.Load() {
		s.Error("the closure did not run")
	}
	s.absent(db, "a")
	s.insert(db, "b", item{})
}

func txNested(s *suite) {
	db := s.fresh()
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		if err := db.Update(ctx, func(context.Context, store.Writer) error { return nil }); err == nil {
			s.Error("an update inside an update was allowed")
		}
		_, err := items.Insert(ctx, tx, "a", item{})
		return err
	})
	s.get(db, "a")
}
