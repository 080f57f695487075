package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"renown.example/gateway"
	"renown.example/kit/fault"
	"renown.example/kit/telemetry"
)

func TestCORS(t *testing.T) {
	w := newWorld(t, nil)
	const friend, stranger = "https://www.northwind.example", "https://evil.example"
	tests := []struct {
		name, method, path, origin, wants string
		status                            int
		allow, methods                    string
		credentialHeader                  bool
	}{
		{"a public read by anybody", "GET", "/v1/stories", stranger, "", 200, "*", "", false},
		{"a public read without origin", "GET", "/v1/stories", "", "", 200, "*", "", false},
		{"a public read by a friend", "GET", "/v1/stories", friend, "", 200, friend, "", false},
		{"a refusal of a public read", "GET", "/v1/stories/nobody", stranger, "", 404, "*", "", false},
		{"something else by a stranger", "GET", "/v1/workspace/texts", stranger, "", 401, "", "", false},
		{"something else by a friend", "GET", "/v1/workspace/texts", friend, "", 401, friend, "", false},
		{"preflight of a public read", "OPTIONS", "/v1/stories/x", stranger, "GET", 204, "*", "GET", false},
		{"preflight of a write by a stranger", "OPTIONS", "/v1/workspace/stories", stranger, "POST", 204, "", "", false},
		{"preflight of a write by a friend", "OPTIONS", "/v1/workspace/stories", friend, "POST", 204, friend, "POST", true},
		{"preflight of the public POST by a stranger", "OPTIONS", "/v1/sessions", stranger, "POST", 204, "", "", false},
		{"preflight of a method that is not there", "OPTIONS", "/v1/stories", friend, "DELETE", 204, "", "", false},
		{"a origin that begins like a friend", "OPTIONS", "/v1/workspace/stories", friend + ".evil.example", "POST", 204, "", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := w.do(tt.method, tt.path, "", "Origin", tt.origin, "Access-Control-Request-Method", tt.wants)
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d", res.StatusCode, tt.status)
			}
			if got := res.Header.Get("Access-Control-Allow-Origin"); got != tt.allow {
				t.Errorf("Allow-Origin %q, want %q", got, tt.allow)
			}
			if got := res.Header.Get("Access-Control-Allow-Methods"); got != tt.methods {
				t.Errorf("Allow-Methods %q, want %q", got, tt.methods)
			}
			if got := strings.Contains(res.Header.Get("Access-Control-Allow-Headers"), "Authorization"); got != tt.credentialHeader {
				t.Errorf("Allow-Headers %q", res.Header.Get("Access-Control-Allow-Headers"))
			}
			if res.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials in the sense of CORS are never allowed")
			}
			if !slices.Contains(res.Header.Values("Vary"), "Origin") {
				t.Errorf("Vary %v", res.Header.Values("Vary"))
			}
		})
	}
	if res := w.do("OPTIONS", "/v1/nothing", ""); res.StatusCode != 404 {
		t.Errorf("OPTIONS of nothing: %d", res.StatusCode)
	}
}

