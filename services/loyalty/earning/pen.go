package earning

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"renown.example/loyalty/calendar"
	"renown.example/loyalty/currency"
)

// pen writes awards down, one after the other. It takes memory for them in larger pieces.
type pen struct {
	*common
	given  []Given
	out    []Award
	shares []Share
	lots   []Lot
	text   strings.Builder
	// left is how many awards are still to be written, the one at hand included.
	left int
	// rules are those of the multiplier before.
	rules []string
}

// mostAhead is for how many shares or lots to come memory is taken at most.
const mostAhead = 64

func (p *pen) award(a *Award, g *Given) {
	r := &g.rule.Rule
	of, rules := p.of(g.rule, p.lines[g.from:][:g.n]), []string(nil)
	if r.Terms.Form == Multiplier {
		of, rules = p.multiplied(g)
	}
	*a = Award{
		Rule: r.ID, Version: r.Version, Name: r.Name, Wallet: r.Wallet, Campaign: r.Campaign,
		Points: g.Points, Desired: g.Desired(), Exact: p.exact(g), Rounding: r.Rounding, Working: p.working(g.rule, of, rules),
	}
	if g.rare != nil {
		a.Caps, a.Uses = g.rare.caps, g.rare.uses
	}
	if life := r.life(p.in.Member.Tier); life.Kind != "" {
		a.Life = life.String()
	}
	if g.n > 0 {
		p.attribute(a, g)
	}
	p.issue(a, g)
}

func (p *pen) exact(g *Given) string {
	if g.long() {
		return g.rare.exact
	}
	return p.exactly(g.total, g.den)
}

// of is the amount or the pieces that a rule gives points for.
func (p *pen) of(c *Compiled, lines []int32) string {
	switch {
	case c.Rule.Terms.Form != PerUnit:
		return ""
	case c.Rule.Trigger.Kind == KindItem:
		var sum, z big.Int
		for _, at := range lines {
			sum.Add(&sum, pieces(&z, &p.in.Order.Lines[at]))
		}
		return exactly(&sum, quantityUnit)
	case p.in.Order == nil:
		return p.major(p.in.Event.Amount, p.in.Event.Currency, false)
	}
	var sum int64
	for _, at := range lines {
		sum += p.in.Order.Lines[at].Amount
	}
	return p.major(sum, p.in.Order.Currency, false)
}

// multiplied is what a multiplier multiplies, and the rules that give it: those that are written down already.
func (p *pen) multiplied(g *Given) (of string, rules []string) {
	var sum int64
	for i := range p.given {
		o := &p.given[i]
		if o.rule.Rule.Terms.Form == Multiplier {
			break
		}
		if o.rule.Rule.Wallet != g.rule.Rule.Wallet {
			continue
		}
		n := o.Points
		if o.n > 0 {
			n = p.both(g, o, p.out[i].Lines)
		}
		if n > 0 {
			sum, rules = sum+n, append(rules, o.rule.Rule.ID)
		}
	}
	if slices.Equal(p.rules, rules) { // most are of the same rules, and share the list of them
		rules = p.rules
	}
	p.rules = rules
	return p.count(sum), rules
}

// both is what of o's points, whose shares are given, falls to lines that count for both.
func (p *pen) both(g, o *Given, shares []Share) (sum int64) {
	lines := p.lines[g.from:][:g.n]
	for i, at := range p.lines[o.from:][:o.n] {
		if _, counts := slices.BinarySearch(lines, at); counts {
			sum += shares[i].Points
		}
	}
	return sum
}

