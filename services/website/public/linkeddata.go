package public

import (
	"strconv"
	"strings"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// thing is a node of JSON-LD. schema.org knows no case study: a story is an Article about the customer.
type thing map[string]any

func (s *Site) article(p *storiesv1.PublishedStory, canonical string) thing {
	summary := p.GetSummary()
	publisher := thing{"@type": "Organization", "name": s.Renderer.Theme.Name, "url": s.PublicURL + "/"}
	article := thing{
		"@type": "Article", "@id": canonical, "mainEntityOfPage": canonical, "headline": summary.GetTitle(), "description": snippet(p),
		"inLanguage": summary.GetLocale(), "author": publisher, "publisher": publisher,
		"datePublished": summary.GetFirstPublishTime().AsTime().Format(time.RFC3339), "dateModified": summary.GetPublishTime().AsTime().Format(time.RFC3339),
		"about": thing{"@type": "Organization", "name": summary.GetCustomer()},
	}
	if image := s.shared(p); image.URL != "" {
		article["image"] = thing{"@type": "ImageObject", "url": image.URL, "caption": image.Alt}
		if image.Width > 0 {
			article["image"].(thing)["width"], article["image"].(thing)["height"] = image.Width, image.Height
		}
	}
	var quotations []thing
	for _, b := range p.GetContent().GetBlocks() {
		if q := b.GetQuote(); q != nil {
			quotation := thing{"@type": "Quotation", "text": q.GetText()}
			if q.GetBy() != "" {
				quotation["creator"] = thing{"@type": "Person", "name": q.GetBy(), "jobTitle": q.GetRole()}
			}
			quotations = append(quotations, quotation)
		}
	}
	if quotations != nil {
		article["hasPart"] = quotations
	}
	trail := thing{"@type": "BreadcrumbList", "itemListElement": []thing{
		{"@type": "ListItem", "position": 1, "name": s.say(summary.GetLocale(), "base.stories"), "item": s.PublicURL + s.paths.index(summary.GetLocale())},
		{"@type": "ListItem", "position": 2, "name": summary.GetTitle(), "item": canonical},
	}}
	return thing{"@context": "https://schema.org", "@graph": []thing{article, trail}}
}

// snippet is the passage of the signed text that search engines and previews of links show.
func snippet(p *storiesv1.PublishedStory) string {
	if words := p.GetExcerpts().GetSnippet(); words != "" {
		return words
	}
	return p.GetSummary().GetSummary()
}

func (s *Site) collection(locale string, list []*storiesv1.PublishedSummary) thing {
	items := make([]thing, 0, len(list))
	for i, p := range list {
		items = append(items, thing{"@type": "ListItem", "position": i + 1, "name": p.GetTitle(), "url": s.PublicURL + s.paths.story(p.GetLocale(), p.GetSlug())})
	}
	return thing{
		"@context": "https://schema.org", "@type": "CollectionPage", "name": s.say(locale, "index.title"), "inLanguage": locale,
		"mainEntity": thing{"@type": "ItemList", "itemListElement": items},
	}
}

// shared is the picture that goes with a link to a page, where one is shared.
type shared struct {
	URL, Alt      string
	Width, Height int
}

// shared is the card of a story, or its picture if the card could not be drawn.
func (s *Site) shared(p *storiesv1.PublishedStory) shared {
	if card := p.GetCard(); card != nil {
		alt := p.GetExcerpts().GetCard()
		if customer := p.GetSummary().GetCustomer(); customer != "" {
			alt += " – " + customer
		}
		return shared{URL: s.PublicURL + imagePath(card.GetAsset()), Alt: alt, Width: int(card.GetWidth()), Height: int(card.GetHeight())}
	}
	return s.sharedPicture(p.GetSummary())
}

// sharedOf is the picture of a list: that of its newest story with one.
func (s *Site) sharedOf(list []*storiesv1.PublishedSummary) shared {
	for _, p := range list {
		if p.GetImage().GetAsset() != "" {
			return s.sharedPicture(p)
		}
	}
	return shared{}
}

func (s *Site) sharedPicture(p *storiesv1.PublishedSummary) shared {
	image := p.GetImage()
	if image.GetAsset() == "" {
		return shared{}
	}
	plain := plainOf(image.GetAsset(), p.GetPicture())
	return shared{URL: s.PublicURL + imagePath(plain.GetAsset()), Alt: shownAlt(image), Width: int(plain.GetWidth()), Height: int(plain.GetHeight())}
}

// shareTags are what a link to the page shows where it is shared (OpenGraph, and what X asks for beyond).
func (s *Site) shareTags(v *web.View, kind string, image shared) []web.Meta {
	out := []web.Meta{
		{Name: "og:type", Content: kind}, {Name: "og:title", Content: v.Title}, {Name: "og:description", Content: v.Description}, {Name: "og:url", Content: v.Canonical},
		{Name: "og:site_name", Content: s.Renderer.Theme.Name},
	}
	// A locale of OpenGraph has a territory; a language alone is not one.
	if language, territory, ok := strings.Cut(v.Locale, "-"); ok && len(territory) == 2 {
		out = append(out, web.Meta{Name: "og:locale", Content: language + "_" + territory})
	}
	card := "summary"
	if image.URL != "" {
		card = "summary_large_image"
		out = append(out, web.Meta{Name: "og:image", Content: image.URL}, web.Meta{Name: "og:image:alt", Content: image.Alt})
		if image.Width > 0 {
			out = append(out, web.Meta{Name: "og:image:width", Content: strconv.Itoa(image.Width)}, web.Meta{Name: "og:image:height", Content: strconv.Itoa(image.Height)})
		}
	}
	out = append(out, web.Meta{Name: "twitter:card", Content: card})
	if image.URL != "" {
		out = append(out, web.Meta{Name: "twitter:image", Content: image.URL}, web.Meta{Name: "twitter:image:alt", Content: image.Alt})
	}
	return out
}
