package earning

import (
	"renown.example/kit/clock"
	"renown.example/loyalty/calendar"
)

// Rule is one version of a rule: when points are earned, and how many. A version never changes once it is saved.
type Rule struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
	// Wallet is the wallet that the points go to.
	Wallet string `json:"wallet"`
	// Campaign groups rules that share caps of their campaign.
	Campaign string `json:"campaign,omitempty"`
	// Archived rules are kept for what was earned by them, and earn nothing any more.
	Archived bool    `json:"archived,omitempty"`
	Trigger  Trigger `json:"trigger"`
	// Condition must hold for the rule to fire, LineCondition for a line to count; both are in CEL, and empty ones hold always.
	Condition     string `json:"condition,omitempty"`
	LineCondition string `json:"lineCondition,omitempty"`
	Terms         Terms  `json:"terms"`
	Window        Window `json:"window,omitzero"`
	Caps          []Cap  `json:"caps,omitempty"`
	Stack         Stack  `json:"stack"`
	// Rounding says how exact points become whole ones.
	Rounding   Rounding   `json:"rounding"`
	Activation Activation `json:"activation"`
	// Life is how long the points live; none means as the programme says. Lives has another one for members of some tiers.
	Life  calendar.Life            `json:"life,omitzero"`
	Lives map[string]calendar.Life `json:"lives,omitempty"`
}

// life is how long points of a member of a tier live; none means as the programme says.
func (r *Rule) life(tier string) calendar.Life {
	if l, ok := r.Lives[tier]; ok && tier != "" {
		return l
	}
	return r.Life
}

// Kind is what sets a rule off.
type Kind string

// The kinds: what is spent on an order, a visit, certain articles or categories of an order's lines, or an event of a type.
const (
	KindSpend    Kind = "spend"
	KindVisit    Kind = "visit"
	KindItem     Kind = "item"
	KindCategory Kind = "category"
	KindEvent    Kind = "event"
)

// ofOrder reports whether orders set the kind off; the others are set off by events.
func (k Kind) ofOrder() bool { return k == KindSpend || k == KindItem || k == KindCategory }

// Trigger is what sets a rule off.
type Trigger struct {
	Kind Kind `json:"kind"`
	// SKUs are the articles of a rule of kind item, Categories those of kind category; a line with one of them counts.
	SKUs       []string `json:"skus,omitempty"`
	Categories []string `json:"categories,omitempty"`
	// Event is the type of event of a rule of kind event.
	Event string `json:"event,omitempty"`
}

// Form is how a rule reckons its points.
type Form string

// The forms.
const (
	// Fixed gives Value points, a whole number, once.
	Fixed Form = "fixed"
	// PerUnit gives Value points for each Per: minor units of the amount, or pieces where the kind is item.
	PerUnit Form = "per_unit"
	// Multiplier makes Value times as many of what the rules of other forms give to the same wallet. Its own award is what comes on top: twice is once more.
	// Several multipliers add up, they do not multiply one another.
	Multiplier Form = "multiplier"
	// Formula gives what an expression in CEL comes to.
	Formula Form = "formula"
)

// Terms are how many points a rule gives.
type Terms struct {
	Form Form `json:"form"`
	// Value is an exact decimal: points, points per unit or factor, as the form says. Tiers has another value for members of some tiers.
	Value string            `json:"value,omitempty"`
	Tiers map[string]string `json:"tiers,omitempty"`
	// Per is how many minor units of the programme's currency, or pieces, earn Value points: 100 where it is 1 point per euro.
	Per int64 `json:"per,omitempty"`
	// Formula is an expression in CEL that gives a decimal or an int. EachLine evaluates it for every line that counts, instead of once.
	Formula  string `json:"formula,omitempty"`
	EachLine bool   `json:"eachLine,omitempty"`
}

