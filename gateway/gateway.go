// Package gateway is Renown's REST interface: it authenticates each caller once, checks requests against the protos, calls the services over gRPC, and answers
// in JSON, refusals as RFC 9457 problems.
//
// The way of a request is ServeHTTP (request id, log line, bound on what is worked on at once), then one of the gateway's own addresses or, through the generated
// handlers, call: authenticate, charge the quota, read, respond.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"renown.example/gateway/limit"
	"renown.example/gateway/problem"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/ready"
	"renown.example/kit/telemetry"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// Options is what a Gateway is made of.
type Options struct {
	// Stories and Partners are connections to the services, dialled or in process.
	Stories, Partners grpc.ClientConnInterface
	// Loyalty is the connection to the loyalty service; nil where there is none: then its addresses say so.
	Loyalty grpc.ClientConnInterface
	// Minter makes the identity tokens that services verify.
	Minter *auth.Minter
	// Clock is the wall clock; nil means the system's.
	Clock clock.Clock
	// Machine is the clock by which other parts start; nil means the system's.
	Machine clock.Clock
	// Telemetry takes log lines, spans and metrics. It is required.
	Telemetry *telemetry.Telemetry
	// PublicURL is the address under which callers reach the gateway, such as "https://api.northwind.example". It is in problems and in the reference.
	PublicURL string
	// Origins may read what is not public from scripts in browsers: scheme and authority, such as "https://www.northwind.example".
	Origins []string
	// TrustedProxies are the networks whose X-Forwarded-For tells the caller's address.
	TrustedProxies []netip.Prefix
	// Settle is how long answers about something that has just changed are not kept: ready.Settled where several replicas of a service answer, since one may not
	// have heard of the change yet; zero where there is only one.
	Settle time.Duration
	// Shared says what a cache in front may keep.
	Shared ready.Shared
	// Limits bounds callers; zero fields take their defaults.
	Limits Limits
	// Ready says whether the rest of the installation is ready; nil means that it always is.
	Ready func() bool
}

// Limits bounds what callers may ask. A zero field takes the value in brackets.
type Limits struct {
	// Anonymous is how many requests a minute one address may make without credentials or with a link (3,000).
	Anonymous int
	// Credential is how many requests a minute one user or app may make that has no quota of its own (6,000).
	Credential int
	// Guesses is how many credentials a minute from one address may turn out wrong (300).
	Guesses int
	// InFlight is how many requests are worked on at the same time (1,024).
	InFlight int
	// LargeInFlight is how many of them may be imports and uploads (8).
	LargeInFlight int
	// Listeners is how many may listen to /v1/revisions (1,024).
	Listeners int
	// Body and LargeBody bound bodies in bytes; the latter those of imports and uploads (1 MiB, 20 MiB).
	Body, LargeBody int64
	// BodyWithin is how long a body may take to arrive (60 s).
	BodyWithin time.Duration
}

func (l Limits) withDefaults() Limits {
	or := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	or(&l.Anonymous, 3000)
	or(&l.Credential, 6000)
	or(&l.Guesses, 300)
	or(&l.InFlight, 1024)
	or(&l.LargeInFlight, 8)
	or(&l.Listeners, 1024)
	if l.Body <= 0 {
		l.Body = 1 << 20
	}
	if l.LargeBody <= 0 {
		l.LargeBody = 20 << 20
	}
	if l.BodyWithin <= 0 {
		l.BodyWithin = time.Minute
	}
	return l
}

// Gateway answers REST requests. It is safe for concurrent use.
type Gateway struct {
	clock    clock.Clock
	machine  clock.Clock
	logger   *slog.Logger
	limits   Limits
	origins  []string
	proxies  []netip.Prefix
	ready    func() bool
	problems problem.Writer
	routes   routeTable
	mux      *runtime.ServeMux
	resolver *resolver
	buckets  *limit.Buckets

	openapi http.Handler

	// holder keeps answers about published things.
	holder *ready.Holder
	// running ends when the gateway is closed.
	running context.Context
	close   func()

	slots, largeSlots, listeners *limit.Slots
	watch                        *telemetry.Requests
	services                     []*service
}

