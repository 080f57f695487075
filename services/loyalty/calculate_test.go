package loyalty_test

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// calculates asks what a member would earn.
func (r *rig) calculates(t testing.TB, member string, req *loyaltyv1.CalculatePointsRequest) *loyaltyv1.CalculatePointsResponse {
	t.Helper()
	req.Program, req.Member = "customers", member
	resp, err := r.orders.CalculatePoints(r.shop(t), req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// stored is a digest of everything that is stored, by table.
func (r *rig) stored(t testing.TB) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(r.config.Data, "loyalty.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	query := func(q string, each func(*sql.Rows)) {
		rows, err := db.QueryContext(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			each(rows)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", func(rows *sql.Rows) {
		var n string
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		names = append(names, n)
	})
	out := map[string]string{}
	for _, n := range names {
		sum, count := sha256.New(), 0
		query("SELECT * FROM "+n+" ORDER BY 1", func(rows *sql.Rows) {
			columns, _ := rows.Columns()
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				fmt.Fprintf(sum, "%v\x00", *v.(*any))
			}
			count++
		})
		out[n] = fmt.Sprintf("%d rows, %x", count, sum.Sum(nil))
	}
	return out
}

// Whatever is calculated, not a byte of what is stored changes.
func TestCalculatingWritesNothing(t *testing.T) {
	r := newRig(t)
	if r.config.MongoDBURI != "" {
		t.Skip("the file is compared where there is one")
	}
	capped := perEuro()
	capped.Campaign, capped.Caps = "summer", []*loyaltyv1.EarningRuleCap{{Per: "campaign", Most: 100}, {Per: "member", Period: "day", Most: 50}}
	capped.Activation, capped.Life = "P7D", "rolling P1M"
	r.rule(t, "euro", capped)
	r.update(t, "draft", "euro", perEuro(), true)
	ida := r.enrol(t, "Ida")
	r.earns(t, ida, "1", 4_000)
	r.stop()
	before := r.stored(t)
	for i := range 50 {
		req := &loyaltyv1.CalculatePointsRequest{What: &loyaltyv1.CalculatePointsRequest_Order{Order: orderOf(fmt.Sprint("c", i), int64(i)*1_000)}}
		if i%2 == 1 {
			req.Drafts = []string{"euro"}
		}
		if i%3 == 1 {
			req.EffectiveTime = timestamppb.New(r.clock.Now().AddDate(0, i, 0))
		}
		r.calculates(t, ida, req)
	}
	if after := r.stored(t); fmt.Sprint(after) != fmt.Sprint(before) || len(after) < 20 {
		for name := range after {
			if after[name] != before[name] {
				t.Errorf("%s has %s, had %s", name, after[name], before[name])
			}
		}
	}
}

// anyRule makes up a rule.
func anyRule(random *rand.Rand) *loyaltyv1.EarningRuleTerms {
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	t := &loyaltyv1.EarningRuleTerms{
		Stacking: pick("best", "all", "priority"), StackingGroup: pick("", "a"), Priority: random.Int64N(3), Rounding: pick("floor", "half_up", "half_even", "ceil"),
		Activation: pick("", "", "P3D"), Life: pick("never", "rolling P20D"), Campaign: "any",
		Condition: pick("", "", "order.total > dec(\"60\")", "member.orders > 2", "order.first", "order.lines.exists(l, l.amount > dec(\"40\"))", "order.attributes[\"channel\"] == \"web\""),
	}
	switch pick("spend", "item", "formula", "multiplier", "fixed") {
	case "spend":
		t.Trigger, t.Form, t.Value, t.Per = "spend", "per_unit", pick("1", "1.5", "0.333"), 100
		t.TierValues = map[string]string{"silver": "3"}
	case "item":
		t.Trigger, t.Form, t.Value, t.Per, t.Skus = "item", "per_unit", "7", 1, []string{"sku-1", "sku-3"}
	case "formula":
		t.Trigger, t.Form, t.Formula, t.EachLine = "spend", "formula", "line.amount * line.quantity", true
	case "multiplier":
		t.Trigger, t.Form, t.Value, t.LineCondition = "spend", "multiplier", "2", pick("", "line.sku != \"sku-2\"")
	case "fixed":
		t.Trigger, t.Form, t.Value = "spend", "fixed", "25"
	}
	if random.IntN(3) == 0 {
		t.Weekdays = []int32{1, 2, 3, 6}
	}
	if random.IntN(3) == 0 {
		t.Hours = []*loyaltyv1.EarningRuleHours{{From: "08:00", Until: "20:00"}}
	}
	for _, c := range []*loyaltyv1.EarningRuleCap{
		{Per: "order", Most: 150, Over: pick("", "reduce")}, {Per: "member", Period: pick("", "day", "week"), Most: 200, Over: pick("", "reject")},
		{Per: "campaign", Period: pick("", "day"), Most: 300}, {Per: "member", Period: "day", Counts: "awards", Most: 2},
	} {
		if random.IntN(4) == 0 {
			t.Caps = append(t.Caps, c)
		}
	}
	return t
}

