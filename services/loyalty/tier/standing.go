package tier

import (
	"slices"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
)

// Day is what counted on one day.
type Day struct {
	Date   calendar.Date `json:"date"`
	Earned int64         `json:"earned,omitempty"`
	Spend  int64         `json:"spend,omitempty"`
	Visits int64         `json:"visits,omitempty"`
}

// Standing is what is kept with an account about its member's tier: see Ladder.Enrol.
type Standing struct {
	// Enrolled is the day from which anniversaries are counted.
	Enrolled calendar.Date `json:"enrolled"`
	// Tier is the id of the tier held, empty for none, and Since the instant from which it is. Version is that of the structure that was asked last.
	Tier    string       `json:"tier,omitempty"`
	Since   clock.Millis `json:"since,omitempty"`
	Version int64        `json:"version,omitempty"`
	// At is the instant up to which everything due has happened. Due is the next at which something may happen by itself, zero for none.
	At  clock.Millis `json:"at,omitempty"`
	Due clock.Millis `json:"due,omitempty"`
	// Balance is that after the last step. Days are those that count or can still come to, in their order; Open is the first on which an entry can still count.
	Balance int64         `json:"balance,omitempty"`
	Days    []Day         `json:"days,omitempty"`
	Open    calendar.Date `json:"open"`
	// Base is the state from which later ones are worked out.
	Base Base `json:"base"`
}

// Base is a state before a day: that at the end of the day before; for a balance, which no days can be worked out from, that after the last step.
type Base struct {
	Day   calendar.Date `json:"day"`
	State State         `json:"state,omitzero"`
}

// State is where a member stands.
type State struct {
	Tier    string `json:"tier,omitempty"`
	Version int64  `json:"version,omitempty"`
	// Short is the first day on which the value was below the tier's threshold, none while it is not. Held is the day until which a tier that was lowered by one
	// cannot be lowered again.
	Short calendar.Date `json:"short,omitzero"`
	Held  calendar.Date `json:"held,omitzero"`
}

// Entry is what a step of the ledger means for tiers.
type Entry struct {
	// EffectiveAt is when it counts: the time of the order; for a return that of its order too. RecordedAt is when it became known, which never decreases; for what
	// happens by itself, such as an expiry, the instant at which it was due, however late it was written down.
	EffectiveAt, RecordedAt clock.Millis
	// Earned, Spend and Visits are what came to (or went from) the day. Balance is the balance after the step.
	Earned, Spend, Visits int64
	Balance               int64
	// Joined is what a member brings along who was merged into this one; nil for any other step.
	Joined *Joined
}

// Joined is what a member who was merged into another has done for the tiers: the days that still count, and the state before them.
type Joined struct {
	Days []Day `json:"days,omitempty"`
	Base Base  `json:"base"`
}

// Join returns what another member takes over of a standing as of now.
func (l Ladder) Join(s Standing, now clock.Millis) *Joined {
	s, _ = l.Evaluate(s, now)
	return &Joined{Days: s.Days, Base: s.Base}
}

// join adds what another member brings along. Of two tiers that were held before the days that count the higher one is held.
func (l Ladder) join(s Standing, j Joined) Standing {
	for _, d := range j.Days {
		if !d.Date.Before(s.Open) {
			s.Days = add(s.Days, d)
		}
	}
	if v, ok := l.inForce(s.At); ok && v.Find(j.Base.State.Tier) > v.Find(s.Base.State.Tier) {
		s.Base.State = j.Base.State
	}
	return s
}

// Why says what changed a tier.
type Why string

// The causes.
const (
	Reached  Why = "reached"  // the value reached the threshold
	Lapsed   Why = "lapsed"   // the time of a tier ended, or the balance went down
	Undone   Why = "undone"   // what a tier had been reached by was taken back
	Reformed Why = "reformed" // a version of the structure came into force
)

// Change is one line of a member's tier history.
type Change struct {
	At      clock.Millis `json:"at"`
	From    string       `json:"from,omitempty"`
	To      string       `json:"to,omitempty"`
	Version int64        `json:"version"`
	Why     Why          `json:"why"`
}

// Ladder is all that is known of a programme's tiers: the versions of its structure, in the order of their From, and the zone in which days are counted.
type Ladder struct {
	Zone     calendar.Zone
	Versions []Structure
}

// idle is how far back days are kept at least, also for a programme that has no tiers yet: members do not begin from nothing when it gets some.
var idle = calendar.Period{Unit: calendar.Rolling, Span: calendar.Months(12)}

