package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"renown.example/gateway/limit"
	"renown.example/kit/telemetry"
)

// instruments watch the requests.
type instruments struct {
	tracer   trace.Tracer
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

// of returns the series of a kind.
func (i *instruments) of(k kind) *series {
	i.mu.RLock()
	s := i.known[k]
	i.mu.RUnlock()
	if s == nil {
		s = &series{i.requests.WithLabelValues(k.method, k.route, strconv.Itoa(k.status)), i.bytes.WithLabelValues(k.route), i.seconds.WithLabelValues(k.method, k.route)}
		i.mu.Lock()
		i.known[k] = s // the same whoever stores it
		i.mu.Unlock()
	}
	return s
}

func newInstruments(t *telemetry.Telemetry) (*instruments, error) {
	i := &instruments{
		known:  map[kind]*series{},
		tracer: t.Tracers.Tracer("renown.example/gateway"),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "renown_gateway_requests_total", Help: "Requests answered, by method, route and status.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "renown_gateway_request_seconds", Help: "Time from the first line of a request to the end of its answer, in seconds.",
			Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60},
		}, []string{"method", "route"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "renown_gateway_answer_bytes_total", Help: "Bytes of answers' bodies, by route.",
		}, []string{"route"}),
	}
	for _, c := range []prometheus.Collector{i.requests, i.seconds, i.bytes} {
		if err := t.Metrics.Register(c); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	place  place
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.place.leave() // the answer is made; what follows is up to the caller's connection
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
		w.place.leave()
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// place is a request's place among those that are worked on at the same time. It is given back while the caller is waited for: somebody who sends or reads slowly
// makes no work, so a thousand of them are in nobody's way.
type place struct {
	slots *limit.Slots
	taken bool
}

// take reports false if there is too much to do.
func (p *place) take() bool {
	p.taken = p.slots.Enter()
	return p.taken
}

func (p *place) leave() {
	if p.taken {
		p.taken = false
		p.slots.Leave()
	}
}

// methods are those that may name a metric: a caller's inventions do not.
var methods = map[string]bool{"GET": true, "HEAD": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true, "OPTIONS": true}

// record writes the one log line of a request and counts it. The line has the route, not the address, whose values and query are nobody's business.
func (g *Gateway) record(ctx context.Context, method string, ex *exchange, out *recorder) {
	if out.status == 0 {
		out.status = http.StatusOK
	}
	if !methods[method] {
		method = "other"
	}
	now := g.clock.Now()
	took := now.Sub(ex.began)
	counted := g.watch.of(kind{method, ex.route, out.status})
	counted.requests.Inc()
	counted.seconds.Observe(took.Seconds())
	counted.bytes.Add(float64(out.bytes))
	level := slog.LevelInfo
	var room [9]slog.Attr
	attrs := append(room[:0],
		slog.String("method", method), slog.String("route", ex.route), slog.Int("status", out.status), slog.Int64("bytes", out.bytes),
		slog.Float64("milliseconds", float64(took.Microseconds())/1000), slog.String("caller", ex.caller.Principal()),
	)
	if ex.memory {
		attrs = append(attrs, slog.Bool("memory", true))
	}
	if e := ex.refusal; e != nil {
		attrs = append(attrs, slog.String("code", e.Reason.Name))
		// A probe that is told to wait is no error.
		if out.status >= http.StatusInternalServerError && ex.route != readyPath {
			level = slog.LevelError
			attrs = append(attrs, slog.String("error", e.Error()))
		}
	}
	// Past the logger, which would look for the line of code that this is.
	if h := g.logger.Handler(); h.Enabled(ctx, level) {
		line := slog.NewRecord(now, level, "request", 0)
		line.AddAttrs(attrs...)
		_ = h.Handle(ctx, line) // a log that cannot be written to is nothing a caller can help
	}
}