func TestAccessTokens(t *testing.T) {
	w := newWorld(t, nil)
	form := func(pairs ...string) string {
		v := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v.Encode()
	}
	basic := func(id, secret string) string {
		r, _ := http.NewRequest("POST", "/", nil) // the address is one
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
		return r.Header.Get("Authorization")
	}
	good := form("grant_type", "client_credentials", "client_id", "k1", "client_secret", appKey)
	tests := []struct {
		name, body, authorization, contentType string
		status                                 int
		want                                   string
	}{
		{"in the form", good, "", "", 200, "stories.read stories.write"},
		{"by Basic", form("grant_type", "client_credentials"), basic("k1", appKey), "", 200, "stories.read stories.write"},
		{"fewer scopes", good + "&scope=stories.read", "", "", 200, "stories.read"},
		{"more scopes", good + "&scope=partners.write", "", "", 400, "invalid_scope"},
		{"wrong secret", form("grant_type", "client_credentials", "client_id", "k1", "client_secret", "rn_live_wrong"), "", "", 401, "invalid_client"},
		{"short secret", form("grant_type", "client_credentials", "client_id", "k1", "client_secret", "x"), "", "", 401, "invalid_client"},
		{"nobody", form("grant_type", "client_credentials"), "", "", 401, "invalid_client"},
		{"Bearer", form("grant_type", "client_credentials"), "Bearer " + appKey, "", 401, "invalid_client"},
		{"twice", good, basic("k1", appKey), "", 400, "invalid_request"},
		{"no grant", form("client_id", "k1", "client_secret", appKey), "", "", 400, "invalid_request"},
		{"other grant", form("grant_type", "password", "client_id", "k1", "client_secret", appKey), "", "", 400, "unsupported_grant_type"},
		{"a parameter twice", good + "&grant_type=x", "", "", 400, "invalid_request"},
		{"as JSON", `{}`, "", "application/json", 400, "invalid_request"},
		{"too large", good + "&x=" + strings.Repeat("x", 20000), "", "", 413, "invalid_request"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.contentType == "" {
				tt.contentType = "application/x-www-form-urlencoded"
			}
			res := w.do("POST", "/v1/oauth2/token", tt.body, "Content-Type", "", "Content-Type", tt.contentType, "Authorization", tt.authorization)
			isToken(t, res, tt.status, tt.want)
		})
	}
	if strings.Contains(w.logs.String(), appKey) {
		t.Error("the key is in the log")
	}
}

// isToken checks an answer to a request for a token: with 200 it is one with the scopes that are wanted, otherwise a problem of OAuth with the error that is.
func isToken(t *testing.T, res reply, status int, want string) {
	t.Helper()
	var got struct {
		AccessToken, TokenType, Scope, Error, ErrorDescription string
	}
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(res.body), "_", "")), &got); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("status %d, %v: %s", res.StatusCode, res.Header, res.body)
	}
	if status == 200 && (got.AccessToken == "" || got.TokenType != "Bearer" || got.Scope != want) {
		t.Errorf("answer %s", res.body)
	}
	if status != 200 && (got.Error != strings.ReplaceAll(want, "_", "") || got.ErrorDescription == "") {
		t.Errorf("answer %s", res.body)
	}
	if status == 401 && !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Basic") {
		t.Errorf("WWW-Authenticate %q", res.Header.Get("WWW-Authenticate"))
	}
}

func TestExportAsTheFileItself(t *testing.T) {
	w := newWorld(t, nil)
	as := []string{"Authorization", "Bearer " + appKey}
	file := w.do("GET", "/v1/workspace/stories:export", "", append(as, "Accept", "application/zip")...)
	if file.StatusCode != 200 || string(file.body) != "PK zip" || file.Header.Get("Content-Type") != "application/zip" || !strings.Contains(file.Header.Get("Content-Disposition"), ".zip") {
		t.Errorf("status %d, %q, %v", file.StatusCode, file.body, file.Header)
	}
	if doc := w.do("GET", "/v1/workspace/stories:export", "", as...); doc.json(t)["zip"] != "UEsgemlw" {
		t.Errorf("as JSON: %s", doc.body)
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	w := newWorld(t, nil)
	w.stories.published.set("nordhafen", strings.Repeat("words ", 500))
	var tags []string
	for _, coding := range []string{"", "gzip", "br", "zstd"} {
		res := w.do("GET", "/v1/stories/nordhafen", "", "Accept-Encoding", coding)
		if got := res.Header.Get("Content-Encoding"); got != coding {
			t.Errorf("asked for %q, got %q", coding, got)
		}
		if !strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("Vary %v", res.Header.Values("Vary"))
		}
		tags = append(tags, res.Header.Get("ETag"))
	}
	slices.Sort(tags)
	if len(slices.Compact(tags)) != 4 {
		t.Errorf("codings share an ETag: %v", tags)
	}
}

