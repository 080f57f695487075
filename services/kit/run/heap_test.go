package run

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

func TestGarbageIsCollectedSeldomWhereLittleIsAlive(t *testing.T) {
	for _, c := range []struct {
		live, roots uint64
		want        int
	}{{10 << 20, 2 << 20, 450}, {0, 0, 1600}, {32 << 20, 0, 100}, {40 << 20, 1 << 20, 100}, {1 << 30, 0, 100}} {
		if got := percentFor(c.live, c.roots); got != c.want {
			t.Errorf("%d MB alive, %d MB of roots: GOGC %d, want %d", c.live>>20, c.roots>>20, got, c.want)
		}
	}
	before := debug.SetGCPercent(usual)
	defer debug.SetGCPercent(before)
	goal := func() uint64 {
		read := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
		metrics.Read(read)
		return read[0].Value.Uint64()
	}
	runtime.GC()
	if goal() >= leastGoal/2 {
		t.Skipf("the heap of this test may grow to %d bytes as it is", goal())
	}
	p := &pace{percent: usual}
	p.adjust()
	if got := goal(); got < leastGoal*8/10 || got > leastGoal*12/10 {
		t.Errorf("the heap may grow to %d bytes, want about %d", got, leastGoal)
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
