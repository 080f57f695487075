package public

import (
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// related is how many stories a story is shown with.
const related = 2

// related are the stories that have most in common with this one, each with what that is.
func (s *Site) related(to *storiesv1.PublishedStory) []Row {
	var out []Row
	for _, r := range to.GetRelated()[:min(len(to.GetRelated()), related)] {
		row := s.row(r.GetStory())
		row.Why = s.common(to.GetSummary().GetLocale(), r)
		out = append(out, row)
	}
	return out
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
