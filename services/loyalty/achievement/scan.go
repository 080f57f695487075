package achievement

import "renown.example/loyalty/calendar"

// Day is what was counted on one day.
type Day struct {
	Date  calendar.Date `json:"date"`
	Count int64         `json:"count"`
}

// mostADay bounds how often one day reaches a goal; what is more on that day leads to nothing.
const mostADay = 20

// Scan is how far a goal has come, day after day in their order.
type Scan struct {
	// Done is how often the goal has been reached.
	Done int64 `json:"done,omitempty"`
	// First is the first day of the window, or of the unit of a streak, that was looked at last; Sum what it has counted, and Here how often it was reached in it.
	First calendar.Date `json:"first,omitzero"`
	Sum   int64         `json:"sum,omitempty"`
	Here  int64         `json:"here,omitempty"`
	// Recent are the days of a rolling window that have led to nothing yet.
	Recent []Day `json:"recent,omitempty"`
	// Run is how many units of a streak were full, the last of them First if Full says so.
	Run  int64 `json:"run,omitempty"`
	Full bool  `json:"full,omitempty"`
}

// step looks at a day, which is not before any that was looked at. anchor is the day of the enrolment.
func (s *Scan) step(g *Goal, anchor calendar.Date, d Day) []Reached {
	count := max(d.Count, 0)
	if g.Measure == OnDays {
		count = min(count, 1)
	}
	switch {
	case g.Kind == Streak:
		return s.streak(g, d.Date, count)
	case g.Window.Unit == calendar.Rolling:
		return s.rolling(g, d.Date, count)
	}
	return s.window(g, anchor, d.Date, count)
}

func (s *Scan) window(g *Goal, anchor, on calendar.Date, count int64) (reached []Reached) {
	key := ""
	if g.Window.Unit != "" {
		w := g.Window.On(calendar.UTC, anchor, on)
		if key = w.Key; s.First != w.First {
			s.First, s.Sum, s.Here = w.First, 0, 0
		}
	}
	s.Sum += count
	for times := s.Sum / g.Target; times > s.Here; {
		if g.Repeat == Once && s.Done > 0 || g.Repeat == PerPeriod && s.Here > 0 {
			break
		}
		if len(reached) == mostADay {
			s.Here = times
			break
		}
		s.Here, s.Done = s.Here+1, s.Done+1
		name := key
		switch {
		case g.Repeat == Once:
			name = numbered(1)
		case key == "" || s.Here > 1:
			name += numbered(s.Here)
		}
		reached = append(reached, Reached{name, on})
	}
	return reached
}

func (s *Scan) rolling(g *Goal, on calendar.Date, count int64) []Reached {
	if g.Repeat == Once && s.Done > 0 {
		return nil
	}
	var recent []Day
	sum := count
	for _, d := range s.Recent {
		if on.Before(g.Window.Leaves(calendar.Date{}, d.Date)) {
			recent, sum = append(recent, d), sum+d.Count
		}
	}
	if sum < g.Target {
		if s.Recent = recent; count > 0 {
			s.Recent = append(recent, Day{on, count})
		}
		return nil
	}
	s.Recent = nil
	s.Done++
	return []Reached{{numbered(s.Done), on}}
}

func (s *Scan) streak(g *Goal, on calendar.Date, count int64) []Reached {
	first, _ := g.Window.Days(calendar.Date{}, on)
	if s.First != first {
		follows := s.Full && g.Window.Leaves(calendar.Date{}, s.First) == first
		if !follows {
			s.Run = 0
		}
		s.First, s.Sum, s.Full = first, 0, false
	}
	s.Sum += count
	if s.Full || s.Sum < g.Least {
		return nil
	}
	s.Full = true
	if s.Run++; s.Run%g.Target != 0 || g.Repeat == Once && s.Done > 0 {
		return nil
	}
	s.Done++
	return []Reached{{numbered(s.Done), on}}
}
