// Package achievement decides what members have achieved: challenges, streaks and the badges that they are given for them. It is pure: what a member has achieved is
// a function of what they did, whatever order it became known in.
//
// # What counts
//
// A Goal counts Activities: orders, or events of a type. What it counts is added up by the day, in the programme's zone, on which the activity took place; an order
// that is recorded late counts on its own day, and what is returned is taken off the day of its order.
//
//   - A challenge is reached when Target is counted within the Window: a day, week, month, quarter, year, year from the enrolment, the days that a rolling period
//     reaches back to, or all time.
//   - A streak is reached when at least Least is counted in each of Target days, weeks or months one after the other. Weeks are those of ISO 8601.
//
// # How often
//
// Once in a member's life; once in each period; or every time: what is counted beyond the target then begins the next round, in the same window. In a rolling
// period what has led to one achievement counts towards no other, and the rest of that day is left over. A streak of ten with a target of four is reached after four
// and after eight. One day reaches a goal twenty times at most.
//
// # Taking back
//
// Each achievement has a key that says which it is: "2027-03" for March's, "2027-03#2" for the second of March, "#3" for the third of all. After each change of a day
// all that follows is worked out anew, and the keys that are there no more are undone. Days can change until they are closed: see State.
package achievement

import (
	"fmt"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/ledger"
)

// Kind says what a goal asks for.
type Kind string

// The kinds.
const (
	Challenge Kind = "challenge"
	Streak    Kind = "streak"
)

// Measure is what is added up.
type Measure string

// The measures: how often something was done, on how many days, or for how much, in minor units of the programme's currency.
const (
	Times  Measure = "times"
	OnDays Measure = "days"
	Amount Measure = "amount"
)

// Recurrence says how often a goal can be reached.
type Recurrence string

// The recurrences.
const (
	Once      Recurrence = "once"
	PerPeriod Recurrence = "period"
	EveryTime Recurrence = "always"
)

// Order is the type of activity that an order is.
const Order = "order"

// Trigger says which activities count.
type Trigger struct {
	// Type is Order or the type of an event, such as "visit".
	Type string `json:"type"`
	// Category, if it is given, is one that an order must have a line of: then only such lines count. LeastAmount is what it must come to, in minor units.
	Category    string `json:"category,omitempty"`
	LeastAmount int64  `json:"leastAmount,omitempty"`
}

// Goal is what a member can achieve.
type Goal struct {
	Kind    Kind    `json:"kind"`
	Trigger Trigger `json:"trigger"`
	Measure Measure `json:"measure"`
	// Target is what a challenge must count, or how many units a streak is long.
	Target int64 `json:"target"`
	// Window is what a challenge is counted over, all time if it is zero; for a streak its unit.
	Window calendar.Period `json:"window,omitzero"`
	// Least is what each unit of a streak must count.
	Least  int64      `json:"least,omitempty"`
	Repeat Recurrence `json:"repeat"`
	// From and Until bound when an activity must have taken place, Until exclusive; zero means without bound.
	From  clock.Millis `json:"from,omitempty"`
	Until clock.Millis `json:"until,omitempty"`
}

// maxUnits bounds a streak.
const maxUnits = 1000

// Validate refuses what is no goal; path names the field that it was given in.
func (g Goal) Validate(path string) error {
	switch {
	case g.Kind != Challenge && g.Kind != Streak:
		return fault.Invalid(path+".kind", "must be challenge or streak, not %q", g.Kind)
	case g.Trigger.Type == "":
		return fault.Invalid(path+".trigger.type", "must be order or the type of an event")
	case g.Trigger.LeastAmount < 0:
		return fault.Invalid(path+".trigger.leastAmount", "must not be less than zero")
	case g.Trigger.Category != "" && g.Trigger.Type != Order:
		return fault.Invalid(path+".trigger.category", "only orders have categories")
	case g.Measure != Times && g.Measure != OnDays && g.Measure != Amount:
		return fault.Invalid(path+".measure", "must be times, days or amount, not %q", g.Measure)
	case g.Target <= 0 || g.Target > ledger.Most:
		return fault.Invalid(path+".target", "must be between 1 and %d", ledger.Most)
	case g.Repeat != Once && g.Repeat != PerPeriod && g.Repeat != EveryTime:
		return fault.Invalid(path+".repeat", "must be once, period or always, not %q", g.Repeat)
	case g.From != 0 && g.Until != 0 && g.Until <= g.From:
		return fault.Invalid(path+".until", "must be after the beginning")
	}
	if g.Window != (calendar.Period{}) {
		if err := g.Window.Validate(path + ".window"); err != nil {
			return err
		}
	}
	if g.Kind == Streak {
		return g.validateStreak(path)
	}
	switch {
	case g.Least != 0:
		return fault.Invalid(path+".least", "only a streak has one")
	case g.Repeat == PerPeriod && (g.Window.Unit == "" || g.Window.Unit == calendar.Rolling):
		return fault.Invalid(path+".repeat", "once a period needs a period with a beginning and an end")
	}
	return nil
}

func (g Goal) validateStreak(path string) error {
	switch u := g.Window.Unit; {
	case u != calendar.Day && u != calendar.Week && u != calendar.Month:
		return fault.Invalid(path+".window.unit", "a streak is one of days, weeks or months")
	case g.Target < 2 || g.Target > maxUnits:
		return fault.Invalid(path+".target", "a streak is between 2 and %d units long", maxUnits)
	case g.Least <= 0 || g.Least > ledger.Most:
		return fault.Invalid(path+".least", "must be between 1 and %d", ledger.Most)
	case g.Repeat == PerPeriod:
		return fault.Invalid(path+".repeat", "a streak is reached once or always")
	}
	return nil
}

// Activity is something that a member did, as it is known now.
type Activity struct {
	Type string
	At   clock.Millis
	// Amount is what it came to, in minor units. By is how much of an order lay in each category.
	Amount int64
	By     map[string]int64
}

// Counts returns what an activity counts towards the goal. What a return changes is the difference between what the order counts after it and before.
func (g Goal) Counts(a Activity) int64 {
	if a.Type != g.Trigger.Type || a.At < g.From || g.Until != 0 && a.At >= g.Until {
		return 0
	}
	amount := a.Amount
	if g.Trigger.Category != "" {
		var has bool
		if amount, has = a.By[g.Trigger.Category]; !has {
			return 0
		}
	}
	switch {
	case amount < g.Trigger.LeastAmount:
		return 0
	case g.Measure == Amount:
		return amount
	}
	return 1
}

// Reached is one achievement of a goal.
type Reached struct {
	Key string        `json:"key"`
	On  calendar.Date `json:"on"`
}

func numbered(n int64) string { return fmt.Sprintf("#%d", n) }
