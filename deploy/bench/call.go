package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/probe"
	"renown.example/kit/telemetry"
)

// callTask is a comparison of calls in one process with calls over loopback.
type callTask struct {
	// Log takes the log, Sink the traces.
	Log, Sink string
	Rounds    int
	Duration  time.Duration
}

// told sets telemetry up as the platform does: a line for each call into a file, metrics, a trace for each call sent to the sink.
func told(ctx context.Context, service, log, sink string) (*telemetry.Telemetry, *os.File, error) {
	f, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	if err := os.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://"+sink); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	tel, err := telemetry.New(ctx, telemetry.Options{Service: service, Level: slog.LevelInfo, Output: f})
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return tel, f, nil
}

// echo answers what it is asked.
type echo struct {
	probe.UnimplementedProbeServiceServer
}

func (echo) Pull(_ context.Context, r *probe.Request) (*probe.Reply, error) {
	return &probe.Reply{Text: r.GetText()}, nil
}

// callRole measures the same call both ways: identity, rule, validation, log line, metrics and trace included, an echo at the end.
func callRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t callTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	tel, log, err := told(ctx, "probe", t.Log, t.Sink)
	if err != nil {
		return err
	}
	defer log.Close()
	key := auth.GenerateKey()
	minter, err := auth.NewMinter(clk, key)
	if err != nil {
		return err
	}
	server := rpc.NewServer(rpc.Options{Name: "probe", Clock: clk, Logger: tel.Logger, Verifier: auth.NewVerifier(clk, key.Public()), Tracers: tel.Tracers, Metrics: tel.Metrics})
	probe.RegisterProbeServiceServer(server, echo{})
	if err := server.Start(); err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- server.Serve(serving, l) }()
	socket, err := rpc.Dial(l.Addr().String(), rpc.DialOptions{Tracers: tel.Tracers})
	if err != nil {
		stop()
		return errors.Join(err, <-served)
	}
	pairs, err := alternately(ctx, t.Rounds, t.Duration, 1, caller(minter, server.Conn()), caller(minter, socket))
	err = errors.Join(err, socket.Close())
	stop()
	if err = errors.Join(err, <-served); err != nil {
		return err
	}
	return say(pairs)
}

func caller(m *auth.Minter, c rpc.Conn) func(n int64) error {
	client := probe.NewProbeServiceClient(c)
	return func(int64) error {
		ctx, err := rpc.As(context.Background(), m, writer)
		if err != nil {
			return err
		}
		_, err = client.Pull(ctx, &probe.Request{Text: "a few words, as a small request has them"})
		return err
	}
}

// call measures a call in process against the same over loopback.
func call(ctx context.Context, b *benchmark) (result, error) {
	if err := b.halt(); err != nil {
		return result{}, err
	}
	pairs, err := ask[[]pair](ctx, "bench-call", callTask{Log: filepath.Join(b.work, "call.log"), Sink: b.sink.address, Rounds: b.rounds, Duration: b.duration})
	if err != nil {
		return result{}, err
	}
	r := paired(pairs)
	r.Ours.Name, r.Base.Name = "in process", "over loopback"
	var shares []float64
	for _, p := range pairs {
		shares = append(shares, p.Ours.P50/p.Base.P50)
	}
	r.Value = spreadOf(shares)
	r.Notes = []string{"one caller, and of its times the median: calls a second also pay for sending the traces; identity, rule, validation, log line, metrics and trace on both ways, and an echo behind them"}
	return r, nil
}
