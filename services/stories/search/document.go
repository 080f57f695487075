package search

import (
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	index "github.com/blevesearch/bleve_index_api"
)

// mapping is the version of what is put into an index. An index of another version is made anew.
const mapping = "2"

// Doc is an edition as it is searched.
type Doc struct {
	Edition, Locale string
	// Head are title and customer: where people look first, and the only place where single letters are looked for.
	Head []string
	// Lead are the summary and the words of the taxonomies.
	Lead []string
	// Text is everything that the story says, as words without markup.
	Text string
}

// The fields of a document. Each is one per language, so that words are met by words of the same language only: "head/en".
const (
	fieldHead = "head/"
	fieldLead = "lead/"
	// fieldOften holds the stems that come often in the text.
	fieldOften = "often/"
	// fieldAll holds everything, also what is in the others.
	fieldAll = "all/"
)

// often is how many times a stem stands in a text that is about it.
const often = 3

// document makes of an edition what the index takes.
func (d Doc) document() *document.Document {
	s := speechOf(d.Locale)
	out := document.NewDocument(d.Edition)
	head, lead := strings.Join(d.Head, "\n"), strings.Join(d.Lead, "\n")
	all := head + "\n" + lead + "\n" + d.Text
	count := map[string]int{}
	var frequent []string
	stems := s.stems(all)
	for _, w := range stems {
		if count[w]++; count[w] == often {
			frequent = append(frequent, w)
		}
	}
	add := func(field string, terms []string) {
		if len(terms) > 0 {
			out.AddField(document.NewTextFieldCustom(field+d.Locale, nil, nil, index.IndexField|index.SkipFreqNorm, ready(terms)))
		}
	}
	headWords, allWords := s.plain(head), s.plain(all)
	add(fieldHead, slices.Concat(headWords, s.stems(head), beginnings(headWords, 1), beginnings(headWords, 2)))
	add(fieldLead, slices.Concat(s.plain(lead), s.stems(lead)))
	add(fieldOften, frequent)
	add(fieldAll, slices.Concat(allWords, stems, beginnings(allWords, shortPrefix)))
	return out
}

// beginMark begins the terms that are beginnings of words. Thousands of words begin with a letter: they are found as one.
const beginMark = "\x02"

// beginnings returns the first n characters of words, marked, each once. Words that are no longer are their own beginnings.
func beginnings(words []string, n int) []string {
	seen := make(map[string]bool, len(words))
	var out []string
	for _, w := range words {
		if b := begin(w, n); !seen[b] {
			seen[b] = true
			out = append(out, beginMark+b)
		}
	}
	return out
}

// begin returns the first n characters of a word.
func begin(word string, n int) string {
	for i := range word {
		if n == 0 {
			return word[:i]
		}
		n--
	}
	return word
}

// ready is the analyser of a text that has been taken apart.
type ready []string

// Analyze implements analysis.Analyzer.
func (r ready) Analyze([]byte) analysis.TokenStream {
	out := make(analysis.TokenStream, len(r))
	for i, w := range r {
		out[i] = &analysis.Token{Term: []byte(w), Position: i + 1}
	}
	return out
}
