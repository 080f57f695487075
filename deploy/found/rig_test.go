// Package found_test holds what programs find of a website against the standards that they read it by: search engines, feed readers, language models, sites that show
// a story of ours. It runs on a whole installation with stories in five languages.
package found_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/gateway"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/id"
	"renown.example/kit/rpc"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/partners"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories"
	"renown.example/website"
	"renown.example/website/api"
	"renown.example/website/web"
)

// locales are the languages of the installation, the default first.
var locales = []string{"en", "de", "fr", "ja", "pt-BR"}

// installation is stories, gateway and website, started.
type installation struct {
	url     string
	gateway string
	mint    *auth.Minter
	conn    rpc.Conn
}

func install(t *testing.T) *installation {
	t.Helper()
	in := &installation{}
	front := httptest.NewUnstartedServer(nil)
	in.url = "http://" + front.Listener.Addr().String()
	clk, key := clock.System(), auth.GenerateKey()
	in.mint = value(auth.NewMinter(clk, key))(t)
	data := engine.Config{Data: t.TempDir()}
	ctx, stop := context.WithCancel(context.Background())
	known := value(partners.New(ctx, partners.Config{Config: data, IdentityKeys: []auth.PublicKey{key.Public()}}, partners.Deps{Clock: clk, Telemetry: quiet(t)}))(t)
	told := value(stories.New(ctx, stories.Config{Config: data, IdentityKeys: []auth.PublicKey{key.Public()}, Company: "Holmway", WebsiteURL: in.url, Locales: locales},
		stories.Deps{Clock: clk, Telemetry: quiet(t)}))(t)
	gate := value(gateway.New(gateway.Options{Stories: told.Conn(), Partners: known.Conn(), Minter: in.mint, Clock: clk, Telemetry: quiet(t), PublicURL: "http://127.0.0.1:8081"}))(t)
	rest := httptest.NewServer(gate)
	theme := web.DefaultTheme()
	theme.Name = "Holmway & Sons"
	site := value(website.New(website.Options{API: api.New(rest.URL, nil), Theme: theme, PublicURL: in.url, Clock: clk, Telemetry: quiet(t)}))(t)
	var running sync.WaitGroup
	running.Go(func() { told.Run(ctx) })
	running.Go(func() { site.Run(ctx) })
	front.Config.Handler = site
	front.Start()
	t.Cleanup(func() {
		stop()
		front.Close()
		gate.Close()
		rest.Close()
		running.Wait()
		must(t, told.Close())
		must(t, known.Close())
	})
	in.conn, in.gateway = told.Conn(), rest.URL
	return in
}

func quiet(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	return value(telemetry.New(t.Context(), telemetry.Options{Service: "test", Output: io.Discard}))(t)
}

// as is a context of one of the company's people, for one call.
func (in *installation) as(t *testing.T, name string, roles ...string) context.Context {
	t.Helper()
	ctx := value(rpc.As(t.Context(), in.mint, auth.Identity{Kind: auth.KindUser, Subject: name, Name: name, Roles: roles}))(t)
	return rpc.WithIdempotencyKey(ctx, id.New(clock.System()))
}

func (in *installation) author(t *testing.T) context.Context   { return in.as(t, "ada", "author") }
func (in *installation) editor(t *testing.T) context.Context   { return in.as(t, "edda", "editor") }
func (in *installation) approver(t *testing.T) context.Context { return in.as(t, "pavel", "approver") }

// told is a text of a story: its words name story and language, so that a page can be known by them.
type told struct{ story, locale string }

func (x told) slug() string  { return x.story + "-" + strings.ToLower(x.locale) }
func (x told) title() string { return "What " + x.story + ` "achieves" & <shows> in ` + x.locale }

// path is where it is to be found.
func (x told) path() string {
	if x.locale == locales[0] {
		return "/stories/" + x.slug()
	}
	return "/" + x.locale + "/stories/" + x.slug()
}

func (x told) markdown() string {
	return fmt.Sprintf(`---
locale: %[2]s
slug: %[3]s
title: '%[4]s'
summary: %[1]s ships on time & says so in %[2]s.
customer: Customer %[1]s
industry: [Logistics, "R&D"]
region: [Northern Europe]
product: [Route planning]
---

The words of %[1]s in %[2]s.

::: metric
value: "38"
unit: "%%"
label: fewer late deliveries
baseline: 412 a month in spring 2025
period: September to November 2025
:::

::: quote
text: "We say \"thank you\" & mean it."
by: Jonna Fjeld
role: Head of Operations
:::
`, x.story, x.locale, x.slug(), x.title())
}

