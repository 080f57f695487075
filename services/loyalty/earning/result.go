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

// Silent is a rule that gave nothing, and why.
type Silent struct {
	Rule    string `json:"rule"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Reason  Reason `json:"reason"`
	// Detail is a sentence for people.
	Detail string `json:"detail"`
	// Expression is the condition or formula that the reason is about, Under the rule that was given instead, with what this one would have given as Points.
	Expression string   `json:"expression,omitempty"`
	Under      string   `json:"under,omitempty"`
	Points     int64    `json:"points,omitempty"`
	Cap        *CapNote `json:"cap,omitempty"`
}
