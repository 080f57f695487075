package daemon_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/daemon"
	"renown.example/kit/fault"
	"renown.example/kit/telemetry"
)

// service notes what it was told to do.
type service struct {
	calls  chan net.Addr
	ready  chan error
	events chan string
}

func (s *service) Serve(ctx context.Context, l net.Listener) error {
	s.calls <- l.Addr()
	<-ctx.Done()
	s.events <- "served"
	return nil
}

func (s *service) Run(ctx context.Context) {
	<-ctx.Done()
	s.events <- "ran"
}

func (s *service) Ready(context.Context) error { return <-s.ready }
func (s *service) Close() error                { s.events <- "closed"; return nil }

func TestAServiceStartsIsWatchedAndStopsInOrder(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	admin := free.Addr().String()
	free.Close()
	s := &service{calls: make(chan net.Addr, 1), ready: make(chan error, 1), events: make(chan string, 3)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- daemon.Run(ctx, &daemon.Settings{Listen: "127.0.0.1:0", Admin: admin, LogFormat: "text", StopWithin: time.Minute}, daemon.Options{
			Name: "probe", Open: func(context.Context, *telemetry.Telemetry, clock.Clock) (daemon.Service, error) { return s, nil },
		})
	}()
	<-s.calls
	status := func(why error) int {
		t.Helper()
		s.ready <- why
		for {
			resp, err := http.Get("http://" + admin + "/readyz")
			if err == nil {
				resp.Body.Close()
				return resp.StatusCode
			}
			if !strings.Contains(err.Error(), "refused") {
				t.Fatal(err)
			}
		}
	}
	for got := status(nil); got != http.StatusOK; got = status(nil) {
		// The admin address answers a moment before the program calls itself ready; then the service was not asked.
		<-s.ready
	}
	if got := status(errors.New("the disk is gone")); got != http.StatusServiceUnavailable {
		t.Errorf("a service that is not ready answers %d", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, want := range []string{"served", "ran", "closed"} {
		if got := <-s.events; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestReportNamesTheSetting(t *testing.T) {
	for _, tt := range []struct {
		err    error
		status int
		text   string
	}{
		{nil, 0, ""},
		{fault.Invalid("smtp-from", "is no address"), 2, "probe: --smtp-from: is no address\n"},
		{errors.New("broken"), 1, "probe: broken\n"},
	} {
		var b strings.Builder
		if got := daemon.Report(&b, "probe", tt.err); got != tt.status || b.String() != tt.text {
			t.Errorf("%v: status %d, %q", tt.err, got, b.String())
		}
	}
}
