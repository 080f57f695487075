package website

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"renown.example/kit/clock"
	"renown.example/kit/telemetry"
	"renown.example/website/api"
)

// watched is a website over a gateway that has nothing, with all that is told of it.
type watched struct {
	http.Handler
	t     *testing.T
	log   *bytes.Buffer
	spans *tracetest.InMemoryExporter
	tel   *telemetry.Telemetry
	// heard are the trace headers that reached the gateway.
	heard []string
}

func watchedSite(t *testing.T) *watched {
	t.Helper()
	w := &watched{t: t, log: &bytes.Buffer{}, spans: tracetest.NewInMemoryExporter()}
	var err error
	w.tel, err = telemetry.New(t.Context(), telemetry.Options{Service: "website", Format: "json", Output: w.log, Spans: w.spans})
	if err != nil {
		t.Fatal(err)
	}
	gateway := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.heard = append(w.heard, r.Header.Get("Traceparent"))
		out.Header().Set("Content-Type", "application/problem+json")
		out.WriteHeader(http.StatusGone)
		_, _ = io.WriteString(out, `{"status":410,"code":"WITHDRAWN","detail":"x"}`)
	}))
	t.Cleanup(gateway.Close)
	if w.Handler, err = New(Options{API: api.New(gateway.URL, nil), PublicURL: "http://127.0.0.1:8080", Telemetry: w.tel}); err != nil {
		t.Fatal(err)
	}
	return w
}

type logged struct {
	Level, Msg, Method, Route string
	Status, Bytes             int
	Milliseconds              *float64
	Memory                    bool
	RequestID                 string `json:"request_id"`
	TraceID                   string `json:"trace_id"`
}

// lines are those of requests since the last look.
func (w *watched) lines() []logged {
	w.t.Helper()
	var out []logged
	for dec := json.NewDecoder(bytes.NewReader(w.log.Bytes())); ; {
		var l logged
		if err := dec.Decode(&l); err == io.EOF {
			break
		} else if err != nil {
			w.t.Fatal(err)
		}
		if l.Msg == "page" {
			out = append(out, l)
		}
	}
	w.log.Reset()
	return out
}

func (w *watched) do(method, path string, header ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, req)
	return rec
}

// Each request is one line and counts once, under the pattern of its address: nothing that was in the address itself is told.
func TestEachRequestIsOneLine(t *testing.T) {
	w := watchedSite(t)
	for _, c := range []struct{ method, path, route string }{
		{"GET", "/robots.txt?q=whisper", "/robots.txt"}, {"HEAD", "/stories/hush?as_of=whisper", "/stories/{slug}"}, {"GET", "/de/stories/hush.md", "/{locale}/stories/{slug}.md"},
		{"GET", "/signoff/hush?x=whisper", "/signoff/{token}"}, {"POST", "/signoff/hush/sign", "/signoff/{token}"}, {"GET", "/preview/hush/images/hush", "/preview/{token}"},
		{"GET", "/images/hush", "/images/{asset}"}, {"GET", "/hush", "none"}, {"GET", "/stories?query=whisper", "/stories"}, {"GET", "/static/hush.css", "/static/"}, {"GET", "/studio/stories/hush/en?x=whisper", "/studio/stories/{story}/{locale}"},
		{"GET", "/studio/hush", "/studio/"}, {"GET", "/signin/callback?code=whisper&state=whisper", "/signin/callback"}, {"BREW", "/stories", "/stories"}, {"GET", "/oembed?url=whisper", "/oembed"},
	} {
		rec := w.do(c.method, c.path, "X-Request-Id", "req-1")
		told := w.log.String()
		got := w.lines()
		if len(got) != 1 {
			t.Fatalf("%s %s has %d lines: %s", c.method, c.path, len(got), told)
		}
		method := c.method
		if method == "BREW" {
			method = "other"
		}
		l := got[0]
		if l.Level != "INFO" || l.Method != method || l.Route != c.route || l.Status != rec.Code || l.Bytes != rec.Body.Len() || l.Milliseconds == nil || l.RequestID != "req-1" {
			t.Errorf("%s %s answers %d with %d bytes and is told as %+v", c.method, c.path, rec.Code, rec.Body.Len(), l)
		}
		for line := range strings.Lines(told) {
			// Why a public page could not be made is told with its path, for those who mend it.
			if strings.Contains(line, "whisper") || strings.Contains(line, "hush") && !strings.Contains(line, "a public page could not be made") {
				t.Errorf("%s %s is told with its address: %s", c.method, c.path, line)
			}
		}
	}
	rec := httptest.NewRecorder()
	w.tel.AdminHandler(func() bool { return true }).ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	metrics := rec.Body.String()
	if n := strings.Count(metrics, "\nrenown_website_requests_total{"); n != 15 || strings.Contains(metrics, "hush") || strings.Contains(metrics, "whisper") ||
		!strings.Contains(metrics, `renown_website_requests_total{method="POST",route="/signoff/{token}",status="410"} 1`) ||
		!strings.Contains(metrics, `renown_website_request_seconds_count{method="GET",route="/preview/{token}"} 1`) || !strings.Contains(metrics, `renown_website_answer_bytes_total{route="/robots.txt"}`) {
		t.Errorf("%d series count requests: %s", n, metrics[max(0, strings.Index(metrics, "renown_website")):])
	}
	raw, err := json.Marshal(w.spans.GetSpans())
	if err != nil || bytes.Contains(raw, []byte("hush")) || bytes.Contains(raw, []byte("whisper")) {
		t.Errorf("spans tell what was in an address: %v %s", err, raw)
	}
}

