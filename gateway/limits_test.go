package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"renown.example/gateway"
	"renown.example/kit/clock"
)

func TestQuotas(t *testing.T) {
	w := newWorld(t, func(o *gateway.Options) { o.Limits = gateway.Limits{Anonymous: 3, Credential: 4} })
	use := func(authorization string) reply {
		return w.do("GET", "/v1/workspace/texts", "", "Authorization", authorization)
	}
	tests := []struct {
		name, authorization string
		quota               int
	}{
		{"a key", "Bearer " + appKey, 4},
		{"an app with a quota of its own", "Bearer " + slowKey, 2},
		{"an employee", "Session " + editorSession, 4},
		{"nobody", "", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for left := tt.quota - 1; left >= 0; left-- {
				res := use(tt.authorization)
				if res.StatusCode == 429 {
					t.Fatalf("refused with %d left", left)
				}
				if got, want := res.Header.Get("RateLimit-Policy"), fmt.Sprintf(`"default";q=%d;w=60`, tt.quota); got != want {
					t.Errorf("RateLimit-Policy %q, want %q", got, want)
				}
				if got := res.Header.Get("RateLimit"); !strings.HasPrefix(got, fmt.Sprintf(`"default";r=%d;t=`, left)) {
					t.Errorf("RateLimit %q with %d left", got, left)
				}
			}
			res := use(tt.authorization)
			if res.StatusCode != 429 || res.problem(t).Code != "RATE_LIMITED" {
				t.Fatalf("status %d over the quota", res.StatusCode)
			}
			if got, want := res.Header.Get("Retry-After"), fmt.Sprint(60/tt.quota); got != want {
				t.Errorf("Retry-After %q, want %q", got, want)
			}
		})
	}
	w.clock.Step(time.Minute)
	if res := use("Bearer " + slowKey); res.StatusCode != 200 {
		t.Errorf("status %d a minute later", res.StatusCode)
	}
}

func TestAnswersFromMemoryAreNotCounted(t *testing.T) {
	w := newWorld(t, func(o *gateway.Options) { o.Limits = gateway.Limits{Anonymous: 2} })
	w.stories.published.set("nordhafen", "One")
	w.connected()
	for range 10 {
		if res := w.do("GET", "/v1/stories/nordhafen", ""); res.StatusCode != 200 {
			t.Fatalf("status %d", res.StatusCode)
		}
	}
	codes := ""
	for i := range 3 {
		codes += fmt.Sprint(w.do("GET", fmt.Sprintf("/v1/stories?pageSize=%d", i+1), "").StatusCode, " ")
	}
	if codes != "200 429 429 " {
		t.Errorf("what must be asked for: %s", codes)
	}
}

func TestGuessingIsBounded(t *testing.T) {
	w := newWorld(t, func(o *gateway.Options) { o.Limits = gateway.Limits{Guesses: 3} })
	guess := func(i int) int {
		return w.do("GET", "/v1/workspace/texts", "", "Authorization", fmt.Sprintf("Bearer rn_live_key_guess_%04d", i)).StatusCode
	}
	for i := range 3 {
		if got := guess(i); got != 401 {
			t.Fatalf("guess %d: %d", i, got)
		}
	}
	before := w.partners.credentials.calls.Load()
	if got := guess(4); got != 429 || w.partners.credentials.calls.Load() != before {
		t.Errorf("guess over the bound: %d", got)
	}
}

func TestAddressOfTheCaller(t *testing.T) {
	behind := func(proxies ...string) func(*gateway.Options) {
		return func(o *gateway.Options) {
			o.Limits = gateway.Limits{Anonymous: 1}
			for _, p := range proxies {
				o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(p))
			}
		}
	}
	status := func(w *world, forwarded string) int {
		return w.do("GET", "/v1/workspace/texts", "", "X-Forwarded-For", forwarded).StatusCode
	}
	open := newWorld(t, behind())
	status(open, "192.0.2.1")
	if got := status(open, "192.0.2.2"); got != 429 {
		t.Errorf("whoever says so is somebody else: %d", got)
	}
	proxied := newWorld(t, behind("127.0.0.0/8", "198.51.100.0/24"))
	for i, tt := range []struct {
		forwarded string
		want      int
	}{
		{"192.0.2.1", 401}, {"192.0.2.1", 429}, {"192.0.2.2", 401}, {"10.9.9.9, 192.0.2.2", 429}, {"192.0.2.3, 198.51.100.7", 401}, {"192.0.2.3", 429},
	} {
		if got := status(proxied, tt.forwarded); got != tt.want {
			t.Errorf("%d %s: %d, want %d", i, tt.forwarded, got, tt.want)
		}
	}
}

