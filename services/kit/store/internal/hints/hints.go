// Package hints wakes those who wait for a feed, for the engines.
package hints

import (
	"sync"

	"renown.example/kit/store"
)

// Topics are the subscriptions to feeds. The zero value is ready.
type Topics struct {
	mu   sync.Mutex
	subs map[*store.Spec]map[chan struct{}]bool
}

// Subscribe returns a channel that receives after Announce of the table, and a function that ends the subscription.
func (t *Topics) Subscribe(s *store.Spec) (<-chan struct{}, func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subs == nil {
		t.subs = map[*store.Spec]map[chan struct{}]bool{}
	}
	if t.subs[s] == nil {
		t.subs[s] = map[chan struct{}]bool{}
	}
	ch := make(chan struct{}, 1)
	t.subs[s][ch] = true
	return ch, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.subs[s], ch)
	}
}

// Announce wakes whoever waits for the tables. A subscriber that has not yet received the last hint needs no second one.
func (t *Topics) Announce(fed map[*store.Spec]bool) {
	if len(fed) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for s := range fed {
		for ch := range t.subs[s] {
			select {
			case ch <- struct{}{}:
			default:
			}
		}
	}
}
