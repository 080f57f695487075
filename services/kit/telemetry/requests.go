package telemetry

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Requests watches what one part of a process answers over HTTP: it counts requests by method, route and status, times them, and writes one log line for each. It is
// safe for use by many requests at once, and made to be cheap: answers from memory are written at tens of thousands a second.
type Requests struct {
	// Tracer makes the part's spans.
	Tracer trace.Tracer

	lines    slog.Handler
	message  string
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.CounterVec

	// known are the series of the requests that there were, so that each costs one look-up.
	mu    sync.RWMutex
	known map[kind]*series
}

// kind is what the metrics tell requests apart by. There are as many as there are methods, routes and statuses.
type kind struct {
	method, route string
	status        int
}

// series count the requests of a kind.
type series struct {
	requests, bytes prometheus.Counter
	seconds         prometheus.Observer
}

// NewRequests registers the series of a part, "renown_{part}_...". The message begins the part's log lines.
func NewRequests(t *Telemetry, part, message string) (*Requests, error) {
	q := &Requests{
		Tracer: t.Tracers.Tracer("renown.example/" + part), lines: t.lines, message: message, known: map[kind]*series{},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "renown_" + part + "_requests_total", Help: "Requests answered, by method, route and status.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "renown_" + part + "_request_seconds", Help: "Time from the first line of a request to the end of its answer, in seconds.",
			Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60},
		}, []string{"method", "route"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "renown_" + part + "_answer_bytes_total", Help: "Bytes of answers' bodies, by route.",
		}, []string{"route"}),
	}
	for _, c := range []prometheus.Collector{q.requests, q.seconds, q.bytes} {
		if err := t.Metrics.Register(c); err != nil {
			return nil, err
		}
	}
	return q, nil
}

// of returns the series of a kind.
func (q *Requests) of(k kind) *series {
	q.mu.RLock()
	s := q.known[k]
	q.mu.RUnlock()
	if s == nil {
		s = &series{q.requests.WithLabelValues(k.method, k.route, strconv.Itoa(k.status)), q.bytes.WithLabelValues(k.route), q.seconds.WithLabelValues(k.method, k.route)}
		q.mu.Lock()
		q.known[k] = s // the same whoever stores it
		q.mu.Unlock()
	}
	return s
}

// Answered is a request that was answered. Route is a pattern: the address itself, whose values and query are nobody's business, is in no line, series or span.
type Answered struct {
	Method, Route string
	Status        int
	Bytes         int64
	Began, Ended  time.Time
}

// methods are those that may name a metric: a caller's inventions do not.
var methods = map[string]bool{"GET": true, "HEAD": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "OPTIONS": true}

// Record counts a request and writes its line, in which more follows what every line says: nothing that is secret.
func (q *Requests) Record(ctx context.Context, a Answered, level slog.Level, more ...slog.Attr) {
	if !methods[a.Method] {
		a.Method = "other"
	}
	took := a.Ended.Sub(a.Began)
	counted := q.of(kind{a.Method, a.Route, a.Status})
	counted.requests.Inc()
	counted.seconds.Observe(took.Seconds())
	counted.bytes.Add(float64(a.Bytes))
	// Past the logger, which would look for the line of code that this is, and for secrets.
	if !q.lines.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(a.Ended, level, q.message, 0)
	var room [12]slog.Attr
	line.AddAttrs(known(ctx, append(append(room[:0],
		slog.String("method", a.Method), slog.String("route", a.Route), slog.Int("status", a.Status), slog.Int64("bytes", a.Bytes),
		slog.Float64("milliseconds", float64(took.Microseconds())/1000)), more...))...)
	_ = q.lines.Handle(ctx, line) // a log that cannot be written to is nothing a caller can help
}

// Describe names a request's span as its line does.
func (a Answered) Describe(span trace.Span) {
	if span.IsRecording() {
		span.SetName(a.Method + " " + a.Route)
		span.SetAttributes(attribute.String("http.request.method", a.Method), attribute.String("http.route", a.Route), attribute.Int("http.response.status_code", a.Status))
	}
}
