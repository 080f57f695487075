// Package website puts the areas of Renown's website together: the public pages, the studio and the sign-in, over one design
// system and one REST connection.
package website

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/ready"
	"renown.example/kit/telemetry"
	"renown.example/website/api"
	"renown.example/website/points"
	"renown.example/website/public"
	"renown.example/website/signin"
	"renown.example/website/studio"
	"renown.example/website/web"
)

// Options is what a website needs.
type Options struct {
	// API is the gateway's REST interface.
	API *api.Conn
	// Theme makes the site the company's own; the zero value is Renown's.
	Theme web.Theme
	// PublicURL is the site's own address as people type it, without a path.
	PublicURL string
	// DefaultLocale is the language without a language in its addresses; empty is "en".
	DefaultLocale string
	// SignIn says with which identity provider employees sign in. Its PublicURL is taken from above when empty.
	SignIn signin.Config
	// Settle is how long pages about something that has just changed are not kept: ready.Settled where the gateway has several replicas.
	Settle time.Duration
	// Shared says what a cache in front may keep of the public pages.
	Shared ready.Shared
	// Clock: nil is the machine's.
	Clock clock.Clock
	// Telemetry takes log, metrics and spans; nil is a log to standard error alone.
	Telemetry *telemetry.Telemetry
	log       *slog.Logger
}

func (o *Options) fill() error {
	if o.Theme.Name == "" {
		o.Theme = web.DefaultTheme()
	}
	if o.DefaultLocale == "" {
		o.DefaultLocale = "en"
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	if o.SignIn.PublicURL == "" {
		o.SignIn.PublicURL = o.PublicURL
	}
	if o.Telemetry == nil {
		var err error
		if o.Telemetry, err = telemetry.New(context.Background(), telemetry.Options{Service: "website"}); err != nil {
			return err
		}
	}
	o.log = o.Telemetry.Logger
	return nil
}

// Site is the whole website.
type Site struct {
	handler   http.Handler
	public    *public.Site
	revisions ready.Source
}

// New assembles the website. The error names the part that could not be made; nothing is asked of the gateway yet.
func New(o Options) (*Site, error) {
	if err := o.fill(); err != nil {
		return nil, fmt.Errorf("website: telemetry: %w", err)
	}
	assets, err := web.NewAssets(o.Theme, public.Static(), points.Static(), studio.Assets(), signin.Assets())
	if err != nil {
		return nil, fmt.Errorf("website: assets: %w", err)
	}
	renderer, err := web.NewRenderer(o.Theme, assets, public.Words, public.SignoffWords, points.Words)
	if err != nil {
		return nil, fmt.Errorf("website: words: %w", err)
	}
	open, err := public.New(public.Options{API: o.API, Renderer: renderer, PublicURL: o.PublicURL, DefaultLocale: o.DefaultLocale, Clock: o.Clock, Log: o.log, Settle: o.Settle, Shared: o.Shared})
	if err != nil {
		return nil, fmt.Errorf("website: public pages: %w", err)
	}
	own, err := points.New(points.Options{API: o.API, Renderer: renderer, DefaultLocale: o.DefaultLocale, Clock: o.Clock, Log: o.log})
	if err != nil {
		return nil, fmt.Errorf("website: members' pages: %w", err)
	}
	work, err := studio.New(o.API, renderer, o.Clock, o.log)
	if err != nil {
		return nil, fmt.Errorf("website: studio: %w", err)
	}
	door, err := signin.New(o.SignIn, o.API, renderer, o.Clock, o.log)
	if err != nil {
		return nil, fmt.Errorf("website: sign-in: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/static/", web.Secure(web.Policy{}, assets))
	mux.Handle("/points/", own.Handler())
	mux.Handle("/studio", work.Handler())
	mux.Handle("/studio/", work.Handler())
	for _, path := range []string{"/signin", "/signin/", "/signout"} {
		mux.Handle(path, door.Handler())
	}
	mux.Handle("/", open.Handler())
	requests, err := telemetry.NewRequests(o.Telemetry, "website", "page")
	if err != nil {
		return nil, fmt.Errorf("website: metrics: %w", err)
	}
	return &Site{handler: &watch{next: mux, clock: o.Clock, log: o.log, requests: requests}, public: open, revisions: o.API.Revisions()}, nil
}

// Run does what happens by itself until ctx ends: it drops held pages as the gateway tells of changes, and sends on how stories are read. Until it is called every
// page is made anew for every request.
func (s *Site) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { s.public.Follow(ctx, s.revisions) })
	all.Go(func() { s.public.Count(ctx) })
	all.Wait()
}

// ServeHTTP answers for the whole website.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }
