package server

import (
	"context"
	"fmt"
	"maps"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// ruleChange is a request that changes a rule.
type ruleChange interface {
	proto.Message
	GetProgram() string
	GetRuleId() string
	GetEtag() string
}

// savable refuses a change of a rule that is not there or has changed since.
func savable(req ruleChange, row store.Row[tables.Rule], err error) error {
	if store.IsNotFound(err) {
		return noRule(req.GetProgram(), req.GetRuleId())
	}
	if err != nil {
		return err
	}
	return checkEtag(req.GetEtag(), row.Version)
}

// changeRule changes a rule. change says by which event it is told.
func changeRule[R any, P interface {
	*R
	proto.Message
}](ctx context.Context, s *Server, req ruleChange, change func(ctx context.Context, u *book.Unit, row *store.Row[tables.Rule]) (string, error),
	answer func(*loyaltyv1.EarningRule) P,
) (P, error) {
	out, err := book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (P, error) {
		row, err := tables.Rules.GetForUpdate(ctx, u.Tx, req.GetProgram()+"/"+req.GetRuleId())
		if err := savable(req, row, err); err != nil {
			return nil, err
		}
		before := row.Value.Rule.Version
		event, err := change(ctx, u, &row)
		if err != nil {
			return nil, err
		}
		if row.Value.Rule.Version != before {
			row.Value.SavedAt = u.Now
		}
		if row, err = tables.Rules.Put(ctx, u.Tx, row); err != nil {
			return nil, err
		}
		if row.Value.Rule.Version != before {
			err = noteRule(ctx, u, req.GetProgram(), row.Value, event)
		} else {
			err = tellRule(u, req.GetProgram(), row.Value, event)
		}
		return answer(ruleProto(req.GetProgram(), row.Version, row.Value)), err
	})
	s.rules.forget(req.GetProgram())
	return out, err
}

// noteRule keeps a version of a rule, has the programme decide by it, and tells of it.
func noteRule(ctx context.Context, u *book.Unit, program string, v tables.Rule, event string) error {
	if err := publish(ctx, u, program, v); err != nil {
		return err
	}
	if err := tellRule(u, program, v, event); err != nil {
		return err
	}
	return keepRevision(ctx, u, program, "/rules/"+v.Rule.ID, v.Rule.Version, event)
}

func publish(ctx context.Context, u *book.Unit, program string, v tables.Rule) error {
	v.Draft = nil
	if _, err := tables.RuleVersions.Insert(ctx, u.Tx, fmt.Sprintf("%s/%s@%d", program, v.Rule.ID, v.Rule.Version), v); err != nil {
		return err
	}
	row, err := tables.RuleSets.GetForUpdate(ctx, u.Tx, program)
	fresh := store.IsNotFound(err)
	if err != nil && !fresh {
		return err
	}
	set := tables.RuleSet{Revision: row.Value.Revision + 1, Versions: maps.Clone(row.Value.Versions)}
	if set.Versions == nil {
		set.Versions = map[string]int64{}
	}
	set.Versions[v.Rule.ID] = v.Rule.Version
	if _, err := tables.RuleSetRevisions.Insert(ctx, u.Tx, ruleSetName(program, set.Revision), set); err != nil {
		return err
	}
	if row.Value = set; fresh {
		_, err = tables.RuleSets.Insert(ctx, u.Tx, program, set)
	} else {
		_, err = tables.RuleSets.Put(ctx, u.Tx, row)
	}
	return err
}

func ruleSetName(program string, revision int64) string {
	return fmt.Sprintf("%s@%d", program, revision)
}

// tellRule tells of what was saved.
func tellRule(u *book.Unit, program string, v tables.Rule, event string) error {
	said := v.Rule
	if event == ruleDrafted {
		said = *v.Draft
	}
	facts, err := book.Facts(said)
	u.Record(tables.Entry{Type: event, Subject: "programs/" + program + "/rules/" + v.Rule.ID, Program: program, Facts: facts})
	return err
}

// The events of rules.
const (
	ruleCreated   = "loyalty.rule.created"
	ruleChanged   = "loyalty.rule.changed"
	ruleDrafted   = "loyalty.rule.drafted"
	ruleDiscarded = "loyalty.rule.discarded"
)

// PublishEarningRule brings a draft into force.
func (s *Server) PublishEarningRule(ctx context.Context, req *loyaltyv1.PublishEarningRuleRequest) (*loyaltyv1.PublishEarningRuleResponse, error) {
	return changeRule(ctx, s, req, func(ctx context.Context, u *book.Unit, row *store.Row[tables.Rule]) (string, error) {
		if row.Value.Draft == nil {
			return "", noDraft(req)
		}
		compiled, found := earning.Compile(*row.Value.Draft)
		if err := problemsOf("draft", found); err != nil {
			return "", err
		}
		row.Value = row.Value.With(compiled.Rule, false)
		row.Value.Draft = nil
		return ruleChanged, nil
	}, func(r *loyaltyv1.EarningRule) *loyaltyv1.PublishEarningRuleResponse {
		return &loyaltyv1.PublishEarningRuleResponse{Rule: r}
	})
}

func noDraft(req ruleChange) error {
	return fault.IllegalState.New("The rule %q has no draft.", req.GetRuleId())
}

// DiscardEarningRuleDraft throws a draft away, and with it a rule that was never published.
func (s *Server) DiscardEarningRuleDraft(ctx context.Context, req *loyaltyv1.DiscardEarningRuleDraftRequest) (*loyaltyv1.DiscardEarningRuleDraftResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.DiscardEarningRuleDraftResponse, error) {
		row, err := tables.Rules.GetForUpdate(ctx, u.Tx, req.GetProgram()+"/"+req.GetRuleId())
		if err := savable(req, row, err); err != nil {
			return nil, err
		}
		if row.Value.Draft == nil {
			return nil, noDraft(req)
		}
		resp := &loyaltyv1.DiscardEarningRuleDraftResponse{}
		if row.Value.Draft = nil; row.Value.Rule.Version == 0 {
			err = tables.Rules.Delete(ctx, u.Tx, row)
		} else if row, err = tables.Rules.Put(ctx, u.Tx, row); err == nil {
			resp.Rule = ruleProto(req.GetProgram(), row.Version, row.Value)
		}
		if err != nil {
			return nil, err
		}
		return resp, tellRule(u, req.GetProgram(), row.Value, ruleDiscarded)
	})
}

// ArchiveEarningRule ends a rule.
func (s *Server) ArchiveEarningRule(ctx context.Context, req *loyaltyv1.ArchiveEarningRuleRequest) (*loyaltyv1.ArchiveEarningRuleResponse, error) {
	return changeRule(ctx, s, req, func(ctx context.Context, u *book.Unit, row *store.Row[tables.Rule]) (string, error) {
		rule := row.Value.Rule
		if rule.Version == 0 || rule.Archived {
			return "", fault.IllegalState.New("The rule %q is not in force.", req.GetRuleId())
		}
		rule.Archived = true
		row.Value = row.Value.With(rule, false)
		return ruleChanged, nil
	}, func(r *loyaltyv1.EarningRule) *loyaltyv1.ArchiveEarningRuleResponse {
		return &loyaltyv1.ArchiveEarningRuleResponse{Rule: r}
	})
}
