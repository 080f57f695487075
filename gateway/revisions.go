package gateway

import (
	"context"
	"net/http"
)

// revisionsPath is the stream of what changes among published things.
const revisionsPath = "/v1/revisions"

// revisions relays what the holder hears as server-sent events, heartbeats included: it makes none of its own, so that a listener knows as much as the service
// behind. The holder has forgotten what a change concerns before it is told here. All listeners live on the gateway's one stream.
func (g *Gateway) revisions(w http.ResponseWriter, r *http.Request) {
	ex := exchangeOf(r.Context())
	ex.route = revisionsPath
	if !g.share(w.Header(), r.Header.Get("Origin")) {
		shareWithAll(w.Header())
	}
	if r.Method != http.MethodGet {
		g.methodNotAllowed(w, r, []string{http.MethodGet, http.MethodOptions})
		return
	}
	if !g.listeners.Enter() {
		g.refuse(w, r, busy())
		return
	}
	defer g.listeners.Leave()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(g.running, cancel)()
	g.holder.ServeStream(w, r.WithContext(ctx))
}
