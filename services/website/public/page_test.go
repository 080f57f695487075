package public_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/brotli"

	"renown.example/kit/ready"
)

// No page holds anything that the policy would refuse, and every page carries the policy.
func TestStrictPolicy(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/signoff", 200, read(t, "signoff.open.json"))
	for _, path := range []string{"/", "/stories", storyPath, "/stories/none", "/signoff/tok"} {
		res := s.get(path)
		csp := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy lacks %s", path, want)
			}
		}
		if strings.Contains(csp, "unsafe") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers are %v", path, res.Header)
		}
		doc, err := goquery.NewDocumentFromReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		wantCount(t, doc, "style, [style], script:not([src]):not([type='application/ld+json']), iframe, object", 0)
		doc.Find("*").Each(func(_ int, el *goquery.Selection) {
			for _, a := range el.Nodes[0].Attr {
				if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.TrimSpace(a.Val), "javascript:") {
					t.Errorf("%s: %s=%q", path, a.Key, a.Val)
				}
			}
		})
		doc.Find("script[src], img[src], link[rel=stylesheet], link[rel=preload], link[rel=icon]").Each(func(_ int, el *goquery.Selection) {
			if address := el.AttrOr("src", el.AttrOr("href", "")); !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
				t.Errorf("%s: loads %s", path, address)
			}
		})
	}
}

// A story with its style sheets, modules and both latin faces stays under 100 KB as sent, pictures aside.
func TestStoryPageWeight(t *testing.T) {
	const most = 100_000
	s := newSite(t)
	html, err := io.ReadAll(s.get(storyPath).Body)
	if err != nil {
		t.Fatal(err)
	}
	total := squeezed(t, html)
	doc, err := goquery.NewDocumentFromReader(bytes.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	faces := 0
	doc.Find("link[rel=stylesheet], link[rel=preload], link[rel=icon], script[src]").Each(func(_ int, el *goquery.Selection) {
		path := el.AttrOr("href", el.AttrOr("src", ""))
		res := s.get(path, "Accept-Encoding", "gzip, br")
		raw, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
		}
		if strings.HasSuffix(path, ".woff2") {
			faces++
		}
		total += len(raw)
	})
	if faces != 2 || total >= most {
		t.Errorf("the page weighs %d bytes with %d faces, may weigh %d with 2", total, faces, most)
	}
	t.Logf("the page weighs %d bytes", total)
}

func squeezed(t *testing.T, raw []byte) int {
	t.Helper()
	var gz, br bytes.Buffer
	for _, w := range []io.WriteCloser{gzip.NewWriter(&gz), brotli.NewWriterLevel(&br, 5)} {
		if _, err := w.Write(raw); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return min(gz.Len(), br.Len())
}

// A held page is dropped by what its parts depend on, and by nothing else.
func TestPagesAreDroppedByTheirNames(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/stories en", 200, `{"stories":[{"name":"stories/nordhafen-logistics","slug":"nordhafen","locale":"en","title":"One"}],"totalSize":1,"locale":"en","locales":["en"]}`,
		ready.SurrogateKey, "lists/en")
	tell := s.follows(t)
	tell(ready.Revision{Number: 1})
	if got := s.get("/stories").Header.Get(ready.SurrogateKey); got != "lists/en renown" {
		t.Errorf("the index depends on %q", got)
	}
	asked := func() int { return len(s.gateway.calls("GET /v1/stories en")) }
	before := asked()
	tell(ready.Revision{Name: "stories/another", Number: 2})
	tell(ready.Revision{Name: "lists/de", Number: 3})
	s.get("/stories")
	if asked() != before {
		t.Error("the index was made anew for what does not concern it")
	}
	tell(ready.Revision{Name: "lists/en", Number: 4})
	s.get("/stories")
	if asked() != before+1 {
		t.Error("the index was not made anew for what concerns it")
	}
}
