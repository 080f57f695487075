package loyalty_test

import (
	"strings"
	"testing"

	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// When an achievement or a referral is undone, its events tell what was really taken back, and what was let go because it had been spent.
func TestWhatIsUndoneTellsWhatWasReallyTaken(t *testing.T) {
	r := newRig(t)
	r.referralTerms(t, firstOrder())
	r.achievement(t, "two", 50, challenge(amount, 5_000, allTime, once))
	ida := r.enrol(t, "Ida")
	jon := r.brought(t, "Jon", r.code(t, ida), "", "")
	r.ordered(t, jon, "1", 0, 5_000)
	r.referral(t, jon)
	r.owns(t, "of the achievement and the referral", jon, 90, 0)
	for member, spent := range map[string]int64{ida: -70, jon: -80} {
		if _, err := r.adjust(t, "spent-"+member, member, spent); err != nil {
			t.Fatal(err)
		}
	}
	r.back(t, "1", "a")
	if got := outcome(r.referral(t, jon)); got != "undone" {
		t.Errorf("the referral is %s", got)
	}
	r.owns(t, "who came", jon, 0, 0)
	r.owns(t, "who brought", ida, 0, 0)
	undone := r.details(t, "loyalty.achievement.undone")
	if len(undone) != 1 || !strings.Contains(undone[0], `"points":10,"forgiven":40`) {
		t.Errorf("the achievement: %v", undone)
	}
	undone = r.details(t, "loyalty.referral.undone")
	if len(undone) != 1 || !strings.Contains(undone[0], `"`+ida+`":30`) || !strings.Contains(undone[0], `"`+ida+`":70`) || !strings.Contains(undone[0], `"`+jon+`":0`) ||
		!strings.Contains(undone[0], `"`+jon+`":40`) {
		t.Errorf("the referral: %v", undone)
	}
}

// Points for achievements and referrals live as those say; if they do not, as the programme says, by the member's activity too.
func TestGiftsLiveAsTheySayOrAsTheProgrammeSays(t *testing.T) {
	r := newRig(t)
	r.settings(t, &loyaltyv1.PointSettings{Life: "rolling P1M"})
	r.achievement(t, "plain", 5, challenge(times, 1, allTime, once))
	for id, life := range map[string]string{"idle": "inactivity P30D to day", "ever": "never"} {
		_, err := r.achievements.CreateAchievement(r.manager(t, "achievement-"+id), &loyaltyv1.CreateAchievementRequest{
			Program: "customers", AchievementId: id, DisplayName: id, Points: 5, Life: life, Goal: challenge(times, 1, allTime, once),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	terms := firstOrder()
	terms.Life = "inactivity P30D to day"
	r.referralTerms(t, terms)
	ida := r.enrol(t, "Ida")
	jon := r.brought(t, "Jon", r.code(t, ida), "", "")
	r.ordered(t, jon, "1", 0, 5_000)
	r.referral(t, jon)
	lots := map[string]string{}
	for source, l := range r.lots(t, jon) {
		lots[source] = ended(l) + " by " + l.GetPolicy()
	}
	for source, want := range map[string]string{
		"achievements/plain/": "2026-06-04T09:00:00Z by programs/customers@2", "achievements/idle/": "2026-06-04T00:00:00Z by achievements/idle@1",
		"achievements/ever/": " by achievements/ever@1", "referrals/" + jon: "2026-06-04T00:00:00Z by referrals@1",
	} {
		found := ""
		for s, got := range lots {
			if strings.HasPrefix(s, source) {
				found = got
			}
		}
		if found != want {
			t.Errorf("%s: %q, want %q", source, found, want)
		}
	}
	// An empty life goes out as it came in; a bad one is refused by its field.
	got, err := r.achievements.GetAchievement(r.shop(t), &loyaltyv1.GetAchievementRequest{Program: "customers", Achievement: "plain"})
	if err != nil || got.GetAchievement().GetLife() != "" {
		t.Errorf("the life of its own: %v, %v", got, err)
	}
	terms.Life = "a year"
	_, err = r.referrals.SetReferralTerms(r.manager(t, "bad"), &loyaltyv1.SetReferralTermsRequest{Program: "customers", Terms: terms})
	refused(t, "a bad life", err, fault.InvalidArgument)
	fieldOf(t, err, "terms.life")
}

// What a reward is given for stays with the redemption, and every event of it tells it, the end of a hold that nobody committed too. A member's link cannot say it.
func TestARewardForAStoryTellsSoInEachEvent(t *testing.T) {
	r := newRig(t)
	r.reward(t, "mug", nil)
	ida := r.rich(t, "Ida", 1000)
	hold := func(key string) *loyaltyv1.Redemption {
		resp, err := r.redemptions.ReserveReward(r.shop(t, key), &loyaltyv1.ReserveRewardRequest{Program: "customers", Member: ida, Reward: "mug", Story: "stories/ferry", Minutes: 5})
		if err != nil || resp.GetRedemption().GetStory() != "stories/ferry" {
			t.Fatalf("%s: %v, %v", key, resp, err)
		}
		return resp.GetRedemption()
	}
	given, gone, late := hold("given"), hold("gone"), hold("late")
	if _, err := r.commit(t, "commit", given); err != nil {
		t.Fatal(err)
	}
	if _, err := r.cancel(t, "cancel", gone); err != nil {
		t.Fatal(err)
	}
	if _, err := r.reverse(t, "back", given); err != nil {
		t.Fatal(err)
	}
	r.eventually(t, "the end of the third hold", func() bool { return r.told(t, "loyalty.points.lapsed") == 1 })
	for what, red := range map[string]*loyaltyv1.Redemption{"reversed": given, "cancelled": gone, "expired": late} {
		if got := r.redemption(t, red); got.GetStory() != "stories/ferry" {
			t.Errorf("the %s one: %v", what, got)
		}
	}
	for typ, times := range map[string]int{"reserved": 3, "redeemed": 1, "released": 1, "restored": 1, "lapsed": 1} {
		list := r.details(t, "loyalty.points."+typ)
		if len(list) != times || strings.Count(strings.Join(list, ""), `"story":"stories/ferry"`) != times {
			t.Errorf("%s: %v", typ, list)
		}
	}
	linked := r.link(t, &loyaltyv1.CreateStatementLinkRequest{Program: "customers", Member: ida})
	_, err := r.redemptions.RedeemReward(rpc.WithIdempotencyKey(linked(), "mine"), &loyaltyv1.RedeemRewardRequest{Program: "customers", Reward: "mug", Story: "stories/ferry"})
	refused(t, "by a member's link", err, fault.PermissionDenied)
	fieldOf(t, err, "story")
	_, err = r.redemptions.RedeemReward(r.shop(t, "bad"), &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: ida, Reward: "mug", Story: "ferry"})
	refused(t, "a story that is no name", err, fault.InvalidArgument)
	fieldOf(t, err, "story")
}
