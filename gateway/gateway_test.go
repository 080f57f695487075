package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestPublishedStoryIsReadByAnybody(t *testing.T) {
	w := newWorld(t, nil)
	w.stories.published.set("nordhafen", "38 % fewer late deliveries")
	res := w.do("GET", "/v1/stories/nordhafen", "")
	if res.StatusCode != 200 {
		t.Fatalf("status %d: %s", res.StatusCode, res.body)
	}
	got := res.json(t)
	if got["summary"].(map[string]any)["title"] != "38 % fewer late deliveries" {
		t.Errorf("body %s", res.body)
	}
	if _, ok := got["fallbackFor"]; !ok {
		t.Errorf("empty fields must be there: %s", res.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Content-Language": "en", "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff",
	} {
		if res.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, res.Header.Get(name), want)
		}
	}
}

func TestCallersAreWhoTheirCredentialsSay(t *testing.T) {
	w := newWorld(t, nil)
	tests := []struct {
		name, authorization string
		path                string
		status              int
		code                string
	}{
		{"nobody", "", "/v1/workspace/texts", 401, "UNAUTHENTICATED"},
		{"a session", "Session " + editorSession, "/v1/workspace/texts", 200, ""},
		{"a session, scheme in other case", "session " + editorSession, "/v1/workspace/texts", 200, ""},
		{"a key", "Bearer " + appKey, "/v1/workspace/texts", 200, ""},
		{"a key as session", "Session " + appKey, "/v1/workspace/texts", 401, "UNAUTHENTICATED"},
		{"a session as key", "Bearer " + editorSession, "/v1/workspace/texts", 401, "UNAUTHENTICATED"},
		{"an unknown key", "Bearer rn_live_key_nobody", "/v1/workspace/texts", 401, "UNAUTHENTICATED"},
		{"a key too short to be one", "Bearer x", "/v1/workspace/texts", 401, "UNAUTHENTICATED"},
		{"another scheme", "Basic am9ubmE6eA==", "/v1/workspace/texts", 401, "UNAUTHENTICATED"},
		{"no credential", "Bearer ", "/v1/workspace/texts", 401, "UNAUTHENTICATED"},
		{"a bad key where none is needed", "Bearer rn_live_key_nobody", "/v1/stories", 401, "UNAUTHENTICATED"},
		{"an app where employees go", "Bearer " + appKey, "/v1/me", 403, "PERMISSION_DENIED"},
		{"a link where it does not work", "Link abc", "/v1/workspace/texts", 403, "PERMISSION_DENIED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := w.do("GET", tt.path, "", "Authorization", tt.authorization)
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d: %s", res.StatusCode, tt.status, res.body)
			}
			if tt.code != "" && res.problem(t).Code != tt.code {
				t.Errorf("code %s, want %s", res.problem(t).Code, tt.code)
			}
			if tt.status == 401 && !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("WWW-Authenticate %q", res.Header.Get("WWW-Authenticate"))
			}
		})
	}
	me := w.do("GET", "/v1/me", "", "Authorization", "Session "+editorSession).json(t)
	if me["name"] != "users/jonna" || me["email"] != "jonna@northwind.example" {
		t.Errorf("me is %v", me)
	}
	if got := w.partners.credentials.last; got.Kind != "system" || got.Subject != "gateway" {
		t.Errorf("credentials were resolved as %+v", got)
	}
}

func TestRevokedCredentialIsRefusedAfterTwoSeconds(t *testing.T) {
	w := newWorld(t, nil)
	use := func() int {
		return w.do("GET", "/v1/workspace/texts", "", "Authorization", "Bearer "+appKey).StatusCode
	}
	for range 3 {
		if got := use(); got != 200 {
			t.Fatalf("status %d", got)
		}
	}
	if n := w.partners.credentials.calls.Load(); n != 1 {
		t.Errorf("resolved %d times within a second", n)
	}
	w.partners.credentials.revoke(appKey)
	w.clock.Step(1001 * time.Millisecond)
	if got := use(); got != 401 {
		t.Errorf("status %d after the revocation", got)
	}
	// Also refusals are remembered, and only for as long.
	before := w.partners.credentials.calls.Load()
	use()
	if n := w.partners.credentials.calls.Load(); n != before {
		t.Error("a refused credential was asked for again at once")
	}
}

