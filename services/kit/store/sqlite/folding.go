package sqlite

import (
	"context"
	"database/sql/driver"
)

// The log is folded into the file beside the writer, in portions: copying pages and waiting for the disk to confirm them would otherwise be added to the time of some
// commit. It can be begun anew only by a writer that finds all of it folded, and under load the last pages never are; so the writer folds the rest itself when the log
// has become long, which by then is little.
const (
	// portion is how many pages are written, by estimate, before a portion is folded.
	portion = 1000
	// longLog, in pages, is when the writer folds the rest.
	longLog = "8000"
)

// folder folds the log.
type folder struct {
	c     *conn
	w     *writer
	wake  chan struct{}
	ended chan struct{}
}

func startFolder(ctx context.Context, w *writer) (*folder, error) {
	c, err := open(ctx, w.db.opts.Path, forgetPragmas...)
	if err != nil {
		return nil, err
	}
	f := &folder{c: c, w: w, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go f.run()
	return f, nil
}

func (f *folder) run() {
	defer close(f.ended)
	for range f.wake {
		// Passive: it waits for nobody and nobody for it, and leaves what a reader still needs. Whatever goes wrong is tried again with the next portion, but for a disk
		// that does not confirm: what the next attempt would report cannot be believed.
		err := f.c.read("PRAGMA wal_checkpoint(PASSIVE)", func([]driver.Value) error { return nil })
		if unsynced(err) {
			f.w.condemn(err)
		}
	}
}

// due has a portion folded soon.
func (f *folder) due() {
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
