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

// prose writes text with paragraphs, **bold** and `code` as HTML. The text is ours, and is escaped all the same.
func prose(s string) template.HTML {
	var out strings.Builder
	for _, paragraph := range strings.Split(strings.TrimSpace(s), "\n\n") {
		out.WriteString("<p>" + string(inline(strings.Join(strings.Fields(paragraph), " "))) + "</p>")
	}
	return template.HTML(out.String())
}

func inline(s string) template.HTML {
	s = template.HTMLEscapeString(s)
	s = code.ReplaceAllString(s, "<code>$1</code>")
	s = bold.ReplaceAllString(s, "<strong>$1</strong>")
	return template.HTML(s)
}

// breakable writes an address that may be broken after its slashes.
func breakable(path string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(path), "/", "/<wbr>"))
}
