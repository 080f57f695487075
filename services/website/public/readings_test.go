package public_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
)

const readingsCall = "POST /v1/readings"

// counting runs the part of the site that sends readings on, until the function that is returned is called.
func (s *site) counting() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.public.Count(ctx) }()
	return func() { cancel(); <-done }
}

// sent waits until the gateway was called so often. The site's time passes whenever it waits for it.
func (s *site) sent(t *testing.T, calls int) []call {
	t.Helper()
	eventually(t, "the gateway is called", func() bool {
		if s.clock.Waiting() > 0 {
			s.clock.Step(time.Second)
		}
		return len(s.gateway.calls(readingsCall)) >= calls
	})
	return s.gateway.calls(readingsCall)
}

// eventually waits until something is so, by the machine's clock.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	const limit = time.Minute
	clk := clock.System()
	for end := clk.Now().Add(limit); !so(); <-clk.After(time.Millisecond) {
		if clk.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}

func viewed() url.Values {
	return url.Values{"kind": {"view"}, "story": {"nordhafen-late-deliveries"}, "locale": {"en"}}
}

func (s *site) report(t *testing.T, form url.Values) {
	t.Helper()
	req := newReport(form)
	if status := s.do(req); status != http.StatusNoContent {
		t.Fatalf("a report was answered with %d", status)
	}
}

func newReport(form url.Values) *http.Request {
	req, err := http.NewRequest(http.MethodPost, "/readings", strings.NewReader(form.Encode()))
	if err != nil {
		panic(err) // the address is a constant
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	return req
}

func readingsIn(c call) int {
	list, _ := c.body["readings"].([]any)
	return len(list)
}

// A batch whose answer did not come is sent again under the same key, and what arrived meanwhile waits for the next one.
func TestABatchIsSentAgainUnderItsKey(t *testing.T) {
	s := newSite(t)
	s.gateway.set(readingsCall, http.StatusServiceUnavailable, `{"status":503,"code":"UNAVAILABLE"}`)
	for range 3 {
		s.report(t, viewed())
	}
	stop := s.counting()
	defer stop()
	s.sent(t, 2)
	s.report(t, viewed())
	s.gateway.set(readingsCall, http.StatusOK, `{"counted":3}`)
	failed := len(s.gateway.calls(readingsCall))
	got := s.sent(t, failed+2)
	for i, c := range got[:failed+1] {
		if c.key == "" || c.key != got[0].key || readingsIn(c) != 3 {
			t.Errorf("attempt %d has the key %q and %d readings, the first %q and 3", i+1, c.key, readingsIn(c), got[0].key)
		}
	}
	next := got[failed+1]
	if next.key == got[0].key || readingsIn(next) != 1 {
		t.Errorf("the next batch has the key %q and %d readings", next.key, readingsIn(next))
	}
}

// What readers did is sent when the site stops, and in batches that the service takes.
func TestReadingsAreSentWhenTheSiteStops(t *testing.T) {
	s := newSite(t)
	s.gateway.set(readingsCall, http.StatusOK, `{"counted":1}`)
	for range 501 {
		s.report(t, viewed())
	}
	s.counting()()
	sum := 0
	for _, c := range s.gateway.calls(readingsCall) {
		if n := readingsIn(c); n > 500 {
			t.Errorf("a batch has %d readings", n)
		}
		sum += readingsIn(c)
	}
	if sum != 501 {
		t.Errorf("%d readings were sent, want 501", sum)
	}
}
