package book

import (
	"context"
	"hash/fnv"
	"io"
	"sync"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/store"
	"renown.example/loyalty/tables"
)

// mostTogether bounds how many commands share an update, mostElsewhere where each of them waits for the network.
const mostTogether, mostElsewhere = 256, 64

// Move runs a command that writes nothing but through its unit, and so can share an update with others: those that come while one is committed wait, and go into the
// next together. Each is refused or done by itself; the accounts that several of them are about are read and written once. Otherwise it is like Do.
//
// Where no other process writes there is one queue: its engine has one writer. Elsewhere there are several, whose updates run beside each other; the commands on one
// member's accounts meet in one of them, instead of undoing each other at the server.
func Move[R any, P interface {
	*R
	proto.Message
}](ctx context.Context, b *Books, req proto.Message, fn func(ctx context.Context, u *Unit) (P, error)) (P, error) {
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
	q := b.queueOf(req)
	if q == nil {
		return Do(ctx, b, req, fn)
	}
	q.submit(b, w)
	select {
	case <-w.done:
	case <-ctx.Done(): // its update may yet be committed: the key tells
		return nil, ctx.Err()
	}
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

// queue lets one caller at a time run what has gathered. Where the engine runs the next update while the disk confirms the one before, so does the queue.
type queue struct {
	mu      sync.Mutex
	running bool
	gather  []*waiting
	most    int
	// turn, if there are several queues, is held by what runs on the members of this one: an update that commands share, or a command by itself.
	turn chan struct{}
}

// oneQueue is for an engine that has one writer.
func oneQueue() []*queue { return []*queue{{most: mostTogether}} }

// manyQueues are for an engine that runs updates beside each other.
func manyQueues() []*queue {
	many := make([]*queue, 16)
	for i := range many {
		many[i] = &queue{most: mostElsewhere, turn: make(chan struct{}, 1)}
	}
	return many
}

// take waits for the queue's turn; the function that it returns gives it back.
func (q *queue) take(ctx context.Context) (release func(), err error) {
	if q == nil || q.turn == nil {
		return func() {}, nil
	}
	select {
	case q.turn <- struct{}{}:
		return func() { <-q.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// queueOf returns where the commands on a member wait, nil for one that names none.
func (b *Books) queueOf(req proto.Message) *queue {
	about, ok := req.(interface{ GetMember() string })
	switch {
	case len(b.queues) == 1:
		return b.queues[0]
	case !ok || about.GetMember() == "":
		return nil
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, about.GetMember()) // a hash takes everything
	return b.queues[h.Sum32()%uint32(len(b.queues))]
}

// submit adds a command, whose done is closed when it was run. The first who comes begins to run what has gathered by the time, again and again while there is
// something.
func (q *queue) submit(b *Books, w *waiting) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gather = append(q.gather, w)
	if !q.running {
		q.running = true
		go q.lead(b)
	}
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
		n := min(len(q.gather), q.most)
		batch := q.gather[:n:n]
		q.gather = q.gather[n:]
		q.mu.Unlock()
		next := make(chan struct{})
		go q.run(b, batch, sync.OnceFunc(func() { close(next) }))
		<-next
	}
}

// run runs commands, which are told when they are done. It calls free when others may be run.
func (q *queue) run(b *Books, batch []*waiting, free func()) {
	defer func() { // also if a command has ended the goroutine
		for _, w := range batch {
			close(w.done)
		}
		free()
	}()
	if release, err := q.take(context.Background()); err == nil {
		defer release()
	}
	b.together(batch, free)
}

// together runs commands in one update. When a key has been used before, or a name is taken, it runs them once more and looks for their keys first: only those go away
// that have been answered.
func (b *Books) together(batch []*waiting, free func()) {
	finished := false
	defer func() {
		if !finished { // a command has panicked: it does so again in its caller's goroutine
			recover()
			sendAway(batch)
		}
	}()
	err := b.share(batch, false, free)
	if store.ViolatedIndex(err) != "" {
		err = b.share(batch, true, free)
	}
	finished = true
	if err != nil {
		sendAway(batch)
	}
}

// share runs commands in one update. Its accounts are remembered as it leaves them before it is committed, for what comes next may be run at once, and forgotten if it is
// undone.
func (b *Books) share(batch []*waiting, looking bool, free func()) error {
	var s *session
	ctx := store.WhenWritten(context.WithoutCancel(batch[0].ctx), func(written bool) {
		switch {
		case written:
			free()
		case s != nil:
			s.forget()
		}
	})
	err := b.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		if b.remembered == nil {
			tx = &recalling{Writer: tx, known: map[recalled]store.Doc{}}
		}
		s = newSession(ctx, b, tx, b.remembered)
		for _, w := range batch {
			w.reply, w.err, w.main, w.alone = nil, nil, nil, false
			if err := s.serve(w, looking); err != nil {
				return err
			}
		}
		if err := s.write(); err != nil {
			return err
		}
		s.keep()
		return nil
	})
	if err != nil {
		return err
	}
	for _, w := range batch {
		if w.main != nil {
			w.sealed = s.sealed[w.main]
		}
	}
	return nil
}

