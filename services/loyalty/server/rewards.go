package server

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var rewardKinds = map[loyaltyv1.RewardKind]reward.Kind{
	loyaltyv1.RewardKind_REWARD_KIND_DISCOUNT: reward.Discount, loyaltyv1.RewardKind_REWARD_KIND_GIFT: reward.Gift,
	loyaltyv1.RewardKind_REWARD_KIND_EXPERIENCE: reward.Experience, loyaltyv1.RewardKind_REWARD_KIND_CODE: reward.Code,
}

var rewardKindsToProto = inverse(rewardKinds)

var rewardStates = map[reward.State]loyaltyv1.RewardState{
	reward.Active: loyaltyv1.RewardState_REWARD_STATE_ACTIVE, reward.Paused: loyaltyv1.RewardState_REWARD_STATE_PAUSED,
	reward.Archived: loyaltyv1.RewardState_REWARD_STATE_ARCHIVED,
}

var limitPeriods = map[loyaltyv1.LimitPeriod]calendar.Unit{
	loyaltyv1.LimitPeriod_LIMIT_PERIOD_UNSPECIFIED: "", loyaltyv1.LimitPeriod_LIMIT_PERIOD_DAY: calendar.Day,
	loyaltyv1.LimitPeriod_LIMIT_PERIOD_WEEK: calendar.Week, loyaltyv1.LimitPeriod_LIMIT_PERIOD_MONTH: calendar.Month,
	loyaltyv1.LimitPeriod_LIMIT_PERIOD_QUARTER: calendar.Quarter, loyaltyv1.LimitPeriod_LIMIT_PERIOD_YEAR: calendar.Year,
}

var limitPeriodsToProto = inverse(limitPeriods)

func rewardName(program, reward string) string { return "programs/" + program + "/rewards/" + reward }

// rewardRequest is what both making and changing a reward say.
type rewardRequest interface {
	GetDisplayName() string
	GetDescription() string
	GetPaused() bool
	GetPrices() []*loyaltyv1.RewardPrice
	GetDiscount() *loyaltyv1.DiscountOff
	GetSku() string
	GetWeekdays() []int32
	GetLimit() *loyaltyv1.RewardLimit
	GetTiers() []string
	GetReservationMinutes() int32
	GetReuseCodes() bool
}

// rewardOf reads a version of a reward, and refuses what is none in the programme.
func rewardOf(p tables.Program, kind reward.Kind, from, until clock.Millis, req rewardRequest) (reward.Reward, error) {
	r := reward.Reward{
		DisplayName: strings.TrimSpace(req.GetDisplayName()), Description: strings.TrimSpace(req.GetDescription()), Kind: kind, State: reward.Active,
		SKU: req.GetSku(), From: from, Until: until, Tiers: req.GetTiers(), Minutes: int(req.GetReservationMinutes()), ReuseCodes: req.GetReuseCodes(),
	}
	if req.GetPaused() {
		r.State = reward.Paused
	}
	var known []string
	for _, w := range p.Wallets {
		known = append(known, w.ID)
	}
	for _, price := range req.GetPrices() {
		r.Prices = append(r.Prices, reward.Price{Wallet: cmp.Or(price.GetWallet(), known[0]), Tier: price.GetTier(), Points: price.GetPoints()})
	}
	if d := req.GetDiscount(); d != nil {
		r.Off = &reward.Off{Percent: d.GetPercent(), Amount: d.GetAmount(), Least: d.GetMinimumOrderAmount(), Currency: d.GetCurrency()}
	}
	for _, d := range req.GetWeekdays() {
		r.Weekdays = append(r.Weekdays, int(d))
	}
	if l := req.GetLimit(); l != nil {
		r.Limit = &reward.Limit{Times: int(l.GetTimes()), Period: limitPeriods[l.GetPeriod()]}
	}
	return r, r.Validate(known, p.Currency)
}

