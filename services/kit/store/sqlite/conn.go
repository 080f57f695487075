package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// conn is one connection with its prepared statements. It talks to the driver directly: database/sql would add a pool, locks and conversions that the engine,
// which has its own single writer and pool of readers, does not need. A conn is used by one goroutine at a time.
type conn struct {
	raw   driver.Conn
	cache map[stmtKey]*stmt
}

// stmtKey tells statements apart without building their text.
type stmtKey struct {
	table *table
	kind  kind
	index string
	// equal is how many leading fields are compared, the flags which optional conditions there are.
	equal                    int
	from, to, through, after bool
	descending               bool
}

type stmt struct {
	driver.Stmt
	args []driver.NamedValue
}

func open(ctx context.Context, path string, pragmas ...string) (*conn, error) {
	q := url.Values{"_pragma": pragmas}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // file:///C:/...
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: q.Encode()}
	connector, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, err
	}
	raw, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{raw: raw, cache: map[stmtKey]*stmt{}}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.cache {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

// prepared returns the statement of the key, whose text is made when it is first needed.
func (c *conn) prepared(k stmtKey, text func() string) (*stmt, error) {
	if s := c.cache[k]; s != nil {
		return s, nil
	}
	raw, err := c.raw.(driver.ConnPrepareContext).PrepareContext(context.Background(), text())
	if err != nil {
		return nil, err
	}
	s := &stmt{Stmt: raw}
	c.cache[k] = s
	return s, nil
}

// exec runs a prepared statement to its end and returns how many rows it changed.
//
// It never carries the caller's cancellation: SQLite answers an interrupted statement inside a savepoint by rolling back the whole transaction, and with it what
// other requests did in the same group commit.
func (s *stmt) exec(args ...any) (int64, error) {
	r, err := s.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// insert runs a prepared statement that adds a row, and returns the row's number.
func (s *stmt) insert(args ...any) (int64, error) {
	r, err := s.Stmt.(driver.StmtExecContext).ExecContext(context.Background(), s.bind(args))
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// query runs a prepared statement and gives each row to scan, which must not keep the slice.
func (s *stmt) query(ctx context.Context, scan func(row []driver.Value) error, args ...any) error {
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, s.bind(args))
	if err != nil {
		return err
	}
	return each(rows, scan)
}

func each(rows driver.Rows, scan func(row []driver.Value) error) error {
	row := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return rows.Close()
		}
		if err == nil {
			err = scan(row)
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
}

func (s *stmt) bind(args []any) []driver.NamedValue {
	s.args = s.args[:0]
	for i, a := range args {
		if b, ok := a.(bool); ok { // JSON's booleans are 0 and 1 in an index over json_extract
			a = int64(0)
			if b {
				a = int64(1)
			}
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s.args
}

// run executes text that is not worth keeping prepared.
func (c *conn) run(text string, args ...any) error {
	_, err := c.raw.(driver.ExecerContext).ExecContext(context.Background(), text, named(args))
	if err != nil {
		return fmt.Errorf("%s: %w", firstLine(text), err)
	}
	return nil
}

func (c *conn) read(text string, scan func(row []driver.Value) error, args ...any) error {
	rows, err := c.raw.(driver.QueryerContext).QueryContext(context.Background(), text, named(args))
	if err != nil {
		return fmt.Errorf("%s: %w", firstLine(text), err)
	}
	return each(rows, scan)
}

func named(args []any) []driver.NamedValue {
	out := make([]driver.NamedValue, len(args))
	for i, a := range args {
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return out
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
