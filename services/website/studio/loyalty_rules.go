package studio

import (
	"crypto/rand"
	"net/http"
	"strings"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

func (v *visit) earning() loyaltyv1.EarningRulesServiceClient {
	return loyaltyv1.NewEarningRulesServiceClient(v.conn)
}

// ruleRow is a rule as lists show it.
type ruleRow struct {
	*loyaltyv1.EarningRule
	ID, URL, Gives, When string
	State                stateWords
}

var ruleTriggers = []string{"spend", "An order", "item", "Certain articles of an order", "category", "Certain categories of an order", "visit", "A visit", "event", "Another event"}

// labelOf is the label of a value among values and labels that alternate.
func labelOf(pairs []string, value string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == value {
			return pairs[i+1]
		}
	}
	return value
}

func ruleRows(program *loyaltyv1.Program, rules []*loyaltyv1.EarningRule) []ruleRow {
	var out []ruleRow
	for _, r := range rules {
		t := r.GetTerms()
		row := ruleRow{EarningRule: r, ID: lastPart(r.GetName()), Gives: ruleGives(program, t), When: labelOf(ruleTriggers, t.GetTrigger()), State: stateWords{Label: "Earns", Tone: web.GoodTone, Icon: "circle-check"}}
		row.URL = loyaltyURL(program, "rules") + "/" + row.ID
		if t.GetArchived() {
			row.State = stateWords{Label: "Archived", Tone: web.PlainTone, Icon: "ban"}
		}
		out = append(out, row)
	}
	return out
}

// ruleGives says in a few words what a rule gives.
func ruleGives(program *loyaltyv1.Program, t *loyaltyv1.EarningRuleTerms) string {
	unit := unitOf(program, t.GetWallet())
	for _, w := range program.GetWallets() {
		if t.GetValue() == "1" && w.GetPlural() == unit {
			unit = w.GetSingular()
		}
	}
	switch t.GetForm() {
	case "fixed":
		return t.GetValue() + " " + unit
	case "multiplier":
		return t.GetValue() + " times what the other rules give"
	case "formula":
		return "by a formula"
	}
	return t.GetValue() + " " + unit + " for each " + web.FormatMoney("en", t.GetPer(), program.GetCurrency())
}

func (v *visit) rules() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	got, err := v.earning().ListEarningRules(v.ctx(), &loyaltyv1.ListEarningRulesRequest{Program: programID(program)})
	if err != nil {
		return err
	}
	return v.programmePage(http.StatusOK, "rules", program, "rules", "", nil, map[string]any{"Rows": ruleRows(program, got.GetRules())})
}

func (v *visit) rule() error { return v.showRule(http.StatusOK, nil, nil) }

// newRule is the id in the address of a rule that is not there yet.
const newRule = "new"

// showRule shows a rule to be changed, or an empty one. What was tried stands beside it; nil if nothing was.
func (v *visit) showRule(status int, problem *api.Problem, tried *trial) error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id := v.r.PathValue("rule")
	rule := &loyaltyv1.EarningRule{Terms: &loyaltyv1.EarningRuleTerms{Trigger: "spend", Form: "per_unit", Value: "1", Per: minorOf("1", program.GetCurrency()), Stacking: "best"}}
	if id != newRule {
		got, err := v.earning().GetEarningRule(v.ctx(), &loyaltyv1.GetEarningRuleRequest{Program: programID(program), RuleId: id})
		if err != nil {
			return err
		}
		rule = got.GetRule()
	}
	f := newForm(nil, nil)
	if problem != nil || tried != nil {
		f = newForm(v.r.PostForm, problem)
	}
	ladders, err := v.structures(program)
	if err != nil {
		return err
	}
	parts := ruleForm(f, program, rule.GetTerms(), ladders, id == newRule)
	title, etag := rule.GetTerms().GetDisplayName(), rule.GetEtag()
	if id == newRule {
		title = "New rule"
	}
	if tried == nil {
		tried = v.trialOf(program)
	}
	return v.programmePage(status, "rule", program, "rules", title, f, map[string]any{
		"Rule": rule, "New": id == newRule, "Parts": parts, "Etag": etag, "Trial": tried, "Action": loyaltyURL(program, "rules") + "/" + id, "Modules": []string{"js/studio/trial.js"}})
}

// saveRule saves a rule as it was typed, or tries it.
func (v *visit) saveRule() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id := v.r.PathValue("rule")
	terms, err := v.typedRule(program)
	if v.value("do") == "try" {
		return v.tryRule(program, id, terms, err)
	}
	notice := "rule"
	if err == nil && id == newRule {
		_, err = v.earning().CreateEarningRule(v.ctx(), &loyaltyv1.CreateEarningRuleRequest{Program: programID(program), RuleId: v.value("rule_id"), Terms: terms}, v.once())
		notice = "rule-new"
	} else if err == nil {
		_, err = v.earning().UpdateEarningRule(v.ctx(), &loyaltyv1.UpdateEarningRuleRequest{Program: programID(program), RuleId: id, Terms: terms, Etag: v.etag()}, v.once())
	}
	if err == nil {
		if id == newRule {
			id = v.value("rule_id")
		}
		return v.done(loyaltyURL(program, "rules")+"/"+id, notice)
	}
	return v.again(err, func(status int, problem *api.Problem) error { return v.showRule(status, problem, nil) })
}

// tryRule says what an order would earn, with the rule checked as it was typed.
func (v *visit) tryRule(program *loyaltyv1.Program, id string, terms *loyaltyv1.EarningRuleTerms, typed error) error {
	if typed == nil {
		typed = v.checkRule(program, id, terms)
	}
	var problem *api.Problem
	status := http.StatusOK
	if typed != nil {
		if problem = api.AsProblem(typed); problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
			return typed
		}
		t := v.trialOf(program)
		t.Trouble = "The rule cannot be reckoned with yet: " + firstOf(problem)
		return v.showRule(problem.Status, problem, t)
	}
	t, err := v.try(program, &loyaltyv1.CalculatePointsRequest{})
	if t == nil {
		return err
	}
	if err != nil {
		status = api.AsProblem(err).Status
	}
	return v.showRule(status, nil, t)
}

// checkRule has the rule checked without it being saved.
func (v *visit) checkRule(program *loyaltyv1.Program, id string, terms *loyaltyv1.EarningRuleTerms) error {
	if id != newRule {
		_, err := v.earning().UpdateEarningRule(v.ctx(), &loyaltyv1.UpdateEarningRuleRequest{Program: programID(program), RuleId: id, Terms: terms, ValidateOnly: true})
		return err
	}
	name := v.value("rule_id")
	if name == "" {
		name = "rule" // it needs none to be reckoned with
	}
	_, err := v.earning().CreateEarningRule(v.ctx(), &loyaltyv1.CreateEarningRuleRequest{Program: programID(program), RuleId: name, Terms: terms, ValidateOnly: true}, api.IdempotencyKey(rand.Text()))
	return err
}

// firstOf is the first thing that a problem says about a field, or what it says in all.
func firstOf(p *api.Problem) string {
	if len(p.Errors) > 0 {
		words, _, _ := strings.Cut(p.Errors[0].Detail, "\n")
		return sentence(words)
	}
	return sentence(p.Detail)
}
