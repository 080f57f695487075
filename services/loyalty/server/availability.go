package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// view is a programme's rewards as somebody sees them at an instant.
type view struct {
	now  clock.Millis
	zone calendar.Zone
	// member is empty if nobody in particular looks; tiers and available points are that member's.
	member    string
	tiers     []string
	available map[string]int64
}

// viewFor reads what a member can pay with; memberID is empty for nobody in particular.
func (s *Server) viewFor(ctx context.Context, tx store.Reader, programID, memberID string) (view, error) {
	v := view{now: s.now(), member: memberID}
	p, err := program(ctx, tx, programID)
	if err != nil {
		return v, err
	}
	if v.zone, err = calendar.LoadZone("timeZone", p.Value.TimeZone); err != nil || memberID == "" {
		return v, err
	}
	if _, err := findMember(ctx, tx, programID, memberID); err != nil {
		return v, err
	}
	v.available = map[string]int64{}
	for _, w := range p.Value.Wallets {
		row, err := tables.Accounts.Get(ctx, tx, tables.AccountID(memberID, w.ID))
		if store.IsNotFound(err) { // a wallet that the programme got after the member had enrolled
			continue
		}
		if err != nil {
			return v, err
		}
		a, err := book.AsOf(ctx, tx, row.Value.Ledger, v.now)
		if err != nil {
			return v, err
		}
		v.available[w.ID] = a.Balances.Available
		l, standing, err := s.books.Standing(ctx, tx, row.Value, v.now)
		if err != nil {
			return v, err
		}
		if standing.Tier != "" {
			v.tiers = append(v.tiers, l.Versions[0].ID+"/"+standing.Tier)
		}
	}
	return v, nil
}

// facts are what it depends on whether a reward can be had.
func (v view) facts(ctx context.Context, tx store.Reader, name string, r reward.Reward) (reward.Facts, store.Row[tables.RewardStock], error) {
	f := reward.Facts{Now: v.now, Zone: v.zone}
	var stock store.Row[tables.RewardStock]
	var err error
	if r.Kind == reward.Code {
		f.Left, err = v.codeLeft(ctx, tx, name)
	} else {
		stock, err = tables.RewardStocks.Get(ctx, tx, name)
		if store.IsNotFound(err) {
			err = nil
		} else if !stock.Value.Unlimited {
			f.Left = &stock.Value.Left
		}
	}
	if err != nil || v.member == "" {
		return f, stock, err
	}
	f.Member = &reward.MemberFacts{Tiers: v.tiers, Available: v.available}
	if r.Limit != nil {
		_, rewardID, _ := strings.Cut(name, "/")
		f.Member.Uses, err = tables.Redemptions.Count(ctx, tx, store.Query{
			Index: "by_use", Equal: []any{tables.UseOf(v.member, rewardID)}, From: r.Limit.Since(v.now, v.zone),
		})
	}
	return f, stock, err
}

// codeLeft returns 1 if a code can be handed out, 0 if there is none.
func (v view) codeLeft(ctx context.Context, tx store.Reader, pool string) (*int64, error) {
	var left int64
	_, err := freeCode(ctx, tx, pool, v.now)
	switch {
	case err == nil:
		left = 1
	case !store.IsNotFound(err):
		return nil, err
	}
	return &left, nil
}

// freeCode is the code that is handed out next, the first to end of those that have not.
func freeCode(ctx context.Context, tx store.Reader, pool string, now clock.Millis) (store.Row[tables.Code], error) {
	return tables.Codes.First(ctx, tx, store.Query{Index: "by_free", Equal: []any{pool}, From: now + 1})
}

// wallet chooses the wallet to pay with: one in which the member can, else the first in which there is a price for the member.
func (v view) wallet(r reward.Reward) string {
	wallets := r.Wallets(v.tiers)
	for _, w := range wallets {
		if p, _ := r.Priced(w, v.tiers); v.available[w] >= p.Points {
			return w
		}
	}
	if len(wallets) > 0 {
		return wallets[0]
	}
	return r.Prices[0].Wallet
}

var obstacles = map[reward.Why]loyaltyv1.ObstacleReason{
	reward.Inactive: loyaltyv1.ObstacleReason_OBSTACLE_REASON_INACTIVE, reward.NotYet: loyaltyv1.ObstacleReason_OBSTACLE_REASON_NOT_YET,
	reward.Over: loyaltyv1.ObstacleReason_OBSTACLE_REASON_OVER, reward.NotToday: loyaltyv1.ObstacleReason_OBSTACLE_REASON_NOT_TODAY,
	reward.OutOfStock: loyaltyv1.ObstacleReason_OBSTACLE_REASON_OUT_OF_STOCK, reward.OtherTier: loyaltyv1.ObstacleReason_OBSTACLE_REASON_OTHER_TIER,
	reward.LimitReached: loyaltyv1.ObstacleReason_OBSTACLE_REASON_LIMIT_REACHED, reward.TooFewPoints: loyaltyv1.ObstacleReason_OBSTACLE_REASON_TOO_FEW_POINTS,
}

