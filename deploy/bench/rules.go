package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"renown.example/kit/clock"
	"renown.example/loyalty/earning"
)

// rulesTask has twenty rules look at an order, again and again.
type rulesTask struct {
	Rounds   int
	Duration time.Duration
}

// twenty are rules with a condition each, and a formula, a condition on lines or a multiplier beside it.
func twenty() ([]*earning.Compiled, error) {
	conditions := []string{
		`order.total >= 50 && member.tier in ["gold", "silver"]`, `order.first || member.orders > 2`, `order.local.weekday in [5, 6, 7] && order.local.hour >= 17`,
		`order.attributes["channel"] == "shop" && "vip" in member.tags`, `order.time - member.enrolled_at > duration("720h")`,
	}
	var all []*earning.Compiled
	for i := range 20 {
		r := earning.Rule{
			ID: fmt.Sprintf("r%02d", i), Version: 1, Name: fmt.Sprint("Rule ", i), Wallet: "points", Trigger: earning.Trigger{Kind: earning.KindSpend},
			Condition: conditions[i%len(conditions)], Terms: earning.Terms{Form: earning.PerUnit, Value: "1", Per: 100},
		}
		r.Stack.Mode = earning.All
		switch i % 4 {
		case 1:
			r.Terms = earning.Terms{Form: earning.Formula, Formula: `div(mul(order.total, dec("1.25")), 3, 4)`}
		case 2:
			r.LineCondition = `line.amount > 5 && "hot" in line.categories`
		case 3:
			r.Terms = earning.Terms{Form: earning.Multiplier, Value: "1.5"}
		}
		c, problems := earning.Compile(r)
		if problems != nil {
			return nil, fmt.Errorf("rule %s: %s", r.ID, problems)
		}
		all = append(all, c)
	}
	return all, nil
}

// anOrder is one that all twenty give points for, on a Friday evening.
func anOrder() (*earning.Input, error) {
	friday := clock.At(time.Date(2026, 11, 27, 17, 30, 0, 0, time.UTC))
	in := &earning.Input{
		Order:   &earning.Order{ID: "1001", At: friday, Currency: "EUR", Attributes: map[string]string{"channel": "shop"}},
		Member:  earning.Member{ID: "m1", Tier: "gold", EnrolledAt: friday - clock.Millis((400 * 24 * time.Hour).Milliseconds()), Tags: []string{"vip"}, Orders: 3},
		Program: earning.Program{ID: customers, Zone: "Europe/Berlin", Currency: "EUR"},
		Now:     friday,
	}
	return in, json.Unmarshal([]byte(`[{"id":"1","sku":"tea","quantity":"1.5","amount":1250,"categories":["hot"]},{"id":"2","sku":"cup","quantity":"3","amount":9000,"categories":["new","hot"]},`+
		`{"id":"3","sku":"bag","quantity":"1","amount":1800}]`), &in.Order.Lines)
}

func rulesRole(ctx context.Context, task json.RawMessage, say func(any) error) error {
	var t rulesTask
	if err := json.Unmarshal(task, &t); err != nil {
		return err
	}
	rules, err := twenty()
	if err != nil {
		return err
	}
	in, err := anOrder()
	if err != nil {
		return err
	}
	if e, err := earning.Evaluate(in, rules); err != nil || len(e.Given) != len(rules) {
		return fmt.Errorf("%d of %d rules give points: %w", len(e.Given), len(rules), err)
	}
	var out []loadResult
	for range t.Rounds {
		for _, d := range []time.Duration{t.Duration / 10, t.Duration} {
			r, err := many(ctx, 1, d, func(int64) error {
				_, err := earning.Evaluate(in, rules)
				return err
			})
			if err != nil {
				return err
			}
			if d == t.Duration {
				out = append(out, r)
			}
		}
		runtime.GC()
	}
	return say(out)
}

// twentyRules measures twenty rules in the expression language on an order.
func twentyRules(ctx context.Context, b *benchmark) (result, error) {
	if err := b.halt(); err != nil {
		return result{}, err
	}
	rounds, err := ask[[]loadResult](ctx, "bench-rules", rulesTask{Rounds: b.rounds, Duration: b.duration})
	if err != nil {
		return result{}, err
	}
	var m measured
	var micros []float64
	for _, r := range rounds {
		m.add(r)
		micros = append(micros, r.P99*1000)
	}
	return result{Ours: m.side("one order"), Value: spreadOf(micros), Notes: []string{
		"in a process of its own, one order of three lines after the other; every rule has a condition and gives points, by the amount, by a formula, by lines or as a multiplier",
	}}, nil
}
