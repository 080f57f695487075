package loyalty_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// earns records an order and returns what it earned.
func (r *rig) earns(t testing.TB, member, id string, amounts ...int64) int64 {
	t.Helper()
	o, err := r.order(t, member, orderOf(id, amounts...))
	if err != nil {
		t.Fatalf("order %s: %v", id, err)
	}
	var sum int64
	for _, a := range o.GetAwards() {
		sum += a.GetPoints()
	}
	return sum
}

func (r *rig) update(t testing.TB, key, id string, terms *loyaltyv1.EarningRuleTerms, draft bool) *loyaltyv1.EarningRule {
	t.Helper()
	if terms.DisplayName == "" {
		terms.DisplayName = id
	}
	resp, err := r.rules.UpdateEarningRule(r.manager(t, key), &loyaltyv1.UpdateEarningRuleRequest{Program: "customers", RuleId: id, Terms: terms, Draft: draft})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetRule()
}

// A draft decides about nothing until it is published, and what was in force stays so.
func TestADraftDecidesWhenItIsPublished(t *testing.T) {
	r := newRig(t)
	ida := r.enrol(t, "Ida")
	terms := perEuro()
	terms.DisplayName = "euro"
	made, err := r.rules.CreateEarningRule(r.manager(t, "draft"), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: "euro", Terms: terms, Draft: true})
	if rule := made.GetRule(); err != nil || rule.GetState() != loyaltyv1.EarningRuleState_EARNING_RULE_STATE_DRAFT || rule.GetVersion() != 0 || rule.GetTerms().GetValue() != "1" {
		t.Fatalf("the draft is %v, %v", made, err)
	}
	if got := r.earns(t, ida, "1", 10_000); got != 0 {
		t.Errorf("the draft of a rule gave %d", got)
	}
	request := &loyaltyv1.PublishEarningRuleRequest{Program: "customers", RuleId: "euro"}
	published, err := r.rules.PublishEarningRule(r.manager(t, "publish"), request)
	if rule := published.GetRule(); err != nil || rule.GetState() != loyaltyv1.EarningRuleState_EARNING_RULE_STATE_ACTIVE || rule.GetVersion() != 1 || rule.GetDraft() != nil {
		t.Fatalf("published %v, %v", published, err)
	}
	again, err := r.rules.PublishEarningRule(r.manager(t, "publish"), request)
	if err != nil || !proto.Equal(again, published) {
		t.Errorf("the same again: %v, %v", again, err)
	}
	_, err = r.rules.PublishEarningRule(r.manager(t, "publish-2"), request)
	refused(t, "publishing without a draft", err, fault.IllegalState)
	if got := r.earns(t, ida, "2", 10_000); got != 100 {
		t.Errorf("the published rule gave %d", got)
	}
	terms.Value = "3"
	if rule := r.update(t, "next", "euro", terms, true); rule.GetVersion() != 1 || rule.GetTerms().GetValue() != "1" || rule.GetDraft().GetValue() != "3" {
		t.Errorf("the rule with a draft is %v", rule)
	}
	if got := r.earns(t, ida, "3", 10_000); got != 100 {
		t.Errorf("beside a draft, the rule gave %d", got)
	}
	_, err = r.rules.PublishEarningRule(r.manager(t, "old"), &loyaltyv1.PublishEarningRuleRequest{Program: "customers", RuleId: "euro", Etag: published.GetRule().GetEtag()})
	refused(t, "publishing what has changed", err, fault.EtagMismatch)
	if _, err = r.rules.PublishEarningRule(r.manager(t, "publish-3"), request); err != nil {
		t.Fatal(err)
	}
	if got := r.earns(t, ida, "4", 10_000); got != 300 {
		t.Errorf("the second version gave %d", got)
	}
	archived, err := r.rules.ArchiveEarningRule(r.manager(t, "end"), &loyaltyv1.ArchiveEarningRuleRequest{Program: "customers", RuleId: "euro"})
	if rule := archived.GetRule(); err != nil || rule.GetState() != loyaltyv1.EarningRuleState_EARNING_RULE_STATE_ARCHIVED || rule.GetVersion() != 3 {
		t.Fatalf("archived %v, %v", archived, err)
	}
	if got := r.earns(t, ida, "5", 10_000); got != 0 {
		t.Errorf("the archived rule gave %d", got)
	}
	_, err = r.rules.ArchiveEarningRule(r.manager(t, "end-2"), &loyaltyv1.ArchiveEarningRuleRequest{Program: "customers", RuleId: "euro"})
	refused(t, "archiving twice", err, fault.IllegalState)
	r.everyEntry(t, ida)
}