// reward is a reward as it is seen.
func (v view) reward(ctx context.Context, tx store.Reader, row store.Row[tables.Reward]) (*loyaltyv1.Reward, error) {
	f, stock, err := v.facts(ctx, tx, row.ID, row.Value.Reward)
	if err != nil {
		return nil, err
	}
	out := rewardProto(row)
	if stock.ID != "" && !stock.Value.Unlimited {
		out.Stock = &loyaltyv1.RewardStock{Left: stock.Value.Left, Reserved: stock.Value.Reserved, Redeemed: stock.Value.Redeemed}
	}
	wallet := v.wallet(row.Value.Reward)
	price, _ := row.Value.Priced(wallet, v.tiers)
	why := row.Value.Check(f, wallet)
	out.Availability = &loyaltyv1.RewardAvailability{Available: len(why) == 0, Wallet: wallet, Points: price.Points}
	for _, w := range why {
		out.Availability.Obstacles = append(out.Availability.Obstacles, &loyaltyv1.Obstacle{
			Reason: obstacles[w.Why], Message: w.Message, MissingPoints: w.Missing, OpenTime: timestamp(w.OpensAt), Tiers: w.Tiers,
		})
	}
	return out, nil
}

func rewardProto(row store.Row[tables.Reward]) *loyaltyv1.Reward {
	r := row.Value
	programID, rewardID, _ := strings.Cut(row.ID, "/")
	out := &loyaltyv1.Reward{
		Name: rewardName(programID, rewardID), DisplayName: r.DisplayName, Description: r.Description, Kind: rewardKindsToProto[r.Kind],
		State: rewardStates[r.State], Discount: offProto(r.Off), Sku: r.SKU, StartTime: timestamp(r.From), EndTime: timestamp(r.Until), Tiers: r.Tiers,
		ReservationMinutes: int32(r.Minutes), ReuseCodes: r.ReuseCodes, Version: int32(r.Version), Etag: etag(row.Version),
		CreateTime: timestamp(r.CreatedAt), UpdateTime: timestamp(r.UpdatedAt),
	}
	for _, p := range r.Prices {
		out.Prices = append(out.Prices, &loyaltyv1.RewardPrice{Wallet: p.Wallet, Tier: p.Tier, Points: p.Points})
	}
	for _, d := range r.Weekdays {
		out.Weekdays = append(out.Weekdays, int32(d))
	}
	if l := r.Limit; l != nil {
		out.Limit = &loyaltyv1.RewardLimit{Times: int32(l.Times), Period: limitPeriodsToProto[l.Period]}
	}
	return out
}

func offProto(o *reward.Off) *loyaltyv1.DiscountOff {
	if o == nil {
		return nil
	}
	return &loyaltyv1.DiscountOff{Percent: o.Percent, Amount: o.Amount, MinimumOrderAmount: o.Least, Currency: o.Currency}
}

// reasonOf is what a request is refused with for what keeps a reward from being had.
var reasonOf = map[reward.Why]fault.Reason{
	reward.Inactive: fault.RewardUnavailable, reward.NotYet: fault.RewardUnavailable, reward.Over: fault.RewardUnavailable, reward.NotToday: fault.RewardUnavailable,
	reward.OutOfStock: fault.OutOfStock, reward.OtherTier: fault.RewardUnavailable, reward.LimitReached: fault.LimitReached, reward.TooFewPoints: fault.InsufficientPoints,
}

// unavailable refuses a request for what keeps the reward from being had: the first is the reason, all are told.
func unavailable(why []reward.Reason, available, wanted int64) error {
	first := why[0]
	e := reasonOf[first.Why].New("%s", first.Message).WithMeta("why", string(first.Why))
	if first.OpensAt != 0 {
		e = e.WithMeta("opensAt", first.OpensAt.Time().Format(time.RFC3339))
	}
	if len(first.Tiers) > 0 {
		e = e.WithMeta("tiers", strings.Join(first.Tiers, ","))
	}
	if first.Why == reward.TooFewPoints {
		e = e.WithMeta("available", fmt.Sprint(available)).WithMeta("wanted", fmt.Sprint(wanted)).WithMeta("missing", fmt.Sprint(first.Missing))
	}
	for _, w := range why {
		path := "reward"
		if w.Why == reward.OtherTier || w.Why == reward.LimitReached || w.Why == reward.TooFewPoints {
			path = "member"
		}
		e = e.With(fault.Field{Path: path, Message: w.Message})
	}
	return e
}
