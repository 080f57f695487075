package server

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostRules bounds how many rules a programme has.
const mostRules = 200

// ruleOf reads what a rule says.
func ruleOf(id string, t *loyaltyv1.EarningRuleTerms, p tables.Program) (earning.Rule, error) {
	r := earning.Rule{
		ID: id, Name: t.GetDisplayName(), Campaign: t.GetCampaign(), Archived: t.GetArchived(), Condition: t.GetCondition(), LineCondition: t.GetLineCondition(),
		Trigger: earning.Trigger{Kind: earning.Kind(t.GetTrigger()), SKUs: t.GetSkus(), Categories: t.GetCategories(), Event: t.GetEvent()},
		Terms: earning.Terms{
			Form: earning.Form(t.GetForm()), Value: t.GetValue(), Tiers: t.GetTierValues(), Per: t.GetPer(), Formula: t.GetFormula(), EachLine: t.GetEachLine(),
		},
		Stack:    earning.Stack{Mode: earning.Mode(t.GetStacking()), Group: t.GetStackingGroup(), Priority: t.GetPriority()},
		Rounding: earning.Rounding(t.GetRounding()),
	}
	var err error
	if r.Wallet, err = walletOf(p, t.GetWallet()); err != nil {
		return r, inTerms(err)
	}
	if r.Window.From, err = instant("terms.fromTime", t.GetFromTime()); err != nil {
		return r, err
	}
	if r.Window.Until, err = instant("terms.untilTime", t.GetUntilTime()); err != nil {
		return r, err
	}
	for _, d := range t.GetWeekdays() {
		r.Window.Weekdays = append(r.Window.Weekdays, int(d))
	}
	for _, h := range t.GetHours() {
		r.Window.Hours = append(r.Window.Hours, earning.Hours{From: h.GetFrom(), Until: h.GetUntil()})
	}
	for _, c := range t.GetCaps() {
		r.Caps = append(r.Caps, earning.Cap{
			Per: earning.Scope(c.GetPer()), Period: calendar.Unit(c.GetPeriod()), Counts: earning.Counts(c.GetCounts()), Most: c.GetMost(), Over: earning.Over(c.GetOver()),
		})
	}
	if r.Activation, err = activationOf(t.GetActivation()); err != nil {
		return r, err
	}
	r.Activation.PerLine = t.GetPerLine()
	if r.Activation.Kind == calendar.OnEvent && (r.Trigger.Kind == earning.KindVisit || r.Trigger.Kind == earning.KindEvent) {
		return r, fault.Invalid("terms.activation", "Only what happens to orders can be waited for, and the rule is for visits or events")
	}
	return r, livesOf(&r, t)
}

// livesOf reads how long the points of a rule live.
func livesOf(r *earning.Rule, t *loyaltyv1.EarningRuleTerms) (err error) {
	if t.GetLife() != "" {
		if r.Life, err = calendar.ParseLife("terms.life", t.GetLife()); err != nil {
			return err
		}
	}
	for _, tier := range slices.Sorted(maps.Keys(t.GetTierLives())) {
		life, err := calendar.ParseLife(fmt.Sprintf("terms.tierLives[%q]", tier), t.GetTierLives()[tier])
		if err != nil {
			return err
		}
		if r.Lives == nil {
			r.Lives = map[string]calendar.Life{}
		}
		r.Lives[tier] = life
	}
	return nil
}

// eventName is the name of something that happens to an order.
var eventName = regexp.MustCompile(`^[a-z0-9._-]{1,64}$`)

