package sqlite

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// maxBatch bounds how many requests share a commit, so that the first of them does not wait for ever.
const maxBatch = 512

// request is one call of Update. Its closure runs in the writer's goroutine, which is spared a change of goroutines for each.
type request struct {
	ctx context.Context
	fn  func(ctx context.Context, tx store.Writer) error
	// patient says that others go first.
	patient bool
	// written, if not nil, is told what becomes of what the closure did: see store.WhenWritten.
	written func(bool)
	// result receives once, when nothing more will happen to the request.
	result chan outcome
	// taken is set by the writer before it runs the closure, or by a caller that no longer waits, whoever is first.
	taken atomic.Bool
	// last is how the closure ended when it ran last.
	last outcome
}

// outcome is how a closure ended.
type outcome struct {
	err error
	// panicked is what it panicked with, exited that it ended its goroutine: either happens again in the caller's.
	panicked *Panic
	exited   bool
	// undone says that what it wrote was rolled back to its savepoint.
	undone bool
	// lost says that the whole transaction may be gone.
	lost bool
	// grown is what it did to feeds.
	grown growths
}

func (r *request) tell(written bool) {
	if r.written != nil {
		r.written(written)
	}
}

// unwound says that the closure did not return.
func (o *outcome) unwound() bool { return o.panicked != nil || o.exited }

// Panic is what Update panics with in its caller's goroutine when the closure has panicked.
type Panic struct {
	Value any
	// Stack is that of the panic itself.
	Stack []byte
}

// Error returns the value and the original stack.
func (p *Panic) Error() string {
	return fmt.Sprintf("%v\n\nin an update closure:\n%s", p.Value, p.Stack)
}

// Unwrap returns the value if it is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Update implements store.DB.
func (db *DB) Update(ctx context.Context, fn func(ctx context.Context, tx store.Writer) error) error {
	if in, ok := ctx.Value(inside{db}).(bool); ok && in {
		return fault.Internal.New("an update closure must not start another update")
	}
	r := &request{ctx: ctx, fn: fn, patient: store.IsPatient(ctx), written: store.Written(ctx), result: make(chan outcome, 1)}
	if !db.writer.queue.push(r) {
		return errClosed
	}
	var o outcome
	select {
	case o = <-r.result:
	case <-ctx.Done():
		if r.taken.CompareAndSwap(false, true) {
			return engineFault(ctx.Err())
		}
		o = <-r.result
	}
	switch {
	case o.panicked != nil:
		panic(o.panicked)
	case o.exited:
		runtime.Goexit()
	}
	return o.err
}

// writer owns the one connection that writes.
type writer struct {
	db        *DB
	c         *conn
	queue     *queue
	folder    *folder
	confirmer *confirmer
	running   bool
	ended     chan struct{}

	// These belong to the writer's goroutine, and to the one that follows it if a closure ends it.
	batch batch
	// alone are the requests whose common transaction was lost: each runs again in one of its own.
	alone      []*request
	remembered *remembered
	// pages is how many have been written, by estimate, since a portion of the log was folded.
	pages int

	mu sync.Mutex
	// dead is why nothing can be written any more.
	dead error
}

// run serves requests until the queue is closed and empty. A closure that ends its goroutine ends this one, and another goes on with what it had begun.
func (w *writer) run() {
	done := false
	defer func() {
		if !done {
			go w.run()
			return
		}
		close(w.ended)
	}()
	for {
		switch {
		case w.batch.open:
			w.share()
		case len(w.alone) > 0:
			r := w.alone[0]
			w.alone = w.alone[1:]
			w.solo(r)
		default:
			r := w.queue.wait()
			if r == nil {
				done = true
				return
			}
			w.first(r)
		}
	}
}

// serve runs the request's closure in its savepoint, and keeps or undoes what it wrote. It notes the outcome in the request, whatever the closure did.
func (w *writer) serve(r *request) {
	t := &tx{db: w.db, c: w.c, writes: true, seen: w.db.marks.last.Load(), remembered: w.remembered}
	o := outcome{}
	returned := false
	defer func() {
		t.finish()
		w.pages += t.wrote.pages
		if !returned {
			if value := recover(); value != nil {
				o.panicked = &Panic{Value: value, Stack: debug.Stack()}
			} else {
				o.exited = true
			}
		}
		if returned && o.err == nil && r.ctx.Err() != nil {
			o.err = engineFault(r.ctx.Err())
		}
		o.grown = t.grown
		o.undone, o.lost = w.settle(t, !o.unwound() && o.err == nil)
		r.last = o
	}()
	if err := w.c.do(kindSavepoint); err != nil {
		t.broken, returned = err, true
		o.err = engineFault(err)
		return
	}
	o.err = r.fn(context.WithValue(r.ctx, inside{w.db}, true), t)
	returned = true
	if o.err == nil && t.broken != nil { // the closure swallowed an error that nothing may follow
		o.err = engineFault(t.broken)
	}
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
