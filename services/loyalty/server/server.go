// Package server implements renown.loyalty.v1, a file for each group of RPCs.
package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"renown.example/kit/aip"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/outbox"
	"renown.example/kit/page"
	"renown.example/kit/secret"
	"renown.example/kit/store"
	"renown.example/kit/store/kept"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/verify"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Options are what a Server needs.
type Options struct {
	DB     store.DB
	Clock  clock.Clock
	Logger *slog.Logger
	// Currency is that of the programmes that exist from the start.
	Currency string
	// TimeZone is the IANA zone by which their days begin.
	TimeZone string
	// WebsiteURL is where the website is found from outside, without a slash at its end: links to members' pages begin with it.
	WebsiteURL string
}

// Server implements the services of renown.loyalty.v1.
type Server struct {
	loyaltyv1.UnimplementedProgramsServiceServer
	loyaltyv1.UnimplementedMembersServiceServer
	loyaltyv1.UnimplementedPointsServiceServer
	loyaltyv1.UnimplementedRewardsServiceServer
	loyaltyv1.UnimplementedRedemptionsServiceServer
	loyaltyv1.UnimplementedLoyaltyEventsServiceServer
	loyaltyv1.UnimplementedLedgerServiceServer
	loyaltyv1.UnimplementedReportsServiceServer
	loyaltyv1.UnimplementedEarningRulesServiceServer
	loyaltyv1.UnimplementedOrdersServiceServer
	loyaltyv1.UnimplementedExplanationsServiceServer
	loyaltyv1.UnimplementedStatementsServiceServer
	loyaltyv1.UnimplementedTiersServiceServer
	loyaltyv1.UnimplementedReviewsServiceServer
	loyaltyv1.UnimplementedAchievementsServiceServer
	loyaltyv1.UnimplementedReferralsServiceServer

	Options
	books *book.Books
	pages *page.Tokens
	links *auth.Links
	rules ruleShelf
	// recent is the end of the journal, for those who follow it.
	recent recent
	// planned is for when accounts are settled.
	planned planned
	// ladders are the programmes' tiers.
	ladders ladders
	// sole is nil where other processes write too; tierVersions is the mark of their table.
	sole         store.SoleWriter
	tierVersions store.Mark
	// shown are members as they were shown, with their balances.
	shown *kept.Answers[*loyaltyv1.Member]
	// pepper keys the digests of identifiers, so that nobody can try telephone numbers against them.
	pepper []byte
}

// New returns a Server. On the first start it makes its keys, and the programmes that exist from the start.
func New(ctx context.Context, o Options) (*Server, error) {
	s := &Server{Options: o}
	if s.sole = store.Sole(o.DB); s.sole != nil {
		s.planned.due = map[string]clock.Millis{}
		s.tierVersions = s.sole.Mark(tables.TierVersions.Spec(), "")
	}
	s.shown = keptMembers(o.DB, o.Clock)
	s.books = book.New(o.DB, o.Clock)
	s.books.Sealed = completeReply
	s.books.Ladder = s.ladder
	key, err := secret.Ensure(ctx, o.DB, o.Clock, "page-tokens")
	if err != nil {
		return nil, fmt.Errorf("loyalty: the key of the page tokens: %w", err)
	}
	if s.pages, err = page.New(key); err != nil {
		return nil, err
	}
	if key, err = secret.Ensure(ctx, o.DB, o.Clock, "links"); err != nil {
		return nil, fmt.Errorf("loyalty: the key of the links: %w", err)
	}
	if s.links, err = auth.NewLinks(o.Clock, key); err != nil {
		return nil, err
	}
	s.books.Settled = append(s.books.Settled, s.lapsed)
	if s.pepper, err = secret.Ensure(ctx, o.DB, o.Clock, "identifiers"); err != nil {
		return nil, fmt.Errorf("loyalty: the key of the identifiers: %w", err)
	}
	return s, s.ensurePrograms(ctx)
}

