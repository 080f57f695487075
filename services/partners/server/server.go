// Package server implements renown.partners.v1, one file for each service of it.
package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"google.golang.org/grpc"

	"renown.example/kit/aip"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/idempotency"
	"renown.example/kit/page"
	"renown.example/kit/secret"
	"renown.example/kit/store"
	"renown.example/partners/domain"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

// Options are what a Server needs.
type Options struct {
	DB     store.DB
	Clock  clock.Clock
	Logger *slog.Logger
	// Provider verifies ID tokens; nil while no identity provider is configured.
	Provider Provider
	// GroupRoles maps the provider's groups to roles.
	GroupRoles map[string][]string
}

// Server implements the services of renown.partners.v1.
type Server struct {
	partnersv1.UnimplementedSessionsServiceServer
	partnersv1.UnimplementedUsersServiceServer
	partnersv1.UnimplementedAppsServiceServer
	partnersv1.UnimplementedCredentialsServiceServer

	db     store.DB
	clock  clock.Clock
	log    *slog.Logger
	idp    Provider
	groups map[string][]string
	pages  *page.Tokens
}

// New returns a Server. It makes the key of its page tokens on the first start.
func New(ctx context.Context, o Options) (*Server, error) {
	key, err := secret.Ensure(ctx, o.DB, o.Clock, "page-tokens")
	if err != nil {
		return nil, fmt.Errorf("partners: the key of the page tokens: %w", err)
	}
	pages, err := page.New(key)
	if err != nil {
		return nil, err
	}
	return &Server{db: o.DB, clock: o.Clock, log: o.Logger, idp: o.Provider, groups: o.GroupRoles, pages: pages}, nil
}

// write runs a change under the caller's idempotency key.
func write[R any, P interface {
	*R
	proto.Message
}](ctx context.Context, s *Server, req proto.Message, fn func(ctx context.Context, tx store.Writer) (P, error)) (P, error) {
	return idempotency.Do(ctx, s.db, s.clock, req, func() P { return P(new(R)) }, fn)
}

func (s *Server) now() clock.Millis { return clock.At(s.clock.Now()) }

func random() (b [domain.SecretBytes]byte) {
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return b
}

// How instants and versions are said in the API.
var timestamp, etag, checkEtag = aip.Timestamp, aip.Etag, aip.CheckEtag

// last returns the last part of a resource name.
func last(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// end checks an end that a caller gives: absent means never.
func end(field string, t *timestamppb.Timestamp, now time.Time) (clock.Millis, error) {
	if t == nil {
		return 0, nil
	}
	if !t.IsValid() || !t.AsTime().After(now) {
		return 0, fault.Invalid(field, "It must lie in the future.")
	}
	return clock.At(t.AsTime()), nil
}

// Register adds every service to a server.
func Register(r grpc.ServiceRegistrar, s *Server) {
	partnersv1.RegisterSessionsServiceServer(r, s)
	partnersv1.RegisterUsersServiceServer(r, s)
	partnersv1.RegisterAppsServiceServer(r, s)
	partnersv1.RegisterCredentialsServiceServer(r, s)
}
