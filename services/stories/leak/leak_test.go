package leak

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// customer is what a story about Nordhafen Logistics GmbH would protect.
func customer() []Term {
	terms := append(NamesOf("Nordhafen Logistics GmbH"), PersonsOf("Jonna Fjeld")...)
	return append(terms, Term{Kind: Domain, Text: "nordhafen-logistics.example"}, Term{Kind: File, Text: "quay-aerial-2025.jpg"}, Term{Kind: Listed, Text: "Project Skua"},
		Term{Kind: Name, Text: "Müller & Söhne"})
}

func told(s *Scanner, o Output) string {
	var out []string
	for _, f := range s.Scan([]Output{o}) {
		out = append(out, f.Term.Text)
	}
	return strings.Join(out, " | ")
}

// TestWaysToTell goes through ways of writing a name that is not to be told.
func TestWaysToTell(t *testing.T) {
	s := New(customer())
	for _, text := range []string{
		"Nordhafen", "nordhafen", "NORDHAFEN", "of Nordhafen.", "“Nordhafen”", "Nordhafen's", "Nordhafens", "Nordhafener Leute", "die Nordhafensche Art",
		"Nórdhäfen", "Ｎｏｒｄｈａｆｅｎ", "Nord\u200bhafen", "Nord\u00adhafen", "No\u0301rdhafen", "Nоrdhаfеn", "Νordhafen", "N0rdhafen", "𝐍𝐨𝐫𝐝𝐡𝐚𝐟𝐞𝐧", "Ⓝⓞⓡⓓⓗⓐⓕⓔⓝ",
		"Nord-hafen", "Nord-\nhafen", "Nord‐hafen", "Nord hafen", "N o r d h a f e n", "N-o-r-d-h-a-f-e-n", "Nord**hafen**", "Nord_hafen_", "Nord<b>hafen</b>",
		"NordhafenLogistics", "nordhafenLogistics", "nordhafen_logistics", "/stories/nordhafen-late-deliveries", "Nordhafen\u00a0Logistics", "Nordhafenkunden", "Großnordhafen",
		"Nord&shy;hafen", "N&#111;rdhafen", "N&amp;#x6f;rdhafen", "%4Eordhafen", "Nordh%C3%A4fen", "%254Eordhafen", `N\u006frdhafen`, "https://www.nordhafen-logistics.example/kontakt",
		"info@nordhafen-logistics.example", "nordhafen-logistics [dot] example", "NL", "N.L.", "N. L.", "N&L", "the NLs", "NLG", "Jonna Fjeld", "Fjeld, Jonna", "Frau Fjeld", "J.F.",
		"quay-aerial-2025.jpg", "Quay Aerial 2025.jpg", "project-skua", "ProjectSkua", "Mueller & Soehne", "Muller und Sohne", "Müller and Söhne", "xn--nrdhafen-n4a",
	} {
		if told(s, Output{Text: text}) == "" {
			t.Errorf("%q was not found", text)
		}
	}
	if told(s, Output{Text: "nl-case-study", Address: true}) == "" {
		t.Error("initials in an address were not found")
	}
}

// TestOrdinaryWords are not taken for terms, though they hold their letters.
func TestOrdinaryWords(t *testing.T) {
	s := New(append(customer(), append(NamesOf("Eon Art"), append(NamesOf("Bank of the West"), PersonsOf("Will May")...)...)...))
	for _, text := range []string{
		"logistics", "The logistics of a harbour in the north", "Hafen im Norden", "nl", "online", "the only piano", "start", "a project and a skua apart", "heart", "NLX", "ANL", "müller", "sons",
		"quay, aerial", "Jonathan", "a bank in the west", "fjel", "it will be in may", "E-Mail", "a fjord", "we on", "deep art", "Nord und Hafen", "theonline",
	} {
		if found := told(s, Output{Text: text}); found != "" {
			t.Errorf("%q was taken for %s", text, found)
		}
	}
	if found := told(s, Output{Text: "cut-its-costs-in-may-it-will", Address: true}); found != "" {
		t.Errorf("an address was taken for %s", found)
	}
}

