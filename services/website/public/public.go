// Package public is the part of the website that everybody may read: the home page, the index of stories, the stories, and the
// page on which a customer reads and signs their own.
package public

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/ready"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

//go:embed pages/*.html pages/bare/*.html
var pageFiles embed.FS

//go:embed static
var staticFiles embed.FS

// Static are the style sheets and modules of the public pages, for web.NewAssets.
func Static() fs.FS {
	sub, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // the folder is in the binary
	}
	return sub
}

// Options is what the public pages need. All fields are required.
type Options struct {
	// API is the gateway, asked on nobody's behalf.
	API *api.Conn
	// Renderer must know Words and SignoffWords, and its assets Static.
	Renderer *web.Renderer
	// PublicURL is the site's own address without a slash at its end: canonical links must be absolute.
	PublicURL string
	// DefaultLocale is the language whose stories have addresses without a language in them.
	DefaultLocale string
	Clock         clock.Clock
	// Machine is the clock by which other parts start; nil means the system's.
	Machine clock.Clock
	Log     *slog.Logger
	// Settle is that of ready.Options: set where the gateway has several replicas.
	Settle time.Duration
	// Shared says what a cache in front may keep.
	Shared ready.Shared
}

// Site serves the public pages. It is safe for use by many requests at once.
type Site struct {
	Options
	paths   paths
	pages   *web.Pages
	bare    *web.Pages
	stories storiesv1.PublishedServiceClient
	located storiesv1.AddressesServiceClient
	holder  *ready.Holder
	counter *counter
	// fixed are the answers that say nothing of any story, by path.
	fixed map[string]http.Handler
}

// New parses the pages.
func New(o Options) (*Site, error) {
	sub, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		return nil, err
	}
	pages, err := o.Renderer.Parse(sub, web.Site)
	if err != nil {
		return nil, err
	}
	framed, err := fs.Sub(sub, "bare")
	if err != nil {
		return nil, err
	}
	bare, err := o.Renderer.Parse(framed, web.Bare)
	if err != nil {
		return nil, err
	}
	if o.Machine == nil {
		o.Machine = clock.System()
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	stories := storiesv1.NewPublishedServiceClient(o.API)
	s := &Site{Options: o, paths: paths{o.DefaultLocale}, pages: pages, bare: bare, stories: stories, located: storiesv1.NewAddressesServiceClient(o.API)}
	s.fixed = map[string]http.Handler{}
	s.counter = newCounter(o.API, o.Clock, o.Log)
	s.holder = ready.New(ready.Options{Clock: o.Clock, Problem: s.unable, Settle: o.Settle, Shared: o.Shared})
	if s.fixed["/embed.js"], err = s.component(); err != nil {
		return nil, err
	}
	s.fixed["/robots.txt"] = s.robots()
	return s, nil
}

// page is a finished answer, ready to be held: everything in it follows from what is published.
type page struct {
	status      int
	contentType string
	language    string
	location    string
	// header is what the answer says besides, such as who may read it.
	header http.Header
	body   []byte
	// names are what the page depends on, if that is less than what it was made of: see ready.Answer.Tags.
	names []string
	// until is the instant from which the page is no longer true by itself; zero is never.
	until time.Time
}

// build makes the answer for an address. Problems that a reader can do something about are pages too; the error is left for what
// must not be held: the gateway out of reach, or a fault of ours.
func (s *Site) build(ctx context.Context, address *url.URL) (*page, error) {
	if asset, ok := strings.CutPrefix(address.Path, "/images/"); ok {
		return s.buildImage(ctx, asset)
	}
	at := find(address.Path, s.DefaultLocale)
	var built *page
	var err error
	switch at.kind {
	case home:
		built, err = s.buildHome(ctx, at)
	case index:
		built, err = s.buildIndex(ctx, at, findingOf(address.Query()))
	case story:
		if query := address.Query(); query.Has(asOf) {
			built, err = s.buildPast(ctx, at, query.Get(asOf))
			break
		}
		built, err = s.buildStory(ctx, at)
	default:
		built, err = s.buildForMachines(ctx, at, address.Query())
	}
	if err == nil {
		return built, nil
	}
	return s.buildProblem(ctx, at, err)
}

