// Package tier decides which tier a member is in. It is pure: who is in which tier since when is a function of what the ledger recorded and of the versions of the
// tier structure, whenever and however often it is asked.
//
// # What counts
//
// A structure measures what a member earned (points), what the orders were worth (minor units of the programme's currency), or the balance. Points and money count
// by the day, in the programme's zone, on which the order took place; a return is taken off the day of its order, as if what came back had never been bought.
//
//   - With a rolling period the days that have not left count: see calendar.Period.
//   - With a month, quarter, year or the year from the enrolment, what counts is the better of the present period so far and the one before: a tier that was reached
//     lasts to the end of the next period, and is kept on by reaching it anew in that.
//   - The balance counts as it is after each step.
//
// # Up and down
//
// A tier is reached at once when the value reaches its threshold. When the value is below that of the tier held, the tier is lost after Grace, unless the
// value reaches the threshold before: to the tier that the value is worth (full), or to the next below (one), which is then held to the end of the period and
// for Grace before it may be lost in turn, or not at all (none). All that is due by itself happens at the beginning of a day.
//
// A tier that was reached by what was sent back since, or recorded in error, is not lost but was never reached: it falls at once, without grace and also with none.
// For that the state is not kept as it went but as it stood when the days began that can still change (Base), and what followed is worked out from the days anew. Days
// can change for as long as they count: for a rolling period that reaches back a year, a return after thirteen months changes no tier.
//
// # Versions
//
// A structure is saved in versions, each in force from an instant on. A day is judged by the version in force at its end. A held tier that a new version lacks becomes
// the highest of those with no higher threshold; a held tier with a threshold that was raised above the value is lost as if the value had gone down.
package tier

import (
	"fmt"
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/ledger"
)

// Metric is what a structure measures.
type Metric string

// The metrics.
const (
	Balance Metric = "balance"
	Earned  Metric = "earned"
	Spend   Metric = "spend"
)

// Downgrade is how a tier is lost.
type Downgrade string

// The ways down.
const (
	Never   Downgrade = "none"
	ByOne   Downgrade = "one"
	ToWorth Downgrade = "full"
)

// Tier is one step of a structure.
type Tier struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Threshold int64  `json:"threshold"`
	// Benefits are sentences for members. Rule names the earning rule that multiplies this tier's points, if one does.
	Benefits []string `json:"benefits,omitempty"`
	Rule     string   `json:"rule,omitempty"`
}

// Structure is one version of a programme's tiers. It never changes.
type Structure struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	// From is the instant from which the version is in force, until the next one is.
	From   clock.Millis `json:"from"`
	Metric Metric       `json:"metric"`
	// Period is the time that earned and spend are counted over; a balance has none.
	Period calendar.Period `json:"period,omitzero"`
	// Tiers are in the order of their thresholds. Below the first, a member has no tier; a first threshold of zero gives everybody one.
	Tiers     []Tier        `json:"tiers"`
	Downgrade Downgrade     `json:"downgrade"`
	Grace     calendar.Span `json:"grace,omitzero"`
}

// Bounds of a structure.
const (
	MaxTiers    = 20
	MaxBenefits = 20
	// minRolling is the shortest rolling period, in days: below it no day is left on which a tier could be kept.
	minRolling = 7
)

// Validate refuses what is no structure; path names the field that it was given in.
func (s Structure) Validate(path string) error {
	switch s.Metric {
	case Balance, Earned, Spend:
	default:
		return fault.Invalid(path+".metric", "must be balance, earned or spend, not %q", s.Metric)
	}
	switch s.Downgrade {
	case Never, ByOne, ToWorth:
	default:
		return fault.Invalid(path+".downgrade", "must be none, one or full, not %q", s.Downgrade)
	}
	if err := s.validateTimes(path); err != nil {
		return err
	}
	return s.validateTiers(path)
}

func (s Structure) validateTimes(path string) error {
	if s.Grace.Hours != 0 || s.Grace.Minutes != 0 || s.Grace.Seconds != 0 {
		return fault.Invalid(path+".grace", "is counted in whole days, such as \"P30D\" or \"P1M\"")
	}
	if s.Metric == Balance {
		if s.Period != (calendar.Period{}) {
			return fault.Invalid(path+".period", "a balance is not counted over a period")
		}
		if s.Downgrade == ByOne && s.Grace.IsZero() {
			return fault.Invalid(path+".grace", "is needed where a balance lowers tiers one by one: it is the time between two of them")
		}
		return nil
	}
	if err := s.Period.Validate(path + ".period"); err != nil {
		return err
	}
	epoch := calendar.Date{Year: 1970, Month: 2, Day: 1}
	switch {
	case s.Period.Unit == calendar.Day || s.Period.Unit == calendar.Week:
		return fault.Invalid(path+".period.unit", "must be month, quarter, year, anniversary or rolling")
	case s.Period.Unit == calendar.Rolling && epoch.Add(s.Period.Span).Sub(epoch) < minRolling:
		return fault.Invalid(path+".period.span", "must be a week or longer")
	}
	return nil
}

func (s Structure) validateTiers(path string) error {
	if n := len(s.Tiers); n == 0 || n > MaxTiers {
		return fault.Invalid(path+".tiers", "must hold between 1 and %d tiers, not %d", MaxTiers, n)
	}
	ids := map[string]bool{}
	for i, t := range s.Tiers {
		at := fmt.Sprintf("%s.tiers[%d]", path, i)
		switch {
		case t.ID == "" || ids[t.ID]:
			return fault.Invalid(at+".id", "must be given, and differ from those of the other tiers")
		case t.Threshold < 0 || t.Threshold > ledger.Most:
			return fault.Invalid(at+".threshold", "must be between 0 and %d", ledger.Most)
		case i > 0 && t.Threshold <= s.Tiers[i-1].Threshold:
			return fault.Invalid(at+".threshold", "must be higher than that of the tier before, which is %d", s.Tiers[i-1].Threshold)
		case len(t.Benefits) > MaxBenefits:
			return fault.Invalid(at+".benefits", "must be at most %d", MaxBenefits)
		}
		ids[t.ID] = true
	}
	return nil
}

// Find returns a tier's place in the structure, -1 for none.
func (s Structure) Find(id string) int {
	return slices.IndexFunc(s.Tiers, func(t Tier) bool { return t.ID == id })
}

// worth returns the place of the highest tier whose threshold a value reaches, -1 for none.
func (s Structure) worth(value int64) int {
	at := -1
	for i, t := range s.Tiers {
		if t.Threshold <= value {
			at = i
		}
	}
	return at
}

// id returns the id of a tier by its place.
func (s Structure) id(place int) string {
	if place < 0 {
		return ""
	}
	return s.Tiers[place].ID
}

// back returns the first day that counts for today under the structure.
func (s Structure) back(anchor, today calendar.Date) calendar.Date {
	if s.Metric == Balance {
		return today
	}
	first, _ := s.Period.Days(anchor, today)
	if s.Period.Unit != calendar.Rolling {
		first, _ = s.Period.Days(anchor, first.AddDays(-1))
	}
	return first
}
