package earning

import (
	"slices"

	"renown.example/loyalty/calendar"
)

// Given is what one rule gives, in figures. An order is evaluated more often than anybody reads how its points came about, and what a rule gives is kept as short as can
// be. Awards of the evaluation writes it down.
type Given struct {
	Points int64

	rule *Compiled
	// total over den is what the points are exactly, before they were rounded and capped.
	total, den int64
	// The lines that count are n from this one on, of those of the evaluation.
	from, n int32
	rare    *rare
}

// common is what everything has that one evaluation gives: the input, and the lines that count with their exact points over their rule's den, rule by rule.
type common struct {
	in    *Input
	zone  calendar.Zone
	lines []int32
	parts []int64
}

// rare is what few have.
type rare struct {
	caps []CapNote
	uses []Use
	// Figures that have no room in machine words are written down at once: what it came to exactly, empty if they have; rounded; and each line's part with its points.
	exact   string
	desired int64
	parts   []string
	shares  []int64
}

// Rule is the rule that gives it.
func (g *Given) Rule() *Rule { return &g.rule.Rule }

// Desired is what would be given without caps.
func (g *Given) Desired() int64 {
	if g.long() {
		return g.rare.desired
	}
	return divideWords(g.total, g.den, g.rule.Rule.Rounding)
}

// long reports whether its figures have no room in machine words.
func (g *Given) long() bool { return g.rare != nil && g.rare.exact != "" }

// Points returns what is given in a wallet.
func (e Evaluation) Points(wallet string) int64 {
	var sum int64
	for i := range e.Given {
		if e.Given[i].rule.Rule.Wallet == wallet {
			sum += e.Given[i].Points
		}
	}
	return sum
}

// Awards writes down what the rules give.
func (e Evaluation) Awards() []Award {
	p := pen{common: e.all, given: e.Given, out: make([]Award, len(e.Given))}
	for i := range p.out {
		p.left = len(p.out) - i
		p.award(&p.out[i], &e.Given[i])
	}
	return p.out
}

// seal makes the result of what is given, in few pieces of memory, each as large as needed. Nothing in it points into scratch.
func (r *run) seal() {
	if len(r.given) == 0 {
		return
	}
	lines := 0
	for _, d := range r.given {
		lines += len(d.lines)
	}
	all := &common{in: r.in, zone: r.zone}
	if lines > 0 {
		all.lines, all.parts = make([]int32, 0, lines), make([]int64, lines)
	}
	r.out.Given, r.out.all = make([]Given, len(r.given)), all
	for i, d := range r.given {
		g := &r.out.Given[i]
		*g = Given{Points: d.points, rule: d.Compiled, from: int32(len(all.lines)), n: int32(len(d.lines))}
		all.lines = append(all.lines, d.lines...)
		if d.caps != nil || d.uses != nil {
			g.rare = &rare{caps: d.caps, uses: d.uses}
		}
		if !small(d.parts, d.total, d.den) {
			g.spell(d)
			continue
		}
		g.total, g.den = d.total.Int64(), d.den.Int64()
		for i := range d.parts {
			all.parts[int(g.from)+i] = d.parts[i].Int64()
		}
	}
}

// spell writes down figures that have no room in machine words.
func (g *Given) spell(d *candidate) {
	if g.rare == nil {
		g.rare = &rare{}
	}
	g.rare.exact, g.rare.desired, g.rare.shares = exactly(d.total, d.den), d.desired, slices.Clone(d.shares)
	for i := range d.parts {
		g.rare.parts = append(g.rare.parts, exactly(&d.parts[i], d.den))
	}
}

// arithmetic is what a candidate that is not given was reckoned from and came to.
func (r *run) arithmetic(d *candidate) *Award {
	p := pen{common: &common{in: r.in}}
	of, rules := p.of(d.Compiled, d.lines), []string(nil)
	if d.Rule.Terms.Form == Multiplier {
		var sum int64
		for _, g := range r.given {
			if n := d.adds(g, make([]int64, len(d.lines))); n > 0 {
				sum, rules = sum+n, append(rules, g.Rule.ID)
			}
		}
		of = p.count(sum)
	}
	return &Award{Exact: exactly(d.total, d.den), Working: p.working(d.Compiled, of, rules)}
}
