package earning

import (
	"cmp"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
)

// Evaluate says what the rules give for the input. It is a function of both and nothing else; the order of the rules does not matter. It fails only if the
// programme's zone is unknown.
func Evaluate(in *Input, rules []*Compiled) (Evaluation, error) {
	r, err := begin(in)
	if err != nil {
		return Evaluation{}, err
	}
	r.all(rules)
	out := r.out
	r.release()
	return out, nil
}

func begin(in *Input) (*run, error) {
	z, err := calendar.LoadZone("program.zone", in.Program.Zone)
	if err != nil {
		return nil, err
	}
	r := runs.Get().(*run)
	r.in, r.at, r.zone, r.large = in, in.at(), z, in.large()
	r.local = localize(z, r.at)
	r.order, r.event = orderView{Order: in.Order, local: &r.local}, eventView{in.Event, &r.local}
	r.out = Evaluation{Given: []Given{}, Silent: []Silent{}}
	return r, nil
}

// all has every rule considered.
func (r *run) all(rules []*Compiled) {
	r.sorted = append(r.sorted, rules...)
	sortRules(r.sorted)
	r.give(false)
	r.give(true)
	r.seal()
	slices.SortFunc(r.quiet, func(a, b *Silent) int {
		return cmp.Or(strings.Compare(a.Of.ID, b.Of.ID), cmp.Compare(a.Of.Version, b.Of.Version))
	})
	if len(r.quiet) > 0 {
		r.out.Silent = make([]Silent, len(r.quiet))
	}
	for i, s := range r.quiet {
		r.out.Silent[i] = *s
	}
}

func inOrder(rules []*Compiled) []*Compiled {
	rules = slices.Clone(rules)
	sortRules(rules)
	return rules
}

func sortRules(rules []*Compiled) {
	slices.SortFunc(rules, func(a, b *Compiled) int {
		return cmp.Or(strings.Compare(a.Rule.ID, b.Rule.ID), cmp.Compare(a.Rule.Version, b.Rule.Version))
	})
}

// run is one evaluation.
type run struct {
	in    *Input
	at    clock.Millis
	zone  calendar.Zone
	local local

	order orderView
	event eventView
	used  map[string]int64 // what this evaluation itself has used of counters
	large bool             // the input is beyond its bounds
	vars  variables
	out   Evaluation
	// rivals are those that a rule competed with, itself included, the winner first. It is nil unless somebody asks.
	rivals map[*Compiled][]Rival

	scratch
}

// variables are what an expression can name.
type variables struct {
	*run
	line *lineView
}

// ResolveName implements interpreter.Activation.
func (v *variables) ResolveName(name string) (any, bool) {
	switch name {
	case "order":
		return &v.order, v.in.Order != nil
	case "event":
		return &v.event, v.in.Event != nil
	case "line":
		return v.line, v.line != nil
	case "member":
		return &v.in.Member, true
	case "program":
		return &v.in.Program, true
	case "now":
		return types.Timestamp{Time: v.in.Now.Time()}, true
	}
	return nil, false
}

// Parent implements interpreter.Activation.
func (v *variables) Parent() interpreter.Activation { return nil }

// candidate is a rule that would fire.
type candidate struct {
	*Compiled
	// lines are the positions of the lines that count; parts are their exact points over den, which add up to total. An event has only a total.
	lines      []int32
	parts      []big.Int
	total, den *big.Int
	desired    int64

	points int64
	caps   []CapNote
	uses   []Use
	// shares are what each of the lines has of points, once they are given.
	shares []int64
}

func (r *run) silent(c *Compiled, why Why, text string) *Silent {
	s := &take(&r.silents, 1, 2*cap(r.silents))[0]
	*s = Silent{Of: &c.Rule, Why: why, At: r.at, Text: text}
	return s
}

// consider finds out whether a rule would fire, and for how many points before caps.
func (r *run) consider(c *Compiled) (*candidate, *Silent) {
	if s := r.barred(c); s != nil {
		return nil, s
	}
	vars := &r.vars
	vars.run, vars.line = r, nil
	if c.condition != nil {
		holds, s := r.holds(c, c.condition, vars)
		if s != nil {
			return nil, s
		}
		if !holds {
			return nil, r.silent(c, ConditionFails, "")
		}
	}
	d := &take(&r.candidates, 1, 2*cap(r.candidates))[0]
	d.Compiled = c
	if r.in.Order != nil {
		if s := r.choose(d, vars); s != nil {
			return nil, s
		}
	}
	if s := r.reckon(d, vars); s != nil {
		return nil, s
	}
	whole := wholePoints(&r.zeroes(1)[0], d.total, d.den, c.Rule.Rounding)
	switch {
	case d.total.Sign() < 0:
		return nil, r.silent(c, LessThanNothing, exactly(d.total, d.den))
	case whole.Sign() == 0:
		s := r.silent(c, NoWholePoint, "")
		s.more().Award = r.arithmetic(d)
		return nil, s
	case !whole.IsInt64() || whole.Int64() > maxPoints:
		s := r.silent(c, BeyondBounds, strconv.FormatInt(maxPoints, 10))
		s.more().Award = r.arithmetic(d)
		return nil, s
	}
	d.desired = whole.Int64()
	return d, nil
}

