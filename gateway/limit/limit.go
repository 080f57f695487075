// Package limit bounds how much callers may ask: a quota of requests a minute for each, by a token bucket, and a number of requests at the same time for all.
//
// Quotas are counted by each replica on its own; behind n replicas a caller may reach n times its quota.
package limit

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"renown.example/kit/clock"
)

// Window is the time over which quotas are counted.
const Window = time.Minute

// State is what a caller may know about its quota.
type State struct {
	// Quota is how many requests are allowed in a Window.
	Quota int
	// Left is how many are left now.
	Left int
	// Reset is after how long the quota is whole again.
	Reset time.Duration
	// Retry is after how long the next request will be allowed; 0 if it is.
	Retry time.Duration
}

// Buckets counts requests by key. It is safe for concurrent use.
type Buckets struct {
	clock  clock.Clock
	seed   maphash.Seed
	shards [32]shard
}

type shard struct {
	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	quota  int
	at     time.Time
}

// shardLimit is the number of buckets of a shard at which full ones are forgotten: a full bucket is the same as none.
const shardLimit = 4096

// NewBuckets returns Buckets without any history.
func NewBuckets(c clock.Clock) *Buckets { return &Buckets{clock: c, seed: maphash.MakeSeed()} }

// Take counts one request of key, of which quota are allowed a Window, and reports whether it is allowed.
func (b *Buckets) Take(key string, quota int) (State, bool) { return b.take(key, quota, 1) }

// Look is Take without counting.
func (b *Buckets) Look(key string, quota int) (State, bool) { return b.take(key, quota, 0) }

func (b *Buckets) take(key string, quota int, cost float64) (State, bool) {
	now := b.clock.Now()
	s := &b.shards[maphash.String(b.seed, key)%uint64(len(b.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.buckets[key]
	if k == nil {
		s.forgetFull(now)
		k = &bucket{tokens: float64(quota), quota: quota, at: now}
		s.buckets[key] = k
	}
	k.refill(now, quota)
	ok := k.tokens >= 1
	if ok {
		k.tokens -= cost
	}
	return k.state(), ok
}

func (k *bucket) refill(now time.Time, quota int) {
	if quota != k.quota { // the app was given another quota
		k.tokens *= float64(quota) / float64(max(k.quota, 1))
		k.quota = quota
	}
	// A clock that is set back gives nothing and takes nothing.
	if passed := now.Sub(k.at); passed > 0 {
		k.tokens = min(float64(quota), k.tokens+k.rate()*passed.Seconds())
	}
	k.at = now
}

// rate is in tokens a second.
func (k *bucket) rate() float64 { return float64(k.quota) / Window.Seconds() }

func (k *bucket) state() State {
	s := State{Quota: k.quota, Left: int(k.tokens)}
	s.Reset = wait(float64(k.quota)-k.tokens, k.rate())
	if k.tokens < 1 {
		s.Retry = wait(1-k.tokens, k.rate())
	}
	return s
}

func wait(tokens, rate float64) time.Duration {
	if rate <= 0 {
		return Window
	}
	return time.Duration(math.Ceil(tokens / rate * float64(time.Second)))
}

// forgetFull makes room. If nobody's bucket is full all are forgotten: so many callers at once can only be one who changes names.
func (s *shard) forgetFull(now time.Time) {
	if s.buckets == nil {
		s.buckets = map[string]*bucket{}
	}
	if len(s.buckets) < shardLimit {
		return
	}
	for key, k := range s.buckets {
		k.refill(now, k.quota)
		if k.tokens >= float64(k.quota) {
			delete(s.buckets, key)
		}
	}
	if len(s.buckets) >= shardLimit {
		clear(s.buckets)
	}
}

// Slots bounds how many requests are worked on at the same time.
type Slots struct {
	most  int64
	taken atomic.Int64
}

// NewSlots returns n slots.
func NewSlots(n int) *Slots { return &Slots{most: int64(n)} }

// Enter takes a slot without waiting. The caller leaves if it got one.
func (s *Slots) Enter() bool {
	if s.taken.Add(1) > s.most {
		s.taken.Add(-1)
		return false
	}
	return true
}

// Leave gives a slot back.
func (s *Slots) Leave() { s.taken.Add(-1) }

// Len is how many buckets are held.
func (b *Buckets) Len() int {
	n := 0
	for i := range b.shards {
		b.shards[i].mu.Lock()
		n += len(b.shards[i].buckets)
		b.shards[i].mu.Unlock()
	}
	return n
}
