// Package cases holds what any installation of Renown must be able to do from end to end, whether its parts run in one process or apart: the tests of both run the
// same cases, as the people and programs outside would, over HTTP and nothing else.
package cases

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/website/api"
)

// Target is an installation under test. Its people are those of the demo's identity provider, its groups give the roles of the same names.
type Target struct {
	// Website and API are addresses without a slash at their end.
	Website, API string
}

// Within is how soon what was taken back must be gone.
const Within = 2 * time.Second

// Run runs all cases. They may be run again on the same installation.
func Run(t *testing.T, at Target) {
	t.Run("a story's whole way", at.storysWay)
	t.Run("what was given for a story", at.disclosure)
	t.Run("sessions", at.sessions)
	t.Run("keys", at.keys)
	t.Run("refusals", at.refusals)
	t.Run("addresses", at.addresses)
}

// Rest is nobody's connection to REST.
func (at Target) Rest() *api.Conn { return api.New(at.API, nil) }

// Get fetches an address and returns status, headers and body. Redirects are not followed.
func Get(t testing.TB, address string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return send(t, req)
}

var plain = &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func send(t testing.TB, req *http.Request) (int, http.Header, string) {
	t.Helper()
	res, err := plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

// Eventually waits until something is so, and fails the test if it is not within the time: see Holds.
func Eventually(t testing.TB, within time.Duration, what string, so func() bool) {
	t.Helper()
	Holds(t, within, what, func() string {
		if so() {
			return ""
		}
		return "it is not so"
	})
}

// fewestLooks is how often it is looked whether something is so before it is called late.
const fewestLooks = 20

// Holds waits until there is nothing wrong any more, and fails the test with what still is when the time is over. On a machine that is too busy a single look takes as
// long as all of them should, and the time says nothing of what is looked at: it is looked some times in any case.
func Holds(t testing.TB, within time.Duration, what string, wrong func() string) {
	t.Helper()
	clk := clock.System()
	end := clk.Now().Add(within)
	for looks := 1; ; looks++ {
		found := wrong()
		if found == "" {
			return
		}
		if looks >= fewestLooks && clk.Now().After(end) {
			t.Fatalf("%s: not within %s: %s", what, within, found)
		}
		<-clk.After(10 * time.Millisecond)
	}
}

// addresses checks that every part answers where the README says.
func (at Target) addresses(t *testing.T) {
	for address, want := range map[string]string{
		at.Website + "/":            "<html",
		at.Website + "/stories":     "<html",
		at.API + "/v1/stories":      `"totalSize"`,
		at.API + "/docs":            "<html",
		at.API + "/openapi.json":    `"openapi"`,
		at.API + "/healthz":         "ok",
		at.API + "/readyz":          "ok",
		at.Website + "/signin":      "Sign in",
		at.API + "/v1/stories/none": "404",
	} {
		status, header, body := Get(t, address)
		if strings.HasSuffix(address, "/none") != (status == http.StatusNotFound) && status != http.StatusOK && status != http.StatusPermanentRedirect {
			t.Errorf("%s answers %d", address, status)
		}
		if status != http.StatusPermanentRedirect && !strings.Contains(strings.ToLower(body), strings.ToLower(want)) {
			t.Errorf("%s answers without %q: %.300s", address, want, body)
		}
		if header.Get("X-Request-Id") == "" {
			t.Errorf("%s answers without a request id", address)
		}
	}
}
