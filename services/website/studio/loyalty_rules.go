package studio

import (
	"net/http"
	"regexp"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

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
		switch {
		case r.GetState() == loyaltyv1.EarningRuleState_EARNING_RULE_STATE_DRAFT:
			row.State = stateWords{Label: "Draft", Tone: web.PlainTone, Icon: "pen-line"}
		case t.GetArchived():
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
	terms := rule.GetTerms()
	if rule.GetDraft() != nil {
		terms = rule.GetDraft()
	}
	f := newForm(nil, nil)
	if problem != nil || tried != nil {
		f = newForm(v.r.PostForm, problem)
	}
	ladders, err := v.structures(program)
	if err != nil {
		return err
	}
	parts := ruleForm(f, program, terms, ladders, id == newRule)
	title, etag := terms.GetDisplayName(), rule.GetEtag()
	if id == newRule {
		title = "New rule"
	}
	if tried == nil {
		tried = v.trialOf(program)
	}
	return v.programmePage(status, "rule", program, "rules", title, f, map[string]any{
		"Rule": rule, "Title": title, "Draft": rule.GetDraft() != nil, "InForce": rule.GetVersion() > 0 && id != newRule, "New": id == newRule, "Parts": parts, "Etag": etag, "Trial": tried,
		"Exact":  exactly(map[string]*timestamppb.Timestamp{"from": terms.GetFromTime(), "until": terms.GetUntilTime()}),
		"Action": loyaltyURL(program, "rules") + "/" + id, "Modules": []string{"js/studio/trial.js"}})
}

// saveRule saves a rule as it was typed, or tries it.
func (v *visit) saveRule() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id := v.r.PathValue("rule")
	if v.value("do") == "discard" {
		return v.discardRule(program, id)
	}
	terms, err := v.typedRule(program)
	if v.value("do") == "try" {
		return v.tryRule(program, id, terms, err)
	}
	if err == nil && id == newRule {
		err = refuseNew("/ruleId", v.value("rule_id"))
	}
	draft, notice := v.value("do") == "draft", "rule"
	switch {
	case err != nil:
	case id == newRule:
		_, err = v.earning().CreateEarningRule(v.ctx(), &loyaltyv1.CreateEarningRuleRequest{Program: programID(program), RuleId: v.value("rule_id"), Terms: terms, Draft: draft}, v.once())
		notice = "rule-new"
	default:
		err = v.updateRule(programID(program), id, terms, draft)
	}
	if draft {
		notice = "rule-draft"
	}
	if err == nil {
		if id == newRule {
			id = v.value("rule_id")
		}
		return v.done(loyaltyURL(program, "rules")+"/"+id, notice)
	}
	return v.again(err, func(status int, problem *api.Problem) error { return v.showRule(status, problem, nil) })
}

// updateRule saves what was typed of a rule that exists. What was typed into a draft goes into the draft before that is put into force: it would be left behind otherwise.
func (v *visit) updateRule(program, id string, terms *loyaltyv1.EarningRuleTerms, draft bool) error {
	publish := !draft && v.value("from_draft") != ""
	got, err := v.earning().UpdateEarningRule(v.ctx(), &loyaltyv1.UpdateEarningRuleRequest{Program: program, RuleId: id, Terms: terms, Etag: v.etag(), Draft: draft || publish}, v.once())
	if err != nil || !publish {
		return err
	}
	_, err = v.earning().PublishEarningRule(v.ctx(), &loyaltyv1.PublishEarningRuleRequest{Program: program, RuleId: id, Etag: got.GetRule().GetEtag()}, v.once())
	return err
}

// refuseNew refuses the one id under which the page of a new thing is found.
func refuseNew(pointer, id string) error {
	if id == newRule {
		return refusal(pointer, "Choose another id: this one is the address of this page.")
	}
	return nil
}

// discardRule throws the draft of a rule away; a rule that was never in force is gone with it.
func (v *visit) discardRule(program *loyaltyv1.Program, id string) error {
	_, err := v.earning().DiscardEarningRuleDraft(v.ctx(), &loyaltyv1.DiscardEarningRuleDraftRequest{Program: programID(program), RuleId: id, Etag: v.etag()}, v.once())
	if err != nil {
		return v.again(err, func(status int, problem *api.Problem) error { return v.showRule(status, problem, nil) })
	}
	return v.done(loyaltyURL(program, "rules"), "rule-discarded")
}

// tryRule says what an order would earn if the rule were in force as it was typed. It is saved nowhere.
func (v *visit) tryRule(program *loyaltyv1.Program, id string, terms *loyaltyv1.EarningRuleTerms, typed error) error {
	if id == newRule {
		if id = v.value("rule_id"); !ruleIDs.MatchString(id) {
			id = "typed-here" // to be reckoned with it needs an id, but not the one that it will have
		}
	}
	if typed != nil {
		return v.unready(api.AsProblem(typed))
	}
	t, err := v.try(program, &loyaltyv1.CalculatePointsRequest{Rules: []*loyaltyv1.TrialRule{{RuleId: id, Terms: terms}}})
	if err == nil {
		return v.showRule(http.StatusOK, nil, t)
	}
	problem := api.AsProblem(err)
	own := *problem
	own.Errors = nil
	for _, e := range problem.Errors {
		if rest, ok := strings.CutPrefix(e.Pointer, "/rules/0"); ok {
			own.Errors = append(own.Errors, api.FieldError{Pointer: rest, Detail: e.Detail})
		}
	}
	switch {
	case len(own.Errors) > 0:
		return v.unready(&own)
	case t == nil:
		return err
	}
	return v.showRule(problem.Status, nil, t)
}

// ruleIDs are the ids that a rule may have.
var ruleIDs = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// unready shows a rule that cannot be reckoned with yet, and where that lies.
func (v *visit) unready(problem *api.Problem) error {
	program, err := v.program()
	if err != nil {
		return err
	}
	t := v.trialOf(program)
	t.Trouble = "The rule cannot be reckoned with yet. " + firstOf(problem)
	return v.showRule(problem.Status, problem, t)
}

// firstOf is the first thing that a problem says about a field, or what it says in all.
func firstOf(p *api.Problem) string {
	if len(p.Errors) > 0 {
		words, _, _ := strings.Cut(p.Errors[0].Detail, "\n")
		return sentence(words)
	}
	return sentence(p.Detail)
}
