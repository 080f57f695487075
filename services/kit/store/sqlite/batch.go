package sqlite

import (
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// batch is the transaction that requests share.
type batch struct {
	open bool
	// running is the request whose closure runs, if it has not yet been counted among those that ran.
	running *request
	ran     []*request
	grown   growths
	began   time.Time
}

// longest is how long a batch goes on taking requests. Large ones, such as portions of an import, are answered while others run, not with them.
const longest = 50 * time.Millisecond

// first begins a transaction with a request.
func (w *writer) first(r *request) {
	if err := w.begin(); err != nil {
		r.result <- outcome{err: err}
		return
	}
	w.batch = batch{open: true, running: r, ran: w.batch.ran[:0], grown: growths{}, began: w.db.opts.Clock.Now()}
	w.serve(r)
}

// share counts the request that has run, runs whatever else waits, and commits.
func (w *writer) share() {
	b := &w.batch
	for b.running != nil {
		r := b.running
		b.running = nil
		if r.last.unwound() {
			r.result <- r.last // its caller unwinds as well: whether the others are committed is nothing to it
		} else {
			b.ran = append(b.ran, r)
		}
		if r.last.lost {
			w.lose()
			return
		}
		if !r.last.undone {
			b.grown.add(r.last.grown)
		}
		if len(b.ran) == maxBatch || w.db.opts.Clock.Now().Sub(b.began) >= longest {
			break
		}
		if b.running, _ = w.queue.next(); b.running != nil {
			w.serve(b.running)
		}
	}
	err := w.commit(len(b.ran), b.grown)
	switch {
	case unsynced(err):
		w.abandon()
		w.die(b.ran, err)
	case err != nil:
		w.lose()
		return
	default:
		w.db.topics.Announce(b.grown.fed())
		for _, r := range b.ran {
			r.result <- r.last
		}
	}
	b.open = false
}

// lose ends the transaction and has its requests run again one by one, so that only the one to blame is refused.
func (w *writer) lose() {
	w.abandon()
	w.alone = append(w.alone, w.batch.ran...)
	w.batch.open = false
}

// solo runs a request in a transaction of its own.
func (w *writer) solo(r *request) {
	if err := w.begin(); err != nil {
		r.result <- outcome{err: err}
		return
	}
	finished := false
	defer func() {
		if !finished { // the closure has ended the goroutine
			w.abandon()
			r.result <- r.last
		}
	}()
	w.serve(r)
	finished = true
	o := r.last
	if o.undone || o.lost {
		w.abandon()
		if o.err == nil && !o.unwound() {
			o.err = fault.Unavailable.New("the database ended the transaction")
		}
		r.result <- o
		return
	}
	err := w.commit(1, o.grown)
	if err != nil {
		w.abandon()
	}
	if unsynced(err) {
		w.die([]*request{r}, err)
		return
	}
	if err == nil {
		w.db.topics.Announce(o.grown.fed())
	}
	r.result <- outcome{err: engineFault(err)}
}

func (w *writer) begin() error {
	if err := w.healthy(); err != nil {
		return err
	}
	w.remembered.begin()
	w.db.marks.begin()
	return engineFault(w.c.do(kindBeginImmediate))
}

// commit ends the transaction. What was added to feeds is counted before anybody can see it, and as seen before anybody is told; SQLite shows nothing of a
// commit that fails.
func (w *writer) commit(requests int, grown growths) error {
	fed := len(grown.fed()) > 0
	var began time.Time
	if fed {
		w.db.begun.Add(1)
	}
	if w.db.opts.Committed != nil {
		began = clock.System().Now()
	}
	number := w.db.marks.touch()
	err := w.c.do(kindCommit)
	if err == nil {
		w.db.marks.last.Store(number)
	}
	w.queue.pass()
	if err == nil {
		grown.committed()
	}
	if w.pages > portion || w.folder.long.Load() {
		w.pages = 0
		w.folder.written()
	}
	switch {
	case fed && err == nil:
		w.db.seen.Add(1)
	case fed:
		w.db.begun.Add(-1)
	}
	if err == nil && w.db.opts.Committed != nil {
		w.db.opts.Committed(requests, clock.System().Now().Sub(began))
	}
	return err
}

// abandon ends a transaction of which SQLite may have nothing left; then rolling back fails, and that is well.
func (w *writer) abandon() { _ = w.c.do(kindRollback) }

// die refuses these requests and all that follow: after a failed sync nobody can say what the disk holds, and a further sync that succeeds would prove nothing.
// Opening the database again reads what is really there.
func (w *writer) die(rs []*request, cause error) {
	dead := w.condemn(cause)
	for _, r := range rs {
		r.result <- outcome{err: dead.WithMeta(store.MetaOutcome, "unknown")}
	}
}

// condemn refuses all requests from now on.
func (w *writer) condemn(cause error) *fault.Error {
	dead := fault.Unavailable.New("the disk did not confirm a write; the service must be restarted").Wrap(cause)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = dead
	return dead
}
