package studio

import (
	"fmt"
	"strconv"
	"strings"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/web"
)

// mostPrices bounds the prices of a reward, as the contract does.
const mostPrices = 40

var (
	rewardKinds  = []string{"REWARD_KIND_GIFT", "An article", "REWARD_KIND_DISCOUNT", "Something off an order", "REWARD_KIND_CODE", "A code out of a pool", "REWARD_KIND_EXPERIENCE", "Something to take part in"}
	limitPeriods = []string{"LIMIT_PERIOD_UNSPECIFIED", "ever", "LIMIT_PERIOD_DAY", "a day", "LIMIT_PERIOD_WEEK", "a week", "LIMIT_PERIOD_MONTH", "a month", "LIMIT_PERIOD_QUARTER", "a quarter", "LIMIT_PERIOD_YEAR", "a year"}
)

// ladderPairs are the tiers of all structures as values and labels, "{structure}/{tier}".
func ladderPairs(structures []*loyaltyv1.TierStructure) []string {
	var out []string
	for _, s := range structures {
		for _, t := range s.GetTiers() {
			out = append(out, lastPart(s.GetName())+"/"+t.GetId(), t.GetDisplayName())
		}
	}
	return out
}

// alsoUnknown adds tiers that are chosen and that no structure has, so that saving does not lose them.
func alsoUnknown(pairs []string, chosen ...string) []string {
	for _, tier := range chosen {
		if tier != "" && labelOf(pairs, tier) == tier {
			pairs = append(pairs, tier, tier+", which there is not")
		}
	}
	return pairs
}

func rewardForm(f *form, program *loyaltyv1.Program, r *loyaltyv1.Reward, ladders []*loyaltyv1.TierStructure, fresh bool) []formPart {
	f.add(web.Field{Name: "display_name", Label: "What do members call it?", Required: true, Max: 120, Value: r.GetDisplayName()}, "/displayName")
	if fresh {
		f.add(web.Field{Name: "reward_id", Label: "Id", Required: true, Max: 40, Autocomplete: "off", Help: "Lower-case letters, digits and hyphens, two at least. It never changes."}, "/rewardId").
			add(web.Field{Name: "kind", Label: "What is it?", Type: "select", Required: true, Options: options([]string{r.GetKind().String()}, rewardKinds...)}, "/kind")
	}
	f.add(web.Field{Name: "description", Label: "A few sentences about it", Type: "textarea", Rows: 3, Max: 2000, Value: r.GetDescription()}, "/description")
	if fresh {
		f.add(web.Field{Name: "stock", Label: "How many are there?", Max: 10, Inputmode: "numeric", Help: "Empty means as many as are wanted, or as many as there are codes."}, "/stock")
	}
	f.add(web.Field{Name: "paused", Label: "Can it be had?", Type: "choices", Required: true, Options: options([]string{strconv.FormatBool(r.GetState() == loyaltyv1.RewardState_REWARD_STATE_PAUSED)}, "false", "Yes", "true", "Not for the time being")}, "/paused")
	parts := f.part(nil, "The reward", "")
	parts = rewardPrices(f, program, r, ladders, parts)
	if fresh || r.GetKind() == loyaltyv1.RewardKind_REWARD_KIND_DISCOUNT || r.GetKind() == loyaltyv1.RewardKind_REWARD_KIND_GIFT {
		rewardWorth(f, program, r)
		parts = f.folded(parts, "What it is worth", "", r.GetDiscount() != nil || r.GetSku() != "")
	}
	f.add(web.Field{Name: "start", Label: "From which day?", Type: "date", Value: dayOf(program, r.GetStartTime())}, "/startTime").
		add(web.Field{Name: "end", Label: "The last day", Type: "date", Value: lastDayOf(program, r.GetEndTime())}, "/endTime").
		add(weekdaysField("weekdays", r.GetWeekdays()), "/weekdays").
		add(web.Field{Name: "times", Label: "How often may one member have it?", Max: 4, Inputmode: "numeric", Value: numberOrEmpty(int64(r.GetLimit().GetTimes())), Help: "Empty means as often as the points last."}, "/limit/times", "/limit").
		add(web.Field{Name: "limit_period", Label: "So often in", Type: "select", Required: true, Options: options([]string{r.GetLimit().GetPeriod().String()}, limitPeriods...)}, "/limit/period")
	if pairs := alsoUnknown(ladderPairs(ladders), r.GetTiers()...); len(pairs) > 0 {
		f.add(web.Field{Name: "tiers", Label: "For members of which tiers?", Type: "checks", Help: "None chosen means all.", Options: options(r.GetTiers(), pairs...)}, "/tiers")
	}
	f.add(web.Field{Name: "minutes", Label: "How many minutes is it held?", Max: 5, Inputmode: "numeric", Value: numberOrEmpty(int64(r.GetReservationMinutes())), Help: "Empty means what the programme says."}, "/reservationMinutes").
		add(web.Field{Name: "reuse", Label: "A redemption is taken back whose code was shown. The code", Type: "choices", Required: true, Options: options([]string{strconv.FormatBool(r.GetReuseCodes())}, "false", "is never handed out again", "true", "goes back to the pool")}, "/reuseCodes")
	return f.folded(parts, "When, how often and for whom", "", r.GetStartTime() != nil || r.GetEndTime() != nil || len(r.GetWeekdays()) > 0 || r.GetLimit() != nil || len(r.GetTiers()) > 0)
}

