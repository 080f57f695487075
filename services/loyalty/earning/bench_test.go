package earning_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"renown.example/loyalty/earning"
)

// twenty are twenty rules, each with a condition and a formula or a condition on lines.
func twenty() []earning.Rule {
	conditions := []string{
		`order.total >= 50 && member.tier in ["gold", "silver"]`, `order.first || member.orders > 2`, `order.local.weekday in [5, 6, 7] && order.local.hour >= 17`,
		`order.attributes["channel"] == "shop" && "vip" in member.tags`, `order.time - member.enrolled_at > duration("720h")`,
	}
	var rules []earning.Rule
	for i := range 20 {
		r := rule(fmt.Sprintf("r%02d", i), condition(conditions[i%5]), all)
		switch i % 4 {
		case 1:
			r.Terms = earning.Terms{Form: earning.Formula, Formula: `div(mul(order.total, dec("1.25")), 3, 4)`}
		case 2:
			r.LineCondition = `line.amount > 5 && "hot" in line.categories`
		case 3:
			r.Terms = earning.Terms{Form: earning.Multiplier, Value: "1.5"}
		}
		rules = append(rules, r)
	}
	return rules
}

func teaAndCups() *earning.Input {
	return order(line("1", "tea", "1.5", 1250, "hot"), line("2", "cup", "3", 9000, "new", "hot"), line("3", "bag", "1", 1800))
}

// What evaluations leave to the collector of garbage decides what the slowest of a hundred orders take: they wait for it.
func TestAnEvaluationLeavesLittleBehind(t *testing.T) {
	rules, in := compiled(t, twenty()...), teaAndCups()
	least, pieces := ^uint64(0), ^uint64(0)
	for range 20 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		e, err := earning.Evaluate(in, rules)
		runtime.ReadMemStats(&after)
		if err != nil || len(e.Given) != 20 {
			t.Fatalf("%d of 20 rules fire: %v", len(e.Given), err)
		}
		least, pieces = min(least, after.TotalAlloc-before.TotalAlloc), min(pieces, after.Mallocs-before.Mallocs)
	}
	if least > 2500 || pieces > 10 {
		t.Errorf("%d bytes in %d pieces for twenty rules", least, pieces)
	}
}

// An order of three lines, twenty rules with CEL: ns/op is the mean, p99-ns what 99 of 100 orders take at most.
func BenchmarkTwentyRules(b *testing.B) {
	rules := compiled(b, twenty()...)
	in := teaAndCups()
	if e, err := earning.Evaluate(in, rules); err != nil || len(e.Given) != 20 {
		b.Fatalf("%d of 20 rules fire: %v %+v", len(e.Given), err, e.Silent)
	}
	took := make([]time.Duration, 0, b.N)
	b.ReportAllocs()
	for b.Loop() {
		begin := time.Now()
		if _, err := earning.Evaluate(in, rules); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}
