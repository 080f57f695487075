package rpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/probe"
	"renown.example/kit/rpc/rpctest"
	"renown.example/kit/telemetry"
)

// rig is a server with both ways to it.
type rig struct {
	minter  *auth.Minter
	server  *rpc.Server
	log     *rpctest.Log
	spans   *tracetest.InMemoryExporter
	metrics *prometheus.Registry
	impl    *service
	ways    map[string]probe.ProbeServiceClient
	stop    func()
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{log: &rpctest.Log{}, spans: tracetest.NewInMemoryExporter(), impl: &service{}}
	tel, err := telemetry.New(context.Background(), telemetry.Options{Format: "json", Output: r.log, Spans: r.spans})
	if err != nil {
		t.Fatal(err)
	}
	r.metrics = tel.Metrics
	key := auth.GenerateKey()
	if r.minter, err = auth.NewMinter(clock.System(), key); err != nil {
		t.Fatal(err)
	}
	r.server = rpc.NewServer(rpc.Options{Name: "probe", Clock: clock.System(), Logger: tel.Logger, Verifier: auth.NewVerifier(clock.System(), key.Public()),
		Tracers: tel.Tracers, Metrics: tel.Metrics, StopWithin: 2 * time.Second})
	probe.RegisterProbeServiceServer(r.server, r.impl)
	if err := r.server.Start(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(ctx, l) }()
	conn, err := rpc.Dial(l.Addr().String(), rpc.DialOptions{Tracers: tel.Tracers})
	if err != nil {
		t.Fatal(err)
	}
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error("Serve:", err)
		}
	})
	t.Cleanup(func() {
		conn.Close()
		r.stop()
	})
	r.ways = map[string]probe.ProbeServiceClient{"socket": probe.NewProbeServiceClient(conn), "in process": probe.NewProbeServiceClient(r.server.Conn())}
	return r
}

// both runs a test over each way.
func (r *rig) both(t *testing.T, f func(t *testing.T, c probe.ProbeServiceClient)) {
	for name, c := range r.ways {
		t.Run(name, func(t *testing.T) { f(t, c) })
	}
}

