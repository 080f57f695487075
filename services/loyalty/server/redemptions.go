package server

import (
	"context"
	"strings"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var redemptionStates = map[reward.Phase]loyaltyv1.RedemptionState{
	reward.Pending: loyaltyv1.RedemptionState_REDEMPTION_STATE_PENDING, reward.Committed: loyaltyv1.RedemptionState_REDEMPTION_STATE_COMMITTED,
	reward.Cancelled: loyaltyv1.RedemptionState_REDEMPTION_STATE_CANCELLED, reward.Expired: loyaltyv1.RedemptionState_REDEMPTION_STATE_EXPIRED,
	reward.Reversed: loyaltyv1.RedemptionState_REDEMPTION_STATE_REVERSED,
}

func redemptionName(program, redemption string) string {
	return "programs/" + program + "/redemptions/" + redemption
}

// redemption is a redemption as of now; withCode says that its code is shown if it may be.
func (s *Server) redemption(ctx context.Context, tx store.Reader, row store.Row[tables.Redemption], withCode bool) (*loyaltyv1.Redemption, error) {
	v := row.Value
	r, err := versionOf(ctx, tx, v)
	if err != nil {
		return nil, err
	}
	if now := s.now(); v.State == reward.Pending && v.EndsAt <= now {
		v.State, v.EndedAt = reward.Expired, v.EndsAt
	}
	out := &loyaltyv1.Redemption{
		Name: redemptionName(v.Program, row.ID), Member: memberName(v.Program, v.Member), Reward: rewardName(v.Program, v.Reward), RewardVersion: int32(v.Version),
		DisplayName: r.DisplayName, Kind: rewardKindsToProto[r.Kind], Discount: offProto(r.Off), Sku: r.SKU, State: redemptionStates[v.State], Wallet: v.Wallet,
		Points: v.Points, Order: v.Order, Story: v.Story, ReserveTime: timestamp(v.ReservedAt), ExpireTime: timestamp(v.EndsAt), CommitTime: timestamp(v.CommittedAt),
		EndTime: timestamp(v.EndedAt), Reason: v.Reason, Reclaimed: v.Reclaimed, AwaitingDecision: v.Asked != "", Etag: etag(row.Version),
	}
	out.Entries = entryNames(v)
	if !withCode || v.Code == "" || v.State != reward.Committed {
		return out, nil
	}
	code, err := tables.Codes.Get(ctx, tx, v.Code)
	if err != nil {
		return nil, err
	}
	out.Code = code.Value.Code
	if code.Value.ExpiresAt != tables.Eternity {
		out.CodeExpireTime = timestamp(code.Value.ExpiresAt)
	}
	return out, nil
}

// wish reads what reserving and redeeming have in common.
func (s *Server) wish(ctx context.Context, tx store.Reader, req interface {
	GetProgram() string
	GetMember() string
	GetReward() string
	GetWallet() string
	GetOrder() string
	GetStory() string
	GetExpectedPoints() int64
}) (redeeming, error) {
	member, err := s.asMember(ctx, tx, req.GetProgram(), req.GetMember())
	if err == nil && member == "" {
		err = fault.Invalid("member", "say who takes the reward")
	}
	if err == nil && req.GetStory() != "" && auth.From(ctx).Kind == auth.KindLink {
		// A member's word does not put a disclosure onto a story of the company.
		err = fault.PermissionDenied.New("This link cannot say what a reward is given for.").With(fault.Field{Path: "story", Message: "Leave it out."})
	}
	return redeeming{
		program: req.GetProgram(), member: member, reward: req.GetReward(), wallet: req.GetWallet(), order: req.GetOrder(),
		story: req.GetStory(), expected: req.GetExpectedPoints(),
	}, err
}

// ReserveReward holds what a reward takes.
func (s *Server) ReserveReward(ctx context.Context, req *loyaltyv1.ReserveRewardRequest) (*loyaltyv1.ReserveRewardResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.ReserveRewardResponse, error) {
		want, err := s.wish(ctx, u.Tx, req)
		if err != nil {
			return nil, err
		}
		want.minutes = int(req.GetMinutes())
		row, err := s.reserve(ctx, u, want)
		if err != nil {
			return nil, err
		}
		out, err := s.redemption(ctx, u.Tx, row, true)
		return &loyaltyv1.ReserveRewardResponse{Redemption: out}, err
	})
}

// RedeemReward reserves and commits in one.
func (s *Server) RedeemReward(ctx context.Context, req *loyaltyv1.RedeemRewardRequest) (*loyaltyv1.RedeemRewardResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.RedeemRewardResponse, error) {
		want, err := s.wish(ctx, u.Tx, req)
		if err != nil {
			return nil, err
		}
		row, err := s.reserve(ctx, u, want)
		if err != nil {
			return nil, err
		}
		out, err := s.acted(ctx, u, want.program, row.ID, reward.Commit, func(*tables.Redemption) {})
		return &loyaltyv1.RedeemRewardResponse{Redemption: out}, err
	})
}

// acted does something with a redemption and shows it.
func (s *Server) acted(ctx context.Context, u *book.Unit, programID, redemptionID string, a reward.Action, prepare func(*tables.Redemption)) (*loyaltyv1.Redemption, error) {
	row, err := s.act(ctx, u, programID, redemptionID, a, prepare)
	if err != nil {
		return nil, err
	}
	return s.redemption(ctx, u.Tx, row, true)
}

