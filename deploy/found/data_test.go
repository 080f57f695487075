package found_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/piprate/json-gold/ld"
)

const schema = "https://schema.org/"

// schemaOrg stands for the context of schema.org, which says little more than that all words are its own.
type schemaOrg struct{}

func (schemaOrg) LoadDocument(address string) (*ld.RemoteDocument, error) {
	if strings.TrimSuffix(address, "/") != "https://schema.org" {
		return nil, fmt.Errorf("the context %s is not schema.org's", address)
	}
	return &ld.RemoteDocument{DocumentURL: address, Document: map[string]any{"@context": map[string]any{
		"@vocab": schema, "url": map[string]any{"@type": "@id"}, "item": map[string]any{"@type": "@id"}, "mainEntityOfPage": map[string]any{"@type": "@id"},
	}}}, nil
}

// properties are those that schema.org has for the types that pages use, as far as they use them; and of each whether it must be there.
var properties = map[string]map[string]bool{
	"Article": {"headline": true, "description": true, "inLanguage": true, "author": true, "publisher": true, "datePublished": true, "dateModified": true, "about": true,
		"mainEntityOfPage": true, "image": false, "hasPart": false},
	"Organization":   {"name": true, "url": false},
	"Person":         {"name": true, "jobTitle": false},
	"Quotation":      {"text": true, "creator": false},
	"ImageObject":    {"url": true, "caption": false, "width": false, "height": false},
	"BreadcrumbList": {"itemListElement": true},
	"ItemList":       {"itemListElement": true},
	"ListItem":       {"position": true, "name": true, "item": false, "url": false},
	"CollectionPage": {"name": true, "inLanguage": true, "mainEntity": true},
}

// nodes expands the linked data of a page, holds it against the vocabulary and returns what there is by type.
func nodes(t *testing.T, doc *goquery.Document) map[string][]map[string]any {
	t.Helper()
	var data any
	must(t, json.Unmarshal([]byte(doc.Find("script[type='application/ld+json']").Text()), &data))
	options := ld.NewJsonLdOptions("")
	options.DocumentLoader = schemaOrg{}
	out := map[string][]map[string]any{}
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				visit(e)
			}
		case map[string]any:
			if types, ok := v["@type"].([]any); ok && len(types) == 1 {
				name := strings.TrimPrefix(types[0].(string), schema)
				out[name] = append(out[name], v)
				known, ok := properties[name]
				if !ok {
					t.Errorf("there is a %s", name)
				}
				for property := range v {
					if _, ok := known[strings.TrimPrefix(property, schema)]; !ok && property[0] != '@' {
						t.Errorf("a %s has no %s", name, property)
					}
				}
				for property, needed := range known {
					if needed && v[schema+property] == nil {
						t.Errorf("a %s lacks its %s", name, property)
					}
				}
			}
			for _, e := range v {
				visit(e)
			}
		}
	}
	visit(value(ld.NewJsonLdProcessor().Expand(data, options))(t))
	return out
}

// said is what a node says in a property.
func said(node map[string]any, property string) string {
	list, _ := node[schema+property].([]any)
	if len(list) == 0 {
		return ""
	}
	first := list[0].(map[string]any)
	for _, key := range []string{"@value", "@id"} {
		if v, ok := first[key]; ok {
			return fmt.Sprint(v)
		}
	}
	return said(first, "name")
}

// Search engines are told what the page says: an article about the customer with their words in it, where it stands, and never a rating of ourselves.
func TestLinkedData(t *testing.T) {
	in := install(t)
	x := told{"tale", "pt-BR"}
	in.publish(t, x)
	in.publish(t, told{"tale", "en"})
	doc := in.page(t, x.path())
	found := nodes(t, doc)
	if len(found["Article"]) != 1 || len(found["BreadcrumbList"]) != 1 || len(found["Quotation"]) != 1 || len(found["ListItem"]) != 2 {
		t.Fatalf("there is %v", found)
	}
	article := found["Article"][0]
	for property, want := range map[string]string{
		"headline": x.title(), "inLanguage": x.locale, "about": "Customer " + x.story, "publisher": "Holmway & Sons", "mainEntityOfPage": in.url + x.path(),
		"dateModified": doc.Find(`meta[property="article:modified_time"]`).AttrOr("content", ""),
	} {
		if got := said(article, property); got != want || want == "" {
			t.Errorf("%s is %q, want %q", property, got, want)
		}
	}
	if words := said(found["Quotation"][0], "text"); words != `"We say "thank you" & mean it."` && words != `We say "thank you" & mean it.` {
		t.Errorf("the quotation is %q", words)
	}
	if last := found["ListItem"]; !slices.ContainsFunc(last, func(n map[string]any) bool { return said(n, "item") == in.url+x.path() }) {
		t.Errorf("the trail is %v", last)
	}
	list := nodes(t, in.page(t, "/pt-BR/stories"))
	if len(list["CollectionPage"]) != 1 || len(list["ItemList"]) != 1 || len(list["ListItem"]) != 1 || said(list["ListItem"][0], "url") != in.url+x.path() {
		t.Errorf("the index is %v", list)
	}
}

