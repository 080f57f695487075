package tables

import (
	"renown.example/kit/store"
	"renown.example/stories/domain"
)

// Figures are the readings of one language of a story in one month, and of all stories together where Story is empty. They are numbers: nothing is known of readers.
type Figures struct {
	// Month is "2026-03".
	Month  string `json:"month"`
	Story  string `json:"story"`
	Locale string `json:"locale"`
	// Views is the sum of the month's days, for the order of lists; it is absent where Story is empty, which keeps that row out of them.
	Views int64 `json:"views,omitempty"`
	domain.Readings
}

// FiguresID returns the id of a row: "2026-03/story/locale".
func FiguresID(month, story, locale string) string { return month + "/" + TextID(story, locale) }

// MonthlyFigures by FiguresID.
var MonthlyFigures = store.Define[Figures](store.Spec{Name: "figures", Indexes: []store.Index{
	{Name: "most_viewed", Fields: []string{"month", "views"}},
	{Name: "by_story", Fields: []string{"story", "month"}},
}})
