package ledger

import (
	"fmt"

	"renown.example/kit/clock"
)

// Code names a refusal.
type Code string

// The refusals. A step that is refused changes nothing.
const (
	// Insufficient: fewer points are available than the step takes.
	Insufficient Code = "insufficient"
	// Overflow: a figure would leave the range that is kept, which is [-2^53, 2^53] so that every JSON reader reads it exactly.
	Overflow Code = "overflow"
	// Invalid: an amount is zero or less, a lot is named twice, an instant is after the present or out of bounds, a hold ends in the past, a name is missing.
	Invalid Code = "invalid"
	// NoHold: there is no such hold, or it is over.
	NoHold Code = "no hold"
	// NoLot: there is no such lot, or it is not in a state that the step is for.
	NoLot Code = "no lot"
	// Exists: the account has a hold of that id.
	Exists Code = "exists"
)

// Refusal is why a step cannot be done. Want and Have are the points that it is about.
type Refusal struct {
	Code       Code
	Message    string
	Want, Have int64
}

func (r *Refusal) Error() string { return fmt.Sprintf("ledger: %s: %s", r.Code, r.Message) }

// Most is the largest figure that is kept. So that expiry can never be refused, what may still expire and what has expired are not more than Most together.
const Most = int64(1) << 53

// latest is the last instant of the year 9999: ids of pages sort by their four digits.
const latest = clock.Millis(253402300799999)

// Broken is an invariant that a step would have violated, or that the stored state violates already. It is never the caller's fault: nothing may be stored.
type Broken struct {
	Account string
	// Seq is the number that the transaction would have had.
	Seq  int64
	What string
}

func (b *Broken) Error() string {
	return fmt.Sprintf("ledger: account %s: transaction %d: broken: %s", b.Account, b.Seq, b.What)
}

// Step is what all steps have in common.
type Step struct {
	// Now is the clock's present instant; EffectiveAt is when the step counts, zero meaning Now. It may lie before Now, but not after.
	Now, EffectiveAt clock.Millis
	// Idle is set if the step is something that the member did: it says until when points of a life that moves with activity live from then on. Points of such a
	// life can come only with a step that has it.
	Idle func(life string) clock.Millis
}

// NewLot is points to issue.
type NewLot struct {
	Points int64
	// Pending, ActivatesAt, ExpiresAt, Life, Policy, Rule, Source: as in Lot. A lot with an ActivatesAt that has passed is opened as activated, one with an
	// ActivatesAt to come as pending.
	Pending      bool
	ActivatesAt  clock.Millis
	ExpiresAt    clock.Millis
	Life, Policy string
	Rule, Source string
	// Frozen opens the lot as frozen, for somebody to look at first.
	Frozen bool
	// From is the account of the system that the points come from: IssuanceOf(rule), Adjusted, Opening, TransferOf(...).
	From string
	// IssuedAt is zero but for points that were issued elsewhere before: then their original instant.
	IssuedAt clock.Millis
}

// Reach says how far a reversal may go for points of an order that are spent already.
type Reach string

// The reaches: Pending lots only; the order's lots and then whatever is available, and into debt as far as points are held, which are the member's still; or into debt
// without a limit.
const (
	OnlyPending   Reach = "only_pending"
	WithinBalance Reach = "within_balance"
	AllowDebt     Reach = "allow_debt"
)

// Reversal is how a reversal was met: from pending lots, from the order's own and from other available lots, from the order's frozen ones, as debt; Forgiven is what
// could not be taken.
type Reversal struct {
	FromPending, FromAvailable, FromFrozen, AsDebt, Forgiven int64
}

// Parcel is what goes over from one account to another.
type Parcel struct {
	// Lots as they go over: Points and Open are what was open and not reserved, everything else is as it was.
	Lots []Lot
	// Debt is what the member owed, zero or more.
	Debt int64
}
