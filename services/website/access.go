package website

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"

	"renown.example/kit/clock"
	"renown.example/kit/id"
	"renown.example/kit/telemetry"
	"renown.example/website/api"
)

// watch is what every request goes through first: it gives it an id, which its answer, its log lines and its calls to the gateway carry, tells the gateway who asks, and
// records how it was answered.
type watch struct {
	next     http.Handler
	clock    clock.Clock
	log      *slog.Logger
	requests *telemetry.Requests
}

// exchange is a request while it is answered.
type exchange struct {
	http.ResponseWriter
	watch  *watch
	method string
	began  time.Time
	status int
	bytes  int64
	// asked is done when the gateway is first asked for something; an answer without that came from memory.
	asked sync.Once
	made  bool
	// late is the span that began with that, where none began with the request.
	untraced  bool
	late      trace.Span
	forwarded []string
	address   string
}

// serving is how spans of requests begin.
var serving = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}

// ServeHTTP implements http.Handler.
func (w *watch) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	ex := &exchange{ResponseWriter: out, watch: w, method: r.Method, began: clock.System().Now(), forwarded: r.Header.Values("X-Forwarded-For"), address: r.RemoteAddr}
	request := r.Header.Get("X-Request-Id")
	if !telemetry.ValidRequestID(request) {
		request = id.New(w.clock)
	}
	out.Header().Set("X-Request-Id", request)
	ctx := telemetry.Traced(r)
	span := trace.SpanFromContext(ctx)
	// What comes from memory has nothing to show: unless its caller traces it, a span begins where the gateway is asked.
	if ex.untraced = !span.SpanContext().IsSampled(); !ex.untraced {
		ctx, span = w.requests.Tracer.Start(ctx, r.Method, serving...)
		defer span.End()
	}
	ctx = telemetry.WithRequestID(ctx, request)
	r = r.WithContext(api.ForReader(ctx, ex))
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) { // net/http's own way to cut a connection
				panic(p)
			}
			w.log.ErrorContext(ctx, "panic", "value", p, "stack", string(debug.Stack()))
			if ex.status == 0 {
				http.Error(ex, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		}
		if ex.late != nil {
			span, ctx = ex.late, trace.ContextWithSpan(ctx, ex.late)
			defer span.End()
		}
		ex.record(ctx, span, r.Pattern)
	}()
	w.next.ServeHTTP(ex, r)
}

// record writes the line of the request and counts it, under the pattern that it was answered by.
func (ex *exchange) record(ctx context.Context, span trace.Span, pattern string) {
	route := "none"
	if pattern != "" {
		route = pattern[strings.IndexByte(pattern, ' ')+1:]
	}
	if ex.status == 0 {
		ex.status = http.StatusOK
	}
	a := telemetry.Answered{Method: ex.method, Route: route, Status: ex.status, Bytes: ex.bytes, Began: ex.began, Ended: clock.System().Now()}
	a.Describe(span)
	// Why a page could not be made has a line of its own.
	ex.watch.requests.Record(ctx, a, slog.LevelInfo, slog.Bool("memory", !ex.made))
}

// Calling notes that an answer is not in memory, and has what is asked of the gateway for it belong to the request's span.
func (ex *exchange) Calling(ctx context.Context) context.Context {
	ex.asked.Do(func() {
		ex.made = true
		if ex.untraced {
			_, ex.late = ex.watch.requests.Tracer.Start(ctx, ex.method, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(ex.began))
		}
	})
	if ex.late != nil {
		return trace.ContextWithSpan(ctx, ex.late)
	}
	return ctx
}

// Chain says where the request came from, by those that passed it on.
func (ex *exchange) Chain() string {
	address, _, err := net.SplitHostPort(ex.address)
	if err != nil {
		address = ex.address
	}
	return strings.Join(append(slices.Clone(ex.forwarded), address), ", ")
}

// WriteHeader implements http.ResponseWriter.
func (ex *exchange) WriteHeader(status int) {
	if ex.status == 0 {
		ex.status = status
	}
	ex.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (ex *exchange) Write(b []byte) (int, error) {
	if ex.status == 0 {
		ex.status = http.StatusOK
	}
	n, err := ex.ResponseWriter.Write(b)
	ex.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (ex *exchange) Unwrap() http.ResponseWriter { return ex.ResponseWriter }
