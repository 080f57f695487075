package studio

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/web"
)

// formPart is a group of a long form's fields.
type formPart struct {
	Title, Help string
	Fields      []web.Field
	// Foldable parts are shown when asked for; Open ones without that: they say something, or something about them is wrong.
	Foldable, Open bool
	// Row is what each group of so many fields is called, "" if the fields stand alone.
	Row string
	Per int
}

// Rows are the fields in their groups.
func (p formPart) Rows() [][]web.Field { return slices.Collect(slices.Chunk(p.Fields, max(1, p.Per))) }

// Number is how people count the row at a position.
func (p formPart) Number(i int) int { return i + 1 }

// part closes a group: all fields that were declared since the group before.
func (f *form) part(parts []formPart, title, help string) []formPart {
	had := 0
	for _, p := range parts {
		had += len(p.Fields)
	}
	return append(parts, formPart{Title: title, Help: help, Fields: f.fields[had:]})
}

// folded is part for what most do not need: it is folded unless it says something already.
func (f *form) folded(parts []formPart, title, help string, says bool) []formPart {
	parts = f.part(parts, title, help)
	p := &parts[len(parts)-1]
	p.Foldable, p.Open = true, says || len(web.Failed(p.Fields...)) > 0
	return parts
}

const helpCEL = "An expression over order, event, member, program and now, such as order.total >= dec(\"100\") or member.tier == \"gold\"."

// ruleForm declares the fields of a rule, in the groups in which they are shown.
func ruleForm(f *form, program *loyaltyv1.Program, t *loyaltyv1.EarningRuleTerms, ladders []*loyaltyv1.TierStructure, fresh bool) []formPart {
	f.add(web.Field{Name: "display_name", Label: "What is it called?", Required: true, Max: 200, Value: t.GetDisplayName(), Help: "Members read it too."}, "/terms/displayName")
	if fresh {
		f.add(web.Field{Name: "rule_id", Label: "Id", Required: true, Max: 40, Autocomplete: "off", Help: "Lower-case letters, digits and hyphens. Entries of the ledger name it; it never changes."}, "/ruleId")
	} else {
		f.add(web.Field{Name: "archived", Label: "Does it earn points?", Type: "choices", Required: true, Options: options([]string{strconv.FormatBool(t.GetArchived())}, "false", "Yes", "true", "No, it is archived")}, "/terms/archived")
	}
	parts := f.part(nil, "The rule", "")
	f.add(web.Field{Name: "trigger", Label: "What sets it off?", Type: "select", Required: true, Options: options([]string{t.GetTrigger()}, ruleTriggers...)}, "/terms/trigger").
		add(web.Field{Name: "skus", Label: "Articles", Type: "textarea", Rows: 2, Value: strings.Join(t.GetSkus(), "\n"), Help: "For certain articles only: their numbers, one a line."}, "/terms/skus").
		add(web.Field{Name: "categories", Label: "Categories", Type: "textarea", Rows: 2, Value: strings.Join(t.GetCategories(), "\n"), Help: "For certain categories only: one a line."}, "/terms/categories").
		add(web.Field{Name: "event", Label: "Type of event", Max: 200, Value: t.GetEvent(), Help: "For another event only, such as “review.written”."}, "/terms/event").
		add(web.Field{Name: "condition", Label: "Condition", Type: "textarea", Rows: 2, Max: 4096, Code: true, Value: t.GetCondition(), Help: helpCEL + " Empty holds always."}, "/terms/condition").
		add(web.Field{Name: "line_condition", Label: "Condition for each line", Type: "textarea", Rows: 2, Max: 4096, Code: true, Value: t.GetLineCondition(), Help: "Only lines that meet it count, such as line.quantity >= dec(\"2\")."}, "/terms/lineCondition")
	parts = f.part(parts, "When", "")
	ruleAmount(f, program, t, ladders)
	parts = f.part(parts, "How many", "")
	ruleTimes(f, program, t)
	parts = f.folded(parts, "On which days", "Without an entry here the rule holds at any time.", t.GetFromTime() != nil || t.GetUntilTime() != nil || len(t.GetWeekdays()) > 0 || len(t.GetHours()) > 0)
	ruleCaps(f, t)
	parts = f.folded(parts, "Upper limits", "An award that would go over a limit is cut to it, or not given at all.", len(t.GetCaps()) > 0)
	parts[len(parts)-1].Row, parts[len(parts)-1].Per = "Limit", 5
	ruleRest(f, program, t)
	return f.folded(parts, "Beside other rules, and how long the points live", "", t.GetStackingGroup() != "" || t.GetActivation() != "" || t.GetLife() != "" || t.GetCampaign() != "")
}

