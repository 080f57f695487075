package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"sync"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// tx is what closures are given. Its mutex makes it safe to use from several goroutines of one closure, and useless once the closure has returned.
type tx struct {
	db     *DB
	c      *conn
	writes bool
	// remembered are rows that the writer has read before; a reader has none.
	remembered *remembered

	mu sync.Mutex
	// over is set when the closure has returned.
	over bool
	// seen is the number of a commit that it sees with all before it.
	seen int64
	// confirmed says that the disk has confirmed all that a reading transaction sees.
	confirmed bool
	// view is the snapshot that a reading transaction has of the database.
	view snapshot
	// broken is the error after which SQLite may have ended the transaction: no statement may follow it.
	broken error
	// wrote is how many pages its statements have written, by estimate.
	wrote wrote
	// grown is what this transaction has done to feeds.
	grown growths
}

// pageSize is SQLite's usual one.
const pageSize = 4096

var errOver = fault.Internal.New("a transaction was used after its closure had returned")

// use begins one statement: it finds the table and checks what must hold between statements. The caller unlocks t.mu, also after an error.
func (t *tx) use(ctx context.Context, s *store.Spec) (*table, error) {
	t.mu.Lock()
	switch {
	case t.over:
		return nil, errOver
	case t.broken != nil:
		return nil, engineFault(t.broken)
	case ctx.Err() != nil:
		return nil, engineFault(ctx.Err())
	case !t.writes && t.db.closing():
		return nil, errClosed
	}
	return t.db.table(s)
}

// failed notes an error of the engine and turns it into a fault.
func (t *tx) failed(tab *table, err error) error {
	if err == nil {
		return nil
	}
	if t.writes && !harmless(err) {
		t.broken = err
	}
	return engineFault(unique(tab, err))
}

func (t *tx) finish() {
	t.mu.Lock()
	t.over = true
	t.mu.Unlock()
}

// Get implements store.Reader.
func (t *tx) Get(ctx context.Context, s *store.Spec, id string) (store.Doc, error) {
	tab, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if d := t.remembered.get(place{tab, id}); d != nil {
		return d, nil
	}
	found, err := t.get(tab, id)
	if err == nil {
		err = t.confirm(ctx)
	}
	if err != nil {
		return nil, t.failed(tab, err)
	}
	if found == nil {
		return nil, store.ErrRowNotFound(s, id)
	}
	t.remembered.put(place{tab, id}, found)
	return found, nil
}

// GetForUpdate implements store.Writer. There is one writer, so whatever it reads is guarded.
func (t *tx) GetForUpdate(ctx context.Context, s *store.Spec, id string) (store.Doc, error) {
	return t.Get(ctx, s, id)
}

// Find implements store.Reader.
func (t *tx) Find(ctx context.Context, s *store.Spec, q store.Query) ([]store.Doc, error) {
	plan, err := s.Plan(q)
	if err != nil {
		return nil, err
	}
	var docs []store.Doc
	err = t.selectRows(ctx, s, kindFind, &plan, func(row []driver.Value) error {
		docs = append(docs, scanDoc(row))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return docs, nil
}

// Count implements store.Reader.
func (t *tx) Count(ctx context.Context, s *store.Spec, q store.Query) (int64, error) {
	plan, err := s.Plan(q)
	if err != nil {
		return 0, err
	}
	var n int64
	err = t.selectRows(ctx, s, kindCount, &plan, func(row []driver.Value) error {
		n = row[0].(int64)
		return nil
	})
	return n, err
}

func (t *tx) selectRows(ctx context.Context, s *store.Spec, k kind, plan *store.Plan, scan func([]driver.Value) error) error {
	tab, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return err
	}
	if err := t.hold(); err != nil {
		return t.failed(tab, err)
	}
	st, args, err := t.c.selection(tab, k, plan)
	if err != nil {
		return t.failed(tab, err)
	}
	if t.writes {
		return t.failed(tab, st.query(context.Background(), scan, args...))
	}
	if err = st.query(ctx, scan, args...); err == nil {
		err = t.confirm(ctx)
	}
	return t.failed(tab, err)
}

// confirm waits until all that a reading transaction sees is confirmed. Its first statement has decided what that is.
func (t *tx) confirm(ctx context.Context) error {
	if t.writes || t.confirmed {
		return nil
	}
	err := t.db.writer.confirmer.wait(ctx)
	t.confirmed = err == nil
	return err
}

// Insert implements store.Writer.
func (t *tx) Insert(ctx context.Context, s *store.Spec, id string, v any) error {
	text, err := encode(s, id, v)
	if err != nil {
		return err
	}
	tab, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return err
	}
	t.db.marks.note(tab, id)
	st, err := t.c.fixed(tab, kindInsert)
	if err != nil {
		return t.failed(tab, err)
	}
	t.remembered.change(place{tab, id})
	seq, err := st.insert(id, text)
	t.wrote.row(tab, id, text, true)
	if err == nil && s.Feed {
		t.grow(tab, growth{docs: []*doc{{id: id, version: 1, seq: seq, text: text}}})
	}
	return t.failed(tab, err)
}

func (t *tx) grow(tab *table, of growth) {
	if t.grown == nil {
		t.grown = growths{}
	}
	t.grown.add(growths{tab: of})
}

// Replace implements store.Writer.
func (t *tx) Replace(ctx context.Context, s *store.Spec, id string, version int64, v any) error {
	if s.Feed {
		return fault.Internal.New("rows of %s, which is a feed, never change", s.Name)
	}
	text, err := encode(s, id, v)
	if err != nil {
		return err
	}
	return t.change(ctx, s, kindReplace, id, text, id, version)
}

// Delete implements store.Writer.
func (t *tx) Delete(ctx context.Context, s *store.Spec, id string, version int64) error {
	return t.change(ctx, s, kindDelete, id, id, version)
}

// change runs a statement that must change one row; if it changed none, it says why.
func (t *tx) change(ctx context.Context, s *store.Spec, k kind, id string, args ...any) error {
	tab, err := t.use(ctx, s)
	defer t.mu.Unlock()
	if err != nil {
		return err
	}
	t.db.marks.note(tab, id)
	st, err := t.c.fixed(tab, k)
	if err != nil {
		return t.failed(tab, err)
	}
	t.remembered.change(place{tab, id})
	n, err := st.exec(args...)
	text := ""
	if k == kindReplace {
		text = args[0].(string)
	}
	t.wrote.row(tab, id, text, k == kindDelete || len(s.Indexes) > 0)
	if err == nil && n == 1 && s.Feed {
		t.grow(tab, growth{cut: true})
	}
	if err != nil || n == 1 {
		return t.failed(tab, err)
	}
	if st, err = t.c.fixed(tab, kindExists); err != nil {
		return t.failed(tab, err)
	}
	exists := false
	err = st.query(context.Background(), func([]driver.Value) error {
		exists = true
		return nil
	}, id)
	switch {
	case err != nil:
		return t.failed(tab, err)
	case exists:
		return store.ErrRowChanged(s, id)
	}
	return store.ErrRowNotFound(s, id)
}

func encode(s *store.Spec, id string, v any) (string, error) {
	var text []byte
	var err error
	// A Marshaler answers for what it has written: json.Marshal would go through it once more.
	if m, ok := v.(json.Marshaler); ok {
		text, err = m.MarshalJSON()
	} else {
		text, err = json.Marshal(v)
	}
	if err != nil {
		return "", fmt.Errorf("store: table %s: row %q cannot be encoded: %w", s.Name, id, err)
	}
	return string(text), nil
}