// activationOf reads when points can be spent: "", "P14D", "P14D to month", "2027-01-01", "event delivered" or "manual".
func activationOf(text string) (earning.Activation, error) {
	const path = "terms.activation"
	a := calendar.Activation{Kind: calendar.Immediate}
	var err error
	switch {
	case text == "":
	case text == string(calendar.ByHand):
		a.Kind = calendar.ByHand
	case strings.HasPrefix(text, "event "):
		a.Kind, a.Event = calendar.OnEvent, strings.TrimPrefix(text, "event ")
		if !eventName.MatchString(a.Event) {
			err = fault.Invalid(path, "%q is no name of an event such as \"event delivered\": lower-case letters, digits, dots, hyphens", a.Event)
		}
	case strings.HasPrefix(text, "P"):
		a.Kind = calendar.After
		span, round, _ := strings.Cut(text, " to ")
		if a.Span, err = calendar.ParseSpan(path, span); err == nil && span != text {
			a.Round = calendar.Unit(round)
			if a.Round == "" || a.Validate(path) != nil {
				err = fault.Invalid(path, "A span is rounded to the end of a day, month, quarter or year, such as \"P14D to month\", not %q", round)
			}
		}
	default:
		a.Kind = calendar.OnDate
		if a.On, err = calendar.ParseDate(path, text); err != nil {
			err = fault.Invalid(path, "%q is neither a span such as P14D nor a date such as 2027-01-01, nor \"event delivered\", nor \"manual\"", text)
		}
	}
	return earning.Activation{Activation: a}, err
}

func activationText(a calendar.Activation) string {
	switch a.Kind {
	case calendar.After:
		if a.Round != "" {
			return a.Span.String() + " to " + string(a.Round)
		}
		return a.Span.String()
	case calendar.OnDate:
		return a.On.String()
	case calendar.OnEvent:
		return "event " + a.Event
	case calendar.ByHand:
		return string(a.Kind)
	}
	return ""
}

func inTerms(err error) error {
	if e, ok := fault.As(err); ok && len(e.Fields) == 1 && e.Fields[0].Path == "wallet" {
		return fault.Invalid("terms.wallet", "%s", e.Fields[0].Message)
	}
	return err
}

// termPaths are the fields of the API for the paths of problems that have another name there.
var termPaths = map[string]string{
	"name": "displayName", "trigger.kind": "trigger", "trigger.skus": "skus", "trigger.categories": "categories", "trigger.event": "event", "terms.form": "form",
	"terms.value": "value", "terms.tiers": "tierValues", "terms.per": "per", "terms.formula": "formula", "terms.eachLine": "eachLine", "window.from": "fromTime",
	"window.until": "untilTime", "window.weekdays": "weekdays", "window.hours": "hours", "stack.mode": "stacking", "stack.group": "stackingGroup",
	"stack.priority": "priority", "activation.perLine": "perLine",
}

// problemsOf turns what is wrong with a rule, an order or an event into a refusal. root is where it lies in the request.
func problemsOf(root string, found earning.Problems) error {
	if len(found) == 0 {
		return nil
	}
	out := fault.InvalidArgument.New("%s", found[0].Message)
	for _, p := range found {
		path := p.Path
		for from, to := range termPaths {
			if rest, is := strings.CutPrefix(path, from); is && root == "terms" && (rest == "" || rest[0] == '[' || rest[0] == '.') {
				path = to + rest
				break
			}
		}
		message := p.Message
		if p.Line > 0 {
			message = fmt.Sprintf("Line %d, column %d: %s\n%s", p.Line, p.Column, p.Message, p.Excerpt)
		}
		out = out.With(fault.Field{Path: root + "." + path, Message: message})
	}
	return out
}

func ruleProto(program string, version int64, v tables.Rule) *loyaltyv1.EarningRule {
	out := &loyaltyv1.EarningRule{
		Name: "programs/" + program + "/rules/" + v.Rule.ID, Version: v.Rule.Version, Terms: ruleTermsProto(v.Rule), UpdateTime: timestamp(v.SavedAt), Etag: etag(version),
		State: loyaltyv1.EarningRuleState_EARNING_RULE_STATE_ACTIVE,
	}
	if v.Draft != nil {
		out.Draft = ruleTermsProto(*v.Draft)
	}
	switch {
	case v.Rule.Version == 0 && v.Draft != nil:
		out.State, out.Terms = loyaltyv1.EarningRuleState_EARNING_RULE_STATE_DRAFT, out.Draft
	case v.Rule.Archived:
		out.State = loyaltyv1.EarningRuleState_EARNING_RULE_STATE_ARCHIVED
	}
	return out
}

