// Package catalog is what a replica keeps in memory of what is published: for each language the summaries in the order of its list, and for each term the set of
// stories that belong to it. Lists, filters, counts and pages are answered from it without reading the store.
//
// Whoever owns a Catalog feeds it with rows as they change; it knows neither store nor feed. Ends that no job has carried out yet count: what is asked at an
// instant holds only what may be shown at that instant.
package catalog

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/bits-and-blooms/bitset"

	"renown.example/kit/clock"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
	"renown.example/stories/taxonomy"
)

// Row is a published row with its id, the text id.
type Row struct {
	Text      string
	Published tables.Published
}

// Entry is one language of a story that is up. It does not change; what changes is another Entry.
type Entry struct {
	Row
	// Summary is what lists show. It is shared by all answers and must not be changed.
	Summary *storiesv1.PublishedSummary

	slot  uint
	terms [taxonomy.Count][]*term
	// kept are its telling words while it is among the newest.
	kept map[string]string
}

// Slot is the place of an entry's edition in sets of entries of its language.
func (e *Entry) Slot() uint { return e.slot }

// term is a term of a taxonomy in one language, with the entries that belong to it.
type term struct {
	x  int
	id string
	in *bitset.BitSet
	n  int
	// writings counts how the texts write it: the label of a term that nobody manages.
	writings map[string]int
}

// shelf holds one language.
type shelf struct {
	locale string
	// order is the list: newest first.
	order []*Entry
	// ending are the entries that end by themselves, the first to end first.
	ending []*Entry
	// slots holds entries by slot. A slot belongs to one edition and is not given again, so that an index may remember it.
	slots  []*Entry
	bySlug map[string]*Entry
	live   *bitset.BitSet
	terms  [taxonomy.Count]map[string]*term
	// refs say by what a text writes which term it means and what that is called. Entries share them: thousands belong to the same few terms.
	refs [taxonomy.Count]map[string]*storiesv1.TermRef
	// given are the lists of near stories that were given out, and asked the entries that have them. newest are those among which the near ones are looked for, as they
	// are once settled. Who holds the catalogue's lock for reading changes them under beside; who holds it for writing needs no more.
	beside        sync.RWMutex
	given         map[*Entry][]Near
	asked, newest *postings
	settled       bool
}

// Catalog is safe for concurrent use.
type Catalog struct {
	locales []string
	render  func(tables.Published) *storiesv1.PublishedSummary
	// within is among how many of the newest stories of a language the near ones are looked for.
	within int

	mu       sync.RWMutex
	resolver *taxonomy.Resolver
	shelves  map[string]*shelf
	byText   map[string]*Entry
	// named are the entries of all languages by the names of their stories.
	named []*Entry
	// slotOf remembers the slot of every edition that was ever up.
	slotOf map[string]uint
}

// New returns an empty Catalog of a site with these languages, the default first. render makes the summary of a row, without terms.
func New(locales []string, render func(tables.Published) *storiesv1.PublishedSummary) *Catalog {
	return &Catalog{
		locales: locales, render: render, within: 5000, resolver: taxonomy.NewResolver([taxonomy.Count][]taxonomy.Term{}, locales),
		shelves: map[string]*shelf{}, byText: map[string]*Entry{}, slotOf: map[string]uint{},
	}
}

func newShelf(locale string) *shelf {
	s := &shelf{locale: locale, bySlug: map[string]*Entry{}, live: &bitset.BitSet{}}
	s.forgetAll()
	s.forgetTerms()
	return s
}

// byList orders entries as lists do: newest first, then by text id, the last first.
func byList(a, b *Entry) int {
	if c := cmp.Compare(b.Published.LiveSince, a.Published.LiveSince); c != 0 {
		return c
	}
	return strings.Compare(b.Text, a.Text)
}

func byEnd(a, b *Entry) int {
	if c := cmp.Compare(a.Published.Until(), b.Published.Until()); c != 0 {
		return c
	}
	return strings.Compare(a.Text, b.Text)
}

// few is up to how many changes are put into sorted lists one by one; more are sorted in.
const few = 32

