package server

import (
	"context"
	"fmt"

	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/loyalty/achievement"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostEarned bounds how many times of one achievement are shown.
const mostEarned = 20

// ListMemberAchievements says how far a member has come.
func (s *Server) ListMemberAchievements(ctx context.Context, req *loyaltyv1.ListMemberAchievementsRequest) (*loyaltyv1.ListMemberAchievementsResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListMemberAchievementsResponse, error) {
		asked, err := s.asMember(ctx, tx, req.GetProgram(), req.GetMember())
		if err != nil {
			return nil, err
		}
		m, err := findMember(ctx, tx, req.GetProgram(), asked)
		if err != nil {
			return nil, err
		}
		zone, err := zoneOf(ctx, tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		rows, err := achievementsOf(ctx, tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListMemberAchievementsResponse{}
		for _, row := range rows {
			one, err := s.memberAchievement(ctx, tx, zone, m, row)
			if err != nil {
				return nil, err
			}
			if row.Value.ArchivedAt == 0 || len(one.GetEarned()) > 0 {
				resp.Achievements = append(resp.Achievements, one)
			}
		}
		resp.ThroughSequence, err = outbox.PositionOf(ctx, tx, activityFollower)
		return resp, err
	})
}

// zoneOf is the time zone of a programme.
func zoneOf(ctx context.Context, tx store.Reader, programID string) (calendar.Zone, error) {
	p, err := program(ctx, tx, programID)
	if err != nil {
		return calendar.Zone{}, err
	}
	return calendar.LoadZone("timeZone", p.Value.TimeZone)
}

// memberAchievement is how far a member has come with an achievement today.
func (s *Server) memberAchievement(
	ctx context.Context, tx store.Reader, zone calendar.Zone, m store.Row[tables.Member], row store.Row[tables.Achievement],
) (*loyaltyv1.MemberAchievement, error) {
	v := row.Value
	state, err := tables.AchievementStates.Get(ctx, tx, m.ID+"/"+v.ID)
	if err != nil && !store.IsNotFound(err) {
		return nil, err
	}
	anchor := zone.DateOf(m.Value.EnrolledAt)
	p := state.Value.Progress(v.Goal, anchor, zone.DateOf(s.now()))
	out := &loyaltyv1.MemberAchievement{
		Achievement: achievementName(v.Program, v.ID), DisplayName: v.DisplayName, Description: v.Description, Badge: v.Badge, Done: p.Done, Value: p.Value, Target: p.Target,
		By: p.By.String(), Over: p.Over,
	}
	page, err := tables.EarnedAchievements.Find(ctx, tx, store.Query{Index: "by_time", Equal: []any{m.ID, v.ID}, Descending: true})
	if err != nil {
		return nil, err
	}
	days := reachedOn(v.Goal, anchor, state.Value)
	for _, e := range page.Rows {
		if day, open := days[e.Value.Key]; open {
			e.Value.On = day
		}
		if e.Value.UndoneAt == 0 && len(out.GetEarned()) < mostEarned {
			out.Earned = append(out.Earned, earnedProto(v.Program, e.Value))
		}
	}
	return out, nil
}

// reachedOn are the days on which a goal was reached, by all that is known today, for each key that can still change.
func reachedOn(g achievement.Goal, anchor calendar.Date, s achievement.State) map[string]calendar.Date {
	days := map[string]calendar.Date{}
	for _, r := range s.All(g, anchor) {
		days[r.Key] = r.On
	}
	return days
}

// ListEarnedAchievements lists who has reached an achievement.
func (s *Server) ListEarnedAchievements(ctx context.Context, req *loyaltyv1.ListEarnedAchievementsRequest) (*loyaltyv1.ListEarnedAchievementsResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "by_achievement", Equal: []any{req.GetProgram(), req.GetAchievement()}, Descending: true}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListEarnedAchievementsResponse, error) {
		row, err := tables.Achievements.Get(ctx, tx, tables.AchievementID(req.GetProgram(), req.GetAchievement()))
		if row, err = findAchievement(row, err, req.GetProgram(), req.GetAchievement()); err != nil {
			return nil, err
		}
		zone, err := zoneOf(ctx, tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		p, err := tables.EarnedAchievements.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListEarnedAchievementsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, e := range p.Rows {
			if e.Value.UndoneAt != 0 {
				continue
			}
			m, err := tables.Members.Get(ctx, tx, e.Value.Member)
			if err != nil {
				return nil, err
			}
			state, err := tables.AchievementStates.Get(ctx, tx, m.ID+"/"+row.Value.ID)
			if err != nil && !store.IsNotFound(err) {
				return nil, err
			}
			if day, open := reachedOn(row.Value.Goal, zone.DateOf(m.Value.EnrolledAt), state.Value)[e.Value.Key]; open {
				e.Value.On = day
			}
			resp.Earned = append(resp.Earned, earnedProto(req.GetProgram(), e.Value))
		}
		return resp, nil
	})
}

func earnedProto(program string, e tables.EarnedAchievement) *loyaltyv1.EarnedAchievement {
	out := &loyaltyv1.EarnedAchievement{Key: e.Key, Day: e.On.String(), EarnTime: timestamp(e.At), Points: e.Points, Member: memberName(program, e.Member)}
	if member, wallet, ok := cutAccount(e.Account); ok && e.Entry != 0 {
		out.Entry = fmt.Sprintf("%s/entries/%s-%d", memberName(program, member), wallet, e.Entry)
	}
	return out
}
