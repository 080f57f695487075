// Package card draws the image that stands for a story where a link to it is shared: the outcome as its headline, the lead result, the customer, the company, and the
// part of the story's picture around its focus. Its words are spans of what the customer signed. The same card is the same bytes, whenever it is drawn.
//
// Text is shaped and ordered as it is read, in the scripts that the fonts know. A text with a character that no font has is left out as a whole, and the characters
// are reported: a card never shows a box where a letter should be.
package card

import (
	"fmt"
	"image"
	"image/color"
	"strconv"
	"strings"
)

// Size of a card in pixels: what the sites that show links ask for.
const (
	Width  = 1200
	Height = 630
)

// Card is what is drawn.
type Card struct {
	// Headline is the outcome; a card without one is not drawn.
	Headline string
	Customer string
	// Value, Unit and Label are the lead result, empty if there is none.
	Value, Unit, Label string
	// Company is whose stories these are, and Accent its colour.
	Company string
	Accent  color.RGBA
	// Picture is what Part returned; nil is none.
	Picture *image.RGBA
}

// Words returns everything that is written on the card.
func (c Card) Words() []string {
	var out []string
	for _, s := range []string{c.Company, c.Headline, c.Customer, c.figure(), c.Label} {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// figure is the result with its unit.
func (c Card) figure() string { return strings.TrimSpace(c.Value + " " + c.Unit) }

// Alt is what a card says to those who do not see it.
func (c Card) Alt() string {
	alt := c.Headline
	if c.Customer != "" {
		alt += " – " + c.Customer
	}
	return alt
}

// Image is a finished card.
type Image struct {
	// Data is the file, nil where not even the headline could be set.
	Data []byte
	// Type is its media type: image/png or image/jpeg.
	Type string
	// Missing are the characters that no font has; the texts with them are left out.
	Missing []rune
}

// Problem says what is missing and what helps, "" if nothing is.
func (i Image) Problem() string {
	if len(i.Missing) == 0 {
		return ""
	}
	var named []string
	for _, r := range i.Missing[:min(len(i.Missing), 12)] {
		named = append(named, fmt.Sprintf("%c (U+%04X)", r, r))
	}
	more := ""
	if n := len(i.Missing) - len(named); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	what := "The card leaves out the text with the"
	if i.Data == nil {
		what = "The story has no card: its headline has the"
	}
	return fmt.Sprintf("%s characters %s%s, which no font has. Name a folder with a font that has them by the setting --fonts, and publish again.", what, strings.Join(named, ", "), more)
}

// ParseColour reads "#rrggbb".
func ParseColour(s string) (color.RGBA, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	if err != nil || len(s) != 7 || s[0] != '#' {
		return color.RGBA{}, fmt.Errorf("%q is not a colour such as #1d4ed8", s)
	}
	return color.RGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 255}, nil
}

// The ground is paper, the text ink, as on the site.
var (
	paper = color.RGBA{0xfb, 0xfa, 0xf7, 0xff}
	ink   = color.RGBA{0x1e, 0x1b, 0x16, 0xff}
	faint = color.RGBA{0x5f, 0x5a, 0x51, 0xff}
	rule  = color.RGBA{0xd9, 0xd4, 0xca, 0xff}
)

// Measures in pixels.
const (
	margin  = 60
	column  = 448 // of the picture, or of the result where there is none
	gutter  = 56
	mark    = 20
	figures = 80 // size of the result along the foot
	foot    = Height - margin
	above   = foot - figures - 26 // the line above it
	start   = margin + 50         // of the headline
)

// Draw draws a card.
func (f *Fonts) Draw(c Card) (Image, error) {
	t := newTypesetter(f)
	l := t.lay(c)
	if l.headline.lines == nil {
		return Image{Missing: t.missing}, nil
	}
	data, mediaType, err := encoded(l.paint().RGBA, c.Picture != nil)
	return Image{Data: data, Type: mediaType, Missing: t.missing}, err
}
