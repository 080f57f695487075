package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/referral"
)

// ReferralTerms are what a programme gives for referrals, and when, as they are now.
type ReferralTerms struct {
	Terms          referral.Terms `json:"terms"`
	ReferrerPoints int64          `json:"referrerPoints,omitempty"`
	FriendPoints   int64          `json:"friendPoints,omitempty"`
	Wallet         string         `json:"wallet"`
	Life           calendar.Life  `json:"life,omitzero"`
	Paused         bool           `json:"paused,omitempty"`
	Version        int            `json:"version"`
	SavedAt        clock.Millis   `json:"savedAt"`
}

// ReferralTermsOf by programme.
var ReferralTermsOf = store.Define[ReferralTerms](store.Spec{Name: "referral_terms"})

// ReferralTermsVersions by "{program}@{version}": a version never changes. Terms that were set before versions were kept have none but the one in ReferralTermsOf.
var ReferralTermsVersions = store.Define[ReferralTerms](store.Spec{Name: "referral_terms_versions"})

// ReferralCode says whose a code is.
type ReferralCode struct {
	Member string `json:"member"`
}

// ReferralCodes by "{program}/{code}".
var ReferralCodes = store.Define[ReferralCode](store.Spec{Name: "referral_codes", Indexes: []store.Index{
	{Name: "by_member", Fields: []string{"member"}, Unique: true},
}})

// The states of a referral.
const (
	ReferralWaiting  = "waiting"
	ReferralRewarded = "rewarded"
	ReferralHeld     = "held"
	ReferralRefused  = "refused"
	ReferralUndone   = "undone"
)

// ReferralGift is points that a referral has given.
type ReferralGift struct {
	// Account and Entry are where the points were given, and by which entry.
	Account string `json:"account"`
	Entry   int64  `json:"entry"`
	Points  int64  `json:"points"`
	// Review decides about the points, if they were given frozen.
	Review string `json:"review,omitempty"`
	// Forgiven is how many of them were not taken back when the referral was undone, because they had been spent.
	Forgiven int64 `json:"forgiven,omitempty"`
}

// Referral is a member who came with another's code.
type Referral struct {
	Program   string             `json:"program"`
	Referrer  string             `json:"referrer"`
	Friend    string             `json:"friend"`
	State     string             `json:"state"`
	Findings  []referral.Finding `json:"findings,omitempty"`
	Order     string             `json:"order,omitempty"`
	CreatedAt clock.Millis       `json:"createdAt"`
	// QualifiedAt is when that by which the friend qualified became known: limits are counted by it.
	QualifiedAt clock.Millis `json:"qualifiedAt,omitempty"`
	DecidedAt   clock.Millis `json:"decidedAt,omitempty"`
	// Referred and Came are what the referrer and the friend were given.
	Referred *ReferralGift `json:"referred,omitempty"`
	Came     *ReferralGift `json:"came,omitempty"`
}

// Referrals by "{program}/{friend}": a member is referred once.
var Referrals = store.Define[Referral](store.Spec{Name: "referrals", Indexes: []store.Index{
	{Name: "by_program", Fields: []string{"program", "createdAt"}},
	{Name: "by_referrer", Fields: []string{"program", "referrer", "createdAt"}},
	{Name: "by_state", Fields: []string{"program", "state", "createdAt"}},
}})

// The kinds of fingerprints.
const (
	PrintDevice  = "device"
	PrintAddress = "address"
	PrintAlias   = "alias"
)

// Print says that a member was seen with a device or an address, or has an e-mail address that is another spelling of the one that the fingerprint is of.
type Print struct {
	Program string `json:"program"`
	Kind    string `json:"kind"`
	Print   string `json:"print"`
	Member  string `json:"member"`
	// At is when it was seen last.
	At clock.Millis `json:"at"`
}

// Prints by PrintID.
var Prints = store.Define[Print](store.Spec{Name: "prints", Indexes: []store.Index{
	{Name: "by_member", Fields: []string{"member"}},
}})

// PrintID is the id of a fingerprint's row: of is the member, or for an alias the digest of the identifier.
func PrintID(program, print, of string) string { return program + "/" + print + "/" + of }

// ReferralID is the id of the referral by which a member came.
func ReferralID(program, friend string) string { return program + "/" + friend }
