package main

import (
	"context"
	"fmt"
	"net"
	"path"
	"runtime/debug"

	"renown.example/deploy/idp"
	"renown.example/gateway"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/telemetry"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	"renown.example/website/api"
	"renown.example/website/signin"
)

// contents brings in what the folder lacks and tells the person at the terminal how to go on. Then it waits for the end.
func (p *platform) contents(ctx context.Context) error {
	secret := ""
	if p.stage != nil {
		if err := p.loadDemo(ctx); err != nil {
			return fmt.Errorf("the demo company: %w", err)
		}
	}
	if p.Demo && !p.folder.Loaded {
		var err error
		if secret, err = p.partnerKey(ctx); err != nil {
			return fmt.Errorf("the demo's partner key: %w", err)
		}
	}
	p.loaded.Store(true)
	if p.Import != "" {
		if err := p.importFolder(ctx); err != nil {
			return err
		}
		if p.DryRun {
			p.end()
			<-ctx.Done()
			return ctx.Err()
		}
	}
	if err := p.welcome(ctx, secret); err != nil {
		return err
	}
	if p.Demo && !p.folder.Loaded {
		// Only now: a key that nobody has seen is made again.
		p.folder.Loaded = true
		if err := p.folder.save(); err != nil {
			return err
		}
	}
	if p.shop != nil {
		p.awaitFirstPage(ctx)
		if err := p.loadShop(ctx); err != nil {
			return fmt.Errorf("the demo's shop: %w", err)
		}
	}
	if err := p.showShop(ctx); err != nil {
		return err
	}
	// What loading took is garbage, and a process that does little from now on would not collect it for minutes.
	debug.FreeOSMemory()
	<-ctx.Done()
	return ctx.Err()
}

// loadingGarbage is how much may be garbage while something is loaded, in percent of what is in use: pictures come and go by megabytes, and little is in use yet.
const loadingGarbage = 400

// loadDemo plays the demo's history and then lets the stories join the present.
func (p *platform) loadDemo(ctx context.Context) error {
	defer debug.SetGCPercent(debug.SetGCPercent(loadingGarbage))
	scenes, err := readScript(clock.System().Now())
	if err != nil {
		return err
	}
	rest, leave, err := p.openStage(ctx)
	if err != nil {
		return err
	}
	defer leave()
	d := &director{stage: p.stage, rest: rest, people: p.people().open, progress: func(done, total int, story string) {
		p.progress.Store(fmt.Sprintf("%d of %d texts", done, total))
		p.console.progress("the demo company", "texts", done, total, story)
	}}
	if err := d.play(ctx, scenes); err != nil {
		return err
	}
	if err := d.readers(ctx, clock.System().Now()); err != nil {
		return err
	}
	p.stage.join()
	p.curtain.draw()
	return nil
}

func (p *platform) people() people {
	return people{issuer: p.OIDC.Issuer, clientSecret: p.OIDC.ClientSecret, publicURL: p.publicURL}
}

// openStage starts a private gateway that lives in the stories' time, and returns a connection to it and what ends it.
func (p *platform) openStage(ctx context.Context) (*api.Conn, func(), error) {
	// What the stage's gateway logs has dates of the past; the services log each call themselves.
	quiet, err := telemetry.New(ctx, telemetry.Options{Service: "stage", Level: 99})
	if err != nil {
		return nil, nil, err
	}
	minter, err := auth.NewMinter(p.stage, p.key)
	if err != nil {
		return nil, nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	address := "http://" + l.Addr().String()
	g, err := gateway.New(gateway.Options{
		Stories: p.stories.Conn(), Partners: presentTime{p.partners.Conn(), auth.NewVerifier(p.stage, p.key.Public()), p.minter},
		Minter: minter, Clock: p.stage, Telemetry: quiet, PublicURL: address,
	})
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- g.Serve(serving, l, p.StopWithin) }()
	return api.New(address, nil), func() {
		stop()
		if err := <-ended; err != nil {
			p.tel.Logger.Warn("the stage's gateway did not stop well", "error", err)
		}
	}, nil
}

const (
	demoApp     = "holmway-intranet"
	demoKeyName = "Shown at the first start"
)

// partnerKey registers the demo's partner and makes its key. A key that was made before the start was broken off has been seen by nobody: it is revoked.
func (p *platform) partnerKey(ctx context.Context) (string, error) {
	rest := api.New("http://"+reachable(p.apiListener), nil)
	session, err := p.people().open(ctx, rest, admin)
	if err != nil {
		return "", err
	}
	as := rest.As(api.Session(session.GetToken()))
	defer func() {
		// As in play: it ends by its time.
		_, _ = partnersv1.NewSessionsServiceClient(as).RevokeSession(context.WithoutCancel(ctx), &partnersv1.RevokeSessionRequest{Session: "current"})
	}()
	apps := partnersv1.NewAppsServiceClient(as)
	_, err = apps.CreateApp(ctx, &partnersv1.CreateAppRequest{AppId: demoApp, DisplayName: "Holmway's intranet"}, api.IdempotencyKey("demo-app"))
	if err != nil && !api.Is(err, fault.AlreadyExists) {
		return "", err
	}
	there, err := apps.ListKeys(ctx, &partnersv1.ListKeysRequest{App: demoApp})
	if err != nil {
		return "", err
	}
	for _, k := range there.GetKeys() {
		if k.GetRevokeTime() != nil || k.GetDisplayName() != demoKeyName {
			continue
		}
		if _, err := apps.RevokeKey(ctx, &partnersv1.RevokeKeyRequest{App: demoApp, Key: path.Base(k.GetName())}); err != nil {
			return "", err
		}
	}
	made, err := apps.CreateKey(ctx, &partnersv1.CreateKeyRequest{App: demoApp, DisplayName: demoKeyName, Scopes: []string{"stories.read", "stories.write", "loyalty.read", "loyalty.write"}, Test: true})
	return made.GetSecret(), err
}

// welcome tells how to go on.
func (p *platform) welcome(ctx context.Context, secret string) error {
	c := p.console
	c.addresses(p)
	if p.Demo {
		c.demo(p, idp.DemoUsers(demoDomain), secret)
		return nil
	}
	config := signin.Config{PublicURL: p.publicURL, Issuer: p.OIDC.Issuer, ClientID: p.OIDC.ClientID, ClientSecret: p.OIDC.ClientSecret, Scopes: p.OIDC.Scopes}
	findings := signin.CheckProvider(ctx, config)
	if len(config.Missing()) > 0 {
		c.missing(findings)
		return nil
	}
	token, err := p.partners.Partners.PrepareSetup(ctx)
	if err != nil {
		return err
	}
	c.setup(p.publicURL, token, findings)
	return nil
}
