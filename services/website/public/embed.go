package public

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/ready"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

//go:embed embed/embed.js
var componentSource string

var scriptComment = regexp.MustCompile(`(?m)^\s*//.*\n`)

// component is the script that makes <renown-story> known on the pages of others, in the colours of the theme. It says nothing of any story.
func (s *Site) component() (http.Handler, error) {
	light, dark, err := s.Renderer.Theme.Palettes()
	if err != nil {
		return nil, err
	}
	var colours []string
	for name, role := range map[string]web.Role{"ink": web.Ink, "ink2": web.Ink2, "paper": web.Paper, "paper2": web.Paper2, "line": web.Line, "accent": web.Accent} {
		colours = append(colours, fmt.Sprintf("%s: %q", name, light[role].Hex()+", "+dark[role].Hex()))
	}
	slices.Sort(colours)
	script := "const colours = { " + strings.Join(colours, ", ") + " };\n" + scriptComment.ReplaceAllString(componentSource, "")
	header := anywhere()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	return ready.Fixed(ready.Answer{Header: header, Body: []byte(script)}), nil
}

// embedding is what another site's page shows a story with: the component, and a link for those without scripts.
func (s *Site) embedding(canonical string) string {
	return fmt.Sprintf(`<script type="module" src="%s/embed.js"></script><renown-story src="%s"><a href="%[2]s">%[2]s</a></renown-story>`, s.PublicURL, canonical)
}

// card is what other sites show of a story: its headline and a passage that its customer agreed to be quoted with.
type card struct {
	URL      string `json:"url"`
	Lang     string `json:"lang"`
	Title    string `json:"title"`
	Customer string `json:"customer"`
	Text     string `json:"text"`
	Image    string `json:"image,omitempty"`
	Alt      string `json:"alt"`
	// Disclosure says what the customer was given for telling it.
	Disclosure string `json:"disclosure,omitempty"`
	// Read and From are said around it: what the link leads to, and whose site this is.
	Read string `json:"read"`
	From string `json:"from"`
}

func (s *Site) card(p *storiesv1.PublishedStory) card {
	summary := p.GetSummary()
	locale := summary.GetLocale()
	c := card{
		URL: s.PublicURL + s.paths.story(locale, summary.GetSlug()), Lang: locale, Title: summary.GetTitle(), Customer: summary.GetCustomer(), Text: p.GetExcerpts().GetEmbed(),
		Disclosure: p.GetDisclosure().GetText(), Read: s.say(locale, "index.read"), From: s.Renderer.Theme.Name,
	}
	if c.Text == "" {
		c.Text = summary.GetSummary()
	}
	if image := summary.GetImage(); image.GetAsset() != "" {
		c.Image, c.Alt = s.PublicURL+imagePath(plainOf(image.GetAsset(), summary.GetPicture()).GetAsset()), shownAlt(image)
	}
	return c
}

// shownAlt is what a picture says to those who do not see it.
func shownAlt(image *storiesv1.ImageBlock) string {
	if image.GetDecorative() {
		return ""
	}
	return image.GetAlt()
}

// buildData is what the web component shows.
func (s *Site) buildData(ctx context.Context, at place) (*page, error) {
	published, err := s.published(ctx, at)
	if err != nil {
		return nil, err
	}
	body, err := writeJSON(s.card(published))
	return &page{status: http.StatusOK, contentType: "application/json; charset=utf-8", language: published.GetSummary().GetLocale(), body: body, header: anywhere(), until: endOf(published), names: alone(published)}, err
}

// framed are the header fields of the one page that other sites may show in a frame.
func framed() http.Header {
	h := anywhere()
	h.Set("Content-Security-Policy", web.Policy{Ancestors: "*"}.String())
	return h
}

// buildFrame is a story as a page of another site shows it in a frame.
func (s *Site) buildFrame(ctx context.Context, at place) (*page, error) {
	published, err := s.published(ctx, at)
	if err != nil {
		return nil, err
	}
	c := s.card(published)
	c.Image = strings.TrimPrefix(c.Image, s.PublicURL)
	v := &web.View{Locale: c.Lang, Title: c.Title, Canonical: c.URL, NoIndex: true, Class: "embed-page", Data: c, Modules: []string{"js/embedded.js"}, Styles: []string{"embed.css"}}
	body, err := s.bare.Bytes("embed", v)
	if err != nil {
		return nil, err
	}
	return &page{status: http.StatusOK, contentType: "text/html; charset=utf-8", language: c.Lang, body: body, header: framed(), until: endOf(published), names: alone(published)}, nil
}

// endOf is the instant from which what is said of a story is no longer true by itself: it goes, or a figure's verification grows stale. Zero is never.
func endOf(p *storiesv1.PublishedStory) time.Time {
	var end time.Time
	for _, t := range append([]*timestamppb.Timestamp{p.GetNextChangeTime()}, stale(p)...) {
		if t != nil && (end.IsZero() || t.AsTime().Before(end)) {
			end = t.AsTime()
		}
	}
	return end
}

func stale(p *storiesv1.PublishedStory) []*timestamppb.Timestamp {
	var out []*timestamppb.Timestamp
	for _, v := range p.GetVerified() {
		out = append(out, v.GetStaleTime())
	}
	return out
}
