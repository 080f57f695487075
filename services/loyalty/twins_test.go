//go:build unix

package loyalty_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store/enginetest"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// twins are two processes of the service on one MongoDB, which are killed now and then.
type twins struct {
	all [2]*killed
	// up guards who is there: a killed process is written, one that is asked is read.
	up sync.RWMutex
}

func newTwins(t *testing.T) *twins {
	t.Helper()
	uri := enginetest.FreshURI(t, "loyalty")
	if uri == "" {
		t.Skip("SKIPPED: two processes on one database were not tried. RENOWN_TEST_MONGODB_URI is not set.")
	}
	w := &twins{all: [2]*killed{newKilled(t), newKilled(t)}}
	w.all[1].minter, w.all[1].config = w.all[0].minter, w.all[0].config
	for _, k := range w.all {
		k.config.MongoDBURI = uri
		k.start(t)
	}
	return w
}

// again kills one of the two and starts it anew.
func (w *twins) again(t *testing.T, n int) {
	w.up.Lock()
	defer w.up.Unlock()
	w.all[n].kill()
	w.all[n].start(t)
}

// take takes a point by one of the two, and by the other as long as there is no answer, with the same key.
func (w *twins) take(t *testing.T, member, key string, first int) (taken bool) {
	t.Helper()
	for turn := first; ; turn++ {
		w.up.RLock()
		k := w.all[turn%2]
		ctx, cancel := context.WithTimeout(k.manager(t, key), 20*time.Second)
		stop := context.AfterFunc(k.life, cancel)
		points := k.points
		w.up.RUnlock()
		_, err := points.AdjustPoints(ctx, &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: member, Points: -1, Reason: "By hand"})
		stop()
		cancel()
		switch {
		case err == nil:
			return true
		case fault.Has(err, fault.InsufficientPoints):
			return false
		case fault.Has(err, fault.Unavailable), fault.Has(err, fault.Canceled), fault.Has(err, fault.DeadlineExceeded), fault.Has(err, fault.Conflict):
			continue // nobody knows: the other is asked
		}
		t.Errorf("%s: %v", key, err)
		return false
	}
}

// Two processes on MongoDB spend one account, and are killed while they do. Whatever the clients do not get answered they send to the other. Not a point more is spent
// than there was, none twice, and the ledger is whole. Two kills, fifty with RENOWN_TEST_FULL.
func TestTwoProcessesThatAreKilledSpendOneAccountOnce(t *testing.T) {
	kills, points := 2, int64(150)
	if os.Getenv("RENOWN_TEST_FULL") != "" {
		kills, points = 50, 5_000
	}
	w := newTwins(t)
	ida := w.all[0].enrol(t, "Ida")
	if _, err := w.all[1].adjust(t, "give", ida, points); err != nil {
		t.Fatal(err)
	}
	var taken, refusals, asked atomic.Int64
	killing := make(chan int)
	var clients sync.WaitGroup
	for worker := range 16 {
		clients.Go(func() {
			for refused := 0; refused < 3; { // it goes on a little after there is nothing left
				n := asked.Add(1)
				if share := points / int64(kills+1); n%share == 0 && n/share <= int64(kills) {
					killing <- int(n / share)
				}
				if w.take(t, ida, fmt.Sprintf("take-%d-%d", worker, n), rand.IntN(2)) {
					taken.Add(1)
				} else {
					refusals.Add(1)
					refused++
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { clients.Wait(); close(done) }()
	killed := 0
	for over := false; !over; {
		select {
		case n := <-killing:
			<-clock.System().After(time.Duration(rand.IntN(50)) * time.Millisecond)
			w.again(t, n%2)
			killed++
		case <-done:
			over = true
		}
	}
	a := w.all[0].account(t, ida)
	if taken.Load() != points || a.GetAvailable() != 0 || a.GetEntries() != points+1 {
		t.Errorf("of %d points %d were spent, %d refused; the account is %v", points, taken.Load(), refusals.Load(), a)
	}
	if b := w.all[1].account(t, ida); b.GetHead() != a.GetHead() {
		t.Errorf("one has %v, the other %v", a, b)
	}
	if v := w.all[1].verified(t, 20_000); !v.GetWhole() {
		t.Errorf("the ledger is not whole: %v", v)
	}
	t.Logf("%d kills, %d points spent, %d refusals", killed, taken.Load(), refusals.Load())
}
