package cases

import (
	"net/http"
	"path"
	"strings"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/id"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
)

// disclosure gives a customer points and a code for a story, and takes them back: everywhere where the story is shown, it says so within the time, and the signed words stay.
func (at Target) disclosure(t *testing.T) {
	slug := "given-" + id.New(clock.System())
	customer := at.publish(t, slug, false)
	give, member := at.giver(t)
	published := func() *storiesv1.PublishedStory {
		t.Helper()
		resp, err := storiesv1.NewPublishedServiceClient(at.Rest()).GetPublishedStory(t.Context(), &storiesv1.GetPublishedStoryRequest{Slug: slug, Locale: "en"})
		if err != nil {
			t.Fatal(err)
		}
		return resp.GetStory()
	}
	before := published()
	if before.GetDisclosure() != nil {
		t.Errorf("nothing was given, but %v", before.GetDisclosure())
	}
	give("nobody", "stories/no-such-"+slug, 7) // what no story is named by must not stop what comes after it
	give("first", "stories/"+slug, 1200)
	Eventually(t, Within, "it is disclosed wherever the story is shown", func() bool {
		everywhere, _ := at.shown(t, slug, "The customer received 1,200 points for telling this story.")
		return everywhere
	})
	after := published()
	if after.GetContentHash() != before.GetContentHash() || after.GetEdition() != before.GetEdition() || after.GetHtml() != before.GetHtml() || after.GetMarkdown() != before.GetMarkdown() {
		t.Errorf("what was signed is another now: %v, was %v", after, before)
	}
	if g := after.GetDisclosure().GetGifts(); len(g) != 1 || g[0].GetProgram() != "programs/customers" || g[0].GetWallet() != "points" || g[0].GetPoints() != 1200 {
		t.Errorf("the gifts are %v", g)
	}
	takeBack := at.rewardFor(t, member, "stories/"+slug)
	Eventually(t, Within, "a code is disclosed beside the points", func() bool {
		everywhere, _ := at.shown(t, slug, "The customer received 1,200 points and a reward for telling this story.")
		return everywhere
	})
	takeBack() // first, for it was paid with points
	give("back", "stories/"+slug, -1200)
	Eventually(t, Within, "what was taken back is disclosed no longer", func() bool {
		_, nowhere := at.shown(t, slug, "for telling this story")
		return nowhere
	})
	if _, err := storiesv1.NewSignoffServiceClient(customer).RevokeSignoff(t.Context(), &storiesv1.RevokeSignoffRequest{}); err != nil {
		t.Fatal(err)
	}
	give("late", "stories/"+slug, 5) // nor must what is given for a story that is gone
	at.IsGone(t, slug)
}

// giver enrols a customer, and returns what gives them points for telling a story, and their id.
func (at Target) giver(t *testing.T) (give func(name, story string, points int64), member string) {
	t.Helper()
	manager := at.As(t, "agnes")
	key := id.New(clock.System())
	enrolled, err := loyaltyv1.NewMembersServiceClient(manager).CreateMember(t.Context(), &loyaltyv1.CreateMemberRequest{Program: "customers", DisplayName: "Runa Holt"},
		api.IdempotencyKey("enrol-"+key))
	if err != nil {
		t.Fatal(err)
	}
	member = path.Base(enrolled.GetMember().GetName())
	return func(name, story string, points int64) {
		t.Helper()
		_, err := loyaltyv1.NewPointsServiceClient(manager).AdjustPoints(t.Context(), &loyaltyv1.AdjustPointsRequest{
			Program: "customers", Member: member, Points: points, Reason: "For telling the story", Story: story,
		}, api.IdempotencyKey(name+"-"+key))
		if err != nil {
			t.Fatal(err)
		}
	}, member
}

// rewardFor gives a member who has points a code for telling a story, and returns what takes it back.
func (at Target) rewardFor(t *testing.T, member, story string) (takeBack func()) {
	t.Helper()
	manager, key := at.As(t, "agnes"), id.New(clock.System())
	rewards, redemptions := loyaltyv1.NewRewardsServiceClient(manager), loyaltyv1.NewRedemptionsServiceClient(manager)
	of := "thanks-" + key
	_, err := rewards.CreateReward(t.Context(), &loyaltyv1.CreateRewardRequest{
		Program: "customers", RewardId: of, Kind: loyaltyv1.RewardKind_REWARD_KIND_CODE, DisplayName: "A film", Prices: []*loyaltyv1.RewardPrice{{Points: 10}},
	}, api.IdempotencyKey(of))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rewards.AddCodes(t.Context(), &loyaltyv1.AddCodesRequest{Program: "customers", Reward: of, Codes: []string{key}}, api.IdempotencyKey("codes-"+key)); err != nil {
		t.Fatal(err)
	}
	resp, err := redemptions.RedeemReward(t.Context(), &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: member, Reward: of, Story: story}, api.IdempotencyKey("given-"+key))
	if err != nil || resp.GetRedemption().GetStory() != story || resp.GetRedemption().GetCode() != key {
		t.Fatalf("the code for the story: %v, %v", resp, err)
	}
	return func() {
		t.Helper()
		_, err := redemptions.ReverseRedemption(t.Context(), &loyaltyv1.ReverseRedemptionRequest{
			Program: "customers", Redemption: path.Base(resp.GetRedemption().GetName()), Reason: "Given by mistake",
		}, api.IdempotencyKey("back-"+key))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// shown reports whether each form of a story that can be read says some words, and whether none does.
func (at Target) shown(t *testing.T, slug, words string) (everywhere, nowhere bool) {
	t.Helper()
	everywhere, nowhere = true, true
	page := at.Website + "/stories/" + slug
	for _, address := range []string{page, page + ".md", page + "/embed", page + "/embed.json", at.API + "/v1/stories/" + slug} {
		status, _, body := Get(t, address)
		says := status == http.StatusOK && strings.Contains(strings.ReplaceAll(body, "\u00a0", " "), words)
		everywhere, nowhere = everywhere && says, nowhere && status == http.StatusOK && !says
	}
	return everywhere, nowhere
}
