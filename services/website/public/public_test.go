package public_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"renown.example/kit/clock"
	"renown.example/kit/ready"
	"renown.example/website/api"
	"renown.example/website/public"
	"renown.example/website/web"
)

const (
	storyPath = "/stories/nordhafen-late-deliveries"
	origin    = "https://stories.holmway.example"
)

// answers plays back what a gateway said, by verb and path with the locale behind it; a test changes them as it goes.
type answers struct {
	t    *testing.T
	mu   sync.Mutex
	by   map[string]answer
	seen []call
}

type answer struct {
	status int
	header http.Header
	body   string
}

type call struct {
	what, authorization, key string
	body                     map[string]any
}

func (a *answers) set(what string, status int, body string, header ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h := http.Header{"Content-Type": {"application/json"}}
	if status >= 300 {
		h.Set("Content-Type", "application/problem+json")
	}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	a.by[what] = answer{status, h, body}
}

func (a *answers) calls(what string) []call {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []call
	for _, c := range a.seen {
		if c.what == what {
			out = append(out, c)
		}
	}
	return out
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + r.URL.Path
	if locale := r.URL.Query().Get("locale"); locale != "" {
		what += " " + locale
	}
	if at := r.URL.Query().Get("asOf"); at != "" {
		what += " as of " + at
	}
	c := call{what: what, authorization: r.Header.Get("Authorization"), key: r.Header.Get("Idempotency-Key")}
	if raw, err := io.ReadAll(r.Body); err != nil || len(raw) > 0 && json.Unmarshal(raw, &c.body) != nil {
		a.t.Errorf("%s came with the body %q", what, raw)
	}
	a.mu.Lock()
	found, ok := a.by[what]
	a.seen = append(a.seen, c)
	a.mu.Unlock()
	if !ok {
		found = answer{404, http.Header{"Content-Type": {"application/problem+json"}}, `{"status":404,"code":"NOT_FOUND","detail":"no"}`}
	}
	for name, values := range found.header {
		w.Header()[name] = values
	}
	w.WriteHeader(found.status)
	_, _ = io.WriteString(w, found.body)
}

type site struct {
	http.Handler
	gateway *answers
	clock   *clock.Fake
	public  *public.Site
}

// newSite is the public site over a gateway that says what the files in testdata hold.
func newSite(t *testing.T) *site {
	t.Helper()
	gateway := &answers{t: t, by: map[string]answer{}}
	for what, file := range map[string]string{
		"GET /v1/stories en":                           "list.en.json",
		"GET /v1/stories de":                           "list.de.json",
		"GET /v1/stories/nordhafen-late-deliveries en": "story.en.json",
	} {
		gateway.set(what, 200, read(t, file))
	}
	gateway.set("GET /v1/stories/nordhafen-late-deliveries/editions en", 200, `{"editions": []}`)
	srv := httptest.NewServer(gateway)
	t.Cleanup(srv.Close)
	s := siteOver(t, srv.URL)
	s.gateway = gateway
	return s
}

// siteOver is the public site over a gateway at an address.
func siteOver(t *testing.T, gateway string) *site {
	t.Helper()
	return siteWith(t, gateway, func(*public.Options) {})
}

