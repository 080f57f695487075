package loyalty_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Two members who become one go on together; nothing is paid a second time for it, and an order of the former member can still come back.
func TestMergedMembersGoOnTogether(t *testing.T) {
	r := newRig(t)
	r.achievement(t, "third", 30, challenge(times, 3, allTime, always))
	r.achievement(t, "first", 10, challenge(times, 1, allTime, once))
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	for i, m := range []string{ida, ida, ida, ida, jon, jon, jon} {
		r.ordered(t, m, []string{"a", "b", "c", "d", "e", "f", "g"}[i], i, 100)
	}
	r.reached(t, ida)
	if _, err := r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: jon, Merged: ida}); err != nil {
		t.Fatal(err)
	}
	got := r.reached(t, jon)
	if got["third"].GetDone() != 2 || got["third"].GetValue() != 1 || len(got["third"].GetEarned()) != 2 || got["first"].GetDone() != 1 || len(got["first"].GetEarned()) != 1 {
		t.Errorf("together: %v", got)
	}
	if a := r.account(t, jon); a.GetAvailable() != 80 {
		t.Errorf("both had 40: %v", a)
	}
	r.ordered(t, ida, "h", 0, 100) // the former name leads to the other
	r.ordered(t, jon, "i", 0, 100)
	if a := r.reached(t, jon)["third"]; a.GetDone() != 3 || r.account(t, jon).GetAvailable() != 110 {
		t.Errorf("the third third: %v, %v", a, r.account(t, jon))
	}
	r.back(t, "a", "1")
	if a := r.reached(t, jon)["third"]; a.GetDone() != 2 || a.GetValue() != 2 || r.account(t, jon).GetAvailable() != 80 {
		t.Errorf("after the return: %v, %v", a, r.account(t, jon))
	}
}

func TestErasedMembersLeaveNoAchievements(t *testing.T) {
	r := newRig(t)
	r.achievement(t, "first", 10, challenge(times, 1, allTime, once))
	ida := r.enrol(t, "Ida")
	r.ordered(t, ida, "a", 0, 100)
	r.reached(t, ida)
	r.ordered(t, ida, "b", 0, 100) // which may not have been looked at when the member is erased
	if _, err := r.members.EraseMember(r.manager(t, "erase"), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: ida}); err != nil {
		t.Fatal(err)
	}
	if a := r.reached(t, ida)["first"]; a.GetDone() != 0 || len(a.GetEarned()) != 0 {
		t.Errorf("after the erasure: %v", a)
	}
}

// What an achievement brings may change, and it may end; its goal stays.
func TestAnAchievementChangesAndEnds(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida")
	r.ordered(t, ida, "before", 0, 100)
	r.clock.Step(time.Second)
	r.achievement(t, "each", 10, challenge(times, 1, allTime, always))
	r.ordered(t, ida, "a", 0, 100)
	r.reached(t, ida)
	got, err := r.achievements.GetAchievement(r.shop(t), &loyaltyv1.GetAchievementRequest{Program: "customers", Achievement: "each"})
	if err != nil {
		t.Fatal(err)
	}
	change := &loyaltyv1.UpdateAchievementRequest{
		Program: "customers", Achievement: "each", DisplayName: "Each one", Points: 25, Life: "rolling P1M", Etag: got.GetAchievement().GetEtag(),
	}
	changed, err := r.achievements.UpdateAchievement(r.manager(t, "change"), change)
	if err != nil || changed.GetAchievement().GetVersion() != 2 || !proto.Equal(changed.GetAchievement().GetGoal(), got.GetAchievement().GetGoal()) {
		t.Fatalf("changed: %v, %v", changed, err)
	}
	_, err = r.achievements.UpdateAchievement(r.manager(t, "stale"), change)
	refused(t, "a change of what it is no more", err, fault.EtagMismatch)
	r.ordered(t, ida, "b", 0, 100)
	if a := r.reached(t, ida)["each"]; a.GetDone() != 2 || r.account(t, ida).GetAvailable() != 35 {
		t.Errorf("after the change: %v, %v", a, r.account(t, ida))
	}
	r.clock.Step(time.Second)
	if _, err := r.achievements.ArchiveAchievement(r.manager(t, "end"), &loyaltyv1.ArchiveAchievementRequest{Program: "customers", Achievement: "each"}); err != nil {
		t.Fatal(err)
	}
	r.ordered(t, ida, "c", 0, 100)
	r.back(t, "c", "1") // which never counted
	r.back(t, "b", "1")
	if a := r.reached(t, ida)["each"]; a.GetDone() != 1 || r.account(t, ida).GetAvailable() != 10 {
		t.Errorf("after its end: %v, %v", a, r.account(t, ida))
	}
	_, err = r.achievements.ArchiveAchievement(r.manager(t, "again"), &loyaltyv1.ArchiveAchievementRequest{Program: "customers", Achievement: "each"})
	refused(t, "ending it twice", err, fault.IllegalState)
	jon := r.enrol(t, "Jon")
	if all := r.reached(t, jon); len(all) != 0 {
		t.Errorf("a member who never reached it sees %v", all)
	}
}

