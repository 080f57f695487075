package domain

import (
	"fmt"
	"path"
	"strings"
	"time"

	"renown.example/kit/clock"
)

// Document is a story in one language as a file holds it.
type Document struct {
	// Story is the id of the story, shared by its languages.
	Story string
	// Slug is the last part of the story's address in this language; empty when the file leaves it open.
	Slug    string
	Content Content
	// Consent is set when the file says that the customer agreed elsewhere.
	Consent *AttestedConsent
	// Source is the path of the file of another site from which the text came, and Kept what of it has no place in a story.
	Source string
	Kept   []Kept
	// Origins runs parallel to Content.Blocks after Parse. Format does not need it.
	Origins []Origin
}

// Origin tells where in the file a block came from.
type Origin struct {
	Line int // counted from 1
	// Source is, for an image, its path as written. The block's Asset is set already when the path is that of an export, "images/<sha256>.<ext>";
	// otherwise the importer stores the file and sets it.
	Source string
}

// AttestedConsent is what a file may say about an agreement that was given outside of Renown.
type AttestedConsent struct {
	Scopes []Scope
	// GivenBy is the person who agreed, with role. Personal data.
	GivenBy string
	// GivenOn and Ends are calendar days, "2026-03-02"; the consent holds through the whole day Ends, and without one
	// until it is revoked.
	GivenOn, Ends string
	// Evidence says where the agreement can be looked up.
	Evidence string
}

// Bounds of an AttestedConsent, in characters.
const (
	MaxSigner   = 200
	MaxEvidence = 2_000
)

// Given returns the instant at which the day GivenOn begins in UTC, zero when it is no day.
func (a AttestedConsent) Given() clock.Millis { return startOfDay(a.GivenOn, 0) }

// End returns the instant at which the consent has ended: the day Ends is over in UTC. It is zero, which means never, when there is none.
func (a AttestedConsent) End() clock.Millis { return startOfDay(a.Ends, 1) }

func startOfDay(day string, after int) clock.Millis {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return 0
	}
	return clock.At(t.AddDate(0, 0, after))
}

// Problem is something that Parse found in a file.
type Problem struct {
	Line int // counted from 1
	// Message is a sentence for the author.
	Message string
	// Warning marks what the author should know but what does not keep the file from being imported.
	Warning bool
}

// String returns "line 7: …".
func (p Problem) String() string { return fmt.Sprintf("line %d: %s", p.Line, p.Message) }

// Refused reports whether one of the problems is more than a warning.
func Refused(problems []Problem) bool {
	for _, p := range problems {
		if !p.Warning {
			return true
		}
	}
	return false
}

// ParseName splits a file name "<story>.<locale>.md" or "<story>.md". The parts are empty when the name has another shape.
func ParseName(name string) (story, locale string) {
	base, isMarkdown := strings.CutSuffix(path.Base(name), ".md")
	if !isMarkdown {
		return "", ""
	}
	story = base
	if stem, last, two := cutLast(base, "."); two {
		story, locale = stem, CanonicalLocale(last)
		if !ValidLocale(locale) {
			return "", ""
		}
	}
	if !ValidID(story) {
		return "", ""
	}
	return story, locale
}

// FileName is the name under which an export writes the document.
func (d Document) FileName() string { return d.Story + "." + d.Content.Locale + ".md" }

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
