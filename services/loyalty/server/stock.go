package server

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostStock bounds how many can be left of a reward.
const mostStock = 1_000_000_000

// RestockReward changes how many are left.
func (s *Server) RestockReward(ctx context.Context, req *loyaltyv1.RestockRewardRequest) (*loyaltyv1.RestockRewardResponse, error) {
	said := 0
	for _, is := range []bool{req.GetAdd() != 0, req.Left != nil, req.GetUnlimited()} {
		if is {
			said++
		}
	}
	if said != 1 {
		return nil, fault.Invalid("add", "say one of add, left and unlimited")
	}
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.RestockRewardResponse, error) {
		row, err := rewardForUpdate(ctx, u.Tx, req.GetProgram(), req.GetReward())
		if err != nil {
			return nil, err
		}
		if row.Value.Kind == reward.Code {
			return nil, fault.IllegalState.New("The reward has as many as there are codes: add codes instead.")
		}
		stock, err := restock(ctx, u, row.ID, req)
		if err != nil {
			return nil, err
		}
		facts, err := book.Facts(stock)
		if err != nil {
			return nil, err
		}
		u.Record(tables.Entry{Type: "loyalty.reward.restocked", Subject: rewardName(req.GetProgram(), req.GetReward()), Program: req.GetProgram(), Facts: facts})
		out, err := s.shownReward(ctx, u.Tx, row)
		return &loyaltyv1.RestockRewardResponse{Reward: out}, err
	})
}

func restock(ctx context.Context, u *book.Unit, name string, req *loyaltyv1.RestockRewardRequest) (tables.RewardStock, error) {
	stock, err := tables.RewardStocks.GetForUpdate(ctx, u.Tx, name)
	fresh := store.IsNotFound(err)
	if err != nil && !fresh {
		return stock.Value, err
	}
	next := stock.Value
	switch {
	case req.GetUnlimited():
		next.Unlimited, next.Left = true, 0
	case req.Left != nil:
		next.Unlimited, next.Left = false, req.GetLeft()
	case fresh || next.Unlimited:
		return next, fault.IllegalState.New("The reward is not limited: say how many are left.")
	default:
		next.Left += req.GetAdd()
	}
	if next.Left < 0 || next.Left > mostStock {
		return next, fault.IllegalState.New("There are %d left, so %d cannot be added: between 0 and %d can be left.", stock.Value.Left, req.GetAdd(), mostStock).
			WithMeta("left", fmt.Sprint(stock.Value.Left))
	}
	if stock.Value = next; fresh {
		_, err = tables.RewardStocks.Insert(ctx, u.Tx, name, next)
	} else {
		_, err = tables.RewardStocks.Put(ctx, u.Tx, stock)
	}
	return next, err
}

// AddCodes puts codes into the pool of a reward.
func (s *Server) AddCodes(ctx context.Context, req *loyaltyv1.AddCodesRequest) (*loyaltyv1.AddCodesResponse, error) {
	ends, err := instant("expireTime", req.GetExpireTime())
	if err != nil {
		return nil, err
	}
	codes, err := distinct(req.GetCodes())
	if err != nil {
		return nil, err
	}
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.AddCodesResponse, error) {
		row, err := rewardForUpdate(ctx, u.Tx, req.GetProgram(), req.GetReward())
		if err != nil {
			return nil, err
		}
		switch {
		case row.Value.Kind != reward.Code || row.Value.State == reward.Archived:
			return nil, fault.IllegalState.New("Codes are for rewards of the kind code that are not archived.")
		case ends != 0 && ends <= u.Now:
			return nil, fault.Invalid("expireTime", "it has passed")
		}
		until := cmp.Or(ends, tables.Eternity)
		var known []fault.Field
		for i, code := range codes {
			name := tables.CodeID(req.GetProgram(), code)
			_, err := tables.Codes.GetForUpdate(ctx, u.Tx, name)
			if store.IsNotFound(err) {
				_, err = tables.Codes.Insert(ctx, u.Tx, name, tables.Code{Pool: row.ID, Code: code, State: reward.CodeFree, Free: row.ID, AddedAt: u.Now, ExpiresAt: until})
			} else if err == nil {
				known = append(known, fault.Field{Path: fmt.Sprintf("codes[%d]", i), Message: "The programme has this code already."})
			}
			if err != nil {
				return nil, err
			}
		}
		if len(known) > 0 {
			return nil, fault.AlreadyExists.New("%d of the codes are in the programme already, so none was added.", len(known)).With(known[:min(len(known), 50)]...)
		}
		facts, err := book.Facts(map[string]any{"codes": len(codes), "expiresAt": ends})
		if err != nil {
			return nil, err
		}
		u.Record(tables.Entry{Type: "loyalty.codes.added", Subject: rewardName(req.GetProgram(), req.GetReward()), Program: req.GetProgram(), Facts: facts})
		pool, err := s.codePool(ctx, u.Tx, row.ID)
		return &loyaltyv1.AddCodesResponse{Pool: pool}, err
	})
}

// distinct trims codes and refuses one that stands twice. Messages do not say codes: who gets to read them may not have seen them.
func distinct(given []string) ([]string, error) {
	seen := map[string]int{}
	out := make([]string, 0, len(given))
	for i, code := range given {
		code = strings.TrimSpace(code)
		if code == "" {
			return nil, fault.Invalid(fmt.Sprintf("codes[%d]", i), "it is blank")
		}
		if j, twice := seen[code]; twice {
			return nil, fault.Invalid(fmt.Sprintf("codes[%d]", i), "it is the same as codes[%d]", j)
		}
		seen[code] = i
		out = append(out, code)
	}
	return out, nil
}

// GetCodePool counts the codes of a reward.
func (s *Server) GetCodePool(ctx context.Context, req *loyaltyv1.GetCodePoolRequest) (*loyaltyv1.GetCodePoolResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetCodePoolResponse, error) {
		row, err := tables.Rewards.Get(ctx, tx, tables.RewardID(req.GetProgram(), req.GetReward()))
		if store.IsNotFound(err) || err == nil && row.Value.Kind != reward.Code {
			return nil, fault.NotFound.New("There is no reward %q with codes in the programme %q.", req.GetReward(), req.GetProgram())
		}
		if err != nil {
			return nil, err
		}
		pool, err := s.codePool(ctx, tx, row.ID)
		return &loyaltyv1.GetCodePoolResponse{Pool: pool}, err
	})
}

func (s *Server) codePool(ctx context.Context, tx store.Reader, pool string) (*loyaltyv1.CodePool, error) {
	programID, rewardID, _ := strings.Cut(pool, "/")
	out := &loyaltyv1.CodePool{Name: rewardName(programID, rewardID) + "/codePool"}
	for state, n := range map[reward.CodeState]*int64{reward.CodeHeld: &out.Held, reward.CodeShown: &out.Shown, reward.CodeVoid: &out.Void} {
		var err error
		if *n, err = tables.Codes.Count(ctx, tx, store.Query{Index: "by_state", Equal: []any{pool, state}}); err != nil {
			return nil, err
		}
	}
	all, err := tables.Codes.Count(ctx, tx, store.Query{Index: "by_free", Equal: []any{pool}})
	if err != nil {
		return nil, err
	}
	out.Free, err = tables.Codes.Count(ctx, tx, store.Query{Index: "by_free", Equal: []any{pool}, From: s.now() + 1})
	out.Expired = all - out.Free
	return out, err
}
