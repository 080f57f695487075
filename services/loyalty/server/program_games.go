package server

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// games are what a set-up says beyond what points are earned and spent by: what members can reach, and what they are given for friends.
type games struct {
	achievements map[string]tables.Achievement
	referrals    *tables.ReferralTerms // nil if nothing is given
}

// gamesAt reads them as they were at an instant.
func (s *setup) gamesAt(ctx context.Context, tx store.Reader, programID string, at clock.Millis) error {
	if err := versions(ctx, tx, tables.AchievementVersions, programID+"/", programID+"0", func(id string, v tables.Achievement) {
		if v.UpdatedAt <= at && v.Version > s.achievements[id].Version {
			s.achievements[id] = v
		}
	}); err != nil {
		return err
	}
	last := func(v tables.ReferralTerms) {
		if v.SavedAt <= at && (s.referrals == nil || v.Version > s.referrals.Version) {
			s.referrals = &v
		}
	}
	// Terms that were set before versions were kept are nowhere else.
	row, err := tables.ReferralTermsOf.Get(ctx, tx, programID)
	switch {
	case store.IsNotFound(err):
		return nil
	case err != nil:
		return err
	}
	last(row.Value)
	return versions(ctx, tx, tables.ReferralTermsVersions, programID+"@", programID+"A", func(_ string, v tables.ReferralTerms) { last(v) })
}

// into says in a document what they are.
func (g games) into(d *loyaltyv1.ProgramDocument) {
	for _, id := range sorted(g.achievements) {
		a := achievementProto(store.Row[tables.Achievement]{Value: g.achievements[id]})
		d.Achievements = append(d.Achievements, &loyaltyv1.ProgramAchievement{
			Id: id, DisplayName: a.GetDisplayName(), Description: a.GetDescription(), Badge: a.GetBadge(), Wallet: a.GetWallet(), Points: a.GetPoints(), Life: a.GetLife(),
			Goal: a.GetGoal(),
		})
	}
	if g.referrals != nil {
		d.Referrals = termsProto(*g.referrals)
		d.Referrals.Version = nil
	}
}

// after returns what they become after others. Terms cannot be taken away, since referrals that wait are decided by them: they are paused.
func (g games) after(is games) games {
	if g.referrals == nil && is.referrals != nil {
		paused := *is.referrals
		paused.Paused = true
		g.referrals = &paused
	}
	return g
}

// addGames reads them from a document.
func (s *setup) addGames(f *faults, d *loyaltyv1.ProgramDocument) {
	for i, a := range d.GetAchievements() {
		at := fmt.Sprintf("document.achievements[%d]", i)
		if _, twice := s.achievements[a.GetId()]; twice {
			f.add(at+".id", "%q stands twice", a.GetId())
		}
		v := tables.Achievement{ID: a.GetId()}
		f.under(at, describe(&v, s.program, a))
		var err error
		v.Goal, err = goalFrom(a.GetGoal())
		f.under(at, err)
		s.achievements[a.GetId()] = v
	}
	if d.GetReferrals() == nil {
		return
	}
	v, err := referralTermsOf(d.GetReferrals())
	f.under("document", ofReferrals(err))
	v.Wallet, err = walletOf(s.program, d.GetReferrals().GetWallet())
	f.under("document.referrals", err)
	s.referrals = &v
}

// ofReferrals gives the fields of a refusal of terms the names that they have in a document.
func ofReferrals(err error) error {
	e, ok := fault.As(err)
	if !ok {
		return err
	}
	for i, f := range e.Fields {
		e.Fields[i].Path = "referrals." + strings.TrimPrefix(f.Path, "terms.")
	}
	return e
}

// mayPlay refuses another goal for an achievement that there is, or was, and more achievements than a programme can have.
func (st step) mayPlay(ctx context.Context, tx store.Reader, f *faults, d *loyaltyv1.ProgramDocument) error {
	rows, err := achievementsOf(ctx, tx, st.program)
	if err != nil {
		return err
	}
	there := map[string]store.Row[tables.Achievement]{}
	for _, row := range rows {
		there[row.Value.ID] = row
	}
	all := len(there)
	for i, a := range d.GetAchievements() {
		row, known := there[a.GetId()]
		if !known {
			all++
			continue
		}
		if want := st.want.achievements[a.GetId()]; !proto.Equal(achievementProto(row).GetGoal(), achievementProto(store.Row[tables.Achievement]{Value: want}).GetGoal()) {
			f.add(fmt.Sprintf("document.achievements[%d].goal", i), "members have counted for another goal of %q, which stays: give another goal another id", a.GetId())
		}
	}
	if all > mostAchievements {
		return fault.LimitReached.New("A programme has at most %d achievements, archived ones included: it would have %d.", mostAchievements, all)
	}
	return nil
}

// takeGames writes what they are to be: a further version of whatever changes.
func takeGames(ctx context.Context, u *book.Unit, st step) error {
	for _, id := range sorted(st.want.achievements) {
		if is, there := st.is.achievements[id]; !there || !sameAchievement(is, st.want.achievements[id]) {
			if err := takeAchievement(ctx, u, st.program, st.want.achievements[id]); err != nil {
				return err
			}
		}
	}
	for _, id := range sorted(st.is.achievements) {
		if _, there := st.want.achievements[id]; there {
			continue
		}
		if _, err := changeAchievement(ctx, u, st.program, id, "", "loyalty.achievement.archived", archive(u)); err != nil {
			return err
		}
	}
	if st.want.referrals == nil || st.is.referrals != nil && sameReferrals(*st.is.referrals, *st.want.referrals) {
		return nil
	}
	_, err := saveReferralTerms(ctx, u, st.program, *st.want.referrals, nil)
	return err
}

// sameAchievement reports whether two versions say the same.
func sameAchievement(a, b tables.Achievement) bool {
	of := func(v tables.Achievement) proto.Message {
		var d loyaltyv1.ProgramDocument
		games{achievements: map[string]tables.Achievement{v.ID: v}}.into(&d)
		return &d
	}
	return proto.Equal(of(a), of(b))
}

// sameReferrals reports whether two versions say the same.
func sameReferrals(a, b tables.ReferralTerms) bool {
	a.Version, b.Version = 0, 0
	return proto.Equal(termsProto(a), termsProto(b))
}

// takeAchievement makes an achievement, or a further version of it. One that was archived comes back: what was recorded in between does not count.
func takeAchievement(ctx context.Context, u *book.Unit, programID string, want tables.Achievement) error {
	name := tables.AchievementID(programID, want.ID)
	row, err := tables.Achievements.GetForUpdate(ctx, u.Tx, name)
	event := "loyalty.achievement.changed"
	switch {
	case store.IsNotFound(err):
		event = "loyalty.achievement.created"
		want.Program, want.Version, want.CreatedAt, want.UpdatedAt = programID, 1, u.Now, u.Now
		row, err = tables.Achievements.Insert(ctx, u.Tx, name, want)
	case err == nil:
		v := &row.Value
		v.DisplayName, v.Description, v.Badge, v.Wallet, v.Points, v.Life = want.DisplayName, want.Description, want.Badge, want.Wallet, want.Points, want.Life
		if v.ArchivedAt != 0 {
			v.Away, v.ArchivedAt = append(v.Away, tables.Away{From: v.ArchivedAt, Until: u.Now}), 0
		}
		v.Version, v.UpdatedAt = v.Version+1, u.Now
		row, err = tables.Achievements.Put(ctx, u.Tx, row)
	}
	if err != nil {
		return err
	}
	return noteAchievement(ctx, u, row, event)
}
