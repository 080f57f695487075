package server

import (
	"context"
	"encoding/json"
	"fmt"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/kit/store/kept"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/tier"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// tierProgress is where a member stands with a wallet's tiers as of an instant, nil if there are none, and until when that is so if nothing happens.
func (s *Server) tierProgress(ctx context.Context, tx store.Reader, a tables.Account, now clock.Millis) (*loyaltyv1.TierProgress, clock.Millis, error) {
	l, standing, err := s.books.Standing(ctx, tx, a, now)
	if err != nil {
		return nil, 0, err
	}
	until := kept.Never
	if a.Tiers == nil && len(l.Versions) > 0 {
		until = now
	} else if a.Tiers != nil {
		if next := l.Steady(a.Tiers.Standing, now); next != 0 {
			until = next
		}
	}
	p, ok := l.Progress(standing, now)
	if !ok {
		return nil, until, nil
	}
	var v tier.Structure
	for _, one := range l.Versions {
		if one.Version == p.Version {
			v = one
		}
	}
	named := func(id string) tier.Tier {
		if n := v.Find(id); n >= 0 {
			return v.Tiers[n]
		}
		return tier.Tier{}
	}
	out := &loyaltyv1.TierProgress{
		Structure: "programs/" + a.Program + "/tiers/" + v.ID, Version: int32(v.Version), Tier: p.Tier, DisplayName: named(p.Tier).Name, Benefits: named(p.Tier).Benefits,
		Since: timestamp(p.Since), Metric: metricsToProto[p.Metric], Value: p.Value,
	}
	if p.Metric != tier.Balance {
		out.PeriodStart, out.PeriodEnd = p.First.String(), p.Next.AddDays(-1).String()
	}
	step := func(t *tier.Step) *loyaltyv1.TierStep {
		if t == nil {
			return nil
		}
		return &loyaltyv1.TierStep{Tier: t.Tier, DisplayName: named(t.Tier).Name, Missing: max(0, t.Missing), By: t.By.String(), Grace: t.Grace}
	}
	out.Up, out.Keep = step(p.Up), step(p.Keep)
	if then := p.Projected; then != nil {
		out.Projected = &loyaltyv1.TierProjection{Tier: then.Tier, DisplayName: named(then.Tier).Name, Time: timestamp(then.At)}
	}
	return out, until, nil
}

var causes = map[tier.Why]loyaltyv1.TierCause{
	tier.Reached: loyaltyv1.TierCause_TIER_CAUSE_REACHED, tier.Lapsed: loyaltyv1.TierCause_TIER_CAUSE_LAPSED, tier.Undone: loyaltyv1.TierCause_TIER_CAUSE_UNDONE,
	tier.Reformed: loyaltyv1.TierCause_TIER_CAUSE_REFORMED,
}

// changeOf reads the change of tier that an entry records, false if it records none.
func changeOf(e tables.Entry) (tier.Change, bool, error) {
	var c tier.Change
	if e.Type != book.TierChanged {
		return c, false, nil
	}
	if err := json.Unmarshal(e.Facts, &c); err != nil {
		return c, false, fault.Of(err)
	}
	return c, true, nil
}

// mostPages bounds how much of a chain one call looks through for changes of tier.
const mostPages = 50

// ListTierChanges lists how a member's tier changed, newest first.
func (s *Server) ListTierChanges(ctx context.Context, req *loyaltyv1.ListTierChangesRequest) (*loyaltyv1.ListTierChangesResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListTierChangesResponse, error) {
		account, err := accountOf(ctx, tx, req.GetProgram(), req.GetMember(), req.GetWallet())
		if err != nil {
			return nil, err
		}
		q, f, err := s.query(req, store.Query{From: account + "/", Before: account + "0", Descending: true}, 50, 200)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListTierChangesResponse{}
		for range mostPages {
			p, err := tables.Journal.Find(ctx, tx, q)
			if err != nil {
				return nil, err
			}
			for _, row := range p.Rows {
				c, ok, err := changeOf(row.Value)
				if err != nil {
					return nil, err
				}
				if ok {
					resp.Changes = append(resp.Changes, &loyaltyv1.TierChange{
						Time: timestamp(c.At), From: c.From, To: c.To, Cause: causes[c.Why], Version: int32(c.Version), Entry: entryProto(row.Value).GetName(),
					})
				}
			}
			resp.NextPageToken, q.After = s.pages.Issue(p.Next, f), p.Next
			if p.Next == "" || len(resp.Changes) > 0 {
				break
			}
		}
		return resp, nil
	})
}

// kindTiers is the job that looks at the members of a programme when a version of its tiers comes into force. Nothing rests on its being in time: every step
// looks first.
const kindTiers = "tiers"

