package public_test

import (
	"context"
	"strings"
	"testing"

	"renown.example/kit/ready"
)

// A story and its past are held apart, and one instant is held once, however it is written.
func TestInstantsAreHeldApart(t *testing.T) {
	const of = "GET /v1/stories/nordhafen-late-deliveries en"
	s := newSite(t)
	s.gateway.set(of+" as of 2026-05-01T10:00:00Z", 200, strings.Replace(read(t, "story.en.json"), "Nordhafen cut late deliveries by 38%", "Nordhafen is late", 1))
	s.gateway.set(of+" as of 2026-05-02T10:00:00Z", 200, strings.Replace(read(t, "story.en.json"), "Nordhafen cut late deliveries by 38%", "Nordhafen is less late", 1))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heartbeat := make(chan struct{})
	go s.public.Follow(ctx, func(ctx context.Context, heard func(ready.Revision)) error {
		heard(ready.Revision{Number: 1})
		close(heartbeat)
		<-ctx.Done()
		return ctx.Err()
	})
	<-heartbeat
	for query, want := range map[string]string{
		"": "Nordhafen cut late deliveries by 38%", "?as_of=2026-05-01T10:00:00Z": "Nordhafen is late", "?as_of=2026-05-01T12:00:00%2B02:00": "Nordhafen is late",
		"?as_of=2026-05-01T12:00:00+02:00": "Nordhafen is late", "?as_of=2026-05-01T10:00:00.0004Z": "Nordhafen is late", "?as_of=2026-05-02T10:00:00Z": "Nordhafen is less late",
	} {
		wantText(t, page(t, s.get(storyPath+query), 200), "h1", want)
	}
	if n := len(s.gateway.calls(of + " as of 2026-05-01T10:00:00Z")); n != 1 {
		t.Errorf("one instant was asked for %d times", n)
	}
}
