package ready

import (
	"context"
	"fmt"
	"hash/maphash"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// FreshFor is how long after a heartbeat a holder trusts what it holds.
const FreshFor = 1500 * time.Millisecond

// Settled is the Settle of holders that may be answered by any of several replicas.
const Settled = FreshFor + 500*time.Millisecond

// Options says how a holder behaves. Clock and Problem are required.
type Options struct {
	Clock clock.Clock
	// Problem writes the answer for an error of a fill.
	Problem func(w http.ResponseWriter, r *http.Request, err error)
	// MaxBytes bounds what is held; 0 means 64 MiB. Answers over an eighth of it are not kept.
	MaxBytes int
	// FillWithin bounds a fill; 0 means 10 s.
	FillWithin time.Duration
	// Settle is how long after a change answers that it concerns are fetched but not kept. Where fills may be answered by other replicas than the one that
	// tells of changes, set it to more than FreshFor: a replica that has not heard of the change by then does not answer from memory either. 0 means not at all.
	Settle time.Duration
	// Shared lets a cache in front keep answers; the zero value lets it keep nothing.
	Shared Shared
}

// Holder holds ready answers by key. It is safe for concurrent use.
type Holder struct {
	opts   Options
	seed   maphash.Seed
	shards [16]shard
	// sources is what is followed; replaced as a whole.
	sources atomic.Pointer[[]*source]

	mu      sync.Mutex
	flights map[string]*flight
	byTag   map[string]map[*entry]struct{}
	// ring holds the entries for the evicting hand, which spares those used since it last passed.
	ring  []*entry
	hand  int
	bytes int
	// changes counts revisions; recent holds the last ones.
	changes     uint64
	recent      [256]change
	subscribers map[chan Revision]struct{}
}

type shard struct {
	mu      sync.RWMutex
	entries map[string]*entry
}

// change is a revision that was heard. The name is empty where it may concern anything.
type change struct {
	name string
	at   time.Time
}

// flight is a fill on its way.
type flight struct {
	changes uint64
	begun   time.Time
	done    chan struct{}
	entry   *entry
	err     error
}

// New returns an empty holder that follows nothing yet, and so keeps nothing.
func New(o Options) *Holder {
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	if o.FillWithin == 0 {
		o.FillWithin = 10 * time.Second
	}
	h := &Holder{opts: o, seed: maphash.MakeSeed(), flights: map[string]*flight{}, byTag: map[string]map[*entry]struct{}{}, subscribers: map[chan Revision]struct{}{}}
	for i := range h.shards {
		h.shards[i].entries = map[string]*entry{}
	}
	h.sources.Store(&[]*source{})
	return h
}

// ServeOr answers a GET or HEAD request from memory, or with what fill fetches, which it then keeps. The key stands for everything on which the answer depends,
// such as path and locale. Requests for a key that is being fetched wait for it. fill's context has the values of the first request's, not its end.
func (h *Holder) ServeOr(w http.ResponseWriter, r *http.Request, key string, fill Fill) {
	now := h.opts.Clock.Now()
	fresh := h.fresh(now)
	if fresh {
		if e := h.lookup(key, now); e != nil {
			h.give(w, r, e, now)
			return
		}
	}
	e, err := h.fetch(r.Context(), key, fill, fresh)
	if err == nil && e.expired(h.opts.Clock.Now()) {
		// Its time came while it was under way: what is true now is another answer.
		if e, err = h.fill(r.Context(), key, fill); err == nil && e.expired(h.opts.Clock.Now()) {
			err = fault.Unavailable.New("This is changing at this moment. Try again.")
		}
	}
	if err != nil {
		if f := fault.Of(err); !fresh && f.Reason.HTTP >= http.StatusInternalServerError {
			err = fault.Unavailable.New("What is asked for cannot be checked right now. Try again.").Wrap(err)
		}
		h.opts.Problem(w, r, err)
		return
	}
	h.give(w, r, e, h.opts.Clock.Now())
}

func (h *Holder) shard(key string) *shard {
	return &h.shards[maphash.String(h.seed, key)%uint64(len(h.shards))]
}

func (h *Holder) lookup(key string, now time.Time) *entry {
	s := h.shard(key)
	s.mu.RLock()
	e := s.entries[key]
	s.mu.RUnlock()
	if e == nil || e.expired(now) {
		return nil
	}
	if !e.used.Load() {
		e.used.Store(true)
	}
	return e
}

func (e *entry) expired(now time.Time) bool {
	return !e.validUntil.IsZero() && !now.Before(e.validUntil)
}

// fetch fills the key, together with others who want it if what they get is as new as what a fill begun now would find.
func (h *Holder) fetch(ctx context.Context, key string, fill Fill, fresh bool) (*entry, error) {
	if !fresh {
		return h.fill(ctx, key, fill)
	}
	h.mu.Lock()
	f := h.flights[key]
	if f != nil && f.changes == h.changes {
		h.mu.Unlock()
		select {
		case <-f.done:
			return f.entry, f.err
		case <-ctx.Done():
			return nil, fault.Of(ctx.Err())
		}
	}
	if f == nil {
		if e := h.lookup(key, h.opts.Clock.Now()); e != nil { // a fill has landed since the key was looked up
			h.mu.Unlock()
			return e, nil
		}
	}
	f = &flight{changes: h.changes, begun: h.opts.Clock.Now(), done: make(chan struct{}), err: fault.Internal.New("The answer could not be made.")}
	h.flights[key] = f
	h.mu.Unlock()
	defer close(f.done) // also when fill panics: then those who wait get the error above
	defer h.land(key, f)
	f.entry, f.err = h.fill(ctx, key, fill)
	return f.entry, f.err
}

func (h *Holder) fill(ctx context.Context, key string, fill Fill) (*entry, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.opts.FillWithin)
	defer cancel()
	a, err := fill(ctx)
	if err != nil {
		return nil, err
	}
	return newEntry(key, a), nil
}

