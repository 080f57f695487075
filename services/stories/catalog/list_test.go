package catalog_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bits-and-blooms/bitset"
	"pgregory.net/rapid"

	"renown.example/kit/clock"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/catalog"
	"renown.example/stories/tables"
	"renown.example/stories/taxonomy"
)

func summary(p tables.Published) *storiesv1.PublishedSummary {
	return &storiesv1.PublishedSummary{Name: "stories/" + p.Story, Title: p.Title}
}

// managed are the terms that the random stories meet: some of their words are labels, aliases or ids of these, in any case, others nobody manages.
var managed = [taxonomy.Count][]taxonomy.Term{
	{{ID: "logistics", Labels: map[string]string{"en": "Logistics", "de": "Logistik"}, Aliases: []string{"Haulage"}}, {ID: "retail", Labels: map[string]string{"en": "Retail trade", "de": "Handel"}}},
	{{ID: "north", Labels: map[string]string{"en": "The North", "de": "Norden"}}},
	{{ID: "routes", Labels: map[string]string{"en": "Route planning"}}},
	{},
}

// writings are words that texts use, with the id that each means.
var writings = [taxonomy.Count][][2]string{
	{{"Logistics", "logistics"}, {"LOGISTIK", "logistics"}, {"haulage", "logistics"}, {"retail", "retail"}, {"Handel", "retail"}, {"Bee keeping", "bee-keeping"}, {"Öffentlicher Dienst", "oeffentlicher-dienst"}},
	{{"the  north", "north"}, {"South", "south"}, {"East", "east"}},
	{{"Route planning", "routes"}, {"Slots", "slots"}, {"Depots", "depots"}, {"Ramps", "ramps"}},
	{{"Home delivery", "home-delivery"}, {"Night shifts", "night-shifts"}, {"home Delivery", "home-delivery"}},
}

// known is a story as the test knows it: by ids, in plain lists.
type known struct {
	catalog.Row
	ids [taxonomy.Count][]string
}

func randomStories(r *rand.Rand, n int) []known {
	out := make([]known, n)
	for i := range out {
		p := tables.Published{
			Story: fmt.Sprintf("s%04d", i), Locale: []string{"en", "de"}[r.IntN(2)], Edition: fmt.Sprintf("e%04d", i), LiveSince: clock.Millis(1000 + r.IntN(200)),
			Title: fmt.Sprint("Story ", i),
		}
		if r.IntN(5) == 0 {
			p.ConsentEnds = clock.Millis(5000 + r.IntN(1000))
		}
		if r.IntN(8) == 0 {
			p.UnpublishAt = clock.Millis(5000 + r.IntN(1000))
		}
		k := known{Row: catalog.Row{Text: p.Story + "/" + p.Locale}}
		for x, list := range []*[]string{&p.Industry, &p.Region, &p.Product, &p.UseCase} {
			for range r.IntN(4) {
				w := writings[x][r.IntN(len(writings[x]))]
				*list = append(*list, w[0])
				if !slices.Contains(k.ids[x], w[1]) {
					k.ids[x] = append(k.ids[x], w[1])
				}
			}
		}
		k.Published = p
		out[i] = k
	}
	return out
}

// passes says whether a story has one of the chosen terms in each taxonomy, that of except aside.
func (k known) passes(chosen [taxonomy.Count][]string, except int) bool {
	for x, ids := range chosen {
		if x != except && len(ids) > 0 && !slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(k.ids[x], id) }) {
			return false
		}
	}
	return true
}

// pick is a search that found what it found.
type pick struct{ slots *bitset.BitSet }

func (p pick) Slots() *bitset.BitSet        { return p.slots }
func (p pick) Score(slot uint) int          { return int(slot % 3) }
func (p pick) Without() []catalog.Remainder { return nil }

// Counts, totals and pages are what going through a thousand stories one by one gives, after many of them came, changed and went.
func TestCountsEqualBruteForce(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 8))
		c := catalog.New([]string{"en", "de"}, summary)
		c.SetTerms(taxonomy.NewResolver(managed, []string{"en", "de"}))
		stories := randomStories(r, 1000)
		var rows []catalog.Row
		for _, k := range stories {
			rows = append(rows, k.Row)
		}
		c.Put(rows)
		// Some go, one by one, and some come back with other facts.
		for i, k := range randomStories(r, 1000)[:100] {
			gone := stories[i].Row
			gone.Published.Edition = ""
			c.Put([]catalog.Row{gone})
			k.Text, k.Published.Edition, k.Published.Locale = gone.Text, fmt.Sprint("again", i), gone.Published.Locale
			c.Put([]catalog.Row{k.Row})
			stories[i] = k
		}
		for _, k := range stories[900:] {
			k.Published.Edition = ""
			c.Put([]catalog.Row{k.Row})
		}
		stories = stories[:900]
		rapid.Check(t, func(t *rapid.T) { compareWithBruteForce(t, c, stories) })
	}
}

