package domain

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kept is something that a file of another site said and that has no place in a story. It stands beside the text, where its author sees it and decides; it is
// no part of the content, so nobody signs it and nothing publishes it.
type Kept struct {
	// Line of the file in which it stood, from 1; 0 if it was nowhere in particular.
	Line int `json:"line,omitempty"`
	// Field of the front matter, or what it was.
	Field string `json:"field,omitempty"`
	// Text is what stood there.
	Text string `json:"text,omitempty"`
	// Reason says why it has no place.
	Reason string `json:"reason,omitempty"`
}

// Bounds of what is kept beside a text.
const (
	MaxKept      = 200       // entries
	MaxKeptText  = 20_000    // characters of one
	MaxKeptBytes = 128 << 10 // of all together
	MaxSource    = 255       // bytes of the path from which a text came
)

// Weight is what counts for the bound of all together, in bytes.
func (k Kept) Weight() int { return len(k.Field) + len(k.Text) + len(k.Reason) }

// CheckKept says what is wrong with what is to be kept, or nothing.
func CheckKept(kept []Kept) string {
	if len(kept) > MaxKept {
		return fmt.Sprintf("is more than the %d things that are kept beside a text", MaxKept)
	}
	bytes := 0
	for _, k := range kept {
		bytes += k.Weight()
		for _, part := range []struct {
			value string
			max   int
			lines bool
		}{{k.Field, MaxName, false}, {k.Text, MaxKeptText, true}, {k.Reason, MaxRemark, false}} {
			var f findings
			if !f.characters("kept", part.value, attribute{max: part.max, lines: part.lines}) {
				return f.fields[0].Message
			}
		}
	}
	if bytes > MaxKeptBytes {
		return fmt.Sprintf("is more than the %d KB that are kept beside a text", MaxKeptBytes>>10)
	}
	return ""
}

// Keepable returns a text in the form in which it is kept: line ends are LF, characters that nothing can show are replaced by a sign for them.
func Keepable(s string) string {
	return strings.Map(func(r rune) rune {
		if unwanted(r, true) {
			return utf8.RuneError
		}
		return r
	}, strings.Trim(unixLines(strings.ToValidUTF8(s, "\uFFFD")), "\n"))
}

// kept reads what the front matter says was kept.
func (p *parser) kept(e entry) {
	before := len(p.problems)
	for _, item := range e.node.Content {
		k := Kept{}
		// Lines of inner nodes count from the first line of the front matter, which is the second of the file.
		for _, inner := range p.entries(item, 2) {
			switch value := p.text(inner); inner.key {
			case "line":
				n, err := strconv.Atoi(value)
				if err != nil || n < 0 || n > MaxFileBytes {
					p.refuse(inner.line, "line must be a number")
				}
				k.Line = n
			case "field":
				k.Field = value
			case "text":
				k.Text = value
			case "reason":
				k.Reason = value
			default:
				p.refuse(inner.line, "what is kept has no field %s; there are line, field, text, reason", shown(inner.key))
			}
		}
		p.doc.Kept = append(p.doc.Kept, k)
	}
	if problem := CheckKept(p.doc.Kept); problem != "" && len(p.problems) == before {
		p.refuse(e.line, "kept %s", problem)
	}
}

func formatKept(out *strings.Builder, kept []Kept) {
	if len(kept) == 0 {
		return
	}
	out.WriteString("kept:\n")
	for _, k := range kept {
		out.WriteString("  - line: " + strconv.Itoa(k.Line) + "\n")
		for _, f := range []struct{ key, value string }{{"field", k.Field}, {"text", k.Text}, {"reason", k.Reason}} {
			if f.value != "" {
				pair(out, "    ", f.key, f.value)
			}
		}
	}
}
