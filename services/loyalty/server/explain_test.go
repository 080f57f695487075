package server

import (
	"context"
	"fmt"
	"testing"

	"renown.example/kit/store"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// counted counts the rows that come out of a database.
type counted struct {
	store.Reader
	rows int
}

func (c *counted) Get(ctx context.Context, s *store.Spec, id string) (store.Doc, error) {
	c.rows++
	return c.Reader.Get(ctx, s, id)
}

func (c *counted) Find(ctx context.Context, s *store.Spec, q store.Query) ([]store.Doc, error) {
	docs, err := c.Reader.Find(ctx, s, q)
	c.rows += len(docs)
	return docs, err
}

// However much has happened since lots were issued, why they were frozen and are free again is read from the same few rows.
func TestAnExplanationReadsNoMoreInALongJournal(t *testing.T) {
	c := newCounter(t)
	ctx := t.Context()
	step := func(key string, points int64) {
		t.Helper()
		if _, err := c.AdjustPoints(ctx, &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: c.member, Points: points, Reason: key}); err != nil {
			t.Fatal(err)
		}
	}
	// explained freezes the first two lots and releases them; it returns what the explanations of both entries read.
	explained := func() (rows int) {
		t.Helper()
		held, err := c.FreezePoints(ctx, &loyaltyv1.FreezePointsRequest{Program: "customers", Member: c.member, Lots: []int64{1, 2}, Reason: "A look"})
		if err != nil {
			t.Fatal(err)
		}
		name := held.GetReview().GetName()
		_, err = c.ReleaseReview(ctx, &loyaltyv1.ReleaseReviewRequest{Program: "customers", Review: name[len("programs/customers/reviews/"):], Decision: "All is well"})
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.ListEntries(ctx, &loyaltyv1.ListEntriesRequest{Program: "customers", Member: c.member, PageSize: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list.GetEntries() {
			if kind := e.GetKind(); kind != loyaltyv1.EntryKind_ENTRY_KIND_FREEZE && kind != loyaltyv1.EntryKind_ENTRY_KIND_UNFREEZE {
				t.Fatalf("the last entries are %v", list)
			}
			_, err := read(ctx, c.Server, func(ctx context.Context, tx store.Reader) (*loyaltyv1.Explanation, error) {
				from := &counted{Reader: tx}
				x, err := c.explain(ctx, from, "customers", c.member, fmt.Sprintf("points-%d", e.GetNumber()), "")
				rows += from.rows
				if x.GetPoints() != 507 || len(x.GetParts()) != 2 || x.GetParts()[0].GetPoints()+x.GetParts()[1].GetPoints() != 507 {
					t.Errorf("it says %v", x)
				}
				return x, err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return rows
	}
	step("the second lot", 10)
	step("a part of the first is spent", -3)
	few := explained()
	for n := range 60 {
		step(fmt.Sprint("more ", n), 1)
	}
	if many := explained(); many != few {
		t.Errorf("%d rows are read after sixty more entries, %d before them", many, few)
	}
}
