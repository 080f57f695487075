package earning_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/explain"
)

// Friday, 27 November 2026, 18:30 in Berlin.
var friday = clock.At(time.Date(2026, 11, 27, 17, 30, 0, 0, time.UTC))

func line(id, sku, quantity string, amount int64, categories ...string) earning.Line {
	return earning.Line{ID: id, SKU: sku, Quantity: decimal.MustParse(quantity), Amount: amount, Categories: categories}
}

func order(lines ...earning.Line) *earning.Input {
	return &earning.Input{
		Order:   &earning.Order{ID: "1001", At: friday, Currency: "EUR", Lines: lines, Attributes: map[string]string{"channel": "shop"}},
		Member:  earning.Member{ID: "m1", Tier: "gold", EnrolledAt: friday - 86_400_000*400, Tags: []string{"vip"}, Orders: 3},
		Program: earning.Program{ID: "customers", Zone: "Europe/Berlin", Currency: "EUR"},
		Now:     friday,
	}
}

func event(kind string, amount int64) *earning.Input {
	in := order()
	in.Order, in.Event = nil, &earning.Event{ID: "e1", Type: kind, At: friday, Amount: amount, Currency: "EUR"}
	return in
}

// rule is 1 point per euro, changed by with.
func rule(id string, with ...func(*earning.Rule)) earning.Rule {
	r := earning.Rule{
		ID: id, Version: 1, Name: id, Wallet: "points", Trigger: earning.Trigger{Kind: earning.KindSpend},
		Terms: earning.Terms{Form: earning.PerUnit, Value: "1", Per: 100},
	}
	for _, w := range with {
		w(&r)
	}
	return r
}

func compiled(t testing.TB, rules ...earning.Rule) []*earning.Compiled {
	t.Helper()
	var all []*earning.Compiled
	for _, r := range rules {
		c, p := earning.Compile(r)
		if p != nil {
			t.Fatalf("rule %s: %s", r.ID, p)
		}
		all = append(all, c)
	}
	return all
}

