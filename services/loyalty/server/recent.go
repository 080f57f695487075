package server

import (
	"context"
	"slices"
	"sync"

	"renown.example/kit/store"
	"renown.example/loyalty/tables"
)

// mostRecent bounds how many entries of the journal are remembered.
const mostRecent = 1000

// recent remembers the end of the journal. Its followers read the same entries one after the other; so they are read and decoded once. It is for a database to which
// no other process writes: there what is behind the last entry was committed after it. Nobody may change what it returns.
type recent struct {
	mu sync.Mutex
	// after is the number behind which rows has every entry up to its last.
	after int64
	rows  []store.Row[tables.Entry]
}

// feed returns up to limit entries after a number, by read where it does not remember them.
func (r *recent) feed(after int64, limit int, read func() ([]store.Row[tables.Entry], error)) ([]store.Row[tables.Entry], error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.after
	if n := len(r.rows); n > 0 {
		last = r.rows[n-1].Seq
	}
	if r.after <= after && after < last {
		i, _ := slices.BinarySearchFunc(r.rows, after+1, func(row store.Row[tables.Entry], seq int64) int { return int(row.Seq - seq) })
		return slices.Clip(r.rows[i:min(len(r.rows), i+limit)]), nil
	}
	rows, err := read()
	if err != nil || len(rows) == 0 || after < last { // of who is far behind nothing is remembered
		return rows, err
	}
	if after > last {
		r.rows, r.after = nil, after
	}
	r.keep(rows)
	return rows, nil
}

// keep adds entries behind the last one, and forgets the oldest beyond the bound. What was returned before keeps its entries: it ends where it was cut.
func (r *recent) keep(rows []store.Row[tables.Entry]) {
	r.rows = append(r.rows, rows...)
	if over := len(r.rows) - mostRecent; over > 0 {
		r.after = r.rows[over-1].Seq
		r.rows = r.rows[over:]
	}
}

// journal is the source of the service's own followers. None of them has a use for the changes of lots.
func (s *Server) journal(ctx context.Context, after int64, limit int) ([]store.Row[tables.Entry], error) {
	read := func() ([]store.Row[tables.Entry], error) {
		brief, err := tables.Briefly.Feed(ctx, s.DB, after, limit)
		rows := make([]store.Row[tables.Entry], len(brief))
		for i, row := range brief {
			rows[i] = store.Row[tables.Entry]{ID: row.ID, Version: row.Version, Seq: row.Seq, Value: row.Value.Entry}
		}
		return rows, err
	}
	if store.Sole(s.DB) == nil {
		return read()
	}
	return s.recent.feed(after, limit, read)
}
