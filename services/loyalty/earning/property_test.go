package earning_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
)

var categories = []string{"hot", "cold", "new"}

func carts() *rapid.Generator[*earning.Input] {
	return rapid.Custom(func(t *rapid.T) *earning.Input {
		var lines []earning.Line
		for i := range rapid.IntRange(1, 6).Draw(t, "lines") {
			quantity := decimal.MustNew(rapid.Int64Range(1, 20_000).Draw(t, "quantity"), rapid.IntRange(0, 3).Draw(t, "places")).String()
			l := line(fmt.Sprint(i+1), rapid.SampledFrom([]string{"tea", "cup", "bag"}).Draw(t, "sku"), quantity, rapid.Int64Range(0, 30_000).Draw(t, "amount"))
			l.Categories = rapid.SliceOfNDistinct(rapid.SampledFrom(categories), 0, 2, rapid.ID[string]).Draw(t, "categories")
			lines = append(lines, l)
		}
		in := order(lines...)
		in.Order.At += clock.Millis(rapid.Int64Range(0, 40*86_400_000).Draw(t, "later"))
		in.Member.Tier = rapid.SampledFrom([]string{"", "silver", "gold"}).Draw(t, "tier")
		return in
	})
}

var formulas = []string{"floor(order.total)", `div(order.total, 3, 4)`, `mul(order.total, dec("0.333"))`, `order.lines.filter(l, l.amount > dec("50")).size()`, `dec("12.5")`}

func randomRule(t *rapid.T, id string) earning.Rule {
	r := rule(id)
	r.Trigger = rapid.SampledFrom([]earning.Trigger{
		{Kind: earning.KindSpend}, {Kind: earning.KindItem, SKUs: []string{"tea", "cup"}}, {Kind: earning.KindCategory, Categories: []string{"hot"}},
	}).Draw(t, "trigger")
	switch rapid.SampledFrom([]earning.Form{earning.PerUnit, earning.Fixed, earning.Multiplier, earning.Formula}).Draw(t, "form") {
	case earning.PerUnit:
		r.Terms = earning.Terms{Form: earning.PerUnit, Value: decimal.MustNew(rapid.Int64Range(1, 5000).Draw(t, "value"), 3).String(), Per: rapid.Int64Range(1, 700).Draw(t, "per")}
		r.Terms.Tiers = map[string]string{"gold": "1.5"}
	case earning.Fixed:
		r.Terms = earning.Terms{Form: earning.Fixed, Value: fmt.Sprint(rapid.IntRange(1, 500).Draw(t, "fixed"))}
	case earning.Multiplier:
		r.Terms = earning.Terms{Form: earning.Multiplier, Value: decimal.MustNew(rapid.Int64Range(101, 400).Draw(t, "factor"), 2).String()}
	default:
		r.Terms = earning.Terms{Form: earning.Formula, Formula: rapid.SampledFrom(formulas).Draw(t, "formula")}
	}
	r.Rounding = rapid.SampledFrom([]earning.Rounding{earning.Floor, earning.HalfUp, earning.HalfEven, earning.Ceil}).Draw(t, "rounding")
	r.Stack = earning.Stack{Mode: rapid.SampledFrom([]earning.Mode{earning.Best, earning.All, earning.Priority}).Draw(t, "mode"), Priority: rapid.Int64Range(0, 3).Draw(t, "priority")}
	r.Condition = rapid.SampledFrom([]string{"", `order.total > 20`, `member.tier == "gold"`, `order.lines.exists(l, "hot" in l.categories)`}).Draw(t, "condition")
	r.LineCondition = rapid.SampledFrom([]string{"", `line.amount > 10`}).Draw(t, "line condition")
	r.Campaign = "autumn"
	for range rapid.IntRange(0, 2).Draw(t, "caps") {
		c := earning.Cap{
			Per:  rapid.SampledFrom([]earning.Scope{earning.PerOrder, earning.PerMember, earning.PerCampaign}).Draw(t, "per"),
			Most: rapid.Int64Range(1, 600).Draw(t, "most"), Over: rapid.SampledFrom([]earning.Over{"", earning.Reduce, earning.Reject}).Draw(t, "over"),
		}
		if c.Per != earning.PerOrder {
			c.Period = rapid.SampledFrom([]calendar.Unit{"", calendar.Day, calendar.Week, calendar.Month, calendar.Year}).Draw(t, "period")
			c.Counts = rapid.SampledFrom([]earning.Counts{"", earning.CountsPoints, earning.CountsAwards}).Draw(t, "counts")
		}
		r.Caps = append(r.Caps, c)
	}
	r.Activation.PerLine = rapid.Bool().Draw(t, "per line")
	return r
}

func randomRules(t *rapid.T) []earning.Rule {
	var rules []earning.Rule
	for i := range rapid.IntRange(1, 6).Draw(t, "rules") {
		rules = append(rules, randomRule(t, fmt.Sprintf("r%d", i)))
	}
	return rules
}

