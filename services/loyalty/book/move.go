package book

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/store"
	"renown.example/loyalty/tables"
)

// mostTogether bounds how many commands share an update.
const mostTogether = 256

// Move runs a command that writes nothing but through its unit, and so can share an update with others: those that come while one is committed wait, and go into the
// next together. Each is refused or done by itself; the accounts that several of them are about are read and written once. Otherwise it is like Do.
func Move[R any, P interface {
	*R
	proto.Message
}](ctx context.Context, b *Books, req proto.Message, fn func(ctx context.Context, u *Unit) (P, error)) (P, error) {
	if b.remembered == nil {
		return Do(ctx, b, req, fn)
	}
	c, err := commandOf(ctx, req)
	if err != nil {
		return nil, err
	}
	w := &waiting{ctx: ctx, command: c, done: make(chan struct{}), run: func(ctx context.Context, u *Unit) (proto.Message, error) {
		reply, err := fn(ctx, u)
		if err != nil {
			return nil, err
		}
		return reply, nil
	}}
	b.queue.submit(b, w)
	if w.alone {
		return Do(ctx, b, req, fn)
	}
	if w.err != nil {
		return nil, w.err
	}
	reply := w.reply.(P)
	if b.Sealed != nil {
		b.Sealed(reply, w.sealed)
	}
	return reply, nil
}

// waiting is a command that waits for its turn.
type waiting struct {
	ctx     context.Context
	command command
	run     func(ctx context.Context, u *Unit) (proto.Message, error)
	done    chan struct{}

	reply  proto.Message
	sealed store.Row[tables.Entry]
	err    error
	main   *tables.Entry
	// alone says that the command is to be run by itself: its key may have been used, or what it shared an update with was not committed.
	alone bool
}

// queue lets one caller at a time run what has gathered.
type queue struct {
	mu      sync.Mutex
	running bool
	gather  []*waiting
}

// submit returns when the command was run. The first who comes runs what has gathered by the time, again and again while there is something; so nobody waits for a
// goroutine of its own to wake up.
func (q *queue) submit(b *Books, w *waiting) {
	q.mu.Lock()
	q.gather = append(q.gather, w)
	if q.running {
		q.mu.Unlock()
		<-w.done
		return
	}
	q.running = true
	q.mu.Unlock()
	go q.lead(b)
	<-w.done
}

// lead runs what gathers until there is nothing left.
func (q *queue) lead(b *Books) {
	for {
		q.mu.Lock()
		if len(q.gather) == 0 {
			q.running = false
			q.mu.Unlock()
			return
		}
		n := min(len(q.gather), mostTogether)
		batch := q.gather[:n:n]
		q.gather = q.gather[n:]
		q.mu.Unlock()
		b.together(batch)
		for _, w := range batch {
			close(w.done)
		}
	}
}

// together runs commands in one update.
func (b *Books) together(batch []*waiting) {
	finished := false
	defer func() {
		if !finished { // a command has panicked: it does so again in its caller's goroutine
			recover()
			sendAway(batch)
		}
	}()
	var s *session
	ctx := context.WithoutCancel(batch[0].ctx)
	err := b.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		s = newSession(ctx, b, tx, b.remembered)
		for _, w := range batch {
			w.reply, w.err, w.main, w.alone = nil, nil, nil, false
			if err := s.serve(w); err != nil {
				return err
			}
		}
		return s.write()
	})
	finished = true
	if err != nil {
		if s != nil {
			s.forget()
		}
		sendAway(batch)
		return
	}
	s.keep()
	for _, w := range batch {
		if w.main != nil {
			w.sealed = s.sealed[w.main]
		}
	}
}

func sendAway(batch []*waiting) {
	for _, w := range batch {
		w.alone = true
	}
}

// serve runs one of several commands. The error is one after which the update cannot go on.
func (s *session) serve(w *waiting) error {
	if err := w.ctx.Err(); err != nil {
		w.err = err
		return nil
	}
	u := s.unit(w.command.actor)
	reply, err := w.run(w.ctx, u)
	if err == nil {
		err = u.finish(w.ctx)
	}
	if err == nil {
		if err := u.sign(w.command, reply, nil); err != nil {
			return err
		}
		w.reply, w.main = reply, u.main
		return nil
	}
	u.undo()
	if w.command.key == "" {
		w.err = err
		return nil
	}
	// Whether it was done before is found out where it is alone: there the answer to its key comes before everything else.
	w.alone = true
	return nil
}
