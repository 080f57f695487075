package images

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"renown.example/kit/fault"
)

const secret = "SECRET"

// quarters is a picture of 32 by 16 pixels whose quarters are red, green, blue and white.
func quarters() *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, 32, 16))
	for y := range 16 {
		for x := range 32 {
			p.Set(x, y, quarterColours[y/8*2+x/16])
		}
	}
	return p
}

var quarterColours = []color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}

func encode(t testing.TB, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func aPNG(t testing.TB) []byte {
	return encode(t, func(b *bytes.Buffer) error { return png.Encode(b, quarters()) })
}

func aJPEG(t testing.TB) []byte {
	return encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, quarters(), &jpeg.Options{Quality: 95}) })
}

func aGIF(t testing.TB) []byte {
	return encode(t, func(b *bytes.Buffer) error { return gif.Encode(b, quarters(), nil) })
}

// aWebP is one grey pixel.
func aWebP(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func pngChunk(name, data string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(b, name+data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name+data)))
}

func jpegSegment(marker byte, data string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
}

// exif is the data of an APP1 segment with an orientation and a secret.
func exif(orientation byte) string {
	return "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x02" +
		"\x01\x0f\x00\x02\x00\x00\x00\x07\x00\x00\x00\x26" + // the camera's maker, far away
		"\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00" +
		"\x00\x00\x00\x00" + secret + "\x00"
}

func after(b []byte, at int, parts ...[]byte) []byte {
	return bytes.Join(append(append([][]byte{b[:at]}, parts...), b[at:]), nil)
}