func ruleTermsProto(r earning.Rule) *loyaltyv1.EarningRuleTerms {
	t := &loyaltyv1.EarningRuleTerms{
		DisplayName: r.Name, Wallet: r.Wallet, Campaign: r.Campaign, Archived: r.Archived, Trigger: string(r.Trigger.Kind), Skus: r.Trigger.SKUs,
		Categories: r.Trigger.Categories, Event: r.Trigger.Event, Condition: r.Condition, LineCondition: r.LineCondition, Form: string(r.Terms.Form), Value: r.Terms.Value,
		TierValues: r.Terms.Tiers, Per: r.Terms.Per, Formula: r.Terms.Formula, EachLine: r.Terms.EachLine, FromTime: timestamp(r.Window.From),
		UntilTime: timestamp(r.Window.Until), Stacking: string(r.Stack.Mode), StackingGroup: r.Stack.Group, Priority: r.Stack.Priority, Rounding: string(r.Rounding),
		Activation: activationText(r.Activation.Activation), PerLine: r.Activation.PerLine,
	}
	if r.Life.Kind != "" {
		t.Life = r.Life.String()
	}
	for tier, life := range r.Lives {
		if t.TierLives == nil {
			t.TierLives = map[string]string{}
		}
		t.TierLives[tier] = life.String()
	}
	for _, d := range r.Window.Weekdays {
		t.Weekdays = append(t.Weekdays, int32(d))
	}
	for _, h := range r.Window.Hours {
		t.Hours = append(t.Hours, &loyaltyv1.EarningRuleHours{From: h.From, Until: h.Until})
	}
	for _, c := range r.Caps {
		t.Caps = append(t.Caps, &loyaltyv1.EarningRuleCap{Per: string(c.Per), Period: string(c.Period), Counts: string(c.Counts), Most: c.Most, Over: string(c.Over)})
	}
	return t
}

// CreateEarningRule adds a rule.
func (s *Server) CreateEarningRule(ctx context.Context, req *loyaltyv1.CreateEarningRuleRequest) (*loyaltyv1.CreateEarningRuleResponse, error) {
	if req.GetValidateOnly() {
		return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.CreateEarningRuleResponse, error) {
			_, err := tables.Rules.Get(ctx, tx, req.GetProgram()+"/"+req.GetRuleId())
			v, err := s.newRule(ctx, tx, req, err)
			return &loyaltyv1.CreateEarningRuleResponse{Rule: ruleProto(req.GetProgram(), 1, v)}, err
		})
	}
	out, err := book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CreateEarningRuleResponse, error) {
		name := req.GetProgram() + "/" + req.GetRuleId()
		_, err := tables.Rules.GetForUpdate(ctx, u.Tx, name)
		v, err := s.newRule(ctx, u.Tx, req, err)
		if err != nil {
			return nil, err
		}
		v.SavedAt = u.Now
		if n, err := tables.Rules.Count(ctx, u.Tx, store.Query{From: req.GetProgram() + "/", Before: req.GetProgram() + "0"}); err != nil || n >= mostRules {
			return nil, orLimit(err, "A programme has at most %d rules.", mostRules)
		}
		if _, err := tables.Rules.Insert(ctx, u.Tx, name, v); err != nil {
			return nil, err
		}
		if v.Draft != nil {
			err = tellRule(u, req.GetProgram(), v, ruleDrafted)
		} else {
			err = noteRule(ctx, u, req.GetProgram(), v, ruleCreated)
		}
		return &loyaltyv1.CreateEarningRuleResponse{Rule: ruleProto(req.GetProgram(), 1, v)}, err
	})
	s.rules.forget(req.GetProgram())
	return out, err
}

// newRule reads a rule that is to be added, given what was found under its id.
func (s *Server) newRule(ctx context.Context, tx store.Reader, req *loyaltyv1.CreateEarningRuleRequest, found error) (tables.Rule, error) {
	if found == nil {
		found = fault.AlreadyExists.New("There is a rule %q already.", req.GetRuleId()).With(fault.Field{Path: "ruleId", Message: "Another rule has this id."})
	}
	if !store.IsNotFound(found) {
		return tables.Rule{}, found
	}
	rule, err := s.checkRule(ctx, tx, req.GetProgram(), req.GetRuleId(), req.GetTerms())
	return tables.Rule{Rule: earning.Rule{ID: req.GetRuleId()}}.With(rule, req.GetDraft()), err
}

