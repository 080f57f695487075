package taxonomy_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"renown.example/kit/fault"
	"renown.example/stories/taxonomy"
)

func TestPrepare(t *testing.T) {
	good := taxonomy.Term{ID: "logistics", Labels: map[string]string{"en": " Logistics  and haulage ", "pt-br": "Logística"}, Aliases: []string{"Haulage", "Haulage", "Cargo"}}
	got, err := taxonomy.Prepare(good)
	if err != nil || got.Labels["en"] != "Logistics and haulage" || got.Labels["pt-BR"] != "Logística" || !slices.Equal(got.Aliases, []string{"Cargo", "Haulage"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	for name, tt := range map[string]struct {
		field  string
		change func(*taxonomy.Term)
	}{
		"no id":             {"termId", func(t *taxonomy.Term) { t.ID = "" }},
		"an id in capitals": {"termId", func(t *taxonomy.Term) { t.ID = "Logistics" }},
		"a long id":         {"termId", func(t *taxonomy.Term) { t.ID = strings.Repeat("a", taxonomy.MaxID+1) }},
		"no labels":         {"labels", func(t *taxonomy.Term) { t.Labels = nil }},
		"a wrong language":  {`labels["english please"]`, func(t *taxonomy.Term) { t.Labels = map[string]string{"english please": "x"} }},
		"an empty label":    {`labels["en"]`, func(t *taxonomy.Term) { t.Labels = map[string]string{"en": " "} }},
		"a long label":      {`labels["en"]`, func(t *taxonomy.Term) { t.Labels = map[string]string{"en": strings.Repeat("ü", 81)} }},
		"a control in it":   {`aliases[0]`, func(t *taxonomy.Term) { t.Aliases = []string{"a\x00b"} }},
		"one tag twice":     {`labels["EN"]`, func(t *taxonomy.Term) { t.Labels = map[string]string{"EN": "a", "en": "a"} }},
	} {
		bad := good
		tt.change(&bad)
		_, err := taxonomy.Prepare(bad)
		e, ok := fault.As(err)
		if !ok || e.Reason.Name != fault.InvalidArgument.Name || len(e.Fields) != 1 || !strings.EqualFold(e.Fields[0].Path, tt.field) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWordsLeadToOneTerm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"Retail", "retail", "RETAIL ", "Handel", "Shops", "Öffentlich", "oeffentlich", "小売", "Ma\u0308rkte", "märkte"})
		var terms []taxonomy.Term
		for i := range rapid.IntRange(0, 4).Draw(t, "terms") {
			term, err := taxonomy.Prepare(taxonomy.Term{
				ID: []string{"a", "b", "c", "d"}[i], Labels: map[string]string{"en": word.Draw(t, "en"), "de": word.Draw(t, "de")}, Aliases: rapid.SliceOfN(word, 0, 2).Draw(t, "aliases"),
			})
			if err != nil {
				t.Fatal(err)
			}
			if shared, _ := taxonomy.Clash(term, terms); shared == "" {
				terms = append(terms, term)
			}
		}
		r := taxonomy.NewResolver([taxonomy.Count][]taxonomy.Term{terms}, []string{"en"})
		for _, term := range terms {
			for _, w := range append([]string{term.ID, term.Labels["en"], term.Labels["de"]}, term.Aliases...) {
				if got := r.Resolve(0, "  "+strings.ToUpper(w), "en"); got != term.ID {
					t.Fatalf("%q leads to %s, want %s", w, got, term.ID)
				}
			}
		}
		if len(terms) < 2 {
			return
		}
		merged := taxonomy.Merge(terms[0], terms[1])
		r = taxonomy.NewResolver([taxonomy.Count][]taxonomy.Term{append([]taxonomy.Term{merged}, terms[2:]...)}, []string{"en"})
		for _, w := range []string{terms[0].ID, terms[0].Labels["en"], terms[0].Labels["de"], terms[1].ID, terms[1].Labels["de"]} {
			if got := r.Resolve(0, w, "en"); got != terms[1].ID {
				t.Fatalf("after the merge %q leads to %s", w, got)
			}
		}
		if r.Canonical(0, terms[0].ID) != terms[1].ID {
			t.Fatalf("the old id leads to %s", r.Canonical(0, terms[0].ID))
		}
	})
}

func TestWordsWithoutTerm(t *testing.T) {
	r := taxonomy.NewResolver([taxonomy.Count][]taxonomy.Term{}, []string{"en"})
	for written, want := range map[string]string{"Field service": "field-service", "Öffentlicher Dienst": "oeffentlicher-dienst"} {
		if got := r.Resolve(2, written, "de"); got != want {
			t.Errorf("%q has the id %q, want %q", written, got, want)
		}
	}
	one, other := r.Resolve(0, "小売", "ja"), r.Resolve(0, "物流", "ja")
	if one == "" || one == other || one != r.Resolve(0, " 小売 ", "ja") {
		t.Errorf("words that cannot be written in a to z have the ids %q and %q", one, other)
	}
}

func TestLabels(t *testing.T) {
	r := taxonomy.NewResolver([taxonomy.Count][]taxonomy.Term{{{ID: "retail", Labels: map[string]string{"de": "Handel", "pt": "Varejo"}}}}, []string{"en", "de"})
	for locale, want := range map[string]string{"de": "Handel", "de-AT": "Handel", "pt-BR": "Varejo", "en": "Handel", "fr": "Handel"} {
		if got, _ := r.Label(0, "retail", locale); got != want {
			t.Errorf("in %s it is called %q, want %q", locale, got, want)
		}
	}
	if _, ok := r.Label(0, "else", "en"); ok {
		t.Error("an unknown id has a label")
	}
}
