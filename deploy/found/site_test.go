package found_test

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
)

// sitemapURL is an address in a sitemap; urlSet and sitemapIndex are its two documents.
type sitemapURL struct {
	Loc     string `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 loc"`
	Lastmod string `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 lastmod"`
	Links   []struct {
		Rel      string `xml:"rel,attr"`
		Hreflang string `xml:"hreflang,attr"`
		Href     string `xml:"href,attr"`
	} `xml:"http://www.w3.org/1999/xhtml link"`
	Other []struct{ XMLName xml.Name } `xml:",any"`
}

type urlSet struct {
	XMLName xml.Name     `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []sitemapURL `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 url"`
	Other   []struct {
		XMLName xml.Name
	} `xml:",any"`
}

// links are the translations that a page or a sitemap names, by language.
func (u sitemapURL) links() map[string]string {
	out := map[string]string{}
	for _, l := range u.Links {
		out[l.Hreflang] = l.Href
	}
	return out
}

func hreflang(doc *goquery.Document) map[string]string {
	out := map[string]string{}
	doc.Find("link[rel=alternate][hreflang]").Each(func(_ int, l *goquery.Selection) { out[l.AttrOr("hreflang", "")] = l.AttrOr("href", "") })
	return out
}

// readSitemap reads the sitemap that robots.txt names, as the schema of sitemaps.org 0.9 has it: loc, then lastmod, each address once and absolute, at most 2,048
// characters; at most 50,000 addresses and 50 MB.
func (in *installation) readSitemap(t *testing.T) []sitemapURL {
	t.Helper()
	robots := in.get(t, "/robots.txt")
	_, at, ok := strings.Cut(robots.body, "Sitemap: ")
	if robots.status != http.StatusOK || !ok || !strings.HasPrefix(robots.body, "User-agent: *\n") || strings.Contains(robots.body, "/stories") {
		t.Fatalf("robots.txt answers %d: %s", robots.status, robots.body)
	}
	got := in.get(t, strings.TrimSpace(at))
	if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "application/xml") || len(got.body) > 50<<20 {
		t.Fatalf("the sitemap answers %d, %s, %d bytes", got.status, got.header.Get("Content-Type"), len(got.body))
	}
	var set urlSet
	must(t, xml.Unmarshal([]byte(got.body), &set))
	seen := map[string]bool{}
	for _, u := range set.URLs {
		at, err := url.Parse(u.Loc)
		if err != nil || !at.IsAbs() || at.Fragment != "" || len(u.Loc) > 2048 || seen[u.Loc] || len(u.Other) > 0 {
			t.Errorf("%q is no address for a sitemap, or twice in it, or has more to it than there is: %v", u.Loc, u.Other)
		}
		if u.Lastmod != "" {
			if _, err := time.Parse(time.RFC3339, u.Lastmod); err != nil {
				t.Errorf("%s: lastmod is %q", u.Loc, u.Lastmod)
			}
		}
		seen[u.Loc] = true
	}
	if len(set.URLs) == 0 || len(set.URLs) > 50_000 || len(set.Other) > 0 {
		t.Errorf("%d addresses, and %v", len(set.URLs), set.Other)
	}
	return set.URLs
}

// Every page is in the sitemap, and what is in it answers 200 and calls itself by that address.
func TestEveryAddressOfTheSitemapIsItsOwnCanonical(t *testing.T) {
	in := install(t)
	var want []string
	for _, locale := range locales {
		prefix := in.url
		if locale != locales[0] {
			prefix += "/" + locale
		}
		want = append(want, prefix+"/", prefix+"/stories")
	}
	for _, x := range in.up(t) {
		want = append(want, in.url+x.path())
	}
	var found []string
	for _, u := range in.readSitemap(t) {
		found = append(found, u.Loc)
		doc := in.page(t, u.Loc)
		if self := doc.Find("link[rel=canonical]").AttrOr("href", ""); self != u.Loc {
			t.Errorf("%s calls itself %q", u.Loc, self)
		}
		if doc.Find("meta[name=robots]").Length() > 0 {
			t.Errorf("%s is in the sitemap and wants not to be found", u.Loc)
		}
		if modified := doc.Find(`meta[property="article:modified_time"]`).AttrOr("content", ""); modified != u.Lastmod {
			t.Errorf("%s was modified at %q and says %q", u.Loc, u.Lastmod, modified)
		}
	}
	slices.Sort(found)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("the sitemap has %q, want %q", found, want)
	}
}

// Pages name their translations: themselves among them, absolutely, with x-default, and each of those names the same. A story in one language names none; one that
// is shown in another language because there is none in the one asked for is no translation. The sitemap says what the pages say.
func TestTranslationsNameEachOther(t *testing.T) {
	in := install(t)
	up := in.up(t)
	pages := map[string]map[string]string{}
	for _, u := range in.readSitemap(t) {
		pages[u.Loc] = hreflang(in.page(t, u.Loc))
		if links := u.links(); !equal(links, pages[u.Loc]) {
			t.Errorf("%s: the sitemap names %v, the page %v", u.Loc, links, pages[u.Loc])
		}
	}
	for at, links := range pages {
		if len(links) == 0 {
			continue
		}
		self := false
		for language, to := range links {
			if !strings.HasPrefix(to, in.url+"/") {
				t.Errorf("%s names %q as %s", at, to, language)
			}
			if back, ok := pages[to]; !ok || !equal(back, links) {
				t.Errorf("%s names %s as %s, which names %v", at, to, language, back)
			}
			self = self || to == at && language != "x-default"
		}
		if !self || links["x-default"] == "" {
			t.Errorf("%s names neither itself nor x-default: %v", at, links)
		}
	}
	for _, x := range up {
		languages := 0
		for _, y := range up {
			if y.story == x.story {
				languages++
			}
		}
		want := languages + 1
		if languages == 1 {
			want = 0
		}
		if got := pages[in.url+x.path()]; len(got) != want || languages > 1 && got[x.locale] != in.url+x.path() {
			t.Errorf("%s names %v, want %d", x.path(), got, want)
		}
	}
	if got := pages[in.url+told{"abroad", "ja"}.path()]["x-default"]; got != in.url+(told{"abroad", "de"}).path() {
		t.Errorf("where there is none in the default language, x-default is %q", got)
	}
	fallback := in.page(t, "/fr/stories/one-en")
	if canonical := fallback.Find("link[rel=canonical]").AttrOr("href", ""); len(hreflang(fallback)) > 0 || canonical != in.url+"/stories/one-en" {
		t.Errorf("a fallback names %v and has the canonical address %q", hreflang(fallback), canonical)
	}
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
