package domain

import (
	"strings"

	"pgregory.net/rapid"
)

// fragments are what nasty texts are made of: everything that means something to Markdown, to YAML or to the file format.
var fragments = []string{"word", "Übermut", "naïve", "日本", "שלום", ":", ": ", " #", "#", "- ", "* ", "1. ", "> ", ">", "`", "```", "~~~", "```go", ":::", "::: metric",
	"::: text", "---", "...", "|", "| a | b |", "|---|---|", "\\", "\\:::", "\"", "'", "%", "@", "&", "&amp;", "*a", "_b_", "**c**", "~~d~~", "[x](https://a.example/b)",
	"[^1]", "[^1]: note", "<b>", "</script>", "<!-- -->", "true", "null", "~", "12", "0x1F", "2026-03-02", "1:30", "=", "<<", "!", "!!str", "?", "{", "}", "[", "]",
	",", "    code", "\u00a0", "\u200d", "👩‍👩‍👧", "\u00ad", "é", "e\u0301", "…", "  "}

func genLine(label string, bound int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.SampledFrom(fragments), 1, 5).Draw(t, label)
		s := strings.Trim(strings.Join(parts, rapid.SampledFrom([]string{"", " "}).Draw(t, "joint")), " ")
		if r := []rune(s); len(r) > bound {
			s = strings.Trim(string(r[:bound]), " ")
		}
		if s == "" {
			return "x"
		}
		return s
	})
}

func genOptional(label string, bound int) *rapid.Generator[string] {
	return rapid.OneOf(rapid.Just(""), genLine(label, bound))
}

func genLines(label string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		lines := rapid.SliceOfN(genOptional(label, 60), 1, 7).Draw(t, label)
		for i := range lines {
			around := rapid.SampledFrom([]string{"", "", "", " ", "  ", "\t", "     "})
			lines[i] = around.Draw(t, "indentation") + lines[i] + around.Draw(t, "trail")
		}
		return strings.Join(lines, "\n")
	})
}

func genTerms(label string) *rapid.Generator[[]string] {
	return rapid.SliceOfN(genLine(label, MaxTerm), 0, 3)
}

func genURL() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"https://a.example/", "https://a.example/b?c=d&e=%20#f", "https://xn--bcher-kva.example/x,y:z"})
}

func genBlock() *rapid.Generator[Block] {
	return rapid.Custom(func(t *rapid.T) Block {
		b, _ := blank(rapid.SampledFrom(Kinds()).Draw(t, "kind"))
		for _, a := range b.attributes() {
			switch {
			case a.day:
				*a.value = rapid.SampledFrom([]string{"", "2026-03-02", "2024-02-29"}).Draw(t, a.name)
			case a.point:
				*a.value = rapid.SampledFrom([]string{"", "50 30", "0 100"}).Draw(t, a.name)
			case a.url:
				*a.value = genURL().Draw(t, a.name)
			case a.name == "asset":
				*a.value = strings.Repeat(rapid.StringMatching("[0-9a-f]{8}").Draw(t, "asset"), 8)
			case a.lines:
				*a.value = genLines(a.name).Draw(t, a.name)
			case a.required:
				*a.value = genLine(a.name, a.max).Draw(t, a.name)
			default:
				*a.value = genOptional(a.name, a.max).Draw(t, a.name)
			}
		}
		if b.Image != nil && b.Image.Alt == "" {
			b.Image.Decorative = rapid.Bool().Draw(t, "decorative")
		}
		if b.Image != nil {
			b.Image.Logo = rapid.Bool().Draw(t, "logo")
		}
		return b
	})
}

// genContent yields valid, normalized contents.
func genContent() *rapid.Generator[Content] {
	return rapid.Custom(func(t *rapid.T) Content {
		return Normalize(Content{
			Locale:   rapid.SampledFrom([]string{"en", "de-AT", "pt-BR", "ar", "zh-Hant"}).Draw(t, "locale"),
			Title:    genOptional("title", MaxTitle).Draw(t, "title"),
			Summary:  genOptional("summary", MaxSummary).Draw(t, "summary"),
			Customer: genOptional("customer", MaxCustomer).Draw(t, "customer"),
			Industry: genTerms("industry").Draw(t, "industry"),
			Region:   genTerms("region").Draw(t, "region"),
			Product:  genTerms("product").Draw(t, "product"),
			UseCase:  genTerms("use case").Draw(t, "use case"),
			Size:     genOptional("size", MaxSize).Draw(t, "size"),
			StandIn:  genOptional("stand-in", MaxCustomer).Draw(t, "stand-in"),
			Blocks:   rapid.SliceOfN(genBlock(), 0, 6).Draw(t, "blocks"),
		})
	}).Filter(func(c Content) bool { return Validate(c) == nil })
}

func genDocument() *rapid.Generator[Document] {
	return rapid.Custom(func(t *rapid.T) Document {
		d := Document{Story: "a-story", Content: genContent().Draw(t, "content")}
		if rapid.Bool().Draw(t, "with slug") {
			d.Slug = "some-slug"
		}
		if rapid.Bool().Draw(t, "with consent") {
			d.Consent = &AttestedConsent{Scopes: []Scope{ScopeWeb, ScopeAds}, GivenBy: genLine("by", 100).Draw(t, "by"), GivenOn: "2026-03-02",
				Ends: rapid.SampledFrom([]string{"", "2028-03-01"}).Draw(t, "ends"), Evidence: genLine("evidence", 100).Draw(t, "evidence")}
		}
		if rapid.Bool().Draw(t, "with kept") {
			d.Source = genLine("source", 100).Draw(t, "source")
			d.Kept = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Kept {
				return Kept{Line: rapid.IntRange(0, 99).Draw(t, "line"), Field: genOptional("field", 100).Draw(t, "field"), Text: Keepable(genLines("text").Draw(t, "text")),
					Reason: genOptional("reason", 100).Draw(t, "reason")}
			}), 1, 3).Draw(t, "kept")
		}
		return d
	})
}
