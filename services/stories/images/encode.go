package images

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"

	"github.com/HugoSmits86/nativewebp"
	"golang.org/x/image/webp"
)

// photoQuality is that of variants that are JPEG files.
const photoQuality = 82

// sharpEnough is how near, as peak signal to noise in decibel, a picture has to be to its rendering in the colours of its palette for the palette to be kept.
const sharpEnough = 38

// encoder finds the smallest file for one picture at several widths.
type encoder struct {
	profile []byte
	palette color.Palette
	// clear is what was found at the first width, if it was clear there: "image/jpeg", or "lossless". Trying everything at every width takes five times as long.
	// exactly is the better of the lossless types then.
	clear, exactly string
}

const lossless = "lossless"

// candidate is one way to write a picture.
type candidate struct {
	data      []byte
	mediaType string
}

// encode returns the smallest file of a picture and its media type.
func (e *encoder) encode(p *image.RGBA) ([]byte, string, error) {
	var photo, exact candidate
	var err error
	if e.clear != lossless && p.Opaque() {
		if photo, err = e.photograph(p); err != nil {
			return nil, "", err
		}
	}
	if e.clear != "image/jpeg" {
		if exact, err = e.exact(p, 2*len(photo.data)); err != nil {
			return nil, "", err
		}
	}
	switch {
	case photo.data == nil:
		e.clear = lossless
		return exact.data, exact.mediaType, nil
	case exact.data == nil:
		return photo.data, photo.mediaType, nil
	}
	switch {
	case 2*len(photo.data) < len(exact.data):
		e.clear = "image/jpeg"
	case 2*len(exact.data) < len(photo.data):
		e.clear = lossless
	}
	if len(photo.data) < len(exact.data) {
		return photo.data, photo.mediaType, nil
	}
	return exact.data, exact.mediaType, nil
}

// photograph writes a JPEG.
func (e *encoder) photograph(p *image.RGBA) (candidate, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, p, &jpeg.Options{Quality: photoQuality}); err != nil {
		return candidate{}, err
	}
	return candidate{jpegWithProfile(out.Bytes(), e.profile), "image/jpeg"}, nil
}

// exact writes what loses nothing, or where the picture came with a palette that is still enough for it, nothing but that. What is found to be larger than most bytes is
// not looked for any further; 0 is no bound.
func (e *encoder) exact(p *image.RGBA, most int) (candidate, error) {
	var of image.Image = p
	if e.palette != nil {
		if indexed := inPalette(p, e.palette); nearness(p, indexed) >= sharpEnough {
			of = indexed
		} else {
			e.palette = nil
		}
	}
	if _, indexed := of.(*image.Paletted); !indexed && !p.Opaque() {
		of = straight(p)
	}
	return e.smaller(of, most)
}

// smaller writes a picture as lossless WebP or as PNG. PNG takes ten times as long.
func (e *encoder) smaller(p image.Image, most int) (candidate, error) {
	var asWebP candidate
	if e.exactly != "image/png" && e.profile == nil {
		if data := webpOf(p); data != nil {
			asWebP = candidate{data, "image/webp"}
		}
	}
	if asWebP.data != nil && (e.exactly == "image/webp" || most > 0 && len(asWebP.data) > most) {
		return asWebP, nil
	}
	var out bytes.Buffer
	if err := png.Encode(&out, p); err != nil {
		return candidate{}, err
	}
	best := candidate{pngWithProfile(out.Bytes(), e.profile), "image/png"}
	if asWebP.data != nil && len(asWebP.data) < len(best.data) {
		best = asWebP
	}
	e.exactly = best.mediaType
	return best, nil
}

// webpOf writes a picture as lossless WebP, nil where that does not succeed. The encoder is young: it panics at some pictures, such as noise, and what it writes is believed
// once it has been read.
func webpOf(p image.Image) (data []byte) {
	defer func() {
		if recover() != nil {
			data = nil
		}
	}()
	var out bytes.Buffer
	if nativewebp.Encode(&out, p, nil) != nil || !same(out.Bytes(), p) {
		return nil
	}
	return out.Bytes()
}

// straight is a picture with colours that are not multiplied by their alpha, as files have them.
func straight(p *image.RGBA) *image.NRGBA {
	to := image.NewNRGBA(p.Rect)
	for i := 0; i < len(p.Pix); i += 4 {
		c := color.NRGBAModel.Convert(color.RGBA{p.Pix[i], p.Pix[i+1], p.Pix[i+2], p.Pix[i+3]}).(color.NRGBA)
		to.Pix[i], to.Pix[i+1], to.Pix[i+2], to.Pix[i+3] = c.R, c.G, c.B, c.A
	}
	return to
}

// inPalette draws a picture in the nearest colours of a palette.
func inPalette(p *image.RGBA, palette color.Palette) *image.Paletted {
	to := image.NewPaletted(p.Rect, palette)
	known := map[[4]uint8]uint8{}
	for i := range to.Pix {
		if i > 0 && [4]uint8(p.Pix[i*4:]) == [4]uint8(p.Pix[i*4-4:]) {
			to.Pix[i] = to.Pix[i-1] // what has few colours has them in areas
			continue
		}
		c := [4]uint8(p.Pix[i*4:])
		index, ok := known[c]
		if !ok {
			index = uint8(palette.Index(color.RGBA{c[0], c[1], c[2], c[3]}))
			known[c] = index
		}
		to.Pix[i] = index
	}
	return to
}

// nearness is the peak signal to noise of a picture in a palette, in decibel.
func nearness(p *image.RGBA, q *image.Paletted) float64 {
	colours := make([][4]int, len(q.Palette))
	for i, c := range q.Palette {
		rgba := color.RGBAModel.Convert(c).(color.RGBA)
		colours[i] = [4]int{int(rgba.R), int(rgba.G), int(rgba.B), int(rgba.A)}
	}
	sum := 0
	for i, index := range q.Pix {
		for j, v := range colours[index] {
			d := int(p.Pix[i*4+j]) - v
			sum += d * d
		}
	}
	return decibel(sum, len(p.Pix))
}

// same reports whether a WebP file shows exactly a picture.
func same(file []byte, p image.Image) bool {
	read, err := webp.Decode(bytes.NewReader(file))
	if err != nil || read.Bounds() != p.Bounds() {
		return false
	}
	got, ok := read.(*image.NRGBA)
	return ok && bytes.Equal(got.Pix, flat(p).Pix)
}

// flat is a picture that exact has made, as files have it.
func flat(p image.Image) *image.NRGBA {
	switch p := p.(type) {
	case *image.NRGBA:
		return p
	case *image.RGBA: // opaque
		return &image.NRGBA{Pix: p.Pix, Stride: p.Stride, Rect: p.Rect}
	}
	to := image.NewNRGBA(p.Bounds())
	draw.Draw(to, to.Rect, p, p.Bounds().Min, draw.Src)
	return to
}
