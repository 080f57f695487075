package earning

import (
	"fmt"
	"math/big"

	"github.com/govalues/decimal"
)

// Undo reckons what goes when an event has not happened after all: all of its awards, and what they used up.
func Undo(awards []Award) Back {
	b := Back{All: true}
	for i := range awards {
		a := &awards[i]
		t := Taken{Rule: a.Rule, Version: a.Version, Wallet: a.Wallet, Points: a.Points, Uses: a.Uses}
		if t.Points > 0 || len(t.Uses) > 0 {
			b.Taken = append(b.Taken, t)
		}
	}
	return b
}

// Returned is what of a line has come back: a quantity, or an amount of money (in minor units), or all that is left of it. One line may come back in several ways one
// after the other; quantity and amount are then parts of the line that add up.
type Returned struct {
	Line     string          `json:"line"`
	Quantity decimal.Decimal `json:"quantity,omitzero"`
	Amount   int64           `json:"amount,omitempty"`
	Whole    bool            `json:"whole,omitempty"`
}

// Everything is the return of all that is left of an order.
func Everything(o *Order) []Returned {
	all := make([]Returned, len(o.Lines))
	for i := range o.Lines {
		all[i] = Returned{Line: o.Lines[i].ID, Whole: true}
	}
	return all
}

// Back is what a return comes to.
type Back struct {
	// After is all that has come back of the order, this return included, in the order of its lines; All says that nothing is left of it.
	After []Returned `json:"after"`
	All   bool       `json:"all,omitempty"`
	// Money is the value of what comes back now, in minor units; Lines has it line by line.
	Money int64          `json:"money"`
	Lines []LineReturned `json:"lines"`
	// Taken are the points to take back now, award by award.
	Taken []Taken `json:"taken,omitempty"`
}

// LineReturned is the value of what comes back of a line.
type LineReturned struct {
	Line  string `json:"line"`
	Money int64  `json:"money"`
}

// Taken is what to take back of an award.
type Taken struct {
	Rule    string `json:"rule"`
	Version int64  `json:"version"`
	Wallet  string `json:"wallet"`
	Points  int64  `json:"points"`
	// Lines has the points by line; Uses is what counters of caps get back.
	Lines []LineTaken `json:"lines"`
	Uses  []Use       `json:"uses,omitempty"`
}

// LineTaken is a line's part of what is taken back.
type LineTaken struct {
	Line   string `json:"line"`
	Points int64  `json:"points"`
}

// Return reckons a return of an order of which before has come back already. Of each line's points, that part is gone, rounded down, which has come back of the line; so
// it makes no difference in how many steps something comes back, and when all has, all points are gone. Paths of problems lead into more: "lines[0].quantity".
func Return(o *Order, awards []Award, before, more []Returned) (Back, Problems) {
	was := make(map[string]*Returned, len(before))
	for i := range before {
		was[before[i].Line] = &before[i]
	}
	lines := make(map[string]*Line, len(o.Lines))
	for i := range o.Lines {
		lines[o.Lines[i].ID] = &o.Lines[i]
	}
	now := make(map[string]*Returned, len(o.Lines))
	var p Problems
	for i := range more {
		m, at := &more[i], fmt.Sprintf("lines[%d]", i)
		l := lines[m.Line]
		switch {
		case l == nil:
			p.add(at+".line", "the order has no line %q", m.Line)
		case now[m.Line] != nil:
			p.add(at+".line", "line %q is in this return twice", m.Line)
		default:
			now[m.Line] = &Returned{Line: m.Line}
			p = append(p, now[m.Line].add(at, l, was[m.Line], m)...)
		}
	}
	if len(more) == 0 {
		p.add("lines", "a return names at least one line")
	}
	if len(p) > 0 {
		return Back{}, p
	}
	b := Back{All: true}
	for i := range o.Lines {
		l := &o.Lines[i]
		earlier, later := was[l.ID], now[l.ID]
		if later == nil {
			later = earlier
		} else {
			money := part(l.Amount, l, later) - part(l.Amount, l, earlier)
			b.Money += money
			b.Lines = append(b.Lines, LineReturned{l.ID, money})
		}
		if later != nil {
			b.After = append(b.After, *later)
		}
		b.All = b.All && later != nil && later.Whole
		now[l.ID] = later
	}
	for i := range awards {
		if t := takeBack(&awards[i], lines, was, now); t.Points > 0 || len(t.Uses) > 0 {
			b.Taken = append(b.Taken, t)
		}
	}
	return b, nil
}

