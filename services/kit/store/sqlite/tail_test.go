package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"renown.example/kit/store"
)

type note struct {
	Text string `json:"text"`
}

var (
	notes     = store.Define[note](store.Spec{Name: "notes", Feed: true})
	errRefuse = errors.New("refused")
)

// TestTheEndOfAFeedIsRememberedAsItIsStored reads a feed at every place, while rows are added, refused and deleted, from memory and from the file.
func TestTheEndOfAFeedIsRememberedAsItIsStored(t *testing.T) {
	opened, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "tail.db")}, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	db := opened.(*DB)
	tail := &db.tables[notes.Spec()].tail
	random := rand.New(rand.NewPCG(1, 2))
	n, remembered := int64(0), 0
	for range 150 {
		n += grow(t, db, random, n)
		stored := numbers(t, db)
		for _, after := range []int64{0, n / 2, n - 5, n} {
			if _, ok := tail.feed(after, 1); ok {
				remembered++
			}
			rows, err := notes.Feed(t.Context(), db, after, 9)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, row := range rows {
				got = append(got, row.Seq)
			}
			at, _ := slices.BinarySearch(stored, after+1)
			if want := stored[at:min(len(stored), at+9)]; !slices.Equal(got, want) {
				t.Fatalf("after %d the feed has %v, the file %v", after, got, want)
			}
		}
		if tail.size > heaviestTail && len(tail.docs) > 1 {
			t.Fatalf("%d rows of %d bytes are remembered", len(tail.docs), tail.size)
		}
	}
	if remembered == 0 {
		t.Error("nothing was read from memory")
	}
}

// grow adds some rows and now and then deletes one, and often none of it happens. It returns how many it tried to add, behind n.
func grow(t *testing.T, db *DB, random *rand.Rand, n int64) (added int64) {
	t.Helper()
	refuse, cut := random.IntN(4) == 0, random.IntN(20) == 0
	err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
		for range 1 + random.IntN(3) {
			added++
			if _, err := notes.Insert(ctx, tx, fmt.Sprintf("%05d", n+added), note{strings.Repeat("x", random.IntN(100)<<random.IntN(13))}); err != nil {
				return err
			}
		}
		if cut {
			row, err := notes.First(ctx, tx, store.Query{Descending: random.IntN(2) == 0})
			if err == nil {
				err = notes.Delete(ctx, tx, row)
			}
			if err != nil {
				return err
			}
		}
		if refuse {
			return errRefuse
		}
		return nil
	})
	if err != nil && !errors.Is(err, errRefuse) {
		t.Fatal(err)
	}
	return added
}

// numbers returns those of the rows in the file.
func numbers(t *testing.T, db *DB) []int64 {
	t.Helper()
	all, err := db.stored(t.Context(), db.tables[notes.Spec()], 0, store.MaxLimit)
	if err != nil {
		t.Fatal(err)
	}
	numbers := make([]int64, len(all))
	for i, d := range all {
		numbers[i] = d.Seq()
	}
	return numbers
}

// TestAFeedAsItIsStoredIsNeverLate reads a feed between a commit and the moment when its rows are remembered.
func TestAFeedAsItIsStoredIsNeverLate(t *testing.T) {
	opened, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "late.db")}, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	db := opened.(*DB)
	for i := range 2 {
		err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
			_, err := notes.Insert(ctx, tx, fmt.Sprint(i), note{"x"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	tail := &db.tables[notes.Spec()].tail
	tail.docs = tail.docs[:1]
	rows, err1 := notes.Feed(store.Stored(t.Context()), db, 1, 9)
	end, err2 := notes.FeedEnd(t.Context(), db)
	if err := errors.Join(err1, err2); err != nil || len(rows) != 1 || rows[0].Seq != end {
		t.Errorf("%v, %v, and the end is %d", rows, err, end)
	}
}
