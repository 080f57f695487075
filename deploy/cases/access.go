package cases

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// sessions checks sign-in and its end.
func (at Target) sessions(t *testing.T) {
	b := at.NewBrowser()
	if page := b.Visit(t, at.Website+"/studio"); page.URL.Path == "/studio" {
		t.Error("the studio lets a stranger in")
	}
	b.SignIn(t, "ada", "")
	token := b.Session()
	if token == "" || strings.Contains(b.Visit(t, at.Website+"/studio").Body, token) {
		t.Error("the session's token is in the page, or nowhere")
	}
	me := partnersv1.NewSessionsServiceClient(at.Rest().As(api.Session(token)))
	who, err := me.GetMe(t.Context(), &partnersv1.GetMeRequest{})
	if err != nil || len(who.GetUser().GetRoles()) != 1 || who.GetUser().GetRoles()[0] != "author" {
		t.Fatalf("me: %v, %v", who, err)
	}
	if _, err := me.RevokeSession(t.Context(), &partnersv1.RevokeSessionRequest{Session: "current"}); err != nil {
		t.Fatal(err)
	}
	Eventually(t, Within, "a revoked session is refused by REST and sent away by the studio", func() bool {
		_, err := me.GetMe(t.Context(), &partnersv1.GetMeRequest{})
		return api.Is(err, fault.Unauthenticated) && b.Visit(t, at.Website+"/studio").URL.Path != "/studio"
	})
}

// keys checks a partner's key from its making to its end.
func (at Target) keys(t *testing.T) {
	apps := partnersv1.NewAppsServiceClient(at.As(t, "agnes"))
	app := "app-" + id.New(clock.System())
	if _, err := apps.CreateApp(t.Context(), &partnersv1.CreateAppRequest{AppId: app, DisplayName: "A partner's"}, api.IdempotencyKey(app)); err != nil {
		t.Fatal(err)
	}
	made, err := apps.CreateKey(t.Context(), &partnersv1.CreateKeyRequest{App: app, DisplayName: "first", Scopes: []string{"stories.read"}})
	if err != nil {
		t.Fatal(err)
	}
	texts := func(secret string) int {
		t.Helper()
		status, _, _ := Get(t, at.API+"/v1/workspace/texts", "Authorization", "Bearer "+secret)
		return status
	}
	if got := texts(made.GetSecret()); got != http.StatusOK {
		t.Fatalf("a new key is answered %d", got)
	}
	token := at.buy(t, path.Base(made.GetKey().GetName()), made.GetSecret())
	if got := texts(token); got != http.StatusOK {
		t.Errorf("an access token is answered %d", got)
	}
	if status, _, _ := Get(t, at.API+"/v1/apps", "Authorization", "Bearer "+made.GetSecret()); status != http.StatusForbidden {
		t.Errorf("beyond its scopes a key is answered %d", status)
	}
	rotated, err := apps.RotateKey(t.Context(), &partnersv1.RotateKeyRequest{App: app, Key: path.Base(made.GetKey().GetName()), GraceHours: 1})
	if err != nil {
		t.Fatal(err)
	}
	if old, fresh := texts(made.GetSecret()), texts(rotated.GetSecret()); old != http.StatusOK || fresh != http.StatusOK {
		t.Errorf("after rotation the old key is answered %d, the new one %d", old, fresh)
	}
	for _, k := range []*partnersv1.Key{made.GetKey(), rotated.GetKey()} {
		if _, err := apps.RevokeKey(t.Context(), &partnersv1.RevokeKeyRequest{App: app, Key: path.Base(k.GetName())}); err != nil {
			t.Fatal(err)
		}
	}
	Eventually(t, Within, "revoked keys and their tokens are refused", func() bool {
		return texts(made.GetSecret()) == http.StatusUnauthorized && texts(rotated.GetSecret()) == http.StatusUnauthorized && texts(token) == http.StatusUnauthorized
	})
}

// buy gets an access token by the client credentials grant.
func (at Target) buy(t testing.TB, clientID, secret string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at.API+"/v1/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, _, body := send(t, req)
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		t.Fatalf("the token endpoint answers %d: %s", status, body)
	}
	return answer.Token
}

// refusals checks that what is wrong is refused with a problem, and changes nothing.
func (at Target) refusals(t *testing.T) {
	token := at.SignIn(t, "edda")
	editor := at.Rest().As(api.Session(token))
	slug := "kept-" + id.New(clock.System())
	Import(t, editor, map[string]string{slug + ".en.md": Markdown(slug, "Kept as it is "+slug)})
	text := func() *storiesv1.Text {
		t.Helper()
		resp, err := storiesv1.NewWorkspaceServiceClient(editor).GetText(t.Context(), &storiesv1.GetTextRequest{Story: slug, Locale: "en"})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetText()
	}
	before := text()
	author := at.As(t, "ada")
	for name, err := range map[string]error{
		"stale etag": func() error {
			_, err := storiesv1.NewReviewServiceClient(editor).SubmitText(t.Context(), &storiesv1.SubmitTextRequest{Story: slug, Locale: "en", Etag: `"77"`})
			return err
		}(),
		"an author publishes": func() error {
			_, err := storiesv1.NewReviewServiceClient(author).PublishText(t.Context(), &storiesv1.PublishTextRequest{Story: slug, Locale: "en"})
			return err
		}(),
		"an altered link": func() error {
			_, err := storiesv1.NewSignoffServiceClient(at.Rest().As(api.Link("bm90LWEtbGluaw"))).GetSignoff(t.Context(), &storiesv1.GetSignoffRequest{})
			return err
		}(),
		"nobody": func() error {
			_, err := storiesv1.NewWorkspaceServiceClient(at.Rest()).ListTexts(t.Context(), &storiesv1.ListTextsRequest{})
			return err
		}(),
	} {
		p := api.AsProblem(err)
		if err == nil || p.Status < 400 || p.Status >= 500 || p.Code == "" || p.RequestID == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, body := range map[string]string{"unknown field": `{"nobody":"knows"}`, "broken": `{"etag":`, "wrong type": `{"etag":7}`, "deep": strings.Repeat(`{"etag":`, 2000)} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at.API+"/v1/workspace/stories/"+slug+"/texts/en:submit", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Session "+token)
		if status, header, answer := send(t, req); status != http.StatusBadRequest || !strings.HasPrefix(header.Get("Content-Type"), "application/problem+json") {
			t.Errorf("%s: %d, %s", name, status, answer)
		}
	}
	if after := text(); after.GetEtag() != before.GetEtag() {
		t.Errorf("a refusal changed the text: %s became %s", before.GetEtag(), after.GetEtag())
	}
}
