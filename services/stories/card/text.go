package card

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// typesetter shapes text for one drawing: letters are joined and composed, and each line stands in the order in which it is read.
type typesetter struct {
	headline, text faces
	segmenter      shaping.Segmenter
	shaper         shaping.HarfbuzzShaper
	wrapper        shaping.LineWrapper
	// missing are characters that no font has.
	missing []rune
}

func newTypesetter(f *Fonts) *typesetter {
	return &typesetter{headline: newFaces(f.headline), text: newFaces(f.text)}
}

// glyph is one glyph with the place of its origin, from the beginning of its line and its baseline.
type glyph struct {
	face *font.Face
	id   font.GID
	x, y float32
}

// line is a line of text, its glyphs from left to right.
type line struct {
	glyphs []glyph
	width  float32
}

// passage is text set in lines.
type passage struct {
	lines []line
	size  float32
	// leading is from baseline to baseline.
	leading float32
	rtl     bool
}

func (p passage) width() float32 {
	var w float32
	for _, l := range p.lines {
		w = max(w, l.width)
	}
	return w
}

func (p passage) height() float32 { return float32(len(p.lines)) * p.leading }

// rightToLeft reports whether text is read from the right: its first letter with a direction decides.
func rightToLeft(text string) bool {
	return unicode.In(firstLetter(text), unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam)
}

func firstLetter(text string) rune {
	if i := strings.IndexFunc(text, unicode.IsLetter); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		return r
	}
	return 0
}

// shape returns the runs of text in the order of the text, and the characters that no font has.
func (t *typesetter) shape(text []rune, f faces, size float32, rtl bool) ([]shaping.Output, []rune) {
	in := shaping.Input{Text: text, RunEnd: len(text), Size: fixed.Int26_6(size * 64), Direction: di.DirectionLTR, Language: language.NewLanguage("und")}
	if rtl {
		in.Direction = di.DirectionRTL
	}
	var out []shaping.Output
	var missing []rune
	for _, run := range t.segmenter.Split(in, f) {
		shaped := t.shaper.Shape(run)
		for _, g := range shaped.Glyphs {
			if g.GlyphID != 0 {
				continue
			}
			for _, r := range text[g.TextIndex() : g.TextIndex()+g.RunesCount()] {
				if seen(r) && !slices.Contains(missing, r) {
					missing = append(missing, r)
				}
			}
		}
		out = append(out, shaped)
	}
	return out, missing
}

// set breaks text into lines no wider than width, at most so many; what is left over ends in an ellipsis. Words are broken only if whole is false.
func (t *typesetter) set(text string, f faces, size, leading, width float32, lines int, whole bool) passage {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) == 0 {
		return passage{}
	}
	p := passage{size: size, leading: leading, rtl: rightToLeft(text)}
	runs, missing := t.shape(runes, f, size, p.rtl)
	if len(missing) > 0 {
		t.missing = append(t.missing, missing...)
		return passage{}
	}
	config := shaping.WrapConfig{Direction: di.DirectionLTR, TruncateAfterLines: lines, BreakPolicy: shaping.Never}
	if p.rtl {
		config.Direction = di.DirectionRTL
	}
	if !whole {
		config.BreakPolicy = shaping.WhenNecessary
	}
	if ellipsis, missing := t.shape([]rune("…"), f, size, p.rtl); len(missing) == 0 {
		config.Truncator = ellipsis[0]
	}
	wrapped, _ := t.wrapper.WrapParagraphF(config, fixed.Int26_6(width*64), runes, shaping.NewSliceIterator(runs))
	for _, l := range wrapped {
		p.lines = append(p.lines, placed(l))
	}
	return p
}

// placed puts the runs of a line from left to right.
func placed(runs shaping.Line) line {
	ordered := slices.Clone(runs)
	slices.SortStableFunc(ordered, func(a, b shaping.Output) int { return int(a.VisualIndex) - int(b.VisualIndex) })
	var out line
	var x fixed.Int26_6
	for _, run := range ordered {
		for _, g := range run.Glyphs {
			out.glyphs = append(out.glyphs, glyph{face: run.Face, id: g.GlyphID, x: pixels(x + g.XOffset), y: -pixels(g.YOffset)})
			x += g.Advance
		}
	}
	out.width = pixels(x)
	return out
}

func pixels(v fixed.Int26_6) float32 { return float32(v) / 64 }

// box is where text may go.
type box struct {
	width, height float32
	lines         int
}

// fit sets text as large as it fits into a box without breaking words, and then as narrow as its lines allow, so that they are of like length. Where not even the
// smallest size fits, words are broken, and in the end left out.
func (t *typesetter) fit(text string, f faces, largest, smallest, ratio float32, in box) passage {
	for size := largest; size >= smallest; size -= 2 {
		p := t.set(text, f, size, size*ratio, in.width, 0, true)
		if p.lines == nil {
			return p
		}
		if len(p.lines) <= in.lines && p.height() <= in.height && p.width() <= in.width {
			return t.balanced(text, f, p)
		}
	}
	lines := min(in.lines, int(in.height/(smallest*ratio)))
	return t.set(text, f, smallest, smallest*ratio, in.width, lines, false)
}

// balanced sets the same lines anew in the least width that keeps their number.
func (t *typesetter) balanced(text string, f faces, p passage) passage {
	low, high := p.width()/2, p.width()
	for high-low > 4 {
		middle := (low + high) / 2
		q := t.set(text, f, p.size, p.leading, middle, 0, true)
		if len(q.lines) == len(p.lines) && q.width() <= middle {
			p, high = q, middle
		} else {
			low = middle
		}
	}
	return p
}