func (r *rig) as(t testing.TB, i auth.Identity) context.Context {
	t.Helper()
	ctx, err := rpc.As(context.Background(), r.minter, i)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

// service does what the text of the request says.
type service struct {
	probe.UnimplementedProbeServiceServer
	during func(ctx context.Context) error
	reply  *probe.Reply
}

func (s *service) answer(ctx context.Context, r *probe.Request) (*probe.Reply, error) {
	switch r.GetText() {
	case "panic":
		panic("hush: at 10.0.0.7")
	case "panic with a fault":
		panic(fault.NotFound.New("hush"))
	case "error":
		return nil, errors.New("hush: at 10.0.0.7")
	case "fault":
		return nil, fault.NotPublishable.New("no consent").With(fault.Field{Path: "consent", Message: "is missing"}).WithMeta("story", "s1")
	case "nested":
		return nil, fault.ToStatus(fault.Withdrawn.New("gone")).Err()
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "during":
		return &probe.Reply{Text: "done"}, s.during(ctx)
	case "reply":
		return s.reply, nil
	case "header":
		grpc.SetHeader(ctx, metadata.Pairs(rpc.ReplayedHeader, "true"))
		grpc.SetTrailer(ctx, metadata.Pairs("t", "1"))
	}
	return &probe.Reply{Text: auth.From(ctx).Principal() + " " + telemetry.RequestID(ctx) + " " + rpc.IdempotencyKey(ctx)}, nil
}

func (s *service) Open(ctx context.Context, r *probe.Request) (*probe.Reply, error) {
	return s.answer(ctx, r)
}
func (s *service) Edit(ctx context.Context, r *probe.Request) (*probe.Reply, error) {
	return s.answer(ctx, r)
}
func (s *service) Work(ctx context.Context, r *probe.Request) (*probe.Reply, error) {
	return s.answer(ctx, r)
}
func (s *service) Pull(ctx context.Context, r *probe.Request) (*probe.Reply, error) {
	return s.answer(ctx, r)
}
func (s *service) Sign(ctx context.Context, r *probe.Request) (*probe.Reply, error) {
	return s.answer(ctx, r)
}
func (s *service) Tick(ctx context.Context, r *probe.Request) (*probe.Reply, error) {
	return s.answer(ctx, r)
}

func (s *service) Count(r *probe.Request, out grpc.ServerStreamingServer[probe.Reply]) error {
	for i := range r.GetTimes() {
		if err := out.Send(&probe.Reply{Number: int64(i)}); err != nil {
			return err
		}
	}
	_, err := s.answer(out.Context(), r)
	return err
}

func (s *service) Talk(both grpc.BidiStreamingServer[probe.Request, probe.Reply]) error {
	for {
		r, err := both.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := both.Send(&probe.Reply{Text: strings.ToUpper(r.GetText())}); err != nil {
			return err
		}
	}
}

func TestErrorsAreMappedOnce(t *testing.T) {
	r := newRig(t)
	tests := map[string]fault.Reason{"panic": fault.Internal, "panic with a fault": fault.Internal, "error": fault.Internal, "fault": fault.NotPublishable, "nested": fault.Withdrawn}
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		for text, want := range tests {
			_, err := c.Open(context.Background(), &probe.Request{Text: text})
			if !fault.Has(err, want) || status.Code(err) != want.Code {
				t.Errorf("%s: %v, want %s", text, err, want.Name)
			}
			if strings.Contains(status.Convert(err).Message(), "hush") {
				t.Errorf("%s: the cause left the process: %v", text, err)
			}
			if text == "fault" {
				e, _ := fault.As(err)
				if d := cmp.Diff([]fault.Field{{Path: "consent", Message: "is missing"}}, e.Fields); d != "" || e.Meta["story"] != "s1" || e.Message != "no consent" {
					t.Errorf("details are lost: %+v %s", e, d)
				}
			}
		}
	})
	if log := r.log.String(); !strings.Contains(log, "hush: at 10.0.0.7") || !strings.Contains(log, "runtime/debug.Stack") {
		t.Error("the operator does not learn the cause")
	}
}

func TestMetadataTravels(t *testing.T) {
	r := newRig(t)
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		ctx := telemetry.WithRequestID(r.as(t, auth.Identity{Kind: auth.KindUser, Subject: "u1", Roles: []string{"editor"}}), "req-77")
		var head, tail metadata.MD
		got, err := c.Edit(rpc.WithIdempotencyKey(ctx, "k1"), &probe.Request{Text: "header"}, grpc.Header(&head), grpc.Trailer(&tail))
		if err != nil {
			t.Fatal(err)
		}
		if want := "user/u1 req-77 k1"; got.GetText() != want {
			t.Errorf("got %q, want %q", got.GetText(), want)
		}
		if head.Get(rpc.ReplayedHeader)[0] != "true" || tail.Get("t")[0] != "1" {
			t.Errorf("header %v, trailer %v", head, tail)
		}
		got, err = c.Open(context.Background(), &probe.Request{})
		if err != nil || !strings.HasPrefix(got.GetText(), "anonymous ") || len(got.GetText()) < 30 {
			t.Errorf("without metadata: %q, %v", got.GetText(), err)
		}
	})
	if !strings.Contains(r.log.String(), `"request_id":"req-77"`) {
		t.Error("the log line has no request id")
	}
}

