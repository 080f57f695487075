package loyalty_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

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

// A merge that was looked at is done as it was seen or not at all: whatever changes of the two in between, it is refused, and a further look has another etag.
func TestAMergeIsDoneAsItWasSeen(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	r.reward(t, "mug", nil)
	ida, jon := r.enrol(t, "Ida", email("ida@example.com")), r.enrol(t, "Jon")
	for key, member := range map[string]string{"of-ida": ida, "of-jon": jon} {
		if _, err := r.adjust(t, key, member, 500); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.points.AdjustPoints(r.manager(t, "ends"), &loyaltyv1.AdjustPointsRequest{
		Program: "customers", Member: jon, Points: 7, Reason: "For a while", ExpireTime: timestamppb.New(r.clock.Now().Add(time.Hour)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(key, tag string, only bool) (*loyaltyv1.Member, error) {
		resp, err := r.members.MergeMembers(r.manager(t, key), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: ida, Merged: jon, ValidateOnly: only, Etag: tag})
		return resp.GetMember(), err
	}
	look := func() string {
		m, err := ask("look", "", true)
		if err != nil || m.GetEtag() == "" {
			t.Fatalf("a look: %v, %v", m, err)
		}
		return m.GetEtag()
	}
	for i, c := range []struct {
		what string
		do   func(key string) error
	}{
		{"points of the one", func(key string) error { _, err := r.adjust(t, key, ida, 1); return err }},
		{"points of the other", func(key string) error { _, err := r.adjust(t, key, jon, -1); return err }},
		{"a reservation", func(key string) error { _, err := r.reserve(t, key, jon, "mug"); return err }},
		{"a name", func(string) error {
			_, err := r.members.UpdateMember(r.manager(t), &loyaltyv1.UpdateMemberRequest{Program: "customers", Member: jon, DisplayName: proto.String("Jonas")})
			return err
		}},
		{"the end of some points", func(string) error { r.clock.Step(2 * time.Hour); return nil }},
	} {
		seen, key := look(), fmt.Sprint("change-", i)
		if again := look(); again != seen {
			t.Errorf("%s: two looks at the same differ: %s, %s", c.what, seen, again)
		}
		if err := c.do(key); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		_, err := ask(key+"-merge", seen, false)
		refused(t, c.what, err, fault.EtagMismatch)
		if m := r.member(t, jon); strings.HasSuffix(m.GetName(), ida) {
			t.Fatalf("%s: merged all the same", c.what)
		}
	}
	seen := look()
	for range 2 { // the second is the same request again
		if m, err := ask("at-last", seen, false); err != nil || m.GetAccounts()[0].GetAvailable() != 1001 {
			t.Fatalf("as it was seen: %v, %v", m, err)
		}
	}
}
