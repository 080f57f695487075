package importer_test

import (
	"fmt"
	"strings"
	"testing"

	"renown.example/stories/importer"
)

// Pages that are made to cost much are read in a time that grows with their size.
func TestHostilePages(t *testing.T) {
	for name, data := range map[string]string{
		"components.md":  strings.Repeat("{{< a >}} ", 60_000),
		"wordpress.html": strings.Repeat("[a b=c] [/d] ", 60_000),
		"elements.mdx":   strings.Repeat("<A> ", 80_000),
		"deep.html":      strings.Repeat("<div><ul><li>", 40_000),
		"braces.mdx":     strings.Repeat("{", 80_000),
		"ticks.md":       strings.Repeat("`", 80_000),
		"brackets.md":    strings.Repeat("[", 80_000),
		"quotes.md":      strings.Repeat("> ", 80_000),
		"aliases.md":     "---\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n---\nWords.\n",
		"rows.html":      "<table>" + strings.Repeat("<tr><td colspan=29>x", 20_000),
		"footnotes.md":   strings.Repeat("[^a] ", 20_000) + "\n\n[^a]: x[^b]\n[^b]: y[^a]\n",
		"comments.md":    strings.Repeat("<!-- ", 80_000),
		"liquid.md":      strings.Repeat("{% if x %}", 40_000),
		"unended.md":     strings.Repeat("{%a ", 20_000) + strings.Repeat("{{<a ", 20_000) + strings.Repeat("{{ ", 20_000),
		"spans.md":       strings.Repeat("`a` ", 40_000),
		"pre.html":       strings.Repeat("<pre>", 40_000) + strings.Repeat("<!-- ", 40_000),
		"fences.md":      "- x\n" + strings.Repeat("    ```a\n", 40_000),
		"imports.mdx":    strings.Repeat("import {\n", 40_000),
		"names.mdx":      numbered("import a%d from 'x%d';\n", 5_000) + strings.Repeat("\n<A b={[{c: ab}]} />\n", 500),
		"fields.md":      "---\n" + numbered("k%d: value number %d\n", 3_000) + "---\n" + strings.Repeat("words and words again\n", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range importer.Read([]importer.File{{Path: name, Data: []byte(data)}}, importer.Mapping{Locale: "en"}) {
				if len(p.Notes) == 0 {
					t.Errorf("nothing is said of %s", name)
				}
				if len(p.Notes) > 5_000 {
					t.Errorf("%d notes are said of %s", len(p.Notes), name)
				}
			}
		})
	}
}

func numbered(line string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, i, i)
	}
	return b.String()
}
