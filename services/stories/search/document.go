package search

import (
	"strings"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	index "github.com/blevesearch/bleve_index_api"
)

// mapping is the version of what is put into an index. An index of another version is made anew.
const mapping = "1"

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
	add(fieldHead, append(s.plain(head), s.stems(head)...))
	add(fieldLead, append(s.plain(lead), s.stems(lead)...))
	add(fieldOften, frequent)
	add(fieldAll, append(s.plain(all), stems...))
	return out
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
