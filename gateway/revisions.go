package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/ready"
)

// revisionsPath is the stream of what changes among published things.
const revisionsPath = "/v1/revisions"

// slowListener is how long a listener may take to accept a message; heartbeats come each half second, so one that is slower is deaf.
const slowListener = 10 * time.Second

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
	heard, end := g.holder.Subscribe()
	defer end()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // asks proxies not to hold it back
	w.WriteHeader(http.StatusOK)
	line := http.NewResponseController(w)
	if _, err := fmt.Fprint(w, "retry: 500\n\n"); err != nil || line.Flush() != nil {
		return
	}
	for {
		select {
		case m, ok := <-heard:
			if !ok { // too slow: it begins anew, and knows then that it has missed something
				return
			}
			// The connection's own clock, not ours. Where a deadline cannot be set, the server's bounds hold.
			_ = line.SetWriteDeadline(clock.System().Now().Add(slowListener))
			if _, err := w.Write(event(m)); err != nil || line.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		case <-g.running.Done():
			return
		}
	}
}

// event writes a revision as a server-sent event. Positions are strings, as 64-bit numbers are everywhere in our JSON; ageMs says how old a heartbeat's
// knowledge is.
func event(m ready.Revision) []byte {
	kind := "revision"
	data := struct {
		Name     string `json:"name,omitempty"`
		Revision string `json:"revision,omitempty"`
		Age      *int64 `json:"ageMs,omitempty"`
	}{Name: m.Name, Revision: strconv.FormatInt(m.Number, 10)}
	switch {
	case m.All:
		// What happened between two streams nobody told us: anything may have changed.
		kind, data.Revision = "reset", ""
	case m.Heartbeat():
		age := m.Age.Milliseconds()
		kind, data.Age = "heartbeat", &age
	}
	b, err := json.Marshal(data)
	if err != nil { // strings and a number: cannot be
		return nil
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", kind, b)
}