func TestRequestIDs(t *testing.T) {
	w := newWorld(t, nil)
	if got := w.do("GET", "/v1/stories", "", "X-Request-Id", "my-request.1").Header.Get("X-Request-Id"); got != "my-request.1" {
		t.Errorf("one's own: %q", got)
	}
	for _, bad := range []string{"", "with space", strings.Repeat("x", 65), "ümlaut", `"quoted"`} {
		if got := w.do("GET", "/v1/stories", "", "X-Request-Id", bad).Header.Get("X-Request-Id"); got == bad || len(got) < 8 {
			t.Errorf("for %q: %q", bad, got)
		}
	}
	w.do("GET", "/v1/workspace/texts", "", "X-Request-Id", "goes-through", "Authorization", "Bearer "+appKey)
	if got := w.stories.workspace.last.md.Get("renown-request-id"); len(got) != 1 || got[0] != "goes-through" {
		t.Errorf("the service saw %v", got)
	}
}

func TestOneLineForEachRequestAndNoSecretInIt(t *testing.T) {
	w := newWorld(t, nil)
	w.do("GET", "/v1/workspace/texts?pageToken=secret-page-token", "", "Authorization", "Session "+editorSession, "X-Request-Id", "line-1")
	w.do("GET", "/v1/stories/secret-slug", "", "Authorization", "Bearer "+appKey, "X-Request-Id", "line-2")
	w.do("GET", "/secret-path", "", "X-Request-Id", "line-3")
	w.do("BREW", "/v1/stories", "", "X-Request-Id", "line-4")
	log := w.logs.String()
	want := map[string]map[string]any{
		"line-1": {"method": "GET", "route": "/v1/workspace/texts", "status": 200.0, "caller": "user/jonna"},
		"line-2": {"method": "GET", "route": "/v1/stories/{slug}", "status": 404.0, "caller": "app/shop", "code": "NOT_FOUND"},
		"line-3": {"method": "GET", "route": "none", "status": 404.0, "caller": "anonymous"},
		"line-4": {"method": "other", "status": 405.0},
	}
	for line := range strings.Lines(log) {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		id, _ := got["request_id"].(string)
		for key, value := range want[id] {
			if got[key] != value {
				t.Errorf("%s: %s is %v, want %v", id, key, got[key], value)
			}
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("no line for %v", want)
	}
	for _, never := range []string{"secret", editorSession, appKey, "jonna@northwind.example"} {
		if strings.Contains(log, never) {
			t.Errorf("%q is in the log", never)
		}
	}
}

func TestMetricsAndSpans(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tel, err := telemetry.New(context.Background(), telemetry.Options{Service: "gateway", Output: &safeBuffer{}, Spans: spans})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *gateway.Options) { o.Telemetry = tel })
	const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
	w.do("GET", "/v1/workspace/texts", "", "Authorization", "Bearer "+appKey, "Traceparent", "00-"+parent+"-00f067aa0ba902b7-01")
	found := false
	for _, s := range spans.GetSpans() {
		found = found || s.Name == "GET /v1/workspace/texts" && s.SpanContext.TraceID().String() == parent
	}
	if !found {
		t.Errorf("no span of the request: %v", spans.GetSpans())
	}
	if got := w.stories.workspace.last.md.Get("traceparent"); len(got) != 1 || !strings.Contains(got[0], parent) {
		t.Errorf("the service saw the trace %v", got)
	}
	if n := count(t, tel.Metrics, "renown_gateway_requests_total"); n < 1 {
		t.Errorf("%v requests counted", n)
	}
}

