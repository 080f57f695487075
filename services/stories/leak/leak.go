// Package leak finds words that must not be told, however they are written: a company's name in other letters, in pieces, in an address, in a file's metadata.
//
// It is pure, and knows terms and texts only: which terms are to be protected and which texts the world sees is for its callers to say. What it compares is the
// letters and digits of both sides after Unicode folding: case, marks, widths and look-alikes of other scripts make no difference, nor do soft hyphens and
// characters that nobody sees. Encodings (HTML, percent, JSON, punycode) are taken off first. Between the letters of a term there may be whatever joins or parts
// words, within reason: a match begins and ends where words do, unless the term is so long that it cannot stand in another word by chance.
package leak

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// Kind is what a term is to the one whom it would tell.
type Kind string

// The kinds of terms.
const (
	// Name is a name of the customer, or a part of it.
	Name Kind = "name"
	// Initials are the first letters of a name. They count where they stand as capitals, or as a word of an address.
	Initials Kind = "initials"
	// Domain is the name of a host.
	Domain Kind = "domain"
	// File is the name of a picture's file.
	File Kind = "file"
	// Person is somebody who belongs to the customer.
	Person Kind = "person"
	// Picture is a picture by its id: the same bytes elsewhere tell who is who.
	Picture Kind = "picture"
	// Listed is what an author lists.
	Listed Kind = "term"
)

// Term is something that must not be told.
type Term struct {
	Kind Kind
	Text string
	// Spellings are further ways of writing it, such as a transliteration.
	Spellings []string
}

// Output is a text that the world sees.
type Output struct {
	// Name says what it is: "title", "address", "JSON-LD". Place says where in it, if it has places.
	Name, Place string
	Text        string
	// Address says that it is made of words without capitals, as slugs, file names and ids are.
	Address bool
	// Raw says that anything can stand in it by chance, as among a picture's pixels: only long terms count.
	Raw bool
}

// Finding is a term in an output.
type Finding struct {
	Term          Term
	Output, Place string
	// Excerpt is the finding with what stands around it.
	Excerpt string
}

// Match is where a term stands in a text, in bytes.
type Match struct {
	Term     Term
	From, To int
}

// Scanner looks for terms. It is safe for concurrent use.
type Scanner struct {
	terms []Term
	// by holds the ways of writing by their first letter.
	by map[rune][]spelling
}

// spelling is one way of writing a term.
type spelling struct {
	term    int
	letters []letter
}

// What a number of letters allows: below short a term stands by itself, from sure it stands nowhere by chance, from long also not within another word.
const (
	short = 4
	sure  = 6
	long  = 8
)

// New returns a Scanner for the terms.
func New(terms []Term) *Scanner {
	s := &Scanner{by: map[rune][]spelling{}}
	for _, t := range terms {
		at := len(s.terms)
		s.terms = append(s.terms, t)
		known := map[string]bool{}
		for _, way := range ways(t) {
			letters := fold(way)
			key := wordsOf(letters)
			if len(letters) < 2 || known[key] {
				continue
			}
			known[key] = true
			s.by[letters[0].r] = append(s.by[letters[0].r], spelling{term: at, letters: letters})
		}
	}
	return s
}

// wordsOf is what a text's letters say, words apart.
func wordsOf(letters []letter) string {
	var b strings.Builder
	for i, l := range letters {
		if i > 0 && l.begins {
			b.WriteByte(' ')
		}
		b.WriteRune(l.r)
	}
	return b.String()
}

// Scan returns what the outputs tell, in their order; a term once in each.
func (s *Scanner) Scan(outputs []Output) []Finding {
	var out []Finding
	for _, o := range outputs {
		told := map[int]bool{}
		for _, text := range layers(o.Text) {
			for _, m := range s.find(text, o) {
				if !told[m.term] {
					told[m.term] = true
					out = append(out, Finding{Term: s.terms[m.term], Output: o.Name, Place: o.Place, Excerpt: around(text, m.From, m.To)})
				}
			}
		}
	}
	return out
}

// Find returns where terms stand in a text, as it stands: encodings are not taken off. Matches do not overlap: of several the first counts, and of those the
// longest.
func (s *Scanner) Find(text string, address bool) []Match {
	found := s.find(text, Output{Address: address})
	slices.SortStableFunc(found, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To), cmp.Compare(a.term, b.term))
	})
	var out []Match
	for _, m := range found {
		if len(out) == 0 || out[len(out)-1].To <= m.From {
			out = append(out, m.Match)
		}
	}
	return out
}

