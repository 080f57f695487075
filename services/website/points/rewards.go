package points

import (
	"cmp"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// maxForm bounds a posted form, in bytes.
const maxForm = 16 << 10

// Bounds of what the page asks for and lists: a member reads it, nobody works through it.
const (
	mostOffers = 200
	mostTaken  = 50
	mostRecent = 10
)

// Recent are the rewards that the member had last.
func (d *statement) Recent() []taken { return d.Taken[:min(len(d.Taken), mostRecent)] }

// offer is a reward as it is for the member.
type offer struct {
	*loyaltyv1.Reward
	Price string
	// What says what the points buy beyond the name, such as what a discount takes off; may be empty.
	What string
	// URL of the page on which it is redeemed; Why not says what keeps it from being had.
	URL    string
	Why    []string
	points int64
}

// taken is a redemption of the member's.
type taken struct {
	*loyaltyv1.Redemption
	Price, What string
	Day         time.Time
	// State is the key of the words for what has become of it. URL leads to the code or number, if there is one to show.
	State, URL, Number string
}

// id is the last part of a resource name.
func id(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// programOf is the id of the programme of a member's resource name.
func programOf(member string) string {
	parts := strings.Split(member, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// offers fills in the rewards that there are, and those that the member took.
func (v *visit) offers(d *statement) error {
	ctx, program := v.r.Context(), programOf(d.GetMember())
	rewards, err := loyaltyv1.NewRewardsServiceClient(v.conn).ListRewards(ctx, &loyaltyv1.ListRewardsRequest{Program: program, PageSize: mostOffers})
	if err != nil {
		return err
	}
	for _, r := range rewards.GetRewards() {
		d.Offers = append(d.Offers, v.offer(d, r))
	}
	slices.SortStableFunc(d.Offers, func(a, b offer) int {
		return cmp.Or(cmp.Compare(len(a.Why), len(b.Why)), cmp.Compare(a.points, b.points))
	})
	had, err := loyaltyv1.NewRedemptionsServiceClient(v.conn).ListRedemptions(ctx, &loyaltyv1.ListRedemptionsRequest{Program: program, PageSize: mostTaken})
	if err != nil {
		return err
	}
	for _, r := range had.GetRedemptions() {
		d.Taken = append(d.Taken, v.taken(d, r))
	}
	return nil
}

func (v *visit) offer(d *statement, r *loyaltyv1.Reward) offer {
	a := r.GetAvailability()
	o := offer{Reward: r, What: v.what(r.GetKind(), r.GetDiscount()), points: a.GetPoints(), Price: v.price(d, a.GetWallet(), a.GetPoints())}
	if a.GetAvailable() {
		o.URL = v.at("rewards", id(r.GetName()))
	}
	for _, why := range a.GetObstacles() {
		o.Why = append(o.Why, v.obstacle(d, a.GetWallet(), why))
	}
	return o
}

// price is so many points of a wallet; empty if the reward has no price for the member.
func (v *visit) price(d *statement, wallet string, points int64) string {
	if points == 0 {
		return ""
	}
	pays := d.Wallet
	for _, w := range d.GetWallets() {
		if w.GetWallet().GetId() == wallet {
			pays = w
		}
	}
	return web.FormatInt(v.locale, points) + "\u00a0" + unit(pays.GetWallet(), points)
}

// what says what a discount takes off.
func (v *visit) what(kind loyaltyv1.RewardKind, off *loyaltyv1.DiscountOff) string {
	if kind != loyaltyv1.RewardKind_REWARD_KIND_DISCOUNT || off == nil {
		return ""
	}
	amount := web.FormatMoney(v.locale, off.GetAmount(), off.GetCurrency())
	if off.GetPercent() != "" {
		amount = strings.Replace(off.GetPercent(), ".", v.say("points.point"), 1) + "\u00a0%"
	}
	if least := off.GetMinimumOrderAmount(); least > 0 {
		return v.say("points.off.from", amount, web.FormatMoney(v.locale, least, off.GetCurrency()))
	}
	return v.say("points.off", amount)
}

var obstacleWords = map[loyaltyv1.ObstacleReason]string{
	loyaltyv1.ObstacleReason_OBSTACLE_REASON_NOT_YET:        "points.why.notyet",
	loyaltyv1.ObstacleReason_OBSTACLE_REASON_OVER:           "points.why.over",
	loyaltyv1.ObstacleReason_OBSTACLE_REASON_NOT_TODAY:      "points.why.nottoday",
	loyaltyv1.ObstacleReason_OBSTACLE_REASON_OUT_OF_STOCK:   "points.why.none",
	loyaltyv1.ObstacleReason_OBSTACLE_REASON_OTHER_TIER:     "points.why.tier",
	loyaltyv1.ObstacleReason_OBSTACLE_REASON_LIMIT_REACHED:  "points.why.limit",
	loyaltyv1.ObstacleReason_OBSTACLE_REASON_TOO_FEW_POINTS: "points.why.few",
}

// obstacle says what keeps a reward from being had, and what would change it.
func (v *visit) obstacle(d *statement, wallet string, o *loyaltyv1.Obstacle) string {
	key := obstacleWords[o.GetReason()]
	day := ""
	if o.GetOpenTime() != nil {
		day = web.FormatDate(v.locale, d.day(o.GetOpenTime().AsTime()))
	}
	switch {
	case key == "":
		return v.say("points.why.inactive")
	case key == "points.why.few":
		return v.say(key, v.price(d, wallet, o.GetMissingPoints()))
	case key == "points.why.tier" && len(o.GetTiers()) > 0:
		return v.say(key, strings.Join(tierNames(o.GetTiers()), ", "))
	case key == "points.why.tier":
		return v.say("points.why.unpriced")
	case day != "":
		return v.say(key+".day", day)
	}
	return v.say(key)
}

// tierNames are the ids of tiers as names: what they are called is not told to members of others.
func tierNames(tiers []string) []string {
	var out []string
	for _, t := range tiers {
		name := strings.ReplaceAll(id(t), "-", " ")
		if name != "" {
			name = strings.ToUpper(name[:1]) + name[1:]
		}
		out = append(out, name)
	}
	return out
}

func (v *visit) taken(d *statement, r *loyaltyv1.Redemption) taken {
	state := strings.ToLower(strings.TrimPrefix(r.GetState().String(), "REDEMPTION_STATE_"))
	t := taken{Redemption: r, Price: v.price(d, r.GetWallet(), r.GetPoints()), What: v.what(r.GetKind(), r.GetDiscount()), Day: d.day(r.GetReserveTime().AsTime()), State: state, Number: id(r.GetName())}
	if r.GetState() == loyaltyv1.RedemptionState_REDEMPTION_STATE_COMMITTED {
		t.Day, t.URL = d.day(r.GetCommitTime().AsTime()), v.at("redemptions", id(r.GetName()))
	}
	if r.GetState() == loyaltyv1.RedemptionState_REDEMPTION_STATE_PENDING {
		t.Day = d.day(r.GetExpireTime().AsTime())
	}
	return t
}

// confirmation is the page on which a reward is redeemed.
type confirmation struct {
	*statement
	Offer offer
	// Key is the idempotency key of the form: sending it again redeems once.
	Key string
	// Expected is what the page says that it costs, and Pays the id of the wallet that pays.
	Expected int64
	Pays     string
	Action   string
	Back     string
	After    string
	Notice   *web.Notice
}

// confirm asks whether the reward is to be redeemed, or says what stands against it. The notice is about the attempt before.
func (v *visit) confirm(status int, notice *web.Notice) {
	ctx := v.r.Context()
	got, err := v.api.GetStatement(ctx, &loyaltyv1.GetStatementRequest{})
	if err != nil {
		v.fail(err)
		return
	}
	reward, err := loyaltyv1.NewRewardsServiceClient(v.conn).GetReward(ctx, &loyaltyv1.GetRewardRequest{Program: programOf(got.GetStatement().GetMember()), Reward: v.r.PathValue("reward")})
	if api.Is(err, fault.NotFound) || api.Is(err, fault.InvalidArgument) {
		http.Redirect(v.w, v.r, v.at(), http.StatusSeeOther)
		return
	}
	if err != nil {
		v.fail(err)
		return
	}
	a := reward.GetReward().GetAvailability()
	d := v.statement(got.GetStatement(), a.GetWallet())
	c := &confirmation{statement: d, Offer: v.offer(d, reward.GetReward()), Key: rand.Text(), Expected: a.GetPoints(), Pays: a.GetWallet(), Back: v.at(), Notice: notice}
	c.Action, c.After = v.at("rewards", v.r.PathValue("reward")), v.counted(d, d.Wallet.GetAccount().GetAvailable()-a.GetPoints())
	if status >= http.StatusInternalServerError && v.r.PostFormValue("key") != "" {
		c.Key = v.r.PostFormValue("key") // nobody knows whether it was carried out
	}
	v.write(status, "redeem", v.say("points.redeem.title", reward.GetReward().GetDisplayName()), c)
}

// redeem spends the points. A second press of the same form comes to the same redemption.
func (v *visit) redeem() {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		v.fail(fault.TooLarge.New("the form is too large"))
		return
	}
	ctx := v.r.Context()
	got, err := v.api.GetStatement(ctx, &loyaltyv1.GetStatementRequest{})
	if err != nil {
		v.fail(err)
		return
	}
	key := v.r.PostForm.Get("key")
	if key == "" || len(key) > 128 {
		key = rand.Text()
	}
	// What is no number minds no price; the gateway checks the rest.
	expected, _ := strconv.ParseInt(v.r.PostForm.Get("expected"), 10, 64)
	done, err := loyaltyv1.NewRedemptionsServiceClient(v.conn).RedeemReward(ctx, &loyaltyv1.RedeemRewardRequest{
		Program: programOf(got.GetStatement().GetMember()), Reward: v.r.PathValue("reward"), Wallet: v.r.PostForm.Get("wallet"), ExpectedPoints: expected}, api.IdempotencyKey(key))
	if err == nil {
		http.Redirect(v.w, v.r, v.at("redemptions", id(done.GetRedemption().GetName())), http.StatusSeeOther)
		return
	}
	problem := api.AsProblem(err)
	if api.Is(err, fault.LinkInvalid) || api.Is(err, fault.Unauthenticated) || problem.Status == http.StatusTooManyRequests {
		v.fail(err)
		return
	}
	notice := &web.Notice{Tone: web.BadTone, Text: v.say("points.refused"), Detail: v.say("points.refused.nothing")}
	switch {
	case problem.Status >= http.StatusInternalServerError:
		notice.Text, notice.Detail = v.say("points.unknown"), v.say("points.unknown.again")
	case problem.At("/expectedPoints") != "":
		notice.Tone, notice.Text = web.WarnTone, v.say("points.pricechanged")
	}
	v.confirm(problem.Status, notice)
}

// receipt is the page of a redemption.
type receipt struct {
	*statement
	Taken taken
	Back  string
	// How says what to do with it.
	How string
	// Ends is the last day of the code, nil if it has none.
	Ends *time.Time
}

// redeemed shows a redemption with its code.
func (v *visit) redeemed() {
	ctx := v.r.Context()
	got, err := v.api.GetStatement(ctx, &loyaltyv1.GetStatementRequest{})
	if err != nil {
		v.fail(err)
		return
	}
	one, err := loyaltyv1.NewRedemptionsServiceClient(v.conn).GetRedemption(ctx, &loyaltyv1.GetRedemptionRequest{
		Program: programOf(got.GetStatement().GetMember()), Redemption: v.r.PathValue("redemption")})
	if api.Is(err, fault.NotFound) || api.Is(err, fault.PermissionDenied) || api.Is(err, fault.InvalidArgument) {
		http.Redirect(v.w, v.r, v.at(), http.StatusSeeOther)
		return
	}
	if err != nil {
		v.fail(err)
		return
	}
	r := one.GetRedemption()
	d := v.statement(got.GetStatement(), r.GetWallet())
	page := &receipt{statement: d, Taken: v.taken(d, r), Back: v.at(), How: v.say("points.how." + strings.ToLower(strings.TrimPrefix(r.GetKind().String(), "REWARD_KIND_")))}
	if r.GetCodeExpireTime() != nil {
		last := d.day(r.GetCodeExpireTime().AsTime().Add(-time.Millisecond))
		page.Ends = &last
	}
	v.write(http.StatusOK, "redeemed", r.GetDisplayName(), page)
}
