package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"renown.example/deploy/browser"
)

// A page of another site that posts to the studio in the name of somebody who is signed in.
func TestPostsFromOtherSites(t *testing.T) {
	at, editor := platform(t), employee(t, browser.Editor)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><title>Win</title><form method="post" action="%s/studio/new"><input name="customer" value="Mallory">`+
			`<input name="title" value="Planted from elsewhere"><input name="locale" value="en"><input name="key" value="0123456789abcdef"><button>Win</button></form>`, at.Website)
	}))
	defer evil.Close()
	where, err := url.Parse(evil.URL)
	must(t, err)
	// "localhost" is another site than 127.0.0.1 for a browser, and the same machine.
	must(t, editor.Go("http://localhost:"+where.Port()))
	must(t, editor.Follow(func() error { return editor.Click("button") }))
	says(t, editor.Page, "h1", "This came from another website")
	must(t, editor.Go(at.Website+"/studio/stories?state=draft"))
	if text := value(editor.Text("main"))(t); strings.Contains(text, "Planted") {
		t.Error("the other site's story was begun")
	}
	for _, path := range []string{"/studio/new", "/studio/stories/nordhafen-logistics/en/unpublish", "/studio/preview", "/signout", "/signoff/some-token/sign"} {
		if got := fetch(t, http.MethodPost, at.Website+path, "", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); got.status != http.StatusForbidden {
			t.Errorf("%s from another site answers %d", path, got.status)
		}
	}
}

// What the provider sent back once is of no use a second time, neither to the same browser nor to another.
func TestReplayedCallback(t *testing.T) {
	at, p := platform(t), visitor(t)
	must(t, p.Go(at.Website+"/signin/start"))
	must(t, p.Follow(func() error { return p.Click("button[name=user][value=" + browser.Author + "]") }))
	callback := ""
	for _, q := range p.Requests() {
		if strings.HasPrefix(q.URL, at.Website+"/signin/callback?") {
			callback = q.URL
		}
	}
	if !strings.Contains(callback, "code=") || !strings.Contains(callback, "state=") {
		t.Fatalf("the callback was %q", callback)
	}
	must(t, p.Go(callback))
	says(t, p, "h1", "This sign-in was finished already")
	other := visitor(t)
	must(t, other.Go(callback))
	says(t, other, "h1", "This sign-in cannot be finished")
	must(t, other.Go(at.Website+"/studio"))
	says(t, other, "h1", "Sign in")
}

func TestSecurityHeaders(t *testing.T) {
	at := platform(t)
	index := fetch(t, http.MethodGet, at.Website+"/stories", "").body
	style := index[strings.Index(index, "/static/"):]
	style = style[:strings.IndexByte(style, '"')]
	for _, path := range []string{"/", "/stories", "/stories/nothing", "/signoff/nothing", "/signin", "/studio", "/studio/stories", "/nowhere", style} {
		got := fetch(t, http.MethodGet, at.Website+path, "")
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Cross-Origin-Opener-Policy": "same-origin", "Referrer-Policy": "",
		} {
			if value := got.header.Get(name); value == "" || !strings.Contains(value, want) {
				t.Errorf("%s (%d) has %s %q", path, got.status, name, value)
			}
		}
		if policy := got.header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s has the policy %q", path, policy)
		}
	}
	if got := fetch(t, http.MethodGet, at.Website+"/signoff/nothing", ""); got.header.Get("Referrer-Policy") != "no-referrer" || !strings.Contains(got.header.Get("Cache-Control"), "no-store") {
		t.Errorf("a link that is a secret is answered with %v", got.header)
	}
	for _, path := range []string{"/v1/stories", "/v1/stories/nothing", "/docs", "/openapi.json"} {
		if got := fetch(t, http.MethodGet, at.API+path, ""); got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("REST's %s (%d) may be sniffed", path, got.status)
		}
	}
}