// add makes r what has come back of the line before and now.
func (r *Returned) add(at string, l *Line, before, more *Returned) Problems {
	var p Problems
	if before != nil {
		r.Quantity, r.Amount, r.Whole = before.Quantity, before.Amount, before.Whole
	}
	if r.Whole {
		p.add(at+".line", "all of line %q has come back already", l.ID)
		return p
	}
	kinds := 0
	for _, has := range []bool{!more.Quantity.IsZero(), more.Amount != 0, more.Whole} {
		if has {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		p.add(at, "say how much of line %q comes back: a quantity, an amount, or all that is left", l.ID)
	case more.Quantity.IsNeg() || more.Quantity.MinScale() > QuantityScale:
		p.add(at+".quantity", "a quantity is more than 0, with at most %d decimal places", QuantityScale)
	case more.Quantity.Cmp(l.Quantity) > 0:
		p.add(at+".quantity", "line %q has %s, so %s cannot come back", l.ID, l.Quantity, more.Quantity)
	case more.Amount < 0:
		p.add(at+".amount", "an amount is more than 0")
	case more.Amount > l.Amount:
		p.add(at+".amount", "%d minor units were paid for line %q, so %d cannot come back", l.Amount, l.ID, more.Amount)
	}
	if len(p) > 0 {
		return p
	}
	r.Whole = more.Whole
	r.Amount += more.Amount
	sum, err := plus(r.Quantity, more.Quantity)
	r.Quantity = sum
	num, den := r.share(l)
	if err != nil || num.Cmp(den) > 0 {
		field := ".amount"
		if more.Amount == 0 {
			field = ".quantity"
		}
		p.add(at+field, "that is more than is left of line %q after what has come back before", l.ID)
		return p
	}
	r.Whole = r.Whole || num.Cmp(den) == 0
	return p
}

// share is the part of the line that has come back, num/den.
func (r *Returned) share(l *Line) (num, den *big.Int) {
	if r.Whole {
		return one, one
	}
	num, den = pieces(new(big.Int), &Line{Quantity: r.Quantity}), pieces(new(big.Int), l)
	if r.Amount == 0 {
		return num, den
	}
	amount := big.NewInt(l.Amount)
	num.Mul(num, amount)
	num.Add(num, new(big.Int).Mul(big.NewInt(r.Amount), den))
	return num, den.Mul(den, amount)
}

// part is what of n falls to what has come back of the line, rounded down.
func part(n int64, l *Line, r *Returned) int64 {
	if r == nil || n == 0 {
		return 0
	}
	num, den := r.share(l)
	p := big.NewInt(n)
	return p.Quo(p.Mul(p, num), den).Int64()
}

func takeBack(a *Award, lines map[string]*Line, was, now map[string]*Returned) Taken {
	t := Taken{Rule: a.Rule, Version: a.Version, Wallet: a.Wallet}
	var before int64
	for i := range a.Lines {
		s := &a.Lines[i]
		l := lines[s.Line]
		earlier, later := part(s.Points, l, was[s.Line]), part(s.Points, l, now[s.Line])
		before += earlier
		if later > earlier {
			t.Points += later - earlier
			t.Lines = append(t.Lines, LineTaken{s.Line, later - earlier})
		}
	}
	for _, u := range a.Uses {
		if u.Counts == CountsPoints {
			u.Amount = t.Points
		} else if t.Points == 0 || before+t.Points < a.Points {
			u.Amount = 0
		}
		if u.Amount > 0 {
			t.Uses = append(t.Uses, u)
		}
	}
	return t
}

// Took is what a return takes of a line's points of one award: Due, what falls to the part that has come back in all, less what was taken Before.
type Took struct {
	Rule    string
	Version int64
	Name    string
	Wallet  string
	Line    string
	// Earned is what the line had earned, Part what of the line has come back in all: a fraction such as "1/2".
	Earned int64
	Part   string

	Due, Before, Points int64
	// Rounded says that Due was rounded down.
	Rounded bool
}

// Takes says line by line how a return is reckoned, after which what is listed in after has come back, and before it what is listed in before.
func Takes(o *Order, awards []Award, before, after []Returned) []Took {
	find := func(list []Returned, line string) *Returned {
		for i := range list {
			if list[i].Line == line {
				return &list[i]
			}
		}
		return nil
	}
	lines := make(map[string]*Line, len(o.Lines))
	for i := range o.Lines {
		lines[o.Lines[i].ID] = &o.Lines[i]
	}
	var out []Took
	for i := range awards {
		a := &awards[i]
		for _, s := range a.Lines {
			now := find(after, s.Line)
			if now == nil {
				continue
			}
			t := Took{Rule: a.Rule, Version: a.Version, Name: a.Name, Wallet: a.Wallet, Line: s.Line, Earned: s.Points}
			l := lines[s.Line]
			t.Due, t.Before = part(s.Points, l, now), part(s.Points, l, find(before, s.Line))
			if t.Points = t.Due - t.Before; t.Points == 0 {
				continue
			}
			num, den := now.share(l)
			part := new(big.Rat).SetFrac(num, den)
			t.Part, t.Rounded = part.RatString(), !part.Mul(part, new(big.Rat).SetInt64(t.Earned)).IsInt()
			out = append(out, t)
		}
	}
	return out
}
