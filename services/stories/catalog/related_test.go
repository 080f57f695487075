package catalog

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
	"renown.example/stories/taxonomy"
)

// labelled are invented stories, each with the group of those that a reader of one would want to read next. The groups were decided before anything was scored, by what the
// stories are about; industries, products and regions were then given as an editor would give them.
var labelled = []struct{ group, id, title, summary, industry, product, region, use string }{
	{"late", "a1", "Haldor cut late deliveries by a third", "A haulier plans its tours overnight and calls fewer consignees.", "Logistics", "Planner", "North", "Tour planning"},
	{"late", "a2", "Morrow parcels arrive when they were promised", "A parcel service plans tours anew when traffic changes.", "Logistics", "Planner", "South", "Tour planning"},
	{"late", "a3", "Brenn stops re-planning tours by telephone", "Dispatchers of a haulier accept repaired tours.", "Logistics", "Planner", "West", "Tour planning"},
	{"late", "a4", "Ostra delivers furniture at the first attempt", "A furniture shop offers delivery windows that its tours can keep.", "Retail", "Planner", "North", "Tour planning"},
	{"water", "b1", "Tarn Water finds leaks in four days", "A water works repairs mains before they burst.", "Utilities", "Field", "South", "Maintenance"},
	{"water", "b2", "Kelda closes leaks before customers call", "A water company sends the nearest crew to a leak.", "Utilities", "Field", "North", "Maintenance"},
	{"water", "b3", "Lumen brings the light back in two days", "Solar homes are repaired by crews with the right spare parts.", "Utilities", "Field", "Africa", "Maintenance"},
	{"water", "b4", "Vindrad loses fewer crew days to the wind", "Turbine crews are sent out when the weather lets them work.", "Utilities", "Field", "West", "Maintenance"},
	{"care", "c1", "Nurses at Alba spend more time with patients", "A hospital group plans the rounds of its nurses.", "Healthcare", "Rota", "South", "Staff planning"},
	{"care", "c2", "Sankt Veit checks its devices in time", "A hospital keeps the inspections of its medical devices.", "Healthcare", "Field", "West", "Maintenance"},
	{"care", "c3", "Careline fills shifts without telephone calls", "A home care service lets nurses choose their shifts.", "Healthcare", "Rota", "North", "Staff planning"},
	{"care", "c4", "Fewer cancelled operations at Monte Sereno", "A clinic plans staff and theatres in one plan.", "Healthcare", "Rota", "South", "Staff planning"},
	{"city", "d1", "Pine County clears its roads sooner", "Ploughs start where the snow lies deepest.", "Public sector", "Router", "America", "Winter service"},
	{"city", "d2", "Sunde grits icy roads with half the salt", "A town sends its gritters only where the road freezes.", "Public sector", "Router", "North", "Winter service"},
	{"city", "d3", "Book buses reach more villages", "Two libraries on wheels stop at more villages each week.", "Public sector", "Router", "West", "Route design"},
	{"city", "d4", "School buses in Elm arrive together", "A county draws the routes of its school buses anew.", "Public sector", "Router", "America", "Route design"},
}

func shelfOf(t testing.TB) *Catalog {
	t.Helper()
	c := New([]string{"en"}, func(p tables.Published) *storiesv1.PublishedSummary {
		return &storiesv1.PublishedSummary{Name: p.Name(), Title: p.Title}
	})
	var rows []Row
	for i, l := range labelled {
		rows = append(rows, Row{Text: l.id + "/en", Published: tables.Published{Story: l.id, Locale: "en", Edition: "e-" + l.id, Title: l.title, Summary: l.summary, Customer: "Customer " + l.id,
			Industry: []string{l.industry}, Product: []string{l.product}, Region: []string{l.region}, UseCase: []string{l.use}, LiveSince: clock.Millis(1000 + i)}})
	}
	c.Put(rows)
	return c
}

func TestRelatedStoriesAreThoseOfTheSameSubject(t *testing.T) {
	c := shelfOf(t)
	group := map[string]string{}
	for _, l := range labelled {
		group[l.id] = l.group
	}
	right, given := 0, 0
	for _, l := range labelled {
		for _, n := range c.Related(l.id+"/en", 5000) {
			given++
			if group[n.Entry.Published.Story] == l.group {
				right++
			}
			if len(n.Terms)+len(n.Words) == 0 {
				t.Errorf("nothing says why %s stands beside %s", n.Entry.Published.Story, l.id)
			}
		}
	}
	if given < 3*len(labelled)-4 {
		t.Errorf("%d stories stand beside %d", given, len(labelled))
	}
	precision := float64(right) / float64(given)
	t.Logf("precision at 3: %.2f (%d of %d)", precision, right, given)
	if precision < 0.8 {
		t.Errorf("precision at 3 is %.2f, want 0.80", precision)
	}
}

