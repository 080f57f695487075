package images

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/HugoSmits86/nativewebp"
)

// scene is the colour of a picture at a point from 0, 0 to 1, 1: what a photograph of any size shows, without its grain.
func scene(u, v float64) color.NRGBA {
	wave := func(x float64) uint8 { return uint8(math.Round(127 + 90*math.Sin(x))) }
	return color.NRGBA{wave(5*u + 2*v), wave(3*v + 4*u*v + 1), wave(4*(u-v) + 2), 255}
}

// scenery is the scene at a size.
func scenery(w, h int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			p.SetNRGBA(x, y, scene((float64(x)+0.5)/float64(w), (float64(y)+0.5)/float64(h)))
		}
	}
	return p
}

// grainy is the scene with the grain of a sensor.
func grainy(w, h int) *image.NRGBA {
	p, random := scenery(w, h), rand.New(rand.NewPCG(1, 2))
	for i := range p.Pix {
		if i%4 != 3 {
			p.Pix[i] += uint8(random.IntN(13) - 6)
		}
	}
	return p
}

// flatly is a drawing: three colours with an edge between them that is smooth.
func flatly(w, h int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	inks := []color.NRGBA{{0x1e, 0x1b, 0x16, 255}, {0x0b, 0x63, 0x60, 255}, {0xfb, 0xfa, 0xf7, 255}}
	for y := range h {
		for x := range w {
			p.SetNRGBA(x, y, inks[(x*3/w+y*2/h)%3])
		}
	}
	return p
}

// veiled is the scene behind a veil that grows thinner towards the bottom.
func veiled(w, h int) *image.NRGBA {
	p := scenery(w, h)
	for i := 3; i < len(p.Pix); i += 4 {
		p.Pix[i] = uint8(255 * (i / p.Stride) / h)
	}
	return p
}

func deep(p *image.NRGBA) image.Image {
	q := image.NewNRGBA64(p.Rect)
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			q.Set(x, y, p.At(x, y))
		}
	}
	return q
}

func fileOf(t testing.TB, kind string, p image.Image) []byte {
	return encode(t, func(b *bytes.Buffer) error {
		switch kind {
		case "jpeg":
			return jpeg.Encode(b, p, &jpeg.Options{Quality: 95})
		case "gif":
			return gif.Encode(b, p, nil)
		case "webp":
			return nativewebp.Encode(b, p, nil)
		}
		return png.Encode(b, p)
	})
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// likeness is the peak signal to noise between two pictures of one size, in decibel, on white.
func likeness(a, b image.Image) float64 {
	p, q := onWhite(a), onWhite(b)
	sum := 0
	for i := range p.Pix {
		d := int(p.Pix[i]) - int(q.Pix[i])
		sum += d * d
	}
	return decibel(sum, len(p.Pix)/4*3)
}

func onWhite(p image.Image) *image.RGBA {
	to := image.NewRGBA(image.Rectangle{Max: p.Bounds().Size()})
	draw.Draw(to, to.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(to, to.Rect, p, p.Bounds().Min, draw.Over)
	return to
}

const notes = "SECRET"

// uploads are pictures of every kind that is taken, with what they show and how near their variants have to come, in decibel.
func uploads(t *testing.T) map[string]struct {
	file  []byte
	shows func(w, h int) *image.NRGBA
	near  float64
} {
	type upload = struct {
		file  []byte
		shows func(w, h int) *image.NRGBA
		near  float64
	}
	photo := fileOf(t, "jpeg", grainy(700, 400))
	all := map[string]upload{
		"photograph":                 {photo, scenery, 33},
		"photograph as PNG":          {fileOf(t, "png", grainy(700, 400)), scenery, 33},
		"wider than all widths":      {fileOf(t, "jpeg", grainy(1700, 300)), scenery, 33},
		"narrower than all widths":   {fileOf(t, "jpeg", grainy(300, 200)), scenery, 33},
		"one pixel":                  {fileOf(t, "png", scenery(1, 1)), scenery, 60},
		"drawing":                    {fileOf(t, "png", flatly(700, 400)), flatly, 30},
		"drawing as WebP":            {fileOf(t, "webp", flatly(700, 400)), flatly, 30},
		"drawing as GIF":             {fileOf(t, "gif", flatly(700, 400)), flatly, 22},
		"transparent":                {fileOf(t, "png", veiled(700, 400)), veiled, 40},
		"16 bits":                    {fileOf(t, "png", deep(scenery(700, 400))), scenery, 33},
		"16 bits and transparent":    {fileOf(t, "png", deep(veiled(700, 400))), veiled, 40},
		"CMYK":                       {testdata(t, "cmyk.jpg"), scenery, 30},
		"lossy WebP":                 {testdata(t, "lossy.webp"), scenery, 33},
		"held sideways with a place": {testdata(t, "held.jpg"), scenery, 33},
	}
	for o := byte(1); o <= 8; o++ {
		all["orientation "+string('0'+o)] = upload{after(fileOf(t, "jpeg", quarterly(490, 246)), 2, jpegSegment(0xe1, exif(o))), turned(o), 26}
	}
	return all
}

// quarterly is quarters at a size.
func quarterly(w, h int) *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			p.Set(x, y, quarterColours[y*2/h*2+x*2/w])
		}
	}
	return p
}

