package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// confirmer has the disk confirm commits, in their order, while the writer already runs what comes next: SQLite only writes them to its log. Until
// one is confirmed, nobody is told of it and nobody sees what it did: neither its requests nor whoever follows a feed, and a reader who has met it waits. If the disk
// does not confirm it, nothing after it is either.
type confirmer struct {
	db  *DB
	log *os.File
	// work holds one commit at most, and room is there when it holds none: the writer is at most two commits ahead, so that others gather meanwhile.
	work  chan commit
	room  chan struct{}
	ended chan struct{}

	// begun counts commits before anybody can see them. Of those up to settled it is known what became of them.
	begun, settled atomic.Int64

	mu sync.Mutex
	// moved is closed when settled has grown, or never will again: then dead is why.
	moved chan struct{}
	dead  *fault.Error
}

// commit is one that SQLite has made, or one that was refused: then its requests are answered in their turn, for what they were refused for may not be confirmed yet.
type commit struct {
	refused bool
	// began is when SQLite was asked for it, if anybody wants to know.
	began time.Time
	// requests are those that shared it, and wait for its confirmation.
	requests []*request
	grown    growths
	fed      map[*store.Spec]bool
}

// startConfirmer has the disk confirm first what the log holds already: what a process that was killed has left may be there without having been confirmed, and readers
// are about to see it.
func startConfirmer(db *DB) (*confirmer, error) {
	path := ""
	err := db.writer.c.read("PRAGMA database_list", func(row []driver.Value) error { // beside the file that SQLite has opened, wherever a link led to it, is the log
		if row[1] == "main" {
			path, _ = row[2].(string)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(path+"-wal", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := flush(log); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	c := &confirmer{db: db, log: log, work: make(chan commit, 1), room: make(chan struct{}, 1), ended: make(chan struct{}), moved: make(chan struct{})}
	c.room <- struct{}{}
	go c.run()
	return c, nil
}

func (c *confirmer) run() {
	defer close(c.ended)
	for first := range c.work {
		commits := []commit{first}
		c.room <- struct{}{}
		for len(c.work) > 0 {
			commits = append(commits, <-c.work)
			c.room <- struct{}{}
		}
		if c.dead == nil && slices.ContainsFunc(commits, commit.made) {
			if err := errors.Join(flush(c.log), c.db.writer.healthy()); err != nil {
				c.die(err)
			}
		}
		for _, one := range commits {
			switch {
			case c.dead != nil:
				c.failed(one)
			case one.refused:
				c.settle()
				one.answer()
			default:
				c.confirmed(one)
			}
		}
	}
}

// add takes a commit. There is room, for which the caller has waited.
func (c *confirmer) add(made commit) { c.work <- made }

// confirmed lets everybody know of a commit. What it added to feeds is counted as seen before anybody is told.
func (c *confirmer) confirmed(made commit) {
	if c.db.opts.Committed != nil {
		c.db.opts.Committed(len(made.requests), clock.System().Now().Sub(made.began))
	}
	made.grown.committed()
	if len(made.fed) > 0 {
		c.db.seen.Add(1)
	}
	c.settle()
	c.db.topics.Announce(made.fed)
	made.answer()
}

// failed answers for a commit that nobody is ever shown, as if it had not begun.
func (c *confirmer) failed(made commit) {
	if len(made.fed) > 0 {
		c.db.begun.Add(-1)
	}
	made.fail(c.dead)
}

func (c *confirmer) settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settled.Add(1)
	close(c.moved)
	c.moved = make(chan struct{})
}

// die refuses everything from now on: after a failed sync nobody can say what the disk holds, and a further sync that succeeds would prove nothing. Opening the
// database again reads what is really there.
func (c *confirmer) die(cause error) {
	dead := c.db.writer.condemn(cause)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = dead
	close(c.moved)
}

func (c commit) made() bool { return !c.refused }

func (c commit) answer() {
	for _, r := range c.requests {
		r.result <- r.last
	}
}

// fail answers the requests of a commit of which nobody knows whether it will be there.
func (c commit) fail(dead *fault.Error) {
	for _, r := range c.requests {
		r.result <- outcome{err: dead.WithMeta(store.MetaOutcome, "unknown")}
	}
}

// wait returns when all that can have been seen by now is confirmed.
func (c *confirmer) wait(ctx context.Context) error {
	for begun := c.begun.Load(); c.settled.Load() < begun; {
		c.mu.Lock()
		moved, dead := c.moved, c.dead
		settled := c.settled.Load()
		c.mu.Unlock()
		switch {
		case settled >= begun:
			return nil
		case dead != nil:
			return dead
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return engineFault(ctx.Err())
		}
	}
	return nil
}

// close waits for the commits that are being confirmed.
func (c *confirmer) close() error {
	close(c.work)
	<-c.ended
	return c.log.Close()
}
