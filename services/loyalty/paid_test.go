package loyalty_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// paidOrder is an order for 100 euros that a reward for 400 of the member's 500 points paid for; what is left then is spent, but for keep.
func (r *rig) paidOrder(t *testing.T, member, order, wallet string, keep int64) *loyaltyv1.Redemption {
	t.Helper()
	r.given(t, "give-"+order, member, wallet, 500)
	held, err := r.redemptions.ReserveReward(r.shop(t, "hold-"+order), &loyaltyv1.ReserveRewardRequest{Program: "customers", Reward: "five-off", Member: member, Wallet: wallet})
	if err != nil {
		t.Fatal(err)
	}
	in := orderOf(order, 10_000)
	in.Redemption = redemptionID(held.GetRedemption())
	if _, err := r.order(t, member, in); err != nil {
		t.Fatal(err)
	}
	r.given(t, "spend-"+order, member, wallet, keep-200)
	return held.GetRedemption()
}

func (r *rig) given(t *testing.T, key, member, wallet string, points int64) {
	t.Helper()
	if points == 0 {
		return
	}
	_, err := r.points.AdjustPoints(r.manager(t, key), &loyaltyv1.AdjustPointsRequest{Program: "customers", Member: member, Wallet: wallet, Points: points, Reason: "By hand"})
	if err != nil {
		t.Fatal(err)
	}
}

