package public

import (
	"bytes"
	"context"
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

// Picture is an image with where its bytes are and, when known, its size in pixels, so that nothing moves when it arrives.
type Picture struct {
	Image         *storiesv1.ImageBlock
	Src           string
	Width, Height int
	Lazy          bool
}

// sizer tells how large a picture is, in pixels; zeros when that is not known.
type sizer func(ctx context.Context, asset string) (width, height int)

// partsOf pairs the blocks with their HTML. The first quote is the one that carries weight.
func partsOf(ctx context.Context, blocks []*storiesv1.Block, fragments []string, size sizer) []Part {
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
			p.Kind, p.Picture = "image", pictureOf(ctx, k.Image, size, pictured)
			pictured = true
		}
		parts = append(parts, p)
	}
	return parts
}

func pictureOf(ctx context.Context, image *storiesv1.ImageBlock, size sizer, lazy bool) Picture {
	if image.GetAsset() == "" {
		return Picture{}
	}
	p := Picture{Image: image, Src: "/images/" + image.GetAsset(), Lazy: lazy}
	if size != nil {
		p.Width, p.Height = size(ctx, image.GetAsset())
	}
	return p
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
