// Package run starts the parts of a program in order and stops them in reverse, within a bound.
//
// SIGTERM and SIGINT drain: readiness goes false, then each part is stopped, the last started first, so that what others stand on goes last. A second signal, or
// the bound, ends the process without waiting.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"renown.example/kit/clock"
)

// Part is something that runs.
type Part struct {
	Name string
	// Start, if not nil, makes the part ready and returns; what it starts must not depend on its context. The parts behind it start when it has.
	Start func(ctx context.Context) error
	// Serve, if not nil, runs until its context ends, which is when it is the part's turn to stop. If it returns before, the whole program stops; its error is
	// then the program's.
	Serve func(ctx context.Context) error
	// Stop, if not nil, releases what Start made, after Serve has returned.
	Stop func(ctx context.Context) error
}

// Options of a program. Clock and Logger are required.
type Options struct {
	Clock  clock.Clock
	Logger *slog.Logger
	// StopWithin bounds the stopping of all parts together; 0 means 20 s.
	StopWithin time.Duration
	// DrainFor is how long the program goes on serving after its readiness went false, so that balancers notice.
	DrainFor time.Duration
}

// Program is a stack of parts.
type Program struct {
	opts  Options
	parts []Part
	ready atomic.Bool
}

// New returns a program without parts.
func New(o Options) *Program {
	if o.StopWithin == 0 {
		o.StopWithin = 20 * time.Second
	}
	return &Program{opts: o}
}

// Add puts a part on the stack. Parts are added before Run.
func (p *Program) Add(part Part) { p.parts = append(p.parts, part) }

// Ready reports whether all parts have started and none is being stopped.
func (p *Program) Ready() bool { return p.ready.Load() }

// ErrOutOfTime says that parts did not stop within the bound.
var ErrOutOfTime = errors.New("run: not everything stopped in time")

type running struct {
	Part
	cancel context.CancelFunc
	ended  chan error // receives once; nil without Serve
}

// Run starts the parts and returns when they have stopped: because ctx ended (then nil), because a part failed (then why), or because they did not stop in
// time (ErrOutOfTime).
func (p *Program) Run(ctx context.Context) error {
	spaceOut()
	makeRoom()
	var started []*running
	failed := make(chan error, len(p.parts))
	var err error
	for _, part := range p.parts {
		if err = ctx.Err(); err != nil {
			break
		}
		r, startErr := p.start(ctx, part, failed)
		if startErr != nil {
			err = fmt.Errorf("%s: %w", part.Name, startErr)
			break
		}
		started = append(started, r)
	}
	if err == nil {
		p.ready.Store(true)
		p.opts.Logger.Info("ready")
		select {
		case <-ctx.Done():
			p.opts.Logger.Info("stopping")
		case err = <-failed:
			p.opts.Logger.Error("stopping", "cause", err)
		}
		p.ready.Store(false)
		p.drain(err)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = nil
	}
	return errors.Join(err, p.stop(started))
}

// drain waits for balancers, unless something is broken already.
func (p *Program) drain(err error) {
	if err == nil && p.opts.DrainFor > 0 {
		<-p.opts.Clock.After(p.opts.DrainFor)
	}
}

func (p *Program) start(ctx context.Context, part Part, failed chan<- error) (*running, error) {
	if part.Start != nil {
		if err := part.Start(ctx); err != nil {
			return nil, err
		}
	}
	// A part's context outlives the program's: the last started stops first, and the others serve it meanwhile.
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &running{Part: part, cancel: cancel}
	if part.Serve == nil {
		return r, nil
	}
	r.ended = make(chan error, 1)
	go func() {
		err := part.Serve(own)
		early := own.Err() == nil
		if !early && errors.Is(err, context.Canceled) {
			err = nil
		}
		if early {
			failed <- fmt.Errorf("%s: ended early: %w", part.Name, orUnexplained(err))
			err = nil
		}
		r.ended <- err
	}()
	return r, nil
}

func orUnexplained(err error) error {
	if err == nil {
		return errors.New("without saying why")
	}
	return err
}

// stop stops the parts in reverse order. The bound is for all of them: who uses it up leaves none to the others, but each is told.
func (p *Program) stop(started []*running) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	over := p.opts.Clock.After(p.opts.StopWithin)
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		select {
		case <-over:
			cancel()
		case <-stopped:
		}
	}()
	var errs []error
	for i := len(started) - 1; i >= 0; i-- {
		r := started[i]
		r.cancel()
		if err := p.stopOne(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r.Name, err))
			p.opts.Logger.Error("did not stop well", "part", r.Name, "cause", err)
		}
	}
	return errors.Join(errs...)
}

func (p *Program) stopOne(ctx context.Context, r *running) error {
	done := make(chan error, 1)
	go func() {
		var err error
		if r.ended != nil {
			err = <-r.ended
		}
		if r.Stop != nil {
			err = errors.Join(err, r.Stop(ctx))
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	// Its time is over. What happens to be done all the same counts.
	select {
	case err := <-done:
		return err
	default:
		return ErrOutOfTime
	}
}

// Signals returns a context that ends with the first SIGTERM or SIGINT. The second ends the process at once, with status 1.
func Signals(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	heard := make(chan os.Signal, 2)
	signal.Notify(heard, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		select {
		case <-heard:
		case <-ctx.Done():
			signal.Stop(heard)
			return
		}
		cancel()
		<-heard
		os.Exit(1)
	}()
	return ctx, func() { cancel(); signal.Stop(heard) }
}
