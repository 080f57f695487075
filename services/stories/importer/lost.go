package importer

import (
	"index/suffixarray"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"

	"renown.example/stories/domain"
	"renown.example/stories/prose"
)

// overlooked keeps the fields of which a part is neither in the document nor beside it nor named, whichever way it was lost.
func (p *page) overlooked() {
	have := said(p.accounted.String() + " " + metadata(p.Document) + " " + spoken(p.Document))
	fields := slices.Clone(p.fields)
	for _, pt := range p.parts {
		for _, f := range pt.fields {
			if !dressing[plainKey(f.key)] && f.value.text != "true" && f.value.text != "false" {
				fields = append(fields, field{key: pt.name + " " + f.key, line: f.line, value: f.value})
			}
		}
	}
	for _, f := range fields {
		for _, leaf := range leaves(f.value) {
			if !have(leaf) {
				p.keep(f.line, f.key, f.value.String(), "this found no place: "+clip(leaf, 60))
				break
			}
		}
	}
}

// said returns what tells whether all of some words stand together in a text.
func said(text string) func(string) bool {
	spaced := " " + strings.ToLower(strings.Join(strings.Fields(text), " ")) + " "
	close := strings.ReplaceAll(spaced, " ", "")
	inSpaced, inClose := finder(spaced), finder(close)
	return func(words string) bool {
		fields := strings.Fields(strings.ToLower(plainWords(tags.ReplaceAllString(html.UnescapeString(words), " "))))
		return len(fields) == 0 || inSpaced(" "+strings.Join(fields, " ")+" ") || inClose(strings.Join(fields, ""))
	}
}

// fewSearches is the number of searches from which on an index of a text is worth its making.
const fewSearches = 300

// finder returns what tells whether something stands in a text, however often it is asked.
func finder(text string) func(string) bool {
	asked := 0
	var index *suffixarray.Index
	return func(words string) bool {
		if asked++; asked <= fewSearches {
			return strings.Contains(text, words)
		}
		if index == nil {
			index = suffixarray.New([]byte(text))
		}
		return len(index.Lookup([]byte(words), 1)) > 0
	}
}

// leaves returns the single values within a value.
func leaves(v value) []string {
	var out []string
	switch v.kind {
	case single:
		out = append(out, v.text)
	case listed:
		for _, item := range v.list {
			out = append(out, leaves(item)...)
		}
	case table:
		for _, f := range v.fields {
			if !dressing[plainKey(f.key)] {
				out = append(out, leaves(f.value)...)
			}
		}
	}
	return out
}

// metadata returns what a document says outside of its text.
func metadata(d domain.Document) string {
	c := d.Content
	words := []string{c.Title, c.Summary, c.Customer, c.Size, c.Locale, d.Story, d.Slug}
	for _, terms := range [][]string{c.Industry, c.Region, c.Product, c.UseCase} {
		words = append(words, terms...)
	}
	for i, w := range words {
		words[i] = plainWords(w)
	}
	return strings.Join(words, " ")
}

// missing compares the words of the page with those of the document. What is in neither text nor margin is put there.
func (p *page) missing() {
	have := map[string]int{}
	for _, w := range tokens(spoken(p.Document)) {
		have[w]++
	}
	var lost []string
	for _, w := range tokens(plainWords(p.words)) {
		if have[w]--; have[w] < 0 {
			lost = append(lost, w)
		}
	}
	lost = slices.DeleteFunc(lost, func(w string) bool { return len(w) <= maxJoined && spare(w, have, 3) })
	if len(lost) > 0 {
		p.keep(0, "words", strings.Join(lost, " "), "these words of the page were found nowhere in the text made of it: compare the two")
	}
}

// maxJoined bounds the bytes of words that stand together on a page and apart in the document.
const maxJoined = 100

// spare takes a word in so many parts at most from those that are there, and reports whether they are: "38%less" is "38" and "less" in a figure.
func spare(word string, have map[string]int, parts int) bool {
	if have[word] > 0 {
		have[word]--
		return true
	}
	if parts < 2 {
		return false
	}
	for i := range word {
		if first := word[:i]; have[first] > 0 {
			have[first]--
			if spare(word[i:], have, parts-1) {
				return true
			}
			have[first]++
		}
	}
	return false
}

// tokens parts words, and characters of scripts that put no space between them.
func tokens(s string) []string {
	var b strings.Builder
	for _, r := range s {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
			b.WriteString(" " + string(r) + " ")
		} else {
			b.WriteRune(r)
		}
	}
	return strings.Fields(b.String())
}

// spoken returns the words of a document and of what is kept beside it.
func spoken(d domain.Document) string {
	var b strings.Builder
	for _, block := range d.Content.Blocks {
		if block.Text != nil {
			b.WriteString(shownWords(block.Text.Markdown))
		} else {
			for _, s := range block.Words() {
				b.WriteString(plainWords(s) + " ")
			}
		}
	}
	for _, k := range d.Kept {
		b.WriteString(plainWords(tags.ReplaceAllString(html.UnescapeString(k.Text), " ")) + " ")
	}
	b.WriteString(plainWords(d.Content.Title))
	return b.String()
}

var notWord = regexp.MustCompile(`[^\p{L}\p{N}]+`)

// plainWords leaves everything but letters and figures out.
func plainWords(s string) string { return notWord.ReplaceAllString(s, " ") }

func shownWords(md string) string {
	r := prose.Words(md)
	return plainWords(r) + " "
}