// CreateReward adds a reward.
func (s *Server) CreateReward(ctx context.Context, req *loyaltyv1.CreateRewardRequest) (*loyaltyv1.CreateRewardResponse, error) {
	from, err1 := instant("startTime", req.GetStartTime())
	until, err2 := instant("endTime", req.GetEndTime())
	if err := cmp.Or(err1, err2); err != nil {
		return nil, err
	}
	if req.Stock != nil && req.GetKind() == loyaltyv1.RewardKind_REWARD_KIND_CODE {
		return nil, fault.Invalid("stock", "a reward with codes has as many as there are codes")
	}
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CreateRewardResponse, error) {
		p, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		value := tables.Reward{Version: 1, CreatedAt: u.Now, UpdatedAt: u.Now}
		if value.Reward, err = rewardOf(p.Value, rewardKinds[req.GetKind()], from, until, req); err != nil {
			return nil, err
		}
		name := tables.RewardID(req.GetProgram(), req.GetRewardId())
		_, err = tables.Rewards.GetForUpdate(ctx, u.Tx, name)
		if err == nil {
			return nil, fault.AlreadyExists.New("The programme has a reward %q already.", req.GetRewardId()).
				With(fault.Field{Path: "rewardId", Message: "Another reward has this id."})
		}
		if !store.IsNotFound(err) {
			return nil, err
		}
		row, err := tables.Rewards.Insert(ctx, u.Tx, name, value)
		if err != nil {
			return nil, err
		}
		if req.Stock != nil {
			if _, err := tables.RewardStocks.Insert(ctx, u.Tx, name, tables.RewardStock{Left: req.GetStock()}); err != nil {
				return nil, err
			}
		}
		if err := s.noteReward(ctx, u, row, "loyalty.reward.created"); err != nil {
			return nil, err
		}
		out, err := s.shownReward(ctx, u.Tx, row)
		return &loyaltyv1.CreateRewardResponse{Reward: out}, err
	})
}

// noteReward keeps the version and tells of it.
func (s *Server) noteReward(ctx context.Context, u *book.Unit, row store.Row[tables.Reward], event string) error {
	if _, err := tables.RewardVersions.Insert(ctx, u.Tx, fmt.Sprintf("%s@%d", row.ID, row.Value.Version), row.Value); err != nil {
		return err
	}
	facts, err := book.Facts(row.Value)
	if err != nil {
		return err
	}
	programID, rewardID, _ := strings.Cut(row.ID, "/")
	u.Record(tables.Entry{Type: event, Subject: rewardName(programID, rewardID), Program: programID, Facts: facts})
	return keepRevision(ctx, u, programID, "/rewards/"+rewardID, int64(row.Value.Version), event)
}

// shownReward is a reward as nobody in particular sees it.
func (s *Server) shownReward(ctx context.Context, tx store.Reader, row store.Row[tables.Reward]) (*loyaltyv1.Reward, error) {
	programID, _, _ := strings.Cut(row.ID, "/")
	v, err := s.viewFor(ctx, tx, programID, "")
	if err != nil {
		return nil, err
	}
	return v.reward(ctx, tx, row)
}

// rewardForUpdate reads a reward on which a change rests.
func rewardForUpdate(ctx context.Context, tx store.Writer, programID, rewardID string) (store.Row[tables.Reward], error) {
	row, err := tables.Rewards.GetForUpdate(ctx, tx, tables.RewardID(programID, rewardID))
	if store.IsNotFound(err) {
		return row, noReward(programID, rewardID)
	}
	return row, err
}

func noReward(programID, rewardID string) error {
	return fault.NotFound.New("There is no reward %q in the programme %q.", rewardID, programID).With(fault.Field{Path: "reward", Message: "There is no such reward."})
}

// UpdateReward makes a further version of a reward.
func (s *Server) UpdateReward(ctx context.Context, req *loyaltyv1.UpdateRewardRequest) (*loyaltyv1.UpdateRewardResponse, error) {
	from, err1 := instant("startTime", req.GetStartTime())
	until, err2 := instant("endTime", req.GetEndTime())
	if err := cmp.Or(err1, err2); err != nil {
		return nil, err
	}
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.UpdateRewardResponse, error) {
		out, err := s.changeReward(ctx, u, req, "loyalty.reward.changed", func(p tables.Program, r *reward.Reward) (err error) {
			*r, err = rewardOf(p, r.Kind, from, until, req)
			return err
		})
		return &loyaltyv1.UpdateRewardResponse{Reward: out}, err
	})
}

