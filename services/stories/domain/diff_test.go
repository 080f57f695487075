package domain

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sketch writes a difference of blocks in a line: "=" same, "+" added, "-" removed, "~" changed, each with the first words of the block.
func sketch(d Difference) string {
	word := func(b *Block) string {
		s, _, _ := strings.Cut(*b.attributes()[0].value, " ")
		return s
	}
	var out []string
	for _, b := range d.Blocks {
		switch b.Change {
		case Same:
			out = append(out, "="+word(b.After))
		case Added:
			out = append(out, "+"+word(b.After))
		case Removed:
			out = append(out, "-"+word(b.Before))
		case Changed:
			out = append(out, "~"+word(b.Before)+"/"+word(b.After))
		}
	}
	return strings.Join(out, " ")
}

func TestDiffBlocks(t *testing.T) {
	// In a sketch of a text, "q:" makes a quotation and "m:" a metric of the word.
	text := func(s string) (c Content) {
		for w := range strings.FieldsSeq(s) {
			switch kind, word, _ := strings.Cut(w, ":"); kind {
			case "q":
				c.Blocks = append(c.Blocks, NewQuote(Quote{Text: word}))
			case "m":
				c.Blocks = append(c.Blocks, NewMetric(Metric{Value: word, Label: "x"}))
			default:
				c.Blocks = append(c.Blocks, NewText(w))
			}
		}
		return c
	}
	for _, c := range []struct{ before, after, want string }{
		{"a q:b c", "a q:b c", "=a =b =c"},
		{"a q:b c", "a c", "=a -b =c"},
		{"a c", "a q:b c", "=a +b =c"},
		{"a q:b c", "a q:x c", "=a ~b/x =c"},
		{"a q:b c", "a m:x c", "=a -b +x =c"},
		{"q:a m:b", "m:x q:y", "+x ~a/y -b"},
		{"m:b q:a", "q:y", "-b ~a/y"},
		{"", "a", "+a"},
		{"a", "", "-a"},
		{"a q:b c m:d", "c m:d a q:b", "-a -b =c =d +a +b"},
		{"q:a q:b q:c", "q:x q:y", "~a/x ~b/y -c"},
	} {
		if diff := cmp.Diff(c.want, sketch(Diff(text(c.before), text(c.after)))); diff != "" {
			t.Errorf("%q to %q: %s", c.before, c.after, diff)
		}
	}
}

func TestDiffFields(t *testing.T) {
	before, after := sample(), sample()
	after.Title, after.Industry, after.Size = "Another title", []string{"Logistics", "Ports"}, "12 people"
	want := []FieldChange{{"title", "A title", "Another title"}, {"industry", "Logistics", "Logistics, Ports"}, {"size", "", "12 people"}}
	d := Diff(before, after)
	if diff := cmp.Diff(want, d.Fields); diff != "" {
		t.Error(diff)
	}
	if d.Empty() || !Diff(before, before).Empty() {
		t.Error("Empty is wrong")
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{"We cut late deliveries.", "We cut very late deliveries.", "We cut [+very ]late deliveries."},
		{"It's fine", "It’s fine", "[-It's][+It’s] fine"},
		{"38 %", "39 %", "[-38][+39] %"},
		{"東京の港", "東京の駅", "東京の[-港][+駅]"},
		{"", "new", "[+new]"},
		{"one\nsame\ntwo", "1\nsame\n2", "[-one][+1]\nsame\n[-two][+2]"},
		{"e\u0301te\u0301 a", "e\u0301te\u0301 b", "e\u0301te\u0301 [-a][+b]"},
	} {
		var got strings.Builder
		for _, s := range Words(c.before, c.after) {
			switch s.Change {
			case Same:
				got.WriteString(s.Text)
			case Added:
				fmt.Fprintf(&got, "[+%s]", s.Text)
			case Removed:
				fmt.Fprintf(&got, "[-%s]", s.Text)
			}
		}
		if got.String() != c.want {
			t.Errorf("got %s, want %s", got.String(), c.want)
		}
	}
}

func TestSpansOfABlockWithSeveralFields(t *testing.T) {
	before, after := Content{Blocks: []Block{NewQuote(Quote{Text: "Yes.", By: "A"})}}, Content{Blocks: []Block{NewQuote(Quote{Text: "No.", By: "A", Role: "B"})}}
	want := []Span{{Removed, "Yes"}, {Added, "No"}, {Same, ".\nA\n"}, {Added, "B"}}
	if diff := cmp.Diff(want, Diff(before, after).Blocks[0].Spans); diff != "" {
		t.Error(diff)
	}
}

func TestDiffHoldsBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := genContent().Draw(t, "before"), genContent().Draw(t, "after")
		if rapid.Bool().Draw(t, "related") {
			after.Blocks = append(after.Blocks, before.Blocks...)
		}
		var was, is Content
		for _, b := range Diff(before, after).Blocks {
			if b.Before != nil {
				was.Blocks = append(was.Blocks, *b.Before)
			}
			if b.After != nil {
				is.Blocks = append(is.Blocks, *b.After)
			}
			if b.Change == Same && cmp.Diff(b.Before, b.After) != "" || b.Change == Changed && (b.Before.Kind != b.After.Kind || cmp.Diff(b.Before, b.After) == "") {
				t.Fatalf("a block marked as %s: %+v, %+v", b.Change, b.Before, b.After)
			}
		}
		if diff := cmp.Diff(before.Blocks, was.Blocks); diff != "" {
			t.Fatal("before:", diff)
		}
		if diff := cmp.Diff(after.Blocks, is.Blocks); diff != "" {
			t.Fatal("after:", diff)
		}
	})
}

func TestWordsHoldBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := genLines("before").Draw(t, "before"), genLines("after").Draw(t, "after")
		var was, is string
		for _, s := range Words(before, after) {
			if s.Change != Added {
				was += s.Text
			}
			if s.Change != Removed {
				is += s.Text
			}
		}
		if was != before || is != after {
			t.Fatalf("%q became %q, %q became %q", before, was, after, is)
		}
	})
}

// TestDiffOfLongTexts: two long texts that have nothing in common must not take the server's memory or time.
func TestDiffOfLongTexts(t *testing.T) {
	long := func(word string) (c Content) {
		for i := range MaxBlocks / 2 {
			c.Blocks = append(c.Blocks, NewText(strings.Repeat(word+" ", 25_000/MaxBlocks)), NewMetric(Metric{Value: fmt.Sprint(word, i), Label: "x"}))
		}
		c.Blocks = append(c.Blocks, NewText(strings.Repeat(word+" b ", MaxMarkdown/10)))
		return c
	}
	d := Diff(long("one"), long("two"))
	if len(d.Blocks) != MaxBlocks+1 {
		t.Errorf("%d blocks", len(d.Blocks))
	}
}
