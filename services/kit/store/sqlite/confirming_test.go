package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// meeting is a context that tells when somebody begins to wait under it.
type meeting struct {
	context.Context
	waits chan struct{}
	once  *sync.Once
}

func meet(ctx context.Context) meeting { return meeting{ctx, make(chan struct{}), new(sync.Once)} }

func (m meeting) Done() <-chan struct{} {
	m.once.Do(func() { close(m.waits) })
	return m.Context.Done()
}

// holding opens a database whose commits are written and stay without their confirmation until release is called.
func holding(t *testing.T) (db *DB, release func()) {
	t.Helper()
	held := make(chan struct{})
	opened, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "a.db"), Readers: 16, Committed: func(int, time.Duration) { <-held }}, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	release = sync.OnceFunc(func() { close(held) })
	t.Cleanup(func() {
		release()
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	return opened.(*DB), release
}

// put adds a note, and returns when it has been written; the outcome comes later.
func put(t *testing.T, db *DB, id string) (outcome <-chan error) {
	t.Helper()
	out, written := make(chan error, 1), make(chan bool, 1)
	go func() {
		out <- db.Update(store.WhenWritten(t.Context(), func(done bool) { written <- done }), func(ctx context.Context, tx store.Writer) error {
			_, err := notes.Insert(ctx, tx, id, note{id})
			return err
		})
	}()
	if !<-written {
		t.Fatalf("%s was undone", id)
	}
	return out
}

// TestNothingIsSeenBeforeItIsConfirmed has a commit wait for the disk. What comes next is run on it meanwhile and written, too; but nobody is answered, and readers and
// followers are shown nothing, before it is confirmed.
func TestNothingIsSeenBeforeItIsConfirmed(t *testing.T) {
	db, release := holding(t)
	first := put(t, db, "first")
	second := put(t, db, "second")
	reads := map[string]func(ctx context.Context, tx store.Reader) error{
		"feed": func(ctx context.Context, _ store.Reader) error { _, err := notes.Feed(ctx, db, 0, 10); return err },
		"end":  func(ctx context.Context, _ store.Reader) error { _, err := notes.FeedEnd(ctx, db); return err },
		"get":  func(ctx context.Context, tx store.Reader) error { _, err := notes.Get(ctx, tx, "second"); return err },
		"find": func(ctx context.Context, tx store.Reader) error {
			_, err := notes.Find(ctx, tx, store.Query{})
			return err
		},
		"count": func(ctx context.Context, tx store.Reader) error {
			_, err := notes.Count(ctx, tx, store.Query{})
			return err
		},
	}
	var wg sync.WaitGroup
	for name, read := range reads {
		m := meet(t.Context())
		wg.Go(func() {
			if err := db.View(t.Context(), func(_ context.Context, tx store.Reader) error { return read(m, tx) }); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if db.writer.confirmer.settled.Load() < 2 {
				t.Errorf("%s shows what is not confirmed", name)
			}
			m.once.Do(func() { close(m.waits) })
		})
		<-m.waits
	}
	select {
	case err := <-first:
		t.Errorf("a request was answered (%v) before its commit was confirmed", err)
	default:
	}
	release()
	wg.Wait()
	for _, outcome := range []<-chan error{first, second} {
		if err := <-outcome; err != nil {
			t.Error(err)
		}
	}
	if rows, err := notes.Feed(t.Context(), db, 0, 10); err != nil || len(rows) != 2 {
		t.Errorf("the feed holds %v, %v", rows, err)
	}
}

// TestAReaderDoesNotWaitForever: what it waits for may not come in its time.
func TestAReaderDoesNotWaitForever(t *testing.T) {
	db, _ := holding(t)
	put(t, db, "held")
	ctx, cancel := context.WithCancel(t.Context())
	m := meet(ctx)
	go func() {
		<-m.waits
		cancel()
	}()
	err := db.View(t.Context(), func(_ context.Context, tx store.Reader) error {
		_, err := notes.Get(m, tx, "held")
		return err
	})
	if !fault.Has(err, fault.Canceled) {
		t.Errorf("a reader whose caller went away: %v", err)
	}
}

// TestWhatTheDiskDoesNotConfirmIsNeverShown has the disk refuse: nobody knows what it holds, so neither that commit nor any other is answered or shown.
func TestWhatTheDiskDoesNotConfirmIsNeverShown(t *testing.T) {
	opened, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "a.db")}, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	db := opened.(*DB)
	if err := <-put(t, db, "well"); err != nil {
		t.Fatal(err)
	}
	if err := db.writer.confirmer.log.Close(); err != nil { // a sync of a closed file fails
		t.Fatal(err)
	}
	for _, id := range []string{"failed", "after"} {
		err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
			_, err := notes.Insert(ctx, tx, id, note{id})
			return err
		})
		e, _ := fault.As(err)
		if !fault.Has(err, fault.Unavailable) || id == "failed" && e.Meta[store.MetaOutcome] != "unknown" {
			t.Errorf("%s: %v", id, err)
		}
	}
	if rows, err := notes.Feed(t.Context(), db, 0, 10); err != nil || len(rows) != 1 {
		t.Errorf("a follower is shown %v, %v", rows, err)
	}
	if err := db.View(t.Context(), func(ctx context.Context, tx store.Reader) error {
		_, err := notes.Get(ctx, tx, "failed")
		return err
	}); !fault.Has(err, fault.Unavailable) {
		t.Errorf("a reader who meets it is told %v", err)
	}
	if err := db.Ping(t.Context()); err == nil {
		t.Error("the database is said to be well")
	}
	_ = opened.Close() // of a file that is closed
}

