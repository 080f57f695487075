package public

import (
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
	if asset := summary.GetImage().GetAsset(); asset != "" {
		article["image"] = []string{s.PublicURL + "/images/" + asset}
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

func (s *Site) openGraph(p *storiesv1.PublishedStory, canonical string) []web.Meta {
	summary := p.GetSummary()
	out := []web.Meta{
		{Name: "og:type", Content: "article"}, {Name: "og:title", Content: summary.GetTitle()}, {Name: "og:description", Content: snippet(p)},
		{Name: "og:url", Content: canonical}, {Name: "og:site_name", Content: s.Renderer.Theme.Name}, {Name: "og:locale", Content: summary.GetLocale()},
		{Name: "article:published_time", Content: summary.GetFirstPublishTime().AsTime().Format(time.RFC3339)},
	}
	card := "summary"
	if image := summary.GetImage(); image.GetAsset() != "" {
		card = "summary_large_image"
		out = append(out, web.Meta{Name: "og:image", Content: s.PublicURL + "/images/" + image.GetAsset()}, web.Meta{Name: "og:image:alt", Content: image.GetAlt()})
	}
	return append(out, web.Meta{Name: "twitter:card", Content: card})
}