func orLimit(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return fault.LimitReached.New(format, args...)
}

// checkRule reads and compiles a rule. It has no version yet.
func (s *Server) checkRule(ctx context.Context, tx store.Reader, programID, id string, t *loyaltyv1.EarningRuleTerms) (earning.Rule, error) {
	p, err := program(ctx, tx, programID)
	if err != nil {
		return earning.Rule{}, err
	}
	rule, err := ruleOf(id, t, p.Value)
	if err != nil {
		return rule, err
	}
	compiled, found := earning.Compile(rule)
	if err := problemsOf("terms", found); err != nil {
		return rule, err
	}
	return compiled.Rule, nil
}

// UpdateEarningRule makes a further version of a rule, or a draft of one.
func (s *Server) UpdateEarningRule(ctx context.Context, req *loyaltyv1.UpdateEarningRuleRequest) (*loyaltyv1.UpdateEarningRuleResponse, error) {
	next := func(ctx context.Context, tx store.Reader, row *store.Row[tables.Rule]) error {
		rule, err := s.checkRule(ctx, tx, req.GetProgram(), req.GetRuleId(), req.GetTerms())
		row.Value = row.Value.With(rule, req.GetDraft())
		return err
	}
	if req.GetValidateOnly() {
		return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.UpdateEarningRuleResponse, error) {
			row, err := tables.Rules.Get(ctx, tx, req.GetProgram()+"/"+req.GetRuleId())
			if err = savable(req, row, err); err == nil {
				err = next(ctx, tx, &row)
			}
			return &loyaltyv1.UpdateEarningRuleResponse{Rule: ruleProto(req.GetProgram(), row.Version, row.Value)}, err
		})
	}
	return changeRule(ctx, s, req, func(ctx context.Context, u *book.Unit, row *store.Row[tables.Rule]) (string, error) {
		if req.GetDraft() {
			return ruleDrafted, next(ctx, u.Tx, row)
		}
		return ruleChanged, next(ctx, u.Tx, row)
	}, func(r *loyaltyv1.EarningRule) *loyaltyv1.UpdateEarningRuleResponse {
		return &loyaltyv1.UpdateEarningRuleResponse{Rule: r}
	})
}

func noRule(program, rule string) error {
	return fault.NotFound.New("There is no rule %q in the programme %q.", rule, program)
}

// GetEarningRule returns a rule.
func (s *Server) GetEarningRule(ctx context.Context, req *loyaltyv1.GetEarningRuleRequest) (*loyaltyv1.GetEarningRuleResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetEarningRuleResponse, error) {
		table, name := tables.Rules, req.GetProgram()+"/"+req.GetRuleId()
		if req.GetVersion() != 0 {
			table, name = tables.RuleVersions, fmt.Sprintf("%s@%d", name, req.GetVersion())
		}
		row, err := table.Get(ctx, tx, name)
		if store.IsNotFound(err) {
			err = noRule(req.GetProgram(), req.GetRuleId())
		}
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.GetEarningRuleResponse{Rule: ruleProto(req.GetProgram(), row.Version, row.Value)}, nil
	})
}

// ListEarningRules lists the rules of a programme.
func (s *Server) ListEarningRules(ctx context.Context, req *loyaltyv1.ListEarningRulesRequest) (*loyaltyv1.ListEarningRulesResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListEarningRulesResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		p, err := tables.Rules.Find(ctx, tx, store.Query{From: req.GetProgram() + "/", Before: req.GetProgram() + "0", Limit: mostRules})
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListEarningRulesResponse{}
		for _, row := range p.Rows {
			resp.Rules = append(resp.Rules, ruleProto(req.GetProgram(), row.Version, row.Value))
		}
		return resp, nil
	})
}
