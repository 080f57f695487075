package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// connected waits until the gateway listens to the stream of revisions and has heard a heartbeat.
func (w *world) connected() {
	w.t.Helper()
	until(w.t, "the gateway follows the revisions", func() bool { return w.stories.published.open() > 0 })
	w.echo = w.listen()
	w.beat()
}

// beat sends a heartbeat and waits until the gateway has heard it.
func (w *world) beat() {
	w.t.Helper()
	w.beats++
	w.send(&storiesv1.WatchRevisionsResponse{Revision: w.beats})
	want := fmt.Sprintf(`event: heartbeat|data: {"revision":%d}`, w.beats)
	for next(w.t, w.echo) != want {
	}
}

// tell sends a change, and a heartbeat behind it, by which it is known that the gateway has heard both.
func (w *world) tell(name string) {
	w.t.Helper()
	w.beats++
	w.send(&storiesv1.WatchRevisionsResponse{Name: name, Revision: w.beats})
	w.beat()
}

func (w *world) send(m *storiesv1.WatchRevisionsResponse) {
	w.t.Helper()
	for ch := range w.stories.published.all() {
		select {
		case ch <- m:
		case <-time.After(time.Minute):
			w.t.Fatal("nobody reads the stream of revisions")
		}
	}
}

func (p *published) open() int { return len(p.all()) }

func (p *published) all() map[chan *storiesv1.WatchRevisionsResponse]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := map[chan *storiesv1.WatchRevisionsResponse]bool{}
	for ch := range p.watchers {
		all[ch] = true
	}
	return all
}

// cutOff breaks the stream of revisions and every call.
func (p *published) cutOff(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse, p.fail = true, err
	for ch := range p.watchers {
		close(ch)
		delete(p.watchers, ch)
	}
}

func TestPublishedStoriesAreServedFromMemoryAndForgotten(t *testing.T) {
	w := newWorld(t, nil)
	p := w.stories.published
	p.set("nordhafen", "One")
	w.connected()
	read := func(path string) reply { return w.do("GET", path, "") }
	first := read("/v1/stories/nordhafen")
	list := read("/v1/stories?pageSize=5")
	before := p.calls.Load()
	for range 5 {
		if got := read("/v1/stories/nordhafen"); string(got.body) != string(first.body) || got.Header.Get("ETag") != first.Header.Get("ETag") || got.Header.Get("Content-Language") != "en" {
			t.Fatalf("%s, then %s", first.body, got.body)
		}
		if got := read("/v1/stories?pageSize=5"); string(got.body) != string(list.body) {
			t.Fatalf("%s, then %s", list.body, got.body)
		}
	}
	if n := p.calls.Load(); n != before {
		t.Errorf("%d more calls of the service", n-before)
	}
	if got := w.do("GET", "/v1/stories/nordhafen", "", "If-None-Match", first.Header.Get("ETag")); got.StatusCode != 304 {
		t.Errorf("If-None-Match: %d", got.StatusCode)
	}
	p.set("nordhafen", "Two")
	w.tell("stories/nordhafen")
	w.tell("lists/en")
	for _, path := range []string{"/v1/stories/nordhafen", "/v1/stories?pageSize=5"} {
		if got := read(path); !strings.Contains(string(got.body), "Two") {
			t.Errorf("%s after the change: %s", path, got.body)
		}
	}
	p.set("nordhafen", "")
	w.tell("stories/nordhafen")
	w.tell("lists/en")
	if got := read("/v1/stories/nordhafen"); got.StatusCode != 410 || got.problem(t).Code != "WITHDRAWN" {
		t.Errorf("withdrawn: %d", got.StatusCode)
	}
	if got := read("/v1/stories?pageSize=5"); strings.Contains(string(got.body), "nordhafen") {
		t.Errorf("withdrawn: %s", got.body)
	}
}

func TestGatewayCutOffFromTheServiceServesNothingOld(t *testing.T) {
	w := newWorld(t, nil)
	p := w.stories.published
	p.set("nordhafen", "One")
	w.connected()
	w.do("GET", "/v1/stories/nordhafen", "")
	before := p.calls.Load()
	w.clock.Step(1400 * time.Millisecond)
	if got := w.do("GET", "/v1/stories/nordhafen", ""); got.StatusCode != 200 || p.calls.Load() != before {
		t.Fatalf("within 1.5 s of a heartbeat: %d, %d calls", got.StatusCode, p.calls.Load()-before)
	}
	// The network is cut without a word: the stream hangs. Meanwhile the story is withdrawn.
	p.set("nordhafen", "")
	w.clock.Step(200 * time.Millisecond)
	if got := w.do("GET", "/v1/stories/nordhafen", ""); got.StatusCode != 410 {
		t.Errorf("without heartbeats for 1.6 s the service must be asked: %d", got.StatusCode)
	}
	p.cutOff(unavailable())
	if got := w.do("GET", "/v1/stories/nordhafen", ""); got.StatusCode != 503 || got.Header.Get("Retry-After") == "" || got.problem(t).Code != "UNAVAILABLE" {
		t.Errorf("cut off: %d %s", got.StatusCode, got.body)
	}
}

