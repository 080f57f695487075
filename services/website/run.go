package website

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/daemon"
	"renown.example/kit/ready"
	"renown.example/kit/run"
	"renown.example/kit/telemetry"
	"renown.example/website/api"
	"renown.example/website/signin"
	"renown.example/website/web"
)

// Settings is how a website of its own process is started; config.Load fills it from flags, variables and a file.
type Settings struct {
	Website          string       `help:"Address the website listens on." default:"127.0.0.1:8080"`
	Gateway          string       `help:"Address of the gateway's REST interface." default:"http://127.0.0.1:8081"`
	PublicURL        string       `name:"public-url" help:"The website's address as people type it, such as https://stories.example.com." default:"http://127.0.0.1:8080"`
	Theme            string       `help:"Theme file; without one the site looks like Renown." placeholder:"FILE"`
	DefaultLocale    string       `help:"Language whose stories have addresses without a language in them." default:"en"`
	OIDCIssuer       string       `name:"oidc-issuer" help:"Identity provider that employees sign in with." placeholder:"URL"`
	OIDCClientID     string       `name:"oidc-client-id" help:"Client id from the identity provider."`
	OIDCClientSecret string       `name:"oidc-client-secret" help:"Client secret from the identity provider."`
	OIDCScopes       []string     `name:"oidc-scopes" help:"What to ask of the identity provider; openid, profile, email and groups if nothing is given." placeholder:"SCOPE"`
	CookieSecret     string       `help:"At least 32 bytes that the replicas of one website share."`
	Admin            string       `help:"Address for metrics and profiles; never a public one. Empty means none." default:"127.0.0.1:9080"`
	Shared           ready.Shared `embed:"" prefix:"shared-"`
	LogFormat        string       `help:"json or text." enum:"json,text" default:"json"`
	LogLevel         slog.Level   `help:"debug, info, warn or error." default:"info"`
}

// SignIn is the part of the settings that says with which identity provider employees sign in.
func (s Settings) SignIn() signin.Config {
	return signin.Config{PublicURL: s.PublicURL, Issuer: s.OIDCIssuer, ClientID: s.OIDCClientID, ClientSecret: s.OIDCClientSecret, Scopes: s.OIDCScopes,
		CookieSecret: []byte(s.CookieSecret)}
}

// How long a connection may take. Uploads of a whole folder of stories pass through, so bodies have two minutes.
const (
	headerWithin = 5 * time.Second
	bodyWithin   = 2 * time.Minute
	answerWithin = 150 * time.Second
	idleFor      = 2 * time.Minute
	drainWithin  = 15 * time.Second
	maxHeader    = 32 << 10
)

// Run serves the website until ctx ends and then lets running requests finish. The error says which setting is wrong or which
// address could not be taken.
func Run(ctx context.Context, s Settings) error {
	tel, err := telemetry.New(ctx, telemetry.Options{Service: "website", Format: s.LogFormat, Level: s.LogLevel})
	if err != nil {
		return err
	}
	theme, err := web.LoadTheme(s.Theme)
	if err != nil {
		return err
	}
	site, err := New(Options{API: api.New(s.Gateway, nil), Theme: theme, PublicURL: s.PublicURL, DefaultLocale: s.DefaultLocale, Telemetry: tel, SignIn: s.SignIn(), Settle: ready.Settled, Shared: s.Shared})
	if err != nil {
		return err
	}
	program := run.New(run.Options{Clock: clock.System(), Logger: tel.Logger})
	program.Add(run.Part{Name: "telemetry", Stop: tel.Shutdown})
	program.Add(run.Part{Name: "revisions", Serve: func(ctx context.Context) error { site.Run(ctx); return ctx.Err() }})
	if s.Admin != "" {
		program.Add(listen("admin", s.Admin, tel.AdminHandler(program.Ready)))
	}
	program.Add(listen("website", s.Website, site))
	return program.Run(ctx)
}

// Server is an HTTP server with bounds on how long a client may take.
func Server(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: headerWithin, ReadTimeout: bodyWithin, WriteTimeout: answerWithin, IdleTimeout: idleFor, MaxHeaderBytes: maxHeader}
}

// listen is a part that serves on an address and drains when it is its turn to stop.
func listen(name, address string, h http.Handler) run.Part {
	var l net.Listener
	return daemon.Listening(name, address, &l, func(ctx context.Context) error { return daemon.ServeWith(ctx, l, Server(h), drainWithin) })
}
