package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"renown.example/kit/store"
	"renown.example/kit/store/sqlite"
	"renown.example/kit/store/storetest"
)

var engine = storetest.Engine{
	Fresh: func(t testing.TB) string { return filepath.Join(t.TempDir(), "data", "test.db") },
	Open: func(ctx context.Context, location string, specs ...*store.Spec) (store.DB, error) {
		return sqlite.Open(ctx, sqlite.Options{Path: location}, specs...)
	},
	Recorded: recorded,
}

func TestMain(m *testing.M) { storetest.Main(m, engine) }

func TestConformance(t *testing.T) { storetest.Run(t, engine) }
