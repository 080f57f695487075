package loyalty_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

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

// BenchmarkRedeemTenThousandLots spends all of an account's 10,000 lots for a reward, and gives them back.
func BenchmarkRedeemTenThousandLots(b *testing.B) {
	r := newRig(b)
	r.reward(b, "trip", func(req *loyaltyv1.CreateRewardRequest) {
		req.Prices = []*loyaltyv1.RewardPrice{{Points: 10_000}}
	})
	ida := r.enrol(b, "Ida", external("ida"))
	for portion := range 10 {
		req := &loyaltyv1.ImportMembersRequest{Program: "customers", Source: fmt.Sprint("till-", portion), Members: []*loyaltyv1.ImportedMember{{Identifiers: []*loyaltyv1.MemberIdentifier{external("ida")}}}}
		for n := range 1000 {
			req.Members[0].Balances = append(req.Members[0].Balances, &loyaltyv1.ImportedBalance{Points: 1, IssueTime: day(-400 + portion*30), ExpireTime: timestamppb.New(start.AddDate(0, portion+1, 0).Add(time.Duration(n) * time.Second))})
		}
		if got := r.take(b, req); got.GetRefused() > 0 {
			b.Fatal(got)
		}
	}
	var took []time.Duration
	cpu := time.Duration(0)
	for n := range b.N {
		r.clock.Step(time.Second)
		ctx, began, before := r.shop(b, fmt.Sprint("redeem-", n)), time.Now(), processor(b)
		resp, err := r.redemptions.RedeemReward(ctx, &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: ida, Reward: "trip"})
		took, cpu = append(took, time.Since(began)), cpu+processor(b)-before
		if err != nil {
			b.Fatal(err)
		}
		name := resp.GetRedemption().GetName()
		_, err = r.redemptions.ReverseRedemption(r.shop(b, fmt.Sprint("back-", n)), &loyaltyv1.ReverseRedemptionRequest{Program: "customers", Redemption: name[strings.LastIndex(name, "/")+1:], Reason: "measured"})
		if err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(took[0].Microseconds())/1000, "best-ms")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
}

// BenchmarkImport enrols members with two identifiers and a balance, 500 in a request: one of them is one op.
func BenchmarkImport(b *testing.B) {
	r := newRig(b)
	before := processor(b)
	b.ResetTimer()
	for from := 0; from < b.N; from += 500 {
		req := &loyaltyv1.ImportMembersRequest{Program: "customers"}
		for i := from; i < min(from+500, b.N); i++ {
			req.Members = append(req.Members, &loyaltyv1.ImportedMember{
				DisplayName: fmt.Sprint("Member ", i), Identifiers: []*loyaltyv1.MemberIdentifier{external(fmt.Sprint("K-", i)), email(fmt.Sprintf("m%d@example.org", i))},
				Balances: []*loyaltyv1.ImportedBalance{{Points: int64(100 + i), IssueTime: day(-30), ExpireTime: day(200)}},
			})
		}
		if got := r.take(b, req, fmt.Sprint("portion-", from)); got.GetRefused() > 0 {
			b.Fatal(got)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64((processor(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
}
