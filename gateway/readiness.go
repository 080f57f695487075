package gateway

import (
	"context"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// service is one of the services behind the gateway, as far as its health goes.
type service struct {
	name   string
	client healthpb.HealthClient
	clock  clock.Clock

	mu    sync.Mutex
	asked time.Time
	good  bool
}

func newService(name string, c grpc.ClientConnInterface, at clock.Clock) *service {
	return &service{name: name, client: healthpb.NewHealthClient(c), clock: at}
}

// healthy asks the service, at most four times a second: anybody may ask /readyz.
func (s *service) healthy(ctx context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if !s.asked.IsZero() && now.Sub(s.asked) < 250*time.Millisecond && !now.Before(s.asked) {
		return s.good
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	reply, err := s.client.Check(ctx, &healthpb.HealthCheckRequest{})
	s.asked, s.good = now, err == nil && reply.GetStatus() == healthpb.HealthCheckResponse_SERVING
	return s.good
}

// Ready reports whether requests can be answered: the services answer and the rest of the installation is ready.
func (g *Gateway) Ready(ctx context.Context) bool {
	if !g.ready() {
		return false
	}
	for _, s := range g.services {
		if !s.healthy(ctx) {
			return false
		}
	}
	return true
}

// readyPath is what load balancers ask.
const readyPath = "/readyz"

// health answers /healthz, which says that the process runs, and /readyz, which says that it can be of use.
func (g *Gateway) health(w http.ResponseWriter, r *http.Request) {
	ex := exchangeOf(r.Context())
	ex.route = r.URL.Path
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		g.methodNotAllowed(w, r, []string{http.MethodGet, http.MethodHead})
		return
	}
	if r.URL.Path == readyPath && !g.Ready(r.Context()) {
		g.refuse(w, r, fault.Unavailable.New("Renown is starting, stopping, or a part of it is out of reach."))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte("ok\n"))
}
