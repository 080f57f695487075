package server

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/achievement"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
)

// keptDays is how long a day can still change: an order is usually recorded within 400 days, and may come back for a year after that.
const keptDays = 800

// achieved is what the events of an achievement tell.
type achieved struct {
	Achievement string        `json:"achievement"`
	Version     int           `json:"version"`
	Key         string        `json:"key"`
	On          calendar.Date `json:"day"`
	Wallet      string        `json:"wallet,omitempty"`
	Points      int64         `json:"points,omitempty"`
	// Forgiven are points that were not taken back because they had been spent.
	Forgiven int64 `json:"forgiven,omitempty"`
	Entry    int64 `json:"entry,omitempty"`
}

// achieving is one batch of the journal on its way into achievements.
type achieving struct {
	*Server
	tx store.Writer
	of map[string][]store.Row[tables.Achievement]
}

// entry looks at an entry of the journal.
func (a *achieving) entry(ctx context.Context, e tables.Entry, d *done) error {
	goals, err := a.goals(ctx, e.Program)
	switch {
	case err != nil || len(goals) == 0:
		return err
	case e.Type == eventMerged && e.Tx == nil:
		return a.unite(ctx, e, goals)
	case d != nil:
		return a.count(ctx, d, goals)
	}
	return nil
}

// goals are the achievements of a programme. Archived ones are among them: returns still undo them.
func (a *achieving) goals(ctx context.Context, program string) ([]store.Row[tables.Achievement], error) {
	if known, ok := a.of[program]; ok || program == "" {
		return known, nil
	}
	rows, err := achievementsOf(ctx, a.tx, program)
	a.of[program] = rows
	return rows, err
}

// count adds what a member did to the goals that it counts for.
func (a *achieving) count(ctx context.Context, d *done, goals []store.Row[tables.Achievement]) error {
	m, err := tables.Members.Get(ctx, a.tx, d.member)
	if err != nil || m.Value.State == tables.MemberErased {
		return err
	}
	for _, row := range goals {
		v := row.Value
		if !v.CountsRecorded(d.recordedAt) {
			continue
		}
		count := int64(0)
		if d.after != nil {
			count += v.Goal.Counts(*d.after)
		}
		if d.before != nil {
			count -= v.Goal.Counts(*d.before)
		}
		if count == 0 {
			continue
		}
		if err := a.add(ctx, m, v, d.because(), achievement.Day{Date: d.on, Count: count}); err != nil {
			return err
		}
	}
	return nil
}

// add adds what was counted on a day to a member's way to a goal, and gives and takes what follows.
func (a *achieving) add(ctx context.Context, m store.Row[tables.Member], v tables.Achievement, why because, d achievement.Day) error {
	zone, err := zoneOf(ctx, a.tx, v.Program)
	if err != nil {
		return err
	}
	anchor := zone.DateOf(m.Value.EnrolledAt)
	var change achievement.Change
	err = a.keep(ctx, m.ID, v, func(before achievement.State) (after achievement.State) {
		after, change = before.Add(v.Goal, anchor, d.Date, d.Count)
		return after.Close(v.Goal, anchor, zone.DateOf(a.now()).AddDays(-keptDays))
	})
	if err != nil {
		return err
	}
	for _, r := range change.Undone {
		if err := a.takeAway(ctx, m, v, r.Key, why); err != nil {
			return err
		}
	}
	for _, r := range change.Reached {
		if err := a.award(ctx, zone, m, v, r); err != nil {
			return err
		}
	}
	return nil
}

// keep changes what is kept of a member's way to a goal.
func (a *achieving) keep(ctx context.Context, member string, v tables.Achievement, change func(achievement.State) achievement.State) error {
	name := member + "/" + v.ID
	row, err := tables.AchievementStates.GetForUpdate(ctx, a.tx, name)
	if store.IsNotFound(err) {
		_, err = tables.AchievementStates.Insert(ctx, a.tx, name, change(achievement.State{}))
		return err
	}
	if err != nil {
		return err
	}
	row.Value = change(row.Value)
	_, err = tables.AchievementStates.Put(ctx, a.tx, row)
	return err
}

