package book

import "sync/atomic"

// fewestHalved is from how many pieces on work is worth a second goroutine.
const fewestHalved = 16

// halves is work in pieces that are asked for in order. If they are many, a second goroutine does them from the other end: where a processor is free all is done in half
// the time, and where none is, whoever asks does it all.
type halves[R any] struct {
	do      func(i int) (R, error)
	results []result[R]
	taken   []atomic.Bool
	// other is closed when the second goroutine has stopped, nil if there is none.
	other chan struct{}
}

type result[R any] struct {
	value R
	err   error
	done  bool
}

// halved begins n pieces of work. do must be pure: it may run beside whatever its caller does next, until each piece was asked for.
func halved[R any](n int, do func(i int) (R, error)) *halves[R] {
	h := &halves[R]{do: do}
	if n < fewestHalved {
		return h
	}
	h.results, h.taken, h.other = make([]result[R], n), make([]atomic.Bool, n), make(chan struct{})
	go func() {
		defer close(h.other)
		defer func() { _ = recover() }() // whoever asks for that piece does it again, and panics where it is to be seen
		for i := n - 1; i >= 0 && h.taken[i].CompareAndSwap(false, true); i-- {
			h.results[i].value, h.results[i].err = do(i)
			h.results[i].done = true
		}
	}()
	return h
}

// get returns what became of a piece.
func (h *halves[R]) get(i int) (R, error) {
	if h.other == nil || h.taken[i].CompareAndSwap(false, true) {
		return h.do(i)
	}
	<-h.other // it is doing this one, or has done all from here on
	if r := &h.results[i]; r.done {
		return r.value, r.err
	}
	return h.do(i)
}
