package sqlite

import (
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// batch runs the first request and whatever else waits in one transaction.
func (w *writer) batch(first *request) {
	if err := w.begin(); err != nil {
		first.say <- order{err: err}
		return
	}
	var shared []*request
	fed := map[*store.Spec]bool{}
	for r := first; r != nil; r, _ = w.queue.next() {
		o := w.give(r)
		if !o.unwound {
			shared = append(shared, r)
		}
		if o.lost {
			w.abandon()
			w.oneByOne(shared)
			return
		}
		if !o.undone {
			for _, t := range o.fed {
				fed[t] = true
			}
		}
		if len(shared) == maxBatch {
			break
		}
	}
	if err := w.commit(len(shared)); err != nil {
		w.abandon()
		if unsynced(err) {
			w.die(shared, err)
			return
		}
		w.oneByOne(shared)
		return
	}
	w.db.topics.Announce(fed)
	for _, r := range shared {
		r.say <- order{}
	}
}

// oneByOne runs requests again whose common transaction was lost, each in its own, so that only the one to blame is refused.
func (w *writer) oneByOne(rs []*request) {
	for i, r := range rs {
		if err := w.healthy(); err != nil {
			for _, r := range rs[i:] {
				r.say <- order{err: err}
			}
			return
		}
		w.solo(r)
	}
}

func (w *writer) solo(r *request) {
	if err := w.begin(); err != nil {
		r.say <- order{err: err}
		return
	}
	o := w.give(r)
	if o.unwound || o.undone || o.lost {
		w.abandon()
		switch {
		case o.unwound:
		case o.err == nil:
			r.say <- order{err: fault.Unavailable.New("the database ended the transaction")}
		default:
			r.say <- order{}
		}
		return
	}
	err := w.commit(1)
	if err != nil {
		w.abandon()
	}
	if unsynced(err) {
		w.die([]*request{r}, err)
		return
	}
	if err == nil {
		fed := map[*store.Spec]bool{}
		for _, t := range o.fed {
			fed[t] = true
		}
		w.db.topics.Announce(fed)
	}
	r.say <- order{err: engineFault(err)}
}

// give lets the request's caller run its closure, and waits until it has.
func (w *writer) give(r *request) outcome {
	r.say <- order{run: true}
	return <-r.ran
}

func (w *writer) begin() error {
	if err := w.healthy(); err != nil {
		return err
	}
	return engineFault(w.c.do(kindBeginImmediate))
}

func (w *writer) commit(requests int) error {
	var began time.Time
	if w.db.opts.Committed != nil {
		began = w.db.opts.Clock.Now()
	}
	err := w.c.do(kindCommit)
	if err == nil && w.db.opts.Committed != nil {
		w.db.opts.Committed(requests, w.db.opts.Clock.Now().Sub(began))
	}
	return err
}

// abandon ends a transaction of which SQLite may have nothing left; then rolling back fails, and that is well.
func (w *writer) abandon() { _ = w.c.do(kindRollback) }

// die refuses these requests and all that follow: after a failed sync nobody can say what the disk holds, and a further sync that succeeds would prove nothing.
// Opening the database again reads what is really there.
func (w *writer) die(rs []*request, cause error) {
	dead := fault.Unavailable.New("the disk did not confirm a write; the service must be restarted").Wrap(cause)
	w.mu.Lock()
	w.dead = dead
	w.mu.Unlock()
	for _, r := range rs {
		r.say <- order{err: dead.WithMeta(store.MetaOutcome, "unknown")}
	}
}
