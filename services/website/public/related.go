package public

import (
	"context"
	"slices"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// related is how many stories a story is shown with; relatedOut is among how many of the newest they are looked for.
const (
	related    = 2
	relatedOut = 100
)

// related are the stories that have most in common with this one, each with what that is.
func (s *Site) related(ctx context.Context, to *storiesv1.PublishedStory) ([]Row, error) {
	if len(to.GetRelated()) == 0 {
		return s.besides(ctx, to.GetSummary())
	}
	var out []Row
	for _, r := range to.GetRelated()[:min(len(to.GetRelated()), related)] {
		row := s.row(r.GetStory())
		row.Why = s.common(to.GetSummary().GetLocale(), r)
		out = append(out, row)
	}
	return out, nil
}

// mostCommon is how much of what two stories have in common is said.
const mostCommon = 2

// common says what two stories have in common: the terms that say most, else telling words.
func (s *Site) common(locale string, r *storiesv1.Related) string {
	var said []string
	for _, t := range r.GetTerms()[:min(len(r.GetTerms()), mostCommon)] {
		said = append(said, s.say(locale, "story.why."+t.GetTaxonomy(), t.GetLabel()))
	}
	if words := r.GetWords(); said == nil && len(words) > 0 {
		said = append(said, s.say(locale, "story.why.words", strings.Join(words[:min(len(words), mostCommon)], ", ")))
	}
	return strings.Join(said, ". ")
}

// besides finds stories of the same industry, product or region, in this order, among the newest.
func (s *Site) besides(ctx context.Context, to *storiesv1.PublishedSummary) ([]Row, error) {
	listed, err := s.stories.ListPublishedStories(ctx, &storiesv1.ListPublishedStoriesRequest{Locale: to.GetLocale(), PageSize: relatedOut})
	if err != nil {
		return nil, err
	}
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
		for _, other := range listed.GetStories() {
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
	return out, nil
}

func firstCommon(a, b []string) string {
	for _, x := range a {
		if slices.Contains(b, x) {
			return x
		}
	}
	return ""
}
