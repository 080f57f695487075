package front_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/deploy/cases"
	"renown.example/gateway"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/id"
	"renown.example/kit/ready"
	"renown.example/kit/rpc"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/partners"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories"
	"renown.example/stories/purge"
	"renown.example/website"
	"renown.example/website/api"
)

// rig is everything, with a cache before the website and one before REST that share their purges' address.
type rig struct {
	t         testing.TB
	mint      *auth.Minter
	pages     *cdn
	rest      *cdn
	workspace storiesv1.WorkspaceServiceClient
	review    storiesv1.ReviewServiceClient
	consents  storiesv1.ConsentsServiceClient
	activity  storiesv1.ActivityServiceClient
	// line is what the gateway reaches the stories by.
	line *line
	data string
}

func newRig(t testing.TB) *rig {
	t.Helper()
	clk, key := clock.System(), auth.GenerateKey()
	r := &rig{t: t, pages: newCDN(t, clk), rest: newCDN(t, clk)}
	r.pages.also = r.rest
	var err error
	r.mint, err = auth.NewMinter(clk, key)
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	r.data = t.TempDir()
	data, keys := engine.Config{Data: r.data}, []auth.PublicKey{key.Public()}
	told, err := stories.New(ctx, stories.Config{
		Config: data, IdentityKeys: keys, Company: "Holmway", WebsiteURL: r.pages.URL, Locales: []string{"en", "de", "fr"}, Spare: 32,
		Purge: purge.Config{URL: r.pages.URL + "/purge", Style: purge.JSON, Auth: "Authorization: Bearer secret"},
	}, stories.Deps{Clock: clk, Telemetry: quiet(t)})
	must(t, err)
	people, err := partners.New(ctx, partners.Config{Config: data, IdentityKeys: keys}, partners.Deps{Clock: clk, Telemetry: quiet(t)})
	must(t, err)
	shared := ready.Shared{MaxAge: 24 * time.Hour}
	r.line = &line{ClientConnInterface: told.Conn()}
	gate, err := gateway.New(gateway.Options{Stories: r.line, Partners: people.Conn(), Minter: r.mint, Clock: clk, Telemetry: quiet(t), PublicURL: r.rest.URL, Shared: shared,
		Limits: gateway.Limits{Anonymous: 1 << 30}})
	must(t, err)
	restOrigin := httptest.NewServer(gate)
	site, err := website.New(website.Options{API: api.New(restOrigin.URL, nil), PublicURL: r.pages.URL, Clock: clk, Shared: shared, Telemetry: quiet(t)})
	must(t, err)
	siteOrigin := httptest.NewServer(site)
	r.pages.origin, r.rest.origin = parsed(t, siteOrigin.URL), parsed(t, restOrigin.URL)
	running.Go(func() { told.Run(ctx) })
	running.Go(func() { site.Run(ctx) })
	t.Cleanup(func() {
		stop()
		siteOrigin.Close()
		gate.Close()
		restOrigin.Close()
		running.Wait()
		must(t, told.Close())
		must(t, people.Close())
	})
	conn := told.Conn()
	r.workspace, r.review = storiesv1.NewWorkspaceServiceClient(conn), storiesv1.NewReviewServiceClient(conn)
	r.consents, r.activity = storiesv1.NewConsentsServiceClient(conn), storiesv1.NewActivityServiceClient(conn)
	return r
}

func parsed(t testing.TB, address string) *url.URL {
	u, err := url.Parse(address)
	must(t, err)
	return u
}

func quiet(t testing.TB) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(context.Background(), telemetry.Options{Service: "test", Output: io.Discard})
	must(t, err)
	return tel
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// as returns a context of an employee.
func (r *rig) as(name string, roles ...string) context.Context {
	r.t.Helper()
	ctx, err := rpc.As(context.Background(), r.mint, auth.Identity{Kind: auth.KindUser, Subject: name, Name: name, Roles: roles})
	must(r.t, err)
	return rpc.WithIdempotencyKey(ctx, id.New(clock.System()))
}

