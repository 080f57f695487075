package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"renown.example/deploy/browser"
	"renown.example/deploy/cases"
)

// plainPage is a page of somebody else's website that shows a story in both ways: as a component, and in the frame that oEmbed gives.
func plainPage(t *testing.T, at *browser.Platform, address string) string {
	t.Helper()
	var rich struct{ HTML string }
	got := fetch(t, http.MethodGet, at.Website+"/oembed?url="+url.QueryEscape(address), "")
	if got.status != http.StatusOK {
		t.Fatalf("oEmbed of %s answers %d: %s", address, got.status, got.body)
	}
	must(t, json.Unmarshal([]byte(got.body), &rich))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprintf(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Our partners</title><main><h1>Our partners</h1>`+
			`<script type="module" src="%s/embed.js"></script><renown-story src="%s"><a href="%[2]s">Their story</a></renown-story>%s</main></html>`, at.Website, address, rich.HTML)
	}))
	t.Cleanup(s.Close)
	where := value(url.Parse(s.URL))(t)
	// "localhost" is another site than 127.0.0.1 for a browser, and the same machine.
	return "http://localhost:" + where.Port()
}

// What the component shows, and what it has asked for.
const shown = `document.querySelector("renown-story").shadowRoot.textContent`

// A story on a plain page of another site: it is there without a cookie, and nothing of it is left when the customer takes it back, also where the page is open already.
func TestStoryOnAnotherSite(t *testing.T) {
	const title = "Quillmoor's boats are seen elsewhere"
	at, editor, customer := platform(t), employee(t, browser.Editor), visitor(t)
	text, link := signedOff(t, editor, "quillmoor-elsewhere", title)
	must(t, customer.Sign(link))
	must(t, editor.Publish(text))
	address := value(editor.Property("#next a", "href"))(t)
	must(t, customer.Go(address))
	address = customer.Address()

	reader, frame := visitor(t), value(visitor(t).Tab())(t)
	t.Cleanup(func() { frame.Close() })
	elsewhere := plainPage(t, at, address)
	must(t, reader.Look(1280, 800, false))
	must(t, reader.Go(elsewhere))
	must(t, reader.Until(shown+`.includes("Quillmoor Ferries")`))
	showsTheStory(t, reader, title, address)
	asksForNoMore(t, reader, at, elsewhere, strings.TrimPrefix(address, at.Website))
	must(t, frame.Go(address+"/embed"))
	says(t, frame, "h1", title)

	must(t, customer.TakeBack(link))
	cases.Holds(t, gone, "nothing is left on pages that are open", func() string {
		for _, p := range []*browser.Page{reader, frame} {
			value(browser.Eval[bool](p, `document.dispatchEvent(new Event("visibilitychange"))`))(t)
		}
		if left := value(browser.Eval[string](reader, shown))(t); left != "" {
			return "the component shows " + left
		}
		if left := value(browser.Eval[string](frame, "document.body.innerText"))(t); left != "" {
			return "the frame shows " + left
		}
		return ""
	})
	reader.Forget()
	must(t, reader.Go(elsewhere))
	must(t, reader.Until(`performance.getEntriesByType("resource").some((r) => r.name.endsWith("/embed.json"))`))
	must(t, reader.Until(`document.querySelector("renown-story").shadowRoot`))
	if left := value(browser.Eval[string](reader, shown+` + document.querySelector("main").innerText`))(t); left != "Our partners" {
		t.Errorf("the page, opened again, shows %q", left)
	}
}

// showsTheStory checks what the component shows: the story's own words, a picture that is there, and that no cookie came with it.
func showsTheStory(t *testing.T, reader *browser.Page, title, address string) {
	t.Helper()
	card := value(browser.Eval[struct {
		Title, Link, Text, Alt, Cookie string
		Width                          int
	}](reader, `(async (root) => { const image = root.querySelector("img"); image.loading = "eager"; await image.decode(); return {Title: root.querySelector("a").textContent,
		Link: root.querySelector("a").href, Text: root.querySelector(".text").textContent, Alt: image.alt, Width: image.naturalWidth, Cookie: document.cookie}; })(document.querySelector("renown-story").shadowRoot)`))(t)
	if card.Title != title || card.Link != address || !strings.Contains(card.Text, "six boats") || card.Alt == "" || card.Width < 100 || card.Cookie != "" {
		t.Errorf("the component shows %+v", card)
	}
}

// asksForNoMore checks that the page has no problems, and has loaded the component and what it shows without cookies. path is the story's.
func asksForNoMore(t *testing.T, reader *browser.Page, at *browser.Platform, elsewhere, path string) {
	t.Helper()
	for _, problem := range reader.Problems(at.Website, elsewhere) {
		t.Errorf("the plain page: %s", problem)
	}
	loaded := map[string]string{}
	for _, q := range reader.Requests() {
		loaded[strings.TrimPrefix(q.URL, at.Website)] = q.Kind
		if q.Header["set-cookie"] != "" {
			t.Errorf("%s sets a cookie", q.URL)
		}
	}
	if loaded["/embed.js"] != "Script" || loaded[path+"/embed.json"] != "Fetch" || loaded[path+"/embed"] == "" {
		t.Errorf("the page has loaded %v", loaded)
	}
}
