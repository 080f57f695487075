package earning

import (
	"encoding/json"

	"renown.example/kit/clock"
)

// Evaluation is what rules make of an order or event. The same input and rules always give the same one, byte for byte as JSON. It leads to both, which must stay as
// they are.
type Evaluation struct {
	// Given are sorted by rule, multipliers after the others; Silent are the rules that gave nothing, sorted by rule.
	Given  []Given
	Silent []Silent

	all *common
}

// MarshalJSON writes the awards and the silent rules.
func (e Evaluation) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Awards []Award  `json:"awards"`
		Silent []Silent `json:"silent"`
	}{e.Awards(), e.Silent})
}

// Award is what one rule gives, written down.
type Award struct {
	Rule     string `json:"rule"`
	Version  int64  `json:"version"`
	Name     string `json:"name"`
	Wallet   string `json:"wallet"`
	Campaign string `json:"campaign,omitempty"`
	// Points are given, Desired would be without caps. Exact is what Desired was rounded from: a decimal, or a fraction such as "133/3" where no decimal is exact.
	Points   int64    `json:"points"`
	Desired  int64    `json:"desired"`
	Exact    string   `json:"exact"`
	Rounding Rounding `json:"rounding"`
	Working  Working  `json:"working"`
	// Lines are the shares of the order's lines in Points, in the order's order. Together they are Points; an event has none.
	Lines []Share `json:"lines,omitempty"`
	// Caps are those that reduced the award, Uses what the award uses up of counters.
	Caps []CapNote `json:"caps,omitempty"`
	Uses []Use     `json:"uses,omitempty"`
	// Lots are what to issue; together they are Points. Life is their life in words of package calendar, empty for that of the programme.
	Lots []Lot  `json:"lots"`
	Life string `json:"life,omitempty"`
}

// Basis is what an award was reckoned from.
type Basis string

// The bases.
const (
	OfAmount Basis = "amount" // Of is in major units of Unit, Per too
	OfPieces Basis = "pieces"
	OfOrder  Basis = "order" // fixed points
	OfEvent  Basis = "event"
	OfPoints Basis = "points" // a multiplier: Of is points that the rules in Rules give
	OfResult Basis = "formula"
)

// Working is the arithmetic of an award: Of / Per x Value is its exact points.
type Working struct {
	Basis Basis    `json:"basis"`
	Of    string   `json:"of,omitempty"`
	Unit  string   `json:"unit,omitempty"`
	Per   string   `json:"per,omitempty"`
	Value string   `json:"value,omitempty"`
	Rules []string `json:"rules,omitempty"`
	// Tier is set where Value is that of the member's tier, Formula where the points came from one; EachLine says that it was evaluated for each line.
	Tier     string `json:"tier,omitempty"`
	Formula  string `json:"formula,omitempty"`
	EachLine bool   `json:"eachLine,omitempty"`
}

// Share is a line's part of an award: exactly, before rounding and caps, and in whole points after them.
type Share struct {
	Line   string `json:"line"`
	Exact  string `json:"exact"`
	Points int64  `json:"points"`
}

// CapNote says what a cap did. Used is how much of it was used up before, Wanted what the rule would have added, Left what there was room for.
type CapNote struct {
	Cap
	Used   int64 `json:"used"`
	Wanted int64 `json:"wanted"`
	Left   int64 `json:"left"`
	// Ends is when the period is over; zero means never.
	Ends clock.Millis `json:"ends,omitempty"`
}

// Use is what an award adds to a counter.
type Use struct {
	Key string `json:"key"`
	Per Scope  `json:"per"`
	// Counts is points or awards. Ends is when nobody asks for the counter any more; zero means never.
	Counts Counts       `json:"counts"`
	Amount int64        `json:"amount"`
	Ends   clock.Millis `json:"ends,omitempty"`
}

// Lot is points to issue together.
type Lot struct {
	// Line is set where each line has its own lot.
	Line   string `json:"line,omitempty"`
	Points int64  `json:"points"`
	// Pending points wait: until ActivatesAt, or for Event, or for somebody to say so.
	Pending     bool         `json:"pending,omitempty"`
	ActivatesAt clock.Millis `json:"activatesAt,omitempty"`
	Event       string       `json:"event,omitempty"`
}

