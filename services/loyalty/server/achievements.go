package server

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/achievement"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostAchievements bounds how many achievements a programme has.
const mostAchievements = 100

var (
	achievementKinds = map[loyaltyv1.AchievementKind]achievement.Kind{
		loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_CHALLENGE: achievement.Challenge, loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_STREAK: achievement.Streak,
	}
	achievementMeasures = map[loyaltyv1.AchievementMeasure]achievement.Measure{
		loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_TIMES:  achievement.Times,
		loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_DAYS:   achievement.OnDays,
		loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_AMOUNT: achievement.Amount,
	}
	achievementRecurrences = map[loyaltyv1.AchievementRecurrence]achievement.Recurrence{
		loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_ONCE:   achievement.Once,
		loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_PERIOD: achievement.PerPeriod,
		loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_ALWAYS: achievement.EveryTime,
	}
	achievementWindows = map[loyaltyv1.AchievementWindow]calendar.Unit{
		loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_UNSPECIFIED: "", loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_DAY: calendar.Day,
		loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_WEEK: calendar.Week, loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_MONTH: calendar.Month,
		loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_QUARTER: calendar.Quarter, loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_YEAR: calendar.Year,
		loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_ANNIVERSARY: calendar.Anniversary, loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_ROLLING: calendar.Rolling,
	}
	achievementKindsToProto, achievementMeasuresToProto      = inverse(achievementKinds), inverse(achievementMeasures)
	achievementRecurrencesToProto, achievementWindowsToProto = inverse(achievementRecurrences), inverse(achievementWindows)
)

// goalFrom reads a goal from a request.
func goalFrom(in *loyaltyv1.AchievementGoal) (achievement.Goal, error) {
	g := achievement.Goal{
		Kind: achievementKinds[in.GetKind()], Trigger: achievement.Trigger{Type: in.GetTrigger(), Category: in.GetCategory(), LeastAmount: in.GetLeastAmount()},
		Measure: achievementMeasures[in.GetMeasure()], Target: in.GetTarget(), Window: calendar.Period{Unit: achievementWindows[in.GetWindow()]}, Least: in.GetLeast(),
		Repeat: achievementRecurrences[in.GetRecurrence()],
	}
	if g.Kind == achievement.Streak {
		g.Least = max(g.Least, 1)
	}
	var err error
	if text := in.GetWindowLength(); text != "" {
		if g.Window.Span, err = calendar.ParseSpan("goal.windowLength", text); err != nil {
			return g, err
		}
		if g.Window.Unit == "" {
			return g, fault.Invalid("goal.windowLength", "only a rolling window has a length")
		}
	}
	if g.From, err = instant("goal.fromTime", in.GetFromTime()); err != nil {
		return g, err
	}
	if g.Until, err = instant("goal.untilTime", in.GetUntilTime()); err != nil {
		return g, err
	}
	return g, renamed(g.Validate("goal"), goalPaths)
}

// goalPaths are the fields of the API for the paths of a goal that have another name there.
var goalPaths = map[string]string{
	"goal.trigger.type": "goal.trigger", "goal.trigger.leastAmount": "goal.leastAmount", "goal.trigger.category": "goal.category", "goal.repeat": "goal.recurrence",
	"goal.from": "goal.fromTime", "goal.until": "goal.untilTime", "goal.window.unit": "goal.window", "goal.window.span": "goal.windowLength",
}

// renamed gives the fields of a refusal the names that they have in requests.
func renamed(err error, paths map[string]string) error {
	e, ok := fault.As(err)
	if !ok {
		return err
	}
	for i, f := range e.Fields {
		e.Fields[i].Path = cmp.Or(paths[f.Path], f.Path)
		e.Message = fmt.Sprintf("%s: %s", e.Fields[i].Path, f.Message)
	}
	return e
}

// achievementRequest is what both making and changing an achievement say.
type achievementRequest interface {
	GetDisplayName() string
	GetDescription() string
	GetBadge() string
	GetWallet() string
	GetPoints() int64
	GetLife() string
}