// award gives a member what an achievement brings, unless this time of it is given already.
func (a *achieving) award(ctx context.Context, zone calendar.Zone, m store.Row[tables.Member], v tables.Achievement, r achievement.Reached) error {
	row, err := tables.EarnedAchievements.GetForUpdate(ctx, a.tx, tables.EarnedID(m.ID, v.ID, r.Key))
	fresh := store.IsNotFound(err)
	if err != nil && !fresh || !fresh && row.Value.UndoneAt == 0 {
		return orNil(err, fresh)
	}
	return book.Run(ctx, a.books, a.tx, func(ctx context.Context, u *book.Unit) error {
		e := tables.EarnedAchievement{Program: v.Program, Member: m.ID, Achievement: v.ID, Key: r.Key, On: r.On, Version: v.Version, Points: v.Points, At: u.Now, Times: row.Value.Times + 1}
		told := achieved{Achievement: v.ID, Version: v.Version, Key: r.Key, On: r.On}
		if v.Points > 0 {
			if err := a.pay(ctx, u, zone, m, v, &e, &told); err != nil {
				return err
			}
		}
		entry := u.Record(tables.Entry{
			Type: "loyalty.achievement.earned", Subject: achievementName(v.Program, v.ID), Program: v.Program, Member: m.ID, Source: earnedSource(v, r.Key),
		})
		var err error
		if entry.Facts, err = book.Facts(told); err != nil {
			return err
		}
		// The name is taken once, whoever follows the journal.
		u.Name(entry, fmt.Sprintf("%s/%s/%s/%d", achievementName(v.Program, v.ID), m.ID, r.Key, e.Times))
		if fresh {
			_, err = tables.EarnedAchievements.Insert(ctx, a.tx, tables.EarnedID(m.ID, v.ID, r.Key), e)
			return err
		}
		row.Value = e
		_, err = tables.EarnedAchievements.Put(ctx, a.tx, row)
		return err
	})
}

func orNil(err error, missing bool) error {
	if missing {
		return nil
	}
	return err
}

func earnedSource(v tables.Achievement, key string) string {
	return "achievements/" + v.ID + "/" + key
}

// pay gives the points.
func (a *achieving) pay(
	ctx context.Context, u *book.Unit, zone calendar.Zone, m store.Row[tables.Member], v tables.Achievement, e *tables.EarnedAchievement, told *achieved,
) error {
	to, err := findMember(ctx, u.Tx, v.Program, m.ID) // whoever has the points of a member who was merged
	if err != nil {
		return err
	}
	w, err := openOrCreate(ctx, u, to, v.Wallet)
	if err != nil {
		return err
	}
	rule := fmt.Sprintf("achievements/%s@%d", v.ID, v.Version)
	p, err := program(ctx, u.Tx, v.Program)
	if err != nil {
		return err
	}
	lot := ledger.NewLot{Points: v.Points, Rule: rule, Policy: rule, Source: earnedSource(v, e.Key), From: ledger.IssuanceOf("achievements/" + v.ID)}
	if err := livesFrom(&lot, v.Life, v.Program, p.Value, zone, u.Now); err != nil {
		return err
	}
	tx, err := w.Book.Issue(ledger.Step{Now: u.Now, Idle: active(p.Value, u.Now)}, ledger.KindAccrue, []ledger.NewLot{lot})
	if err != nil {
		return book.Refused(err)
	}
	e.Account, e.Entry, e.At = w.ID, tx.Seq, tx.EffectiveAt
	told.Wallet, told.Points, told.Entry = v.Wallet, v.Points, tx.Seq
	entry := u.Post(w, tx)
	entry.Source = lot.Source
	entry.Facts, err = book.Facts(told)
	return err
}

