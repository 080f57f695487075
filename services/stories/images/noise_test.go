package images

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"testing"
)

// Noise is what the WebP encoder panics at: such a picture is kept all the same.
func TestNoiseIsKept(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 1))
	for range 6 {
		p := image.NewNRGBA(image.Rect(0, 0, 300, 300))
		for i := range p.Pix {
			p.Pix[i] = uint8(dice.Uint32())
		}
		var b bytes.Buffer
		if err := png.Encode(&b, p); err != nil {
			t.Fatal(err)
		}
		got, err := Variants(b.Bytes())
		if err != nil || len(got) == 0 {
			t.Fatalf("%d variants, %v", len(got), err)
		}
	}
}