// Register adds every service to a server.
func Register(r grpc.ServiceRegistrar, s *Server) {
	loyaltyv1.RegisterProgramsServiceServer(r, s)
	loyaltyv1.RegisterMembersServiceServer(r, s)
	loyaltyv1.RegisterPointsServiceServer(r, s)
	loyaltyv1.RegisterRewardsServiceServer(r, s)
	loyaltyv1.RegisterRedemptionsServiceServer(r, s)
	loyaltyv1.RegisterLoyaltyEventsServiceServer(r, s)
	loyaltyv1.RegisterLedgerServiceServer(r, s)
	loyaltyv1.RegisterEarningRulesServiceServer(r, s)
	loyaltyv1.RegisterOrdersServiceServer(r, s)
	loyaltyv1.RegisterExplanationsServiceServer(r, s)
	loyaltyv1.RegisterReportsServiceServer(r, s)
	loyaltyv1.RegisterStatementsServiceServer(r, s)
	loyaltyv1.RegisterTiersServiceServer(r, s)
	loyaltyv1.RegisterReviewsServiceServer(r, s)
	loyaltyv1.RegisterAchievementsServiceServer(r, s)
	loyaltyv1.RegisterReferralsServiceServer(r, s)
}

// Jobs are what the service does when it is due.
func (s *Server) Jobs() map[string]outbox.Handler {
	return map[string]outbox.Handler{kindSettle: {Apply: s.settleDue}, kindTiers: {Apply: s.sweepTiers}, kindForget: {Do: s.forget}}
}

// Followers are what follows the journal, by name: each is made with a channel that wakes it and a function that hears of failures.
func (s *Server) Followers() map[string]func(wake <-chan struct{}, failed func(error)) *outbox.Follower[tables.Entry] {
	return map[string]func(<-chan struct{}, func(error)) *outbox.Follower[tables.Entry]{
		"dues": s.Dues, reportsFollower: s.Reports, verify.Sealer: s.Checkpoints, activityFollower: s.Activity, retentionFollower: s.Retention,
	}
}

func (s *Server) now() clock.Millis { return clock.At(s.Clock.Now()) }

// read runs fn on a snapshot and returns what it made.
func read[R any](ctx context.Context, s *Server, fn func(ctx context.Context, tx store.Reader) (R, error)) (R, error) {
	var out R
	err := s.DB.View(ctx, func(ctx context.Context, tx store.Reader) (err error) {
		out, err = fn(ctx, tx)
		return err
	})
	return out, err
}

// query completes a query by what the request says about paging.
func (s *Server) query(req page.Request, q store.Query, usual, most int) (store.Query, page.Filter, error) {
	var f page.Filter
	var err error
	q.Limit, q.After, f, err = s.pages.Read(req, usual, most)
	return q, f, err
}

// How instants and versions are said in the API.
var timestamp, instant, etag, checkEtag = aip.Timestamp, aip.Instant, aip.Etag, aip.CheckEtag

// completeReply puts the hash of its entry into a reply that shows it.
func completeReply(reply proto.Message, row store.Row[tables.Entry]) {
	if row.Value.Tx != nil {
		complete(reply.ProtoReflect(), row)
	}
}

// complete finds the entry in a message and in those that it holds.
func complete(m protoreflect.Message, row store.Row[tables.Entry]) {
	if e, ok := m.Interface().(*loyaltyv1.Entry); ok {
		if e.GetNumber() == row.Value.Tx.Seq && row.Value.Tx.Account == between(e.GetName(), "/members/", "/entries/")+"/"+e.GetWallet() {
			e.PreviousHash, e.Hash = row.Value.Prev, row.Value.Hash
		}
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Message() != nil && !f.IsList() && !f.IsMap() {
			complete(v.Message(), row)
		}
		return true
	})
}

// between returns what stands in a name between two parts.
func between(name, from, to string) string {
	_, rest, _ := strings.Cut(name, from)
	out, _, _ := strings.Cut(rest, to)
	return out
}
