package catalog

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bits-and-blooms/bitset"

	"renown.example/kit/clock"
	"renown.example/stories/taxonomy"
)

// Matches is what a search found: a set of slots of one language. Entries that are not up any more may be among them.
type Matches interface {
	// Slots are those of the entries that hold all words.
	Slots() *bitset.BitSet
	// Score says how well an entry fits, of those in Slots: the higher the better.
	Score(slot uint) int
	// Without are the slots of those that hold all words but one, for each word, with the words that remain. It is asked where nothing was found.
	Without() []Remainder
}

// Remainder is a query less one of its words.
type Remainder struct {
	Query string
	Slots *bitset.BitSet
}

// Params say what of a language is asked for.
type Params struct {
	Locale string
	// Chosen are ids of terms for each taxonomy: an entry belongs to one of them in each taxonomy in which any is chosen.
	Chosen [taxonomy.Count][]string
	// Matches narrows the list to what a search found, best first; nil does not.
	Matches Matches
	Now     clock.Millis
	Size    int
	// After is the position behind which the page begins: Page.Next of the page before.
	After string
}

// Page is one page of a list.
type Page struct {
	Entries []*Entry
	// Next is the position for the page after, "" at the end.
	Next  string
	Total int
	// Found is how many there are whatever terms are chosen.
	Found  int
	Facets [taxonomy.Count][]Count
	// Loosenings say what to leave out where nothing was found.
	Loosenings []Loosening
	// Locales are the languages in which anything is up.
	Locales []string
}

// Count is a term with how many entries it would leave.
type Count struct {
	ID, Label string
	Entries   int
	Selected  bool
}

// Loosening is something to leave out, and what that gives.
type Loosening struct {
	// Query is what remains of the words; of a search whose words stay it is not set.
	Query string
	// Words says that the words change.
	Words bool
	// Taxonomy is the one whose choice is left out, -1 if none; All means that every choice is.
	Taxonomy int
	All      bool
	Entries  int
}

// MaxCounts bounds the terms of a facet: nobody reads more. Chosen ones are always among them.
const MaxCounts = 100

// List answers what is asked.
func (c *Catalog) List(p Params) Page {
	c.mu.RLock()
	defer c.mu.RUnlock()
	page := Page{Locales: c.liveLocales(p.Now)}
	s := c.shelves[p.Locale]
	if s == nil {
		s = newShelf(p.Locale)
	}
	q := c.narrow(s, &p)
	all := q.but(-1)
	page.Total, page.Found = int(all.Count()), int(q.found.Count())
	for x := range page.Facets {
		page.Facets[x] = c.counts(s, x, q.but(x), p.Chosen[x])
	}
	if page.Total == 0 {
		page.Loosenings = q.loosenings(&p, s.up(p.Now))
	}
	if p.Matches != nil {
		page.best(s, all, &p)
	} else {
		page.newest(s, all, &p)
	}
	return page
}

// up are the entries that may be shown at an instant.
func (s *shelf) up(now clock.Millis) *bitset.BitSet {
	n, _ := slices.BinarySearchFunc(s.ending, now, ended)
	if n == 0 {
		return s.live
	}
	up := s.live.Clone()
	for _, e := range s.ending[:n] {
		up.Clear(e.slot)
	}
	return up
}

// NextEnd returns the first instant after now at which anything ends by itself, 0 if nothing does.
func (c *Catalog) NextEnd(now clock.Millis) clock.Millis {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var next clock.Millis
	for _, s := range c.shelves {
		n, _ := slices.BinarySearchFunc(s.ending, now, ended)
		if n < len(s.ending) {
			if at := s.ending[n].Published.Until(); next == 0 || at < next {
				next = at
			}
		}
	}
	return next
}

// ended puts entries that have ended at an instant before those that have not.
func ended(e *Entry, now clock.Millis) int {
	if e.Published.Until() <= now {
		return -1
	}
	return 1
}

// liveLocales are the languages in which anything is up, the site's in their order, then others.
func (c *Catalog) liveLocales(now clock.Millis) []string {
	var out []string
	for _, l := range c.locales {
		if s := c.shelves[l]; s != nil && s.up(now).Any() {
			out = append(out, l)
		}
	}
	return out
}

// narrowed is what passes the query, and what each taxonomy's choice leaves of everything.
type narrowed struct {
	found *bitset.BitSet
	// pass are the entries of the chosen terms of each taxonomy, nil where none is chosen.
	pass [taxonomy.Count]*bitset.BitSet
}

func (c *Catalog) narrow(s *shelf, p *Params) narrowed {
	q := narrowed{found: s.up(p.Now)}
	if p.Matches != nil {
		q.found = q.found.Intersection(p.Matches.Slots())
	}
	for x, ids := range p.Chosen {
		if len(ids) == 0 {
			continue
		}
		q.pass[x] = &bitset.BitSet{}
		for _, id := range ids {
			if t := s.terms[x][c.resolver.Canonical(x, id)]; t != nil {
				q.pass[x].InPlaceUnion(t.in)
			}
		}
	}
	return q
}

// but is what passes everything but the choice in one taxonomy; -1 leaves out none. It must not be changed.
func (q narrowed) but(x int) *bitset.BitSet {
	set, own := q.found, false
	for y, pass := range q.pass {
		if y == x || pass == nil {
			continue
		}
		if own {
			set.InPlaceIntersection(pass)
		} else {
			set, own = set.Intersection(pass), true
		}
	}
	return set
}

