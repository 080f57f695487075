package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// hugeLots is how many lots the account has that a redemption spends, and lotsAtOnce how many a member brings along in one import.
const (
	hugeLots   = 10_000
	lotsAtOnce = 1000
)

// redemption measures a redemption that spends every one of 10,000 lots. Each is given back before the next.
func redemption(ctx context.Context, b *benchmark) (result, error) {
	h, err := b.pointsRunning(ctx)
	if err != nil {
		return result{}, err
	}
	if err := h.rich(ctx); err != nil {
		return result{}, err
	}
	var m measured
	for range b.rounds {
		if err := h.redeem(ctx, &client{}, 1); err != nil { // so that caches are warm
			return result{}, err
		}
		c := &client{}
		redeeming := func(ctx context.Context) (int, error) {
			return 0, h.redeem(ctx, c, max(3, int(b.duration/(50*time.Millisecond))))
		}
		if _, err := profiled(ctx, b, h.admin, "redemption", redeeming)(ctx); err != nil {
			return result{}, err
		}
		var took time.Duration
		for _, t := range c.took {
			took += t
		}
		m.add(summary([]*client{c}, took, 0))
	}
	return result{Ours: m.side("Renown"), Value: spreadOf(m.p99), Notes: []string{
		fmt.Sprintf("one client over gRPC; %d lots of one point on pages of ten months, reserved and committed in one request: two entries with all changes, hashed, the account and every page written; the reversal between them is not counted", hugeLots),
	}}, nil
}

// rich makes a reward and a member who can just afford it.
func (h *pointsHouse) rich(ctx context.Context) error {
	if h.trips > 0 {
		return nil
	}
	as, err := h.as(ctx, boss, "reward")
	if err != nil {
		return err
	}
	_, err = loyaltyv1.NewRewardsServiceClient(h.conn).CreateReward(as, &loyaltyv1.CreateRewardRequest{
		Program: customers, RewardId: "trip", Kind: loyaltyv1.RewardKind_REWARD_KIND_GIFT, DisplayName: "A trip", Prices: []*loyaltyv1.RewardPrice{{Points: hugeLots}},
	})
	if err != nil {
		return err
	}
	now := clk.Now()
	for portion := range hugeLots / lotsAtOnce {
		m := &loyaltyv1.ImportedMember{Identifiers: []*loyaltyv1.MemberIdentifier{{Kind: loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL, Value: "rich"}}}
		for n := range lotsAtOnce {
			m.Balances = append(m.Balances, &loyaltyv1.ImportedBalance{
				Points: 1, IssueTime: timestamppb.New(now.AddDate(0, portion-11, 0)), ExpireTime: timestamppb.New(now.AddDate(0, portion+2, 0).Add(time.Duration(n) * time.Second)),
			})
		}
		if as, err = h.as(ctx, shop, fmt.Sprint("rich-", portion)); err != nil {
			return err
		}
		resp, err := loyaltyv1.NewMembersServiceClient(h.conn).ImportMembers(as, &loyaltyv1.ImportMembersRequest{
			Program: customers, Source: fmt.Sprint("till-", portion), Members: []*loyaltyv1.ImportedMember{m},
		})
		if err != nil {
			return err
		}
		if resp.GetRefused() > 0 {
			return fmt.Errorf("the lots were refused: %v", resp.GetResults()[0].GetProblems())
		}
		h.traveller = path.Base(resp.GetResults()[0].GetMember())
	}
	return nil
}

// redeem redeems and reverses, and notes how long each redemption took.
func (h *pointsHouse) redeem(ctx context.Context, c *client, times int) error {
	redemptions := loyaltyv1.NewRedemptionsServiceClient(h.conn)
	for range times {
		h.trips++
		as, err := h.as(ctx, shop, fmt.Sprint("trip-", h.trips))
		if err != nil {
			return err
		}
		began := clk.Now()
		resp, err := redemptions.RedeemReward(as, &loyaltyv1.RedeemRewardRequest{Program: customers, Member: h.traveller, Reward: "trip"})
		if err != nil {
			return err
		}
		c.took = append(c.took, clk.Now().Sub(began))
		if as, err = h.as(ctx, shop, fmt.Sprint("back-", h.trips)); err != nil {
			return err
		}
		_, err = redemptions.ReverseRedemption(as, &loyaltyv1.ReverseRedemptionRequest{Program: customers, Redemption: path.Base(resp.GetRedemption().GetName()), Reason: "measured"})
		if err != nil {
			return err
		}
	}
	return nil
}

// flat measures what the service holds in memory while it gives points.
func flat(ctx context.Context, b *benchmark) (result, error) {
	h, err := b.pointsRunning(ctx)
	if err != nil {
		return result{}, err
	}
	const steps = 10
	var sizes []float64
	for range steps {
		token, err := h.minter.Mint(shop)
		if err != nil {
			return result{}, err
		}
		h.rounds++
		task := accrualTask{
			Address: h.calls, Token: token, Members: h.members, Round: fmt.Sprintf("round-%03d", h.rounds), Duration: time.Hour, Count: max(1, b.accrued/steps),
		}
		if _, err := ask[loadResult](ctx, "bench-accrue", task); err != nil {
			return result{}, err
		}
		size, err := resident(h.cmd.Process.Pid)
		if err != nil {
			return result{}, err
		}
		sizes = append(sizes, size)
	}
	return result{Value: spreadOf([]float64{slices.Max(sizes[steps/2:]) / slices.Max(sizes[:steps/2])}), Notes: []string{
		fmt.Sprintf("resident memory in MB after each %d accruals: %.0f", b.accrued/steps, sizes),
	}}, nil
}
