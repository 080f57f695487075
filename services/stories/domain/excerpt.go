package domain

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"renown.example/kit/fault"
)

// Excerpts are the passages that stand for a text elsewhere. They are chosen beside the text and are no part of what is signed, so each has to be a span of it:
// nobody puts words into the customer's mouth by quoting. An empty one is taken from the text by itself: see Or.
type Excerpts struct {
	// Snippet is what search engines and search results show.
	Snippet string `json:"snippet,omitempty"`
	// Card is what the picture of a shared link says.
	Card string `json:"card,omitempty"`
	// Embed is what the story says of itself on other sites.
	Embed string `json:"embed,omitempty"`
}

// Bounds of excerpts, in characters.
const (
	MaxSnippet = 300
	MaxCard    = 200
	MaxEmbed   = 600
)

// excerpt is one of the Excerpts with its name in finding paths.
type excerpt struct {
	name  string
	value *string
	max   int
}

func (e *Excerpts) all() []excerpt {
	return []excerpt{{"snippet", &e.Snippet, MaxSnippet}, {"card", &e.Card, MaxCard}, {"embed", &e.Embed, MaxEmbed}}
}

// Squeezed is the one normalization under which an excerpt is compared with its text: every run of white space is one space, and there is none at the ends.
// Nothing else may differ.
func Squeezed(s string) string { return strings.Join(strings.Fields(s), " ") }

// Normalized returns e as it is stored.
func (e Excerpts) Normalized() Excerpts {
	for _, x := range e.all() {
		*x.value = Squeezed(*x.value)
	}
	return e
}

// Or returns e with what is empty taken from the text: its summary as snippet and embed, its title on the card. Both are spans of it.
func (e Excerpts) Or(c Content) Excerpts {
	for at, or := range map[*string]string{&e.Snippet: c.Summary, &e.Card: c.Title, &e.Embed: c.Summary} {
		if *at == "" {
			*at = Squeezed(or)
		}
	}
	return e
}

// CheckExcerpts refuses, for the reason given, excerpts that are no spans of the text, whose words without markup are plain. A refusal shows the nearest span.
func CheckExcerpts(plain string, e Excerpts, reason fault.Reason) error {
	var f findings
	text := Squeezed(plain)
	for _, x := range e.all() {
		path := "excerpts." + x.name
		switch {
		case utf8.RuneCountInString(*x.value) > x.max:
			f.add(path, "may have at most %d characters", x.max)
		case *x.value == "" || spans(text, Squeezed(*x.value)):
		default:
			if near := NearestSpan(text, *x.value); near != "" {
				f.add(path, "is no passage of the text, word for word. The nearest is: “%s”", near)
			} else {
				f.add(path, "is no passage of the text, word for word, and nothing in the text is like it")
			}
		}
	}
	return f.fault(reason, "An excerpt is not what the customer signs")
}

// Kept returns e without those that are no spans of the text, whose words without markup are plain.
func (e Excerpts) Kept(plain string) Excerpts {
	text := Squeezed(plain)
	for _, x := range e.all() {
		if !spans(text, *x.value) {
			*x.value = ""
		}
	}
	return e
}

// spans reports whether words stand in text without a gap, as whole words. Both are squeezed.
func spans(text, words string) bool {
	if words == "" {
		return false
	}
	for at := 0; ; {
		i := strings.Index(text[at:], words)
		if i < 0 {
			return false
		}
		from, to := at+i, at+i+len(words)
		if !insideWord(text, from) && !insideWord(text, to) {
			return true
		}
		_, size := utf8.DecodeRuneInString(text[from:])
		at = from + size
	}
}

// insideWord reports whether a cut at i parts a word. Scripts that are written without spaces can be cut between any two letters.
func insideWord(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	after, _ := utf8.DecodeRuneInString(s[i:])
	return i > 0 && i < len(s) && inWord(before) && (inWord(after) || unicode.IsMark(after)) && !unspaced(before) && !unspaced(after)
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// maxNearest bounds the work of NearestSpan: it is a number of cells of its table.
const maxNearest = 8 << 20

// What it costs in NearestSpan to take a word for another: one that differs in case and punctuation only is half the way.
const (
	otherWord = 2
	nearWord  = 1
)

// NearestSpan returns the passage of a squeezed text that needs the fewest changes, word by word, to become the words asked for; the first of several. It is
// empty where no word of it would be left.
func NearestSpan(text, words string) string {
	in, want := strings.Fields(text), strings.Fields(words)
	if len(in) == 0 || len(want) == 0 || (len(in)+1)*(len(want)+1) > maxNearest {
		return ""
	}
	plainIn, plainWant := bare(in), bare(want)
	// cost[j] is that of turning want[:i] into some passage that ends before in[j]; from[j] is where that passage begins.
	cost, from := make([]int, len(in)+1), make([]int, len(in)+1)
	for j := range from {
		from[j] = j
	}
	for i := range want {
		diagonal, start := cost[0], from[0]
		cost[0] += otherWord
		for j := range in {
			step := otherWord
			switch {
			case in[j] == want[i]:
				step = 0
			case plainIn[j] == plainWant[i] && plainIn[j] != "":
				step = nearWord
			}
			best, at := diagonal+step, start
			if c := cost[j+1] + otherWord; c < best {
				best, at = c, from[j+1]
			}
			if c := cost[j] + otherWord; c < best {
				best, at = c, from[j]
			}
			diagonal, start = cost[j+1], from[j+1]
			cost[j+1], from[j+1] = best, at
		}
	}
	// Of several that are equally near, the one of the same length tells most.
	least, end := slices.Min(cost), -1
	for j, c := range cost {
		if c == least && (end < 0 || off(j-from[j], len(want)) < off(end-from[end], len(want))) {
			end = j
		}
	}
	if least >= otherWord*len(want) {
		return ""
	}
	return strings.Join(in[from[end]:end], " ")
}

func off(a, b int) int { return max(a-b, b-a) }

// bare returns words without case and without punctuation around them.
func bare(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ToLower(strings.TrimFunc(w, func(r rune) bool { return !inWord(r) }))
	}
	return out
}
