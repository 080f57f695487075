package loyalty_test

import (
	"testing"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// What a body names and what is not there is refused at the field that names it.
func TestWhatIsNotThereIsToldAtTheFieldThatNamesIt(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	r.reward(t, "mug", nil)
	ida := r.enrol(t, "Ida")
	paid := orderOf("1", 100)
	paid.Redemption = "nobody"
	for _, c := range []struct {
		field string
		ask   func() error
	}{
		{"merged", func() error {
			_, err := r.members.MergeMembers(r.manager(t, "merge"), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: ida, Merged: "nobody"})
			return err
		}},
		{"friend", func() error {
			_, err := r.referrals.CreateReferral(r.shop(t, "refer"), &loyaltyv1.CreateReferralRequest{Program: "customers", Friend: "nobody", Referral: &loyaltyv1.ReferralInput{Code: "ABCD"}})
			return err
		}},
		{"order.redemption", func() error { _, err := r.order(t, ida, paid); return err }},
		{"order", func() error {
			_, err := r.points.ActivatePoints(r.manager(t, "activate"), &loyaltyv1.ActivatePointsRequest{Program: "customers", Member: ida, Order: "nothing", Reason: "Because"})
			return err
		}},
		{"reward", func() error { _, err := r.reserve(t, "cup", ida, "cup"); return err }},
		{"member", func() error { _, err := r.reserve(t, "nobody", "nobody", "mug"); return err }},
	} {
		err := c.ask()
		refused(t, c.field, err, fault.NotFound)
		fieldOf(t, err, c.field)
	}
}
