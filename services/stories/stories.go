// Package stories assembles the stories service: customers' success stories, published with their consent. cmd/stories runs it by itself, deploy/local beside the
// other services in one process.
package stories

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/idempotency"
	"renown.example/kit/outbox"
	"renown.example/kit/rpc"
	"renown.example/kit/store"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/stories/card"
	"renown.example/stories/mail"
	"renown.example/stories/purge"
	"renown.example/stories/server"
	"renown.example/stories/tables"
)

// Config holds the settings of the service: flags, environment and file alike.
type Config struct {
	engine.Config
	IdentityKeys []auth.PublicKey `help:"Public keys of the gateway, whose identity tokens are trusted. Two let a new key come before the old one goes." placeholder:"rnpub_..." required:""`
	Company      string           `help:"Name under which customers are asked for their consent." placeholder:"NAME" required:""`
	WebsiteURL   string           `help:"Address of the website as people type it: links to customers begin with it." placeholder:"URL" required:""`
	Locales      []string         `help:"Languages of the stories, the default first." default:"en" placeholder:"TAG"`
	Fonts        string           `help:"Folder of fonts (.ttf, .otf, .ttc) for cards in other scripts than Latin, Greek, Cyrillic, Arabic and Hebrew." placeholder:"DIR"`
	Accent       string           `help:"The company's colour on cards." default:"#2f4bd8" placeholder:"#RRGGBB"`
	SMTP         mail.Config      `embed:"" prefix:"smtp-"`
	Purge        purge.Config     `embed:"" prefix:"purge-"`
	LoyaltyAddr  string           `help:"gRPC address of the loyalty service, whose points for storytellers are disclosed; without one nothing is." placeholder:"ADDR"`
	LoyaltyKey   auth.PrivateKey  `help:"Private key with which the stories introduce themselves to the loyalty service, which knows its public half as one of its --part-keys." placeholder:"rnpriv_..."`
	Spare        int              `help:"Megabytes of published stories and pictures that are kept in memory, to be read when the embedded database fails; 0 for none." default:"32"`
	SearchFolder string           `help:"Folder of the search index, for this process alone; it is made anew where it is missing. By default it lies in the folder for the data, or with MongoDB in a temporary one." placeholder:"DIR"`
}

// UsualSpare is the default of Config.Spare.
const UsualSpare = 32

// DefaultAccent is the colour of cards where none is set.
const DefaultAccent = "#2f4bd8"

// Deps are what the process gives to the service.
type Deps struct {
	Clock clock.Clock
	// Telemetry takes log lines, spans and metrics.
	Telemetry *telemetry.Telemetry
	// Loyalty is a connection to a loyalty service in the same process, which knows who is calling; nil leaves it to Config.LoyaltyAddr.
	Loyalty grpc.ClientConnInterface
}

// Part is who the service is when it calls another for itself.
var Part = auth.Identity{Kind: auth.KindSystem, Subject: "stories"}

// Service is a running stories service. Its parts are closed by Close.
type Service struct {
	db   store.DB
	deps Deps
	// temporary is the folder of the search index if it goes with the process.
	temporary string
	server    *server.Server
	rpc       *rpc.Server
	// loyalty is the connection to the loyalty service of another process, nil if there is none.
	loyalty rpc.Conn
}

// New opens the database and starts the service's RPC server for callers in its own process. Run must be running for scheduled things to happen, for revisions to be
// told and for the service to call itself ready.
func New(ctx context.Context, c Config, d Deps) (*Service, error) {
	site, err := url.Parse(c.WebsiteURL)
	if err != nil || site.Host == "" || (site.Scheme != "http" && site.Scheme != "https") || strings.Trim(site.Path, "/") != "" || site.RawQuery != "" {
		return nil, fault.Invalid("website-url", "%q is not an address such as https://www.northwind.example", c.WebsiteURL)
	}
	o := server.Options{
		Clock: d.Clock, Logger: d.Telemetry.Logger.With("server", "stories"), Company: c.Company, WebsiteURL: strings.TrimRight(c.WebsiteURL, "/"),
		Locales: slices.Clone(c.Locales), Spare: c.Spare << 20,
	}
	if c.Accent == "" {
		c.Accent = DefaultAccent
	}
	if o.Accent, err = card.ParseColour(c.Accent); err != nil {
		return nil, fault.Invalid("accent", "%v.", err)
	}
	if o.Fonts, err = card.LoadFonts(c.Fonts); err != nil {
		return nil, err
	}
	if c.SMTP.Address != "" {
		if o.Mail, err = mail.New(c.SMTP, d.Clock, nil); err != nil {
			return nil, err
		}
	}
	if c.Purge.URL != "" {
		if o.Purger, err = purge.New(c.Purge); err != nil {
			return nil, err
		}
	}
	if o.DB, err = engine.Open(ctx, c.Config, d.Telemetry, "stories", tables.Specs()...); err != nil {
		return nil, err
	}
	s := &Service{db: o.DB, deps: d}
	if o.SearchFolder, err = s.searchFolder(c); err == nil {
		o.Loyalty, err = s.dialLoyalty(c)
	}
	if err == nil {
		err = s.start(ctx, c, o)
	}
	if err != nil {
		return nil, errors.Join(err, s.hangUp(), o.DB.Close())
	}
	return s, nil
}