// Replace puts something else in the place of every term in a text. What begins or ends a word only then is replaced too.
func (s *Scanner) Replace(text string, address bool, with func(m Match) string) string {
	const passes = 3 // for replacements that are terms themselves
	for range passes {
		found := s.Find(text, address)
		if len(found) == 0 {
			break
		}
		var b strings.Builder
		last := 0
		for _, m := range found {
			b.WriteString(text[last:m.From])
			b.WriteString(with(m))
			last = m.To
		}
		b.WriteString(text[last:])
		text = b.String()
	}
	return text
}

type match struct {
	Match
	term int
}

func (s *Scanner) find(text string, in Output) []match {
	letters := fold(text)
	var out []match
	for i, l := range letters {
		for _, first := range firsts(l.r) {
			for _, way := range s.by[first] {
				if in.Raw && len(way.letters) < sure {
					continue
				}
				if end := s.matches(letters, i, way, in.Address); end > 0 {
					out = append(out, match{Match{Term: s.terms[way.term], From: l.from, To: letters[end-1].to}, way.term})
				}
			}
		}
	}
	return out
}

// firsts are the letters of a term that a character of a text may be.
func firsts(r rune) []rune {
	out := []rune{r}
	for _, letter := range "abeilost" {
		if stands(r, letter) {
			out = append(out, letter)
		}
	}
	return out
}

// matches returns the index after the match of a way of writing that begins at letter i, 0 if there is none.
func (s *Scanner) matches(text []letter, i int, way spelling, address bool) int {
	n := len(way.letters)
	if i+n > len(text) {
		return 0
	}
	initials := s.terms[way.term].Kind == Initials
	var gaps gapCount
	for k, want := range way.letters {
		got := text[i+k]
		if got.r != want.r && (initials || n < short || !stands(got.r, want.r)) {
			return 0
		}
		if k > 0 {
			gaps.add(got, want)
		}
	}
	if initials {
		return matchInitials(text, i, n, address)
	}
	if !gaps.bearable(n) || !atWords(text, i, n, gaps) {
		return 0
	}
	return i + n
}

// gapCount counts what stands between the letters of a match where the term itself has nothing.
type gapCount struct{ joined, blanks, all int }

func (g *gapCount) add(got, want letter) {
	if got.gap == none || got.gap == hump || want.begins {
		return
	}
	g.all++
	if got.gap == glue {
		g.joined++
	} else {
		g.blanks++
	}
}

// bearable reports whether a term of n letters is still itself with these gaps in it: joined in any way when it is not short, in two pieces when it is
// long, and letter by letter.
func (g gapCount) bearable(n int) bool {
	switch {
	case g.all == 0, g.all == n-1 && n > 2:
		return true
	case g.blanks == 0:
		return n > short
	}
	return g.blanks == 1 && g.joined == 0 && n >= long
}

// atWords reports whether a match begins and ends where words do.
func atWords(text []letter, i, n int, gaps gapCount) bool {
	end := i + n
	rest := end
	for rest < len(text) && !text[rest].begins && rest-end <= longestEnding {
		rest++
	}
	ends := rest == end || n >= short && inflection(text[end:rest]) || n >= long && gaps.all == 0
	return ends && (text[i].begins || n >= long && gaps.all == 0)
}

// inflections are the endings that names take without becoming other words.
var inflections = []string{"s", "es", "n", "en", "er", "ern", "ers", "e", "sche", "scher", "schen", "sches", "schem", "isch", "ische", "ischen", "ischer", "isches", "ian", "ians"}

const longestEnding = 6

func inflection(rest []letter) bool {
	if len(rest) > longestEnding {
		return false
	}
	var b strings.Builder
	for _, l := range rest {
		b.WriteRune(l.r)
	}
	return slices.Contains(inflections, b.String())
}

// matchInitials checks letters that spell initials: capitals together or with points, or a word of an address.
func matchInitials(text []letter, i, n int, address bool) int {
	end := i + n
	together, apart, capitals := true, true, true
	for k := i; k < end; k++ {
		if k > i {
			together = together && text[k].gap <= hump
			apart = apart && (text[k].gap == glue || text[k].gap == pointed)
		}
		capitals = capitals && text[k].upper
	}
	begins := text[i].begins
	closes := end == len(text) || text[end].begins || text[end].r == 's' && (end+1 == len(text) || text[end+1].begins)
	if !begins || !closes {
		return 0
	}
	switch {
	case capitals && (together || apart):
		return end
	case address && together:
		if !ordinary[wordsOf(text[i:end])] {
			return end
		}
	}
	return 0
}

// around is a finding with what stands before and after it.
func around(text string, from, to int) string {
	const reach = 24
	before, after := []rune(text[:from]), []rune(text[to:])
	b, a := "", ""
	if len(before) > reach {
		before, b = before[len(before)-reach:], "…"
	}
	if len(after) > reach {
		after, a = after[:reach], "…"
	}
	words := b + string(before) + text[from:to] + string(after) + a
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, words)), " ")
}