// describe sets what a request says of an achievement but for its goal.
func describe(v *tables.Achievement, p tables.Program, req achievementRequest) error {
	v.DisplayName, v.Description, v.Badge = strings.TrimSpace(req.GetDisplayName()), strings.TrimSpace(req.GetDescription()), strings.TrimSpace(req.GetBadge())
	v.Points, v.Life = req.GetPoints(), calendar.Life{}
	var err error
	if v.Wallet, err = walletOf(p, req.GetWallet()); err != nil || req.GetLife() == "" {
		return err
	}
	v.Life, err = calendar.ParseLife("life", req.GetLife())
	return err
}

func achievementName(program, achievement string) string {
	return "programs/" + program + "/achievements/" + achievement
}

func achievementProto(row store.Row[tables.Achievement]) *loyaltyv1.Achievement {
	v, g := row.Value, row.Value.Goal
	out := &loyaltyv1.Achievement{
		Name: achievementName(v.Program, v.ID), DisplayName: v.DisplayName, Description: v.Description, Badge: v.Badge, Wallet: v.Wallet, Points: v.Points,
		Version: int32(v.Version), CreateTime: timestamp(v.CreatedAt), UpdateTime: timestamp(v.UpdatedAt), ArchiveTime: timestamp(v.ArchivedAt), Etag: etag(row.Version),
		Goal: &loyaltyv1.AchievementGoal{
			Kind: achievementKindsToProto[g.Kind], Trigger: g.Trigger.Type, Category: g.Trigger.Category, LeastAmount: g.Trigger.LeastAmount,
			Measure: achievementMeasuresToProto[g.Measure], Target: g.Target, Window: achievementWindowsToProto[g.Window.Unit], Least: g.Least,
			Recurrence: achievementRecurrencesToProto[g.Repeat], FromTime: timestamp(g.From), UntilTime: timestamp(g.Until),
		},
	}
	if !g.Window.Span.IsZero() {
		out.Goal.WindowLength = g.Window.Span.String()
	}
	if v.Life.Kind != "" {
		out.Life = v.Life.String()
	}
	return out
}

// CreateAchievement adds an achievement.
func (s *Server) CreateAchievement(ctx context.Context, req *loyaltyv1.CreateAchievementRequest) (*loyaltyv1.CreateAchievementResponse, error) {
	goal, err := goalFrom(req.GetGoal())
	if err != nil {
		return nil, err
	}
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CreateAchievementResponse, error) {
		p, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		v := tables.Achievement{Program: req.GetProgram(), ID: req.GetAchievementId(), Goal: goal, Version: 1, CreatedAt: u.Now, UpdatedAt: u.Now}
		if err := describe(&v, p.Value, req); err != nil {
			return nil, err
		}
		name := tables.AchievementID(v.Program, v.ID)
		switch _, err := tables.Achievements.GetForUpdate(ctx, u.Tx, name); {
		case err == nil:
			return nil, fault.AlreadyExists.New("The programme has an achievement %q already.", v.ID).
				With(fault.Field{Path: "achievementId", Message: "Another achievement has this id."})
		case !store.IsNotFound(err):
			return nil, err
		}
		if n, err := tables.Achievements.Count(ctx, u.Tx, store.Query{From: v.Program + "/", Before: v.Program + "0"}); err != nil || n >= mostAchievements {
			return nil, orLimit(err, "A programme has at most %d achievements.", mostAchievements)
		}
		row, err := tables.Achievements.Insert(ctx, u.Tx, name, v)
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.CreateAchievementResponse{Achievement: achievementProto(row)}, noteAchievement(ctx, u, row, "loyalty.achievement.created")
	})
}

// noteAchievement keeps a version and tells of it.
func noteAchievement(ctx context.Context, u *book.Unit, row store.Row[tables.Achievement], event string) error {
	if _, err := tables.AchievementVersions.Insert(ctx, u.Tx, fmt.Sprintf("%s@%d", row.ID, row.Value.Version), row.Value); err != nil {
		return err
	}
	facts, err := book.Facts(row.Value)
	u.Record(tables.Entry{Type: event, Subject: achievementName(row.Value.Program, row.Value.ID), Program: row.Value.Program, Facts: facts})
	if err != nil {
		return err
	}
	return keepRevision(ctx, u, row.Value.Program, "/achievements/"+row.Value.ID, int64(row.Value.Version), event)
}