func TestNobodySpeaksForAnother(t *testing.T) {
	w := newWorld(t, nil)
	stolen, err := w.minter.Mint(adminIdentity)
	if err != nil {
		t.Fatal(err)
	}
	smuggled := []string{
		"Renown-Identity", stolen, "Grpc-Metadata-Renown-Identity", stolen, "Grpc-Metadata-renown-identity-bin", stolen, "Renown-Request-Id", "forged-id",
		"Grpc-Metadata-Idempotency-Key", "forged-key", "Grpc-Timeout", "1n", "X-Forwarded-Host", "evil.example", "Cookie", "renown-identity=" + stolen,
		"Te", "trailers",
	}
	if res := w.do("GET", "/v1/workspace/texts", "", smuggled...); res.StatusCode != 401 {
		t.Fatalf("status %d: %s", res.StatusCode, res.body)
	}
	if res := w.do("GET", "/v1/workspace/texts", "", append(smuggled, "Authorization", "Bearer "+readKey)...); res.StatusCode != 200 {
		t.Fatalf("status %d: %s", res.StatusCode, res.body)
	}
	got := w.stories.workspace.last
	if got.caller.Kind != "app" || got.caller.Subject != "reader" {
		t.Errorf("the service saw %+v", got.caller)
	}
	if len(got.md.Get("renown-identity")) != 1 || got.md.Get("renown-request-id")[0] == "forged-id" {
		t.Errorf("metadata %v", got.md)
	}
	for _, key := range []string{"authorization", "idempotency-key", "cookie", "x-forwarded-host", "grpcgateway-cookie", "renown-identity-bin"} {
		if len(got.md.Get(key)) != 0 {
			t.Errorf("%s reached the service: %v", key, got.md.Get(key))
		}
	}
	if res := w.do("POST", "/v1/workspace/texts", "", "X-HTTP-Method-Override", "GET", "Authorization", "Bearer "+readKey); res.StatusCode != 405 {
		t.Errorf("method override: status %d", res.StatusCode)
	}
}

func TestLinksAreTheServicesBusiness(t *testing.T) {
	w := newWorld(t, nil)
	link, _, err := newLinks(t, w.clock).Issue("signoff", "x", start.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	res := w.do("GET", "/v1/signoff", "", "Authorization", "Link "+link)
	if res.StatusCode != 200 {
		t.Fatalf("status %d: %s", res.StatusCode, res.body)
	}
	if got := w.stories.signoff.last.caller; got.Kind != "link" || got.Link != link {
		t.Errorf("the service saw %+v", got)
	}
	if strings.Contains(w.logs.String(), link) {
		t.Error("the link is in the log")
	}
}

func TestIdempotencyKeyGoesThrough(t *testing.T) {
	w := newWorld(t, nil)
	body := `{"storyId":"nordhafen","text":{"markdown":"# x"}}`
	send := func(headers ...string) reply {
		return w.do("POST", "/v1/workspace/stories", body, append(headers, "Authorization", "Bearer "+appKey)...)
	}
	if got := send().problem(t).Code; got != "IDEMPOTENCY_KEY_MISSING" {
		t.Errorf("code %s", got)
	}
	first, second := send("Idempotency-Key", "k-1"), send("Idempotency-Key", "k-1")
	if first.StatusCode != 200 || first.Header.Get("Idempotency-Replayed") != "" {
		t.Errorf("first: %d %v", first.StatusCode, first.Header)
	}
	if second.StatusCode != 200 || second.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("second: %d %v", second.StatusCode, second.Header)
	}
	for _, bad := range []string{"with space", "ümlaut", strings.Repeat("k", 256)} {
		if got := send("Idempotency-Key", bad).problem(t).Code; got != "INVALID_ARGUMENT" {
			t.Errorf("%q: code %s", bad, got)
		}
	}
}

