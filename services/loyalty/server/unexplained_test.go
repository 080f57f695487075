package server

import (
	"context"
	"testing"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// An entry that cannot be explained says so, in the reader's language, and takes no other's explanation along.
func TestAnEntryThatCannotBeExplainedStandsAlone(t *testing.T) {
	c := newCounter(t)
	if err := c.command(t, func(ctx context.Context, u *book.Unit) error {
		w, err := u.Open(ctx, "customers", c.member, "points")
		if err != nil {
			return err
		}
		tx, err := w.Book.Note(ledger.Step{Now: u.Now})
		if err != nil {
			return err
		}
		u.Post(w, tx).Facts = []byte(`{"of":"nothing-that-is-there"}`)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AdjustPoints(t.Context(), &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: c.member, Points: 5, Reason: "third"}); err != nil {
		t.Fatal(err)
	}
	m, err := read(t.Context(), c.Server, func(ctx context.Context, tx store.Reader) (store.Row[tables.Member], error) {
		return tables.Members.Get(ctx, tx, c.member)
	})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := c.links.Issue(purposeMember, linkSubject(m), c.Clock.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	ctx := auth.With(t.Context(), auth.Identity{Kind: auth.KindLink, Link: token})
	got, err := c.ListStatementEntries(ctx, &loyaltyv1.ListStatementEntriesRequest{Explained: true, Language: "de"})
	if err != nil || len(got.GetEntries()) != 3 || len(got.GetExplanations()) != 3 {
		t.Fatalf("%v, %v", got, err)
	}
	for i, want := range []string{"Von Hand gutgeschrieben: 5 Punkte. Grund: third", "Wie diese Buchung zustande kam, lässt sich zurzeit nicht sagen", "Von Hand gutgeschrieben: 500 Punkte. Grund: A gift"} {
		if x := got.GetExplanations()[i]; x.GetSummary() != want || x.GetUnexplained() != (i == 1) || x.GetLanguage() != "de" {
			t.Errorf("entry %d: %v, want %q", 3-i, x, want)
		}
	}
	if _, err := c.ExplainStatementEntry(ctx, &loyaltyv1.ExplainStatementEntryRequest{Entry: "points-2"}); err == nil {
		t.Error("asked for alone it is explained")
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if got, err := c.ListStatementEntries(gone, &loyaltyv1.ListStatementEntriesRequest{Explained: true}); err == nil || !fault.Has(err, fault.Canceled) && gone.Err() == nil {
		t.Errorf("who went away is told %v, %v", got, err)
	}
}
