package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/tier"
)

// Counts is what a transaction means for tiers beyond its points.
type Counts struct {
	// At is when it counts, if not at the transaction's own time: a return counts at the time of its order. Spend, in minor units of the programme's currency, and
	// Visits are what comes to that day, or goes from it.
	At     clock.Millis `json:"at,omitempty"`
	Spend  int64        `json:"spend,omitempty"`
	Visits int64        `json:"visits,omitempty"`
}

// Tiers is where an account stands with its wallet's tiers: after the transaction Seq, having begun at Begun.
type Tiers struct {
	Begun    clock.Millis  `json:"begun"`
	Seq      int64         `json:"seq"`
	Standing tier.Standing `json:"standing"`
}

// Tier is the id of the tier that the member was in when the account was last settled, empty for none.
func (a Account) Tier() string {
	if a.Tiers == nil {
		return ""
	}
	return a.Tiers.Standing.Tier
}

// DueAt is the earliest instant at which something happens by itself, to the points or to the tier; zero means nothing will.
func (a Account) DueAt() clock.Millis {
	due := a.Ledger.DueAt
	if t := a.Tiers; t != nil && t.Standing.Due != 0 && (due == 0 || t.Standing.Due < due) {
		due = t.Standing.Due
	}
	return due
}

// TierStructure is the head of a structure: the wallet that it belongs to, and its last version.
type TierStructure struct {
	Wallet  string `json:"wallet"`
	Version int64  `json:"version"`
}

// TierStructures by "{program}/{structure}".
var TierStructures = store.Define[TierStructure](store.Spec{Name: "tier_structures"})

// TierVersion is a version of a structure. It never changes.
type TierVersion struct {
	Program     string         `json:"program"`
	Wallet      string         `json:"wallet"`
	DisplayName string         `json:"displayName"`
	Structure   tier.Structure `json:"structure"`
	SavedAt     clock.Millis   `json:"savedAt"`
}

// TierVersions by "{program}/{structure}@{version, six digits}".
var TierVersions = store.Define[TierVersion](store.Spec{Name: "tier_versions"})