// turned is what a viewer of an orientation sees of quarterly.
func turned(orientation byte) func(w, h int) *image.NRGBA {
	const red, green, blue, white = 0, 1, 2, 3
	see := map[byte][4]int{
		1: {red, green, blue, white}, 2: {green, red, white, blue}, 3: {white, blue, green, red}, 4: {blue, white, red, green},
		5: {red, blue, green, white}, 6: {blue, red, white, green}, 7: {white, green, blue, red}, 8: {green, white, red, blue},
	}[orientation]
	return func(w, h int) *image.NRGBA {
		p := image.NewNRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				p.Set(x, y, quarterColours[see[y*2/h*2+x*2/w]])
			}
		}
		return p
	}
}

func TestVariants(t *testing.T) {
	for name, upload := range uploads(t) {
		t.Run(name, func(t *testing.T) {
			clean, source, err := Clean(upload.file)
			if err != nil {
				t.Fatal(err)
			}
			list, err := Variants(clean)
			if err != nil || len(list) == 0 {
				t.Fatalf("%d variants, %v", len(list), err)
			}
			before := Variant{}
			for _, v := range list {
				checkVariant(t, v, clean, source)
				file := v.Data
				if file == nil {
					file = clean
				}
				p, err := Decode(file)
				if err != nil {
					t.Fatal(err)
				}
				if near := likeness(p, upload.shows(v.Width, v.Height)); near < upload.near {
					t.Errorf("%s at %d: %.1f dB from what was uploaded", v.Type, v.Width, near)
				}
				if v.Width <= before.Width || len(file) <= len(before.Data) {
					t.Errorf("%d pixels in %d bytes come after %d in %d", v.Width, len(file), before.Width, len(before.Data))
				}
				before = v
			}
			if most := min(source.Width, Widths[len(Widths)-1]); before.Width != most {
				t.Errorf("the widest is %d, not %d", before.Width, most)
			}
		})
	}
}

// checkVariant holds a variant against what it says of itself, and looks for what only the source may say.
func checkVariant(t *testing.T, v Variant, clean []byte, source Info) {
	t.Helper()
	file := v.Data
	if file == nil {
		file = clean
	}
	info, err := Inspect(file)
	if err != nil || info != v.Info {
		t.Errorf("it is %+v, %v, and says %+v", info, err, v.Info)
	}
	if v.Width > source.Width {
		t.Errorf("%d pixels of %d", v.Width, source.Width)
	}
	if off := math.Abs(float64(v.Height) - float64(source.Height)*float64(v.Width)/float64(source.Width)); off > 0.5 && v.Height > 1 {
		t.Errorf("%d by %d of %d by %d", v.Width, v.Height, source.Width, source.Height)
	}
	if again, _, err := Clean(file); err != nil || !bytes.Equal(again, file) {
		t.Errorf("there is something in it beside the picture: %v", err)
	}
	for _, note := range []string{notes, "http:"} {
		if bytes.Contains(file, []byte(note)) {
			t.Errorf("%q is still in it", note)
		}
	}
}

func TestVariantsAreWhatIsSmallest(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"photograph as PNG": {fileOf(t, "png", grainy(700, 400)), "image/jpeg"},
		"drawing":           {fileOf(t, "png", flatly(700, 400)), "image/webp image/png"},
		"transparent":       {fileOf(t, "png", veiled(700, 400)), "image/webp image/png"},
	} {
		list, err := Variants(c.file)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			if v.Data != nil && !strings.Contains(c.want, v.Type) {
				t.Errorf("%s at %d is %s", name, v.Width, v.Type)
			}
		}
		again, err := Variants(c.file)
		if err != nil || len(again) != len(list) {
			t.Fatalf("%d, then %d variants, %v", len(list), len(again), err)
		}
		for i := range list {
			if list[i].SHA256 != again[i].SHA256 {
				t.Errorf("%s at %d is another file when it is made again", name, list[i].Width)
			}
		}
	}
}

// A profile that says something stays with the variants, since their pixels are in its colours; sRGB need not be said.
func TestVariantsKeepColourProfiles(t *testing.T) {
	profile := make([]byte, 400)
	copy(profile[16:], "RGB ")
	copy(profile[140:], "wide gamut")
	wide := jpegWithProfile(fileOf(t, "jpeg", grainy(600, 300)), profile)
	drawn := pngWithProfile(fileOf(t, "png", flatly(600, 300)), profile)
	copy(profile[140:], "sRGB IEC61966")
	usual := jpegWithProfile(fileOf(t, "jpeg", grainy(600, 300)), profile)
	for name, c := range map[string]struct {
		file []byte
		kept bool
	}{"wide": {wide, true}, "drawn": {drawn, true}, "usual": {usual, false}} {
		clean, _, err := Clean(c.file)
		if err != nil {
			t.Fatal(err)
		}
		list, err := Variants(clean)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			if v.Data == nil {
				continue
			}
			if got := profileOf(v.Type, v.Data); (got != nil) != c.kept || c.kept && !bytes.Contains(got, []byte("wide gamut")) {
				t.Errorf("%s at %d, %s: profile %q", name, v.Width, v.Type, got)
			}
			if _, err := Inspect(v.Data); err != nil {
				t.Error(err)
			}
		}
	}
}
