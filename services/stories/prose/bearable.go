package prose

import (
	"fmt"
	"strings"
)

// Bounds of what is parsed. Parsing nested quotations and unfinished links takes time that grows with the square of their number: at these bounds it is a few
// milliseconds, at ten times as many it is seconds.
const (
	maxMarkers  = 48    // of quotations and list items, one after the other on a line
	maxBrackets = 2_000 // opening ones, in one text
)

// Unbearable says what makes a text too costly to parse, in words that follow its name, or nothing.
func Unbearable(markdown string) string {
	if n := strings.Count(markdown, "["); n > maxBrackets {
		return fmt.Sprintf("has %d opening brackets, at most %d are allowed in one text", n, maxBrackets)
	}
	number := 0
	for l := range strings.SplitSeq(markdown, "\n") {
		number++
		if n := markers(l); n > maxMarkers {
			return fmt.Sprintf("has %d marks of quotations and lists in a row on line %d, at most %d are allowed", n, number, maxMarkers)
		}
	}
	return ""
}

// markers counts what may open a quotation or a list item, in the longest row of such marks on a line. They nest at its beginning, and after the mark of a
// footnote; elsewhere nobody writes so many of them.
func markers(l string) int {
	longest, n, digits := 0, 0, 0
	for i := range len(l) {
		last := i+1 == len(l) || l[i+1] == ' ' || l[i+1] == '\t'
		switch c := l[i]; {
		case c == ' ' || c == '\t':
			digits = 0
		case c == '>':
			n, digits = n+1, 0
		case c == '-' || c == '*' || c == '+':
			if digits = 0; last {
				n++
			}
		case c >= '0' && c <= '9':
			digits++
		case (c == '.' || c == ')') && digits > 0 && last:
			n, digits = n+1, 0
		default:
			n, digits = 0, 0
		}
		longest = max(longest, n)
	}
	return longest
}
