package taxonomy

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"golang.org/x/text/language"

	"renown.example/stories/domain"
)

// Resolver knows which term a word belongs to. It does not change.
type Resolver struct {
	byWord  [Count]map[string]string
	byID    [Count]map[string]Term
	ids     [Count][]string
	locales []string
}

// NewResolver returns a Resolver of the terms of each taxonomy, in the order of Names. locales are the languages of the site, the default first: a label that is
// missing in a language is taken from them.
func NewResolver(terms [Count][]Term, locales []string) *Resolver {
	r := &Resolver{locales: locales}
	for x, list := range terms {
		r.byWord[x], r.byID[x] = map[string]string{}, map[string]Term{}
		for _, t := range list {
			r.byID[x][t.ID] = t
			r.ids[x] = append(r.ids[x], t.ID)
			for _, w := range t.words() {
				if _, taken := r.byWord[x][w]; !taken {
					r.byWord[x][w] = t.ID
				}
			}
		}
		slices.Sort(r.ids[x])
	}
	return r
}

// IDs returns the ids of the managed terms of a taxonomy in their order.
func (r *Resolver) IDs(x int) []string { return r.ids[x] }

// Term returns a managed term.
func (r *Resolver) Term(x int, id string) (Term, bool) {
	t, ok := r.byID[x][id]
	return t, ok
}

// Resolve returns the id of the term that a word of a text belongs to. A word that belongs to no managed term has one of its own, whose id is the word's slug.
func (r *Resolver) Resolve(x int, written, locale string) string {
	if id, ok := r.byWord[x][Fold(written)]; ok {
		return id
	}
	slug := domain.Slugify(written, locale)
	if slug == "" {
		// Nothing of it can be written in a to z.
		sum := sha256.Sum256([]byte(Fold(written)))
		slug = "x" + hex.EncodeToString(sum[:6])
	}
	if id, ok := r.byWord[x][slug]; ok {
		return id
	}
	return slug
}

// Canonical returns the id of the term that an id means now: terms that were merged are still found by their former ids.
func (r *Resolver) Canonical(x int, id string) string {
	if to, ok := r.byWord[x][Fold(id)]; ok {
		return to
	}
	return id
}

// Label returns what a managed term is called in a language: its label there, in the language without its region, or in the site's languages in their order.
func (r *Resolver) Label(x int, id, locale string) (string, bool) {
	t, ok := r.byID[x][id]
	if !ok {
		return "", false
	}
	if l := t.Labels[locale]; l != "" {
		return l, true
	}
	if tag, err := language.Parse(locale); err == nil {
		base, _ := tag.Base()
		if l := t.Labels[base.String()]; l != "" {
			return l, true
		}
	}
	for _, other := range r.locales {
		if l := t.Labels[other]; l != "" {
			return l, true
		}
	}
	for _, other := range slices.Sorted(keys(t.Labels)) {
		return t.Labels[other], true
	}
	return id, true
}
