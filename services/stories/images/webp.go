package images

import (
	"bytes"
	"image"

	"golang.org/x/image/webp"
)

// decodeWebP is webp.Decode with the colours that browsers show. Lossy WebP has its brightness from 16 to 235 and its colours from 16 to 240, as films have; that decoder
// returns them as if they went from 0 to 255, so that everything looks grey (golang.org/issue/40173).
func decodeWebP(b []byte) (image.Image, error) {
	p, err := webp.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	switch p := p.(type) {
	case *image.YCbCr:
		stretch(p)
	case *image.NYCbCrA:
		stretch(&p.YCbCr)
	}
	return p, nil
}

// stretch makes the full range of the range of films.
func stretch(p *image.YCbCr) {
	var light, colour [256]uint8
	for i := range light {
		light[i] = uint8(min(max(((i-16)*255+219/2)/219, 0), 255))
		colour[i] = uint8(min(max(128+((i-128)*255)/224, 0), 255))
	}
	for i, v := range p.Y {
		p.Y[i] = light[v]
	}
	for i, v := range p.Cb {
		p.Cb[i] = colour[v]
	}
	for i, v := range p.Cr {
		p.Cr[i] = colour[v]
	}
}