// TestNoFalseAlarm writes texts of ordinary words only: nothing is found in them, whatever stands between the words.
func TestNoFalseAlarm(t *testing.T) {
	s := New(customer())
	var words []string
	for w := range ordinary {
		words = append(words, w)
	}
	slices.Sort(words)
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(1, 80).Draw(t, "length") {
			w := rapid.SampledFrom(words).Draw(t, "word")
			if rapid.Bool().Draw(t, "capital") {
				w = strings.ToUpper(w[:1]) + w[1:]
			}
			b.WriteString(w + rapid.SampledFrom([]string{" ", " ", ", ", ". ", "-", "\n", " – ", "; ", "/"}).Draw(t, "gap"))
		}
		if found := told(s, Output{Text: b.String()}); found != "" {
			t.Fatalf("%q was taken for %s", b.String(), found)
		}
	})
}

// TestHiddenNamesAreFound hides a name in a text in a random way.
func TestHiddenNamesAreFound(t *testing.T) {
	s := New(customer())
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"Nordhafen", "Nordhafen Logistics", "Jonna Fjeld", "Project Skua"}).Draw(t, "name")
		hide := rapid.SampledFrom([]func(string) string{
			strings.ToUpper, strings.ToLower,
			func(n string) string { return n[:3] + "\u200d" + n[3:] }, func(n string) string { return n[:4] + "\u00ad" + n[4:] },
			func(n string) string { return strings.ReplaceAll(n, "o", "о") }, func(n string) string { return strings.ReplaceAll(n, " ", "") },
			func(n string) string { return strings.ToLower(strings.ReplaceAll(n, " ", "-")) }, func(n string) string { return strings.ReplaceAll(n, "e", "&eacute;") },
			func(n string) string { return strings.ReplaceAll(n, "n", "%6e") }, func(n string) string { return strings.Join(strings.Split(n, ""), "\u2060") },
		}).Draw(t, "way")
		around := rapid.SampledFrom([]string{"x %s y", "(%s)", "%s", "…%s’s", "/%s/", "\n%s\n", "<i>%s</i>", "\"%s\""}).Draw(t, "around")
		text := strings.ReplaceAll(around, "%s", hide(name))
		if told(s, Output{Text: text}) == "" {
			t.Fatalf("%q was not found", text)
		}
	})
}

