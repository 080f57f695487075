package stories_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/rpctest"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories"
	"renown.example/stories/mail"
	"renown.example/stories/mail/mailtest"
)

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

const markdown = `---
slug: harbour
title: A harbour wakes earlier
summary: An invented harbour opens its gates an hour earlier.
customer: Strandby Harbour
consent:
  scope: [web]
  given_by: Runa Holt, Harbour Master
  given_on: 2026-04-01
  ends: 2028-04-01
  evidence: Letter of 1 April 2026
---

The gates open at five.
`

// unsigned is the same without the customer's agreement.
var unsigned = markdown[:strings.Index(markdown, "consent:")] + "---\n\nThe gates open at five.\n"

// rig is a whole stories service with its background.
type rig struct {
	clock   *clock.Fake
	minter  *auth.Minter
	log     *rpctest.Log
	service *stories.Service
}

func newRig(t *testing.T, change func(*stories.Config)) *rig {
	t.Helper()
	r := &rig{clock: clock.NewFake(start), log: &rpctest.Log{}}
	tel, err := telemetry.New(t.Context(), telemetry.Options{Output: r.log})
	if err != nil {
		t.Fatal(err)
	}
	key := auth.GenerateKey()
	if r.minter, err = auth.NewMinter(r.clock, key); err != nil {
		t.Fatal(err)
	}
	config := stories.Config{Config: engine.Config{Data: t.TempDir()}, IdentityKeys: []auth.PublicKey{key.Public()}, Company: "Northwind",
		WebsiteURL: "https://www.northwind.example/", Locales: []string{"en"}}
	change(&config)
	if r.service, err = stories.New(t.Context(), config, stories.Deps{Clock: r.clock, Telemetry: tel}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { r.service.Run(ctx); close(ended) }()
	t.Cleanup(func() {
		cancel()
		<-ended
		if err := r.service.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) as(t *testing.T, subject string, roles ...string) context.Context {
	t.Helper()
	ctx, err := rpc.As(t.Context(), r.minter, auth.Identity{Kind: auth.KindUser, Subject: subject, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// approved brings a text to where only the customer is missing.
func (r *rig) approved(t *testing.T, text string) storiesv1.ReviewServiceClient {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("harbour.en.md")
	if err == nil {
		_, err = io.WriteString(f, text)
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	report, err := storiesv1.NewWorkspaceServiceClient(r.service.Conn()).ImportStories(r.as(t, "edda", "editor"), &storiesv1.ImportStoriesRequest{Zip: b.Bytes()})
	if err != nil || report.GetCreated() != 1 {
		t.Fatalf("import %v, %v", report, err)
	}
	review := storiesv1.NewReviewServiceClient(r.service.Conn())
	if _, err := review.SubmitText(r.as(t, "edda", "editor"), &storiesv1.SubmitTextRequest{Story: "harbour", Locale: "en"}); err != nil {
		t.Fatal(err)
	}
	if _, err := review.ApproveText(r.as(t, "pavel", "approver"), &storiesv1.ApproveTextRequest{Story: "harbour", Locale: "en"}); err != nil {
		t.Fatal(err)
	}
	return review
}

// message returns the only message.
func (r *rig) message(t *testing.T) *storiesv1.Message {
	t.Helper()
	m, err := storiesv1.NewActivityServiceClient(r.service.Conn()).ListMessages(r.as(t, "edda", "editor"), &storiesv1.ListMessagesRequest{})
	if err != nil || len(m.GetMessages()) != 1 {
		t.Fatalf("messages %v, %v", m, err)
	}
	return m.GetMessages()[0]
}

// eventually steps the clock a little at a time, as background work waits for it, until something is so.
func (r *rig) eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	wall := clock.System()
	for end := wall.Now().Add(time.Minute); !so(); {
		if wall.Now().After(end) {
			t.Fatalf("never: %s\n%s", what, r.log.String())
		}
		r.clock.Step(250 * time.Millisecond)
		<-wall.After(2 * time.Millisecond)
	}
}

func TestWhatIsScheduledHappensByItself(t *testing.T) {
	r := newRig(t, func(*stories.Config) {})
	review := r.approved(t, markdown)
	consents := storiesv1.NewConsentsServiceClient(r.service.Conn())
	list, err := consents.ListConsents(r.as(t, "pavel", "approver"), &storiesv1.ListConsentsRequest{Unconfirmed: true})
	if err != nil || len(list.GetConsents()) != 1 {
		t.Fatalf("consents %v, %v", list, err)
	}
	if _, err := consents.ConfirmConsents(r.as(t, "pavel", "approver"), &storiesv1.ConfirmConsentsRequest{Consents: []string{list.GetConsents()[0].GetName()}}); err != nil {
		t.Fatal(err)
	}
	when := r.clock.Now().Add(2 * time.Hour)
	_, err = review.PublishText(r.as(t, "edda", "editor"), &storiesv1.PublishTextRequest{Story: "harbour", Locale: "en", PublishTime: timestamppb.New(when)})
	if err != nil {
		t.Fatal(err)
	}
	published := storiesv1.NewPublishedServiceClient(r.service.Conn())
	get := func() error {
		_, err := published.GetPublishedStory(t.Context(), &storiesv1.GetPublishedStoryRequest{Slug: "harbour"})
		return err
	}
	if err := get(); !fault.Has(err, fault.NotFound) {
		t.Errorf("before its time: %v", err)
	}
	r.clock.Step(2 * time.Hour)
	r.eventually(t, "the story is published", func() bool { return get() == nil })
}

func TestALetterToTheCustomerGoesOut(t *testing.T) {
	r, post, asked := askedByMail(t)
	r.eventually(t, "the letter is sent", func() bool { return r.message(t).GetState() == "sent" })
	got := post.Taken()
	if len(got.Letters) != 1 || !strings.Contains(got.Receivers[0], "runa@strandby.example") {
		t.Fatalf("the mail server took %v", got)
	}
	link := asked.GetText().GetSignoffs()[0].GetUrl()
	if !strings.HasPrefix(link, "https://www.northwind.example/signoff/") || !strings.Contains(strings.ReplaceAll(strings.ReplaceAll(got.Letters[0], "=\r\n", ""), "=3D", "="), link) {
		t.Errorf("the letter lacks %s:\n%s", link, got.Letters[0])
	}
	for _, secret := range []string{link[strings.LastIndex(link, "/")+1:], "runa@strandby.example", "Runa Holt"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

func TestALetterThatNobodyTakesIsLeftToBeCopied(t *testing.T) {
	post := mailtest.Start(t, false, "550 no such mailbox")
	r := newRig(t, func(c *stories.Config) {
		c.SMTP = mail.Config{Address: post.Address, From: "stories@northwind.example", TLS: mail.None}
	})
	review := r.approved(t, unsigned)
	if _, err := review.RequestSignoff(r.as(t, "edda", "editor"), &storiesv1.RequestSignoffRequest{
		Story: "harbour", Locale: "en", ContactName: "Runa Holt", ContactEmail: "nobody@strandby.example",
	}); err != nil {
		t.Fatal(err)
	}
	r.eventually(t, "the letter waits to be copied, and says why", func() bool {
		m := r.message(t)
		return m.GetState() == "to copy" && strings.Contains(m.GetError(), "no such mailbox")
	})
}

func TestSettingsThatMakeNoSenseAreNamed(t *testing.T) {
	tel, err := telemetry.New(t.Context(), telemetry.Options{Output: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*stories.Config){
		"website-url":  func(c *stories.Config) { c.WebsiteURL = "www.northwind.example" },
		"loyalty-key":  func(c *stories.Config) { c.LoyaltyAddr = "localhost:9003" },
		"locales":      func(c *stories.Config) { c.Locales = []string{"no language"} },
		"smtp-address": func(c *stories.Config) { c.SMTP.Address = "mail" },
		"mongodb-uri":  func(c *stories.Config) { c.MongoDBURI = "http://db" },
		"data":         func(c *stories.Config) { c.Data = "" },
	} {
		c := stories.Config{Config: engine.Config{Data: t.TempDir()}, Company: "Northwind", WebsiteURL: "https://www.northwind.example", Locales: []string{"en"}}
		change(&c)
		_, err := stories.New(t.Context(), c, stories.Deps{Clock: clock.System(), Telemetry: tel})
		f, ok := fault.As(err)
		if !ok || len(f.Fields) != 1 || f.Fields[0].Path != name {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A service that has not read yet what is published lets its readers wait: it does not call itself ready.
func TestReadyWhenWhatIsPublishedIsInMemory(t *testing.T) {
	tel, err := telemetry.New(t.Context(), telemetry.Options{Output: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	s, err := stories.New(t.Context(), stories.Config{Config: engine.Config{Data: t.TempDir()}, IdentityKeys: []auth.PublicKey{auth.GenerateKey().Public()}, Company: "Northwind",
		WebsiteURL: "https://www.northwind.example/", Locales: []string{"en"}}, stories.Deps{Clock: clock.NewFake(start), Telemetry: tel})
	if err != nil {
		t.Fatal(err)
	}
	health := healthpb.NewHealthClient(s.Conn())
	ready := func() bool {
		reply, err := health.Check(t.Context(), &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return reply.GetStatus() == healthpb.HealthCheckResponse_SERVING
	}
	if ready() || s.Ready(t.Context()) == nil {
		t.Error("it is ready before it has read anything")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	for over := clock.System().After(time.Minute); !ready() || s.Ready(t.Context()) != nil; runtime.Gosched() {
		select {
		case <-over:
			t.Fatal("it does not become ready")
		default:
		}
	}
	cancel()
	<-ended
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
