package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// exposed are the headers of answers that scripts of other origins may read.
const exposed = "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed, Content-Language"

// Scripts of other origins may read what is public, from anywhere. Everything else is for the origins of the allow-list. No credentials are ever allowed in
// the sense of CORS: Renown's travel in the Authorization header, no browser adds them by itself.

// What every answer has, which none changes.
var (
	toAnybody   = []string{"*"}
	exposedList = []string{exposed}
	byOrigin    = []string{"Origin"}
)

// shareWithAll lets scripts of any origin read the answer.
func shareWithAll(h http.Header) {
	h["Access-Control-Allow-Origin"] = toAnybody
	h["Access-Control-Expose-Headers"] = exposedList
}

// share lets the scripts of an origin on the allow-list read the answer.
func (g *Gateway) share(h http.Header, origin string) bool {
	if len(h["Vary"]) == 0 {
		h["Vary"] = byOrigin
	} else {
		h.Add("Vary", "Origin")
	}
	if origin == "" || !slices.Contains(g.origins, origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h["Access-Control-Expose-Headers"] = exposedList
	return true
}

// options answers OPTIONS: a preflight if it is one, else which methods there are.
func (g *Gateway) options(w http.ResponseWriter, r *http.Request) {
	found := g.routesAt(r)
	if len(found) == 0 {
		g.refuse(w, r, notHere(r))
		return
	}
	exchangeOf(r.Context()).route = found[0].pattern
	h := w.Header()
	h.Set("Allow", strings.Join(g.allowed(r), ", "))
	h.Set("Cache-Control", "no-store")
	origin, wants := r.Header.Get("Origin"), r.Header.Get("Access-Control-Request-Method")
	if origin != "" && wants != "" {
		h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
		g.preflight(h, origin, wants, found)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (g *Gateway) preflight(h http.Header, origin, wants string, found []*route) {
	if wants == http.MethodHead {
		wants = http.MethodGet
	}
	at := slices.IndexFunc(found, func(r *route) bool { return r.method == wants })
	if at < 0 {
		h.Add("Vary", "Origin")
		return
	}
	headers := "If-None-Match, X-Request-Id"
	switch {
	case g.share(h, origin):
		headers = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"
	case found[at].public():
		shareWithAll(h)
	default:
		return
	}
	h.Set("Access-Control-Allow-Methods", wants)
	h.Set("Access-Control-Allow-Headers", headers)
	h.Set("Access-Control-Max-Age", "600")
}

// origin returns the origin of an address: scheme and authority.
func origin(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil {
		return "", false
	}
	return u.Scheme + "://" + u.Host, true
}
