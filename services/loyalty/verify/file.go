package verify

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"

	// The driver reads the file as it is, without the engine that wrote it.
	_ "modernc.org/sqlite"
)

// File is the service's database on SQLite, read as a file. The service may be running: what is read is one state of it.
type File struct {
	db *sql.DB
	tx *sql.Tx
}

// OpenFile opens the loyalty service's database in a folder, for reading only.
func OpenFile(ctx context.Context, folder string) (*File, error) {
	path, err := filepath.Abs(filepath.Join(folder, "loyalty.db"))
	if err != nil {
		return nil, err
	}
	at := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "mode=ro&_pragma=busy_timeout(5000)&_pragma=query_only(1)"}
	db, err := sql.Open("sqlite", at.String())
	if err != nil {
		return nil, err
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &File{db, tx}, nil
}

// Within returns the ledger as a transaction on its file sees it.
func Within(tx *sql.Tx) *File { return &File{tx: tx} }

// Close closes the file that OpenFile has opened.
func (f *File) Close() error {
	_ = f.tx.Rollback() // nothing was written
	return f.db.Close()
}

// View is part of Source.
func (f *File) View(ctx context.Context, fn func(ctx context.Context, r Reader) error) error {
	return fn(ctx, f)
}

// Rows is part of Reader.
func (f *File) Rows(ctx context.Context, table, from, before string, limit int) ([]Row, error) {
	bound := ""
	if before != "" {
		bound = " AND id < ?3"
	}
	return f.rows(ctx, `SELECT id, version, 0, doc FROM "`+table+`" WHERE id >= ?1`+bound+` ORDER BY id LIMIT ?2`, from, limit, before)
}

// Feed is part of Source.
func (f *File) Feed(ctx context.Context, after int64, limit int) ([]Row, error) {
	return f.rows(ctx, `SELECT id, version, seq, doc FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2`, after, limit)
}

// End is part of Source. The file keeps it apart from the rows.
func (f *File) End(ctx context.Context) (end int64, err error) {
	err = f.tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'journal'`).Scan(&end)
	return end, err
}

func (f *File) rows(ctx context.Context, query string, args ...any) (out []Row, err error) {
	rows, err := f.tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closed := rows.Close(); err == nil {
			err = closed
		}
	}()
	for rows.Next() {
		var r Row
		if err := rows.Scan(&r.ID, &r.Version, &r.Seq, &r.Text); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
