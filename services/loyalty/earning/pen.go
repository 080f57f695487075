package earning

import (
	"math/big"
	"strconv"
	"strings"

	"renown.example/loyalty/calendar"
	"renown.example/loyalty/currency"
)

// pen writes awards down, one after the other. It takes memory for them in larger pieces.
type pen struct {
	*common
	shares []Share
	lots   []Lot
	text   strings.Builder
	// left is how many awards are still to be written, the one at hand included.
	left int
}

// mostAhead is for how many shares or lots to come memory is taken at most.
const mostAhead = 64

func (p *pen) award(a *Award, g *Given) {
	r := &g.rule.Rule
	*a = Award{
		Rule: r.ID, Version: r.Version, Name: r.Name, Wallet: r.Wallet, Campaign: r.Campaign,
		Points: g.Points, Desired: g.Desired, Exact: p.exact(g), Rounding: r.Rounding, Working: p.working(g),
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
	if l := g.written(); l.exact != "" {
		return l.exact
	}
	return p.exactly(g.total, g.den)
}

// working is the arithmetic.
func (p *pen) working(g *Given) Working {
	r, order := &g.rule.Rule, p.in.Order != nil
	v, tier := g.rule.worth(p.in.Member.Tier)
	w := Working{Value: v.text, Tier: tier}
	switch t := &r.Terms; {
	case t.Form == Fixed && order:
		w.Basis = OfOrder
	case t.Form == Fixed:
		w.Basis = OfEvent
	case t.Form == Multiplier:
		w.Basis, w.Of = OfPoints, p.count(g.base)
		if g.rare != nil {
			w.Rules = g.rare.rules
		}
	case t.Form == Formula:
		w.Basis, w.Formula, w.EachLine = OfResult, t.Formula, t.EachLine
	case r.Trigger.Kind == KindItem:
		w.Basis, w.Of, w.Per = OfPieces, g.written().base, p.count(t.Per)
		if w.Of == "" {
			w.Of = p.exactly(g.base, quantityUnit.Int64())
		}
	default:
		w.Basis, w.Unit = OfAmount, p.in.currency()
		w.Of, w.Per = p.major(g.base, w.Unit, false), p.major(t.Per, w.Unit, true)
	}
	return w
}

// attribute attributes the points to the lines, in their order: the first lines have what they would earn together, rounded as the award is. Where a cap reduced the
// award, they have what falls to them of the points that are left, rounded down.
func (p *pen) attribute(a *Award, g *Given) {
	lines, parts, order := p.lines[g.from:][:g.n], p.parts[g.from:][:g.n], p.in.Order.Lines
	a.Lines = take(&p.shares, len(lines), min(p.left*len(lines), mostAhead))
	if l := g.written(); l.exact != "" {
		for i, at := range lines {
			a.Lines[i] = Share{Line: order[at].ID, Exact: l.parts[i], Points: l.shares[i]}
		}
		return
	}
	out := shareOut{den: g.den, mode: g.rule.Rule.Rounding}
	if g.Points != g.Desired {
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
