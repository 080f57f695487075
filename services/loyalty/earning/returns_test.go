package earning_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/govalues/decimal"
	"pgregory.net/rapid"

	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
)

// roundedByHand is a second way to round, by another road.
func roundedByHand(exact string, mode earning.Rounding) int64 {
	r, ok := new(big.Rat).SetString(exact)
	if !ok {
		panic(exact)
	}
	down := new(big.Rat).SetInt(new(big.Int).Div(r.Num(), r.Denom()))
	n := down.Num().Int64()
	over := new(big.Rat).Sub(r, down)
	switch half := over.Cmp(big.NewRat(1, 2)); {
	case over.Sign() == 0 || mode == earning.Floor:
		return n
	case mode == earning.Ceil, half > 0, half == 0 && mode == earning.HalfUp, half == 0 && n%2 != 0:
		return n + 1
	}
	return n
}

func TestReturns(t *testing.T) {
	q := decimal.MustParse
	in := order(line("1", "tea", "3", 1000), line("2", "cup", "1", 500), line("3", "gift", "2", 0))
	e := evaluate(t, in, rule("base"), rule("item", func(r *earning.Rule) {
		r.Trigger = earning.Trigger{Kind: earning.KindItem, SKUs: []string{"tea", "gift"}}
		r.Stack.Group = "items"
		r.Caps = []earning.Cap{{Per: earning.PerMember, Period: calendar.Month, Most: 1000}, {Per: earning.PerMember, Most: 9, Counts: earning.CountsAwards}}
		r.Terms = earning.Terms{Form: earning.PerUnit, Value: "10", Per: 1}
	}))
	if got := summary(e); got != "base 15, item 50" {
		t.Fatal(got)
	}
	var before []earning.Returned
	for _, step := range []struct {
		name  string
		more  []earning.Returned
		want  string // rule and points, with what counters get back
		money int64
		all   bool
	}{
		{"one of three", []earning.Returned{{Line: "1", Quantity: q("1")}}, "base 3, item 10 [member/item/points/2026-11 10]", 333, false},
		{"a third of the price", []earning.Returned{{Line: "1", Amount: 300}}, "base 3, item 9 [member/item/points/2026-11 9]", 300, false},
		{"gifts have points, if no price", []earning.Returned{{Line: "3", Quantity: q("2")}}, "item 20 [member/item/points/2026-11 20]", 0, false},
		{"the rest of it", []earning.Returned{{Line: "1", Whole: true}}, "base 4, item 11 [member/item/points/2026-11 11, member/item/awards 1]", 367, false},
		{"and the last", []earning.Returned{{Line: "2", Quantity: q("1.000")}}, "base 5", 500, true},
	} {
		b, p := earning.Return(in.Order, e.Awards(), before, step.more)
		if p != nil {
			t.Fatalf("%s: %s", step.name, p)
		}
		if got := taken(b); got != step.want || b.Money != step.money || b.All != step.all {
			t.Errorf("%s: %s, money %d, all %v; want %s, %d, %v", step.name, got, b.Money, b.All, step.want, step.money, step.all)
		}
		before = b.After
	}
}

// What has come back in part is rounded down, so that no step takes more than its share.
func TestPartsAreRoundedDown(t *testing.T) {
	in := order(line("1", "tea", "3", 1000))
	b, p := earning.Return(in.Order, evaluate(t, in, rule("base")).Awards(), nil, []earning.Returned{{Line: "1", Quantity: decimal.MustParse("2")}})
	if p != nil || taken(b) != "base 6" || b.Money != 666 {
		t.Errorf("two of three: %s, money %d, %s; want base 6 and 666", taken(b), b.Money, p)
	}
}

func taken(b earning.Back) string {
	s := ""
	for _, t := range b.Taken {
		if s != "" {
			s += ", "
		}
		s += t.Rule + " " + decimal.MustNew(t.Points, 0).String()
		for i, u := range t.Uses {
			s += []string{" [", ", "}[min(i, 1)] + u.Key + " " + decimal.MustNew(u.Amount, 0).String()
		}
		if len(t.Uses) > 0 {
			s += "]"
		}
	}
	return s
}

