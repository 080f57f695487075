package points

import (
	"slices"
	"time"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/web"
)

// goal is an achievement as the member has it.
type goal struct {
	*loyaltyv1.MemberAchievement
	// Share is how far the member has come with the next time, in percent; Open is that there is a next time.
	Share int64
	Open  bool
	// By and Reached are sentences, each may be empty: until when the rest can be done, and how often and when it was reached.
	By, Reached string
}

// goals fills in the achievements, those first that can be reached. The rest of the page is there without them.
func (v *visit) goals(d *statement) {
	got, err := loyaltyv1.NewAchievementsServiceClient(v.conn).ListMemberAchievements(v.r.Context(), &loyaltyv1.ListMemberAchievementsRequest{
		Program: programOf(d.GetMember()), Member: id(d.GetMember())})
	if err != nil {
		v.site.Log.WarnContext(v.r.Context(), "a member's achievements could not be told", "error", err)
		return
	}
	for _, a := range got.GetAchievements() {
		g := goal{MemberAchievement: a, Open: !a.GetOver(), Share: min(100, 100*max(0, a.GetValue())/max(1, a.GetTarget()))}
		if day, err := time.Parse(time.DateOnly, a.GetBy()); err == nil && g.Open {
			g.By = v.say("points.goal.by", web.FormatDate(v.locale, day))
		}
		g.Reached = v.reached(a)
		d.Goals = append(d.Goals, g)
	}
	slices.SortStableFunc(d.Goals, func(a, b goal) int {
		switch {
		case a.Open == b.Open:
			return 0
		case a.Open:
			return -1
		}
		return 1
	})
}

// reached says how often an achievement was reached, and when last.
func (v *visit) reached(a *loyaltyv1.MemberAchievement) string {
	if len(a.GetEarned()) == 0 {
		return ""
	}
	day, err := time.Parse(time.DateOnly, a.GetEarned()[0].GetDay())
	switch {
	case err != nil:
		return ""
	case a.GetDone() > 1:
		return v.say("points.goal.times", a.GetDone(), web.FormatDate(v.locale, day))
	}
	return v.say("points.goal.once", web.FormatDate(v.locale, day))
}
