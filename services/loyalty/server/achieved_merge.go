package server

import (
	"context"
	"encoding/json"

	"renown.example/kit/store"
	"renown.example/loyalty/achievement"
	"renown.example/loyalty/tables"
)

// unite makes one way to a goal of those of two members who became one, and one list of what they have earned. Nothing is taken from them for it: where both had
// reached the same, the points of both stay.
func (a *achieving) unite(ctx context.Context, e tables.Entry, goals []store.Row[tables.Achievement]) error {
	var f merged
	if err := json.Unmarshal(e.Facts, &f); err != nil {
		return err
	}
	to, err := tables.Members.Get(ctx, a.tx, f.Into)
	if err != nil || to.Value.State == tables.MemberErased {
		return err
	}
	for _, goal := range goals {
		if err := a.uniteGoal(ctx, f.From, to, goal.Value); err != nil {
			return err
		}
	}
	return nil
}

func (a *achieving) uniteGoal(ctx context.Context, from string, to store.Row[tables.Member], v tables.Achievement) error {
	other, err := tables.AchievementStates.GetForUpdate(ctx, a.tx, from+"/"+v.ID)
	if err != nil {
		return orNil(err, store.IsNotFound(err))
	}
	if err := tables.AchievementStates.Delete(ctx, a.tx, other); err != nil {
		return err
	}
	zone, err := zoneOf(ctx, a.tx, v.Program)
	if err != nil {
		return err
	}
	spare, err := a.moveEarned(ctx, from, to.ID, v.ID)
	if err != nil {
		return err
	}
	var all []achievement.Reached
	err = a.keep(ctx, to.ID, v, func(s achievement.State) achievement.State {
		s = s.Unite(v.Goal, other.Value)
		all = s.All(v.Goal, zone.DateOf(to.Value.EnrolledAt))
		return s
	})
	if err != nil {
		return err
	}
	for _, r := range all {
		spare, err = a.cover(ctx, to.ID, v, r, spare)
		if err != nil {
			return err
		}
		if err := a.award(ctx, zone, to, v, r); err != nil {
			return err
		}
	}
	return nil
}

// moveEarned makes what one member has earned that of another, and returns what the other has too: it stands for what both reach together.
func (a *achieving) moveEarned(ctx context.Context, from, to, id string) (spare []tables.EarnedAchievement, err error) {
	rows, err := a.earned(ctx, from, id)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if err := tables.EarnedAchievements.Delete(ctx, a.tx, row); err != nil {
			return nil, err
		}
		if row.Value.UndoneAt != 0 {
			continue
		}
		row.Value.Member = to
		taken, err := a.put(ctx, row.Value)
		if err != nil {
			return nil, err
		}
		if taken {
			spare = append(spare, row.Value)
		}
	}
	return spare, nil
}

// earned is all that a member has earned by an achievement.
func (a *achieving) earned(ctx context.Context, member, id string) (out []store.Row[tables.EarnedAchievement], err error) {
	for q := (store.Query{From: tables.EarnedID(member, id, ""), Before: member + "/" + id + "0"}); ; {
		page, err := tables.EarnedAchievements.Find(ctx, a.tx, q)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Rows...)
		if q.After = page.Next; q.After == "" {
			return out, nil
		}
	}
}

// put keeps what was earned, unless the member has earned the same.
func (a *achieving) put(ctx context.Context, e tables.EarnedAchievement) (taken bool, err error) {
	name := tables.EarnedID(e.Member, e.Achievement, e.Key)
	row, err := tables.EarnedAchievements.GetForUpdate(ctx, a.tx, name)
	switch {
	case store.IsNotFound(err):
		_, err = tables.EarnedAchievements.Insert(ctx, a.tx, name, e)
		return false, err
	case err != nil || row.Value.UndoneAt == 0:
		return true, err
	}
	// The number goes on, so that no later time takes a name that is taken.
	e.Times += row.Value.Times
	row.Value = e
	_, err = tables.EarnedAchievements.Put(ctx, a.tx, row)
	return false, err
}

// cover lets what was earned twice stand for a further time.
func (a *achieving) cover(ctx context.Context, member string, v tables.Achievement, r achievement.Reached, spare []tables.EarnedAchievement) ([]tables.EarnedAchievement, error) {
	if len(spare) == 0 {
		return nil, nil
	}
	e := spare[0]
	e.Key, e.On = r.Key, r.On
	taken, err := a.put(ctx, e)
	if taken {
		return spare, err
	}
	return spare[1:], err
}

// forgetAchievements takes away what is kept of a member's ways and of what was earned.
func forgetAchievements(ctx context.Context, tx store.Writer, member string) error {
	for q := (store.Query{From: member + "/", Before: member + "0"}); ; {
		page, err := tables.AchievementStates.Find(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, row := range page.Rows {
			if err := tables.AchievementStates.Delete(ctx, tx, row); err != nil {
				return err
			}
		}
		if len(page.Rows) == 0 {
			break
		}
	}
	for q := (store.Query{From: member + "/", Before: member + "0"}); ; {
		page, err := tables.EarnedAchievements.Find(ctx, tx, q)
		if err != nil || len(page.Rows) == 0 {
			return err
		}
		for _, row := range page.Rows {
			if err := tables.EarnedAchievements.Delete(ctx, tx, row); err != nil {
				return err
			}
		}
	}
}