// ArchiveReward ends a reward for good.
func (s *Server) ArchiveReward(ctx context.Context, req *loyaltyv1.ArchiveRewardRequest) (*loyaltyv1.ArchiveRewardResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.ArchiveRewardResponse, error) {
		out, err := s.changeReward(ctx, u, req, "loyalty.reward.archived", func(_ tables.Program, r *reward.Reward) error {
			r.State = reward.Archived
			return nil
		})
		return &loyaltyv1.ArchiveRewardResponse{Reward: out}, err
	})
}

// changeRequest names a reward and the version that a change of it is based on.
type changeRequest interface {
	GetProgram() string
	GetReward() string
	GetEtag() string
}

// changeReward makes a further version of a reward.
func (s *Server) changeReward(ctx context.Context, u *book.Unit, req changeRequest, event string, change func(tables.Program, *reward.Reward) error) (*loyaltyv1.Reward, error) {
	p, err := program(ctx, u.Tx, req.GetProgram())
	if err != nil {
		return nil, err
	}
	row, err := rewardForUpdate(ctx, u.Tx, req.GetProgram(), req.GetReward())
	if err != nil {
		return nil, err
	}
	if err := checkEtag(req.GetEtag(), row.Version); err != nil {
		return nil, err
	}
	if row.Value.State == reward.Archived {
		return nil, fault.IllegalState.New("The reward is archived, which is for good: make another one.")
	}
	if err := change(p.Value, &row.Value.Reward); err != nil {
		return nil, err
	}
	row.Value.Version++
	row.Value.UpdatedAt = u.Now
	if row, err = tables.Rewards.Put(ctx, u.Tx, row); err != nil {
		return nil, err
	}
	if err := s.noteReward(ctx, u, row, event); err != nil {
		return nil, err
	}
	return s.shownReward(ctx, u.Tx, row)
}

// GetReward returns a reward.
func (s *Server) GetReward(ctx context.Context, req *loyaltyv1.GetRewardRequest) (*loyaltyv1.GetRewardResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetRewardResponse, error) {
		member, err := s.asMember(ctx, tx, req.GetProgram(), req.GetMember())
		if err != nil {
			return nil, err
		}
		v, err := s.viewFor(ctx, tx, req.GetProgram(), member)
		if err != nil {
			return nil, err
		}
		row, err := tables.Rewards.Get(ctx, tx, tables.RewardID(req.GetProgram(), req.GetReward()))
		if store.IsNotFound(err) {
			return nil, noReward(req.GetProgram(), req.GetReward())
		}
		if err != nil {
			return nil, err
		}
		out, err := v.reward(ctx, tx, row)
		return &loyaltyv1.GetRewardResponse{Reward: out}, err
	})
}

// ListRewards lists the rewards of a programme.
func (s *Server) ListRewards(ctx context.Context, req *loyaltyv1.ListRewardsRequest) (*loyaltyv1.ListRewardsResponse, error) {
	q, f, err := s.query(req, store.Query{From: req.GetProgram() + "/", Before: req.GetProgram() + "0"}, 50, 200)
	if err != nil {
		return nil, err
	}
	current := req.GetCurrent() || auth.From(ctx).Kind == auth.KindLink
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListRewardsResponse, error) {
		member, err := s.asMember(ctx, tx, req.GetProgram(), req.GetMember())
		if err != nil {
			return nil, err
		}
		v, err := s.viewFor(ctx, tx, req.GetProgram(), member)
		if err != nil {
			return nil, err
		}
		p, err := tables.Rewards.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListRewardsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			if current && (row.Value.State != reward.Active || row.Value.Until != 0 && row.Value.Until <= v.now) {
				continue
			}
			out, err := v.reward(ctx, tx, row)
			if err != nil {
				return nil, err
			}
			resp.Rewards = append(resp.Rewards, out)
		}
		return resp, nil
	})
}
