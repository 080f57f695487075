package search

import (
	"strings"
	"sync"
	"unicode"

	"github.com/blevesearch/bleve/v2/analysis"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/ar" // registers the analyser of the language, as those below do
	_ "github.com/blevesearch/bleve/v2/analysis/lang/cjk"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/ckb"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/da"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/de"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/en"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/es"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/fa"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/fi"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/fr"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/hi"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/hr"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/hu"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/it"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/nl"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/no"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/pl"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/pt"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/ro"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/ru"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/sv"
	_ "github.com/blevesearch/bleve/v2/analysis/lang/tr"
	"github.com/blevesearch/bleve/v2/analysis/token/stop"
	tokenizer "github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/registry"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// speech is how the words of a language are taken apart and brought to what they have in common.
type speech struct {
	// stemmer brings words to their stems, common ones included; nil where bleve has none for the language.
	stemmer analysis.Analyzer
	// unparted says that the language writes no spaces: pairs of characters are its words.
	unparted bool
}

var (
	analyzers = registry.NewCache()
	speeches  sync.Map // of locale to *speech
)

// speechOf returns how a language is taken apart.
func speechOf(locale string) *speech {
	if s, ok := speeches.Load(locale); ok {
		return s.(*speech)
	}
	name := "en"
	if tag, err := language.Parse(locale); err == nil {
		base, _ := tag.Base()
		name = base.String()
	}
	s := &speech{}
	switch name {
	case "zh", "ja", "ko":
		name, s.unparted = "cjk", true
	case "nb", "nn":
		name = "no"
	}
	if found, err := analyzers.AnalyzerNamed(name); err == nil {
		s.stemmer = found
		if d, ok := found.(*analysis.DefaultAnalyzer); ok {
			whole := &analysis.DefaultAnalyzer{CharFilters: d.CharFilters, Tokenizer: d.Tokenizer}
			for _, f := range d.TokenFilters {
				if _, is := f.(*stop.StopTokensFilter); !is {
					whole.TokenFilters = append(whole.TokenFilters, f)
				}
			}
			s.stemmer = whole
		}
	}
	speeches.Store(locale, s)
	return s
}

// stemMark begins the terms of an index that are stems, so that prefixes and typos meet whole words only.
const stemMark = "\x01"

var parts = tokenizer.NewUnicodeTokenizer()

// plain returns the words of a text as they are written, folded.
func (s *speech) plain(text string) []string {
	if s.unparted {
		return terms(s.stemmer, text, "")
	}
	var out []string
	for _, t := range parts.Tokenize([]byte(text)) {
		if w := fold(string(t.Term)); w != "" && len(w) <= longestWord {
			out = append(out, w)
		}
	}
	return out
}

// longestWord bounds the terms of an index, in bytes: what is longer is no word.
const longestWord = 64

// stems returns the stems of a text, marked. Without a stemmer each word is its own.
func (s *speech) stems(text string) []string {
	if s.stemmer == nil {
		out := s.plain(text)
		for i := range out {
			out[i] = stemMark + out[i]
		}
		return out
	}
	return terms(s.stemmer, text, stemMark)
}

func terms(a analysis.Analyzer, text, mark string) []string {
	var out []string
	for _, t := range a.Analyze([]byte(text)) {
		if w := fold(string(t.Term)); w != "" && len(w) <= longestWord {
			out = append(out, mark+w)
		}
	}
	return out
}

// fold takes away what people leave out when they search: case, accents, ligatures.
func fold(word string) string {
	word = cases.Fold().String(word)
	ascii := true
	for i := 0; i < len(word); i++ {
		ascii = ascii && word[i] < 0x80
	}
	if ascii {
		return word
	}
	var b strings.Builder
	latin := false
	for _, r := range norm.NFKD.String(word) {
		switch {
		case unicode.Is(unicode.Mn, r):
			if latin {
				continue // accents of these scripts are left out by many; marks of others are letters
			}
		case r == 'ø':
			r, latin = 'o', true
		case r == 'ł':
			r, latin = 'l', true
		case r == 'đ':
			r, latin = 'd', true
		case r == 'ı':
			r, latin = 'i', true
		default:
			latin = unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic)
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}
