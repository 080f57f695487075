package sqlite

import (
	"slices"
	"sync"

	"renown.example/kit/store"
)

// How many rows of a feed are remembered, and how many bytes of them.
const (
	longestTail  = 4096
	heaviestTail = 4 << 20
)

// tail remembers the end of a feed as it was committed: whoever follows reads from it, and not pages of which the connection's cache knows, after each commit, that they
// may have changed. This process is the only one that writes, so that nothing can be missing in it.
type tail struct {
	mu   sync.Mutex
	docs []*doc
	size int
}

// feed returns up to limit rows after a number; ok says that it remembers all there are.
func (t *tail) feed(after int64, limit int) (docs []store.Doc, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.docs) == 0 || after < t.docs[0].seq-1 {
		return nil, false
	}
	from, _ := slices.BinarySearchFunc(t.docs, after+1, func(d *doc, seq int64) int { return int(d.seq - seq) })
	for _, d := range t.docs[from:min(len(t.docs), from+limit)] {
		docs = append(docs, d)
	}
	return docs, true
}

// add adds rows that were committed, and forgets the oldest beyond the bounds, but for the last row.
func (t *tail) add(docs []*doc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range docs {
		t.docs = append(t.docs, d)
		t.size += len(d.text)
	}
	first := 0
	for ; first < len(t.docs)-1 && (len(t.docs)-first > longestTail || t.size > heaviestTail); first++ {
		t.size -= len(t.docs[first].text)
		t.docs[first] = nil // the array lives on until it is full
	}
	t.docs = t.docs[first:]
}

// clear forgets everything: a row was deleted.
func (t *tail) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.docs, t.size = nil, 0
}

// growth is what a transaction has done to a feed.
type growth struct {
	docs []*doc
	// cut says that a row was deleted.
	cut bool
}

// growths are those of several feeds. A nil map is of none, and cannot be added to.
type growths map[*table]growth

func (g growths) add(more growths) {
	for t, of := range more {
		sum := g[t]
		sum.docs, sum.cut = append(sum.docs, of.docs...), sum.cut || of.cut
		g[t] = sum
	}
}

// fed returns the feeds that have new rows.
func (g growths) fed() map[*store.Spec]bool {
	fed := map[*store.Spec]bool{}
	for t, of := range g {
		if len(of.docs) > 0 {
			fed[t.spec] = true
		}
	}
	return fed
}

// committed has the tails remember what was committed.
func (g growths) committed() {
	for t, of := range g {
		if of.cut {
			t.tail.clear()
			continue
		}
		t.tail.add(of.docs)
	}
}
