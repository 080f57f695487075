package book

import (
	"sync"

	"renown.example/kit/store"
	"renown.example/loyalty/tables"
)

// mostRemembered bounds how many accounts are remembered.
const mostRemembered = 20_000

// kept is an account and the page to which its next lot will be added.
type kept struct {
	row  store.Row[tables.Account]
	tail packed
}

// cache remembers accounts as the last update of this process left them, where no other process writes to the database: the next step need not read them. It
// spares reading and proves nothing: rows are written only if their version is still the one that was remembered. Updates run one after the other there, and say while they
// run what is to be remembered or dropped. A nil cache remembers nothing.
type cache struct {
	mu sync.Mutex
	// Two generations: when the young one is full, what was not asked for since goes with the old one.
	young, old map[string]kept
}

func newCache() *cache { return &cache{young: map[string]kept{}} }

func (c *cache) get(account string) (kept, bool) {
	if c == nil {
		return kept{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.young[account]
	if !ok {
		if k, ok = c.old[account]; ok {
			c.add(account, k)
		}
	}
	return k, ok
}

func (c *cache) put(account string, k kept) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(account, k)
}

func (c *cache) add(account string, k kept) {
	if len(c.young) >= mostRemembered/2 {
		c.young, c.old = make(map[string]kept, mostRemembered/2), c.young
	}
	c.young[account] = k
}

func (c *cache) drop(account string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.young, account)
	delete(c.old, account)
}
