package card

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"renown.example/kit/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

var teal = color.RGBA{0x0b, 0x63, 0x60, 0xff}

// stripes is a picture whose columns differ, so that another crop is another card.
func stripes() image.Image {
	p := image.NewRGBA(image.Rect(0, 0, 96, 54))
	for x := range 96 {
		draw.Draw(p, image.Rect(x, 0, x+1, 54), image.NewUniform(color.RGBA{uint8(x * 2), 0x80, uint8(0xff - x*2), 0xff}), image.Point{}, draw.Src)
	}
	return p
}

func samples() map[string]Card {
	return map[string]Card{
		"latin": {Headline: "Nordhafen cut late deliveries by 38%", Customer: "Nordhafen Logistics", Value: "−38", Unit: "%", Label: "late deliveries a month, of 412 in spring 2025",
			Company: "Holmway", Accent: teal, Picture: Part(stripes(), 80, 50)},
		"greek and cyrillic": {Headline: "Οι καθυστερήσεις μειώθηκαν κατά ένα τρίτο", Customer: "Логістика Північ", Value: "157", Unit: "часов", Label: "меньше ожидания в месяц",
			Company: "Holmway", Accent: teal},
		"arabic": {Headline: "شركة الشحن خفّضت التأخير بنسبة 38% في عام واحد", Customer: "نوردهافن للخدمات اللوجستية", Value: "38", Unit: "٪", Label: "أقل من عمليات التسليم المتأخرة",
			Company: "Holmway", Accent: teal, Picture: Part(stripes(), 20, 50)},
		"hebrew":   {Headline: "חברת ההובלה צמצמה איחורים ב־38% בתוך שנה", Customer: "נורדהאפן לוגיסטיקה", Company: "Holmway", Accent: teal},
		"japanese": {Headline: "山猫物流は配送の遅れを三分の一減らした。", Customer: "山猫物流株式会社", Value: "三", Unit: "分", Label: "配送の遅れ", Company: "Holmway", Accent: teal},
	}
}

