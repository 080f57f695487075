package gateway

import (
	"fmt"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/gateway/compact"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// A list of kept summaries has the bytes that it would have if all of it were written anew, also after a summary has changed.
func TestKeptSummariesHaveTheSameBytes(t *testing.T) {
	r := &rendered{}
	for round := range 3 {
		for n := range 4 {
			m := &storiesv1.ListPublishedStoriesResponse{TotalSize: int32(n), Locale: "en", Facets: []*storiesv1.Facet{{Taxonomy: "industry", Terms: []*storiesv1.FacetTerm{{Id: "a", Label: "<A> & \"b\"", Count: 3}}}}}
			for i := range n {
				m.Stories = append(m.Stories, &storiesv1.PublishedSummary{
					Name: fmt.Sprint("stories/", i), Title: fmt.Sprintf("The %d. “title”, of round %d", i, round/2), PublishTime: &timestamppb.Timestamp{Seconds: 1_777_000_000},
					Terms: []*storiesv1.TermRef{{Taxonomy: "industry", Id: "a", Label: "A"}},
				})
			}
			want, err := compact.JSON(m)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := r.list(m)
			if !ok || string(got) != string(want) {
				t.Errorf("round %d, %d stories: %t\n%s\nwant\n%s", round, n, ok, got, want)
			}
			if len(m.GetStories()) != n {
				t.Errorf("the message has %d stories afterwards", len(m.GetStories()))
			}
		}
	}
	for i := range mostRendered + 10 {
		if _, err := r.summary([]byte(fmt.Sprint(i)), &storiesv1.PublishedSummary{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.json) > mostRendered {
		t.Errorf("%d summaries are kept", len(r.json))
	}
}
