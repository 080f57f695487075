package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"renown.example/kit/auth"
	"renown.example/kit/rpc"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories"
	"renown.example/website"
	"renown.example/website/api"
)

// The token of a preview link is the key to an unpublished text: neither a log line nor a span of website, gateway or service holds it, whatever becomes of it.
func TestAPreviewLinkIsInNoLogAndNoTrace(t *testing.T) {
	o := observe(t)
	site, err := website.New(website.Options{API: api.New(o.rest, nil), PublicURL: "http://127.0.0.1:8080", Telemetry: o.tel})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(site)
	defer front.Close()

	token, revoke := shownStory(t, o.stories, o.minter)
	everywhere := func(want int) {
		t.Helper()
		for name, ask := range map[string]func() (int, string){
			"page": func() (int, string) { return asked(t, front.URL+"/preview/"+token) },
			"picture": func() (int, string) {
				return asked(t, front.URL+"/preview/"+token+"/images/"+strings.Repeat("a", 64))
			},
			"REST": func() (int, string) { return asked(t, o.rest+"/v1/preview", "Authorization", "Link "+token) },
		} {
			got, body := ask()
			if name == "picture" && want == http.StatusOK {
				want := http.StatusNotFound // it has none, and says so
				if got != want {
					t.Errorf("%s answers %d", name, got)
				}
				continue
			}
			if got != want || name == "REST" && strings.Contains(body, token) {
				t.Errorf("%s answers %d: %.200s", name, got, body)
			}
		}
	}
	everywhere(http.StatusOK)
	revoke()
	everywhere(http.StatusForbidden)
	// Nor does it matter where somebody puts it: as the link to a sign-off page, into a query, or into an address that there is not.
	for _, path := range []string{"/signoff/" + token, "/signoff/" + token + "/sign", "/stories?query=" + token, "/stories/harbour?as_of=" + token, "/studio?token=" + token} {
		asked(t, front.URL+path)
	}
	var traces bytes.Buffer
	if err := json.NewEncoder(&traces).Encode(o.spans.GetSpans()); err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{"log": o.log.String(), "traces": traces.String()} {
		if !strings.Contains(text, "/preview/{token}") || !strings.Contains(text, "/signoff/{token}") || !strings.Contains(text, "/v1/preview") || strings.Contains(text, token) || strings.Contains(text, token[len(token)-40:]) {
			t.Errorf("the %s of %d bytes do not tell of the calls, or hold the link", where, len(text))
		}
	}
}

// asked asks for a page and returns its status and what it says.
func asked(t *testing.T, address string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body.String()
}

// shownStory begins a story and makes a preview link to it; the function revokes it.
func shownStory(t *testing.T, st *stories.Service, minter *auth.Minter) (token string, revoke func()) {
	t.Helper()
	as := func(key string) context.Context {
		ctx, err := rpc.As(t.Context(), minter, auth.Identity{Kind: auth.KindUser, Subject: "edda", Roles: []string{"editor"}})
		if err != nil {
			t.Fatal(err)
		}
		return rpc.WithIdempotencyKey(ctx, key)
	}
	_, err := storiesv1.NewWorkspaceServiceClient(st.Conn()).CreateStory(as("begin"), &storiesv1.CreateStoryRequest{StoryId: "harbour", Text: &storiesv1.TextInput{
		Form: &storiesv1.TextInput_Content{Content: &storiesv1.Content{Locale: "en", Title: "A harbour wakes earlier", Customer: "Strandby Harbour"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	previews := storiesv1.NewPreviewsServiceClient(st.Conn())
	made, err := previews.CreatePreview(as("show"), &storiesv1.CreatePreviewRequest{Story: "harbour", Locale: "en", Note: "For a test"})
	if err != nil {
		t.Fatal(err)
	}
	id := made.GetPreview().GetName()
	return made.GetPreview().GetUrl()[strings.LastIndex(made.GetPreview().GetUrl(), "/")+1:], func() {
		_, err := previews.RevokePreview(as("revoke"), &storiesv1.RevokePreviewRequest{Story: "harbour", Locale: "en", Preview: id[strings.LastIndex(id, "/")+1:]})
		if err != nil {
			t.Fatal(err)
		}
	}
}
