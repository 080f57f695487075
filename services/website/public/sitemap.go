package public

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// A file of the sitemap may have 50,000 addresses and 50 MB. Ours are smaller, so that each can be held ready and is made quickly when it is not.
const (
	sitemapURLs  = 10_000
	sitemapBytes = 6 << 20
	// sitemapBatch is how many texts are asked for at once.
	sitemapBatch = 1000
)

const xmlType = "application/xml; charset=utf-8"

// buildSitemap names every page: all in one file if they fit, else in files that each begin with a story. It reads all addresses in the order of the stories, and
// holds no more of them than fill one file.
func (s *Site) buildSitemap(ctx context.Context) (*page, error) {
	all, set := s.addresses(ctx, ""), newURLSet(s)
	var parts []string
	for {
		texts, err := all.story()
		if err != nil {
			return nil, err
		}
		if len(texts) == 0 {
			break
		}
		if !set.add(texts) {
			parts = append(parts, set.first)
			set = newURLSet(s)
			set.add(texts)
		}
	}
	if len(parts) == 0 {
		return s.finishSet(set, all.locales), nil
	}
	return xmlPage(s.sitemapIndex(append(parts, set.first))), nil
}

// buildSitemapPart is the file that begins with a story, as buildSitemap divides them.
func (s *Site) buildSitemapPart(ctx context.Context, from string) (*page, error) {
	all, set := s.addresses(ctx, from), newURLSet(s)
	for {
		texts, err := all.story()
		if err != nil {
			return nil, err
		}
		if len(texts) == 0 || !set.add(texts) {
			break
		}
	}
	if set.first != from {
		return nil, fault.NotFound.New("no part of the sitemap begins with %q", from)
	}
	return s.finishSet(set, nil), nil
}

// buildSitemapPages is the file of the pages that list stories, where the stories are in others.
func (s *Site) buildSitemapPages(ctx context.Context) (*page, error) {
	all := s.addresses(ctx, "")
	all.request.PageSize = 1
	if err := all.more(); err != nil {
		return nil, err
	}
	return s.finishSet(newURLSet(s), all.locales), nil
}

// finishSet ends a file with the pages that list the stories of these languages. When those last changed is not said: a withdrawal changes them too, and nothing
// tells when.
func (s *Site) finishSet(set *urlSet, locales []string) *page {
	for _, address := range []func(string) string{s.paths.home, s.paths.index} {
		same := s.absolute(s.languages(locales, "", address))
		for _, locale := range locales {
			set.url(s.PublicURL+address(locale), time.Time{}, same)
		}
	}
	set.out.WriteString("</urlset>\n")
	return xmlPage(set.out.Bytes())
}

func xmlPage(body []byte) *page {
	return &page{status: http.StatusOK, contentType: xmlType, body: body}
}

func (s *Site) sitemapIndex(parts []string) []byte {
	var out bytes.Buffer
	out.WriteString(xml.Header + `<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">` + "\n")
	for _, path := range append([]string{"/sitemap-pages.xml"}, parts...) {
		if path[0] != '/' {
			path = "/sitemaps/" + path + ".xml"
		}
		out.WriteString("<sitemap><loc>" + escapedXML(s.PublicURL+path) + "</loc></sitemap>\n")
	}
	out.WriteString("</sitemapindex>\n")
	return out.Bytes()
}

// urlSet is one file of the sitemap as it grows.
type urlSet struct {
	site *Site
	out  bytes.Buffer
	urls int
	// first is the story that it begins with, without "stories/".
	first string
}

func newURLSet(s *Site) *urlSet {
	u := &urlSet{site: s}
	u.out.WriteString(xml.Header + `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">` + "\n")
	return u
}

// add writes the addresses of a story, or reports that they do not fit any more.
func (u *urlSet) add(texts []*storiesv1.Address) bool {
	if u.urls > 0 && (u.urls+len(texts) > sitemapURLs || u.out.Len() > sitemapBytes) {
		return false
	}
	if u.first == "" {
		u.first = strings.TrimPrefix(texts[0].GetName(), "stories/")
	}
	var same []web.Alternate
	for _, t := range texts {
		same = append(same, web.Alternate{Locale: t.GetLocale(), URL: u.site.paths.story(t.GetLocale(), t.GetSlug())})
	}
	u.site.inOrder(same)
	same = u.site.absolute(same)
	for _, t := range texts {
		u.url(u.site.PublicURL+u.site.paths.story(t.GetLocale(), t.GetSlug()), t.GetPublishTime().AsTime(), same)
	}
	return true
}

// url writes one address with those of its translations.
func (u *urlSet) url(address string, changed time.Time, same []web.Alternate) {
	u.urls++
	u.out.WriteString("<url><loc>" + escapedXML(address) + "</loc>")
	if !changed.IsZero() {
		u.out.WriteString("<lastmod>" + changed.UTC().Format(time.RFC3339) + "</lastmod>")
	}
	for _, a := range same {
		u.out.WriteString(`<xhtml:link rel="alternate" hreflang="` + escapedXML(a.Locale) + `" href="` + escapedXML(a.URL) + `"/>`)
	}
	u.out.WriteString("</url>\n")
}

func escapedXML(text string) string {
	var out bytes.Buffer
	if xml.EscapeText(&out, []byte(text)) != nil {
		return "" // a buffer takes everything
	}
	return out.String()
}

// addresses reads where all stories are, a batch at a time.
type addresses struct {
	ctx     context.Context
	client  storiesv1.AddressesServiceClient
	request *storiesv1.ListAddressesRequest
	ahead   []*storiesv1.Address
	// locales are those in which anything is up.
	locales []string
	end     bool
}

func (s *Site) addresses(ctx context.Context, from string) *addresses {
	a := &addresses{ctx: ctx, client: s.located, request: &storiesv1.ListAddressesRequest{PageSize: sitemapBatch}}
	if from != "" {
		a.request.From = "stories/" + from
	}
	return a
}

// story gives the addresses of the next story, in all its languages; none at the end.
func (a *addresses) story() ([]*storiesv1.Address, error) {
	for {
		for i, next := range a.ahead {
			if next.GetName() != a.ahead[0].GetName() {
				texts := a.ahead[:i]
				a.ahead = a.ahead[i:]
				return texts, nil
			}
		}
		if a.end {
			texts := a.ahead
			a.ahead = nil
			return texts, nil
		}
		if err := a.more(); err != nil {
			return nil, err
		}
	}
}

// more asks for the next batch.
func (a *addresses) more() error {
	reply, err := a.client.ListAddresses(a.ctx, a.request)
	if err != nil {
		return err
	}
	a.ahead = append(a.ahead, reply.GetAddresses()...)
	a.locales = reply.GetLocales()
	a.request.PageToken = reply.GetNextPageToken()
	a.end = a.request.PageToken == ""
	return nil
}
