package gateway

import (
	"context"
	"log/slog"
	"net/http"

	"renown.example/gateway/limit"
	"renown.example/kit/telemetry"
)

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

// record writes the one log line of a request and counts it.
func (g *Gateway) record(ctx context.Context, a telemetry.Answered, ex *exchange) {
	level := slog.LevelInfo
	var room [4]slog.Attr
	attrs := append(room[:0], slog.String("caller", ex.caller.Principal()))
	if ex.memory {
		attrs = append(attrs, slog.Bool("memory", true))
	}
	if e := ex.refusal; e != nil {
		attrs = append(attrs, slog.String("code", e.Reason.Name))
		// A probe that is told to wait is no error. Whoever else is told to come again may have come while something starts: it passes, or the part that is at fault says so.
		// One that cannot be reached says nothing.
		if a.Status >= http.StatusInternalServerError && ex.route != readyPath {
			if level = slog.LevelError; e.Passing() {
				level = slog.LevelWarn
			}
			attrs = append(attrs, slog.String("error", e.Error()))
		}
	}
	g.watch.Record(ctx, a, level, attrs...)
}
