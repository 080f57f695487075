package sqlite_test

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	raw "modernc.org/sqlite"

	"renown.example/kit/store"
	"renown.example/kit/store/sqlite"
)

// The typed contract is measured against the same driver used by hand. Run: go test -run - -bench . -benchtime 3s ./store/sqlite

type benchRow struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
	Text  string `json:"text"`
}

var benchRows = store.Define[benchRow](store.Spec{Name: "rows", Indexes: []store.Index{{Name: "kind", Fields: []string{"kind"}}}})

const (
	benchClients = 64
	benchCount   = 10_000
)

func benchText() benchRow {
	return benchRow{Kind: "benchmark", Text: "About as much text as a small record of a service holds, in one field, for both."}
}

func benchDB(b *testing.B) store.DB {
	b.Helper()
	db, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "a.db")}, benchRows.Spec())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	err = db.Update(b.Context(), func(ctx context.Context, tx store.Writer) error {
		for i := range benchCount {
			if _, err := benchRows.Insert(ctx, tx, fmt.Sprintf("%08d", i), benchText()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return db
}

// clients runs fn b.N times, spread over the clients.
func clients(b *testing.B, fn func(n int64) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range benchClients {
		wg.Go(func() {
			for {
				n := next.Add(1) - 1
				if n >= int64(b.N) {
					return
				}
				if err := fn(n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func BenchmarkUpdate(b *testing.B) {
	db := benchDB(b)
	clients(b, func(n int64) error {
		return db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
			row, err := benchRows.GetForUpdate(ctx, tx, fmt.Sprintf("%08d", n%benchCount))
			if err != nil {
				return err
			}
			row.Value.Count++
			_, err = benchRows.Put(ctx, tx, row)
			return err
		})
	})
}

func BenchmarkInsert(b *testing.B) {
	db := benchDB(b)
	clients(b, func(n int64) error {
		return db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
			_, err := benchRows.Insert(ctx, tx, fmt.Sprintf("new%08d", n), benchText())
			return err
		})
	})
}

func BenchmarkGet(b *testing.B) {
	db := benchDB(b)
	n := 0
	for b.Loop() {
		n++
		err := db.View(b.Context(), func(ctx context.Context, tx store.Reader) error {
			_, err := benchRows.Get(ctx, tx, fmt.Sprintf("%08d", n%benchCount))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "ops/s")
}

// byHand is a connection of the driver with one prepared statement.
type byHand struct {
	driver.Conn
	stmt driver.Stmt
}

func openByHand(b *testing.B, text string) byHand {
	b.Helper()
	path := filepath.Join(b.TempDir(), "raw.db")
	connector, err := raw.NewConnector(path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	c, err := connector.Connect(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	h := byHand{Conn: c}
	h.exec(b, "CREATE TABLE rows (id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, schema INTEGER NOT NULL, doc TEXT NOT NULL)")
	h.exec(b, "CREATE INDEX kind ON rows (json_extract(doc, '$.kind'), id) WHERE json_extract(doc, '$.kind') IS NOT NULL")
	if h.stmt, err = c.Prepare(text); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = h.stmt.Close() })
	return h
}

func (h byHand) exec(b *testing.B, text string, args ...driver.NamedValue) {
	b.Helper()
	if _, err := h.Conn.(driver.ExecerContext).ExecContext(context.Background(), text, args); err != nil {
		b.Fatal(err)
	}
}

const benchDoc = `{"kind":"benchmark","count":0,"text":"About as much text as a small record of a service holds, in one field, for both."}`

// BenchmarkRawInsert hands rows to one goroutine that commits what has gathered.
func BenchmarkRawInsert(b *testing.B) {
	sqliteSync(b)
	h := openByHand(b, "INSERT INTO rows (id, version, schema, doc) VALUES (?, 1, 1, ?)")
	type request struct {
		id   string
		done chan struct{}
	}
	queue := make(chan request, benchClients)
	go func() {
		for r := range queue {
			h.exec(b, "BEGIN IMMEDIATE")
			var batch []request
			for more := true; more; {
				_, err := h.stmt.(driver.StmtExecContext).ExecContext(context.Background(), []driver.NamedValue{{Ordinal: 1, Value: r.id}, {Ordinal: 2, Value: benchDoc}})
				if err != nil {
					b.Error(err)
				}
				batch = append(batch, r)
				select {
				case r, more = <-queue:
				default:
					more = false
				}
			}
			h.exec(b, "COMMIT")
			for _, r := range batch {
				close(r.done)
			}
		}
	}()
	clients(b, func(n int64) error {
		r := request{fmt.Sprintf("new%08d", n), make(chan struct{})}
		queue <- r
		<-r.done
		return nil
	})
	close(queue)
}

func BenchmarkRawGet(b *testing.B) {
	h := openByHand(b, "SELECT id, version, doc FROM rows WHERE id = ?")
	h.exec(b, "BEGIN")
	for i := range benchCount {
		h.exec(b, "INSERT INTO rows (id, version, schema, doc) VALUES (?, 1, 1, ?)",
			driver.NamedValue{Ordinal: 1, Value: fmt.Sprintf("%08d", i)}, driver.NamedValue{Ordinal: 2, Value: benchDoc})
	}
	h.exec(b, "COMMIT")
	n, row := 0, make([]driver.Value, 3)
	for b.Loop() {
		n++
		rows, err := h.stmt.(driver.StmtQueryContext).QueryContext(context.Background(), []driver.NamedValue{{Ordinal: 1, Value: fmt.Sprintf("%08d", n%benchCount)}})
		if err == nil {
			err = rows.Next(row)
		}
		if err == nil {
			err = rows.Close()
		}
		if err != nil && err != io.EOF {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "ops/s")
}

// sqliteSync gives the driver by hand the same system call for commits.
func sqliteSync(b *testing.B) {
	b.Helper()
	if _, err := raw.Fdatasync(true); err != nil {
		b.Log(err)
	}
}
