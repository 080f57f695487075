package earning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"renown.example/loyalty/currency"
)

// mostExplained bounds how many lines an explanation goes into one by one.
const mostExplained = 20

// Explained is what became of one rule: Award or Silent is set.
type Explained struct {
	// Rule is the rule as stated.
	Rule   *Rule
	Award  *Award
	Silent *Silent
	// Conditions are those that were looked at, with what they read.
	Conditions []Condition
	// Steps is the arithmetic. The last one comes to the award's points. A rule that gave nothing has none.
	Steps []Step
	// Rivals are the rules that competed for one place, this one included, the winner first; none if there was no competition.
	Rivals []Rival
}

// Condition is an expression that decided, and what it read.
type Condition struct {
	Expression string
	// Line is set where it was asked for one line.
	Line  string
	Holds bool
	Read  []Reading
}

// Reading is a name or a part of an expression with what it came to.
type Reading struct{ Name, Value string }

// Step is one step of arithmetic and what it came to. The words are for whoever shows it: see package explain.
type Step struct {
	What StepKind
	// Text is what was read, on the line Line, or the figures that were added up.
	Text, Result string
	Line         string
	// Of is which of the award's caps it is about.
	Of int
}

// StepKind says what a step does.
type StepKind int

// The kinds of steps.
const (
	StepRead    StepKind = iota // a formula read something
	StepSum                     // the lines that count were added up, one by one
	StepLines                   // so many lines were added up
	StepWorking                 // the award's working
	StepRounded                 // its exact points were rounded
	StepCap                     // a cap reduced them
)

// Rival is a rule that competed for a place with what caps left of it.
type Rival struct {
	Rule     string
	Version  int64
	Name     string
	Points   int64
	Priority int64
	Won      bool
}

// Explain evaluates as Evaluate does, and says what became of each rule: those that gave points first, then the others, each sorted by rule.
func Explain(in *Input, rules []*Compiled) (Evaluation, []Explained, error) {
	r, err := begin(in)
	if err != nil {
		return Evaluation{}, nil, err
	}
	r.rivals = map[*Compiled][]Rival{}
	r.all(rules)
	out, awards := make([]Explained, 0, len(rules)), r.out.Awards()
	for _, c := range inOrder(rules) {
		out = append(out, r.explain(c, awards))
	}
	slices.SortStableFunc(out, func(a, b Explained) int {
		return cmp.Compare(given(b), given(a))
	})
	return r.out, out, nil
}

func given(x Explained) int {
	if x.Award != nil {
		return 1
	}
	return 0
}

func (r *run) explain(c *Compiled, awards []Award) Explained {
	x := Explained{Rule: &c.Rule, Rivals: r.rivals[c]}
	for i := range awards {
		if a := &awards[i]; a.Rule == c.Rule.ID && a.Version == c.Rule.Version {
			x.Award = a
		}
	}
	for i := range r.out.Silent {
		if s := &r.out.Silent[i]; s.Of == &c.Rule {
			x.Silent = s
		}
	}
	if r.barred(c) != nil {
		return x
	}
	vars := &variables{run: r}
	if c.condition != nil {
		was := c.condition.read(vars)
		x.Conditions = append(x.Conditions, was)
		if !was.Holds {
			return x
		}
	}
	x.Conditions = append(x.Conditions, r.explainLines(c, vars)...)
	if x.Award != nil {
		x.Steps = append(r.formula(c, x.Award, vars), r.steps(x.Award)...)
	}
	return x
}

// explainLines says of each line that could count whether it did.
func (r *run) explainLines(c *Compiled, vars *variables) []Condition {
	if r.in.Order == nil || c.lineCondition == nil {
		return nil
	}
	var out []Condition
	for i := range r.in.Order.Lines {
		if !c.names(&r.in.Order.Lines[i]) {
			continue
		}
		if len(out) == mostExplained {
			break
		}
		vars.line = r.view(i)
		was := c.lineCondition.read(vars)
		vars.line = nil
		was.Line = r.in.Order.Lines[i].ID
		out = append(out, was)
	}
	return out
}

// formula says step by step what a formula came to.
func (r *run) formula(c *Compiled, a *Award, vars *variables) []Step {
	if c.formula == nil {
		return nil
	}
	var out []Step
	add := func(line string) {
		for _, v := range c.formula.read(vars).Read {
			out = append(out, Step{Text: v.Name, Result: v.Value, Line: line})
		}
	}
	if !c.Rule.Terms.EachLine {
		add("")
		if n := len(out); n > 0 && n < mostRead { // the last is the formula itself, which is the award's working
			out = out[:n-1]
		}
		return out
	}
	for i := range r.in.Order.Lines {
		if id := r.in.Order.Lines[i].ID; slices.ContainsFunc(a.Lines, func(s Share) bool { return s.Line == id }) && len(out) < 4*mostExplained {
			vars.line = r.view(i)
			add(id)
			vars.line = nil
		}
	}
	return out
}

// steps is the arithmetic of an award from what it was reckoned from to its points.
func (r *run) steps(a *Award) []Step {
	var out []Step
	if what, sum, adds := r.sum(a); adds {
		out = append(out, Step{What: what, Text: sum, Result: strings.TrimSpace(a.Working.Of + " " + a.Working.Unit)})
	}
	out = append(out, Step{What: StepWorking, Result: a.Exact})
	if whole := fmt.Sprint(a.Desired); whole != a.Exact {
		out = append(out, Step{What: StepRounded, Result: whole})
	}
	for i := range a.Caps {
		out = append(out, Step{What: StepCap, Of: i, Result: fmt.Sprint(a.Caps[i].Left)})
	}
	return out
}

// sum is what the lines that count add up to; adds is false where there is nothing to add.
func (r *run) sum(a *Award) (what StepKind, figures string, adds bool) {
	if len(a.Lines) < 2 || a.Working.Basis != OfAmount && a.Working.Basis != OfPieces {
		return 0, "", false
	}
	if len(a.Lines) > mostExplained {
		return StepLines, "", true
	}
	var of []string
	for i := range r.in.Order.Lines {
		l := &r.in.Order.Lines[i]
		switch {
		case !slices.ContainsFunc(a.Lines, func(s Share) bool { return s.Line == l.ID }):
		case a.Working.Basis == OfPieces:
			of = append(of, l.Quantity.Trim(0).String())
		default:
			of = append(of, currency.Major(l.Amount, r.in.Order.Currency).String())
		}
	}
	return StepSum, strings.Join(of, " + "), true
}

// read evaluates the expression once more and says what it read.
func (x *expression) read(vars *variables) Condition {
	out := Condition{Expression: x.source}
	v, read := x.trace(vars)
	out.Holds, out.Read = v == types.True, read
	return out
}