// counts are the terms of a taxonomy that leave anything of the set, those that leave most first, and the chosen ones.
func (c *Catalog) counts(s *shelf, x int, set *bitset.BitSet, chosen []string) []Count {
	ids := make(map[string]bool, len(chosen))
	for _, id := range chosen {
		ids[c.resolver.Canonical(x, id)] = true
	}
	out := make([]Count, 0, len(s.terms[x])+len(ids))
	for id, t := range s.terms[x] {
		n := int(set.IntersectionCardinality(t.in))
		if n == 0 && !ids[id] {
			continue
		}
		label, managed := c.resolver.Label(x, id, s.locale)
		if !managed {
			label = t.written()
		}
		out = append(out, Count{ID: id, Label: label, Entries: n, Selected: ids[id]})
		delete(ids, id)
	}
	for id := range ids {
		label, managed := c.resolver.Label(x, id, s.locale)
		if !managed {
			label = id
		}
		out = append(out, Count{ID: id, Label: label, Selected: true})
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(cmp.Compare(b.Entries, a.Entries), strings.Compare(a.Label, b.Label), strings.Compare(a.ID, b.ID))
	})
	for i := MaxCounts; i < len(out); i++ {
		if out[i].Selected {
			out[MaxCounts-1] = out[i]
		}
	}
	return out[:min(len(out), MaxCounts)]
}

// loosenings are what to leave out so that something is found: first one thing, then several.
func (q narrowed) loosenings(p *Params, up *bitset.BitSet) []Loosening {
	var out []Loosening
	add := func(l Loosening, set *bitset.BitSet) {
		if l.Entries = int(set.Count()); l.Entries > 0 {
			out = append(out, l)
		}
	}
	chosen := 0
	for x, pass := range q.pass {
		if pass != nil {
			chosen++
			add(Loosening{Taxonomy: x}, q.but(x))
		}
	}
	if chosen > 1 && len(out) == 0 {
		add(Loosening{Taxonomy: -1, All: true}, q.found)
	}
	if p.Matches == nil {
		return out
	}
	filters := narrowed{found: up, pass: q.pass}.but(-1)
	for _, r := range p.Matches.Without() {
		add(Loosening{Taxonomy: -1, Words: true, Query: r.Query}, filters.Intersection(r.Slots))
	}
	if chosen > 0 {
		add(Loosening{Taxonomy: -1, Words: true}, filters)
	}
	return out
}

// newest fills the page with what is in the set, in the list's order.
func (page *Page) newest(s *shelf, set *bitset.BitSet, p *Params) {
	begin := 0
	if since, text, ok := cutPosition(p.After); ok {
		at := &Entry{Row: Row{Text: text}}
		at.Published.LiveSince = since
		i, found := slices.BinarySearchFunc(s.order, at, byList)
		if begin = i; found {
			begin++
		}
	}
	for _, e := range s.order[begin:] {
		if !set.Test(e.slot) {
			continue
		}
		if len(page.Entries) == p.Size {
			page.Next = position(page.Entries[p.Size-1])
			return
		}
		page.Entries = append(page.Entries, e)
	}
}

// scored is an entry with how well it fits.
type scored struct {
	*Entry
	score int
}

// better orders by fit, then as lists do.
func better(a, b scored) int { return cmp.Or(cmp.Compare(b.score, a.score), byList(a.Entry, b.Entry)) }

// worstFirst is a heap of the best so far.
type worstFirst []scored

func (h worstFirst) Len() int           { return len(h) }
func (h worstFirst) Less(i, j int) bool { return better(h[i], h[j]) > 0 }
func (h worstFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *worstFirst) Push(x any)        { *h = append(*h, x.(scored)) }
func (h *worstFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// best fills the page with what is in the set, what fits best first.
func (page *Page) best(s *shelf, set *bitset.BitSet, p *Params) {
	var after *scored
	if score, rest, ok := strings.Cut(p.After, "/"); ok {
		if since, text, ok := cutPosition(rest); ok {
			n, _ := strconv.Atoi(score)
			after = &scored{&Entry{Row: Row{Text: text}}, n}
			after.Published.LiveSince = since
		}
	}
	var top worstFirst
	consider := func(entry *Entry) {
		e := scored{entry, p.Matches.Score(entry.slot)}
		if after != nil && better(*after, e) >= 0 {
			return
		}
		switch {
		case len(top) <= p.Size: // one more than the page, to know whether there is a next
			heap.Push(&top, e)
		case better(e, top[0]) < 0:
			top[0] = e
			heap.Fix(&top, 0)
		}
	}
	if page.Total > len(s.order)/8 {
		// Newest first, so that of those that fit alike the first are the best.
		for _, e := range s.order {
			if set.Test(e.slot) {
				consider(e)
			}
		}
	} else {
		for slot, ok := set.NextSet(0); ok; slot, ok = set.NextSet(slot + 1) {
			consider(s.slots[slot])
		}
	}
	slices.SortFunc(top, better)
	for i, e := range top {
		if i == p.Size {
			page.Next = fmt.Sprintf("%d/%s", top[i-1].score, position(top[i-1].Entry))
			break
		}
		page.Entries = append(page.Entries, e.Entry)
	}
}

// position is where an entry stands in the list.
func position(e *Entry) string {
	return strconv.FormatInt(int64(e.Published.LiveSince), 10) + "/" + e.Text
}

func cutPosition(s string) (since clock.Millis, text string, ok bool) {
	at, text, ok := strings.Cut(s, "/")
	n, err := strconv.ParseInt(at, 10, 64)
	return clock.Millis(n), text, ok && err == nil
}
