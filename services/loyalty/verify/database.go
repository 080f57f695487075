package verify

import (
	"context"
	"encoding/json"

	"renown.example/kit/store"
)

// Database is a ledger in an open database, on any engine.
type Database struct {
	db     store.DB
	tables map[string]*store.Spec
}

// NewDatabase returns the ledger in a database that was opened with the tables.
func NewDatabase(db store.DB, tables ...*store.Spec) *Database {
	d := &Database{db: db, tables: map[string]*store.Spec{}}
	for _, t := range tables {
		d.tables[t.Name] = t
	}
	return d
}

// View is part of Source.
func (d *Database) View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	return d.db.View(ctx, func(ctx context.Context, tx store.Reader) error { return fn(ctx, snapshot{d, tx}) })
}

// Feed is part of Source. It is what is stored that is verified.
func (d *Database) Feed(ctx context.Context, after int64, limit int) ([]Row, error) {
	docs, err := d.db.Feed(store.Stored(ctx), d.tables[Journal], after, limit)
	if err != nil {
		return nil, err
	}
	return raw(docs)
}

// End is part of Source.
func (d *Database) End(ctx context.Context) (int64, error) {
	return d.db.FeedEnd(ctx, d.tables[Journal])
}

type snapshot struct {
	*Database
	tx store.Reader
}

// Rows is part of Reader.
func (s snapshot) Rows(ctx context.Context, table, from, before string, limit int) ([]Row, error) {
	q := store.Query{Limit: limit}
	if from != "" {
		q.From = from
	}
	if before != "" {
		q.Before = before
	}
	docs, err := s.tx.Find(ctx, s.tables[table], q)
	if err != nil {
		return nil, err
	}
	return raw(docs)
}

func raw(docs []store.Doc) ([]Row, error) {
	rows := make([]Row, len(docs))
	for i, d := range docs {
		var text json.RawMessage
		if err := d.Decode(&text); err != nil {
			return nil, err
		}
		rows[i] = Row{ID: d.ID(), Version: d.Version(), Seq: d.Seq(), Text: text}
	}
	return rows, nil
}