// Put takes over rows as they are now, each text once: rows with an edition come in or change, those without go. It returns which editions came up and which went,
// and the names of the stories beside which other stories stand now than were given out: see Related.
func (c *Catalog) Put(rows []Row) (up, gone, near []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := map[string]bool{}
	for _, r := range rows {
		if e := c.byText[r.Text]; e != nil {
			was[e.Published.Edition] = true
			c.take(e)
		}
	}
	near = c.enterAll(rows)
	for _, r := range rows {
		switch e := r.Published.Edition; {
		case e == "":
		case was[e]:
			delete(was, e)
		default:
			up = append(up, e)
		}
	}
	return up, slices.Sorted(maps.Keys(was)), near
}

func (c *Catalog) enterAll(rows []Row) (near []string) {
	bulk := map[*shelf]bool{}
	for _, r := range rows {
		if r.Published.Edition == "" {
			continue
		}
		s := c.shelves[r.Published.Locale]
		if s == nil {
			s = newShelf(r.Published.Locale)
			c.shelves[s.locale] = s
		}
		e := c.enter(s, r)
		near = append(near, s.enters(e)...)
		if len(rows) > few {
			bulk[s] = true
			c.named = append(c.named, e)
			s.order = append(s.order, e)
			if e.Published.Until() != 0 {
				s.ending = append(s.ending, e)
			}
			continue
		}
		c.named = insert(c.named, e, byName)
		s.order = insert(s.order, e, byList)
		if e.Published.Until() != 0 {
			s.ending = insert(s.ending, e, byEnd)
		}
	}
	if len(bulk) > 0 {
		slices.SortFunc(c.named, byName)
	}
	for s := range bulk {
		slices.SortFunc(s.order, byList)
		slices.SortFunc(s.ending, byEnd)
	}
	slices.Sort(near)
	return slices.Compact(near)
}

// enter makes the entry of a row and puts it into the sets.
func (c *Catalog) enter(s *shelf, r Row) *Entry {
	e := &Entry{Row: r, slot: uint(len(s.slots))}
	if slot, ok := c.slotOf[r.Published.Edition]; ok {
		e.slot = slot
	} else {
		s.slots = append(s.slots, nil)
	}
	s.slots[e.slot], s.bySlug[r.Published.Slug] = e, e
	s.live.Set(e.slot)
	c.byText[r.Text], c.slotOf[r.Published.Edition] = e, e.slot
	c.classify(s, e)
	return e
}

// take takes an entry out of everything but its slot and the memory of its edition.
func (c *Catalog) take(e *Entry) {
	s := c.shelves[e.Published.Locale]
	s.live.Clear(e.slot)
	s.slots[e.slot] = nil
	if s.bySlug[e.Published.Slug] == e {
		delete(s.bySlug, e.Published.Slug)
	}
	s.order, c.named = remove(s.order, e, byList), remove(c.named, e, byName)
	if e.Published.Until() != 0 {
		s.ending = remove(s.ending, e, byEnd)
	}
	s.unclassify(e)
	s.leaves(e)
	delete(c.byText, e.Text)
}

// classify finds the terms that an entry belongs to and renders its summary with them.
func (c *Catalog) classify(s *shelf, e *Entry) {
	e.Summary = c.render(e.Published)
	e.Summary.Terms = nil
	p := e.Published
	for x, list := range taxonomy.Written(p.Industry, p.Region, p.Product, p.UseCase) {
		for _, written := range list {
			ref := s.ref(c.resolver, x, written)
			t := s.terms[x][ref.GetId()]
			if t == nil {
				t = &term{x: x, id: ref.GetId(), in: &bitset.BitSet{}, writings: map[string]int{}}
				s.terms[x][t.id] = t
			}
			if slices.Contains(e.terms[x], t) {
				continue
			}
			t.writings[written]++
			t.in.Set(e.slot)
			t.n++
			e.terms[x] = append(e.terms[x], t)
			e.Summary.Terms = append(e.Summary.Terms, ref)
		}
	}
}

// mostRefs bounds what is remembered of a taxonomy's writings. What is no longer used is not told apart: all is found again.
const mostRefs = 10_000

// ref is the term that a writing means, with its label.
func (s *shelf) ref(r *taxonomy.Resolver, x int, written string) *storiesv1.TermRef {
	if ref := s.refs[x][written]; ref != nil {
		return ref
	}
	id := r.Resolve(x, written, s.locale)
	label, managed := r.Label(x, id, s.locale)
	if !managed {
		label = written
	}
	if len(s.refs[x]) == mostRefs {
		clear(s.refs[x])
	}
	ref := &storiesv1.TermRef{Taxonomy: taxonomy.Names()[x], Id: id, Label: label}
	s.refs[x][written] = ref
	return ref
}

