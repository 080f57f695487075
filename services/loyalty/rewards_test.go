package loyalty_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// sees returns a reward as a member sees it.
func (r *rig) sees(t testing.TB, member, reward string) *loyaltyv1.RewardAvailability {
	t.Helper()
	resp, err := r.rewards.GetReward(r.shop(t), &loyaltyv1.GetRewardRequest{Program: "customers", Reward: reward, Member: member})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetReward().GetAvailability()
}

// What the list says keeps a member from a reward is what a reservation is refused for, and nothing is taken then.
func TestARewardThatCannotBeHadSaysWhyAndWhatWouldChangeIt(t *testing.T) {
	r := newRig(t)
	r.metals(t, nil)
	ida := r.rich(t, "Ida", 150)
	now := r.clock.Now()
	for _, c := range []struct {
		id       string
		change   func(*loyaltyv1.CreateRewardRequest)
		obstacle loyaltyv1.ObstacleReason
		reason   fault.Reason
		meta     map[string]string
		field    string
	}{
		{"paused", func(q *loyaltyv1.CreateRewardRequest) { q.Paused = true }, loyaltyv1.ObstacleReason_OBSTACLE_REASON_INACTIVE, fault.RewardUnavailable, map[string]string{"why": "inactive"}, "reward"},
		{"later", func(q *loyaltyv1.CreateRewardRequest) { q.StartTime = timestamppb.New(now.Add(time.Hour)) }, loyaltyv1.ObstacleReason_OBSTACLE_REASON_NOT_YET, fault.RewardUnavailable,
			map[string]string{"why": "not_yet", "opensAt": now.Add(time.Hour).Format(time.RFC3339)}, "reward"},
		{"over", func(q *loyaltyv1.CreateRewardRequest) { q.EndTime = timestamppb.New(now) }, loyaltyv1.ObstacleReason_OBSTACLE_REASON_OVER, fault.RewardUnavailable, map[string]string{"why": "over"}, "reward"},
		{"sundays", func(q *loyaltyv1.CreateRewardRequest) { q.Weekdays = []int32{7} }, loyaltyv1.ObstacleReason_OBSTACLE_REASON_NOT_TODAY, fault.RewardUnavailable,
			map[string]string{"why": "not_today", "opensAt": "2026-05-10T00:00:00Z"}, "reward"},
		{"none", stocked(0), loyaltyv1.ObstacleReason_OBSTACLE_REASON_OUT_OF_STOCK, fault.OutOfStock, map[string]string{"why": "out_of_stock"}, "reward"},
		{"codeless", func(q *loyaltyv1.CreateRewardRequest) { q.Kind = loyaltyv1.RewardKind_REWARD_KIND_CODE }, loyaltyv1.ObstacleReason_OBSTACLE_REASON_OUT_OF_STOCK, fault.OutOfStock,
			map[string]string{"why": "out_of_stock"}, "reward"},
		{"golden", func(q *loyaltyv1.CreateRewardRequest) { q.Tiers = []string{"metals/gold"} }, loyaltyv1.ObstacleReason_OBSTACLE_REASON_OTHER_TIER, fault.RewardUnavailable,
			map[string]string{"why": "other_tier", "tiers": "metals/gold"}, "member"},
		{"dear", func(q *loyaltyv1.CreateRewardRequest) { q.Prices[0].Points = 180 }, loyaltyv1.ObstacleReason_OBSTACLE_REASON_TOO_FEW_POINTS, fault.InsufficientPoints,
			map[string]string{"why": "too_few_points", "missing": "30", "available": "150", "wanted": "180"}, "member"},
	} {
		r.reward(t, c.id, c.change)
		if a := r.sees(t, ida, c.id); a.GetAvailable() || len(a.GetObstacles()) != 1 || a.GetObstacles()[0].GetReason() != c.obstacle {
			t.Errorf("%s: seen as %v", c.id, a)
		}
		_, err := r.reserve(t, "try-"+c.id, ida, c.id)
		refused(t, c.id, err, c.reason)
		e, ok := fault.As(fault.FromStatus(err))
		if !ok || len(e.Fields) != 1 || e.Fields[0].Path != c.field {
			t.Fatalf("%s: refused with %v", c.id, err)
		}
		for k, want := range c.meta {
			if e.Meta[k] != want {
				t.Errorf("%s: %s is %q, want %q", c.id, k, e.Meta[k], want)
			}
		}
	}
	r.holds(t, "after all that", ida, 150, 0)
	_, err := r.reserve(t, "no-reward", ida, "nothing")
	refused(t, "no reward", err, fault.NotFound)
	_, err = r.reserve(t, "nobody", "nobody", "dear")
	refused(t, "no member", err, fault.NotFound)
	_, err = r.reserve(t, "anybody", "", "dear")
	refused(t, "no member named", err, fault.InvalidArgument)
	// A refusal stands for its key.
	if _, err := r.adjust(t, "more", ida, 30); err != nil {
		t.Fatal(err)
	}
	_, err = r.reserve(t, "try-dear", ida, "dear")
	refused(t, "the same key with enough points", err, fault.InsufficientPoints)
	if _, err := r.reserve(t, "dear-at-last", ida, "dear"); err != nil {
		t.Error(err)
	}
}