func anyOrder(random *rand.Rand, id string) *loyaltyv1.OrderInput {
	o := orderOf(id)
	for i := range 1 + random.IntN(4) {
		o.Lines = append(o.Lines, &loyaltyv1.OrderLine{
			Id: fmt.Sprint(i + 1), Sku: fmt.Sprintf("sku-%d", i+1), Quantity: []string{"1", "2", "0.5"}[random.IntN(3)], Amount: proto.Int64(random.Int64N(6_000)),
		})
	}
	if random.IntN(2) == 0 {
		o.Attributes = map[string]string{"channel": []string{"web", "shop"}[random.IntN(2)]}
	}
	return o
}

// Whatever the rules and orders are: what is calculated, for now or for an instant to come, is what is then earned, and why each rule gave what it did or nothing.
func TestWhatIsCalculatedIsWhatIsEarned(t *testing.T) {
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 11))
		r := newRig(t)
		r.metals(t, nil)
		for i := range 8 {
			r.rule(t, fmt.Sprint("rule-", i), anyRule(random))
		}
		members := []string{r.enrol(t, "Ida"), r.enrol(t, "Jon"), r.enrol(t, "Kim")}
		for i := range 40 {
			member := members[random.IntN(len(members))]
			if random.IntN(8) == 0 {
				r.update(t, fmt.Sprint("save-", i), fmt.Sprint("rule-", random.IntN(8)), anyRule(random), random.IntN(3) == 0)
			}
			order := anyOrder(random, fmt.Sprintf("%d-%d", seed, i))
			req := &loyaltyv1.CalculatePointsRequest{What: &loyaltyv1.CalculatePointsRequest_Order{Order: order}}
			ahead := time.Duration(0)
			if random.IntN(3) == 0 {
				ahead = time.Duration(random.IntN(30*24)) * time.Hour
				req.EffectiveTime = timestamppb.New(r.clock.Now().Add(ahead))
			}
			before := r.calculates(t, member, req)
			r.clock.Step(ahead)
			got, err := r.order(t, member, order)
			if err != nil {
				t.Fatal(err)
			}
			x := r.why(t, member, got.GetEntry().GetNumber())
			addsUp(t, x)
			same := func(a, b *loyaltyv1.Award) bool { return proto.Equal(a, b) }
			if !slices.EqualFunc(before.GetAwards(), got.GetAwards(), same) || before.GetPoints() != x.GetPoints() {
				t.Fatalf("seed %d, order %d, %s ahead:\ncalculated %v\nearned     %v", seed, i, ahead, before.GetAwards(), got.GetAwards())
			}
			if !slices.EqualFunc(before.GetRules(), x.GetRules(), func(a, b *loyaltyv1.ExplainedRule) bool { return proto.Equal(a, b) }) {
				t.Fatalf("seed %d, order %d:\ncalculated %v\nexplained  %v", seed, i, before.GetRules(), x.GetRules())
			}
		}
		for _, m := range members {
			r.everyEntry(t, m)
		}
	}
}

