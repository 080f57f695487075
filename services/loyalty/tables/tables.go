// Package tables declares what the loyalty service stores.
//
// The journal is the service's one feed. A row of it is at once the event that other services read, the answered request of its idempotency key and, where points
// moved, the transaction of the ledger: so an effect is one row and what it changes, in one commit.
package tables

import (
	"encoding/json"

	"renown.example/kit/clock"
	"renown.example/kit/outbox"
	"renown.example/kit/secret"
	"renown.example/kit/store"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/reward"
)

// Entry is something that happened. Entries are only ever inserted.
type Entry struct {
	// Type is the event's, such as "loyalty.points.accrued"; Subject the resource it happened to, Actor who did it.
	Type    string       `json:"type"`
	Subject string       `json:"subject"`
	Actor   string       `json:"actor"`
	At      clock.Millis `json:"at"`
	Program string       `json:"program,omitempty"`
	Member  string       `json:"member,omitempty"`
	// Tx is the transaction of the ledger, if points or the account's chain are concerned.
	Tx *ledger.Transaction `json:"tx,omitempty"`
	// Reason is in the words of whoever did it, Source what it was about: "orders/1001".
	Reason string `json:"reason,omitempty"`
	Source string `json:"source,omitempty"`
	// Facts are what it was decided by: the order, the awards with their arithmetic.
	Facts json.RawMessage `json:"facts,omitempty"`
	// Counts is what a transaction means for tiers, if that is not to be seen from it.
	Counts *Counts `json:"counts,omitempty"`
	// Once is a name that no two entries have, such as "customers/orders/1001/0": an order is accrued once, whatever keys its requests have.
	Once string `json:"once,omitempty"`
	// Key is the digest of caller, method and idempotency key; Request that of the request, Reply its answer and Refusal why it was refused, as protobuf in base64.
	Key     string `json:"key,omitempty"`
	Request string `json:"request,omitempty"`
	Reply   string `json:"reply,omitempty"`
	Refusal string `json:"refusal,omitempty"`
	// Hidden are reason and reply, and whatever else is personal, under the key of the member: see package vault. Then neither Reason nor Reply is stored.
	Hidden string `json:"hidden,omitempty"`
	// Personal says that the reply holds personal data, before it is hidden.
	Personal bool `json:"-"`
	// State is the digest of the account as this entry left it, on the last entry of a commit. DueAt is when the account will have something to do by itself.
	State string       `json:"state,omitempty"`
	DueAt clock.Millis `json:"dueAt,omitempty"`
	// Prev is the hash of the account's entry before, Hash that of this one.
	Prev string `json:"prev,omitempty"`
	Hash string `json:"hash,omitempty"`

	stored []byte
}

// Journal by "{account}/{number, ten digits}" for transactions, which is their order within the account, and by "~{id}" for everything else.
var Journal = store.Define[Entry](store.Spec{Name: "journal", Feed: true, Indexes: []store.Index{
	{Name: "by_key", Fields: []string{"key"}, Unique: true},
	{Name: "by_once", Fields: []string{"once"}, Unique: true},
}})

// Account is the state of one member's wallet.
type Account struct {
	Program string `json:"program"`
	Member  string `json:"member"`
	Wallet  string `json:"wallet"`
	// Closed says why the account takes no more steps: the member was merged or erased.
	Closed string `json:"closed,omitempty"`
	// Into is the member who has the account's points since the member was merged.
	Into   string         `json:"into,omitempty"`
	Ledger ledger.Account `json:"ledger"`
	// Counters are what caps have used up, by their keys.
	Counters map[string]Counter `json:"counters,omitempty"`
	// Orders counts the member's orders.
	Orders int64 `json:"orders,omitempty"`
	// Tiers is where the member stands with the wallet's tiers.
	Tiers *Tiers `json:"tiers,omitempty"`
	// Carried is what members had ever earned, spent and lost who were merged into this one.
	Carried *ledger.Lifetime `json:"carried,omitempty"`

	stored []byte
}

// Accounts by "{member}/{wallet}".
var Accounts = store.Define[Account](store.Spec{Name: "accounts"})

// AccountID is the id of a member's account.
func AccountID(member, wallet string) string { return member + "/" + wallet }

// LotPages by "{account}/{page}".
var LotPages = store.Define[ledger.Page](store.Spec{Name: "lot_pages"})

// Checkpoint seals the order of entries of the journal, from one number in its feed to another. Digest covers everything from the first entry on; Prev is that of the
// checkpoint before. The last one grows until it is full.
type Checkpoint struct {
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Count  int64  `json:"count"`
	Prev   string `json:"prev"`
	Digest string `json:"digest"`
}

// Checkpoints by number, ten digits.
var Checkpoints = store.Define[Checkpoint](store.Spec{Name: "checkpoints"})

// Wallet is a unit of points.
type Wallet struct {
	ID       string `json:"id"`
	Singular string `json:"singular"`
	Plural   string `json:"plural"`
}

