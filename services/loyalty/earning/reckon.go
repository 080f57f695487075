package earning

import (
	"fmt"
	"math/big"
	"slices"

	"cel.dev/cel-go/common/types"
	"github.com/govalues/decimal"
)

// reckon works out exact points: the total, and what part of it each line that counts has.
func (r *run) reckon(d *candidate, vars *variables) *Silent {
	t := &d.Rule.Terms
	v, _ := d.worth(r.in.Member.Tier)
	switch t.Form {
	case PerUnit:
		r.perUnit(d, v)
	case Fixed:
		r.weighed(d, v.coef, tens[v.scale])
	case Multiplier:
		return r.multiplied(d, v)
	case Formula:
		if t.EachLine {
			return r.lineByLine(d, vars)
		}
		n, s := r.result(d, vars)
		if s != nil {
			return s
		}
		num, scale := coefficientIn(&r.zeroes(1)[0], n)
		r.weighed(d, num, tens[scale])
	}
	return nil
}

// worth is the value for members of a tier; tier is empty unless it has one of its own.
func (c *Compiled) worth(tier string) (v value, own string) {
	if of, ok := c.tiers[tier]; ok && tier != "" {
		return of, tier
	}
	return c.value, ""
}

// quantityUnit is what quantities are whole multiples of.
var quantityUnit = tens[QuantityScale]

// pieces returns a line's quantity in millionths, in z.
func pieces(z *big.Int, l *Line) *big.Int {
	c, scale := coefficientIn(z, l.Quantity.Trim(0))
	return c.Mul(c, tens[QuantityScale-scale])
}

// perUnit gives each line value points for each so many minor units of its amount, or pieces.
func (r *run) perUnit(d *candidate, v value) {
	per := d.Rule.Terms.Per
	all := r.zeroes(len(d.lines) + 3)
	of := &all[0] // the whole amount, or all pieces in millionths
	d.total, d.den, d.parts = &all[1], &all[2], all[3:]
	d.den.Mul(d.den.SetInt64(per), tens[v.scale])
	if r.in.Event != nil {
		of.SetInt64(r.in.Event.Amount)
		d.total.Mul(of, v.coef)
	}
	for i, at := range d.lines {
		l, part := &r.in.Order.Lines[at], &d.parts[i]
		if d.Rule.Trigger.Kind == KindItem {
			pieces(part, l)
		} else {
			part.SetInt64(l.Amount)
		}
		of.Add(of, part)
		part.Mul(part, v.coef)
		d.total.Add(d.total, part)
	}
	if d.Rule.Trigger.Kind == KindItem {
		d.den.Mul(d.den, quantityUnit)
	}
}

// weighed spreads points over the lines by their amounts, or evenly where nothing was paid for any of them.
func (r *run) weighed(d *candidate, num, den *big.Int) {
	if r.in.Order == nil {
		d.total, d.den = num, den
		return
	}
	all := r.zeroes(len(d.lines) + 3)
	sum, weights := &all[0], all[3:]
	for i, at := range d.lines {
		weights[i].SetInt64(r.in.Order.Lines[at].Amount)
		sum.Add(sum, &weights[i])
	}
	if sum.Sign() == 0 {
		for i := range weights {
			weights[i].SetInt64(1)
		}
		sum.SetInt64(int64(len(weights)))
	}
	for i := range weights {
		weights[i].Mul(&weights[i], num)
	}
	d.parts, d.total, d.den = weights, all[1].Mul(num, sum), all[2].Mul(den, sum)
}

// multiplied takes what the other rules gave to the wallet, on the lines that count, and adds what is missing to Value times as much.
func (r *run) multiplied(d *candidate, v value) *Silent {
	var of int64
	shares := take(&r.counts, len(d.lines), 2*cap(r.counts))
	for _, g := range r.given {
		of += d.adds(g, shares)
	}
	if of == 0 {
		return r.silent(d.Compiled, NothingToMultiply, "")
	}
	all := r.zeroes(len(d.lines) + 2)
	more := all[0].Sub(v.coef, tens[v.scale])
	d.total, d.den, d.parts = &all[1], tens[v.scale], all[2:]
	d.total.Mul(d.total.SetInt64(of), more)
	for i := range d.parts {
		d.parts[i].Mul(d.parts[i].SetInt64(shares[i]), more)
	}
	return nil
}

// adds adds to shares what another candidate gives that this one multiplies: on the lines that count for both, each of which has them in the order's order. It returns how
// much that is; all of it for an event.
func (d *candidate) adds(o *candidate, shares []int64) (sum int64) {
	if o.Rule.Wallet != d.Rule.Wallet {
		return 0
	}
	if len(o.lines) == 0 {
		return o.points
	}
	i := 0
	for j, at := range d.lines {
		for i < len(o.lines) && o.lines[i] < at {
			i++
		}
		if i < len(o.lines) && o.lines[i] == at {
			shares[j] += o.shares[i]
			sum += o.shares[i]
		}
	}
	return sum
}

// lineByLine evaluates the formula for each line.
func (r *run) lineByLine(d *candidate, vars *variables) *Silent {
	all, places := r.zeroes(len(d.lines)+1), take(&r.counts, len(d.lines), 2*cap(r.counts))
	d.total, d.parts = &all[0], all[1:]
	for i, at := range d.lines {
		vars.line = r.view(int(at))
		n, s := r.result(d, vars)
		vars.line = nil
		if s == nil && n.IsNeg() {
			s = r.silent(d.Compiled, LessThanNothing, n.String())
		}
		if s != nil {
			s.more().Line = r.in.Order.Lines[at].ID
			return s
		}
		_, scale := coefficientIn(&d.parts[i], n)
		places[i] = int64(scale)
	}
	most := slices.Max(places)
	d.den = tens[most]
	for i := range d.parts {
		d.total.Add(d.total, d.parts[i].Mul(&d.parts[i], tens[most-places[i]]))
	}
	return nil
}

// result evaluates the formula once.
func (r *run) result(d *candidate, vars *variables) (decimal.Decimal, *Silent) {
	if x := d.formula; x.amounts != nil && !r.large {
		if n, ok := x.amounts(vars); ok {
			return n, nil
		}
	}
	v, s := r.evaluate(d.Compiled, d.formula, vars)
	if s != nil {
		return decimal.Decimal{}, s
	}
	switch v := v.(type) {
	case exact:
		return v.d, nil
	case types.Int:
		if n, err := decimal.New(int64(v), 0); err == nil {
			return n, nil
		}
	}
	return decimal.Decimal{}, r.silent(d.Compiled, NoNumber, fmt.Sprint(v))
}
