package public

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// How much of what a story shows: figures under the headline, and stories it is related to among the newest.
const (
	tiles      = 3
	related    = 2
	relatedOut = 100
)

type fact struct{ Key, Value string }

type storyData struct {
	Story          *storiesv1.PublishedStory
	Tiles          []*storiesv1.MetricBlock
	Parts          []Part
	Facts          []fact
	Fallback       string
	Consent, Until string
	Published      time.Time
	Others         []web.Alternate
	Related        []Row
}

func (s *Site) buildStory(ctx context.Context, at place) (*page, error) {
	reply, err := s.stories.GetPublishedStory(ctx, &storiesv1.GetPublishedStoryRequest{Slug: at.slug, Locale: at.locale})
	if err != nil {
		return nil, err
	}
	published := reply.GetStory()
	summary := published.GetSummary()
	listed, err := s.stories.ListPublishedStories(ctx, &storiesv1.ListPublishedStoriesRequest{Locale: summary.GetLocale(), PageSize: relatedOut})
	if err != nil {
		return nil, err
	}
	locale := summary.GetLocale()
	data := storyData{
		Story: published, Facts: factsOf(summary, published.GetContent()), Published: summary.GetPublishTime().AsTime(),
		Consent: s.consentLine(published), Until: s.untilLine(published), Related: s.related(summary, listed.GetStories()),
	}
	data.Tiles, data.Parts = liftFigures(s.parts(ctx, published), tiles)
	languages := s.storyLanguages(published)
	for _, a := range languages {
		if !a.Current {
			data.Others = append(data.Others, a)
		}
	}
	if asked := published.GetFallbackFor(); asked != "" {
		data.Fallback = s.say(asked, "story.fallback", web.NativeName(asked), web.NativeName(locale))
	}
	canonical := s.PublicURL + s.paths.story(locale, summary.GetSlug())
	v := &web.View{
		Locale: locale, Title: summary.GetTitle(), Description: snippet(published), Section: "stories", Class: "story-page", Data: data,
		Modules:   []string{"js/readings.js"},
		Canonical: canonical, Languages: languages, LinkedData: s.article(ctx, published, canonical),
		Links: s.storyLinks(published, canonical),
	}
	v.Meta = append(s.shareTags(v, "article", s.shared(ctx, published)),
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
func (s *Site) parts(ctx context.Context, p *storiesv1.PublishedStory) []Part {
	blocks := p.GetContent().GetBlocks()
	fragments, ok := split(p.GetHtml(), len(blocks))
	if !ok {
		whole := []*storiesv1.Block{{Kind: &storiesv1.Block_Text{}}}
		return partsOf(ctx, whole, []string{p.GetHtml()}, nil)
	}
	return partsOf(ctx, blocks, fragments, s.sizes.of)
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

func factsOf(p *storiesv1.PublishedSummary, c *storiesv1.Content) []fact {
	var out []fact
	for _, f := range []fact{
		{"story.customer", p.GetCustomer()}, {"story.industry", strings.Join(p.GetIndustry(), ", ")},
		{"story.region", strings.Join(p.GetRegion(), ", ")}, {"story.size", c.GetSize()},
		{"story.product", strings.Join(p.GetProduct(), ", ")}, {"story.use_case", strings.Join(p.GetUseCase(), ", ")},
	} {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

func (s *Site) consentLine(p *storiesv1.PublishedStory) string {
	locale, key := p.GetSummary().GetLocale(), "story.signed"
	if p.GetConsentKind() == storiesv1.ConsentKind_CONSENT_KIND_ATTESTED {
		key = "story.attested"
	}
	return s.say(locale, key, p.GetSummary().GetCustomer(), web.FormatDate(locale, p.GetConsentTime().AsTime()))
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

// related finds up to two stories of the same industry, product or region, in this order, and says why.
func (s *Site) related(to *storiesv1.PublishedSummary, among []*storiesv1.PublishedSummary) []Row {
	var out []Row
	taken := map[string]bool{to.GetName(): true}
	for _, shared := range []struct {
		key string
		of  func(*storiesv1.PublishedSummary) []string
	}{
		{"story.why.industry", (*storiesv1.PublishedSummary).GetIndustry},
		{"story.why.product", (*storiesv1.PublishedSummary).GetProduct},
		{"story.why.region", (*storiesv1.PublishedSummary).GetRegion},
	} {
		for _, other := range among {
			common := firstCommon(shared.of(to), shared.of(other))
			if common == "" || taken[other.GetName()] || len(out) == related {
				continue
			}
			taken[other.GetName()] = true
			row := s.row(other)
			row.Why = s.say(to.GetLocale(), shared.key, common)
			out = append(out, row)
		}
	}
	return out
}

func firstCommon(a, b []string) string {
	for _, x := range a {
		if slices.Contains(b, x) {
			return x
		}
	}
	return ""
}
