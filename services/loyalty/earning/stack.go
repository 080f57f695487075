package earning

import (
	"cmp"
	"slices"
	"strings"

	"renown.example/loyalty/calendar"
)

// give considers the rules of one layer, the multipliers or all others, and gives those that are to be given.
func (r *run) give(multipliers bool) {
	all := r.firing[:0]
	for _, c := range r.sorted {
		if (c.Rule.Terms.Form == Multiplier) != multipliers {
			continue
		}
		d, s := r.consider(c)
		if s != nil {
			r.quiet = append(r.quiet, s)
			continue
		}
		all = append(all, d)
	}
	r.firing = all
	slices.SortStableFunc(all, func(a, b *candidate) int {
		x, y := &a.Rule, &b.Rule
		return cmp.Or(strings.Compare(x.Wallet, y.Wallet), strings.Compare(x.Stack.Group, y.Stack.Group), strings.Compare(string(x.Stack.Mode), string(y.Stack.Mode)))
	})
	first := len(r.given)
	for len(all) > 0 {
		n := 1
		if all[0].Rule.Stack.Mode != All {
			for n < len(all) && all[n].competes(all[0]) {
				n++
			}
		}
		r.compete(all[:n])
		all = all[n:]
	}
	slices.SortFunc(r.given[first:], func(a, b *candidate) int {
		return cmp.Or(strings.Compare(a.Rule.ID, b.Rule.ID), cmp.Compare(a.Rule.Version, b.Rule.Version))
	})
}

func (d *candidate) competes(o *candidate) bool {
	return d.Rule.Wallet == o.Rule.Wallet && d.Rule.Stack.Group == o.Rule.Stack.Group && d.Rule.Stack.Mode == o.Rule.Stack.Mode
}

// compete gives one of the rules of a group: which one, is judged by what caps leave of them.
func (r *run) compete(group []*candidate) {
	var won *candidate
	for _, d := range group {
		if s := r.capped(d); s != nil {
			r.quiet = append(r.quiet, s)
		} else if won == nil || d.beats(won) {
			won = d
		}
	}
	if won == nil {
		return
	}
	r.note(group, won)
	for _, d := range group {
		if d == won || d.points == 0 {
			continue
		}
		why := OtherGivesMore
		if d.points == won.points {
			why = OtherIsFirst
		}
		if d.Rule.Stack.Mode == Priority {
			why = OtherGoesBefore
		}
		s := r.silent(d.Compiled, why, "")
		s.more().Under, s.More.Points = won.Rule.ID, d.points
		r.quiet = append(r.quiet, s)
	}
	r.use(won)
	r.attribute(won)
	r.given = append(r.given, won)
}

// note remembers who competed, if somebody asks.
func (r *run) note(group []*candidate, won *candidate) {
	if r.rivals == nil || len(group) < 2 {
		return
	}
	all := []Rival{{Rule: won.Rule.ID, Version: won.Rule.Version, Name: won.Rule.Name, Points: won.points, Priority: won.Rule.Stack.Priority, Won: true}}
	for _, d := range group {
		if d != won && d.points > 0 {
			all = append(all, Rival{Rule: d.Rule.ID, Version: d.Rule.Version, Name: d.Rule.Name, Points: d.points, Priority: d.Rule.Stack.Priority})
		}
	}
	for _, d := range group {
		if d.points > 0 && len(all) > 1 {
			r.rivals[d.Compiled] = all
		}
	}
}

// beats reports whether d, whose id sorts after that of o, is given in its place.
func (d *candidate) beats(o *candidate) bool {
	if d.Rule.Stack.Mode == Priority {
		return d.Rule.Stack.Priority > o.Rule.Stack.Priority
	}
	return d.points > o.points || d.points == o.points && d.desired > o.desired
}

// capped works out what caps leave of a candidate. Those that reject look at what the rule wants, before others reduce it.
func (r *run) capped(d *candidate) *Silent {
	d.points, d.caps = d.desired, nil
	for _, over := range []Over{Reject, Reduce} {
		for i := range d.Rule.Caps {
			c := &d.Rule.Caps[i]
			if c.Over != over {
				continue
			}
			key, ends := c.key(&d.Rule, r.zone, r.at)
			note := CapNote{Cap: *c, Used: r.in.Counters[key] + r.used[key], Wanted: d.points, Ends: ends}
			if key == "" {
				note.Used = 0
			}
			if c.Counts == CountsAwards {
				note.Wanted = 1
			}
			note.Left = max(c.Most-note.Used, 0)
			if note.Wanted <= note.Left {
				continue
			}
			if over == Reject || note.Left == 0 || c.Counts == CountsAwards {
				d.points = 0
				s := r.silent(d.Compiled, Capped, "")
				s.more().Cap = &note
				return s
			}
			d.points = note.Left
			d.caps = append(d.caps, note)
		}
	}
	return nil
}

// use uses up the counters of what is given.
func (r *run) use(d *candidate) {
	for i := range d.Rule.Caps {
		c := &d.Rule.Caps[i]
		key, ends := c.key(&d.Rule, r.zone, r.at)
		if key == "" || slices.ContainsFunc(d.uses, func(u Use) bool { return u.Key == key }) {
			continue
		}
		u := Use{Key: key, Per: c.Per, Counts: c.Counts, Amount: d.points, Ends: ends}
		if c.Counts == CountsAwards {
			u.Amount = 1
		}
		r.used[key] += u.Amount
		d.uses = append(d.uses, u)
	}
}

// attribute attributes the points to the lines; see Given.attribute.
func (r *run) attribute(d *candidate) {
	d.shares = take(&r.counts, len(d.lines), 2*cap(r.counts))
	if d.points == d.desired {
		attribute(d.shares, d.parts, d.total, d.den, d.Rule.Rounding)
	} else {
		spread(d.shares, d.points, d.parts, d.total)
	}
}

// Keys names the counters that the rules' caps may ask for, so that they can be read before the evaluation; the programme's zone must be known.
func Keys(in *Input, rules []*Compiled) ([]Use, error) {
	z, err := calendar.LoadZone("program.zone", in.Program.Zone)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(rules, func(c *Compiled) bool { return len(c.Rule.Caps) > 0 }) {
		return nil, nil
	}
	var uses []Use
	seen := map[string]bool{}
	for _, c := range inOrder(rules) {
		for i := range c.Rule.Caps {
			limit := &c.Rule.Caps[i]
			key, ends := limit.key(&c.Rule, z, in.at())
			if key != "" && !seen[key] {
				seen[key] = true
				uses = append(uses, Use{Key: key, Per: limit.Per, Counts: limit.Counts, Ends: ends})
			}
		}
	}
	return uses, nil
}
