package earning_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What is wrong with an expression is said in plain words, with line and column and the line itself.
func TestWhatIsWrongWithAnExpressionIsSaidAtItsPlace(t *testing.T) {
	var out strings.Builder
	try := func(r earning.Rule) {
		_, p := earning.Compile(r)
		if p == nil {
			out.WriteString("nothing is wrong\n\n")
			return
		}
		out.WriteString(p.String() + "\n\n")
	}
	for _, c := range []string{
		`order.total > 20 &&`, `order.total > 20)`, "member.tier == \"gold\" &&\n\torder.totl > 20", `member.teir == "gold"`, `member.shoe_size > 40`, `membr.tier == "gold"`, `line.amount > 5`,
		`event.type == "x"`, `order.total > 1.5`, `order.total + 0.5 > dec("2")`, `20 < order.total`, `order.total == 20`, `order.total / 2 > dec("1")`, `order.total`, `dec("1,5") > 1`, `double(order.total) > 1`,
		`order.time.getHours() > 17`, `"gold" in member.tier`, `order.first ? 1 : "a"`, `order.attributes["channel"] == 'shop`, `order.total > 20 # big`, `order.lines.exists(l, order.lines.exists(m, m.sku == l.sku))`,
		`order.lines.map(l, l.amount)`, `foo()`, `size(order.lines) > 2 && order.lines[0].price > 3`, `!order.total`, `"ü" == member.tier && membr.tier == ""`, `member.tier.matches("(a")`, `dyn(1) == 1`, `has(order.coupon)`,
		strings.Repeat("x", 2001),
	} {
		out.WriteString("condition: " + c[:min(len(c), 80)] + "\n")
		try(rule("r", condition(c)))
	}
	for _, f := range []string{`1.5`, `mul(order.total, 1.5)`, `order.total * 1.5`, `order.first`, `div(order.total, 3)`, `  `, `int(order.total)`} {
		out.WriteString("formula: " + f + "\n")
		try(rule("r", formula(f)))
	}
	out.WriteString("formula of an event: order.total\n")
	try(rule("r", formula("order.total"), func(r *earning.Rule) { r.Trigger = earning.Trigger{Kind: earning.KindVisit} }))
	golden := filepath.Join("testdata", "expressions.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("what is said has changed; if that is meant, run with -update:\n%s", out.String())
	}
}

func TestExpressions(t *testing.T) {
	in := order(line("1", "tea", "1.5", 1250, "hot"), line("2", "cup", "3", 9000, "new", "hot"), line("3", "bag", "1", 1800))
	for f, want := range map[string]string{
		`order.total`:                                                    "120.50",
		`order.total_minor`:                                              "12050",
		`div(order.total, 3, 4)`:                                         "40.1667",
		`div(order.total, 3, 2, "floor")`:                                "40.16",
		`div(dec("-1"), 3, 0, "floor") + 10`:                             "9",
		`round(order.total, 0)`:                                          "121",
		`round(order.total, 0, "half_even")`:                             "120",
		`order.total * 2 - dec("0.25")`:                                  "240.75",
		`add(1, order.total)`:                                            "121.50",
		`sub(200, order.total)`:                                          "79.50",
		`min(order.total, 100)`:                                          "100",
		`max(floor(order.total), 7)`:                                     "120",
		`ceil(order.total)`:                                              "121",
		`dec(string(order.total))`:                                       "120.50",
		`order.lines[0].quantity`:                                        "1.5",
		`order.lines.filter(l, "new" in l.categories).size()`:            "1",
		`order.local.hour * 100 + order.local.minute`:                    "1830",
		`order.local.weekday`:                                            "5",
		`order.total == dec("120.5") && order.total != dec("1") ? 1 : 2`: "1",
		`order.local.date == "2026-11-27" ? 1 : 2`:                       "1",
		`order.time - member.enrolled_at > duration("9600h") ? 0 : 1`:    "1",
		`order.attributes["channel"] == "shop" && !("x" in order.attributes) && "vip" in member.tags ? 4 : 5`: "4",
		`member.orders + member.lifetime_earned`:                          "3",
		`program.currency == order.currency && now == order.time ? 8 : 9`: "8",
	} {
		e := evaluate(t, in, rule("r", formula(f), func(r *earning.Rule) { r.Rounding = earning.Ceil }))
		if len(e.Given) != 1 || trimmed(e.Awards()[0].Exact) != trimmed(want) {
			t.Errorf("%s: %s, want %s", f, text(e), want)
		}
	}
	each := rule("r", func(r *earning.Rule) {
		r.Terms = earning.Terms{Form: earning.Formula, Formula: `line.quantity * (line.sku == "cup" ? 2 : 1)`, EachLine: true}
	})
	if e := evaluate(t, in, each); e.Awards()[0].Exact != "8.5" || words(t).Award(&e.Awards()[0]) != `line.quantity * (line.sku == "cup" ? 2 : 1) over the lines = 8.5, rounded down to 8` {
		t.Errorf("for each line: %s", text(e))
	}
}

