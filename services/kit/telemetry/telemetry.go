// Package telemetry is how a process is watched: structured logs, traces and metrics, and the admin address that shows the latter.
//
// Nothing personal or secret is logged: bodies never, attributes whose names say that they are secrets not by accident either (see Redact for messages).
// Traces leave the process only where the standard OpenTelemetry variables name a collector (OTEL_EXPORTER_OTLP_ENDPOINT).
package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Options says what a process tells and to whom.
type Options struct {
	// Service names the process in logs and traces.
	Service string
	// Format of logs: "json" or "text". Empty means text.
	Format string
	// Level is the least level that is logged.
	Level slog.Level
	// Output takes the logs; nil means standard error.
	Output io.Writer
	// Spans takes every span that ends, for tests. Nil means OTLP where the environment names a collector, else nobody.
	Spans sdktrace.SpanExporter
}

// Telemetry is a process's logger, tracers and metrics.
type Telemetry struct {
	Logger  *slog.Logger
	Tracers trace.TracerProvider
	Metrics *prometheus.Registry

	// lines takes the lines of requests; see handlers.
	lines    slog.Handler
	shutdown func(context.Context) error
}

// New sets telemetry up. It sets no globals.
func New(ctx context.Context, o Options) (*Telemetry, error) {
	careful, plain, err := handlers(o)
	if err != nil {
		return nil, err
	}
	t := &Telemetry{Logger: slog.New(careful), lines: plain, Tracers: noop.NewTracerProvider(), Metrics: prometheus.NewRegistry(), shutdown: func(context.Context) error { return nil }}
	t.Metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var to sdktrace.TracerProviderOption
	switch {
	case o.Spans != nil:
		to = sdktrace.WithSyncer(o.Spans)
	case os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "":
		exporter, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("telemetry: OTLP: %w", err)
		}
		to = sdktrace.WithBatcher(exporter)
	default:
		return t, nil
	}
	res := resource.NewSchemaless(attribute.String("service.name", o.Service))
	provider := sdktrace.NewTracerProvider(to, sdktrace.WithResource(res))
	t.Tracers, t.shutdown = provider, provider.Shutdown
	return t, nil
}

// Shutdown sends what has not been sent yet.
func (t *Telemetry) Shutdown(ctx context.Context) error { return t.shutdown(ctx) }

// AdminHandler serves /metrics, /debug/pprof/ and, by ready, /healthz and /readyz. It belongs on an address that only operators reach.
func (t *Telemetry) AdminHandler(ready func() bool) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(t.Metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready() {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	return mux
}

// Propagator carries traces across calls as W3C traceparent and tracestate.
var Propagator propagation.TextMapPropagator = propagation.TraceContext{}

// Traced returns a context that carries the trace of a request's caller, if it has one.
func Traced(r *http.Request) context.Context {
	if len(r.Header["Traceparent"]) == 0 {
		return r.Context()
	}
	return Propagator.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
}

type requestKey struct{}

// MaxRequestID bounds the length of a request id that comes from outside.
const MaxRequestID = 64

// WithRequestID returns a context whose log lines and outgoing calls carry the request id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID returns the context's request id; "" if it has none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// ValidRequestID reports whether id may be taken over from a caller: 1 to MaxRequestID letters, digits, "-", "_" or ".".
func ValidRequestID(id string) bool {
	if id == "" || len(id) > MaxRequestID {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
	})
}
