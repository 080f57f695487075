package tier

import (
	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
)

// Progress is what a member is told: where they stand, what more it takes, and until when.
type Progress struct {
	Tier    string
	Since   clock.Millis
	Version int64
	Metric  Metric
	// Value is what counts towards the next tier: of the present period, of the days that a rolling period reaches back to, or the balance. First and Next are that
	// period's first day and the first after it, none for a balance.
	Value       int64
	First, Next calendar.Date
	// Up is what the next tier takes, none in the highest. Keep is what the present tier takes, none if nothing can take it away.
	Up, Keep *Step
	// Projected is the tier that follows on the present one if nothing is added or taken away, and when; none if the present one stays.
	Projected *Projection
}

// Step is an amount that leads to a tier or keeps it.
type Step struct {
	Tier    string
	Missing int64
	// By is the last day on which the amount suffices, in one sum; none if that is not bounded. Of a rolling period something of what counts now has
	// gone after By, so that more is needed then.
	By calendar.Date
	// Grace is set if the value is below the threshold already: By is then the last day of grace.
	Grace bool
}

// Projection is a tier to come.
type Projection struct {
	Tier string
	At   clock.Millis
}

// Progress returns a member's progress as of now; false if no structure is in force. The standing need not have been evaluated until now.
func (l Ladder) Progress(s Standing, now clock.Millis) (Progress, bool) {
	s, _ = l.Evaluate(s, now)
	v, ok := l.inForce(s.At)
	if !ok {
		return Progress{}, false
	}
	w, today := l.walk(s, s.At), l.Zone.DateOf(s.At)
	w.until(today, nil)
	if w.day.Before(today) {
		w.stop(today)
	}
	p := Progress{Tier: s.Tier, Since: s.Since, Version: v.Version, Metric: v.Metric, Value: w.present(&v)}
	if v.Metric != Balance {
		p.First, p.Next = v.Period.Days(s.Enrolled, today)
	}
	if next := v.Find(s.Tier) + 1; next < len(v.Tiers) {
		p.Up = &Step{Tier: v.Tiers[next].ID, Missing: v.Tiers[next].Threshold - p.Value}
		if end := w.shrinks(&v); !end.IsZero() {
			p.Up.By = end.AddDays(-1)
		}
	}
	p.Keep = keep(*w, &v)
	ahead := *w
	if d := ahead.change(); !d.IsZero() {
		p.Projected = &Projection{Tier: ahead.state.Tier, At: l.Zone.Start(d)}
	}
	return p, true
}

// present returns what counts towards a tier that is to be reached now.
func (w *walk) present(v *Structure) int64 {
	if v.Metric == Balance {
		return w.balance
	}
	return w.sum(v.Metric, w.since, w.come)
}

// shrinks returns the next day on which less counts than now, none if nothing will.
func (w *walk) shrinks(v *Structure) calendar.Date {
	switch {
	case v.Metric == Balance:
		return calendar.Date{}
	case v.Period.Unit == calendar.Rolling:
		return w.leaves(v)
	}
	return w.after
}

// keep finds what the tier held takes. w stands today.
func keep(w walk, v *Structure) *Step {
	held := v.Find(w.state.Tier)
	if held < 0 || v.Downgrade == Never {
		return nil
	}
	threshold := v.Tiers[held].Threshold
	if end := w.lost(v); !end.IsZero() {
		return &Step{Tier: w.state.Tier, Missing: threshold - w.present(v), By: end.AddDays(-1), Grace: true}
	}
	for tier := w.state.Tier; ; {
		d := w.next()
		if d.IsZero() {
			return nil
		}
		w.stop(d)
		if w.state.Tier != tier || !w.state.Short.IsZero() {
			return &Step{Tier: tier, Missing: threshold - w.value, By: d.AddDays(-1)}
		}
	}
}
