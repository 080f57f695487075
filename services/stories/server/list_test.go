package server_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/kit/store/enginetest"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
	"renown.example/stories/tables"
)

// shipping is one story of the tests.
func shipping(title, customer, facts, body string) string {
	return fmt.Sprintf("---\nlocale: en\ntitle: %s\nsummary: What came of it.\ncustomer: %s\n%s---\n\n%s\n", title, customer, facts, body)
}

// library publishes four stories, the last of them the newest.
func (r *rig) library() {
	for _, s := range []struct{ id, title, customer, facts, body string }{
		{"harbour", "Fewer late deliveries", "Nordhafen Logistics", "industry: [Logistics]\nregion: [Northern Europe]\nproduct: [Route planning]\nuse_case: [Home delivery]\n", "The harbour plans its lorries overnight. Lorries wait less, lorries drive less."},
		{"bakery", "Bread arrives warm", "Backhaus Tannwald", "industry: [Food and farming]\nregion: [Central Europe]\nproduct: [Route planning, Slot booking]\n", "Twelve lorries leave the bakery at four."},
		{"lifts", "Technicians arrive with the part", "Aarlift", "industry: [Building services]\nregion: [Central Europe]\nproduct: [Field service]\n", "The visits are planned the evening before."},
		{"ferry", "The ferry sails full", "Ytterholm Line", "industry: [Logistics, Passenger transport]\nregion: [Northern Europe]\nproduct: [Slot booking]\n", "Cars no longer wait on the quay of the harbour."},
	} {
		r.write(s.id, shipping(s.title, s.customer, s.facts, s.body))
		r.publish(s.id, "en")
		r.step(time.Minute)
	}
}

func (r *rig) list(req *storiesv1.ListPublishedStoriesRequest) *storiesv1.ListPublishedStoriesResponse {
	r.t.Helper()
	return must(r.published.ListPublishedStories(r.nobody(), req))(r.t)
}

func ids(resp *storiesv1.ListPublishedStoriesResponse) string {
	var out []string
	for _, s := range resp.GetStories() {
		out = append(out, strings.TrimPrefix(s.GetName(), "stories/"))
	}
	return strings.Join(out, " ")
}

// facet writes a facet as "id 2, other 1*", chosen terms with a star.
func facet(resp *storiesv1.ListPublishedStoriesResponse, taxonomy string) string {
	var out []string
	for _, f := range resp.GetFacets() {
		if f.GetTaxonomy() != taxonomy {
			continue
		}
		for _, t := range f.GetTerms() {
			star := ""
			if t.GetSelected() {
				star = "*"
			}
			out = append(out, fmt.Sprintf("%s %d%s", t.GetId(), t.GetCount(), star))
		}
	}
	return strings.Join(out, ", ")
}

func TestFacetsOrWithinAndAcross(t *testing.T) {
	r := newRig(t)
	r.library()
	all := r.list(&storiesv1.ListPublishedStoriesRequest{})
	if got := ids(all); got != "ferry lifts bakery harbour" || all.GetTotalSize() != 4 {
		t.Errorf("the list is %q of %d", got, all.GetTotalSize())
	}
	if got := facet(all, "industry"); got != "logistics 2, building-services 1, food-and-farming 1, passenger-transport 1" {
		t.Errorf("industries: %s", got)
	}
	if got := facet(all, "use_case"); got != "home-delivery 1" {
		t.Errorf("uses: %s", got)
	}
	some := r.list(&storiesv1.ListPublishedStoriesRequest{Industry: []string{"logistics", "food-and-farming"}, Product: []string{"route-planning"}})
	if got := ids(some); got != "bakery harbour" || some.GetTotalSize() != 2 {
		t.Errorf("logistics or food, and route planning: %q of %d", got, some.GetTotalSize())
	}
	// What is chosen in a taxonomy is not held against its own terms.
	if got := facet(some, "industry"); got != "food-and-farming 1*, logistics 1*" {
		t.Errorf("industries with route planning: %s", got)
	}
	if got := facet(some, "product"); got != "route-planning 2*, slot-booking 2" {
		t.Errorf("products of logistics or food: %s", got)
	}
	first := all.GetStories()[0]
	var terms []string
	for _, ref := range first.GetTerms() {
		terms = append(terms, ref.GetTaxonomy()+"/"+ref.GetId()+"="+ref.GetLabel())
	}
	if want := "industry/logistics=Logistics, industry/passenger-transport=Passenger transport, region/northern-europe=Northern Europe, product/slot-booking=Slot booking"; strings.Join(terms, ", ") != want {
		t.Errorf("the ferry's terms are %v", terms)
	}
}

