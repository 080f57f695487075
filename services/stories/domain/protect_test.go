package domain

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"renown.example/stories/leak"
)

func TestProtect(t *testing.T) {
	got := Protect(Source{
		Texts: []Content{{Locale: "de", Customer: "Müllerhof Söhne GmbH", Blocks: []Block{
			NewText("Siehe [dort](https://shop.muellerhof.example/a), https://www.hofladen.example/x, [Film](https://www.youtube.com/watch?v=1), [wir](https://www.holmway.example/) oder frag@hofpost.example."),
			NewQuote(Quote{Text: "Ja.", By: "Una Strandby", Role: "Leiterin, Müllerhof"}),
			NewVideo(Video{URL: "https://films.example/hof", Title: "Hof"}),
			NewCTA(CTA{Label: "Los", URL: "https://start.example/"}),
		}}},
		Persons: []string{"Jonna Fjeld, Head of Operations", ""}, Mailboxes: []string{"jonna@fjeldpost.example", "una@gmail.com", "none"},
		Files: []string{"hof-von-oben.jpg", "hof.jpg"}, Listed: []string{"Projekt Skua", "projekt  skua"}, Exempt: []string{"films", "strandby", "Müllerhof Söhne GmbH"},
		Own: []string{"www.holmway.example"},
	})
	var lines []string
	for _, p := range got {
		line := string(p.Kind) + " " + p.Text + " (" + p.From
		if p.Role != "" {
			line += ": " + p.Role
		}
		if p.Exempt {
			line += ", exempt"
		}
		lines = append(lines, line+")")
	}
	want := []string{
		"name Müllerhof Söhne GmbH (customer)", "name Müllerhof Söhne (customer)", "name Müllerhof (customer)", "initials MSG (customer)", "initials MS (customer)",
		"person Una Strandby (quote: Leiterin)", "person Strandby (quote: Leiterin, exempt)",
		"domain muellerhof.example (link)", "domain muellerhof (link)", "domain hofladen.example (link)", "domain hofladen (link)", "domain hofpost.example (link)",
		"domain hofpost (link)", "domain films.example (link)", "domain films (link, exempt)",
		"person Jonna Fjeld (contact)", "person Fjeld (contact)", "initials JF (contact)", "domain fjeldpost.example (contact)", "domain fjeldpost (contact)",
		"file hof-von-oben.jpg (picture)", "file hof-von-oben (picture)", "file hof.jpg (picture)", "term Projekt Skua (listed)",
	}
	if d := cmp.Diff(want, lines); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	scanner := leak.New(Terms(got))
	for _, tells := range []string{"Muellerhof", "mullerhof-soehne", "www.muellerhof.example"} {
		if len(scanner.Scan([]leak.Output{{Text: tells}})) == 0 {
			t.Errorf("%q was not found", tells)
		}
	}
	if found := scanner.Scan([]leak.Output{{Text: "Strandby zeigt films"}}); len(found) > 0 {
		t.Errorf("what may be told was found: %v", found)
	}
}

// TestAnonymizedTextsTellNothing makes an anonymous draft of any text that names its customer: it is sound, and nothing in it tells.
func TestAnonymizedTextsTellNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := genContent().Draw(t, "content")
		c.Customer = "Quillmoor Ferries Ltd"
		name := rapid.SampledFrom([]string{"Quillmoor", "quillmoor ferries", "QF", "info@quillmoor.example", "<https://quillmoor.example>"}).Draw(t, "name")
		for i := range c.Blocks {
			for _, a := range c.Blocks[i].attributes() {
				if !a.url && a.name != "asset" && len([]rune(*a.value+name))+2 < a.max {
					*a.value = strings.TrimSpace(*a.value + " " + name + ".")
				}
			}
		}
		c = Normalize(c)
		if Validate(c) != nil {
			t.Skip("no text that could be saved")
		}
		list := Protect(Source{Texts: []Content{c}, Own: []string{"a.example"}})
		got := Anonymize(c, list, "a northern line", nil).Content
		if err := Validate(got); err != nil {
			t.Skip("a text that its author has to shorten")
		}
		for _, b := range got.Blocks {
			if b.Image != nil || b.Video != nil {
				t.Fatalf("%s was taken over", b.Kind)
			}
		}
		for _, f := range leak.New(Terms(list)).Scan(Outputs(got, Rendered{Name: "x", Slug: "y"})) {
			if f.Term.Kind == leak.Name || f.Term.Text == "QF" || strings.Contains(f.Term.Text, "quillmoor") {
				t.Fatalf("%q is left in %s: %s", f.Term.Text, f.Place, f.Excerpt)
			}
		}
	})
}