func webpChunk(name, data string) []byte {
	b := append([]byte(name), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
	b = append(b, data...)
	if len(data)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// webpWith is an extended WebP file with the flags, and chunks around the picture.
func webpWith(t testing.TB, flags byte, more ...[]byte) []byte {
	body := bytes.Join(append([][]byte{[]byte("WEBP"), webpChunk("VP8X", string(flags)+"\x00\x00\x00\x00\x00\x00\x00\x00\x00"), aWebP(t)[12:]}, more...), nil)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func TestInspect(t *testing.T) {
	cases := []struct {
		name string
		file []byte
		want Info
	}{
		{"png", aPNG(t), Info{Type: "image/png", Width: 32, Height: 16}},
		{"jpeg", aJPEG(t), Info{Type: "image/jpeg", Width: 32, Height: 16}},
		{"gif", aGIF(t), Info{Type: "image/gif", Width: 32, Height: 16}},
		{"webp", aWebP(t), Info{Type: "image/webp", Width: 1, Height: 1}},
		{"extended webp", webpWith(t, 0), Info{Type: "image/webp", Width: 1, Height: 1}},
	}
	for _, c := range cases {
		got, err := Inspect(c.file)
		if err != nil || len(got.SHA256) != 64 {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
		if got.SHA256 = ""; got != c.want {
			t.Errorf("%s: got %+v", c.name, got)
		}
	}
	if got := (Info{Type: "image/jpeg"}).Extension(); got != ".jpg" {
		t.Error(got)
	}
}

// pngOf returns the beginning of a PNG file that claims a size.
func pngOf(width, height uint32) []byte {
	data := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return append([]byte("\x89PNG\r\n\x1a\n"), pngChunk("IHDR", string(data)+"\x08\x02\x00\x00\x00")...)
}

func jpegOf(width, height uint16) []byte {
	data := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16([]byte{8}, height), width)
	return append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"), jpegSegment(0xc0, string(data)+"\x01\x01\x11\x00")...)
}

func gifOf(width, height uint16) []byte {
	data := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16([]byte("GIF89a"), width), height)
	return append(data, 0, 0, 0)
}

func TestBombsAreRefusedByTheirHeaders(t *testing.T) {
	cases := map[string][]byte{
		"a thousand million pixels":          pngOf(31_623, 31_623),
		"a thousand million pixels in a row": pngOf(1_000_000_000, 1),
		"more than 31 bits of pixels":        pngOf(1<<31-1, 2),
		"a little above the bound":           pngOf(8_000, 5_001),
		"JPEG with four thousand million":    jpegOf(65_535, 65_535),
		"JPEG above the bound":               jpegOf(16_000, 16_000),
		"GIF with four thousand million":     gifOf(65_535, 65_535),
		"extended WebP of 20,000 by 20,000":  append([]byte("RIFF\x16\x00\x00\x00WEBP"), webpChunk("VP8X", "\x00\x00\x00\x00\x1f\x4e\x00\x1f\x4e\x00")...),
		"10 MB and a byte":                   append(aPNG(t), make([]byte, MaxBytes)...),
	}
	for name, file := range cases {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := Clean(file)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 { // no room is made for its pixels
			t.Errorf("%s: refused only after %d bytes", name, took)
		}
		e, ok := fault.As(err)
		if !ok || !fault.Has(err, fault.ContentRejected) || e.Fields[0].Path != "data" {
			t.Errorf("%s: got %v", name, err)
		}
		if ok && strings.Contains(e.Message, "cannot be read") {
			t.Errorf("%s: refused for the wrong reason: %v", name, e)
		}
	}
}

func TestRefused(t *testing.T) {
	twoFrames := encode(t, func(b *bytes.Buffer) error {
		frame := image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.White, color.Black})
		return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}})
	})
	damaged := bytes.Clone(aPNG(t))
	damaged[bytes.Index(damaged, []byte("IDAT"))+8] ^= 0xff
	cases := map[string][]byte{
		"nothing":          nil,
		"text":             []byte("GIF is what I am not"),
		"SVG":              []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`),
		"HTML as a JPEG":   []byte("\xff\xd8\xff<script>alert(1)</script>"),
		"no size":          pngOf(0, 7),
		"only a header":    pngOf(10, 10),
		"damaged":          damaged,
		"an animated GIF":  twoFrames,
		"an animated WebP": webpWith(t, 0x02),
		"frames in a WebP": webpWith(t, 0, webpChunk("ANMF", "0123456789abcdef")),
		"a GIF of nothing": append(gifOf(1, 1), ';'),
	}
	for name, file := range cases {
		if _, err := Inspect(file); !fault.Has(err, fault.ContentRejected) {
			t.Errorf("Inspect of %s: got %v", name, err)
		}
		if _, _, err := Clean(file); !fault.Has(err, fault.ContentRejected) {
			t.Errorf("Clean of %s: got %v", name, err)
		}
	}
}

func TestTruncatedFilesAreRefused(t *testing.T) {
	for name, file := range map[string][]byte{"png": aPNG(t), "jpeg": aJPEG(t), "gif": aGIF(t), "webp": aWebP(t)} {
		for n := range file {
			if _, err := Inspect(file[:n]); !fault.Has(err, fault.ContentRejected) {
				t.Errorf("%s cut after %d of %d bytes: %v", name, n, len(file), err)
			}
		}
	}
}

func TestCleanTakesOutWhatIsNotThePicture(t *testing.T) {
	gifFile := aGIF(t)
	comment := []byte("\x21\xfe\x06" + secret + "\x00")
	gifHead := 13 + colourTable(gifFile[10])
	animatedPNG := after(aPNG(t), 33, pngChunk("acTL", "\x00\x00\x00\x01\x00\x00\x00\x00"), pngChunk("fcTL", strings.Repeat("\x00", 20)+secret))
	cases := map[string][]byte{
		"PNG with a text":          after(aPNG(t), 33, pngChunk("tEXt", "Author\x00"+secret), pngChunk("eXIf", secret), pngChunk("tIME", "1234567")),
		"PNG with something after": append(aPNG(t), secret...),
		"PNG that moves":           animatedPNG,
		"JPEG with Exif":           after(aJPEG(t), 2, jpegSegment(0xe1, exif(1))),
		"JPEG with a comment":      after(aJPEG(t), 2, jpegSegment(0xfe, secret), jpegSegment(0xed, "Photoshop 3.0\x00"+secret)),
		"JPEG with XMP":            after(aJPEG(t), 2, jpegSegment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+secret)),
		"JPEG with a thumbnail":    after(aJPEG(t), 2, jpegSegment(0xe0, "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x02\x01"+secret)),
		"JPEG with fill bytes":     after(aJPEG(t), 2, []byte{0xff, 0xff}, jpegSegment(0xfe, secret)),
		"JPEG with a second file":  append(aJPEG(t), secret...),
		"WebP with Exif and XMP":   webpWith(t, 0x0c, webpChunk("EXIF", secret+"x"), webpChunk("XMP ", secret)),
		"WebP with something odd":  webpWith(t, 0, webpChunk("ODDS", secret)),
		"WebP with something else": append(aWebP(t), secret...),
		"GIF with a comment":       after(gifFile, gifHead, comment, []byte("\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")),
		"GIF with something after": append(aGIF(t), secret...),
	}
	for name, file := range cases {
		t.Run(name, func(t *testing.T) {
			if name != "PNG that moves" && !bytes.Contains(file, []byte(secret)) {
				t.Fatal("the test plants nothing")
			}
			cleaned, info, err := Clean(file)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(cleaned, []byte(secret)) || bytes.Contains(cleaned, []byte("acTL")) {
				t.Error("it is still there")
			}
			checkSamePixels(t, file, cleaned)
			again, second, err := Clean(cleaned)
			if err != nil || !bytes.Equal(again, cleaned) || second != info {
				t.Errorf("a second cleaning differs: %v", err)
			}
			if inspected, err := Inspect(cleaned); err != nil || inspected != info {
				t.Errorf("Inspect says %+v, %v; Clean said %+v", inspected, err, info)
			}
		})
	}
}

func checkSamePixels(t *testing.T, before, after []byte) {
	t.Helper()
	f, _, err := header(before)
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.decode(before)
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.decode(after)
	if err != nil {
		t.Fatal(err)
	}
	if a.Bounds() != b.Bounds() {
		t.Fatalf("bounds %v became %v", a.Bounds(), b.Bounds())
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if a.At(x, y) != b.At(x, y) {
				t.Fatalf("pixel %d,%d changed", x, y)
			}
		}
	}
}

func TestCleanTurnsJPEGs(t *testing.T) {
	const red, green, blue, white = 0, 1, 2, 3
	// What a viewer of each orientation must see, quarter by quarter, in reading order.
	want := map[byte][4]int{
		1: {red, green, blue, white}, 2: {green, red, white, blue}, 3: {white, blue, green, red}, 4: {blue, white, red, green},
		5: {red, blue, green, white}, 6: {blue, red, white, green}, 7: {white, green, blue, red}, 8: {green, white, red, blue},
		0: {red, green, blue, white}, 9: {red, green, blue, white}, // no orientations: left alone
	}
	profile := jpegSegment(0xe2, "ICC_PROFILE\x00\x01\x01"+strings.Repeat("profile", 20))
	for orientation, quarters := range want {
		cleaned, info, err := Clean(after(aJPEG(t), 2, jpegSegment(0xe1, exif(orientation)), profile))
		if err != nil {
			t.Fatal(err)
		}
		width, height := 32, 16
		if orientation >= 5 && orientation <= 8 {
			width, height = 16, 32
		}
		if info.Width != width || info.Height != height {
			t.Errorf("orientation %d: %d by %d", orientation, info.Width, info.Height)
		}
		p, err := jpeg.Decode(bytes.NewReader(cleaned))
		if err != nil {
			t.Fatal(err)
		}
		for i, q := range quarters {
			if got := p.At(width/4+i%2*width/2, height/4+i/2*height/2); !near(got, quarterColours[q]) {
				t.Errorf("orientation %d, quarter %d: %v", orientation, i, got)
			}
		}
		if bytes.Contains(cleaned, []byte(secret)) || !bytes.Contains(cleaned, profile) {
			t.Errorf("orientation %d: notes stayed or the colour profile went", orientation)
		}
		if again, _, err := Clean(cleaned); err != nil || !bytes.Equal(again, cleaned) {
			t.Errorf("orientation %d: a second cleaning differs: %v", orientation, err)
		}
	}
}

func near(a color.Color, b color.RGBA) bool {
	r, g, bl, _ := a.RGBA()
	distance := func(x uint32, y uint8) int { return max(int(x>>8)-int(y), int(y)-int(x>>8)) }
	return distance(r, b.R) < 40 && distance(g, b.G) < 40 && distance(bl, b.B) < 40
}

func FuzzClean(f *testing.F) {
	for _, seed := range [][]byte{aPNG(f), aJPEG(f), aGIF(f), aWebP(f), webpWith(f, 0x0c, webpChunk("EXIF", secret)), after(aJPEG(f), 2, jpegSegment(0xe1, exif(6)))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, info, err := header(file); err != nil || info.Width*info.Height > 1_000_000 {
			return // decoding large pictures teaches the fuzzer nothing
		}
		cleaned, info, err := Clean(file)
		if err != nil {
			return
		}
		again, second, err := Clean(cleaned)
		if err != nil || !bytes.Equal(again, cleaned) || second != info {
			t.Fatalf("a second cleaning differs: %v", err)
		}
	})
}
