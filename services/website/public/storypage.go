package public

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// tiles is how many figures stand under the headline.
const tiles = 3

// fact is something about the customer; each of its values leads to the stories that share it, if the site knows them by it.
type fact struct {
	Key    string
	Values []factValue
}

type factValue struct{ Text, URL string }

// Value is all of the values in one line.
func (f fact) Value() string {
	var out []string
	for _, v := range f.Values {
		out = append(out, v.Text)
	}
	return strings.Join(out, ", ")
}

// telling is a text as it is told on a page: on a story's own, as it stood once, and before it is published.
type telling struct {
	Customer, Title, Summary string
	Tiles                    []Figure
	Parts                    []Part
	Facts                    []fact
}

type storyData struct {
	telling
	Story          *storiesv1.PublishedStory
	Fallback       string
	Consent, Until string
	Published      time.Time
	Others         []web.Alternate
	Related        []Row
	Earlier        []earlier
	// Mail begins a message with the story's address.
	Mail string
	// Embed is what another site's page shows the story with.
	Embed string
}

func (s *Site) buildStory(ctx context.Context, at place) (*page, error) {
	reply, err := s.stories.GetPublishedStory(ctx, &storiesv1.GetPublishedStoryRequest{Slug: at.slug, Locale: at.locale})
	if err != nil {
		return nil, err
	}
	published := reply.GetStory()
	summary := published.GetSummary()
	locale := summary.GetLocale()
	canonical := s.PublicURL + s.paths.story(locale, summary.GetSlug())
	data := storyData{
		telling: telling{Customer: summary.GetCustomer(), Title: summary.GetTitle(), Summary: summary.GetSummary(),
			Facts: s.linked(factsOf(summary, published.GetContent()), summary)},
		Story: published, Published: summary.GetPublishTime().AsTime(),
		Consent: s.consentLine(published), Until: s.untilLine(published), Mail: mailTo(summary.GetTitle(), canonical), Embed: s.embedding(canonical),
	}
	data.Related = s.related(published)
	data.Tiles, data.Parts = liftFigures(s.parts(published), tiles)
	list, err := s.editions(ctx, locale, summary.GetSlug())
	if err != nil {
		return nil, err
	}
	data.Earlier = s.earlier(locale, summary.GetSlug(), list, "")
	languages := s.storyLanguages(published)
	for _, a := range languages {
		if !a.Current {
			data.Others = append(data.Others, a)
		}
	}
	if asked := published.GetFallbackFor(); asked != "" {
		data.Fallback = s.say(asked, "story.fallback", web.NativeName(asked), web.NativeName(locale))
	}
	v := &web.View{
		Locale: locale, Title: summary.GetTitle(), Description: snippet(published), Section: "stories", Class: "story-page", Data: data,
		Modules:   []string{"js/readings.js", "js/share.js"},
		Canonical: canonical, Languages: languages, LinkedData: s.article(published, canonical),
		Links: s.storyLinks(published, canonical),
	}
	v.Meta = append(s.shareTags(v, "article", s.shared(published)),
		web.Meta{Name: "article:published_time", Content: summary.GetFirstPublishTime().AsTime().Format(time.RFC3339)},
		web.Meta{Name: "article:modified_time", Content: summary.GetPublishTime().AsTime().Format(time.RFC3339)})
	if data.Fallback == "" {
		v.Alternates = s.absolute(languages)
	}
	p, err := s.render(http.StatusOK, "story", v)
	if err == nil {
		p.until = endOf(published)
	}
	return p, err
}

// storyLinks are the story in other forms, and the feeds that it is in.
func (s *Site) storyLinks(p *storiesv1.PublishedStory, canonical string) []web.HeadLink {
	summary := p.GetSummary()
	text := web.HeadLink{Rel: "alternate", Type: "text/markdown", Title: summary.GetTitle(), URL: s.PublicURL + s.paths.of(asText, summary.GetLocale(), summary.GetSlug())}
	return slices.Concat([]web.HeadLink{text}, s.oembedLinks(canonical, summary.GetTitle()), s.feedLinks(summary.GetLocale()))
}

