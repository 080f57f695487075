package deploy_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"

	"google.golang.org/protobuf/proto"

	"renown.example/deploy/cases"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/rpc"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/loyalty"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories"
)

// rope leads from the stories to the loyalty service until it is cut.
type rope struct {
	grpc.ClientConnInterface
	cut atomic.Bool
}

func (r *rope) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	if r.cut.Load() {
		return fault.Unavailable.New("the rope is cut")
	}
	return r.ClientConnInterface.Invoke(ctx, method, req, reply, opts...)
}

// givers are the stories and the loyalty service beside each other.
type givers struct {
	t       *testing.T
	mint    *auth.Minter
	config  stories.Config
	deps    stories.Deps
	rope    *rope
	stories *stories.Service
	stop    func()
	loyalty *loyalty.Service
	member  string
}

func newGivers(t *testing.T) *givers {
	t.Helper()
	clk, key := clock.System(), auth.GenerateKey()
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "test", Output: t.Output()})
	must(t, err)
	g := &givers{t: t}
	g.mint, err = auth.NewMinter(clk, key)
	must(t, err)
	keys, data := []auth.PublicKey{key.Public()}, engine.Config{Data: t.TempDir()}
	g.loyalty, err = loyalty.New(t.Context(), loyalty.Config{Config: data, IdentityKeys: keys, WebsiteURL: "https://holmway.example"}, loyalty.Deps{Clock: clk, Telemetry: tel})
	must(t, err)
	g.rope = &rope{ClientConnInterface: rpc.ActingAs(g.loyalty.Conn(), g.mint, stories.Part)}
	g.config = stories.Config{Config: data, IdentityKeys: keys, Company: "Holmway", WebsiteURL: "https://holmway.example", Locales: []string{"en", "de"}}
	g.deps = stories.Deps{Clock: clk, Telemetry: tel, Loyalty: g.rope}
	g.open()
	t.Cleanup(func() {
		g.stop()
		must(t, g.loyalty.Close())
	})
	enrolled, err := loyaltyv1.NewMembersServiceClient(g.loyalty.Conn()).CreateMember(g.as("marta", "manager"), &loyaltyv1.CreateMemberRequest{Program: "customers", DisplayName: "Una Strandby"})
	must(t, err)
	g.member = path.Base(enrolled.GetMember().GetName())
	return g
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (g *givers) open() {
	g.t.Helper()
	var err error
	g.stories, err = stories.New(context.Background(), g.config, g.deps)
	must(g.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { g.stories.Run(ctx) })
	g.stop = func() {
		cancel()
		running.Wait()
		must(g.t, g.stories.Close())
	}
}

func (g *givers) as(name string, roles ...string) context.Context {
	g.t.Helper()
	ctx, err := rpc.As(context.Background(), g.mint, auth.Identity{Kind: auth.KindUser, Subject: name, Name: name, Roles: roles})
	must(g.t, err)
	return rpc.WithIdempotencyKey(ctx, id.New(clock.System()))
}

