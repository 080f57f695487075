package domain

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"renown.example/stories/leak"
)

// mask puts stand-ins in the place of terms. It is deterministic: it takes away, or puts what it was given, and writes nothing of its own.
type mask struct {
	scanner *leak.Scanner
	// standIn is what stands for a term.
	standIn func(t leak.Term) string
}

// line masks a text of words.
func (m mask) line(text string) string {
	text = m.addresses(text)
	var b strings.Builder
	last := 0
	for _, f := range m.scanner.Find(text, false) {
		b.WriteString(text[last:f.From])
		with := m.standIn(f.Term)
		if beginsSentence(b.String()) {
			with = capitalized(with)
		}
		b.WriteString(with)
		last = f.To
	}
	b.WriteString(text[last:])
	return b.String()
}

// tells reports whether a term is in a text, encodings taken off.
func (m mask) tells(text string, address bool) bool {
	return len(m.scanner.Scan([]leak.Output{{Text: text, Address: address}})) > 0
}

var (
	// addressInWords is a word that is an address: of a page or of a mailbox.
	addressInWords = regexp.MustCompile(`(?i)(?:https?://|www\.)[^\s<>()\[\]"]+|[^\s<>()\[\]"]+@[^\s<>()\[\]"]+`)
	inlineLink     = regexp.MustCompile(`\[((?:[^\[\]\\]|\\.)*)\]\(\s*<?([^()\s<>]*(?:\([^()\s<>]*\)[^()\s<>]*)*)>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`)
	autoLink       = regexp.MustCompile(`<([a-zA-Z][a-zA-Z0-9+.-]*:[^<>\s]*|[^<>\s@]+@[^<>\s]+)>`)
	reference      = regexp.MustCompile(`\[([^\[\]]+)\](?:\[([^\[\]]*)\])?`)
	definition     = regexp.MustCompile(`(?m)^ {0,3}\[([^\[\]]+)\]:[ \t]*\S+.*$\n?`)
)

// addresses takes out addresses that tell a term: part of an address is no address.
func (m mask) addresses(text string) string {
	return addressInWords.ReplaceAllStringFunc(text, func(a string) string {
		bare := strings.TrimRight(a, ".,;:!?")
		if m.tells(bare, true) {
			return a[len(bare):]
		}
		return a
	})
}

// markdown masks running text. Of a link that tells a term its words stay.
func (m mask) markdown(text string) string {
	text = inlineLink.ReplaceAllStringFunc(text, func(link string) string {
		if parts := inlineLink.FindStringSubmatch(link); m.tells(parts[2], true) {
			return parts[1]
		}
		return link
	})
	text = autoLink.ReplaceAllStringFunc(text, func(link string) string {
		if m.tells(link, true) {
			return ""
		}
		return link
	})
	var undefined []string
	text = definition.ReplaceAllStringFunc(text, func(line string) string {
		if m.tells(line, true) {
			undefined = append(undefined, definition.FindStringSubmatch(line)[1])
			return ""
		}
		return line
	})
	text = reference.ReplaceAllStringFunc(text, func(link string) string {
		parts := reference.FindStringSubmatch(link)
		label := parts[2]
		if label == "" {
			label = parts[1]
		}
		if slices.ContainsFunc(undefined, func(u string) bool { return strings.EqualFold(u, label) }) {
			return parts[1]
		}
		return link
	})
	return m.line(text)
}

// block masks a block; it is gone where it leads somewhere that tells a term.
func (m mask) block(b Block) (Block, bool) {
	b = b.clone()
	for _, a := range b.attributes() {
		switch {
		case a.name == "asset":
		case a.url:
			if m.tells(*a.value, true) {
				return b, false
			}
		case b.Kind == KindText:
			*a.value = m.markdown(*a.value)
		default:
			*a.value = m.line(*a.value)
		}
	}
	return b, true
}

// facts masks everything of a content but its blocks.
func (m mask) facts(c Content, customer string) Content {
	list := func(terms []string) []string {
		var out []string
		for _, t := range terms {
			out = append(out, m.line(t))
		}
		return out
	}
	c.Title, c.Summary, c.Size = m.line(c.Title), m.line(c.Summary), m.line(c.Size)
	c.Industry, c.Region, c.Product, c.UseCase = list(c.Industry), list(c.Region), list(c.Product), list(c.UseCase)
	c.Customer = capitalized(customer)
	return c
}

// beginsSentence reports whether what follows on a text begins a sentence.
func beginsSentence(before string) bool {
	before = strings.TrimRight(before, " \t*_\"“„»(#>-")
	if before == "" {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(before)
	return strings.ContainsRune(".!?\n", r)
}

func capitalized(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}