// barred looks at what needs no expression.
func (r *run) barred(c *Compiled) *Silent {
	t := &c.Rule.Trigger
	if c.Rule.Archived {
		return r.silent(c, Archived, "")
	}
	if t.Kind.ofOrder() != (r.in.Order != nil) {
		return r.silent(c, ForOthers, "")
	}
	if e := r.in.Event; e != nil && (t.Kind == KindVisit && e.Type != Visit || t.Kind == KindEvent && e.Type != t.Event) {
		return r.silent(c, ForOtherEvents, e.Type)
	}
	if why, outside := c.outside(r.at, &r.local); outside {
		return r.silent(c, why, "")
	}
	if code := r.in.currency(); c.Rule.byAmount() && code != r.in.Program.Currency {
		if r.in.Event != nil && r.in.Event.Currency == "" {
			return r.silent(c, WithoutAmount, r.in.Program.Currency)
		}
		s := r.silent(c, InOtherCurrency, r.in.Program.Currency)
		s.more().Currency = code
		return s
	}
	return nil
}

// byAmount reports whether the rule's unit is one of money.
func (r *Rule) byAmount() bool { return r.Terms.Form == PerUnit && r.Trigger.Kind != KindItem }

func (in *Input) currency() string {
	if in.Order != nil {
		return in.Order.Currency
	}
	return in.Event.Currency
}

// holds evaluates a condition.
func (r *run) holds(c *Compiled, x *expression, vars *variables) (bool, *Silent) {
	if x.decides != nil && !r.large {
		if holds, ok := x.decides(vars); ok {
			return holds, nil
		}
	}
	v, s := r.evaluate(c, x, vars)
	return v == types.True, s
}

// evaluate has CEL's interpreter evaluate an expression.
func (r *run) evaluate(c *Compiled, x *expression, vars *variables) (any, *Silent) {
	program := x.program
	if r.large {
		program = x.counted
	}
	v, _, err := program.Eval(vars)
	if err == nil {
		return v, nil
	}
	var ended interpreter.EvalCancelledError
	if errors.As(err, &ended) && ended.Cause == interpreter.CostLimitExceeded {
		return nil, r.silent(c, TooManySteps, "")
	}
	return nil, r.silent(c, Unevaluated, strings.TrimSpace(err.Error()))
}

// view returns a line as expressions see it.
func (r *run) view(i int) *lineView {
	if len(r.lines) == 0 {
		take(&r.lines, len(r.in.Order.Lines), 0)
		for i := range r.lines {
			r.lines[i] = lineView{Line: &r.in.Order.Lines[i], currency: r.in.Order.Currency}
		}
	}
	return &r.lines[i]
}

// names reports whether the rule is about the line's article or category; one that names none is about all.
func (c *Compiled) names(l *Line) bool {
	switch c.Rule.Trigger.Kind {
	case KindItem:
		return c.named[l.SKU]
	case KindCategory:
		return slices.ContainsFunc(l.Categories, func(k string) bool { return c.named[k] })
	}
	return true
}

// choose finds the lines that count.
func (r *run) choose(d *candidate, vars *variables) *Silent {
	d.lines = take(&r.places, len(r.in.Order.Lines), 2*cap(r.places))[:0]
	for i := range r.in.Order.Lines {
		l := &r.in.Order.Lines[i]
		if !d.names(l) {
			continue
		}
		if d.lineCondition != nil {
			vars.line = r.view(i)
			holds, s := r.holds(d.Compiled, d.lineCondition, vars)
			vars.line = nil
			if s != nil {
				s.more().Line = l.ID
				return s
			}
			if !holds {
				continue
			}
		}
		d.lines = append(d.lines, int32(i))
	}
	if len(d.lines) == 0 {
		return r.silent(d.Compiled, NoLineCounts, "")
	}
	return nil
}
