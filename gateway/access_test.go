package gateway_test

import (
	"strings"
	"testing"
	"time"
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
