package public

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// inFeeds is how many stories a feed holds, the newest.
const inFeeds = 50

// feed is what its three forms say. Addresses are absolute.
type feed struct {
	title, text, language string
	author                string
	site, home            string
	updated               time.Time
	entries               []entry
}

type entry struct {
	// id stays the same when the story gets another address or is published anew.
	id, url, title, text string
	published, updated   time.Time
	terms                []string
	image                string
}

// mediaTypes of the feeds, by their ending.
var mediaTypes = map[string]string{"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}

func (s *Site) buildFeed(ctx context.Context, at place) (*page, error) {
	reply, err := s.list(ctx, at.locale, inFeeds, "")
	if err != nil {
		return nil, err
	}
	f := &feed{
		title: s.say(at.locale, "feed.title", s.Renderer.Theme.Name), text: s.say(at.locale, "index.text"), language: at.locale, author: s.Renderer.Theme.Name,
		site: s.PublicURL + s.paths.index(at.locale), home: s.PublicURL + s.paths.home(at.locale), updated: time.Unix(0, 0).UTC(),
	}
	for _, p := range reply.GetStories() {
		e := s.entry(p)
		f.entries = append(f.entries, e)
		if e.updated.After(f.updated) {
			f.updated = e.updated
		}
	}
	ending, write := "json", f.json
	switch at.kind {
	case rssFeed:
		ending, write = "rss", f.rss
	case atomFeed:
		ending, write = "atom", f.atom
	}
	body, err := write(s.PublicURL + s.paths.feed(at.locale, ending))
	if err != nil {
		return nil, err
	}
	return &page{status: http.StatusOK, contentType: mediaTypes[ending] + "; charset=utf-8", language: at.locale, body: body, header: anywhere()}, nil
}

func (s *Site) entry(p *storiesv1.PublishedSummary) entry {
	e := entry{
		id: s.tag(p), url: s.PublicURL + s.paths.story(p.GetLocale(), p.GetSlug()), title: p.GetTitle(), text: p.GetSummary(),
		published: p.GetFirstPublishTime().AsTime(), updated: p.GetPublishTime().AsTime(),
		terms: slices.Concat(p.GetIndustry(), p.GetRegion(), p.GetProduct(), p.GetUseCase()),
	}
	if asset := p.GetImage().GetAsset(); asset != "" {
		e.image = s.PublicURL + imagePath(plainOf(asset, p.GetPicture()).GetAsset())
	}
	return e
}

// tag names a story in one language for good (RFC 4151): by the site, by the day on which it was first published, and by its resource name.
func (s *Site) tag(p *storiesv1.PublishedSummary) string {
	host := s.PublicURL
	if u, err := url.Parse(s.PublicURL); err == nil {
		host = u.Hostname()
	}
	return "tag:" + host + "," + p.GetFirstPublishTime().AsTime().Format(time.DateOnly) + ":" + p.GetName() + "/" + p.GetLocale()
}

// feedLinks tell feed readers where the feeds of a language are.
func (s *Site) feedLinks(locale string) []web.HeadLink {
	title := s.say(locale, "feed.title", s.Renderer.Theme.Name)
	var out []web.HeadLink
	for _, ending := range []string{"atom", "rss", "json"} {
		out = append(out, web.HeadLink{Rel: "alternate", Type: mediaTypes[ending], Title: title, URL: s.PublicURL + s.paths.feed(locale, ending)})
	}
	return out
}

type rssDocument struct {
	XMLName xml.Name  `xml:"rss"`
	Version string    `xml:"version,attr"`
	Atom    string    `xml:"xmlns:atom,attr"`
	Media   string    `xml:"xmlns:media,attr"`
	Title   string    `xml:"channel>title"`
	Link    string    `xml:"channel>link"`
	Text    string    `xml:"channel>description"`
	Lang    string    `xml:"channel>language"`
	Built   string    `xml:"channel>lastBuildDate"`
	Self    xmlLink   `xml:"channel>atom:link"`
	Items   []rssItem `xml:"channel>item"`
}

type rssItem struct {
	Title     string    `xml:"title"`
	Link      string    `xml:"link"`
	ID        rssID     `xml:"guid"`
	Published string    `xml:"pubDate"`
	Text      string    `xml:"description"`
	Terms     []string  `xml:"category"`
	Media     *rssMedia `xml:"media:content"`
}

type rssID struct {
	Permanent bool   `xml:"isPermaLink,attr"`
	ID        string `xml:",chardata"`
}

type rssMedia struct {
	URL    string `xml:"url,attr"`
	Medium string `xml:"medium,attr"`
}

type xmlLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

func (f *feed) rss(self string) ([]byte, error) {
	doc := rssDocument{
		Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Media: "http://search.yahoo.com/mrss/", Title: f.title, Link: f.site, Text: f.text, Lang: f.language,
		Built: f.updated.Format(time.RFC1123Z), Self: xmlLink{"self", mediaTypes["rss"], self},
	}
	for _, e := range f.entries {
		item := rssItem{Title: e.title, Link: e.url, ID: rssID{false, e.id}, Published: e.published.Format(time.RFC1123Z), Text: e.text, Terms: e.terms}
		if e.image != "" {
			item.Media = &rssMedia{e.image, "image"}
		}
		doc.Items = append(doc.Items, item)
	}
	return writeXML(doc)
}

type atomDocument struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Text    string      `xml:"subtitle"`
	Updated string      `xml:"updated"`
	Links   []xmlLink   `xml:"link"`
	Author  string      `xml:"author>name"`
	Entries []atomEntry `xml:"entry"`
}