// siteWith is siteOver with other options.
func siteWith(t *testing.T, gateway string, change func(*public.Options)) *site {
	t.Helper()
	theme := web.DefaultTheme()
	theme.Name = "Holmway"
	assets, err := web.NewAssets(theme, public.Static())
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := web.NewRenderer(theme, assets, public.Words, public.SignoffWords)
	if err != nil {
		t.Fatal(err)
	}
	clk := clock.NewFake(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC))
	o := public.Options{API: api.New(gateway, nil), Renderer: renderer, PublicURL: origin, DefaultLocale: "en", Clock: clk, Log: slog.New(slog.DiscardHandler)}
	change(&o)
	pages, err := public.New(o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", assets)
	mux.Handle("/", pages.Handler())
	return &site{mux, nil, clk, pages}
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func (s *site) get(path string, header ...string) *http.Response {
	req := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec.Result()
}

func (s *site) post(path string, form url.Values) *http.Response {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec.Result()
}

func (s *site) do(req *http.Request) int {
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	return rec.Code
}

// page reads an answer as a document.
func page(t *testing.T, res *http.Response, status int) *goquery.Document {
	t.Helper()
	if res.StatusCode != status {
		t.Fatalf("status is %d, want %d", res.StatusCode, status)
	}
	doc, err := goquery.NewDocumentFromReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func wantText(t *testing.T, doc *goquery.Document, selector, want string) {
	t.Helper()
	if got := strings.Join(strings.Fields(doc.Find(selector).First().Text()), " "); got != want {
		t.Errorf("%s says %q, want %q", selector, got, want)
	}
}

func wantCount(t *testing.T, doc *goquery.Document, selector string, want int) {
	t.Helper()
	if got := doc.Find(selector).Length(); got != want {
		t.Errorf("%d of %s, want %d", got, selector, want)
	}
}

func wantAttr(t *testing.T, doc *goquery.Document, selector, attr, want string) {
	t.Helper()
	if got, _ := doc.Find(selector).First().Attr(attr); got != want {
		t.Errorf("%s of %s is %q, want %q", attr, selector, got, want)
	}
}

func TestSnippetDescribesTheStory(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/stories/nordhafen-late-deliveries en", 200, strings.Replace(read(t, "story.en.json"), `"summary": {`, `"excerpts": {"snippet": "We stopped apologising."}, "summary": {`, 1))
	doc := page(t, s.get(storyPath), 200)
	for _, selector := range []string{"meta[name=description]", "meta[property='og:description']"} {
		wantAttr(t, doc, selector, "content", "We stopped apologising.")
	}
	if data := doc.Find("script[type='application/ld+json']").Text(); !strings.Contains(data, `"description":"We stopped apologising."`) {
		t.Errorf("JSON-LD says %s", data)
	}
	if shown := doc.Find(".story-summary").Text(); !strings.Contains(shown, "96 trucks") {
		t.Errorf("the page shows %q instead of its summary", shown)
	}
}

func TestAStoryWithoutAPartSaysSo(t *testing.T) {
	for clause, want := range map[string]string{"LOGO": "use of its logo", "NAME": "the stand-in that it signed"} {
		s := newSite(t)
		s.gateway.set("GET /v1/stories/nordhafen-late-deliveries en", 200, strings.Replace(read(t, "story.en.json"), `"summary": {`, `"withdrawnClauses": ["CONSENT_CLAUSE_`+clause+`"], "summary": {`, 1))
		if words := page(t, s.get(storyPath), 200).Find(".story-foot-words").Text(); !strings.Contains(words, want) {
			t.Errorf("without %s the footer says %s", clause, words)
		}
	}
}

func TestStoryPage(t *testing.T) {
	s := newSite(t)
	res := s.get(storyPath)
	doc := page(t, res, 200)
	wantText(t, doc, "h1", "Nordhafen cut late deliveries by 38%")
	wantText(t, doc, ".story-head .eyebrow", "Nordhafen Logistics")
	wantCount(t, doc, ".tiles > li", 2)
	wantText(t, doc, ".tiles .metric-figure", "38 %")
	wantText(t, doc, ".tiles .metric-baseline", "Compared with 412 a month, March to May 2025")
	wantCount(t, doc, ".story-body .block-metric", 0)
	wantCount(t, doc, ".loud blockquote", 1)
	wantText(t, doc, ".block-before-after .before .side", "Before")
	wantCount(t, doc, ".block-before-after .after", 1)
	wantCount(t, doc, ".story-facts dt", 5)
	wantText(t, doc, ".story-foot-words code", hashOf(t))
	if words := doc.Find(".story-foot-words").Text(); !strings.Contains(words, "agreed to this text, word for word, on 16 April 2026") || !strings.Contains(words, "Version 4") {
		t.Errorf("the footer says %q", words)
	}
	wantAttr(t, doc, "html", "lang", "en")
	wantAttr(t, doc, `link[rel=canonical]`, "href", origin+storyPath)
	wantAttr(t, doc, `link[hreflang=en]`, "href", origin+storyPath)
	wantAttr(t, doc, `link[hreflang=x-default]`, "href", origin+storyPath)
	wantAttr(t, doc, `link[hreflang=de]`, "href", origin+"/de/stories/nordhafen-verspaetete-lieferungen")
	wantAttr(t, doc, `.lang-switch a[lang=de]`, "href", "/de/stories/nordhafen-verspaetete-lieferungen")
	wantAttr(t, doc, `meta[property="og:url"]`, "content", origin+storyPath)
	wantAttr(t, doc, ".block-image img", "src", "/images/"+assetOf(t, doc))
	wantCount(t, doc, ".story-related .row", 2)
	wantText(t, doc, ".story-related .row-why", "Also in Logistics. Also uses Slot booking")
	wantText(t, doc, ".story-related .row:nth-child(2) .row-why", "Both tell of sofas, stairs")
	wantCount(t, doc, ".tiles .verified", 1)
	wantText(t, doc, ".tiles > li:first-child .measured > summary", "Verified")
	if told := doc.Find(".tiles > li:first-child .measured").Text(); !strings.Contains(told, "Delivery records of 2025, seen in full") || !strings.Contains(told, "20 March 2026") ||
		!strings.Contains(told, "3,812 deliveries") || !strings.Contains(told, "Counted from gate times") || !strings.Contains(told, "1 December 2025") {
		t.Errorf("the mark opens to %q", told)
	}
	wantCount(t, doc, ".tiles > li:nth-child(2) details", 0)
	wantAttr(t, doc, ".story-facts a", "href", "/stories?industry=logistics")
	wantText(t, doc, ".story-facts dd:has(a[href*='slot-booking'])", "Route planning, Slot booking")
	wantAttr(t, doc, ".story-share a", "href", "mailto:?subject=Nordhafen%20cut%20late%20deliveries%20by%2038%25&body=https:%2F%2Fstories.holmway.example%2Fstories%2Fnordhafen-late-deliveries")
	if got := res.Header.Get("Content-Language"); got != "en" {
		t.Errorf("Content-Language is %q", got)
	}
	var data struct {
		Graph []map[string]any `json:"@graph"`
	}
	if err := json.Unmarshal([]byte(doc.Find(`script[type="application/ld+json"]`).Text()), &data); err != nil || data.Graph[0]["@type"] != "Article" {
		t.Errorf("JSON-LD is %v, %v", data, err)
	}
}

func hashOf(t *testing.T) string {
	t.Helper()
	var story struct{ ContentHash string }
	if err := json.Unmarshal([]byte(read(t, "story.en.json")), &story); err != nil {
		t.Fatal(err)
	}
	return story.ContentHash
}

func assetOf(t *testing.T, doc *goquery.Document) string {
	t.Helper()
	src, _ := doc.Find(`meta[property="og:image"]`).Attr("content")
	return strings.TrimPrefix(src, origin+"/images/")
}

func TestIndexAndHome(t *testing.T) {
	s := newSite(t)
	doc := page(t, s.get("/stories"), 200)
	wantText(t, doc, ".newest-title", "Ytterholm Line sails fuller and leaves fewer cars on the quay")
	wantCount(t, doc, ".row", 12)
	wantText(t, doc, ".index-head p", "13 stories, the newest first")
	wantText(t, doc, ".row .row-industry", "Retail")
	wantAttr(t, doc, `link[hreflang=de]`, "href", origin+"/de/stories")
	german := page(t, s.get("/de/stories"), 200)
	wantText(t, german, "h1", "Geschichten")
	wantAttr(t, german, ".newest-title a", "href", "/de/stories/ytterholm-line-vollere-faehren")
	wantText(t, page(t, s.get("/"), 200), "h1", "What our customers achieved, in words they agreed to.")
	wantText(t, page(t, s.get("/de/"), 200), ".home-how h2", "Was hinter jeder Geschichte steht")
}

func TestIndexPages(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/stories en", 200, strings.Replace(read(t, "list.en.json"), `"totalSize"`, `"nextPageToken": "a+b/c", "totalSize"`, 1))
	doc := page(t, s.get("/stories"), 200)
	wantAttr(t, doc, `a[rel=next]`, "href", "/stories?page=a%2Bb%2Fc")
	next := page(t, s.get("/stories?page=a%2Bb%2Fc"), 200)
	wantCount(t, next, ".newest", 0)
	wantCount(t, next, ".row", 13)
	wantAttr(t, next, ".pager a", "href", "/stories")
	s.gateway.set("GET /v1/stories en", 400, `{"status":400,"code":"PAGE_TOKEN_INVALID","detail":"no"}`)
	if res := s.get("/stories?page=forged"); res.StatusCode != http.StatusServiceUnavailable && res.StatusCode != http.StatusNotFound {
		t.Errorf("a forged page answers %d", res.StatusCode)
	}
}

func TestAddressesThatAreNotThePage(t *testing.T) {
	s := newSite(t)
	for path, want := range map[string]string{
		"/stories/": "/stories", "/en/stories": "/stories", "/en": "/", "/en/" + "stories/x": "/stories/x", "/de": "/de/", storyPath + "/": storyPath,
		"/en" + storyPath + "?as_of=2026-05-04T10:00:00Z": storyPath + "?as_of=2026-05-04T10:00:00Z", "/en/stories?industry=retail": "/stories?industry=retail",
	} {
		if res := s.get(path); res.StatusCode != http.StatusMovedPermanently || res.Header.Get("Location") != want {
			t.Errorf("%s answers %d to %q, want %q", path, res.StatusCode, res.Header.Get("Location"), want)
		}
	}
	s.gateway.set("GET /v1/stories/old en", 301, `{"status":301,"code":"MOVED","detail":"x"}`, "Location", "/v1/stories/nordhafen-late-deliveries?locale=en")
	if res := s.get("/stories/old"); res.StatusCode != http.StatusMovedPermanently || res.Header.Get("Location") != storyPath {
		t.Errorf("a former address answers %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	for _, path := range []string{"/stories/none", "/nothing", "/fr/stories", "/stories/a/b", "/images/none"} {
		res := s.get(path)
		doc := page(t, res, http.StatusNotFound)
		wantText(t, doc, "h1", "There is no page at this address")
		wantCount(t, doc, `meta[name=robots][content=noindex]`, 1)
		if doc.Find(".row").Length() == 0 {
			t.Errorf("%s offers no stories instead", path)
		}
	}
	if res := s.post("/stories", nil); res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("a post answers %d", res.StatusCode)
	}
}

// follows lets the site follow a stream, and returns what tells on it and waits until it was heard.
func (s *site) follows(t *testing.T) func(ready.Revision) {
	t.Helper()
	revisions, said := make(chan ready.Revision), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go s.public.Follow(ctx, func(ctx context.Context, heard func(ready.Revision)) error {
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case r := <-revisions:
				heard(r)
				said <- struct{}{}
			}
		}
	})
	return func(r ready.Revision) { revisions <- r; <-said }
}

