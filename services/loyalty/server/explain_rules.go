package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"renown.example/kit/store"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/explain"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// inputs lists what was known as the rules were asked.
func (x *explaining) inputs(in *earning.Input) {
	add := func(name string, v any) {
		if text := fmt.Sprint(v); text != "" && text != "0" {
			x.out.Inputs = append(x.out.Inputs, value(name, text))
		}
	}
	attributes := func(of string, m map[string]string) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			add(of+".attributes."+k, m[k])
		}
	}
	if o := in.Order; o != nil {
		add("order.id", o.ID)
		add("order.time", x.words.Instant(o.At))
		for i := range o.Lines {
			l := &o.Lines[i]
			add("line "+l.ID, fmt.Sprintf("%s x %s, %s", x.words.Decimal(l.Quantity.Trim(0).String()), l.SKU, x.money(l.Amount, o.Currency)))
		}
		add("order.total", x.money(o.Total(), o.Currency))
		add("order.first", o.First)
		attributes("order", o.Attributes)
	}
	if e := in.Event; e != nil {
		add("event.id", e.ID)
		add("event.type", e.Type)
		add("event.time", x.words.Instant(e.At))
		if e.Currency != "" {
			add("event.amount", x.money(e.Amount, e.Currency))
		}
		attributes("event", e.Attributes)
	}
	add("member.tier", in.Member.Tier)
	add("member.tags", strings.Join(in.Member.Tags, ", "))
	add("member.orders", in.Member.Orders)
	add("member.lifetime_earned", in.Member.LifetimeEarned)
	for _, key := range slices.Sorted(maps.Keys(in.Counters)) {
		add("used of "+key, in.Counters[key])
	}
}

// rules asks the rules of then again, and says what became of each.
func (x *explaining) rules(ctx context.Context, f *earned) error {
	_, wallet, _ := cutAccount(x.entry.Tx.Account)
	rules, whole, err := x.rulesThen(ctx, f)
	if err != nil {
		return err
	}
	again, explained, err := earning.Explain(&f.Input, rules)
	if err != nil {
		return err
	}
	x.out.Recomputed = whole && same(again.Awards(), f.Awards)
	for i := range explained {
		if explained[i].Rule.Wallet == wallet {
			x.out.Rules = append(x.out.Rules, explainedRule(x.words, &explained[i]))
		}
	}
	return nil
}

func same(a, b []earning.Award) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(x) == string(y)
}

// rulesThen are the rules that were asked, in the versions of then; whole says that each was kept.
func (x *explaining) rulesThen(ctx context.Context, f *earned) (rules []*earning.Compiled, whole bool, err error) {
	whole = true
	versions := map[string]int64{}
	if f.Rules != 0 {
		row, err := tables.RuleSetRevisions.Get(ctx, x.tx, ruleSetName(x.entry.Program, f.Rules))
		if err != nil {
			return nil, false, err
		}
		maps.Copy(versions, row.Value.Versions)
	}
	for _, a := range f.Awards {
		versions[a.Rule] = a.Version
	}
	for id, version := range versions {
		row, err := tables.RuleVersions.Get(ctx, x.tx, fmt.Sprintf("%s/%s@%d", x.entry.Program, id, version))
		if store.IsNotFound(err) {
			whole = false
			continue
		}
		if err != nil {
			return nil, false, err
		}
		c, found := x.s.rules.ready.Compile(x.entry.Program, row.Value.Rule)
		if len(found) > 0 {
			whole = false
			continue
		}
		rules = append(rules, c)
	}
	return rules, whole, nil
}

// explainedRule is what became of a rule, as the API shows it.
func explainedRule(w explain.Words, e *earning.Explained) *loyaltyv1.ExplainedRule {
	out := &loyaltyv1.ExplainedRule{
		Rule: ruleName(e.Rule.ID, e.Rule.Version), DisplayName: e.Rule.Name, Wallet: e.Rule.Wallet,
		Terms: ruleTermsProto(*e.Rule),
	}
	if a := e.Award; a != nil {
		out.Given, out.Detail, out.Desired, out.Points = true, w.Award(a), a.Desired, a.Points
		for _, l := range a.Lines {
			out.Shares = append(out.Shares, &loyaltyv1.ExplainedShare{Line: l.Line, Points: l.Points, Exact: l.Exact})
		}
		for i := range a.Caps {
			out.Caps = append(out.Caps, explainedCap(w, &a.Caps[i]))
		}
	}
	if v := e.Silent; v != nil {
		out.Reason, out.Detail = string(v.Reason()), w.Silent(v)
		if v.More != nil {
			out.Desired = v.Points
		}
		if v.More != nil && v.Cap != nil {
			out.Caps = append(out.Caps, explainedCap(w, v.Cap))
			out.Desired = v.Cap.Wanted
		}
	}
	for _, c := range e.Conditions {
		p := &loyaltyv1.ExplainedCondition{Expression: c.Expression, Line: c.Line, Holds: c.Holds}
		for _, r := range c.Read {
			p.Values = append(p.Values, value(r.Name, r.Value))
		}
		out.Conditions = append(out.Conditions, p)
	}
	for _, step := range e.Steps {
		text, result := w.Step(e.Award, step)
		out.Steps = append(out.Steps, &loyaltyv1.ExplainedStep{Text: text, Result: result})
	}
	if len(e.Rivals) > 0 {
		out.Stacking = &loyaltyv1.ExplainedStacking{Mode: string(e.Rule.Stack.Mode), Group: e.Rule.Stack.Group}
	}
	for _, r := range e.Rivals {
		out.Stacking.Competitors = append(out.Stacking.Competitors, &loyaltyv1.ExplainedCompetitor{
			Rule: ruleName(r.Rule, r.Version), DisplayName: r.Name, Points: r.Points, Priority: r.Priority, Won: r.Won,
		})
	}
	return out
}

func explainedCap(w explain.Words, n *earning.CapNote) *loyaltyv1.ExplainedCap {
	return &loyaltyv1.ExplainedCap{
		Cap:  &loyaltyv1.EarningRuleCap{Per: string(n.Per), Period: string(n.Period), Counts: string(n.Counts), Most: n.Most, Over: string(n.Over)},
		Used: n.Used, Wanted: n.Wanted, Left: n.Left, EndTime: timestamp(n.Ends), Text: w.Cap(n),
	}
}
