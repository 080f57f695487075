package server_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/outbox"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/rpctest"
	"renown.example/kit/store"
	"renown.example/kit/store/enginetest"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/server"
	"renown.example/stories/tables"
)

// rig is the service as its callers see it: through the interceptors, with identities, on a real store, at an hour that the test sets.
type rig struct {
	t      testing.TB
	clock  *clock.Fake
	db     store.DB
	server *server.Server
	worker *outbox.Worker
	mint   *auth.Minter

	published  storiesv1.PublishedServiceClient
	workspace  storiesv1.WorkspaceServiceClient
	review     storiesv1.ReviewServiceClient
	signoff    storiesv1.SignoffServiceClient
	consents   storiesv1.ConsentsServiceClient
	activity   storiesv1.ActivityServiceClient
	metrics    storiesv1.MetricsServiceClient
	previews   storiesv1.PreviewsServiceClient
	excerpting storiesv1.ExcerptsServiceClient
	anonymous  storiesv1.AnonymousServiceClient
	figures    storiesv1.FiguresServiceClient
	located    storiesv1.AddressesServiceClient
	taxonomy   storiesv1.TaxonomyServiceClient
}

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

func newRig(t testing.TB) *rig {
	t.Helper()
	return rigOn(t, enginetest.Open(t, tables.Specs()...), clock.NewFake(start))
}

// rigOn starts the service on a database, as one replica of possibly several.
func rigOn(t testing.TB, db store.DB, c *clock.Fake) *rig {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	log := slog.New(slog.DiscardHandler)
	srv, err := server.New(ctx, server.Options{
		DB: db, Clock: c, Logger: log, Company: "Holmway", WebsiteURL: "https://holmway.example", Locales: []string{"en", "de", "fr"},
	})
	if err != nil {
		t.Fatal(err)
	}
	key := auth.GenerateKey()
	mint, err := auth.NewMinter(c, key)
	if err != nil {
		t.Fatal(err)
	}
	rs := rpc.NewServer(rpc.Options{Name: "stories", Clock: c, Logger: log, Verifier: auth.NewVerifier(c, key.Public())})
	server.Register(rs, srv)
	if err := rs.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); srv.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; rs.Stop() })
	conn := rpctest.Enduring(rs.Conn())
	r := &rig{
		t: t, clock: c, db: db, server: srv, mint: mint,
		published: storiesv1.NewPublishedServiceClient(conn), workspace: storiesv1.NewWorkspaceServiceClient(conn),
		review: storiesv1.NewReviewServiceClient(conn), signoff: storiesv1.NewSignoffServiceClient(conn),
		taxonomy: storiesv1.NewTaxonomyServiceClient(conn),
		consents: storiesv1.NewConsentsServiceClient(conn), activity: storiesv1.NewActivityServiceClient(conn),
		excerpting: storiesv1.NewExcerptsServiceClient(conn), anonymous: storiesv1.NewAnonymousServiceClient(conn),
		figures: storiesv1.NewFiguresServiceClient(conn),
		located: storiesv1.NewAddressesServiceClient(conn),
		metrics: storiesv1.NewMetricsServiceClient(conn), previews: storiesv1.NewPreviewsServiceClient(conn),
	}
	r.worker = &outbox.Worker{DB: db, Clock: c, Handlers: srv.Jobs(), Failed: func(j outbox.Job, err error) { t.Errorf("job %s: %v", j.ID, err) }}
	return r
}

// as returns a context of an employee with these roles. The name is the person's id.
func (r *rig) as(name string, roles ...string) context.Context {
	return r.identity(auth.Identity{Kind: auth.KindUser, Subject: name, Name: strings.ToUpper(name[:1]) + name[1:], Roles: roles})
}

func (r *rig) identity(i auth.Identity) context.Context {
	r.t.Helper()
	ctx, err := rpc.As(context.Background(), r.mint, i)
	if err != nil {
		r.t.Fatal(err)
	}
	return rpc.WithIdempotencyKey(ctx, id.New(clock.System()))
}

// The people of the tests: ada and edda write, pavel approves, agnes may do everything.
func (r *rig) ada() context.Context   { return r.as("ada", "author") }
func (r *rig) edda() context.Context  { return r.as("edda", "editor") }
func (r *rig) pavel() context.Context { return r.as("pavel", "approver") }
func (r *rig) agnes() context.Context { return r.as("agnes", "admin") }
func (r *rig) nobody() context.Context {
	return r.identity(auth.Anonymous)
}

// customer returns a context of whoever holds the link of a customer's page.
func (r *rig) customer(url string) context.Context {
	return r.identity(auth.Identity{Kind: auth.KindLink, Link: url[strings.LastIndex(url, "/")+1:]})
}

