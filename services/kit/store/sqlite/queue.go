package sqlite

import (
	"sync"
	"time"
)

// queue holds the requests that wait for the writer, in the order of their coming, and those that are patient by themselves: see store.Patient.
type queue struct {
	mu      sync.Mutex
	items   []*request
	patient []*request
	// passed counts the commits for which the patient have waited. Idle says that nobody else came.
	passed int
	idle   bool
	closed bool
	wake   chan struct{}
}

// How long patient requests wait: so many commits of others, of which each then takes in one, or until nobody else has come for a moment.
const (
	mostPassed = 12
	moment     = 5 * time.Millisecond
)

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// push reports false if the queue takes no more.
func (q *queue) push(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	if r.patient {
		q.patient = append(q.patient, r)
	} else {
		q.items = append(q.items, r)
	}
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

// next returns the first request whose caller still waits for it, or nil. Patient ones come last until they have waited long enough; then one of them is next.
func (q *queue) next() (r *request, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.passed >= mostPassed {
		r = first(&q.patient)
		q.passed = mostPassed - 1
	}
	if r == nil {
		r = first(&q.items)
	}
	if r == nil && (q.idle || q.closed) {
		r = first(&q.patient)
	}
	return r, q.closed
}

func first(list *[]*request) (r *request) {
	for len(*list) > 0 {
		r, (*list)[0], *list = (*list)[0], nil, (*list)[1:]
		if r.taken.CompareAndSwap(false, true) {
			return r
		}
	}
	return nil
}

// pass counts a commit.
func (q *queue) pass() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.idle = false
	if len(q.patient) == 0 {
		q.passed = 0
		return
	}
	q.passed++
}

// tire has those that are patient wait no longer.
func (q *queue) tire() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.idle = true
}

// some reports whether any patient request waits.
func (q *queue) some() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.patient) > 0
}

// wait returns the next request; nil when the queue is closed and empty.
func (q *queue) wait() *request {
	for {
		r, closed := q.next()
		switch {
		case r != nil || closed:
			return r
		case q.some():
			select {
			case <-q.wake:
			case <-time.After(moment):
				q.tire()
			}
		default:
			<-q.wake
		}
	}
}
