// Package ledger is the core of the points ledger: a pure state machine. There is no clock, randomness, goroutine or database in it; instants come in as arguments,
// and the lots that a step needs through Pages.
//
// # Accounts
//
// A member has one account for each wallet (unit) of the programme. An account has a balance in each of five buckets (pending, available, reserved, frozen, debt),
// and a chain of transactions, numbered from 1 without a gap. A transaction is a balanced set of integer legs: the buckets of one account on one side, accounts of
// the system (IssuanceOf(rule), Redeemed, Expired, ...) on the other. Those have no rows: their balances are derived from the transactions. Debt is a balance
// below zero: a leg of -20 on BucketDebt means that the member owes 20 more. What the company owes the member is the sum of the five.
//
// # Lots
//
// Points lie in lots, each with its own origin and end. The sum of what is open in activated lots is available + reserved + frozen; that of lots not yet activated
// is pending, frozen or not. Debits take from available lots in the order (expires, issued, number), earliest first; never-ending lots come last. A hold remembers
// the lots that it was taken from; what is released goes back to the same lots. A lot is never deleted. One that must move to another page (activation by event,
// unfreezing with a later end) is closed there and opened again under a new number, and says so in MovedTo; whoever names the former lot means the later.
//
// Points come free when they are issued as available, activated, unfrozen, released from a hold, restored or transferred. If their lot is frozen then, they are
// frozen. If its end has passed, they expire at once, in the same transaction. Otherwise they repay debt first; the rest is available. Expiry takes what is not
// reserved: the reserved part of a lot outlives its end until its hold is over. What a hold releases, and what a redemption gives back, repays debt even then, before the
// rest expires. A lot that is still pending at its end expires as well;
// one that is opened as pending after its end, at once.
//
// A lot may live by the member's activity: its end is no date of its own but a deadline of the account, one for each such life, so that an activity, which a step is
// that comes with Step.Idle, moves the ends of any number of lots without touching one. When a deadline passes, everything of that life ends at that instant that is
// neither held nor frozen.
//
// # Time
//
// EffectiveAt is when a thing counts, RecordedAt when it was written down. RecordedAt never decreases within an account, even if the clock steps back: the step
// takes max(now, the last one) for the present. Whatever is due by itself (activation, end of a hold, expiry) happens in Settle, with the instant at which it was due as
// EffectiveAt, in the order of those instants, at one instant: activations, then ends of holds, then expiries, each by lot number or hold id. Every other step
// settles first. So whether a job ran in time, late or twice makes no difference, and after each step nothing is due. Activations of one instant are one transaction,
// expiries of one instant another, and each hold that ends has its own.
package ledger

import (
	"renown.example/kit/clock"
)

// Bucket is one of the member's own accounts.
type Bucket string

// The buckets, as legs name them.
const (
	Pending   Bucket = "pending"
	Available Bucket = "available"
	Reserved  Bucket = "reserved"
	Frozen    Bucket = "frozen"
	Debt      Bucket = "debt"
)

// Accounts of the system, the other side of a transaction.
const (
	Redeemed = "redeemed"
	Expired  = "expired"
	Reversed = "reversed"
	Adjusted = "adjusted"
	// Opening is where balances come from that were brought along from elsewhere.
	Opening = "opening"
)

// IssuanceOf is the account that a rule's points come from.
func IssuanceOf(rule string) string { return "issuance:" + rule }

// DonatedTo is the account of a cause that members give points to.
func DonatedTo(cause string) string { return "donated:" + cause }

// TransferOf is the account through which points pass between two accounts; over both it comes to zero.
func TransferOf(transfer string) string { return "transfer:" + transfer }

// Kind says what a transaction did.
type Kind string

// The kinds.
const (
	KindAccrue   Kind = "accrue"   // points issued by rules
	KindActivate Kind = "activate" // pending -> available
	KindExpire   Kind = "expire"   // available -> expired, or pending -> expired if the lot's end came first
	KindReserve  Kind = "reserve"  // available -> reserved
	KindCommit   Kind = "commit"   // reserved -> redeemed
	KindCancel   Kind = "cancel"   // reserved -> available, by somebody
	KindLapse    Kind = "lapse"    // reserved -> available, because the hold ended
	KindRestore  Kind = "restore"  // redeemed -> available: a committed redemption reversed
	KindReverse  Kind = "reverse"  // earned points taken back after a return
	KindAdjust   Kind = "adjust"   // by a person, with a reason
	KindFreeze   Kind = "freeze"   // available -> frozen
	KindUnfreeze Kind = "unfreeze" // frozen -> available
	KindTransfer Kind = "transfer" // to or from another account, such as when members are merged
	KindOpen     Kind = "open"     // balance brought along from elsewhere
	KindNote     Kind = "note"     // no points moved: an order that earned none, a change of tier
)