// must fails the test on an error.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused checks the reason of a refusal and returns the fault.
func refused(t testing.TB, err error, want fault.Reason) *fault.Error {
	t.Helper()
	e, ok := fault.As(err)
	if !ok || e.Reason.Name != want.Name {
		t.Fatalf("got %v, want %s", err, want.Name)
	}
	return e
}

const markdown = `---
locale: en
title: Nordhafen cut late deliveries by 38 %
summary: Planning overnight instead of by telephone.
customer: Nordhafen Logistics
industry: [Logistics]
---

The harbour never sleeps.

::: metric
value: "38"
unit: "%"
label: fewer late deliveries
baseline: 412 a month in spring 2025
:::

Now the dispatchers do.
`

func text(md string) *storiesv1.TextInput {
	return &storiesv1.TextInput{Form: &storiesv1.TextInput_Markdown{Markdown: md}}
}

// write begins a story by ada.
func (r *rig) write(story, md string) {
	r.t.Helper()
	must(r.workspace.CreateStory(r.ada(), &storiesv1.CreateStoryRequest{StoryId: story, Text: text(md)}))(r.t)
}

func (r *rig) text(story, locale string) *storiesv1.Text {
	r.t.Helper()
	return must(r.workspace.GetText(r.agnes(), &storiesv1.GetTextRequest{Story: story, Locale: locale}))(r.t).GetText()
}

func (r *rig) state(story, locale string) string {
	r.t.Helper()
	return strings.TrimPrefix(r.text(story, locale).GetSummary().GetState().String(), "TEXT_STATE_")
}

// approve takes a draft to the customer.
func (r *rig) approve(story, locale string) {
	r.t.Helper()
	must(r.review.SubmitText(r.edda(), &storiesv1.SubmitTextRequest{Story: story, Locale: locale}))(r.t)
	must(r.review.ApproveText(r.pavel(), &storiesv1.ApproveTextRequest{Story: story, Locale: locale}))(r.t)
}

// ask makes the customer's page and returns its address.
func (r *rig) ask(story, locale string) string {
	r.t.Helper()
	t := must(r.review.RequestSignoff(r.edda(), &storiesv1.RequestSignoffRequest{
		Story: story, Locale: locale, ContactName: "Jonna Fjeld", ContactEmail: "jonna@nordhafen.example",
		Scopes: []storiesv1.ConsentScope{storiesv1.ConsentScope_CONSENT_SCOPE_WEB, storiesv1.ConsentScope_CONSENT_SCOPE_SALES},
	}))(r.t).GetText()
	for _, s := range t.GetSignoffs() {
		if s.GetState() == "open" {
			return s.GetUrl()
		}
	}
	r.t.Fatal("no request is open")
	return ""
}

func web() []storiesv1.ConsentScope {
	return []storiesv1.ConsentScope{storiesv1.ConsentScope_CONSENT_SCOPE_WEB}
}

// sign signs for the web by the link of the page.
func (r *rig) sign(url string) *storiesv1.SignoffPage {
	r.t.Helper()
	page := must(r.signoff.GetSignoff(r.customer(url), &storiesv1.GetSignoffRequest{}))(r.t).GetPage()
	return must(r.signoff.SignSignoff(r.customer(url), &storiesv1.SignSignoffRequest{
		Scopes: web(), ContentHash: page.GetContentHash(), SignedBy: "Jonna Fjeld",
	}))(r.t).GetPage()
}

// publish takes a draft all the way and returns the address of the customer's page.
func (r *rig) publish(story, locale string) string {
	r.t.Helper()
	r.approve(story, locale)
	url := r.ask(story, locale)
	r.sign(url)
	must(r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: locale}))(r.t)
	return url
}

// get reads a story as the world does.
func (r *rig) get(slug, locale string) (*storiesv1.PublishedStory, error) {
	resp, err := r.published.GetPublishedStory(r.nobody(), &storiesv1.GetPublishedStoryRequest{Slug: slug, Locale: locale})
	return resp.GetStory(), err
}

// step moves the clock and does what is due.
func (r *rig) step(d time.Duration) {
	r.t.Helper()
	r.clock.Step(d)
	if _, err := r.worker.RunDue(context.Background()); err != nil {
		r.t.Fatal(err)
	}
}

// events returns how many events of a type there were.
func (r *rig) events(kind string) int {
	r.t.Helper()
	resp := must(r.activity.ListEvents(r.agnes(), &storiesv1.ListEventsRequest{PageSize: 1000}))(r.t)
	n := 0
	for _, e := range resp.GetEvents() {
		if e.GetType() == kind {
			n++
		}
	}
	return n
}

// audited reports whether the audit of a story has an action.
func (r *rig) audited(story, action string) bool {
	r.t.Helper()
	resp := must(r.activity.ListAuditEntries(r.agnes(), &storiesv1.ListAuditEntriesRequest{Story: story, PageSize: 200}))(r.t)
	for _, e := range resp.GetEntries() {
		if e.GetAction() == action {
			return true
		}
	}
	return false
}
