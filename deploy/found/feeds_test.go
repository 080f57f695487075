package found_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/mmcdole/gofeed"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"renown.example/deploy/cases"
)

// fulfils fails the test unless a document is as a JSON Schema says.
func fulfils(t *testing.T, schema, document string) {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s := value(c.Compile("testdata/" + schema))(t)
	if err := s.Validate(value(jsonschema.UnmarshalJSON(strings.NewReader(document)))(t)); err != nil {
		t.Errorf("%s: %v", schema, err)
	}
}

// feedTypes are the media types of the feeds, with the kind as gofeed names it.
var feedTypes = map[string]string{"application/rss+xml": "rss", "application/atom+xml": "atom", "application/feed+json": "json"}

// The feeds of each language, found by the links of its pages, hold its stories and nothing else, the newest first, under ids that outlast an address.
func TestFeeds(t *testing.T) {
	in := install(t)
	up := in.up(t)
	for _, locale := range locales {
		index := in.url + "/stories"
		if locale != locales[0] {
			index = in.url + "/" + locale + "/stories"
		}
		ids := map[string][]string{}
		links := in.page(t, index).Find("link[rel=alternate][type]")
		links.Each(func(_ int, l *goquery.Selection) {
			media := l.AttrOr("type", "")
			kind, ok := feedTypes[media]
			if !ok {
				return
			}
			at := l.AttrOr("href", "")
			got := in.get(t, at)
			if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), media) || got.header.Get("Content-Language") != locale {
				t.Fatalf("%s answers %d, %s, %s", at, got.status, got.header.Get("Content-Type"), got.header.Get("Content-Language"))
			}
			if kind == "json" {
				fulfils(t, "jsonfeed.schema.json", got.body)
			}
			feed := value(gofeed.NewParser().ParseString(got.body))(t)
			if feed.FeedType != kind || feed.Link != index || feed.FeedLink != at || feed.Title == "" || !strings.Contains(feed.Title, "Holmway & Sons") || kind != "json" && feed.Language != locale {
				t.Errorf("%s is %s of %q in %q with the links %q and %q", at, feed.FeedType, feed.Title, feed.Language, feed.Link, feed.FeedLink)
			}
			ids[kind] = in.items(t, feed, locale, up)
		})
		if len(ids) != 3 || !slices.Equal(ids["rss"], ids["atom"]) || !slices.Equal(ids["rss"], ids["json"]) || len(ids["rss"]) == 0 {
			t.Errorf("the feeds in %s hold %v", locale, ids)
		}
	}
}

// items holds what is in a feed against what is up, and returns the ids in their order.
func (in *installation) items(t *testing.T, feed *gofeed.Feed, locale string, up []told) []string {
	t.Helper()
	want := map[string]told{}
	for _, x := range up {
		if x.locale == locale {
			want[in.url+x.path()] = x
		}
	}
	var ids []string
	for i, item := range feed.Items {
		x, ok := want[item.Link]
		text := item.Description + item.Content
		if !ok || item.Title != x.title() || !strings.Contains(text, x.story+" ships on time & says so in "+locale) || item.PublishedParsed == nil || !slices.Contains(item.Categories, "R&D") {
			t.Errorf("%s has %q at %q: %q, %v", feed.FeedLink, item.Title, item.Link, text, item.Categories)
		}
		if want := "stories/" + x.story + "/" + locale; !strings.HasPrefix(item.GUID, "tag:127.0.0.1,") || !strings.HasSuffix(item.GUID, ":"+want) {
			t.Errorf("%s has the id %q", item.Link, item.GUID)
		}
		if i > 0 && item.PublishedParsed.After(*feed.Items[i-1].PublishedParsed) {
			t.Errorf("%s stands behind an older one", item.Link)
		}
		delete(want, item.Link)
		ids = append(ids, item.GUID)
	}
	if len(want) > 0 {
		t.Errorf("%s lacks %v", feed.FeedLink, want)
	}
	return ids
}

// A story that moves keeps its id, so that nobody is told of it twice.
func TestAnIdOutlastsAnAddress(t *testing.T) {
	in := install(t)
	x := told{"mover", "en"}
	in.publish(t, x)
	before := value(gofeed.NewParser().ParseString(in.get(t, "/stories.atom").body))(t).Items[0]
	in.move(t, x, "elsewhere")
	cases.Holds(t, gone, "the story has moved", func() string {
		after := value(gofeed.NewParser().ParseString(in.get(t, "/stories.atom").body))(t).Items[0]
		if after.Link == before.Link {
			return "it is still at " + after.Link
		}
		if after.GUID != before.GUID || after.PublishedParsed == nil || !after.PublishedParsed.Equal(*before.PublishedParsed) || after.UpdatedParsed.Before(*before.UpdatedParsed) {
			t.Fatalf("%+v became %+v", before, after)
		}
		return ""
	})
	// Whatever is made of it leads on to where it is now.
	for _, suffix := range []string{"", ".md", "/embed", "/embed.json"} {
		got := in.get(t, x.path()+suffix)
		if to := got.header.Get("Location"); got.status != http.StatusMovedPermanently || to != "/stories/elsewhere"+suffix {
			t.Errorf("%s answers %d to %q", x.path()+suffix, got.status, to)
		}
	}
	// So does what is asked for with the name of the default language before it, and a component on another site may follow.
	if got := in.get(t, "/en/stories/elsewhere/embed.json"); got.header.Get("Location") != "/stories/elsewhere/embed.json" || got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("with its language it answers %d with %v", got.status, got.header)
	}
	if got := in.get(t, "/oembed?url="+in.url+"/en/stories/elsewhere"); got.status != http.StatusOK {
		t.Errorf("oEmbed of it with its language answers %d", got.status)
	}
	if got := in.get(t, "/oembed?url="+in.url+x.path()); !strings.Contains(got.body, "/stories/elsewhere/embed") {
		t.Errorf("oEmbed of its old address answers %d: %s", got.status, got.body)
	}
}

// llms.txt is as https://llmstxt.org has it: a heading, a summary, lists of links; and each link leads to Markdown, which says where its page is.
func TestForLanguageModels(t *testing.T) {
	in := install(t)
	up := in.up(t)
	for _, locale := range locales {
		at := "/llms.txt"
		if locale != locales[0] {
			at = "/" + locale + at
		}
		got := in.get(t, at)
		lines := strings.Split(got.body, "\n")
		if got.status != http.StatusOK || !strings.HasPrefix(lines[0], "# Holmway & Sons") || !strings.HasPrefix(lines[2], "> ") || strings.Count(got.body, "\n# ") > 0 {
			t.Fatalf("%s answers %d: %s", at, got.status, got.body)
		}
		for _, x := range up {
			named := strings.Contains(got.body, "]("+in.url+x.path()+".md)")
			if named != (x.locale == locale) {
				t.Errorf("%s names %s: %t", at, x.path(), named)
			}
		}
	}
	for _, x := range up {
		link := in.page(t, x.path()).Find("link[rel=alternate][type='text/markdown']").AttrOr("href", "")
		got := in.get(t, link)
		if link != in.url+x.path()+".md" || got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/markdown") ||
			got.header.Get("Link") != "<"+in.url+x.path()+`>; rel="canonical"` || got.header.Get("Content-Language") != x.locale {
			t.Errorf("%s answers %d with %v", link, got.status, got.header)
		}
		for _, words := range []string{"The words of " + x.story + " in " + x.locale, "fewer late deliveries", "Jonna Fjeld"} {
			if !strings.Contains(got.body, words) {
				t.Errorf("%s lacks %q", link, words)
			}
		}
	}
}