// Window limits when a rule fires, by the time of the order or event.
type Window struct {
	// From is the first instant, Until the first one after the last; zero means no limit.
	From  clock.Millis `json:"from,omitempty"`
	Until clock.Millis `json:"until,omitempty"`
	// Weekdays are 1 (Monday) to 7 (Sunday), in the programme's zone; none means all.
	Weekdays []int `json:"weekdays,omitempty"`
	// Hours are spans of the local day; none means all day.
	Hours []Hours `json:"hours,omitempty"`
}

// Hours is a span of the local day as "17:30" to "19:00", the end not included. One that ends at or before its start goes on into the next day and belongs to the
// weekday on which it began; "24:00" is the end of the day.
type Hours struct {
	From  string `json:"from"`
	Until string `json:"until"`
}

// Scope is whom or what a cap limits.
type Scope string

// The scopes: what one order or event earns by the rule; what one member earns by the rule over a period; what all members together earn by the rules of the
// campaign over a period.
const (
	PerOrder    Scope = "order"
	PerMember   Scope = "member"
	PerCampaign Scope = "campaign"
)

// Over is what happens to an award that would go over a cap.
type Over string

// An award over a cap is reduced to what is left, or is not given at all.
const (
	Reduce Over = "reduce"
	Reject Over = "reject"
)

// Counts is what a cap counts.
type Counts string

// A cap counts points, or how often the rule fired.
const (
	CountsPoints Counts = "points"
	CountsAwards Counts = "awards"
)

// Cap is an upper limit.
type Cap struct {
	Per Scope `json:"per"`
	// Period is day, week, month or year in the programme's zone, by the time of the order or event; empty means for ever.
	Period calendar.Unit `json:"period,omitempty"`
	Counts Counts        `json:"counts"`
	Most   int64         `json:"most"`
	// Over is reduce or reject. Where a rule does not say, caps per order reject and all others reduce.
	Over Over `json:"over"`
}

// Mode is how rules that fire at once get along.
type Mode string

// The modes. Rules of one wallet, group and mode, multipliers apart from the others, compete: of those in mode best only the one that gives the most is given, of those
// in mode priority the one with the highest priority. Ties go to the id that sorts first. Rules in mode all do not compete.
const (
	Best     Mode = "best"
	All      Mode = "all"
	Priority Mode = "priority"
)

// Stack says which other rules a rule competes with, and how.
type Stack struct {
	Mode     Mode   `json:"mode"`
	Group    string `json:"group,omitempty"`
	Priority int64  `json:"priority,omitempty"`
}

// Rounding is how exact points become whole ones, once for the whole award.
type Rounding string

// The roundings: down, to the nearest with halves up, to the nearest with halves to the even neighbour, up.
const (
	Floor    Rounding = "floor"
	HalfUp   Rounding = "half_up"
	HalfEven Rounding = "half_even"
	Ceil     Rounding = "ceil"
)

// Activation says when points can be spent, and whether each line has a lot of its own, which can be activated by itself.
type Activation struct {
	calendar.Activation
	PerLine bool `json:"perLine,omitempty"`
}

// Stated returns the rule with everything said that may be left out: mode best, rounding down, available at once, caps that count points, caps per order that reject
// and other caps that reduce. What is saved is the rule as stated.
func (r Rule) Stated() Rule {
	r.Stack.Mode = or(r.Stack.Mode, Best)
	r.Rounding = or(r.Rounding, Floor)
	r.Activation.Kind = or(r.Activation.Kind, calendar.Immediate)
	caps := make([]Cap, len(r.Caps))
	for i, c := range r.Caps {
		c.Counts = or(c.Counts, CountsPoints)
		if c.Per == PerOrder {
			c.Over = or(c.Over, Reject)
		}
		c.Over = or(c.Over, Reduce)
		caps[i] = c
	}
	if r.Caps = caps; len(caps) == 0 {
		r.Caps = nil
	}
	return r
}

func or[T ~string](v, otherwise T) T {
	if v == "" {
		return otherwise
	}
	return v
}
