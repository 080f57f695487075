package card

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-text/typesetting/font"
)

// testdata/harfbuzz.txt is what HarfBuzz 15 itself makes of words: the font, the word, and its glyphs from left to right with their advances in font units.
func TestShapingIsThatOfHarfBuzz(t *testing.T) {
	file, err := os.Open("testdata/harfbuzz.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	fonts := fontsFrom(t, "")
	own := map[string]*font.Font{
		"brygada-1918-semibold.ttf": fonts.headline[0], "amiri-bold.ttf": fonts.headline[1], "noto-serif-hebrew-semibold.ttf": fonts.headline[2], "figtree-semibold.ttf": fonts.text[0],
	}
	words := 0
	for lines := bufio.NewScanner(file); lines.Scan(); words++ {
		parts := strings.Split(lines.Text(), "\t")
		f := own[parts[0]]
		p := newTypesetter(fonts).set(parts[1], newFaces([]*font.Font{f}), float32(f.Upem()), 1, 1e6, 1, true)
		var got []string
		for _, g := range p.lines[0].glyphs {
			got = append(got, fmt.Sprintf("%d", g.id))
		}
		var want []string
		for _, g := range strings.Fields(parts[2]) {
			id, _, _ := strings.Cut(g, "+")
			want = append(want, id)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s in %s: glyphs %v, HarfBuzz has %v", parts[1], parts[0], got, want)
		}
	}
	if words < 40 {
		t.Errorf("%d words were compared", words)
	}
}

// ids are the glyphs of a text from left to right.
func ids(p passage) []font.GID {
	var out []font.GID
	for _, l := range p.lines {
		for _, g := range l.glyphs {
			out = append(out, g.id)
		}
	}
	return out
}

func TestScriptsStandInTheOrderInWhichTheyAreRead(t *testing.T) {
	fonts := fontsFrom(t, "")
	set := func(text string) []font.GID {
		s := newTypesetter(fonts)
		return ids(s.set(text, s.headline, 64, 64, 1e6, 1, true))
	}
	alef, bet := set("א"), set("ב")
	if got := set("אב"); !slices.Equal(got, slices.Concat(bet, alef)) {
		t.Errorf("alef and bet stand as %v, alone they are %v and %v", got, alef, bet)
	}
	// A number in Hebrew text is read from the left.
	one, two := set("1"), set("2")
	if got := set("א12"); !slices.Equal(got, slices.Concat(one, two, alef)) {
		t.Errorf("alef and 12 stand as %v", got)
	}
	// Letters of Arabic that are joined are others than those that stand alone.
	beh := set("ب")
	if got := set("ببب"); len(got) < 3 || slices.Contains(got, beh[0]) {
		t.Errorf("three joined letters are %v, one alone is %v", got, beh)
	}
	// Latin words in Arabic text keep their order, and the text around them stands the other way.
	latin := set("Ab")
	if got := set("ب Ab"); !slices.Equal(got[:2], latin) {
		t.Errorf("an Arabic letter and Ab stand as %v; Ab is %v", got, latin)
	}
}

func TestLinesAreOfLikeLength(t *testing.T) {
	s := newTypesetter(fontsFrom(t, ""))
	const text, column = "Nordhafen cut late deliveries by more than a third", 632
	p := s.fit(text, s.headline, 78, 34, 1.1, box{width: column, height: 400, lines: 5})
	greedy := s.set(text, s.headline, p.size, p.leading, column, 0, true)
	if len(p.lines) < 2 || len(p.lines) != len(greedy.lines) {
		t.Fatalf("%d lines instead of %d", len(p.lines), len(greedy.lines))
	}
	if narrower := s.set(text, s.headline, p.size, p.leading, p.width()-8, 0, true); len(narrower.lines) == len(p.lines) && narrower.width() < p.width()-8 {
		t.Errorf("%d lines of %.0f would do in %.0f", len(p.lines), p.width(), narrower.width())
	}
	if p.width() > greedy.width()-20 {
		t.Errorf("the lines are as wide as without care: %.0f of %.0f", p.width(), greedy.width())
	}
}
