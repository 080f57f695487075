package telemetry_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"renown.example/kit/rpc/probe"
	"renown.example/kit/telemetry"
)

func TestLogLinesCarryTheRequestAndHideSecrets(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		var out bytes.Buffer
		l, err := telemetry.NewLogger(telemetry.Options{Service: "stories", Format: format, Output: &out})
		if err != nil {
			t.Fatal(err)
		}
		ctx := telemetry.WithRequestID(context.Background(), "req-1")
		l.With("session_token", "hush1").WithGroup("g").InfoContext(ctx, "hello", "Authorization", "hush2", slog.Group("user", "email", "hush3"), "n", 7)
		line := out.String()
		for _, want := range []string{"req-1", "stories", "hello", "7", telemetry.Redacted} {
			if !strings.Contains(line, want) {
				t.Errorf("%s: %q is not in %s", format, want, line)
			}
		}
		if strings.Contains(line, "hush") {
			t.Errorf("%s: a secret is in %s", format, line)
		}
	}
	if _, err := telemetry.NewLogger(telemetry.Options{Format: "xml"}); err == nil {
		t.Error("an unknown format was taken")
	}
}

func TestMessagesAreLoggedWithoutPersonalData(t *testing.T) {
	m := &probe.Request{Text: "kept", ContactEmail: "hush@northwind.example",
		Content:     &probe.Content{Blocks: []*probe.Block{{Alt: "cranes", By: "hush"}}},
		NamedBlocks: map[string]*probe.Block{"a": {Alt: "ships", By: "hush"}}}
	var out bytes.Buffer
	l, err := telemetry.NewLogger(telemetry.Options{Output: &out})
	if err != nil {
		t.Fatal(err)
	}
	l.Info("got", "request", telemetry.Message(m))
	if line := out.String(); strings.Contains(line, "hush") || !strings.Contains(line, "kept") || !strings.Contains(line, "ships") {
		t.Errorf("logged %s", line)
	}
	if m.GetContactEmail() == telemetry.Redacted || m.GetContent().GetBlocks()[0].GetBy() == "" {
		t.Error("the message itself was changed")
	}
}

func TestAdminHandler(t *testing.T) {
	tel, err := telemetry.New(context.Background(), telemetry.Options{Service: "s", Output: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	ready := false
	srv := httptest.NewServer(tel.AdminHandler(func() bool { return ready }))
	defer srv.Close()
	get := func(path string) (int, string) {
		res, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	if code, body := get("/metrics"); code != 200 || !strings.Contains(body, "go_goroutines") {
		t.Errorf("metrics: %d", code)
	}
	if code, _ := get("/debug/pprof/"); code != 200 {
		t.Errorf("pprof: %d", code)
	}
	if code, _ := get("/readyz"); code != 503 {
		t.Errorf("not ready: %d", code)
	}
	ready = true
	if code, _ := get("/readyz"); code != 200 {
		t.Errorf("ready: %d", code)
	}
}

func TestSpansReachTheExporter(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tel, err := telemetry.New(context.Background(), telemetry.Options{Service: "s", Output: io.Discard, Spans: spans})
	if err != nil {
		t.Fatal(err)
	}
	_, span := tel.Tracers.Tracer("t").Start(context.Background(), "work")
	span.End()
	if got := spans.GetSpans(); len(got) != 1 || got[0].Name != "work" {
		t.Errorf("spans %v", got)
	}
}

func TestValidRequestID(t *testing.T) {
	for id, want := range map[string]bool{"": false, "abc-1_2.3": true, "a b": false, "a\nb": false, "ä": false, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false} {
		if telemetry.ValidRequestID(id) != want {
			t.Errorf("ValidRequestID(%q) = %v", id, !want)
		}
	}
}
