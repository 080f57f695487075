package server

import (
	"math/rand/v2"
	"testing"

	"renown.example/kit/store"
	"renown.example/loyalty/tables"
)

// TestFollowersSeeTheJournalAsItIs has several followers read a journal that grows, with gaps in its numbers, now and then one that begins far behind.
func TestFollowersSeeTheJournalAsItIs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var journal []store.Row[tables.Entry]
	var memory recent
	reads := 0
	positions := make([]int64, 4)
	for range 3000 {
		for range r.IntN(40) {
			row := store.Row[tables.Entry]{Seq: int64(1 + r.IntN(2))}
			if n := len(journal); n > 0 {
				row.Seq += journal[n-1].Seq
			}
			journal = append(journal, row)
		}
		who := r.IntN(len(positions))
		if r.IntN(200) == 0 {
			positions[who] /= 2
		}
		after, limit := positions[who], 1+r.IntN(300)
		from := 0
		for from < len(journal) && journal[from].Seq <= after {
			from++
		}
		want := journal[from:min(len(journal), from+limit)]
		got, err := memory.feed(after, limit, func() ([]store.Row[tables.Entry], error) {
			reads++
			return want, nil
		})
		if err != nil || len(got) > limit || len(want) > 0 && len(got) == 0 {
			t.Fatalf("after %d, %d of at most %d, %v", after, len(got), limit, err)
		}
		for i, row := range got {
			if row.Seq != want[i].Seq {
				t.Fatalf("after %d comes %d at place %d, not %d", after, row.Seq, i, want[i].Seq)
			}
			positions[who] = row.Seq
		}
		if len(memory.rows) > mostRecent {
			t.Fatalf("%d entries are remembered", len(memory.rows))
		}
	}
	if reads == 3000 || reads == 0 {
		t.Errorf("%d of 3000 answers were read", reads)
	}
}
