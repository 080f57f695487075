package loyalty_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/store/enginetest"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// doubted compares each member that is shown by name, who may come from memory, with the same member in a list, which is always read. So every test of members is one of
// what is remembered of them.
type doubted struct {
	loyaltyv1.MembersServiceClient
	t testing.TB
}

// GetMember asks before the list and after it: what happened in between is no difference.
func (d doubted) GetMember(ctx context.Context, req *loyaltyv1.GetMemberRequest, opts ...grpc.CallOption) (*loyaltyv1.GetMemberResponse, error) {
	d.t.Helper()
	before, err := d.MembersServiceClient.GetMember(ctx, req, opts...)
	if err != nil {
		return before, err
	}
	list, err := d.ListMembers(ctx, &loyaltyv1.ListMembersRequest{Program: req.GetProgram(), PageSize: 20})
	if err != nil { // who may see one may not see all
		return before, nil
	}
	after, err := d.MembersServiceClient.GetMember(ctx, req, opts...)
	if err != nil || !proto.Equal(before, after) {
		return after, err
	}
	for _, read := range list.GetMembers() {
		if read.GetName() == after.GetMember().GetName() && !proto.Equal(read, after.GetMember()) {
			d.t.Errorf("shown is %v\nthere is %v", after.GetMember(), read)
		}
	}
	return after, nil
}

// views counts the reading transactions on the database so far.
func (r *rig) views(t testing.TB) uint64 {
	t.Helper()
	families, err := r.deps.Telemetry.Metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var n uint64
	for _, f := range families {
		if f.GetName() != "renown_store_transaction_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "kind" && l.GetValue() == "view" {
					n += m.GetHistogram().GetSampleCount()
				}
			}
		}
	}
	return n
}

// remembered waits until a member is shown without the database being read.
func (r *rig) remembered(t testing.TB, what, member string) {
	t.Helper()
	if enginetest.URI() != "" { // where others may write, it always is
		return
	}
	ask := func() {
		_, err := r.members.(doubted).MembersServiceClient.GetMember(r.shop(t), &loyaltyv1.GetMemberRequest{Program: "customers", Member: member})
		if err != nil {
			t.Fatal(err)
		}
	}
	r.comesAbout(t, time.Second, func() string { // what is due is done first
		ask()
		before := r.views(t)
		ask()
		if r.views(t) != before { // which may be because of something that goes on beside
			return fmt.Sprintf("before %s the member is read each time", what)
		}
		return ""
	})
}

// change is what happens to a member, so that they are shown otherwise.
type happening struct {
	what string
	do   func() error
}

// happenings are all kinds of them, in an order in which they can happen.
func (r *rig) happenings(t *testing.T, ida, mia string) []happening {
	return []happening{
		{"points with an end", func() error {
			_, err := r.points.AdjustPoints(r.manager(t, "end"), &loyaltyv1.AdjustPointsRequest{
				Program: "customers", Member: ida, Points: 600, Reason: "A gift", ExpireTime: timestamppb.New(r.clock.Now().Add(50 * time.Hour)),
			})
			return err
		}},
		{"their end", func() error { r.clock.Step(50 * time.Hour); return nil }},
		{"points", func() error { _, err := r.adjust(t, "give", ida, 1000); return err }},
		{"a correction", func() error { _, err := r.adjust(t, "take", ida, -300); return err }},
		{"a reservation", func() error { _, err := r.reserve(t, "hold", ida, "mug"); return err }},
		{"its end", func() error { r.clock.Step(time.Hour); return nil }},
		{"a suspicion", func() error {
			_, err := r.freeze(t, "freeze", ida, slices.Max(slices.Collect(maps.Keys(r.numbered(t, ida)))))
			return err
		}},
		{"another name", func() error {
			_, err := r.members.UpdateMember(r.shop(t, "name"), &loyaltyv1.UpdateMemberRequest{
				Program: "customers", Member: ida, DisplayName: proto.String("Ida B"), AddTags: []string{"regular"}, AddIdentifiers: []*loyaltyv1.MemberIdentifier{external("K-3")},
			})
			return err
		}},
		{"a wallet", func() error { r.wallets(t, "points", "stars"); return nil }},
		{"a version of tiers", func() error {
			defer r.clock.Step(6 * time.Second) // when it comes into force
			_, err := r.tiers.UpdateTierStructure(r.manager(t, "version"), &loyaltyv1.UpdateTierStructureRequest{
				Program: "customers", Structure: "metals", DisplayName: "Metals", Metric: loyaltyv1.TierMetric_TIER_METRIC_BALANCE,
				Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_FULL, Grace: "P10D", Tiers: []*loyaltyv1.Tier{{Id: "silver", DisplayName: "Sterling", Threshold: 50}},
			})
			r.member(t, ida)
			return err
		}},
		{"another day", func() error { r.clock.Step(24 * time.Hour); return nil }},
		{"a merge", func() error { r.merge(t, "merge", ida, mia); return nil }},
		{"an erasure", func() error {
			_, err := r.members.EraseMember(r.manager(t, "erase"), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: ida})
			return err
		}},
	}
}

