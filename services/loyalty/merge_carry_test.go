package loyalty_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// ordersFor records an order of an amount in minor units.
func (r *rig) ordersFor(t testing.TB, member, order string, amount int64) {
	t.Helper()
	_, err := r.orders.RecordOrder(r.shop(t, order), &loyaltyv1.RecordOrderRequest{Program: "customers", Member: member, Order: &loyaltyv1.OrderInput{
		OrderId: order, Lines: []*loyaltyv1.OrderLine{{Id: "1", Sku: "A", Amount: proto.Int64(amount)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) merge(t testing.TB, key, into, from string) *loyaltyv1.Member {
	t.Helper()
	resp, err := r.members.MergeMembers(r.manager(t, key), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: into, Merged: from})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetMember()
}

// earnsAndClimbs gives the customers a rule and tiers.
func (r *rig) earnsAndClimbs(t testing.TB, downgrade loyaltyv1.TierDowngrade) {
	t.Helper()
	_, err1 := r.rules.CreateEarningRule(r.manager(t, "rule"), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: "spend", Terms: &loyaltyv1.EarningRuleTerms{
		DisplayName: "1 point per euro", Trigger: "spend", Form: "per_unit", Value: "1", Per: 100,
	}})
	_, err2 := r.tiers.CreateTierStructure(r.manager(t, "tiers"), &loyaltyv1.CreateTierStructureRequest{
		Program: "customers", StructureId: "status", DisplayName: "Status", Metric: loyaltyv1.TierMetric_TIER_METRIC_EARNED, Period: loyaltyv1.TierPeriod_TIER_PERIOD_ROLLING,
		PeriodLength: "P12M", Downgrade: downgrade,
		Tiers: []*loyaltyv1.Tier{{Id: "silver", DisplayName: "Silver", Threshold: 50}, {Id: "gold", DisplayName: "Gold", Threshold: 100}},
	})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	r.clock.Step(time.Minute)
}

// tiersFollow checks that the tiers that are kept are those that the entries lead to.
func (r *rig) tiersFollow(t testing.TB) {
	t.Helper()
	v, err := r.tiers.VerifyTiers(r.manager(t), &loyaltyv1.VerifyTiersRequest{Program: "customers"})
	if err != nil || len(v.GetDifferences()) != 0 || v.GetAccounts() == 0 {
		t.Errorf("the tiers do not follow from the ledger: %v, %v", v, err)
	}
}

func TestAMergedMemberBringsTiersAndLifetimeAlong(t *testing.T) {
	r := newRig(t)
	r.earnsAndClimbs(t, loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL)
	a, b, c := r.enrol(t, "a"), r.enrol(t, "b"), r.enrol(t, "c")
	r.ordersFor(t, a, "a1", 6000)
	r.clock.Step(10 * 24 * time.Hour)
	r.ordersFor(t, b, "b1", 5000)
	if got := r.account(t, b).GetTier().GetTier(); got != "silver" {
		t.Fatalf("before, %q", got)
	}
	first := r.merge(t, "merge", b, a)
	check := func(when string, m *loyaltyv1.Account) {
		t.Helper()
		if m.GetTier().GetTier() != "gold" || m.GetTier().GetValue() != 110 || m.GetLifetimeEarned() != 110 || m.GetAvailable() != 110 {
			t.Errorf("%s: %v", when, m)
		}
	}
	check("merged", r.account(t, b))
	if got := first.GetAccounts()[0].GetLifetimeEarned(); got != 110 {
		t.Errorf("the answer says that %d were earned", got)
	}
	if again := r.merge(t, "merge", b, a); !proto.Equal(again, first) {
		t.Errorf("by the same key: %v, first %v", again, first)
	}
	r.merge(t, "merge-again", b, a) // they are one already
	check("merged twice", r.account(t, b))
	r.tiersFollow(t)
	r.restart(t)
	// What was earned first leaves the period first: the tier goes when that of the merged member would have.
	r.clock.Step(356 * 24 * time.Hour)
	if got := r.account(t, b).GetTier().GetTier(); got != "silver" {
		t.Errorf("a year after the merged member's order: %q", got)
	}
	// And on to a third.
	r.ordersFor(t, c, "c1", 100)
	r.merge(t, "merge-c", c, b)
	if got := r.account(t, c); got.GetLifetimeEarned() != 111 || got.GetTier().GetTier() != "silver" {
		t.Errorf("merged into a third: %v", got)
	}
	r.tiersFollow(t)
	changes, err := r.tiers.ListTierChanges(r.manager(t), &loyaltyv1.ListTierChangesRequest{Program: "customers", Member: c})
	if err != nil || len(changes.GetChanges()) != 1 || changes.GetChanges()[0].GetTo() != "silver" {
		t.Errorf("the history is %v, %v", changes, err)
	}
}

func TestATierThatIsNeverLostIsNotLostByAMerge(t *testing.T) {
	r := newRig(t)
	r.earnsAndClimbs(t, loyaltyv1.TierDowngrade_TIER_DOWNGRADE_NONE)
	a, b := r.enrol(t, "a"), r.enrol(t, "b")
	r.ordersFor(t, a, "a1", 20000)
	r.clock.Step(800 * 24 * time.Hour)
	r.ordersFor(t, b, "b1", 100)
	if got := r.account(t, a).GetTier().GetTier(); got != "gold" {
		t.Fatalf("before, %q", got)
	}
	r.merge(t, "merge", b, a)
	if got := r.account(t, b).GetTier().GetTier(); got != "gold" {
		t.Errorf("after, %q", got)
	}
	r.clock.Step(400 * 24 * time.Hour)
	r.ordersFor(t, b, "b2", 100)
	if got := r.account(t, b).GetTier().GetTier(); got != "gold" {
		t.Errorf("a year later, %q", got)
	}
	r.tiersFollow(t)
}

// mugs makes a reward of which there are some, for 30 points, one for each member.
func (r *rig) mugs(t testing.TB, stock int64) {
	t.Helper()
	_, err := r.rewards.CreateReward(r.manager(t, "mug"), &loyaltyv1.CreateRewardRequest{
		Program: "customers", RewardId: "mug", Kind: loyaltyv1.RewardKind_REWARD_KIND_GIFT, DisplayName: "A mug", Stock: &stock,
		Prices: []*loyaltyv1.RewardPrice{{Points: 30}}, Limit: &loyaltyv1.RewardLimit{Times: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// takes reserves a reward and returns the redemption's id.
func (r *rig) takes(t testing.TB, key, member, reward string) string {
	t.Helper()
	resp, err := r.redemptions.ReserveReward(r.shop(t, key), &loyaltyv1.ReserveRewardRequest{Program: "customers", Member: member, Reward: reward})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(resp.GetRedemption().GetName(), "programs/customers/redemptions/")
}

func (r *rig) taken(t testing.TB, id string) *loyaltyv1.Redemption {
	t.Helper()
	resp, err := r.redemptions.GetRedemption(r.shop(t), &loyaltyv1.GetRedemptionRequest{Program: "customers", Redemption: id})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetRedemption()
}

func TestRedemptionsOfAMergedMemberGoOn(t *testing.T) {
	r := newRig(t)
	r.mugs(t, 5)
	a, b := r.enrol(t, "a"), r.enrol(t, "b")
	if _, err := r.points.AdjustPoints(r.manager(t, "give"), &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: a, Points: 100, Reason: "Welcome", ExpireTime: day(60)}); err != nil {
		t.Fatal(err)
	}
	spent, held := r.takes(t, "first", a, "mug"), r.takes(t, "second", a, "mug")
	if _, err := r.redemptions.CommitRedemption(r.shop(t, "commit-first"), &loyaltyv1.CommitRedemptionRequest{Program: "customers", Redemption: spent}); err != nil {
		t.Fatal(err)
	}
	r.merge(t, "merge", b, a)
	if got := r.account(t, b); got.GetAvailable() != 40 || got.GetReserved() != 30 || got.GetLifetimeSpent() != 30 {
		t.Errorf("merged: %v", got)
	}
	_, err := r.redemptions.ReserveReward(r.shop(t, "third"), &loyaltyv1.ReserveRewardRequest{Program: "customers", Member: b, Reward: "mug"})
	refused(t, "a third, two being the limit", err, fault.LimitReached)
	r.restart(t)
	if _, err := r.redemptions.CommitRedemption(r.shop(t, "commit-second"), &loyaltyv1.CommitRedemptionRequest{Program: "customers", Redemption: held}); err != nil {
		t.Errorf("the reserved one cannot be committed: %v", err)
	}
	for i, id := range []string{spent, held} {
		if _, err := r.redemptions.ReverseRedemption(r.manager(t, fmt.Sprint("back-", i)), &loyaltyv1.ReverseRedemptionRequest{Program: "customers", Redemption: id, Reason: "Broken"}); err != nil {
			t.Errorf("redemption %d cannot be reversed: %v", i, err)
		}
		got := r.taken(t, id)
		if got.GetState() != loyaltyv1.RedemptionState_REDEMPTION_STATE_REVERSED || got.GetMember() != "programs/customers/members/"+b || len(got.GetEntries()) != 3+i {
			t.Errorf("redemption %d is %v", i, got)
		}
	}
	if got := r.account(t, b); got.GetAvailable() != 100 || got.GetReserved() != 0 || got.GetLifetimeSpent() != 0 {
		t.Errorf("reversed: %v", got)
	}
	mug, err := r.rewards.GetReward(r.manager(t), &loyaltyv1.GetRewardRequest{Program: "customers", Reward: "mug"})
	if err != nil || mug.GetReward().GetStock().GetLeft() != 5 || mug.GetReward().GetStock().GetRedeemed() != 0 {
		t.Errorf("the stock is %v, %v", mug.GetReward().GetStock(), err)
	}
	list, err := r.redemptions.ListRedemptions(r.shop(t), &loyaltyv1.ListRedemptionsRequest{Program: "customers", Member: b})
	if err != nil || len(list.GetRedemptions()) != 2 {
		t.Errorf("the member has %v, %v", list, err)
	}
	// The points came back with the end that they had.
	r.clock.Step(61 * 24 * time.Hour)
	if got := r.account(t, b); got.GetAvailable() != 0 || got.GetLifetimeExpired() != 100 {
		t.Errorf("after their end: %v", got)
	}
}

func TestAnErasureCancelsWhatIsReserved(t *testing.T) {
	r := newRig(t)
	r.mugs(t, 2)
	if _, err := r.rewards.CreateReward(r.manager(t, "film"), &loyaltyv1.CreateRewardRequest{
		Program: "customers", RewardId: "film", Kind: loyaltyv1.RewardKind_REWARD_KIND_CODE, DisplayName: "A film", Prices: []*loyaltyv1.RewardPrice{{Points: 20}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.rewards.AddCodes(r.manager(t, "codes"), &loyaltyv1.AddCodesRequest{Program: "customers", Reward: "film", Codes: []string{"KINO-7F3K"}}); err != nil {
		t.Fatal(err)
	}
	m := r.enrol(t, "m")
	if _, err := r.adjust(t, "give", m, 200); err != nil {
		t.Fatal(err)
	}
	mug, film, third := r.takes(t, "mug-1", m, "mug"), r.takes(t, "film-1", m, "film"), r.takes(t, "mug-2", m, "mug")
	if _, err := r.redemptions.CancelRedemption(r.shop(t, "cancel"), &loyaltyv1.CancelRedemptionRequest{Program: "customers", Redemption: third, Reason: "Ida had a cold"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.members.EraseMember(r.manager(t, "erase"), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: m}); err != nil {
		t.Fatal(err)
	}
	r.restart(t)
	for _, id := range []string{mug, film, third} {
		if got := r.taken(t, id); got.GetState() != loyaltyv1.RedemptionState_REDEMPTION_STATE_CANCELLED || got.GetReason() != "" {
			t.Errorf("it is %v", got)
		}
	}
	reward, err := r.rewards.GetReward(r.manager(t), &loyaltyv1.GetRewardRequest{Program: "customers", Reward: "mug"})
	if s := reward.GetReward().GetStock(); err != nil || s.GetLeft() != 2 || s.GetReserved() != 0 {
		t.Errorf("the stock is %v, %v", s, err)
	}
	pool, err := r.rewards.GetCodePool(r.manager(t), &loyaltyv1.GetCodePoolRequest{Program: "customers", Reward: "film"})
	if err != nil || pool.GetPool().GetFree() != 1 || pool.GetPool().GetHeld() != 0 {
		t.Errorf("the codes are %v, %v", pool, err)
	}
}
