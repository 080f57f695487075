package earning

import (
	"slices"

	"renown.example/loyalty/calendar"
)

// Given is what one rule gives, in figures. An order is evaluated more often than anybody reads how its points came about, and what a rule gives is kept as short as can
// be. Awards of the evaluation writes it down.
type Given struct {
	// Points are given, Desired would be without caps.
	Points, Desired int64

	rule *Compiled
	// total over den is exactly what Desired was rounded from. base is what it was reckoned from: minor units, millionths of pieces, or points.
	total, den, base int64
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

// rare is what few awards have.
type rare struct {
	// rules are those that a multiplier multiplies.
	rules   []string
	caps    []CapNote
	uses    []Use
	written *written
}

// unwritten is for what has room.
var unwritten written

// written are the figures that have no room.
func (g *Given) written() *written {
	if g.rare == nil || g.rare.written == nil {
		return &unwritten
	}
	return g.rare.written
}

// written are figures that have no room in machine words, written down at once: what an award was reckoned from, what it came to, and each line's part with its points.
type written struct {
	base, exact string
	parts       []string
	shares      []int64
}

// Rule is the rule that gives it.
func (g *Given) Rule() *Rule { return &g.rule.Rule }

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
		r.figures(&r.out.Given[i], d, all)
	}
}

// figures fills in what a candidate was reckoned from and came to.
func (r *run) figures(g *Given, d *candidate, all *common) {
	*g = Given{Points: d.points, Desired: d.desired, rule: d.Compiled, from: int32(len(all.lines)), n: int32(len(d.lines))}
	for _, at := range d.lines {
		all.lines = append(all.lines, int32(at))
	}
	more := rare{caps: d.caps, uses: d.uses}
	if small(d.parts, d.total, d.den) {
		g.total, g.den = d.total.Int64(), d.den.Int64()
		for i := range d.parts {
			all.parts[int(g.from)+i] = d.parts[i].Int64()
		}
	} else {
		more.written = &written{exact: exactly(d.total, d.den), shares: slices.Clone(d.shares)}
		for i := range d.parts {
			more.written.parts = append(more.written.parts, exactly(&d.parts[i], d.den))
		}
	}
	switch {
	case d.base == nil:
	case d.base.IsInt64():
		g.base = d.base.Int64()
	case more.written == nil:
		more.written = &written{base: exactly(d.base, quantityUnit)}
	default: // only pieces can be so many
		more.written.base = exactly(d.base, quantityUnit)
	}
	plain := more.caps == nil && more.uses == nil && more.written == nil
	switch {
	case len(d.among) == 0 && plain:
	case plain && r.multiplies(d.among):
		g.rare = r.last
	default:
		g.rare = more.of(d.among)
		if plain {
			r.last = g.rare
		}
	}
}

// of returns it with the rules that are multiplied.
func (more rare) of(among []*candidate) *rare {
	if len(among) > 0 {
		more.rules = make([]string, len(among))
	}
	for i, d := range among {
		more.rules[i] = d.Rule.ID
	}
	return &more
}

// multiplies reports whether the last multiplier was one of the same rules. Most are, and share the list of them.
func (r *run) multiplies(among []*candidate) bool {
	return r.last != nil && slices.EqualFunc(r.last.rules, among, func(id string, d *candidate) bool { return id == d.Rule.ID })
}

// Awards writes down what the rules give.
func (e Evaluation) Awards() []Award {
	out := make([]Award, len(e.Given))
	p := pen{common: e.all, left: len(out)}
	for i := range out {
		p.award(&out[i], &e.Given[i])
		p.left--
	}
	return out
}

// arithmetic is what a candidate that is not given was reckoned from and came to.
func (r *run) arithmetic(d *candidate) string {
	p := pen{common: &common{in: r.in, parts: make([]int64, len(d.lines))}}
	var g Given
	r.figures(&g, d, p.common)
	w := p.working(&g)
	return w.arithmetic(p.exact(&g))
}