func TestABalanceIsShownFromMemoryAndNeverAnOldOne(t *testing.T) {
	r := newRig(t)
	r.metals(t, nil)
	r.reward(t, "mug", nil)
	ida, mia := r.enrol(t, "Ida", external("K-1")), r.enrol(t, "Mia", external("K-2"))
	for _, step := range r.happenings(t, ida, mia) {
		was := map[string]*loyaltyv1.Member{}
		for _, m := range []string{ida, mia} {
			r.remembered(t, step.what, m)
			was[m] = r.member(t, m)
		}
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if is := r.member(t, ida); proto.Equal(is, was[ida]) && step.what != "another day" {
			t.Errorf("%s: still %v", step.what, is)
		}
		r.member(t, mia)
		r.found(t, step.what, ida, mia)
	}
	if m := r.member(t, mia); m.GetState() != loyaltyv1.MemberState_MEMBER_STATE_ERASED || m.GetDisplayName() != "" || len(m.GetIdentifiers()) != 0 {
		t.Errorf("after the erasure there is still %v", m)
	}
}

// found checks that who is found by an identifier is shown as by name, before or after: what happens in between is no difference.
func (r *rig) found(t testing.TB, what string, members ...string) {
	t.Helper()
	for _, id := range members {
		m := r.member(t, id)
		for _, i := range m.GetIdentifiers() {
			if by, err := r.lookup(t, i); err != nil || !proto.Equal(by, m) && !proto.Equal(by, r.member(t, id)) {
				t.Errorf("%s: found by %v is %v, %v\nby name %v", what, i, by, err, m)
			}
		}
	}
}

func TestWhoIsErasedIsNotFoundByWhatIsRemembered(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida", external("K-1"))
	for range 2 {
		if m, err := r.lookup(t, external("K-1")); err != nil || idOf(m) != ida {
			t.Fatal(m, err)
		}
	}
	if _, err := r.members.UpdateMember(r.shop(t, "card"), &loyaltyv1.UpdateMemberRequest{
		Program: "customers", Member: ida, RemoveIdentifiers: []*loyaltyv1.MemberIdentifier{external("K-1")}, AddIdentifiers: []*loyaltyv1.MemberIdentifier{external("K-2")},
	}); err != nil {
		t.Fatal(err)
	}
	if m, err := r.lookup(t, external("K-1")); err == nil {
		t.Errorf("by a card that was given up: %v", m)
	}
	if m, err := r.lookup(t, external("K-2")); err != nil || idOf(m) != ida {
		t.Errorf("by the new card: %v, %v", m, err)
	}
	if _, err := r.members.EraseMember(r.manager(t, "erase"), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: ida}); err != nil {
		t.Fatal(err)
	}
	if m, err := r.lookup(t, external("K-2")); err == nil {
		t.Errorf("after the erasure: %v", m)
	}
}

// TestWhatIsShownFollowsAnything has a few members live through a year at random, of whom two are looked at again and again.
func TestWhatIsShownFollowsAnything(t *testing.T) {
	r := newRig(t)
	r.earnsAndClimbs(t, loyaltyv1.TierDowngrade_TIER_DOWNGRADE_ONE)
	r.reward(t, "mug", nil)
	r.settings(t, &loyaltyv1.PointSettings{Life: "rolling P2M"})
	members := []string{r.rich(t, "Ida", 500), r.rich(t, "Mia", 100), r.rich(t, "Tom", 0+1)}
	random := rand.New(rand.NewPCG(7, 26))
	for n := range 150 {
		m, key := members[random.IntN(len(members))], fmt.Sprint("step-", n)
		switch random.IntN(5) {
		case 0:
			r.ordersFor(t, m, key, 100+random.Int64N(5000))
		case 1:
			_, _ = r.adjust(t, key, m, random.Int64N(200)-100+1) // which may be more than there is
		case 2:
			_, _ = r.reserve(t, key, m, "mug") // the same
		case 3:
			r.clock.Step(time.Duration(random.Int64N(int64(9 * 24 * time.Hour))))
		case 4:
			r.clock.Step(time.Duration(random.Int64N(int64(30 * time.Minute))))
		}
		for _, id := range members[:2] {
			if got := r.member(t, id); !strings.HasSuffix(got.GetName(), id) {
				t.Fatalf("step %d: asked for %s, got %v", n, id, got)
			}
		}
	}
}
