package studio

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// newTiers is the id in the address of a structure that is not there yet.
const newTiers = "new"

// mostTiers bounds the tiers of a structure, as the contract does.
const mostTiers = 20

var (
	metricPairs    = []string{"TIER_METRIC_EARNED", "Points earned", "TIER_METRIC_SPEND", "What orders were worth", "TIER_METRIC_BALANCE", "Points held"}
	tierPeriods    = []string{"TIER_PERIOD_ROLLING", "Back from today", "TIER_PERIOD_YEAR", "The calendar year", "TIER_PERIOD_QUARTER", "The quarter", "TIER_PERIOD_MONTH", "The month", "TIER_PERIOD_ANNIVERSARY", "The year since the member enrolled", "TIER_PERIOD_UNSPECIFIED", "None, for points held"}
	downgradePairs = []string{"TIER_DOWNGRADE_NONE", "It is never lost", "TIER_DOWNGRADE_ONE", "One tier down", "TIER_DOWNGRADE_FULL", "Down to what the measure is worth"}
)

func (v *visit) ladders() loyaltyv1.TiersServiceClient {
	return loyaltyv1.NewTiersServiceClient(v.conn)
}

// tierRow is a structure as lists show it.
type tierRow struct {
	*loyaltyv1.TierStructure
	URL, Unit, Measures string
	Steps               []tierStepRow
}

type tierStepRow struct{ Name, From string }

func (v *visit) tiers() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	list, err := v.structures(program)
	if err != nil {
		return err
	}
	var rows []tierRow
	for _, s := range list {
		row := tierRow{TierStructure: s, URL: loyaltyURL(program, "tiers") + "/" + lastPart(s.GetName()), Unit: unitOf(program, s.GetWallet()), Measures: labelOf(metricPairs, s.GetMetric().String())}
		for _, t := range s.GetTiers() {
			row.Steps = append(row.Steps, tierStepRow{t.GetDisplayName(), measured(program, s, t.GetThreshold())})
		}
		rows = append(rows, row)
	}
	return v.programmePage(http.StatusOK, "tiers", program, "tiers", "", nil, map[string]any{"Rows": rows})
}

// measured writes a measure of a structure: money, or points.
func measured(program *loyaltyv1.Program, s *loyaltyv1.TierStructure, n int64) string {
	if s.GetMetric() == loyaltyv1.TierMetric_TIER_METRIC_SPEND {
		return web.FormatMoney("en", n, program.GetCurrency())
	}
	return web.FormatInt("en", n)
}

// tiersForm declares the fields of a structure. Where spending is measured, thresholds are typed in the currency.
func tiersForm(f *form, program *loyaltyv1.Program, s *loyaltyv1.TierStructure, rules []*loyaltyv1.EarningRule, fresh bool) []formPart {
	f.add(web.Field{Name: "display_name", Label: "What are they called together?", Required: true, Max: 120, Value: s.GetDisplayName(), Help: "Such as “Status”."}, "/displayName")
	if fresh {
		f.add(web.Field{Name: "structure_id", Label: "Id", Required: true, Max: 40, Autocomplete: "off", Help: "Lower-case letters, digits and hyphens. It never changes."}, "/structureId")
		if len(program.GetWallets()) > 1 {
			f.add(walletField(program, "wallet", "Of which unit?", s.GetWallet()), "/wallet")
		}
	}
	parts := f.part(nil, "The tiers", "")
	f.add(web.Field{Name: "metric", Label: "What is measured?", Type: "select", Required: true, Options: options([]string{s.GetMetric().String()}, metricPairs...)}, "/metric").
		add(web.Field{Name: "period", Label: "Over which time?", Type: "select", Required: true, Options: options([]string{s.GetPeriod().String()}, tierPeriods...)}, "/period").
		add(web.Field{Name: "period_length", Label: "How far back?", Max: 40, Value: s.GetPeriodLength(), Help: "For “back from today” only: P12M is twelve months, P90D ninety days."}, "/periodLength").
		add(web.Field{Name: "downgrade", Label: "Somebody no longer reaches a tier. What happens?", Type: "choices", Required: true, Options: options([]string{s.GetDowngrade().String()}, downgradePairs...)}, "/downgrade").
		add(web.Field{Name: "grace", Label: "How long does it last all the same?", Max: 40, Value: s.GetGrace(), Help: "P30D is thirty days. Empty means not at all."}, "/grace")
	parts = f.part(parts, "How they are reached and lost", "")
	chosen := []string{"", "None"}
	for _, r := range rules {
		chosen = append(chosen, "rules/"+lastPart(r.GetName()), r.GetTerms().GetDisplayName())
	}
	for i := range min(mostTiers, max(len(s.GetTiers()), filledRows(f, "tier", "id"), 1)+1) {
		t, threshold := &loyaltyv1.Tier{}, ""
		if i < len(s.GetTiers()) {
			t = s.GetTiers()[i]
			if threshold = strconv.FormatInt(t.GetThreshold(), 10); s.GetMetric() == loyaltyv1.TierMetric_TIER_METRIC_SPEND {
				threshold = web.Decimals(t.GetThreshold(), program.GetCurrency())
			}
		}
		n, at := fmt.Sprintf("tier-%d-", i), fmt.Sprintf("/tiers/%d", i)
		f.add(web.Field{Name: n + "id", Label: "Id", Max: 31, Value: t.GetId(), Autocomplete: "off"}, at+"/id").
			add(web.Field{Name: n + "name", Label: "Members call it", Max: 60, Value: t.GetDisplayName()}, at+"/displayName").
			add(web.Field{Name: n + "threshold", Label: "From", Max: 20, Inputmode: "decimal", Value: threshold}, at+"/threshold").
			add(web.Field{Name: n + "rule", Label: "Rule that gives it more", Type: "select", Options: options([]string{t.GetRule()}, chosen...)}, at+"/rule").
			add(web.Field{Name: n + "benefits", Label: "What it brings", Type: "textarea", Rows: 2, Value: strings.Join(t.GetBenefits(), "\n"), Help: "One sentence a line, for members."}, at+"/benefits")
	}
	parts = f.part(parts, "The steps, from the lowest", "A first step from 0 gives every member a tier. What is spent is given in "+program.GetCurrency()+".")
	parts[2].Row, parts[2].Per = "Step", 5
	f.add(web.Field{Name: "effective", Label: "From which day?", Type: "date", Help: "Empty means at once."}, "/effectiveTime")
	return f.folded(parts, "When it comes into force", "", false)
}

