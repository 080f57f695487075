package public

import (
	"context"
	"encoding/xml"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"renown.example/kit/fault"
	"renown.example/website/api"
	"renown.example/website/web"
)

// The frame that another site is given to show a story in, in CSS pixels, where it does not ask for less.
const (
	frameWidth      = 640
	frameHeight     = 320
	frameHeightTall = 480
	// frameHeightGift is what the line takes that says what the customer was given.
	frameHeightGift = 48
	// tallBelow is the width below which the picture stands above the words.
	tallBelow = 520
)

// rich is an answer of oEmbed 1.0.
type rich struct {
	XMLName     xml.Name `json:"-" xml:"oembed"`
	Version     string   `json:"version" xml:"version"`
	Type        string   `json:"type" xml:"type"`
	Title       string   `json:"title" xml:"title"`
	Provider    string   `json:"provider_name" xml:"provider_name"`
	ProviderURL string   `json:"provider_url" xml:"provider_url"`
	// CacheAge 0 asks that nothing be kept: the story may be taken back.
	CacheAge        int    `json:"cache_age" xml:"cache_age"`
	HTML            string `json:"html" xml:"html"`
	Width           int    `json:"width" xml:"width"`
	Height          int    `json:"height" xml:"height"`
	Thumbnail       string `json:"thumbnail_url,omitempty" xml:"thumbnail_url,omitempty"`
	ThumbnailWidth  int    `json:"thumbnail_width,omitempty" xml:"thumbnail_width,omitempty"`
	ThumbnailHeight int    `json:"thumbnail_height,omitempty" xml:"thumbnail_height,omitempty"`
}

// oembedKey stands for everything in the query on which an answer depends.
func oembedKey(q url.Values) string {
	asked := url.Values{}
	for _, name := range []string{"url", "format", "maxwidth", "maxheight"} {
		asked.Set(name, q.Get(name))
	}
	return asked.Encode()
}

// buildOEmbed answers for the address of a story: 404 for what is none, 410 where it was withdrawn, 501 for a format that there is not.
func (s *Site) buildOEmbed(ctx context.Context, q url.Values) (*page, error) {
	format := q.Get("format")
	if format != "" && format != "json" && format != "xml" {
		return refusal(oembed, http.StatusNotImplemented, "The formats are json and xml."), nil
	}
	maxWidth, err := bound(q, "maxwidth")
	if err != nil {
		return refusal(oembed, http.StatusBadRequest, err.Error()), nil
	}
	maxHeight, err := bound(q, "maxheight")
	if err != nil {
		return refusal(oembed, http.StatusBadRequest, err.Error()), nil
	}
	at, err := s.storyAt(q.Get("url"))
	if err != nil {
		return nil, err
	}
	published, err := s.published(ctx, at)
	if api.Is(err, fault.Moved) {
		at.slug = movedTo(err)
		published, err = s.published(ctx, at)
	}
	if err != nil {
		return nil, err
	}
	card := s.card(published)
	out := rich{Version: "1.0", Type: "rich", Title: card.Title, Provider: s.Renderer.Theme.Name, ProviderURL: s.PublicURL + "/", Width: frameWidth, Height: frameHeight}
	if maxWidth > 0 {
		out.Width = min(out.Width, maxWidth)
	}
	if out.Width < tallBelow && card.Image != "" {
		out.Height = frameHeightTall
	}
	if card.Disclosure != "" {
		out.Height += frameHeightGift
	}
	if maxHeight > 0 {
		out.Height = min(out.Height, maxHeight)
	}
	summary := published.GetSummary()
	out.HTML = fmt.Sprintf(`<iframe src="%s" width="%d" height="%d" title="%s" frameborder="0" loading="lazy"></iframe>`,
		template.HTMLEscapeString(s.PublicURL+s.paths.of(asFrame, summary.GetLocale(), summary.GetSlug())), out.Width, out.Height, template.HTMLEscapeString(card.Title))
	shared := s.shared(published)
	if fits(shared.Width, maxWidth) && fits(shared.Height, maxHeight) {
		out.Thumbnail, out.ThumbnailWidth, out.ThumbnailHeight = shared.URL, shared.Width, shared.Height
	}
	p := &page{status: http.StatusOK, contentType: "application/json; charset=utf-8", header: anywhere(), until: endOf(published), names: alone(published)}
	if format == "xml" {
		p.contentType = "text/xml; charset=utf-8"
		p.body, err = writeXML(out)
	} else {
		p.body, err = writeJSON(out)
	}
	return p, err
}

func fits(size, most int) bool { return size > 0 && (most == 0 || size <= most) }

// bound reads a largest size of the query; 0 is none.
func bound(q url.Values, name string) (int, error) {
	text := q.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%s is a number of pixels", name)
	}
	return int(n), nil
}

// storyAt is the place of a story by its absolute address; what stands behind a question mark or a hash there is no part of it.
func (s *Site) storyAt(address string) (place, error) {
	none := fault.NotFound.New("there is no story at this address")
	rest, ok := strings.CutPrefix(address, s.PublicURL)
	if !ok {
		return place{}, none
	}
	u, err := url.Parse(rest)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return place{}, none
	}
	path := u.Path
	if to := s.tidy(path); to != "" {
		path = to
	}
	at := find(path, s.DefaultLocale)
	if at.kind != story && at.kind != asFrame {
		return place{}, none
	}
	return at, nil
}

// oembedLinks tell sites that want to show the story where they learn how.
func (s *Site) oembedLinks(canonical, title string) []web.HeadLink {
	at := s.PublicURL + "/oembed?format=%s&url=" + url.QueryEscape(canonical)
	return []web.HeadLink{
		{Rel: "alternate", Type: "application/json+oembed", Title: title, URL: strings.Replace(at, "%s", "json", 1)},
		{Rel: "alternate", Type: "text/xml+oembed", Title: title, URL: strings.Replace(at, "%s", "xml", 1)},
	}
}