func TestMembersOfATierPayItsPrice(t *testing.T) {
	r := newRig(t)
	r.metals(t, nil)
	r.reward(t, "mug", func(q *loyaltyv1.CreateRewardRequest) {
		q.Prices = append(q.Prices, &loyaltyv1.RewardPrice{Tier: "metals/gold", Points: 60})
	})
	silver, gold := r.rich(t, "Ida", 400), r.rich(t, "Jon", 500)
	for member, want := range map[string]int64{silver: 100, gold: 60} {
		if a := r.sees(t, member, "mug"); a.GetPoints() != want || !a.GetAvailable() {
			t.Errorf("seen as %v, want %d", a, want)
		}
		if red := r.reserved(t, "for-"+member, member, "mug"); red.GetPoints() != want {
			t.Errorf("it costs %v, want %d", red, want)
		}
	}
}

func TestALimitCountsWhatIsHeldAndOpensWithThePeriod(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", func(q *loyaltyv1.CreateRewardRequest) {
		q.Limit = &loyaltyv1.RewardLimit{Times: 2, Period: loyaltyv1.LimitPeriod_LIMIT_PERIOD_DAY}
	})
	ida, jon := r.rich(t, "Ida", 1000), r.rich(t, "Jon", 1000)
	first, second := r.reserved(t, "a", ida, "mug"), r.reserved(t, "b", ida, "mug")
	_, err := r.reserve(t, "c", ida, "mug")
	refused(t, "a third of the day", err, fault.LimitReached)
	if e, _ := fault.As(fault.FromStatus(err)); e == nil || e.Meta["opensAt"] != "2026-05-05T00:00:00Z" {
		t.Errorf("told %v", e)
	}
	r.reserved(t, "of-jon", jon, "mug")
	if _, err := r.cancel(t, "d", first); err != nil {
		t.Fatal(err)
	}
	if _, err := r.commit(t, "e", second); err != nil {
		t.Fatal(err)
	}
	r.reserved(t, "f", ida, "mug")
	_, err = r.reserve(t, "g", ida, "mug")
	refused(t, "a fourth, one of them cancelled", err, fault.LimitReached)
	r.clock.Step(15 * time.Hour)
	r.reserved(t, "h", ida, "mug")
}

func TestAReservationEndsByItself(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", stocked(1))
	r.codes(t, "film", "AAA-1")
	ida, jon := r.rich(t, "Ida", 500), r.rich(t, "Jon", 500)
	mug, film := r.reserved(t, "a", ida, "mug"), r.reserved(t, "b", ida, "film")
	r.clock.Step(30*time.Minute - time.Millisecond)
	_, err := r.reserve(t, "early", jon, "mug")
	refused(t, "while it is held", err, fault.OutOfStock)
	r.stop()
	r.clock.Step(24 * time.Hour)
	// Nothing has run meanwhile: it is read as what it will be.
	for _, red := range []*loyaltyv1.Redemption{mug, film} {
		if got := r.redemption(t, red); got.GetState() != expired || !got.GetEndTime().AsTime().Equal(red.GetExpireTime().AsTime()) {
			t.Errorf("read as %v", got)
		}
	}
	r.holds(t, "read after the end", ida, 500, 0)
	r.restart(t)
	r.eventually(t, "the end of both", func() bool {
		return r.stock(t, "mug").GetLeft() == 1 && r.pool(t, "film").GetFree() == 1
	})
	r.counts(t, "after the end", "mug", 1, 0, 0)
	if got := r.redemption(t, mug); got.GetState() != expired || len(got.GetEntries()) != 2 || !got.GetEndTime().AsTime().Equal(start.Add(30*time.Minute)) {
		t.Errorf("kept as %v", got)
	}
	list, err := r.points.ListEntries(r.shop(t), &loyaltyv1.ListEntriesRequest{Program: "customers", Member: ida})
	if err != nil {
		t.Fatal(err)
	}
	if e := list.GetEntries()[0]; e.GetKind() != loyaltyv1.EntryKind_ENTRY_KIND_LAPSE || e.GetActor() != "renown" || e.GetSource() == "" || !e.GetEffectiveTime().AsTime().Equal(start.Add(30*time.Minute)) {
		t.Errorf("the entry is %v", e)
	}
}

