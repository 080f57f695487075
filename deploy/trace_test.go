// Package deploy_test holds what can only be seen when the parts stand together.
package deploy_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"renown.example/gateway"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/rpc/rpctest"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/partners"
	"renown.example/stories"
)

// observed is stories and partners with a gateway before them, in one process whose spans and log are kept.
type observed struct {
	spans   *tracetest.InMemoryExporter
	log     *rpctest.Log
	tel     *telemetry.Telemetry
	stories *stories.Service
	minter  *auth.Minter
	// rest is where the gateway answers.
	rest string
}

func observe(t *testing.T) *observed {
	t.Helper()
	ctx, o := t.Context(), &observed{spans: tracetest.NewInMemoryExporter(), log: &rpctest.Log{}}
	var err error
	if o.tel, err = telemetry.New(ctx, telemetry.Options{Service: "renown", Output: o.log, Spans: o.spans}); err != nil {
		t.Fatal(err)
	}
	key := auth.GenerateKey()
	keys, data := []auth.PublicKey{key.Public()}, engine.Config{Data: t.TempDir()}
	o.stories, err = stories.New(ctx, stories.Config{Config: data, IdentityKeys: keys, Company: "Holmway", WebsiteURL: "http://127.0.0.1:8080", Locales: []string{"en"}},
		stories.Deps{Clock: clock.System(), Telemetry: o.tel})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.stories.Close() })
	pa, err := partners.New(ctx, partners.Config{Config: data, IdentityKeys: keys}, partners.Deps{Clock: clock.System(), Telemetry: o.tel})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pa.Close() })
	if o.minter, err = auth.NewMinter(clock.System(), key); err != nil {
		t.Fatal(err)
	}
	gw, err := gateway.New(gateway.Options{Stories: o.stories.Conn(), Partners: pa.Conn(), Minter: o.minter, Telemetry: o.tel, PublicURL: "http://127.0.0.1:8081"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gw.Close() })
	srv := httptest.NewServer(gw)
	t.Cleanup(srv.Close)
	o.rest = srv.URL
	return o
}

func TestOneTraceShowsEveryHop(t *testing.T) {
	o := observe(t)
	// The caller's own trace goes on through all of it.
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.rest+"/v1/stories", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	var hops []string
	parents := map[string]string{}
	names := map[string]string{}
	for _, s := range o.spans.GetSpans() {
		if s.SpanContext.TraceID().String() != trace {
			continue
		}
		hops = append(hops, s.Name)
		names[s.SpanContext.SpanID().String()] = s.Name
		parents[s.Name] = s.Parent.SpanID().String()
	}
	const rpc = "renown.stories.v1.PublishedService/ListPublishedStories"
	if !slices.Contains(hops, "store.view") || !slices.Contains(hops, rpc) || len(hops) < 3 {
		t.Fatalf("the trace shows %v", hops)
	}
	// From the store upwards every span hangs on one of the same trace, up to the gateway's.
	if got := names[parents["store.view"]]; got != rpc {
		t.Errorf("the store's span hangs on %q", got)
	}
	if parents[hops[len(hops)-1]] != "00f067aa0ba902b7" {
		t.Errorf("the gateway's span does not hang on the caller's: %v", hops)
	}

	// Nobody has traced this one; it reaches the service, so its trace begins here.
	o.spans.Reset()
	if resp, err = http.Get(o.rest + "/v1/stories?pageSize=3"); err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	own := o.spans.GetSpans()
	at := slices.IndexFunc(own, func(s tracetest.SpanStub) bool { return s.Name == "GET /v1/stories" && !s.Parent.IsValid() })
	if at < 0 || !slices.ContainsFunc(own, func(s tracetest.SpanStub) bool {
		return s.Name == rpc && s.SpanContext.TraceID() == own[at].SpanContext.TraceID()
	}) {
		t.Errorf("a request that reaches the service has these spans: %v", own)
	}
}
