package ready

import (
	"context"
	"sync/atomic"
	"time"
)

// source is a stream that is followed.
type source struct {
	// heard is the instant up to which everything was told; nil while the stream is broken.
	heard atomic.Pointer[time.Time]
}

// since returns how long ago heard was: by the wall or by the monotonic clock, whichever says more, so that neither a clock that is set back nor a machine that
// slept makes old knowledge fresh.
func since(heard, now time.Time) time.Duration {
	return max(now.Sub(heard), now.Round(0).Sub(heard.Round(0)))
}

// Follow reads the stream, and opens it again when it breaks, until ctx ends. From its beginning, the holder is fresh only while this stream is. failed is told
// why the stream broke.
func (h *Holder) Follow(ctx context.Context, open Source, failed func(error)) {
	s := &source{}
	h.addSource(s)
	pause := 100 * time.Millisecond
	for ctx.Err() == nil {
		// What happened between two streams nobody told us.
		s.heard.Store(nil)
		h.dropped(Revision{All: true})
		h.broadcast(Revision{All: true})
		err := open(ctx, func(r Revision) {
			h.hear(s, r)
			pause = 100 * time.Millisecond
		})
		s.heard.Store(nil)
		if ctx.Err() != nil {
			return
		}
		failed(err)
		select {
		case <-ctx.Done():
		case <-h.opts.Clock.After(pause):
		}
		pause = min(2*pause, time.Second)
	}
}

func (h *Holder) addSource(s *source) {
	for {
		was := h.sources.Load()
		now := append(append([]*source(nil), *was...), s)
		if h.sources.CompareAndSwap(was, &now) {
			return
		}
	}
}

func (h *Holder) hear(s *source, r Revision) {
	if !r.Heartbeat() {
		h.dropped(r)
		h.broadcast(r)
		return
	}
	now := h.opts.Clock.Now()
	told := now.Add(-max(r.Age, 0))
	s.heard.Store(&told)
	if age, ok := h.age(now); ok {
		h.broadcast(Revision{Number: r.Number, Age: age})
	}
}

// age returns how old the oldest stream's knowledge is, and whether all streams are heard at all.
func (h *Holder) age(now time.Time) (time.Duration, bool) {
	sources := *h.sources.Load()
	var oldest time.Duration
	for _, s := range sources {
		heard := s.heard.Load()
		if heard == nil {
			return 0, false
		}
		oldest = max(oldest, since(*heard, now))
	}
	return oldest, len(sources) > 0
}

// fresh reports whether every stream was heard recently.
func (h *Holder) fresh(now time.Time) bool {
	age, ok := h.age(now)
	return ok && age < FreshFor
}

// Fresh reports whether the holder serves from memory at present.
func (h *Holder) Fresh() bool { return h.fresh(h.opts.Clock.Now()) }

// subscriberBuffer is how many messages a subscriber may be behind.
const subscriberBuffer = 256

// Subscribe returns a channel of what the holder hears, after it has forgotten what a change concerns, and a function that ends the subscription. A subscriber
// that is too slow finds its channel closed and must begin anew, assuming that anything changed. Heartbeats come only while all streams are heard.
func (h *Holder) Subscribe() (<-chan Revision, func()) {
	ch := make(chan Revision, subscriberBuffer)
	h.mu.Lock()
	h.subscribers[ch] = struct{}{}
	h.mu.Unlock()
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.unsubscribe(ch)
	}
}

func (h *Holder) unsubscribe(ch chan Revision) {
	if _, ok := h.subscribers[ch]; ok {
		delete(h.subscribers, ch)
		close(ch)
	}
}

func (h *Holder) broadcast(r Revision) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.subscribers {
		select {
		case ch <- r:
		default:
			h.unsubscribe(ch)
		}
	}
}
