package loyalty_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

func (r *rig) freeze(t testing.TB, key, member string, lots ...int64) (*loyaltyv1.Review, error) {
	resp, err := r.reviews.FreezePoints(r.manager(t, key), &loyaltyv1.FreezePointsRequest{Program: "customers", Member: member, Lots: lots, Reason: "Many orders from one address"})
	return resp.GetReview(), err
}

func reviewID(v *loyaltyv1.Review) string { return v.GetName()[strings.LastIndex(v.GetName(), "/")+1:] }

func TestFrozenPointsAreSeenNotSpentAndDoNotAge(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida")
	if _, err := r.points.AdjustPoints(r.manager(t, "a"), &loyaltyv1.AdjustPointsRequest{
		Program: "customers", Member: ida, Points: 50, Reason: "A gift", ExpireTime: timestamppb.New(start.Add(48 * time.Hour)),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.adjust(t, "b", ida, 30); err != nil {
		t.Fatal(err)
	}
	r.clock.Step(24 * time.Hour)
	v, err := r.freeze(t, "freeze", ida, 1)
	if err != nil || v.GetPoints() != 50 || v.GetState() != loyaltyv1.ReviewState_REVIEW_STATE_OPEN || v.GetActor() != "users/marta" {
		t.Fatalf("frozen: %v, %v", v, err)
	}
	r.clock.Step(240 * time.Hour)
	if a := r.account(t, ida); a.GetAvailable() != 30 || a.GetFrozen() != 50 || a.GetLifetimeExpired() != 0 {
		t.Errorf("while they are looked at: %v", a)
	}
	_, err = r.adjust(t, "spend", ida, -31)
	refused(t, "spending frozen points", err, fault.InsufficientPoints)
	_, err = r.freeze(t, "again", ida, 1)
	refused(t, "freezing them again", err, fault.IllegalState)
	list, err := r.reviews.ListReviews(r.manager(t), &loyaltyv1.ListReviewsRequest{Program: "customers"})
	if err != nil || len(list.GetReviews()) != 1 || list.GetReviews()[0].GetName() != v.GetName() {
		t.Errorf("the queue is %v, %v", list, err)
	}
	req := &loyaltyv1.ReleaseReviewRequest{Program: "customers", Review: reviewID(v), Decision: "A family"}
	if _, err := r.reviews.ReleaseReview(r.manager(t, "release"), req); err != nil {
		t.Fatal(err)
	}
	r.clock.Step(23 * time.Hour)
	if a := r.account(t, ida); a.GetAvailable() != 80 || a.GetFrozen() != 0 {
		t.Errorf("within what was left of their life: %v", a)
	}
	r.clock.Step(2 * time.Hour)
	if a := r.account(t, ida); a.GetAvailable() != 30 || a.GetLifetimeExpired() != 50 {
		t.Errorf("after it: %v", a)
	}
	_, err = r.reviews.RejectReview(r.manager(t, "too-late"), &loyaltyv1.RejectReviewRequest{Program: "customers", Review: reviewID(v), Decision: "Changed my mind"})
	refused(t, "deciding twice", err, fault.IllegalState)
}

func TestRejectedPointsAreGoneAndWithThemTheirTier(t *testing.T) {
	r := newRig(t)
	r.metals(t, nil)
	ida := r.enrol(t, "Ida")
	if _, err := r.adjust(t, "a", ida, 120); err != nil {
		t.Fatal(err)
	}
	v, err := r.freeze(t, "freeze", ida, 1)
	if err != nil {
		t.Fatal(err)
	}
	if p := r.account(t, ida).GetTier(); p.GetTier() != "silver" {
		t.Errorf("frozen points still count: %v", p)
	}
	resp, err := r.reviews.RejectReview(r.manager(t, "reject"), &loyaltyv1.RejectReviewRequest{Program: "customers", Review: reviewID(v), Decision: "Ten accounts of one person"})
	if err != nil || resp.GetReview().GetState() != loyaltyv1.ReviewState_REVIEW_STATE_REJECTED || resp.GetReview().GetDecider() != "users/marta" {
		t.Fatalf("rejected: %v, %v", resp, err)
	}
	if a := r.account(t, ida); a.GetAvailable() != 0 || a.GetFrozen() != 0 || a.GetDebt() != 0 || !a.GetTier().GetKeep().GetGrace() {
		t.Errorf("after it: %v", a)
	}
	list, err := r.reviews.ListReviews(r.manager(t), &loyaltyv1.ListReviewsRequest{Program: "customers"})
	if err != nil || len(list.GetReviews()) != 0 {
		t.Errorf("the queue is %v, %v", list, err)
	}
	_, err = r.reviews.ReleaseReview(r.manager(t, "other"), &loyaltyv1.ReleaseReviewRequest{Program: "employees", Review: reviewID(v), Decision: "x"})
	refused(t, "a review of another programme", err, fault.NotFound)
	_, err = r.freeze(t, "gone", ida, 1)
	refused(t, "freezing what is gone", err, fault.IllegalState)
	r.sound(t, 1)
}

// Frozen points of a member who becomes one with another are looked at there, and can still be released or rejected.
func TestReviewsFollowAMerge(t *testing.T) {
	r := newRig(t)
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	for i, points := range []int64{10, 20, 40} {
		if _, err := r.adjust(t, fmt.Sprint("ida-", i), ida, points); err != nil {
			t.Fatal(err)
		}
		if _, err := r.adjust(t, fmt.Sprint("jon-", i), jon, 100*points); err != nil {
			t.Fatal(err)
		}
	}
	second, err := r.freeze(t, "second", ida, 2)
	if err != nil {
		t.Fatal(err)
	}
	third, err := r.freeze(t, "third", ida, 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: jon, Merged: ida}); err != nil {
		t.Fatal(err)
	}
	r.owns(t, "after the merge", jon, 7010, 60)
	if _, err := r.reviews.ReleaseReview(r.manager(t, "release"), &loyaltyv1.ReleaseReviewRequest{Program: "customers", Review: reviewID(second), Decision: "A family"}); err != nil {
		t.Fatal(err)
	}
	r.owns(t, "after one was released", jon, 7030, 40)
	rejected, err := r.reviews.RejectReview(r.manager(t, "reject"), &loyaltyv1.RejectReviewRequest{Program: "customers", Review: reviewID(third), Decision: "One person"})
	if err != nil || rejected.GetReview().GetMember() != "programs/customers/members/"+jon {
		t.Fatalf("rejected: %v, %v", rejected, err)
	}
	r.owns(t, "after one was rejected", jon, 7030, 0)
}
