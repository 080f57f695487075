//go:build unix

package crash_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// commonWords are in every tale and in no story of the demo, and tradeOfTales is the industry of all tales.
const commonWords, tradeOfTales = "Strandby halves", "Invented ferries"

// checkFinding checks that search, facets and site maps name what is up, and nothing else. The index of words is kept beside the store and was killed like it, so
// what it lacks or has too much must have come right. The tales have been placed.
func (w *world) checkFinding(ctx context.Context, t *testing.T, tales []*tale) {
	t.Helper()
	want := map[string]bool{}
	for slug, s := range w.listed {
		if s.GetCustomer() == customerOfTales {
			want[slug] = true
		}
	}
	found, err := w.find(ctx, commonWords)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(found, want) {
		t.Errorf("searching finds %q and should find %q", slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(want)))
	}
	reply, err := storiesv1.NewPublishedServiceClient(w.cast.nobody).ListPublishedStories(ctx, &storiesv1.ListPublishedStoriesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	counted := 0
	for _, f := range reply.GetFacets() {
		for _, term := range f.GetTerms() {
			if term.GetLabel() == tradeOfTales {
				counted = int(term.GetCount())
			}
		}
	}
	if counted != len(want) {
		t.Errorf("the facets count %d tales, and %d are up", counted, len(want))
	}
	status, sitemap, err := get(w.at.Website + "/sitemap.xml")
	if err != nil || status != http.StatusOK {
		t.Errorf("the site map answers %d, %v", status, err)
	}
	for _, x := range tales {
		if there := strings.Contains(sitemap, "/stories/"+x.id+"<"); there != want[x.id] {
			t.Errorf("%s is in the site map: %v", x.id, there)
		}
	}
}

// find returns the slugs of all stories that hold the words, once the index says that it is whole.
func (w *world) find(ctx context.Context, words string) (map[string]bool, error) {
	out := map[string]bool{}
	for token := ""; ; {
		reply, err := storiesv1.NewPublishedServiceClient(w.cast.nobody).ListPublishedStories(ctx, &storiesv1.ListPublishedStoriesRequest{Query: words, PageSize: 100, PageToken: token})
		if err != nil {
			return nil, fmt.Errorf("searching: %w", err)
		}
		if reply.GetSearch().GetPartial() {
			select {
			case <-ctx.Done():
				return nil, errors.New("the index of words does not become whole")
			case <-clk.After(20 * time.Millisecond):
			}
			token = ""
			clear(out)
			continue
		}
		if reply.GetSearch().GetCorrectedFrom() != "" {
			return out, nil // nothing holds the words
		}
		for _, s := range reply.GetStories() {
			out[s.GetSlug()] = true
		}
		if token = reply.GetNextPageToken(); token == "" {
			return out, nil
		}
	}
}
