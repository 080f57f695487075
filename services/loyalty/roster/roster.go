// Package roster reads and writes lists of members with their balances: CSV and JSON lines (one object a line).
//
// Renown's own form needs no mapping. Its columns, which are the keys of a JSON line as well, are
//
//	external, email, phone, card   by what the member is found; several are told apart by "|" in CSV and stand in an array in JSON
//	name                           what the member is called
//	tags                           as identifiers are
//	attribute:KEY                  one attribute, "attributes" with an object in JSON
//	enrolled                       when the member enrolled
//	wallet, points, debt           a balance: points to spend, or points owed
//	issued, expires, activates     when the points were given, cannot be spent any more, and can be spent from
//	pending, frozen                "true" for points that wait for somebody
//
// A JSON line holds its balances in the array "balances". In CSV each balance has a line of its own: lines that follow one another and have the same identifiers are
// one member. Instants are those of RFC 3339; a date alone is the beginning of that day, and for "expires" its end.
//
// Files of other programs have other names, marks and dates: a Mapping says what they mean.
package roster

import (
	"fmt"
	"slices"
	"strings"

	"renown.example/kit/clock"
	"renown.example/loyalty/member"
)

// Identifier is something by which a member is found, in its canonical form.
type Identifier struct {
	Kind  member.Kind
	Value string
}

// Balance is points of one origin with one end, or a debt.
type Balance struct {
	Wallet      string
	Points      int64
	Debt        int64
	IssuedAt    clock.Millis
	ExpiresAt   clock.Millis
	ActivatesAt clock.Millis
	Pending     bool
	Frozen      bool
}

// Row is one member as the file has it.
type Row struct {
	// Number counts the members of the file from 1, Line is where it begins.
	Number      int64
	Line        int
	Identifiers []Identifier
	Name        string
	Tags        []string
	Attributes  map[string]string
	EnrolledAt  clock.Millis
	Balances    []Balance
	// Columns are the file's own names of what a row holds, by "identifiers[0]", "balances[1].points" and the like.
	Columns map[string]string
	// Lines are where the balances stand, one for each, if a member has several lines.
	Lines    []int
	Problems []Problem
	// Notes are what was taken otherwise than it stands in the file, such as a fraction that was rounded.
	Notes []Problem
}

// Place says where in the file something stands that the API names, such as "balances[1].points".
func (r *Row) Place(field string) (line int, column string) {
	line = r.Line
	var n int
	if _, err := fmt.Sscanf(field, "balances[%d]", &n); err == nil && n >= 0 && n < len(r.Lines) {
		line = r.Lines[n]
	}
	for _, path := range []string{field, field + ".points", field + ".debt"} {
		if c := r.Columns[path]; c != "" {
			return line, c
		}
	}
	if field != "identifiers" {
		return line, field
	}
	var all []string
	for i := range r.Identifiers {
		if c := r.Columns[fmt.Sprintf("identifiers[%d]", i)]; c != "" && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return line, strings.Join(all, ", ")
}

// Problem is why a row cannot be taken as it is, or what became of it.
type Problem struct {
	Line    int    `json:"line"`
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
}

func (r *Row) problem(line int, column, message string) {
	r.Problems = append(r.Problems, Problem{Line: line, Column: column, Message: message})
}

// same reports whether two rows are about one member, whose balances stand in both. One that cannot be read is a balance too: without it the others would open less than
// the member has.
func (r *Row) same(o *Row) bool {
	return len(r.Identifiers) > 0 && slices.Equal(r.Identifiers, o.Identifiers) && r.Name == o.Name && len(o.Balances)+len(o.Problems) > 0
}

// Bounds of what is read of a file at a time: a quote that is never closed, or a file without ends of lines, must not be read into memory.
const (
	maxRecord   = 256 << 10
	maxColumns  = 500
	maxValues   = 50
	maxBalances = 1000
)
