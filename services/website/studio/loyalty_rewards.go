package studio

import (
	"net/http"
	"strconv"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// newReward is the id in the address of a reward that is not there yet.
const newReward = "new"

func (v *visit) catalogue() loyaltyv1.RewardsServiceClient {
	return loyaltyv1.NewRewardsServiceClient(v.conn)
}

var rewardStates = map[loyaltyv1.RewardState]stateWords{
	loyaltyv1.RewardState_REWARD_STATE_ACTIVE:   {Label: "To be had", Tone: web.GoodTone, Icon: "circle-check"},
	loyaltyv1.RewardState_REWARD_STATE_PAUSED:   {Label: "Paused", Tone: web.WarnTone, Icon: "clock"},
	loyaltyv1.RewardState_REWARD_STATE_ARCHIVED: {Label: "Archived", Tone: web.PlainTone, Icon: "ban"},
}

// notNow is the state of a reward that is offered and that nobody can have at the moment.
var notNow = stateWords{Label: "Not now", Tone: web.WarnTone, Icon: "clock"}

// rewardRow is a reward as lists show it.
type rewardRow struct {
	*loyaltyv1.Reward
	ID, URL, Price, Kind, Left string
	State                      stateWords
	Why                        []string
}

func rewardRowOf(program *loyaltyv1.Program, r *loyaltyv1.Reward) rewardRow {
	row := rewardRow{Reward: r, ID: lastPart(r.GetName()), Kind: labelOf(rewardKinds, r.GetKind().String()), State: rewardStates[r.GetState()], Left: "as many as are wanted"}
	row.URL = loyaltyURL(program, "rewards") + "/" + row.ID
	for _, p := range r.GetPrices() {
		if p.GetTier() == "" && row.Price == "" {
			row.Price = web.FormatInt("en", p.GetPoints()) + " " + unitOf(program, p.GetWallet())
		}
	}
	if row.Price == "" && len(r.GetPrices()) > 0 {
		row.Price = web.FormatInt("en", r.GetPrices()[0].GetPoints()) + " " + unitOf(program, r.GetPrices()[0].GetWallet())
	}
	if s := r.GetStock(); s != nil {
		row.Left = web.FormatInt("en", s.GetLeft())
	} else if r.GetKind() == loyaltyv1.RewardKind_REWARD_KIND_CODE {
		row.Left = "" // the pool says it
	}
	if r.GetState() == loyaltyv1.RewardState_REWARD_STATE_ACTIVE {
		for _, o := range r.GetAvailability().GetObstacles() {
			row.Why, row.State = append(row.Why, o.GetMessage()), notNow
		}
	}
	return row
}

func (v *visit) rewards() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	got, err := v.catalogue().ListRewards(v.ctx(), &loyaltyv1.ListRewardsRequest{Program: programID(program), PageSize: 100, PageToken: v.r.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	var rows []rewardRow
	for _, r := range got.GetRewards() {
		row := rewardRowOf(program, r)
		if r.GetKind() == loyaltyv1.RewardKind_REWARD_KIND_CODE {
			row.Left = v.codesLeft(program, row.ID)
		}
		rows = append(rows, row)
	}
	return v.programmePage(http.StatusOK, "rewards", program, "rewards", "", nil, map[string]any{"Rows": rows, "Older": older(v.r.URL, got.GetNextPageToken())})
}

// codesLeft is how many codes of a reward nobody has had, "" if that is not known: the list is there all the same.
func (v *visit) codesLeft(program *loyaltyv1.Program, reward string) string {
	pool, err := v.catalogue().GetCodePool(v.ctx(), &loyaltyv1.GetCodePoolRequest{Program: programID(program), Reward: reward})
	if err != nil {
		v.log.Warn("how many codes of a reward are left is not known", "reward", reward, "error", err)
		return ""
	}
	if pool.GetPool().GetFree() == 1 {
		return "1 code"
	}
	return web.FormatInt("en", pool.GetPool().GetFree()) + " codes"
}

func (v *visit) reward() error { return v.showReward(http.StatusOK, nil) }

// stockSteps are the steps of a reward's page beside saving it.
const (
	stepStock   = "stock"
	stepCodes   = "codes"
	stepArchive = "archive"
)

func (v *visit) showReward(status int, problem *api.Problem) error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id := v.r.PathValue("reward")
	r := &loyaltyv1.Reward{Kind: loyaltyv1.RewardKind_REWARD_KIND_GIFT}
	data := map[string]any{"New": id == newReward, "Title": "New reward", "Action": loyaltyURL(program, "rewards") + "/" + id}
	if id != newReward {
		got, err := v.catalogue().GetReward(v.ctx(), &loyaltyv1.GetRewardRequest{Program: programID(program), Reward: id})
		if err != nil {
			return err
		}
		r = got.GetReward()
		data["Title"] = r.GetDisplayName()
		if r.GetKind() == loyaltyv1.RewardKind_REWARD_KIND_CODE {
			pool, err := v.catalogue().GetCodePool(v.ctx(), &loyaltyv1.GetCodePoolRequest{Program: programID(program), Reward: id})
			if err != nil {
				return err
			}
			data["Pool"] = pool.GetPool()
		}
	}
	ladders, err := v.structures(program)
	if err != nil {
		return err
	}
	step := v.r.PathValue("step")
	of := func(own string) *form {
		if step == own {
			return v.typed(problem)
		}
		return v.typed(nil)
	}
	f := of("")
	data["Main"] = f
	data["Exact"] = exactly(map[string]*timestamppb.Timestamp{"start": r.GetStartTime(), "end": r.GetEndTime()})
	data["Reward"], data["Etag"], data["Parts"], data["Row"] = r, r.GetEtag(), rewardForm(f, program, r, ladders, id == newReward), rewardRowOf(program, r)
	data["Stock"] = of(stepStock).add(web.Field{Name: "left", Label: "How many are left?", Max: 10, Inputmode: "numeric", Value: leftOf(r), Help: "Besides those that are held for members. Empty means as many as are wanted."}, "/left", "/add", "/unlimited")
	data["CodesForm"] = of(stepCodes).add(web.Field{Name: "codes", Label: "Codes", Type: "textarea", Rows: 5, Required: true, Code: true, Help: "One a line, at most 1,000 at once. Nobody sees them here again: a member sees one by redeeming."}, "/codes").
		add(web.Field{Name: "ends", Label: "The last day on which they are worth something", Type: "date"}, "/expireTime")
	data["Archive"] = of(stepArchive)
	data["Archived"] = r.GetState() == loyaltyv1.RewardState_REWARD_STATE_ARCHIVED
	data["Step"] = step
	shown := f
	if step != "" && problem != nil {
		shown = map[string]*form{stepStock: data["Stock"].(*form), stepCodes: data["CodesForm"].(*form), stepArchive: data["Archive"].(*form)}[step]
	}
	title, _ := data["Title"].(string)
	return v.programmePage(status, "reward", program, "rewards", title, shown, data)
}

func leftOf(r *loyaltyv1.Reward) string {
	if r.GetStock() == nil {
		return ""
	}
	return strconv.FormatInt(r.GetStock().GetLeft(), 10)
}

// saveReward makes a reward, or a further version of one.
func (v *visit) saveReward() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id := v.r.PathValue("reward")
	in, err := v.typedReward(program)
	if err == nil && id == newReward {
		err = refuseNew("/rewardId", in.GetRewardId())
	}
	switch {
	case err != nil:
	case id == newReward:
		id = in.GetRewardId()
		_, err = v.catalogue().CreateReward(v.ctx(), in, v.once())
	default:
		_, err = v.catalogue().UpdateReward(v.ctx(), &loyaltyv1.UpdateRewardRequest{Program: programID(program), Reward: id, Paused: in.GetPaused(), DisplayName: in.GetDisplayName(), Description: in.GetDescription(),
			Prices: in.GetPrices(), Discount: in.GetDiscount(), Sku: in.GetSku(), StartTime: in.GetStartTime(), EndTime: in.GetEndTime(), Weekdays: in.GetWeekdays(), Limit: in.GetLimit(), Tiers: in.GetTiers(),
			ReservationMinutes: in.GetReservationMinutes(), ReuseCodes: in.GetReuseCodes(), Etag: v.etag()}, v.once())
	}
	if err != nil {
		return v.again(err, v.showReward)
	}
	return v.done(loyaltyURL(program, "rewards")+"/"+id, "reward")
}

