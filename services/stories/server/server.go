// Package server implements renown.stories.v1, a file for each group of RPCs.
//
// Whatever changes is changed in one update: the effect, its audit entry, its event, the jobs that follow from it and the idempotency record stand or fall
// together.
package server

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"log/slog"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"renown.example/kit/aip"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/idempotency"
	"renown.example/kit/page"
	"renown.example/kit/secret"
	"renown.example/kit/store"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/card"
	"renown.example/stories/domain"
)

// Options are what a Server needs.
type Options struct {
	DB     store.DB
	Clock  clock.Clock
	Logger *slog.Logger
	// Company is the name under which customers are asked for their consent.
	Company string
	// WebsiteURL is where the website is found from outside, without a slash at its end: links to customers begin with it.
	WebsiteURL string
	// Locales are the languages of the site, the default first: it ends every fallback chain.
	Locales []string
	// SearchFolder is where the search index lies, which is this replica's own; "" keeps it in memory.
	SearchFolder string
	// Spare bounds, in bytes, what is kept of published stories for when the embedded database fails.
	Spare int
	// Mail sends messages; nil means that they wait to be copied.
	Mail Mailer
	// Fonts are those that cards are set in; nil means those that come with Renown. Accent is the company's colour on them.
	Fonts  *card.Fonts
	Accent color.RGBA
	// Purger reaches a cache in front; nil means that there is none.
	Purger Purger
	// Loyalty tells which points were given for telling stories; nil means that no loyalty service is known.
	Loyalty loyaltyv1.LoyaltyEventsServiceClient
}

// Server implements the services of renown.stories.v1.
type Server struct {
	storiesv1.UnimplementedPublishedServiceServer
	storiesv1.UnimplementedWorkspaceServiceServer
	storiesv1.UnimplementedReviewServiceServer
	storiesv1.UnimplementedSignoffServiceServer
	storiesv1.UnimplementedConsentsServiceServer
	storiesv1.UnimplementedActivityServiceServer
	storiesv1.UnimplementedMetricsServiceServer
	storiesv1.UnimplementedPreviewsServiceServer
	storiesv1.UnimplementedExcerptsServiceServer
	storiesv1.UnimplementedAnonymousServiceServer
	storiesv1.UnimplementedTaxonomyServiceServer
	storiesv1.UnimplementedAddressesServiceServer
	storiesv1.UnimplementedFiguresServiceServer

	Options
	pages *page.Tokens
	// decoding bounds how many pictures are decoded at once: one may take 320 MB.
	decoding chan struct{}
	drawer   func(card.Card) (card.Image, error)
	drawings drawings
	links    *auth.Links
	hub      *hub
	spare    *spare
	shelves  *shelves
}

// New returns a Server. It makes the keys of its links and page tokens on the first start. Run must be running for scheduled things to happen and for
// WatchRevisions to send.
func New(ctx context.Context, o Options) (*Server, error) {
	if len(o.Locales) == 0 {
		return nil, fault.Invalid("locales", "name at least one language")
	}
	if bad := domain.CheckChain(o.Locales); bad != "" {
		return nil, fault.Invalid("locales", "%q is not a language tag such as en or pt-BR, or stands twice", bad)
	}
	o.Locales = slices.Clone(o.Locales)
	for i, l := range o.Locales {
		o.Locales[i] = domain.CanonicalLocale(l)
	}
	if o.Fonts == nil {
		var err error
		if o.Fonts, err = card.LoadFonts(""); err != nil {
			return nil, err
		}
	}
	s := &Server{Options: o, decoding: make(chan struct{}, 2), drawer: o.Fonts.Draw, shelves: newShelves(o)}
	s.spare = newSpare(o.DB, o.Spare)
	var err error
	if s.hub, err = newHub(ctx, o.DB, o.Locales, s.spare, o.Logger); err != nil {
		return nil, fmt.Errorf("stories: the feed of events: %w", err)
	}
	s.hub.follow, s.shelves.neared = s.followShelves, s.neared
	key, err := secret.Ensure(ctx, o.DB, o.Clock, "page-tokens")
	if err != nil {
		return nil, fmt.Errorf("stories: the key of the page tokens: %w", err)
	}
	if s.pages, err = page.New(key); err != nil {
		return nil, err
	}
	if key, err = secret.Ensure(ctx, o.DB, o.Clock, "links"); err != nil {
		return nil, fmt.Errorf("stories: the key of the links: %w", err)
	}
	s.links, err = auth.NewLinks(o.Clock, key)
	return s, err
}

