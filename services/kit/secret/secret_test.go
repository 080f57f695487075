package secret_test

import (
	"bytes"
	"context"
	"path/filepath"
	"sync"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/secret"
	"renown.example/kit/store"
	"renown.example/kit/store/sqlite"
)

func open(t *testing.T, path string) store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), sqlite.Options{Path: path}, secret.Table.Spec())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestAKeyIsMadeOnceAndSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	db := open(t, path)
	keys := make([][]byte, 20)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = secret.Ensure(context.Background(), db, clock.System(), "links"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	other, err := secret.Ensure(context.Background(), db, clock.System(), "pages")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, path)
	defer db.Close()
	again, err := secret.Ensure(context.Background(), db, clock.System(), "links")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if len(k) != secret.Size || !bytes.Equal(k, again) {
			t.Errorf("the key is not the same everywhere: %d bytes", len(k))
		}
	}
	if bytes.Equal(other, again) || bytes.Equal(again, make([]byte, secret.Size)) {
		t.Error("keys are not random")
	}
}