func compareWithBruteForce(t *rapid.T, c *catalog.Catalog, stories []known) {
	p := catalog.Params{
		Locale: rapid.SampledFrom([]string{"en", "de", "fr"}).Draw(t, "locale"), Now: clock.Millis(rapid.SampledFrom([]int{4000, 5000, 5500, 6000}).Draw(t, "now")),
		Size: rapid.IntRange(1, 100).Draw(t, "size"),
	}
	for x := range p.Chosen {
		if rapid.Bool().Draw(t, "any") {
			p.Chosen[x] = rapid.SliceOfN(rapid.SampledFrom(append(idsOf(x), "no-such-term")), 1, 3).Draw(t, "chosen")
		}
	}
	found := map[string]bool{}
	searched := rapid.Bool().Draw(t, "searched")
	if searched {
		slots, m := &bitset.BitSet{}, rapid.UintRange(1, 4).Draw(t, "found")
		for _, k := range stories {
			if slot, ok := c.Slot(k.Published.Edition); ok && k.Published.Locale == p.Locale && slot%m == 0 {
				slots.Set(slot)
				found[k.Text] = true
			}
		}
		p.Matches = pick{slots}
	}
	up := slices.DeleteFunc(slices.Clone(stories), func(k known) bool {
		return k.Published.Locale != p.Locale || !k.Published.Live(p.Now) || searched && !found[k.Text]
	})
	got := c.List(p)
	var want []known
	for _, k := range up {
		if k.passes(p.Chosen, -1) {
			want = append(want, k)
		}
	}
	if got.Total != len(want) || got.Found != len(up) {
		t.Fatalf("%d of %d, want %d of %d", got.Total, got.Found, len(want), len(up))
	}
	for x := range got.Facets {
		compareFacet(t, x, got.Facets[x], up, p.Chosen)
	}
	comparePages(t, c, p, want)
}

func idsOf(x int) []string {
	var out []string
	for _, w := range writings[x] {
		out = append(out, w[1])
	}
	return out
}

func compareFacet(t *rapid.T, x int, got []catalog.Count, up []known, chosen [taxonomy.Count][]string) {
	want := map[string]int{}
	for _, id := range chosen[x] {
		want[id] = 0
	}
	for _, k := range up {
		if !k.passes(chosen, x) {
			continue
		}
		for _, id := range k.ids[x] {
			want[id]++
		}
	}
	for i, term := range got {
		n, ok := want[term.ID]
		if !ok || n != term.Entries || term.Selected != slices.Contains(chosen[x], term.ID) || term.Label == "" {
			t.Fatalf("%s: %+v, want %d", taxonomy.Names()[x], term, n)
		}
		if i > 0 && got[i-1].Entries < term.Entries {
			t.Fatalf("%s: %+v stands behind %+v", taxonomy.Names()[x], term, got[i-1])
		}
		delete(want, term.ID)
	}
	if len(want) > 0 {
		t.Fatalf("%s lacks %v", taxonomy.Names()[x], want)
	}
}

func comparePages(t *rapid.T, c *catalog.Catalog, p catalog.Params, want []known) {
	slices.SortFunc(want, func(a, b known) int {
		score := 0
		if p.Matches != nil {
			one, _ := c.Slot(a.Published.Edition)
			other, _ := c.Slot(b.Published.Edition)
			score = cmp.Compare(p.Matches.Score(other), p.Matches.Score(one))
		}
		return cmp.Or(score, cmp.Compare(b.Published.LiveSince, a.Published.LiveSince), strings.Compare(b.Text, a.Text))
	})
	for i := 0; ; {
		page := c.List(p)
		if i < len(want) && len(page.Entries) == 0 || len(page.Entries) > p.Size {
			t.Fatalf("a page of %d after %d of %d", len(page.Entries), i, len(want))
		}
		for _, e := range page.Entries {
			if i >= len(want) || e.Text != want[i].Text {
				t.Fatalf("place %d is %s", i, e.Text)
			}
			i++
		}
		if p.After = page.Next; p.After == "" {
			if i != len(want) {
				t.Fatalf("the pages end after %d of %d", i, len(want))
			}
			return
		}
	}
}

// Terms that change take the stories with them, in every language and without a story being touched.
func TestTermsMoveStories(t *testing.T) {
	c := catalog.New([]string{"en", "de"}, summary)
	row := func(story, locale, industry string) catalog.Row {
		return catalog.Row{Text: story + "/" + locale, Published: tables.Published{Story: story, Locale: locale, Edition: story + locale, LiveSince: 1, Industry: []string{industry}}}
	}
	c.Put([]catalog.Row{row("a", "en", "Shipping"), row("b", "en", "Logistics"), row("a", "de", "Schifffahrt")})
	page := c.List(catalog.Params{Locale: "en", Size: 5, Now: 2})
	if got := fmt.Sprint(page.Facets[0]); got != "[{logistics Logistics 1 false} {shipping Shipping 1 false}]" {
		t.Errorf("before: %s", got)
	}
	c.SetTerms(taxonomy.NewResolver([taxonomy.Count][]taxonomy.Term{{
		{ID: "logistics", Labels: map[string]string{"en": "Logistics and shipping", "de": "Logistik"}, Aliases: []string{"shipping", "Schifffahrt"}},
	}}, []string{"en", "de"}))
	page = c.List(catalog.Params{Locale: "en", Size: 5, Now: 2, Chosen: [taxonomy.Count][]string{{"shipping"}}})
	if got := fmt.Sprint(page.Facets[0]); got != "[{logistics Logistics and shipping 2 true}]" || page.Total != 2 {
		t.Errorf("after: %s, %d", got, page.Total)
	}
	page = c.List(catalog.Params{Locale: "de", Size: 5, Now: 2})
	if got := page.Entries[0].Summary.GetTerms()[0]; got.GetId() != "logistics" || got.GetLabel() != "Logistik" {
		t.Errorf("in German the story belongs to %v", got)
	}
	if uses := c.Uses(); len(uses) != 1 || uses[0].Entries != 3 {
		t.Errorf("uses: %+v", uses)
	}
}
