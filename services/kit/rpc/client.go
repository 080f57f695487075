package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/health" // the client half of health checks
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/telemetry"
	optionsv1 "renown.example/proto/gen/renown/options/v1"
)

// DialOptions says how to reach a server over sockets.
type DialOptions struct {
	// Tracers makes spans; nil makes none, but traces still pass through.
	Tracers trace.TracerProvider
	// Credentials for TLS between services; nil means none.
	Credentials credentials.TransportCredentials
}

// Conn is a connection to a server.
type Conn interface {
	grpc.ClientConnInterface
	io.Closer
}

// Dial returns a connection to target, "host:port" or a gRPC address such as "dns:///stories:9000". It does not wait for the server: calls
// fail with Unavailable while it is out of reach. Calls go round all addresses that the name resolves to and whose health is good. A call that a server could not take is
// repeated up to three times, but one that might be done twice only if it carries an idempotency key.
func Dial(target string, o DialOptions) (Conn, error) {
	if !strings.Contains(target, "://") && !strings.HasPrefix(target, "unix:") && !strings.HasPrefix(target, "passthrough:") {
		target = "dns:///" + target
	}
	if o.Credentials == nil {
		o.Credentials = insecure.NewCredentials()
	}
	config, err := serviceConfig()
	if err != nil {
		return nil, err
	}
	f := newForwarder(o.Tracers)
	return grpc.NewClient(target,
		grpc.WithTransportCredentials(o.Credentials),
		grpc.WithDefaultServiceConfig(config),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second, PermitWithoutStream: true}),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			if _, ok := ctx.Deadline(); !ok {
				var cancel context.CancelFunc
				// A little more than the server's own limit, so that the server's answer says what happened.
				ctx, cancel = context.WithTimeout(ctx, timeoutOf(method)+time.Second)
				defer cancel()
			}
			return f.unary(ctx, method, func(ctx context.Context, md metadata.MD) error {
				return invoke(metadata.NewOutgoingContext(ctx, md), method, req, reply, cc, opts...)
			})
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			return f.stream(ctx, method, desc, func(ctx context.Context) (grpc.ClientStream, error) { return open(ctx, desc, cc, method, opts...) })
		}),
	)
}

// forwarder is what a client adds to each call.
type forwarder struct{ tracer trace.Tracer }

func newForwarder(t trace.TracerProvider) *forwarder {
	if t == nil {
		t = noop.NewTracerProvider()
	}
	return &forwarder{t.Tracer("renown.example/kit/rpc")}
}

func (f *forwarder) unary(ctx context.Context, method string, call func(context.Context, metadata.MD) error) error {
	ctx, span := f.tracer.Start(ctx, strings.TrimPrefix(method, "/"), trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	return failed(call(ctx, outgoing(ctx)))
}

func (f *forwarder) stream(ctx context.Context, method string, desc *grpc.StreamDesc, open func(context.Context) (grpc.ClientStream, error)) (grpc.ClientStream, error) {
	ctx, span := f.tracer.Start(ctx, strings.TrimPrefix(method, "/"), trace.WithSpanKind(trace.SpanKindClient))
	s, err := open(metadata.NewOutgoingContext(ctx, outgoing(ctx)))
	if err != nil {
		span.End()
		return nil, failed(err)
	}
	out := &clientStream{ClientStream: s, single: !desc.ServerStreams, end: sync.OnceFunc(func() { span.End() })}
	context.AfterFunc(s.Context(), out.end)
	return out, nil
}

// outgoing returns the metadata of a call: what the caller has set, with request id, trace and identity token where it has not.
func outgoing(ctx context.Context) metadata.MD {
	md, ok := metadata.FromOutgoingContext(ctx) // a copy
	if !ok {
		md = metadata.MD{}
	}
	set := func(key, value string) {
		if value != "" && len(md[key]) == 0 {
			md[key] = []string{value}
		}
	}
	set(RequestIDHeader, telemetry.RequestID(ctx))
	set(IdentityHeader, auth.Token(ctx))
	telemetry.Propagator.Inject(ctx, carrier(md))
	return md
}

// As returns a context whose outgoing calls are made as i. It replaces the identity that the context had.
func As(ctx context.Context, m *auth.Minter, i auth.Identity) (context.Context, error) {
	token, err := m.Mint(i)
	if err != nil {
		return ctx, err
	}
	return auth.WithToken(ctx, token), nil
}

// WithIdempotencyKey returns a context whose outgoing calls carry the key: use it for one call and its repetitions.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, IdempotencyKeyHeader, key)
}

func failed(err error) error {
	if err == nil {
		return nil
	}
	return fault.FromStatus(err)
}

type clientStream struct {
	grpc.ClientStream
	single bool
	end    func()
}

func (s *clientStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err != nil || s.single {
		s.end()
	}
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return fault.FromStatus(err)
}

func (s *clientStream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	return md, failed(err)
}

// known remembers the rules of the methods that clients call.
var known sync.Map // full method name -> *method, nil where there is no rule

func timeoutOf(full string) time.Duration {
	if m, ok := known.Load(full); ok {
		if m := m.(*method); m != nil {
			return m.timeout
		}
		return DefaultTimeout
	}
	var m *method
	name := protoreflect.FullName(strings.ReplaceAll(strings.TrimPrefix(full, "/"), "/", "."))
	if d, err := protoregistry.GlobalFiles.FindDescriptorByName(name); err == nil {
		if md, ok := d.(protoreflect.MethodDescriptor); ok {
			m, _ = methodOf(md) // without a rule the server does not start; then nobody waits for it either
		}
	}
	known.Store(full, m)
	return timeoutOf(full)
}

type methodName struct {
	Service string `json:"service,omitempty"`
	Method  string `json:"method,omitempty"`
}

type retryPolicy struct {
	MaxAttempts          int      `json:"maxAttempts"`
	InitialBackoff       string   `json:"initialBackoff"`
	MaxBackoff           string   `json:"maxBackoff"`
	BackoffMultiplier    float64  `json:"backoffMultiplier"`
	RetryableStatusCodes []string `json:"retryableStatusCodes"`
}

type methodConfig struct {
	Name        []methodName `json:"name"`
	RetryPolicy *retryPolicy `json:"retryPolicy,omitempty"`
}

// serviceConfig is gRPC's JSON description of how to spread and repeat calls.
func serviceConfig() (string, error) {
	retry := methodConfig{Name: []methodName{{}}, RetryPolicy: &retryPolicy{4, "0.1s", "1s", 2, []string{"UNAVAILABLE"}}}
	once := methodConfig{Name: mayHappenTwice()}
	methods := []methodConfig{retry}
	if len(once.Name) > 0 {
		methods = append(methods, once)
	}
	b, err := json.Marshal(map[string]any{
		"loadBalancingConfig": []any{map[string]any{"round_robin": map[string]any{}}},
		"healthCheckConfig":   map[string]any{"serviceName": ""},
		"methodConfig":        methods,
	})
	return string(b), err
}

// mayHappenTwice lists the methods that change something and may come without a key. gRPC cannot see the key, so it must not repeat them.
func mayHappenTwice() []methodName {
	var all []methodName
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				m, err := methodOf(s.Methods().Get(j))
				if err == nil && m.rule.GetIdempotency() == optionsv1.Idempotency_IDEMPOTENCY_OPTIONAL {
					all = append(all, methodName{string(s.FullName()), string(m.desc.Name())})
				}
			}
		}
		return true
	})
	slices.SortFunc(all, func(a, b methodName) int { return strings.Compare(a.Service+"/"+a.Method, b.Service+"/"+b.Method) })
	return all
}