func (r *rig) edda() context.Context  { return r.as("edda", "editor") }
func (r *rig) pavel() context.Context { return r.as("pavel", "approver", "admin") }

const manuscript = `---
story: %[1]s
locale: %[2]s
title: %[3]s
summary: What came of it for %[1]s.
customer: Customer %[1]s
industry: [%[4]s]
region: [Region %[5]d]
consent:
  scope: [web]
  given_by: Una Strandby
  given_on: 2020-01-01
  ends: %[6]s
  evidence: Clause 7
---

The story of %[1]s, edition %[5]d, in %[4]s.
`

// publish writes a text and publishes it, with a consent that was given elsewhere and ends on a day.
func (r *rig) publish(story, locale, title, industry string, region int, ends string) {
	r.t.Helper()
	md := fmt.Sprintf(manuscript, story, locale, title, industry, region, ends)
	r.publishFiles(story, locale, map[string]string{story + "." + locale + ".md": md})
}

// publishFiles imports files, of which one is the text, and publishes it.
func (r *rig) publishFiles(story, locale string, files map[string]string) {
	r.t.Helper()
	report, err := r.workspace.ImportStories(r.edda(), &storiesv1.ImportStoriesRequest{Zip: zipped(r.t, files)})
	must(r.t, err)
	if report.GetRefused() > 0 {
		r.t.Fatalf("not imported: %v", report.GetFiles())
	}
	_, err = r.review.SubmitText(r.edda(), &storiesv1.SubmitTextRequest{Story: story, Locale: locale})
	must(r.t, err)
	_, err = r.review.ApproveText(r.pavel(), &storiesv1.ApproveTextRequest{Story: story, Locale: locale})
	must(r.t, err)
	text, err := r.workspace.GetText(r.edda(), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	must(r.t, err)
	for _, c := range text.GetText().GetConsents() {
		if c.GetCurrent() && c.GetConfirmedBy() == "" {
			_, err = r.consents.ConfirmConsents(r.pavel(), &storiesv1.ConfirmConsentsRequest{Consents: []string{c.GetName()}})
			must(r.t, err)
		}
	}
	_, err = r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: locale})
	must(r.t, err)
}

// withdraw takes back the live consent of a text.
func (r *rig) withdraw(story, locale string) {
	r.t.Helper()
	list, err := r.consents.ListConsents(r.edda(), &storiesv1.ListConsentsRequest{Story: story, PageSize: 50})
	must(r.t, err)
	for _, c := range list.GetConsents() {
		if c.GetLive() && c.GetLocale() == locale {
			_, err := r.consents.RevokeConsent(r.edda(), &storiesv1.RevokeConsentRequest{Consent: strings.TrimPrefix(c.GetName(), "consents/"), Reason: "No longer."})
			must(r.t, err)
		}
	}
}

// settled waits until the caches have forgotten all that they were told to.
func (r *rig) settled() {
	r.t.Helper()
	cases.Eventually(r.t, time.Minute, "the caches acknowledge every purge", func() bool { return len(r.waiting()) == 0 })
}

func (r *rig) waiting() []*storiesv1.Purge {
	r.t.Helper()
	list, err := r.activity.ListPurges(r.edda(), &storiesv1.ListPurgesRequest{PageSize: 200})
	must(r.t, err)
	return list.GetPurges()
}

func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		f, err := z.Create(name)
		must(t, err)
		_, err = io.WriteString(f, text)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

