package achievement

import (
	"slices"

	"renown.example/loyalty/calendar"
)

// State is what is kept of a member's way to one goal. Days before Open are closed: they are counted in Base, and what becomes known of them later changes nothing.
type State struct {
	Base Scan          `json:"base,omitzero"`
	Open calendar.Date `json:"open,omitzero"`
	Days []Day         `json:"days,omitempty"`
}

// Change is what followed from a change of a day: achievements that are new, and those that are there no more.
type Change struct {
	Reached, Undone []Reached
}

// Add adds what was counted on a day, less than zero if it was taken back. The state given is not changed.
func (s State) Add(g Goal, anchor, on calendar.Date, count int64) (State, Change) {
	if count == 0 || on.Before(s.Open) {
		return s, Change{}
	}
	before := s.All(g, anchor)
	n, found := slices.BinarySearchFunc(s.Days, on, byDate)
	s.Days = slices.Clone(s.Days)
	if !found {
		s.Days = slices.Insert(s.Days, n, Day{Date: on})
	}
	if s.Days[n].Count += count; s.Days[n].Count == 0 {
		s.Days = slices.Delete(s.Days, n, n+1)
	}
	after := s.All(g, anchor)
	return s, Change{Reached: without(after, before), Undone: without(before, after)}
}

// Unite adds the way of another member, who is one with the first from now on. What both have closed adds up in how often the goal was reached; the rest is worked out
// from the days of both.
func (s State) Unite(g Goal, other State) State {
	s.Base.Done += other.Base.Done
	if g.Kind == Challenge && g.Window.Unit == "" {
		s.Base.Sum, s.Base.Here = s.Base.Sum+other.Base.Sum, s.Base.Here+other.Base.Here
	}
	for _, d := range other.Days {
		s, _ = s.Add(g, calendar.Date{}, d.Date, d.Count)
	}
	return s
}

// All returns the achievements of the days that are open, in their order.
func (s State) All(g Goal, anchor calendar.Date) []Reached {
	_, all := s.scan(g, anchor)
	return all
}

func (s State) scan(g Goal, anchor calendar.Date) (Scan, []Reached) {
	at := s.Base
	var all []Reached
	for _, d := range s.Days {
		all = append(all, at.step(&g, anchor, d)...)
	}
	return at, all
}

// Close closes the days before one. It changes nothing that a member has achieved.
func (s State) Close(g Goal, anchor, before calendar.Date) State {
	if !s.Open.Before(before) {
		return s
	}
	n, _ := slices.BinarySearchFunc(s.Days, before, byDate)
	for _, d := range s.Days[:n] {
		s.Base.step(&g, anchor, d)
	}
	s.Days, s.Open = slices.Clone(s.Days[n:]), before
	return s
}

// Progress is what a member is told on a day.
type Progress struct {
	// Done is how often the goal was reached.
	Done int64
	// Value is what counts towards the next time, of Target; for a streak the units in a row, of which the present one may be one.
	Value, Target int64
	// By is the last day on which the rest can be done: the end of the window, or the day after which the streak is broken. None if there is no such day, or
	// nothing is left to do.
	By calendar.Date
	// Over is set if the goal cannot be reached any more because it has been.
	Over bool
}

// Progress returns how far a member has come on a day, which is not before the last one counted.
func (s State) Progress(g Goal, anchor, today calendar.Date) Progress {
	at, _ := s.scan(g, anchor)
	// Nothing counted today: windows that are over since are left behind.
	at.step(&g, anchor, Day{Date: today})
	p := Progress{Done: at.Done, Target: g.Target, Over: g.Repeat == Once && at.Done > 0}
	if p.Over {
		p.Value = g.Target
		return p
	}
	switch {
	case g.Kind == Streak:
		p.Value, p.By = at.row(&g)
	case g.Window.Unit == calendar.Rolling:
		for _, d := range at.Recent {
			if p.Value += d.Count; p.By.IsZero() && d.Count > 0 {
				p.By = g.Window.Leaves(calendar.Date{}, d.Date).AddDays(-1)
			}
		}
	default:
		p.Value = at.Sum - at.Here*g.Target
		if g.Window.Unit != "" {
			p.By = g.Window.Leaves(anchor, today).AddDays(-1)
		}
		if g.Repeat == PerPeriod && at.Here > 0 {
			p.Value, p.By = g.Target, calendar.Date{}
		}
	}
	return p
}

// row returns how many units in a row are full, up to the present or the last one, and the last day on which the streak can be carried on.
func (s *Scan) row(g *Goal) (int64, calendar.Date) {
	run, end := s.Run%g.Target, g.Window.Leaves(calendar.Date{}, s.First)
	if s.Full {
		end = g.Window.Leaves(calendar.Date{}, end)
	}
	if s.Run == 0 {
		return 0, calendar.Date{}
	}
	return run, end.AddDays(-1)
}

func byDate(d Day, date calendar.Date) int { return d.Date.Compare(date) }

// without returns those of a whose keys b lacks.
func without(a, b []Reached) (out []Reached) {
	for _, r := range a {
		if !slices.ContainsFunc(b, func(other Reached) bool { return other.Key == r.Key }) {
			out = append(out, r)
		}
	}
	return out
}
