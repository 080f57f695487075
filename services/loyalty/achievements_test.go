package loyalty_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// achievement adds an achievement to the customers' programme.
func (r *rig) achievement(t testing.TB, id string, points int64, goal *loyaltyv1.AchievementGoal) {
	t.Helper()
	_, err := r.achievements.CreateAchievement(r.manager(t, "achievement-"+id), &loyaltyv1.CreateAchievementRequest{
		Program: "customers", AchievementId: id, DisplayName: "The " + id, Badge: id, Points: points, Goal: goal,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// reached waits until all that is in the journal was looked at, and returns how far a member has come, by the achievement's id.
func (r *rig) reached(t testing.TB, member string) map[string]*loyaltyv1.MemberAchievement {
	t.Helper()
	out := map[string]*loyaltyv1.MemberAchievement{}
	r.followed(t, "achievements", func() (int64, error) {
		resp, err := r.achievements.ListMemberAchievements(r.shop(t), &loyaltyv1.ListMemberAchievementsRequest{Program: "customers", Member: member})
		clear(out)
		for _, a := range resp.GetAchievements() {
			out[strings.TrimPrefix(a.GetAchievement(), "programs/customers/achievements/")] = a
		}
		return resp.GetThroughSequence(), err
	})
	return out
}

// told counts the events of a kind.
func (r *rig) told(t testing.TB, kind string) int { return len(r.details(t, kind)) }

// details are those of all events of a kind, as JSON.
func (r *rig) details(t testing.TB, kind string) (out []string) {
	t.Helper()
	for after := int64(0); ; {
		resp, err := r.events.ListLoyaltyEvents(r.as(t, auth.Identity{Kind: auth.KindUser, Subject: "ada", Roles: []string{"admin"}}), &loyaltyv1.ListLoyaltyEventsRequest{After: after, PageSize: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range resp.GetEvents() {
			var data struct{ Details json.RawMessage }
			if e.GetType() != kind {
				continue
			}
			if err := json.Unmarshal([]byte(e.GetDataJson()), &data); err != nil {
				t.Fatal(err)
			}
			out = append(out, string(data.Details))
		}
		if len(resp.GetEvents()) == 0 {
			return out
		}
		after = resp.GetNextAfter()
	}
}

// ordered records an order of one line that was placed so many days before the start.
func (r *rig) ordered(t testing.TB, member, id string, daysBefore int, amount int64) {
	t.Helper()
	o := orderOf(id, amount)
	o.OrderTime = timestamppb.New(start.AddDate(0, 0, -daysBefore))
	if _, err := r.order(t, member, o); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) back(t testing.TB, order, id string, lines ...*loyaltyv1.ReturnedLine) {
	t.Helper()
	r.backBy(t, order, id, "", lines...)
}

// backBy brings an order back, or some of it, by a policy.
func (r *rig) backBy(t testing.TB, order, id, policy string, lines ...*loyaltyv1.ReturnedLine) {
	t.Helper()
	req := &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: order, ReturnId: id, Policy: policy, Lines: lines}
	if _, err := r.orders.ReturnOrder(r.shop(t, "back-"+order+"-"+id), req); err != nil {
		t.Fatal(err)
	}
}

func challenge(measure loyaltyv1.AchievementMeasure, target int64, window loyaltyv1.AchievementWindow, repeat loyaltyv1.AchievementRecurrence) *loyaltyv1.AchievementGoal {
	return &loyaltyv1.AchievementGoal{
		Kind: loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_CHALLENGE, Trigger: "order", Measure: measure, Target: target, Window: window, Recurrence: repeat,
	}
}

func dailyStreak(target int64) *loyaltyv1.AchievementGoal {
	return &loyaltyv1.AchievementGoal{
		Kind: loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_STREAK, Trigger: "order", Measure: times, Target: target,
		Window: loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_DAY, Recurrence: always,
	}
}

const (
	times   = loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_TIMES
	amount  = loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_AMOUNT
	allTime = loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_UNSPECIFIED
	monthly = loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_MONTH
	once    = loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_ONCE
	aPeriod = loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_PERIOD
	always  = loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_ALWAYS
)

func TestAChallengeIsReachedOncePaidOnceAndTakenBackByAReturn(t *testing.T) {
	r := newRig(t)
	r.achievement(t, "big-month", 50, challenge(amount, 10_000, monthly, aPeriod))
	ida := r.enrol(t, "Ida")
	r.ordered(t, ida, "1", 0, 6_000)
	if a := r.reached(t, ida)["big-month"]; a.GetDone() != 0 || a.GetValue() != 6_000 || a.GetTarget() != 10_000 || a.GetBy() != "2026-05-31" || len(a.GetEarned()) != 0 {
		t.Errorf("after the first order: %v", a)
	}
	r.ordered(t, ida, "2", 0, 5_000)
	r.ordered(t, ida, "3", 10, 20_000) // in April
	a := r.reached(t, ida)["big-month"]
	if a.GetDone() != 2 || len(a.GetEarned()) != 2 || a.GetBadge() != "big-month" {
		t.Fatalf("after all orders: %v", a)
	}
	if got := r.account(t, ida); got.GetAvailable() != 100 || got.GetLifetimeEarned() != 100 {
		t.Errorf("the account: %v", got)
	}
	// A line that comes back takes May's away, and an order more brings it again.
	r.back(t, "1", "a", &loyaltyv1.ReturnedLine{Line: "1", Amount: proto.Int64(2_000)})
	a = r.reached(t, ida)["big-month"]
	if got := r.account(t, ida); a.GetValue() != 9_000 || a.GetDone() != 1 || len(a.GetEarned()) != 1 || a.GetEarned()[0].GetKey() != "2026-04" || got.GetAvailable() != 50 {
		t.Errorf("after the return: %v, %v", a, got)
	}
	r.ordered(t, ida, "4", 1, 1_000)
	a = r.reached(t, ida)["big-month"]
	if got := r.account(t, ida); a.GetDone() != 2 || got.GetAvailable() != 100 {
		t.Errorf("after it was reached again: %v, %v", a, got)
	}
	// An order that is never carried out does not count either.
	if _, err := r.cancelOrder(t, "cancel", "4"); err != nil {
		t.Fatal(err)
	}
	a = r.reached(t, ida)["big-month"]
	if got := r.account(t, ida); a.GetDone() != 1 || got.GetAvailable() != 50 {
		t.Errorf("after an order was cancelled: %v, %v", a, got)
	}
	if e, u := r.told(t, "loyalty.achievement.earned"), r.told(t, "loyalty.achievement.undone"); e != 3 || u != 2 {
		t.Errorf("%d earned and %d undone were told", e, u)
	}
}

// act is an order that was placed so many days ago, or its return.
type act struct {
	order, ago int
	back       bool
}

// Whatever the order in which orders and returns become known, and however often they are sent: the same is reached, and paid for once.
func TestAnyOrderOfArrivalGivesTheSameAchievementsPaidOnce(t *testing.T) {
	r := newRig(t)
	r.achievement(t, "streak", 7, dailyStreak(3))
	r.achievement(t, "month", 11, challenge(amount, 9_000, monthly, always))
	r.achievement(t, "fifth", 13, challenge(times, 5, allTime, once))
	rnd := rand.New(rand.NewPCG(11, 5))
	members := []string{r.enrol(t, "Ida"), r.enrol(t, "Jon"), r.enrol(t, "Kim")}
	var acts []act
	for i := range 24 {
		ago := rnd.IntN(20)
		acts = append(acts, act{order: i, ago: ago})
		if i%4 == 0 {
			acts = append(acts, act{order: i, ago: ago, back: true})
		}
	}
	for n, m := range members {
		mixed := append([]act(nil), acts...)
		rnd.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		known, waiting := map[int]bool{}, map[int]bool{}
		send := func(a act) {
			id := fmt.Sprintf("%d-%d", n, a.order)
			if a.back {
				r.back(t, id, "all")
				return
			}
			r.ordered(t, m, id, a.ago, 3_000)
			// Twice under its key, and once more under another.
			r.ordered(t, m, id, a.ago, 3_000)
			_, err := r.orders.RecordOrder(r.shop(t, "again-"+id), &loyaltyv1.RecordOrderRequest{Program: "customers", Member: m, Order: orderOf(id, 3_000)})
			refused(t, "an order that is there", err, fault.AlreadyExists)
		}
		for _, a := range mixed {
			if a.back && !known[a.order] { // what came back before it was sold waits
				waiting[a.order] = true
				continue
			}
			send(a)
			if known[a.order] = true; waiting[a.order] {
				send(act{order: a.order, ago: a.ago, back: true})
			}
		}
	}
	want := r.reached(t, members[0])
	if want["streak"].GetDone() == 0 || want["month"].GetDone() < 2 || want["fifth"].GetDone() != 1 {
		t.Fatalf("hardly anything is reached: %v", want)
	}
	for _, m := range members {
		got := r.reached(t, m)
		if d := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&loyaltyv1.EarnedAchievement{}, "member", "earn_time", "entry"),
			protocmp.SortRepeated(func(a, b *loyaltyv1.EarnedAchievement) bool { return a.GetKey() < b.GetKey() })); d != "" {
			t.Errorf("another order of arrival gives something else:\n%s", d)
		}
		points := 7*got["streak"].GetDone() + 11*got["month"].GetDone() + 13*got["fifth"].GetDone()
		if a := r.account(t, m); a.GetAvailable() != points || a.GetDebt() != 0 {
			t.Errorf("the account holds %d, %d were earned", a.GetAvailable(), points)
		}
	}
}

// A day ends in the programme's zone: two orders within two hours are two days there.
func TestStreaksFollowTheProgrammesZone(t *testing.T) {
	r := newRig(t)
	p, err := r.programs.GetProgram(r.manager(t), &loyaltyv1.GetProgramRequest{Program: "customers"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.programs.UpdateProgram(r.manager(t), &loyaltyv1.UpdateProgramRequest{
		Program: "customers", DisplayName: "Customers", Wallets: p.GetProgram().GetWallets(), TimeZone: "Asia/Tokyo",
	})
	if err != nil {
		t.Fatal(err)
	}
	r.achievement(t, "streak", 5, dailyStreak(2))
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	for i, at := range []string{"2026-05-02T14:00:00Z", "2026-05-02T16:00:00Z", "2026-05-02T23:30:00Z", "2026-05-03T00:30:00Z"} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		o := orderOf(fmt.Sprint(i), 100)
		o.OrderTime = timestamppb.New(when)
		if _, err := r.order(t, []string{ida, ida, jon, jon}[i], o); err != nil {
			t.Fatal(err)
		}
	}
	if a := r.reached(t, ida)["streak"]; a.GetDone() != 1 || a.GetEarned()[0].GetDay() != "2026-05-03" {
		t.Errorf("23:00 and 1:00 in Tokyo: %v", a)
	}
	if a := r.reached(t, jon)["streak"]; a.GetDone() != 0 || a.GetValue() != 1 {
		t.Errorf("8:30 and 9:30 in Tokyo: %v", a)
	}
}

// Who has reached an achievement is listed, the last first and once for each time, without what a return has undone.
func TestWhoHasReachedAnAchievementIsListed(t *testing.T) {
	r := newRig(t)
	r.achievement(t, "second", 20, challenge(times, 2, allTime, always))
	r.achievement(t, "first", 0, challenge(times, 1, allTime, once))
	ida, jon, kim := r.enrol(t, "Ida"), r.enrol(t, "Jon"), r.enrol(t, "Kim")
	for i, member := range []string{ida, ida, jon, jon, kim, kim, ida, ida} {
		r.ordered(t, member, fmt.Sprint(i), 1, 100)
		r.reached(t, member)
		r.clock.Step(time.Second)
	}
	listed := func(size int32) (out []string) {
		t.Helper()
		for token := ""; ; {
			resp, err := r.achievements.ListEarnedAchievements(r.manager(t), &loyaltyv1.ListEarnedAchievementsRequest{Program: "customers", Achievement: "second", PageSize: size, PageToken: token})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range resp.GetEarned() {
				if e.GetPoints() != 20 || e.GetDay() != start.AddDate(0, 0, -1).Format(time.DateOnly) || !strings.HasPrefix(e.GetEntry(), e.GetMember()+"/entries/") {
					t.Errorf("it was reached as %v", e)
				}
				out = append(out, strings.TrimPrefix(e.GetMember(), "programs/customers/members/")+e.GetKey())
			}
			if token = resp.GetNextPageToken(); token == "" {
				return out
			}
		}
	}
	for _, size := range []int32{0, 1} {
		if got, want := listed(size), []string{ida + "#2", kim + "#1", jon + "#1", ida + "#1"}; !cmp.Equal(got, want) {
			t.Errorf("by %d: %v, want %v", size, got, want)
		}
	}
	r.back(t, "3", "r")
	r.reached(t, jon)
	if got, want := listed(1), []string{ida + "#2", kim + "#1", ida + "#1"}; !cmp.Equal(got, want) {
		t.Errorf("after a return: %v, want %v", got, want)
	}
	_, err := r.achievements.ListEarnedAchievements(r.manager(t), &loyaltyv1.ListEarnedAchievementsRequest{Program: "customers", Achievement: "none"})
	refused(t, "an achievement that there is not", err, fault.NotFound)
}

// What was recorded while nobody followed the journal, because the process died, is counted and paid once when it is there again.
func TestWhatDiesBeforeItPaysPaysOnceAfterwards(t *testing.T) {
	r := newRig(t)
	r.achievement(t, "second", 20, challenge(times, 2, allTime, always))
	ida := r.enrol(t, "Ida")
	for life := range 3 {
		r.stop() // nobody follows
		for n := range 2 {
			r.ordered(t, ida, fmt.Sprintf("%d-%d", life, n), 0, 100)
		}
		if a := r.account(t, ida); a.GetAvailable() != int64(20*life) {
			t.Fatalf("paid while nobody followed: %v", a)
		}
		r.restart(t)
		if a := r.reached(t, ida)["second"]; a.GetDone() != int64(life+1) || r.account(t, ida).GetAvailable() != int64(20*(life+1)) {
			t.Errorf("life %d: %v, %v", life, a, r.account(t, ida))
		}
		r.restart(t)
	}
	if n := r.told(t, "loyalty.achievement.earned"); n != 3 {
		t.Errorf("%d were told", n)
	}
}
