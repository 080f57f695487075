package render

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"renown.example/stories/domain"
)

// golden compares got with a file under testdata; RENOWN_UPDATE_GOLDEN=1 writes it instead.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("RENOWN_UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got+"\n"); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// everyBlock is a text with each kind of block and everything that the dialect knows.
func everyBlock(t *testing.T) domain.Content {
	t.Helper()
	text, err := os.ReadFile("testdata/prose.md")
	if err != nil {
		t.Fatal(err)
	}
	c := domain.Content{
		Locale: "de", Title: "A <title>", Summary: "A summary & more.", Customer: "Nordhafen",
		Blocks: []domain.Block{
			domain.NewText(string(text)),
			domain.NewQuote(domain.Quote{Text: "We \"stopped\" <b>apologising</b>.\nReally.\n\nAnd we started.", By: "Jonna & Fjeld", Role: "Head of <Operations>"}),
			domain.NewQuote(domain.Quote{Text: "Anonymous."}),
			domain.NewMetric(domain.Metric{Value: "38", Unit: "%", Label: "fewer < late", Baseline: "412 a month", Period: "March",
				Sample: "14 <depots>", Method: "Counted & compared", MeasuredOn: "2026-03-02"}),
			domain.NewMetric(domain.Metric{Value: "3", Label: "ports"}),
			domain.NewBeforeAfter("By telephone.", "Over <night>."),
			domain.NewImage(domain.Image{Asset: strings.Repeat("0f", 32), Alt: `Cranes "over" <it>`, Caption: "A & b"}),
			domain.NewImage(domain.Image{Asset: strings.Repeat("f0", 32), Decorative: true}),
			domain.NewVideo(domain.Video{URL: "https://video.example/watch?a=1&b=\u00fc", Title: "A <day>"}),
			domain.NewCTA(domain.CTA{Label: "Plan & go", URL: "https://northwind.example/start"}),
			domain.NewText("# Again\n\nA footnote.[^1]\n\n[^1]: Of the second text."),
		},
	}
	if err := domain.Validate(domain.Normalize(c)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestHTML(t *testing.T) {
	golden(t, "every-block.html", HTML(everyBlock(t), Options{AssetSize: func(asset string) (int, int) {
		if strings.HasPrefix(asset, "0f") {
			return 640, 480
		}
		return 0, 0
	}}))
}

func TestPlain(t *testing.T) {
	golden(t, "every-block.txt", Plain(everyBlock(t)))
}

func TestBlocksAreThePartsOfHTML(t *testing.T) {
	c := everyBlock(t)
	blocks := Blocks(c, Options{})
	if len(blocks) != len(c.Blocks) {
		t.Fatalf("%d for %d blocks", len(blocks), len(c.Blocks))
	}
	if strings.Join(blocks, "\n") != HTML(c, Options{}) {
		t.Error("they differ from HTML")
	}
}

func TestOptions(t *testing.T) {
	c := domain.Content{Blocks: []domain.Block{domain.NewImage(domain.Image{Asset: "abc", Alt: "x"})}}
	got := HTML(c, Options{AssetURL: func(a string) string { return "https://cdn.example/" + a + ".png?a=1&b=2" }})
	if !strings.Contains(got, `src="https://cdn.example/abc.png?a=1&amp;b=2"`) {
		t.Error(got)
	}
	if got := HTML(c, Options{}); !strings.Contains(got, `src="/v1/assets/abc"`) {
		t.Error(got)
	}
}

// TestHostileContentIsHarmless renders what Validate would have refused: a preview may show it all the same.
func TestHostileContentIsHarmless(t *testing.T) {
	hostile := []string{
		"<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "[a](javascript:alert(1))", "[a](JaVa&#115;cript:alert(1))", "<javascript:alert(1)>",
		"[a](data:text/html;base64,PHN2Zz4=)", "[a](//evil.example)", "[a](/&#47;evil.example)", `[a](/\/evil.example)`, "[a](</\t/evil.example>)",
		"![a](javascript:alert(1))", "![<b>](https://evil.example/pixel.png)", "[a]: javascript:alert(1)\n\n[a]", "```x\" onclick=\"y\nz\n```",
		"[a](https://b.example \"x\\\" onclick=\\\"y\")", "# <svg/onload=alert(1)>", "|<script>|\n|-|\n|[a](vbscript:x)|", "<!-- --!><script>x</script> -->",
		"<style>@import 'https://evil.example'</style>", "[^1]\n\n[^1]: <iframe src=https://evil.example>", "&lt;script&gt;", "\x00<b>\xff",
	}
	for _, h := range hostile {
		c := domain.Content{Locale: h, Blocks: []domain.Block{
			domain.NewText(h), domain.NewQuote(domain.Quote{Text: h, By: h, Role: h}), domain.NewMetric(domain.Metric{Value: h, Unit: h, Label: h, Baseline: h, Period: h, Sample: h, Method: h, MeasuredOn: h}),
			domain.NewBeforeAfter(h, h), domain.NewImage(domain.Image{Asset: h, Alt: h, Caption: h}), domain.NewVideo(domain.Video{URL: h, Title: h}),
			domain.NewCTA(domain.CTA{URL: h, Label: h}), {Kind: domain.Kind(h)},
		}}
		checkHarmless(t, HTML(c, Options{}))
	}
}

func TestHTMLInTextIsShown(t *testing.T) {
	c := domain.Content{Blocks: []domain.Block{domain.NewText("a <b>c</b>\n\n<div>\n*d*\n</div>")}}
	want := `<section class="block block-text"><p>a &lt;b&gt;c&lt;/b&gt;</p>
<p>&lt;div&gt;
*d*
&lt;/div&gt;</p>
</section>`
	if diff := cmp.Diff(want, HTML(c, Options{})); diff != "" {
		t.Error(diff)
	}
}

func TestWordsOfBothSides(t *testing.T) {
	for locale, want := range map[string]string{"en": "Before", "de-AT": "Vorher", "xx": "Before", "": "Before", "fr": "Avant"} {
		if got := HTML(domain.Content{Locale: locale, Blocks: []domain.Block{domain.NewBeforeAfter("a", "b")}}, Options{}); !strings.Contains(got, ">"+want+"<") {
			t.Errorf("%s: %s", locale, got)
		}
	}
}

func TestIDsOfHeadingsDiffer(t *testing.T) {
	c := domain.Content{Blocks: []domain.Block{domain.NewText("# a\n# a-2\n# a\n# a\n# a-2\n# 東京\n# …"), domain.NewText("# a")}}
	got := HTML(c, Options{})
	for _, id := range []string{"h-a", "h-a-2", "h-a-3", "h-a-4", "h-a-2-2", "h", "h-2", "h-a-5"} {
		if strings.Count(got, `"`+id+`"`) != 1 {
			t.Errorf("id %s: %s", id, got)
		}
	}
	checkHarmless(t, got)
}

// TestCostlyTextsAreShownAsTheyStand: what takes the parser too long is not parsed, whoever forgot to validate it.
func TestCostlyTextsAreShownAsTheyStand(t *testing.T) {
	for _, text := range []string{strings.Repeat("> ", 25_000) + "<b>", strings.Repeat("[a](", 12_000), strings.Repeat("1. ", 15_000)} {
		got := HTML(domain.Content{Blocks: []domain.Block{domain.NewText("one\n" + text)}}, Options{})
		if !strings.HasPrefix(got, `<section class="block block-text"><pre><code>one`) {
			t.Errorf("got %.100s", got)
		}
		checkHarmless(t, got)
	}
}
