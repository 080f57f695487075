package main

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
)

// stage is the clock of a service whose history is played. It runs like any clock, but from an instant in the past that is moved on from scene to scene, until it
// joins the wall clock for good.
type stage struct {
	wall clock.Clock

	mu     sync.Mutex
	from   time.Time
	since  time.Time
	joined bool
	// still says that time stands between the scenes: what happens then is the same whenever it is played.
	still bool
}

// newStage returns a clock that begins at an instant.
func newStage(wall clock.Clock, at time.Time) *stage {
	return &stage{wall: wall, from: at, since: wall.Now()}
}

// Now implements clock.Clock.
func (s *stage) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

func (s *stage) now() time.Time {
	now := s.wall.Now()
	if s.joined {
		return now
	}
	if s.still {
		return s.from.UTC()
	}
	return s.from.Add(now.Sub(s.since)).UTC()
}

// After implements clock.Clock: those who poll do not wait longer because the play is quick.
func (s *stage) After(d time.Duration) <-chan time.Time { return s.wall.After(d) }

// moveTo sets the clock to an instant. It never goes back, nor beyond the present.
func (s *stage) moveTo(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wall := s.wall.Now()
	if at.After(wall) {
		at = wall
	}
	if at.After(s.now()) {
		s.from, s.since = at, wall
	}
}

// join makes it the wall clock.
func (s *stage) join() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joined = true
}

// curtain is a connection to a service that answers "not yet" until it is drawn.
type curtain struct {
	grpc.ClientConnInterface
	progress func() string
	drawn    chan struct{}
}

func newCurtain(c grpc.ClientConnInterface, progress func() string) *curtain {
	return &curtain{ClientConnInterface: c, progress: progress, drawn: make(chan struct{})}
}

// draw lets everybody through, once.
func (c *curtain) draw() { close(c.drawn) }

func (c *curtain) closed() error {
	select {
	case <-c.drawn:
		return nil
	default:
	}
	return fault.Unavailable.New("The demo company is being loaded: %s. Try again in a moment.", c.progress())
}

// Invoke implements grpc.ClientConnInterface. How the service is may be asked at any time.
func (c *curtain) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if err := c.closed(); err != nil && method != healthpb.Health_Check_FullMethodName {
		return err
	}
	return c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
}

// NewStream implements grpc.ClientConnInterface. Who wants to hear of changes waits for the first.
func (c *curtain) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	select {
	case <-c.drawn:
	case <-ctx.Done():
		return nil, fault.Of(ctx.Err())
	}
	return c.ClientConnInterface.NewStream(ctx, desc, method, opts...)
}

// foyer is a connection of those who wait until the curtain is drawn.
type foyer struct {
	grpc.ClientConnInterface
	drawn <-chan struct{}
}

// Invoke implements grpc.ClientConnInterface.
func (f foyer) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	select {
	case <-f.drawn:
	case <-ctx.Done():
		return fault.Of(ctx.Err())
	}
	return f.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
}

// presentTime is a connection from a gateway on the stage to a service that lives in the present: it has the same callers, named by tokens of the present.
type presentTime struct {
	grpc.ClientConnInterface
	stage   *auth.Verifier
	present *auth.Minter
}

// Invoke implements grpc.ClientConnInterface.
func (c presentTime) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	md, _ := metadata.FromOutgoingContext(ctx)
	if token := md.Get(rpc.IdentityHeader); len(token) > 0 {
		caller, err := c.stage.Verify(token[0])
		if err != nil {
			return err
		}
		fresh, err := c.present.Mint(caller)
		if err != nil {
			return err
		}
		md = md.Copy()
		md.Set(rpc.IdentityHeader, fresh)
		ctx = metadata.NewOutgoingContext(ctx, md)
	}
	return c.ClientConnInterface.Invoke(ctx, method, args, reply, opts...)
}
