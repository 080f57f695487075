package run

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// The size, in bytes, that the heap reaches before garbage is collected, however little of it is alive, is share of the memory that this machine or container has, but
// neither less nor more than these. Go collects when the heap has doubled: ten megabytes of live data, which is what a small installation has, mean fifteen collections a
// second under load, and those take a third of what it could answer. Where more than half of it is alive, Go's own rule holds.
const (
	share                = 1.0 / 16
	smallGoal, largeGoal = 64 << 20, 256 << 20
)

// leastGoal returns that size for so much memory; err says that nobody knows how much there is.
func leastGoal(memory uint64, err error) uint64 {
	if err != nil {
		return smallGoal
	}
	return min(max(uint64(float64(memory)*share), smallGoal), largeGoal)
}

// spaceOut makes collections as rare as its goal allows, from now on and in the whole process. Who sets GOGC has decided otherwise.
var spaceOut = sync.OnceFunc(func() {
	if os.Getenv("GOGC") == "" {
		goal := leastGoal(memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)())
		afterEach(&pace{goal: goal, percent: usual})
	}
})

// usual is Go's own GOGC.
const usual = 100

// pace is what the heap is to grow to, and what garbage collection was last told.
type pace struct {
	goal    uint64
	percent int
}

// afterEach adjusts the pace now and whenever garbage was collected: then the marker is garbage too, and its cleanup runs.
func afterEach(p *pace) {
	p.adjust()
	marker := new([16]byte)
	runtime.AddCleanup(marker, afterEach, p)
}

func (p *pace) adjust() {
	read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(read)
	live, roots := read[0].Value.Uint64(), read[1].Value.Uint64()+read[2].Value.Uint64()
	want := percentFor(p.goal, live, roots)
	// Setting it stops the world for a moment, which is not worth a tenth.
	if d := want - p.percent; d > p.percent/10 || -d > p.percent/10 {
		p.percent = want
		debug.SetGCPercent(want)
	}
}

// percentFor returns the GOGC by which a heap of which so much is alive grows to a goal, or the usual one if that is more. Go counts the roots, stacks and
// globals, among what it multiplies, and never collects below 4 MiB times GOGC.
func percentFor(goal, live, roots uint64) int {
	if live >= goal {
		return usual
	}
	return min(max(usual, int((goal-live)*100/max(live+roots, 1))), int(goal*100/(4<<20)))
}
