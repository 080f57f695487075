package sqlite

import (
	"context"
	"sync"
	"sync/atomic"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// maxBatch bounds how many requests share a commit, so that the first of them does not wait for ever.
const maxBatch = 512

// request is one call of Update. Its closure runs in its caller's goroutine when the writer says so: a panic unwinds there by itself, with its own stack.
type request struct {
	ctx context.Context
	// say receives what the writer wants of the caller.
	say chan order
	// ran receives each time the closure has run.
	ran chan outcome
	// taken is set by the writer before it says anything, or by a caller that no longer waits, whoever is first.
	taken atomic.Bool
}

// order is to run the closure (again), or to return: with err, or if it is nil with what the closure returned.
type order struct {
	run bool
	err error
}

// outcome is how a closure ended.
type outcome struct {
	err error
	// undone says that what it wrote was rolled back to its savepoint.
	undone bool
	// lost says that the whole transaction may be gone.
	lost bool
	// unwound says that the closure panicked, so that its caller waits no longer.
	unwound bool
	fed     []*store.Spec
}

// writer owns the one connection that writes.
type writer struct {
	db      *DB
	c       *conn
	queue   *queue
	running bool
	ended   chan struct{}

	mu sync.Mutex
	// dead is why nothing can be written any more.
	dead error
}

// Update implements store.DB.
func (db *DB) Update(ctx context.Context, fn func(ctx context.Context, tx store.Writer) error) error {
	if in, ok := ctx.Value(inside{db}).(bool); ok && in {
		return fault.Internal.New("an update closure must not start another update")
	}
	r := &request{ctx: ctx, say: make(chan order, 1), ran: make(chan outcome, 1)}
	if !db.writer.queue.push(r) {
		return errClosed
	}
	var o order
	select {
	case o = <-r.say:
	case <-ctx.Done():
		if r.taken.CompareAndSwap(false, true) {
			return engineFault(ctx.Err())
		}
		o = <-r.say
	}
	var err error
	for ; o.run; o = <-r.say {
		err = db.writer.serve(r, fn)
	}
	if o.err != nil {
		return o.err
	}
	return err
}

// serve runs the closure in its savepoint and tells the writer how it ended, also when the closure panics or ends its goroutine.
func (w *writer) serve(r *request, fn func(ctx context.Context, tx store.Writer) error) (err error) {
	t := &tx{db: w.db, c: w.c, writes: true}
	returned := false
	defer func() {
		t.finish()
		if returned && err == nil && r.ctx.Err() != nil {
			err = engineFault(r.ctx.Err())
		}
		o := outcome{err: err, unwound: !returned, fed: t.fed}
		o.undone, o.lost = w.settle(t, returned && err == nil)
		r.ran <- o
	}()
	if e := w.c.do(kindSavepoint); e != nil {
		t.broken, returned = e, true
		return engineFault(e)
	}
	err = fn(context.WithValue(r.ctx, inside{w.db}, true), t)
	returned = true
	if err == nil && t.broken != nil { // the closure swallowed an error that nothing may follow
		err = engineFault(t.broken)
	}
	return err
}

// settle keeps or undoes what a closure wrote.
func (w *writer) settle(t *tx, keep bool) (undone, lost bool) {
	if t.broken != nil {
		return true, true
	}
	if keep {
		return false, w.c.do(kindRelease) != nil
	}
	if w.c.do(kindRollbackTo) != nil || w.c.do(kindRelease) != nil {
		return true, true
	}
	return true, false
}

func (w *writer) healthy() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead
}

func (w *writer) run() {
	defer close(w.ended)
	for r := w.queue.wait(); r != nil; r = w.queue.wait() {
		w.batch(r)
	}
}