// A span begins where the gateway is asked, and what it does there hangs on it. What needs nobody has none, unless its caller traces it.
func TestSpansBeginWhereTheGatewayIsAsked(t *testing.T) {
	const trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	w := watchedSite(t)
	w.do("GET", "/robots.txt")
	if got := w.spans.GetSpans(); len(got) != 0 {
		t.Errorf("an answer from memory has the spans %v", got)
	}
	if l := w.lines()[0]; !l.Memory || l.TraceID != "" {
		t.Errorf("it is told as %+v", l)
	}
	w.do("GET", "/robots.txt", "Traceparent", "00-"+trace+"-"+caller+"-01")
	if got := w.spans.GetSpans(); len(got) != 1 || got[0].Name != "GET /robots.txt" || got[0].Parent.SpanID().String() != caller {
		t.Errorf("its caller, who traces it, is shown %v", got)
	}
	for _, header := range [][]string{nil, {"Traceparent", "00-" + trace + "-" + caller + "-01"}} {
		w.spans.Reset()
		w.lines()
		w.heard = nil
		w.do("GET", "/stories/a", header...)
		got := w.spans.GetSpans()
		if len(got) != 1 || got[0].Name != "GET /stories/{slug}" {
			t.Fatalf("a page that was made has the spans %v", got)
		}
		if own := got[0].SpanContext; len(w.heard) == 0 || slices.ContainsFunc(w.heard, func(h string) bool { return h != "00-"+own.TraceID().String()+"-"+own.SpanID().String()+"-01" }) {
			t.Errorf("the gateway hears %v, the span is %s of %s", w.heard, own.SpanID(), own.TraceID())
		} else if l := w.lines()[0]; l.Memory || l.TraceID != own.TraceID().String() {
			t.Errorf("it is told as %+v", l)
		}
		if header != nil && got[0].Parent.SpanID().String() != caller {
			t.Errorf("the span does not hang on the caller's: %v", got)
		}
	}
}

// A page that panics is an answer, a line of its own and an error in the log.
func TestAPanicIsAnAnswer(t *testing.T) {
	w := watchedSite(t)
	requests, err := telemetry.NewRequests(w.tel, "broken", "page")
	if err != nil {
		t.Fatal(err)
	}
	w.Handler = &watch{clock: clock.System(), log: w.tel.Logger, requests: requests, next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("hush") })}
	rec := w.do("GET", "/")
	told := w.log.String()
	if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Body.String(), "hush") || !strings.Contains(told, `"msg":"panic"`) {
		t.Errorf("answered with %d, %s; told: %s", rec.Code, rec.Body, told)
	}
	if l := w.lines(); len(l) != 1 || l[0].Status != http.StatusInternalServerError {
		t.Errorf("lines are %+v", l)
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("a connection that is to be cut: %v", p)
		}
	}()
	w.Handler = &watch{clock: clock.System(), log: w.tel.Logger, requests: requests, next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })}
	w.do("GET", "/")
}
