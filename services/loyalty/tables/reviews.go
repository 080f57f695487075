package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
)

// The states of a review.
const (
	ReviewOpen     = "open"
	ReviewReleased = "released"
	ReviewRejected = "rejected"
)

// Review is lots that are frozen until somebody has looked at them.
type Review struct {
	Program string `json:"program"`
	Member  string `json:"member"`
	Wallet  string `json:"wallet"`
	State   string `json:"state"`
	// Lots are numbers, Points what was frozen of them.
	Lots     []int64      `json:"lots"`
	Points   int64        `json:"points"`
	Reason   string       `json:"reason"`
	Actor    string       `json:"actor"`
	FrozenAt clock.Millis `json:"frozenAt"`
	// Source is what the points came from, if what becomes of that depends on the review: "referrals/{friend}".
	Source    string       `json:"source,omitempty"`
	Decision  string       `json:"decision,omitempty"`
	Decider   string       `json:"decider,omitempty"`
	DecidedAt clock.Millis `json:"decidedAt,omitempty"`
}

// Reviews by id, which grows with time.
var Reviews = store.Define[Review](store.Spec{Name: "reviews", Indexes: []store.Index{
	{Name: "by_state", Fields: []string{"program", "state", "frozenAt"}},
	{Name: "by_member", Fields: []string{"member"}},
}})
