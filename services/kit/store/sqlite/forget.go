package sqlite

import (
	"context"
	"database/sql/driver"

	"renown.example/kit/fault"
)

// Forget implements store.Forgetter. What is deleted is written over in the file, which is what secure_delete is for; the log still has the pages as they were, so it
// is folded into the file and cut to nothing. Writers wait meanwhile.
//
// One thing escapes it: where rows were moved between pages before, a page may keep a copy of one in a place that is not in use. Whatever must not be left is
// therefore kept where rows never move, in a table that is only added to and whose rows do not grow, or hidden under a key that is.
func (db *DB) Forget(ctx context.Context) error {
	if db.closing() {
		return errClosed
	}
	c, err := open(ctx, db.opts.Path, foldPragmas...)
	if err != nil {
		return engineFault(err)
	}
	db.writer.folder.turn.Lock()
	defer db.writer.folder.turn.Unlock()
	busy := int64(1)
	err = c.read("PRAGMA wal_checkpoint(TRUNCATE)", func(row []driver.Value) error {
		busy = row[0].(int64)
		return nil
	})
	if e := c.close(); err == nil {
		err = e
	}
	if err == nil && busy != 0 {
		return fault.Unavailable.New("readers of the database keep its log from being cut")
	}
	return engineFault(err)
}
