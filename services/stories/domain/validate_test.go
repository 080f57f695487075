package domain

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"renown.example/kit/fault"
)

// sample is a small complete text.
func sample() Content {
	return Content{
		Locale: "en", Title: "A title", Summary: "A summary.", Customer: "Nordhafen Logistics", Industry: []string{"Logistics"},
		Blocks: []Block{
			NewText("Some *text* with a [link](https://a.example/b)."),
			NewImage(Image{Asset: strings.Repeat("0f", 32), Alt: "A crane"}),
			NewQuote(Quote{Text: "Yes.", By: "Jonna Fjeld"}),
		},
	}
}

// setText returns a change of the first block to this text.
func setText(markdown string) func(*Content) {
	return func(c *Content) { c.Blocks[0] = NewText(markdown) }
}

var validations = []struct {
	name   string
	change func(*Content)
	path   string // empty: valid
}{
	{"a good one", func(*Content) {}, ""},
	{"an empty draft", func(c *Content) { *c = Content{Locale: "en"} }, ""},
	{"HTML, which is shown as text", setText("<script>alert(1)</script>"), ""},
	{"links within the site", setText("[a](/stories/x) [b](#c) <d@e.example>"), ""},
	{"no locale", func(c *Content) { c.Locale = "" }, "content.locale"},
	{"a locale in odd spelling", func(c *Content) { c.Locale = "pt-br" }, "content.locale"},
	{"a locale of nobody", func(c *Content) { c.Locale = "xq-QQ" }, "content.locale"},
	{"a locale with extensions", func(c *Content) { c.Locale = "en-u-ca-buddhist" }, "content.locale"},
	{"an undetermined locale", func(c *Content) { c.Locale = "und" }, "content.locale"},
	{"a long title", func(c *Content) { c.Title = strings.Repeat("ü", MaxTitle+1) }, "content.title"},
	{"a title as long as it may be", func(c *Content) { c.Title = strings.Repeat("ü", MaxTitle) }, ""},
	{"two lines of title", func(c *Content) { c.Title = "a\nb" }, "content.title"},
	{"a NUL", func(c *Content) { c.Summary = "a\x00b" }, "content.summary"},
	{"an escape", func(c *Content) { c.Customer = "a\x1b[1mb" }, "content.customer"},
	{"bad UTF-8", func(c *Content) { c.Size = "a\xff" }, "content.size"},
	{"too many terms", func(c *Content) { c.Region = make([]string, MaxTerms+1) }, "content.region"},
	{"an empty term", func(c *Content) { c.Industry = []string{"a", ""} }, "content.industry[1]"},
	{"an unknown kind", func(c *Content) { c.Blocks[1] = Block{Kind: "carousel"} }, "content.blocks[1].kind"},
	{"no kind", func(c *Content) { c.Blocks[1] = Block{} }, "content.blocks[1].kind"},
	{"no part", func(c *Content) { c.Blocks[1] = Block{Kind: KindQuote} }, "content.blocks[1]"},
	{"two parts", func(c *Content) { c.Blocks[1].Text = &Text{"a"} }, "content.blocks[1]"},
	{"a name instead of an asset", func(c *Content) { c.Blocks[1].Image.Asset = "crane.png" }, "content.blocks[1].image.asset"},
	{"a focus with one number", func(c *Content) { c.Blocks[1].Image.Focus = "50" }, "content.blocks[1].image.focus"},
	{"a focus outside", func(c *Content) { c.Blocks[1].Image.Focus = "50 101" }, "content.blocks[1].image.focus"},
	{"a focus in other words", func(c *Content) { c.Blocks[1].Image.Focus = "05 3" }, "content.blocks[1].image.focus"},
	{"no asset", func(c *Content) { c.Blocks[1].Image.Asset = "" }, "content.blocks[1].image.asset"},
	{"decorative with words", func(c *Content) { c.Blocks[1].Image.Decorative = true }, "content.blocks[1].image.decorative"},
	{"an empty quotation", func(c *Content) { c.Blocks[2].Quote.Text = " " }, "content.blocks[2].quote.text"},
	{"a long name", func(c *Content) { c.Blocks[2].Quote.By = strings.Repeat("a", MaxName+1) }, "content.blocks[2].quote.by"},
	{"an empty text", setText(""), "content.blocks[0].text.markdown"},
	{"an image in a text", setText("a ![b](https://c.example/d.png)"), "content.blocks[0].text.markdown"},
	{"a link that runs", setText("[a](javascript:alert(1))"), "content.blocks[0].text.markdown"},
	{"a link that hides that it runs", setText("[a](java&#115;cript:alert(1))"), "content.blocks[0].text.markdown"},
	{"a link that hides another host", setText("[a](/&#47;b.example)"), "content.blocks[0].text.markdown"},
	{"a link that escapes to another host", setText("[a](/\\/b.example)"), "content.blocks[0].text.markdown"},
	{"a link to another host past a tab", setText("[a](</\t/b.example>)"), "content.blocks[0].text.markdown"},
	{"a link of data", setText("<data:text/html,x>"), "content.blocks[0].text.markdown"},
	{"a link without a scheme", setText("[a](//b.example)"), "content.blocks[0].text.markdown"},
	{"a link in the clear", setText("[a](http://b.example)"), "content.blocks[0].text.markdown"},
	{"a text of ten thousand quotations in each other", setText(strings.Repeat("> ", 10_000)), "content.blocks[0].text.markdown"},
	{"a text of ten thousand beginnings of links", setText(strings.Repeat("[a](", 10_000)), "content.blocks[0].text.markdown"},
	{"a long rule", setText("a\n\n" + strings.Repeat("-", 500) + "\n" + strings.Repeat("*", 500)), ""},
	{"a deep text", setText(strings.Repeat("> ", MaxNesting+2) + "a"), "content.blocks[0].text.markdown"},
	{"a video in the clear", func(c *Content) { c.Blocks[2] = NewVideo(Video{URL: "http://a.example", Title: "b"}) }, "content.blocks[2].video.url"},
	{"a video nowhere", func(c *Content) { c.Blocks[2] = NewVideo(Video{URL: "https:///a", Title: "b"}) }, "content.blocks[2].video.url"},
	{"a button with a password", func(c *Content) { c.Blocks[2] = NewCTA(CTA{URL: "https://a:b@c.example", Label: "d"}) }, "content.blocks[2].cta.url"},
	{"a button with a space", func(c *Content) { c.Blocks[2] = NewCTA(CTA{URL: "https://a.example/b c", Label: "d"}) }, "content.blocks[2].cta.url"},
	{"a metric without a label", func(c *Content) { c.Blocks[2] = NewMetric(Metric{Value: "1"}) }, "content.blocks[2].metric.label"},
	{"too many blocks", func(c *Content) { c.Blocks = make([]Block, MaxBlocks+1) }, "content.blocks"},
	{"too much altogether", func(c *Content) {
		for range 6 {
			c.Blocks = append(c.Blocks, NewQuote(Quote{Text: "x"}), NewText(strings.Repeat("a ", MaxMarkdown/2)))
		}
	}, "content"},
}