func ruleAmount(f *form, program *loyaltyv1.Program, t *loyaltyv1.EarningRuleTerms, ladders []*loyaltyv1.TierStructure) {
	if len(program.GetWallets()) > 1 {
		f.add(walletField(program, "wallet", "Of which unit?", t.GetWallet()), "/terms/wallet")
	}
	f.add(web.Field{Name: "form", Label: "How are they reckoned?", Type: "select", Required: true, Options: options([]string{t.GetForm()},
		"per_unit", "So many for each amount", "fixed", "A fixed number", "multiplier", "A multiple of what other rules give", "formula", "By a formula")}, "/terms/form").
		add(web.Field{Name: "value", Label: "How many, or how many times?", Max: 40, Inputmode: "decimal", Value: t.GetValue()}, "/terms/value")
	per := ""
	if t.GetPer() > 0 {
		per = web.Decimals(t.GetPer(), program.GetCurrency())
	}
	f.add(web.Field{Name: "per", Label: "For each amount of, in " + program.GetCurrency(), Max: 20, Inputmode: "decimal", Value: per, Help: "For “so many for each amount” only: 1.00 where each " + program.GetCurrency() + " counts."}, "/terms/per")
	for _, tier := range tiersOf(ladders) {
		f.add(web.Field{Name: "tier-" + tier.GetId(), Label: "How many for " + tier.GetDisplayName(), Max: 40, Inputmode: "decimal", Value: t.GetTierValues()[tier.GetId()], Help: "Empty: as for everybody."},
			"/terms/tierValues/"+tier.GetId(), `/terms/tierValues["`+tier.GetId()+`"]`)
	}
	for _, id := range unknownTiers(t.GetTierValues(), ladders) {
		f.add(web.Field{Name: "tier-" + id, Label: "How many for “" + id + "”, a tier that there is not", Max: 40, Inputmode: "decimal", Value: t.GetTierValues()[id], Help: "It holds as soon as there is one with this id. Empty takes it away."},
			"/terms/tierValues/"+id, `/terms/tierValues["`+id+`"]`)
	}
	f.add(web.Field{Name: "formula", Label: "Formula", Type: "textarea", Rows: 2, Max: 4096, Code: true, Value: t.GetFormula(), Help: "For “by a formula” only: an expression that gives a number, such as order.total * dec(\"0.5\")."}, "/terms/formula").
		add(web.Field{Name: "each_line", Label: "The formula is reckoned", Type: "choices", Required: true, Options: options([]string{strconv.FormatBool(t.GetEachLine())}, "false", "once for the whole order", "true", "for each line that counts")}, "/terms/eachLine").
		add(web.Field{Name: "rounding", Label: "How is it rounded?", Type: "select", Required: true, Options: options([]string{t.GetRounding()},
			"", "Down", "half_up", "To the nearest, halves up", "half_even", "To the nearest, halves to even", "ceil", "Up")}, "/terms/rounding")
}

// unknownTiers are the tiers that a rule has values for and no structure has, in order.
func unknownTiers(values map[string]string, ladders []*loyaltyv1.TierStructure) []string {
	rest := maps.Clone(values)
	for _, tier := range tiersOf(ladders) {
		delete(rest, tier.GetId())
	}
	return slices.Sorted(maps.Keys(rest))
}

var weekdayPairs = []string{"1", "Monday", "2", "Tuesday", "3", "Wednesday", "4", "Thursday", "5", "Friday", "6", "Saturday", "7", "Sunday"}

func weekdaysField(name string, days []int32) web.Field {
	var chosen []string
	for _, d := range days {
		chosen = append(chosen, strconv.Itoa(int(d)))
	}
	return web.Field{Name: name, Label: "Days of the week", Type: "checks", Help: "None chosen means every day.", Options: options(chosen, weekdayPairs...)}
}

func ruleTimes(f *form, program *loyaltyv1.Program, t *loyaltyv1.EarningRuleTerms) {
	var hours []string
	for _, h := range t.GetHours() {
		hours = append(hours, h.GetFrom()+"–"+h.GetUntil())
	}
	f.add(web.Field{Name: "from", Label: "From", Type: "date", Value: dayOf(program, t.GetFromTime())}, "/terms/fromTime").
		add(web.Field{Name: "until", Label: "The last day", Type: "date", Value: lastDayOf(program, t.GetUntilTime())}, "/terms/untilTime").
		add(weekdaysField("weekdays", t.GetWeekdays()), "/terms/weekdays").
		add(web.Field{Name: "hours", Label: "Hours of the day", Type: "textarea", Rows: 2, Value: strings.Join(hours, "\n"), Help: "One span a line, such as 17:30–19:00."}, "/terms/hours")
}

// mostCaps bounds how many limits a rule has, as the contract does.
const mostCaps = 10