// CommitRedemption spends what is held.
func (s *Server) CommitRedemption(ctx context.Context, req *loyaltyv1.CommitRedemptionRequest) (*loyaltyv1.CommitRedemptionResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CommitRedemptionResponse, error) {
		out, err := s.acted(ctx, u, req.GetProgram(), req.GetRedemption(), reward.Commit, func(v *tables.Redemption) {
			if req.GetOrder() != "" {
				v.Order = req.GetOrder()
			}
		})
		return &loyaltyv1.CommitRedemptionResponse{Redemption: out}, err
	})
}

// CancelRedemption gives back what is held.
func (s *Server) CancelRedemption(ctx context.Context, req *loyaltyv1.CancelRedemptionRequest) (*loyaltyv1.CancelRedemptionResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CancelRedemptionResponse, error) {
		out, err := s.acted(ctx, u, req.GetProgram(), req.GetRedemption(), reward.Cancel, func(v *tables.Redemption) { v.Reason = strings.TrimSpace(req.GetReason()) })
		return &loyaltyv1.CancelRedemptionResponse{Redemption: out}, err
	})
}

// ReverseRedemption gives back what was spent.
func (s *Server) ReverseRedemption(ctx context.Context, req *loyaltyv1.ReverseRedemptionRequest) (*loyaltyv1.ReverseRedemptionResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.ReverseRedemptionResponse, error) {
		out, err := s.acted(ctx, u, req.GetProgram(), req.GetRedemption(), reward.Reverse, func(v *tables.Redemption) { v.Reason = strings.TrimSpace(req.GetReason()) })
		return &loyaltyv1.ReverseRedemptionResponse{Redemption: out}, err
	})
}

// KeepRedemption decides that points stay spent.
func (s *Server) KeepRedemption(ctx context.Context, req *loyaltyv1.KeepRedemptionRequest) (*loyaltyv1.KeepRedemptionResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.KeepRedemptionResponse, error) {
		if _, err := findRedemption(ctx, u.Tx, req.GetProgram(), req.GetRedemption()); err != nil {
			return nil, err
		}
		row, err := tables.Redemptions.GetForUpdate(ctx, u.Tx, req.GetRedemption())
		if err != nil {
			return nil, err
		}
		if row.Value.Asked == "" {
			return nil, fault.IllegalState.New("Nobody has to decide about this redemption, which is %s.", row.Value.State).WithMeta("state", string(row.Value.State))
		}
		row.Value.Asked, row.Value.Reason = "", strings.TrimSpace(req.GetReason())
		if err := s.note(ctx, u, row, "loyalty.redemption.kept"); err != nil {
			return nil, err
		}
		row.Version++
		out, err := s.redemption(ctx, u.Tx, row, true)
		return &loyaltyv1.KeepRedemptionResponse{Redemption: out}, err
	})
}

// GetRedemption returns a redemption.
func (s *Server) GetRedemption(ctx context.Context, req *loyaltyv1.GetRedemptionRequest) (*loyaltyv1.GetRedemptionResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetRedemptionResponse, error) {
		own, err := s.asMember(ctx, tx, req.GetProgram(), "")
		if err != nil {
			return nil, err
		}
		row, err := findRedemption(ctx, tx, req.GetProgram(), req.GetRedemption())
		if err != nil {
			return nil, err
		}
		if own != "" && row.Value.Member != own {
			return nil, fault.PermissionDenied.New("This link shows its own member's account only.")
		}
		out, err := s.redemption(ctx, tx, row, true)
		return &loyaltyv1.GetRedemptionResponse{Redemption: out}, err
	})
}

// ListRedemptions lists redemptions, the newest first.
func (s *Server) ListRedemptions(ctx context.Context, req *loyaltyv1.ListRedemptionsRequest) (*loyaltyv1.ListRedemptionsResponse, error) {
	if req.GetAwaitingDecision() && (req.GetState() != 0 || req.GetMember() != "") {
		return nil, fault.Invalid("awaitingDecision", "it is not combined with a member or a state")
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListRedemptionsResponse, error) {
		member, err := s.asMember(ctx, tx, req.GetProgram(), req.GetMember())
		if err != nil {
			return nil, err
		}
		q, f, err := s.query(req, selected(req, member), 50, 200)
		if err != nil {
			return nil, err
		}
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		if member != "" {
			if _, err := findMember(ctx, tx, req.GetProgram(), member); err != nil {
				return nil, err
			}
		}
		p, err := tables.Redemptions.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListRedemptionsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			out, err := s.redemption(ctx, tx, row, false)
			if err != nil {
				return nil, err
			}
			// What has ended by now, though nobody has settled it, is not pending.
			if req.GetState() == 0 || out.GetState() == req.GetState() {
				resp.Redemptions = append(resp.Redemptions, out)
			}
		}
		return resp, nil
	})
}

// selected is the query of a list of redemptions.
func selected(req *loyaltyv1.ListRedemptionsRequest, member string) store.Query {
	var state reward.Phase
	for phase, named := range redemptionStates {
		if named == req.GetState() {
			state = phase
		}
	}
	q := store.Query{Index: "by_program", Equal: []any{req.GetProgram()}, Descending: true}
	switch {
	case member != "" && state != "":
		q.Index, q.Equal = "by_member_state", []any{member, state}
	case member != "":
		q.Index, q.Equal = "by_member", []any{member}
	case req.GetAwaitingDecision():
		q.Index = "by_asked"
	case state != "":
		q.Index, q.Equal = "by_state", []any{req.GetProgram(), state}
	}
	return q
}
