package loyalty_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// firstOrder are terms by which both are rewarded for a first order of 20 euros.
func firstOrder() *loyaltyv1.ReferralTerms {
	return &loyaltyv1.ReferralTerms{
		ReferrerPoints: 100, FriendPoints: 40, Qualification: loyaltyv1.ReferralQualification_REFERRAL_QUALIFICATION_FIRST_ORDER, LeastAmount: 2_000,
		Life: "rolling P12M", DeviceVelocity: 4, AddressVelocity: 6, VelocitySpan: "P7D",
	}
}

func (r *rig) referralTerms(t testing.TB, terms *loyaltyv1.ReferralTerms) {
	t.Helper()
	if _, err := r.referrals.SetReferralTerms(r.manager(t), &loyaltyv1.SetReferralTermsRequest{Program: "customers", Terms: terms}); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) code(t testing.TB, member string) string {
	t.Helper()
	resp, err := r.referrals.EnsureReferralCode(r.shop(t), &loyaltyv1.EnsureReferralCodeRequest{Program: "customers", Member: member})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetCode()
}

// brought enrols a friend with a code, seen with a device and an address, which may be empty.
func (r *rig) brought(t testing.TB, key, code, device, address string, identifiers ...*loyaltyv1.MemberIdentifier) string {
	t.Helper()
	resp, err := r.members.CreateMember(r.shop(t, "enrol-"+key), &loyaltyv1.CreateMemberRequest{
		Program: "customers", DisplayName: key, Identifiers: identifiers, Referral: &loyaltyv1.ReferralInput{Code: code, Device: device, NetworkAddress: address},
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(resp.GetMember().GetName(), "programs/customers/members/")
}

// referral waits until all that is in the journal was looked at, and returns the referral by which a member came.
func (r *rig) referral(t testing.TB, friend string) *loyaltyv1.Referral {
	t.Helper()
	r.reached(t, friend)
	resp, err := r.referrals.GetReferral(r.shop(t), &loyaltyv1.GetReferralRequest{Program: "customers", Friend: friend})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetReferral()
}

func outcome(v *loyaltyv1.Referral) string {
	words := []string{strings.ToLower(strings.TrimPrefix(v.GetState().String(), "REFERRAL_STATE_"))}
	for _, f := range v.GetFindings() {
		words = append(words, f.GetCode())
	}
	return strings.Join(words, " ")
}

func (r *rig) owns(t testing.TB, what, member string, available, frozen int64) {
	t.Helper()
	if a := r.account(t, member); a.GetAvailable() != available || a.GetFrozen() != frozen || a.GetDebt() != 0 {
		t.Errorf("%s: available %d, frozen %d, owing %d; want %d and %d", what, a.GetAvailable(), a.GetFrozen(), a.GetDebt(), available, frozen)
	}
}

func TestAFirstOrderRewardsBothOnceAndItsReturnTakesItBack(t *testing.T) {
	r := newRig(t)
	r.referralTerms(t, firstOrder())
	ida := r.enrol(t, "Ida")
	code := r.code(t, ida)
	if again := r.code(t, ida); again != code {
		t.Errorf("the code is %q, and then %q", code, again)
	}
	jon := r.brought(t, "Jon", strings.ToLower(code), "phone-1", "198.51.100.7")
	if got := outcome(r.referral(t, jon)); got != "waiting" {
		t.Errorf("before the order: %s", got)
	}
	r.ordered(t, jon, "1", 0, 5_000)
	r.ordered(t, jon, "2", 0, 5_000)
	v := r.referral(t, jon)
	if outcome(v) != "rewarded" || v.GetOrder() != "orders/1" || v.GetReferrerPoints() != 100 || v.GetFriendPoints() != 40 {
		t.Errorf("after the order: %v", v)
	}
	r.owns(t, "who brought", ida, 100, 0)
	r.owns(t, "who came", jon, 40, 0)
	// What is left of the first order is still enough, and then it is not.
	r.back(t, "1", "a", &loyaltyv1.ReturnedLine{Line: "1", Amount: proto.Int64(3_000)})
	r.back(t, "2", "a")
	if got := outcome(r.referral(t, jon)); got != "rewarded" {
		t.Errorf("after another order came back: %s", got)
	}
	r.back(t, "1", "b", &loyaltyv1.ReturnedLine{Line: "1", Amount: proto.Int64(1)})
	if got := outcome(r.referral(t, jon)); got != "undone" {
		t.Errorf("after the first order came back: %s", got)
	}
	r.owns(t, "who brought", ida, 0, 0)
	r.owns(t, "who came", jon, 0, 0)
	if n, u := r.told(t, "loyalty.referral.rewarded"), r.told(t, "loyalty.referral.undone"); n != 1 || u != 1 {
		t.Errorf("%d rewarded and %d undone were told", n, u)
	}
}

// refer records that a member came with a code.
func (r *rig) refer(t testing.TB, key, friend, code string) error {
	_, err := r.referrals.CreateReferral(r.shop(t, key), &loyaltyv1.CreateReferralRequest{Program: "customers", Friend: friend, Referral: &loyaltyv1.ReferralInput{Code: code}})
	return err
}

func TestReferralsThatContradictTheTermsAreRefused(t *testing.T) {
	r := newRig(t)
	terms := firstOrder()
	terms.Most, terms.Period, terms.Within = 2, loyaltyv1.ReferralPeriod_REFERRAL_PERIOD_MONTH, "P30D"
	ida, old := r.enrol(t, "Ida"), r.enrol(t, "Old")
	_, err := r.referrals.GetReferralTerms(r.shop(t), &loyaltyv1.GetReferralTermsRequest{Program: "customers"})
	refused(t, "terms that are not", err, fault.NotFound)
	r.referralTerms(t, terms)
	code := r.code(t, ida)
	refused(t, "oneself", r.refer(t, "self", ida, code), fault.IllegalState)
	refused(t, "nobody's code", r.refer(t, "nobody", old, "AAAAAAAAAA"), fault.NotFound)
	r.ordered(t, old, "old", 3, 100)
	refused(t, "a customer", r.refer(t, "old", old, code), fault.IllegalState)
	_, err = r.members.CreateMember(r.shop(t, "bad"), &loyaltyv1.CreateMemberRequest{Program: "customers", DisplayName: "x", Referral: &loyaltyv1.ReferralInput{Code: code, NetworkAddress: "here"}})
	refused(t, "no address", err, fault.InvalidArgument)

	small := r.brought(t, "small", code, "", "")
	refused(t, "twice", r.refer(t, "twice", small, code), fault.AlreadyExists)
	r.ordered(t, small, "small-1", 0, 1_999)
	r.ordered(t, small, "small-2", 0, 9_000)
	if got := outcome(r.referral(t, small)); got != "refused order_too_small" {
		t.Errorf("a small first order: %s", got)
	}
	late := r.brought(t, "late", code, "", "")
	r.clock.Step(30 * 24 * time.Hour) // into June
	if _, err := r.order(t, late, orderOf("late", 9_000)); err != nil {
		t.Fatal(err)
	}
	if got := outcome(r.referral(t, late)); got != "refused order_too_late" {
		t.Errorf("a late order: %s", got)
	}
	for i, want := range []string{"rewarded", "rewarded", "refused limit_reached"} {
		friend := r.brought(t, fmt.Sprint("friend-", i), code, "", "")
		if _, err := r.order(t, friend, orderOf(fmt.Sprint("friend-", i), 9_000)); err != nil {
			t.Fatal(err)
		}
		if got := outcome(r.referral(t, friend)); got != want {
			t.Errorf("friend %d: %s, want %s", i, got, want)
		}
	}
	r.clock.Step(30 * 24 * time.Hour) // into July
	friend := r.brought(t, "july", code, "", "")
	if _, err := r.order(t, friend, orderOf("july", 9_000)); err != nil {
		t.Fatal(err)
	}
	if got := outcome(r.referral(t, friend)); got != "rewarded" {
		t.Errorf("in the next month: %s", got)
	}
	r.owns(t, "three were rewarded", ida, 300, 0)
	list, err := r.referrals.ListReferrals(r.shop(t), &loyaltyv1.ListReferralsRequest{Program: "customers", Referrer: ida})
	if err != nil || len(list.GetReferrals()) != 6 || list.GetReferrals()[0].GetFriend() != "programs/customers/members/"+friend {
		t.Errorf("the member's referrals: %v, %v", list, err)
	}
	list, err = r.referrals.ListReferrals(r.shop(t), &loyaltyv1.ListReferralsRequest{Program: "customers", State: loyaltyv1.ReferralState_REFERRAL_STATE_REFUSED})
	if err != nil || len(list.GetReferrals()) != 3 {
		t.Errorf("those that were refused: %v, %v", list, err)
	}
}

// bringSuspects enrols friends who order at once, most of whom look as if they were somebody else: names, orders "friend-0" to "friend-8".
func (r *rig) bringSuspects(t *testing.T, code string) {
	t.Helper()
	for i, c := range []struct {
		device, address string
		mail            string
		want            string
	}{
		{"tablet", "", "", "held same_device"},
		{"", "2001:db8:1:2:ffff::1", "", "held same_address"},
		{"", "", "idaholm+friend@gmail.com", "held same_identifier"},
		{"", "", "kim@mail.example", "held duplicate_member"},
		{"van", "", "", "rewarded"},
		{"van", "", "", "rewarded"},
		{"van", "", "", "rewarded"},
		{"van", "", "", "held device_velocity"},
		{"", "192.168.1.4", "", "rewarded"}, // says nothing about where somebody is
	} {
		var by []*loyaltyv1.MemberIdentifier
		if c.mail != "" {
			by = append(by, email(c.mail))
		}
		name := fmt.Sprint("friend-", i)
		friend := r.brought(t, name, code, c.device, c.address, by...)
		r.ordered(t, friend, name, 0, 2_000)
		if got := outcome(r.referral(t, friend)); got != c.want {
			t.Errorf("%v: %s", c, got)
		}
	}
}

// What only looks like one person who is two is given frozen: seen, not spent, not ageing, in the queue of reviews. Whoever looks decides.
func TestSuspiciousReferralsAreFrozenUntilSomebodyHasLooked(t *testing.T) {
	r := newRig(t)
	r.referralTerms(t, firstOrder())
	ida := r.enrol(t, "Ida", email("ida.holm@googlemail.com"))
	if _, err := r.referrals.RecordSighting(r.shop(t), &loyaltyv1.RecordSightingRequest{Program: "customers", Member: ida, Device: "tablet", NetworkAddress: "2001:db8:1:2::7"}); err != nil {
		t.Fatal(err)
	}
	r.enrol(t, "Twin", email("kim+shop@mail.example"))
	code := r.code(t, ida)
	r.bringSuspects(t, code)
	r.owns(t, "four at once, five that wait", ida, 400, 500)
	_, err := r.adjust(t, "spend", ida, -401)
	refused(t, "spending what is frozen", err, fault.InsufficientPoints)
	r.clock.Step(400 * 24 * time.Hour)
	r.owns(t, "a year later", ida, 0, 500)
	queue, err := r.reviews.ListReviews(r.manager(t), &loyaltyv1.ListReviewsRequest{Program: "customers"})
	if err != nil || len(queue.GetReviews()) != 10 || !strings.Contains(queue.GetReviews()[0].GetReason(), "the same device") {
		t.Fatalf("the queue: %v, %v", queue, err)
	}
	for i, v := range queue.GetReviews()[:4] { // of the first friend, and of the second
		var err error
		if key := fmt.Sprint("decide-", i); i < 2 {
			_, err = r.reviews.ReleaseReview(r.manager(t, key), &loyaltyv1.ReleaseReviewRequest{Program: "customers", Review: reviewID(v), Decision: "A family"})
		} else {
			_, err = r.reviews.RejectReview(r.manager(t, key), &loyaltyv1.RejectReviewRequest{Program: "customers", Review: reviewID(v), Decision: "One person"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	r.owns(t, "one is released, one rejected", ida, 100, 300)
	list, err := r.referrals.ListReferrals(r.shop(t), &loyaltyv1.ListReferralsRequest{Program: "customers", Referrer: ida})
	if err != nil {
		t.Fatal(err)
	}
	all := list.GetReferrals()
	r.referral(t, between(all[len(all)-1].GetFriend(), "/members/"))
	if first, second := r.referral(t, between(all[len(all)-1].GetFriend(), "/members/")), r.referral(t, between(all[len(all)-2].GetFriend(), "/members/")); outcome(first) !=
		"rewarded same_device" || outcome(second) != "undone same_address" {
		t.Errorf("after the reviews: %v, %v", first, second)
	}
	// A frozen reward goes with its order, and its reviews are over.
	r.back(t, "friend-2", "a")
	if v := r.referral(t, between(all[len(all)-3].GetFriend(), "/members/")); outcome(v) != "undone same_identifier" || len(v.GetReviews()) != 2 {
		t.Errorf("after the return: %v", v)
	}
	r.owns(t, "after the return", ida, 100, 200)
	queue, err = r.reviews.ListReviews(r.manager(t), &loyaltyv1.ListReviewsRequest{Program: "customers"})
	if err != nil || len(queue.GetReviews()) != 4 {
		t.Errorf("the queue at the end: %v, %v", queue, err)
	}
}

func between(s, sep string) string { return s[strings.LastIndex(s, sep)+len(sep):] }

// Who turns out to have brought themselves gives the points back; one who waits gets none.
func TestMergedMembersHaveNotBroughtThemselves(t *testing.T) {
	r := newRig(t)
	r.referralTerms(t, firstOrder())
	ida := r.enrol(t, "Ida")
	code := r.code(t, ida)
	jon, kim := r.brought(t, "Jon", code, "", ""), r.brought(t, "Kim", code, "", "")
	r.ordered(t, jon, "1", 0, 5_000)
	r.referral(t, jon)
	for _, friend := range []string{jon, kim} {
		if _, err := r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: friend, Merged: ida}); err != nil {
			t.Fatal(err)
		}
		ida = friend
	}
	// Ida became Jon, and Jon became Kim.
	if got := outcome(r.referral(t, kim)); got != "waiting" {
		t.Errorf("who has not ordered: %s", got)
	}
	r.owns(t, "all that was given is back", kim, 0, 0)
	r.ordered(t, kim, "2", 0, 5_000)
	if got := outcome(r.referral(t, kim)); !strings.HasPrefix(got, "refused self_referral") {
		t.Errorf("after an order: %s", got)
	}
	r.owns(t, "who brought themselves", kim, 0, 0)
	if n := r.told(t, "loyalty.referral.undone"); n != 1 {
		t.Errorf("%d were undone", n)
	}
}

// A gift that waits to be looked at goes when its two members turn out to be one, whichever of them stays, and takes nothing else along.
func TestAHeldGiftOfMergedMembersGoesAlone(t *testing.T) {
	for _, stays := range []string{"referrer", "friend"} {
		t.Run(stays, func(t *testing.T) {
			r := newRig(t)
			r.referralTerms(t, firstOrder())
			ida := r.enrol(t, "Ida")
			if _, err := r.referrals.RecordSighting(r.shop(t), &loyaltyv1.RecordSightingRequest{Program: "customers", Member: ida, Device: "tablet"}); err != nil {
				t.Fatal(err)
			}
			jon := r.brought(t, "Jon", r.code(t, ida), "tablet", "")
			r.ordered(t, jon, "1", 0, 5_000)
			r.referral(t, jon)
			if _, err := r.adjust(t, "own", ida, 70); err != nil {
				t.Fatal(err)
			}
			r.owns(t, "before", ida, 70, 100)
			into, merged := ida, jon
			if stays == "friend" {
				into, merged = jon, ida
			}
			if _, err := r.members.MergeMembers(r.shop(t), &loyaltyv1.MergeMembersRequest{Program: "customers", Member: into, Merged: merged}); err != nil {
				t.Fatal(err)
			}
			r.reached(t, into)
			r.owns(t, "both are one", into, 70, 0)
			queue, err := r.reviews.ListReviews(r.manager(t), &loyaltyv1.ListReviewsRequest{Program: "customers"})
			if err != nil || len(queue.GetReviews()) != 0 {
				t.Errorf("to look at: %v, %v", queue, err)
			}
		})
	}
}

// However many friends order at once, and whenever the process dies: the limit holds, and each is paid for once.
func TestTheLimitHoldsForFriendsAtOnceAndOverRestarts(t *testing.T) {
	r := newRig(t)
	terms := firstOrder()
	terms.Most = 3
	r.referralTerms(t, terms)
	ida := r.enrol(t, "Ida")
	code := r.code(t, ida)
	var friends []string
	for i := range 8 {
		friends = append(friends, r.brought(t, fmt.Sprint("friend-", i), code, "", ""))
	}
	r.stop() // nobody follows the journal
	var all sync.WaitGroup
	for i, f := range friends {
		all.Go(func() {
			for _, key := range []string{"a", "b"} { // the shop sends it twice
				_, err := r.orders.RecordOrder(r.shop(t, fmt.Sprintf("order-%d-%s", i, key)), &loyaltyv1.RecordOrderRequest{
					Program: "customers", Member: f, Order: orderOf(fmt.Sprint(i), 9_000),
				})
				if err != nil && !fault.Has(err, fault.AlreadyExists) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for range 2 {
		r.restart(t)
		count := map[string]int{}
		for _, f := range friends {
			count[outcome(r.referral(t, f))]++
		}
		if count["rewarded"] != 3 || count["refused limit_reached"] != 5 {
			t.Errorf("the referrals are %v", count)
		}
		r.owns(t, "three friends", ida, 300, 0)
	}
}

// An enrolment may be enough. Nothing by which a member could be recognised is stored, and nothing is left of one who is erased.
func TestOnlyDigestsAreKeptAndTheyGoWithTheMember(t *testing.T) {
	r := newRig(t)
	r.referralTerms(t, &loyaltyv1.ReferralTerms{
		ReferrerPoints: 10, Qualification: loyaltyv1.ReferralQualification_REFERRAL_QUALIFICATION_ENROLMENT, DeviceVelocity: 2, AddressVelocity: 2, VelocitySpan: "P7D",
	})
	ida := r.enrol(t, "Ida")
	code := r.code(t, ida)
	jon := r.brought(t, "Jon", code, "jons-own-telephone", "203.0.113.77", email("jon+x@mail.example"))
	if got := outcome(r.referral(t, jon)); got != "rewarded" {
		t.Errorf("by the enrolment: %s", got)
	}
	lea := r.brought(t, "Lea", code, "jons-own-telephone", "")
	if got := outcome(r.referral(t, lea)); got != "held device_velocity" {
		t.Errorf("with the same device: %s", got)
	}
	erase := func(m string) {
		t.Helper()
		if _, err := r.members.EraseMember(r.manager(t, "erase-"+m), &loyaltyv1.EraseMemberRequest{Program: "customers", Member: m}); err != nil {
			t.Fatal(err)
		}
	}
	erase(jon)
	erase(lea)
	kim := r.brought(t, "Kim", code, "jons-own-telephone", "203.0.113.77", email("jon+y@mail.example"))
	if got := outcome(r.referral(t, kim)); got != "rewarded" {
		t.Errorf("what was known of those who were erased still speaks against others: %s", got)
	}
	erase(ida)
	mia := r.enrol(t, "Mia")
	_, err := r.referrals.CreateReferral(r.shop(t, "mia"), &loyaltyv1.CreateReferralRequest{Program: "customers", Friend: mia, Referral: &loyaltyv1.ReferralInput{Code: code}})
	refused(t, "the code of one who was erased", err, fault.NotFound)
	if r.config.MongoDBURI != "" {
		return
	}
	r.stop()
	files, err := filepath.Glob(filepath.Join(r.config.Data, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal("there are no data files", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		for _, word := range []string{"jons-own-telephone", "203.0.113.77", "jon+x@mail"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s holds %q", filepath.Base(f), word)
			}
		}
	}
}

// Points of achievements and referrals are explained like all others, given or taken back.
func TestPointsOfAchievementsAndReferralsAreExplained(t *testing.T) {
	r := newRig(t)
	r.referralTerms(t, firstOrder())
	r.achievement(t, "big-month", 50, challenge(amount, 4_000, monthly, aPeriod))
	ida := r.enrol(t, "Ida")
	code := r.code(t, ida)
	jon, kim := r.brought(t, "Jon", code, "tablet", ""), r.brought(t, "Kim", code, "tablet", "")
	if _, err := r.referrals.RecordSighting(r.shop(t), &loyaltyv1.RecordSightingRequest{Program: "customers", Member: ida, Device: "tablet"}); err != nil {
		t.Fatal(err)
	}
	r.ordered(t, jon, "1", 0, 5_000)
	r.referral(t, jon)
	r.back(t, "1", "a")
	r.referral(t, kim)
	var texts []string
	for number := int64(1); number <= r.account(t, jon).GetEntries(); number++ {
		texts = append(texts, r.why(t, jon, number).GetSummary())
	}
	texts = append(texts, r.why(t, ida, 1).GetSummary())
	got := strings.Join(texts, "\n")
	for _, want := range []string{
		"50 points for reaching The big-month on 4 May 2026", "50 points were taken back that The big-month had brought on 4 May 2026",
		"40 points for coming with a friend's code, set aside until somebody has looked", "40 points were taken back that were given for coming with a friend's code",
		"100 points for bringing a friend, set aside",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing says %q:\n%s", want, got)
		}
	}
}

// Of two managers who say at once for the first time what is given, one is refused: nobody's terms are replaced unseen.
func TestTheFirstTermsAreSetOnce(t *testing.T) {
	r := newRig(t)
	set := func(key string, friend int64) error {
		terms := firstOrder()
		terms.FriendPoints, terms.Version = friend, proto.Int32(0)
		return asked(func() error {
			_, err := r.referrals.SetReferralTerms(r.manager(t, key), &loyaltyv1.SetReferralTermsRequest{Program: "customers", Terms: terms})
			return err
		})
	}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range errs {
		both.Go(func() { errs[i] = set(fmt.Sprint("first-", i), int64(i+1)) })
	}
	both.Wait()
	won := 0
	if errs[0] != nil {
		won = 1
	}
	if errs[won] != nil {
		t.Fatalf("both were refused: %v, %v", errs[0], errs[1])
	}
	refused(t, "who came second", errs[1-won], fault.EtagMismatch)
	refused(t, "and a third", set("third", 3), fault.EtagMismatch)
	got, err := r.referrals.GetReferralTerms(r.manager(t), &loyaltyv1.GetReferralTermsRequest{Program: "customers"})
	if err != nil || got.GetTerms().GetVersion() != 1 || got.GetTerms().GetFriendPoints() != int64(won+1) {
		t.Errorf("they are %v, %v", got, err)
	}
	terms := firstOrder() // who does not say a version does not mind
	r.referralTerms(t, terms)
}
