package gateway_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"renown.example/gateway"
	"renown.example/kit/clock"
	"renown.example/kit/rpc"
)

// What passes by itself is told, and not as a fault: an operator who is woken by errors is not woken by a start, and a history whose clock is stepped breaks no stream.
func TestWhatPassesIsNoError(t *testing.T) {
	w := newWorld(t, nil)
	w.stories.published.set("nordhafen", "One")
	w.connected()
	w.beat()
	stream := w.stories.published.all()
	waiting := w.clock.Waiting()
	for range 2 { // whoever waited for the clock has looked at it by the second
		w.clock.Step(365 * 24 * time.Hour)
		until(t, "all wait again", func() bool { return w.clock.Waiting() >= waiting })
	}
	for ch := range w.stories.published.all() {
		if !stream[ch] {
			t.Error("the stream was given up because the clock was stepped")
		}
	}
	if res := w.do("GET", "/v1/stories/nordhafen", ""); res.StatusCode != 200 {
		t.Errorf("status %d", res.StatusCode)
	}
	if log := w.logs.String(); strings.Contains(log, "revisions broke") {
		t.Errorf("the log of a stepped clock:\n%s", log)
	}
	w.stories.published.cutOff(unavailable())
	until(t, "the story is out of reach", func() bool { return w.do("GET", "/v1/stories/nordhafen", "").StatusCode == 503 })
	until(t, "the log tells of the stream", func() bool { return strings.Contains(w.logs.String(), "the stream of revisions broke") })
	log := w.logs.String()
	if strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, `"level":"WARN","msg":"request"`) {
		t.Errorf("the log of what is not ready:\n%s", log)
	}
}

// A stream that has not been there yet has not broken.
func TestAStreamThatIsNotThereYetHasNotBroken(t *testing.T) {
	w := newWorld(t, nil)
	w.stories.published.cutOff(unavailable())
	until(t, "the log tells of the stream", func() bool { return strings.Contains(w.logs.String(), "not there yet") })
	if log := w.logs.String(); strings.Contains(log, `"level":"WARN"`) || strings.Contains(log, "revisions broke") {
		t.Errorf("the log of a start:\n%s", log)
	}
}

// One that still is not there when everything has long started is told of, once: at a wrong address nothing ever comes.
func TestAStreamThatNeverComesIsTold(t *testing.T) {
	machine := clock.NewFake(start)
	w := newWorld(t, func(o *gateway.Options) { o.Machine = machine })
	w.stories.published.cutOff(unavailable())
	tells := func(words string, times int) {
		t.Helper()
		until(t, "the log tells again: "+words, func() bool {
			w.clock.Step(time.Second)
			return strings.Count(w.logs.String(), words) >= times
		})
	}
	tells("is not there yet", 3)
	if log := w.logs.String(); strings.Contains(log, `"level":"WARN"`) {
		t.Errorf("the log of a start:\n%s", log)
	}
	machine.Step(30 * time.Second)
	tells("is still not there", 1)
	tells("is not there yet", strings.Count(w.logs.String(), "is not there yet")+3)
	if log := w.logs.String(); strings.Count(log, `"level":"WARN"`) != 1 {
		t.Errorf("the log of a wrong address:\n%s", log)
	}
}

// A service that is gone cannot say so itself: the gateway does, as loudly as of a fault.
func TestWhoCannotBeReachedIsAnError(t *testing.T) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone, err := rpc.Dial("passthrough:///"+at.Addr().String(), rpc.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { gone.Close() })
	if err := at.Close(); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *gateway.Options) { o.Stories = gone })
	if res := w.do("GET", "/v1/stories/nordhafen", ""); res.StatusCode != 503 {
		t.Errorf("status %d", res.StatusCode)
	}
	until(t, "the log tells of the request", func() bool { return strings.Contains(w.logs.String(), `"msg":"request"`) })
	if log := w.logs.String(); !strings.Contains(log, `"level":"ERROR","msg":"request"`) {
		t.Errorf("the log of a service that is gone:\n%s", log)
	}
}