func (v *visit) tierStructure() error { return v.showTiers(http.StatusOK, nil) }

func (v *visit) showTiers(status int, problem *api.Problem) error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id := v.r.PathValue("structure")
	s := &loyaltyv1.TierStructure{Metric: loyaltyv1.TierMetric_TIER_METRIC_EARNED, Period: loyaltyv1.TierPeriod_TIER_PERIOD_ROLLING, PeriodLength: "P12M", Downgrade: loyaltyv1.TierDowngrade_TIER_DOWNGRADE_ONE}
	title := "New tiers"
	if id != newTiers {
		got, err := v.ladders().GetTierStructure(v.ctx(), &loyaltyv1.GetTierStructureRequest{Program: programID(program), Structure: id})
		if err != nil {
			return err
		}
		s = got.GetStructure()
		title = s.GetDisplayName()
	}
	rules, err := v.earning().ListEarningRules(v.ctx(), &loyaltyv1.ListEarningRulesRequest{Program: programID(program)})
	if err != nil {
		return err
	}
	f := v.typed(problem)
	return v.programmePage(status, "tier", program, "tiers", title, f, map[string]any{"Structure": s, "New": id == newTiers, "Parts": tiersForm(f, program, s, rules.GetRules(), id == newTiers),
		"Etag": s.GetEtag(), "Action": loyaltyURL(program, "tiers") + "/" + id})
}

func (v *visit) saveTiers() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id := v.r.PathValue("structure")
	metric := loyaltyv1.TierMetric(loyaltyv1.TierMetric_value[v.value("metric")])
	period := loyaltyv1.TierPeriod(loyaltyv1.TierPeriod_value[v.value("period")])
	downgrade := loyaltyv1.TierDowngrade(loyaltyv1.TierDowngrade_value[v.value("downgrade")])
	length := v.value("period_length")
	if period != loyaltyv1.TierPeriod_TIER_PERIOD_ROLLING {
		length = ""
	}
	tiers, err := v.typedTiers(program, metric)
	if err == nil && id == newTiers {
		err = refuseNew("/structureId", v.value("structure_id"))
	}
	switch {
	case err != nil:
	case id == newTiers:
		id = v.value("structure_id")
		_, err = v.ladders().CreateTierStructure(v.ctx(), &loyaltyv1.CreateTierStructureRequest{Program: programID(program), StructureId: id, Wallet: v.value("wallet"), DisplayName: v.value("display_name"),
			Metric: metric, Period: period, PeriodLength: length, Downgrade: downgrade, Grace: v.value("grace"), Tiers: tiers, EffectiveTime: v.dayIn(program, "effective", 0)}, v.once())
	default:
		_, err = v.ladders().UpdateTierStructure(v.ctx(), &loyaltyv1.UpdateTierStructureRequest{Program: programID(program), Structure: id, DisplayName: v.value("display_name"),
			Metric: metric, Period: period, PeriodLength: length, Downgrade: downgrade, Grace: v.value("grace"), Tiers: tiers, EffectiveTime: v.dayIn(program, "effective", 0), Etag: v.etag()}, v.once())
	}
	if err != nil {
		return v.again(err, v.showTiers)
	}
	return v.done(loyaltyURL(program, "tiers")+"/"+id, "tiers")
}

func (v *visit) typedTiers(program *loyaltyv1.Program, metric loyaltyv1.TierMetric) ([]*loyaltyv1.Tier, error) {
	var out []*loyaltyv1.Tier
	for i := range mostTiers {
		n := fmt.Sprintf("tier-%d-", i)
		if v.value(n+"id") == "" && v.value(n+"name") == "" {
			continue
		}
		t := &loyaltyv1.Tier{Id: v.value(n + "id"), DisplayName: v.value(n + "name"), Benefits: lines(v.r.PostFormValue(n + "benefits")), Rule: v.value(n + "rule")}
		text := v.value(n + "threshold")
		var ok bool
		if metric == loyaltyv1.TierMetric_TIER_METRIC_SPEND {
			t.Threshold, ok = web.ParseMoney(text, program.GetCurrency())
		} else {
			points, err := strconv.ParseInt(strings.NewReplacer(",", "", " ", "").Replace(text), 10, 64)
			t.Threshold, ok = points, err == nil
		}
		if !ok {
			return nil, refusal(fmt.Sprintf("/tiers/%d/threshold", i), "Say from how much on, such as 500.")
		}
		out = append(out, t)
	}
	return out, nil
}
