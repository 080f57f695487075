package card

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	scale "golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// canvas is what is drawn on.
type canvas struct {
	*image.RGBA
	raster vector.Rasterizer
}

func newCanvas(ground color.Color) *canvas {
	c := &canvas{RGBA: image.NewRGBA(image.Rect(0, 0, Width, Height))}
	c.fill(c.Rect, ground)
	return c
}

func (c *canvas) fill(r image.Rectangle, with color.Color) {
	draw.Draw(c.RGBA, r, image.NewUniform(with), image.Point{}, draw.Over)
}

// write draws a passage whose first line stands on a baseline. Text that is read from the right ends at the left edge plus width.
func (c *canvas) write(p passage, left, width, baseline float32, ink color.Color) {
	for i, l := range p.lines {
		x := left
		if p.rtl {
			x = left + width - l.width
		}
		y := baseline + float32(float32(i)*p.leading)
		for _, g := range l.glyphs {
			c.glyph(g, p.size, x+g.x, y+g.y, ink)
		}
	}
}

// glyph draws one glyph at its origin. Products are rounded before they are added, so that every processor draws the same.
func (c *canvas) glyph(g glyph, size, x, y float32, ink color.Color) {
	outline, ok := g.face.GlyphData(g.id).(font.GlyphOutline)
	if !ok || len(outline.Segments) == 0 {
		return
	}
	unit := size / float32(g.face.Upem())
	at := func(p opentype.SegmentPoint) (float32, float32) {
		return x + float32(p.X*unit), y - float32(p.Y*unit)
	}
	r := bounds(outline.Segments, at)
	if r.Empty() {
		return
	}
	c.raster.Reset(r.Dx(), r.Dy())
	dx, dy := float32(r.Min.X), float32(r.Min.Y)
	point := func(p opentype.SegmentPoint) (float32, float32) {
		px, py := at(p)
		return px - dx, py - dy
	}
	for _, s := range outline.Segments {
		ax, ay := point(s.Args[0])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			c.raster.ClosePath()
			c.raster.MoveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			c.raster.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			bx, by := point(s.Args[1])
			c.raster.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			bx, by := point(s.Args[1])
			ex, ey := point(s.Args[2])
			c.raster.CubeTo(ax, ay, bx, by, ex, ey)
		}
	}
	c.raster.ClosePath()
	c.raster.Draw(c.RGBA, r, image.NewUniform(ink), image.Point{})
}

// bounds is the whole pixels that an outline touches.
func bounds(segments []opentype.Segment, at func(opentype.SegmentPoint) (float32, float32)) image.Rectangle {
	minX, minY, maxX, maxY := float32(math.MaxFloat32), float32(math.MaxFloat32), float32(-math.MaxFloat32), float32(-math.MaxFloat32)
	for _, s := range segments {
		n := 1
		switch s.Op {
		case opentype.SegmentOpQuadTo:
			n = 2
		case opentype.SegmentOpCubeTo:
			n = 3
		}
		for _, p := range s.Args[:n] {
			x, y := at(p)
			minX, minY, maxX, maxY = min(minX, x), min(minY, y), max(maxX, x), max(maxY, y)
		}
	}
	floor := func(v float32) int { return int(math.Floor(float64(v))) }
	ceil := func(v float32) int { return int(math.Ceil(float64(v))) }
	return image.Rect(floor(minX), floor(minY), ceil(maxX)+1, ceil(maxY)+1)
}

// Part is what a card shows of a picture: as much of it as has the shape of a card's column, around a point in percent of its width and height. It is half of the work
// of a card, and the same for every language of a story.
func Part(p image.Image, focusX, focusY int) *image.RGBA {
	to := image.NewRGBA(image.Rect(0, 0, column, Height))
	from := crop(p.Bounds(), to.Rect.Size(), focusX, focusY)
	flat := image.NewRGBA(image.Rectangle{Max: from.Size()}) // which is scaled twice as fast as other kinds
	draw.Draw(flat, flat.Rect, p, from.Min, draw.Src)
	scale.CatmullRom.Scale(to, to.Rect, flat, flat.Rect, draw.Src, nil)
	return to
}

// crop is the largest part of a picture with the shape of a frame whose middle is as near to the focus, in percent, as the picture's edges allow.
func crop(p image.Rectangle, frame image.Point, focusX, focusY int) image.Rectangle {
	w, h := p.Dx(), p.Dy()
	if w*frame.Y > h*frame.X {
		w = max(1, h*frame.X/frame.Y)
	} else {
		h = max(1, w*frame.Y/frame.X)
	}
	x := min(max(p.Dx()*focusX/100-w/2, 0), p.Dx()-w)
	y := min(max(p.Dy()*focusY/100-h/2, 0), p.Dy()-h)
	return image.Rect(x, y, x+w, y+h).Add(p.Min)
}

// quality is that of cards that are JPEG files: their letters have to stay clean.
const quality = 90

// encoded is the smaller of a PNG and a JPEG file. A card with a picture is JPEG at once: as PNG it is larger, and takes three times as long to find out.
func encoded(p *image.RGBA, pictured bool) ([]byte, string, error) {
	var asJPEG, asPNG bytes.Buffer
	if err := jpeg.Encode(&asJPEG, p, &jpeg.Options{Quality: quality}); err != nil || pictured {
		return asJPEG.Bytes(), "image/jpeg", err
	}
	if err := png.Encode(&asPNG, p); err != nil {
		return nil, "", err
	}
	if asPNG.Len() <= asJPEG.Len() {
		return asPNG.Bytes(), "image/png", nil
	}
	return asJPEG.Bytes(), "image/jpeg", nil
}
