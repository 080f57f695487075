package images

import (
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/draw"

	scale "golang.org/x/image/draw"
)

// Widths are those in pixels at which a picture is kept, besides its own.
var Widths = []int{480, 800, 1200, 1600}

// mostPixels bounds a variant: what is much taller than wide is not kept at widths at which it would be larger. Scaling takes 64 bytes of memory a pixel of it.
const mostPixels = 4_000_000

// Variant is a picture at one width.
type Variant struct {
	Info
	// Data is nil where the picture itself is its best file at this width.
	Data []byte
}

// Variants returns a picture at the fixed widths, the narrowest first, none wider than the picture; the last is as wide as it is, or the widest that is kept. Each is
// a JPEG, a lossless WebP or a PNG, whichever is smallest, in the colour space of the picture; a width at which the file would be larger than a wider one is left
// out. The same bytes give the same variants. b is what Clean returned.
//
// It takes 4 bytes of memory a pixel besides those of decoding, and mostPixels*64 for scaling: callers bound how many they make at a time.
func Variants(b []byte) ([]Variant, error) {
	f, info, err := header(b)
	if err != nil {
		return nil, err
	}
	decoded, err := f.decode(b)
	if err != nil {
		return nil, broken(f, err)
	}
	e := encoder{profile: profileOf(f.mediaType, b)}
	if decoded.ColorModel() == color.CMYKModel {
		e.profile = nil // the variants are RGB
	}
	if p, ok := decoded.(*image.Paletted); ok {
		e.palette = p.Palette
	}
	master := premultiplied(decoded)
	decoded = nil
	var out []Variant
	for _, w := range widthsOf(info.Width) {
		h := max(1, (info.Height*w+info.Width/2)/info.Width)
		if w != info.Width && w*h > mostPixels {
			continue
		}
		itself := Variant{Info: info}
		itself.SHA256 = Sum(b)
		if w == info.Width && e.palette != nil {
			out = append(withoutLarger(out, len(b)), itself) // nothing is smaller than indexes into a palette
			continue
		}
		v, err := e.variant(master, w, h)
		if err != nil {
			return nil, broken(f, err)
		}
		size := len(v.Data)
		if w == info.Width && len(b) <= size {
			v, size = itself, len(b)
		}
		out = append(withoutLarger(out, size), v)
	}
	return out, nil
}

func (e *encoder) variant(p *image.RGBA, w, h int) (Variant, error) {
	data, mediaType, err := e.encode(scaled(p, w, h))
	return Variant{Data: data, Info: Info{Type: mediaType, Width: w, Height: h, SHA256: Sum(data)}}, err
}

// Sum is the name of an asset: the hash of its bytes in lower-case hex.
func Sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// withoutLarger leaves out narrower variants whose files are no smaller than size.
func withoutLarger(list []Variant, size int) []Variant {
	for len(list) > 0 && len(list[len(list)-1].Data) >= size {
		list = list[:len(list)-1]
	}
	return list
}

// widthsOf are the widths at which a picture of a width is kept.
func widthsOf(width int) []int {
	var out []int
	for _, w := range Widths {
		if w < width {
			out = append(out, w)
		}
	}
	if width <= Widths[len(Widths)-1] {
		out = append(out, width)
	}
	return out
}

// premultiplied returns the picture with 8 bits a channel, beginning at 0, 0. GIFs may be smaller than their screen: what is around them is transparent.
func premultiplied(p image.Image) *image.RGBA {
	to := image.NewRGBA(image.Rectangle{Max: p.Bounds().Size()})
	draw.Draw(to, to.Rect, p, p.Bounds().Min, draw.Src)
	return to
}

// scaled makes a picture smaller: by halves while it is at least twice as large, and the rest with a Catmull-Rom filter.
func scaled(p *image.RGBA, w, h int) *image.RGBA {
	for p.Rect.Dx() >= 2*w && p.Rect.Dy() >= 2*h {
		p = halved(p)
	}
	if p.Rect.Dx() == w && p.Rect.Dy() == h {
		return p
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	scale.CatmullRom.Scale(to, to.Rect, p, p.Rect, draw.Src, nil)
	return to
}

// halved averages each four pixels.
func halved(p *image.RGBA) *image.RGBA {
	to := image.NewRGBA(image.Rect(0, 0, p.Rect.Dx()/2, p.Rect.Dy()/2))
	for y := range to.Rect.Dy() {
		upper, lower := p.Pix[2*y*p.Stride:], p.Pix[(2*y+1)*p.Stride:]
		row := to.Pix[y*to.Stride:][:to.Rect.Dx()*4]
		for i := range row {
			x := i/4*8 + i%4
			row[i] = uint8((int(upper[x]) + int(upper[x+4]) + int(lower[x]) + int(lower[x+4]) + 2) / 4)
		}
	}
	return to
}

// Decode returns a picture that was cleaned, for drawing.
func Decode(b []byte) (image.Image, error) {
	f, _, err := header(b)
	if err != nil {
		return nil, err
	}
	return f.decode(b)
}
