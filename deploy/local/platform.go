package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"

	"renown.example/deploy/demo"
	"renown.example/deploy/idp"
	"renown.example/gateway"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/daemon"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/run"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/loyalty"
	"renown.example/partners"
	"renown.example/stories"
	"renown.example/website"
	"renown.example/website/api"
	"renown.example/website/signin"
	"renown.example/website/web"
)

// platform is everything in one process, in the order in which it starts.
type platform struct {
	settings
	console *console
	tel     *telemetry.Telemetry
	program *run.Program
	folder  *folder
	key     auth.PrivateKey
	minter  *auth.Minter

	websiteListener, apiListener, adminListener net.Listener
	publicURL, apiURL                           string

	theme    web.Theme
	provider *idp.Process
	partners *partners.Service
	stories  *stories.Service
	loyalty  *loyalty.Service
	// shop is the loyalty service's clock while the past of the demo's shop is played, nil otherwise; before shopCurtain is drawn nobody is let in.
	shop        *stage
	shopCurtain *curtain
	// stage is the stories' clock while the demo's history is played, nil otherwise.
	stage    *stage
	curtain  *curtain
	gateway  *gateway.Gateway
	site     *website.Site
	progress atomic.Value // string
	// shopProgress is the same of the shop.
	shopProgress atomic.Value
	loaded       atomic.Bool
	// end ends the program by itself, and verdict is what it found.
	end     context.CancelFunc
	verdict error
}

// start runs the platform until ctx ends or a part of it fails.
func start(ctx context.Context, s settings, c *console) error {
	if err := s.check(); err != nil {
		return err
	}
	if s.DryRun {
		end, err := s.rehearse()
		if err != nil {
			return err
		}
		defer end()
	}
	tel, err := telemetry.New(ctx, telemetry.Options{Service: "renown", Format: s.LogFormat, Level: s.LogLevel})
	if err != nil {
		return err
	}
	p := &platform{settings: s, console: c, tel: tel}
	p.program = run.New(run.Options{Clock: clock.System(), Logger: tel.Logger, StopWithin: s.StopWithin})
	p.progress.Store("it has not begun")
	p.shopProgress.Store("it has not begun")
	for _, part := range []run.Part{
		{Name: "telemetry", Stop: tel.Shutdown},
		{Name: "data", Start: p.openData, Stop: func(context.Context) error { return p.folder.close() }},
		{Name: "addresses", Start: p.listen, Stop: p.closeListeners},
		{Name: "identity provider", Start: p.startProvider, Serve: p.watchProvider, Stop: p.stopProvider},
		{Name: "partners", Start: p.openPartners, Serve: func(ctx context.Context) error { p.partners.Run(ctx); return ctx.Err() },
			Stop: func(context.Context) error { return p.partners.Close() }},
		{Name: "loyalty", Start: p.openLoyalty, Serve: p.runLoyalty,
			Stop: func(context.Context) error { return p.loyalty.Close() }},
		{Name: "stories", Start: p.openStories, Serve: func(ctx context.Context) error { p.stories.Run(ctx); return ctx.Err() },
			Stop: func(context.Context) error { return p.stories.Close() }},
		{Name: "gateway", Start: p.openGateway, Serve: func(ctx context.Context) error { return p.gateway.Serve(ctx, p.apiListener, s.StopWithin) }},
		{Name: "website", Start: p.openWebsite, Serve: p.serveWebsite},
		{Name: "admin", Serve: func(ctx context.Context) error {
			return daemon.ServeHTTP(ctx, p.adminListener, tel.AdminHandler(func() bool { return p.gateway.Ready(ctx) }), s.StopWithin)
		}},
		{Name: "contents", Serve: p.contents},
	} {
		p.program.Add(part)
	}
	ctx, p.end = context.WithCancel(ctx)
	defer p.end()
	if err := p.program.Run(ctx); err != nil {
		return err
	}
	return p.verdict
}

func (p *platform) openData(context.Context) error {
	var err error
	if p.folder, err = openFolder(p.Data, p.Demo); err != nil {
		return err
	}
	if p.key, err = p.folder.identityKey(); err == nil {
		p.minter, err = auth.NewMinter(clock.System(), p.key)
	}
	if err == nil && p.Demo {
		err = errors.Join(p.dressUp(), p.clearShop())
	}
	if err == nil {
		if p.theme, err = web.LoadTheme(p.Theme); err != nil {
			err = fault.Invalid("theme", "%v.", err)
		}
	}
	if err != nil {
		return errors.Join(err, p.folder.close())
	}
	return nil
}

// dressUp sets what the demo company brings.
func (p *platform) dressUp() error {
	dir := filepath.Join(p.folder.path, "theme")
	if err := copyFiles(demo.Theme(), dir); err != nil {
		return fmt.Errorf("the demo's theme: %w", err)
	}
	p.Theme, p.Locales, p.GroupRoles = filepath.Join(dir, "theme.json"), []string{"en", "de"}, idp.GroupRoles
	return nil
}

// listen takes the addresses before anything else is begun, so that one that is taken stops the start at once.
func (p *platform) listen(ctx context.Context) error {
	var config net.ListenConfig
	for _, a := range []struct {
		flag, address string
		at            *net.Listener
	}{{"website", p.Website, &p.websiteListener}, {"api", p.API, &p.apiListener}, {"admin", p.Admin, &p.adminListener}} {
		l, err := config.Listen(ctx, "tcp", a.address)
		if err != nil {
			refusal := fault.Invalid(a.flag, "Nobody can listen on %s: %v. Another program may have it; name another address.", a.address, cause(err))
			return errors.Join(refusal, p.closeListeners(ctx))
		}
		*a.at = l
	}
	if p.publicURL = p.PublicURL; p.publicURL == "" {
		p.publicURL = "http://" + p.websiteListener.Addr().String()
	}
	if p.apiURL = p.APIURL; p.apiURL == "" {
		p.apiURL = "http://" + p.apiListener.Addr().String()
	}
	return nil
}