// A draft that is thrown away leaves what is in force, or nothing.
func TestADiscardedDraftLeavesWhatWasInForce(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	r.update(t, "next", "euro", &loyaltyv1.EarningRuleTerms{Trigger: "spend", Form: "fixed", Value: "7"}, true)
	discard := func(key, id string) (*loyaltyv1.EarningRule, error) {
		resp, err := r.rules.DiscardEarningRuleDraft(r.manager(t, key), &loyaltyv1.DiscardEarningRuleDraftRequest{Program: "customers", RuleId: id})
		return resp.GetRule(), err
	}
	if rule, err := discard("a", "euro"); err != nil || rule.GetDraft() != nil || rule.GetVersion() != 1 {
		t.Errorf("discarded %v, %v", rule, err)
	}
	_, err := discard("b", "euro")
	refused(t, "discarding no draft", err, fault.IllegalState)
	terms := perEuro()
	terms.DisplayName = "other"
	if _, err := r.rules.CreateEarningRule(r.manager(t, "draft"), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: "other", Terms: terms, Draft: true}); err != nil {
		t.Fatal(err)
	}
	if rule, err := discard("c", "other"); err != nil || rule != nil {
		t.Errorf("discarded %v, %v", rule, err)
	}
	_, err = r.rules.GetEarningRule(r.manager(t), &loyaltyv1.GetEarningRuleRequest{Program: "customers", RuleId: "other"})
	refused(t, "a rule that was only a draft", err, fault.NotFound)
}

// Checking keeps nothing, not even an answer for the key: the same key saves the rule afterwards.
func TestCheckingARuleKeepsNothing(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.DisplayName = "euro"
	for _, check := range []bool{true, true, false} {
		got, err := r.rules.CreateEarningRule(r.manager(t, "same"), &loyaltyv1.CreateEarningRuleRequest{Program: "customers", RuleId: "euro", Terms: terms, ValidateOnly: check})
		if err != nil || got.GetRule().GetVersion() != 1 {
			t.Fatalf("check %v: %v, %v", check, got, err)
		}
	}
	terms.Value = "2"
	for _, check := range []bool{true, false} {
		got, err := r.rules.UpdateEarningRule(r.manager(t, "again"), &loyaltyv1.UpdateEarningRuleRequest{Program: "customers", RuleId: "euro", Terms: terms, ValidateOnly: check})
		if err != nil || got.GetRule().GetVersion() != 2 {
			t.Fatalf("check %v: %v, %v", check, got, err)
		}
	}
}