// buildForMachines makes the answers that programs read.
func (s *Site) buildForMachines(ctx context.Context, at place, query url.Values) (*page, error) {
	switch at.kind {
	case asText:
		return s.buildText(ctx, at)
	case asFrame:
		return s.buildFrame(ctx, at)
	case asData:
		return s.buildData(ctx, at)
	case rssFeed, atomFeed, jsonFeed:
		return s.buildFeed(ctx, at)
	case forModels:
		return s.buildForModels(ctx, at)
	case sitemap:
		return s.buildSitemap(ctx)
	case sitemapPages:
		return s.buildSitemapPages(ctx)
	case sitemapPart:
		return s.buildSitemapPart(ctx, at.slug)
	case oembed:
		return s.buildOEmbed(ctx, query)
	}
	return nil, fault.NotFound.New("there is no page at this address")
}

// buildProblem makes the page for a refusal that stays true until something is published or withdrawn.
func (s *Site) buildProblem(ctx context.Context, at place, err error) (*page, error) {
	switch {
	case api.Is(err, fault.Moved):
		if slug := movedTo(err); slug != "" {
			return &page{status: http.StatusMovedPermanently, location: s.paths.of(at.kind, at.locale, slug), header: headerOf(at.kind)}, nil
		}
		return nil, err
	case api.Is(err, fault.Withdrawn):
		if at.kind.machines() {
			return refusal(at.kind, http.StatusGone, s.say(at.locale, "gone.title")), nil
		}
		return s.problemPage(ctx, http.StatusGone, at.locale, "gone.title", "gone.text", "gone.copies")
	case fault.Has(err, fault.NotFound), api.Is(err, fault.NotFound), api.Is(err, fault.InvalidArgument), api.Is(err, fault.PageTokenInvalid):
		if at.kind.machines() {
			return refusal(at.kind, http.StatusNotFound, s.say(at.locale, "missing.title")), nil
		}
		return s.problemPage(ctx, http.StatusNotFound, at.locale, "missing.title", "missing.text")
	}
	return nil, err
}

// movedTo is the slug to which a refusal leads on, or "".
func movedTo(err error) string {
	var p *api.Problem
	if !errors.As(err, &p) {
		return ""
	}
	return lastPart(p.Location)
}

func lastPart(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path[strings.LastIndex(u.Path, "/")+1:]
}

// buildImage passes on a picture that a published story shows.
func (s *Site) buildImage(ctx context.Context, asset string) (*page, error) {
	reply, err := s.stories.GetPublishedAsset(ctx, &storiesv1.GetPublishedAssetRequest{Asset: asset})
	if err != nil {
		return s.buildProblem(ctx, place{locale: s.DefaultLocale}, err)
	}
	return &page{status: http.StatusOK, contentType: pictureType(reply.GetBody().GetContentType()), body: reply.GetBody().GetData(), header: anywhere()}, nil
}

// pictureType is the media type that a picture is served with: nothing that could run is served from our origin as what it claims to be.
func pictureType(claimed string) string {
	switch claimed {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "image/avif":
		return claimed
	}
	return "application/octet-stream"
}

// styles are those of every public page; story.css holds the blocks of a story and serves the studio's preview as well.
var styles = []string{"story.css", "public.css"}

// render finishes a view as a page.
func (s *Site) render(status int, name string, v *web.View) (*page, error) {
	v.Styles = append(v.Styles, styles...)
	v.Home = s.paths.home(v.Locale)
	v.Nav = []web.NavItem{{Key: "stories", Label: s.say(v.Locale, "base.stories"), URL: s.paths.index(v.Locale)}}
	body, err := s.pages.Bytes(name, v)
	if err != nil {
		return nil, err
	}
	return &page{status: status, contentType: "text/html; charset=utf-8", language: v.Lang(), body: body}, nil
}

func (s *Site) say(locale, key string, args ...any) string {
	return s.Renderer.Say(locale, key, args...)
}