// publish publishes a story with a consent that was given elsewhere.
func (g *givers) publish(story, locale string) {
	g.t.Helper()
	md := fmt.Sprintf("---\nstory: %[1]s\nlocale: %[2]s\ntitle: Told by %[1]s\nslug: %[1]s\nsummary: What came of it.\ncustomer: Strandby Ferries\n"+
		"consent:\n  scope: [web]\n  given_by: Una Strandby\n  given_on: 2020-01-01\n  ends: 2090-01-01\n  evidence: Clause 7\n---\n\nThe story of %[1]s.\n", story, locale)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(story + "." + locale + ".md")
	must(g.t, err)
	_, err = f.Write([]byte(md))
	must(g.t, err)
	must(g.t, z.Close())
	c := g.stories.Conn()
	workspace, review := storiesv1.NewWorkspaceServiceClient(c), storiesv1.NewReviewServiceClient(c)
	report, err := workspace.ImportStories(g.as("edda", "editor"), &storiesv1.ImportStoriesRequest{Zip: b.Bytes()})
	if err != nil || report.GetRefused() > 0 {
		g.t.Fatalf("import: %v, %v", report, err)
	}
	_, err = review.SubmitText(g.as("edda", "editor"), &storiesv1.SubmitTextRequest{Story: story, Locale: locale})
	must(g.t, err)
	_, err = review.ApproveText(g.as("pavel", "approver"), &storiesv1.ApproveTextRequest{Story: story, Locale: locale})
	must(g.t, err)
	text, err := workspace.GetText(g.as("edda", "editor"), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	must(g.t, err)
	_, err = storiesv1.NewConsentsServiceClient(c).ConfirmConsents(g.as("pavel", "approver"), &storiesv1.ConfirmConsentsRequest{Consents: []string{text.GetText().GetConsents()[0].GetName()}})
	must(g.t, err)
	_, err = review.PublishText(g.as("edda", "editor"), &storiesv1.PublishTextRequest{Story: story, Locale: locale})
	must(g.t, err)
}

// give gives points for a story by hand; the same key gives once.
func (g *givers) give(key, story string, points int64) {
	g.t.Helper()
	ctx, err := rpc.As(context.Background(), g.mint, auth.Identity{Kind: auth.KindUser, Subject: "marta", Roles: []string{"manager"}})
	must(g.t, err)
	_, err = loyaltyv1.NewPointsServiceClient(g.loyalty.Conn()).AdjustPoints(rpc.WithIdempotencyKey(ctx, key), &loyaltyv1.AdjustPointsRequest{
		Program: "customers", Member: g.member, Points: points, Reason: "For the story", Story: "stories/" + story,
	})
	must(g.t, err)
}

// says returns what is disclosed of a story.
func (g *givers) says(story, locale string) string {
	g.t.Helper()
	resp, err := storiesv1.NewPublishedServiceClient(g.stories.Conn()).GetPublishedStory(g.as("edda", "editor"), &storiesv1.GetPublishedStoryRequest{Slug: story, Locale: locale})
	must(g.t, err)
	return strings.ReplaceAll(resp.GetStory().GetDisclosure().GetText(), "\u00a0", " ")
}

func (g *givers) soon(story, locale, words string) {
	g.t.Helper()
	cases.Eventually(g.t, cases.Within, story+" says: "+words, func() bool { return g.says(story, locale) == words })
}

// What is given counts once, whatever stops in between: the loyalty service, the stories, both.
func TestAGiftIsDisclosedOnce(t *testing.T) {
	g := newGivers(t)
	g.publish("ferry", "en")
	g.publish("ferry", "de")
	g.give("a", "ferry", 500)
	g.give("a", "ferry", 500)
	g.soon("ferry", "en", "The customer received 500 points for telling this story.")
	g.soon("ferry", "de", "Der Kunde hat für diese Geschichte 500 Punkte erhalten.")
	g.rope.cut.Store(true)
	g.give("b", "ferry", 200)
	g.give("c", "later", 50)
	g.stop()
	g.open()
	if got := g.says("ferry", "en"); got != "The customer received 500 points for telling this story." {
		t.Errorf("while the loyalty service is away: %q", got)
	}
	g.rope.cut.Store(false)
	g.soon("ferry", "en", "The customer received 700 points for telling this story.")
	g.stop()
	g.open()
	g.give("d", "ferry", 1)
	g.soon("ferry", "en", "The customer received 701 points for telling this story.")
	g.publish("later", "en") // the points were there before the story
	if got := g.says("later", "en"); got != "The customer received 50 points for telling this story." {
		t.Errorf("a story that came after its points says %q", got)
	}
}

// What a return, or somebody who looked at it, takes back is not given any more. Points of a wallet of their own are named by it.
func TestWhatIsTakenBackIsDisclosedNoLonger(t *testing.T) {
	g := newGivers(t)
	g.publish("ferry", "en")
	c := g.loyalty.Conn()
	manager := func() context.Context { return g.as("marta", "manager") }
	_, err := loyaltyv1.NewEarningRulesServiceClient(c).CreateEarningRule(manager(), &loyaltyv1.CreateEarningRuleRequest{
		Program: "customers", RuleId: "telling", Terms: &loyaltyv1.EarningRuleTerms{DisplayName: "A point a euro", Trigger: "spend", Form: "per_unit", Value: "1", Per: 100, Stacking: "all"},
	})
	must(t, err)
	orders := loyaltyv1.NewOrdersServiceClient(c)
	_, err = orders.RecordOrder(manager(), &loyaltyv1.RecordOrderRequest{Program: "customers", Member: g.member, Order: &loyaltyv1.OrderInput{
		OrderId: "1001", Story: "stories/ferry", Lines: []*loyaltyv1.OrderLine{{Id: "a", Sku: "ticket", Quantity: "1", Amount: proto.Int64(3000)}, {Id: "b", Sku: "coffee", Quantity: "1", Amount: proto.Int64(1000)}},
	}})
	must(t, err)
	g.soon("ferry", "en", "The customer received 40 points for telling this story.")
	_, err = orders.ReturnOrder(manager(), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1001", ReturnId: "r1", Lines: []*loyaltyv1.ReturnedLine{{Line: "b"}}})
	must(t, err)
	g.soon("ferry", "en", "The customer received 30 points for telling this story.")
	g.give("more", "ferry", 15)
	g.soon("ferry", "en", "The customer received 45 points for telling this story.")
	lots, err := loyaltyv1.NewPointsServiceClient(c).ListLots(manager(), &loyaltyv1.ListLotsRequest{Program: "customers", Member: g.member})
	must(t, err)
	var given []int64
	for _, l := range lots.GetLots() {
		if l.GetPoints() == 15 {
			given = append(given, l.GetNumber())
		}
	}
	reviews := loyaltyv1.NewReviewsServiceClient(c)
	frozen, err := reviews.FreezePoints(manager(), &loyaltyv1.FreezePointsRequest{Program: "customers", Member: g.member, Lots: given, Reason: "Given by mistake"})
	must(t, err)
	_, err = reviews.RejectReview(manager(), &loyaltyv1.RejectReviewRequest{Program: "customers", Review: path.Base(frozen.GetReview().GetName()), Decision: "A mistake indeed"})
	must(t, err)
	g.soon("ferry", "en", "The customer received 30 points for telling this story.")
	_, err = orders.ReturnOrder(manager(), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: "1001", ReturnId: "r2"})
	must(t, err)
	g.soon("ferry", "en", "")
}

// A reward is given with its commit, not while it is held, and until it is reversed, in whatever account its member's points are by then.
func TestARewardForAStoryIsDisclosedUntilItIsTakenBack(t *testing.T) {
	g := newGivers(t)
	g.publish("ferry", "en")
	c := g.loyalty.Conn()
	manager := func() context.Context { return g.as("marta", "manager") }
	rewards, redemptions := loyaltyv1.NewRewardsServiceClient(c), loyaltyv1.NewRedemptionsServiceClient(c)
	_, err := rewards.CreateReward(manager(), &loyaltyv1.CreateRewardRequest{
		Program: "customers", RewardId: "mug", Kind: loyaltyv1.RewardKind_REWARD_KIND_GIFT, DisplayName: "A mug", Prices: []*loyaltyv1.RewardPrice{{Points: 100}},
	})
	must(t, err)
	g.give("points", "none", 1000)
	hold := func() string {
		resp, err := redemptions.ReserveReward(manager(), &loyaltyv1.ReserveRewardRequest{Program: "customers", Member: g.member, Reward: "mug", Story: "stories/ferry"})
		must(t, err)
		return path.Base(resp.GetRedemption().GetName())
	}
	given, gone := hold(), hold()
	_, err = redemptions.CancelRedemption(manager(), &loyaltyv1.CancelRedemptionRequest{Program: "customers", Redemption: gone})
	must(t, err)
	g.give("mark", "ferry", 1) // what the stories know of this, they know of what was before
	g.soon("ferry", "en", "The customer received 1 point for telling this story.")
	_, err = redemptions.CommitRedemption(manager(), &loyaltyv1.CommitRedemptionRequest{Program: "customers", Redemption: given})
	must(t, err)
	g.soon("ferry", "en", "The customer received 1 point and a reward for telling this story.")
	second, err := redemptions.RedeemReward(manager(), &loyaltyv1.RedeemRewardRequest{Program: "customers", Member: g.member, Reward: "mug", Story: "stories/ferry"})
	must(t, err)
	g.soon("ferry", "en", "The customer received 1 point and 2 rewards for telling this story.")
	into, err := loyaltyv1.NewMembersServiceClient(c).CreateMember(manager(), &loyaltyv1.CreateMemberRequest{Program: "customers", DisplayName: "Una Strandby"})
	must(t, err)
	_, err = loyaltyv1.NewMembersServiceClient(c).MergeMembers(manager(), &loyaltyv1.MergeMembersRequest{
		Program: "customers", Member: path.Base(into.GetMember().GetName()), Merged: g.member,
	})
	must(t, err)
	for i, redemption := range []string{given, path.Base(second.GetRedemption().GetName())} {
		_, err = redemptions.ReverseRedemption(manager(), &loyaltyv1.ReverseRedemptionRequest{Program: "customers", Redemption: redemption, Reason: "It came broken"})
		must(t, err)
		g.soon("ferry", "en", []string{"The customer received 1 point and a reward for telling this story.", "The customer received 1 point for telling this story."}[i])
	}
}