func ready(t *rapid.T, rules []earning.Rule) []*earning.Compiled {
	var all []*earning.Compiled
	for _, r := range rules {
		c, p := earning.Compile(r)
		if p != nil {
			t.Fatalf("rule %+v: %s", r, p)
		}
		all = append(all, c)
	}
	return all
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Each rule speaks once, lines and lots add up to the award, no cap is exceeded over a sequence of orders, and neither the order of the rules nor a second time
// changes a byte.
func TestWhateverTheRulesTheAwardsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := ready(t, randomRules(t))
		counters := map[string]int64{}
		for range rapid.IntRange(1, 5).Draw(t, "orders") {
			in := carts().Draw(t, "cart")
			in.Counters = counters
			e, err := earning.Evaluate(in, rules)
			if err != nil {
				t.Fatal(err)
			}
			shuffled := slices.Clone(rules)
			rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			var copied earning.Input
			if err := json.Unmarshal([]byte(text(in)), &copied); err != nil {
				t.Fatal(err)
			}
			again, err := earning.Evaluate(&copied, shuffled)
			if err != nil || text(again) != text(e) {
				t.Fatalf("other order of rules, input from its own text: %s, want %s", text(again), text(e))
			}
			if len(e.Given)+len(e.Silent) != len(rules) {
				t.Fatalf("%d rules, %d awards and %d reasons", len(rules), len(e.Given), len(e.Silent))
			}
			for _, a := range e.Awards() {
				addsUp(t, &a)
				for _, u := range a.Uses {
					counters[u.Key] += u.Amount
				}
			}
			within(t, e, rules, in, counters)
		}
	})
}

func addsUp(t *rapid.T, a *earning.Award) {
	var lines, lots int64
	for _, s := range a.Lines {
		if s.Points < 0 {
			t.Fatalf("a share is less than nothing: %s", text(a))
		}
		lines += s.Points
	}
	for _, l := range a.Lots {
		lots += l.Points
	}
	if lines != a.Points || lots != a.Points || a.Points <= 0 || a.Points > a.Desired {
		t.Fatalf("lines %d, lots %d: %s", lines, lots, text(a))
	}
}

// within checks caps against the sums of what was given.
func within(t *rapid.T, e earning.Evaluation, rules []*earning.Compiled, in *earning.Input, counters map[string]int64) {
	for _, c := range rules {
		keys, err := earning.Keys(in, []*earning.Compiled{c})
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range c.Rule.Caps {
			if limit.Per == earning.PerOrder {
				for i := range e.Given {
					if e.Given[i].Rule().ID == c.Rule.ID && e.Given[i].Points > limit.Most {
						t.Fatalf("%d over the cap per order of %d", e.Given[i].Points, limit.Most)
					}
				}
				continue
			}
			same := func(o earning.Cap) bool {
				return o.Per == limit.Per && o.Period == limit.Period && o.Counts == limit.Counts
			}
			if limit.Per == earning.PerCampaign && slices.ContainsFunc(rules, func(o *earning.Compiled) bool {
				return o != c && slices.ContainsFunc(o.Rule.Caps, same) // its own limit may be higher
			}) {
				continue
			}
			for _, k := range keys {
				if k.Per == limit.Per && k.Counts == limit.Counts && slices.Index(c.Rule.Caps, limit) == position(keys, k, c.Rule.Caps) && counters[k.Key] > limit.Most {
					t.Fatalf("%s is at %d, over %d", k.Key, counters[k.Key], limit.Most)
				}
			}
		}
	}
}

// position finds the cap that a key is of: keys come in the order of the caps, equal ones once.
func position(keys []earning.Use, k earning.Use, caps []earning.Cap) int {
	n := slices.Index(keys, k)
	var seen []earning.Cap
	for i, c := range caps {
		if c.Per == earning.PerOrder || slices.ContainsFunc(seen, func(o earning.Cap) bool { return o.Per == c.Per && o.Period == c.Period && o.Counts == c.Counts }) {
			continue
		}
		if len(seen) == n {
			return i
		}
		seen = append(seen, c)
	}
	return -1
}

// Rounding the exact points of an award as stated gives what it would be without caps.
func TestExactPointsRoundToThePoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := randomRule(t, "r")
		r.Caps = nil
		e, err := earning.Evaluate(carts().Draw(t, "cart"), ready(t, []earning.Rule{r}))
		if err != nil || len(e.Given) == 0 {
			return
		}
		a := e.Awards()[0]
		if want := roundedByHand(a.Exact, a.Rounding); a.Points != want {
			t.Fatalf("%s is %d, not %d: %s", a.Exact, want, a.Points, text(a))
		}
	})
}

// Evaluations share memory one after the other; what one has given stays as it was while others are made, at once and afterwards.
func TestAResultStaysAsItWas(t *testing.T) {
	rules := compiled(t, twenty()...)
	var done sync.WaitGroup
	for worker := range 4 {
		done.Go(func() {
			var results, texts []string
			var kept []earning.Evaluation
			for i := range int64(50) {
				in := order(line("1", "tea", "1.5", 1250+17*i, "hot"), line(fmt.Sprint(worker, i), "cup", "3", 9000+i))
				e, err := earning.Evaluate(in, rules)
				if err != nil {
					t.Error(err)
					return
				}
				b, _ := json.Marshal(e)
				kept, results = append(kept, e), append(results, string(b))
			}
			for i := range kept {
				b, _ := json.Marshal(kept[i])
				texts = append(texts, string(b))
			}
			if !slices.Equal(results, texts) {
				t.Error("a result has changed after others were made")
			}
		})
	}
	done.Wait()
}
