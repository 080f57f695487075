package loyalty_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

const (
	pending   = loyaltyv1.RedemptionState_REDEMPTION_STATE_PENDING
	committed = loyaltyv1.RedemptionState_REDEMPTION_STATE_COMMITTED
	cancelled = loyaltyv1.RedemptionState_REDEMPTION_STATE_CANCELLED
	expired   = loyaltyv1.RedemptionState_REDEMPTION_STATE_EXPIRED
	reversed  = loyaltyv1.RedemptionState_REDEMPTION_STATE_REVERSED
)

// reward adds a gift for 100 points, changed before it is sent.
func (r *rig) reward(t testing.TB, id string, change func(*loyaltyv1.CreateRewardRequest)) *loyaltyv1.Reward {
	t.Helper()
	req := &loyaltyv1.CreateRewardRequest{
		Program: "customers", RewardId: id, Kind: loyaltyv1.RewardKind_REWARD_KIND_GIFT, DisplayName: "A " + id, Prices: []*loyaltyv1.RewardPrice{{Points: 100}},
	}
	if change != nil {
		change(req)
	}
	resp, err := r.rewards.CreateReward(r.manager(t, "reward-"+id), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetReward()
}

// codes adds a reward with codes.
func (r *rig) codes(t testing.TB, id string, codes ...string) {
	t.Helper()
	r.reward(t, id, func(req *loyaltyv1.CreateRewardRequest) { req.Kind = loyaltyv1.RewardKind_REWARD_KIND_CODE })
	if _, err := r.rewards.AddCodes(r.manager(t, "codes-"+id), &loyaltyv1.AddCodesRequest{Program: "customers", Reward: id, Codes: codes}); err != nil {
		t.Fatal(err)
	}
}

// rich enrols a member with points.
func (r *rig) rich(t testing.TB, name string, points int64) string {
	t.Helper()
	member := r.enrol(t, name)
	if _, err := r.adjust(t, "points-of-"+name, member, points); err != nil {
		t.Fatal(err)
	}
	return member
}

func (r *rig) reserve(t testing.TB, key, member, reward string) (*loyaltyv1.Redemption, error) {
	resp, err := r.redemptions.ReserveReward(r.shop(t, key), &loyaltyv1.ReserveRewardRequest{Program: "customers", Member: member, Reward: reward})
	return resp.GetRedemption(), err
}

// reserved is a redemption that must come about.
func (r *rig) reserved(t testing.TB, key, member, reward string) *loyaltyv1.Redemption {
	t.Helper()
	red, err := r.reserve(t, key, member, reward)
	if err != nil {
		t.Fatal(err)
	}
	return red
}

func redemptionID(red *loyaltyv1.Redemption) string {
	return red.GetName()[strings.LastIndex(red.GetName(), "/")+1:]
}

func (r *rig) commit(t testing.TB, key string, red *loyaltyv1.Redemption) (*loyaltyv1.Redemption, error) {
	resp, err := r.redemptions.CommitRedemption(r.shop(t, key), &loyaltyv1.CommitRedemptionRequest{Program: "customers", Redemption: redemptionID(red)})
	return resp.GetRedemption(), err
}

func (r *rig) cancel(t testing.TB, key string, red *loyaltyv1.Redemption) (*loyaltyv1.Redemption, error) {
	resp, err := r.redemptions.CancelRedemption(r.shop(t, key), &loyaltyv1.CancelRedemptionRequest{Program: "customers", Redemption: redemptionID(red)})
	return resp.GetRedemption(), err
}

func (r *rig) reverse(t testing.TB, key string, red *loyaltyv1.Redemption) (*loyaltyv1.Redemption, error) {
	resp, err := r.redemptions.ReverseRedemption(r.shop(t, key), &loyaltyv1.ReverseRedemptionRequest{Program: "customers", Redemption: redemptionID(red), Reason: "It came broken"})
	return resp.GetRedemption(), err
}

// redemption reads a redemption.
func (r *rig) redemption(t testing.TB, red *loyaltyv1.Redemption) *loyaltyv1.Redemption {
	t.Helper()
	resp, err := r.redemptions.GetRedemption(r.shop(t), &loyaltyv1.GetRedemptionRequest{Program: "customers", Redemption: redemptionID(red)})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetRedemption()
}

func (r *rig) stock(t testing.TB, reward string) *loyaltyv1.RewardStock {
	t.Helper()
	resp, err := r.rewards.GetReward(r.shop(t), &loyaltyv1.GetRewardRequest{Program: "customers", Reward: reward})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetReward().GetStock()
}

func (r *rig) pool(t testing.TB, reward string) *loyaltyv1.CodePool {
	t.Helper()
	resp, err := r.rewards.GetCodePool(r.shop(t), &loyaltyv1.GetCodePoolRequest{Program: "customers", Reward: reward})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetPool()
}

// holds fails the test unless the member has these points.
func (r *rig) holds(t testing.TB, when, member string, available, reserved int64) {
	t.Helper()
	if a := r.account(t, member); a.GetAvailable() != available || a.GetReserved() != reserved {
		t.Errorf("%s: %d available and %d reserved, want %d and %d", when, a.GetAvailable(), a.GetReserved(), available, reserved)
	}
}

// counts fails the test unless the reward's stock is this.
func (r *rig) counts(t testing.TB, when, reward string, left, reserved, redeemed int64) {
	t.Helper()
	if got, want := r.stock(t, reward), (&loyaltyv1.RewardStock{Left: left, Reserved: reserved, Redeemed: redeemed}); !proto.Equal(got, want) {
		t.Errorf("%s: the stock is %v, want %v", when, got, want)
	}
}

func stocked(n int64) func(*loyaltyv1.CreateRewardRequest) {
	return func(req *loyaltyv1.CreateRewardRequest) { req.Stock = &n }
}

func TestARedemptionHoldsPointsAndStockUntilItIsCommittedOrGivenUp(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", stocked(5))
	ida := r.rich(t, "Ida", 500)
	first := r.reserved(t, "a", ida, "mug")
	if first.GetState() != pending || first.GetPoints() != 100 || first.GetExpireTime().AsTime() != start.Add(30*time.Minute) || len(first.GetEntries()) != 1 {
		t.Errorf("reserved %v", first)
	}
	r.holds(t, "reserved", ida, 400, 100)
	r.counts(t, "reserved", "mug", 4, 1, 0)
	done, err := r.commit(t, "b", first)
	if err != nil || done.GetState() != committed || done.GetCommitTime().AsTime() != start || len(done.GetEntries()) != 2 {
		t.Fatalf("committed %v, %v", done, err)
	}
	r.holds(t, "committed", ida, 400, 0)
	r.counts(t, "committed", "mug", 4, 0, 1)
	second := r.reserved(t, "c", ida, "mug")
	r.counts(t, "reserved again", "mug", 3, 1, 1)
	if out, err := r.cancel(t, "d", second); err != nil || out.GetState() != cancelled {
		t.Fatalf("cancelled %v, %v", out, err)
	}
	r.holds(t, "cancelled", ida, 400, 0)
	r.counts(t, "cancelled", "mug", 4, 0, 1)
	r.restart(t)
	if got := r.redemption(t, first); !proto.Equal(got, done) {
		t.Errorf("after a restart %v, want %v", got, done)
	}
	back, err := r.reverse(t, "e", first)
	if err != nil || back.GetState() != reversed || back.GetReason() != "It came broken" || len(back.GetEntries()) != 3 {
		t.Fatalf("reversed %v, %v", back, err)
	}
	r.holds(t, "reversed", ida, 500, 0)
	r.counts(t, "reversed", "mug", 5, 0, 0)
	if a := r.account(t, ida); a.GetLifetimeSpent() != 0 {
		t.Errorf("spent in the end: %v", a)
	}
}

// Every action in every state: what is not in the table is refused and changes nothing.
func TestARedemptionIsResolvedOnce(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", stocked(100))
	ida := r.rich(t, "Ida", 10_000)
	act := map[string]func(testing.TB, string, *loyaltyv1.Redemption) (*loyaltyv1.Redemption, error){"commit": r.commit, "cancel": r.cancel, "reverse": r.reverse}
	allowed := map[string]bool{"pending-commit": true, "pending-cancel": true, "committed-reverse": true}
	ways := map[string][]string{"pending": nil, "committed": {"commit"}, "cancelled": {"cancel"}, "reversed": {"commit", "reverse"}, "expired": {"wait"}}
	// What has expired comes first: the steps on the account that follow bring the stock along too.
	for _, state := range []string{"expired", "pending", "committed", "cancelled", "reversed"} {
		way := ways[state]
		for name := range act {
			key := state + "-" + name
			red := r.reserved(t, key, ida, "mug")
			for _, step := range way {
				if step == "wait" {
					r.clock.Step(31 * time.Minute)
					continue
				}
				if _, err := act[step](t, key+"-after-"+step, red); err != nil {
					t.Fatal(err)
				}
			}
			before, account := r.redemption(t, red), r.account(t, ida)
			_, err := act[name](t, key+"-at-last", red)
			if allowed[key] {
				if err != nil {
					t.Errorf("%s: %v", key, err)
				}
				continue
			}
			refused(t, key, err, fault.IllegalState)
			if e, ok := fault.As(fault.FromStatus(err)); !ok || e.Meta["state"] != state {
				t.Errorf("%s: told %v", key, e)
			}
			if state != "expired" { // settling it writes what was due
				if after := r.redemption(t, red); !proto.Equal(before, after) {
					t.Errorf("%s: %v became %v", key, before, after)
				}
				if after := r.account(t, ida); !proto.Equal(account, after) {
					t.Errorf("%s: %v became %v", key, account, after)
				}
			}
		}
	}
	a, s := r.account(t, ida), r.stock(t, "mug")
	if s.GetLeft()+s.GetReserved()+s.GetRedeemed() != 100 || a.GetAvailable()+a.GetReserved()+100*s.GetRedeemed() != 10_000 || s.GetReserved()*100 != a.GetReserved() {
		t.Errorf("in the end %v and %v", a, s)
	}
}

func TestACommitIsRepeatedByItsKeyAndRefusedByAnother(t *testing.T) {
	r := newRig(t)
	r.codes(t, "film", "AAA-1", "AAA-2")
	ida := r.rich(t, "Ida", 500)
	red := r.reserved(t, "a", ida, "film")
	first, err1 := r.commit(t, "b", red)
	again, err2 := r.commit(t, "b", red)
	if err1 != nil || err2 != nil || !proto.Equal(first, again) || first.GetCode() != "AAA-1" {
		t.Errorf("committed %v, %v; again %v, %v", first, err1, again, err2)
	}
	_, err := r.commit(t, "c", red)
	refused(t, "by another key", err, fault.IllegalState)
	if p := r.pool(t, "film"); p.GetFree() != 1 || p.GetShown() != 1 {
		t.Errorf("the pool is %v", p)
	}
	r.holds(t, "in the end", ida, 400, 0)
}

func TestPointsGoBackToTheLotsThatTheyCameFrom(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", nil)
	ida := r.enrol(t, "Ida")
	for i, c := range []struct {
		points int64
		days   int
	}{{70, 20}, {60, 10}, {50, 30}} {
		if _, err := r.points.AdjustPoints(r.manager(t, fmt.Sprint("lot", i)), &loyaltyv1.AdjustPointsRequest{
			Program: "customers", Member: ida, Points: c.points, Reason: "A gift", ExpireTime: timestamppb.New(start.AddDate(0, 0, c.days)),
		}); err != nil {
			t.Fatal(err)
		}
	}
	open := func() map[int64][2]int64 {
		t.Helper()
		list, err := r.points.ListLots(r.shop(t), &loyaltyv1.ListLotsRequest{Program: "customers", Member: ida})
		if err != nil {
			t.Fatal(err)
		}
		out := map[int64][2]int64{}
		for _, l := range list.GetLots() {
			out[l.GetNumber()] = [2]int64{l.GetOpen(), l.GetReserved()}
		}
		return out
	}
	is := func(when string, one, two, three [2]int64) {
		t.Helper()
		if got, want := fmt.Sprint(open()), fmt.Sprint(map[int64][2]int64{1: one, 2: two, 3: three}); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	// The second lot ends first, then the first.
	red := r.reserved(t, "a", ida, "mug")
	is("reserved", [2]int64{70, 40}, [2]int64{60, 60}, [2]int64{50, 0})
	if _, err := r.cancel(t, "b", red); err != nil {
		t.Fatal(err)
	}
	is("cancelled", [2]int64{70, 0}, [2]int64{60, 0}, [2]int64{50, 0})
	red = r.reserved(t, "c", ida, "mug")
	if _, err := r.commit(t, "d", red); err != nil {
		t.Fatal(err)
	}
	is("committed", [2]int64{30, 0}, [2]int64{0, 0}, [2]int64{50, 0})
	// After the end of the second lot, what goes back to it expires at once.
	r.clock.Step(11 * 24 * time.Hour)
	if _, err := r.reverse(t, "e", red); err != nil {
		t.Fatal(err)
	}
	is("reversed after the second has ended", [2]int64{70, 0}, [2]int64{0, 0}, [2]int64{50, 0})
	r.holds(t, "reversed", ida, 120, 0)
	if a := r.account(t, ida); a.GetLifetimeSpent() != 0 || a.GetLifetimeExpired() != 60 {
		t.Errorf("in the end %v", a)
	}
}

func TestTenOfAHundredGetTheLastTen(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", stocked(10))
	var members []string
	for i := range 20 {
		members = append(members, r.rich(t, fmt.Sprint("member-", i), 500))
	}
	got := atOnce(t, 100, fault.OutOfStock, func(key string, i int) error {
		_, err := r.reserve(t, key, members[i%len(members)], "mug")
		return err
	})
	if got != 10 {
		t.Errorf("%d got one", got)
	}
	r.counts(t, "in the end", "mug", 0, 10, 0)
	var held int64
	for _, m := range members {
		held += r.account(t, m).GetReserved()
	}
	if held != 1000 {
		t.Errorf("%d points are held", held)
	}
}

// atOnce asks n times at once, each time with a key of its own. It returns how often it was done; every other time it was refused for the reason.
func atOnce(t *testing.T, n int, reason fault.Reason, ask func(key string, i int) error) (done int) {
	t.Helper()
	errs := make([]error, n)
	key := func(i int) string { return fmt.Sprint("wish-", i) }
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = asked(func() error { return ask(key(i), i) }) })
	}
	all.Wait()
	for i, err := range errs {
		if err == nil {
			done++
		} else {
			refused(t, key(i), err, reason)
		}
	}
	return done
}

