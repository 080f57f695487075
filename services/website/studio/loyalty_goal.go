package studio

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/web"
)

// orderTrigger is what a goal is set off by if it counts orders; anything else is the type of an event.
const orderTrigger = "order"

var (
	goalKinds    = []string{"ACHIEVEMENT_KIND_CHALLENGE", "So much within a time", "ACHIEVEMENT_KIND_STREAK", "Something day after day, week after week"}
	goalTriggers = []string{orderTrigger, "Orders", "visit", "Visits", "event", "Another event"}
	goalMeasures = []string{"ACHIEVEMENT_MEASURE_TIMES", "How often", "ACHIEVEMENT_MEASURE_DAYS", "On how many days", "ACHIEVEMENT_MEASURE_AMOUNT", "For how much"}
	goalWindows  = []string{"ACHIEVEMENT_WINDOW_UNSPECIFIED", "For ever", "ACHIEVEMENT_WINDOW_DAY", "A day", "ACHIEVEMENT_WINDOW_WEEK", "A week, from Monday", "ACHIEVEMENT_WINDOW_MONTH", "A calendar month",
		"ACHIEVEMENT_WINDOW_QUARTER", "A quarter", "ACHIEVEMENT_WINDOW_YEAR", "A calendar year", "ACHIEVEMENT_WINDOW_ANNIVERSARY", "A year from the day of enrolment", "ACHIEVEMENT_WINDOW_ROLLING", "Back from the day"}
	streakUnits     = []string{"ACHIEVEMENT_WINDOW_DAY", "Days", "ACHIEVEMENT_WINDOW_WEEK", "Weeks, from Monday", "ACHIEVEMENT_WINDOW_MONTH", "Calendar months"}
	goalRecurrences = []string{"ACHIEVEMENT_RECURRENCE_ONCE", "Once in a member’s life", "ACHIEVEMENT_RECURRENCE_PERIOD", "Once within each time", "ACHIEVEMENT_RECURRENCE_ALWAYS", "As often as it is done"}
)

// achievementForm declares the fields of an achievement. What a member has to do is asked for once: it never changes.
func achievementForm(f *form, program *loyaltyv1.Program, a *loyaltyv1.Achievement, fresh bool) []formPart {
	f.add(web.Field{Name: "display_name", Label: "What do members call it?", Required: true, Max: 120, Value: a.GetDisplayName(), Help: "Such as “Four in a month”."}, "/displayName")
	if fresh {
		f.add(web.Field{Name: "achievement_id", Label: "Id", Required: true, Max: 40, Autocomplete: "off", Help: "Lower-case letters, digits and hyphens. It never changes."}, "/achievementId")
	}
	f.add(web.Field{Name: "description", Label: "What it asks for, in words for members", Type: "textarea", Rows: 2, Max: 1000, Value: a.GetDescription()}, "/description").
		add(web.Field{Name: "badge", Label: "Badge", Max: 60, Value: a.GetBadge(), Help: "The name of the sign that your shop or app shows for it, such as star."}, "/badge")
	parts := f.part(nil, "The achievement", "")
	if fresh {
		parts = goalForm(f, program, a.GetGoal(), parts)
	}
	f.add(web.Field{Name: "points", Label: "How many " + unitOf(program, a.GetWallet()) + "?", Max: 14, Inputmode: "numeric", Value: numberOrEmpty(a.GetPoints()), Help: "Each time that it is reached. Empty means none."}, "/points")
	if len(program.GetWallets()) > 1 {
		f.fields[len(f.fields)-1].Label = "How many points?"
		f.add(walletField(program, "wallet", "Of which unit?", a.GetWallet()), "/wallet")
	}
	f.add(web.Field{Name: "life", Label: "How long do they live?", Max: 100, Value: a.GetLife(), Help: "Empty: as the programme says. " + helpLife}, "/life")
	return f.part(parts, "What it brings", "")
}

