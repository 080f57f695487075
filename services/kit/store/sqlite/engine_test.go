package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/sqlite"
)

type note struct {
	Text string `json:"text"`
}

var notes = store.Define[note](store.Spec{Name: "notes", Indexes: []store.Index{{Name: "text", Fields: []string{"text"}, Unique: true}}})

func openNotes(t *testing.T, opts sqlite.Options) store.DB {
	t.Helper()
	if opts.Clock == nil { // one that stands: however slow the machine is, a batch does not end for it
		opts.Clock = clock.NewFake(time.Unix(0, 0))
	}
	db, err := sqlite.Open(t.Context(), opts, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func insert(db store.DB, id, text string) error {
	return db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
		_, err := notes.Insert(ctx, tx, id, note{text})
		return err
	})
}

// TestPrivate checks that only the owner can read the database, its companions and its folder, whatever the umask and the mode it was found with.
func TestPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	dir := filepath.Join(t.TempDir(), "new", "folder")
	path := filepath.Join(dir, "a.db")
	check := func() {
		t.Helper()
		n := 0
		err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			n++
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %v", p, info.Mode())
			}
			return nil
		})
		if err != nil || n != 5 { // the folder, the file, its log, its shared memory, its lock
			t.Errorf("%d files, %v", n, err)
		}
	}
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path}, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	if err := insert(db, "a", "a"); err != nil {
		t.Error(err)
	}
	check()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	db = openNotes(t, sqlite.Options{Path: path})
	if err := insert(db, "b", "b"); err != nil {
		t.Error(err)
	}
	check()
}

func TestSecondOpenIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := openNotes(t, sqlite.Options{Path: path})
	_, err := sqlite.Open(t.Context(), sqlite.Options{Path: path}, notes.Spec())
	if !fault.Has(err, fault.Unavailable) || !strings.Contains(err.Error(), "another process") || !strings.Contains(err.Error(), path) {
		t.Errorf("opening a second time: %v", err)
	}
	if err := insert(db, "a", "a"); err != nil {
		t.Errorf("the first is disturbed: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	openNotes(t, sqlite.Options{Path: path})
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "ü.db", "50%.db", "q?mode=memory.db", "h#1.db", "a&b=c.db"} {
		path := filepath.Join(t.TempDir(), name)
		db := openNotes(t, sqlite.Options{Path: path})
		if err := insert(db, "a", "a"); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%q: %v, %v", name, info, err)
		}
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Options{}, notes.Spec()); err == nil {
		t.Error("opened without a path")
	}
	junk := filepath.Join(t.TempDir(), "junk.db")
	if err := os.WriteFile(junk, []byte(strings.Repeat("This is no database. ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Options{Path: junk}, notes.Spec()); err == nil {
		t.Error("opened a file that is no database")
	}
}

func TestGroupCommit(t *testing.T) {
	var commits, requests atomic.Int64
	db := openNotes(t, sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db"), Committed: func(n int, took time.Duration) {
		commits.Add(1)
		requests.Add(int64(n))
		if took < 0 {
			t.Errorf("a commit took %v", took)
		}
	}})
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for i := range 20 {
				if err := insert(db, fmt.Sprint(w, "-", i), fmt.Sprint(w, "-", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if requests.Load() != 64*20 || commits.Load()*4 > requests.Load() {
		t.Errorf("%d requests in %d commits", requests.Load(), commits.Load())
	}
}

// waiting tells when Update begins to wait: then the request is in the queue.
type waiting struct {
	context.Context
	begun chan struct{}
	once  *sync.Once
}

func (w waiting) Done() <-chan struct{} {
	w.once.Do(func() { close(w.begun) })
	return w.Context.Done()
}

// A request that takes long is answered without those behind it, and they share the next commit.
func TestALongRequestIsNotHeldUp(t *testing.T) {
	stepped := clock.NewFake(time.Unix(0, 0))
	commits := make(chan int, 3)
	db := openNotes(t, sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db"), Clock: stepped, Committed: func(n int, _ time.Duration) { commits <- n }})
	queued := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 3 {
		w := waiting{t.Context(), make(chan struct{}), new(sync.Once)}
		wg.Go(func() {
			if err := db.Update(w, func(ctx context.Context, tx store.Writer) error {
				if i == 0 {
					<-queued
					stepped.Step(time.Second)
				}
				_, err := notes.Insert(ctx, tx, fmt.Sprint(i), note{fmt.Sprint(i)})
				return err
			}); err != nil {
				t.Error(err)
			}
		})
		<-w.begun
	}
	close(queued)
	wg.Wait()
	if first, second := <-commits, <-commits; first != 1 || second != 2 {
		t.Errorf("commits of %d and %d requests, want 1 and 2", first, second)
	}
}

// TestLostTransaction fills the database from one request of a group: SQLite ends the transaction of them all, and yet only that one is refused. The others
// have run twice.
func TestLostTransaction(t *testing.T) {
	db := openNotes(t, sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db"), MaxBytes: 1 << 20})
	release := make(chan struct{})
	var wg sync.WaitGroup
	var runs atomic.Int64
	start := func(id, text string, check func(error)) {
		w := waiting{t.Context(), make(chan struct{}), new(sync.Once)}
		wg.Go(func() {
			check(db.Update(w, func(ctx context.Context, tx store.Writer) error {
				runs.Add(1)
				_, err := notes.Insert(ctx, tx, id, note{text})
				<-release
				return err
			}))
		})
		<-w.begun
	}
	well := func(err error) {
		if err != nil {
			t.Errorf("a request beside the one that is too large: %v", err)
		}
	}
	for i := range 5 {
		start(fmt.Sprint("before", i), fmt.Sprint("before", i), well)
	}
	start("large", strings.Repeat("x", 2<<20), func(err error) {
		if !fault.Has(err, fault.StorageFull) {
			t.Errorf("the request that is too large: %v", err)
		}
	})
	for i := range 5 {
		start(fmt.Sprint("behind", i), fmt.Sprint("behind", i), well)
	}
	close(release)
	wg.Wait()
	if n := runs.Load(); n < 17 { // 11 requests, of which the first 6 ran again
		t.Errorf("closures ran %d times: the transaction was not lost, so nothing was tested", n)
	}
	var n int64
	if err := db.View(t.Context(), func(ctx context.Context, tx store.Reader) (err error) {
		n, err = notes.Count(ctx, tx, store.Query{})
		return err
	}); err != nil || n != 10 {
		t.Errorf("%d rows, %v", n, err)
	}
}

// TestSwallowedError checks that a closure cannot go on after an error that ended its transaction: what it then wrote would commit by itself.
func TestSwallowedError(t *testing.T) {
	db := openNotes(t, sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db"), MaxBytes: 1 << 20})
	err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
		_, _ = notes.Insert(ctx, tx, "large", note{strings.Repeat("x", 2<<20)})
		_, _ = notes.Insert(ctx, tx, "small", note{"small"})
		return nil
	})
	if !fault.Has(err, fault.StorageFull) {
		t.Errorf("the update: %v", err)
	}
	if err := insert(db, "small", "small"); err != nil {
		t.Errorf("its row exists: %v", err)
	}
}

// TestOperatorsIndex checks that an index made by hand survives.
func TestOperatorsIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	hand := func(text string) {
		t.Helper()
		raw, err := sql.Open("sqlite", path)
		if err == nil {
			_, err = raw.Exec(text)
			err = errors.Join(err, raw.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		db := openNotes(t, sqlite.Options{Path: path})
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		hand("CREATE INDEX IF NOT EXISTS by_hand ON notes (json_extract(doc, '$.text'))")
	}
	hand("DROP INDEX by_hand")
}

// TestPanicKeepsItsStack checks what a caller's own recovery is given.
func TestPanicKeepsItsStack(t *testing.T) {
	db := openNotes(t, sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db")})
	cause := errors.New("the cause")
	defer func() {
		p, is := recover().(*sqlite.Panic)
		if !is || !errors.Is(p, cause) || !strings.Contains(p.Error(), "the cause") || !strings.Contains(p.Error(), "panickingClosure") {
			t.Errorf("recovered %v", p)
		}
	}()
	err := db.Update(t.Context(), panickingClosure(cause))
	t.Errorf("no panic, but %v", err)
}

func panickingClosure(cause error) func(context.Context, store.Writer) error {
	return func(context.Context, store.Writer) error { panic(cause) }
}

func TestNothingIsLeftBehind(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for range 3 {
		db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "a.db")}, notes.Spec())
		if err != nil {
			t.Fatal(err)
		}
		if err := insert(db, "a", "a"); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