// Enrol returns the standing of a member who joins at an instant, and the tier that this alone gives.
func (l Ladder) Enrol(at clock.Millis) (Standing, []Change) {
	day := l.Zone.DateOf(at)
	s := Standing{Enrolled: day, At: at}
	s.Open = l.open(s, at)
	s.Base.Day = day
	w := l.walk(s, at)
	w.until(day, nil)
	return l.arrive(s, w, at, Reached)
}

// Record adds an entry: first what was due until it was recorded happens, then it counts. It returns what changed, in its order. The standing given is not changed.
func (l Ladder) Record(s Standing, e Entry) (Standing, []Change) {
	s, changes := l.Evaluate(s, e.RecordedAt)
	s.Balance = e.Balance
	if date := l.Zone.DateOf(min(e.EffectiveAt, s.At)); !date.Before(s.Open) {
		s.Days = add(s.Days, Day{date, e.Earned, e.Spend, e.Visits})
	}
	if e.Joined != nil {
		s = l.join(s, *e.Joined)
	}
	w := l.walk(s, s.At)
	w.until(l.Zone.DateOf(s.At), nil)
	// What is lower without time having passed was taken back. A balance just went down.
	lower := Undone
	if version, ok := l.inForce(s.At); ok && version.Metric == Balance {
		lower = Lapsed
	}
	s, c := l.arrive(s, w, s.At, lower)
	return s, append(changes, c...)
}

// Evaluate does what is due until now. It returns what changed, in its order, each with the instant at which it was due. The standing given is not changed.
func (l Ladder) Evaluate(s Standing, now clock.Millis) (Standing, []Change) {
	if now <= s.At {
		return s, nil
	}
	var changes []Change
	to := func(at clock.Millis) {
		if at <= s.At {
			return
		}
		var c []Change
		s, c = l.evaluate(s, at)
		changes = append(changes, c...)
	}
	for _, v := range l.Versions {
		if v.From > s.At && v.From <= now {
			// A day is judged by the version in force at its end, but until this one began by the former.
			to(v.From - 1)
			to(v.From)
		}
	}
	to(now)
	return s, changes
}

// Idle reports whether nothing happens by itself until now: Evaluate would change nothing that matters.
func (l Ladder) Idle(s Standing, now clock.Millis) bool {
	return (s.Due == 0 || now < s.Due) && !slices.ContainsFunc(l.Versions, func(v Structure) bool { return v.From > s.At && v.From <= now })
}

// Steady returns the first instant from now on at which a standing's progress may be another though nothing is recorded: now if a change is due, zero if there is none.
func (l Ladder) Steady(s Standing, now clock.Millis) clock.Millis {
	if len(l.Versions) == 0 {
		return 0
	}
	if _, changes := l.Evaluate(s, now); len(changes) > 0 {
		return now
	}
	next := l.Zone.Start(l.Zone.DateOf(now).AddDays(1))
	for _, v := range l.Versions {
		if v.From > now {
			next = min(next, v.From)
		}
	}
	return next
}

// evaluate does what is due until at, before which no version comes into force.
func (l Ladder) evaluate(s Standing, at clock.Millis) (Standing, []Change) {
	begins := slices.ContainsFunc(l.Versions, func(v Structure) bool { return v.From == at })
	if !begins && (s.Due == 0 || at < s.Due) {
		return l.idle(s, at), nil
	}
	var changes []Change
	today, seen := l.Zone.DateOf(at), l.Zone.DateOf(s.At)
	w := l.walk(s, at)
	w.until(today, func(d calendar.Date) {
		// What was seen until s.At stays. A day that a version begins with is judged by it, and changes because of it.
		if seen.Before(d) && !(begins && d == today) {
			var c []Change
			s, c = turn(s, w, l.Zone.Start(d), Lapsed)
			changes = append(changes, c...)
		}
	})
	lower := Lapsed
	if begins {
		lower = Reformed
	}
	s, c := l.arrive(s, w, at, lower)
	return s, append(changes, c...)
}

// idle lets time pass in which nothing happens but that days close.
func (l Ladder) idle(s Standing, at clock.Millis) Standing {
	if l.Zone.DateOf(at) != l.Zone.DateOf(s.At) {
		w := l.walk(s, at)
		w.until(l.Zone.DateOf(at), nil)
		s = l.close(s, w, at)
	}
	s.At = at
	return s
}

