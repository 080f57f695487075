package store

import (
	"context"
	"fmt"
)

// Table is a typed table: T is a struct whose json tags name the stored fields.
type Table[T any] struct{ spec *Spec }

// Define declares a table. It panics on a declaration that no engine could keep: declarations are program text.
func Define[T any](s Spec) *Table[T] {
	if err := s.check(); err != nil {
		panic("store: " + err.Error())
	}
	return &Table[T]{spec: &s}
}

// As is a table whose records are read as another type, which leaves out what its reader has no use for.
func As[U, T any](t *Table[T]) *Table[U] { return &Table[U]{spec: t.spec} }

// Row is a record with its id and version.
type Row[T any] struct {
	ID      string
	Version int64
	// Seq is the row's place in the table's feed; 0 unless it was read through Feed.
	Seq   int64
	Value T
}

// Page is one answer of Find.
type Page[T any] struct {
	Rows []Row[T]
	// Next is the position for Query.After of the following page, "" at the end.
	Next string
}

// Spec returns the declaration, for opening a database.
func (t *Table[T]) Spec() *Spec { return t.spec }

// Get reads a row. fault.NotFound if there is none.
func (t *Table[T]) Get(ctx context.Context, tx Reader, id string) (Row[T], error) {
	d, err := tx.Get(ctx, t.spec, id)
	return t.row(d, err)
}

// GetForUpdate reads a row on which the update's decision rests.
func (t *Table[T]) GetForUpdate(ctx context.Context, tx Writer, id string) (Row[T], error) {
	d, err := tx.GetForUpdate(ctx, t.spec, id)
	return t.row(d, err)
}

// Insert adds a row. fault.AlreadyExists if the id or a unique index is taken.
func (t *Table[T]) Insert(ctx context.Context, tx Writer, id string, v T) (Row[T], error) {
	if err := tx.Insert(ctx, t.spec, id, &v); err != nil {
		return Row[T]{}, err
	}
	return Row[T]{ID: id, Version: 1, Value: v}, nil
}

// Put writes the row back if it was not changed since it was read. fault.EtagMismatch if it was.
func (t *Table[T]) Put(ctx context.Context, tx Writer, r Row[T]) (Row[T], error) {
	if err := tx.Replace(ctx, t.spec, r.ID, r.Version, &r.Value); err != nil {
		return Row[T]{}, err
	}
	r.Version++
	return r, nil
}

// Delete removes the row if it was not changed since it was read.
func (t *Table[T]) Delete(ctx context.Context, tx Writer, r Row[T]) error {
	return tx.Delete(ctx, t.spec, r.ID, r.Version)
}

// Find returns one page of the rows that q selects.
func (t *Table[T]) Find(ctx context.Context, tx Reader, q Query) (Page[T], error) {
	if q.Limit <= 0 || q.Limit > MaxLimit {
		q.Limit = MaxLimit
	}
	want := q.Limit
	q.Limit = want + 1
	docs, err := tx.Find(ctx, t.spec, q)
	if err != nil {
		return Page[T]{}, err
	}
	var p Page[T]
	for i, d := range docs {
		if i == want {
			if p.Next, err = position(t.spec, q.Index, docs[want-1]); err != nil {
				return Page[T]{}, err
			}
			break
		}
		r, err := t.row(d, nil)
		if err != nil {
			return Page[T]{}, err
		}
		p.Rows = append(p.Rows, r)
	}
	return p, nil
}

// First returns the first row that q selects. fault.NotFound if there is none.
func (t *Table[T]) First(ctx context.Context, tx Reader, q Query) (Row[T], error) {
	q.Limit = 1
	docs, err := tx.Find(ctx, t.spec, q)
	if err != nil {
		return Row[T]{}, err
	}
	if len(docs) == 0 {
		return Row[T]{}, ErrRowNotFound(t.spec, fmt.Sprint(q.Equal...))
	}
	return t.row(docs[0], nil)
}

// Count returns how many rows q selects, Limit and After ignored.
func (t *Table[T]) Count(ctx context.Context, tx Reader, q Query) (int64, error) {
	return tx.Count(ctx, t.spec, q)
}

// Feed reads the table in commit order: see DB.Feed.
func (t *Table[T]) Feed(ctx context.Context, db DB, after int64, limit int) ([]Row[T], error) {
	docs, err := db.Feed(ctx, t.spec, after, limit)
	if err != nil {
		return nil, err
	}
	rows := make([]Row[T], 0, len(docs))
	for _, d := range docs {
		r, err := t.row(d, nil)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// FeedEnd returns the last sequence number of the table's feed: see DB.FeedEnd.
func (t *Table[T]) FeedEnd(ctx context.Context, db DB) (int64, error) { return db.FeedEnd(ctx, t.spec) }

func (t *Table[T]) row(d Doc, err error) (Row[T], error) {
	if err != nil {
		return Row[T]{}, err
	}
	r := Row[T]{ID: d.ID(), Version: d.Version(), Seq: d.Seq()}
	if err := d.Decode(&r.Value); err != nil {
		return Row[T]{}, fmt.Errorf("store: table %s: row %q cannot be decoded: %w", t.spec.Name, d.ID(), err)
	}
	return r, nil
}
