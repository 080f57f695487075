// Package clock is the only place where Renown asks what time it is. Everything that depends on time is given a Clock, so that tests and the demo's
// history can step it.
package clock

import (
	"sync"
	"time"
)

// Millis is an instant in milliseconds since 1970-01-01T00:00:00Z, the form in which instants are stored. Zero means "no instant".
type Millis int64

// At converts t; sub-millisecond parts are cut off. The zero time becomes zero.
func At(t time.Time) Millis {
	if t.IsZero() {
		return 0
	}
	return Millis(t.UnixMilli())
}

// Time converts back, in UTC. Zero becomes the zero time.
func (m Millis) Time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// Clock tells the time and wakes sleepers.
type Clock interface {
	// Now returns the present instant in UTC.
	Now() time.Time
	// After returns a channel that receives once, when d has passed. A d of zero or less fires at once.
	After(d time.Duration) <-chan time.Time
}

// System returns the machine's clock.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time                         { return time.Now().UTC() }
func (system) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Fake is a clock that stands still until it is stepped. It is safe for concurrent use.
type Fake struct {
	mu      sync.Mutex
	now     time.Time
	waiting []waiter
}

type waiter struct {
	at time.Time
	ch chan time.Time
}

// NewFake returns a Fake that stands at t.
func NewFake(t time.Time) *Fake { return &Fake{now: t.UTC()} }

// Now returns the instant at which the clock stands.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// After returns a channel that receives when the clock has been stepped by d.
func (f *Fake) After(d time.Duration) <-chan time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	ch := make(chan time.Time, 1)
	if d <= 0 {
		ch <- f.now
		return ch
	}
	f.waiting = append(f.waiting, waiter{f.now.Add(d), ch})
	return ch
}

// Step moves the clock by d (which may be negative: clocks do step back) and wakes whoever waited for an instant not after the new one.
func (f *Fake) Step(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
	rest := f.waiting[:0]
	for _, w := range f.waiting {
		if w.at.After(f.now) {
			rest = append(rest, w)
			continue
		}
		w.ch <- f.now
	}
	f.waiting = rest
}

// Waiting returns how many callers of After have not been woken: a test waits for it before it steps the clock.
func (f *Fake) Waiting() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.waiting)
}