// arrive takes over where a walk until the day of at has led, closes the days that cannot change any more, and finds what is due next. lower is why a tier is lower
// now, and why it changed at all if that is because of a version.
func (l Ladder) arrive(s Standing, w *walk, at clock.Millis, lower Why) (Standing, []Change) {
	s, changes := turn(s, w, at, lower)
	s.Version = w.state.Version
	s.At = at
	s = l.close(s, w, at)
	s.Due = l.due(*w, at)
	return s, changes
}

// turn gives the standing the tier to which a walk has led, if it is another. lower is why it is lower.
func turn(s Standing, w *walk, at clock.Millis, lower Why) (Standing, []Change) {
	if w.state.Tier == s.Tier {
		return s, nil
	}
	why := lower
	if v := w.version(w.day); lower != Reformed && v.Find(w.state.Tier) > v.Find(s.Tier) {
		why = Reached
	}
	c := Change{At: at, From: s.Tier, To: w.state.Tier, Version: w.state.Version, Why: why}
	s.Tier, s.Since = w.state.Tier, at
	return s, []Change{c}
}

// close moves the base up to the first day that can still change, and drops days that nothing asks for any more. w has been walked until the day of at.
func (l Ladder) close(s Standing, w *walk, at clock.Millis) Standing {
	today := l.Zone.DateOf(at)
	s.Open = l.open(s, at)
	if version, ok := l.inForce(at); ok && version.Metric == Balance {
		s.Base = Base{Day: today, State: w.state}
	} else if s.Base.Day.Before(s.Open) {
		before := l.walk(s, at)
		before.until(s.Open.AddDays(-1), nil)
		s.Base = Base{Day: s.Open, State: before.state}
	}
	keep := l.back(s, s.Base.Day, at)
	if s.Open.Before(keep) {
		keep = s.Open
	}
	if n, _ := slices.BinarySearchFunc(s.Days, keep, byDate); n > 0 {
		s.Days = slices.Clone(s.Days[n:])
	}
	return s
}

// open returns the first day on which an entry that is recorded at an instant can count. It never goes back.
func (l Ladder) open(s Standing, at clock.Millis) calendar.Date {
	first := l.back(s, l.Zone.DateOf(at), at)
	if first.Before(s.Open) {
		return s.Open
	}
	return first
}

// back returns the first day that counts on a day by any version that is or was in force at an instant, or by the least time that days are kept.
func (l Ladder) back(s Standing, day calendar.Date, at clock.Millis) calendar.Date {
	first, _ := idle.Days(calendar.Date{}, day)
	for _, v := range l.Versions {
		if v.From > at {
			break
		}
		if counts := v.back(s.Enrolled, day); counts.Before(first) {
			first = counts
		}
	}
	return first
}

// due returns the next instant at which something happens by itself after a walk until today.
func (l Ladder) due(ahead walk, at clock.Millis) clock.Millis {
	var next clock.Millis
	for _, v := range l.Versions {
		if v.From > at {
			next = v.From
			break
		}
	}
	if d := ahead.change(); !d.IsZero() {
		if start := l.Zone.Start(d); next == 0 || start < next {
			next = start
		}
	}
	return next
}

// inForce returns the version that is in force at an instant, false if none is yet.
func (l Ladder) inForce(at clock.Millis) (Structure, bool) {
	for _, v := range slices.Backward(l.Versions) {
		if v.From <= at {
			return v, true
		}
	}
	return Structure{}, false
}

// Rebuild works out a member's standing and history from the entries of the ledger, in the order in which they were recorded.
func (l Ladder) Rebuild(enrolled clock.Millis, entries []Entry, now clock.Millis) (Standing, []Change) {
	s, history := l.Enrol(enrolled)
	for _, e := range entries {
		var c []Change
		s, c = l.Record(s, e)
		history = append(history, c...)
	}
	s, c := l.Evaluate(s, now)
	return s, append(history, c...)
}

func byDate(d Day, date calendar.Date) int { return d.Date.Compare(date) }

// add returns days with another; those given are not changed. A day on which everything came to nothing is left out.
func add(days []Day, d Day) []Day {
	if d == (Day{Date: d.Date}) {
		return days
	}
	n, found := slices.BinarySearchFunc(days, d.Date, byDate)
	out := slices.Clone(days)
	if !found {
		out = slices.Insert(out, n, Day{Date: d.Date})
	}
	out[n].Earned += d.Earned
	out[n].Spend += d.Spend
	out[n].Visits += d.Visits
	if out[n] == (Day{Date: d.Date}) {
		out = slices.Delete(out, n, n+1)
	}
	return out
}