func ruleCaps(f *form, t *loyaltyv1.EarningRuleTerms) {
	for i := 0; i < min(mostCaps, max(len(t.GetCaps()), filledRows(f, "cap", "most"))+1); i++ {
		c := &loyaltyv1.EarningRuleCap{}
		if i < len(t.GetCaps()) {
			c = t.GetCaps()[i]
		}
		most := ""
		if i < len(t.GetCaps()) {
			most = strconv.FormatInt(c.GetMost(), 10)
		}
		n, at := fmt.Sprintf("cap-%d-", i), fmt.Sprintf("/terms/caps/%d", i)
		f.add(web.Field{Name: n + "most", Label: "At most", Max: 14, Inputmode: "numeric", Value: most}, at+"/most").
			add(web.Field{Name: n + "counts", Label: "Of what", Type: "select", Required: true, Options: options([]string{c.GetCounts()}, "", "points", "awards", "awards")}, at+"/counts").
			add(web.Field{Name: n + "per", Label: "For each", Type: "select", Required: true, Options: options([]string{c.GetPer()}, capPers...)}, at+"/per").
			add(web.Field{Name: n + "period", Label: "In a", Type: "select", Required: true, Options: options([]string{c.GetPeriod()}, "", "lifetime", "day", "day", "week", "week", "month", "month", "year", "year")}, at+"/period").
			add(web.Field{Name: n + "over", Label: "What goes over it", Type: "select", Required: true, Options: options([]string{c.GetOver()}, "", "as usual", "reduce", "is cut to the limit", "reject", "is not given")}, at+"/over")
	}
}

var capPers = []string{"member", "member", "order", "order", "campaign", "campaign, all members together"}

// filledRows is how many of the rows of a posted form say something in a column.
func filledRows(f *form, row, column string) int {
	n := 0
	for i := range mostRows {
		if f.values.Get(fmt.Sprintf("%s-%d-%s", row, i, column)) != "" {
			n = i + 1
		}
	}
	return n
}

// mostRows bounds the rows of any form.
const mostRows = 40

// helpLife says how a life is written.
const helpLife = "“never”: for ever. “rolling P12M”: twelve months each. “rolling P12M to month”: to the end of that month. “calendar 12-31”: to the end of the year. “inactivity P12M”: until nothing was heard of the member for twelve months."

// tierLives writes the lives of tiers down, one a line.
func tierLives(t *loyaltyv1.EarningRuleTerms) string {
	var out []string
	for _, tier := range slices.Sorted(maps.Keys(t.GetTierLives())) {
		out = append(out, tier+": "+t.GetTierLives()[tier])
	}
	return strings.Join(out, "\n")
}

func ruleRest(f *form, program *loyaltyv1.Program, t *loyaltyv1.EarningRuleTerms) {
	f.add(web.Field{Name: "stacking", Label: "Where several rules give at once", Type: "choices", Required: true, Options: []web.Option{
		{Value: "best", Label: "The best one", Consequence: "Of the rules of the group only the one that gives the most.", Chosen: t.GetStacking() == "" || t.GetStacking() == "best"},
		{Value: "priority", Label: "The first one", Consequence: "Of the rules of the group only the one with the highest priority.", Chosen: t.GetStacking() == "priority"},
		{Value: "all", Label: "This one in any case", Consequence: "It competes with none.", Chosen: t.GetStacking() == "all"}}}, "/terms/stacking").
		add(web.Field{Name: "stacking_group", Label: "Group of rules that compete", Max: 200, Value: t.GetStackingGroup()}, "/terms/stackingGroup").
		add(web.Field{Name: "priority", Label: "Priority in the group", Max: 12, Inputmode: "numeric", Value: numberOrEmpty(t.GetPriority())}, "/terms/priority").
		add(web.Field{Name: "campaign", Label: "Campaign", Max: 200, Value: t.GetCampaign(), Help: "Rules of one campaign share its limits."}, "/terms/campaign").
		add(web.Field{Name: "activation", Label: "When can the points be spent?", Max: 100, Value: t.GetActivation(), Help: "Empty: at once. P14D: after 14 days. 2027-01-01: from that day. “event delivered”: when that is recorded of the order. “manual”: when somebody says so."}, "/terms/activation").
		add(web.Field{Name: "life", Label: "How long do they live?", Max: 100, Value: t.GetLife(), Help: "Empty: as the programme says. " + helpLife}, "/terms/life").
		add(web.Field{Name: "tier_lives", Label: "How long in certain tiers?", Type: "textarea", Rows: 2, Value: tierLives(t), Help: "One tier a line, such as gold: rolling P24M."}, "/terms/tierLives").
		add(web.Field{Name: "per_line", Label: "Points of an order", Type: "choices", Required: true, Options: options([]string{strconv.FormatBool(t.GetPerLine())},
			"false", "are kept as one", "true", "are kept line by line, so that a returned line takes back its own")}, "/terms/perLine")
}

