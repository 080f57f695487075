package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"renown.example/kit/store"
	"renown.example/kit/store/sqlite"
)

// TestTheLogIsBegunAnew writes without a pause what would fill the log several times over: it is folded meanwhile, and begun anew when it is long.
func TestTheLogIsBegunAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	large := store.Define[note](store.Spec{Name: "large"})
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path}, large.Spec())
	if err != nil {
		t.Fatal(err)
	}
	const rows, size = 600, 250_000 // 150 MB, three times what the log may hold
	text := strings.Repeat("x", size)
	longest := int64(0)
	for n := range rows {
		err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
			_, err := large.Insert(ctx, tx, fmt.Sprint(n), note{text})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		log, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		longest = max(longest, log.Size())
	}
	if longest > 66<<20 {
		t.Errorf("the log grew to %d bytes", longest)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if file, err := os.Stat(path); err != nil || file.Size() < rows*size {
		t.Errorf("the file has %d bytes, %v", file.Size(), err)
	}
}
