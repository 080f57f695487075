package earning

import (
	"math/big"
	"sync"
)

// runs keeps the memory of evaluations that are over for those to come, so that an order costs the collector little more than its result.
var runs = sync.Pool{New: func() any { return &run{used: map[string]int64{}} }}

// scratch is memory of an evaluation into which nothing of its result points.
type scratch struct {
	numbers    []big.Int
	places     []int32
	counts     []int64
	candidates []candidate
	firing     []*candidate
	// given are the candidates that are given, in their order.
	given  []*candidate
	sorted []*Compiled
	lines  []lineView
	// silents is memory of those in quiet.
	silents []Silent
	quiet   []*Silent
}

// release gives the memory of a run to those to come. Its result stays with whoever has it.
func (r *run) release() {
	s := r.scratch
	clear(s.places)
	clear(s.counts)
	clear(s.candidates)
	clear(s.firing)
	clear(s.given)
	clear(s.sorted)
	clear(s.lines)
	clear(s.silents)
	clear(s.quiet)
	s = scratch{s.numbers[:0], s.places[:0], s.counts[:0], s.candidates[:0], s.firing[:0], s.given[:0], s.sorted[:0], s.lines[:0], s.silents[:0], s.quiet[:0]}
	clear(r.used)
	*r = run{used: r.used, scratch: s}
	runs.Put(r)
}

// take cuts n zeroes off the memory, of which there is more, at least so much, where it is used up. What was taken before stays where it is.
func take[T any](from *[]T, n, more int) []T {
	at := len(*from)
	if cap(*from)-at < n {
		*from, at = make([]T, 0, max(n, more)), 0
	}
	*from = (*from)[:at+n]
	return (*from)[at : at+n : at+n]
}

// zeroes returns n zeroes with room for a few words each.
func (r *run) zeroes(n int) []big.Int {
	const room = 4
	at := len(r.numbers)
	if cap(r.numbers)-at < n {
		all := make([]big.Int, max(n, 2*cap(r.numbers)))
		words := make([]big.Word, len(all)*room)
		for i := range all {
			all[i].SetBits(words[i*room : i*room : (i+1)*room])
		}
		r.numbers, at = all[:0], 0
	}
	r.numbers = r.numbers[:at+n]
	out := r.numbers[at : at+n : at+n]
	for i := range out {
		out[i].SetInt64(0)
	}
	return out
}
