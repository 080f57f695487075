// Package domain holds the rules of stories: what a text is, how it is written down as Markdown and as canonical JSON, how two texts differ, which states a
// text goes through, what a customer's consent allows, and which addresses lead where.
//
// Everything here is pure. Instants come in as clock.Millis, refusals go out as *fault.Error, and nothing reads a disk, a network, a clock or a dice.
package domain

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Content is everything that a reader of one story in one language gets to see, and therefore everything to which its customer consents. The story's slug and
// the consent itself are not part of it. It is stored as a document whose field names are the JSON names.
type Content struct {
	// Locale is a BCP 47 tag in canonical spelling, such as "en" or "pt-BR".
	Locale string `json:"locale"`
	Title  string `json:"title,omitempty"`
	// Summary is one sentence with the outcome, as lists and search results show it.
	Summary string `json:"summary,omitempty"`
	// Customer is the company the story is about, by its public name.
	Customer string   `json:"customer,omitempty"`
	Industry []string `json:"industry,omitempty"`
	Region   []string `json:"region,omitempty"`
	Product  []string `json:"product,omitempty"`
	// UseCase says what the customer uses the product for.
	UseCase []string `json:"useCase,omitempty"`
	// Size describes how big the customer is, in words: "420 employees".
	Size string `json:"size,omitempty"`
	// StandIn is what the customer is called where it may not be named: "a European bank". It is signed with the rest, so that a customer who takes back its
	// name knows what stands in its place.
	StandIn string  `json:"standIn,omitempty"`
	Blocks  []Block `json:"blocks,omitempty"`
}

// Bounds of a Content. Lengths are counted in characters (Unicode code points) where not said otherwise.
const (
	MaxBlocks       = 200
	MaxContentBytes = 256 << 10 // of the canonical JSON
	MaxTitle        = 200
	MaxSummary      = 500
	MaxCustomer     = 200
	MaxTerms        = 16 // per taxonomy
	MaxTerm         = 80
	MaxSize         = 80
)

// Normalize returns c in the one form in which it is stored and hashed: line ends are LF, single-line fields and text blocks carry no outer white space, empty
// entries are dropped, text blocks that touch are one, the locale has its canonical spelling. It changes nothing that a reader sees and is idempotent.
func Normalize(c Content) Content {
	n := Content{
		Locale:   CanonicalLocale(c.Locale),
		Title:    line(c.Title),
		Summary:  line(c.Summary),
		Customer: line(c.Customer),
		Industry: terms(c.Industry),
		Region:   terms(c.Region),
		Product:  terms(c.Product),
		UseCase:  terms(c.UseCase),
		Size:     line(c.Size),
		StandIn:  line(c.StandIn),
	}
	for _, b := range c.Blocks {
		b = b.normalized()
		if b.Kind == KindText && b.Text != nil {
			if b.Text.Markdown == "" {
				continue
			}
			if last := len(n.Blocks) - 1; last >= 0 && n.Blocks[last].Kind == KindText && n.Blocks[last].Text != nil {
				n.Blocks[last] = NewText(n.Blocks[last].Text.Markdown + "\n\n" + b.Text.Markdown)
				continue
			}
		}
		n.Blocks = append(n.Blocks, b)
	}
	return n
}

// Prepare normalizes c and validates the outcome: it is what a save does with a text from outside. The error is that of Validate.
func Prepare(c Content) (Content, error) {
	c = Normalize(c)
	if err := Validate(c); err != nil {
		return Content{}, err
	}
	return c, nil
}

// CanonicalLocale returns the canonical spelling of a BCP 47 tag ("pt-br" becomes "pt-BR"), or the trimmed input when it is none.
func CanonicalLocale(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > maxLocale {
		return s
	}
	tag, err := language.Parse(s)
	if err != nil || tag == language.Und {
		return s
	}
	return tag.String()
}

// maxLocale bounds what is handed to the tag parser: language, script, region and a variant or two fit.
const maxLocale = 35

// ValidLocale reports whether s is a BCP 47 tag of known subtags in canonical spelling, without extensions.
func ValidLocale(s string) bool {
	if s == "" || len(s) > maxLocale {
		return false
	}
	tag, err := language.Parse(s)
	return err == nil && tag != language.Und && tag.String() == s && len(tag.Extensions()) == 0
}

func unixLines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

func line(s string) string { return strings.Trim(unixLines(s), " \t\n") }

// terms normalizes a list and drops empty and repeated entries; the order is the author's.
func terms(list []string) []string {
	var out []string
	for _, t := range list {
		if t = line(t); t != "" && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// trimBlank normalizes Markdown: blank lines around it go, an indentation of the first line, which means code, stays.
func trimBlank(s string) string {
	s = strings.TrimRight(unixLines(s), " \t\n")
	for {
		first, rest, more := strings.Cut(s, "\n")
		if !more || strings.Trim(first, " \t") != "" {
			return s
		}
		s = rest
	}
}
