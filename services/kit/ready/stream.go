package ready

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"renown.example/kit/clock"
)

// The events of the stream as server-sent events.
const (
	eventRevision  = "revision"
	eventReset     = "reset"
	eventHeartbeat = "heartbeat"
)

// message is the data of a server-sent event.
type message struct {
	// Name of what changed; absent in heartbeats and resets.
	Name string `json:"name,omitempty"`
	// Revision is the position of the change, or up to which was read.
	Revision int64 `json:"revision,omitempty"`
	// AgeMillis is how old a heartbeat's knowledge is, in milliseconds.
	AgeMillis int64 `json:"ageMillis,omitempty"`
}

// writeWithin bounds the writing of a message to a reader that does not read.
const writeWithin = 5 * time.Second

// ServeStream passes on what the holder hears, as server-sent events, until the request or its reader ends: "revision" with a name, "reset" when anything may
// have changed, "heartbeat" while all streams are heard.
func (h *Holder) ServeStream(w http.ResponseWriter, r *http.Request) {
	heard, end := h.Subscribe()
	defer end()
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if out.Flush() != nil {
		return
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case rev, ok := <-heard:
			if !ok {
				return
			}
			// Not every writer has deadlines; where there are none, the server's own apply.
			if err := out.SetWriteDeadline(clock.System().Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
				return
			}
			if _, err := w.Write(event(rev)); err != nil {
				return
			}
			if len(heard) == 0 && out.Flush() != nil {
				return
			}
		}
	}
}

// event spells a revision as a server-sent event.
func event(r Revision) []byte {
	kind := eventRevision
	switch {
	case r.All:
		kind = eventReset
	case r.Heartbeat():
		kind = eventHeartbeat
	}
	data, err := json.Marshal(message{Name: r.Name, Revision: r.Number, AgeMillis: r.Age.Milliseconds()})
	if err != nil {
		data = []byte("{}") // strings and numbers always marshal
	}
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", kind, data)
}

// silence is how long a stream may say nothing before it is taken for broken.
const silence = 5 * time.Second

// FromStream returns the Source that reads what ServeStream writes at the address. The client must have no overall timeout.
func FromStream(client *http.Client, address string) Source {
	return func(ctx context.Context, heard func(Revision)) error {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		quiet := time.AfterFunc(silence, func() { cancel(errors.New("ready: the stream is silent")) })
		defer quiet.Stop()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Accept", "text/event-stream")
		res, err := client.Do(req)
		if err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("ready: %s answered %s", address, res.Status)
		}
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 64<<10)
		kind := ""
		for lines.Scan() {
			quiet.Reset(silence)
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				kind = value
			case "data":
				r, err := revision(kind, value)
				if err != nil {
					return err
				}
				heard(r)
			}
		}
		if err := lines.Err(); err != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		return errors.New("ready: the stream ended")
	}
}

// revision reads an event. One of a kind that we do not know may mean anything.
func revision(kind, data string) (Revision, error) {
	var m message
	if err := json.Unmarshal([]byte(data), &m); err != nil {
		return Revision{}, fmt.Errorf("ready: a message of the stream: %w", err)
	}
	r := Revision{Name: m.Name, Number: m.Revision, Age: time.Duration(m.AgeMillis) * time.Millisecond}
	r.All = kind != eventHeartbeat && (kind != eventRevision || m.Name == "")
	return r, nil
}