func TestWhoComesAfterTheEndGetsWhatWasHeldThoughNobodyHasSettledIt(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", stocked(1))
	r.codes(t, "film", "AAA-1")
	ida, jon := r.rich(t, "Ida", 500), r.rich(t, "Jon", 500)
	r.reserved(t, "a", ida, "mug")
	r.reserved(t, "b", ida, "film")
	r.stop()
	r.clock.Step(time.Hour)
	r.reserved(t, "c", jon, "mug")
	r.reserved(t, "d", jon, "film")
	r.counts(t, "taken over", "mug", 0, 1, 0)
	r.holds(t, "taken over", ida, 500, 0)
	r.restart(t)
}

// A command that is refused after the account was settled leaves redemption, stock and points as they belong together.
func TestARefusedCommandLeavesNothingHalfOfWhatWasDue(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", stocked(1))
	ida := r.rich(t, "Ida", 100)
	r.stop()
	red := r.reserved(t, "a", ida, "mug")
	r.clock.Step(time.Hour)
	_, err := r.commit(t, "late", red)
	refused(t, "a commit after the end", err, fault.IllegalState)
	_, err = r.adjust(t, "too-much", ida, -101)
	refused(t, "more than there is", err, fault.InsufficientPoints)
	for range 2 {
		if left, a := r.stock(t, "mug").GetLeft(), r.account(t, ida); left+a.GetReserved()/100 > 1 || a.GetAvailable() != 100 {
			t.Errorf("%d left, %v", left, a)
		}
		r.restart(t)
		r.eventually(t, "the end", func() bool { return r.stock(t, "mug").GetLeft() == 1 })
	}
	r.counts(t, "in the end", "mug", 1, 0, 0)
}

func TestACodeIsHandedOutOnce(t *testing.T) {
	r := newRig(t)
	var codes []string
	for i := range 30 {
		codes = append(codes, fmt.Sprintf("CODE-%02d", i))
	}
	r.codes(t, "film", codes...)
	var members []string
	for i := range 10 {
		members = append(members, r.rich(t, fmt.Sprint("member-", i), 10_000))
	}
	var mu sync.Mutex
	seen := map[string]int{}
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			var resp *loyaltyv1.RedeemRewardResponse
			err := asked(func() (err error) {
				resp, err = r.redemptions.RedeemReward(r.shop(t, fmt.Sprint("wish-", i)), &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: members[i%10], Reward: "film"})
				return err
			})
			if err != nil {
				refused(t, fmt.Sprint("wish-", i), err, fault.OutOfStock)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			seen[resp.GetRedemption().GetCode()]++
		})
	}
	all.Wait()
	if len(seen) != 30 || seen[""] != 0 {
		t.Errorf("%d codes were handed out: %v", len(seen), seen)
	}
	for code, n := range seen {
		if n != 1 {
			t.Errorf("%s was handed out %d times", code, n)
		}
	}
	if p := r.pool(t, "film"); p.GetFree() != 0 || p.GetShown() != 30 {
		t.Errorf("the pool is %v", p)
	}
}

