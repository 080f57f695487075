package sqlite

import "sync"

// queue holds the requests that wait for the writer, in the order of their coming.
type queue struct {
	mu     sync.Mutex
	items  []*request
	closed bool
	wake   chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// push reports false if the queue takes no more.
func (q *queue) push(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.items = append(q.items, r)
	q.signal()
	return true
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next returns the first request whose caller still waits for it, or nil.
func (q *queue) next() (r *request, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) > 0 {
		r, q.items[0], q.items = q.items[0], nil, q.items[1:]
		if r.taken.CompareAndSwap(false, true) {
			return r, q.closed
		}
	}
	return nil, q.closed
}

// wait returns the next request; nil when the queue is closed and empty.
func (q *queue) wait() *request {
	for {
		r, closed := q.next()
		if r != nil || closed {
			return r
		}
		<-q.wake
	}
}
