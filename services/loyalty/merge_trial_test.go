package loyalty_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// A merge that is only tried says what the merge then says: balances, sums, tier and the next end; and nothing of it is kept, its key neither.
func TestAMergeIsTriedBeforeItIsDone(t *testing.T) {
	r := newRig(t)
	r.settings(t, &loyaltyv1.PointSettings{Life: "rolling P12M"})
	r.earnsAndClimbs(t, loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL)
	ida, jon := r.enrol(t, "Ida", email("ida@example.com")), r.enrol(t, "Jon", email("jon@example.com"))
	r.ordersFor(t, jon, "1", 6_000)
	r.clock.Step(24 * time.Hour)
	r.ordersFor(t, ida, "2", 5_000)
	before, end := []*loyaltyv1.Member{r.member(t, ida), r.member(t, jon)}, r.journalEnd(t)
	if a := before[1].GetAccounts()[0]; a.GetNextExpirePoints() != 60 || a.GetNextExpireTime().AsTime().Format(time.DateOnly) != "2027-05-04" {
		t.Errorf("the next end is not told: %v", a)
	}
	req := &loyaltyv1.MergeMembersRequest{Program: "customers", Member: ida, Merged: jon, ValidateOnly: true}
	tried, err := r.members.MergeMembers(r.manager(t, "merge"), req)
	if err != nil {
		t.Fatal(err)
	}
	a := tried.GetMember().GetAccounts()[0]
	if a.GetAvailable() != 110 || a.GetTier().GetTier() != "gold" || a.GetLifetimeEarned() != 110 || a.GetNextExpirePoints() != 60 || len(tried.GetMember().GetIdentifiers()) != 2 {
		t.Errorf("tried: %v", tried)
	}
	for i, id := range []string{ida, jon} {
		if got := r.member(t, id); !proto.Equal(got, before[i]) {
			t.Errorf("trying left %v, before %v", got, before[i])
		}
	}
	if got := r.journalEnd(t); got != end {
		t.Errorf("trying was written down: %d after %d", got, end)
	}
	_, err = r.members.MergeMembers(r.manager(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: ida, Merged: ida, ValidateOnly: true})
	refused(t, "a member and itself", err, fault.InvalidArgument)
	merged := r.merge(t, "merge", ida, jon)
	merged.Etag, tried.Member.Etag = "", ""
	if !proto.Equal(merged, tried.GetMember()) {
		t.Errorf("merged into %v, tried %v", merged, tried.GetMember())
	}
	r.tiersFollow(t)
}
