package catalog

import (
	"cmp"
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
	// within is among how many of the newest stories the near ones are looked for.
	within = 5000
	// leastScore keeps apart what shares no more than a region.
	leastScore = 2
	// telling is the least length of a word that says something.
	telling = 5
)

// about is what an entry has in common with others besides its terms: the telling words of its title and summary.
// By what their forms share, they hold the form that the text uses.
type about struct{ words map[string]string }

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

// describe finds the telling words of an entry.
func (e *Entry) describe() {
	a := &about{words: map[string]string{}}
	for w := range strings.FieldsFuncSeq(strings.ToLower(e.Published.Title+" "+e.Published.Summary), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if utf8.RuneCountInString(w) >= telling && !fillers[w] {
			a.words[stem(w)] = w
		}
	}
	for w := range strings.FieldsFuncSeq(strings.ToLower(e.Published.Customer), func(r rune) bool { return !unicode.IsLetter(r) }) {
		delete(a.words, stem(w)) // a customer's name is no subject
	}
	e.about = a
}

// stem is the beginning of a word that its forms share, roughly: delivery, deliveries.
func stem(w string) string {
	r := []rune(w)
	if len(r) > 6 {
		r = r[:6]
	}
	return string(r)
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

// near reports what b has in common with a; ok is false where that is too little.
func near(a, b *Entry) (n Near, ok bool) {
	n.Entry = b
	for x := range a.terms {
		for _, t := range a.terms[x] {
			if slices.Contains(b.terms[x], t) {
				n.score += weights[x]
				n.Terms = append(n.Terms, Shared{Taxonomy: x, ID: t.id})
			}
		}
	}
	for stem, w := range a.about.words {
		if b.about.words[stem] != "" {
			n.Words = append(n.Words, w)
		}
	}
	slices.Sort(n.Words)
	n.Words = n.Words[:min(len(n.Words), mostWords)]
	n.score += wordWeight * len(n.Words)
	return n, n.score >= leastScore
}

// exceeds reports whether what b has in common with a weighs more than least, as near would find, without making a list of it: it is asked for thousands of stories.
func exceeds(a, b *Entry, least int) bool {
	score := 0
	for x := range a.terms {
		for _, t := range a.terms[x] {
			if slices.Contains(b.terms[x], t) {
				score += weights[x]
			}
		}
	}
	if score+wordWeight*mostWords <= least {
		return false
	}
	words := 0
	for stem := range a.about.words {
		if score+wordWeight*words > least || words == mostWords {
			break
		}
		if b.about.words[stem] != "" {
			words++
		}
	}
	return score+wordWeight*words > least
}

// nearer orders what is near: what has most in common first, then the newer.
func nearer(a, b Near) int {
	return cmp.Or(cmp.Compare(b.score, a.score), byList(a.Entry, b.Entry))
}

// Related returns the stories that are near a text and may be shown at an instant, the nearest first. What is given out is remembered, so that Put can tell what it changes.
func (c *Catalog) Related(text string, now clock.Millis) []Near {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byText[text]
	if e == nil {
		return nil
	}
	s := c.shelves[e.Published.Locale]
	found, kept := s.given[text]
	if !kept {
		found = s.nearTo(e)
		s.given[text] = found
	}
	var out []Near
	for _, n := range found {
		if until := n.Entry.Published.Until(); until != 0 && until <= now {
			continue
		}
		for i := range n.Terms {
			n.Terms[i].Label = c.labelOf(n.Terms[i], n.Entry)
		}
		slices.SortStableFunc(n.Terms, func(a, b Shared) int { return weights[b.Taxonomy] - weights[a.Taxonomy] })
		out = append(out, n)
	}
	return out
}

func (c *Catalog) labelOf(t Shared, e *Entry) string {
	for _, ref := range e.Summary.GetTerms() {
		if ref.GetTaxonomy() == taxonomy.Names()[t.Taxonomy] && ref.GetId() == t.ID {
			return ref.GetLabel()
		}
	}
	return t.ID
}

func (s *shelf) nearTo(e *Entry) []Near {
	var out []Near
	for _, other := range s.order[:min(len(s.order), within)] {
		if other.Published.Story == e.Published.Story || !other.linkable() || !e.linkable() {
			continue
		}
		// They come newest first: one that has no more in common than the last of the nearest is behind it.
		least := leastScore - 1
		if len(out) == nearest {
			least = out[nearest-1].score
		}
		if !exceeds(e, other, least) {
			continue
		}
		n, _ := near(e, other)
		at, _ := slices.BinarySearchFunc(out, n, nearer)
		if out = slices.Insert(out, at, n); len(out) > nearest {
			out = out[:nearest]
		}
	}
	return out
}

// linkable reports whether a story may stand beside others: not where its customer must not be told, since what it is near could tell.
func (e *Entry) linkable() bool { return e.Published.Alias == "" && !e.Published.Anonymous }

// enters forgets the lists that an entry changes, and returns the texts that it comes near to by it. Lists that it is in already are told of by its own name.
func (c *Catalog) enters(s *shelf, e *Entry) []string {
	var out []string
	for text, list := range s.given {
		if slices.ContainsFunc(list, func(n Near) bool { return n.Entry.Text == e.Text }) {
			delete(s.given, text)
			continue
		}
		to := c.byText[text]
		if to == nil || !e.linkable() || !to.linkable() || to.Published.Story == e.Published.Story {
			continue
		}
		n, ok := near(to, e)
		if ok && (len(list) < nearest || nearer(n, list[len(list)-1]) < 0) {
			delete(s.given, text)
			out = append(out, to.Published.Name())
		}
	}
	return out
}

// leaves forgets the lists that an entry is in, and its own.
func (s *shelf) leaves(e *Entry) {
	delete(s.given, e.Text)
	for text, list := range s.given {
		if slices.ContainsFunc(list, func(n Near) bool { return n.Entry.Text == e.Text }) {
			delete(s.given, text)
		}
	}
}