// takeAway takes back what an achievement brought that is there no more.
func (a *achieving) takeAway(ctx context.Context, m store.Row[tables.Member], v tables.Achievement, key string, why because) error {
	row, err := tables.EarnedAchievements.GetForUpdate(ctx, a.tx, tables.EarnedID(m.ID, v.ID, key))
	if err != nil || row.Value.UndoneAt != 0 {
		return orNil(err, store.IsNotFound(err))
	}
	return book.Run(ctx, a.books, a.tx, func(ctx context.Context, u *book.Unit) error {
		e := row.Value
		told := achieved{Achievement: v.ID, Version: e.Version, Key: key, On: e.On}
		if e.Points > 0 {
			if err := unpay(ctx, u, v, e, why, &told); err != nil {
				return err
			}
		}
		row.Value.UndoneAt = u.Now
		if _, err := tables.EarnedAchievements.Put(ctx, a.tx, row); err != nil {
			return err
		}
		entry := u.Record(tables.Entry{
			Type: "loyalty.achievement.undone", Subject: achievementName(v.Program, v.ID), Program: v.Program, Member: m.ID, Source: earnedSource(v, key),
		})
		entry.Facts, err = book.Facts(told)
		return err
	})
}

// unpay takes the points back, first from the lot that they came in.
func unpay(ctx context.Context, u *book.Unit, v tables.Achievement, e tables.EarnedAchievement, why because, told *achieved) error {
	member, wallet, _ := cutAccount(e.Account)
	w, err := u.Open(ctx, v.Program, member, wallet)
	if err != nil {
		return err
	}
	taken, err := takeGiven(ctx, u, w, e.Account, e.Entry, e.Points, why.policy)
	if err != nil {
		return err
	}
	told.Wallet, told.Points, told.Forgiven, told.Entry = wallet, e.Points-taken.forgiven, taken.forgiven, taken.tx.Seq
	entry := u.Post(w, taken.tx)
	entry.Source = earnedSource(v, e.Key)
	// For tiers the points never were from the day on which they were given.
	entry.Counts = &tables.Counts{At: e.At}
	noted, err := why.forgo(ctx, u, entry, taken.forgiven)
	if err != nil {
		return err
	}
	if noted == (forgone{}) {
		entry.Facts, err = book.Facts(told)
	} else {
		entry.Facts, err = book.Facts(struct {
			achieved
			forgone
		}{*told, noted})
	}
	return err
}

// retaken is what came of taking points back: the step, how many were let go, and when the points had been issued.
type retaken struct {
	tx       ledger.Transaction
	forgiven int64
	issued   clock.Millis
}

// takeGiven takes points back that an entry gave, first from the lot that they came in.
func takeGiven(ctx context.Context, u *book.Unit, w *book.Work, account string, number, points int64, policy ledger.Reach) (retaken, error) {
	row, err := tables.Journal.Get(ctx, u.Tx, book.EntryID(account, number))
	if err != nil {
		return retaken{}, err
	}
	given, err := lotsGiven(w, row.Value)
	if err != nil {
		return retaken{}, err
	}
	// Where the members of a gift became one, both their lots are found: each gift takes its own first.
	slices.SortStableFunc(given, func(a, b spot) int { return cmp.Compare(abs(a.lot.Points-points), abs(b.lot.Points-points)) })
	var from []ledger.Take
	for _, at := range given {
		if at.lot.Open > 0 {
			from = append(from, ledger.Take{LotRef: at.ref, Points: at.lot.Open})
		}
	}
	tx, met, err := w.Book.Reverse(ledger.Step{Now: u.Now}, from, points, policy)
	return retaken{tx, met.Forgiven, row.Value.Tx.EffectiveAt}, book.Refused(err)
}

func abs(n int64) int64 { return max(n, -n) }