func TestAnswerEndsWithTheConsent(t *testing.T) {
	w := newWorld(t, nil)
	p := w.stories.published
	p.set("nordhafen", "One")
	p.ends["nordhafen"] = timestamppb.New(start.Add(time.Second))
	w.connected()
	w.do("GET", "/v1/stories/nordhafen", "")
	p.set("nordhafen", "") // the service's clock says so; its revision is late
	p.ends["nordhafen"] = nil
	w.clock.Step(time.Second)
	w.beat()
	if got := w.do("GET", "/v1/stories/nordhafen", ""); got.StatusCode != 410 {
		t.Errorf("status %d at the end of the consent: %s", got.StatusCode, got.body)
	}
}

func TestMovedStory(t *testing.T) {
	w := newWorld(t, nil)
	w.stories.published.moved["old-slug"] = "nordhafen"
	res := w.do("GET", "/v1/stories/old-slug", "")
	if res.StatusCode != 301 || res.Header.Get("Location") != "/v1/stories/nordhafen" || res.problem(t).Code != "MOVED" {
		t.Errorf("status %d, Location %q", res.StatusCode, res.Header.Get("Location"))
	}
}

func TestPublishedPicture(t *testing.T) {
	w := newWorld(t, nil)
	path := "/v1/assets/" + strings.Repeat("a", 64)
	res := w.do("GET", path, "")
	if res.StatusCode != 200 || string(res.body) != "\x89PNG bytes" {
		t.Fatalf("status %d: %q", res.StatusCode, res.body)
	}
	for name, want := range map[string]string{"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"} {
		if res.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, res.Header.Get(name), want)
		}
	}
	if got := w.do("GET", path, "", "If-None-Match", res.Header.Get("ETag")); got.StatusCode != 304 {
		t.Errorf("If-None-Match: %d", got.StatusCode)
	}
	if got := w.do("GET", "/v1/assets/nothing", ""); got.StatusCode != 400 || got.problem(t).Errors[0].Pointer != "/asset" {
		t.Errorf("malformed id: %d %s", got.StatusCode, got.body)
	}
}

func TestPublicRequestsAreReadStrictly(t *testing.T) {
	w := newWorld(t, nil)
	tests := []struct {
		path, code, pointer string
		status              int
	}{
		{"/v1/stories?page_size=5", "INVALID_ARGUMENT", "/page_size", 400},
		{"/v1/stories?pageSize=five", "INVALID_ARGUMENT", "/pageSize", 400},
		{"/v1/stories?pageSize=5000", "INVALID_ARGUMENT", "/pageSize", 400},
		{"/v1/stories?pageToken=forged", "PAGE_TOKEN_INVALID", "/pageToken", 400},
		{"/v1/stories?a=%zz", "INVALID_ARGUMENT", "", 400},
		{"/v1/stories/a/b", "NOT_FOUND", "", 404},
		{"/v1/stories/%ff", "INVALID_ARGUMENT", "/slug", 400},
		{"/v1/stories/nobody", "NOT_FOUND", "", 404},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			res := w.do("GET", tt.path, "")
			p := res.problem(t)
			if res.StatusCode != tt.status || p.Code != tt.code {
				t.Fatalf("status %d, code %s", res.StatusCode, p.Code)
			}
			if tt.pointer != "" && (len(p.Errors) == 0 || p.Errors[0].Pointer != tt.pointer) {
				t.Errorf("errors %v, want %s", p.Errors, tt.pointer)
			}
		})
	}
}

func TestRevisionsAreRelayedAndNotInvented(t *testing.T) {
	w := newWorld(t, nil)
	w.connected()
	events := w.listen()
	other := w.listen()
	w.tell("stories/nordhafen")
	for _, ch := range []<-chan string{events, other} {
		for _, want := range []string{
			`event: revision|data: {"name":"stories/nordhafen","revision":2}`, `event: heartbeat|data: {"revision":3}`,
		} {
			if got := next(t, ch); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
	if n := w.stories.published.open(); n != 1 {
		t.Errorf("%d streams to the service for two listeners", n)
	}
	// Time alone makes no heartbeat.
	w.clock.Step(10 * time.Second)
	select {
	case got := <-events:
		if strings.Contains(got, "heartbeat") {
			t.Errorf("a heartbeat that nobody sent: %q", got)
		}
	default:
	}
}

func TestListenersLearnThatTheStreamBroke(t *testing.T) {
	w := newWorld(t, nil)
	w.connected()
	events := w.listen()
	w.stories.published.cutOff(nil)
	until(t, "an event says that anything may have changed", func() bool {
		w.clock.Step(100 * time.Millisecond) // the gateway waits a little before it tries again
		select {
		case got := <-events:
			return got == "event: reset|data: {}"
		default:
			return false
		}
	})
}

func TestListenersEndWithTheGateway(t *testing.T) {
	w := newWorld(t, nil)
	w.connected()
	events := w.listen()
	w.gateway.Close()
	for range events {
	}
}

// listen opens /v1/revisions and returns its events, lines joined by "|". The channel is closed at the end of the stream.
func (w *world) listen() <-chan string {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", w.http.URL+"/v1/revisions", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		w.t.Fatalf("status %d, %v", res.StatusCode, res.Header)
	}
	lines := bufio.NewScanner(res.Body)
	events := make(chan string, 100)
	go func() {
		defer close(events)
		defer res.Body.Close()
		var event []string
		for lines.Scan() {
			if lines.Text() == "" {
				events <- strings.Join(event, "|")
				event = nil
				continue
			}
			event = append(event, lines.Text())
		}
	}()
	return events
}

func next(t testing.TB, events <-chan string) string {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			t.Fatal("the stream ended")
		}
		return e
	case <-time.After(time.Minute):
		t.Fatal("no event in a minute")
	}
	return ""
}