func fontsFrom(t testing.TB, dir string) *Fonts {
	t.Helper()
	f, err := LoadFonts(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Cards are drawn as they were looked at, to the last pixel. -update draws them anew: look at them then.
func TestCardsAreDrawnAsTheyWereLookedAt(t *testing.T) {
	fonts := fontsFrom(t, filepath.Join("testdata", "fonts"))
	for name, c := range samples() {
		t.Run(name, func(t *testing.T) {
			setter := newTypesetter(fonts)
			got := setter.lay(c).paint().RGBA
			if len(setter.missing) > 0 {
				t.Errorf("missing: %q", string(setter.missing))
			}
			file := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".png")
			if *update {
				var b bytes.Buffer
				if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, got); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if n := different(got, golden); n > 0 {
				t.Errorf("%d pixels differ from %s", n, file)
			}
		})
	}
}

func different(a *image.RGBA, b image.Image) int {
	if a.Rect != b.Bounds() {
		return len(a.Pix)
	}
	n := 0
	for y := range a.Rect.Dy() {
		for x := range a.Rect.Dx() {
			if a.RGBAAt(x, y) != color.RGBAModel.Convert(b.At(x, y)) {
				n++
			}
		}
	}
	return n
}

func TestCardsAreTheSameBytesEachTime(t *testing.T) {
	fonts := fontsFrom(t, "")
	for _, name := range []string{"latin", "hebrew"} {
		first, err := fonts.Draw(samples()[name])
		if err != nil {
			t.Fatal(err)
		}
		second, err := fontsFrom(t, "").Draw(samples()[name])
		if err != nil || !bytes.Equal(first.Data, second.Data) {
			t.Errorf("%s: %d bytes, then %d, %v", name, len(first.Data), len(second.Data), err)
		}
		p, format, err := image.Decode(bytes.NewReader(first.Data))
		if err != nil || "image/"+format != first.Type || p.Bounds() != image.Rect(0, 0, Width, Height) {
			t.Errorf("%s is %s of %v, %v", name, format, p.Bounds(), err)
		}
	}
}

func TestMissingCharactersAreReported(t *testing.T) {
	fonts := fontsFrom(t, "")
	whole := samples()["latin"]
	c := whole
	c.Customer = "山猫 Logistics"
	got, err := fonts.Draw(c)
	if err != nil || got.Data == nil || string(got.Missing) != "山猫" {
		t.Fatalf("%d bytes, missing %q, %v", len(got.Data), string(got.Missing), err)
	}
	for _, want := range []string{"山 (U+5C71)", "猫 (U+732B)", "--fonts", "leaves out"} {
		if !strings.Contains(got.Problem(), want) {
			t.Errorf("%q is not in: %s", want, got.Problem())
		}
	}
	c.Customer = ""
	without, err := fonts.Draw(c)
	if err != nil || !bytes.Equal(got.Data, without.Data) || without.Problem() != "" {
		t.Errorf("what cannot be set is not just left out: %v %s", err, without.Problem())
	}
	got, err = fonts.Draw(samples()["japanese"])
	if err != nil || got.Data != nil || !strings.Contains(got.Problem(), "has no card") {
		t.Errorf("without a headline: %d bytes, %q, %v", len(got.Data), got.Problem(), err)
	}
	got, err = fontsFrom(t, filepath.Join("testdata", "fonts")).Draw(samples()["japanese"])
	if err != nil || got.Data == nil || got.Problem() != "" {
		t.Errorf("with a font: %d bytes, %q, %v", len(got.Data), got.Problem(), err)
	}
}

func TestBadFontFolders(t *testing.T) {
	empty, broken := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "a.ttf"), []byte("no font"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"empty": empty, "broken": broken, "missing": filepath.Join(empty, "no")} {
		_, err := LoadFonts(dir)
		e, ok := fault.As(err)
		if !ok || len(e.Fields) != 1 || e.Fields[0].Path != "fonts" || !strings.Contains(e.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWordsAreAllThatIsSet(t *testing.T) {
	c := samples()["latin"]
	want := []string{"Holmway", "Nordhafen cut late deliveries by 38%", "Nordhafen Logistics", "−38 %", "late deliveries a month, of 412 in spring 2025"}
	if got := c.Words(); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q", got)
	}
	if got := (Card{Headline: "Only this"}).Words(); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestCropKeepsTheFocusInSight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := image.Rect(0, 0, rapid.IntRange(1, 4000).Draw(t, "width"), rapid.IntRange(1, 4000).Draw(t, "height"))
		x, y := rapid.IntRange(0, 100).Draw(t, "x"), rapid.IntRange(0, 100).Draw(t, "y")
		frame := image.Pt(rapid.IntRange(1, 1200).Draw(t, "frame width"), rapid.IntRange(1, 630).Draw(t, "frame height"))
		got := crop(p, frame, x, y)
		if got.Empty() || !got.In(p) {
			t.Fatalf("%v of %v", got, p)
		}
		if got.Dx() != p.Dx() && got.Dy() != p.Dy() {
			t.Errorf("%v of %v is not as large as it can be", got, p)
		}
		if focus := image.Pt(min(p.Dx()*x/100, p.Dx()-1), min(p.Dy()*y/100, p.Dy()-1)); !focus.In(got) {
			t.Errorf("%v is not in %v", focus, got)
		}
	})
}

// Whatever is written, every line stays in its column and every text in its box; nothing panics.
func TestTextStaysInItsBox(t *testing.T) {
	fonts := fontsFrom(t, "")
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("abcdefgh ijklmnop -–…%0123ABCDEFאבגדהוזשָׁبتثنيةلا\u200f\u200d\u0301éßЖΩ")), 0, 200, -1)
	rapid.Check(t, func(t *rapid.T) {
		c := Card{Headline: letters.Draw(t, "headline"), Customer: letters.Draw(t, "customer"), Value: letters.Draw(t, "value"), Unit: letters.Draw(t, "unit"),
			Label: letters.Draw(t, "label"), Company: letters.Draw(t, "company")}
		if rapid.Bool().Draw(t, "pictured") {
			c.Picture = Part(stripes(), 0, 0)
		}
		l := newTypesetter(fonts).lay(c)
		for name, p := range map[string]passage{"headline": l.headline, "customer": l.customer, "company": l.company, "label": l.label} {
			if p.width() > l.width+1 {
				t.Errorf("%s is %.0f wide, its column %.0f", name, p.width(), l.width)
			}
		}
		if bottom := start + l.headline.height() + 40; bottom > Height {
			t.Errorf("the headline ends at %.0f", bottom)
		}
	})
}