// comesBack returns pieces of the order's one line, or all that is left of it.
func (r *rig) comesBack(t *testing.T, key, order, pieces, policy string) *loyaltyv1.OrderReturn {
	t.Helper()
	resp, err := r.orders.ReturnOrder(r.shop(t, key), &loyaltyv1.ReturnOrderRequest{
		Program: "customers", Order: order, ReturnId: key, Policy: policy, Lines: []*loyaltyv1.ReturnedLine{{Line: "1", Quantity: pieces}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetReturn()
}

func fiveOff(req *loyaltyv1.CreateRewardRequest) { req.Prices[0].Points = 400 }

// What a return lets go as spent is taken from what paid for the order when that comes back: with the last of the returns, for each policy that they had.
func TestWhatAReturnLetGoIsTakenFromWhatComesBack(t *testing.T) {
	for policy, want := range map[string]struct {
		reclaimed, available int64
		says                 [3]int
	}{"within_balance": {50, 300, [3]int{1, 1, 0}}, "only_pending": {0, 400, [3]int{0, 0, 2}}, "allow_debt": {0, 300, [3]int{}}} {
		r := newRig(t)
		r.rule(t, "euro", perEuro())
		r.reward(t, "five-off", fiveOff)
		ida := r.enrol(t, "Ida")
		red := r.paidOrder(t, ida, "1", "", 0)
		if first := r.comesBack(t, "a", "1", "1", policy); policy != "allow_debt" && first.GetForgiven() != 50 {
			t.Fatalf("%s: first %v", policy, first)
		}
		second := r.comesBack(t, "b", "1", "1", policy)
		if again := r.comesBack(t, "b", "1", "1", policy); !proto.Equal(again, second) || second.GetRestored() != 400 || second.GetReclaimed() != want.reclaimed {
			t.Errorf("%s: second %v, again %v", policy, second, again)
		}
		if a := r.account(t, ida); a.GetAvailable() != want.available || a.GetDebt() != 0 {
			t.Errorf("%s: the account is %v", policy, a)
		}
		red = r.redemption(t, red)
		if red.GetReclaimed() != want.reclaimed || len(red.GetEntries()) != 3+int(min(want.reclaimed, 1)) {
			t.Errorf("%s: the redemption is %v", policy, red)
		}
		var says [3]int
		for _, x := range r.everyEntry(t, ida) {
			for i, words := range []string{
				"Of what was given back for the order 1 50 points were taken", "50 points are spent already and were let go", "50 points are not on their way any more and were left",
			} {
				says[i] += strings.Count(x.GetSummary(), words)
			}
		}
		if says != want.says {
			t.Errorf("%s: it is told %v times", policy, says)
		}
	}
}

// The same where the points were given and spent in a wallet that is not the usual one.
func TestWhatAReturnLetGoBesideTheUsualWalletIsTakenToo(t *testing.T) {
	r := newRig(t)
	r.wallets(t, "points", "miles")
	terms := perEuro()
	terms.Wallet = "miles"
	r.rule(t, "euro", terms)
	r.reward(t, "five-off", func(req *loyaltyv1.CreateRewardRequest) {
		req.Prices[0] = &loyaltyv1.RewardPrice{Wallet: "miles", Points: 400}
	})
	ida := r.enrol(t, "Ida")
	r.paidOrder(t, ida, "1", "miles", 0)
	r.comesBack(t, "a", "1", "1", "")
	if second := r.comesBack(t, "b", "1", "1", ""); second.GetRestored() != 400 || second.GetReclaimed() != 50 {
		t.Errorf("second %v", second)
	}
	resp, err := r.members.GetMember(r.shop(t), &loyaltyv1.GetMemberRequest{Program: "customers", Member: ida})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range resp.GetMember().GetAccounts() {
		if want := map[string]int64{"miles": 300}[a.GetWallet()]; a.GetAvailable() != want || a.GetDebt() != 0 {
			t.Errorf("the account is %v", a)
		}
	}
}

// The same where somebody decides later that the redemption is given back, and where they do it before the rest of the order comes back.
func TestWhoeverGivesARedemptionBackTakesWhatReturnsLetGo(t *testing.T) {
	r := newRig(t)
	p, err := r.programs.GetProgram(r.manager(t), &loyaltyv1.GetProgramRequest{Program: "customers"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.programs.UpdateProgram(r.manager(t, "ask"), &loyaltyv1.UpdateProgramRequest{
		Program: "customers", DisplayName: "Customers", Wallets: p.GetProgram().GetWallets(), TimeZone: "UTC",
		Redemptions: &loyaltyv1.RedemptionSettings{Returned: loyaltyv1.ReturnedRewards_RETURNED_REWARDS_ASK},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.rule(t, "euro", perEuro())
	r.reward(t, "five-off", fiveOff)
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	asked := r.paidOrder(t, ida, "1", "", 10)
	r.comesBack(t, "a", "1", "1", "")
	if last := r.comesBack(t, "b", "1", "1", ""); !last.GetAsked() || last.GetForgiven() != 50 {
		t.Fatalf("last %v", last)
	}
	if back, err := r.reverse(t, "decided", asked); err != nil || back.GetReclaimed() != 90 || len(back.GetEntries()) != 4 {
		t.Errorf("decided %v, %v", back, err)
	}
	r.holds(t, "decided", ida, 310, 0)
	r.everyEntry(t, ida)

	early := r.paidOrder(t, jon, "2", "", 0)
	r.comesBack(t, "c", "2", "1", "")
	if back, err := r.reverse(t, "early", early); err != nil || back.GetReclaimed() != 50 {
		t.Errorf("before the rest %v, %v", back, err)
	}
	if last := r.comesBack(t, "d", "2", "1", ""); last.GetFromAvailable() != 50 || last.GetRestored() != 0 || last.GetReclaimed() != 0 {
		t.Errorf("the rest %v", last)
	}
	r.holds(t, "in the end", jon, 300, 0)
}

// The same where the member was merged into another between the returns: what paid for the order comes back in the account that has the points now.
func TestWhatAReturnLetGoIsTakenAfterAMergeToo(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	r.reward(t, "five-off", fiveOff)
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	r.paidOrder(t, ida, "1", "", 0)
	r.comesBack(t, "a", "1", "1", "")
	if _, err := r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: jon, Merged: ida}); err != nil {
		t.Fatal(err)
	}
	if last := r.comesBack(t, "b", "1", "1", ""); last.GetRestored() != 400 || last.GetReclaimed() != 50 || last.GetFromAvailable() != 50 {
		t.Errorf("the rest %v", last)
	}
	r.holds(t, "in the end", jon, 300, 0)
	r.everyEntry(t, jon)
}

// Members who do the same, of whom one returns an order in steps and the other all at once, have the same in the end, and stand the same with their tiers from then on.
func TestStepsOfAPaidOrderEqualOneReturn(t *testing.T) {
	r := newRig(t)
	r.earnsAndClimbs(t, loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL)
	r.reward(t, "five-off", fiveOff)
	type pair struct{ steps, once string }
	var pairs []pair
	for n := range 12 {
		g := rand.New(rand.NewPCG(7, uint64(n)))
		keep := g.Int64N(201)
		key := string(rune('a' + n))
		steps, once := r.enrol(t, "steps-"+key), r.enrol(t, "once-"+key)
		r.paidOrder(t, steps, "s"+key, "", keep)
		r.paidOrder(t, once, "o"+key, "", keep)
		for i, left := 0, int64(200); left > 0; i++ {
			part := 1 + g.Int64N(left)
			left -= part
			r.clock.Step(10 * 24 * time.Hour)
			r.comesBack(t, key+"-"+string(rune('0'+i)), "s"+key, decimal(part), "")
		}
		r.comesBack(t, "all-"+key, "o"+key, "2", "")
		if a, b := r.account(t, steps), r.account(t, once); a.GetAvailable() != b.GetAvailable() || a.GetAvailable() != 300+keep || a.GetDebt() != 0 || a.GetLifetimeEarned() != b.GetLifetimeEarned() {
			t.Errorf("keeping %d: in steps %v, at once %v", keep, a, b)
		}
		// What was bought since counts beside what was returned.
		r.ordersFor(t, steps, "more-s"+key, 8000)
		r.ordersFor(t, once, "more-o"+key, 8000)
		pairs = append(pairs, pair{steps, once})
	}
	for range 16 {
		for _, p := range pairs {
			if a, b := r.account(t, p.steps).GetTier(), r.account(t, p.once).GetTier(); a.GetTier() != b.GetTier() || a.GetValue() != b.GetValue() {
				t.Errorf("%s: in steps %v, at once %v", r.clock.Now().Format(time.DateOnly), a, b)
			}
		}
		r.clock.Step(30 * 24 * time.Hour)
	}
	r.tiersFollow(t)
}

// What is undone with an order, an achievement and the referral that the order had earned a gift by, is taken from what paid for the order as well if it had to be let go
// with an earlier return. What was given to whoever brought the member is another's.
func TestWhatWasUndoneWithAPaidOrderIsTakenFromWhatComesBack(t *testing.T) {
	for _, c := range []struct {
		policy                       string
		first                        string
		achieved, gift               bool
		forgiven, reclaimed, entries int64
		left                         int64
	}{
		{"within_balance", "1", true, false, 50, 250, 5, 100}, {"only_pending", "1", true, false, 50, 0, 3, 400}, {"within_balance", "1.9", false, true, 95, 135, 5, 260},
		{"within_balance", "1.9", true, true, 95, 335, 6, 60},
	} {
		r := newRig(t)
		r.rule(t, "euro", perEuro())
		r.reward(t, "five-off", fiveOff)
		if c.achieved {
			r.achievement(t, "big", 200, challenge(amount, 10_000, allTime, once))
		}
		if c.gift {
			r.referralTerms(t, firstOrder())
		}
		come := func(key string) (friend string, red *loyaltyv1.Redemption) {
			if c.gift {
				brings := r.enrol(t, "brings-"+key)
				friend = r.brought(t, "friend-"+key, r.code(t, brings), "phone-"+key, "198.51.100."+key)
				defer func() { r.given(t, "spends-"+key, brings, "", -100) }()
			} else {
				friend = r.enrol(t, "member-"+key)
			}
			red = r.paidOrder(t, friend, key, "", 0)
			r.reached(t, friend)
			r.given(t, "rest-"+key, friend, "", -r.account(t, friend).GetAvailable())
			return friend, red
		}
		steps, red := come("1")
		whole, _ := come("2")
		if got := r.comesBack(t, "a", "1", c.first, c.policy); got.GetForgiven() != c.forgiven && c.policy != "only_pending" {
			t.Errorf("%+v: first %v", c, got)
		}
		r.reached(t, steps)
		got, err := r.orders.ReturnOrder(r.shop(t, "b"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1", ReturnId: "b", Policy: c.policy})
		if err != nil || got.GetReturn().GetRestored() != 400 || got.GetReturn().GetReclaimed() != c.reclaimed {
			t.Errorf("%+v: the rest %v, %v", c, got, err)
		}
		r.comesBack(t, "all", "2", "2", c.policy)
		for _, m := range []string{steps, whole} {
			r.reached(t, m)
			r.owns(t, fmt.Sprintf("%+v, in steps %t", c, m == steps), m, c.left, 0)
			r.explained(t, m)
		}
		if red = r.redemption(t, red); red.GetReclaimed() != c.reclaimed || int64(len(red.GetEntries())) != c.entries {
			t.Errorf("%+v: the redemption is %v", c, red)
		}
	}
}

// explained fails the test unless every entry of a member can be explained.
func (r *rig) explained(t *testing.T, member string) {
	t.Helper()
	list, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: member, PageSize: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list.GetEntries() {
		if x := r.why(t, member, e.GetNumber()); x.GetSummary() == "" || x.GetUnexplained() {
			t.Errorf("explained as %v", x)
		}
	}
}

// decimal writes hundredths.
func decimal(n int64) string {
	return strings.TrimSuffix(string(rune('0'+n/100))+"."+string(rune('0'+n/10%10))+string(rune('0'+n%10)), ".00")
}
