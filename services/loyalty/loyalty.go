// Package loyalty assembles the loyalty service: points programmes for customers and employees. cmd/loyalty runs it by itself, deploy/local beside the other
// services in one process.
package loyalty

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/rpc"
	"renown.example/kit/store"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/loyalty/server"
	"renown.example/loyalty/tables"
)

// Config holds the settings of the service: flags, environment and file alike.
type Config struct {
	engine.Config
	IdentityKeys []auth.PublicKey `help:"Public keys of the gateway, whose identity tokens are trusted. Two let a new key come before the old one goes." placeholder:"rnpub_..." required:""`
	PartKeys     []auth.PublicKey `help:"Public keys of other parts of Renown that may follow what happens here, such as the stories, which disclose what their tellers were given." placeholder:"rnpub_..."`
	Currency     string           `help:"ISO 4217 currency of the programmes that exist from the start." default:"EUR" placeholder:"CODE"`
	TimeZone     string           `help:"IANA time zone by which their days begin." default:"UTC" placeholder:"ZONE"`
	WebsiteURL   string           `help:"Address of the website as people type it: links to members' pages begin with it." placeholder:"URL" required:""`
}

// Deps are what the process gives to the service.
type Deps struct {
	Clock clock.Clock
	// Telemetry takes log lines, spans and metrics.
	Telemetry *telemetry.Telemetry
}

// Service is a running loyalty service. Its parts are closed by Close.
type Service struct {
	db     store.DB
	deps   Deps
	server *server.Server
	rpc    *rpc.Server
	worker *outbox.Worker
}

// New opens the database and starts the service's RPC server for callers in its own process. Run must be running for what is due to happen by itself.
func New(ctx context.Context, c Config, d Deps) (*Service, error) {
	if c.Currency == "" {
		c.Currency = "EUR"
	}
	db, err := engine.Open(ctx, c.Config, d.Telemetry, "loyalty", tables.Specs()...)
	if err != nil {
		return nil, err
	}
	s := &Service{db: db, deps: d}
	if err := s.start(ctx, c); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *Service) start(ctx context.Context, c Config) error {
	var err error
	s.server, err = server.New(ctx, server.Options{
		DB: s.db, Clock: s.deps.Clock, Logger: s.deps.Telemetry.Logger.With("server", "loyalty"), Currency: c.Currency, TimeZone: c.TimeZone,
		WebsiteURL: strings.TrimRight(c.WebsiteURL, "/"),
	})
	if err != nil {
		return err
	}
	s.rpc = rpc.NewServer(rpc.Options{
		Name: "loyalty", Clock: s.deps.Clock, Logger: s.deps.Telemetry.Logger, Verifier: auth.NewVerifier(s.deps.Clock, c.IdentityKeys...).TrustParts(c.PartKeys...),
		Tracers: s.deps.Telemetry.Tracers, Metrics: s.deps.Telemetry.Metrics,
	})
	server.Register(s.rpc, s.server)
	log := s.deps.Telemetry.Logger.With("server", "loyalty")
	s.worker = &outbox.Worker{DB: s.db, Clock: s.deps.Clock, Handlers: s.server.Jobs(), Failed: func(j outbox.Job, err error) {
		e := fault.Of(err)
		log.Warn("a due job failed and is tried again", "kind", j.Kind, "job", j.ID, "attempts", j.Attempts+1, "reason", e.Reason.Name, "cause", e.Cause)
	}}
	return s.rpc.Start()
}

// Conn returns a connection from the same process.
func (s *Service) Conn() rpc.Conn { return s.rpc.Conn() }

// Serve answers other processes until ctx ends, and drains: see rpc.Server.Serve.
func (s *Service) Serve(ctx context.Context, l net.Listener) error { return s.rpc.Serve(ctx, l) }

// Run does what happens by itself until ctx ends, and returns when it has stopped: due jobs, and what follows the journal.
func (s *Service) Run(ctx context.Context) {
	log := s.deps.Telemetry.Logger.With("server", "loyalty")
	var all sync.WaitGroup
	all.Go(func() { s.worker.Run(ctx) })
	for name, follow := range s.server.Followers() {
		wake, stop := s.db.Changed(tables.Journal.Spec())
		defer stop()
		f := follow(wake, func(err error) {
			log.WarnContext(ctx, "the journal could not be followed", "follower", name, "error", err)
		})
		all.Go(func() { f.Run(ctx) })
	}
	all.Wait()
}

// CatchUp does what is due by now, and what follows from that, and returns when nothing is left. It is for whoever steps the clock of a service that does not Run.
func (s *Service) CatchUp(ctx context.Context) error {
	followers := s.server.Followers()
	for {
		for _, name := range slices.Sorted(maps.Keys(followers)) {
			if _, err := followers[name](nil, nil).CatchUp(ctx); err != nil {
				return err
			}
		}
		if n, err := s.worker.RunDue(ctx); err != nil || n == 0 {
			return err
		}
	}
}

// Ready returns why the service cannot be of use now, nil if it can.
func (s *Service) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Close lets running calls finish, within the bound of rpc.Options.StopWithin, and closes the database.
func (s *Service) Close() error {
	s.rpc.Stop()
	return s.db.Close()
}
