package domain

import (
	"strings"
)

// Format writes a document in the one form that Parse reads back unchanged, so that export, import and export again give identical bytes. imagePath tells
// where the export keeps an asset; nil means "images/<sha256>". The content is normalized on the way and must be valid.
func Format(d Document, imagePath func(asset string) string) []byte {
	if imagePath == nil {
		imagePath = func(asset string) string { return "images/" + asset }
	}
	c := Normalize(d.Content)
	var out strings.Builder
	formatFront(&out, d, c)
	for _, b := range c.Blocks {
		out.WriteByte('\n')
		if b.Kind == KindText && selfContained(b.Text.Markdown) {
			out.WriteString(b.Text.Markdown + "\n")
			continue
		}
		out.WriteString("::: " + string(b.Kind) + "\n")
		formatFields(&out, b, imagePath)
		out.WriteString(":::\n")
	}
	return []byte(out.String())
}

func formatFront(out *strings.Builder, d Document, c Content) {
	out.WriteString("---\n")
	text := func(key, value string) {
		if value != "" {
			pair(out, "", key, value)
		}
	}
	list := func(key string, values []string) {
		if len(values) > 0 {
			sequence(out, "", key, values)
		}
	}
	text("story", d.Story)
	text("locale", c.Locale)
	text("slug", d.Slug)
	text("title", c.Title)
	text("summary", c.Summary)
	text("customer", c.Customer)
	list("industry", c.Industry)
	list("region", c.Region)
	list("product", c.Product)
	list("use_case", c.UseCase)
	text("size", c.Size)
	text("stand_in", c.StandIn)
	if a := d.Consent; a != nil {
		scopes := make([]string, 0, len(a.Scopes))
		for _, s := range SortScopes(a.Scopes) {
			scopes = append(scopes, string(s))
		}
		out.WriteString("consent:\n")
		sequence(out, "  ", "scope", scopes)
		pair(out, "  ", "given_by", a.GivenBy)
		out.WriteString("  given_on: " + a.GivenOn + "\n")
		if a.Ends != "" {
			out.WriteString("  ends: " + a.Ends + "\n")
		}
		pair(out, "  ", "evidence", a.Evidence)
	}
	text("source", d.Source)
	formatKept(out, d.Kept)
	out.WriteString("---\n")
}

func formatFields(out *strings.Builder, b Block, imagePath func(string) string) {
	for _, a := range b.attributes() {
		switch {
		case a.name == "asset":
			pair(out, "", "src", imagePath(*a.value))
		case *a.value != "":
			pair(out, "", a.directive(), *a.value)
		}
		if a.name == "alt" && b.Image.Decorative {
			out.WriteString("decorative: true\n")
		}
		if a.name == "caption" && b.Kind == KindImage && b.Image.Logo {
			out.WriteString("logo: true\n")
		}
	}
}

// selfContained reports whether a text can stand in a file as it is: no line of it would be taken for a directive, and no code in it runs on into what
// follows. Other texts are written as a block "::: text", where they are quoted.
func selfContained(markdown string) bool {
	p := &parser{lines: strings.Split(markdown, "\n"), unclosed: map[byte]int{}}
	for i := 0; i < len(p.lines); {
		if end := p.fenced(i); end > i {
			i = end
			continue
		}
		if _, width := fence(p.lines[i]); width > 0 || strings.HasPrefix(p.lines[i], ":::") {
			return false
		}
		i++
	}
	return true
}