// TestOneTraceAcrossTheCall has a caller with a span of its own. Over a socket the call has two spans, of which the client's tells what lies between; in process it has one.
func TestOneTraceAcrossTheCall(t *testing.T) {
	r := newRig(t)
	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{7}, SpanID: trace.SpanID{26}, TraceFlags: trace.FlagsSampled})
	for way, want := range map[string][]trace.SpanKind{"socket": {trace.SpanKindClient, trace.SpanKindServer}, "in process": {trace.SpanKindServer}} {
		t.Run(way, func(t *testing.T) {
			r.spans.Reset()
			if _, err := r.ways[way].Open(trace.ContextWithSpanContext(context.Background(), caller), &probe.Request{}); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() bool { return len(r.spans.GetSpans()) == len(want) })
			parent := caller.SpanID()
			for _, kind := range want {
				i := slices.IndexFunc(r.spans.GetSpans(), func(s tracetest.SpanStub) bool { return s.SpanKind == kind })
				if i < 0 {
					t.Fatalf("there is no span of the %s", kind)
				}
				s := r.spans.GetSpans()[i]
				if s.SpanContext.TraceID() != caller.TraceID() || s.Parent.SpanID() != parent {
					t.Errorf("the span of the %s is not in the caller's trace: %v below %v", kind, s.SpanContext, s.Parent)
				}
				parent = s.SpanContext.SpanID()
			}
		})
	}
}

func TestDeadlines(t *testing.T) {
	r := newRig(t)
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		if _, err := c.Open(ctx, &probe.Request{Text: "wait"}); !fault.Has(err, fault.DeadlineExceeded) {
			t.Errorf("caller's deadline: %v", err)
		}
		ctx, cancel = context.WithCancel(context.Background())
		r.impl.during = func(inner context.Context) error { cancel(); <-inner.Done(); return inner.Err() }
		if _, err := c.Open(ctx, &probe.Request{Text: "during"}); !fault.Has(err, fault.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		// The rule of Tick says one second.
		if _, err := c.Tick(r.as(t, auth.Identity{Kind: auth.KindSystem, Subject: "test"}), &probe.Request{Text: "wait"}); !fault.Has(err, fault.DeadlineExceeded) {
			t.Errorf("rule's deadline: %v", err)
		}
	})
}

func TestStreams(t *testing.T) {
	r := newRig(t)
	user := auth.Identity{Kind: auth.KindUser, Subject: "u1"}
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		s, err := c.Count(context.Background(), &probe.Request{Times: 100, Text: "fault"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			if got, err := s.Recv(); err != nil || got.GetNumber() != int64(i) {
				t.Fatalf("message %d: %v, %v", i, got, err)
			}
		}
		if _, err := s.Recv(); !fault.Has(err, fault.NotPublishable) {
			t.Errorf("the stream's end: %v", err)
		}
		talk, err := c.Talk(r.as(t, user))
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"one", "two"} {
			if err := talk.Send(&probe.Request{Text: word}); err != nil {
				t.Fatal(err)
			}
			if got, err := talk.Recv(); err != nil || got.GetText() != strings.ToUpper(word) {
				t.Errorf("got %v, %v", got, err)
			}
		}
		if err := talk.Send(&probe.Request{Text: strings.Repeat("x", 1001)}); err != nil {
			t.Fatal(err)
		}
		if _, err := talk.Recv(); !fault.Has(err, fault.InvalidArgument) {
			t.Errorf("an invalid message in a stream: %v", err)
		}
		nobody, err := c.Talk(context.Background())
		if err == nil {
			_, err = nobody.Recv()
		}
		if !fault.Has(err, fault.Unauthenticated) {
			t.Errorf("a stream without credentials: %v", err)
		}
	})
}

func TestViolationsNameFieldsAsInJSON(t *testing.T) {
	r := newRig(t)
	long := strings.Repeat("x", 101)
	tests := []struct {
		req  *probe.Request
		want []string
	}{
		{&probe.Request{Content: &probe.Content{Blocks: []*probe.Block{{Alt: "a"}, {Alt: "b"}, {}}}}, []string{"content.blocks[2].alt"}},
		{&probe.Request{Content: &probe.Content{Blocks: []*probe.Block{{Alt: "a", SourceAddress: long}}}}, []string{"content.blocks[0].sourceAddress"}},
		{&probe.Request{NamedBlocks: map[string]*probe.Block{"x y": {}}}, []string{`namedBlocks["x y"].alt`}},
		{&probe.Request{ContactEmail: strings.Repeat("x", 321), Text: strings.Repeat("x", 1001)}, []string{"text", "contactEmail"}},
	}
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		for _, tt := range tests {
			_, err := c.Open(context.Background(), tt.req)
			if !fault.Has(err, fault.InvalidArgument) {
				t.Errorf("%v: %v", tt.want, err)
				continue
			}
			e, _ := fault.As(err)
			var got []string
			for _, f := range e.Fields {
				got = append(got, f.Path)
				if f.Message == "" {
					t.Errorf("%s has no message", f.Path)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("paths (-want +got):\n%s", d)
			}
		}
	})
}

