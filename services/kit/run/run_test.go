package run_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"renown.example/kit/clock"
	"renown.example/kit/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// diary notes what happened in which order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, s)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.lines...)
}

// part returns one that notes what happens to it and serves until it is stopped.
func (d *diary) part(name string) run.Part {
	return run.Part{Name: name,
		Start: func(context.Context) error { d.note("start " + name); return nil },
		Serve: func(ctx context.Context) error { <-ctx.Done(); d.note("served " + name); return ctx.Err() },
		Stop:  func(context.Context) error { d.note("stop " + name); return nil },
	}
}

func program(o run.Options) *run.Program {
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	return run.New(o)
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("never: " + what)
		case <-tick.C:
		}
	}
}

func TestStartsInOrderStopsInReverse(t *testing.T) {
	var d diary
	p := program(run.Options{})
	for _, name := range []string{"store", "server", "gateway"} {
		p.Add(d.part(name))
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- p.Run(ctx) }()
	waitFor(t, "ready", p.Ready)
	cancel()
	if err := <-result; err != nil {
		t.Error(err)
	}
	if p.Ready() {
		t.Error("a stopped program is ready")
	}
	want := []string{"start store", "start server", "start gateway", "served gateway", "stop gateway", "served server", "stop server", "served store", "stop store"}
	if diff := cmp.Diff(want, d.read()); diff != "" {
		t.Error(diff)
	}
}

func TestAFailedStartStopsWhatWasStarted(t *testing.T) {
	var d diary
	p := program(run.Options{})
	p.Add(d.part("store"))
	p.Add(run.Part{Name: "server", Start: func(context.Context) error { return errors.New("address in use") }})
	p.Add(d.part("gateway"))
	err := p.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "server: address in use") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"start store", "served store", "stop store"}, d.read()); diff != "" {
		t.Error(diff)
	}
}

func TestAPartThatEndsEarlyStopsTheProgram(t *testing.T) {
	for _, cause := range []error{errors.New("listener broke"), nil} {
		var d diary
		p := program(run.Options{})
		p.Add(d.part("store"))
		p.Add(run.Part{Name: "server", Serve: func(context.Context) error { return cause }})
		err := p.Run(context.Background())
		if err == nil || !strings.Contains(err.Error(), "server") || cause != nil && !errors.Is(err, cause) {
			t.Errorf("%v: got %v", cause, err)
		}
		if lines := d.read(); lines[len(lines)-1] != "stop store" {
			t.Errorf("left running: %v", lines)
		}
	}
}

func TestStoppingIsBoundedAndGoesOnWithTheOthers(t *testing.T) {
	c := clock.NewFake(time.Unix(1e9, 0))
	var d diary
	p := program(run.Options{Clock: c, StopWithin: 5 * time.Second})
	p.Add(d.part("store"))
	release := make(chan struct{})
	defer close(release)
	p.Add(run.Part{Name: "stubborn", Serve: func(context.Context) error { <-release; return nil }})
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- p.Run(ctx) }()
	waitFor(t, "ready", p.Ready)
	cancel()
	waitFor(t, "the bound to run", func() bool { return c.Waiting() > 0 })
	c.Step(5 * time.Second)
	if err := <-result; !errors.Is(err, run.ErrOutOfTime) || !strings.Contains(err.Error(), "stubborn") {
		t.Errorf("got %v", err)
	}
	waitFor(t, "the store to be stopped all the same", func() bool { l := d.read(); return l[len(l)-1] == "stop store" })
}

func TestNotReadyWhileItDrains(t *testing.T) {
	c := clock.NewFake(time.Unix(1e9, 0))
	var d diary
	p := program(run.Options{Clock: c, DrainFor: 3 * time.Second})
	p.Add(d.part("server"))
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- p.Run(ctx) }()
	waitFor(t, "ready", p.Ready)
	cancel()
	waitFor(t, "draining", func() bool { return !p.Ready() && c.Waiting() > 0 })
	if got := d.read(); len(got) != 1 {
		t.Errorf("it was stopped while it drained: %v", got)
	}
	c.Step(3 * time.Second)
	if err := <-result; err != nil {
		t.Error(err)
	}
}
