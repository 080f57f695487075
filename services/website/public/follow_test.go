package public_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/ready"
	"renown.example/website/public"
)

// A stream that is not there at a start is no trouble; one that still is not when everything has long started is told of once, though its error is always the same.
func TestAStreamThatNeverComesIsTold(t *testing.T) {
	machine, log := clock.NewFake(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)), &bytes.Buffer{}
	s := siteWith(t, "http://127.0.0.1:0", func(o *public.Options) { o.Machine, o.Log = machine, slog.New(slog.NewTextHandler(log, nil)) })
	ctx, cancel := context.WithCancel(t.Context())
	asked, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		s.public.Follow(ctx, func(ctx context.Context, _ func(ready.Revision)) error {
			select {
			case asked <- struct{}{}:
			case <-ctx.Done():
			}
			return errors.New("nobody is there")
		})
	}()
	again := func() {
		t.Helper()
		for limit := time.After(time.Minute); ; {
			s.clock.Step(time.Second)
			select {
			case <-asked:
				return
			case <-limit:
				t.Fatal("the stream is not asked for again")
			case <-time.After(time.Millisecond):
			}
		}
	}
	for range 3 { // whoever is asked for the third time has told of the second
		again()
	}
	machine.Step(30 * time.Second)
	for range 4 {
		again()
	}
	cancel()
	<-ended
	told := log.String()
	if strings.Count(told, "level=WARN") != 1 || strings.Count(told, "still not there") != 1 || strings.Index(told, "level=INFO") > strings.Index(told, "level=WARN") {
		t.Errorf("the log says:\n%s", told)
	}
}