// A held page is dropped by the revision that tells of its withdrawal, and not served when the stream falls silent.
func TestWithdrawnIsGone(t *testing.T) {
	s := newSite(t)
	tell := s.follows(t)
	tell(ready.Revision{Number: 1})

	etag := s.get(storyPath).Header.Get("ETag")
	if res := s.get(storyPath, "If-None-Match", etag); res.StatusCode != http.StatusNotModified {
		t.Errorf("asked again with %s: %d", etag, res.StatusCode)
	}
	if n := len(s.gateway.calls("GET /v1/stories/nordhafen-late-deliveries en")); n != 1 {
		t.Errorf("the gateway was asked %d times for a held page", n)
	}
	s.gateway.set("GET /v1/stories/nordhafen-late-deliveries en", 410, `{"status":410,"code":"WITHDRAWN","detail":"x"}`)
	tell(ready.Revision{Name: "stories/nordhafen-logistics", Number: 2})
	doc := page(t, s.get(storyPath, "If-None-Match", etag), http.StatusGone)
	wantText(t, doc, "h1", "This story was withdrawn")
	wantCount(t, doc, ".tiles, .blocks, link[rel=canonical], meta[property], script:not([src])", 0)

	s.clock.Step(ready.FreshFor)
	s.gateway.set("GET /v1/stories en", 503, `{"status":503,"code":"UNAVAILABLE","detail":"x"}`)
	res := s.get("/stories")
	wantText(t, page(t, res, http.StatusServiceUnavailable), "h1", "The stories are out of reach for a moment")
	if res.Header.Get("Retry-After") == "" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers are %v", res.Header)
	}
}
