package web

import (
	"fmt"
	"strings"
)

// Words is a table of what the pages say: key, then language, then text with fmt verbs for what is put in. A key that counts
// has two texts divided by "|": for one and for any other number.
type Words map[string]map[string]string

// Languages are those that the pages speak; stories may exist in more.
var Languages = []string{"en", "de"}

// Native is each language's name in itself, for switches between languages.
var Native = map[string]string{
	"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "it": "Italiano", "nl": "Nederlands", "da": "Dansk",
	"sv": "Svenska", "nb": "Norsk", "fi": "Suomi", "pl": "Polski", "cs": "Čeština", "pt": "Português",
}

// NativeName is the language's name in itself, or the locale as it is when the name is not known.
func NativeName(locale string) string {
	name := Native[language(locale)]
	if name == "" {
		return locale
	}
	if _, region, ok := strings.Cut(locale, "-"); ok {
		name += " (" + region + ")"
	}
	return name
}

// Spoken is the language that a page in this locale speaks itself: the locale's own if it is one of Languages, else English.
func Spoken(locale string) string {
	if lang := language(locale); manners[lang].date != "" {
		return lang
	}
	return "en"
}

// Say gives the text of a key in the locale's language, with args put in. A missing key is an error, a missing translation
// falls back to English.
func (w Words) Say(locale, key string, args ...any) (string, error) {
	texts, ok := w[key]
	if !ok {
		return "", fmt.Errorf("no words for %q", key)
	}
	text := texts[Spoken(locale)]
	if text == "" {
		text = texts["en"]
	}
	if len(args) > 0 {
		text = fmt.Sprintf(text, args...)
	}
	return text, nil
}

// Count is Say for a key that counts; n is the number, already put in as the first argument and written as the language does.
func (w Words) Count(locale, key string, n int64) (string, error) {
	text, err := w.Say(locale, key)
	if err != nil {
		return "", err
	}
	one, other, ok := strings.Cut(text, "|")
	if !ok {
		return "", fmt.Errorf("words for %q do not count: %q", key, text)
	}
	if n == 1 {
		other = one
	}
	return fmt.Sprintf(other, FormatInt(locale, n)), nil
}

func merge(tables ...Words) (Words, error) {
	all := Words{}
	for _, table := range tables {
		for key, texts := range table {
			if _, taken := all[key]; taken {
				return nil, fmt.Errorf("words for %q are given twice", key)
			}
			if texts["en"] == "" {
				return nil, fmt.Errorf("words for %q have no English", key)
			}
			all[key] = texts
		}
	}
	return all, nil
}