// land ends a flight and keeps what it brought, unless something that it depends on changed meanwhile.
func (h *Holder) land(key string, f *flight) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.flights[key] == f {
		delete(h.flights, key)
	}
	if f.err != nil || f.entry.size > h.opts.MaxBytes/8 || h.outdated(f) || !h.fresh(h.opts.Clock.Now()) {
		return
	}
	e := f.entry
	e.grew = h.grew
	s := h.shard(key)
	s.mu.Lock()
	before := s.entries[key]
	s.entries[key] = e
	s.mu.Unlock()
	if before != nil {
		h.forget(before)
	}
	e.used.Store(true)
	e.slot = len(h.ring)
	h.ring = append(h.ring, e)
	h.bytes += e.size
	for _, t := range tagsOf(e) {
		if h.byTag[t] == nil {
			h.byTag[t] = map[*entry]struct{}{}
		}
		h.byTag[t][e] = struct{}{}
	}
	h.evict()
}

// always is the tag of entries that every revision drops.
const always = ""

func tagsOf(e *entry) []string {
	if len(e.tags) == 0 {
		return []string{always}
	}
	return e.tags
}

// outdated reports whether a revision since the flight's beginning, or shortly before (see Settle), concerns its entry.
func (h *Holder) outdated(f *flight) bool {
	settled := f.begun.Add(-h.opts.Settle)
	for back := uint64(1); back <= h.changes; back++ {
		if back > uint64(len(h.recent)) {
			return true // too many to tell
		}
		i := h.changes - back
		c := h.recent[i%uint64(len(h.recent))]
		if i < f.changes && (h.opts.Settle == 0 || !c.at.After(settled)) {
			return false
		}
		if c.concerns(f.entry) {
			return true
		}
	}
	return false
}

func (c change) concerns(e *entry) bool {
	if c.name == "" || len(e.tags) == 0 {
		return true
	}
	for _, t := range e.tags {
		if c.name == t || strings.HasPrefix(c.name, t) && c.name[len(t)] == '/' {
			return true
		}
	}
	return false
}

// dropped forgets what the revision concerns.
func (h *Holder) dropped(r Revision) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := change{r.Name, h.opts.Clock.Now()}
	if r.All {
		c.name = ""
	}
	h.recent[h.changes%uint64(len(h.recent))] = c
	h.changes++
	if r.All {
		for len(h.ring) > 0 {
			h.remove(h.ring[len(h.ring)-1])
		}
		return
	}
	h.removeTagged(always)
	for name := r.Name; ; {
		h.removeTagged(name)
		cut := strings.LastIndexByte(name, '/')
		if cut < 0 {
			return
		}
		name = name[:cut]
	}
}

func (h *Holder) removeTagged(tag string) {
	for e := range h.byTag[tag] {
		h.remove(e)
	}
}

// remove takes an entry out of everything.
func (h *Holder) remove(e *entry) {
	s := h.shard(e.key)
	s.mu.Lock()
	if s.entries[e.key] == e {
		delete(s.entries, e.key)
	}
	s.mu.Unlock()
	h.forget(e)
}

// forget takes an entry out of the books.
func (h *Holder) forget(e *entry) {
	if e.slot < 0 {
		return
	}
	last := h.ring[len(h.ring)-1]
	h.ring[e.slot], last.slot = last, e.slot
	h.ring[len(h.ring)-1] = nil
	h.ring = h.ring[:len(h.ring)-1]
	e.slot = -1
	h.bytes -= e.size
	for _, t := range tagsOf(e) {
		delete(h.byTag[t], e)
		if len(h.byTag[t]) == 0 {
			delete(h.byTag, t)
		}
	}
}

// grew accounts for a coding that was added to an entry.
func (h *Holder) grew(e *entry, by int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.size += by
	if e.slot >= 0 {
		h.bytes += by
		h.evict()
	}
}

// evict removes entries until the rest fits: the next that was not used since the hand last passed it.
func (h *Holder) evict() {
	for h.bytes > h.opts.MaxBytes && len(h.ring) > 0 {
		if h.hand >= len(h.ring) {
			h.hand = 0
		}
		if e := h.ring[h.hand]; e.used.Swap(false) {
			h.hand++
		} else {
			h.remove(e)
		}
	}
}

// String says how much is held, for operators.
func (h *Holder) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprintf("%d answers, %d bytes", len(h.ring), h.bytes)
}
