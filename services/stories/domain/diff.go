package domain

import (
	"strings"
	"unicode"
)

// Change says what happened to a field, a block or a run of words between two texts.
type Change string

// The changes.
const (
	Same    Change = "same"
	Added   Change = "added"
	Removed Change = "removed"
	Changed Change = "changed"
)

// Difference is what two texts do not have in common.
type Difference struct {
	// Fields holds the facts that differ, in the order of Content.
	Fields []FieldChange
	// Blocks holds every block of both texts in reading order, also those that are the same.
	Blocks []BlockChange
}

// FieldChange is a fact that differs. Lists are shown with commas.
type FieldChange struct {
	Field         string // its JSON name
	Before, After string
}

// BlockChange is what happened to one block.
type BlockChange struct {
	Change Change
	// Before is nil when the block was added, After when it was removed.
	Before, After *Block
	// Spans are the words of a changed block: those of both texts, in reading order.
	Spans []Span
}

// Span is a run of words; its Change is never Changed. Joined, the spans that are not Added are the text before, those that are not Removed the text after.
type Span struct {
	Change Change
	Text   string
}

// Empty reports whether the two texts are the same.
func (d Difference) Empty() bool {
	for _, b := range d.Blocks {
		if b.Change != Same {
			return false
		}
	}
	return len(d.Fields) == 0
}

// Diff compares two texts of the same story. Blocks are aligned by what they say; between two blocks that both texts have, blocks of the same kind are paired
// in their order and shown as changed.
func Diff(before, after Content) Difference {
	var d Difference
	field := func(name, a, b string) {
		if a != b {
			d.Fields = append(d.Fields, FieldChange{Field: name, Before: a, After: b})
		}
	}
	list := func(name string, a, b []string) { field(name, strings.Join(a, ", "), strings.Join(b, ", ")) }
	field("locale", before.Locale, after.Locale)
	field("title", before.Title, after.Title)
	field("summary", before.Summary, after.Summary)
	field("customer", before.Customer, after.Customer)
	list("industry", before.Industry, after.Industry)
	list("region", before.Region, after.Region)
	list("product", before.Product, after.Product)
	list("useCase", before.UseCase, after.UseCase)
	field("size", before.Size, after.Size)
	field("standIn", before.StandIn, after.StandIn)

	var gapBefore, gapAfter []*Block
	flush := func() {
		d.Blocks = append(d.Blocks, pairs(gapBefore, gapAfter)...)
		gapBefore, gapAfter = nil, nil
	}
	for _, step := range align(blockKeys(before.Blocks), blockKeys(after.Blocks)) {
		switch step.change {
		case Removed:
			gapBefore = append(gapBefore, &before.Blocks[step.before])
		case Added:
			gapAfter = append(gapAfter, &after.Blocks[step.after])
		default:
			flush()
			d.Blocks = append(d.Blocks, BlockChange{Change: Same, Before: &before.Blocks[step.before], After: &after.Blocks[step.after]})
		}
	}
	flush()
	return d
}

// blockKeys returns for each block a text that equals another's exactly when the blocks do.
func blockKeys(blocks []Block) []string {
	keys := make([]string, len(blocks))
	for i, b := range blocks {
		keys[i] = string(Canonical(Content{Blocks: []Block{b}}))
	}
	return keys
}

// pairs makes of the blocks that stand between two common ones changed pairs of the same kind, removals and additions, in reading order: a pair stands where
// its new block does, a removal where its old one did.
func pairs(before, after []*Block) []BlockChange {
	partner := make([]int, len(before)) // index in after, or -1
	next := 0
	for i, b := range before {
		partner[i] = -1
		for j := next; j < len(after); j++ {
			if after[j].Kind == b.Kind {
				partner[i], next = j, j+1
				break
			}
		}
	}
	var out []BlockChange
	j := 0
	for i, b := range before {
		if partner[i] < 0 {
			out = append(out, BlockChange{Change: Removed, Before: b})
			continue
		}
		for ; j < partner[i]; j++ {
			out = append(out, BlockChange{Change: Added, After: after[j]})
		}
		out = append(out, BlockChange{Change: Changed, Before: b, After: after[j], Spans: blockSpans(b, after[j])})
		j++
	}
	for ; j < len(after); j++ {
		out = append(out, BlockChange{Change: Added, After: after[j]})
	}
	return out
}

// blockSpans compares two blocks of one kind field by field; fields are parted by line breaks.
func blockSpans(before, after *Block) []Span {
	was, is := before.attributes(), after.attributes()
	if len(was) != len(is) {
		return nil
	}
	var out []Span
	for i := range was {
		a, b := *was[i].value, *is[i].value
		if a == "" && b == "" {
			continue
		}
		if len(out) > 0 {
			out = append(out, Span{Change: Same, Text: "\n"})
		}
		out = append(out, Words(a, b)...)
	}
	return joined(out)
}

// Words compares two texts word by word. Lines that both have are found first: a long text with a change in its first and one in its last line is compared in
// those two lines only.
func Words(before, after string) []Span {
	a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	var out []Span
	var was, is strings.Builder
	flush := func() {
		out = append(out, wordSpans(words(was.String()), words(is.String()))...)
		was.Reset()
		is.Reset()
	}
	for _, s := range align(a, b) {
		switch s.change {
		case Removed:
			was.WriteString(a[s.before])
		case Added:
			is.WriteString(b[s.after])
		default:
			flush()
			out = append(out, Span{Change: Same, Text: a[s.before]})
		}
	}
	flush()
	return joined(out)
}

func wordSpans(a, b []string) []Span {
	var out []Span
	for _, s := range align(a, b) {
		if s.change == Added {
			out = append(out, Span{Change: Added, Text: b[s.after]})
		} else {
			out = append(out, Span{Change: s.change, Text: a[s.before]})
		}
	}
	return out
}

// joined makes one span of neighbours that fared alike.
func joined(spans []Span) []Span {
	var out []Span
	for _, s := range spans {
		if s.Text == "" {
			continue
		}
		if last := len(out) - 1; last >= 0 && out[last].Change == s.Change {
			out[last].Text += s.Text
			continue
		}
		out = append(out, s)
	}
	return out
}

// words cuts a text into words, white space and single other characters; joined they are the text again.
func words(s string) []string {
	class := func(r rune) int {
		switch {
		case unicode.IsSpace(r):
			return 1
		case unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r) || unicode.Is(unicode.Thai, r):
			return 3 // these are written without spaces: each character counts for itself
		case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || r == '\'' || r == '’':
			return 2
		}
		return 3
	}
	var out []string
	start, last := 0, 0
	for i, r := range s {
		c := class(r)
		if i > 0 && (c != last || c == 3) && !unicode.IsMark(r) {
			out = append(out, s[start:i])
			start = i
		}
		if i == 0 || !unicode.IsMark(r) {
			last = c
		}
	}
	if start < len(s) {
		out = append(out, s[start:])
	}
	return out
}
