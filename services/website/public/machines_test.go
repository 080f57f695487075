package public_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The component is small, speaks the colours of the theme, and may be loaded and kept by pages of any origin.
func TestComponent(t *testing.T) {
	s := newSite(t)
	res := s.get("/embed.js")
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || len(raw) >= 5000 {
		t.Errorf("the component answers %d with %d bytes, may have 5000: %v", res.StatusCode, len(raw), err)
	}
	t.Logf("the component has %d bytes", len(raw))
	for name, want := range map[string]string{"Content-Type": "text/javascript; charset=utf-8", "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin", "Set-Cookie": ""} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	if text := string(raw); strings.Contains(text, "http://") || strings.Contains(text, "https://") || strings.Contains(text, "innerHTML") || strings.Contains(text, "cookie") || !strings.Contains(text, `accent: "#`) {
		t.Errorf("the component is\n%s", text)
	}
}

// What the component is told are words that were signed, among them the passage that the customer agreed to be quoted with.
func TestDataOfTheComponent(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/stories/nordhafen-late-deliveries en", 200, strings.Replace(read(t, "story.en.json"), `"summary": {`, `"excerpts": {"embed": "We stopped apologising."}, "summary": {`, 1))
	var card map[string]string
	if err := json.NewDecoder(s.get(storyPath + "/embed.json").Body).Decode(&card); err != nil {
		t.Fatal(err)
	}
	if card["text"] != "We stopped apologising." || card["title"] != "Nordhafen cut late deliveries by 38%" || card["url"] != origin+storyPath || !strings.HasPrefix(card["image"], origin+"/images/") || card["alt"] == "" || card["lang"] != "en" {
		t.Errorf("the card is %v", card)
	}
}

// What the customer was given for the story is said wherever the story is shown, and the words that were signed stay as they are.
func TestDisclosure(t *testing.T) {
	const words = "The customer received 500 points for telling this story."
	s := newSite(t)
	plain := map[string]string{}
	said := func(suffix string) string {
		raw, err := io.ReadAll(s.get(storyPath + suffix).Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	suffixes := []string{"", ".md", "/embed", "/embed.json"}
	for _, suffix := range suffixes {
		if plain[suffix] = said(suffix); strings.Contains(plain[suffix], "received") {
			t.Errorf("without a gift, %q says %s", suffix, plain[suffix])
		}
	}
	s = newSite(t)
	s.gateway.set("GET /v1/stories/nordhafen-late-deliveries en", 200, strings.Replace(read(t, "story.en.json"), `"summary": {`, `"disclosure": {"text": "`+words+`"}, "summary": {`, 1))
	for _, suffix := range suffixes {
		if got := said(suffix); strings.Count(got, words) != 1 {
			t.Errorf("%q does not say it once:\n%s", suffix, got)
		}
	}
	if got := said(".md"); !strings.HasPrefix(got, strings.TrimRight(plain[".md"], "\n")) || !strings.HasSuffix(got, "\n***\n\n*"+words+"*\n") {
		t.Errorf("the signed words are not as they were:\n%s", got)
	}
	body, _ := io.ReadAll(s.get("/oembed?url=" + url.QueryEscape(origin+storyPath)).Body)
	if !strings.Contains(string(body), `height=\"368\"`) {
		t.Errorf("the frame has no room for it: %s", body)
	}
}

// A frame whose story was withdrawn may still be shown by other sites, and shows nothing.
func TestWithdrawnFrameIsEmpty(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/stories/nordhafen-late-deliveries en", 410, `{"status":410,"code":"WITHDRAWN","detail":"x"}`)
	res := s.get(storyPath + "/embed")
	if !strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-ancestors *") {
		t.Errorf("headers are %v", res.Header)
	}
	doc := page(t, res, http.StatusGone)
	if words := strings.TrimSpace(doc.Find("body").Text()); words != "" {
		t.Errorf("it shows %q", words)
	}
	for _, suffix := range []string{".md", "/embed.json"} {
		if got := s.get(storyPath + suffix); got.StatusCode != http.StatusGone || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain") || got.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s answers %d with %v", suffix, got.StatusCode, got.Header)
		}
	}
}

// many answers for the addresses of n stories in two languages, a thousand at a time.
func many(n int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, _ := strconv.Atoi(r.URL.Query().Get("pageToken"))
		if from := r.URL.Query().Get("from"); at == 0 && from != "" {
			number, _ := strconv.Atoi(strings.TrimPrefix(from, "stories/story-"))
			at = 2 * number
		}
		size, _ := strconv.Atoi(r.URL.Query().Get("pageSize"))
		var list []map[string]string
		end := min(at+size, 2*n)
		for i := at; i < end; i++ {
			id := fmt.Sprintf("story-%06d", i/2)
			list = append(list, map[string]string{"name": "stories/" + id, "locale": []string{"de", "en"}[i%2], "slug": id, "publishTime": "2026-03-02T09:00:00Z"})
		}
		reply := map[string]any{"addresses": list, "locales": []string{"en", "de"}}
		if end < 2*n {
			reply["nextPageToken"] = strconv.Itoa(end)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(reply)
	})
}

// The sitemap of a large site is several files, each within the bounds of the protocol, which together have every address once.
func TestLargeSitemap(t *testing.T) {
	stories := 12_000
	if os.Getenv("RENOWN_TEST_FULL") != "" {
		stories = 100_000
	}
	gateway := httptest.NewServer(many(stories))
	defer gateway.Close()
	s := siteOver(t, gateway.URL)
	var index struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
		Parts   []string `xml:"sitemap>loc"`
	}
	readXML(t, s.get("/sitemap.xml"), &index)
	var found []string
	for _, part := range index.Parts {
		path, ok := strings.CutPrefix(part, origin)
		if !ok {
			t.Fatalf("a part is at %s", part)
		}
		var set struct {
			XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
			URLs    []string `xml:"url>loc"`
		}
		if size := readXML(t, s.get(path), &set); size > 8<<20 || len(set.URLs) > 50_000 || len(set.URLs) == 0 {
			t.Errorf("%s has %d addresses in %d bytes", part, len(set.URLs), size)
		}
		found = append(found, set.URLs...)
	}
	if want := 2*stories + 4; len(found) != want || len(index.Parts) < 3 {
		t.Errorf("%d parts have %d addresses, want %d", len(index.Parts), len(found), want)
	}
	slices.Sort(found)
	if once := slices.Compact(slices.Clone(found)); len(once) != len(found) {
		t.Errorf("%d addresses are there twice", len(found)-len(once))
	}
	for _, path := range []string{"/sitemaps/no-such-story.xml", "/sitemaps/.xml", "/sitemaps/a/b.xml"} {
		if got := s.get(path).StatusCode; got != http.StatusNotFound {
			t.Errorf("%s answers %d", path, got)
		}
	}
}

func readXML(t *testing.T, res *http.Response, into any) int {
	t.Helper()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("answers %d: %s, %v", res.StatusCode, raw, err)
	}
	if err := xml.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
	return len(raw)
}
