package domain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// ignoreOrigins: Format does not write where blocks came from.
var ignoreOrigins = cmpopts.IgnoreFields(Document{}, "Origins")

func TestFormatThenParseLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := genDocument().Draw(t, "document")
		file := Format(d, nil)
		back, problems := Parse("", file)
		if Refused(problems) {
			t.Fatalf("refused: %v\n%s", problems, file)
		}
		if diff := cmp.Diff(d, back, ignoreOrigins, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("changed (-before +after):\n%s\nfile:\n%s", diff, file)
		}
		if Hash(back.Content) != Hash(d.Content) {
			t.Fatal("the hash changed")
		}
		if again := Format(back, nil); string(again) != string(file) {
			t.Fatalf("the second export differs:\n%s", cmp.Diff(string(file), string(again)))
		}
	})
}

func TestParseExample(t *testing.T) {
	file, err := os.ReadFile("testdata/nordhafen-logistics.en.md")
	if err != nil {
		t.Fatal(err)
	}
	got, problems := Parse("stories/nordhafen-logistics.en.md", file)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	asset := strings.Repeat("0123456789abcdef", 4)
	want := Document{
		Story: "nordhafen-logistics", Slug: "nordhafen-late-deliveries",
		Content: Content{
			Locale: "en", Title: "Nordhafen cut late deliveries by 38 %", Summary: "One sentence: the outcome, as shown in lists.",
			Customer: "Nordhafen Logistics", Industry: []string{"Logistics"}, Region: []string{"Northern Europe"}, Product: []string{"Route planning"},
			Size: "420 employees",
			Blocks: []Block{
				NewText("Every morning began with the telephone.\n\n```text\n::: metric\n---\n```"),
				NewMetric(Metric{Value: "38", Unit: "%", Label: "fewer late deliveries", Baseline: "412 a month in spring 2025", Period: "March to September 2025"}),
				NewQuote(Quote{Text: "We stopped apologising.\n\nWe started planning.", By: "Jonna Fjeld", Role: "Head of Operations"}),
				NewBeforeAfter("Dispatchers re-planned by telephone.", "Plans repair themselves overnight."),
				NewImage(Image{Alt: "Cranes over a harbour at dawn", Caption: "The port in March"}),
				NewText("Between two pictures."),
				NewImage(Image{Asset: asset, Decorative: true}),
				NewVideo(Video{URL: "https://video.example/watch/1", Title: "A day at the harbour"}),
				NewCTA(CTA{Label: "Plan your first route", URL: "https://northwind.example/start"}),
			},
		},
		Consent: &AttestedConsent{Scopes: []Scope{ScopeWeb, ScopeSales}, GivenBy: "Jonna Fjeld, Head of Operations", GivenOn: "2026-03-02",
			Ends: "2028-03-01", Evidence: "Clause 7 of the framework agreement of 2 March 2026"},
		Origins: []Origin{{Line: 19}, {Line: 26}, {Line: 34}, {Line: 43}, {Line: 48, Source: "images/harbour.png"}, {Line: 50},
			{Line: 52, Source: "images/" + asset + ".png"}, {Line: 57}, {Line: 62}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFormatGolden(t *testing.T) {
	in, err := os.ReadFile("testdata/nordhafen-logistics.en.md")
	if err != nil {
		t.Fatal(err)
	}
	d, _ := Parse("", in)
	for i := range d.Content.Blocks {
		if image := d.Content.Blocks[i].Image; image != nil && image.Asset == "" {
			image.Asset = strings.Repeat("ab", 32)
		}
	}
	d.Content.Blocks = append(d.Content.Blocks, NewText("A line\n::: that only looks like a block"))
	golden(t, "canonical.md", Format(d, func(asset string) string { return "images/" + asset + ".png" }))
}

// golden compares got with a file under testdata; RENOWN_UPDATE_GOLDEN=1 writes it instead.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("RENOWN_UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestParseProblems(t *testing.T) {
	front := "---\nstory: s\nlocale: en\n---\n" // four lines
	cases := []struct {
		name, file string
		line       int
		contains   string
		warning    bool
	}{
		{"no front matter", "# Title\n", 1, "must begin with front matter", false},
		{"open front matter", "---\nstory: s\n", 1, "is not ended", false},
		{"unknown key", "---\nstory: s\nlocale: en\nauthor: me\n---\n", 4, `no field "author"`, false},
		{"key twice", "---\nstory: s\nlocale: en\nstory: t\n---\n", 4, "stands twice", false},
		{"broken YAML", "---\nstory: s\nlocale: en\nsummary: One: two\n---\n", 4, "put quotes around", false},
		{"a list as title", "---\nstory: s\nlocale: en\ntitle: [a]\n---\n", 4, "takes a single value", false},
		{"a map as list", "---\nstory: s\nlocale: en\nregion: {a: b}\n---\n", 4, "takes a list", false},
		{"an anchor", "---\nstory: &a s\nlocale: en\n---\n", 2, "anchor", false},
		{"bad locale", "---\nstory: s\nlocale: klingonisch\n---\n", 3, "not a language tag", false},
		{"bad story", "---\nstory: S s\nlocale: en\n---\n", 2, "lower-case", false},
		{"no story", "---\nlocale: en\n---\n", 1, "to which story", false},
		{"no locale", "---\nstory: s\n---\n", 1, "the language", false},
		{"bad UTF-8", front + "\nab\xffcd\n", 6, "not valid UTF-8", false},
		{"unknown kind", front + "\n::: carousel\nsrc: x\n:::\n", 6, `"carousel" is not a kind`, false},
		{"open block", front + "\n::: metric\nvalue: 3\n", 6, "is not ended", false},
		{"block in a block", front + "\n::: metric\nvalue: 3\n::: quote\ntext: x\n:::\n", 6, "is not ended", false},
		{"end without begin", front + "\nText.\n:::\n", 7, "none is open", false},
		{"unknown field", front + "\n::: metric\nvalue: 3\nlabel: x\ncolour: red\n:::\n", 9, `no field "colour"`, false},
		{"missing field", front + "\n::: metric\nvalue: 3\n:::\n", 6, `lacks "label"`, false},
		{"asset is no field", front + "\n::: image\nasset: x\nsrc: y\n:::\n", 7, `no field "asset"`, false},
		{"image without src", front + "\n::: image\nalt: x\n:::\n", 6, `lacks "src"`, false},
		{"decorative perhaps", front + "\n::: image\nsrc: x\ndecorative: perhaps\n:::\n", 8, "true or false", false},
		{"inline image", front + "\nOne\n\ntwo ![x](y.png) three\n", 8, "paragraph of its own", false},
		{"linked image", front + "\n[![x](y.png)](https://a.example)\n", 6, "paragraph of its own", false},
		{"image in a list", front + "\n- one\n- ![x](y.png)\n", 7, "paragraph of its own", false},
		{"HTML", front + "\nOne\n\n<div>two</div>\n", 8, "HTML", true},
		{"inline HTML", front + "\nOne\ntwo <b>three</b>\n", 7, "HTML", true},
		{"footnote far away", front + "\nOne[^1].\n\n::: quote\ntext: x\n:::\n\n[^1]: two\n\nThree.\n", 1, "other side of a block", true},
		{"scope", "---\nstory: s\nlocale: en\nconsent:\n  scope: [tv]\n  given_by: x\n  given_on: 2026-01-01\n  evidence: y\n---\n", 5, "no scope", false},
		{"consent without evidence", "---\nstory: s\nlocale: en\nconsent:\n  scope: web\n  given_by: x\n  given_on: 2026-01-01\n---\n", 4, "evidence is missing", false},
		{"consent with a bad day", "---\nstory: s\nlocale: en\nconsent:\n  scope: web\n  given_by: x\n  given_on: 2026-02-30\n  evidence: y\n---\n", 7, "must be a day", false},
		{"consent field", "---\nstory: s\nlocale: en\nconsent:\n  until: x\n---\n", 5, `no field "until"`, false},
		{"ends before", "---\nstory: s\nlocale: en\nconsent:\n  scope: web\n  given_by: x\n  given_on: 2026-02-03\n  ends: 2026-02-02\n  evidence: y\n---\n", 8, "ends before", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, problems := Parse("notes", []byte(c.file))
			for _, p := range problems {
				if p.Line == c.line && strings.Contains(p.Message, c.contains) && p.Warning == c.warning {
					return
				}
			}
			t.Errorf("no problem on line %d with %q in %v", c.line, c.contains, problems)
		})
	}
}

func TestParseAccepts(t *testing.T) {
	front := "---\nstory: s\nlocale: en\n---\n"
	image := func(source, alt, caption string) Block {
		return NewImage(Image{Asset: exportedAsset(source), Alt: alt, Caption: caption})
	}
	cases := []struct {
		name, body string
		want       []Block
	}{
		{"nothing", "", nil},
		{"Windows line ends", "One\r\n\r\nTwo\r\n", []Block{NewText("One\n\nTwo")}},
		{"a paragraph that is an image", "One\n\n![a *b*](c.png \"d\")\n\nTwo\n", []Block{NewText("One"), image("c.png", "a b", "d"), NewText("Two")}},
		{"an image by reference", "![a][r]\n\n[r]: c.png\n", []Block{image("c.png", "a", ""), NewText("[r]: c.png")}},
		{"two images", "![a](a.png)\n\n![b](b.png)\n", []Block{image("a.png", "a", ""), image("b.png", "b", "")}},
		{"a directive in code", "```\n::: metric\n```\n", []Block{NewText("```\n::: metric\n```")}},
		{"a directive in code with tildes and a longer fence", "~~~~ x\n~~~\n::: metric\n~~~~\n", []Block{NewText("~~~~ x\n~~~\n::: metric\n~~~~")}},
		{"an open fence is text", "```\nx\n\n::: cta\nlabel: a\nurl: b\n:::\n", []Block{NewText("```\nx"), NewCTA(CTA{Label: "a", URL: "b"})}},
		{"a rule", "One\n\n---\n\nTwo\n", []Block{NewText("One\n\n---\n\nTwo")}},
		{"texts that touch", "One\n\n::: text\nmarkdown: \"::: two\"\n:::\n\nThree\n", []Block{NewText("One\n\n::: two\n\nThree")}},
		{"numbers stay as written", "::: metric\nvalue: 38.50\nunit: no\nlabel: 0x1F\n:::", []Block{NewMetric(Metric{Value: "38.50", Unit: "no", Label: "0x1F"})}},
		{"an indented beginning is code", "\n\n    code\n", []Block{NewText("    code")}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, problems := Parse("", []byte(front+c.body))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(c.want, d.Content.Blocks); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(d.Origins) != len(d.Content.Blocks) {
				t.Errorf("%d origins for %d blocks", len(d.Origins), len(d.Content.Blocks))
			}
		})
	}
}

