// Package sqlite is the embedded engine of kit/store: one SQLite file, one process.
//
// Writers are grouped: a transaction takes all requests that wait, each in a savepoint of its own, so that many share one sync. While it is being synced to the disk
// the next one is run and written. None is told that it succeeded before the sync that covers it, and readers, who have connections of their own, are shown nothing
// that is not synced: they wait for the sync of what they have met, and for nobody else.
//
// The file and its companions are readable by their owner only. A lock beside the file keeps other processes of Renown out; the sqlite3 command may read it at any
// time.
package sqlite

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/internal/hints"
)

// Options say where the database is. Only Path is required.
type Options struct {
	// Path of the file; it and its directory are created if missing.
	Path string
	// Readers is the number of connections that read at the same time; 0 means twice the number of processors, at least 4.
	Readers int
	// MaxBytes bounds the file; writes beyond are fault.StorageFull. 0 means no bound but the disk.
	MaxBytes int64
	// Clock measures commits for Committed, and for how long requests are taken into one; nil means the system's.
	Clock clock.Clock
	// Committed, if set, is told of each group commit: how many requests shared it and how long its sync took. It must not block.
	Committed func(requests int, took time.Duration)
}

// DB implements store.DB.
type DB struct {
	opts    Options
	lock    *fileLock
	tables  map[*store.Spec]*table
	readers chan *conn
	writer  *writer
	closed  atomic.Bool
	once    sync.Once
	err     error
	topics  hints.Topics
	// begun and seen are what Commits tells.
	begun, seen atomic.Int64
	marks       marks
}

var errClosed = fault.Unavailable.New("the database is closed")

// inside marks the context that an update closure is given, so that an update inside it is refused instead of waiting for itself.
type inside struct{ db *DB }

// Open opens the database and brings its tables to the declared state: missing tables and indexes are made, indexes no longer declared are dropped, documents of
// older schema versions are migrated. It refuses a file that another process has open and one that a newer program has written.
func Open(ctx context.Context, opts Options, specs ...*store.Spec) (store.DB, error) {
	if opts.Clock == nil {
		opts.Clock = clock.System()
	}
	if opts.Readers <= 0 {
		opts.Readers = max(4, 2*runtime.GOMAXPROCS(0))
	}
	lock, err := create(opts.Path)
	if err != nil {
		return nil, err
	}
	db := &DB{opts: opts, lock: lock, tables: map[*store.Spec]*table{}, readers: make(chan *conn, opts.Readers), marks: newMarks()}
	if err := db.start(ctx, specs); err != nil {
		return nil, errors.Join(engineFault(err), db.release())
	}
	return db, nil
}

func (db *DB) start(ctx context.Context, specs []*store.Spec) error {
	c, err := open(ctx, db.opts.Path, writerPragmas...)
	if err != nil {
		return err
	}
	db.writer = &writer{db: db, c: c, queue: newQueue(), remembered: newRemembered(), ended: make(chan struct{})}
	if db.opts.MaxBytes > 0 {
		if err := c.bound(db.opts.MaxBytes); err != nil {
			return err
		}
	}
	for _, s := range specs {
		db.tables[s] = &table{spec: s, salt: db.marks.salt(s.Name)}
	}
	if err := c.prepare(ctx, specs); err != nil {
		return err
	}
	for range db.opts.Readers {
		r, err := open(ctx, db.opts.Path, readerPragmas...)
		if err != nil {
			return err
		}
		db.readers <- r
	}
	if db.writer.folder, err = startFolder(ctx, db.writer); err != nil {
		return err
	}
	if db.writer.confirmer, err = startConfirmer(db); err != nil {
		return err
	}
	go db.writer.run()
	db.writer.running = true
	return nil
}

func (db *DB) closing() bool { return db.closed.Load() }

func (db *DB) table(s *store.Spec) (*table, error) {
	if t := db.tables[s]; t != nil {
		return t, nil
	}
	return nil, fault.Internal.New("table %s was not declared when the database was opened", s.Name)
}

// View implements store.DB.
func (db *DB) View(ctx context.Context, fn func(ctx context.Context, tx store.Reader) error) error {
	return db.reading(ctx, func(c *conn) (err error) {
		t := &tx{db: db, c: c, seen: db.marks.last.Load()}
		defer func() {
			t.finish()
			if e := t.end(); err == nil { // runs after a panic too: the connection goes back into the pool
				err = engineFault(e)
			}
		}()
		return fn(ctx, t)
	})
}

// reading gives fn a connection of the pool.
func (db *DB) reading(ctx context.Context, fn func(c *conn) error) error {
	if db.closing() {
		return errClosed
	}
	select {
	case c := <-db.readers:
		defer func() { db.readers <- c }()
		if db.closing() {
			return errClosed
		}
		return fn(c)
	case <-ctx.Done():
		return engineFault(ctx.Err())
	}
}

// Ping implements store.DB.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.writer.healthy(); err != nil {
		return err
	}
	return db.reading(ctx, func(c *conn) error { return engineFault(c.do(kindPing)) })
}

// Close implements store.DB. It waits for the closures that run; statements of readers are refused from now on.
func (db *DB) Close() error {
	db.once.Do(func() {
		db.closed.Store(true)
		db.err = db.release()
	})
	return db.err
}

func (db *DB) release() error {
	var errs []error
	if w := db.writer; w != nil {
		w.queue.close()
		if w.running {
			<-w.ended
		}
		if w.confirmer != nil {
			errs = append(errs, w.confirmer.close())
		}
	}
	if db.writer != nil && db.writer.running {
		for range db.opts.Readers {
			errs = append(errs, (<-db.readers).close())
		}
	} else {
		for len(db.readers) > 0 {
			errs = append(errs, (<-db.readers).close())
		}
	}
	if db.writer != nil && db.writer.folder != nil {
		errs = append(errs, db.writer.folder.close())
	}
	if db.writer != nil { // last, because the last connection that closes folds the log into the file
		errs = append(errs, db.writer.c.close())
	}
	if db.writer != nil && db.writer.folder != nil {
		errs = append(errs, db.writer.folder.data.Close())
	}
	return errors.Join(append(errs, db.lock.release())...)
}
