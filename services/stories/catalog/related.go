package catalog

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"renown.example/kit/clock"
	"renown.example/stories/taxonomy"
)

// What stories have in common is weighed by fixed weights, not by how rare it is among all stories: so what is near a story changes only when a nearer one comes or one
// that is near goes, and holders of copies can be told of just that.
var weights = [taxonomy.Count]int{6, 1, 2, 5} // industry, region, product, use case

const (
	// wordWeight is that of a telling word of title and summary; mostWords is how many count.
	wordWeight, mostWords = 2, 4
	// nearest is how many stories are near one.
	nearest = 3
	// leastScore keeps apart what shares no more than a region.
	leastScore = 2
	// telling is the least length of a word that says something.
	telling = 5
)

// Near is a story beside another, with what they have in common, that which says most first.
type Near struct {
	Entry *Entry
	Terms []Shared
	Words []string
	score int
}

// Shared is a term that two stories belong to.
type Shared struct {
	Taxonomy int
	ID       string
	Label    string
}

// words are the telling words of title and summary, each by what its forms share, in the form that the text uses. They are kept for the newest alone: for every entry they
// would be most of what a large catalogue takes.
func (e *Entry) words() map[string]string {
	if e.kept != nil {
		return e.kept
	}
	out := map[string]string{}
	for w := range lettersOf(e.Published.Title + " " + e.Published.Summary) {
		if utf8.RuneCountInString(w) >= telling && !fillers[w] {
			out[stem(w)] = w
		}
	}
	for w := range lettersOf(e.Published.Customer) {
		delete(out, stem(w)) // a customer's name is no subject
	}
	return out
}

func lettersOf(s string) iter.Seq[string] {
	return strings.FieldsFuncSeq(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) })
}

// stem is the beginning of a word that its forms share, roughly: delivery, deliveries.
func stem(w string) string {
	runes := 0
	for i := range w {
		if runes == 6 {
			return w[:i]
		}
		runes++
	}
	return w
}

// fillers are long words that tell nothing, in the languages that the site speaks by itself.
var fillers = func() map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(`about after again before every fewer first their there these those three through under until where which while without within would could
		should other between since still being against customer customers company story stories years months weeks hours minutes percent
		durch einem einen einer eines ihrer ihren ihrem nicht nichts unter ohne wieder mehr weniger vorher nachher jeder jedes jeden zwischen seit kunden stunden minuten
		wochen monate jahre prozent`) {
		out[w] = true
	}
	return out
}()

// near reports what b has in common with a, whose telling words are given.
func near(a *Entry, words map[string]string, b *Entry) Near {
	n := Near{Entry: b}
	for x := range a.terms {
		for _, t := range a.terms[x] {
			if slices.Contains(b.terms[x], t) {
				n.score += weights[x]
				n.Terms = append(n.Terms, Shared{Taxonomy: x, ID: t.id, Label: b.labelOf(x, t.id)})
			}
		}
	}
	slices.SortStableFunc(n.Terms, func(a, b Shared) int { return weights[b.Taxonomy] - weights[a.Taxonomy] })
	theirs := b.words()
	for stem, w := range words {
		if theirs[stem] != "" {
			n.Words = append(n.Words, strings.Clone(w)) // else it would hold on to the whole text
		}
	}
	slices.Sort(n.Words)
	n.Words = n.Words[:min(len(n.Words), mostWords)]
	n.score += wordWeight * len(n.Words)
	return n
}

// labelOf is what a term that the entry belongs to is called in its language.
func (e *Entry) labelOf(x int, id string) string {
	for _, ref := range e.Summary.GetTerms() {
		if ref.GetTaxonomy() == taxonomy.Names()[x] && ref.GetId() == id {
			return ref.GetLabel()
		}
	}
	return id
}

// nearer orders what is near: what has most in common first, then the newer.
func nearer(a, b Near) int {
	return cmp.Or(cmp.Compare(b.score, a.score), byList(a.Entry, b.Entry))
}

// Related returns the stories that are near a text and may be shown at an instant, the nearest first. What is given out is remembered, so that Put can tell what it changes.
func (c *Catalog) Related(text string, now clock.Millis) []Near {
	var out []Near
	for _, n := range c.besides(text) {
		if until := n.Entry.Published.Until(); until == 0 || until > now {
			out = append(out, n)
		}
	}
	return out
}

