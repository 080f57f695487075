package catalog

import (
	"cmp"
	"slices"
	"strings"

	"renown.example/kit/clock"
	"renown.example/stories/tables"
)

// public is the last part of the public name of the entry's story.
func (e *Entry) public() string { return cmp.Or(e.Published.Alias, e.Published.Story) }

// byName orders the entries of all languages by the public names of their stories, then by language.
func byName(a, b *Entry) int {
	return cmp.Or(strings.Compare(a.public(), b.public()), strings.Compare(a.Published.Locale, b.Published.Locale), strings.Compare(a.Text, b.Text))
}

// named is where an entry stands among the names. A blank sorts before whatever a name may go on with.
func named(e *Entry) string { return e.public() + " " + e.Published.Locale }

// Named returns up to size entries of all languages that may be shown at an instant, story by story in the order of their public names, and the position behind them, ""
// at the end. They begin behind a position or, without one, with the story that has a name or would come after it.
func (c *Catalog) Named(from, after string, size int, now clock.Millis) (out []*Entry, next string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	begin, found := slices.BinarySearchFunc(c.named, cmp.Or(after, from), func(e *Entry, at string) int { return strings.Compare(named(e), at) })
	if found {
		begin++
	}
	for _, e := range c.named[begin:] {
		if !e.Published.Live(now) {
			continue
		}
		if len(out) == size {
			return out, named(out[size-1])
		}
		out = append(out, e)
	}
	return out, ""
}

// Locales are the languages in which anything is up at an instant, those of the site in their order.
func (c *Catalog) Locales(now clock.Millis) []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.liveLocales(now)
}

// At returns the entry at an address, nil if nothing is up there. What ended by itself may be there still.
func (c *Catalog) At(locale, slug string) *Entry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if s := c.shelves[locale]; s != nil {
		return s.bySlug[slug]
	}
	return nil
}

// Languages returns the entries of a story in all its languages, in no order.
func (c *Catalog) Languages(story string) []*Entry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []*Entry
	for locale := range c.shelves {
		if e := c.byText[tables.TextID(story, locale)]; e != nil {
			out = append(out, e)
		}
	}
	return out
}
