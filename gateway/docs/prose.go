package docs

import (
	"html/template"
	"regexp"
	"strings"
)

var (
	bold = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	code = regexp.MustCompile("`([^`]+)`")
)

// speaker writes texts of the document as HTML. methods are the ids of the methods that have a page.
type speaker struct{ methods map[string]bool }

// prose writes text with paragraphs, **bold** and `code` as HTML. Code that is a method's name leads to its page. The text is ours, and is escaped all the same.
func (p speaker) prose(s string) template.HTML {
	var out strings.Builder
	for _, paragraph := range strings.Split(strings.TrimSpace(s), "\n\n") {
		out.WriteString("<p>" + string(p.inline(strings.Join(strings.Fields(paragraph), " "))) + "</p>")
	}
	return template.HTML(out.String())
}

func (p speaker) inline(s string) template.HTML {
	s = template.HTMLEscapeString(s)
	s = code.ReplaceAllStringFunc(s, func(marked string) string {
		name := strings.Trim(marked, "`")
		if p.methods[name] {
			return `<a href="/docs/methods/` + name + `"><code>` + name + "</code></a>"
		}
		return "<code>" + name + "</code>"
	})
	s = bold.ReplaceAllString(s, "<strong>$1</strong>")
	return template.HTML(s)
}

// breakable writes an address that may be broken after its slashes.
func breakable(path string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(path), "/", "/<wbr>"))
}
