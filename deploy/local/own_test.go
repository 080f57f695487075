package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"renown.example/deploy/cases"
	"renown.example/deploy/idp"
	"renown.example/kit/fault"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

func TestAnInstallationOfOnesOwnSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	i := begin(t, dir, "--demo=false", "--company", "Northwind")
	for _, name := range []string{"RENOWN_OIDC_ISSUER", "RENOWN_OIDC_CLIENT_ID"} {
		i.await(t, name)
	}
	if strings.Contains(i.output(), "signin?setup=") || strings.Contains(i.output(), "rn_test_key_") {
		t.Errorf("it says too much:\n%s", i.output())
	}
	if got := i.stories(t, "en"); len(got) != 0 {
		t.Errorf("there are stories: %v", got)
	}
	i.stop(t)
	refused(t, dir, "the demo does not touch")
}

func TestTheFirstAdministratorComesThroughALinkOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// The provider knows the website's address, so that is chosen first.
	website := freeAddress(t)
	provider, err := idp.Start(context.Background(), idp.Config{Addr: "127.0.0.1:0", Users: idp.DemoUsers("northwind.example"), Clients: []idp.Client{
		{ID: "renown", Secret: "a secret of the provider's", RedirectURIs: []string{"http://" + website + "/signin/callback"}},
	}}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(provider.Stop)
	args := []string{"--demo=false", "--website", website, "--oidc-issuer", provider.Issuer, "--oidc-client-id", "renown",
		"--oidc-client-secret", "a secret of the provider's"}
	i := begin(t, dir, args...)
	link := regexp.MustCompile(`/signin\?(setup=\S+)`)
	i.await(t, "/signin?setup=")
	setup := link.FindStringSubmatch(i.output())[1]
	first, second := i.NewBrowser(), i.NewBrowser()
	first.SignIn(t, "ada", setup)
	me := partnersv1.NewSessionsServiceClient(i.Rest().As(api.Session(first.Session())))
	who, err := me.GetMe(t.Context(), &partnersv1.GetMeRequest{})
	if err != nil || strings.Join(who.GetUser().GetRoles(), " ") != "admin" {
		t.Fatalf("the first is %v, %v", who, err)
	}
	refusal := second.Visit(t, i.Website+"/signin/start?return=/studio&"+setup)
	refusal = second.Post(t, refusal.URL.Scheme+"://"+refusal.URL.Host+"/sign-in", map[string][]string{"request": {refusal.URL.Query().Get("request")}, "user": {"pavel"}})
	if second.Session() != "" || refusal.Status != 403 {
		t.Errorf("the link works twice: %d %.300s", refusal.Status, refusal.Body)
	}
	i.stop(t)
	again := begin(t, dir, args...)
	if _, err := partnersv1.NewSessionsServiceClient(again.Rest().As(api.Session(first.Session()))).GetMe(t.Context(), &partnersv1.GetMeRequest{}); err != nil {
		t.Error("the session did not outlive the restart:", err)
	}
	again.stop(t)
	if link.MatchString(again.output()) {
		t.Errorf("there is an administrator, and yet a new link:\n%s", again.output())
	}
}

func TestImportReportsFileByFile(t *testing.T) {
	t.Parallel()
	dir, mine := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		"harbour.en.md": cases.Markdown("harbour", "A harbour of mine"),
		"broken.en.md":  "---\ntitle: Broken\n---\n\n::: hologram\n:::\n",
		"stray.png":     "no picture",
	} {
		if err := os.WriteFile(filepath.Join(mine, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	i := begin(t, dir, "--import", mine)
	for _, want := range []string{`created +harbour.en.md +-> +stories/harbour/texts/en`, `refused +broken.en.md`, `line 5: .*hologram`, `1 new, 0 changed, 0 as before, 1 refused`} {
		if !regexp.MustCompile(want).MatchString(i.output()) {
			t.Errorf("the report lacks %q:\n%s", want, i.output())
		}
	}
	text, err := storiesv1.NewWorkspaceServiceClient(i.As(t, "edda")).GetText(t.Context(), &storiesv1.GetTextRequest{Story: "harbour", Locale: "en"})
	if err != nil || text.GetText().GetSummary().GetState() != storiesv1.TextState_TEXT_STATE_DRAFT {
		t.Errorf("the text is %v, %v", text.GetText().GetSummary(), err)
	}
	if _, err := storiesv1.NewWorkspaceServiceClient(i.As(t, "edda")).GetText(t.Context(), &storiesv1.GetTextRequest{Story: "broken", Locale: "en"}); !api.Is(err, fault.NotFound) {
		t.Errorf("the broken file: %v", err)
	}
	i.stop(t)
	if again := begin(t, dir, "--import", mine); !strings.Contains(again.output(), "0 new, 0 changed, 1 as before, 1 refused") {
		t.Errorf("the second import says:\n%s", again.output())
	}
}
