package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"google.golang.org/grpc"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/ready"
	"renown.example/kit/rpc"
	"renown.example/kit/run"
	"renown.example/kit/telemetry"
)

// Settings are those of the gateway's own binary: flags, environment and file alike.
type Settings struct {
	API          string          `name:"api" help:"Address on which REST is served." default:"127.0.0.1:8081"`
	Admin        string          `help:"Address for metrics and profiles; never a public one. Empty means none." default:"127.0.0.1:9081"`
	PublicURL    string          `name:"public-url" help:"Address under which callers reach REST." default:"http://127.0.0.1:8081"`
	StoriesAddr  string          `name:"stories-addr" help:"Where the stories service listens, host:port or a gRPC address." default:"127.0.0.1:9001"`
	PartnersAddr string          `name:"partners-addr" help:"Where the partners service listens, host:port or a gRPC address." default:"127.0.0.1:9002"`
	LoyaltyAddr  string          `name:"loyalty-addr" help:"Where the loyalty service listens, host:port or a gRPC address; empty where there is none." default:"127.0.0.1:9003"`
	IdentityKey  auth.PrivateKey `name:"identity-key" help:"Private key that signs identity tokens. The services hold its public half." placeholder:"rnpriv_..." required:""`
	Origin       []string        `help:"Origin whose scripts may use everything, such as https://www.northwind.example. Repeatable." placeholder:"ORIGIN"`
	TrustedProxy []netip.Prefix  `name:"trusted-proxy" help:"Network of a proxy whose X-Forwarded-For tells the caller's address. Repeatable." placeholder:"CIDR"`
	Quota        int             `help:"Requests a minute of a user or app that has no quota of its own." default:"6000"`
	QuotaAddress int             `name:"quota-address" help:"Requests a minute of an address without credentials." default:"3000"`
	StopWithin   time.Duration   `name:"stop-within" help:"How long running requests get to finish when the gateway stops." default:"15s"`
	Shared       ready.Shared    `embed:"" prefix:"shared-"`
	LogFormat    string          `name:"log-format" help:"json or text." enum:"json,text" default:"json"`
	LogLevel     slog.Level      `name:"log-level" help:"debug, info, warn or error." default:"info"`
}

// Run serves until ctx ends.
func Run(ctx context.Context, s Settings) error {
	tel, err := telemetry.New(ctx, telemetry.Options{Service: "gateway", Format: s.LogFormat, Level: s.LogLevel})
	if err != nil {
		return err
	}
	program := run.New(run.Options{Clock: clock.System(), Logger: tel.Logger, StopWithin: s.StopWithin + 5*time.Second})
	program.Add(run.Part{Name: "telemetry", Stop: tel.Shutdown})
	dial := rpc.DialOptions{Tracers: tel.Tracers}
	stories, err1 := rpc.Dial(s.StoriesAddr, dial)
	partners, err2 := rpc.Dial(s.PartnersAddr, dial)
	minter, err3 := auth.NewMinter(clock.System(), s.IdentityKey)
	loyalty, closeLoyalty, err4 := dialIf(s.LoyaltyAddr, dial)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	g, err := New(Options{
		Stories: stories, Partners: partners, Loyalty: loyalty, Minter: minter, Telemetry: tel, PublicURL: s.PublicURL, Origins: s.Origin, TrustedProxies: s.TrustedProxy,
		Limits: Limits{Credential: s.Quota, Anonymous: s.QuotaAddress}, Ready: program.Ready,
		Settle: ready.Settled, Shared: s.Shared,
	})
	if err != nil {
		return err
	}
	program.Add(run.Part{Name: "connections", Stop: func(context.Context) error {
		g.Close()
		return errors.Join(stories.Close(), partners.Close(), closeLoyalty())
	}})
	if s.Admin != "" {
		admin := NewHTTPServer(tel.AdminHandler(program.Ready), tel.Logger)
		program.Add(listen("admin", s.Admin, func(l net.Listener) error { return admin.Serve(l) }, admin.Shutdown))
	}
	program.Add(rest(g, s))
	return program.Run(ctx)
}

// dialIf connects to a service of which an installation may have none.
func dialIf(address string, o rpc.DialOptions) (grpc.ClientConnInterface, func() error, error) {
	if address == "" {
		return nil, func() error { return nil }, nil
	}
	c, err := rpc.Dial(address, o)
	if err != nil {
		return nil, nil, err
	}
	return c, c.Close, nil
}

// rest is the part that serves REST.
func rest(g *Gateway, s Settings) run.Part {
	var l net.Listener
	return run.Part{
		Name:  "rest",
		Start: func(ctx context.Context) (err error) { l, err = listenOn(ctx, s.API); return err },
		Serve: func(ctx context.Context) error { return g.Serve(ctx, l, s.StopWithin) },
	}
}

// listen is a part that serves on an address until it is shut down.
func listen(name, address string, serve func(net.Listener) error, shutdown func(context.Context) error) run.Part {
	var l net.Listener
	return run.Part{
		Name:  name,
		Start: func(ctx context.Context) (err error) { l, err = listenOn(ctx, address); return err },
		Serve: func(ctx context.Context) error {
			failed := make(chan error, 1)
			go func() { failed <- serve(l) }()
			select {
			case err := <-failed:
				return err
			case <-ctx.Done():
			}
			end, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			if err := shutdown(end); err != nil && !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
	}
}

func listenOn(ctx context.Context, address string) (net.Listener, error) {
	var c net.ListenConfig
	return c.Listen(ctx, "tcp", address)
}
