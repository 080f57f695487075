package public

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// The bounds of what a list is asked for, as the stories service has them.
const (
	maxQuery  = 200
	maxChosen = 32
	maxTerm   = 80
)

// facetNames are the taxonomies by which an index can be narrowed, as addresses name them.
var facetNames = []string{"industry", "region", "product", "use_case"}

// finding is what somebody looks for among the stories: words, and terms of taxonomies.
type finding struct {
	words  string
	chosen map[string][]string
	// after is the token of the page before.
	after string
}

// findingOf reads the query of an address. What is none of ours, or out of all bounds, is left out.
func findingOf(q url.Values) finding {
	f := finding{words: strings.Join(strings.Fields(q.Get("q")), " "), chosen: map[string][]string{}, after: q.Get("page")}
	for utf8.RuneCountInString(f.words) > maxQuery {
		_, size := utf8.DecodeLastRuneInString(f.words)
		f.words = f.words[:len(f.words)-size]
	}
	for _, name := range facetNames {
		ids := slices.DeleteFunc(slices.Clone(q[name]), func(id string) bool { return id == "" || len(id) > maxTerm })
		slices.Sort(ids)
		if ids = slices.Compact(ids); len(ids) > 0 {
			f.chosen[name] = ids[:min(len(ids), maxChosen)]
		}
	}
	return f
}

// narrowed reports whether anything is left out of the list.
func (f finding) narrowed() bool { return f.words != "" || len(f.chosen) > 0 }

// values are the finding as the query of an address, in one order.
func (f finding) values() url.Values {
	v := url.Values{}
	if f.words != "" {
		v.Set("q", f.words)
	}
	for name, ids := range f.chosen {
		v[name] = ids
	}
	if f.after != "" {
		v.Set("page", f.after)
	}
	return v
}

// address is where the finding is looked at.
func (f finding) address(index string) string {
	if v := f.values(); len(v) > 0 {
		return index + "?" + v.Encode()
	}
	return index
}

// first is the finding's first page.
func (f finding) first() finding {
	f.after = ""
	return f
}

// without leaves out a term, or with an empty id a whole taxonomy.
func (f finding) without(taxonomy, id string) finding {
	out := finding{words: f.words, chosen: map[string][]string{}}
	for name, ids := range f.chosen {
		if name == taxonomy {
			if ids = slices.DeleteFunc(slices.Clone(ids), func(one string) bool { return id == "" || one == id }); len(ids) == 0 {
				continue
			}
		}
		out.chosen[name] = ids
	}
	return out
}

// request asks for it in a language.
func (f finding) request(locale string) *storiesv1.ListPublishedStoriesRequest {
	return &storiesv1.ListPublishedStoriesRequest{
		Locale: locale, PageSize: onIndex, PageToken: f.after, Query: f.words,
		Industry: f.chosen["industry"], Region: f.chosen["region"], Product: f.chosen["product"], UseCase: f.chosen["use_case"],
	}
}

// facet is a taxonomy as the index offers it.
type facet struct {
	Name  string
	Terms []*storiesv1.FacetTerm
}

// chip is something that is chosen, and where it is not.
type chip struct{ Label, URL string }

// way is a way out of an empty list.
type way struct {
	Label string
	URL   string
	Total int32
}

// facets are the taxonomies that anything can be chosen of.
func facetsOf(list []*storiesv1.Facet) []facet {
	var out []facet
	for _, f := range list {
		if len(f.GetTerms()) > 0 {
			out = append(out, facet{Name: f.GetTaxonomy(), Terms: f.GetTerms()})
		}
	}
	return out
}

// chips are what is chosen, each with the address without it.
func (f finding) chips(index string, facets []*storiesv1.Facet) []chip {
	var out []chip
	for _, facet := range facets {
		for _, t := range facet.GetTerms() {
			if t.GetSelected() {
				out = append(out, chip{Label: t.GetLabel(), URL: f.without(facet.GetTaxonomy(), t.GetId()).address(index)})
			}
		}
	}
	return out
}

// ways lead out of an empty list: to what there is when something is left out.
func (s *Site) ways(locale, index string, f finding, loosenings []*storiesv1.Loosening) []way {
	var out []way
	for _, l := range loosenings {
		w := way{Total: l.GetTotalSize()}
		switch {
		case l.GetTaxonomy() == "*":
			w.Label, w.URL = s.say(locale, "find.without.all"), finding{words: f.words}.address(index)
		case l.GetTaxonomy() != "":
			w.Label, w.URL = s.say(locale, "find.without."+l.GetTaxonomy()), f.without(l.GetTaxonomy(), "").address(index)
		case l.GetQuery() == "":
			w.Label, w.URL = s.say(locale, "find.without.words"), finding{chosen: f.chosen}.address(index)
		default:
			w.Label, w.URL = s.say(locale, "find.words", l.GetQuery()), finding{words: l.GetQuery(), chosen: f.chosen}.address(index)
		}
		out = append(out, w)
	}
	return out
}
