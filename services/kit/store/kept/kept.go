// Package kept keeps answers that were made from a database's rows, and gives them again for as long as the rows are as they were and time changes nothing.
//
// It does so only where no other process writes to the database (store.SoleWriter). Elsewhere every answer is made anew.
//
// An answer is never older than one that is made from the database at the same moment: not after an acknowledged update, nor after anybody has read what an update
// did that is not acknowledged yet.
package kept

import (
	"context"
	"math"
	"sync"

	"renown.example/kit/clock"
	"renown.example/kit/store"
)

// Never is when an answer changes that does not change with time.
const Never = clock.Millis(math.MaxInt64)

// Answers are kept answers by their keys. It is safe for concurrent use. Nobody may change what it returns.
type Answers[V any] struct {
	db    store.DB
	sole  store.SoleWriter
	clock clock.Clock
	most  int
	apart []*store.Spec

	mu sync.RWMutex
	// Two generations: when the young one is full, what was not asked for since goes with the old one.
	young, old map[string]*answer[V]
}

type answer[V any] struct {
	value V
	// rows are what it was made from, in a transaction that saw a commit with all before it.
	rows []store.Mark
	seen int64
	// from and until are the instants between which it holds.
	from, until clock.Millis
}

// New returns Answers that keep at most so many. The tables apart are not watched: no row of theirs changes but with another row of which the answer is made.
func New[V any](db store.DB, c clock.Clock, most int, apart ...*store.Spec) *Answers[V] {
	return &Answers[V]{db: db, sole: store.Sole(db), clock: c, most: most, apart: apart, young: map[string]*answer[V]{}}
}

// Get returns the answer of a key, by fill where it is not kept. fill reads what it wants to know from tx and nowhere else but where Uses says so, and returns until
// when the answer holds if no row changes: the first instant at which it is another, Never, or zero if it is not to be kept. Failures are not kept. fill may be called more
// than once.
func (a *Answers[V]) Get(ctx context.Context, key string, fill func(ctx context.Context, tx store.Reader) (v V, until clock.Millis, err error)) (V, error) {
	now := clock.At(a.clock.Now())
	if k := a.find(key); k != nil && a.holds(k, now) {
		return k.value, nil
	}
	k := &answer[V]{from: now}
	err := a.db.View(ctx, func(ctx context.Context, tx store.Reader) (err error) {
		if a.sole == nil {
			k.value, _, err = fill(ctx, tx)
			return err
		}
		r := &reader{Reader: tx, sole: a.sole, apart: a.apart}
		k.value, k.until, err = fill(ctx, r)
		k.rows, k.seen = r.rows, a.sole.Seen(tx)
		return err
	})
	if err == nil && k.until > now {
		a.keep(key, k)
	}
	return k.value, err
}

// Forget forgets all answers, those that are being made included if what they are made from has been changed before.
func (a *Answers[V]) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.young, a.old = map[string]*answer[V]{}, nil
}

func (a *Answers[V]) find(key string) *answer[V] {
	a.mu.RLock()
	k, old := a.young[key], a.old[key]
	a.mu.RUnlock()
	if k == nil && old != nil {
		k = old
		a.keep(key, k)
	}
	return k
}

func (a *Answers[V]) keep(key string, k *answer[V]) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.fresh(k) {
		return
	}
	if len(a.young) >= a.most/2 {
		a.young, a.old = map[string]*answer[V]{}, a.young
	}
	a.young[key] = k
}

func (a *Answers[V]) holds(k *answer[V], now clock.Millis) bool {
	return k.from <= now && now < k.until && a.fresh(k)
}

// fresh reports whether nothing of what an answer was made from has been touched since.
func (a *Answers[V]) fresh(k *answer[V]) bool {
	for _, m := range k.rows {
		if a.sole.Touched(m) > k.seen {
			return false
		}
	}
	return true
}

// Uses says that an answer which is made of tx rests on a table as well, of which something is remembered elsewhere. For any other transaction it does nothing.
func Uses(tx store.Reader, s *store.Spec) {
	if r, ok := tx.(*reader); ok {
		r.note(s, "")
	}
}

// reader notes what is read.
type reader struct {
	store.Reader
	sole  store.SoleWriter
	apart []*store.Spec

	mu   sync.Mutex
	rows []store.Mark
}

// Unwrap returns the transaction itself.
func (r *reader) Unwrap() store.Reader { return r.Reader }

func (r *reader) note(s *store.Spec, id string) {
	for _, apart := range r.apart {
		if s == apart {
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = append(r.rows, r.sole.Mark(s, id))
}

// Get implements store.Reader.
func (r *reader) Get(ctx context.Context, s *store.Spec, id string) (store.Doc, error) {
	r.note(s, id)
	return r.Reader.Get(ctx, s, id)
}

// Find implements store.Reader. Rows that are not there yet may belong to the answer, so all of the table is noted.
func (r *reader) Find(ctx context.Context, s *store.Spec, q store.Query) ([]store.Doc, error) {
	r.note(s, "")
	return r.Reader.Find(ctx, s, q)
}

// Count implements store.Reader.
func (r *reader) Count(ctx context.Context, s *store.Spec, q store.Query) (int64, error) {
	r.note(s, "")
	return r.Reader.Count(ctx, s, q)
}
