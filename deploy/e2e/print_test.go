package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/ledongthuc/pdf"
	"golang.org/x/net/html"

	"renown.example/deploy/browser"
)

// printed is the text of a PDF, page by page. Chromium embeds variable faces as Type 3 fonts with names of glyphs that only it knows; the reader would take these
// for the encoding, before the map to Unicode that stands beside them. A key of the same length that means nothing leads it there.
func printed(t *testing.T, raw []byte) []string {
	t.Helper()
	raw = bytes.ReplaceAll(raw, []byte("/Encoding <</Type /Encoding"), []byte("/Unneeded <</Type /Encoding"))
	doc := value(pdf.NewReader(bytes.NewReader(raw), int64(len(raw))))(t)
	var out []string
	for n := 1; n <= doc.NumPage(); n++ {
		out = append(out, tight(value(doc.Page(n).GetPlainText(nil))(t)))
	}
	return out
}

// tight is a text without white space: where lines break is not its author's.
func tight(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// signedWords are the words of a published story in the order in which its page shows them: the figures that stand under the headline first, then the blocks.
// With markers they have the numbers and dots of lists, which are on paper and no part of a page's text.
func signedWords(t *testing.T, raw string, markers bool) []string {
	t.Helper()
	var story struct {
		Html, ContentHash string
		Content           struct {
			Title, Summary, Customer, Size     string
			Industry, Region, Product, UseCase []string
			Blocks                             []map[string]map[string]any
		}
	}
	must(t, json.Unmarshal([]byte(raw), &story))
	c := story.Content
	out := []string{c.Customer, c.Title, c.Summary}
	figures := 0
	for _, b := range c.Blocks {
		if m := b["metric"]; m != nil && figures < 3 {
			figures++
			for _, field := range []string{"value", "unit", "label", "baseline", "period"} {
				out = append(out, fmt.Sprint(m[field]))
			}
		}
	}
	out = append(out, c.Customer)
	for _, list := range [][]string{c.Industry, c.Region, {c.Size}, c.Product, c.UseCase} {
		out = append(out, list...)
	}
	return append(append(out, textsOf(story.Html, figures, markers)...), story.ContentHash)
}

// textsOf are the texts of the HTML of a body, without its first figures and the arrows back from footnotes.
func textsOf(body string, figures int, markers bool) []string {
	var out []string
	var lists []int // of each list that is open, the number of its last item; -1 if it has no numbers
	z, skip := html.NewTokenizer(strings.NewReader(body)), 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken:
			tag := z.Token()
			class := ""
			for _, a := range tag.Attr {
				if a.Key == "class" {
					class = a.Val
				}
			}
			switch {
			case skip > 0 && tag.Data != "br" && tag.Data != "img":
				skip++
			case strings.Contains(class, "block-metric") && figures > 0:
				skip, figures = 1, figures-1
			case strings.Contains(class, "footnote-backref"):
				skip = 1
			case tag.Data == "ol":
				lists = append(lists, 0)
			case tag.Data == "ul":
				lists = append(lists, -1)
			case tag.Data == "li" && markers && lists[len(lists)-1] < 0:
				out = append(out, "•")
			case tag.Data == "li" && markers:
				lists[len(lists)-1]++
				out = append(out, fmt.Sprintf("%d.", lists[len(lists)-1]))
			}
		case html.EndTagToken:
			skip = max(skip-1, 0)
			if tag := z.Token(); skip == 0 && (tag.Data == "ol" || tag.Data == "ul") {
				lists = lists[:len(lists)-1]
			}
		case html.TextToken:
			if skip == 0 {
				out = append(out, html.UnescapeString(string(z.Text())))
			}
		}
	}
}

// without takes words out of a text, one after the other in their order, and returns what is left.
func without(t *testing.T, what, text string, words []string) string {
	t.Helper()
	rest, left := text, ""
	for _, w := range words {
		if w = tight(w); w == "" {
			continue
		}
		i := strings.Index(rest, w)
		if i < 0 {
			t.Fatalf("%s lacks %q behind %.300q", what, w, rest)
		}
		left, rest = left+rest[:i], rest[i+len(w):]
	}
	return left + rest
}

var generated = regexp.MustCompile(`[“”„‚‘’]`)

// A printed story says what its customer signed, in full and in order, and nothing that its page does not say; each sheet names consent and version at its foot.
func TestPrintedStory(t *testing.T) {
	at, p := platform(t), visitor(t)
	must(t, p.Go(at.Website+"/de/stories"))
	german := value(p.Property("main h2 a", "href"))(t)
	must(t, p.Paper(700, 1000))
	for _, address := range []string{at.Website + "/stories/nordhafen-late-deliveries", german} {
		must(t, p.Go(address))
		value(p.Picture(browser.Visible))(t) // returns when the fonts are there
		slug, locale := address[strings.LastIndex(address, "/")+1:], value(p.Property("html", "lang"))(t)
		story := fetch(t, http.MethodGet, at.API+"/v1/stories/"+slug+"?locale="+locale, "").body
		foot := tight(value(p.Property(".print-foot", "textContent"))(t))
		page := strings.Replace(tight(value(p.Property("main", "innerText"))(t)), foot, "", 1)
		links := value(browser.Eval[[]string](p, `[...document.querySelectorAll(".video-link, .cta-link")].map((a) => a.getAttribute("href"))`))(t)

		sheets := printed(t, value(p.Print())(t))
		for i, sheet := range sheets {
			number := fmt.Sprintf("%d/%d", i+1, len(sheets))
			if strings.Count(sheet, foot) != 1 || strings.Count(sheet, number) == 0 {
				t.Errorf("sheet %s of %s has no foot %q: %s", number, address, foot, sheet)
			}
			sheets[i] = strings.Replace(strings.Replace(sheet, foot, "", 1), number, "", 1)
		}
		paper := strings.Join(sheets, "")
		for _, link := range links {
			paper = strings.Replace(paper, link, "", 1)
		}
		onPaper := generated.ReplaceAllString(without(t, "the paper of "+address, paper, signedWords(t, story, true)), "")
		onPage := generated.ReplaceAllString(without(t, "the page "+address, page, signedWords(t, story, false)), "")
		if onPaper != onPage {
			t.Errorf("beside what was signed, the paper of %s says\n%s\nand the page\n%s", address, onPaper, onPage)
		}
		if version := tight("Version "); locale == "en" && (!strings.Contains(foot, version) || !strings.Contains(foot, tight("agreed to this text")) && !strings.Contains(foot, tight("signed this text"))) {
			t.Errorf("the foot of %s says %q", address, foot)
		}
	}
}