func TestACodeGoesBackOnlyIfNobodyHasSeenIt(t *testing.T) {
	r := newRig(t)
	r.codes(t, "film", "AAA-1")
	ida := r.rich(t, "Ida", 1000)
	red := r.reserved(t, "a", ida, "film")
	if red.GetCode() != "" || r.redemption(t, red).GetCode() != "" {
		t.Errorf("a code that is only held is shown: %v", red)
	}
	if _, err := r.cancel(t, "b", red); err != nil {
		t.Fatal(err)
	}
	r.clock.Step(time.Millisecond)
	red = r.reserved(t, "c", ida, "film")
	if done, err := r.commit(t, "d", red); err != nil || done.GetCode() != "AAA-1" || r.redemption(t, red).GetCode() != "AAA-1" {
		t.Errorf("committed %v, %v", done, err)
	}
	list, err := r.redemptions.ListRedemptions(r.shop(t), &loyaltyv1.ListRedemptionsRequest{Program: "customers", Member: ida})
	if err != nil || len(list.GetRedemptions()) != 2 || list.GetRedemptions()[0].GetCode() != "" || list.GetRedemptions()[0].GetState() != committed {
		t.Errorf("listed %v, %v", list, err)
	}
	if _, err := r.reverse(t, "e", red); err != nil {
		t.Fatal(err)
	}
	if p := r.pool(t, "film"); p.GetVoid() != 1 || p.GetFree() != 0 {
		t.Errorf("the pool is %v", p)
	}
	_, err = r.reserve(t, "f", ida, "film")
	refused(t, "a code that was seen", err, fault.OutOfStock)
	add := func(key string, ends time.Duration, codes ...string) error {
		req := &loyaltyv1.AddCodesRequest{Program: "customers", Reward: "film", Codes: codes}
		if ends != 0 {
			req.ExpireTime = timestamppb.New(r.clock.Now().Add(ends))
		}
		_, err := r.rewards.AddCodes(r.manager(t, key), req)
		return err
	}
	refused(t, "a code that was there before", add("g", 0, "BBB-1", "AAA-1"), fault.AlreadyExists)
	refused(t, "a code twice", add("h", 0, "BBB-1", " BBB-1 "), fault.InvalidArgument)
	refused(t, "a code that has ended", add("i", -time.Hour, "BBB-1"), fault.InvalidArgument)
	if p := r.pool(t, "film"); p.GetFree() != 0 {
		t.Errorf("of a refused batch something was added: %v", p)
	}
	if err := add("j", time.Hour, "BBB-1"); err != nil {
		t.Fatal(err)
	}
	r.clock.Step(time.Hour)
	_, err = r.reserve(t, "k", ida, "film")
	refused(t, "a code whose end has come", err, fault.OutOfStock)
	if p := r.pool(t, "film"); p.GetExpired() != 1 || p.GetFree() != 0 {
		t.Errorf("the pool is %v", p)
	}
}

func TestARedemptionKeepsTheVersionAndPriceThatItWasMadeWith(t *testing.T) {
	r := newRig(t)
	first := r.reward(t, "mug", nil)
	ida := r.rich(t, "Ida", 1000)
	red := r.reserved(t, "a", ida, "mug")
	update := &loyaltyv1.UpdateRewardRequest{Program: "customers", Reward: "mug", DisplayName: "A better mug", Prices: []*loyaltyv1.RewardPrice{{Points: 250}}, Etag: first.GetEtag()}
	resp, err := r.rewards.UpdateReward(r.manager(t), update)
	if err != nil || resp.GetReward().GetVersion() != 2 {
		t.Fatalf("updated %v, %v", resp, err)
	}
	_, err = r.rewards.UpdateReward(r.manager(t), update)
	refused(t, "an etag of before", err, fault.EtagMismatch)
	_, err = r.redemptions.RedeemReward(r.shop(t, "b"), &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: ida, Reward: "mug", ExpectedPoints: 100})
	refused(t, "another price than was shown", err, fault.IllegalState)
	if done, err := r.commit(t, "c", red); err != nil || done.GetPoints() != 100 || done.GetRewardVersion() != 1 || done.GetDisplayName() != "A mug" {
		t.Errorf("committed %v, %v", done, err)
	}
	second := r.reserved(t, "d", ida, "mug")
	archived, err := r.rewards.ArchiveReward(r.manager(t), &loyaltyv1.ArchiveRewardRequest{Program: "customers", Reward: "mug"})
	if err != nil || archived.GetReward().GetState() != loyaltyv1.RewardState_REWARD_STATE_ARCHIVED {
		t.Fatalf("archived %v, %v", archived, err)
	}
	_, err = r.rewards.UpdateReward(r.manager(t), &loyaltyv1.UpdateRewardRequest{Program: "customers", Reward: "mug", DisplayName: "Again", Prices: update.GetPrices()})
	refused(t, "a change of what is archived", err, fault.IllegalState)
	if done, err := r.commit(t, "e", second); err != nil || done.GetPoints() != 250 || done.GetRewardVersion() != 2 {
		t.Errorf("committed after the end %v, %v", done, err)
	}
}