func rewardPrices(f *form, program *loyaltyv1.Program, r *loyaltyv1.Reward, ladders []*loyaltyv1.TierStructure, parts []formPart) []formPart {
	per := 2
	if len(program.GetWallets()) > 1 {
		per = 3
	}
	for i := range min(mostPrices, max(len(r.GetPrices()), filledRows(f, "price", "points"))+1) {
		p, points := &loyaltyv1.RewardPrice{}, ""
		if i < len(r.GetPrices()) {
			p, points = r.GetPrices()[i], strconv.FormatInt(r.GetPrices()[i].GetPoints(), 10)
		}
		n, at := fmt.Sprintf("price-%d-", i), fmt.Sprintf("/prices/%d", i)
		f.add(web.Field{Name: n + "points", Label: "Price", Required: i == 0, Max: 14, Inputmode: "numeric", Value: points}, at+"/points").
			add(web.Field{Name: n + "tier", Label: "For", Type: "select", Options: options([]string{p.GetTier()}, append([]string{"", "everybody"}, alsoUnknown(ladderPairs(ladders), p.GetTier())...)...)}, at+"/tier")
		if per == 3 {
			f.add(walletField(program, n+"wallet", "In", p.GetWallet()), at+"/wallet")
		}
	}
	parts = f.part(parts, "What it costs", "One price for everybody, and lower ones for members of some tiers if you like.")
	parts[len(parts)-1].Row, parts[len(parts)-1].Per = "Price", per
	return parts
}

func rewardWorth(f *form, program *loyaltyv1.Program, r *loyaltyv1.Reward) {
	amount := func(n int64) string {
		if n == 0 {
			return ""
		}
		return web.Decimals(n, program.GetCurrency())
	}
	f.add(web.Field{Name: "percent", Label: "Per cent off", Max: 12, Inputmode: "decimal", Value: r.GetDiscount().GetPercent(), Help: "Of a discount: this, or an amount."}, "/discount/percent", "/discount").
		add(web.Field{Name: "off", Label: "Amount off, in " + program.GetCurrency(), Max: 20, Inputmode: "decimal", Value: amount(r.GetDiscount().GetAmount())}, "/discount/amount").
		add(web.Field{Name: "minimum", Label: "For orders from, in " + program.GetCurrency(), Max: 20, Inputmode: "decimal", Value: amount(r.GetDiscount().GetMinimumOrderAmount())}, "/discount/minimumOrderAmount").
		add(web.Field{Name: "sku", Label: "Article number", Max: 100, Value: r.GetSku(), Help: "Of an article, as your own systems know it."}, "/sku")
}

// typedReward reads what rewardForm declared.
func (v *visit) typedReward(program *loyaltyv1.Program) (*loyaltyv1.CreateRewardRequest, error) {
	r := &loyaltyv1.CreateRewardRequest{Program: programID(program), RewardId: v.value("reward_id"), Kind: loyaltyv1.RewardKind(loyaltyv1.RewardKind_value[v.value("kind")]),
		Paused: v.value("paused") == "true", DisplayName: v.value("display_name"), Description: v.value("description"), Sku: v.value("sku"), StartTime: v.dayIn(program, "start", 0),
		EndTime: v.dayIn(program, "end", 1), Weekdays: v.typedWeekdays("weekdays"), Tiers: v.r.PostForm["tiers"], ReuseCodes: v.value("reuse") == "true"}
	for i := range mostPrices {
		n := fmt.Sprintf("price-%d-", i)
		if v.value(n+"points") == "" {
			continue
		}
		points, err := wholeOf(v.value(n + "points"))
		if err != nil {
			return r, refusal(fmt.Sprintf("/prices/%d/points", i), "Give a whole number.")
		}
		r.Prices = append(r.Prices, &loyaltyv1.RewardPrice{Points: points, Tier: v.value(n + "tier"), Wallet: v.value(n + "wallet")})
	}
	if len(r.Prices) == 0 {
		return r, refusal("/prices/0/points", "Say what it costs.")
	}
	for _, n := range []struct {
		name, pointer string
		set           func(int64)
	}{
		{"stock", "/stock", func(n int64) { r.Stock = &n }},
		{"times", "/limit/times", func(n int64) {
			r.Limit = &loyaltyv1.RewardLimit{Times: int32(n), Period: loyaltyv1.LimitPeriod(loyaltyv1.LimitPeriod_value[v.value("limit_period")])}
		}},
		{"minutes", "/reservationMinutes", func(n int64) { r.ReservationMinutes = int32(n) }},
	} {
		if v.value(n.name) == "" {
			continue
		}
		whole, err := wholeOf(v.value(n.name))
		if err != nil || whole > 1_000_000_000 {
			return r, refusal(n.pointer, "Give a whole number.")
		}
		n.set(whole)
	}
	return r, v.typedDiscount(program, r)
}

func (v *visit) typedDiscount(program *loyaltyv1.Program, r *loyaltyv1.CreateRewardRequest) error {
	off := &loyaltyv1.DiscountOff{Percent: decimalOf(v.value("percent"))}
	for name, into := range map[string]*int64{"off": &off.Amount, "minimum": &off.MinimumOrderAmount} {
		if v.value(name) == "" {
			continue
		}
		n, ok := web.ParseMoney(v.value(name), program.GetCurrency())
		if !ok {
			return refusal(map[string]string{"off": "/discount/amount", "minimum": "/discount/minimumOrderAmount"}[name], "Give an amount such as 5.00.")
		}
		*into, off.Currency = n, program.GetCurrency()
	}
	if off.Percent != "" || off.Amount != 0 || off.MinimumOrderAmount != 0 {
		r.Discount = off
	}
	return nil
}

// wholeOf reads a whole number as people type it.
func wholeOf(text string) (int64, error) {
	return strconv.ParseInt(strings.NewReplacer(",", "", " ", "", "\u00a0", "").Replace(text), 10, 64)
}
