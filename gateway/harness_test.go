package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"renown.example/gateway"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/rpc"
	"renown.example/kit/telemetry"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// start is when the tests' clocks begin.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// world is a gateway in front of real gRPC servers, whose services are small ones made for tests.
type world struct {
	t        testing.TB
	clock    *clock.Fake
	minter   *auth.Minter
	verifier *auth.Verifier
	stories  *stories
	partners *partners
	server   *rpc.Server
	gateway  *gateway.Gateway
	http     *httptest.Server
	logs     *safeBuffer
	// echo is a listener's view of what the gateway has heard; beats numbers it.
	echo  <-chan string
	beats int64
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// newWorld starts everything; change may alter the gateway's options.
func newWorld(t testing.TB, change func(*gateway.Options)) *world {
	t.Helper()
	w := &world{t: t, clock: clock.NewFake(start), logs: &safeBuffer{}}
	key := auth.GenerateKey()
	var err error
	if w.minter, err = auth.NewMinter(w.clock, key); err != nil {
		t.Fatal(err)
	}
	w.verifier = auth.NewVerifier(w.clock, key.Public())
	w.stories, w.partners = newStories(), newPartners(w.clock)
	w.server = rpc.NewServer(rpc.Options{Name: "test", Clock: w.clock, Logger: slog.New(slog.DiscardHandler), Verifier: w.verifier, StopWithin: time.Second})
	register(w.server, w.stories, w.partners)
	if err := w.server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.server.Stop() })
	tel, err := telemetry.New(context.Background(), telemetry.Options{Service: "gateway", Format: "json", Output: w.logs})
	if err != nil {
		t.Fatal(err)
	}
	o := gateway.Options{
		Stories: w.server.Conn(), Partners: w.server.Conn(), Minter: w.minter, Clock: w.clock, Telemetry: tel,
		PublicURL: "https://api.northwind.example", Origins: []string{"https://www.northwind.example"},
	}
	if change != nil {
		change(&o)
	}
	if w.gateway, err = gateway.New(o); err != nil {
		t.Fatal(err)
	}
	w.http = httptest.NewServer(w.gateway)
	t.Cleanup(func() { w.gateway.Close(); w.http.Close() })
	return w
}

func register(s grpc.ServiceRegistrar, st *stories, p *partners) {
	storiesv1.RegisterPublishedServiceServer(s, st.published)
	storiesv1.RegisterWorkspaceServiceServer(s, st.workspace)
	storiesv1.RegisterReviewServiceServer(s, storiesv1.UnimplementedReviewServiceServer{})
	storiesv1.RegisterSignoffServiceServer(s, st.signoff)
	storiesv1.RegisterConsentsServiceServer(s, storiesv1.UnimplementedConsentsServiceServer{})
	storiesv1.RegisterActivityServiceServer(s, storiesv1.UnimplementedActivityServiceServer{})
	storiesv1.RegisterExcerptsServiceServer(s, storiesv1.UnimplementedExcerptsServiceServer{})
	storiesv1.RegisterAnonymousServiceServer(s, storiesv1.UnimplementedAnonymousServiceServer{})
	storiesv1.RegisterTaxonomyServiceServer(s, storiesv1.UnimplementedTaxonomyServiceServer{})
	storiesv1.RegisterMetricsServiceServer(s, storiesv1.UnimplementedMetricsServiceServer{})
	storiesv1.RegisterPreviewsServiceServer(s, storiesv1.UnimplementedPreviewsServiceServer{})
	partnersv1.RegisterSessionsServiceServer(s, p.sessions)
	partnersv1.RegisterUsersServiceServer(s, partnersv1.UnimplementedUsersServiceServer{})
	partnersv1.RegisterAppsServiceServer(s, partnersv1.UnimplementedAppsServiceServer{})
	partnersv1.RegisterCredentialsServiceServer(s, p.credentials)
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body []byte
}

// do sends a request; headers alternate names and values.
func (w *world) do(method, path, body string, headers ...string) reply {
	w.t.Helper()
	req, err := http.NewRequest(method, w.http.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body == "" {
		req.Body, req.ContentLength = nil, 0
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
			continue
		}
		req.Header.Add(headers[i], headers[i+1])
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       20 * time.Second,
	}
	res, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return reply{res, b}
}

// problem is a refusal as a client reads it.
type problem struct {
	Type, Title, Detail, Instance, Code, RequestID string
	Status                                         int
	Errors                                         []struct{ Pointer, Detail string }
}

// problem checks what every problem has and returns it.
func (r reply) problem(t testing.TB) problem {
	t.Helper()
	var p problem
	if err := json.Unmarshal(r.body, &p); err != nil {
		t.Fatalf("status %d, body %q: %v", r.StatusCode, r.body, err)
	}
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	if p.Status != r.StatusCode || p.Type != "https://api.northwind.example/docs/problems/"+p.Code || p.Title == "" || p.Detail == "" || p.Instance == "" {
		t.Errorf("status %d with problem %+v", r.StatusCode, p)
	}
	if p.RequestID == "" || p.RequestID != r.Header.Get("X-Request-Id") {
		t.Errorf("requestId %q, header %q", p.RequestID, r.Header.Get("X-Request-Id"))
	}
	return p
}

func (r reply) json(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(r.body, &m); err != nil {
		t.Fatalf("status %d, body %q: %v", r.StatusCode, r.body, err)
	}
	return m
}

// until waits for a condition with a deadline.
func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("in a minute it did not come to: %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}