func TestValidate(t *testing.T) {
	for _, c := range validations {
		t.Run(c.name, func(t *testing.T) {
			content := sample()
			c.change(&content)
			err := Validate(content)
			if c.path == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			found, ok := fault.As(err)
			if !ok || !fault.Has(err, fault.ContentRejected) {
				t.Fatalf("got %v", err)
			}
			if len(found.Fields) != 1 || found.Fields[0].Path != c.path {
				t.Errorf("want one finding at %s, got %v", c.path, found.Fields)
			}
		})
	}
}

func TestValidateFindsAllAtOnceButNotWithoutEnd(t *testing.T) {
	c := sample()
	c.Title, c.Blocks[2].Quote.Text = "a\x00", ""
	if e, _ := fault.As(Validate(c)); e == nil || len(e.Fields) != 2 {
		t.Errorf("want both findings, got %v", e)
	}
	for range 100 {
		c.Blocks = append(c.Blocks, Block{Kind: "no"})
	}
	if e, _ := fault.As(Validate(c)); e == nil || len(e.Fields) != maxFindings {
		t.Errorf("want %d findings, got %v", maxFindings, e)
	}
}

func TestValidatePublishable(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Content)
		paths  string
	}{
		{"complete", func(*Content) {}, ""},
		{"no alternative text", func(c *Content) { c.Blocks[1].Image.Alt = "" }, "content.blocks[1].image.alt"},
		{"decorative", func(c *Content) { c.Blocks[1].Image.Alt, c.Blocks[1].Image.Decorative = "", true }, ""},
		{"no words", func(c *Content) { c.Title, c.Summary, c.Customer = "", "", "" }, "content.title content.summary content.customer"},
		{"no text", func(c *Content) { c.Blocks = c.Blocks[1:] }, "content.blocks"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			content := sample()
			c.change(&content)
			err := ValidatePublishable(content)
			if c.paths == "" && err == nil {
				return
			}
			if !fault.Has(err, fault.NotPublishable) {
				t.Fatalf("got %v", err)
			}
			e, _ := fault.As(err)
			var paths []string
			for _, f := range e.Fields {
				paths = append(paths, f.Path)
				if !strings.Contains(f.Message, "locale en") {
					t.Errorf("%q does not name the locale", f.Message)
				}
			}
			if got := strings.Join(paths, " "); got != c.paths {
				t.Errorf("got %s, want %s", got, c.paths)
			}
		})
	}
}

func TestNormalize(t *testing.T) {
	in := Content{Locale: " PT-br ", Title: " a\r\n", Industry: []string{" x ", "x", ""}, Blocks: []Block{
		NewText("\n \n    code  \r\nmore \n\n"), NewText(" \n"), NewText("next"), NewQuote(Quote{Text: "\ta\r\nb "}), NewText("last"), {Kind: "odd"}}}
	c := Normalize(in)
	if c.Locale != "pt-BR" || c.Title != "a" || len(c.Industry) != 1 || len(c.Blocks) != 4 {
		t.Errorf("got %+v", c)
	}
	if got := c.Blocks[0].Text.Markdown; got != "    code  \nmore\n\nnext" {
		t.Errorf("text is %q", got)
	}
	if got := c.Blocks[1].Quote.Text; got != "a\nb" {
		t.Errorf("quotation is %q", got)
	}
	if in.Blocks[3].Quote.Text != "\ta\r\nb " {
		t.Error("the input was changed")
	}
	rapid.Check(t, func(t *rapid.T) {
		c := genContent().Draw(t, "content")
		if Hash(Normalize(c)) != Hash(c) {
			t.Fatal("not idempotent")
		}
	})
}
