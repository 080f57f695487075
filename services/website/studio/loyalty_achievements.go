package studio

import (
	"net/http"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// newAchievement is the id in the address of an achievement that is not there yet.
const newAchievement = "new"

func (v *visit) goals() loyaltyv1.AchievementsServiceClient {
	return loyaltyv1.NewAchievementsServiceClient(v.conn)
}

// achievementRow is an achievement as lists show it.
type achievementRow struct {
	*loyaltyv1.Achievement
	ID, URL, Asks, Brings string
	State                 stateWords
}

func achievementRowOf(program *loyaltyv1.Program, a *loyaltyv1.Achievement) achievementRow {
	row := achievementRow{Achievement: a, ID: lastPart(a.GetName()), Asks: goalWords(program, a.GetGoal()), Brings: "nothing but itself",
		State: stateWords{Label: "To be reached", Tone: web.GoodTone, Icon: "circle-check"}}
	row.URL = loyaltyURL(program, "achievements") + "/" + row.ID
	if a.GetPoints() > 0 {
		row.Brings = counted(program, a.GetWallet(), a.GetPoints())
	}
	if a.GetArchiveTime() != nil {
		row.State = stateWords{Label: "Archived", Tone: web.PlainTone, Icon: "ban"}
	}
	return row
}

// counted writes so many points of a wallet.
func counted(program *loyaltyv1.Program, wallet string, n int64) string {
	for i, w := range program.GetWallets() {
		if n == 1 && (w.GetId() == wallet || wallet == "" && i == 0) {
			return "1 " + w.GetSingular()
		}
	}
	return web.FormatInt("en", n) + " " + unitOf(program, wallet)
}

func (v *visit) achievements() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	got, err := v.goals().ListAchievements(v.ctx(), &loyaltyv1.ListAchievementsRequest{Program: programID(program)})
	if err != nil {
		return err
	}
	var rows []achievementRow
	for _, a := range got.GetAchievements() {
		rows = append(rows, achievementRowOf(program, a))
	}
	return v.programmePage(http.StatusOK, "achievements", program, "achievements", "", nil, map[string]any{"Rows": rows})
}

func (v *visit) achievement() error { return v.showAchievement(http.StatusOK, nil) }

func (v *visit) showAchievement(status int, problem *api.Problem) error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id := v.r.PathValue("achievement")
	a := &loyaltyv1.Achievement{Goal: &loyaltyv1.AchievementGoal{Kind: loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_CHALLENGE, Trigger: orderTrigger,
		Measure: loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_TIMES, Window: loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_MONTH, Recurrence: loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_ONCE}}
	title, reached := "New achievement", reachedBy{}
	if id != newAchievement {
		if reached, err = v.reachedBy(program, id); err != nil {
			return err
		}
		got, err := v.goals().GetAchievement(v.ctx(), &loyaltyv1.GetAchievementRequest{Program: programID(program), Achievement: id})
		if err != nil {
			return err
		}
		a = got.GetAchievement()
		title = a.GetDisplayName()
	}
	f, archive := v.typed(problem), v.typed(nil)
	if v.r.PathValue("step") == stepArchive {
		f, archive = archive, f
	}
	parts := achievementForm(f, program, a, id == newAchievement)
	data := map[string]any{"New": id == newAchievement, "Title": title, "Row": achievementRowOf(program, a), "Parts": parts, "Main": f, "Archive": archive, "Archived": a.GetArchiveTime() != nil,
		"Etag": a.GetEtag(), "Action": loyaltyURL(program, "achievements") + "/" + id, "Ended": a.GetArchiveTime().AsTime(), "Days": goalDays(program, a.GetGoal()), "Reached": reached}
	return v.programmePage(status, "achievement", program, "achievements", title, f, data)
}

// goalDays are the first and the last day on which something counts, empty where there is no bound.
func goalDays(program *loyaltyv1.Program, g *loyaltyv1.AchievementGoal) (out struct{ From, Until *timestamppb.Timestamp }) {
	out.From = g.GetFromTime()
	if last := lastDayOf(program, g.GetUntilTime()); last != "" {
		out.Until = dayIn(program, last, 0)
	}
	return out
}

// reachedBy are the last who reached an achievement, and the address of those before them.
type reachedBy struct {
	Rows  []reachedRow
	Older string
}

// reachedRow is one time that somebody reached it.
type reachedRow struct {
	Who, MemberURL, EntryURL string
	On                       time.Time
	Points                   int64
}

func (v *visit) reachedBy(program *loyaltyv1.Program, id string) (reachedBy, error) {
	got, err := v.goals().ListEarnedAchievements(v.ctx(), &loyaltyv1.ListEarnedAchievementsRequest{Program: programID(program), Achievement: id, PageSize: 20, PageToken: v.r.URL.Query().Get("page")})
	out := reachedBy{Older: older(v.r.URL, got.GetNextPageToken())}
	for _, e := range got.GetEarned() {
		row := reachedRow{Who: v.whoIs(program, e.GetMember()), MemberURL: memberURL(e.GetMember()), Points: e.GetPoints()}
		if on := dated(e.GetDay()); on != nil {
			row.On = *on
		}
		if e.GetEntry() != "" {
			row.EntryURL = memberURL(e.GetEntry())
		}
		out.Rows = append(out.Rows, row)
	}
	return out, err
}

