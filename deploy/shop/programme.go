package shop

import (
	"context"
	"fmt"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// program is the customers' programme, which exists from the start.
const program = "customers"

// rules are what the shop gives points for.
func rules() []*loyaltyv1.CreateEarningRuleRequest {
	rule := func(id string, t *loyaltyv1.EarningRuleTerms) *loyaltyv1.CreateEarningRuleRequest {
		t.Stacking, t.Life = "all", "rolling P12M to month"
		return &loyaltyv1.CreateEarningRuleRequest{Program: program, RuleId: id, Terms: t}
	}
	month := func(most int64) []*loyaltyv1.EarningRuleCap {
		return []*loyaltyv1.EarningRuleCap{{Per: "member", Period: "month", Most: most}}
	}
	return []*loyaltyv1.CreateEarningRuleRequest{
		rule("euro", &loyaltyv1.EarningRuleTerms{
			DisplayName: "A point for each euro, more for regulars", Trigger: "spend", Form: "per_unit", Value: "1", Per: 100,
			TierValues: map[string]string{"gold": "1.25", "platinum": "1.5"}, Activation: "P14D",
		}),
		rule("basket", &loyaltyv1.EarningRuleTerms{
			DisplayName: "Large baskets from Monday to Thursday", Trigger: "spend", Form: "fixed", Value: "40",
			Condition: `order.total >= dec("150") && order.local.weekday <= 4`, Activation: "P14D", Caps: month(80),
		}),
		rule("labels", &loyaltyv1.EarningRuleTerms{
			DisplayName: "Labels count once more", Trigger: "category", Categories: []string{"labels"}, Form: "formula", Formula: `floor(mul(order.total, dec("0.05")))`, Activation: "P14D", Caps: month(60),
		}),
		rule("first", &loyaltyv1.EarningRuleTerms{DisplayName: "Welcome", Trigger: "spend", Form: "fixed", Value: "100", Condition: "order.first"}),
		rule("visit", &loyaltyv1.EarningRuleTerms{DisplayName: "Coming by", Trigger: "visit", Form: "fixed", Value: "10", Caps: month(30)}),
	}
}

// tiers are those of the shop.
func tiers() *loyaltyv1.CreateTierStructureRequest {
	return &loyaltyv1.CreateTierStructureRequest{
		Program: program, StructureId: "regulars", DisplayName: "Regulars", Metric: loyaltyv1.TierMetric_TIER_METRIC_EARNED, Period: loyaltyv1.TierPeriod_TIER_PERIOD_ROLLING,
		PeriodLength: "P12M", Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_ONE, Grace: "P30D",
		Tiers: []*loyaltyv1.Tier{
			{Id: "silver", DisplayName: "Silver", Threshold: 500, Benefits: []string{"Free delivery"}},
			{Id: "gold", DisplayName: "Gold", Threshold: 1500, Benefits: []string{"Free delivery", "A quarter more points"}, Rule: "rules/euro"},
			{Id: "platinum", DisplayName: "Platinum", Threshold: 4000, Benefits: []string{"Delivery on the same day", "Half as many points again"}, Rule: "rules/euro"},
		},
	}
}

// rewards are what the points buy, in a programme of a currency.
func rewards(currency string) []*loyaltyv1.CreateRewardRequest {
	reward := func(id, name, what string, kind loyaltyv1.RewardKind, points int64) *loyaltyv1.CreateRewardRequest {
		return &loyaltyv1.CreateRewardRequest{
			Program: program, RewardId: id, DisplayName: name, Description: what, Kind: kind, Prices: []*loyaltyv1.RewardPrice{{Points: points}},
		}
	}
	stocked := func(r *loyaltyv1.CreateRewardRequest, stock int64) *loyaltyv1.CreateRewardRequest {
		r.Stock = &stock
		return r
	}
	five := reward("five-euros", "Five euros off", "Off any order from thirty euros.", loyaltyv1.RewardKind_REWARD_KIND_DISCOUNT, 250)
	five.Discount = &loyaltyv1.DiscountOff{Amount: 500, MinimumOrderAmount: 3000, Currency: currency}
	tenth := reward("a-tenth", "A tenth off", "Ten per cent off one order.", loyaltyv1.RewardKind_REWARD_KIND_DISCOUNT, 700)
	tenth.Discount = &loyaltyv1.DiscountOff{Percent: "10"}
	day := stocked(reward("day-at-the-depot", "A day at the depot", "See how routes are made, with lunch.", loyaltyv1.RewardKind_REWARD_KIND_EXPERIENCE, 2000), 24)
	day.Tiers = []string{"regulars/gold", "regulars/platinum"}
	day.Limit = &loyaltyv1.RewardLimit{Times: 1, Period: loyaltyv1.LimitPeriod_LIMIT_PERIOD_YEAR}
	return []*loyaltyv1.CreateRewardRequest{
		five, tenth, day,
		stocked(reward("mug", "The enamel mug", "Holds coffee, survives vans.", loyaltyv1.RewardKind_REWARD_KIND_GIFT, 400), 260),
		stocked(reward("vest", "A bright vest", "With your name on the back.", loyaltyv1.RewardKind_REWARD_KIND_GIFT, 900), 60),
		reward("coffee", "Coffee on the road", "A code for a large coffee at any Rastplatz Ost.", loyaltyv1.RewardKind_REWARD_KIND_CODE, 150),
	}
}

// codes are those of the coffee.
func codes() []string {
	out := make([]string, 900)
	for i := range out {
		out[i] = fmt.Sprintf("RAST-%04d-%04d", (i*7919+1234)%10000, (i*104729+4321)%10000)
	}
	return out
}

// setUp makes the programme what it is.
func (k *keeper) setUp(ctx context.Context) error {
	programs := loyaltyv1.NewProgramsServiceClient(k.Manager)
	now, err := programs.GetProgram(ctx, &loyaltyv1.GetProgramRequest{Program: program})
	if err != nil {
		return err
	}
	p := now.GetProgram()
	if _, err := programs.UpdateProgram(keyed(ctx, "programme"), &loyaltyv1.UpdateProgramRequest{
		Program: program, DisplayName: "Holmway’s shop", Wallets: p.GetWallets(), TimeZone: p.GetTimeZone(),
		Redemptions: &loyaltyv1.RedemptionSettings{ReservationMinutes: 60, Returned: loyaltyv1.ReturnedRewards_RETURNED_REWARDS_RESTORE},
	}); err != nil {
		return err
	}
	for _, r := range rules() {
		if _, err := loyaltyv1.NewEarningRulesServiceClient(k.Manager).CreateEarningRule(keyed(ctx, "rule-"+r.GetRuleId()), r); err != nil {
			return fmt.Errorf("the rule %s: %w", r.GetRuleId(), err)
		}
	}
	if _, err := loyaltyv1.NewTiersServiceClient(k.Manager).CreateTierStructure(keyed(ctx, "tiers"), tiers()); err != nil {
		return fmt.Errorf("the tiers: %w", err)
	}
	for _, r := range rewards(p.GetCurrency()) {
		if _, err := loyaltyv1.NewRewardsServiceClient(k.Manager).CreateReward(keyed(ctx, "reward-"+r.GetRewardId()), r); err != nil {
			return fmt.Errorf("the reward %s: %w", r.GetRewardId(), err)
		}
	}
	_, err = loyaltyv1.NewRewardsServiceClient(k.Manager).AddCodes(keyed(ctx, "codes"), &loyaltyv1.AddCodesRequest{Program: program, Reward: "coffee", Codes: codes()})
	return err
}
