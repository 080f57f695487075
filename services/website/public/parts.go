package public

import (
	"bytes"
	"html/template"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// Part is one block of a story as a page shows it.
type Part struct {
	// Kind is "image", "metric", "quote" or "other".
	Kind string
	// Index is the block's position in the story, from 0: what comments refer to.
	Index int
	// HTML of the block, rendered and cleaned by the stories service when the text was saved. Of an image it is not used: that service
	// does not know where the site shows its pictures.
	HTML template.HTML
	// Loud marks the quote that carries weight.
	Loud   bool
	Figure Figure
	Picture
}

// Figure is a measured result with what is known of it beyond the words of the story.
type Figure struct {
	*storiesv1.MetricBlock
	// Verified says what a second person has looked at, nil if nobody has or that holds no longer.
	Verified *storiesv1.VerifiedMetric
	// Open shows how it was measured without being asked.
	Open bool
}

// Measured is the day on which it was measured, zero if the story does not say.
func (f Figure) Measured() time.Time {
	day, err := time.Parse(time.DateOnly, f.GetMeasuredOn())
	if err != nil {
		return time.Time{}
	}
	return day
}

// VerifiedUntil is on the last day on which the verification holds.
func (f Figure) VerifiedUntil() time.Time { return lastDay(f.Verified.GetStaleTime()) }

// Told reports whether there is more to say of it than its value, its baseline and its period.
func (f Figure) Told() bool {
	return f.Verified != nil || f.GetSample() != "" || f.GetMethod() != "" || f.GetMeasuredOn() != ""
}

// partsOf pairs the blocks with their HTML. The first quote is the one that carries weight.
func partsOf(blocks []*storiesv1.Block, fragments []string, kept album) []Part {
	parts := make([]Part, 0, len(blocks))
	quoted, pictured := false, false
	for i, b := range blocks {
		p := Part{Index: i, Kind: "other", HTML: template.HTML(fragments[i])}
		switch k := b.GetKind().(type) {
		case *storiesv1.Block_Quote:
			p.Kind, p.Loud = "quote", !quoted
			quoted = true
		case *storiesv1.Block_Metric:
			p.Kind, p.Figure = "metric", Figure{MetricBlock: k.Metric}
		case *storiesv1.Block_Image:
			p.Kind, p.Picture = "image", pictureOf(k.Image, kept.of(k.Image.GetAsset()), inStory, pictured)
			pictured = true
		}
		parts = append(parts, p)
	}
	return parts
}

// liftFigures takes the first figures, at most n, out of the parts: they stand under the headline.
func liftFigures(parts []Part, n int) (figures []Figure, rest []Part) {
	for _, p := range parts {
		if p.Kind == "metric" && len(figures) < n {
			figures = append(figures, p.Figure)
			continue
		}
		rest = append(rest, p)
	}
	return figures, rest
}

// split cuts the HTML of a whole body into that of its blocks: each block is one element. It reports false when the body does
// not have as many elements as the story has blocks.
func split(body string, blocks int) ([]string, bool) {
	nodes, err := html.ParseFragment(bytes.NewReader([]byte(body)), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		return nil, false
	}
	var out []string
	for _, n := range nodes {
		if n.Type != html.ElementNode {
			continue
		}
		var b bytes.Buffer
		if html.Render(&b, n) != nil {
			return nil, false
		}
		out = append(out, b.String())
	}
	return out, len(out) == blocks
}
