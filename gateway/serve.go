package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/telemetry"
)

// serving is how spans of requests begin.
var serving = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}

// ServeHTTP answers a request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ex := &exchange{id: g.requestID(r), began: clock.System().Now(), caller: auth.Anonymous, route: "none", out: recorder{ResponseWriter: w}}
	ctx := telemetry.Traced(r)
	span := trace.SpanFromContext(ctx)
	// What comes from memory has nothing to show: unless its caller traces it, a span begins where a service is asked (fill).
	if ex.untraced = reads(r) && !span.SpanContext().IsSampled(); !ex.untraced {
		ctx, span = g.watch.Tracer.Start(ctx, r.Method, serving...)
		defer span.End()
	}
	ctx = withExchange(telemetry.WithRequestID(ctx, ex.id), ex)
	out := &ex.out
	out.Header().Set("X-Request-Id", ex.id)
	method := r.Method
	r = r.WithContext(ctx)
	r.Header = withoutSmuggled(r.Header)
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { // net/http's own way to cut a connection
				panic(p)
			}
			g.logger.ErrorContext(ctx, "panic", "value", p, "stack", string(debug.Stack()))
			if out.status == 0 {
				g.refuse(out, r, fault.Internal.New("Something went wrong on our side. It was logged under the request id."))
			}
		}
		if ex.late != nil {
			span, ctx = ex.late, trace.ContextWithSpan(ctx, ex.late)
			defer span.End()
		}
		if out.status == 0 {
			out.status = http.StatusOK
		}
		a := telemetry.Answered{Method: method, Route: ex.route, Status: out.status, Bytes: out.bytes, Began: ex.began, Ended: clock.System().Now()}
		a.Describe(span)
		g.record(ctx, a, ex)
	}()
	g.dispatch(out, r)
}

// reads reports whether a request is for something published.
func reads(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && isPublicPath(r.URL.Path)
}

// dispatch finds who answers an address.
func (g *Gateway) dispatch(w *recorder, r *http.Request) {
	path := r.URL.Path
	switch path {
	case "/healthz", readyPath: // also when there is too much to do
		g.health(w, r)
		return
	case revisionsPath: // for as long as the caller likes, so not among what is worked on
		g.revisions(w, r)
		return
	}
	w.place = place{slots: g.slots}
	if !w.place.take() {
		g.refuse(w, r, busy())
		return
	}
	defer w.place.leave()
	exchangeOf(r.Context()).place = &w.place
	if r.Method == http.MethodOptions {
		g.options(w, r)
		return
	}
	if path == tokenPath {
		g.token(w, r)
		return
	}
	if g.fixed(w, r) {
		return
	}
	g.shareAnswer(w.Header(), r)
	if reads(r) {
		g.readPublic(w, r, exchangeOf(r.Context()))
		return
	}
	if r.Method == http.MethodHead { // net/http leaves the body out
		r.Method = http.MethodGet
	}
	g.mux.ServeHTTP(w, r)
}

// shareAnswer sets the headers by which browsers let scripts of other origins read the answer.
func (g *Gateway) shareAnswer(h http.Header, r *http.Request) {
	if g.share(h, r.Header.Get("Origin")) {
		return
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && isPublicPath(r.URL.Path) {
		shareWithAll(h)
	}
}

// withoutSmuggled returns the headers without those that gRPC or a careless handler might take for metadata. conn sets the metadata anew in any case; this is
// the first of two doors.
func withoutSmuggled(h http.Header) http.Header {
	is := strings.EqualFold
	smuggled := func(name string) bool {
		return len(name) >= 5 && is(name[:5], "grpc-") || len(name) >= 7 && is(name[:7], "renown-") || len(name) >= 4 && is(name[len(name)-4:], "-bin") ||
			is(name, "te") || is(name, "x-forwarded-host")
	}
	for name := range h {
		if smuggled(name) {
			clean := h.Clone()
			for name := range h {
				if smuggled(name) {
					delete(clean, name)
				}
			}
			return clean
		}
	}
	return h
}

// clientAddress is the address of the caller: the connection's, or what the last proxy that is not trusted said.
func (g *Gateway) clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	at, err := netip.ParseAddr(host)
	if err != nil || !g.trusted(at) {
		return host
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		before, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		at = before
		if !g.trusted(at) {
			break
		}
	}
	return at.Unmap().String()
}

func (g *Gateway) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(g.proxies, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}