// Leg is one side of a transaction. The points of all legs add up to zero; on a bucket, plus means that the member has more.
type Leg struct {
	// Account is a Bucket or an account of the system.
	Account string `json:"account"`
	Points  int64  `json:"points"`
}

// Balances are what an account holds. All but Debt are zero or more; Debt is zero or less.
type Balances struct {
	Pending   int64 `json:"pending"`
	Available int64 `json:"available"`
	Reserved  int64 `json:"reserved"`
	Frozen    int64 `json:"frozen"`
	Debt      int64 `json:"debt"`
}

// Lifetime counts what went through an account, by the accounts of the system on the other side: Earned what rules issued less what was reversed, Spent what was
// redeemed or donated less what was restored, Expired what expired. Adjustments, opening balances and transfers are in none of them.
type Lifetime struct {
	Earned  int64 `json:"earned"`
	Spent   int64 `json:"spent"`
	Expired int64 `json:"expired"`
}

// LotRef names a lot of an account: its number and the page it lies on.
type LotRef struct {
	Page string `json:"page"`
	N    int64  `json:"n"`
}

// Take is points taken from, or given back to, a lot.
type Take struct {
	LotRef
	Points int64 `json:"points"`
}

// Lot is points of one origin with one end.
type Lot struct {
	// N numbers the account's lots from 1.
	N int64 `json:"n"`
	// Points is how many were issued, Open how many of them are not yet spent, expired, reversed or moved, those in holds (Reserved) included. Points that repaid a
	// debt at once were never open.
	Points   int64 `json:"points"`
	Open     int64 `json:"open"`
	Reserved int64 `json:"reserved,omitempty"`
	// Pending lots are not activated yet. ActivatesAt is when they are by themselves, zero meaning by an event or by hand; on an activated lot, when it was.
	Pending     bool         `json:"pending,omitempty"`
	ActivatesAt clock.Millis `json:"activatesAt,omitempty"`
	// IssuedAt is the EffectiveAt of the transaction that issued them. ExpiresAt is the first instant at which they cannot be spent any more; zero means never.
	IssuedAt  clock.Millis `json:"issuedAt"`
	ExpiresAt clock.Millis `json:"expiresAt,omitempty"`
	// Life is how long a lot lives, in words of the policy that made it: the caller turns it into ExpiresAt, when the lot is opened, or activated by event or by hand.
	// One that begins with "inactivity " has no ExpiresAt: its end is the account's Idle deadline of that life. Policy is the version of the policy, which never changes for a lot.
	Life   string `json:"life,omitempty"`
	Policy string `json:"policy,omitempty"`
	// FrozenAt is set while the lot is frozen; it does not expire then, and what is left of its life is left when it is unfrozen. Life begins with activation: a
	// lot that is frozen while it waits for its ActivatesAt loses and gains nothing.
	FrozenAt clock.Millis `json:"frozenAt,omitempty"`
	// Rule and Source say where they come from: "rules/double@3", "orders/1001".
	Rule   string `json:"rule,omitempty"`
	Source string `json:"source,omitempty"`
	// Tx is the number of the transaction that opened the lot.
	Tx int64 `json:"tx"`
	// From and MovedTo tie a lot that moved to another page to its former and its later self, which has the same Points.
	From    *LotRef `json:"from,omitempty"`
	MovedTo *LotRef `json:"movedTo,omitempty"`
}

// PageSize is how many lots a page holds at most.
const PageSize = 32

// Page is some lots of one account that end in the same month (UTC), in the order of their numbers. Its ID within the account is "2027-03/000001",
// "pending/000001" for lots whose activation and end are not known yet, or "~/000001" for those that never end: ids sort as the lots are spent, numbers in a month
// count from 1.
type Page struct {
	ID   string `json:"id"`
	Lots []Lot  `json:"lots"`

	stored []byte
	frame  *frame
}

