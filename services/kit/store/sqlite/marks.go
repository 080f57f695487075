package sqlite

import (
	"hash/maphash"
	"sync/atomic"

	"renown.example/kit/store"
)

// places is how many marks there are, of eight bytes each. Rows that share one have what was remembered of them forgotten too early, never too late.
const places = 1 << 18

// marks tell which rows commits have touched. There is one writer: what is noted and touched is its own, what is read anybody's.
type marks struct {
	seed maphash.Seed
	// touched has for each mark the number of the last commit, begun or seen, that may have changed something with it.
	touched []atomic.Int64
	// last is the number of the last commit that readers who begin now see.
	last atomic.Int64
	// noted is what the running transaction has written.
	noted []store.Mark
}

func newMarks() marks {
	return marks{seed: maphash.MakeSeed(), touched: make([]atomic.Int64, places)}
}

func (m *marks) salt(table string) uint64 { return maphash.String(m.seed, table) }

func (m *marks) of(t *table, id string) store.Mark {
	if id == "" {
		return store.Mark(t.salt % places)
	}
	return store.Mark((maphash.String(m.seed, id) ^ t.salt) % places)
}

// begin begins a transaction, which has written nothing.
func (m *marks) begin() { m.noted = m.noted[:0] }

// note says that the running transaction is about to write a row.
func (m *marks) note(t *table, id string) { m.noted = append(m.noted, m.of(t, id), m.of(t, "")) }

// touch gives the running transaction, which is about to be committed, the next number, under which whatever it has written is touched from now on. If it is not
// committed, the next one gets the same number.
func (m *marks) touch() int64 {
	number := m.last.Load() + 1
	for _, at := range m.noted {
		m.touched[at].Store(number)
	}
	return number
}

// Mark implements store.SoleWriter.
func (db *DB) Mark(s *store.Spec, id string) store.Mark {
	t := db.tables[s]
	if t == nil { // nothing will ever write there
		return 0
	}
	return db.marks.of(t, id)
}

// Touched implements store.SoleWriter.
func (db *DB) Touched(m store.Mark) int64 { return db.marks.touched[m].Load() }

// Seen implements store.SoleWriter.
func (db *DB) Seen(in store.Reader) int64 {
	for {
		if t, ok := in.(*tx); ok {
			if t.writes && len(db.marks.noted) > 0 { // noted by the writer, whose goroutine this is
				return -1
			}
			return t.seen
		}
		around, ok := in.(interface{ Unwrap() store.Reader })
		if !ok {
			return 0
		}
		in = around.Unwrap()
	}
}