// recalling spares an update that commands share what several of them read, such as their programme. What they write is written when all of them have run.
type recalling struct {
	store.Writer
	known map[recalled]store.Doc
}

type recalled struct {
	table *store.Spec
	id    string
}

// Get implements store.Reader.
func (r *recalling) Get(ctx context.Context, s *store.Spec, id string) (store.Doc, error) {
	if d, ok := r.known[recalled{s, id}]; ok {
		return d, nil
	}
	d, err := r.Writer.Get(ctx, s, id)
	if err == nil {
		r.known[recalled{s, id}] = d
	}
	return d, err
}

func sendAway(batch []*waiting) {
	for _, w := range batch {
		w.alone = true
	}
}

// serve runs one of several commands. The error is one after which the update cannot go on.
func (s *session) serve(w *waiting, looking bool) error {
	if err := w.ctx.Err(); err != nil {
		w.err = err
		return nil
	}
	if key := w.command.key; s.keys[key] { // it is answered as soon as the one before it is
		w.alone = true
		return nil
	}
	if looking {
		before, err := w.command.find(s.ctx, s.tx)
		if err != nil {
			return err
		}
		if w.alone = before.is; w.alone {
			return nil
		}
	}
	u := s.unit(w.command.actor)
	u.trusts = !looking
	refusal := s.try(w, u)
	if refusal != nil && u.trusted {
		u = s.unit(w.command.actor)
		refusal = s.try(w, u)
	}
	if refusal != nil {
		return s.refused(w, refusal)
	}
	if err := u.sign(w.command, w.reply, nil); err != nil {
		return err
	}
	w.main = u.main
	if w.command.key != "" {
		s.keys[w.command.key] = true
	}
	return nil
}

// try runs a command, of which nothing is left if it is refused.
func (s *session) try(w *waiting, u *Unit) error {
	reply, err := w.run(w.ctx, u)
	if err == nil {
		err = u.finish(w.ctx)
	}
	if err != nil {
		u.undo()
		return err
	}
	w.reply = reply
	return nil
}

// refused keeps a refusal for the command's key, as Do does, unless the key has been used before: that answer comes before everything else, and is given where the command
// is alone.
func (s *session) refused(w *waiting, refusal error) error {
	if w.command.key == "" {
		w.err = refusal
		return nil
	}
	before, err := w.command.find(s.ctx, s.tx)
	if err != nil {
		return err
	}
	if w.alone = before.is; w.alone {
		return nil
	}
	if w.err = refusal; !business(refusal) {
		return nil
	}
	s.keys[w.command.key] = true
	return s.unit(w.command.actor).sign(w.command, nil, refusal)
}
