package verify

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"renown.example/kit/store"
	"renown.example/kit/store/sqlite"
)

// late is a database whose feed, as it is remembered, has the last commit a moment later than it can be seen by other ways.
type late struct{ store.DB }

func (d late) Feed(ctx context.Context, s *store.Spec, after int64, limit int) ([]store.Doc, error) {
	docs, err := d.DB.Feed(ctx, s, after, limit)
	if !store.IsStored(ctx) && len(docs) > 0 {
		docs = docs[:len(docs)-1]
	}
	return docs, err
}

// An entry that is committed while the ledger is verified is not missed, however late the feed is remembered.
func TestWhatIsStoredIsVerified(t *testing.T) {
	journal := store.Define[struct{ Text string }](store.Spec{Name: Journal, Feed: true})
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "ledger.db")}, journal.Spec())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i := range 3 {
		err := db.Update(t.Context(), func(ctx context.Context, tx store.Writer) error {
			_, err := journal.Insert(ctx, tx, fmt.Sprint(i), struct{ Text string }{"an entry"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	p := part{source: NewDatabase(late{db}, journal.Spec())}
	if _, err := p.unsealed(t.Context(), Cursor{}); err != nil || !p.report.Whole() || p.report.Unsealed != 3 {
		t.Errorf("%+v, %v", p.report, err)
	}
}
