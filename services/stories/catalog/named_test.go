package catalog_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/stories/catalog"
	"renown.example/stories/tables"
	"renown.example/stories/taxonomy"
)

// Page after page, from wherever one begins, there is what is up at an instant, each text once and story by story; what came, changed its public name or went meanwhile
// stands where it belongs.
func TestNamesAreThoseOfWhatIsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := catalog.New([]string{"en", "de"}, summary)
		up := map[string]catalog.Row{}
		row := rapid.Custom(func(t *rapid.T) catalog.Row {
			p := tables.Published{Story: rapid.SampledFrom([]string{"a", "a-b", "a.b", "ab", "abc", "b", "b0", "c", "c-", "d"}).Draw(t, "story"), Locale: rapid.SampledFrom([]string{"de", "en", "en-gb", "fr", "pt"}).Draw(t, "locale")}
			if rapid.IntRange(0, 3).Draw(t, "withdrawn") > 0 {
				p.Edition, p.ConsentEnds = fmt.Sprint(p.Story, p.Locale), clock.Millis(rapid.SampledFrom([]int{0, 0, 100, 300}).Draw(t, "ends"))
				p.Industry = []string{"haulage"}
			}
			p.Slug = p.Story + rapid.SampledFrom([]string{"", "-anew"}).Draw(t, "slug")
			if rapid.IntRange(0, 2).Draw(t, "anonymous") == 0 {
				p.Alias = "aa-" + p.Story
			}
			return catalog.Row{Text: p.Story + "/" + p.Locale, Published: p}
		})
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			for _, r := range put(t, c, row) {
				if up[r.Text] = r; r.Published.Edition == "" {
					delete(up, r.Text)
				}
			}
			if rapid.IntRange(0, 5).Draw(t, "terms") == 0 {
				c.SetTerms(taxonomy.NewResolver(managed, []string{"en", "de"}))
			}
		}
		isFound(t, c, up)
		from, size := rapid.SampledFrom([]string{"", "a", "a-b", "aa", "b", "zz"}).Draw(t, "from"), rapid.IntRange(1, 5).Draw(t, "size")
		var want []tables.Published
		for _, r := range up {
			if name := cmp.Or(r.Published.Alias, r.Published.Story); r.Published.Live(200) && name >= from {
				want = append(want, r.Published)
			}
		}
		slices.SortFunc(want, func(a, b tables.Published) int {
			return cmp.Or(cmp.Compare(a.Name(), b.Name()), cmp.Compare(a.Locale, b.Locale))
		})
		var got []tables.Published
		for after := ""; ; {
			page, next := c.Named(from, after, size, 200)
			for _, e := range page {
				got = append(got, e.Published)
				if now := c.Terms(e.Text); !slices.Equal(e.Summary.GetTerms(), now) {
					t.Fatalf("%s has the terms %v, want %v", e.Text, e.Summary.GetTerms(), now)
				}
			}
			if next == "" {
				break
			}
			if after = next; len(page) != size || len(got) > len(want) {
				t.Fatalf("%d of %d are on a page that is not the last, and %d of %d so far", len(page), size, len(got), len(want))
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("from %q on they are\n%v, want\n%v", from, got, want)
		}
	})
}

// put brings rows in, one or many.
func put(t *rapid.T, c *catalog.Catalog, row *rapid.Generator[catalog.Row]) []catalog.Row {
	n := rapid.SampledFrom([]int{1, 35}).Draw(t, "n")
	rows := rapid.SliceOfNDistinct(row, n, n, func(r catalog.Row) string { return r.Text }).Draw(t, "rows")
	c.Put(rows)
	return rows
}

// isFound compares what is found by addresses and by stories with what is up.
func isFound(t *rapid.T, c *catalog.Catalog, up map[string]catalog.Row) {
	found, languages := map[string]bool{}, map[string]int{}
	for text, r := range up {
		p := r.Published
		found[p.Locale+"/"+p.Slug] = true
		if e := c.At(p.Locale, p.Slug); e == nil || e.Text != text || !slices.Equal(e.Summary.GetTerms(), c.Terms(text)) {
			t.Fatalf("at %s in %s is %v, want %s", p.Slug, p.Locale, e, text)
		}
		languages[p.Story]++
	}
	for _, r := range up {
		for _, slug := range []string{r.Published.Story, r.Published.Story + "-anew"} {
			if e := c.At(r.Published.Locale, slug); e != nil && !found[r.Published.Locale+"/"+slug] {
				t.Fatalf("at %s is %s", slug, e.Text)
			}
		}
		list := c.Languages(r.Published.Story)
		if len(list) != languages[r.Published.Story] || slices.ContainsFunc(list, func(e *catalog.Entry) bool { return fmt.Sprint(e.Row) != fmt.Sprint(up[e.Text]) }) {
			t.Fatalf("the languages of %s are %v", r.Published.Story, list)
		}
	}
}

// Two stories exchange their addresses; the catalogue may hear of one before the other.
func TestAddressesAreExchanged(t *testing.T) {
	c := catalog.New([]string{"en"}, summary)
	row := func(story, slug string) catalog.Row {
		return catalog.Row{Text: story + "/en", Published: tables.Published{Story: story, Locale: "en", Edition: "e-" + story, Slug: slug}}
	}
	c.Put([]catalog.Row{row("a", "one"), row("b", "two")})
	c.Put([]catalog.Row{row("a", "two")})
	c.Put([]catalog.Row{row("b", "one")})
	if a, b := c.At("en", "two"), c.At("en", "one"); a == nil || b == nil || a.Text != "a/en" || b.Text != "b/en" {
		t.Errorf("at two is %v, at one %v", a, b)
	}
}
