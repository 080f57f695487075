package run

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

func TestGarbageIsCollectedSeldomWhereLittleIsAlive(t *testing.T) {
	for _, c := range []struct {
		live, roots uint64
		want        int
	}{{10 << 20, 2 << 20, 450}, {0, 0, 1600}, {32 << 20, 0, 100}, {40 << 20, 1 << 20, 100}, {1 << 30, 0, 100}} {
		if got := percentFor(smallGoal, c.live, c.roots); got != c.want {
			t.Errorf("%d MB alive, %d MB of roots: GOGC %d, want %d", c.live>>20, c.roots>>20, got, c.want)
		}
	}
	for memory, want := range map[uint64]uint64{256 << 20: smallGoal, 2 << 30: 128 << 20, 64 << 30: largeGoal} {
		if got := leastGoal(memory, nil); got != want {
			t.Errorf("with %d MB of memory the heap grows to %d MB, want %d", memory>>20, got>>20, want>>20)
		}
	}
	if got := leastGoal(0, memlimit.ErrNoLimit); got != smallGoal {
		t.Errorf("where nobody knows the memory the heap grows to %d bytes", got)
	}
	before := debug.SetGCPercent(usual)
	defer debug.SetGCPercent(before)
	goal := func() uint64 {
		read := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
		metrics.Read(read)
		return read[0].Value.Uint64()
	}
	runtime.GC()
	if goal() >= smallGoal/2 {
		t.Skipf("the heap of this test may grow to %d bytes as it is", goal())
	}
	p := &pace{goal: smallGoal, percent: usual}
	p.adjust()
	if got := goal(); got < smallGoal*8/10 || got > smallGoal*12/10 {
		t.Errorf("the heap may grow to %d bytes, want about %d", got, smallGoal)
	}
	alive := make([]*[1 << 20]byte, 48)
	for i := range alive {
		alive[i] = new([1 << 20]byte)
	}
	runtime.GC()
	p.adjust()
	if p.percent != usual {
		t.Errorf("with %d MB alive, GOGC is %d", len(alive), p.percent)
	}
	runtime.KeepAlive(alive)
}
