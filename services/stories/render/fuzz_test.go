package render

import (
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"renown.example/stories/domain"
)

// allowed lists, a second time and independently of the sanitizer's policy, what may be in a fragment.
var allowed = map[string]string{
	"section": "class", "figure": "class", "div": "class role", "span": "class", "p": "class", "code": "class", "th": "class", "td": "class",
	"h2": "id", "h3": "id", "h4": "id", "h5": "id", "h6": "id", "li": "id", "sup": "id", "ol": "start", "a": "href title rel class role",
	"img": "src alt width height loading decoding", "figcaption": "", "ul": "", "blockquote": "", "pre": "", "em": "", "strong": "", "del": "", "hr": "", "br": "",
	"table": "", "thead": "", "tbody": "", "tr": "",
}

// checkHarmless parses a fragment as a browser would and fails when it holds anything but allowed elements, attributes and addresses.
func checkHarmless(t *testing.T, fragment string) {
	t.Helper()
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: 0x2804}
	nodes, err := html.ParseFragment(strings.NewReader(fragment), body)
	if err != nil {
		t.Fatalf("%v in %q", err, fragment)
	}
	ids := map[string]bool{}
	for _, n := range nodes {
		checkNode(t, n, ids, fragment)
	}
}

func checkNode(t *testing.T, n *html.Node, ids map[string]bool, fragment string) {
	t.Helper()
	switch n.Type {
	case html.TextNode:
	case html.ElementNode:
		attributes, known := allowed[n.Data]
		if !known || n.Namespace != "" {
			t.Fatalf("element %q in %q", n.Data, fragment)
		}
		for _, a := range n.Attr {
			if !slices.Contains(strings.Fields(attributes), a.Key) {
				t.Fatalf("attribute %s of %s in %q", a.Key, n.Data, fragment)
			}
			if a.Key == "id" && ids[a.Val] {
				t.Fatalf("id %q twice in %q", a.Val, fragment)
			}
			ids[a.Val] = ids[a.Val] || a.Key == "id"
			if a.Key == "href" || a.Key == "src" {
				checkAddress(t, a.Val, fragment)
			}
		}
	default:
		t.Fatalf("a node of type %d, %q, in %q", n.Type, n.Data, fragment)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		checkNode(t, c, ids, fragment)
	}
}

func checkAddress(t *testing.T, address, fragment string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("address %q in %q: %v", address, fragment, err)
	}
	fine := u.Scheme == "https" || u.Scheme == "mailto" || u.Scheme == "" && u.Host == "" && (strings.HasPrefix(address, "/") || strings.HasPrefix(address, "#"))
	if !fine || strings.HasPrefix(address, "//") || strings.ContainsAny(address, "\\\t\n") {
		t.Fatalf("address %q in %q", address, fragment)
	}
}

func FuzzRender(f *testing.F) {
	text, err := os.ReadFile("testdata/prose.md")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), "https://a.example/b?c")
	f.Add("<script>alert(1)</script><!--", "javascript:alert(1)")
	f.Add("[a](java&#115;cript:x) <a:b> ![c](d)\n\n<x\ny>", "//evil.example")
	f.Add("# a\n# a\n[^1][^1]\n\n[^1]: ```x\"y\n", "https://a.example/\"><script>")
	f.Fuzz(func(t *testing.T, words, address string) {
		c := domain.Content{Locale: "en", Title: words, Blocks: []domain.Block{
			domain.NewText(words), domain.NewText(words + "\n" + address), domain.NewQuote(domain.Quote{Text: words, By: words, Role: address}),
			domain.NewMetric(domain.Metric{Value: words, Unit: address, Label: words, Baseline: words, Period: words}), domain.NewBeforeAfter(words, address),
			domain.NewImage(domain.Image{Asset: address, Alt: words, Caption: words}), domain.NewVideo(domain.Video{URL: address, Title: words}),
			domain.NewCTA(domain.CTA{URL: address, Label: words}),
		}}
		fragment := HTML(c, Options{})
		checkHarmless(t, fragment)
		if again := HTML(c, Options{}); again != fragment {
			t.Fatalf("two renderings differ:\n%q\n%q", fragment, again)
		}
		Plain(c)
	})
}