// New returns a Gateway that serves at once. Close it when it is not needed any more.
func New(o Options) (*Gateway, error) {
	if o.Stories == nil || o.Partners == nil || o.Minter == nil || o.Telemetry == nil {
		return nil, errors.New("gateway: connections, minter and telemetry are required")
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Machine == nil {
		o.Machine = clock.System()
	}
	if o.Ready == nil {
		o.Ready = func() bool { return true }
	}
	base := strings.TrimSuffix(o.PublicURL, "/")
	if _, ok := origin(base); !ok {
		return nil, fmt.Errorf("gateway: the public URL %q is not an address such as https://api.northwind.example", o.PublicURL)
	}
	for _, given := range o.Origins {
		if o, ok := origin(given); !ok || o != given {
			return nil, fmt.Errorf("gateway: %q is not an origin such as https://www.northwind.example", given)
		}
	}
	routes, err := newRouteTable()
	if err != nil {
		return nil, err
	}
	limits := o.Limits.withDefaults()
	g := &Gateway{
		clock: o.Clock, machine: o.Machine, logger: o.Telemetry.Logger, limits: limits, origins: o.Origins, proxies: o.TrustedProxies, ready: o.Ready,
		problems: problem.Writer{Base: base}, routes: routes, buckets: limit.NewBuckets(o.Clock),
		slots: limit.NewSlots(limits.InFlight), largeSlots: limit.NewSlots(limits.LargeInFlight), listeners: limit.NewSlots(limits.Listeners),
		services: []*service{newService("stories", o.Stories, o.Clock), newService("partners", o.Partners, o.Clock)},
	}
	if g.watch, err = telemetry.NewRequests(o.Telemetry, "gateway", "request"); err != nil {
		return nil, err
	}
	g.resolver = &resolver{client: partnersv1.NewCredentialsServiceClient(conn{o.Partners, o.Minter}), clock: o.Clock}
	g.openapi = openapiHandler()
	if o.Loyalty == nil {
		o.Loyalty = absent{"loyalty"}
	} else {
		g.services = append(g.services, newService("loyalty", o.Loyalty, o.Clock))
	}
	stories := conn{o.Stories, o.Minter}
	if g.mux, err = g.handlers(stories, conn{o.Partners, o.Minter}, conn{o.Loyalty, o.Minter}); err != nil {
		return nil, err
	}
	// Whoever reads without knowing whether a story was withdrawn has an answer before a withdrawal must have come through.
	g.holder = ready.New(ready.Options{Clock: o.Clock, Problem: g.refuse, FillWithin: 1800 * time.Millisecond, Settle: o.Settle, Shared: o.Shared})
	g.start(storiesv1.NewPublishedServiceClient(stories))
	return g, nil
}

// start follows the stream of revisions in the background until Close.
func (g *Gateway) start(client storiesv1.PublishedServiceClient) {
	var followed sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	g.running = ctx
	g.close = func() { cancel(); followed.Wait() }
	followed.Go(func() { g.follow(client) })
}

// Close ends what runs in the background and the streams of /v1/revisions, so that a server's shutdown need not wait for them. Requests are still answered.
func (g *Gateway) Close() { g.close() }

// handlers registers the generated handlers.
func (g *Gateway) handlers(stories, partners, loyalty grpc.ClientConnInterface) (*runtime.ServeMux, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, newMarshaler()),
		runtime.WithIncomingHeaderMatcher(nothing),
		runtime.WithOutgoingHeaderMatcher(toHTTP),
		runtime.WithOutgoingTrailerMatcher(nothing),
		runtime.WithErrorHandler(g.onError),
		runtime.WithRoutingErrorHandler(g.onRoutingError),
		runtime.WithForwardResponseOption(g.describe),
		runtime.WithForwardResponseRewriter(rewrite),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithMiddlewares(g.call),
	)
	ctx := context.Background()
	return mux, errors.Join(
		storiesv1.RegisterPublishedServiceHandlerClient(ctx, mux, storiesv1.NewPublishedServiceClient(stories)),
		storiesv1.RegisterWorkspaceServiceHandlerClient(ctx, mux, storiesv1.NewWorkspaceServiceClient(stories)),
		storiesv1.RegisterReviewServiceHandlerClient(ctx, mux, storiesv1.NewReviewServiceClient(stories)),
		storiesv1.RegisterSignoffServiceHandlerClient(ctx, mux, storiesv1.NewSignoffServiceClient(stories)),
		storiesv1.RegisterConsentsServiceHandlerClient(ctx, mux, storiesv1.NewConsentsServiceClient(stories)),
		storiesv1.RegisterActivityServiceHandlerClient(ctx, mux, storiesv1.NewActivityServiceClient(stories)),
		storiesv1.RegisterExcerptsServiceHandlerClient(ctx, mux, storiesv1.NewExcerptsServiceClient(stories)),
		storiesv1.RegisterAnonymousServiceHandlerClient(ctx, mux, storiesv1.NewAnonymousServiceClient(stories)),
		storiesv1.RegisterTaxonomyServiceHandlerClient(ctx, mux, storiesv1.NewTaxonomyServiceClient(stories)),
		storiesv1.RegisterAddressesServiceHandlerClient(ctx, mux, storiesv1.NewAddressesServiceClient(stories)),
		storiesv1.RegisterFiguresServiceHandlerClient(ctx, mux, storiesv1.NewFiguresServiceClient(stories)),
		storiesv1.RegisterMetricsServiceHandlerClient(ctx, mux, storiesv1.NewMetricsServiceClient(stories)),
		storiesv1.RegisterPreviewsServiceHandlerClient(ctx, mux, storiesv1.NewPreviewsServiceClient(stories)),
		partnersv1.RegisterSessionsServiceHandlerClient(ctx, mux, partnersv1.NewSessionsServiceClient(partners)),
		partnersv1.RegisterUsersServiceHandlerClient(ctx, mux, partnersv1.NewUsersServiceClient(partners)),
		partnersv1.RegisterAppsServiceHandlerClient(ctx, mux, partnersv1.NewAppsServiceClient(partners)),
		loyaltyv1.RegisterProgramsServiceHandlerClient(ctx, mux, loyaltyv1.NewProgramsServiceClient(loyalty)),
		loyaltyv1.RegisterPointsServiceHandlerClient(ctx, mux, loyaltyv1.NewPointsServiceClient(loyalty)),
		loyaltyv1.RegisterStatementsServiceHandlerClient(ctx, mux, loyaltyv1.NewStatementsServiceClient(loyalty)),
		loyaltyv1.RegisterTiersServiceHandlerClient(ctx, mux, loyaltyv1.NewTiersServiceClient(loyalty)),
		loyaltyv1.RegisterReviewsServiceHandlerClient(ctx, mux, loyaltyv1.NewReviewsServiceClient(loyalty)),
		loyaltyv1.RegisterAchievementsServiceHandlerClient(ctx, mux, loyaltyv1.NewAchievementsServiceClient(loyalty)),
		loyaltyv1.RegisterReferralsServiceHandlerClient(ctx, mux, loyaltyv1.NewReferralsServiceClient(loyalty)),
		loyaltyv1.RegisterEarningRulesServiceHandlerClient(ctx, mux, loyaltyv1.NewEarningRulesServiceClient(loyalty)),
		loyaltyv1.RegisterOrdersServiceHandlerClient(ctx, mux, loyaltyv1.NewOrdersServiceClient(loyalty)),
		loyaltyv1.RegisterExplanationsServiceHandlerClient(ctx, mux, loyaltyv1.NewExplanationsServiceClient(loyalty)),
		loyaltyv1.RegisterReportsServiceHandlerClient(ctx, mux, loyaltyv1.NewReportsServiceClient(loyalty)),
		loyaltyv1.RegisterRewardsServiceHandlerClient(ctx, mux, loyaltyv1.NewRewardsServiceClient(loyalty)),
		loyaltyv1.RegisterRedemptionsServiceHandlerClient(ctx, mux, loyaltyv1.NewRedemptionsServiceClient(loyalty)),
		loyaltyv1.RegisterLoyaltyEventsServiceHandlerClient(ctx, mux, loyaltyv1.NewLoyaltyEventsServiceClient(loyalty)),
		loyaltyv1.RegisterLedgerServiceHandlerClient(ctx, mux, loyaltyv1.NewLedgerServiceClient(loyalty)),
		// The mux tries what was registered last first, and those who stand at a till wait for members.
		loyaltyv1.RegisterMembersServiceHandlerClient(ctx, mux, loyaltyv1.NewMembersServiceClient(loyalty)),
	)
}