// A year ahead, the member is looked at as time will have left them.
func TestCalculatingAheadSeesTheMemberOfThen(t *testing.T) {
	r := newRig(t)
	r.metals(t, nil)
	r.rule(t, "silver", &loyaltyv1.EarningRuleTerms{Trigger: "spend", Form: "fixed", Value: "10", Condition: "member.tier == \"silver\"", Stacking: "all"})
	life := perEuro()
	life.Life, life.UntilTime = "rolling P1M", timestamppb.New(start.AddDate(0, 6, 0))
	r.rule(t, "euro", life)
	ida := r.enrol(t, "Ida")
	r.earns(t, ida, "1", 20_000)
	order := &loyaltyv1.CalculatePointsRequest_Order{Order: orderOf("2", 5_000)}
	if got := r.calculates(t, ida, &loyaltyv1.CalculatePointsRequest{What: order}); got.GetTier() != "silver" || got.GetPoints() != 60 {
		t.Errorf("now: %v", got)
	}
	got := r.calculates(t, ida, &loyaltyv1.CalculatePointsRequest{What: order, EffectiveTime: timestamppb.New(start.AddDate(1, 0, 0))})
	if got.GetTier() != "" || got.GetPoints() != 0 {
		t.Errorf("in a year: %v", got)
	}
	want := map[string]string{"rules/silver@1": "condition_false", "rules/euro@1": "outside_window"}
	for _, rule := range got.GetRules() {
		if rule.GetReason() != want[rule.GetRule()] || rule.GetDetail() == "" {
			t.Errorf("%v", rule)
		}
		if c := rule.GetConditions(); rule.GetRule() == "rules/silver@1" && (len(c) != 1 || c[0].GetHolds() || c[0].GetValues()[0].GetName() != "member.tier" || c[0].GetValues()[0].GetValue() != `""`) {
			t.Errorf("the condition is %v", c)
		}
	}
	for what, at := range map[string]time.Time{"the past": start.Add(-time.Hour), "a lifetime": start.AddDate(11, 0, 0)} {
		_, err := r.orders.CalculatePoints(r.shop(t), &loyaltyv1.CalculatePointsRequest{Program: "customers", Member: ida, What: order, EffectiveTime: timestamppb.New(at)})
		refused(t, what, err, fault.InvalidArgument)
	}
}

// Why a rule gives nothing is told in the language that is asked for, where it is calculated and where it is explained; so is how points come about.
func TestWhyARuleGivesNothingIsToldInTheLanguageThatIsAsked(t *testing.T) {
	r := newRig(t)
	terms := map[string]*loyaltyv1.EarningRuleTerms{
		"euro": {Trigger: "spend", Form: "per_unit", Value: "1", Per: 100, Stacking: "best"},
		"few":  {Trigger: "spend", Form: "per_unit", Value: "1", Per: 1_000_000, Stacking: "all"}, "ten": {Trigger: "spend", Form: "fixed", Value: "10", Stacking: "best"},
		"sunday": {Trigger: "spend", Form: "fixed", Value: "10", Stacking: "all", Weekdays: []int32{7}}, "visit": {Trigger: "visit", Form: "fixed", Value: "10", Stacking: "all"},
	}
	for id, rule := range terms {
		r.rule(t, id, rule)
	}
	ida := r.enrol(t, "Ida")
	if _, err := r.order(t, ida, orderOf("1", 2_050)); err != nil {
		t.Fatal(err)
	}
	for language, want := range map[string]map[string]string{
		"": {
			"euro": "20.50 EUR x 1 point per 1 EUR = 20.5, rounded down to 20", "few": "20.50 EUR x 1 point per 10000 EUR = 0.00205, which is no whole point",
			"ten": "it would give 10, and rule euro gives more", "sunday": "the rule does not hold on a Monday", "visit": "the rule is for visits",
		},
		"de-AT": {
			"euro": "20,50 EUR × 1 Punkt je 1 EUR = 20,5, nach unten gerundet auf 20", "few": "20,50 EUR × 1 Punkt je 10000 EUR = 0,00205, und das ist kein ganzer Punkt",
			"ten": "sie gäbe 10, und die Regel euro gibt mehr", "sunday": "die Regel gilt nicht an einem Montag", "visit": "die Regel gilt für Besuche",
		},
	} {
		same := func(where, rule, got string) {
			t.Helper()
			if id := strings.TrimSuffix(strings.TrimPrefix(rule, "rules/"), "@1"); got != want[id] {
				t.Errorf("%s in %q, %s: %q, want %q", where, language, rule, got, want[id])
			}
		}
		got := r.calculates(t, ida, &loyaltyv1.CalculatePointsRequest{What: &loyaltyv1.CalculatePointsRequest_Order{Order: orderOf("2", 2_050)}, Language: language})
		for _, a := range got.GetAwards() {
			same("the award", a.GetRule(), a.GetExplanation())
		}
		for _, s := range got.GetSilent() {
			same("the silent rule", s.GetRule(), s.GetDetail())
		}
		x, err := r.explain.ExplainEntry(r.shop(t), &loyaltyv1.ExplainEntryRequest{Program: "customers", Member: ida, Entry: "points-1", Language: language})
		if err != nil {
			t.Fatal(err)
		}
		rules := append(got.GetRules(), x.GetExplanation().GetRules()...)
		if len(rules) != 10 || len(got.GetSilent()) != 4 {
			t.Fatalf("%d rules are told of, %d are silent", len(rules), len(got.GetSilent()))
		}
		for _, rule := range rules {
			same("the rule", rule.GetRule(), rule.GetDetail())
		}
	}
}