// A hundred orders of thirty members at once share a campaign's budget: it is given out to the last point, and not one more.
func TestACampaignsBudgetIsExactWhoeverComes(t *testing.T) {
	r := newRig(t)
	terms := perEuro()
	terms.Campaign, terms.Caps = "summer", []*loyaltyv1.EarningRuleCap{{Per: "campaign", Most: 1_005}}
	r.rule(t, "summer-euro", terms)
	other := perEuro()
	other.Campaign, other.Caps, other.Condition = "summer", []*loyaltyv1.EarningRuleCap{{Per: "campaign", Most: 1_005}}, "order.total == dec(\"13\")"
	r.rule(t, "summer-more", other)
	var members []string
	for i := range 30 {
		members = append(members, r.enrol(t, fmt.Sprint("m", i)))
	}
	var given atomic.Int64
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			o, err := r.order(t, members[i%len(members)], orderOf(fmt.Sprint(i), 1_300))
			if err != nil {
				t.Error(err)
			}
			for _, a := range o.GetAwards() {
				given.Add(a.GetPoints())
			}
		})
	}
	all.Wait()
	if given.Load() != 1_005 {
		t.Errorf("%d points were given of a budget of 1005", given.Load())
	}
	ida := members[0]
	silent := r.calculates(t, ida, &loyaltyv1.CalculatePointsRequest{What: &loyaltyv1.CalculatePointsRequest_Order{Order: orderOf("later", 1_000)}}).GetSilent()
	if len(silent) != 2 || silent[0].GetReason() != "cap_reached" || !strings.Contains(silent[0].GetDetail(), "1005") {
		t.Errorf("after it, silent are %v", silent)
	}
	// What comes back is there for others.
	for i := range 100 {
		o, err := r.orders.GetOrder(r.shop(t), &loyaltyv1.GetOrderRequest{Program: "customers", Order: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		if len(o.GetOrder().GetAwards()) < 2 {
			continue
		}
		if _, err := r.orders.ReturnOrder(r.shop(t, "back"), &loyaltyv1.ReturnOrderRequest{Program: "customers", Order: fmt.Sprint(i), ReturnId: "a"}); err != nil {
			t.Fatal(err)
		}
		if got := r.earns(t, members[1], "after", 100_000); got != o.GetOrder().GetAwards()[0].GetPoints()+o.GetOrder().GetAwards()[1].GetPoints() {
			t.Errorf("after %v had come back, there were %d points", o, got)
		}
		return
	}
	t.Error("no order earned by both rules")
}

// A campaign's budget by the month is full again in the next, and one of a campaign is not another's.
func TestACampaignsBudgetBelongsToItsPeriod(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"spring", "autumn"} {
		terms := perEuro()
		terms.Campaign, terms.Caps = name, []*loyaltyv1.EarningRuleCap{{Per: "campaign", Period: "month", Most: 150}, {Per: "campaign", Counts: "awards", Most: 4}}
		r.rule(t, name, terms)
	}
	ida, jon := r.enrol(t, "Ida"), r.enrol(t, "Jon")
	for i, want := range []int64{200, 100, 0} {
		if got := r.earns(t, []string{ida, jon, ida}[i], fmt.Sprint(i), 10_000); got != want {
			t.Errorf("order %d earned %d, want %d", i, got, want)
		}
	}
	r.clock.Step(31 * 24 * time.Hour)
	for i, want := range []int64{200, 100, 0} {
		if got := r.earns(t, jon, fmt.Sprint("next", i), 10_000); got != want {
			t.Errorf("in the next month order %d earned %d, want %d", i, got, want)
		}
	}
	r.clock.Step(31 * 24 * time.Hour)
	if got := r.earns(t, jon, "fifth", 10_000); got != 0 {
		t.Errorf("the fifth award of four gave %d", got)
	}
}

// Caps of an order reject what is over them, caps of a period reduce it; each can be told to do the other.
func TestCapsOfOrdersRejectAndCapsOfPeriodsReduce(t *testing.T) {
	for name, c := range map[string]struct {
		cap  *loyaltyv1.EarningRuleCap
		want [3]int64 // of orders of 80, 120 and 80 euros
	}{
		"order":           {&loyaltyv1.EarningRuleCap{Per: "order", Most: 100}, [3]int64{80, 0, 80}},
		"order, reduced":  {&loyaltyv1.EarningRuleCap{Per: "order", Most: 100, Over: "reduce"}, [3]int64{80, 100, 80}},
		"member's month":  {&loyaltyv1.EarningRuleCap{Per: "member", Period: "month", Most: 100}, [3]int64{80, 20, 0}},
		"member, rejects": {&loyaltyv1.EarningRuleCap{Per: "member", Most: 100, Over: "reject"}, [3]int64{80, 0, 0}},
		"member's awards": {&loyaltyv1.EarningRuleCap{Per: "member", Period: "week", Counts: "awards", Most: 2}, [3]int64{80, 120, 0}},
	} {
		r := newRig(t)
		terms := perEuro()
		terms.Caps = []*loyaltyv1.EarningRuleCap{c.cap}
		r.rule(t, "euro", terms)
		ida := r.enrol(t, "Ida")
		for i, amount := range []int64{8_000, 12_000, 8_000} {
			if got := r.earns(t, ida, fmt.Sprint(i), amount); got != c.want[i] {
				t.Errorf("%s: order %d earned %d, want %d", name, i, got, c.want[i])
			}
		}
	}
}

