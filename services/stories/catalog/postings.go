package catalog

import (
	"slices"
	"strings"
	"sync"
)

// postings find what entries have in common with one by looking at those alone that have anything: they hold, for each term and each telling word, the places of the
// entries that have it.
type postings struct {
	// entries by place, nil where a place is free; free are those places.
	entries []*Entry
	free    []uint32
	placeOf map[*Entry]uint32
	terms   map[*term][]uint32
	words   map[string][]uint32
}

// oneWord is what a word in common adds to a sum, above the weights of terms.
const oneWord = 1 << 16

// sums are what places add up to while they are weighed, zero otherwise.
var sums = sync.Pool{New: func() any { return new([]uint32) }}

func newPostings() *postings {
	return &postings{placeOf: map[*Entry]uint32{}, terms: map[*term][]uint32{}, words: map[string][]uint32{}}
}

func (p *postings) has(e *Entry) bool {
	_, ok := p.placeOf[e]
	return ok
}

func (p *postings) empty() bool { return len(p.placeOf) == 0 }

// add takes an entry in that is not there yet, with its telling words.
func (p *postings) add(e *Entry, words map[string]string) {
	at := uint32(len(p.entries))
	if n := len(p.free); n > 0 {
		at, p.free = p.free[n-1], p.free[:n-1]
		p.entries[at] = e
	} else {
		p.entries = append(p.entries, e)
	}
	p.placeOf[e] = at
	for x := range e.terms {
		for _, t := range e.terms[x] {
			p.terms[t] = append(p.terms[t], at)
		}
	}
	for stem := range words {
		if p.words[stem] == nil {
			stem = strings.Clone(stem) // else it would hold on to the whole text
		}
		p.words[stem] = append(p.words[stem], at)
	}
}

// remove takes an entry out, if it is there.
func (p *postings) remove(e *Entry) {
	at, ok := p.placeOf[e]
	if !ok {
		return
	}
	delete(p.placeOf, e)
	p.entries[at], p.free = nil, append(p.free, at)
	for x := range e.terms {
		for _, t := range e.terms[x] {
			without(p.terms, t, at)
		}
	}
	for stem := range e.words() {
		without(p.words, stem, at)
	}
}

// without takes a place out of a list; the order of the others may change.
func without[K comparable](lists map[K][]uint32, key K, at uint32) {
	list := lists[key]
	i := slices.Index(list, at)
	list[i] = list[len(list)-1]
	if lists[key] = list[:len(list)-1]; len(list) == 1 {
		delete(lists, key)
	}
}

// weigh calls back for every other entry that has as much in common with one, whose telling words are given, as leastScore, in no order, and with the score that near gives. What it returns is the least score
// that is of interest from then on: most have something in common with most.
func (p *postings) weigh(e *Entry, words map[string]string, each func(other *Entry, score int) (least int)) {
	kept := sums.Get().(*[]uint32)
	defer sums.Put(kept)
	if len(*kept) < len(p.entries) {
		*kept = make([]uint32, cap(p.entries))
	}
	shared := (*kept)[:len(p.entries)]
	defer clear(shared)
	for x := range e.terms {
		for _, t := range e.terms[x] {
			for _, at := range p.terms[t] {
				shared[at] += uint32(weights[x])
			}
		}
	}
	for stem := range words {
		for _, at := range p.words[stem] {
			shared[at] += oneWord
		}
	}
	least := leastScore
	for at, sum := range shared {
		score := int(sum%oneWord) + wordWeight*int(min(sum/oneWord, mostWords))
		if score >= least && p.entries[at] != e {
			least = each(p.entries[at], score)
		}
	}
}