// dialLoyalty returns a client of the loyalty service, nil if none is known.
func (s *Service) dialLoyalty(c Config) (loyaltyv1.LoyaltyEventsServiceClient, error) {
	if s.deps.Loyalty != nil {
		return loyaltyv1.NewLoyaltyEventsServiceClient(s.deps.Loyalty), nil
	}
	if c.LoyaltyAddr == "" {
		return nil, nil
	}
	if c.LoyaltyKey.IsZero() {
		return nil, fault.Invalid("loyalty-key", "The loyalty service answers whom it knows: make a pair with `gateway keys`, and give it the public half.")
	}
	minter, err := auth.NewMinter(s.deps.Clock, c.LoyaltyKey)
	if err != nil {
		return nil, err
	}
	if s.loyalty, err = rpc.Dial(c.LoyaltyAddr, rpc.DialOptions{Tracers: s.deps.Telemetry.Tracers}); err != nil {
		return nil, fault.Invalid("loyalty-addr", "%q is not an address such as dns:///loyalty:9003.", c.LoyaltyAddr)
	}
	return loyaltyv1.NewLoyaltyEventsServiceClient(rpc.ActingAs(s.loyalty, minter, Part)), nil
}

func (s *Service) hangUp() error {
	if s.loyalty == nil {
		return nil
	}
	return s.loyalty.Close()
}

// searchFolder is where the search index lies.
func (s *Service) searchFolder(c Config) (folder string, err error) {
	switch {
	case c.SearchFolder != "":
		return c.SearchFolder, nil
	case c.MongoDBURI == "":
		return filepath.Join(c.Data, "stories-search"), nil
	}
	s.temporary, err = os.MkdirTemp("", "renown-search-")
	return s.temporary, err
}

func (s *Service) start(ctx context.Context, c Config, o server.Options) error {
	var err error
	if s.server, err = server.New(ctx, o); err != nil {
		return err
	}
	s.rpc = rpc.NewServer(rpc.Options{
		Name: "stories", Clock: s.deps.Clock, Logger: s.deps.Telemetry.Logger, Verifier: auth.NewVerifier(s.deps.Clock, c.IdentityKeys...),
		Tracers: s.deps.Telemetry.Tracers, Metrics: s.deps.Telemetry.Metrics,
	})
	server.Register(s.rpc, s.server)
	if err := s.rpc.Start(); err != nil {
		return err
	}
	s.rpc.SetReady(false)
	return nil
}

// Conn returns a connection from the same process.
func (s *Service) Conn() rpc.Conn { return s.rpc.Conn() }

// Serve answers other processes until ctx ends, and drains: see rpc.Server.Serve.
func (s *Service) Serve(ctx context.Context, l net.Listener) error { return s.rpc.Serve(ctx, l) }

// Run does what happens by itself until ctx ends, and returns when it has stopped: due jobs, the stream of revisions, and the removal of what is kept no longer.
func (s *Service) Run(ctx context.Context) {
	log := s.deps.Telemetry.Logger.With("server", "stories")
	worker := &outbox.Worker{DB: s.db, Clock: s.deps.Clock, Handlers: s.server.Jobs(), Failed: func(j outbox.Job, err error) {
		// A refusal's text may quote people's addresses: its reason has to do.
		e := fault.Of(err)
		attrs := []any{"kind", j.Kind, "job", j.ID, "attempts", j.Attempts + 1, "reason", e.Reason.Name}
		if e.Reason.Name == fault.Internal.Name {
			attrs = append(attrs, "cause", e.Cause)
		}
		log.WarnContext(ctx, "a due job failed and is tried again", attrs...)
	}}
	var all sync.WaitGroup
	all.Go(func() { s.server.Run(ctx) })
	all.Go(func() {
		// Until then, readers would wait longer than they can.
		select {
		case <-s.server.Filled():
			s.rpc.SetReady(true)
		case <-ctx.Done():
		}
	})
	all.Go(func() { worker.Run(ctx) })
	if disclosures := s.server.Disclosures(); disclosures != nil {
		all.Go(func() { disclosures.Run(ctx) })
	}
	all.Go(func() {
		idempotency.Sweep(ctx, s.db, s.deps.Clock, idempotency.Retention, func(err error) {
			log.WarnContext(ctx, "old idempotency records could not be removed", "error", err)
		})
	})
	all.Wait()
}

// Ready returns why the service cannot be of use now, nil if it can.
func (s *Service) Ready(ctx context.Context) error {
	select {
	case <-s.server.Filled():
		return s.db.Ping(ctx)
	default:
		return fault.Unavailable.New("what is published is being read")
	}
}

// Close lets running calls finish, within the bound of rpc.Options.StopWithin, and closes the database.
func (s *Service) Close() error {
	s.rpc.Stop()
	err := errors.Join(s.hangUp(), s.db.Close())
	if s.temporary != "" {
		err = errors.Join(err, os.RemoveAll(s.temporary))
	}
	return err
}