func TestReplace(t *testing.T) {
	s := New(customer())
	with := func(m Match) string { return "<" + string(m.Term.Kind) + ">" }
	for text, want := range map[string]string{
		"Nordhafen Logistics GmbH cut it, says Jonna Fjeld.":      "<name> cut it, says <person>.",
		"At Nordhafen's quay, NL and nordhafen-logistics.example": "At <name>'s quay, <initials> and <domain>",
		"Nichts":                             "Nichts",
		"Nordhafens Leute, Frau Fjeld dabei": "<name>s Leute, Frau <person> dabei",
	} {
		if got := s.Replace(text, false, with); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestNamesOf(t *testing.T) {
	for name, want := range map[string]string{
		"Nordhafen Logistics GmbH": "name:Nordhafen Logistics GmbH name:Nordhafen Logistics name:Nordhafen initials:NLG initials:NL",
		"Sankt Ailbe":              "name:Sankt Ailbe name:Ailbe initials:SA",
		"Bank of the West":         "name:Bank of the West initials:BOTW initials:BW",
		"Fahrbibliothek Wendtal":   "name:Fahrbibliothek Wendtal name:Fahrbibliothek name:Wendtal initials:FW",
		"Yamaneko":                 "name:Yamaneko",
		"":                         "",
	} {
		var got []string
		for _, t := range NamesOf(name) {
			got = append(got, string(t.Kind)+":"+t.Text)
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%q stands for %s, want %s", name, g, want)
		}
	}
}

// planted are pictures with words in their files.
func planted(t *testing.T, words string) map[string][]byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	var j, p bytes.Buffer
	if err := jpeg.Encode(&j, img, nil); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&p, img); err != nil {
		t.Fatal(err)
	}
	segment := func(marker byte, body string) []byte {
		n := len(body) + 2
		return append([]byte{0xff, marker, byte(n >> 8), byte(n)}, body...)
	}
	in := func(b []byte, at int, part []byte) []byte { return bytes.Join([][]byte{b[:at], part, b[at:]}, nil) }
	var wide []byte
	for _, r := range words {
		wide = append(wide, byte(r), byte(r>>8))
	}
	return map[string][]byte{
		"EXIF":           in(j.Bytes(), 2, segment(0xe1, "Exif\x00\x00II*\x00\x08\x00\x00\x00"+words+"\x00")),
		"EXIF in UTF-16": in(j.Bytes(), 2, segment(0xe1, "Exif\x00\x00II*\x00"+string(wide))),
		"XMP":            in(j.Bytes(), 2, segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta><dc:creator>"+words+"</dc:creator></x:xmpmeta>")),
		"IPTC":           in(j.Bytes(), 2, segment(0xed, "Photoshop 3.0\x008BIM\x04\x04"+words)),
		"comment":        in(j.Bytes(), 2, segment(0xfe, words)),
		"behind a JPEG":  append(bytes.Clone(j.Bytes()), words...),
		"behind a PNG":   append(bytes.Clone(p.Bytes()), words...),
		"PNG text":       in(p.Bytes(), 33, append(append([]byte{0, 0, 0, byte(len(words) + 7)}, "tEXtAuthor\x00"+words...), 0, 0, 0, 0)),
	}
}

func TestPicturesMetadata(t *testing.T) {
	s := New(customer())
	for _, words := range []string{"Nordhafen", "Nordhafen Logistics", "Jonna Fjeld", "NL"} {
		for where, file := range planted(t, words) {
			if len(s.Scan(Metadata(file))) == 0 {
				t.Errorf("%s in %s was not found", words, where)
			}
		}
	}
	for where, file := range planted(t, "A harbour in the north") {
		if found := s.Scan(Metadata(file)); len(found) > 0 {
			t.Errorf("%s: %v", where, found)
		}
	}
}

func TestMetadataOfBrokenFiles(t *testing.T) {
	for _, b := range []string{"", "\x89PNG\r\n\x1a\n", "\x89PNG\r\n\x1a\n\xff\xff\xff\xfftEXt", "\xff\xd8\xff", "\xff\xd8\xff\xe1\x00\x00", "RIFF\x00\x00\x00\x00WEBP", "RIFF\x00\x00\x00\x00WEBPEXIF\xff\xff\xff\x7f", "GIF89a"} {
		Metadata([]byte(b)) // does not fall
	}
}

// FuzzScan holds three things of any text: nothing falls, a match is a part of the text, and what was replaced is not found again.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{"Nordhafen", "N.L.", "%4e%c3", "&#0;&#x110000;", "xn--\u00df", "\\ud800\\u006f", "\xff\xfe", "ﬀﬁ", "Nord\u0301\u0301\u0301", "𝐍ordhafen", "İNordhafen", "N o r d h a f e n"} {
		f.Add(seed)
	}
	s := New(customer())
	f.Fuzz(func(t *testing.T, text string) {
		s.Scan([]Output{{Text: text}, {Text: text, Address: true}, {Text: text, Raw: true}})
		last := 0
		for _, m := range s.Find(text, false) {
			if m.From < last || m.To <= m.From || m.To > len(text) {
				t.Fatalf("%q: match [%d, %d) after %d", text, m.From, m.To, last)
			}
			last = m.To
		}
		blank := s.Replace(text, false, func(Match) string { return " ※ " })
		if again := s.Find(blank, false); len(again) > 0 {
			t.Fatalf("%q became %q, in which there still is %v", text, blank, again)
		}
	})
}

// TestLongTexts: what somebody writes to keep the scan busy is scanned as it is, within the bounds of a text.
func TestLongTexts(t *testing.T) {
	s := New(customer())
	for _, piece := range []string{"NL ", "<a", "N o r d h a f e", "nordhafen", "n\u00ad", "&amp;", "%25", `\u006e`, "xn--a-", "<>", "x"} {
		text := strings.Repeat(piece, 256<<10/len(piece))
		if found := s.Find(s.Replace(text, false, func(Match) string { return " ※ " }), false); len(found) > 0 {
			t.Errorf("%q: %d are left", piece, len(found))
		}
		s.Scan([]Output{{Text: text}})
	}
}