func TestSearch(t *testing.T) {
	r := newRig(t)
	r.library()
	for _, tt := range []struct{ query, want, corrected string }{
		{"harbour", "ferry harbour", ""},
		{"Harbours", "ferry harbour", ""},
		{"HARB", "ferry harbour", ""},
		{"lorry", "harbour bakery", ""},
		{"lorries wait", "harbour", ""},
		{"nordhafen", "harbour", ""},
		{"b", "bakery", ""},
		{"t", "ferry lifts bakery", ""},
		{"tannwlad", "bakery", "tannwlad"},
		{"lorriez", "harbour bakery", "lorriez"},
		{"logistics quay", "ferry", ""},
		{"home delivery", "harbour", ""},
		{"quay bakery", "", ""},
		{"aar", "lifts", ""},
		{"?!", "ferry lifts bakery harbour", ""},
	} {
		resp := r.list(&storiesv1.ListPublishedStoriesRequest{Query: tt.query})
		if got := ids(resp); got != tt.want || resp.GetSearch().GetCorrectedFrom() != tt.corrected || resp.GetSearch().GetPartial() {
			t.Errorf("%q finds %q, %v; want %q", tt.query, got, resp.GetSearch(), tt.want)
		}
	}
	both := r.list(&storiesv1.ListPublishedStoriesRequest{Query: "harbour", Industry: []string{"passenger-transport"}})
	if ids(both) != "ferry" || both.GetTotalSize() != 1 || both.GetSearch().GetTotalSize() != 2 || facet(both, "industry") != "logistics 2, passenger-transport 1*" {
		t.Errorf("harbour among passengers: %v", both)
	}
}

func TestNothingFoundSaysWhatToLeaveOut(t *testing.T) {
	r := newRig(t)
	r.library()
	resp := r.list(&storiesv1.ListPublishedStoriesRequest{Query: "harbour lorries", Industry: []string{"building-services"}, Product: []string{"field-service"}})
	var got []string
	for _, l := range resp.GetLoosenings() {
		got = append(got, fmt.Sprintf("%s|%s|%d", l.GetTaxonomy(), l.GetQuery(), l.GetTotalSize()))
	}
	if want := "*|harbour lorries|1 ||1"; resp.GetTotalSize() != 0 || strings.Join(got, " ") != want {
		t.Errorf("%d found, loosenings %q, want %q", resp.GetTotalSize(), got, want)
	}
	resp = r.list(&storiesv1.ListPublishedStoriesRequest{Query: "quay bakery"})
	got = nil
	for _, l := range resp.GetLoosenings() {
		got = append(got, fmt.Sprintf("%s %d", l.GetQuery(), l.GetTotalSize()))
	}
	if want := []string{"bakery 1", "quay 1"}; !slices.Equal(got, want) {
		t.Errorf("loosenings %q, want %q", got, want)
	}
}

func TestListPages(t *testing.T) {
	r := newRig(t)
	r.library()
	for _, query := range []string{"", "the"} {
		req := &storiesv1.ListPublishedStoriesRequest{PageSize: 1, Query: query}
		var got []string
		for {
			resp := r.list(req)
			got = append(got, ids(resp))
			if req.PageToken = resp.GetNextPageToken(); req.PageToken == "" {
				break
			}
		}
		want := strings.Fields(ids(r.list(&storiesv1.ListPublishedStoriesRequest{Query: query})))
		if !slices.Equal(got, want) || len(got) < 3 {
			t.Errorf("%q in pages of one: %v, at once %v", query, got, want)
		}
	}
	token := r.list(&storiesv1.ListPublishedStoriesRequest{PageSize: 1}).GetNextPageToken()
	for _, changed := range []*storiesv1.ListPublishedStoriesRequest{{Query: "harbour"}, {Industry: []string{"logistics"}}, {Locale: "de"}} {
		changed.PageToken = token
		_, err := r.published.ListPublishedStories(r.nobody(), changed)
		refused(t, err, fault.PageTokenInvalid)
	}
}

