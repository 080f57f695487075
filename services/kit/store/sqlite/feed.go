package sqlite

import (
	"context"
	"database/sql/driver"
	"sync"

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
	var docs []store.Doc
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
	return docs, err
}

// Changed implements store.DB.
func (db *DB) Changed(s *store.Spec) (<-chan struct{}, func()) { return db.topics.subscribe(s) }

// topics are the subscriptions to feeds.
type topics struct {
	mu   sync.Mutex
	subs map[*store.Spec]map[chan struct{}]bool
}

func (t *topics) subscribe(s *store.Spec) (<-chan struct{}, func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subs == nil {
		t.subs = map[*store.Spec]map[chan struct{}]bool{}
	}
	if t.subs[s] == nil {
		t.subs[s] = map[chan struct{}]bool{}
	}
	ch := make(chan struct{}, 1)
	t.subs[s][ch] = true
	return ch, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.subs[s], ch)
	}
}

// announce wakes whoever waits for the tables. A subscriber that has not yet received the last hint needs no second one.
func (t *topics) announce(fed map[*table]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for tab := range fed {
		for ch := range t.subs[tab.spec] {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}
}
