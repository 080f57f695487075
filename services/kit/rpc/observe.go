package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/telemetry"
)

// observed is a call while it runs: its span, and what its log line will say.
type observed struct {
	server *Server
	ctx    context.Context
	method string
	// begun is by the machine's clock: what the call takes is no matter of a history that is played on another.
	begun  time.Time
	span   trace.Span
	caller auth.Identity
	stack  []byte
}

// observe begins a call's span and takes over the caller's request id, or makes one.
func (s *Server) observe(ctx context.Context, method string, in metadata.MD) (context.Context, *observed) {
	request := first(in, RequestIDHeader)
	if !telemetry.ValidRequestID(request) {
		request = id.New(s.opts.Clock)
	}
	ctx = telemetry.WithRequestID(telemetry.Propagator.Extract(ctx, carrier(in)), request)
	ctx, span := s.tracer.Start(ctx, method[1:], trace.WithSpanKind(trace.SpanKindServer))
	return ctx, &observed{server: s, ctx: ctx, method: method, begun: clock.System().Now(), span: span, caller: auth.Anonymous}
}

// end is the one place where an error becomes a gRPC status. It also writes the call's log line, metrics and span.
func (o *observed) end(err error) error {
	took := clock.System().Now().Sub(o.begun)
	code := codes.OK
	f := fault.Of(err)
	if f != nil {
		code = f.Reason.Code
	}
	o.server.metrics.handled(o.method, code, took)
	o.log(f, code, took)
	if o.span.IsRecording() {
		o.span.SetAttributes(attribute.String("rpc.system", "grpc"), attribute.String("rpc.grpc.status_code", code.String()))
		if f != nil {
			o.span.SetAttributes(attribute.String("renown.reason", f.Reason.Name))
			if serious(f) {
				o.span.SetStatus(otelcodes.Error, f.Reason.Name)
			}
		}
	}
	o.span.End()
	if f == nil {
		return nil
	}
	return fault.ToStatus(f).Err()
}

// log writes the call's line. Refusals are everyday; faults of ours come with their cause, and only they do: a refusal's text may quote what the caller sent.
func (o *observed) log(f *fault.Error, code codes.Code, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case f != nil && passing(f):
		level = slog.LevelWarn
	case f != nil && serious(f):
		level = slog.LevelError
	case f == nil && o.caller.Kind == auth.KindSystem:
		level = slog.LevelDebug // what a part of Renown asks for itself, it may ask several times a second
	}
	if !o.server.log.Enabled(o.ctx, level) {
		return
	}
	var room [9]slog.Attr
	attrs := append(room[:0], slog.String("method", o.method), slog.String("code", code.String()), slog.Duration("took", took), slog.String("caller", o.caller.Principal()))
	if f != nil {
		attrs = append(attrs, slog.String("reason", f.Reason.Name))
		if len(f.Fields) > 0 {
			paths := make([]string, 0, len(f.Fields))
			for _, field := range f.Fields {
				paths = append(paths, field.Path)
			}
			attrs = append(attrs, slog.Any("fields", paths))
		}
		if passing(f) {
			attrs = append(attrs, slog.String("why", f.Message))
		}
		if serious(f) && f.Cause != nil {
			attrs = append(attrs, slog.String("cause", f.Cause.Error()))
		}
	}
	if o.stack != nil {
		attrs = append(attrs, slog.String("stack", string(o.stack)))
	}
	// Past the logger, which would look for the line of code that this is.
	line := slog.NewRecord(clock.System().Now(), level, "call", 0)
	line.AddAttrs(attrs...)
	_ = o.server.log.Handler().Handle(o.ctx, line) // a log that cannot be written to is nothing a caller can help
}

// passing reports whether a part says of itself that it cannot answer just now: it starts, stops, or has others to serve first. What it cannot do because of something
// else has that for a cause.
func passing(f *fault.Error) bool { return f.Reason.Name == fault.Unavailable.Name && f.Cause == nil }

// serious reports whether the operator should look at it.
func serious(f *fault.Error) bool {
	switch f.Reason.Code {
	case codes.Internal, codes.Unavailable, codes.DeadlineExceeded, codes.Unknown, codes.DataLoss:
		return true
	}
	return f.Reason.Name == fault.StorageFull.Name
}

func panicked(p any) error {
	cause, ok := p.(error)
	if !ok {
		cause = fmt.Errorf("%v", p)
	}
	return fault.Of(errPanic{cause})
}

// errPanic hides the type of what was panicked with: even a panic with a refusal is a fault of ours.
type errPanic struct{ cause error }

func (e errPanic) Error() string { return "panic: " + e.cause.Error() }

type metrics struct {
	seconds *prometheus.HistogramVec
	// known are the series that there have been so far, by what they are of.
	known sync.Map
}

// series is what a series of calls is of.
type series struct {
	method string
	code   codes.Code
}

func newMetrics(r prometheus.Registerer) *metrics {
	if r == nil {
		return &metrics{}
	}
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "renown_rpc_seconds", Help: "How long calls took that this process answered.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"method", "code"})
	if err := r.Register(v); err != nil {
		var there prometheus.AlreadyRegisteredError
		if !errors.As(err, &there) {
			panic(err) // the same name with another meaning: program text
		}
		v = there.ExistingCollector.(*prometheus.HistogramVec)
	}
	return &metrics{seconds: v}
}

func (m *metrics) handled(method string, code codes.Code, took time.Duration) {
	if m.seconds == nil {
		return
	}
	of := series{method, code}
	one, ok := m.known.Load(of)
	if !ok {
		one, _ = m.known.LoadOrStore(of, m.seconds.WithLabelValues(method[1:], code.String()))
	}
	one.(prometheus.Observer).Observe(took.Seconds())
}

// carrier lets traces travel in gRPC metadata.
type carrier metadata.MD

func (c carrier) Get(key string) string { return first(metadata.MD(c), key) }
func (c carrier) Set(key, value string) { c[key] = []string{value} }
func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	return keys
}