// Drafts, saved or not, take the place of what is in force, for the one who asks.
func TestRulesAreTriedOutBeforeTheyAreSaved(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	double := perEuro()
	double.DisplayName, double.Value = "Double", "2"
	r.update(t, "draft", "euro", double, true)
	order := &loyaltyv1.CalculatePointsRequest_Order{Order: orderOf("1", 10_000)}
	calculated := func(req *loyaltyv1.CalculatePointsRequest) *loyaltyv1.CalculatePointsResponse {
		req.What = order
		return r.calculates(t, ida, req)
	}
	if got := calculated(&loyaltyv1.CalculatePointsRequest{}); got.GetPoints() != 100 {
		t.Errorf("as it is: %v", got)
	}
	if got := calculated(&loyaltyv1.CalculatePointsRequest{Drafts: []string{"euro"}}); got.GetPoints() != 200 || got.GetAwards()[0].GetRule() != "rules/euro@draft" {
		t.Errorf("with its draft: %v", got)
	}
	triple := perEuro()
	triple.DisplayName, triple.Value = "Triple", "3"
	extra := &loyaltyv1.EarningRuleTerms{DisplayName: "Extra", Trigger: "spend", Form: "fixed", Value: "5", Stacking: "all"}
	got := calculated(&loyaltyv1.CalculatePointsRequest{Rules: []*loyaltyv1.TrialRule{{RuleId: "euro", Terms: triple}, {RuleId: "extra", Terms: extra}}})
	if got.GetPoints() != 305 || len(got.GetRules()) != 2 {
		t.Errorf("with others: %v", got)
	}
	if got := r.earns(t, ida, "1", 10_000); got != 100 {
		t.Errorf("trying them out has changed what is earned: %d", got)
	}
	extra.Condition = "order.totl > 5"
	_, err := r.orders.CalculatePoints(r.shop(t), &loyaltyv1.CalculatePointsRequest{Program: "customers", Member: ida, What: order, Rules: []*loyaltyv1.TrialRule{{RuleId: "extra", Terms: extra}}})
	if e, ok := fault.As(err); !ok || len(e.Fields) == 0 || e.Fields[0].Path != "rules[0].terms.condition" || !strings.Contains(e.Fields[0].Message, "total") {
		t.Errorf("a wrong one: %v", err)
	}
	_, err = r.orders.CalculatePoints(r.shop(t), &loyaltyv1.CalculatePointsRequest{Program: "customers", Member: ida, What: order, Drafts: []string{"extra"}})
	refused(t, "a draft that is not there", err, fault.InvalidArgument)
}