func TestNothingWithdrawnStandsBesideAStory(t *testing.T) {
	c := shelfOf(t)
	before := c.Related("a1/en", 5000)
	c.Put([]Row{{Text: before[0].Entry.Text, Published: tables.Published{Story: before[0].Entry.Published.Story, Locale: "en"}}})
	for _, n := range c.Related("a1/en", 5000) {
		if n.Entry.Text == before[0].Entry.Text {
			t.Errorf("%s was withdrawn and still stands there", n.Entry.Text)
		}
	}
	ending := tables.Published{Story: "z", Locale: "en", Edition: "z", Title: "Tours of a haulier", Industry: []string{"Logistics"}, UseCase: []string{"Tour planning"}, LiveSince: 9000, ConsentEnds: 9500}
	c.Put([]Row{{Text: "z/en", Published: ending}})
	is := func(now clock.Millis) bool {
		return slices.ContainsFunc(c.Related("a1/en", now), func(n Near) bool { return n.Entry.Text == "z/en" })
	}
	if !is(9400) || is(9500) {
		t.Error("what ends by itself does not leave at its end")
	}
	secret := ending
	secret.Story, secret.Edition, secret.Anonymous, secret.ConsentEnds = "y", "y", true, 0
	c.Put([]Row{{Text: "y/en", Published: secret}})
	if len(c.Related("y/en", 9600)) > 0 || slices.ContainsFunc(c.Related("a1/en", 9600), func(n Near) bool { return n.Entry.Text == "y/en" }) {
		t.Error("an anonymous story stands beside others, which could tell whose it is")
	}
}

// Whatever comes and goes, what was given out is still right unless Put named it, or the story that came or went is itself in it.
func TestPutNamesWhatItChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New([]string{"en"}, func(p tables.Published) *storiesv1.PublishedSummary {
			return &storiesv1.PublishedSummary{Name: p.Name()}
		})
		row := func(id int) Row {
			p := tables.Published{Story: fmt.Sprintf("s%02d", id), Locale: "en"}
			if rapid.IntRange(0, 4).Draw(t, "withdrawn") > 0 {
				p.Edition, p.LiveSince = fmt.Sprint("e", rapid.Uint32().Draw(t, "edition")), clock.Millis(rapid.IntRange(1, 50).Draw(t, "since"))
				p.Industry = []string{rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "industry")}
				p.Title = rapid.SampledFrom([]string{"planning tours", "planning shifts", "repairing leaks"}).Draw(t, "title")
			}
			return Row{Text: p.Story + "/en", Published: p}
		}
		ids := func(text string) string {
			var out []string
			for _, n := range c.Related(text, 100) {
				out = append(out, n.Entry.Published.Edition)
			}
			return strings.Join(out, " ")
		}
		given := map[string]string{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			r := row(rapid.IntRange(0, 9).Draw(t, "id"))
			was := ""
			if e := c.byText[r.Text]; e != nil {
				was = e.Published.Edition
			}
			_, _, near := c.Put([]Row{r})
			for text, list := range given {
				story := strings.TrimSuffix(text, "/en")
				concerned := text == r.Text || slices.Contains(near, "stories/"+story) || was != "" && slices.Contains(strings.Fields(list), was)
				if now := ids(text); now != list && !concerned {
					t.Fatalf("beside %s stood %q, now %q, and nobody was told: %v", text, list, now, near)
				}
			}
			clear(given)
			for text := range c.byText {
				given[text] = ids(text)
			}
		}
	})
}