func TestParseName(t *testing.T) {
	for name, want := range map[string][2]string{
		"a/b/nordhafen.en.md": {"nordhafen", "en"}, "nordhafen.pt-br.md": {"nordhafen", "pt-BR"}, "nordhafen.md": {"nordhafen", ""},
		"nordhafen.txt": {"", ""}, "nordhafen.v1.5.md": {"", ""}, "Nord hafen.md": {"", ""}, ".md": {"", ""},
	} {
		if story, locale := ParseName(name); story != want[0] || locale != want[1] {
			t.Errorf("ParseName(%q) = %q, %q", name, story, locale)
		}
	}
	if _, problems := Parse("s.de.md", []byte("---\nstory: s\nlocale: en\n---\n")); !Refused(problems) {
		t.Error("a name that contradicts the front matter was accepted")
	}
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("testdata/nordhafen-logistics.en.md")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte("---\nstory: s\nlocale: en\n---\n```\n::: x\n~~~\n::: text\nmarkdown: |\n  a\n:::\n"))
	f.Add([]byte("---\nstory: s\nlocale: en\n---\n![a](b)\n[c]: d\n:::\n::: image\nsrc: [x]\n:::"))
	f.Fuzz(func(t *testing.T, file []byte) {
		d, problems := Parse("s.en.md", file)
		if Refused(problems) || Validate(d.Content) != nil {
			return
		}
		first := Format(d, nil)
		back, problems := Parse("", first)
		if Refused(problems) {
			t.Fatalf("an export is refused: %v\n%q", problems, first)
		}
		if diff := cmp.Diff(d, back, ignoreOrigins, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("changed (-before +after):\n%s\n%q", diff, first)
		}
		if second := Format(back, nil); string(second) != string(first) {
			t.Fatalf("exports differ:\n%q\n%q", first, second)
		}
	})
}
