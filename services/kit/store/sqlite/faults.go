package sqlite

import (
	"context"
	"errors"
	"strings"

	"modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return codes.SQLITE_OK
}

// engineFault turns an error of SQLite or of a context into a fault, by its typed code. Other errors pass unchanged.
func engineFault(err error) error {
	if _, is := fault.As(err); is || err == nil {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fault.Canceled.New("the caller went away").Wrap(err)
	case errors.Is(err, context.DeadlineExceeded):
		return fault.DeadlineExceeded.New("the time for this request is over").Wrap(err)
	}
	c := code(err)
	switch {
	case c == codes.SQLITE_OK:
		return err
	case c == codes.SQLITE_FULL, c == codes.SQLITE_IOERR_SHMSIZE:
		return fault.StorageFull.New("the disk or the database's bound is full").Wrap(err)
	case c == codes.SQLITE_TOOBIG:
		return fault.TooLarge.New("the document is larger than the database can hold").Wrap(err)
	case c&0xff == codes.SQLITE_BUSY, c&0xff == codes.SQLITE_LOCKED:
		return fault.Unavailable.New("the database file is locked by another program").Wrap(err)
	case c&0xff == codes.SQLITE_IOERR, c&0xff == codes.SQLITE_CANTOPEN, c&0xff == codes.SQLITE_NOMEM:
		return fault.Unavailable.New("the database file cannot be read or written").Wrap(err)
	}
	return fault.Internal.New("the database refused a statement").Wrap(err)
}

// unique turns the violation of a unique index into store.ErrUnique. SQLite tells the kind by code, but the index only in its message:
// "UNIQUE constraint failed: index 'stories__slug'" for an index over expressions, "UNIQUE constraint failed: stories.id" for the id.
func unique(t *table, err error) error {
	switch code(err) {
	case codes.SQLITE_CONSTRAINT_UNIQUE, codes.SQLITE_CONSTRAINT_PRIMARYKEY:
	default:
		return err
	}
	for _, ix := range t.spec.Indexes {
		if strings.Contains(err.Error(), "index '"+t.indexName(ix)+"'") {
			return store.ErrUnique(t.spec, ix.Name).Wrap(err)
		}
	}
	return store.ErrUnique(t.spec, "id").Wrap(err)
}

// harmless reports whether SQLite undid no more than the statement that failed, so that the transaction goes on. After any other error the transaction may be
// gone, and further statements would commit by themselves.
func harmless(err error) bool { return err == nil || code(err)&0xff == codes.SQLITE_CONSTRAINT }

// unsynced reports whether the operating system refused to say that data is on the disk. What the next attempt would then report cannot be believed: the kernel
// forgets the pages it failed to write.
func unsynced(err error) bool {
	switch code(err) {
	case codes.SQLITE_IOERR_FSYNC, codes.SQLITE_IOERR_DIR_FSYNC:
		return true
	}
	return false
}