func evaluate(t testing.TB, in *earning.Input, rules ...earning.Rule) earning.Evaluation {
	t.Helper()
	e, err := earning.Evaluate(in, compiled(t, rules...))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// summary is "base 120, double 120 | weekend: outside_window".
func summary(e earning.Evaluation) string {
	var given, silent []string
	for _, a := range e.Awards() {
		given = append(given, a.Rule+" "+decimal.MustNew(a.Points, 0).String())
	}
	for _, s := range e.Silent {
		silent = append(silent, s.Of.ID+": "+string(s.Reason()))
	}
	if len(silent) == 0 {
		return strings.Join(given, ", ")
	}
	return strings.Join(given, ", ") + " | " + strings.Join(silent, ", ")
}

// words are those of explanations in English.
func words(t testing.TB) explain.Words {
	zone, err := calendar.LoadZone("timeZone", "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return explain.Words{Language: explain.English, Zone: zone}
}

type with = func(*earning.Rule)

func terms(form earning.Form, value string) with {
	return func(r *earning.Rule) { r.Terms = earning.Terms{Form: form, Value: value} }
}

func formula(f string) with {
	return func(r *earning.Rule) { r.Terms = earning.Terms{Form: earning.Formula, Formula: f} }
}

func condition(c string) with { return func(r *earning.Rule) { r.Condition = c } }

func all(r *earning.Rule) { r.Stack.Mode = earning.All }

func TestKindsAndForms(t *testing.T) {
	items := func(r *earning.Rule) {
		r.Trigger = earning.Trigger{Kind: earning.KindItem, SKUs: []string{"tea", "cup"}}
		r.Terms = earning.Terms{Form: earning.PerUnit, Value: "5", Per: 2}
	}
	category := func(r *earning.Rule) {
		r.Trigger = earning.Trigger{Kind: earning.KindCategory, Categories: []string{"hot", "new"}}
	}
	visit := func(r *earning.Rule) { r.Trigger = earning.Trigger{Kind: earning.KindVisit} }
	review := func(r *earning.Rule) { r.Trigger = earning.Trigger{Kind: earning.KindEvent, Event: "review"} }
	cart := func() *earning.Input {
		return order(line("1", "tea", "1.5", 1250, "hot"), line("2", "cup", "3", 9000, "new", "hot"), line("3", "bag", "1", 1800))
	}
	double := func(r *earning.Rule) {
		r.Trigger = earning.Trigger{Kind: earning.KindCategory, Categories: []string{"hot"}}
		r.Terms = earning.Terms{Form: earning.Multiplier, Value: "2"}
	}
	for _, c := range []struct {
		name  string
		in    *earning.Input
		rules []earning.Rule
		want  string
		text  string // of the last award
	}{
		{"spend", cart(), []earning.Rule{rule("r")}, "r 120", "120.50 EUR x 1 point per 1 EUR = 120.5, rounded down to 120"},
		{"no decimal", cart(), []earning.Rule{rule("r", func(r *earning.Rule) { r.Terms.Per = 1500 })}, "r 8", "120.50 EUR x 1 point per 15 EUR = 241/30, rounded down to 8"},
		{"tier", cart(), []earning.Rule{rule("r", func(r *earning.Rule) { r.Terms.Tiers = map[string]string{"gold": "1.25"} })}, "r 150", "120.50 EUR x 1.25 points per 1 EUR in tier gold = 150.625, rounded down to 150"},
		{"other tier", cart(), []earning.Rule{rule("r", func(r *earning.Rule) { r.Terms.Tiers = map[string]string{"silver": "2"} })}, "r 120", "120.50 EUR x 1 point per 1 EUR = 120.5, rounded down to 120"},
		{"items", cart(), []earning.Rule{rule("r", items)}, "r 11", "4.5 pieces x 5 points per 2 pieces = 11.25, rounded down to 11"},
		{"category", cart(), []earning.Rule{rule("r", category)}, "r 102", "102.50 EUR x 1 point per 1 EUR = 102.5, rounded down to 102"},
		{"fixed", cart(), []earning.Rule{rule("r", terms(earning.Fixed, "50"))}, "r 50", "50 points for the order"},
		{"formula", cart(), []earning.Rule{rule("r", formula("floor(order.total / 10)"))}, "", ""},
		{"double of a category", cart(), []earning.Rule{rule("a"), rule("z", double)}, "a 120, z 102", "102 points of a x (2 - 1) = 102"},
		{"nothing to double", cart(), []earning.Rule{rule("z", double)}, " | z: no_points", ""},
		{"lines", cart(), []earning.Rule{rule("r", func(r *earning.Rule) { r.LineCondition = `line.sku.startsWith("c") || "hot" in line.categories` })}, "r 102", ""},
		{"no line", cart(), []earning.Rule{rule("r", func(r *earning.Rule) { r.LineCondition = `line.amount > 1000` })}, " | r: no_line", ""},
		{"visit", event("visit", 0), []earning.Rule{rule("r", visit, terms(earning.Fixed, "10"))}, "r 10", "10 points for the event"},
		{"other event", event("review", 0), []earning.Rule{rule("r", visit, terms(earning.Fixed, "10")), rule("s")}, " | r: wrong_trigger, s: wrong_trigger", ""},
		{"event", event("review", 0), []earning.Rule{rule("r", review, terms(earning.Fixed, "25"))}, "r 25", "25 points for the event"},
		{"event with an amount", event("review", 1999), []earning.Rule{rule("r", review)}, "r 19", "19.99 EUR x 1 point per 1 EUR = 19.99, rounded down to 19"},
		{"multiplied event", event("review", 0), []earning.Rule{rule("r", review, terms(earning.Fixed, "25")), rule("x", review, terms(earning.Multiplier, "1.5"))}, "r 25, x 12", "25 points of r x (1.5 - 1) = 12.5, rounded down to 12"},
		{"less than one", order(line("1", "a", "1", 99)), []earning.Rule{rule("r")}, " | r: no_points", ""},
		{"archived", cart(), []earning.Rule{rule("r", func(r *earning.Rule) { r.Archived = true })}, " | r: inactive", ""},
		{"condition", cart(), []earning.Rule{rule("r", condition(`order.total >= 120 && member.tier == "gold"`)), rule("s", condition(`order.first`))}, "r 120 | s: condition_false", ""},
		{"too many", order(line("1", "a", "1", 900_000_000_000_000)), []earning.Rule{rule("r", func(r *earning.Rule) { r.Terms.Value = "9999" })}, " | r: overflow", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "formula" {
				c.rules, c.want, c.text = []earning.Rule{rule("r", formula("mul(floor(order.total), dec(\"0.1\"))\n + 3"))}, "r 15", `mul(floor(order.total), dec("0.1")) + 3 = 15`
			}
			e := evaluate(t, c.in, c.rules...)
			if got := summary(e); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if awards := e.Awards(); c.text != "" && words(t).Award(&awards[len(awards)-1]) != c.text {
				t.Errorf("said %q, want %q", words(t).Award(&awards[len(awards)-1]), c.text)
			}
		})
	}
}

func TestWindows(t *testing.T) {
	week := func(days ...int) with { return func(r *earning.Rule) { r.Window.Weekdays = days } }
	hours := func(from, until string) with {
		return func(r *earning.Rule) {
			r.Window.Hours = append(r.Window.Hours, earning.Hours{From: from, Until: until})
		}
	}
	const hour = 3_600_000
	for _, c := range []struct {
		name string
		at   clock.Millis
		with []with
		why  string
	}{
		{"always", friday, nil, ""},
		{"begins now", friday, []with{func(r *earning.Rule) { r.Window.From = friday }}, ""},
		{"begins next", friday - 1, []with{func(r *earning.Rule) { r.Window.From = friday }}, "the rule begins on 27 November 2026, 18:30"},
		{"ends now", friday, []with{func(r *earning.Rule) { r.Window.Until = friday }}, "the rule ended on 27 November 2026, 18:30"},
		{"ends next", friday - 1, []with{func(r *earning.Rule) { r.Window.Until = friday }}, ""},
		{"Fridays", friday, []with{week(5)}, ""},
		{"not Fridays", friday, []with{week(1, 2, 3, 4, 6, 7)}, "the rule does not hold on a Friday"},
		{"local Saturday, while UTC has Friday", friday + 5*hour + hour/2, []with{week(6)}, ""},
		{"happy hour", friday, []with{hours("12:00", "13:00"), hours("18:30", "19:00")}, ""},
		{"not included", friday, []with{hours("17:00", "18:30")}, "the rule does not hold on a Friday at 18:30"},
		{"to the end of the day", friday, []with{hours("18:00", "24:00")}, ""},
		{"Friday night, after midnight", friday + 7*hour, []with{week(5), hours("22:00", "03:00")}, ""},
		{"Saturday night is not yet", friday + 7*hour, []with{week(6), hours("22:00", "03:00")}, "the rule does not hold on a Saturday at 01:30"},
		{"clocks go back: both half past twos", clock.At(time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)), []with{week(7), hours("02:00", "03:00")}, ""},
		{"clocks go forward: never half past two", clock.At(time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)), []with{hours("02:00", "03:00")}, "the rule does not hold on a Sunday at 03:30"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := order(line("1", "a", "1", 500))
			in.Order.At = c.at
			e := evaluate(t, in, rule("r", c.with...))
			why := ""
			if len(e.Silent) == 1 {
				why = words(t).Silent(&e.Silent[0])
			}
			if why != c.why || (why != "") != (len(e.Silent) == 1 && e.Silent[0].Reason() == earning.OutsideWindow) {
				t.Errorf("%q, want %q", why, c.why)
			}
		})
	}
}