// publish takes a text the whole way, with an agreement that was given elsewhere.
func (in *installation) publish(t *testing.T, x told) {
	t.Helper()
	writing := storiesv1.NewWorkspaceServiceClient(in.conn)
	words := &storiesv1.TextInput{Form: &storiesv1.TextInput_Markdown{Markdown: x.markdown()}}
	_, err := writing.SaveText(in.author(t), &storiesv1.SaveTextRequest{Story: x.story, Locale: x.locale, Text: words})
	if err != nil {
		value(writing.CreateStory(in.author(t), &storiesv1.CreateStoryRequest{StoryId: x.story, Text: words}))(t)
	}
	in.agree(t, x)
}

// agree takes the newest version of a text through consent and review to publication.
func (in *installation) agree(t *testing.T, x told) {
	t.Helper()
	writing, review, consents := storiesv1.NewWorkspaceServiceClient(in.conn), storiesv1.NewReviewServiceClient(in.conn), storiesv1.NewConsentsServiceClient(in.conn)
	hash := value(writing.GetText(in.editor(t), &storiesv1.GetTextRequest{Story: x.story, Locale: x.locale}))(t).GetText().GetContentHash()
	given := value(consents.AttestConsent(in.editor(t), &storiesv1.AttestConsentRequest{
		Story: x.story, Locale: x.locale, Scopes: []storiesv1.ConsentScope{storiesv1.ConsentScope_CONSENT_SCOPE_WEB}, GivenBy: "Jonna Fjeld",
		GiveTime: timestamppb.New(clock.System().Now().AddDate(0, -1, 0)), Evidence: "Clause 7 of the framework agreement", ContentHash: hash,
	}))(t).GetConsent().GetName()
	value(consents.ConfirmConsents(in.approver(t), &storiesv1.ConfirmConsentsRequest{Consents: []string{given}}))(t)
	value(review.SubmitText(in.editor(t), &storiesv1.SubmitTextRequest{Story: x.story, Locale: x.locale}))(t)
	value(review.ApproveText(in.approver(t), &storiesv1.ApproveTextRequest{Story: x.story, Locale: x.locale}))(t)
	value(review.PublishText(in.editor(t), &storiesv1.PublishTextRequest{Story: x.story, Locale: x.locale}))(t)
}

// withdraw takes a text down.
func (in *installation) withdraw(t *testing.T, x told) {
	t.Helper()
	value(storiesv1.NewReviewServiceClient(in.conn).UnpublishText(in.editor(t), &storiesv1.UnpublishTextRequest{Story: x.story, Locale: x.locale}))(t)
}

// up is what the stories tell: in all languages, in some, in one, not in the default one; and one that was taken down in one language, one in all.
func (in *installation) up(t *testing.T) []told {
	t.Helper()
	var out []told
	for story, languages := range map[string][]string{"all": locales, "two": {"en", "fr"}, "one": {"en"}, "abroad": {"de", "ja", "pt-BR"}, "less": {"en", "de"}, "gone": {"en", "de"}} {
		for _, locale := range languages {
			x := told{story, locale}
			in.publish(t, x)
			out = append(out, x)
		}
	}
	left := out[:0]
	for _, x := range out {
		if x.story == "gone" || x == (told{"less", "de"}) {
			in.withdraw(t, x)
			continue
		}
		left = append(left, x)
	}
	return left
}

type answer struct {
	status int
	header http.Header
	body   string
}

// get asks for an address, absolute or of the website. Redirects are not followed.
func (in *installation) get(t testing.TB, address string, headers ...string) answer {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = in.url + address
	}
	req := value(http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))(t)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	must(t, err)
	defer res.Body.Close()
	return answer{res.StatusCode, res.Header, string(value(io.ReadAll(res.Body))(t))}
}

// page is what an address answers with, read as HTML.
func (in *installation) page(t testing.TB, address string) *goquery.Document {
	t.Helper()
	got := in.get(t, address)
	if got.status != http.StatusOK {
		t.Fatalf("%s answers %d", address, got.status)
	}
	return value(goquery.NewDocumentFromReader(strings.NewReader(got.body)))(t)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// value fails the test unless there is one: value(f())(t).
func value[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		must(t, err)
		return v
	}
}

// move publishes a text again under another slug; a word changes with it, so that it goes the whole way.
func (in *installation) move(t *testing.T, x told, slug string) {
	t.Helper()
	writing := storiesv1.NewWorkspaceServiceClient(in.conn)
	now := value(writing.GetText(in.editor(t), &storiesv1.GetTextRequest{Story: x.story, Locale: x.locale}))(t).GetText()
	words := strings.Replace(strings.Replace(x.markdown(), "slug: "+x.slug(), "slug: "+slug, 1), "The words of", "The new words of", 1)
	value(writing.SaveText(in.author(t), &storiesv1.SaveTextRequest{Story: x.story, Locale: x.locale, Etag: now.GetEtag(),
		Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Markdown{Markdown: words}}}))(t)
	in.agree(t, x)
}