// TestWhatIsNearIsFoundAsIfEveryStoryWereLookedAt lets texts come, change and go, one by one and many at once, and compares what is given out with what looking at each of the
// newest gives: an index that forgets to add, take out or move on says something else.
func TestWhatIsNearIsFoundAsIfEveryStoryWereLookedAt(t *testing.T) {
	some := func(t *rapid.T, label, words string, most int) []string {
		least := rapid.IntRange(0, most).Draw(t, "least") // many words in common count no more than a few
		return rapid.SliceOfNDistinct(rapid.SampledFrom(strings.Fields(words)), least, most, rapid.ID).Draw(t, label)
	}
	row := func(t *rapid.T) Row {
		id := rapid.IntRange(0, 39).Draw(t, "id")
		p := tables.Published{Story: fmt.Sprintf("s%02d", id), Locale: rapid.SampledFrom([]string{"en", "de"}).Draw(t, "locale")}
		if rapid.IntRange(0, 3).Draw(t, "withdrawn") > 0 {
			p.Edition, p.LiveSince = fmt.Sprint(p.Locale, id, "-", rapid.IntRange(0, 2).Draw(t, "edition")), clock.Millis(rapid.IntRange(1, 30).Draw(t, "since"))
			p.Industry, p.UseCase = some(t, "industry", "A B C", 2), some(t, "use", "P Q R S", 2)
			p.Product, p.Region = some(t, "product", "X Y", 1), some(t, "region", "N M", 1)
			p.Title = strings.Join(some(t, "title", "planning tours haulier deliveries delivery nurses patients shifts leaks", 9), " ")
			p.Customer = rapid.SampledFrom([]string{"", "Haulier"}).Draw(t, "customer")
			p.Anonymous = rapid.IntRange(0, 5).Draw(t, "anonymous") == 0
		}
		return Row{Text: p.Story + "/" + p.Locale, Published: p}
	}
	rapid.Check(t, func(t *rapid.T) {
		c := New([]string{"en", "de"}, func(p tables.Published) *storiesv1.PublishedSummary {
			return &storiesv1.PublishedSummary{Name: p.Name()}
		})
		c.within = rapid.IntRange(1, 25).Draw(t, "within")
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			most := rapid.SampledFrom([]int{1, 3, 2 * few}).Draw(t, "most")
			c.Put(rapid.SliceOfNDistinct(rapid.Custom(row), 1, most, func(r Row) string { return r.Text }).Draw(t, "rows"))
			if rapid.IntRange(0, 5).Draw(t, "terms") == 0 {
				c.SetTerms(taxonomy.NewResolver([taxonomy.Count][]taxonomy.Term{}, c.locales))
			}
			for text, e := range c.byText {
				s := c.shelves[e.Published.Locale]
				for _, given := range s.given {
					if slices.ContainsFunc(given, func(n Near) bool { return c.byText[n.Entry.Text] != n.Entry }) {
						t.Fatal("what is gone is still given out")
					}
				}
				s.forget(e) // what was given out stays while nothing nearer comes: here it is found anew
				if got, want := said(c.Related(text, 0)), said(lookedAt(s, e, c.within)); got != want {
					t.Fatalf("beside %s stands %q, want %q", text, got, want)
				}
			}
		}
	})
}

// lookedAt is what is near an entry, by looking at each of the newest.
func lookedAt(s *shelf, e *Entry, within int) []Near {
	var out []Near
	for _, other := range s.order[:min(len(s.order), within)] {
		if n := near(e, e.words(), other); other != e && e.linkable() && other.linkable() && n.score >= leastScore {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, nearer)
	return out[:min(len(out), nearest)]
}

func said(list []Near) string {
	var out []string
	for _, n := range list {
		out = append(out, fmt.Sprint(n.Entry.Published.Edition, n.score, n.Terms, n.Words))
	}
	return strings.Join(out, "; ")
}

// Looks and changes at once: what was given out in between is at the end what looking at each gives, and nothing was lost on the way.
func TestWhatIsNearIsRightHoweverManyAsk(t *testing.T) {
	c := shelfOf(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				for _, l := range labelled {
					for _, n := range c.Related(l.id+"/en", 5000) {
						if len(n.Terms)+len(n.Words) == 0 {
							t.Errorf("nothing says why %s stands beside %s", n.Entry.Text, l.id)
						}
					}
				}
			}
		})
	}
	for i := range 60 {
		l := labelled[i%len(labelled)]
		p := tables.Published{Story: l.id, Locale: "en"}
		if i%3 > 0 {
			p = tables.Published{Story: l.id, Locale: "en", Edition: fmt.Sprint("e", i), Title: l.title, Summary: l.summary, Industry: []string{labelled[i*7%len(labelled)].industry},
				UseCase: []string{l.use}, LiveSince: clock.Millis(2000 + i)}
		}
		c.Put([]Row{{Text: l.id + "/en", Published: p}})
	}
	all.Wait()
	s := c.shelves["en"]
	for text, e := range c.byText {
		if got, want := said(c.Related(text, 0)), said(lookedAt(s, e, c.within)); got != want {
			t.Errorf("beside %s stands %q, want %q", text, got, want)
		}
	}
	if n := len(s.asked.placeOf); n != len(s.given) || len(s.newest.placeOf) != len(s.order) {
		t.Errorf("%d were asked and %d given, %d are the newest of %d", n, len(s.given), len(s.newest.placeOf), len(s.order))
	}
}