// typedRule reads what ruleForm declared.
func (v *visit) typedRule(program *loyaltyv1.Program) (*loyaltyv1.EarningRuleTerms, error) {
	t := &loyaltyv1.EarningRuleTerms{
		DisplayName: v.value("display_name"), Archived: v.value("archived") == "true", Trigger: v.value("trigger"), Skus: lines(v.r.PostFormValue("skus")),
		Categories: lines(v.r.PostFormValue("categories")), Event: v.value("event"), Condition: v.value("condition"), LineCondition: v.value("line_condition"),
		Wallet: v.value("wallet"), Form: v.value("form"), Value: decimalOf(v.value("value")), Formula: v.value("formula"), EachLine: v.value("each_line") == "true",
		Rounding: v.value("rounding"), FromTime: v.dayIn(program, "from", 0), UntilTime: v.dayIn(program, "until", 1), Weekdays: v.typedWeekdays("weekdays"),
		Stacking: v.value("stacking"), StackingGroup: v.value("stacking_group"), Campaign: v.value("campaign"), Activation: v.value("activation"), Life: v.value("life"),
		PerLine: v.value("per_line") == "true",
	}
	for name := range maps.Keys(v.r.PostForm) {
		if tier, ok := strings.CutPrefix(name, "tier-"); ok && v.value(name) != "" {
			if t.TierValues == nil {
				t.TierValues = map[string]string{}
			}
			t.TierValues[tier] = decimalOf(v.value(name))
		}
	}
	for _, line := range lines(v.r.PostFormValue("tier_lives")) {
		tier, life, ok := strings.Cut(line, ":")
		if !ok {
			return t, refusal("/terms/tierLives", "Write a tier and its life as gold: rolling P24M, one a line.")
		}
		if t.TierLives == nil {
			t.TierLives = map[string]string{}
		}
		t.TierLives[strings.TrimSpace(tier)] = strings.TrimSpace(life)
	}
	for _, line := range lines(v.r.PostFormValue("hours")) {
		from, until, ok := strings.Cut(strings.ReplaceAll(line, "–", "-"), "-")
		if !ok {
			return t, refusal("/terms/hours", "Write a span as 17:30–19:00, one a line.")
		}
		t.Hours = append(t.Hours, &loyaltyv1.EarningRuleHours{From: strings.TrimSpace(from), Until: strings.TrimSpace(until)})
	}
	if text := v.value("per"); text != "" && t.Form == "per_unit" {
		per, ok := web.ParseMoney(text, program.GetCurrency())
		if !ok || per <= 0 {
			return t, refusal("/terms/per", "Give an amount such as 1.00.")
		}
		t.Per = per
	}
	if t.Form == "formula" {
		t.Value = ""
	}
	if text := v.value("priority"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return t, refusal("/terms/priority", "Give a whole number.")
		}
		t.Priority = n
	}
	return t, v.typedCaps(t)
}

func (v *visit) typedCaps(t *loyaltyv1.EarningRuleTerms) error {
	for i := range mostRows {
		n := fmt.Sprintf("cap-%d-", i)
		text := v.value(n + "most")
		if text == "" {
			continue
		}
		most, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return refusal(fmt.Sprintf("/terms/caps/%d/most", i), "Give a whole number.")
		}
		t.Caps = append(t.Caps, &loyaltyv1.EarningRuleCap{Most: most, Counts: v.value(n + "counts"), Per: v.value(n + "per"), Period: v.value(n + "period"), Over: v.value(n + "over")})
	}
	return nil
}

func (v *visit) typedWeekdays(name string) []int32 {
	var out []int32
	for _, value := range v.r.PostForm[name] {
		if n, err := strconv.ParseInt(value, 10, 32); err == nil {
			out = append(out, int32(n))
		}
	}
	return out
}

// dayIn reads an input of type date as the beginning, by the programme's clock, of the day so many days later.
func (v *visit) dayIn(program *loyaltyv1.Program, name string, later int) *timestamppb.Timestamp {
	typed := v.value(name)
	// An instant that stands, such as half past five, stays what it is as long as its day is not changed.
	if exact, err := time.Parse(time.RFC3339Nano, v.value(name+"_exact")); err == nil {
		t := timestamppb.New(exact)
		if shown := dayOf(program, t); later == 0 && shown == typed {
			return t
		}
		if shown := lastDayOf(program, t); later != 0 && shown == typed {
			return t
		}
	}
	return dayIn(program, typed, later)
}

// exactly are the instants behind the days of a form, by the names of their fields.
func exactly(times map[string]*timestamppb.Timestamp) map[string]string {
	out := map[string]string{}
	for name, t := range times {
		if t != nil {
			out[name+"_exact"] = t.AsTime().Format(time.RFC3339Nano)
		}
	}
	return out
}