func TestStacking(t *testing.T) {
	prio := func(n int64) with {
		return func(r *earning.Rule) { r.Stack = earning.Stack{Mode: earning.Priority, Priority: n} }
	}
	group := func(g string) with { return func(r *earning.Rule) { r.Stack.Group = g } }
	wallet := func(w string) with { return func(r *earning.Rule) { r.Wallet = w } }
	fixed := func(v string) with { return terms(earning.Fixed, v) }
	for _, c := range []struct {
		name  string
		rules []earning.Rule
		want  string
	}{
		{"the one granting most", []earning.Rule{rule("a", fixed("10")), rule("b", fixed("30")), rule("c", fixed("20"))}, "b 30 | a: stacked, c: stacked"},
		{"a tie goes to the first id", []earning.Rule{rule("b", fixed("10")), rule("a", fixed("10"))}, "a 10 | b: stacked"},
		{"all", []earning.Rule{rule("a", fixed("10"), all), rule("b", fixed("30"), all), rule("c", fixed("20"))}, "a 10, b 30, c 20"},
		{"priority", []earning.Rule{rule("a", fixed("10"), prio(2)), rule("b", fixed("30"), prio(1)), rule("c", fixed("5"), prio(2))}, "a 10 | b: stacked, c: stacked"},
		{"groups", []earning.Rule{rule("a", fixed("10"), group("x")), rule("b", fixed("30"), group("x")), rule("c", fixed("20"))}, "b 30, c 20 | a: stacked"},
		{"wallets", []earning.Rule{rule("a", fixed("10"), wallet("stars")), rule("b", fixed("30"))}, "a 10, b 30"},
		{"multipliers stand apart, and add up", []earning.Rule{rule("a", fixed("10")), rule("x", terms(earning.Multiplier, "2"), all), rule("y", terms(earning.Multiplier, "3"), all)}, "a 10, x 10, y 20"},
		{"best multiplier", []earning.Rule{rule("a", fixed("10")), rule("x", terms(earning.Multiplier, "2")), rule("y", terms(earning.Multiplier, "3"))}, "a 10, y 20 | x: stacked"},
		{"one that is capped to less loses", []earning.Rule{rule("a", fixed("10")), rule("b", fixed("30"), func(r *earning.Rule) { r.Caps = []earning.Cap{{Per: earning.PerMember, Most: 5}} })}, "a 10 | b: stacked"},
		{"one that a cap rejects leaves the place to the next", []earning.Rule{rule("a", fixed("10")), rule("b", fixed("30"), func(r *earning.Rule) { r.Caps = []earning.Cap{{Per: earning.PerOrder, Most: 5}} })}, "a 10 | b: cap_reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := summary(evaluate(t, order(line("1", "a", "1", 500)), c.rules...)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	e := evaluate(t, order(line("1", "a", "1", 500)), rule("a", fixed("10")), rule("b", fixed("30")))
	if s := e.Silent[0]; s.Under != "b" || s.Points != 10 || words(t).Silent(&s) != "it would give 10, and rule b gives more" {
		t.Errorf("said %+v", s)
	}
}

func TestCaps(t *testing.T) {
	caps := func(c ...earning.Cap) with {
		return func(r *earning.Rule) { r.Caps, r.Campaign = c, "autumn" }
	}
	for _, c := range []struct {
		name, want, said string
		counters         map[string]int64
		caps             []earning.Cap
	}{
		{"per order rejects", " | r: cap_reached", "at most 100 points per order, and the rule comes to 120", nil, []earning.Cap{{Per: earning.PerOrder, Most: 100}}},
		{"per order reduces if it says so", "r 100", "120.50 EUR x 1 point per 1 EUR = 120.5, rounded down to 120; reduced to 100: at most 100 points per order, and the rule comes to 120", nil,
			[]earning.Cap{{Per: earning.PerOrder, Most: 100, Over: earning.Reduce}}},
		{"per period reduces", "r 60", "120.50 EUR x 1 point per 1 EUR = 120.5, rounded down to 120; reduced to 60: at most 100 points per member and month, 40 of them used before",
			map[string]int64{"member/r/points/2026-11": 40}, []earning.Cap{{Per: earning.PerMember, Period: calendar.Month, Most: 100}}},
		{"per period rejects if it says so", " | r: cap_reached", "at most 100 points per member and month, 40 of them used before",
			map[string]int64{"member/r/points/2026-11": 40}, []earning.Cap{{Per: earning.PerMember, Period: calendar.Month, Most: 100, Over: earning.Reject}}},
		{"what rejects looks at what is wanted, not at what others leave", " | r: cap_reached", "at most 100 points per order, and the rule comes to 120", nil,
			[]earning.Cap{{Per: earning.PerMember, Most: 50}, {Per: earning.PerOrder, Most: 100}}},
		{"used up", " | r: cap_reached", "at most 100 points per member and day, 100 of them used before", map[string]int64{"member/r/points/2026-11-27": 100}, []earning.Cap{{Per: earning.PerMember, Period: calendar.Day, Most: 100}}},
		{"yesterday's is over", "r 120", "", map[string]int64{"member/r/points/2026-11-26": 100}, []earning.Cap{{Per: earning.PerMember, Period: calendar.Day, Most: 200}}},
		{"weeks, years, ever, and the least of them", "r 7", "", map[string]int64{"member/r/points/2026-W48": 13, "member/r/points/2026": 10, "member/r/points": 5},
			[]earning.Cap{{Per: earning.PerMember, Period: calendar.Year, Most: 100}, {Per: earning.PerMember, Period: calendar.Week, Most: 20}, {Per: earning.PerMember, Most: 50}}},
		{"of the campaign", "r 1", "", map[string]int64{"campaign/autumn/points": 999}, []earning.Cap{{Per: earning.PerCampaign, Most: 1000}}},
		{"so often", " | r: cap_reached", "at most 3 awards per member and week, 3 of them used before", map[string]int64{"member/r/awards/2026-W48": 3}, []earning.Cap{{Per: earning.PerMember, Period: calendar.Week, Counts: earning.CountsAwards, Most: 3}}},
		{"once more", "r 120", "", map[string]int64{"member/r/awards/2026-W48": 2}, []earning.Cap{{Per: earning.PerMember, Period: calendar.Week, Counts: earning.CountsAwards, Most: 3}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := order(line("1", "a", "1", 12050))
			in.Counters = c.counters
			e := evaluate(t, in, rule("r", caps(c.caps...)))
			if got := summary(e); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			said := ""
			if len(e.Silent) > 0 {
				said = words(t).Silent(&e.Silent[0])
			} else {
				said = words(t).Award(&e.Awards()[0])
				if e.Given[0].Desired() != 120 {
					t.Errorf("wanted %d before caps", e.Given[0].Desired())
				}
			}
			if c.said != "" && said != c.said {
				t.Errorf("said %q, want %q", said, c.said)
			}
		})
	}
	// Rules of one campaign share what is left, also within one order.
	in := order(line("1", "a", "1", 12050))
	shared := caps(earning.Cap{Per: earning.PerCampaign, Most: 200})
	if got := summary(evaluate(t, in, rule("a", shared, all), rule("b", shared, all))); got != "a 120, b 80" {
		t.Errorf("shared: %s", got)
	}
}

func TestRoundingIsStated(t *testing.T) {
	for _, c := range []struct {
		amount                        int64
		floor, halfUp, halfEven, ceil int64
	}{{1049, 10, 10, 10, 11}, {1050, 10, 11, 10, 11}, {1150, 11, 12, 12, 12}, {1051, 10, 11, 11, 11}, {1000, 10, 10, 10, 10}, {1001, 10, 10, 10, 11}} {
		for mode, want := range map[earning.Rounding]int64{earning.Floor: c.floor, earning.HalfUp: c.halfUp, earning.HalfEven: c.halfEven, earning.Ceil: c.ceil, "": c.floor} {
			e := evaluate(t, order(line("1", "a", "1", c.amount)), rule("r", func(r *earning.Rule) { r.Rounding = mode }))
			if a := e.Awards()[0]; a.Points != want || a.Rounding == "" {
				t.Errorf("%d, %s: %d, want %d", c.amount, mode, a.Points, want)
			}
		}
	}
}

func TestActivationAndLife(t *testing.T) {
	in := order(line("1", "a", "1", 1000), line("2", "b", "1", 2050), line("3", "c", "1", 10))
	in.Order.Lines[1].ActivatesAt = friday + 1000
	for _, c := range []struct {
		name string
		act  earning.Activation
		want string
	}{
		{"at once", earning.Activation{}, `[{"points":30}]`},
		{"two weeks", earning.Activation{Activation: calendar.Activation{Kind: calendar.After, Span: calendar.Days(14)}}, `[{"points":30,"pending":true,"activatesAt":1797010200000}]`},
		{"delivered", earning.Activation{Activation: calendar.Activation{Kind: calendar.OnEvent, Event: "delivered"}, PerLine: true},
			`[{"line":"1","points":10,"pending":true,"event":"delivered"},{"line":"2","points":20,"pending":true,"activatesAt":1795800601000}]`},
		{"by hand", earning.Activation{Activation: calendar.Activation{Kind: calendar.ByHand}}, `[{"points":30,"pending":true}]`},
		{"a date that has passed", earning.Activation{Activation: calendar.Activation{Kind: calendar.OnDate, On: calendar.Date{Year: 2026, Month: 1, Day: 1}}}, `[{"points":30,"activatesAt":1795800600000}]`},
	} {
		e := evaluate(t, in, rule("r", func(r *earning.Rule) {
			r.Activation, r.Life = c.act, calendar.Life{Kind: calendar.ForSpan, Span: calendar.Years(1)}
		}))
		a := e.Awards()[0]
		if got, _ := json.Marshal(a.Lots); string(got) != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if a.Life != "rolling P1Y" {
			t.Errorf("life %q", a.Life)
		}
	}
}