// Where a link to a page is shared it shows what the page says.
func TestSharedLinks(t *testing.T) {
	in := install(t)
	in.up(t)
	for _, u := range in.readSitemap(t) {
		doc := in.page(t, u.Loc)
		tags := map[string]string{}
		doc.Find("meta[property], meta[name^='twitter:']").Each(func(_ int, m *goquery.Selection) {
			name := m.AttrOr("property", m.AttrOr("name", ""))
			if _, twice := tags[name]; twice {
				t.Errorf("%s says %s twice", u.Loc, name)
			}
			tags[name] = m.AttrOr("content", "")
		})
		for _, name := range []string{"og:title", "og:type", "og:url", "og:description", "og:site_name", "twitter:card"} {
			if tags[name] == "" {
				t.Errorf("%s has no %s: %v", u.Loc, name, tags)
			}
		}
		if tags["og:url"] != u.Loc || tags["og:title"] != strings.TrimSuffix(doc.Find("title").Text(), " · Holmway & Sons") {
			t.Errorf("%s says %v", u.Loc, tags)
		}
	}
}

// oEmbed as https://oembed.com has it: found by the links of the page, in both formats, within the bounds that are asked for, and with its errors.
func TestOEmbed(t *testing.T) {
	in := install(t)
	x, lost := told{"tale", "fr"}, told{"lost", "en"}
	for _, y := range []told{x, lost} {
		in.publish(t, y)
	}
	in.withdraw(t, lost)
	doc := in.page(t, x.path())
	at := doc.Find("link[type='application/json+oembed']").AttrOr("href", "")
	got := in.get(t, at)
	fulfils(t, "oembed.schema.json", got.body)
	var rich struct {
		XMLName       xml.Name `json:"-" xml:"oembed"`
		Type          string   `json:"type" xml:"type"`
		Title         string   `json:"title" xml:"title"`
		HTML          string   `json:"html" xml:"html"`
		Width, Height int
	}
	must(t, json.Unmarshal([]byte(got.body), &rich))
	if got.header.Get("Content-Type") != "application/json; charset=utf-8" || rich.Title != x.title() || got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s answers %v: %s", at, got.header, got.body)
	}
	frame := value(goquery.NewDocumentFromReader(strings.NewReader(rich.HTML)))(t).Find("iframe")
	if frame.AttrOr("src", "") != in.url+x.path()+"/embed" || frame.AttrOr("title", "") != x.title() {
		t.Errorf("the frame is %s", rich.HTML)
	}
	shown := in.get(t, frame.AttrOr("src", ""))
	if policy := shown.header.Get("Content-Security-Policy"); shown.status != http.StatusOK || !strings.Contains(policy, "frame-ancestors *") || strings.Contains(policy, "unsafe") {
		t.Errorf("the frame answers %d with %v", shown.status, shown.header)
	}
	if policy := in.get(t, x.path()).header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the story itself may be framed: %s", policy)
	}
	xmlAt := doc.Find("link[type='text/xml+oembed']").AttrOr("href", "")
	got, rich.Type = in.get(t, xmlAt), ""
	must(t, xml.Unmarshal([]byte(got.body), &rich))
	if got.header.Get("Content-Type") != "text/xml; charset=utf-8" || rich.Type != "rich" || !strings.Contains(rich.HTML, "<iframe ") {
		t.Errorf("%s answers %v: %s", xmlAt, got.header, got.body)
	}
	for _, spelling := range []string{x.path() + "/", x.path() + "?utm_source=x#top", x.path() + "/embed"} {
		if again := in.get(t, "/oembed?url="+url.QueryEscape(in.url+spelling)); again.status != http.StatusOK || !strings.Contains(again.body, x.path()+"/embed") {
			t.Errorf("%s answers %d: %s", spelling, again.status, again.body)
		}
	}
	page := "/oembed?url=" + url.QueryEscape(in.url+x.path())
	for query, want := range map[string][2]int{"&maxwidth=200": {200, 320}, "&maxheight=100": {640, 100}, "&maxwidth=4000&maxheight=4000": {640, 320}} {
		must(t, json.Unmarshal([]byte(in.get(t, page+query).body), &rich))
		if rich.Width != want[0] || rich.Height != want[1] {
			t.Errorf("%s is %d x %d", query, rich.Width, rich.Height)
		}
	}
	in.refuses(t, page, x, lost)
}

// refuses asks for what oEmbed has errors for.
func (in *installation) refuses(t *testing.T, page string, x, lost told) {
	t.Helper()
	for address, want := range map[string]int{
		page + "&format=yaml": http.StatusNotImplemented, page + "&maxwidth=wide": http.StatusBadRequest, page + "&maxheight=0": http.StatusBadRequest, "/oembed": http.StatusNotFound,
		"/oembed?url=" + in.url + "/stories": http.StatusNotFound, "/oembed?url=" + in.url + "/stories/none": http.StatusNotFound,
		"/oembed?url=https://elsewhere.example" + x.path(): http.StatusNotFound, "/oembed?url=" + in.url + ".elsewhere.example" + x.path(): http.StatusNotFound,
		"/oembed?url=" + in.url + lost.path(): http.StatusGone,
	} {
		if got := in.get(t, address); got.status != want || strings.Contains(got.body, "<iframe") {
			t.Errorf("%s answers %d, want %d", address, got.status, want)
		}
	}
}
