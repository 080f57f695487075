package e2e_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/ledongthuc/pdf"
	"golang.org/x/net/html"
)

// printed is the text of a PDF page by page, without the spaces that a layout adds.
func printed(t *testing.T, raw []byte) []string {
	t.Helper()
	doc := value(pdf.NewReader(bytes.NewReader(raw), int64(len(raw))))(t)
	var out []string
	for n := 1; n <= doc.NumPage(); n++ {
		out = append(out, tight(value(doc.Page(n).GetPlainText(nil))(t)))
	}
	return out
}

// tight is a text without white space and without the hyphens and joiners that a layout may add.
func tight(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\u00ad' || r == '\u200b' {
			return -1
		}
		return r
	}, s)
}

// textsOf are the texts of an HTML fragment in their order.
func textsOf(t *testing.T, fragment string) []string {
	t.Helper()
	var out []string
	z := html.NewTokenizer(strings.NewReader(fragment))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.TextToken:
			if words := tight(string(z.Text())); words != "" {
				out = append(out, tight(html.UnescapeString(words)))
			}
		}
	}
}