func TestStockIsAddedSetAndLifted(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", stocked(2))
	r.reserved(t, "a", r.rich(t, "Ida", 100), "mug")
	change := func(key string, req *loyaltyv1.RestockRewardRequest) error {
		req.Program, req.Reward = "customers", "mug"
		_, err := r.rewards.RestockReward(r.shop(t, key), req)
		return err
	}
	if err := change("b", &loyaltyv1.RestockRewardRequest{Add: 5}); err != nil {
		t.Error(err)
	}
	r.counts(t, "five more", "mug", 6, 1, 0)
	refused(t, "more taken than there is", change("c", &loyaltyv1.RestockRewardRequest{Add: -7}), fault.IllegalState)
	refused(t, "nothing said", change("d", &loyaltyv1.RestockRewardRequest{}), fault.InvalidArgument)
	refused(t, "two things said", change("e", &loyaltyv1.RestockRewardRequest{Add: 1, Unlimited: true}), fault.InvalidArgument)
	if err := change("f", &loyaltyv1.RestockRewardRequest{Unlimited: true}); err != nil || r.stock(t, "mug") != nil {
		t.Errorf("lifted: %v, %v", r.stock(t, "mug"), err)
	}
	refused(t, "more of what is not limited", change("g", &loyaltyv1.RestockRewardRequest{Add: 1}), fault.IllegalState)
	if err := change("h", &loyaltyv1.RestockRewardRequest{Left: proto.Int64(0)}); err != nil {
		t.Error(err)
	}
	r.counts(t, "none left", "mug", 0, 1, 0)
}

func TestALinkRedeemsForItsOwnMemberOnly(t *testing.T) {
	r := newRig(t)
	r.codes(t, "film", "AAA-1", "AAA-2")
	r.reward(t, "hidden", func(q *loyaltyv1.CreateRewardRequest) { q.Paused = true })
	ida, jon := r.rich(t, "Ida", 500), r.rich(t, "Jon", 500)
	others := r.reserved(t, "of-jon", jon, "film")
	link := r.link(t, &loyaltyv1.CreateStatementLinkRequest{Program: "customers", Member: ida})
	list, err := r.rewards.ListRewards(link(), &loyaltyv1.ListRewardsRequest{Program: "customers"})
	if err != nil || len(list.GetRewards()) != 1 || !list.GetRewards()[0].GetAvailability().GetAvailable() {
		t.Errorf("listed %v, %v", list, err)
	}
	_, err = r.rewards.ListRewards(link(), &loyaltyv1.ListRewardsRequest{Program: "customers", Member: jon})
	refused(t, "as another member", err, fault.PermissionDenied)
	_, err = r.redemptions.GetRedemption(link(), &loyaltyv1.GetRedemptionRequest{Program: "customers", Redemption: redemptionID(others)})
	refused(t, "another member's redemption", err, fault.PermissionDenied)
	_, err = r.redemptions.RedeemReward(keyed(link(), []string{"a"}), &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: jon, Reward: "film"})
	refused(t, "with another member's points", err, fault.PermissionDenied)
	_, err = r.redemptions.CancelRedemption(keyed(link(), []string{"b"}), &loyaltyv1.CancelRedemptionRequest{Program: "customers", Redemption: redemptionID(others)})
	refused(t, "cancelling", err, fault.PermissionDenied)
	got, err := r.redemptions.RedeemReward(keyed(link(), []string{"c"}), &loyaltyv1.RedeemRewardRequest{Program: "customers", Reward: "film"})
	if err != nil || got.GetRedemption().GetCode() != "AAA-2" {
		t.Errorf("redeemed %v, %v", got, err)
	}
	mine, err := r.redemptions.ListRedemptions(link(), &loyaltyv1.ListRedemptionsRequest{Program: "customers"})
	if err != nil || len(mine.GetRedemptions()) != 1 {
		t.Errorf("listed %v, %v", mine, err)
	}
	r.holds(t, "of the other", jon, 400, 100)
}
