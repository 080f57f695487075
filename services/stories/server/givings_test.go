package server

import (
	"testing"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/stories/domain"
)

// What the customer paid for a reward is not given to them; a reward is, once it is spent and not while it is held. What an order was paid with is no gift beside its points.
func TestARewardCountsWhenItIsSpentAndWhenItComesBack(t *testing.T) {
	const entry = `"entry":"programs/customers/members/m/entries/points-7","wallet":"points","points":`
	const mug = entry + `-100,"details":{"redemption":"r","reward":"mug","story":"stories/ferry"}`
	reward := func(times int64) domain.Gift { return domain.Gift{Program: "customers", Reward: "mug", Times: times} }
	for _, c := range []struct {
		kind, data string
		want       domain.Gift
		counts     bool
	}{
		{"loyalty.points.redeemed", mug, reward(1), true},
		{"loyalty.points.restored", mug, reward(-1), true},
		{"loyalty.points.reserved", mug, domain.Gift{}, false},
		{"loyalty.points.released", mug, domain.Gift{}, false},
		{"loyalty.points.lapsed", mug, domain.Gift{}, false},
		{"loyalty.redemption.kept", mug, domain.Gift{}, false},
		{"loyalty.points.redeemed", entry + `-100,"details":{"redemption":"r","reward":"mug"}`, domain.Gift{}, false},
		{
			"loyalty.points.accrued", entry + `40,"details":{"redemption":"r","story":"stories/ferry"}`,
			domain.Gift{Program: "customers", Wallet: "points", Points: 40}, true,
		},
	} {
		got, counts := givingOf(&loyaltyv1.LoyaltyEvent{Type: c.kind, DataJson: "{" + c.data + "}"})
		if counts != c.counts || counts && (got.gift != c.want || got.story != "ferry") {
			t.Errorf("%s: %v, %v", c.kind, got, counts)
		}
	}
}