func goalForm(f *form, program *loyaltyv1.Program, g *loyaltyv1.AchievementGoal, parts []formPart) []formPart {
	// The two kinds of goals ask for some things in fields of their own, which the style sheet hides for the other kind.
	only := func(kind string) func(pointer string) []string {
		return func(pointer string) []string {
			if f.values.Get("kind") != kind {
				return nil
			}
			return []string{pointer}
		}
	}
	challenge, streak := only(goalKinds[0]), only(goalKinds[2])
	f.add(web.Field{Name: "kind", Label: "What kind of goal is it?", Type: "select", Required: true, Options: options([]string{g.GetKind().String()}, goalKinds...)}, "/goal/kind").
		add(web.Field{Name: "trigger", Label: "What counts?", Type: "select", Required: true, Options: options([]string{g.GetTrigger()}, goalTriggers...)}, "/goal/trigger").
		add(web.Field{Name: "event", Label: "Type of event", Max: 200, Help: "For another event only, such as “review.written”."}, "/goal/event").
		add(web.Field{Name: "category", Label: "Of which category?", Max: 200, Value: g.GetCategory(), Help: "Only lines of this category count, and only orders that have one. Empty means any."}, "/goal/category").
		add(web.Field{Name: "least_amount", Label: "Worth at least, in " + program.GetCurrency(), Max: 20, Inputmode: "decimal", Help: "Each of them. Empty means anything."}, "/goal/leastAmount").
		add(web.Field{Name: "measure", Label: "What is added up?", Type: "select", Required: true, Options: options([]string{g.GetMeasure().String()}, goalMeasures...)}, "/goal/measure").
		add(web.Field{Name: "target", Label: "How much does it take?", Required: true, Max: 20, Inputmode: "decimal", Help: "How often, on how many days, or an amount in " + program.GetCurrency() + "."}, challenge("/goal/target")...).
		add(web.Field{Name: "window", Label: "Within which time?", Type: "select", Required: true, Options: options([]string{g.GetWindow().String()}, goalWindows...)}, challenge("/goal/window")...).
		add(web.Field{Name: "window_length", Label: "How far back?", Max: 40, Value: g.GetWindowLength(), Help: "For “back from the day” only: P30D is thirty days."}, "/goal/windowLength").
		add(web.Field{Name: "unit", Label: "In a row of what?", Type: "select", Required: true, Options: options(nil, streakUnits...)}, streak("/goal/window")...).
		add(web.Field{Name: "row", Label: "How many in a row?", Required: true, Max: 20, Inputmode: "numeric", Help: "So many days, weeks or months, two at least."}, streak("/goal/target")...).
		add(web.Field{Name: "least", Label: "How much in each of them?", Max: 20, Inputmode: "decimal", Help: "A number, or an amount in " + program.GetCurrency() + ". Empty means 1."}, "/goal/least").
		add(web.Field{Name: "recurrence", Label: "How often can it be reached?", Type: "choices", Required: true, Options: options([]string{g.GetRecurrence().String()}, goalRecurrences...)}, "/goal/recurrence")
	parts = f.part(parts, "What a member has to do", "It cannot be changed later, since members count for it from the first day.")
	f.add(web.Field{Name: "from", Label: "From which day?", Type: "date"}, "/goal/fromTime").
		add(web.Field{Name: "until", Label: "The last day", Type: "date"}, "/goal/untilTime")
	return f.folded(parts, "On which days", "Without an entry here everything counts that is recorded from now on.", false)
}

// typedGoal reads what goalForm declared. Amounts of money are typed in the currency.
func (v *visit) typedGoal(program *loyaltyv1.Program) (*loyaltyv1.AchievementGoal, error) {
	g := &loyaltyv1.AchievementGoal{Kind: loyaltyv1.AchievementKind(loyaltyv1.AchievementKind_value[v.value("kind")]), Trigger: v.value("trigger"),
		Measure: loyaltyv1.AchievementMeasure(loyaltyv1.AchievementMeasure_value[v.value("measure")]), Window: loyaltyv1.AchievementWindow(loyaltyv1.AchievementWindow_value[v.value("window")]),
		Recurrence: loyaltyv1.AchievementRecurrence(loyaltyv1.AchievementRecurrence_value[v.value("recurrence")]), FromTime: v.dayIn(program, "from", 0), UntilTime: v.dayIn(program, "until", 1)}
	switch g.Trigger {
	case "event":
		if g.Trigger = v.value("event"); g.Trigger == "" {
			return g, refusal("/goal/event", "Say which.")
		}
	case orderTrigger:
		g.Category = v.value("category")
	}
	if g.Window == loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_ROLLING {
		g.WindowLength = v.value("window_length")
	}
	var err error
	if g.LeastAmount, err = v.typedMoney(program, "least_amount", "/goal/leastAmount"); err != nil {
		return g, err
	}
	measured := func(name, pointer string) (int64, error) {
		if g.Measure == loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_AMOUNT {
			return v.typedMoney(program, name, pointer)
		}
		return v.typedWhole(name, pointer)
	}
	if g.Kind != loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_STREAK {
		g.Target, err = measured("target", "/goal/target")
	} else {
		g.Window, g.WindowLength = loyaltyv1.AchievementWindow(loyaltyv1.AchievementWindow_value[v.value("unit")]), ""
		if g.Target, err = v.typedWhole("row", "/goal/target"); err == nil {
			g.Least, err = measured("least", "/goal/least")
		}
	}
	if err == nil && g.Target == 0 {
		err = refusal("/goal/target", "Say how much it takes.")
	}
	return g, err
}

