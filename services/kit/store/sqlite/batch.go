package sqlite

import (
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
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
	w.batch = batch{open: true, running: r, grown: growths{}, began: w.db.opts.Clock.Now()}
	w.serve(r)
}

// share counts the request that has run, runs whatever else waits, and commits.
func (w *writer) share() {
	b := &w.batch
	for b.running != nil {
		r := b.running
		b.running = nil
		if r.last.undone {
			r.tell(false)
		}
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
	if err := w.commit(b.ran, b.grown); err != nil && !unsynced(err) {
		w.lose()
		return
	}
	b.open = false
}

// lose ends the transaction and has its requests run again one by one, so that only the one to blame is refused.
func (w *writer) lose() {
	w.abandon()
	for _, r := range w.batch.ran {
		r.tell(false)
	}
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
			r.tell(false)
			r.result <- r.last
		}
	}()
	w.serve(r)
	finished = true
	if o := &r.last; o.undone || o.lost {
		w.abandon()
		r.tell(false)
		if o.err == nil && !o.unwound() {
			o.err = fault.Unavailable.New("the database ended the transaction")
		}
		w.confirmer.begun.Add(1)
		w.refuse(r)
		return
	}
	if err := w.commit([]*request{r}, r.last.grown); err != nil && !unsynced(err) {
		w.abandon()
		r.tell(false)
		r.result <- outcome{err: engineFault(err)}
	}
}

func (w *writer) begin() error {
	if err := w.healthy(); err != nil {
		return err
	}
	w.remembered.begin()
	w.db.marks.begin()
	return engineFault(w.c.do(kindBeginImmediate))
}

// commit ends the transaction and hands it to the confirmer, which answers the requests. What was added to feeds is counted before anybody can see it. SQLite shows
// nothing of a commit that fails. One that fails because the disk did not confirm what it was to follow is the last: its requests have been answered.
func (w *writer) commit(requests []*request, grown growths) error {
	made := commit{requests: requests, grown: grown, fed: grown.fed()}
	if len(made.fed) > 0 {
		w.db.begun.Add(1)
	}
	if w.db.opts.Committed != nil {
		made.began = clock.System().Now()
	}
	number := w.db.marks.touch()
	w.confirmer.begun.Add(1)
	err := w.c.do(kindCommit)
	w.queue.pass()
	if err != nil {
		if len(made.fed) > 0 {
			w.db.begun.Add(-1)
		}
		w.refuse()
		if unsynced(err) {
			w.abandon()
			made.fail(w.condemn(err))
		}
		return err
	}
	w.db.marks.last.Store(number)
	<-w.confirmer.room
	for _, r := range requests {
		if !r.last.undone {
			r.tell(true)
		}
	}
	w.confirmer.add(made)
	if w.pages > portion || w.folder.long.Load() {
		w.pages = 0
		w.folder.written()
	}
	return nil
}

// refuse has requests whose transaction came to nothing answered after the commits before it.
func (w *writer) refuse(requests ...*request) {
	<-w.confirmer.room
	w.confirmer.add(commit{refused: true, requests: requests})
}

// abandon ends a transaction of which SQLite may have nothing left; then rolling back fails, and that is well.
func (w *writer) abandon() { _ = w.c.do(kindRollback) }

// condemn refuses all requests from now on.
func (w *writer) condemn(cause error) *fault.Error {
	dead := fault.Unavailable.New("the disk did not confirm a write; the service must be restarted").Wrap(cause)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = dead
	return dead
}
