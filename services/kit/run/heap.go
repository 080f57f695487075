package run

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

// leastGoal is the size, in bytes, that the heap reaches before garbage is collected, however little of it is alive. Go collects when the heap has doubled: ten
// megabytes of live data, which is what a small installation has, mean fifteen collections a second under load, and those take a third of what it could answer.
// Where more than half of it is alive, Go's own rule holds.
const leastGoal = 64 << 20

// spaceOut makes collections as rare as leastGoal allows, from now on and in the whole process. Who sets GOGC has decided otherwise.
var spaceOut = sync.OnceFunc(func() {
	if os.Getenv("GOGC") == "" {
		afterEach(&pace{percent: usual})
	}
})

// usual is Go's own GOGC.
const usual = 100

// pace is what garbage collection was last told.
type pace struct{ percent int }

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
	want := percentFor(live, roots)
	// Setting it stops the world for a moment, which is not worth a tenth.
	if d := want - p.percent; d > p.percent/10 || -d > p.percent/10 {
		p.percent = want
		debug.SetGCPercent(want)
	}
}

// percentFor returns the GOGC by which a heap of which so much is alive grows to leastGoal, or the usual one if that is more. Go counts the roots, stacks and
// globals, among what it multiplies, and never collects below 4 MiB times GOGC.
func percentFor(live, roots uint64) int {
	if live >= leastGoal {
		return usual
	}
	return min(max(usual, int((leastGoal-live)*100/max(live+roots, 1))), leastGoal*100/(4<<20))
}
