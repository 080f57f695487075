// Package render turns a story's content into what is served: an HTML fragment and plain text. (Its Markdown is domain.Format.) It is pure, and it trusts
// nothing: a content that was never validated renders to harmless HTML too.
//
// The fragment is for a page whose h1 is the story's title; it begins at h2 and has neither script nor style. Each block is one element with the classes
// "block" and
//
//	block-text          section: paragraphs, headings h2 to h6, lists, tables (cells "align-right", "align-center"), code, "footnotes"
//	block-quote         figure: blockquote, figcaption with span "by" and span "role"
//	block-metric        section: p "metric-figure" with span "metric-value" and span "metric-unit", p "metric-label", p "metric-baseline", p "metric-period",
//	                    p "metric-sample", p "metric-method", p "metric-date"
//	block-before-after  section: div "before" and div "after", each with p "side" (the words "Before", "After" in the story's language) and paragraphs
//	block-image         figure: img, figcaption
//	block-video         section: a "video-link"
//	block-cta           section: a "cta-link"
package render

import (
	"html"
	"strconv"
	"strings"

	"renown.example/stories/domain"
)

// Options say what a fragment depends on besides the content.
type Options struct {
	// AssetURL returns the address of an image; nil means "/v1/assets/<sha256>".
	AssetURL func(asset string) string
	// AssetSize returns an image's width and height in pixels, zeros when unknown; nil means unknown. With it pages do not jump while images load.
	AssetSize func(asset string) (width, height int)
}

// HTML returns the body of a story.
func HTML(c domain.Content, o Options) string {
	return strings.Join(Blocks(c, o), "\n")
}

// Blocks returns the body block by block, in the order of c.Blocks; a block of unknown kind is empty. Joined by line breaks they are what HTML returns.
func Blocks(c domain.Content, o Options) []string {
	if o.AssetURL == nil {
		o.AssetURL = func(asset string) string { return "/v1/assets/" + asset }
	}
	p := page{options: o, locale: c.Locale, ids: map[string]int{}}
	out := make([]string, len(c.Blocks))
	for i, b := range c.Blocks {
		out[i] = strings.TrimSpace(sanitize(p.block(i, b)))
	}
	return out
}

// page is one rendering; ids are unique within it.
type page struct {
	options Options
	locale  string
	// ids counts how often each id was wanted.
	ids map[string]int
}

func (p *page) block(i int, b domain.Block) string {
	switch {
	case b.Text != nil:
		return element("section", "block block-text", p.prose(i, b.Text.Markdown))
	case b.Quote != nil:
		return quote(*b.Quote)
	case b.Metric != nil:
		return metric(*b.Metric)
	case b.BeforeAfter != nil:
		words := sidesIn(p.locale)
		return element("section", "block block-before-after",
			element("div", "before", element("p", "side", escape(words.before))+paragraphs(b.BeforeAfter.Before))+
				element("div", "after", element("p", "side", escape(words.after))+paragraphs(b.BeforeAfter.After)))
	case b.Image != nil:
		return p.image(*b.Image)
	case b.Video != nil:
		return element("section", "block block-video", link("video-link", "nofollow noopener", b.Video.URL, b.Video.Title))
	case b.CTA != nil:
		return element("section", "block block-cta", link("cta-link", "noopener", b.CTA.URL, b.CTA.Label))
	}
	return ""
}

func quote(q domain.Quote) string {
	var who string
	if q.By != "" {
		who = element("span", "by", escape(q.By))
	}
	if q.Role != "" {
		if who != "" {
			who += " "
		}
		who += element("span", "role", escape(q.Role))
	}
	if who != "" {
		who = "<figcaption>" + who + "</figcaption>"
	}
	return element("figure", "block block-quote", "<blockquote>"+paragraphs(q.Text)+"</blockquote>"+who)
}

func metric(m domain.Metric) string {
	figure := element("span", "metric-value", escape(m.Value))
	if m.Unit != "" {
		figure += " " + element("span", "metric-unit", escape(m.Unit))
	}
	s := element("p", "metric-figure", figure) + element("p", "metric-label", escape(m.Label))
	for _, about := range []struct{ class, words string }{
		{"metric-baseline", m.Baseline}, {"metric-period", m.Period}, {"metric-sample", m.Sample}, {"metric-method", m.Method}, {"metric-date", m.MeasuredOn},
	} {
		if about.words != "" {
			s += element("p", about.class, escape(about.words))
		}
	}
	return element("section", "block block-metric", s)
}

func (p *page) image(i domain.Image) string {
	var s strings.Builder
	s.WriteString(`<img src="` + escape(p.options.AssetURL(i.Asset)) + `" alt="` + escape(i.Alt) + `"`)
	if p.options.AssetSize != nil {
		if w, h := p.options.AssetSize(i.Asset); w > 0 && h > 0 {
			s.WriteString(` width="` + strconv.Itoa(w) + `" height="` + strconv.Itoa(h) + `"`)
		}
	}
	s.WriteString(` loading="lazy" decoding="async">`)
	if i.Caption != "" {
		s.WriteString("<figcaption>" + escape(i.Caption) + "</figcaption>")
	}
	return element("figure", "block block-image", s.String())
}

// link returns an anchor, or just the words when the address is none that a story may lead to.
func link(class, rel, url, words string) string {
	if !domain.AllowedAddress(url) {
		return "<p>" + escape(words) + "</p>"
	}
	return `<a class="` + class + `" href="` + escape(url) + `" rel="` + rel + `">` + escape(words) + "</a>"
}

// paragraphs renders a field of several lines: an empty line parts paragraphs, a line break stays one.
func paragraphs(text string) string {
	var s strings.Builder
	for part := range strings.SplitSeq(text, "\n\n") {
		if part = strings.Trim(part, "\n"); part != "" {
			s.WriteString("<p>" + strings.ReplaceAll(escape(part), "\n", "<br>") + "</p>")
		}
	}
	return s.String()
}

func element(name, class, inner string) string {
	return "<" + name + ` class="` + class + `">` + inner + "</" + name + ">"
}

func escape(s string) string { return html.EscapeString(s) }

// sides are the words over the two halves of a before/after block.
type sides struct{ before, after string }

// sidesIn returns the words in the story's language, in English where they are not known.
func sidesIn(locale string) sides {
	language, _, _ := strings.Cut(locale, "-")
	if w, ok := sideWords[language]; ok {
		return w
	}
	return sideWords["en"]
}

var sideWords = map[string]sides{
	"ar": {"قبل", "بعد"}, "cs": {"Předtím", "Potom"}, "da": {"Før", "Efter"}, "de": {"Vorher", "Nachher"}, "en": {"Before", "After"},
	"es": {"Antes", "Después"}, "fi": {"Ennen", "Jälkeen"}, "fr": {"Avant", "Après"}, "he": {"לפני", "אחרי"}, "it": {"Prima", "Dopo"},
	"ja": {"導入前", "導入後"}, "nb": {"Før", "Etter"}, "nl": {"Voorheen", "Nu"}, "no": {"Før", "Etter"}, "pl": {"Przedtem", "Potem"},
	"pt": {"Antes", "Depois"}, "ru": {"До", "После"}, "sv": {"Före", "Efter"}, "tr": {"Önce", "Sonra"}, "uk": {"До", "Після"}, "zh": {"之前", "之后"},
}
