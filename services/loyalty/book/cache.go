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

// cache remembers accounts as the last commit of this process left them, where no other process writes to the database: the next step need not read them. It
// spares reading and proves nothing: rows are written only if their version is still the one that was remembered. A nil cache remembers nothing.
type cache struct {
	mu sync.Mutex
	// Two generations: when the young one is full, what was not asked for since goes with the old one.
	young, old map[string]kept
	// drops counts what was dropped, and dropped says of accounts when that was last, as far as it is known: since known.
	drops, known int64
	dropped      map[string]int64
}

func newCache() *cache { return &cache{young: map[string]kept{}, dropped: map[string]int64{}} }

// now is an instant to compare drops with.
func (c *cache) now() int64 {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drops
}

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

// put remembers an account as it was left by an update that began at an instant, unless it has been dropped since: then another update, which may have been committed with
// that one, has changed it.
func (c *cache) put(account string, k kept, began int64) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if began < c.known || began < c.dropped[account] {
		return
	}
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
	c.drops++
	if len(c.dropped) >= mostRemembered {
		clear(c.dropped)
		c.known = c.drops
	}
	c.dropped[account] = c.drops
}
