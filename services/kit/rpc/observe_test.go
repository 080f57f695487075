package rpc_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/probe"
	"renown.example/kit/rpc/rpctest"
)

// An operator reads of a call how long it took, however a played history steps the clock meanwhile, and hears loudly of what is for them to look at only: that a part is not
// ready yet passes.
func TestTheLogTellsWhatACallWas(t *testing.T) {
	steps, log, impl := clock.NewFake(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)), &rpctest.Log{}, &service{}
	key := auth.GenerateKey()
	s := rpc.NewServer(rpc.Options{Name: "probe", Clock: steps, Logger: slog.New(slog.NewJSONHandler(log, nil)), Verifier: auth.NewVerifier(steps, key.Public())})
	probe.RegisterProbeServiceServer(s, impl)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	c := probe.NewProbeServiceClient(s.Conn())
	for _, tt := range []struct {
		name  string
		err   error
		level string
		why   string
	}{
		{"done", nil, "INFO", ""},
		{"refused", fault.NotFound.New("There is nothing."), "INFO", ""},
		{"not ready", fault.Unavailable.New("The demo company is being loaded."), "WARN", "The demo company is being loaded."},
		{"cut off", fault.Unavailable.New("Try again.").Wrap(errors.New("no route to the database")), "ERROR", ""},
		{"broken", errors.New("a fault of ours"), "ERROR", ""},
	} {
		impl.during = func(context.Context) error { steps.Step(700 * 24 * time.Hour); return tt.err }
		before := len(log.String())
		if _, err := c.Open(context.Background(), &probe.Request{Text: "during"}); (err == nil) != (tt.err == nil) {
			t.Fatal(err)
		}
		var line struct {
			Level, Why string
			Took       time.Duration
		}
		lines := bufio.NewScanner(strings.NewReader(log.String()[before:]))
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &line) != nil || line.Level != tt.level || line.Why != tt.why || line.Took <= 0 || line.Took > time.Hour {
			t.Errorf("%s: %s", tt.name, lines.Text())
		}
	}
}