func TestPreconditions(t *testing.T) {
	w := newWorld(t, nil)
	const path = "/v1/workspace/stories/nordhafen/texts/en"
	as := []string{"Authorization", "Session " + editorSession}
	read := w.do("GET", path, "", as...)
	tag := read.Header.Get("ETag")
	if !strings.HasPrefix(tag, `"7~`) {
		t.Fatalf("ETag %q", tag)
	}
	if again := w.do("GET", path, "", append(as, "If-None-Match", tag)...); again.StatusCode != 304 || len(again.body) != 0 || again.Header.Get("ETag") != tag {
		t.Errorf("If-None-Match: %d %q", again.StatusCode, again.body)
	}
	tests := []struct {
		name, ifMatch, etag string
		status              int
		code                string
	}{
		{"the answer's", tag, "", 200, ""},
		{"of another encoding", strings.TrimSuffix(tag, `"`) + `-br"`, "", 200, ""},
		{"the resource's alone", `"7"`, "", 200, ""},
		{"old", `"6"`, "", 412, "ETAG_MISMATCH"},
		{"weak", `W/"7"`, "", 412, "ETAG_MISMATCH"},
		{"any", `*`, "", 200, ""},
		{"without quotation marks", `7`, "", 400, "INVALID_ARGUMENT"},
		{"two", `"7", "8"`, "", 400, "INVALID_ARGUMENT"},
		{"same in the body", `"7"`, `\"7\"`, 200, ""},
		{"other in the body", `"7"`, `\"6\"`, 400, "INVALID_ARGUMENT"},
		{"only in the body", "", `\"7\"`, 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := `{"text":{"markdown":"# x"},"etag":"` + tt.etag + `"}`
			res := w.do("PUT", path, body, append(as, "If-Match", tt.ifMatch)...)
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d: %s", res.StatusCode, tt.status, res.body)
			}
			if tt.code != "" && res.problem(t).Code != tt.code {
				t.Errorf("code %s", res.problem(t).Code)
			}
		})
	}
	if res := w.do("POST", "/v1/workspace/stories:preview", `{"text":{"markdown":"x"}}`, append(as, "If-Match", `"7"`)...); res.StatusCode != 400 {
		t.Errorf("If-Match where there is none: %d", res.StatusCode)
	}
}

func TestAddressesAndMethods(t *testing.T) {
	w := newWorld(t, nil)
	tests := []struct {
		method, path, allow string
		status              int
	}{
		{"GET", "/v1/nothing", "", 404},
		{"GET", "/docs/nothing", "", 404},
		{"POST", "/docs", "GET, HEAD", 405},
		{"POST", "/openapi.json", "GET, HEAD", 405},
		{"DELETE", "/v1/stories", "GET, HEAD, OPTIONS", 405},
		{"POST", "/v1/stories/nordhafen", "GET, HEAD, OPTIONS", 405},
		{"DELETE", "/v1/workspace/stories/a/texts/en", "GET, HEAD, PUT, OPTIONS", 405},
		{"GET", "/v1/workspace/stories:preview", "POST, OPTIONS", 405},
		{"GET", "/v1/oauth2/token", "POST, OPTIONS", 405},
		{"BREW", "/v1/stories", "GET, HEAD, OPTIONS", 405},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			res := w.do(tt.method, tt.path, "")
			if res.StatusCode != tt.status || res.Header.Get("Allow") != tt.allow {
				t.Errorf("status %d Allow %q, want %d %q", res.StatusCode, res.Header.Get("Allow"), tt.status, tt.allow)
			}
			res.problem(t)
		})
	}
	if res := w.do("HEAD", "/v1/stories", ""); res.StatusCode != 200 || len(res.body) != 0 || res.Header.Get("ETag") == "" {
		t.Errorf("HEAD: %d %v", res.StatusCode, res.Header)
	}
}

func TestHealth(t *testing.T) {
	w := newWorld(t, nil)
	for _, path := range []string{"/healthz", "/readyz"} {
		if res := w.do(http.MethodGet, path, ""); res.StatusCode != 200 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}