// What is withdrawn is gone from list, search and counts with the answer to the withdrawal, and what ends by time at its instant, before any job has run.
func TestWithdrawnIsGoneFromListsAtOnce(t *testing.T) {
	r := newRig(t)
	r.library()
	must(r.review.UnpublishText(r.edda(), &storiesv1.UnpublishTextRequest{Story: "ferry", Locale: "en"}))(t)
	if got := ids(r.list(&storiesv1.ListPublishedStoriesRequest{Query: "harbour"})); got != "harbour" {
		t.Errorf("after the withdrawal the search finds %q", got)
	}
	resp := r.list(&storiesv1.ListPublishedStoriesRequest{Query: "ytterholn"})
	if ids(resp) != "" || resp.GetSearch().GetQuery() != "ytterholn" {
		t.Errorf("a withdrawn customer's name is offered: %v", resp)
	}
	r.write("short", shipping("A short visit", "Kurzweil Works", "industry: [Retail]\n", "It will not stay."))
	r.approve("short", "en")
	r.sign(r.ask("short", "en"))
	until := r.clock.Now().Add(time.Minute)
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: "short", Locale: "en", UnpublishTime: timestamppb.New(until)}))(t)
	if got := r.list(&storiesv1.ListPublishedStoriesRequest{Query: "kurzweil"}); ids(got) != "short" || facet(got, "industry") != "retail 1" {
		t.Errorf("before its end: %v", got)
	}
	r.clock.Step(time.Minute)
	if got := r.list(&storiesv1.ListPublishedStoriesRequest{Query: "kurzweil"}); ids(got) != "" || got.GetTotalSize() != 0 || got.GetSearch().GetTotalSize() != 0 || facet(got, "industry") != "" {
		t.Errorf("at its end: %v", got)
	}
	if got := r.list(&storiesv1.ListPublishedStoriesRequest{}); strings.Contains(ids(got), "short") || strings.Contains(facet(got, "industry"), "retail") || got.GetTotalSize() != 3 {
		t.Errorf("at its end the list is %v", got)
	}
}

// Another replica knows what was acknowledged by this one before it is asked.
func TestReplicasListWhatWasAcknowledged(t *testing.T) {
	db, c := enginetest.Open(t, tables.Specs()...), clock.NewFake(start)
	one, other := rigOn(t, db, c), rigOn(t, db, c)
	one.library()
	if got := ids(other.list(&storiesv1.ListPublishedStoriesRequest{Query: "harbour"})); got != "ferry harbour" {
		t.Errorf("the other replica finds %q", got)
	}
	must(one.review.UnpublishText(one.edda(), &storiesv1.UnpublishTextRequest{Story: "harbour", Locale: "en"}))(t)
	if got := ids(other.list(&storiesv1.ListPublishedStoriesRequest{Query: "harbour"})); got != "ferry" {
		t.Errorf("the other replica finds %q after the withdrawal", got)
	}
}

// shared is a database to which others write: nobody can say how many commits there were.
type shared struct{ store.DB }

// A replica of a database that others write to reads the feed for each question, also where nothing has told it that there is something to read.
func TestAReplicaReadsTheFeedForEachQuestion(t *testing.T) {
	r := newRig(t)
	r.library()
	replica, err := server.New(t.Context(), server.Options{
		DB: shared{r.db}, Clock: r.clock, Logger: slog.New(slog.DiscardHandler), Company: "Holmway", WebsiteURL: "https://holmway.example", Locales: []string{"en"},
	})
	if err != nil {
		t.Fatal(err)
	}
	listed := func() string {
		return ids(must(replica.ListPublishedStories(t.Context(), &storiesv1.ListPublishedStoriesRequest{}))(t))
	}
	if got := listed(); !strings.Contains(got, "harbour") {
		t.Fatalf("the replica lists %q", got)
	}
	must(r.review.UnpublishText(r.edda(), &storiesv1.UnpublishTextRequest{Story: "harbour", Locale: "en"}))(t)
	if got := listed(); strings.Contains(got, "harbour") || got == "" {
		t.Errorf("after the withdrawal the replica lists %q", got)
	}
}

// TestAnAnswerOfHalfAnIndexIsNotKept asks a replica whose index is not there yet: whoever holds its answer asks again soon, since no revision tells that the index is whole.
func TestAnAnswerOfHalfAnIndexIsNotKept(t *testing.T) {
	r := newRig(t)
	r.library()
	starting, err := server.New(t.Context(), server.Options{
		DB: r.db, Clock: r.clock, Logger: slog.New(slog.DiscardHandler), Company: "Holmway", WebsiteURL: "https://holmway.example", Locales: []string{"en"},
	})
	if err != nil {
		t.Fatal(err)
	}
	req := &storiesv1.ListPublishedStoriesRequest{Query: "harbour"}
	half, err := starting.ListPublishedStories(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if until := half.GetNextChangeTime(); !half.GetSearch().GetPartial() || until == nil || until.AsTime().Sub(r.clock.Now()) > time.Second {
		t.Errorf("partial: %v, to be kept until %v", half.GetSearch().GetPartial(), until)
	}
	whole := r.list(req)
	if until := whole.GetNextChangeTime(); whole.GetSearch().GetPartial() || until != nil && until.AsTime().Sub(r.clock.Now()) <= time.Second {
		t.Errorf("of the whole index, partial: %v, to be kept until %v", whole.GetSearch().GetPartial(), until)
	}
}