// saveAchievement makes an achievement, or a further version of one.
func (v *visit) saveAchievement() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	id := v.r.PathValue("achievement")
	in, err := v.typedAchievement(program)
	if err == nil && id == newAchievement {
		if err = refuseNew("/achievementId", in.GetAchievementId()); err == nil {
			in.Goal, err = v.typedGoal(program)
		}
	}
	switch {
	case err != nil:
	case id == newAchievement:
		id = in.GetAchievementId()
		_, err = v.goals().CreateAchievement(v.ctx(), in, v.once())
	default:
		_, err = v.goals().UpdateAchievement(v.ctx(), &loyaltyv1.UpdateAchievementRequest{Program: programID(program), Achievement: id, DisplayName: in.GetDisplayName(), Description: in.GetDescription(),
			Badge: in.GetBadge(), Wallet: in.GetWallet(), Points: in.GetPoints(), Life: in.GetLife(), Etag: v.etag()}, v.once())
	}
	if err != nil {
		return v.again(err, v.showAchievement)
	}
	return v.done(loyaltyURL(program, "achievements")+"/"+id, "achievement")
}

// archiveAchievement ends an achievement.
func (v *visit) archiveAchievement() error {
	program, id := v.r.PathValue("program"), v.r.PathValue("achievement")
	if v.r.PathValue("step") != stepArchive {
		return v.notFound()
	}
	if _, err := v.goals().ArchiveAchievement(v.ctx(), &loyaltyv1.ArchiveAchievementRequest{Program: program, Achievement: id}, v.once()); err != nil {
		return v.again(err, v.showAchievement)
	}
	return v.done("/studio/loyalty/"+program+"/achievements/"+id, "achievement-archive")
}

// typedAchievement reads what achievementForm declared, but for the goal.
func (v *visit) typedAchievement(program *loyaltyv1.Program) (*loyaltyv1.CreateAchievementRequest, error) {
	in := &loyaltyv1.CreateAchievementRequest{Program: programID(program), AchievementId: v.value("achievement_id"), DisplayName: v.value("display_name"), Description: v.value("description"),
		Badge: v.value("badge"), Wallet: v.value("wallet"), Life: v.value("life")}
	var err error
	in.Points, err = v.typedWhole("points", "/points")
	return in, err
}

// typedWhole reads a field as a whole number; nothing typed is 0.
func (v *visit) typedWhole(name, pointer string) (int64, error) {
	if v.value(name) == "" {
		return 0, nil
	}
	n, err := wholeOf(v.value(name))
	if err != nil || n < 0 {
		return 0, refusal(pointer, "Give a whole number.")
	}
	return n, nil
}

// typedMoney reads a field as an amount in the programme's currency; nothing typed is 0.
func (v *visit) typedMoney(program *loyaltyv1.Program, name, pointer string) (int64, error) {
	if v.value(name) == "" {
		return 0, nil
	}
	n, ok := web.ParseMoney(v.value(name), program.GetCurrency())
	if !ok || n < 0 {
		return 0, refusal(pointer, "Give an amount such as "+web.Decimals(minorOf("20", program.GetCurrency()), program.GetCurrency())+".")
	}
	return n, nil
}

// memberGoal is how far a member has come, as their page shows it.
type memberGoal struct {
	*loyaltyv1.MemberAchievement
	URL, Stands string
	Until       *time.Time
	Times       []memberTime
}

// memberTime is one time that a member reached a goal.
type memberTime struct {
	*loyaltyv1.EarnedAchievement
	On  time.Time
	URL string
}

// memberGoals are the achievements of a member.
func (v *visit) memberGoals(program *loyaltyv1.Program, member string) ([]memberGoal, error) {
	got, err := v.goals().ListMemberAchievements(v.ctx(), &loyaltyv1.ListMemberAchievementsRequest{Program: programID(program), Member: member})
	if err != nil || len(got.GetAchievements()) == 0 {
		return nil, err
	}
	all, err := v.goals().ListAchievements(v.ctx(), &loyaltyv1.ListAchievementsRequest{Program: programID(program)})
	if err != nil {
		return nil, err
	}
	asked := map[string]*loyaltyv1.AchievementGoal{}
	for _, a := range all.GetAchievements() {
		asked[a.GetName()] = a.GetGoal()
	}
	var out []memberGoal
	for _, a := range got.GetAchievements() {
		g := asked[a.GetAchievement()]
		number := func(n int64) string { return web.FormatInt("en", n) }
		if g.GetKind() == loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_CHALLENGE && g.GetMeasure() == loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_AMOUNT {
			number = func(n int64) string { return web.FormatMoney("en", n, program.GetCurrency()) }
		}
		row := memberGoal{MemberAchievement: a, URL: loyaltyURL(program, "achievements") + "/" + lastPart(a.GetAchievement()), Stands: number(a.GetValue()) + " of " + number(a.GetTarget()), Until: dated(a.GetBy())}
		if a.GetOver() {
			row.Stands = "reached"
		}
		for _, e := range a.GetEarned() {
			t := memberTime{EarnedAchievement: e}
			if on := dated(e.GetDay()); on != nil {
				t.On = *on
			}
			if e.GetEntry() != "" {
				t.URL = memberURL(e.GetEntry())
			}
			row.Times = append(row.Times, t)
		}
		out = append(out, row)
	}
	return out, nil
}

// dated reads a date as the API writes it; nil if it is none.
func dated(text string) *time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil
	}
	return &t
}
