package tier

import (
	"slices"

	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
)

// walk works out a member's state day by day, from the base on. It stops at the days on which something can change: those with entries, those on which
// entries cease to count, those on which a version begins, and those on which a tier that is short of its threshold may be lost.
type walk struct {
	anchor   calendar.Date
	balance  int64
	days     []Day
	sums     []sums // sums[i] is over days[:i]
	versions []Structure
	begins   []calendar.Date // the day on which versions[i] comes into force
	day      calendar.Date   // the last one stopped at
	state    State
	value    int64 // what the day is worth
	// days[:come] are those until day. days[since:come] are of the present period, days[former:since] of the one before it; of a rolling period days[:since] have
	// left. after is the day on which the present period ends, or days[since] leaves; none if that is to be found yet.
	come, since, former int
	after               calendar.Date
}

type sums struct{ earned, spend int64 }

// walk begins on the base's first day, with the versions in force at an instant.
func (l Ladder) walk(s Standing, at clock.Millis) *walk {
	w := &walk{anchor: s.Enrolled, balance: s.Balance, days: s.Days, day: s.Base.Day, state: s.Base.State, sums: make([]sums, len(s.Days)+1)}
	for i, d := range s.Days {
		w.sums[i+1] = sums{w.sums[i].earned + d.Earned, w.sums[i].spend + d.Spend}
	}
	for _, v := range l.Versions {
		if v.From <= at {
			w.versions, w.begins = append(w.versions, v), append(w.begins, l.Zone.DateOf(v.From))
		}
	}
	w.stop(w.day)
	return w
}

// until walks to a day and tells of those that changed the tier. Of a day that lies before the base nothing is told.
func (w *walk) until(last calendar.Date, changed func(calendar.Date)) {
	for {
		d := w.next()
		if d.IsZero() || last.Before(d) {
			return
		}
		before := w.state.Tier
		w.stop(d)
		if changed != nil && w.state.Tier != before {
			changed(d)
		}
	}
}

// change walks on until the tier changes and returns the day, none if it never does.
func (w *walk) change() calendar.Date {
	for before := w.state.Tier; ; {
		d := w.next()
		if d.IsZero() {
			return d
		}
		w.stop(d)
		if w.state.Tier != before {
			return d
		}
	}
}

// version returns the one in force at the end of a day, nil if none is.
func (w *walk) version(d calendar.Date) *Structure {
	for i := range slices.Backward(w.begins) {
		if !d.Before(w.begins[i]) {
			return &w.versions[i]
		}
	}
	return nil
}

// stop judges a day.
func (w *walk) stop(d calendar.Date) {
	w.day = d
	for w.come < len(w.days) && !d.Before(w.days[w.come].Date) {
		w.come++
	}
	v := w.version(d)
	if v == nil {
		return
	}
	if w.state.Version != v.Version {
		w.reform(v)
	}
	w.value = w.worth(v, d)
	w.judge(v, d)
}

// reform finds the tier of a new version that takes the place of the one held.
func (w *walk) reform(v *Structure) {
	if w.state.Tier != "" && v.Find(w.state.Tier) < 0 {
		place := -1
		if n := slices.IndexFunc(w.versions, func(s Structure) bool { return s.Version == w.state.Version }); n >= 0 {
			if former := w.versions[n].Find(w.state.Tier); former >= 0 {
				place = v.worth(w.versions[n].Tiers[former].Threshold)
			}
		}
		w.state.Tier = v.id(place)
	}
	w.state.Version = v.Version
	w.after = calendar.Date{}
}

// worth returns the value that counts on a day.
func (w *walk) worth(v *Structure, d calendar.Date) int64 {
	if v.Metric == Balance {
		return w.balance
	}
	if v.Period.Unit == calendar.Rolling {
		w.roll(v, d)
		return w.present(v)
	}
	if w.after.IsZero() || !d.Before(w.after) {
		var first, before calendar.Date
		first, w.after = v.Period.Days(w.anchor, d)
		before, _ = v.Period.Days(w.anchor, first.AddDays(-1))
		w.since, w.former = w.place(first), w.place(before)
	}
	return max(w.present(v), w.sum(v.Metric, w.former, w.since))
}

// roll lets days leave a rolling period.
func (w *walk) roll(v *Structure, d calendar.Date) {
	if w.after.IsZero() {
		first, _ := v.Period.Days(w.anchor, d)
		w.since = w.place(first)
	} else if d.Before(w.after) {
		return
	}
	for w.after = (calendar.Date{}); w.since < len(w.days); w.since++ {
		if leaves := w.days[w.since].Date.Add(v.Period.Span); d.Before(leaves) {
			w.after = leaves
			return
		}
	}
}

// place returns the place of a date among the days.
func (w *walk) place(d calendar.Date) int {
	n, _ := slices.BinarySearchFunc(w.days, d, byDate)
	return n
}

// sum adds up days[from:to].
func (w *walk) sum(m Metric, from, to int) int64 {
	if m == Spend {
		return w.sums[to].spend - w.sums[from].spend
	}
	return w.sums[to].earned - w.sums[from].earned
}

// judge moves the state to what the value of a day makes of it.
func (w *walk) judge(v *Structure, d calendar.Date) {
	held, worth := v.Find(w.state.Tier), v.worth(w.value)
	if worth >= held {
		w.state.Tier, w.state.Short = v.id(worth), calendar.Date{}
		return
	}
	if w.state.Short.IsZero() {
		w.state.Short = d
	}
	end := w.lost(v)
	if end.IsZero() || d.Before(end) {
		return
	}
	if v.Downgrade == ToWorth {
		w.state.Tier, w.state.Short = v.id(worth), calendar.Date{}
		return
	}
	w.state.Tier, w.state.Held = v.id(held-1), d.Add(v.Grace)
	if v.Metric != Balance {
		w.state.Held = v.Period.Leaves(w.anchor, d).Add(v.Grace)
	}
	if held-1 == worth {
		w.state.Short = calendar.Date{}
	}
}

// lost returns the day on which a tier that is short of its threshold is lost, none if it is not short or never lost.
func (w *walk) lost(v *Structure) calendar.Date {
	if w.state.Short.IsZero() || v.Downgrade == Never {
		return calendar.Date{}
	}
	end := w.state.Short.Add(v.Grace)
	if v.Downgrade == ByOne && end.Before(w.state.Held) {
		return w.state.Held
	}
	return end
}

// next returns the next day to stop at, none if nothing can change any more.
func (w *walk) next() calendar.Date {
	var next calendar.Date
	take := func(d calendar.Date) {
		if w.day.Before(d) && (next.IsZero() || d.Before(next)) {
			next = d
		}
	}
	for _, d := range w.begins {
		take(d)
	}
	if w.come < len(w.days) {
		take(w.days[w.come].Date)
	}
	v := w.version(w.day)
	if v == nil {
		return next
	}
	take(w.lost(v))
	if v.Metric != Balance {
		take(w.leaves(v))
	}
	return next
}

// leaves returns the next day on which something ceases to count, none if nothing is left that does.
func (w *walk) leaves(v *Structure) calendar.Date {
	oldest := w.former
	if v.Period.Unit == calendar.Rolling {
		oldest = w.since
	}
	if oldest == len(w.days) {
		return calendar.Date{}
	}
	return w.after
}