// findAchievement reads an achievement by get, which is Get or GetForUpdate.
func findAchievement(row store.Row[tables.Achievement], err error, program, achievement string) (store.Row[tables.Achievement], error) {
	if store.IsNotFound(err) {
		err = fault.NotFound.New("There is no achievement %q in the programme %q.", achievement, program)
	}
	return row, err
}

// changeAchievement makes a further version of an achievement.
func changeAchievement(
	ctx context.Context, u *book.Unit, program, id, given, event string, change func(v *tables.Achievement) error,
) (*loyaltyv1.Achievement, error) {
	row, err := tables.Achievements.GetForUpdate(ctx, u.Tx, tables.AchievementID(program, id))
	if row, err = findAchievement(row, err, program, id); err != nil {
		return nil, err
	}
	if err := checkEtag(given, row.Version); err != nil {
		return nil, err
	}
	if row.Value.ArchivedAt != 0 {
		return nil, fault.IllegalState.New("The achievement %q is archived.", id)
	}
	if err := change(&row.Value); err != nil {
		return nil, err
	}
	row.Value.Version, row.Value.UpdatedAt = row.Value.Version+1, u.Now
	if row, err = tables.Achievements.Put(ctx, u.Tx, row); err != nil {
		return nil, err
	}
	return achievementProto(row), noteAchievement(ctx, u, row, event)
}

// UpdateAchievement changes what an achievement is called and what it brings.
func (s *Server) UpdateAchievement(ctx context.Context, req *loyaltyv1.UpdateAchievementRequest) (*loyaltyv1.UpdateAchievementResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.UpdateAchievementResponse, error) {
		p, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		out, err := changeAchievement(ctx, u, req.GetProgram(), req.GetAchievement(), req.GetEtag(), "loyalty.achievement.changed", func(v *tables.Achievement) error {
			return describe(v, p.Value, req)
		})
		return &loyaltyv1.UpdateAchievementResponse{Achievement: out}, err
	})
}

// ArchiveAchievement ends an achievement.
func (s *Server) ArchiveAchievement(ctx context.Context, req *loyaltyv1.ArchiveAchievementRequest) (*loyaltyv1.ArchiveAchievementResponse, error) {
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.ArchiveAchievementResponse, error) {
		out, err := changeAchievement(ctx, u, req.GetProgram(), req.GetAchievement(), "", "loyalty.achievement.archived", archive(u))
		return &loyaltyv1.ArchiveAchievementResponse{Achievement: out}, err
	})
}

func archive(u *book.Unit) func(v *tables.Achievement) error {
	return func(v *tables.Achievement) error {
		v.ArchivedAt = u.Now
		return nil
	}
}

// GetAchievement returns an achievement.
func (s *Server) GetAchievement(ctx context.Context, req *loyaltyv1.GetAchievementRequest) (*loyaltyv1.GetAchievementResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetAchievementResponse, error) {
		row, err := tables.Achievements.Get(ctx, tx, tables.AchievementID(req.GetProgram(), req.GetAchievement()))
		if row, err = findAchievement(row, err, req.GetProgram(), req.GetAchievement()); err != nil {
			return nil, err
		}
		return &loyaltyv1.GetAchievementResponse{Achievement: achievementProto(row)}, nil
	})
}

// achievementsOf are the achievements of a programme by id.
func achievementsOf(ctx context.Context, tx store.Reader, program string) ([]store.Row[tables.Achievement], error) {
	page, err := tables.Achievements.Find(ctx, tx, store.Query{From: program + "/", Before: program + "0", Limit: mostAchievements})
	return page.Rows, err
}

// ListAchievements lists the achievements of a programme.
func (s *Server) ListAchievements(ctx context.Context, req *loyaltyv1.ListAchievementsRequest) (*loyaltyv1.ListAchievementsResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListAchievementsResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		rows, err := achievementsOf(ctx, tx, req.GetProgram())
		resp := &loyaltyv1.ListAchievementsResponse{}
		for _, row := range rows {
			resp.Achievements = append(resp.Achievements, achievementProto(row))
		}
		return resp, err
	})
}
