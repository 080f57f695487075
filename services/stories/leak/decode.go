package leak

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxLayers is how many encodings around each other are taken off: an address in a JSON string in an attribute of a page has three.
const maxLayers = 5

// layers returns the text and what it says when its encodings are taken off, one after the other. What changes nothing adds nothing.
func layers(text string) []string {
	out := []string{text}
	for range maxLayers {
		next := decode(out[len(out)-1])
		if next == out[len(out)-1] {
			break
		}
		out = append(out, next)
	}
	// Markup within a word hides it from the layers above.
	last := out[len(out)-1]
	if bare := withoutTags(last); bare != last {
		out = append(out, bare)
	}
	return out
}

var (
	percent  = regexp.MustCompile(`(?:%[0-9a-fA-F]{2})+`)
	escaped  = regexp.MustCompile(`(?:\\u[0-9a-fA-F]{4})+`)
	punycode = regexp.MustCompile(`(?i)xn--[a-z0-9-]{1,59}`)
)

// withoutTags returns a text without what looks like tags of HTML.
func withoutTags(text string) string {
	var b strings.Builder
	for {
		open := strings.IndexByte(text, '<')
		if open < 0 || open+1 == len(text) {
			break
		}
		end := strings.IndexAny(text[open+1:], "<>")
		if end < 0 {
			break
		}
		end += open + 1
		if text[end] == '<' {
			b.WriteString(text[:end])
			text = text[end:]
			continue
		}
		b.WriteString(text[:open])
		if c := text[open+1]; c != '/' && c != '!' && foldRune(rune(c)) == "" {
			b.WriteString(text[open : end+1]) // "< 5 >" is none
		}
		text = text[end+1:]
	}
	b.WriteString(text)
	return b.String()
}

// decode takes one layer of each encoding off: references of HTML, percent-encoding, escapes of JSON, names of hosts in ASCII.
func decode(text string) string {
	if strings.Contains(text, "&") {
		text = html.UnescapeString(text)
	}
	if strings.Contains(text, "%") {
		text = percent.ReplaceAllStringFunc(text, func(run string) string {
			b := make([]byte, 0, len(run)/3)
			for i := 0; i < len(run); i += 3 {
				n, _ := strconv.ParseUint(run[i+1:i+3], 16, 8) // the expression lets nothing else through
				b = append(b, byte(n))
			}
			if !utf8.Valid(b) {
				return run
			}
			return string(b)
		})
	}
	if strings.Contains(text, `\u`) {
		text = escaped.ReplaceAllStringFunc(text, func(run string) string {
			var units []uint16
			for i := 0; i < len(run); i += 6 {
				n, _ := strconv.ParseUint(run[i+2:i+6], 16, 16)
				units = append(units, uint16(n))
			}
			return string(utf16.Decode(units))
		})
	}
	return punycode.ReplaceAllStringFunc(text, func(label string) string {
		if name, err := idna.Punycode.ToUnicode(strings.ToLower(label)); err == nil {
			return name
		}
		return label
	})
}
