package rpc_test

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/probe"
	"renown.example/kit/telemetry"
)

func TestStopLetsRunningCallsFinishEndsStreamsAndRefusesNewOnes(t *testing.T) {
	for _, way := range []string{"socket", "in process"} {
		t.Run(way, func(t *testing.T) {
			r := newRig(t)
			c := r.ways[way]
			inside, finish := make(chan struct{}), make(chan struct{})
			r.impl.during = func(context.Context) error { close(inside); <-finish; return nil }
			result := make(chan error, 1)
			go func() { _, err := c.Open(context.Background(), &probe.Request{Text: "during"}); result <- err }()
			<-inside
			stream, err := c.Count(context.Background(), &probe.Request{Times: 1, Text: "wait"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			stopped := make(chan struct{})
			go func() { r.stop(); close(stopped) }()
			if _, err := stream.Recv(); !fault.Has(err, fault.Unavailable) {
				t.Errorf("the stream ended with %v", err)
			}
			if _, err := probe.NewProbeServiceClient(r.server.Conn()).Open(context.Background(), &probe.Request{}); !fault.Has(err, fault.Unavailable) {
				t.Errorf("a new call: %v", err)
			}
			close(finish)
			if err := <-result; err != nil {
				t.Errorf("the running call was cut off: %v", err)
			}
			<-stopped
		})
	}
}

func TestStopIsBounded(t *testing.T) {
	r := newRig(t)
	inside := make(chan struct{})
	release := make(chan struct{})
	defer close(release)
	r.impl.during = func(context.Context) error { close(inside); <-release; return nil }
	go func() { _, _ = r.ways["in process"].Open(context.Background(), &probe.Request{Text: "during"}) }()
	<-inside
	begun := clock.System().Now()
	if r.server.Stop() {
		t.Error("it claims that all calls finished")
	}
	if took := clock.System().Now().Sub(begun); took > 8*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

func TestHealth(t *testing.T) {
	r := newRig(t)
	h := healthpb.NewHealthClient(r.server.Conn())
	for _, ready := range []bool{true, false, true} {
		r.server.SetReady(ready)
		got, err := h.Check(context.Background(), &healthpb.HealthCheckRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if (got.GetStatus() == healthpb.HealthCheckResponse_SERVING) != ready {
			t.Errorf("ready %v: %v", ready, got.GetStatus())
		}
	}
}

// flaky is a server that says Unavailable a number of times.
type flaky struct {
	probe.UnimplementedProbeServiceServer
	calls, refuse atomic.Int32
}

func (f *flaky) answer() (*probe.Reply, error) {
	f.calls.Add(1)
	if f.refuse.Add(-1) >= 0 {
		return nil, status.Error(codes.Unavailable, "not now")
	}
	return &probe.Reply{}, nil
}

func (f *flaky) Open(context.Context, *probe.Request) (*probe.Reply, error) { return f.answer() }
func (f *flaky) Edit(context.Context, *probe.Request) (*probe.Reply, error) { return f.answer() }
func (f *flaky) Work(context.Context, *probe.Request) (*probe.Reply, error) { return f.answer() }

func TestUnavailableIsTriedAgainWhereThatIsSafe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &flaky{}
	g := grpc.NewServer()
	probe.RegisterProbeServiceServer(g, f)
	go func() { _ = g.Serve(l) }()
	defer g.Stop()
	conn, err := rpc.Dial(l.Addr().String(), rpc.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := probe.NewProbeServiceClient(conn)
	for _, tt := range []struct {
		name   string
		call   func(context.Context, *probe.Request, ...grpc.CallOption) (*probe.Reply, error)
		refuse int32
		calls  int32
		ok     bool
	}{
		{"reading", c.Work, 2, 3, true},
		{"with a key that must be there", c.Edit, 2, 3, true},
		{"with a key that may be missing", c.Open, 1, 1, false},
		{"for too long", c.Work, 100, 4, false},
	} {
		f.calls.Store(0)
		f.refuse.Store(tt.refuse)
		_, err := tt.call(context.Background(), &probe.Request{})
		if (err == nil) != tt.ok || f.calls.Load() != tt.calls {
			t.Errorf("%s: %v after %d calls, want %d", tt.name, err, f.calls.Load(), tt.calls)
		}
	}
}

func TestDialToNobodyIsUnavailable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	conn, err := rpc.Dial(address, rpc.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := probe.NewProbeServiceClient(conn).Open(context.Background(), &probe.Request{}); !fault.Has(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
}

func TestMessagesOverTheBoundAreRefused(t *testing.T) {
	r := newRig(t)
	big := &probe.Request{Text: string(make([]byte, rpc.MaxMessage))}
	for way, c := range r.ways {
		if _, err := c.Open(context.Background(), big); !fault.Has(err, fault.TooLarge) && !fault.Has(err, fault.InvalidArgument) {
			t.Errorf("%s: %v", way, err)
		}
	}
}

// BenchmarkCall measures a whole call, as it runs where no collector for traces is configured: log line, metrics, rule, validation.
func BenchmarkCall(b *testing.B) {
	tel, err := telemetry.New(context.Background(), telemetry.Options{Format: "json", Output: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	key := auth.GenerateKey()
	minter, err := auth.NewMinter(clock.System(), key)
	if err != nil {
		b.Fatal(err)
	}
	s := rpc.NewServer(rpc.Options{Name: "probe", Clock: clock.System(), Logger: tel.Logger, Verifier: auth.NewVerifier(clock.System(), key.Public()), Metrics: tel.Metrics})
	probe.RegisterProbeServiceServer(s, &service{})
	if err := s.Start(); err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	serving, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(serving, l) }()
	conn, err := rpc.Dial(l.Addr().String(), rpc.DialOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close(); stop(); <-served })
	for name, conn := range map[string]rpc.Conn{"in process": s.Conn(), "socket": conn} {
		c := probe.NewProbeServiceClient(conn)
		b.Run(name, func(b *testing.B) {
			caller, leave := context.WithCancel(context.Background()) // callers can go, as those over HTTP do
			defer leave()
			b.ReportAllocs()
			for b.Loop() {
				ctx, err := rpc.As(caller, minter, auth.Identity{Kind: auth.KindUser, Subject: "u", Roles: []string{"editor"}})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := c.Pull(ctx, &probe.Request{Text: "x"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