func (s *shelf) forgetTerms() {
	for x := range s.terms {
		s.terms[x], s.refs[x] = map[string]*term{}, map[string]*storiesv1.TermRef{}
	}
}

func (s *shelf) unclassify(e *Entry) {
	p := e.Published
	for x, list := range taxonomy.Written(p.Industry, p.Region, p.Product, p.UseCase) {
		for _, t := range e.terms[x] {
			t.in.Clear(e.slot)
			if t.n--; t.n == 0 {
				delete(s.terms[x], t.id)
			}
			for _, w := range list {
				if t.writings[w]--; t.writings[w] <= 0 {
					delete(t.writings, w)
				}
			}
		}
	}
}

// SetTerms takes over the managed terms as they are now.
func (c *Catalog) SetTerms(r *taxonomy.Resolver) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resolver = r
	for _, s := range c.shelves {
		s.forgetAll()
		s.forgetTerms()
		for i, e := range s.order {
			// Answers that are under way hold the entry as it was.
			now := &Entry{Row: e.Row, slot: e.slot}
			c.classify(s, now)
			s.order[i], s.slots[now.slot] = now, now
			c.byText[now.Text], s.bySlug[now.Published.Slug] = now, now
		}
		for i, e := range s.ending {
			s.ending[i] = c.byText[e.Text]
		}
	}
	for i, e := range c.named {
		c.named[i] = c.byText[e.Text]
	}
}

// Slot returns the slot of an edition in its language, whether or not it is up at present.
func (c *Catalog) Slot(edition string) (uint, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	slot, ok := c.slotOf[edition]
	return slot, ok
}

// Up returns the slots of what may be shown in a language at an instant. The set is the caller's.
func (c *Catalog) Up(locale string, now clock.Millis) *bitset.BitSet {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if s := c.shelves[locale]; s != nil {
		return s.up(now).Clone()
	}
	return &bitset.BitSet{}
}

// Terms returns the terms that a text belongs to, those of a taxonomy in the order of its words; none if it is not up.
func (c *Catalog) Terms(text string) []*storiesv1.TermRef {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e := c.byText[text]; e != nil {
		return e.Summary.GetTerms()
	}
	return nil
}

// Each calls back for every entry of a language.
func (c *Catalog) Each(locale string, each func(e *Entry)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if s := c.shelves[locale]; s != nil {
		for _, e := range s.order {
			each(e)
		}
	}
}

// Editions returns the editions that are up.
func (c *Catalog) Editions() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []string
	for _, s := range c.shelves {
		for _, e := range s.order {
			out = append(out, e.Published.Edition)
		}
	}
	return out
}

// Use is how many entries of all languages belong to a term.
type Use struct {
	Taxonomy int
	ID       string
	Entries  int
	// Labels are what the texts write, by language; of a managed term they may be any of its words.
	Labels map[string]string
}

// Uses returns the terms to which anything belongs, in the order of taxonomies and ids.
func (c *Catalog) Uses() []Use {
	c.mu.RLock()
	defer c.mu.RUnlock()
	found := map[[2]string]*Use{}
	for _, s := range c.shelves {
		for x := range s.terms {
			for id, t := range s.terms[x] {
				key := [2]string{taxonomy.Names()[x], id}
				if found[key] == nil {
					found[key] = &Use{Taxonomy: x, ID: id, Labels: map[string]string{}}
				}
				found[key].Entries += t.n
				found[key].Labels[s.locale] = t.written()
			}
		}
	}
	out := make([]Use, 0, len(found))
	for _, u := range found {
		out = append(out, *u)
	}
	slices.SortFunc(out, func(a, b Use) int { return cmp.Or(cmp.Compare(a.Taxonomy, b.Taxonomy), strings.Compare(a.ID, b.ID)) })
	return out
}

// written is how most texts write the term.
func (t *term) written() string {
	best, most := "", 0
	for w, n := range t.writings {
		if n > most || n == most && w < best {
			best, most = w, n
		}
	}
	return best
}

func insert(list []*Entry, e *Entry, by func(a, b *Entry) int) []*Entry {
	i, _ := slices.BinarySearchFunc(list, e, by)
	return slices.Insert(list, i, e)
}

func remove(list []*Entry, e *Entry, by func(a, b *Entry) int) []*Entry {
	if i, found := slices.BinarySearchFunc(list, e, by); found {
		return slices.Delete(list, i, i+1)
	}
	return list
}
