package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/stories/domain"
)

// Disclosure is what was given for telling a story, as the loyalty service told it. It belongs to all languages of the story, and is there before the story if the
// points were.
type Disclosure struct {
	Gifts     []domain.Gift `json:"gifts"`
	UpdatedAt clock.Millis  `json:"updatedAt"`
	// Into is the story whose public name this is, or was: its gifts are kept there.
	Into string `json:"into,omitempty"`
}

// Disclosures by story id, or by whatever name the loyalty service was told that no story had.
var Disclosures = store.Define[Disclosure](store.Spec{Name: "disclosures"})
