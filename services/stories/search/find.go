package search

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bits-and-blooms/bitset"

	"renown.example/stories/catalog"
)

const (
	// MaxWords bounds the words of a query that are looked for.
	MaxWords = 12
	// shortPrefix is below how many characters a beginning is looked for in heads only.
	shortPrefix = 3
	// typoFrom is from how many characters a word may have a typo.
	typoFrom = 4
	// mostTypos bounds the words that are taken for one with a typo.
	mostTypos = 16
)

// How much a word says where it is found; a word that only begins so says less.
const (
	inHead, inLead, oftenIn, inText = 16, 8, 4, 2
	beginsHead, beginsText          = 10, 1
)

// Found is what was found for a query. It is catalog.Matches.
type Found struct {
	// Query are the words that were looked for, CorrectedFrom those that were given if nothing has one of them.
	Query, CorrectedFrom string
	words                []*hit
	slots                *bitset.BitSet
}

// hit is a word of the query with where it was found.
type hit struct {
	written                       string
	head, lead, often, text       *bitset.BitSet
	headBegins, textBegins, whole *bitset.BitSet
	weight                        int
}

// Slots implements catalog.Matches.
func (f *Found) Slots() *bitset.BitSet { return f.slots }

// Score implements catalog.Matches: what is in title and customer counts most, then summary and facts, then what the text speaks of often; rare words count more.
func (f *Found) Score(slot uint) int {
	score := 0
	for _, w := range f.words {
		n := 0
		switch {
		case w.head.Test(slot):
			n = inHead
		case w.headBegins.Test(slot):
			n = beginsHead
		}
		if w.lead.Test(slot) {
			n += inLead
		}
		if w.often.Test(slot) {
			n += oftenIn
		}
		switch {
		case w.text.Test(slot):
			n += inText
		case w.textBegins.Test(slot):
			n += beginsText
		}
		score += n * w.weight
	}
	return score
}

// Without implements catalog.Matches.
func (f *Found) Without() []catalog.Remainder {
	if len(f.words) < 2 {
		return nil
	}
	var out []catalog.Remainder
	for i := range f.words {
		var rest []string
		var set *bitset.BitSet
		for j, w := range f.words {
			if j == i {
				continue
			}
			rest = append(rest, w.written)
			if set == nil {
				set = w.whole
			} else {
				set = set.Intersection(w.whole)
			}
		}
		out = append(out, catalog.Remainder{Query: strings.Join(rest, " "), Slots: set})
	}
	return out
}

// Terms returns the words of a query as they are looked for, each once.
func Terms(locale, query string) []string {
	words := speechOf(locale).plain(query)
	seen := map[string]bool{}
	words = slices.DeleteFunc(words, func(w string) bool {
		again := seen[w]
		seen[w] = true
		return again
	})
	return words[:min(len(words), MaxWords)]
}

// Find looks for the words of a query in a language: for each the stories that have it in any of its forms, and for the last one also those with words that
// begin so. Where nothing that is up has a word, words one letter away are taken. ok is false if the index cannot answer yet.
func (x *Index) Find(ctx context.Context, locale, query string, up *bitset.BitSet) (f *Found, ok bool) {
	v := x.looking()
	if v == nil {
		return nil, false
	}
	defer v.leave()
	f, err := find(v, locale, query, up)
	if err != nil {
		x.Logger.WarnContext(ctx, "the search index cannot be read", "error", err)
		return nil, false
	}
	return f, true
}

func find(v *view, locale, query string, up *bitset.BitSet) (f *Found, err error) {
	defer func() {
		// A damaged file is met as a panic where bleve trusts it.
		if p := recover(); p != nil {
			err = fmt.Errorf("search: %v\n%s", p, debug.Stack())
		}
	}()
	words := Terms(locale, query)
	f = &Found{slots: up.Clone()}
	corrected := false
	for i, w := range words {
		h, err := v.hit(locale, w, i == len(words)-1)
		if err != nil {
			return nil, err
		}
		if h.whole.IntersectionCardinality(up) == 0 {
			other, err := v.typo(locale, w, up)
			if err != nil {
				return nil, err
			}
			if other != nil {
				h, corrected = other, true
			}
		}
		h.weight = 1 + bits.Len(up.Count()/(h.whole.IntersectionCardinality(up)+1))
		f.words = append(f.words, h)
		f.slots.InPlaceIntersection(h.whole)
	}
	if len(words) == 0 {
		f.slots = &bitset.BitSet{}
	}
	written := make([]string, len(f.words))
	for i, h := range f.words {
		written[i] = h.written
	}
	f.Query = strings.Join(written, " ")
	if corrected {
		f.CorrectedFrom = strings.Join(words, " ")
	}
	return f, nil
}