// Reason is why a rule gave nothing.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	Inactive      Reason = "inactive"         // it is archived
	WrongTrigger  Reason = "wrong_trigger"    // it waits for something else
	OutsideWindow Reason = "outside_window"   // not at this time
	WrongCurrency Reason = "wrong_currency"   // its rate is in another currency
	ConditionNo   Reason = "condition_false"  // its condition does not hold
	NoLine        Reason = "no_line"          // no line of the order counts
	CostExceeded  Reason = "cost"             // an expression cost more than it may
	Failed        Reason = "expression_error" // an expression could not be evaluated, such as for a missing attribute
	Negative      Reason = "negative"         // its formula came to less than zero
	NothingToGive Reason = "no_points"        // it comes to no whole point
	TooMany       Reason = "overflow"         // it comes to more points than are kept
	CapReached    Reason = "cap_reached"      // a cap is used up, or the award would go over one that rejects
	Stacked       Reason = "stacked"          // another rule of its group is given instead
)

// Silent is a rule that gave nothing, and why. Package explain says it in words.
type Silent struct {
	// Of is the rule as stated.
	Of  *Rule `json:"of"`
	Why Why   `json:"why"`
	// At is when the thing happened.
	At clock.Millis `json:"at"`
	// Text is what a Why names: the type of an event, a currency, what went wrong in an expression or what it came to.
	Text string `json:"text,omitempty"`
	// More is there where a Why needs it.
	*More
}

// More is what is known of some rules that gave nothing.
type More struct {
	// Line is set where an expression was evaluated for one line.
	Line string `json:"line,omitempty"`
	// Currency is that of the order or event.
	Currency string `json:"currency,omitempty"`
	// Award has the arithmetic of points that are not given, and what they came to.
	Award *Award `json:"award,omitempty"`
	// Under is the rule that was given instead, with what this one would have given as Points.
	Under  string   `json:"under,omitempty"`
	Points int64    `json:"points,omitempty"`
	Cap    *CapNote `json:"cap,omitempty"`
}

// Why says more exactly than a Reason why a rule gave nothing.
type Why int

// In the order of their reasons. Behind each is what of Silent belongs to it.
const (
	Archived          Why = iota // the rule is
	ForOthers                    // it waits for orders, or for visits or events
	ForOtherEvents               // it waits for others than those of the type Text
	NotBegun                     // its window begins later
	Ended                        // its window is over
	NotThisDay                   // it does not hold on the weekday of At
	NotThisHour                  // it does not hold at the time of At
	WithoutAmount                // it gives points per Text, a currency, and the event has no amount
	InOtherCurrency              // it gives points per Text, and this is in Currency
	ConditionFails               // its condition does not hold
	NoLineCounts                 // none of the order's lines
	TooManySteps                 // for an expression; on the line Line, if there is one
	Unevaluated                  // an expression cannot be, because of Text
	NoNumber                     // its formula gave Text
	LessThanNothing              // its formula came to Text
	NothingToMultiply            // no other rule gives points to a multiplier
	NoWholePoint                 // Award comes to less
	BeyondBounds                 // Award comes to more than Text, the most that is kept
	Capped                       // by Cap
	OtherGivesMore               // Under is given instead, and gives more
	OtherIsFirst                 // it gives as much, and is the first
	OtherGoesBefore              // it has the higher priority
)

var reasons = [...]Reason{
	Inactive, WrongTrigger, WrongTrigger, OutsideWindow, OutsideWindow, OutsideWindow, OutsideWindow, WrongCurrency, WrongCurrency, ConditionNo, NoLine, CostExceeded, Failed, Failed,
	Negative, NothingToGive, NothingToGive, TooMany, CapReached, Stacked, Stacked, Stacked,
}

// Reason returns the reason.
func (s *Silent) Reason() Reason { return reasons[s.Why] }

// more returns what is known more, to be filled in.
func (s *Silent) more() *More {
	if s.More == nil {
		s.More = &More{}
	}
	return s.More
}
