package website_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"renown.example/kit/telemetry"
	"renown.example/website"
	"renown.example/website/api"
)

// Every area answers under its addresses, with the policy, with an id for the request, and without a gateway.
func TestAreas(t *testing.T) {
	away := httptest.NewServer(nil)
	away.Close()
	site, err := website.New(website.Options{API: api.New(away.URL, nil), PublicURL: "http://127.0.0.1:8080"})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/":                http.StatusServiceUnavailable,
		"/stories/a":       http.StatusServiceUnavailable,
		"/signoff/tok":     http.StatusServiceUnavailable,
		"/studio":          http.StatusSeeOther,
		"/studio/stories":  http.StatusSeeOther,
		"/static/site.css": http.StatusNotFound,
	} {
		res := get(site, path, "")
		if res.StatusCode != want {
			t.Errorf("%s answers %d, want %d", path, res.StatusCode, want)
		}
		if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s has the policy %q", path, csp)
		}
		if id := res.Header.Get("X-Request-Id"); !telemetry.ValidRequestID(id) {
			t.Errorf("%s has the request id %q", path, id)
		}
	}
	if id := get(site, "/", "from-a-proxy").Header.Get("X-Request-Id"); id != "from-a-proxy" {
		t.Errorf("a good id from outside became %q", id)
	}
	if id := get(site, "/", "a b\nc").Header.Get("X-Request-Id"); id == "a b\nc" || !telemetry.ValidRequestID(id) {
		t.Errorf("a bad id from outside became %q", id)
	}
}

func get(h http.Handler, path, id string) *http.Response {
	req := httptest.NewRequest(http.MethodGet, path, nil)
	if id != "" {
		req.Header["X-Request-Id"] = []string{id}
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec.Result()
}
