// Package partners assembles the partners service: who may use Renown. cmd/partners runs it by itself, deploy/local beside the other services in one process.
package partners

import (
	"context"
	"errors"
	"net"
	"sync"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/idempotency"
	"renown.example/kit/rpc"
	"renown.example/kit/store"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/partners/domain"
	"renown.example/partners/server"
	"renown.example/partners/tables"
)

// Config holds the settings of the service: flags, environment and file alike.
type Config struct {
	engine.Config
	IdentityKeys []auth.PublicKey `help:"Public keys of the gateway, whose identity tokens are trusted. Two let a new key come before the old one goes." placeholder:"rnpub_..." required:""`
	OIDC         OIDC             `embed:"" prefix:"oidc-"`
	GroupRoles   string           `help:"Roles that follow from the identity provider's groups, such as editors=editor,leads=approver. The roles are author, editor, approver, manager and admin." placeholder:"GROUP=ROLE,..."`
}

// OIDC says whose ID tokens sign employees in. Without an issuer nobody can sign in, and everything else works.
type OIDC struct {
	Issuer      string `help:"Address of the identity provider, exactly as it calls itself in its discovery document." placeholder:"URL"`
	ClientID    string `help:"Client id that the provider gave to Renown." placeholder:"ID"`
	GroupsClaim string `help:"Claim of the ID token that lists a person's groups." default:"groups"`
}

// Deps are what the process gives to the service.
type Deps struct {
	Clock clock.Clock
	// Telemetry takes log lines, spans and metrics.
	Telemetry *telemetry.Telemetry
}

// Service is a running partners service. Its parts are closed by Close.
type Service struct {
	db   store.DB
	deps Deps
	// Partners implements the RPCs.
	Partners *server.Server
	rpc      *rpc.Server
}

// New opens the database and starts the service's RPC server for callers in its own process. Run must be running for what is over to be removed.
func New(ctx context.Context, c Config, d Deps) (*Service, error) {
	groups, err := domain.ParseGroupRoles(c.GroupRoles)
	if err != nil {
		return nil, err
	}
	if (c.OIDC.Issuer == "") != (c.OIDC.ClientID == "") {
		return nil, fault.Invalid("oidc-client-id", "An identity provider needs both, its address in oidc-issuer and Renown's id there in oidc-client-id.")
	}
	db, err := engine.Open(ctx, c.Config, d.Telemetry, "partners", tables.Specs()...)
	if err != nil {
		return nil, err
	}
	s := &Service{db: db, deps: d}
	if err := s.start(ctx, c, groups); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *Service) start(ctx context.Context, c Config, groups map[string][]string) error {
	log := s.deps.Telemetry.Logger.With("server", "partners")
	var idp server.Provider
	if c.OIDC.Issuer != "" {
		idp = &server.OIDC{Issuer: c.OIDC.Issuer, ClientID: c.OIDC.ClientID, GroupsClaim: c.OIDC.GroupsClaim, Clock: s.deps.Clock}
	}
	var err error
	if s.Partners, err = server.New(ctx, server.Options{DB: s.db, Clock: s.deps.Clock, Logger: log, Provider: idp, GroupRoles: groups}); err != nil {
		return err
	}
	s.rpc = rpc.NewServer(rpc.Options{
		Name: "partners", Clock: s.deps.Clock, Logger: s.deps.Telemetry.Logger, Verifier: auth.NewVerifier(s.deps.Clock, c.IdentityKeys...),
		Tracers: s.deps.Telemetry.Tracers, Metrics: s.deps.Telemetry.Metrics,
	})
	server.Register(s.rpc, s.Partners)
	return s.rpc.Start()
}

// Conn returns a connection from the same process.
func (s *Service) Conn() rpc.Conn { return s.rpc.Conn() }

// Serve answers other processes until ctx ends, and drains: see rpc.Server.Serve.
func (s *Service) Serve(ctx context.Context, l net.Listener) error { return s.rpc.Serve(ctx, l) }

// Run does what happens by itself until ctx ends, and returns when it has stopped.
func (s *Service) Run(ctx context.Context) {
	log := s.deps.Telemetry.Logger.With("server", "partners")
	var all sync.WaitGroup
	all.Go(func() { s.Partners.Sweep(ctx) })
	all.Go(func() {
		idempotency.Sweep(ctx, s.db, s.deps.Clock, idempotency.Retention, func(err error) {
			log.WarnContext(ctx, "old idempotency records could not be removed", "error", err)
		})
	})
	all.Wait()
}

// Ready returns why the service cannot be of use now, nil if it can.
func (s *Service) Ready(ctx context.Context) error { return s.db.Ping(ctx) }

// Close lets running calls finish, within the bound of rpc.Options.StopWithin, and closes the database.
func (s *Service) Close() error {
	s.rpc.Stop()
	return s.db.Close()
}
