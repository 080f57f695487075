package loyalty_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"renown.example/kit/rpc"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// BenchmarkAccrue gives points for visits from 64 clients in the same process: cpu-us is what an accrual takes of the processors, whatever else the machine does.
func BenchmarkAccrue(b *testing.B) {
	r := newRig(b)
	r.rule(b, "visit", &loyaltyv1.EarningRuleTerms{Trigger: "visit", Form: "fixed", Value: "10", Stacking: "all", Life: "rolling P12M"})
	var members []string
	for i := range 500 {
		members = append(members, r.enrol(b, fmt.Sprint("member-", i)))
	}
	ctx := r.shop(b)
	var next atomic.Int64
	var all sync.WaitGroup
	before := processor(b)
	b.ResetTimer()
	for range 64 {
		all.Go(func() {
			for n := int(next.Add(1)); n <= b.N; n = int(next.Add(1)) {
				event := fmt.Sprintf("event-%09d", n)
				_, err := r.orders.AccruePoints(rpc.WithIdempotencyKey(ctx, event), &loyaltyv1.AccruePointsRequest{
					Program: "customers", Member: members[n%len(members)], Event: &loyaltyv1.EventInput{EventId: event, Type: "visit"},
				})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
}

// processor is how much of the processors this process has taken so far.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
