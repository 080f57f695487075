package public

import (
	"net/url"
	"regexp"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// place is what an address of the public site leads to.
type place struct {
	kind   kind
	locale string
	slug   string
}

type kind int

const (
	nowhere kind = iota
	home
	index
	story
	// What machines read of a story: its Markdown, the frame that other sites show, and the data of the web component.
	asText
	asFrame
	asData
	// What machines read of a language.
	rssFeed
	atomFeed
	jsonFeed
	forModels
	// What machines read of the whole site. A part of the sitemap has the story that it begins with as its slug.
	sitemap
	sitemapPages
	sitemapPart
	oembed
)

// ofSite are the addresses that there are once, whatever the language.
var ofSite = map[string]kind{"sitemap.xml": sitemap, "sitemap-pages.xml": sitemapPages, "oembed": oembed}

// ofLanguage are the lists of a language by the last part of their address.
var ofLanguage = map[string]kind{"": home, "stories": index, "stories.rss": rssFeed, "stories.atom": atomFeed, "stories.json": jsonFeed, "llms.txt": forModels}

var localeShape = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$`)

// maxSlug is the longest slug that the stories service takes, in bytes.
const maxSlug = 120

// find reads an address: /, /stories, /stories/{slug} and what else there is of both in the default locale, the same behind /{locale} in the others. The
// default locale has no address of its own behind its name.
func find(path, defaultLocale string) place {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	p := place{locale: defaultLocale}
	if len(parts) == 1 && ofSite[parts[0]] != nowhere {
		p.kind = ofSite[parts[0]]
		return p
	}
	if name, ok := strings.CutSuffix(parts[len(parts)-1], ".xml"); ok && len(parts) == 2 && parts[0] == "sitemaps" && name != "" && len(name) <= maxSlug {
		p.kind, p.slug = sitemapPart, name
		return p
	}
	if localeShape.MatchString(parts[0]) && parts[0] != "stories" && len(parts) > 1 {
		if parts[0] == defaultLocale {
			return place{}
		}
		p.locale, parts = parts[0], parts[1:]
	}
	if len(parts) == 1 {
		p.kind = ofLanguage[parts[0]]
		return p
	}
	if parts[0] == "stories" {
		p.kind, p.slug = ofStory(parts[1:])
	}
	return p
}

// ofStory reads what stands behind /stories/ in an address. A slug has no dot.
func ofStory(parts []string) (kind, string) {
	slug, kind := parts[0], story
	switch {
	case len(parts) == 2 && parts[1] == "embed":
		kind = asFrame
	case len(parts) == 2 && parts[1] == "embed.json":
		kind = asData
	case len(parts) != 1:
		return nowhere, ""
	case strings.HasSuffix(slug, ".md"):
		slug, kind = strings.TrimSuffix(slug, ".md"), asText
	}
	if slug == "" || len(slug) > maxSlug {
		return nowhere, ""
	}
	return kind, slug
}

// machines reports whether programs read what is at such an address: they get a line instead of a page where there is nothing.
func (k kind) machines() bool { return k > story }

// paths writes addresses below the site's root.
type paths struct{ defaultLocale string }

func (p paths) prefix(locale string) string {
	if locale == "" || locale == p.defaultLocale {
		return ""
	}
	return "/" + locale
}

func (p paths) home(locale string) string        { return p.prefix(locale) + "/" }
func (p paths) index(locale string) string       { return p.prefix(locale) + "/stories" }
func (p paths) story(locale, slug string) string { return p.prefix(locale) + "/stories/" + slug }
func (p paths) models(locale string) string      { return p.prefix(locale) + "/llms.txt" }

// feed is the address of a feed by its ending: "rss", "atom" or "json".
func (p paths) feed(locale, ending string) string { return p.index(locale) + "." + ending }

// filtered is the address of the stories that share a term.
func (p paths) filtered(locale string, t *storiesv1.TermRef) string {
	return p.index(locale) + "?" + url.Values{t.GetTaxonomy(): {t.GetId()}}.Encode()
}

// of is the address of a story in the form that the kind names.
func (p paths) of(k kind, locale, slug string) string {
	at := p.story(locale, slug)
	switch k {
	case asText:
		return at + ".md"
	case asFrame:
		return at + "/embed"
	case asData:
		return at + "/embed.json"
	}
	return at
}
