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

// TestTheEndOfAFeedIsRememberedAsItIsStored reads a feed at every place, while rows are added, refused and deleted, from memory and from the file.
func TestTheEndOfAFeedIsRememberedAsItIsStored(t *testing.T) {
	type note struct {
		Text string `json:"text"`
	}
	notes := store.Define[note](store.Spec{Name: "notes", Feed: true})
	opened, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "tail.db")}, notes.Spec())
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	db := opened.(*DB)
	tab := db.tables[notes.Spec()]
	random := rand.New(rand.NewPCG(1, 2))
	refused := errors.New("refused")
	n, remembered := int64(0), 0
	for range 150 {
		refuse, cut := random.IntN(4) == 0, random.IntN(20) == 0
		err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
			for range 1 + random.IntN(3) {
				n++
				if _, err := notes.Insert(ctx, tx, fmt.Sprintf("%05d", n), note{strings.Repeat("x", random.IntN(100)<<(random.IntN(13)))}); err != nil {
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
				return refused
			}
			return nil
		})
		if err != nil && !errors.Is(err, refused) {
			t.Fatal(err)
		}
		all, err := db.stored(t.Context(), tab, 0, store.MaxLimit)
		if err != nil {
			t.Fatal(err)
		}
		stored := make([]int64, len(all))
		for i, d := range all {
			stored[i] = d.Seq()
		}
		for _, after := range []int64{0, n / 2, n - 5, n} {
			if _, ok := tab.tail.feed(after, 1); ok {
				remembered++
			}
			at, _ := slices.BinarySearch(stored, after+1)
			rows, err := notes.Feed(t.Context(), db, after, 9)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, row := range rows {
				got = append(got, row.Seq)
			}
			if want := stored[at:min(len(stored), at+9)]; !slices.Equal(got, want) {
				t.Fatalf("after %d the feed has %v, the file %v", after, got, want)
			}
		}
		if tab.tail.size > heaviestTail && len(tab.tail.docs) > 1 {
			t.Fatalf("%d rows of %d bytes are remembered", len(tab.tail.docs), tab.tail.size)
		}
	}
	if remembered == 0 {
		t.Error("nothing was read from memory")
	}
}