// Hold is points reserved for a redemption.
type Hold struct {
	ID      string       `json:"id"`
	Points  int64        `json:"points"`
	EndsAt  clock.Millis `json:"endsAt"`
	Takes   []Take       `json:"takes"`
	Created clock.Millis `json:"created"`
}

// Tail is the page to which the last lot was added, so that the next of the same month is added without searching.
type Tail struct {
	Page string `json:"page"`
	Lots int    `json:"lots"`
}

// Account is the state of one member's wallet but for its lots.
type Account struct {
	ID       string   `json:"id"`
	Balances Balances `json:"balances"`
	Lifetime Lifetime `json:"lifetime"`
	// Seq and Head are number and hash of the last transaction; Lots is the number of the last lot.
	Seq        int64        `json:"seq"`
	Head       string       `json:"head,omitempty"`
	Lots       int64        `json:"lots"`
	RecordedAt clock.Millis `json:"recordedAt,omitempty"`
	// DueAt is the earliest instant at which something happens by itself; zero means nothing will.
	DueAt clock.Millis `json:"dueAt,omitempty"`
	// First is the id of the first page that has an open lot, empty if none has: searches begin there.
	First string `json:"first,omitempty"`
	Tail  Tail   `json:"tail,omitzero"`
	Holds []Hold `json:"holds,omitempty"`
	// Idle are the deadlines of lots that live by the member's activity, by their lives.
	Idle []Idle `json:"idle,omitempty"`
}

// LotChange is what a transaction did to a lot: the change of each figure.
type LotChange struct {
	LotRef
	Open     int64 `json:"open,omitempty"`
	Reserved int64 `json:"reserved,omitempty"`
	// Opened is the whole lot as it was opened, on the transaction that did.
	Opened *Lot `json:"opened,omitempty"`
	// Activated, Froze and Unfroze say that the lot's state changed, MovedTo that it goes on as another.
	Activated bool `json:"activated,omitempty"`
	Froze     bool `json:"froze,omitempty"`
	Unfroze   bool `json:"unfroze,omitempty"`
	// Points are those that went with the state: what was open of the lot and not reserved. A lot that is frozen, or unfrozen, while it is pending goes with none.
	Points int64 `json:"points,omitempty"`
	// ExpiresAt is the lot's new end if the transaction gave it one.
	ExpiresAt clock.Millis `json:"expiresAt,omitempty"`
	MovedTo   *LotRef      `json:"movedTo,omitempty"`
}

// Transaction is one step of an account, as it is kept. It never changes.
type Transaction struct {
	Account     string       `json:"account"`
	Seq         int64        `json:"seq"`
	Kind        Kind         `json:"kind"`
	EffectiveAt clock.Millis `json:"effectiveAt"`
	RecordedAt  clock.Millis `json:"recordedAt"`
	Legs        []Leg        `json:"legs,omitempty"`
	Lots        []LotChange  `json:"lots,omitempty"`
	// Hold is the id of the hold that the transaction is about, EndsAt when a new one ends.
	Hold   string       `json:"hold,omitempty"`
	EndsAt clock.Millis `json:"endsAt,omitempty"`
	// Idle are the deadlines that it moved or set, of lots that live by the member's activity.
	Idle []Deadline `json:"idle,omitempty"`
	// After are the balances after it.
	After Balances `json:"after"`
}

// Takes lists what the transaction took out of lots for good: what Restore gives back of a redemption that was committed.
func (t Transaction) Takes() []Take {
	var takes []Take
	for _, c := range t.Lots {
		if c.Open < 0 && c.MovedTo == nil {
			takes = append(takes, Take{c.LotRef, -c.Open})
		}
	}
	return takes
}

// Pages gives a step the pages of lots that it needs. Its answers must be those of one state: the same question gets the same answer until the step's changes are
// stored. The lots of an answer are the Book's from then on, which changes them where they are. An error ends the step and comes back from it as it is.
type Pages interface {
	// Page returns a page by its id; one that does not exist comes back without lots.
	Page(id string) (Page, error)
	// After returns the first page whose id is greater, false if there is none.
	After(id string) (Page, bool, error)
	// Last returns the page with the greatest id that begins with the prefix, such as "2027-03/", false if there is none.
	Last(prefix string) (Page, bool, error)
}