// working is the arithmetic.
func (p *pen) working(c *Compiled, of string, rules []string) Working {
	r, t := &c.Rule, &c.Rule.Terms
	v, tier := c.worth(p.in.Member.Tier)
	w := Working{Of: of, Value: v.text, Rules: rules, Tier: tier}
	switch {
	case t.Form == Multiplier:
		w.Basis = OfPoints
	case t.Form == Formula:
		w.Basis, w.Formula, w.EachLine = OfResult, t.Formula, t.EachLine
	case t.Form == Fixed && p.in.Order != nil:
		w.Basis = OfOrder
	case t.Form == Fixed:
		w.Basis = OfEvent
	case r.Trigger.Kind == KindItem:
		w.Basis, w.Per = OfPieces, p.count(t.Per)
	default:
		w.Basis, w.Unit, w.Per = OfAmount, p.in.currency(), p.major(t.Per, p.in.currency(), true)
	}
	return w
}

// attribute attributes the points to the lines, in their order: the first lines have what they would earn together, rounded as the award is. Where a cap reduced the
// award, they have what falls to them of the points that are left, rounded down.
func (p *pen) attribute(a *Award, g *Given) {
	lines, parts, order := p.lines[g.from:][:g.n], p.parts[g.from:][:g.n], p.in.Order.Lines
	a.Lines = take(&p.shares, len(lines), min(p.left*len(lines), mostAhead))
	if g.long() {
		for i, at := range lines {
			a.Lines[i] = Share{Line: order[at].ID, Exact: g.rare.parts[i], Points: g.rare.shares[i]}
		}
		return
	}
	out := shareOut{den: g.den, mode: g.rule.Rule.Rounding}
	if g.Points != a.Desired {
		out = shareOut{den: g.total, points: g.Points}
	}
	for i, at := range lines {
		a.Lines[i] = Share{Line: order[at].ID, Exact: p.exactly(parts[i], g.den), Points: out.next(parts[i])}
	}
}

// issue says what to issue, and from when it can be spent.
func (p *pen) issue(a *Award, g *Given) {
	act, at := &g.rule.Rule.Activation, p.in.at()
	lot := Lot{Points: a.Points}
	switch act.Kind {
	case calendar.Immediate:
	case calendar.OnEvent, calendar.ByHand:
		lot.Pending, lot.Event = true, act.Event
	default:
		lot.ActivatesAt, _ = act.At(p.zone, at)
		lot.Pending = lot.ActivatesAt > at
	}
	if !act.PerLine {
		a.Lots = take(&p.lots, 1, min(p.left, mostAhead))
		a.Lots[0] = lot
		return
	}
	for i, n := range p.lines[g.from:][:g.n] {
		if a.Lines[i].Points == 0 {
			continue
		}
		own := lot
		own.Line, own.Points = a.Lines[i].Line, a.Lines[i].Points
		if l := &p.in.Order.Lines[n]; l.ActivatesAt != 0 && act.Kind != calendar.Immediate {
			own.ActivatesAt, own.Pending, own.Event = l.ActivatesAt, l.ActivatesAt > at, ""
		}
		a.Lots = append(a.Lots, own)
	}
}

// keep makes a text of an award.
func (p *pen) keep(b []byte) string {
	const each, most = 64, 1024 // what the texts of an award take, more or less
	if t := &p.text; t.Cap()-t.Len() < len(b) {
		*t = strings.Builder{}
		t.Grow(max(len(b), min(each*p.left, most)))
	}
	at := p.text.Len()
	p.text.Write(b)
	return p.text.String()[at:]
}

func (p *pen) count(n int64) string {
	var b [20]byte
	return p.keep(strconv.AppendInt(b[:0], n, 10))
}

// major writes minor units in major ones, with all their places or only those that are needed.
func (p *pen) major(minor int64, code string, trimmed bool) string {
	d := currency.Major(minor, code)
	if trimmed {
		d = d.Trim(0)
	}
	var b [24]byte
	text, _ := d.AppendText(b[:0]) // it has no error to give
	return p.keep(text)
}

// exactly is exactly, in machine words.
func (p *pen) exactly(num, den int64) string {
	var b [48]byte
	if text, ok := shortly(b[:0], num, den); ok {
		return p.keep(text)
	}
	return fraction(big.NewInt(num), big.NewInt(den))
}
