package loyalty_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Redemptions at once that each take from so many pages that pages and account are written in another order: the account is taken from once, on both engines.
func TestRedemptionsAtOnceFromManyPagesTakeOnce(t *testing.T) {
	r := newRig(t)
	const months = 24
	r.reward(t, "trip", func(req *loyaltyv1.CreateRewardRequest) { req.Prices[0].Points = 10*months - 1 })
	ida := r.enrol(t, "Ida")
	for month := range months {
		_, err := r.points.AdjustPoints(r.manager(t, fmt.Sprint("month-", month)), &loyaltyv1.AdjustPointsRequest{
			Program: "customers", Member: ida, Points: 10, Reason: "A gift", ExpireTime: timestamppb.New(start.AddDate(0, month+1, 0)),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for round := range 3 {
		var all sync.WaitGroup
		var taken atomic.Int64
		var red atomic.Pointer[loyaltyv1.Redemption]
		for i := range 8 {
			all.Go(func() {
				key := fmt.Sprintf("trip-%d-%d", round, i)
				err := asked(func() error {
					resp, err := r.redemptions.RedeemReward(r.shop(t, key), &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: ida, Reward: "trip"})
					if err == nil {
						red.Store(resp.GetRedemption())
					}
					return err
				})
				switch {
				case err == nil:
					taken.Add(1)
				case !fault.Has(err, fault.InsufficientPoints) && !fault.Has(err, fault.IllegalState) && !fault.Has(err, fault.Conflict):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if a := r.account(t, ida); taken.Load() != 1 || a.GetAvailable() != 1 || a.GetReserved() != 0 {
			t.Fatalf("round %d: %d took, and the account is %v", round, taken.Load(), a)
		}
		if _, err := r.reverse(t, fmt.Sprint("back-", round), red.Load()); err != nil {
			t.Fatal(err)
		}
	}
}
