package sqlite_test

import (
	"database/sql"
	_ "embed"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// recordedV1 is the whole content of a database that an older program wrote.
//
//go:embed testdata/recorded_v1.sql
var recordedV1 string

func recorded(t testing.TB, location string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(location), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", location)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(recordedV1)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}