// Program is a points programme as it is now.
type Program struct {
	DisplayName string   `json:"displayName"`
	Wallets     []Wallet `json:"wallets"`
	TimeZone    string   `json:"timeZone"`
	Currency    string   `json:"currency"`
	// ReserveMinutes is how long a reservation holds, zero meaning the usual time. Returned is what becomes of a redemption whose order is returned.
	ReserveMinutes int              `json:"reserveMinutes,omitempty"`
	Returned       reward.Restoring `json:"returned,omitempty"`
	// Points says how points live and which orders are taken in.
	Points    Points       `json:"points,omitzero"`
	Version   int          `json:"version"`
	CreatedAt clock.Millis `json:"createdAt"`
	UpdatedAt clock.Millis `json:"updatedAt"`
}

// Points is what a programme says of points and orders, in the words in which it was said; what is empty is as it is usual.
type Points struct {
	// Life is how long points live that were given without a life of their own, in words of package calendar.
	Life string `json:"life,omitempty"`
	// Policy is how far returns go, where they do not say.
	Policy ledger.Reach `json:"policy,omitempty"`
	// CancelWindow is how long after it was placed an order can be cancelled; Oldest and Ahead bound the times of orders and events. All are spans.
	CancelWindow string `json:"cancelWindow,omitempty"`
	Oldest       string `json:"oldest,omitempty"`
	Ahead        string `json:"ahead,omitempty"`
}

// Programs by id.
var Programs = store.Define[Program](store.Spec{Name: "programs"})

// ProgramVersions by "{program}@{version}": a version never changes.
var ProgramVersions = store.Define[Program](store.Spec{Name: "program_versions"})

// The states of a member.
const (
	MemberActive = "active"
	MemberMerged = "merged"
	MemberErased = "erased"
)

// Identifier is something by which a member is found, in its canonical form.
type Identifier struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// Profile is what is personal of a member. It is stored hidden, under the member's key.
type Profile struct {
	DisplayName string            `json:"displayName,omitempty"`
	Identifiers []Identifier      `json:"identifiers,omitempty"`
	Attributes  map[string]string `json:"attributes,omitempty"`
}

// Member is what is known of a member but for the points. Personal data is here and nowhere in the ledger.
type Member struct {
	Program string `json:"program"`
	State   string `json:"state"`
	// Profile is hidden: see package vault.
	Profile string   `json:"profile,omitempty"`
	Tags    []string `json:"tags,omitempty"`
	// Into is the member into which this one was merged.
	Into       string       `json:"into,omitempty"`
	EnrolledAt clock.Millis `json:"enrolledAt"`
	ErasedAt   clock.Millis `json:"erasedAt,omitempty"`
	// LinkSeries counts how often the links to the member's page were replaced.
	LinkSeries int `json:"linkSeries,omitempty"`
}

// Members by member id, which grows with time.
var Members = store.Define[Member](store.Spec{Name: "members", Indexes: []store.Index{
	{Name: "by_program", Fields: []string{"program", "enrolledAt"}},
	{Name: "by_into", Fields: []string{"into"}},
}})

// MemberKey is the key under which a member's personal data is hidden; empty once it was destroyed.
type MemberKey struct {
	Key []byte `json:"key"`
}

// MemberKeys by member id.
var MemberKeys = store.Define[MemberKey](store.Spec{Name: "member_keys"})

// IdentifierUse says whose an identifier is.
type IdentifierUse struct {
	Member string `json:"member"`
}

// Identifiers by "{program}/{kind}/{digest of the value}": the value is with the member, where it is erased.
var Identifiers = store.Define[IdentifierUse](store.Spec{Name: "identifiers"})

// Specs returns every table of the service, for opening its database.
func Specs() []*store.Spec {
	return append([]*store.Spec{
		TierStructures.Spec(), TierVersions.Spec(), Reviews.Spec(), ProgramRevisions.Spec(),
		Journal.Spec(), Accounts.Spec(), LotPages.Spec(), Checkpoints.Spec(), Programs.Spec(), ProgramVersions.Spec(), Members.Spec(), MemberKeys.Spec(), Identifiers.Spec(), ReportCells.Spec(), Buyers.Spec(), RetentionCells.Spec(), Rules.Spec(), RuleVersions.Spec(), RuleSets.Spec(), RuleSetRevisions.Spec(), Budgets.Spec(), secret.Table.Spec(),
		Achievements.Spec(), AchievementVersions.Spec(), AchievementStates.Spec(), EarnedAchievements.Spec(),
		ReferralTermsOf.Spec(), ReferralTermsVersions.Spec(), ReferralCodes.Spec(), Referrals.Spec(), Prints.Spec(),
		Rewards.Spec(), RewardVersions.Spec(), RewardStocks.Spec(), Codes.Spec(), Redemptions.Spec(),
	}, outbox.Positions.Spec(), outbox.Jobs.Spec())
}