func TestGoalsAreRefusedByTheirField(t *testing.T) {
	r := newRig(t)
	for path, change := range map[string]func(*loyaltyv1.CreateAchievementRequest){
		"goal.recurrence":   func(q *loyaltyv1.CreateAchievementRequest) { q.Goal.Recurrence = aPeriod },
		"goal.category":     func(q *loyaltyv1.CreateAchievementRequest) { q.Goal.Trigger, q.Goal.Category = "visit", "cats" },
		"goal.windowLength": func(q *loyaltyv1.CreateAchievementRequest) { q.Goal.WindowLength = "P30D" },
		"goal.untilTime": func(q *loyaltyv1.CreateAchievementRequest) {
			q.Goal.FromTime, q.Goal.UntilTime = timestamppb.New(start), timestamppb.New(start)
		},
		"goal.least": func(q *loyaltyv1.CreateAchievementRequest) { q.Goal.Least = 2 },
		"life":       func(q *loyaltyv1.CreateAchievementRequest) { q.Life = "a year" },
		"wallet":     func(q *loyaltyv1.CreateAchievementRequest) { q.Wallet = "stars" },
	} {
		req := &loyaltyv1.CreateAchievementRequest{Program: "customers", AchievementId: "x", DisplayName: "X", Goal: challenge(times, 3, allTime, once)}
		change(req)
		_, err := r.achievements.CreateAchievement(r.manager(t, "x-"+path), req)
		e, ok := fault.As(err)
		if !ok || e.Reason.Name != fault.InvalidArgument.Name || len(e.Fields) != 1 || e.Fields[0].Path != path {
			t.Errorf("%s: %v", path, err)
		}
	}
	r.achievement(t, "x", 1, challenge(times, 3, allTime, once))
	_, err := r.achievements.CreateAchievement(r.manager(t, "twice"), &loyaltyv1.CreateAchievementRequest{
		Program: "customers", AchievementId: "x", DisplayName: "X", Goal: challenge(times, 3, allTime, once),
	})
	refused(t, "the same id", err, fault.AlreadyExists)
	_, err = r.achievements.GetAchievement(r.shop(t), &loyaltyv1.GetAchievementRequest{Program: "employees", Achievement: "x"})
	refused(t, "another programme's", err, fault.NotFound)
}

// Events count too, and a member reads their own progress by their link, nobody else's.
func TestAMemberReadsTheirOwnAchievements(t *testing.T) {
	r := newRig(t)
	goal := challenge(times, 2, monthly, aPeriod)
	goal.Trigger = "visit"
	r.achievement(t, "visits", 0, goal)
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	for _, id := range []string{"1", "2"} {
		_, err := r.orders.AccruePoints(r.shop(t, "visit-"+id), &loyaltyv1.AccruePointsRequest{Program: "customers", Member: ida, Event: &loyaltyv1.EventInput{EventId: id, Type: "visit"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	r.reached(t, ida)
	link := r.link(t, &loyaltyv1.CreateStatementLinkRequest{Program: "customers", Member: ida})
	resp, err := r.achievements.ListMemberAchievements(link(), &loyaltyv1.ListMemberAchievementsRequest{Program: "customers", Member: ida})
	if err != nil || len(resp.GetAchievements()) != 1 || resp.GetAchievements()[0].GetDone() != 1 || resp.GetAchievements()[0].GetEarned()[0].GetKey() != "2026-05" {
		t.Errorf("the member's own: %v, %v", resp, err)
	}
	_, err = r.achievements.ListMemberAchievements(link(), &loyaltyv1.ListMemberAchievementsRequest{Program: "customers", Member: jon})
	refused(t, "another's", err, fault.PermissionDenied)
}
