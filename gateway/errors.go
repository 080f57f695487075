package gateway

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/status"

	"renown.example/gateway/limit"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
)

// onError answers for the generated handlers. Faults come from conn, whatever else from the handlers' own reading of the request.
func (g *Gateway) onError(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	if probeOf(r.Context()) != nil {
		return
	}
	if _, ok := fault.As(err); ok {
		// A refusal that a key has got before is told as such, like any other answer.
		if md, ok := runtime.ServerMetadataFromContext(ctx); ok && len(md.HeaderMD.Get(rpc.ReplayedHeader)) > 0 {
			w.Header().Set("Idempotency-Replayed", "true")
		}
		g.refuse(w, r, err)
		return
	}
	var mapped *runtime.HTTPStatusError
	switch {
	case errors.As(err, &mapped):
		g.refuse(w, r, fault.InvalidArgument.New("The address has a broken escape sequence in it.").Wrap(err))
	case exchangeOf(r.Context()).called:
		g.refuse(w, r, fault.Internal.New("The answer could not be written.").Wrap(err))
	default:
		g.refuse(w, r, fault.MalformedBody.New("The request cannot be read: %s.", status.Convert(err).Message()).Wrap(err))
	}
}

// onRoutingError answers where no route fits.
func (g *Gateway) onRoutingError(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	if probeOf(r.Context()) != nil {
		return
	}
	if code == http.StatusMethodNotAllowed {
		g.methodNotAllowed(w, r, g.allowed(r))
		return
	}
	g.refuse(w, r, notHere(r))
}

func notHere(r *http.Request) error {
	return fault.NotFound.New("There is nothing at %s. The reference lists every address: /docs.", r.URL.Path)
}

func (g *Gateway) methodNotAllowed(w http.ResponseWriter, r *http.Request, allowed []string) {
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	g.refuse(w, r, fault.MethodNotAllowed.New("%s is not possible here; what is: %s.", r.Method, strings.Join(allowed, ", ")))
}

func tooMany(s limit.State) error {
	wait := strconv.Itoa(int(math.Ceil(max(s.Retry, time.Second).Seconds())))
	return fault.RateLimited.New("More than %d requests a minute; try again in %s seconds.", s.Quota, wait).WithMeta("retry_after", wait)
}

// showQuota tells the caller about its quota (draft-ietf-httpapi-ratelimit-headers).
func showQuota(h http.Header, s limit.State) {
	h.Set("RateLimit-Policy", fmt.Sprintf(`"default";q=%d;w=%d`, s.Quota, int(limit.Window.Seconds())))
	h.Set("RateLimit", fmt.Sprintf(`"default";r=%d;t=%d`, s.Left, int(math.Ceil(s.Reset.Seconds()))))
}

// probe collects which methods an address has.
type probe struct{ found []*route }

type probeKey struct{}

func probeOf(ctx context.Context) *probe {
	p, _ := ctx.Value(probeKey{}).(*probe)
	return p
}

// routesAt returns the routes of all methods at the request's address.
func (g *Gateway) routesAt(r *http.Request) []*route {
	p := &probe{}
	r = r.Clone(context.WithValue(r.Context(), probeKey{}, p))
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		r.Method = m
		g.mux.ServeHTTP(nil, r)
	}
	return p.found
}

// allowed lists the methods at the request's address for the Allow header.
func (g *Gateway) allowed(r *http.Request) []string {
	var methods []string
	for _, found := range g.routesAt(r) {
		methods = append(methods, found.method)
		if found.method == http.MethodGet {
			methods = append(methods, http.MethodHead)
		}
	}
	return append(methods, http.MethodOptions)
}