type atomEntry struct {
	ID        string     `xml:"id"`
	Title     string     `xml:"title"`
	Link      xmlLink    `xml:"link"`
	Published string     `xml:"published"`
	Updated   string     `xml:"updated"`
	Text      string     `xml:"summary"`
	Terms     []atomTerm `xml:"category"`
}

type atomTerm struct {
	Term string `xml:"term,attr"`
}

func (f *feed) atom(self string) ([]byte, error) {
	doc := atomDocument{
		Lang: f.language, ID: self, Title: f.title, Text: f.text, Updated: f.updated.Format(time.RFC3339), Author: f.author,
		Links: []xmlLink{{"self", mediaTypes["atom"], self}, {"alternate", "text/html", f.site}},
	}
	for _, e := range f.entries {
		out := atomEntry{ID: e.id, Title: e.title, Link: xmlLink{"alternate", "text/html", e.url}, Published: e.published.Format(time.RFC3339), Updated: e.updated.Format(time.RFC3339), Text: e.text}
		for _, term := range e.terms {
			out.Terms = append(out.Terms, atomTerm{term})
		}
		doc.Entries = append(doc.Entries, out)
	}
	return writeXML(doc)
}

func writeXML(doc any) ([]byte, error) {
	raw, err := xml.Marshal(doc)
	return append([]byte(xml.Header), append(raw, '\n')...), err
}

type jsonDocument struct {
	Version  string     `json:"version"`
	Title    string     `json:"title"`
	Home     string     `json:"home_page_url"`
	URL      string     `json:"feed_url"`
	Text     string     `json:"description"`
	Language string     `json:"language"`
	Items    []jsonItem `json:"items"`
}

type jsonItem struct {
	ID        string   `json:"id"`
	URL       string   `json:"url"`
	Title     string   `json:"title"`
	Text      string   `json:"content_text"`
	Published string   `json:"date_published"`
	Updated   string   `json:"date_modified"`
	Language  string   `json:"language"`
	Terms     []string `json:"tags,omitempty"`
	Image     string   `json:"image,omitempty"`
}

func (f *feed) json(self string) ([]byte, error) {
	doc := jsonDocument{Version: "https://jsonfeed.org/version/1.1", Title: f.title, Home: f.site, URL: self, Text: f.text, Language: f.language, Items: []jsonItem{}}
	for _, e := range f.entries {
		doc.Items = append(doc.Items, jsonItem{
			ID: e.id, URL: e.url, Title: e.title, Text: e.text, Published: e.published.Format(time.RFC3339), Updated: e.updated.Format(time.RFC3339),
			Language: f.language, Terms: e.terms, Image: e.image,
		})
	}
	return writeJSON(doc)
}

func writeJSON(doc any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(doc)
	return out.Bytes(), err
}