// Of rules that fire at once the best is given, or the first by priority, or all.
func TestRulesGetAlongAsTheySay(t *testing.T) {
	for mode, want := range map[string]map[string]string{
		"best":     {"rules/ten@1": "stacked", "rules/thirty@1": "", "rules/twenty@1": "stacked"},
		"priority": {"rules/ten@1": "", "rules/thirty@1": "stacked", "rules/twenty@1": "stacked"},
		"all":      {"rules/ten@1": "", "rules/thirty@1": "", "rules/twenty@1": ""},
	} {
		r := newRig(t)
		for id, v := range map[string][2]int64{"ten": {10, 3}, "twenty": {20, 2}, "thirty": {30, 1}} {
			r.rule(t, id, &loyaltyv1.EarningRuleTerms{Trigger: "spend", Form: "fixed", Value: fmt.Sprint(v[0]), Stacking: mode, Priority: v[1], StackingGroup: "welcome"})
		}
		ida := r.enrol(t, "Ida")
		if _, err := r.order(t, ida, orderOf("1", 1_000)); err != nil {
			t.Fatal(err)
		}
		x := r.why(t, ida, 1)
		addsUp(t, x)
		for _, rule := range x.GetRules() {
			if rule.GetReason() != want[rule.GetRule()] || rule.GetGiven() != (want[rule.GetRule()] == "") {
				t.Errorf("%s: %v", mode, rule)
			}
			rivals := rule.GetStacking().GetCompetitors()
			if mode == "all" {
				if rivals != nil {
					t.Errorf("all: %v", rule)
				}
				continue
			}
			if len(rivals) != 3 || !rivals[0].GetWon() || want[rivals[0].GetRule()] != "" || rule.GetStacking().GetGroup() != "welcome" {
				t.Errorf("%s: the competitors are %v", mode, rivals)
			}
		}
	}
}

// Windows go by the time of the order in the programme's zone.
func TestRulesKeepTheirWindows(t *testing.T) {
	r := newRig(t)
	evening := perEuro()
	evening.Weekdays, evening.Hours = []int32{1}, []*loyaltyv1.EarningRuleHours{{From: "17:00", Until: "02:00"}}
	r.rule(t, "evening", evening)
	ida := r.enrol(t, "Ida")
	for i, step := range []struct {
		after time.Duration
		want  int64
	}{{0, 0}, {8 * time.Hour, 10}, {8*time.Hour + 59*time.Minute, 10}, {time.Minute, 0}, {16 * time.Hour, 0}} { // 9:00 and 17:00 on Monday, 1:59, 2:00 and 18:00 on Tuesday
		r.clock.Step(step.after)
		if got := r.earns(t, ida, fmt.Sprint(i), 1_000); got != step.want {
			t.Errorf("at %s it gave %d, want %d", r.clock.Now(), got, step.want)
		}
	}
}

// Orders that come while a rule is saved again and again earn by a version that was in force as they were recorded: in the order of the journal, versions never go back.
func TestOrdersFollowTheRulesInForce(t *testing.T) {
	r := newRig(t)
	r.rule(t, "euro", perEuro())
	ida := r.enrol(t, "Ida")
	var all sync.WaitGroup
	all.Go(func() {
		for i := range 15 {
			terms := perEuro()
			terms.Value = fmt.Sprint(i + 2)
			r.update(t, fmt.Sprint("save-", i), "euro", terms, false)
		}
	})
	for i := range 8 {
		all.Go(func() {
			for j := range 12 {
				if _, err := r.order(t, ida, orderOf(fmt.Sprintf("%d-%d", i, j), 1_000)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	// What was saved before an order came decides about it.
	if o, err := r.order(t, ida, orderOf("last", 1_000)); err != nil || o.GetAwards()[0].GetRule() != "rules/euro@16" {
		t.Fatalf("the last order: %v, %v", o, err)
	}
	if r.config.MongoDBURI != "" {
		return // an order may be numbered after a version whose update it did not see, since both ran at once
	}
	list, err := r.events.ListLoyaltyEvents(r.as(t, auth.Identity{Kind: auth.KindUser, Subject: "ada", Roles: []string{"admin"}}), &loyaltyv1.ListLoyaltyEventsRequest{PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	saved := int64(0)
	for _, e := range list.GetEvents() {
		switch {
		case strings.HasPrefix(e.GetType(), "loyalty.rule."):
			saved++
		case strings.Contains(e.GetDataJson(), `"rule":"euro"`) && !strings.Contains(e.GetDataJson(), fmt.Sprintf(`"version":%d,`, saved)):
			t.Fatalf("after version %d was saved: %s", saved, e.GetDataJson())
		}
	}
	if saved != 16 {
		t.Errorf("%d versions were saved", saved)
	}
}