func TestNobodySpendsMoreThanThereIs(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", nil)
	ida := r.rich(t, "Ida", 500)
	got := atOnce(t, 100, fault.InsufficientPoints, func(key string, _ int) error {
		_, err := r.redemptions.RedeemReward(r.shop(t, key), &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: ida, Reward: "mug"})
		return err
	})
	if got != 5 {
		t.Errorf("%d got one", got)
	}
	if a := r.account(t, ida); a.GetAvailable() != 0 || a.GetReserved() != 0 || a.GetLifetimeSpent() != 500 {
		t.Errorf("in the end %v", a)
	}
}

func TestOneOfManyWhoResolveARedemptionAtOnceDoes(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", stocked(3))
	ida := r.rich(t, "Ida", 100)
	red := r.reserved(t, "a", ida, "mug")
	done := atOnce(t, 40, fault.IllegalState, func(key string, i int) error {
		act := r.commit
		if i%2 == 0 {
			act = r.cancel
		}
		_, err := act(t, key, red)
		return err
	})
	s, a := r.stock(t, "mug"), r.account(t, ida)
	if done != 1 || s.GetReserved() != 0 || s.GetLeft()+s.GetRedeemed() != 3 || a.GetAvailable()+100*s.GetRedeemed() != 100 {
		t.Errorf("%d did: %v, %v", done, s, a)
	}
}
