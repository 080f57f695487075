package card

import (
	"image"
	"image/color"
	"image/draw"
	"unicode"
)

// layout is a card whose texts are set.
type layout struct {
	card                                             Card
	company, headline, customer, value, units, label passage
	// rtl puts everything the other way round.
	rtl bool
	// left and width are where the text goes, side is the column beside it, empty if there is none.
	left, width float32
	side        image.Rectangle
	// beside says that the result stands in the column.
	beside bool
}

// lay sets the texts of a card.
func (t *typesetter) lay(c Card) *layout {
	l := &layout{card: c, rtl: rightToLeft(c.Headline), left: margin, width: Width - 2*margin}
	l.beside = c.Picture == nil && c.Value != ""
	if c.Picture != nil || l.beside {
		l.width = Width - column - margin - gutter
		l.side = image.Rect(Width-column, 0, Width, Height)
		if l.rtl {
			l.left = column + gutter
			l.side = image.Rect(0, 0, column, Height)
		}
	}
	l.company = t.set(c.Company, t.text, 25, 32, l.width-2*mark, 1, false)
	l.customer = t.set(c.Customer, t.text, 28, 36, l.width, 1, false)
	if c.Value != "" {
		l.result(t)
	}
	room := box{width: l.width, height: above - start - 90, lines: 5}
	largest := float32(78)
	if c.Value == "" || l.beside {
		room.height, room.lines = foot-start-70, 6
	}
	if c.Value == "" && c.Picture == nil {
		largest = 100
	}
	ratio := float32(1.1)
	if unicode.Is(unicode.Arabic, firstLetter(c.Headline)) {
		ratio = 1.3 // its letters reach further up and down
	}
	l.headline = t.fit(c.Headline, t.headline, largest, 34, ratio, room)
	return l
}

// result sets the lead result: in the column, or along the foot.
func (l *layout) result(t *typesetter) {
	c := l.card
	if l.beside {
		in := float32(column - 2*gutter)
		l.value = t.fit(c.Value, t.headline, 176, 40, 1, box{width: in, height: 180, lines: 1})
		l.units = t.fit(c.Unit, t.headline, 60, 24, 1.1, box{width: in, height: 70, lines: 1})
		l.label = t.fit(c.Label, t.text, 30, 22, 1.3, box{width: in, height: 160, lines: 4})
		return
	}
	l.value = t.fit(c.Value, t.headline, figures, 36, 1, box{width: l.width * 0.5, height: figures, lines: 1})
	l.units = t.fit(c.Unit, t.headline, 40, 22, 1, box{width: l.width * 0.3, height: 48, lines: 1})
	l.label = t.fit(c.Label, t.text, 25, 19, 1.25, box{width: l.width - l.figureWidth() - 28, height: 96, lines: 3})
}

// between is the space between a result and its unit.
const between = 10

func (l *layout) figureWidth() float32 {
	w := l.value.width()
	if l.units.lines != nil {
		w += between + l.units.width()
	}
	return w
}

// paint draws a card whose texts are set.
func (l *layout) paint() *canvas {
	c := newCanvas(paper)
	switch {
	case l.card.Picture != nil:
		c.fill(l.side, rule)
		draw.Draw(c.RGBA, l.side, l.card.Picture, image.Point{}, draw.Over)
	case l.beside:
		c.fill(l.side, l.card.Accent)
	default:
		c.fill(image.Rect(0, 0, Width, 14), l.card.Accent)
	}
	top := float32(margin)
	l.sign(c, top)
	headline := start + l.headline.size
	c.write(l.headline, l.left, l.width, headline, ink)
	if l.customer.lines != nil {
		last := headline + float32(float32(len(l.headline.lines)-1)*l.headline.leading)
		l.aligned(c, l.customer, l.left, l.width, last+l.headline.size*0.3+36, faint)
	}
	if l.value.lines != nil {
		l.paintResult(c)
	}
	return c
}

// sign draws whose story it is: a mark in the company's colour and its name.
func (l *layout) sign(c *canvas, top float32) {
	x := int(l.left)
	if l.rtl {
		x = int(l.left+l.width) - mark
	}
	c.fill(image.Rect(x, int(top), x+mark, int(top)+mark), l.card.Accent)
	if l.company.lines == nil {
		return
	}
	from := l.left + mark + 14
	if l.rtl {
		from = l.left
	}
	l.aligned(c, l.company, from, l.width-mark-14, top+mark-1, ink)
}

// aligned writes a passage at the side at which the card begins, whichever way it is read itself.
func (l *layout) aligned(c *canvas, p passage, left, width, baseline float32, with color.Color) {
	p.rtl = l.rtl
	c.write(p, left, width, baseline, with)
}

func (l *layout) paintResult(c *canvas) {
	if l.beside {
		l.paintBeside(c)
		return
	}
	c.fill(image.Rect(int(l.left), above, int(l.left+l.width), above+2), rule)
	baseline := float32(foot - 2)
	figure, label := l.left, l.left+l.figureWidth()+28
	labelWidth := l.width - l.figureWidth() - 28
	if l.rtl {
		figure, label = l.left+l.width-l.figureWidth(), l.left
	}
	l.paintFigure(c, figure, baseline, l.card.Accent)
	lift := float32(float32(len(l.label.lines)-1) * l.label.leading)
	l.aligned(c, l.label, label, labelWidth, baseline-lift, faint)
}

// paintFigure writes the value and after it its unit: at its left where text is read from the right.
func (l *layout) paintFigure(c *canvas, left, baseline float32, with color.Color) {
	if l.rtl && l.units.lines != nil {
		c.write(l.units, left, l.units.width(), baseline, with)
		c.write(l.value, left+l.units.width()+between, l.value.width(), baseline, with)
		return
	}
	c.write(l.value, left, l.value.width(), baseline, with)
	if l.units.lines != nil {
		c.write(l.units, left+l.value.width()+between, l.units.width(), baseline, with)
	}
}

// paintBeside writes the result into the column of the company's colour.
func (l *layout) paintBeside(c *canvas) {
	const inset = gutter
	left, width := float32(l.side.Min.X+inset), float32(column-2*inset)
	white := paper
	height := l.value.size + l.label.height() + 36
	if l.units.lines != nil {
		height += l.units.size + 12
	}
	y := (Height-height)/2 + l.value.size*0.86
	l.aligned(c, l.value, left, width, y, white)
	if l.units.lines != nil {
		y += l.units.size + 12
		l.aligned(c, l.units, left, width, y, white)
	}
	l.aligned(c, l.label, left, width, y+36+l.label.size, white)
}