func TestBodies(t *testing.T) {
	w := newWorld(t, nil)
	as := []string{"Authorization", "Bearer " + appKey}
	const preview = "/v1/workspace/stories:preview"
	good := `{"text":{"markdown":"x"}}`
	tests := []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code, pointer            string
	}{
		{"good", "POST", preview, good, nil, 200, "", ""},
		{"with charset", "POST", preview, good, []string{"Content-Type", "", "Content-Type", "application/json; charset=UTF-8"}, 200, "", ""},
		{"other charset", "POST", preview, good, []string{"Content-Type", "", "Content-Type", "application/json; charset=latin1"}, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"a form", "POST", preview, "a=b", []string{"Content-Type", "", "Content-Type", "application/x-www-form-urlencoded"}, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"no type", "POST", preview, good, []string{"Content-Type", ""}, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"compressed", "POST", preview, good, []string{"Content-Encoding", "gzip"}, 415, "UNSUPPORTED_MEDIA_TYPE", ""},
		{"unknown field", "POST", preview, `{"text":{"content":{"blocks":[{"image":{"url":"x"}}]}}}`, nil, 400, "MALFORMED_BODY", "/text/content/blocks/0/image/url"},
		{"the service's own refusal", "POST", preview, `{"text":{"slug":"Not A Slug","markdown":"x"}}`, nil, 400, "INVALID_ARGUMENT", "/text/slug"},
		{"empty is an empty object", "POST", preview, "", nil, 400, "INVALID_ARGUMENT", "/text"},
		{"too large", "POST", preview, `{"text":{"markdown":"` + strings.Repeat("x", 1<<20) + `"}}`, nil, 413, "BODY_TOO_LARGE", ""},
		{"large where files go", "POST", "/v1/workspace/assets", `{"data":"` + strings.Repeat("AAAA", 1<<19) + `"}`, nil, 200, "", ""},
		{"too large where files go", "POST", "/v1/workspace/assets", `{"data":"` + strings.Repeat("AAAA", 6<<20) + `"}`, nil, 413, "BODY_TOO_LARGE", ""},
		{"a GET with a body", "GET", "/v1/workspace/texts", good, nil, 400, "MALFORMED_BODY", ""},
		{"a query beside a body", "POST", preview + "?text=x", good, nil, 400, "INVALID_ARGUMENT", "/text"},
		{"the address again", "PUT", "/v1/workspace/stories/a/texts/en", `{"story":"b","text":{"markdown":"x"}}`, nil, 400, "MALFORMED_BODY", "/story"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := w.do(tt.method, tt.path, tt.body, append(tt.headers, as...)...)
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d: %.300s", res.StatusCode, tt.status, res.body)
			}
			if tt.code == "" {
				return
			}
			p := res.problem(t)
			if p.Code != tt.code {
				t.Errorf("code %s, want %s", p.Code, tt.code)
			}
			if tt.pointer != "" && (len(p.Errors) == 0 || p.Errors[0].Pointer != tt.pointer) {
				t.Errorf("errors %v, want %s", p.Errors, tt.pointer)
			}
		})
	}
	if res := w.do("POST", preview, strings.Repeat("{", 100)); res.StatusCode != 401 {
		t.Errorf("nobody's body is not read: %d", res.StatusCode)
	}
}

func TestBodyThatDoesNotCome(t *testing.T) {
	w := newWorld(t, func(o *gateway.Options) { o.Limits = gateway.Limits{BodyWithin: 50 * time.Millisecond} })
	c, err := net.Dial("tcp", strings.TrimPrefix(w.http.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /v1/workspace/stories:preview HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", appKey)
	if err := c.SetReadDeadline(clock.System().Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 400 {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestTooMuchAtOnceIsRefusedAtOnce(t *testing.T) {
	w := newWorld(t, func(o *gateway.Options) { o.Limits = gateway.Limits{InFlight: 2} })
	w.stories.workspace.block = make(chan struct{})
	preview := func() reply {
		return w.do("POST", "/v1/workspace/stories:preview", `{"text":{"markdown":"x"}}`, "Authorization", "Bearer "+appKey)
	}
	var slow sync.WaitGroup
	for range 2 {
		slow.Go(func() {
			if got := preview().StatusCode; got != 200 {
				t.Errorf("the slow one: %d", got)
			}
		})
	}
	until(t, "both slow ones are under way", func() bool { return w.stories.workspace.waiting.Load() == 2 })
	if res := w.do("GET", "/v1/stories", ""); res.StatusCode != 503 || res.Header.Get("Retry-After") != "1" || res.problem(t).Code != "UNAVAILABLE" {
		t.Errorf("a third: %d", res.StatusCode)
	}
	if res := w.do("GET", "/healthz", ""); res.StatusCode != 200 {
		t.Errorf("health while there is too much to do: %d", res.StatusCode)
	}
	close(w.stories.workspace.block)
	slow.Wait()
	if res := w.do("GET", "/v1/stories", ""); res.StatusCode != 200 {
		t.Errorf("afterwards: %d", res.StatusCode)
	}
}

func TestListenersAreBounded(t *testing.T) {
	w := newWorld(t, func(o *gateway.Options) { o.Limits = gateway.Limits{Listeners: 2, InFlight: 1} })
	w.connected() // listens too
	w.listen()
	if res := w.do("GET", "/v1/revisions", ""); res.StatusCode != 503 {
		t.Errorf("one listener too many: %d", res.StatusCode)
	}
	if res := w.do("GET", "/v1/stories", ""); res.StatusCode != 200 {
		t.Errorf("a listener is in the way of a request: %d", res.StatusCode)
	}
}

func TestServerDrains(t *testing.T) {
	w := newWorld(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.gateway.Serve(ctx, l, time.Minute) }()
	w.http.URL = "http://" + l.Addr().String()
	w.connected()
	events := w.listen()
	stop()
	for range events {
	}
	if err := <-done; err != nil {
		t.Errorf("drain: %v", err)
	}
}
