package loyalty_test

import (
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// versatile makes a ledger of what redemptions, holds, reviews, tiers, refusals and members who leave with nothing write, and closes its service when everything is
// sealed.
func versatile(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.metals(t, nil)
	r.reward(t, "mug", stocked(50))
	ida, jon, old, poor := r.rich(t, "Ida", 700), r.rich(t, "Jon", 90), r.rich(t, "Old", 40), r.rich(t, "Poor", 30)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, days := range []int{2, 10, 40, 400} { // in this order: the lots' numbers follow it
		_, err := r.points.AdjustPoints(r.manager(t, fmt.Sprint("gift-", days)), &loyaltyv1.AdjustPointsRequest{
			Program: "customers", Member: ida, Points: 100, Reason: "A gift <3", ExpireTime: timestamppb.New(start.AddDate(0, 0, days)),
		})
		must(err)
	}
	_, err := r.reserve(t, "too-dear", jon, "mug")
	refused(t, "a mug for 90 points", err, fault.InsufficientPoints)
	spent := r.reserved(t, "one", ida, "mug")
	_, err = r.commit(t, "commit", spent)
	must(err)
	_, err = r.cancel(t, "cancel", r.reserved(t, "two", ida, "mug"))
	must(err)
	r.reserved(t, "lapses", ida, "mug")
	r.clock.Step(24 * time.Hour)
	_, err = r.reverse(t, "reverse", spent)
	must(err)
	held, err := r.freeze(t, "freeze", ida, 4)
	must(err)
	r.clock.Step(20 * 24 * time.Hour)
	_, err = r.reviews.ReleaseReview(r.manager(t, "release"), &loyaltyv1.ReleaseReviewRequest{Program: "customers", Review: reviewID(held), Decision: "A family"})
	must(err)
	_, err = r.adjust(t, "all", poor, -30)
	must(err)
	_, err = r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: jon, Merged: old})
	must(err)
	for _, leaves := range []string{poor, jon} {
		_, err = r.members.EraseMember(r.manager(t), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: leaves})
		must(err)
	}
	r.reserved(t, "three", ida, "mug")
	terms := perEuro()
	terms.Campaign, terms.Caps = "autumn", []*loyaltyv1.EarningRuleCap{{Per: "campaign", Most: 1_000}}
	r.rule(t, "autumn", terms)
	_, err = r.order(t, ida, orderOf("1", 2_000))
	must(err)
	r.sealed(t)
	return r
}

func TestALedgerOfEveryKindOfStepIsWhole(t *testing.T) {
	r := versatile(t)
	if v := r.verified(t, 7); !v.GetWhole() || v.GetEntries() < 20 {
		t.Errorf("%v", v)
	}
}

func TestEachKindOfChangeOfEveryKindOfStepIsFound(t *testing.T) {
	r := versatile(t)
	if r.config.MongoDBURI != "" {
		t.Skip("the file is changed where there is one")
	}
	db, err := sql.Open("sqlite", filepath.Join(r.config.Data, "loyalty.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all := spoils(t, db)
	rand.New(rand.NewPCG(3, 14)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	seen := map[string]bool{}
	for _, s := range all {
		if seen[s.what] {
			continue
		}
		seen[s.what] = true
		if err := found(t.Context(), db, s); err != nil {
			t.Errorf("%s: %v", s.what, err)
		}
	}
	t.Logf("%d kinds of changes were found", len(seen))
	for _, kind := range []string{"journal.tx.hold", "journal.tx.endsAt", "journal.refusal", "journal.tx.lots[].froze", "accounts.ledger.holds[].takes[].points", "accounts.tiers.seq", "lot_pages.lots.reserved", "budgets.used"} {
		if !seen[kind] && !seen[kind+"[]"] { // as one value for all, or a list
			t.Errorf("there is no %s among %v", kind, slices.Sorted(maps.Keys(seen)))
		}
	}
}
