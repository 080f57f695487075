package earning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a rule, an order or an event.
type Problem struct {
	// Path leads to the field: "award.formula", "lines[2].quantity".
	Path string `json:"path"`
	// Message is a sentence for people.
	Message string `json:"message"`
	// Line and Column say where in an expression, both from 1, the column in characters; zero where the field is no expression. Excerpt is that line, with a caret
	// under the place.
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Excerpt string `json:"excerpt,omitempty"`
}

// String gives path, place, message and excerpt.
func (p Problem) String() string {
	at := p.Path
	if p.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", p.Path, p.Line, p.Column)
	}
	s := at + ": " + p.Message
	if p.Excerpt != "" {
		s += "\n" + p.Excerpt
	}
	return s
}

// Problems are all that was found; none means that all is well.
type Problems []Problem

func (p *Problems) add(path, format string, args ...any) {
	*p = append(*p, Problem{Path: path, Message: fmt.Sprintf(format, args...)})
}

// sorted puts them in one order, whatever order maps were walked in.
func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return p
}

// String gives one after the other.
func (p Problems) String() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}
