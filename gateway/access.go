package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"renown.example/kit/telemetry"
)

// instruments watch the requests.
type instruments struct {
	tracer   trace.Tracer
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	bytes    *prometheus.CounterVec
}

func newInstruments(t *telemetry.Telemetry) (instruments, error) {
	i := instruments{
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
			return instruments{}, err
		}
	}
	return i, nil
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

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
	took := g.clock.Now().Sub(ex.began)
	g.watch.requests.WithLabelValues(method, ex.route, strconv.Itoa(out.status)).Inc()
	g.watch.seconds.WithLabelValues(method, ex.route).Observe(took.Seconds())
	g.watch.bytes.WithLabelValues(ex.route).Add(float64(out.bytes))
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("method", method), slog.String("route", ex.route), slog.Int("status", out.status), slog.Int64("bytes", out.bytes),
		slog.Float64("milliseconds", float64(took.Microseconds())/1000), slog.String("caller", ex.caller.Principal()),
	}
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
	g.logger.LogAttrs(ctx, level, "request", attrs...)
}