func TestReturnsThatCannotBe(t *testing.T) {
	q := decimal.MustParse
	in := order(line("1", "tea", "3", 1000), line("2", "gift", "1", 0))
	e := evaluate(t, in, rule("base"))
	for _, c := range []struct {
		name         string
		before, more []earning.Returned
		want         string
	}{
		{"nothing", nil, nil, "lines: a return names at least one line"},
		{"no such line", nil, []earning.Returned{{Line: "9", Whole: true}}, `lines[0].line: the order has no line "9"`},
		{"twice", nil, []earning.Returned{{Line: "1", Amount: 1}, {Line: "1", Amount: 1}}, `lines[1].line: line "1" is in this return twice`},
		{"how much", nil, []earning.Returned{{Line: "1"}}, `lines[0]: say how much of line "1" comes back: a quantity, an amount, or all that is left`},
		{"both", nil, []earning.Returned{{Line: "1", Amount: 1, Quantity: q("1")}}, `lines[0]: say how much of line "1" comes back: a quantity, an amount, or all that is left`},
		{"more than there is", nil, []earning.Returned{{Line: "1", Quantity: q("3.1")}}, `lines[0].quantity: line "1" has 3, so 3.1 cannot come back`},
		{"more than was paid", nil, []earning.Returned{{Line: "1", Amount: 1001}}, `lines[0].amount: 1000 minor units were paid for line "1", so 1001 cannot come back`},
		{"money for a gift", nil, []earning.Returned{{Line: "2", Amount: 1}}, `lines[0].amount: 0 minor units were paid for line "2", so 1 cannot come back`},
		{"less than nothing", nil, []earning.Returned{{Line: "1", Quantity: q("-1")}}, "lines[0].quantity: a quantity is more than 0, with at most 6 decimal places"},
		{"less money than nothing", nil, []earning.Returned{{Line: "1", Amount: -1}}, "lines[0].amount: an amount is more than 0"},
		{"more than is left", []earning.Returned{{Line: "1", Quantity: q("2")}}, []earning.Returned{{Line: "1", Quantity: q("1.5")}},
			`lines[0].quantity: that is more than is left of line "1" after what has come back before`},
		{"more money than is left", []earning.Returned{{Line: "1", Quantity: q("2")}}, []earning.Returned{{Line: "1", Amount: 334}},
			`lines[0].amount: that is more than is left of line "1" after what has come back before`},
		{"nothing is left", []earning.Returned{{Line: "1", Quantity: q("3"), Whole: true}}, []earning.Returned{{Line: "1", Whole: true}}, `lines[0].line: all of line "1" has come back already`},
	} {
		if _, p := earning.Return(in.Order, e.Awards(), c.before, c.more); p.String() != c.want {
			t.Errorf("%s: %s, want %s", c.name, p, c.want)
		}
	}
}

// Over 10,000 orders, with rules and returns of all kinds: whatever the steps in which everything comes back, each award is taken back to the point, and so are the
// counters of its caps; before that, never more than was given for what has come back.
func TestAnySequenceOfReturnsEqualsOneFullReturn(t *testing.T) {
	orders := 0
	for orders < 10_000 {
		rapid.Check(t, func(t *rapid.T) {
			orders++
			in := carts().Draw(t, "cart")
			e, err := earning.Evaluate(in, ready(t, randomRules(t)))
			if err != nil {
				t.Fatal(err)
			}
			awards := e.Awards()
			full, p := earning.Return(in.Order, awards, nil, earning.Everything(in.Order))
			if p != nil || !full.All || full.Money != in.Order.Total() {
				t.Fatalf("a full return: %s, %+v", p, full)
			}
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
			points, uses, money := map[string]int64{}, map[string]int64{}, int64(0)
			var before []earning.Returned
			for range 1000 {
				b, p := earning.Return(in.Order, awards, before, some(rng, in.Order, before))
				if p != nil {
					continue // more than was left
				}
				before, money = b.After, money+b.Money
				count(b, points, uses)
				if b.All {
					break
				}
			}
			wantPoints, wantUses := map[string]int64{}, map[string]int64{}
			count(full, wantPoints, wantUses)
			if text(points) != text(wantPoints) || text(uses) != text(wantUses) || money != full.Money {
				t.Fatalf("step by step %v, %v, money %d; at once %v, %v, %d", points, uses, money, wantPoints, wantUses, full.Money)
			}
			for i := range awards {
				a := &awards[i]
				if points[a.Rule] != a.Points {
					t.Fatalf("%s gave %d, taken were %d", a.Rule, a.Points, points[a.Rule])
				}
				for _, u := range a.Uses {
					if uses[a.Rule+u.Key] != u.Amount {
						t.Fatalf("%s used %d of %s, given back were %d", a.Rule, u.Amount, u.Key, uses[a.Rule+u.Key])
					}
				}
			}
		})
		if t.Failed() {
			return
		}
	}
}

func count(b earning.Back, points, uses map[string]int64) {
	for _, t := range b.Taken {
		points[t.Rule] += t.Points
		for _, u := range t.Uses {
			uses[t.Rule+u.Key] += u.Amount
		}
	}
}

// some returns part of some line, most often one that is not all back.
func some(rng *rand.Rand, o *earning.Order, before []earning.Returned) []earning.Returned {
	done := map[string]bool{}
	for _, b := range before {
		done[b.Line] = b.Whole
	}
	var open []*earning.Line
	for i := range o.Lines {
		if !done[o.Lines[i].ID] {
			open = append(open, &o.Lines[i])
		}
	}
	l := open[rng.IntN(len(open))]
	r := earning.Returned{Line: l.ID}
	switch kind := rng.IntN(4); {
	case kind == 0 && l.Amount > 0:
		r.Amount = 1 + rng.Int64N(l.Amount)
	case kind < 3:
		r.Quantity = decimal.MustNew(1+rng.Int64N(int64(l.Quantity.Coef())), l.Quantity.Scale())
	default:
		r.Whole = true
	}
	return []earning.Returned{r}
}
