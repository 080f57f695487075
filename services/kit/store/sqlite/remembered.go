package sqlite

// What the writer remembers of rows that it has read by their ids: so many bytes in all, of rows that are no longer than that.
const (
	mostRemembered = 8 << 20
	longestRow     = 1 << 10
)

// remembered are rows as they are stored, which the writer has read and will read again, such as the member of each request. Nobody else writes, so that a row is as it was
// until the writer changes it. It belongs to the writer's goroutine. A nil one
// remembers nothing.
type remembered struct {
	// Two generations: when the young one is full, what was not asked for since goes with the old one.
	young, old map[place]*doc
	size       int
	// changed are the rows that the open transaction has written, of which nothing is remembered before it has ended: it may yet be undone.
	changed map[place]bool
}

// place is where a row is.
type place struct {
	table *table
	id    string
}

func newRemembered() *remembered {
	return &remembered{young: map[place]*doc{}, changed: map[place]bool{}}
}

// get returns nil for a row that it does not remember.
func (r *remembered) get(p place) *doc {
	if r == nil {
		return nil
	}
	if d := r.young[p]; d != nil {
		return d
	}
	d := r.old[p]
	if d != nil {
		r.put(p, d)
	}
	return d
}

func (r *remembered) put(p place, d *doc) {
	if r == nil {
		return
	}
	size := len(d.text) + len(p.id)
	if size > longestRow || r.changed[p] {
		return
	}
	if r.size += size; r.size > mostRemembered/2 {
		r.young, r.old, r.size = map[place]*doc{}, r.young, size
	}
	r.young[p] = d
}

// change forgets a row that is written.
func (r *remembered) change(p place) {
	delete(r.young, p)
	delete(r.old, p)
	r.changed[p] = true
}

// begin is told when a transaction begins: those before it have ended, committed or not.
func (r *remembered) begin() { clear(r.changed) }
