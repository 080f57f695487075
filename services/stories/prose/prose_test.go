package prose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInspect(t *testing.T) {
	text := "One [a](https://a.example \"x\")\n![b *c*](d.png \"&auml;\") <b>\n\n![e](f%20\\_g.png)\n\n<https://h.example> [i][j] <k@l.example>[^1]\n\n" +
		"<div>\n</div>\n\n> - deep\n\n[j]: &#47;m\n[^1]: note\n"
	got := Inspect(text)
	want := Report{
		Images: []Image{{Line: 2, Source: "d.png", Alt: "b c", Title: "ä"}, {Line: 4, Source: "f%20_g.png", Alt: "e", Alone: true, FirstLine: 4, Lines: 1}},
		Links:  []Link{{1, "https://a.example"}, {6, "https://h.example"}, {6, "/m"}, {6, "mailto:k@l.example"}},
		HTML:   []int{2, 8}, References: 3, Depth: 5,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnbearable(t *testing.T) {
	cases := []struct {
		name, text string
		want       string
	}{
		{"words", "Some words.", ""},
		{"a long rule", strings.Repeat("-", 500), ""},
		{"a rule with spaces", strings.Repeat("* ", 40), ""},
		{"a row of numbers", strings.Repeat("1.5 ", 500), ""},
		{"a wide table", strings.Repeat("| - ", 500), ""},
		{"many short nests", strings.Repeat("> - 1. a\n", 5000), ""},
		{"quotations", "a\n" + strings.Repeat(">", 49), "line 2"},
		{"quotations with spaces", strings.Repeat("> ", 49), "line 1"},
		{"lists", strings.Repeat("- ", 49), "line 1"},
		{"numbered lists", strings.Repeat("12) ", 49), "line 1"},
		{"in a footnote", "[^1]: " + strings.Repeat("> ", 49), "line 1"},
		{"brackets", strings.Repeat("[", 2001), "brackets"},
	}
	for _, c := range cases {
		if got := Unbearable(c.text); !strings.Contains(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}