// besides is the list of what is near a text. It must not be changed. A first look keeps nobody waiting who asks something else.
func (c *Catalog) besides(text string) []Near {
	c.mu.RLock()
	defer c.mu.RUnlock()
	e := c.byText[text]
	if e == nil || !e.linkable() {
		return nil
	}
	s := c.shelves[e.Published.Locale]
	list, given := s.wasGiven(e)
	if given {
		return list
	}
	s.settle(c.within)
	s.beside.RLock()
	words := e.words()
	list = s.nearTo(e, words)
	s.beside.RUnlock()
	s.beside.Lock()
	defer s.beside.Unlock()
	if _, given := s.given[e]; !given {
		s.given[e] = list
		s.asked.add(e, words)
	}
	return list
}

// wasGiven returns the list that was given out for an entry, and whether one was.
func (s *shelf) wasGiven(e *Entry) ([]Near, bool) {
	s.beside.RLock()
	defer s.beside.RUnlock()
	list, given := s.given[e]
	return list, given
}

// nearTo finds what is near an entry, whose telling words are given, among the newest.
func (s *shelf) nearTo(e *Entry, words map[string]string) []Near {
	best := make([]Near, 0, nearest+1)
	s.newest.weigh(e, words, func(other *Entry, score int) (least int) {
		if len(best) == nearest && score == best[nearest-1].score && byList(other, best[nearest-1].Entry) > 0 {
			return score // many have as much in common and are older
		}
		if other.Published.Story != e.Published.Story {
			n := Near{Entry: other, score: score}
			at, _ := slices.BinarySearchFunc(best, n, nearer)
			best = slices.Insert(best, at, n)
		}
		if len(best) < nearest {
			return leastScore
		}
		best = best[:nearest]
		return best[nearest-1].score
	})
	for i, n := range best {
		best[i] = near(e, words, n.Entry)
	}
	return best
}

// settle brings in what belongs to the newest by now, and takes out what does not any more.
func (s *shelf) settle(within int) {
	s.beside.RLock()
	settled := s.settled
	s.beside.RUnlock()
	if settled {
		return
	}
	s.beside.Lock()
	defer s.beside.Unlock()
	if s.settled {
		return
	}
	newest := s.order[:min(len(s.order), within)]
	for _, e := range newest {
		if e.linkable() && !s.newest.has(e) {
			e.kept = e.words()
			s.newest.add(e, e.kept)
		}
	}
	for _, e := range s.newest.entries {
		if e != nil && byList(e, newest[len(newest)-1]) > 0 {
			s.outdate(e)
		}
	}
	s.settled = true
}

// outdate takes an entry out of the newest.
func (s *shelf) outdate(e *Entry) {
	s.newest.remove(e)
	e.kept = nil
}

// linkable reports whether a story may stand beside others: not where its customer must not be told, since what it is near could tell.
func (e *Entry) linkable() bool { return e.Published.Alias == "" && !e.Published.Anonymous }

// enters forgets the lists that a new entry belongs into, and returns the names of the stories that have them.
func (s *shelf) enters(e *Entry) []string {
	s.settled = false
	if !e.linkable() || s.asked.empty() {
		return nil
	}
	var to []*Entry
	s.asked.weigh(e, e.words(), func(other *Entry, score int) (least int) {
		list := s.given[other]
		if other.Published.Story != e.Published.Story && (len(list) < nearest || nearer(Near{Entry: e, score: score}, list[len(list)-1]) < 0) {
			to = append(to, other)
		}
		return leastScore
	})
	var out []string
	for _, other := range to {
		s.forget(other)
		out = append(out, other.Published.Name())
	}
	return out
}

// leaves forgets the lists that an entry is in, and its own. Who holds them is told of by the entry's own name.
func (s *shelf) leaves(e *Entry) {
	s.settled = false
	s.outdate(e)
	s.forget(e)
	if !e.linkable() || s.asked.empty() {
		return
	}
	var in []*Entry
	s.asked.weigh(e, e.words(), func(other *Entry, _ int) (least int) {
		if slices.ContainsFunc(s.given[other], func(n Near) bool { return n.Entry == e }) {
			in = append(in, other)
		}
		return leastScore
	})
	for _, other := range in {
		s.forget(other)
	}
}

// forgetAll forgets everything that was found by the terms of entries.
func (s *shelf) forgetAll() {
	s.given, s.asked, s.newest, s.settled = map[*Entry][]Near{}, newPostings(), newPostings(), false
}

func (s *shelf) forget(e *Entry) {
	delete(s.given, e)
	s.asked.remove(e)
}
