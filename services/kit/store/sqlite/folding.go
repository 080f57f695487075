package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"os"
	"sync"
	"sync/atomic"
)

// The log is folded into the file beside the writer, in portions: copying pages and waiting for the disk to confirm them would otherwise be added to the time of some
// commit. It can be begun anew only by a writer that finds all of it folded, and under load the last pages never are; so when a portion has made the log long, the writer
// folds the rest itself, at once, while that is little. SQLite has the disk confirm the file then and not before; so that this is little, too, each portion is confirmed
// when it has been folded.
const (
	// portion is how many pages are written, by estimate, before a portion is folded.
	portion = 1000
	// longLog, in pages, is when the writer folds the rest.
	longLog = 12000
)

// wrote estimates how many pages a transaction has written.
type wrote struct {
	pages int
	// last is the row before, and filled how much of a page that and its neighbours take.
	last   place
	filled int
}

// neighbours is how many bytes at their ends the ids of two rows may differ in that are taken for neighbours: such as parts of one thing, which were added one after the
// other.
const neighbours = 6

// row counts the pages of a row: whatever a long document takes, and one of an index if that is written. Rows that lie side by side share pages.
func (w *wrote) row(t *table, id, text string, index bool) {
	if index {
		w.pages++
	}
	if near := len(id) - neighbours; near <= 0 || w.last.table != t || len(w.last.id) != len(id) || w.last.id[:near] != id[:near] {
		w.pages++
		w.filled = 0
	}
	w.filled += len(text)
	w.pages += w.filled / pageSize
	w.filled %= pageSize
	w.last = place{t, id}
}

// folder folds the log.
type folder struct {
	c     *conn
	w     *writer
	wake  chan struct{}
	ended chan struct{}
	// turn is held by whoever folds: SQLite refuses a second at once.
	turn sync.Mutex
	// data is the file. It is closed after all connections: closing it ends the locks that they have.
	data *os.File
	// long says that the log was long when the last portion was folded, and that the writer has not tried to fold the rest since: a reader may keep it from that.
	long atomic.Bool
}

func startFolder(ctx context.Context, w *writer) (*folder, error) {
	c, err := open(ctx, w.db.opts.Path, foldPragmas...)
	if err != nil {
		return nil, err
	}
	data, err := os.OpenFile(w.db.opts.Path, os.O_RDWR, 0)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	f := &folder{c: c, data: data, w: w, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go f.run()
	return f, nil
}

func (f *folder) run() {
	defer close(f.ended)
	for range f.wake {
		f.fold(f.c)
		if err := flush(f.data); err != nil {
			f.w.condemn(err)
		}
	}
}

// fold folds what no reader needs any more. It waits for no reader or writer, and none for it. Whatever goes wrong is tried again with the next portion, but for a disk
// that does not confirm: what the next attempt would report cannot be believed.
func (f *folder) fold(c *conn) {
	f.turn.Lock()
	defer f.turn.Unlock()
	err := c.read("PRAGMA wal_checkpoint(PASSIVE)", func(row []driver.Value) error {
		f.long.Store(c == f.c && row[1].(int64) > longLog)
		return nil
	})
	if unsynced(err) {
		f.w.condemn(err)
	}
}

// written is told by the writer after a commit that a portion has been written.
func (f *folder) written() {
	if f.long.Load() {
		f.fold(f.w.c)
		return
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// close waits for the portion that is being folded.
func (f *folder) close() error {
	close(f.wake)
	<-f.ended
	return f.c.close()
}