// sweep is how far the job has come: the members after the position After are still to be looked at.
type sweep struct {
	Program string `json:"program"`
	Wallet  string `json:"wallet"`
	After   string `json:"after,omitempty"`
}

// sweepAtOnce is how many members one run of the job looks at.
const sweepAtOnce = 100

func (s *Server) sweepTiers(ctx context.Context, tx store.Writer, j outbox.Job) error {
	var at sweep
	if err := json.Unmarshal(j.Data, &at); err != nil {
		return err
	}
	p, err := tables.Members.Find(ctx, tx, store.Query{Index: "by_program", Equal: []any{at.Program}, Limit: sweepAtOnce, After: at.After})
	if err != nil {
		return err
	}
	err = book.Run(ctx, s.books, tx, func(ctx context.Context, u *book.Unit) error {
		for _, row := range p.Rows {
			if row.Value.State != tables.MemberActive {
				continue
			}
			// To open an account is to settle it.
			if _, err := u.Open(ctx, at.Program, row.ID, at.Wallet); err != nil && !fault.Has(err, fault.NotFound) && !fault.Has(err, fault.IllegalState) {
				return err
			}
		}
		return nil
	})
	if err != nil || p.Next == "" {
		return err
	}
	at.After = p.Next
	data, err := json.Marshal(at)
	if err != nil {
		return err
	}
	return outbox.Schedule(ctx, tx, outbox.Job{ID: j.ID, Kind: kindTiers, DueAt: s.now(), Data: data})
}

// VerifyTiers works out the tier history of members anew from the ledger's entries.
func (s *Server) VerifyTiers(ctx context.Context, req *loyaltyv1.VerifyTiersRequest) (*loyaltyv1.VerifyTiersResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "by_program", Equal: []any{req.GetProgram()}}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.VerifyTiersResponse, error) {
		prog, err := program(ctx, tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		p, err := tables.Members.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.VerifyTiersResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			for _, w := range prog.Value.Wallets {
				message, looked, err := s.verifyTiers(ctx, tx, req.GetProgram(), row.ID, w.ID)
				if err != nil {
					return nil, err
				}
				if looked {
					resp.Accounts++
				}
				if message != "" {
					resp.Differences = append(resp.Differences, &loyaltyv1.TierDifference{Member: memberName(req.GetProgram(), row.ID), Wallet: w.ID, Message: message})
				}
			}
		}
		return resp, nil
	})
}

// verifyTiers returns what differs between the kept history of an account's tier and the one that its entries lead to, "" if nothing does. looked is false for an
// account that counts for no tiers.
func (s *Server) verifyTiers(ctx context.Context, tx store.Reader, program, member, wallet string) (message string, looked bool, err error) {
	account := tables.AccountID(member, wallet)
	row, err := tables.Accounts.Get(ctx, tx, account)
	if store.IsNotFound(err) || err == nil && row.Value.Tiers == nil {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	l, err := s.ladder(ctx, tx, program, wallet)
	if err != nil {
		return "", false, err
	}
	var entries []tier.Entry
	var kept []tier.Change
	for q := (store.Query{From: account + "/", Before: account + "0"}); ; {
		p, err := tables.Journal.Find(ctx, tx, q)
		if err != nil {
			return "", false, err
		}
		for _, e := range p.Rows {
			c, ok, err := changeOf(e.Value)
			switch {
			case err != nil:
				return "", false, err
			case ok:
				kept = append(kept, c)
			default:
				entries = append(entries, book.TierEntry(e.Value, *e.Value.Tx))
			}
		}
		if q.After = p.Next; p.Next == "" {
			break
		}
	}
	t := row.Value.Tiers
	standing, rebuilt := l.Rebuild(t.Begun, entries, t.Standing.At)
	for i := range max(len(kept), len(rebuilt)) {
		switch {
		case i >= len(kept):
			return fmt.Sprintf("The change to %q at %s is not kept.", rebuilt[i].To, rebuilt[i].At.Time()), true, nil
		case i >= len(rebuilt):
			return fmt.Sprintf("The change to %q at %s is kept, but does not follow from the entries.", kept[i].To, kept[i].At.Time()), true, nil
		case kept[i] != rebuilt[i]:
			return fmt.Sprintf("The change number %d is kept as %+v, but the entries make it %+v.", i+1, kept[i], rebuilt[i]), true, nil
		}
	}
	if standing.Tier != t.Standing.Tier || standing.Since != t.Standing.Since {
		return fmt.Sprintf("The tier is kept as %q since %s, but the entries make it %q since %s.", t.Standing.Tier, t.Standing.Since.Time(), standing.Tier, standing.Since.Time()), true, nil
	}
	return "", true, nil
}
