package main

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	raw "modernc.org/sqlite"

	"renown.example/kit/store"
	"renown.example/kit/store/sqlite"
)

// storeTask is a comparison of the store with the driver by hand, in a folder of its own.
type storeTask struct {
	Folder string
	// Updates asks for durable updates of distinct rows; else single rows are read.
	Updates  bool
	Rounds   int
	Duration time.Duration
}

// pair is one round of two sides.
type pair struct{ Ours, Base loadResult }

// storeClients is how many ask for updates at the same time, and storeRows how many rows there are.
const (
	storeClients = 64
	storeRows    = 10_000
)

type record struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
	Text  string `json:"text"`
}

var records = store.Define[record](store.Spec{Name: "rows", Indexes: []store.Index{{Name: "kind", Fields: []string{"kind"}}}})

const (
	recordText = "About as much text as a small record of a service holds, in one field, for both."
	recordJSON = `{"kind":"benchmark","count":0,"text":"` + recordText + `"}`
)

func recordID(n int64) string { return fmt.Sprintf("%08d", n) }

// storeRole measures in one process: the store is a library. The sides take turns, each with the other one idle.
func storeRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t storeTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	if err := os.MkdirAll(t.Folder, 0o700); err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(t.Folder, "ours.db")}, records.Spec())
	if err != nil {
		return err
	}
	byHand, err := openByHand(ctx, filepath.Join(t.Folder, "by-hand.db"))
	if err != nil {
		return errors.Join(err, db.Close())
	}
	pairs, err := t.run(ctx, db, byHand)
	if err := errors.Join(err, byHand.Close(), db.Close()); err != nil {
		return err
	}
	return say(pairs)
}

func (t storeTask) run(ctx context.Context, db store.DB, h *byHand) ([]pair, error) {
	if err := errors.Join(fillStore(ctx, db), h.fill()); err != nil {
		return nil, err
	}
	clients, ours, base := 1, readOurs(db), h.read
	if t.Updates {
		clients, ours, base = storeClients, updateOurs(db), h.committed(ctx)
	}
	return alternately(ctx, t.Rounds, t.Duration, clients, ours, base)
}

// alternately measures two sides of one process in turn, each for a tenth of the time first, to warm up.
func alternately(ctx context.Context, rounds int, lasts time.Duration, clients int, ours, base func(n int64) error) ([]pair, error) {
	var pairs []pair
	for round := range rounds {
		var p pair
		sides := []struct {
			do   func(n int64) error
			into *loadResult
		}{{ours, &p.Ours}, {base, &p.Base}}
		if round%2 == 1 {
			slices.Reverse(sides)
		}
		for _, s := range sides {
			for _, d := range []time.Duration{lasts / 10, lasts} {
				r, err := many(ctx, clients, d, s.do)
				if err != nil {
					return nil, err
				}
				*s.into = r
			}
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// counter gives every call of a run a number of its own.
var counter atomic.Int64

// many has clients do something again and again for as long as it lasts.
func many(ctx context.Context, clients int, lasts time.Duration, do func(n int64) error) (loadResult, error) {
	began := clk.Now()
	end := began.Add(lasts)
	all, errs := make([]*client, clients), make([]error, clients)
	var wg sync.WaitGroup
	for i := range clients {
		c := &client{}
		all[i] = c
		wg.Go(func() {
			for ctx.Err() == nil {
				at := clk.Now()
				if !at.Before(end) {
					return
				}
				if errs[i] = do(counter.Add(1)); errs[i] != nil {
					return
				}
				c.took = append(c.took, clk.Now().Sub(at))
			}
		})
	}
	wg.Wait()
	return summary(all, clk.Now().Sub(began), 0), errors.Join(append(errs, ctx.Err())...)
}

func fillStore(ctx context.Context, db store.DB) error {
	return db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		for n := range int64(storeRows) {
			if _, err := records.Insert(ctx, tx, recordID(n), record{Kind: "benchmark", Text: recordText}); err != nil {
				return err
			}
		}
		return nil
	})
}

func readOurs(db store.DB) func(n int64) error {
	return func(n int64) error {
		return db.View(context.Background(), func(ctx context.Context, tx store.Reader) error {
			_, err := records.Get(ctx, tx, recordID(n%storeRows))
			return err
		})
	}
}

func updateOurs(db store.DB) func(n int64) error {
	return func(n int64) error {
		return db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
			row, err := records.GetForUpdate(ctx, tx, recordID(n%storeRows))
			if err != nil {
				return err
			}
			row.Value.Count++
			_, err = records.Put(ctx, tx, row)
			return err
		})
	}
}

// byHand is a connection of the driver with the statements that are needed, prepared: the least that a program must do.
type byHand struct {
	conn          driver.Conn
	insert, read1 driver.Stmt
	row           []driver.Value
}