func count(t *testing.T, from prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// TestEveryReasonBecomesItsProblem lets the service refuse with each reason there is.
func TestEveryReasonBecomesItsProblem(t *testing.T) {
	w := newWorld(t, nil)
	for name, reason := range fault.Reasons() {
		t.Run(name, func(t *testing.T) {
			w.stories.workspace.failWith(reason.New("Refused with %s.", name).With(fault.Field{Path: "text.blocks[2].alt", Message: "is missing"}).
				WithMeta("location", "/v1/elsewhere").Wrap(errors.New("secret cause")))
			res := w.do("GET", "/v1/workspace/texts", "", "Authorization", "Bearer "+appKey)
			if res.StatusCode != reason.HTTP {
				t.Errorf("status %d, want %d", res.StatusCode, reason.HTTP)
			}
			p := res.problem(t)
			if p.Code != name || p.Title != reason.Title || len(p.Errors) != 1 || p.Errors[0].Pointer != "/text/blocks/2/alt" {
				t.Errorf("problem %+v", p)
			}
			if strings.Contains(string(res.body), "secret") {
				t.Error("the cause is in the answer")
			}
			for header, statuses := range map[string][]int{"Location": {301}, "WWW-Authenticate": {401}, "Retry-After": {429, 503}} {
				if got := res.Header.Get(header) != ""; got != slices.Contains(statuses, reason.HTTP) {
					t.Errorf("%s: %q", header, res.Header.Get(header))
				}
			}
		})
	}
	w.stories.workspace.failWith(errors.New("secret: disk on fire"))
	res := w.do("GET", "/v1/workspace/texts", "", "Authorization", "Bearer "+appKey)
	if p := res.problem(t); p.Code != "INTERNAL" || strings.Contains(string(res.body), "secret") {
		t.Errorf("an unknown error: %s", res.body)
	}
}

func TestServicesThatAreGone(t *testing.T) {
	w := newWorld(t, nil)
	w.server.Stop()
	for _, path := range []string{"/v1/stories", "/v1/me", "/readyz"} {
		res := w.do("GET", path, "", "Authorization", "Session "+editorSession)
		if res.StatusCode != 503 || res.problem(t).Code != "UNAVAILABLE" {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	if res := w.do("GET", "/healthz", ""); res.StatusCode != 200 {
		t.Errorf("/healthz: %d", res.StatusCode)
	}
}

func TestReadinessOfTheRest(t *testing.T) {
	ready := false
	w := newWorld(t, func(o *gateway.Options) { o.Ready = func() bool { return ready } })
	if res := w.do("GET", "/readyz", ""); res.StatusCode != 503 {
		t.Errorf("while the rest is not: %d", res.StatusCode)
	}
	ready = true
	if res := w.do("GET", "/readyz", ""); res.StatusCode != 200 {
		t.Errorf("ready: %d", res.StatusCode)
	}
}

func TestPanicIsOurFaultAndStaysOne(t *testing.T) {
	w := newWorld(t, func(o *gateway.Options) { o.Ready = func() bool { panic("secret of the panic") } })
	res := w.do("GET", "/readyz", "")
	if p := res.problem(t); res.StatusCode != 500 || p.Code != "INTERNAL" || strings.Contains(string(res.body), "secret") {
		t.Errorf("status %d: %s", res.StatusCode, res.body)
	}
	if log := w.logs.String(); !strings.Contains(log, "secret of the panic") || !strings.Contains(log, "wire_test.go") {
		t.Error("the panic and its stack are not in the log")
	}
	if res := w.do("GET", "/healthz", ""); res.StatusCode != 200 {
		t.Errorf("afterwards: %d", res.StatusCode)
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	w := newWorld(t, nil)
	tel, err := telemetry.New(context.Background(), telemetry.Options{Service: "gateway", Output: &safeBuffer{}})
	if err != nil {
		t.Fatal(err)
	}
	good := gateway.Options{Stories: w.server.Conn(), Partners: w.server.Conn(), Minter: w.minter, Telemetry: tel, PublicURL: "https://api.northwind.example"}
	for name, change := range map[string]func(*gateway.Options){
		"no minter":             func(o *gateway.Options) { o.Minter = nil },
		"no public URL":         func(o *gateway.Options) { o.PublicURL = "api.northwind.example" },
		"an origin with a path": func(o *gateway.Options) { o.Origins = []string{"https://www.northwind.example/"} },
		"any origin":            func(o *gateway.Options) { o.Origins = []string{"*"} },
	} {
		o := good
		change(&o)
		if _, err := gateway.New(o); err == nil {
			t.Errorf("%s: started", name)
		}
	}
}
