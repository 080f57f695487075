package server

import (
	"context"
	"encoding/json"

	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
)

// told is what an entry keeps of the story for whose telling its points are given or taken back. Entries that were decided by more keep it among that.
type told struct {
	Story string `json:"story,omitempty"`
}

// toldFor are the facts of an entry about a story, none without one.
func toldFor(story string) (json.RawMessage, error) {
	if story == "" {
		return nil, nil
	}
	return book.Facts(told{story})
}

// givenFor are the facts of an entry that takes a lot back: the story that the lot was given for.
func givenFor(ctx context.Context, u *book.Unit, w *book.Work, lot ledger.Lot) (json.RawMessage, error) {
	row, err := tables.Journal.Get(ctx, u.Tx, book.EntryID(w.ID, lot.Tx))
	if store.IsNotFound(err) || err == nil && len(row.Value.Facts) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var f told
	if err := json.Unmarshal(row.Value.Facts, &f); err != nil {
		return nil, err
	}
	return toldFor(f.Story)
}