func openByHand(ctx context.Context, path string) (*byHand, error) {
	if _, err := raw.Fdatasync(true); err != nil { // as our engine does
		return nil, err
	}
	connector, err := raw.NewConnector(path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return nil, err
	}
	h := &byHand{row: make([]driver.Value, 3)}
	if h.conn, err = connector.Connect(ctx); err != nil {
		return nil, err
	}
	for _, text := range []string{
		"CREATE TABLE rows (id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, schema INTEGER NOT NULL, doc TEXT NOT NULL)",
		"CREATE INDEX kind ON rows (json_extract(doc, '$.kind'), id) WHERE json_extract(doc, '$.kind') IS NOT NULL",
	} {
		if err := h.run(text); err != nil {
			return nil, errors.Join(err, h.conn.Close())
		}
	}
	if h.insert, err = h.conn.Prepare("INSERT INTO rows (id, version, schema, doc) VALUES (?, 1, 1, ?)"); err == nil {
		h.read1, err = h.conn.Prepare("SELECT id, version, doc FROM rows WHERE id = ?")
	}
	return h, err
}

// Close releases everything.
func (h *byHand) Close() error {
	return errors.Join(h.insert.Close(), h.read1.Close(), h.conn.Close())
}

func (h *byHand) run(text string) error {
	_, err := h.conn.(driver.ExecerContext).ExecContext(context.Background(), text, nil)
	return err
}

func (h *byHand) add(id string) error {
	_, err := h.insert.(driver.StmtExecContext).ExecContext(context.Background(), []driver.NamedValue{{Ordinal: 1, Value: id}, {Ordinal: 2, Value: recordJSON}})
	return err
}

func (h *byHand) fill() error {
	if err := h.run("BEGIN"); err != nil {
		return err
	}
	for n := range int64(storeRows) {
		if err := h.add(recordID(n)); err != nil {
			return err
		}
	}
	return h.run("COMMIT")
}

// read reads one row.
func (h *byHand) read(n int64) error {
	rows, err := h.read1.(driver.StmtQueryContext).QueryContext(context.Background(), []driver.NamedValue{{Ordinal: 1, Value: recordID(n % storeRows)}})
	if err != nil {
		return err
	}
	return errors.Join(rows.Next(h.row), rows.Close())
}

// committed inserts rows that one goroutine gathers and commits together.
func (h *byHand) committed(ctx context.Context) func(n int64) error {
	type request struct {
		id   string
		done chan error
	}
	queue := make(chan request, storeClients)
	go func() {
		for {
			var batch []request
			select {
			case <-ctx.Done():
				return
			case r := <-queue:
				batch = append(batch, r)
			}
			err := h.run("BEGIN IMMEDIATE")
			for i := 0; i < len(batch) && err == nil; i++ {
				if err = h.add(batch[i].id); err != nil {
					break
				}
				select {
				case r := <-queue:
					batch = append(batch, r)
				default:
				}
			}
			err = errors.Join(err, h.run("COMMIT"))
			for _, r := range batch {
				r.done <- err
			}
		}
	}()
	return func(n int64) error {
		r := request{"new" + recordID(n), make(chan error, 1)}
		queue <- r
		return <-r.done
	}
}

// inStore measures the store against the driver by hand.
func inStore(updates bool) func(ctx context.Context, b *benchmark) (result, error) {
	return func(ctx context.Context, b *benchmark) (result, error) {
		if err := b.halt(); err != nil {
			return result{}, err
		}
		folder, err := os.MkdirTemp(b.keep, "store-")
		if err != nil {
			return result{}, err
		}
		defer os.RemoveAll(folder)
		pairs, err := ask[[]pair](ctx, "bench-store", storeTask{Folder: folder, Updates: updates, Rounds: b.rounds, Duration: b.duration})
		if err != nil {
			return result{}, err
		}
		r := paired(pairs)
		r.Ours.Name, r.Base.Name = "typed contract", "prepared statement"
		if updates {
			r.Base.Name = "inserts by hand"
			r.Notes = []string{"an update reads its row, checks its version and writes it back; the insert by hand knows its bytes beforehand"}
		} else {
			r.Notes = []string{"one client; a view that reads and decodes a row, against a statement whose values are left as they are"}
		}
		return r, nil
	}
}

// paired makes a row of rounds in which both sides were measured; its value is the ratio.
func paired(pairs []pair) result {
	var us, them measured
	var ratios []float64
	for _, p := range pairs {
		us.add(p.Ours)
		them.add(p.Base)
		ratios = append(ratios, p.Ours.perSecond()/p.Base.perSecond())
	}
	base := them.side("")
	return result{Ours: us.side(""), Base: &base, Value: spreadOf(ratios)}
}