// TestWhatIsUndoneIsTold: who remembers what a closure did is told to forget it, before another closure runs.
func TestWhatIsUndoneIsTold(t *testing.T) {
	opened, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "a.db"), MaxBytes: 1 << 20}, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	for name, c := range map[string]struct {
		write func(ctx context.Context, tx store.Writer) error
		told  bool
	}{
		"refused": {func(context.Context, store.Writer) error { return errRefuse }, false},
		"written": {func(ctx context.Context, tx store.Writer) error {
			_, err := notes.Insert(ctx, tx, "a", note{})
			return err
		}, true},
		"too large, which it did not mind": {func(ctx context.Context, tx store.Writer) error {
			_, _ = notes.Insert(ctx, tx, "b", note{string(make([]byte, 2<<20))})
			return nil
		}, false},
	} {
		var told []bool
		err := opened.Update(store.WhenWritten(t.Context(), func(written bool) { told = append(told, written) }), c.write)
		if (err == nil) != c.told || len(told) == 0 || told[len(told)-1] != c.told {
			t.Errorf("%s: %v, told %v", name, err, told)
		}
	}
}

// TestARefusalIsAnsweredAfterWhatItRestsOn: one request of a group breaks the transaction, so that all run alone. The one that is refused for what another has
// written then is not answered before that is confirmed.
func TestARefusalIsAnsweredAfterWhatItRestsOn(t *testing.T) {
	held := make(chan struct{})
	db, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "a.db"), MaxBytes: 1 << 20, Committed: func(int, time.Duration) { <-held }}, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	queued, alone := make(chan struct{}), make(chan struct{}, 1)
	start := func(write func(ctx context.Context, tx store.Writer) error) <-chan error {
		m, out := meet(t.Context()), make(chan error, 1)
		go func() { out <- db.Update(m, write) }()
		<-m.waits
		return out
	}
	first := start(func(ctx context.Context, tx store.Writer) error {
		<-queued
		_, err := notes.Insert(ctx, tx, "a", note{})
		return err
	})
	refused := start(func(ctx context.Context, tx store.Writer) error {
		if _, err := notes.Get(ctx, tx, "a"); err != nil {
			return err
		}
		return errRefuse
	})
	runs := 0
	large := start(func(ctx context.Context, tx store.Writer) error {
		if runs++; runs == 2 {
			alone <- struct{}{}
		}
		_, err := notes.Insert(ctx, tx, "large", note{strings.Repeat("x", 2<<20)})
		return err
	})
	close(queued)
	<-alone // the other two have run alone before it
	select {
	case err := <-refused:
		t.Errorf("refused with %v before that was confirmed", err)
	default:
	}
	close(held)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := <-refused; !errors.Is(err, errRefuse) {
		t.Errorf("refused with %v", err)
	}
	if err := <-large; !fault.Has(err, fault.StorageFull) {
		t.Errorf("what is too large: %v", err)
	}
}