func trimmed(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// What goes wrong when an expression is evaluated keeps its rule from firing, and nothing else.
func TestWhatCannotBeEvaluatedDoesNotFire(t *testing.T) {
	for f, want := range map[string]string{
		`floor(div(order.total, member.orders - 3, 2))`: "base 5 | r: expression_error",
		`order.attributes["coupon"] == "X" ? 1 : 2`:     "base 5 | r: expression_error",
		`dec("-5") * 2`: "base 5 | r: negative",
		`dec("9999999999999999999") * order.total_minor`: "base 5 | r: expression_error",
		`9007199254740993`:  "base 5 | r: overflow",
		`int(order.id) * 0`: "base 5 | r: no_points",
	} {
		in := order(line("1", "a", "1", 500))
		if got := summary(evaluate(t, in, rule("base", all), rule("r", formula(f)))); got != want {
			t.Errorf("%s: %s, want %s", f, got, want)
		}
	}
}

// What an expression costs is bounded by its worst case when it is saved. Only an order beyond the bounds can cost more, and then its rule does not fire.
func TestAnExpressionThatCostsTooMuchDoesNotFire(t *testing.T) {
	r := rule("r", condition(`order.lines.all(l, l.categories.all(c, c != "cold"))`))
	for lines, want := range map[int]string{earning.MaxLines: "base 5, r 5", 40 * earning.MaxLines: "base 200 | r: cost"} {
		in := order()
		for i := range lines {
			in.Order.Lines = append(in.Order.Lines, line(fmt.Sprint(i), "a", "1", 1, "hot"))
		}
		if got := summary(evaluate(t, in, rule("base", all), r, rule("s", condition("false")))); got != want+" | s: condition_false" && got != want+", s: condition_false" {
			t.Errorf("%d lines: %s, want %s", lines, got, want)
		}
	}
}

// What else is wrong with a rule.
func TestRulesThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		with with
		want string
	}{
		{func(r *earning.Rule) { r.Name = "" }, "name: this has 1 to 200 characters"},
		{func(r *earning.Rule) { r.Trigger.Kind = "gift" }, "trigger.kind: a kind is spend, visit, item, category or event"},
		{func(r *earning.Rule) { r.Trigger.SKUs = []string{"a"} }, "trigger.skus: a rule of kind spend has none"},
		{func(r *earning.Rule) { r.Trigger = earning.Trigger{Kind: earning.KindItem} }, "trigger.skus: a rule of kind item names 1 to 1000 of them"},
		{func(r *earning.Rule) { r.Trigger = earning.Trigger{Kind: earning.KindEvent, Event: "visit"} }, "trigger.event: visits have a kind of their own: visit"},
		{func(r *earning.Rule) { r.Terms.Value = "0" }, "terms.value: this is more than 0 and at most 1000000000, with at most 9 decimal places"},
		{func(r *earning.Rule) { r.Terms.Value = "-1" }, "terms.value: this is more than 0 and at most 1000000000, with at most 9 decimal places"},
		{func(r *earning.Rule) { r.Terms.Value = "1e3" }, `terms.value: "1e3" is no decimal number such as "1.5"`},
		{func(r *earning.Rule) { r.Terms.Value = "99999999999999999999" }, `terms.value: "99999999999999999999" is no decimal number of at most 19 digits such as "1.5"`},
		{func(r *earning.Rule) { r.Terms.Per = 0 }, "terms.per: points per unit, and nothing else, are given per 1 to 1000000000000000 minor units or pieces"},
		{terms(earning.Fixed, "1.5"), "terms.value: fixed points are a whole number"},
		{terms(earning.Multiplier, "1"), "terms.value: this is more than 1 and at most 1000000000, with at most 9 decimal places"},
		{func(r *earning.Rule) { r.Window = earning.Window{From: 2, Until: 2} }, "window.until: a window ends after it begins"},
		{func(r *earning.Rule) { r.Window.Weekdays = []int{1, 8} }, "window.weekdays[1]: weekdays are 1 (Monday) to 7 (Sunday), each once"},
		{func(r *earning.Rule) { r.Window.Hours = []earning.Hours{{From: "24:00", Until: "24:00"}} }, `window.hours[0].from: a time of day is "00:00" to "23:59"`},
		{func(r *earning.Rule) { r.Window.Hours = []earning.Hours{{From: "9:00", Until: "12:60"}} }, "window.hours[0].from: a time of day is \"00:00\" to \"23:59\"\nwindow.hours[0].until: a time of day is \"00:00\" to \"24:00\""},
		{func(r *earning.Rule) { r.Caps = []earning.Cap{{Per: earning.PerCampaign, Most: 1}} }, "caps[0].per: a cap per campaign needs the rule to be of a campaign"},
		{func(r *earning.Rule) { r.Caps = []earning.Cap{{Per: earning.PerOrder, Period: calendar.Day, Most: 1}} }, "caps[0].period: an order has no period"},
		{func(r *earning.Rule) { r.Caps = []earning.Cap{{Per: earning.PerMember, Most: -1}} }, "caps[0].most: this is 1 to 9007199254740992"},
		{func(r *earning.Rule) { r.Rounding = "up" }, "rounding: a rounding is floor, half_up, half_even or ceil"},
		{func(r *earning.Rule) { r.Stack.Mode = "sum" }, "stack.mode: a mode is best, all or priority"},
	} {
		if _, p := earning.Compile(rule("r", c.with)); p.String() != c.want {
			t.Errorf("%s\nwant %s", p, c.want)
		}
	}
}

func TestOrdersThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		spoil func(*earning.Order)
		want  string
	}{
		{func(o *earning.Order) {}, ""},
		{func(o *earning.Order) { o.ID = "" }, "id: this has 1 to 200 characters"},
		{func(o *earning.Order) { o.Currency = "EUX" }, `currency: "EUX" is no currency of ISO 4217`},
		{func(o *earning.Order) { o.Lines = nil }, "lines: an order has 1 to 500 lines, this one has 0"},
		{func(o *earning.Order) { o.Lines[1].ID = "1" }, `lines[1].id: line 1 has the id "1" too`},
		{func(o *earning.Order) { o.Lines[1].Amount = -1 }, "lines[1].amount: an amount is 0 to 1000000000000000 minor units; what comes back is returned, not ordered below zero"},
		{func(o *earning.Order) { o.Lines[0].Amount, o.Lines[1].Amount = earning.MaxAmount, 1 }, "lines[1].amount: the lines come to more than 1000000000000000 minor units"},
		{func(o *earning.Order) {
			o.Lines[0].Amount, o.Lines[1].Amount = earning.MaxAmount+1, earning.MaxAmount+1
		},
			"lines[0].amount: an amount is 0 to 1000000000000000 minor units; what comes back is returned, not ordered below zero\n" +
				"lines[1].amount: an amount is 0 to 1000000000000000 minor units; what comes back is returned, not ordered below zero"},
		{func(o *earning.Order) { o.Lines[0] = line("1", "a", "0", 1) }, "lines[0].quantity: a quantity is more than 0"},
		{func(o *earning.Order) { o.Lines[0] = line("1", "a", "0.0000001", 1) }, "lines[0].quantity: a quantity has at most 6 decimal places"},
		{func(o *earning.Order) { o.Tax = -1 }, "tax: an amount is 0 to 1000000000000000 minor units"},
	} {
		o := order(line("1", "a", "1", 5), line("2", "b", "1", 5)).Order
		c.spoil(o)
		if p := o.Check(); p.String() != c.want {
			t.Errorf("%s\nwant %s", p, c.want)
		}
	}
}