// goalWords says in a few words what a member has to do.
func goalWords(program *loyaltyv1.Program, g *loyaltyv1.AchievementGoal) string {
	money := func(n int64) string { return web.FormatMoney("en", n, program.GetCurrency()) }
	one, several := "order", "orders"
	if g.GetTrigger() != orderTrigger {
		one, several = strings.ReplaceAll(g.GetTrigger(), "_", " "), strings.ReplaceAll(g.GetTrigger(), "_", " ")+"s"
	}
	of := ""
	if g.GetCategory() != "" {
		of += " of " + g.GetCategory()
	}
	if g.GetLeastAmount() > 0 {
		of += " worth " + money(g.GetLeastAmount()) + " or more"
	}
	number := func(n int64, one, several string) string {
		if n == 1 {
			return "1 " + one
		}
		return web.FormatInt("en", n) + " " + several
	}
	if g.GetKind() == loyaltyv1.AchievementKind_ACHIEVEMENT_KIND_STREAK {
		unit := strings.ToLower(strings.TrimPrefix(g.GetWindow().String(), "ACHIEVEMENT_WINDOW_"))
		each := number(max(g.GetLeast(), 1), one, several) + of
		if g.GetMeasure() == loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_AMOUNT {
			each = several + of + " for " + money(max(g.GetLeast(), 1)) + " in all"
		}
		if g.GetMeasure() == loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_DAYS {
			each = several + of + " on " + number(max(g.GetLeast(), 1), "day", "days")
		}
		return number(g.GetTarget(), unit, unit+"s") + " in a row, each with " + each + ", " + recurs[g.GetRecurrence()]
	}
	what := number(g.GetTarget(), one, several) + of
	switch g.GetMeasure() {
	case loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_DAYS:
		what = several + of + " on " + number(g.GetTarget(), "day", "days")
	case loyaltyv1.AchievementMeasure_ACHIEVEMENT_MEASURE_AMOUNT:
		what = several + of + " for " + money(g.GetTarget()) + " in all"
	}
	within := withins[g.GetWindow()]
	if g.GetWindowLength() != "" {
		within = " within " + spanWords(g.GetWindowLength())
	}
	return strings.ToUpper(what[:1]) + what[1:] + within + ", " + recurs[g.GetRecurrence()]
}

var (
	withins = map[loyaltyv1.AchievementWindow]string{
		loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_DAY: " within a day", loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_WEEK: " within a week",
		loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_MONTH: " within a calendar month", loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_QUARTER: " within a quarter",
		loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_YEAR: " within a calendar year", loyaltyv1.AchievementWindow_ACHIEVEMENT_WINDOW_ANNIVERSARY: " within a year of membership",
	}
	recurs = map[loyaltyv1.AchievementRecurrence]string{
		loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_ONCE: "once", loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_PERIOD: "once each time",
		loyaltyv1.AchievementRecurrence_ACHIEVEMENT_RECURRENCE_ALWAYS: "as often as it is done",
	}
	spans = regexp.MustCompile(`^P([0-9]+)([DWMY])$`)
)

// spanWords says a duration of days, weeks, months or years in words; another one is said as it is written.
func spanWords(text string) string {
	m := spans.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	unit := map[string]string{"D": "day", "W": "week", "M": "month", "Y": "year"}[m[2]]
	if n, err := strconv.Atoi(m[1]); err == nil && n != 1 {
		unit += "s"
	}
	return cmp.Or(m[1], "0") + " " + unit
}
