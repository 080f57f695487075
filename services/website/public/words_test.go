package public_test

import (
	"regexp"
	"slices"
	"testing"

	"renown.example/website/public"
	"renown.example/website/web"
)

var verb = regexp.MustCompile(`%[a-z]`)

// Everything is said in every language that the pages speak, with the same things put in.
func TestWordsAreCompleteInEveryLanguage(t *testing.T) {
	for _, table := range []web.Words{public.Words, public.SignoffWords} {
		for key, texts := range table {
			for _, language := range web.Languages {
				if texts[language] == "" {
					t.Errorf("%s is not said in %s", key, language)
				}
				if got, want := verb.FindAllString(texts[language], -1), verb.FindAllString(texts["en"], -1); !slices.Equal(got, want) {
					t.Errorf("%s in %s puts in %v, in en %v", key, language, got, want)
				}
			}
		}
	}
}