func newHit(written string) *hit {
	h := &hit{written: written}
	for _, set := range []**bitset.BitSet{&h.head, &h.lead, &h.often, &h.text, &h.headBegins, &h.textBegins, &h.whole} {
		*set = &bitset.BitSet{}
	}
	return h
}

// hit finds a word.
func (v *view) hit(locale, word string, last bool) (*hit, error) {
	h := newHit(word)
	for _, stem := range speechOf(locale).stems(word) {
		if err := v.everywhere(h, locale, stem); err != nil {
			return nil, err
		}
	}
	if last {
		if err := v.begins(h, locale, word); err != nil {
			return nil, err
		}
	}
	h.sum()
	return h, nil
}

// begins finds the words that begin with a word.
func (v *view) begins(h *hit, locale, word string) error {
	n := utf8.RuneCountInString(word)
	if n < shortPrefix {
		return v.collect(h.headBegins, fieldHead+locale, beginMark+word)
	}
	if err := v.collectPrefix(h.headBegins, fieldHead+locale, word); err != nil {
		return err
	}
	if n == shortPrefix {
		return v.collect(h.textBegins, fieldAll+locale, beginMark+word)
	}
	return v.collectPrefix(h.textBegins, fieldAll+locale, word)
}

// everywhere finds a term in each field.
func (v *view) everywhere(h *hit, locale, term string) error {
	for _, f := range []struct {
		set  *bitset.BitSet
		name string
	}{{h.head, fieldHead}, {h.lead, fieldLead}, {h.often, fieldOften}, {h.text, fieldAll}} {
		if err := v.collect(f.set, f.name+locale, term); err != nil {
			return err
		}
	}
	return nil
}

func (h *hit) sum() {
	h.whole = h.text.Clone()
	h.whole.InPlaceUnion(h.headBegins)
	h.whole.InPlaceUnion(h.textBegins)
}

// typo finds the words that one may have meant who wrote a word that nothing has; nil if there are none. The one that most stories have gives its name to all.
func (v *view) typo(locale, word string, up *bitset.BitSet) (*hit, error) {
	if utf8.RuneCountInString(word) < typoFrom {
		return nil, nil
	}
	near, err := v.similar(fieldAll+locale, word)
	if err != nil {
		return nil, err
	}
	type candidate struct {
		word string
		n    uint
	}
	var all []candidate
	for _, w := range near {
		set := &bitset.BitSet{}
		if err := v.collect(set, fieldAll+locale, w); err != nil {
			return nil, err
		}
		// A word that only withdrawn stories have is no word that may be told.
		if n := set.IntersectionCardinality(up); n > 0 {
			all = append(all, candidate{w, n})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.word, b.word)) })
	h := newHit(all[0].word)
	for _, c := range all[:min(len(all), mostTypos)] {
		for _, stem := range speechOf(locale).stems(c.word) {
			if err := v.everywhere(h, locale, stem); err != nil {
				return nil, err
			}
		}
	}
	h.sum()
	return h, nil
}

// Scan looks for the words of a query without an index: among the beginnings of words in what each hands out, which must have the query's language. It is for the
// time in which the index cannot answer.
func Scan(locale, query string, each func(found func(slot uint, head, lead string))) *Found {
	words := Terms(locale, query)
	f := &Found{Query: strings.Join(words, " "), slots: &bitset.BitSet{}}
	for _, w := range words {
		h := newHit(w)
		h.weight = 1
		f.words = append(f.words, h)
	}
	each(func(slot uint, head, lead string) {
		head, lead = " "+fold(head), " "+fold(lead)
		for _, h := range f.words {
			if strings.Contains(head, " "+h.written) {
				h.headBegins.Set(slot)
			}
			if strings.Contains(lead, " "+h.written) {
				h.lead.Set(slot)
			}
		}
	})
	for i, h := range f.words {
		h.whole = h.headBegins.Union(h.lead)
		if i == 0 {
			f.slots = h.whole.Clone()
		} else {
			f.slots.InPlaceIntersection(h.whole)
		}
	}
	return f
}
