package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
)

// snapshot is how a reading transaction sees one state of the database from its first statement to its end.
//
// Most of them read one row. SQLite keeps the snapshot of a statement for as long as that is not at its end, so the first Get stays where it found its row, and
// BEGIN and COMMIT, which take a third of the time of a read, are left until there is a second statement.
type snapshot struct {
	begun bool
	first driver.Rows
}

// get reads a row by its id, nil if there is none.
func (t *tx) get(tab *table, id string) (*doc, error) {
	if t.writes || t.view.begun || t.view.first != nil {
		if err := t.hold(); err != nil {
			return nil, err
		}
		st, err := t.c.fixed(tab, kindGet)
		if err != nil {
			return nil, err
		}
		rows, row, err := st.one(id)
		if err != nil {
			return nil, err
		}
		if err := rows.Close(); err != nil || row == nil {
			return nil, err
		}
		return scanDoc(row), nil
	}
	st, err := t.c.fixed(tab, kindGetFirst)
	if err != nil {
		return nil, err
	}
	rows, row, err := st.one(id)
	if err != nil {
		return nil, err
	}
	t.view.first = rows
	if row[0] == nil {
		return nil, nil
	}
	return scanDoc(row), nil
}

// hold makes sure that the next statement of a reading transaction sees what the first one saw.
func (t *tx) hold() error {
	if t.writes || t.view.begun {
		return nil
	}
	if err := t.c.do(kindBegin); err != nil {
		return err
	}
	t.view.begun = true
	return t.view.release()
}

// end lets go of the snapshot.
func (t *tx) end() error {
	err := t.view.release()
	if t.view.begun {
		err = errors.Join(err, t.c.do(kindCommit))
	}
	return err
}

func (v *snapshot) release() error {
	if v.first == nil {
		return nil
	}
	rows := v.first
	v.first = nil
	return rows.Close()
}

// one runs a prepared statement that has one row at most and stays at it; row is nil where there is none.
func (s *stmt) one(args ...any) (rows driver.Rows, row []driver.Value, err error) {
	if rows, err = s.Stmt.(driver.StmtQueryContext).QueryContext(context.Background(), s.bind(args)); err != nil {
		return nil, nil, err
	}
	row = make([]driver.Value, len(rows.Columns()))
	switch err := rows.Next(row); {
	case errors.Is(err, io.EOF):
		return rows, nil, nil
	case err != nil:
		return nil, nil, errors.Join(err, rows.Close())
	}
	return rows, row, nil
}
