package mongo

import (
	"context"
	"sync"
	"time"

	"renown.example/kit/clock"
)

// rowQueues let the updates of this process that read the same row for update come one after the other, instead of conflicting at the server and running again.
// They are a courtesy: correctness rests on the server, which knows of other processes too. Nobody waits who holds anything, so that there is no deadlock.
type rowQueues struct {
	clock clock.Clock
	mu    sync.Mutex
	rows  map[rowKey]*rowQueue
}

type rowKey struct{ table, id string }

type rowQueue struct {
	turn  chan struct{}
	users int
}

// courtesy bounds how long an update waits for others of this process before it goes to the server all the same. It is longer than requests have time: who goes to the
// server earlier meets those who go on there, and all of them run again.
const courtesy = 20 * time.Second

func newRowQueues(c clock.Clock) *rowQueues {
	return &rowQueues{clock: c, rows: map[rowKey]*rowQueue{}}
}

func (q *rowQueues) enter(k rowKey) *rowQueue {
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.rows[k]
	if r == nil {
		r = &rowQueue{turn: make(chan struct{}, 1)}
		q.rows[k] = r
	}
	r.users++
	return r
}

func (q *rowQueues) leave(k rowKey, r *rowQueue) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if r.users--; r.users == 0 {
		delete(q.rows, k)
	}
}

// take waits for the row; the function that it returns gives the row back. It is nil if the time for courtesy has passed, or with an error that of ctx.
func (q *rowQueues) take(ctx context.Context, k rowKey) (release func(), err error) {
	r := q.enter(k)
	select {
	case r.turn <- struct{}{}:
		return func() { <-r.turn; q.leave(k, r) }, nil
	default:
	}
	select {
	case r.turn <- struct{}{}:
		return func() { <-r.turn; q.leave(k, r) }, nil
	case <-q.clock.After(courtesy):
		q.leave(k, r)
		return nil, nil
	case <-ctx.Done():
		q.leave(k, r)
		return nil, ctx.Err()
	}
}

// tryTake takes the row if nobody has it.
func (q *rowQueues) tryTake(k rowKey) (release func(), ok bool) {
	r := q.enter(k)
	select {
	case r.turn <- struct{}{}:
		return func() { <-r.turn; q.leave(k, r) }, true
	default:
		q.leave(k, r)
		return nil, false
	}
}