func (s *Server) now() clock.Millis { return clock.At(s.Clock.Now()) }

// write runs a change under the caller's idempotency key; more than once if a card has to be drawn for it.
func write[R any, P interface {
	*R
	proto.Message
}](ctx context.Context, s *Server, req proto.Message, fn func(ctx context.Context, tx store.Writer) (P, error)) (P, error) {
	for again := 0; ; again++ {
		trying := ctx
		if again < mostDrawn {
			trying = mayGiveUp(ctx)
		}
		reply, err := idempotency.Do(trying, s.DB, s.Clock, req, func() P { return P(new(R)) }, fn)
		var missing *undrawn
		if !errors.As(err, &missing) {
			return reply, err
		}
		if err := s.drawAhead(ctx, missing.sketch); err != nil {
			return nil, err
		}
	}
}

// read runs fn on a snapshot and returns what it made.
func read[R any](ctx context.Context, s *Server, fn func(ctx context.Context, tx store.Reader) (R, error)) (R, error) {
	var out R
	err := s.DB.View(ctx, func(ctx context.Context, tx store.Reader) (err error) {
		out, err = fn(ctx, tx)
		return err
	})
	return out, err
}

// actor is who does something, as the rules and the audit know them.
type actor struct {
	// name is a resource name, "customer" or "renown".
	name  string
	label string
	// owner is the person behind an app: where two persons are needed, the two are one.
	owner string
	roles []domain.Role
}

// renown is the actor of what happens by itself.
var renown = actor{name: "renown", roles: []domain.Role{domain.RoleSystem}}

// who returns the caller as an actor. A partner's app that may write stories acts as an editor.
func who(ctx context.Context) actor {
	me := auth.From(ctx)
	switch me.Kind {
	case auth.KindUser:
		a := actor{name: "users/" + me.Subject, label: me.Name}
		for _, r := range me.Roles {
			a.roles = append(a.roles, domain.Role(r))
		}
		return a
	case auth.KindApp:
		a := actor{name: "apps/" + me.Subject, label: me.Name, roles: []domain.Role{domain.RoleEditor}}
		if me.Owner != "" {
			a.owner = "users/" + me.Owner
		}
		return a
	case auth.KindLink:
		return actor{name: "customer", roles: []domain.Role{domain.RoleCustomer}}
	case auth.KindSystem:
		return renown
	}
	return actor{name: "nobody"}
}

// has reports whether the actor has one of the roles.
func (a actor) has(roles ...domain.Role) bool {
	for _, r := range roles {
		for _, mine := range a.roles {
			if r == mine {
				return true
			}
		}
	}
	return false
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

// inRequest gives the fields of a refusal the names that they have in the caller's request. A name that ends with a dot stands for all that begin with it.
func inRequest(err error, names map[string]string) error {
	e, ok := fault.As(err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	out := *e
	out.Fields = slices.Clone(e.Fields)
	for i, f := range out.Fields {
		for from, to := range names {
			if rest, is := strings.CutPrefix(f.Path, from); is && (rest == "" || strings.HasSuffix(from, ".")) {
				out.Fields[i].Path = to + rest
				out.Message = strings.ReplaceAll(out.Message, f.Path, to+rest)
			}
		}
	}
	return &out
}

// textFields are the names of a text's fields where it comes in a request.
var textFields = map[string]string{"content.": "text.content."}

// last returns the last part of a resource name.
func last(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// Register adds every service to a server.
func Register(r grpc.ServiceRegistrar, s *Server) {
	storiesv1.RegisterPublishedServiceServer(r, s)
	storiesv1.RegisterWorkspaceServiceServer(r, s)
	storiesv1.RegisterReviewServiceServer(r, s)
	storiesv1.RegisterSignoffServiceServer(r, s)
	storiesv1.RegisterConsentsServiceServer(r, s)
	storiesv1.RegisterActivityServiceServer(r, s)
	storiesv1.RegisterMetricsServiceServer(r, s)
	storiesv1.RegisterPreviewsServiceServer(r, s)
	storiesv1.RegisterExcerptsServiceServer(r, s)
	storiesv1.RegisterAnonymousServiceServer(r, s)
	storiesv1.RegisterTaxonomyServiceServer(r, s)
	storiesv1.RegisterAddressesServiceServer(r, s)
	storiesv1.RegisterFiguresServiceServer(r, s)
}
