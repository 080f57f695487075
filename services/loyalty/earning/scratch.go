package earning

import (
	"math/big"
	"strconv"
	"strings"
	"sync"

	"github.com/govalues/decimal"
)

// runs keeps the memory of evaluations that are over for those to come, so that an order costs the collector little more than its result.
var runs = sync.Pool{New: func() any { return &run{used: map[string]int64{}} }}

// scratch is memory of an evaluation into which nothing of its result points.
type scratch struct {
	figures    []big.Int
	places     []int
	counts     []int64
	candidates []candidate
	firing     []*candidate
	// given are the candidates of the awards, in their order.
	given  []*candidate
	sorted []*Compiled
	lines  []lineView
}

// results is memory that becomes part of an evaluation's result, taken in larger pieces.
type results struct {
	shares []Share
	lots   []Lot
	text   strings.Builder
	// left is for how many awards room is still needed, as far as is known.
	left int
}

// mostAhead is for how many shares or lots to come memory is taken at most.
const mostAhead = 64

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
	s = scratch{s.figures[:0], s.places[:0], s.counts[:0], s.candidates[:0], s.firing[:0], s.given[:0], s.sorted[:0], s.lines[:0]}
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

// numbers returns n zeroes with room for a few words each.
func (r *run) numbers(n int) []big.Int {
	const room = 4
	at := len(r.figures)
	if cap(r.figures)-at < n {
		all := make([]big.Int, max(n, 2*cap(r.figures)))
		words := make([]big.Word, len(all)*room)
		for i := range all {
			all[i].SetBits(words[i*room : i*room : (i+1)*room])
		}
		r.figures, at = all[:0], 0
	}
	r.figures = r.figures[:at+n]
	out := r.figures[at : at+n : at+n]
	for i := range out {
		out[i].SetInt64(0)
	}
	return out
}

// keep makes a text of the result.
func (r *run) keep(b []byte) string {
	const each, most = 64, 1024 // what the texts of an award take, more or less
	if t := &r.text; t.Cap()-t.Len() < len(b) {
		*t = strings.Builder{}
		t.Grow(max(len(b), min(each*r.left, most)))
	}
	at := r.text.Len()
	r.text.Write(b)
	return r.text.String()[at:]
}

func (r *run) count(n int64) string {
	var b [20]byte
	return r.keep(strconv.AppendInt(b[:0], n, 10))
}

func (r *run) decimal(d decimal.Decimal) string {
	var b [24]byte
	text, _ := d.AppendText(b[:0]) // it has no error to give
	return r.keep(text)
}

// exactly is exactly, of the result.
func (r *run) exactly(num, den *big.Int) string {
	var b [48]byte
	if text, ok := shortly(b[:0], num, den); ok {
		return r.keep(text)
	}
	return exactly(num, den)
}