// plan has what is up taken down after a while: the text is published anew with that end.
func (r *rig) plan(story, locale string, after time.Duration) {
	r.t.Helper()
	text, err := r.workspace.GetText(r.edda(), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	must(r.t, err)
	content := text.GetText().GetContent()
	content.Summary += " And more."
	_, err = r.workspace.SaveText(r.edda(), &storiesv1.SaveTextRequest{Story: story, Locale: locale, Etag: text.GetText().GetEtag(), Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Content{Content: content}}})
	must(r.t, err)
	_, err = r.review.SubmitText(r.edda(), &storiesv1.SubmitTextRequest{Story: story, Locale: locale})
	must(r.t, err)
	_, err = r.review.ApproveText(r.pavel(), &storiesv1.ApproveTextRequest{Story: story, Locale: locale})
	must(r.t, err)
	attested, err := r.consents.AttestConsent(r.edda(), &storiesv1.AttestConsentRequest{
		Story: story, Locale: locale, Scopes: []storiesv1.ConsentScope{storiesv1.ConsentScope_CONSENT_SCOPE_WEB}, ContentHash: r.hash(story, locale), GivenBy: "Una Strandby", Evidence: "Clause 8",
		GiveTime: timestamppb.New(clock.System().Now().Add(-time.Hour)), EndTime: timestamppb.New(clock.System().Now().Add(1000 * time.Hour)),
	})
	must(r.t, err)
	_, err = r.consents.ConfirmConsents(r.pavel(), &storiesv1.ConfirmConsentsRequest{Consents: []string{attested.GetConsent().GetName()}})
	must(r.t, err)
	_, err = r.review.PublishText(r.edda(), &storiesv1.PublishTextRequest{Story: story, Locale: locale, UnpublishTime: timestamppb.New(clock.System().Now().Add(after))})
	must(r.t, err)
}

// hash is the fingerprint of the newest version.
func (r *rig) hash(story, locale string) string {
	r.t.Helper()
	text, err := r.workspace.GetText(r.edda(), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	must(r.t, err)
	return text.GetText().GetContentHash()
}

// everything asks the origins for every public address there is, caches left aside.
func (r *rig) everything() map[string]*copy {
	r.t.Helper()
	out := map[string]*copy{}
	ask := func(c *cdn, path string) *copy {
		if got := out[path]; got != nil {
			return got
		}
		got := r.origin(c, path)
		out[path] = got
		return got
	}
	for _, path := range []string{"/", "/de/", "/stories", "/de/stories", "/robots.txt", "/sitemap.xml", "/llms.txt"} {
		ask(r.pages, path)
	}
	for _, locale := range []string{"en", "de"} {
		for _, q := range []string{"", "&pageSize=5", "&industry=retail", "&industry=logistics&industry=energy", "&query=told"} {
			ask(r.rest, "/v1/stories?locale="+locale+q)
		}
		for n := range 26 {
			slug := fmt.Sprintf("story-%02d-is-told", n)
			if got := ask(r.rest, "/v1/stories/"+slug+"?locale="+locale); got.status != http.StatusOK {
				continue
			}
			prefix := map[string]string{"en": "", "de": "/de"}[locale]
			ask(r.pages, prefix+"/stories/"+slug)
			ask(r.pages, prefix+"/stories/"+slug+".md")
		}
	}
	return out
}

// again asks for the same addresses once more.
func (r *rig) again(before map[string]*copy) map[string]*copy {
	r.t.Helper()
	out := map[string]*copy{}
	for path := range before {
		out[path] = r.origin(r.front(path), path)
	}
	return out
}

// warm lets the caches ask for everything.
func (r *rig) warm(all map[string]*copy) {
	r.t.Helper()
	for path := range all {
		_, err := r.front(path).get(path)
		must(r.t, err)
	}
}

func (r *rig) front(path string) *cdn {
	if strings.HasPrefix(path, "/v1/") {
		return r.rest
	}
	return r.pages
}

// origin asks past the cache.
func (r *rig) origin(c *cdn, path string) *copy {
	r.t.Helper()
	alone := &cdn{origin: c.origin, clock: c.clock, entries: map[string]*copy{}}
	got, err := alone.get(path)
	must(r.t, err)
	return got
}
