package sqlite

import (
	"context"
	"database/sql/driver"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// Feed implements store.DB.
func (db *DB) Feed(ctx context.Context, s *store.Spec, after int64, limit int) ([]store.Doc, error) {
	t, err := db.table(s)
	if err != nil {
		return nil, err
	}
	if !s.Feed {
		return nil, fault.Internal.New("table %s is not declared as a feed", s.Name)
	}
	if limit <= 0 || limit > store.MaxLimit {
		limit = store.MaxLimit
	}
	if db.closing() {
		return nil, errClosed
	}
	if !store.IsStored(ctx) {
		if docs, known := t.tail.feed(after, limit); known {
			return docs, nil
		}
	}
	return db.stored(ctx, t, after, limit)
}

// stored reads a feed from the file.
func (db *DB) stored(ctx context.Context, t *table, after int64, limit int) (docs []store.Doc, err error) {
	err = db.reading(ctx, func(c *conn) error {
		st, err := c.fixed(t, kindFeed)
		if err != nil {
			return engineFault(err)
		}
		return engineFault(st.query(context.Background(), func(row []driver.Value) error {
			docs = append(docs, scanDoc(row))
			return nil
		}, after, int64(limit)))
	})
	if err == nil {
		err = db.writer.confirmer.wait(ctx)
	}
	return docs, err
}

// FeedEnd implements store.DB.
func (db *DB) FeedEnd(ctx context.Context, s *store.Spec) (int64, error) {
	t, err := db.table(s)
	if err != nil {
		return 0, err
	}
	if !s.Feed {
		return 0, fault.Internal.New("table %s is not declared as a feed", s.Name)
	}
	var end int64
	err = db.reading(ctx, func(c *conn) error {
		st, err := c.fixed(t, kindFeedEnd)
		if err != nil {
			return engineFault(err)
		}
		return engineFault(st.query(context.Background(), func(row []driver.Value) error {
			end, _ = row[0].(int64)
			return nil
		}))
	})
	if err == nil {
		err = db.writer.confirmer.wait(ctx)
	}
	return end, err
}

// Changed implements store.DB.
func (db *DB) Changed(s *store.Spec) (<-chan struct{}, func()) { return db.topics.Subscribe(s) }

// Commits implements store.SoleWriter: the lock beside the file sees to it.
func (db *DB) Commits() (begun, seen int64) {
	seen = db.seen.Load() // first: it never overtakes the other
	return db.begun.Load(), seen
}