// parts pairs blocks and HTML. When the HTML does not come apart into as many elements as there are blocks, it is shown as the
// whole that it is: what the customer signed is never left out.
func (s *Site) parts(p *storiesv1.PublishedStory) []Part {
	blocks := p.GetContent().GetBlocks()
	fragments, ok := split(p.GetHtml(), len(blocks))
	if !ok {
		whole := []*storiesv1.Block{{Kind: &storiesv1.Block_Text{}}}
		return partsOf(whole, []string{p.GetHtml()}, nil)
	}
	parts := partsOf(blocks, fragments, p.GetPictures())
	for _, v := range p.GetVerified() {
		if i := int(v.GetBlock()); i >= 0 && i < len(parts) && parts[i].Kind == "metric" {
			parts[i].Figure.Verified = v
		}
	}
	return parts
}

func (s *Site) storyLanguages(p *storiesv1.PublishedStory) []web.Alternate {
	summary := p.GetSummary()
	out := []web.Alternate{{Locale: summary.GetLocale(), URL: s.paths.story(summary.GetLocale(), summary.GetSlug()), Current: true}}
	for _, a := range p.GetAlternates() {
		if a.GetLocale() != summary.GetLocale() {
			out = append(out, web.Alternate{Locale: a.GetLocale(), URL: s.paths.story(a.GetLocale(), a.GetSlug())})
		}
	}
	s.inOrder(out)
	return out
}

// factKeys are the facts that are words of a taxonomy, by its name.
var factKeys = map[string]string{"industry": "story.industry", "region": "story.region", "product": "story.product", "use_case": "story.use_case"}

func factsOf(p *storiesv1.PublishedSummary, c *storiesv1.Content) []fact {
	var out []fact
	for _, f := range []struct {
		key    string
		values []string
	}{
		{"story.customer", []string{p.GetCustomer()}}, {factKeys["industry"], p.GetIndustry()}, {factKeys["region"], p.GetRegion()}, {"story.size", []string{c.GetSize()}},
		{factKeys["product"], p.GetProduct()}, {factKeys["use_case"], p.GetUseCase()},
	} {
		facts := fact{Key: f.key}
		for _, text := range f.values {
			if text != "" {
				facts.Values = append(facts.Values, factValue{Text: text})
			}
		}
		if facts.Values != nil {
			out = append(out, facts)
		}
	}
	return out
}

// linked leads from each word to the stories that share its term. A story's terms of a taxonomy stand in the order of its words; the words themselves are those that
// were signed, whatever the term is called.
func (s *Site) linked(facts []fact, p *storiesv1.PublishedSummary) []fact {
	for taxonomy, key := range factKeys {
		var terms []*storiesv1.TermRef
		for _, t := range p.GetTerms() {
			if t.GetTaxonomy() == taxonomy {
				terms = append(terms, t)
			}
		}
		i := slices.IndexFunc(facts, func(f fact) bool { return f.Key == key })
		if i < 0 || len(terms) != len(facts[i].Values) {
			continue
		}
		for j, t := range terms {
			facts[i].Values[j].URL = s.paths.filtered(p.GetLocale(), t)
		}
	}
	return facts
}

// mailTo begins a message that tells of a page.
func mailTo(subject, address string) string {
	return "mailto:?subject=" + url.PathEscape(subject) + "&body=" + url.PathEscape(address)
}

func (s *Site) consentLine(p *storiesv1.PublishedStory) string {
	locale, key := p.GetSummary().GetLocale(), "story.signed"
	if p.GetConsentKind() == storiesv1.ConsentKind_CONSENT_KIND_ATTESTED {
		key = "story.attested"
	}
	line := s.say(locale, key, p.GetSummary().GetCustomer(), web.FormatDate(locale, p.GetConsentTime().AsTime()))
	for _, clause := range p.GetWithdrawnClauses() {
		switch clause {
		case storiesv1.ConsentClause_CONSENT_CLAUSE_NAME:
			line += " " + s.say(locale, "story.without.name")
		case storiesv1.ConsentClause_CONSENT_CLAUSE_LOGO:
			line += " " + s.say(locale, "story.without.logo")
		}
	}
	return line
}

func (s *Site) untilLine(p *storiesv1.PublishedStory) string {
	if p.GetConsentEndTime() == nil {
		return ""
	}
	locale := p.GetSummary().GetLocale()
	return s.say(locale, "story.until", web.FormatDate(locale, lastDay(p.GetConsentEndTime())))
}

// lastDay is an instant on the last day of a consent: what is stored is the first instant without it.
func lastDay(end *timestamppb.Timestamp) time.Time { return end.AsTime().Add(-time.Second) }
