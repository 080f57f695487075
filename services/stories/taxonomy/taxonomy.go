// Package taxonomy holds the rules of the words by which stories are found: taxonomies, their terms, and which term a written word belongs to.
//
// A text holds words as its author wrote and its customer signed them. Terms stand beside: managed in the workspace, with an id and a label in each language. So a
// label can change, and two terms can become one, without a signed word changing. Everything here is pure.
package taxonomy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"renown.example/kit/fault"
	"renown.example/stories/domain"
)

// The taxonomies, as the API names them.
const (
	Industry = "industry"
	Region   = "region"
	Product  = "product"
	UseCase  = "use_case"
)

// Count is how many taxonomies there are.
const Count = 4

var names = [Count]string{Industry, Region, Product, UseCase}

// Names returns the taxonomies in the order in which people meet them.
func Names() []string { return names[:] }

// Index returns the place of a taxonomy in Names, -1 if there is none of this name.
func Index(name string) int { return slices.Index(names[:], name) }

// Written returns the words that a story has in each taxonomy, in the order of Names.
func Written(industry, region, product, useCase []string) [Count][]string {
	return [Count][]string{industry, region, product, useCase}
}

// Bounds of a term.
const (
	MaxID      = 80
	MaxLabels  = 64
	MaxAliases = 100
	// MaxTerms bounds the managed terms of a taxonomy: readers choose among them.
	MaxTerms = 2000
)

// Term is a managed term of a taxonomy.
type Term struct {
	ID string `json:"id"`
	// Labels say what it is called, by language.
	Labels map[string]string `json:"labels"`
	// Aliases are further words that mean it, in any language.
	Aliases []string `json:"aliases,omitempty"`
	// Revision counts its changes.
	Revision int64 `json:"revision"`
}

// Fold returns what two words have in common that differ in case, composition or outer white space only.
func Fold(word string) string {
	return strings.Join(strings.Fields(cases.Fold().String(norm.NFKC.String(word))), " ")
}

// words returns everything that a written word may equal to belong to the term, folded and without repetitions.
func (t Term) words() []string {
	out := []string{Fold(t.ID)}
	for _, l := range t.Labels {
		out = append(out, Fold(l))
	}
	for _, a := range t.Aliases {
		out = append(out, Fold(a))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Prepare returns the term in the form in which it is stored, or says which field is wrong. The names of the fields are those of the API.
func Prepare(t Term) (Term, error) {
	if !domain.ValidSlug(t.ID) || len(t.ID) > MaxID {
		return t, fault.Invalid("termId", "must consist of lower-case letters a to z, digits and single hyphens, at most %d characters", MaxID)
	}
	labels := map[string]string{}
	for locale, label := range t.Labels {
		path := fmt.Sprintf("labels[%q]", locale)
		canonical := domain.CanonicalLocale(locale)
		if !domain.ValidLocale(canonical) {
			return t, fault.Invalid(path, "%q is not a language tag such as en or pt-BR", locale)
		}
		if _, twice := labels[canonical]; twice {
			return t, fault.Invalid(path, "the language %s has another label already", canonical)
		}
		clean, problem := word(label)
		if problem != "" {
			return t, fault.Invalid(path, "%s", problem)
		}
		labels[canonical] = clean
	}
	if len(labels) == 0 || len(labels) > MaxLabels {
		return t, fault.Invalid("labels", "a term has a label in at least one and at most %d languages", MaxLabels)
	}
	if len(t.Aliases) > MaxAliases {
		return t, fault.Invalid("aliases", "at most %d are allowed", MaxAliases)
	}
	var aliases []string
	for i, alias := range t.Aliases {
		clean, problem := word(alias)
		if problem != "" {
			return t, fault.Invalid(fmt.Sprintf("aliases[%d]", i), "%s", problem)
		}
		if !slices.Contains(aliases, clean) {
			aliases = append(aliases, clean)
		}
	}
	slices.Sort(aliases)
	t.Labels, t.Aliases = labels, aliases
	return t, nil
}

// word cleans a label or says what is wrong with it.
func word(s string) (clean, problem string) {
	clean = strings.Join(strings.Fields(s), " ")
	switch {
	case !utf8.ValidString(s):
		return "", "is not valid UTF-8"
	case clean == "":
		return "", "must not be empty"
	case utf8.RuneCountInString(clean) > domain.MaxTerm:
		return "", fmt.Sprintf("is too long: at most %d characters are allowed", domain.MaxTerm)
	case strings.ContainsFunc(clean, unicode.IsControl):
		return "", "must not contain control characters"
	}
	return clean, ""
}

// Clash returns a word that the term t would share with another of the same taxonomy, and that term's id; "" if none. Each word leads to one term.
func Clash(t Term, others []Term) (shared, other string) {
	mine := t.words()
	for _, o := range others {
		if o.ID == t.ID {
			continue
		}
		for _, w := range o.words() {
			if _, found := slices.BinarySearch(mine, w); found {
				return w, o.ID
			}
		}
	}
	return "", ""
}

// Merge returns into with everything that meant from besides: whoever wrote a word of the one means the other now.
func Merge(from, into Term) Term {
	taken := into.words()
	add := append([]string{from.ID}, from.Aliases...)
	for _, locale := range slices.Sorted(keys(from.Labels)) {
		add = append(add, from.Labels[locale])
	}
	into.Aliases = slices.Clone(into.Aliases)
	for _, w := range add {
		if _, has := slices.BinarySearch(taken, Fold(w)); !has && !slices.Contains(into.Aliases, w) {
			into.Aliases = append(into.Aliases, w)
		}
	}
	slices.Sort(into.Aliases)
	return into
}

func keys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