// cause leaves out of a socket's error what the sentence around it says already.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func (p *platform) closeListeners(context.Context) error {
	var errs []error
	for _, l := range []net.Listener{p.websiteListener, p.apiListener, p.adminListener} {
		if l == nil {
			continue
		}
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (p *platform) openPartners(ctx context.Context) error {
	var err error
	p.partners, err = partners.New(ctx, partners.Config{
		Config: p.engine(), IdentityKeys: []auth.PublicKey{p.key.Public()}, GroupRoles: p.GroupRoles,
		OIDC: partners.OIDC{Issuer: p.OIDC.Issuer, ClientID: p.OIDC.ClientID, GroupsClaim: p.OIDC.GroupsClaim},
	}, partners.Deps{Clock: clock.System(), Telemetry: p.tel})
	return err
}

func (p *platform) engine() engine.Config {
	return engine.Config{Data: p.folder.path, MongoDBURI: p.MongoDBURI}
}

// openStories opens the stories, in the past if the demo's history is still to be played.
func (p *platform) openStories(ctx context.Context) error {
	clk := clock.System()
	if p.Demo && !p.folder.Loaded {
		p.stage = newStage(clk, beforeHistory(clk.Now()))
		clk = p.stage
	}
	company := p.Company
	if company == "" {
		company = p.theme.Name
	}
	light, _, err := p.theme.Palettes()
	if err != nil {
		return err
	}
	p.stories, err = stories.New(ctx, stories.Config{
		Config: p.engine(), IdentityKeys: []auth.PublicKey{p.key.Public()}, Company: company, WebsiteURL: p.publicURL, Locales: p.Locales, Spare: stories.UsualSpare, SMTP: p.SMTP, Purge: p.Purge,
		Fonts: p.Fonts, Accent: light[web.Accent].Hex(),
	}, stories.Deps{Clock: clk, Telemetry: p.tel, Loyalty: foyer{rpc.ActingAs(p.loyalty.Conn(), p.minter, stories.Part), p.shopCurtain.drawn}})
	return err
}

// openLoyalty opens the points, in the past if that of the demo's shop is still to be played.
func (p *platform) openLoyalty(ctx context.Context) error {
	clk := clock.System()
	if p.Demo && p.folder.Shop == shopPlaying {
		p.shop = newStage(clk, beforeHistory(clk.Now()))
		p.shop.still, clk = true, p.shop
	}
	var err error
	p.loyalty, err = loyalty.New(ctx, loyalty.Config{
		Config: p.engine(), IdentityKeys: []auth.PublicKey{p.key.Public()}, Currency: p.Currency, TimeZone: p.TimeZone, WebsiteURL: p.publicURL,
	}, loyalty.Deps{Clock: clk, Telemetry: p.tel})
	if err != nil {
		return err
	}
	p.shopCurtain = newCurtain(p.loyalty.Conn(), func() string { return p.shopProgress.Load().(string) })
	if p.shop == nil {
		p.shopCurtain.draw()
	}
	return nil
}

// runLoyalty lets happen what happens by itself, once the past is over: until then it happens day by day.
func (p *platform) runLoyalty(ctx context.Context) error {
	select {
	case <-p.shopCurtain.drawn:
		p.loyalty.Run(ctx)
	case <-ctx.Done():
	}
	return ctx.Err()
}

func (p *platform) openGateway(context.Context) error {
	p.curtain = newCurtain(p.stories.Conn(), func() string { return p.progress.Load().(string) })
	if p.stage == nil {
		p.curtain.draw()
	}
	p.loaded.Store(p.stage == nil)
	var err error
	p.gateway, err = gateway.New(gateway.Options{
		Stories: p.curtain, Partners: p.partners.Conn(), Loyalty: p.shopCurtain, Minter: p.minter, Telemetry: p.tel, PublicURL: p.apiURL, Origins: p.Origin,
		Shared: p.Shared, TrustedProxies: append(p.TrustedProxy, loopbackNetworks...), Limits: gateway.Limits{Credential: p.Quota, Anonymous: p.QuotaAddress}, Ready: func() bool { return p.program.Ready() && p.loaded.Load() },
	})
	return err
}

// loopbackNetworks are where the website calls from: it says who its reader is.
var loopbackNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

func (p *platform) openWebsite(context.Context) error {
	key, err := p.folder.websiteKey()
	if err != nil {
		return err
	}
	p.site, err = website.New(website.Options{
		API: api.New("http://"+reachable(p.apiListener), nil), Theme: p.theme, PublicURL: p.publicURL, DefaultLocale: p.Locales[0], Shared: p.Shared, Telemetry: p.tel,
		SignIn: signin.Config{PublicURL: p.publicURL, Issuer: p.OIDC.Issuer, ClientID: p.OIDC.ClientID, ClientSecret: p.OIDC.ClientSecret, Scopes: p.OIDC.Scopes, CookieSecret: key},
	})
	return err
}

// reachable is the address of a listener as this machine reaches it.
func reachable(l net.Listener) string {
	at := l.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		return fmt.Sprintf("127.0.0.1:%d", at.Port)
	}
	return at.String()
}

func (p *platform) serveWebsite(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	var run sync.WaitGroup
	run.Go(func() { p.site.Run(running) })
	defer run.Wait()
	defer stop()
	return daemon.ServeHTTP(ctx, p.websiteListener, p.site, p.StopWithin)
}
