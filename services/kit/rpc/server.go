package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"buf.build/go/protovalidate"
	"github.com/fullstorydev/grpchan/inprocgrpc"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Options says what a server needs. Name, Clock, Logger and Verifier are required.
type Options struct {
	// Name of the service, for logs and traces.
	Name     string
	Clock    clock.Clock
	Logger   *slog.Logger
	Verifier *auth.Verifier
	// Tracers makes spans; nil makes none, but traces still pass through.
	Tracers trace.TracerProvider
	// Metrics takes the server's metrics; several servers of a process may share one. Nil keeps none.
	Metrics prometheus.Registerer
	// StopWithin bounds how long a stopping server waits for running calls; 0 means 10 s.
	StopWithin time.Duration
}

// Server is a gRPC server that serves sockets and callers in its own process alike. Register services, Start it, then Serve or Conn.
type Server struct {
	opts     Options
	log      *slog.Logger
	tracer   trace.Tracer
	metrics  *metrics
	services []registered
	// unaries are the methods that callers in the process reach without the channel, by their full names.
	unaries   map[string]*unary
	channel   *inprocgrpc.Channel
	health    *health.Server
	methods   map[string]*method
	validator protovalidate.Validator
	gate      *gate
	started   bool
}

type registered struct {
	desc *grpc.ServiceDesc
	impl any
}

var _ grpc.ServiceRegistrar = (*Server)(nil)

// NewServer returns a server without services.
func NewServer(o Options) *Server {
	if o.StopWithin == 0 {
		o.StopWithin = 10 * time.Second
	}
	if o.Tracers == nil {
		o.Tracers = noop.NewTracerProvider()
	}
	s := &Server{opts: o, log: o.Logger.With("server", o.Name), tracer: o.Tracers.Tracer("renown.example/kit/rpc"), metrics: newMetrics(o.Metrics),
		unaries: map[string]*unary{}, channel: &inprocgrpc.Channel{}, health: health.NewServer(), gate: newGate(), methods: map[string]*method{}}
	s.channel.WithServerUnaryInterceptor(s.unary).WithServerStreamInterceptor(s.stream)
	s.RegisterService(&healthpb.Health_ServiceDesc, s.health)
	return s
}

// RegisterService adds a service; generated Register functions call it. It panics once the server has started.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	if s.started {
		panic("rpc: service " + desc.ServiceName + " registered after Start")
	}
	s.services = append(s.services, registered{desc, impl})
	s.channel.RegisterService(desc, impl)
	for _, m := range desc.Methods {
		full := "/" + desc.ServiceName + "/" + m.MethodName
		s.unaries[full] = &unary{full, impl, m.Handler}
	}
}

// Start checks the services and opens the server to callers. The error names every method without a rule and every request whose validation makes no sense.
func (s *Server) Start() error {
	var errs []error
	for _, r := range s.services {
		if r.desc.ServiceName == healthpb.Health_ServiceDesc.ServiceName {
			continue
		}
		all, err := methodsOf(r.desc.ServiceName)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, m := range all {
			s.methods[m.full] = m
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var err error
	if s.validator, err = newValidator(s.opts.Clock, s.methods); err != nil {
		return fmt.Errorf("rpc: validation rules: %w", err)
	}
	s.started = true
	s.gate.open()
	return nil
}

// SetReady says whether callers with health checks should send calls here. A started server is ready until told otherwise.
func (s *Server) SetReady(ready bool) {
	state := healthpb.HealthCheckResponse_NOT_SERVING
	if ready {
		state = healthpb.HealthCheckResponse_SERVING
	}
	s.health.SetServingStatus("", state)
}

// workers is how many goroutines stay to answer calls over sockets: each has a stack that has grown already. Calls beyond get goroutines of their own.
const workers = 64

// Serve answers calls on the listener until ctx ends, then drains: health says not serving, streams end, running calls get StopWithin to finish, after which
// they are cut off. It returns nil after a drain. The listener is closed.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if !s.started {
		return errors.New("rpc: Serve before Start")
	}
	g := grpc.NewServer(
		grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.stream),
		grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 10 * time.Second, MaxConnectionAge: 30 * time.Minute, MaxConnectionAgeGrace: time.Minute}),
		grpc.NumStreamWorkers(workers),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	for _, r := range s.services {
		g.RegisterService(r.desc, r.impl)
	}
	failed := make(chan error, 1)
	go func() { failed <- g.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.Stop()
	stopped := make(chan struct{})
	go func() { g.GracefulStop(); close(stopped) }()
	select {
	case <-stopped:
	case <-s.opts.Clock.After(time.Second):
		g.Stop()
		<-stopped
	}
	if err := <-failed; !errors.Is(err, grpc.ErrServerStopped) { // which it is when it was told to stop before it had begun
		return err
	}
	return nil
}

// Stop drains the server for all callers, in process and over sockets: see Serve. It returns when the running calls have finished or their time is over, and
// reports whether all finished. It may be called more than once.
func (s *Server) Stop() bool {
	s.health.Shutdown()
	idle := s.gate.close()
	select {
	case <-idle:
		return true
	case <-s.opts.Clock.After(s.opts.StopWithin):
		s.log.Warn("stopped with calls still running", "within", s.opts.StopWithin)
		return false
	}
}

func isHealth(full string) bool {
	return strings.HasPrefix(full, "/"+healthpb.Health_ServiceDesc.ServiceName+"/")
}

// gate counts the calls inside, lets nobody in before it is opened and after it is closed, and tells streams when it closes.
type gate struct {
	mu      sync.Mutex
	isOpen  bool
	inside  int
	idle    chan struct{}
	closing context.Context
	begin   context.CancelFunc
}

func newGate() *gate {
	g := &gate{idle: make(chan struct{})}
	g.closing, g.begin = context.WithCancel(context.Background())
	return g
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.isOpen = true
}

func (g *gate) enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.isOpen {
		return fault.Unavailable.New("This part is starting or stopping. Try again.")
	}
	g.inside++
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 && g.closing.Err() != nil {
		close(g.idle)
	}
}

func (g *gate) close() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closing.Err() == nil {
		g.isOpen = false
		g.begin()
		if g.inside == 0 {
			close(g.idle)
		}
	}
	return g.idle
}
