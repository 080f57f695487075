package domain

import (
	"slices"
	"strings"
)

// Standing is what became of a story in one locale.
type Standing int

// The standings of a story in a locale.
const (
	// NeverPublished is the standing of drafts and of locales that do not exist.
	NeverPublished Standing = iota
	// Up means that an edition is served.
	Up
	// Gone means that there was an edition and it was withdrawn.
	Gone
)

// Pick chooses the locale in which a request is answered. Asked for a locale that is up, it is that one; a locale that was withdrawn is Gone and never
// replaced. For a locale never published, more general forms of it come first ("de" for "de-AT"), then the chain in its order; withdrawn ones among them are
// passed over. When nothing is left the answer is Gone if any of them was withdrawn, and NeverPublished otherwise. The locale is empty unless Up.
func Pick(requested string, chain []string, standing func(locale string) Standing) (locale string, s Standing) {
	switch s := standing(requested); s {
	case Up:
		return requested, Up
	case Gone:
		return "", Gone
	}
	var candidates []string
	for general := requested; ; {
		shorter, _, more := cutLast(general, "-")
		if !more {
			break
		}
		general = shorter
		candidates = append(candidates, general)
	}
	outcome := NeverPublished
	for _, candidate := range slices.Concat(candidates, chain) {
		switch standing(candidate) {
		case Up:
			return candidate, Up
		case Gone:
			outcome = Gone
		}
	}
	return "", outcome
}

// CheckChain reports the first entry of a fallback chain that is no locale or stands twice, empty when the chain is sound.
func CheckChain(chain []string) (bad string) {
	for i, l := range chain {
		if !ValidLocale(l) || slices.ContainsFunc(chain[:i], func(e string) bool { return strings.EqualFold(e, l) }) {
			return l
		}
	}
	return ""
}
