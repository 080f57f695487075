package server

import (
	"context"
	"fmt"
	"slices"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/explain"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostAheadCalculated bounds how far ahead can be calculated.
const mostAheadCalculated = 10 * 366 * 24 * time.Hour

// CalculatePoints says what an order or event would earn. Nothing is written.
func (s *Server) CalculatePoints(ctx context.Context, req *loyaltyv1.CalculatePointsRequest) (*loyaltyv1.CalculatePointsResponse, error) {
	now, err := s.calculatedAt(req)
	if err != nil {
		return nil, err
	}
	b, err := s.ruleBook(ctx, req.GetProgram())
	if err != nil {
		return nil, err
	}
	var order *earning.Order
	var event *earning.Event
	if req.GetOrder() != nil {
		order, err = orderFrom(req.GetOrder(), b.program, now)
	} else {
		event, err = eventFrom(req.GetEvent(), b.program, now)
	}
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.CalculatePointsResponse, error) {
		b, err := s.trying(ctx, tx, b, req)
		if err != nil {
			return nil, err
		}
		account, err := s.accountAt(ctx, tx, b, req.GetMember(), now)
		if err != nil {
			return nil, err
		}
		ev, err := b.evaluate(ctx, tx, account, order, event, now, func(ctx context.Context, budget string) (int64, error) {
			row, err := tables.Budgets.Get(ctx, tx, budget)
			if store.IsNotFound(err) {
				err = nil
			}
			return row.Value.Used, err
		})
		if err != nil {
			return nil, err
		}
		words, err := s.wordsOf(ctx, tx, store.Row[tables.Program]{ID: req.GetProgram(), Value: b.program}, b.program.Wallets[0].ID, req.GetLanguage())
		if err != nil {
			return nil, err
		}
		return s.calculated(b, ev, account, now, words)
	})
}

// calculatedAt is the instant at which is asked.
func (s *Server) calculatedAt(req *loyaltyv1.CalculatePointsRequest) (clock.Millis, error) {
	at, err := instant("effectiveTime", req.GetEffectiveTime())
	now := s.now()
	switch {
	case err != nil || at == 0:
		return now, err
	case at < now:
		return 0, fault.Invalid("effectiveTime", "It has passed; the time here is %s. What an earlier order earns now is calculated with its own time", now.Time().Format(time.RFC3339))
	case at > now+clock.Millis(mostAheadCalculated.Milliseconds()):
		return 0, fault.Invalid("effectiveTime", "It lies more than ten years ahead")
	}
	return at, nil
}

// accountAt is a member's usual account as time will have left it.
func (s *Server) accountAt(ctx context.Context, tx store.Reader, b *ruleBook, member string, now clock.Millis) (tables.Account, error) {
	m, err := findMember(ctx, tx, b.id, member)
	if err != nil {
		return tables.Account{}, err
	}
	row, err := tables.Accounts.Get(ctx, tx, tables.AccountID(m.ID, b.program.Wallets[0].ID))
	if err != nil {
		return row.Value, err
	}
	a := row.Value
	if a.Into != "" { // as recording does, the name of a member who was merged leads to the other
		return s.accountAt(ctx, tx, b, a.Into, now)
	}
	_, standing, err := s.books.Standing(ctx, tx, a, now)
	if err != nil {
		return a, err
	}
	if a.Tiers != nil {
		t := *a.Tiers
		t.Standing = standing
		a.Tiers = &t
	}
	a.Ledger, err = book.AsOf(ctx, tx, a.Ledger, now)
	return a, err
}

// trying returns the rules with those that are tried out.
func (s *Server) trying(ctx context.Context, tx store.Reader, b *ruleBook, req *loyaltyv1.CalculatePointsRequest) (*ruleBook, error) {
	if len(req.GetRules()) == 0 && len(req.GetDrafts()) == 0 {
		return b, nil
	}
	out := *b
	out.rules = slices.Clone(b.rules)
	put := func(path string, r earning.Rule) error {
		r.Version = 0
		c, found := earning.Compile(r)
		if err := problemsOf("terms", found); err != nil {
			return under(path, err)
		}
		out.rules = slices.DeleteFunc(out.rules, func(o *earning.Compiled) bool { return o.Rule.ID == r.ID })
		out.rules = append(out.rules, c)
		return nil
	}
	for i, id := range req.GetDrafts() {
		path := fmt.Sprintf("drafts[%d]", i)
		row, err := tables.Rules.Get(ctx, tx, b.id+"/"+id)
		if store.IsNotFound(err) || err == nil && row.Value.Draft == nil {
			return nil, fault.Invalid(path, "The rule %q has no draft", id)
		}
		if err != nil {
			return nil, err
		}
		if err := put(path, *row.Value.Draft); err != nil {
			return nil, err
		}
	}
	for i, t := range req.GetRules() {
		path := fmt.Sprintf("rules[%d]", i)
		r, err := ruleOf(t.GetRuleId(), t.GetTerms(), b.program)
		if err != nil {
			return nil, under(path, err)
		}
		if err := put(path, r); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// under says where in the request the fields of an error lie.
func under(path string, err error) error {
	e, ok := fault.As(err)
	if !ok {
		return err
	}
	out := *e
	out.Fields = slices.Clone(e.Fields)
	for i := range out.Fields {
		out.Fields[i].Path = path + "." + out.Fields[i].Path
	}
	return &out
}

// calculated answers.
func (s *Server) calculated(b *ruleBook, ev *evaluation, account tables.Account, now clock.Millis, words explain.Words) (*loyaltyv1.CalculatePointsResponse, error) {
	resp := &loyaltyv1.CalculatePointsResponse{Awards: awardProtos(ev.Awards, words), EffectiveTime: timestamp(now), Tier: account.Tier()}
	for i := range ev.silent {
		r := &ev.silent[i]
		resp.Silent = append(resp.Silent, &loyaltyv1.SilentRule{
			Rule: ruleName(r.Of.ID, r.Of.Version), DisplayName: r.Of.Name, Reason: string(r.Reason()), Detail: words.Silent(r),
		})
	}
	lots, err := b.lots(ev, b.program.Wallets[0].ID, "")
	if err != nil {
		return nil, err
	}
	for _, l := range lots {
		resp.Points += l.Points
	}
	_, explained, err := earning.Explain(&ev.Input, b.rules)
	if err != nil {
		return nil, err
	}
	for i := range explained {
		resp.Rules = append(resp.Rules, explainedRule(words, &explained[i]))
	}
	return resp, nil
}
