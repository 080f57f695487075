package server

import (
	"context"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// take writes what a programme is to be: a further version of whatever changes, and of nothing else.
func (s *Server) take(ctx context.Context, u *book.Unit, st step) (*loyaltyv1.Program, error) {
	row, err := s.takeProgram(ctx, u, st)
	if err != nil {
		return nil, err
	}
	for _, id := range sorted(st.want.rules) {
		if is, there := st.is.rules[id]; !there || !sameRule(is, st.want.rules[id]) {
			if err := takeRule(ctx, u, st.program, st.want.rules[id]); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range sorted(st.is.rules) {
		if _, there := st.want.rules[id]; !there {
			gone := st.is.rules[id]
			gone.Archived = true
			if err := takeRule(ctx, u, st.program, gone); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range sorted(st.want.tiers) {
		if is, there := st.is.tiers[id]; !there || !sameTiers(is, st.want.tiers[id]) {
			if err := s.takeTiers(ctx, u, st.program, st.want.tiers[id], is); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range sorted(st.want.rewards) {
		if is, there := st.is.rewards[id]; !there || is.limited != st.want.rewards[id].limited || !sameReward(is.Reward, st.want.rewards[id].Reward) {
			if err := s.takeReward(ctx, u, tables.RewardID(st.program, id), st.want.rewards[id], "loyalty.reward.changed"); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range sorted(st.is.rewards) {
		if _, there := st.want.rewards[id]; !there {
			gone := st.is.rewards[id]
			gone.State = reward.Archived
			if err := s.takeReward(ctx, u, tables.RewardID(st.program, id), gone, "loyalty.reward.archived"); err != nil {
				return nil, err
			}
		}
	}
	return programProto(row.ID, row.Version, row.Value), takeGames(ctx, u, st)
}

// sameRule reports whether two rules say the same, whatever their versions.
func sameRule(a, b earning.Rule) bool {
	return proto.Equal(ruleTermsProto(a), ruleTermsProto(b))
}

// sameTiers reports whether two versions say the same, whenever they are in force.
func sameTiers(a, b tables.TierVersion) bool {
	of := func(v tables.TierVersion) proto.Message {
		v.Structure.Version, v.Structure.From, v.SavedAt, v.Program = 0, 0, 0, ""
		return structureProto(v, 0)
	}
	return proto.Equal(of(a), of(b))
}

// sameReward reports whether two versions say the same.
func sameReward(a, b reward.Reward) bool {
	of := func(r reward.Reward) proto.Message {
		return rewardProto(store.Row[tables.Reward]{Value: tables.Reward{Reward: r}})
	}
	return proto.Equal(of(a), of(b))
}

func (s *Server) takeProgram(ctx context.Context, u *book.Unit, st step) (store.Row[tables.Program], error) {
	want := st.want.program
	row, event := st.row, "loyalty.program.changed"
	var err error
	switch {
	case row.ID == "":
		want.Version, want.CreatedAt, want.UpdatedAt = 1, u.Now, u.Now
		row, err = tables.Programs.Insert(ctx, u.Tx, st.program, want)
		event = "loyalty.program.created"
	case proto.Equal(setup{program: st.is.program}.document(), setup{program: want}.document()):
		return row, nil
	default:
		p := &row.Value
		p.DisplayName, p.Wallets, p.TimeZone, p.ReserveMinutes, p.Returned = want.DisplayName, want.Wallets, want.TimeZone, want.ReserveMinutes, want.Returned
		p.Points = want.Points
		p.UpdatedAt = u.Now
		p.Version++
		row, err = tables.Programs.Put(ctx, u.Tx, row)
	}
	if err != nil {
		return row, err
	}
	return row, s.noteProgram(ctx, u, row, event)
}

// takeRule makes a rule, or a further version of it: of one that is archived too.
func takeRule(ctx context.Context, u *book.Unit, programID string, rule earning.Rule) error {
	name := programID + "/" + rule.ID
	row, err := tables.Rules.GetForUpdate(ctx, u.Tx, name)
	event := "loyalty.rule.changed"
	switch {
	case store.IsNotFound(err):
		rule.Version, event = 1, "loyalty.rule.created"
		row.Value = tables.Rule{Rule: rule, SavedAt: u.Now}
		_, err = tables.Rules.Insert(ctx, u.Tx, name, row.Value)
	case err == nil:
		row.Value = row.Value.With(rule, false)
		row.Value.SavedAt = u.Now
		_, err = tables.Rules.Put(ctx, u.Tx, row)
	}
	if err != nil {
		return err
	}
	return noteRule(ctx, u, programID, row.Value, event)
}

// takeTiers makes a structure, or a further version of it, in force at once.
func (s *Server) takeTiers(ctx context.Context, u *book.Unit, programID string, want, is tables.TierVersion) error {
	name := programID + "/" + want.Structure.ID
	row, err := tables.TierStructures.GetForUpdate(ctx, u.Tx, name)
	if err != nil && !store.IsNotFound(err) {
		return err
	}
	fresh := err != nil
	want.Structure.From = 0
	if err := s.start(&want.Structure, u.Now, is.Structure.From); err != nil {
		return err
	}
	if fresh {
		row, err = tables.TierStructures.Insert(ctx, u.Tx, name, tables.TierStructure{Wallet: want.Wallet, Version: 1})
	} else {
		row.Value.Version++
		row, err = tables.TierStructures.Put(ctx, u.Tx, row)
	}
	if err != nil {
		return err
	}
	want.Program, want.SavedAt, want.Structure.Version = programID, u.Now, row.Value.Version
	_, err = s.saveTiers(ctx, u, row, want)
	return err
}

// takeReward makes a reward, or a further version of it. One that was archived comes back.
func (s *Server) takeReward(ctx context.Context, u *book.Unit, name string, want rewardSetup, event string) error {
	row, err := tables.Rewards.GetForUpdate(ctx, u.Tx, name)
	switch {
	case store.IsNotFound(err):
		event = "loyalty.reward.created"
		row, err = tables.Rewards.Insert(ctx, u.Tx, name, tables.Reward{Reward: want.Reward, Version: 1, CreatedAt: u.Now, UpdatedAt: u.Now})
	case err == nil && !sameReward(row.Value.Reward, want.Reward):
		row.Value.Reward, row.Value.UpdatedAt = want.Reward, u.Now
		row.Value.Version++
		row, err = tables.Rewards.Put(ctx, u.Tx, row)
	case err == nil:
		event = ""
	}
	if err != nil {
		return err
	}
	if event != "" {
		if err := s.noteReward(ctx, u, row, event); err != nil {
			return err
		}
	}
	is, err := limited(ctx, u.Tx, name)
	if err != nil || is == want.limited {
		return err
	}
	none := int64(0)
	change := &loyaltyv1.RestockRewardRequest{Unlimited: true}
	if want.limited {
		change = &loyaltyv1.RestockRewardRequest{Left: &none}
	}
	_, err = restock(ctx, u, name, change)
	return err
}