// rewardStep counts the stock anew, adds codes, or ends the reward.
func (v *visit) rewardStep() error {
	program, id := v.r.PathValue("program"), v.r.PathValue("reward")
	var err error
	switch v.r.PathValue("step") {
	case stepStock:
		in := &loyaltyv1.RestockRewardRequest{Program: program, Reward: id, Unlimited: v.value("left") == ""}
		if !in.Unlimited {
			left, bad := strconv.ParseInt(v.value("left"), 10, 64)
			if bad != nil || left < 0 {
				return v.again(refusal("/left", "Give a whole number, or nothing."), v.showReward)
			}
			in.Left = &left
		}
		_, err = v.catalogue().RestockReward(v.ctx(), in, v.once())
	case stepCodes:
		p, bad := v.program()
		if bad != nil {
			return bad
		}
		_, err = v.catalogue().AddCodes(v.ctx(), &loyaltyv1.AddCodesRequest{Program: program, Reward: id, Codes: lines(v.r.PostFormValue("codes")), ExpireTime: v.dayIn(p, "ends", 1)}, v.once())
	case stepArchive:
		_, err = v.catalogue().ArchiveReward(v.ctx(), &loyaltyv1.ArchiveRewardRequest{Program: program, Reward: id, Etag: v.etag()}, v.once())
	default:
		return v.notFound()
	}
	if err != nil {
		return v.again(err, v.showReward)
	}
	return v.done("/studio/loyalty/"+program+"/rewards/"+id, "reward-"+v.r.PathValue("step"))
}