func TestLogsHoldNoBodies(t *testing.T) {
	r := newRig(t)
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		for _, text := range []string{"", "fault", "error"} {
			_, err := c.Open(context.Background(), &probe.Request{Text: text, ContactEmail: "person@northwind.example", Content: &probe.Content{Blocks: []*probe.Block{{Alt: "body words"}}}})
			if text == "" && err != nil {
				t.Fatal(err)
			}
		}
	})
	log := r.log.String()
	if strings.Contains(log, "person@") || strings.Contains(log, "body words") {
		t.Error("a body was logged")
	}
	if n := strings.Count(log, "\n"); n != 6 {
		t.Errorf("%d lines for 6 calls", n)
	}
}

func TestMetricsCountCallsByCode(t *testing.T) {
	r := newRig(t)
	for _, c := range r.ways {
		if _, err := c.Open(context.Background(), &probe.Request{}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Open(context.Background(), &probe.Request{Text: "fault"}); status.Code(err) != codes.FailedPrecondition {
			t.Fatal(err)
		}
	}
	if n := testutil.CollectAndCount(r.metrics, "renown_rpc_seconds"); n != 2 {
		t.Errorf("%d series, want one for each code", n)
	}
}

func TestMessagesAreNotShared(t *testing.T) {
	r := newRig(t)
	sent := &probe.Request{Text: "kept", Content: &probe.Content{Blocks: []*probe.Block{{Alt: "a"}}}}
	before := proto.Clone(sent)
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		if _, err := c.Open(context.Background(), sent); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(before, sent) {
			t.Error("the request changed")
		}
	})
}

// TestAHandlerSeesNothingOfItsCaller has a call look at its context: of the caller's it has the deadline and the end, and none of the values.
func TestAHandlerSeesNothingOfItsCaller(t *testing.T) {
	r := newRig(t)
	type key struct{}
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		ctx := context.WithValue(auth.With(context.Background(), auth.Identity{Kind: auth.KindSystem, Subject: "test"}), key{}, "hush")
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		r.impl.during = func(inner context.Context) error {
			if inner.Value(key{}) != nil || auth.From(inner).Kind != auth.KindAnonymous {
				t.Error("the handler has values of its caller's context")
			}
			if end, ok := inner.Deadline(); !ok || time.Until(end) > 5*time.Second {
				t.Errorf("its deadline is %v, %v", end, ok)
			}
			return nil
		}
		if _, err := c.Open(ctx, &probe.Request{Text: "during"}); err != nil {
			t.Fatal(err)
		}
		cancel()
		r.impl.during = func(context.Context) error { t.Error("it was called after its caller had gone"); return nil }
		if _, err := c.Open(ctx, &probe.Request{Text: "during"}); !fault.Has(err, fault.Canceled) {
			t.Errorf("of a caller who has gone: %v", err)
		}
	})
}

// TestAReplyIsTheCallersOwn changes a reply that its handler has kept.
func TestAReplyIsTheCallersOwn(t *testing.T) {
	r := newRig(t)
	kept := &probe.Reply{Text: "kept"}
	r.impl.reply = kept
	r.both(t, func(t *testing.T, c probe.ProbeServiceClient) {
		for range 2 {
			got, err := c.Open(context.Background(), &probe.Request{Text: "reply"})
			if err != nil || got.GetText() != "kept" {
				t.Fatalf("got %v, %v", got, err)
			}
			got.Text = "changed"
		}
	})
}

func eventually(t testing.TB, ok func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatal("it never came true")
		case <-tick.C:
		}
	}
}
