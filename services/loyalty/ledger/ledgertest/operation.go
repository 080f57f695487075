package ledgertest

import (
	"fmt"

	"renown.example/kit/clock"
	"renown.example/loyalty/ledger"
)

// Verb names what an operation does.
type Verb string

// The verbs: one for each step of the ledger.
const (
	Settle      Verb = "settle"
	Issue       Verb = "issue"
	Spend       Verb = "spend"
	Reserve     Verb = "reserve"
	Commit      Verb = "commit"
	Cancel      Verb = "cancel"
	Restore     Verb = "restore"
	Reverse     Verb = "reverse"
	Activate    Verb = "activate"
	Freeze      Verb = "freeze"
	Unfreeze    Verb = "unfreeze"
	TransferOut Verb = "transfer out"
	TransferIn  Verb = "transfer in"
	Note        Verb = "note"
)

// Operation is one step with all that it is given. Fields that the verb does not know are empty.
type Operation struct {
	Account  string
	Verb     Verb
	Step     ledger.Step
	Kind     ledger.Kind
	Lots     []ledger.NewLot
	Points   int64
	To       string
	Hold     string
	EndsAt   clock.Millis
	Takes    []ledger.Take
	Refs     []ledger.LotRef
	Reach    ledger.Reach
	Transfer string
	Parcel   ledger.Parcel
	// Life is how long lots live from their activation on: zero means for ever, below zero that their ends stay.
	Life clock.Millis
	// Idle is set if the step is something that the member did: how long lots live from then on whose life moves with activity, those of the longer life twice as long.
	Idle clock.Millis
}

// The lives that move with activity.
const (
	idleShort = "inactivity P30D"
	idleLong  = "inactivity P60D"
)

// until is when lots of a life end that moves with activity, given the operation.
func (o Operation) until(life string) clock.Millis {
	at := o.Step.EffectiveAt
	if at == 0 {
		at = o.Step.Now
	}
	if life == idleLong {
		return at + 2*o.Idle
	}
	return at + o.Idle
}

// Outcome is what a step answers.
type Outcome struct {
	Reversal ledger.Reversal
	Parcel   ledger.Parcel
	// Takes is what went out of lots for good, in order.
	Takes []ledger.Take
}

// Do takes the step on a Book.
func (o Operation) Do(b *ledger.Book) (out Outcome, err error) {
	var tx ledger.Transaction
	if o.Idle != 0 {
		o.Step.Idle = o.until
	}
	switch o.Verb {
	case Settle:
		return out, b.Settle(o.Step.Now)
	case Issue:
		tx, err = b.Issue(o.Step, o.Kind, o.Lots)
	case Spend:
		tx, err = b.Spend(o.Step, o.Kind, o.Points, o.To)
	case Reserve:
		tx, err = b.Reserve(o.Step, o.Hold, o.Points, o.EndsAt)
	case Commit:
		tx, err = b.Commit(o.Step, o.Hold)
	case Cancel:
		tx, err = b.Cancel(o.Step, o.Hold)
	case Restore:
		tx, err = b.Restore(o.Step, o.Takes)
	case Reverse:
		tx, out.Reversal, err = b.Reverse(o.Step, o.Takes, o.Points, o.Reach)
	case Activate:
		tx, err = b.Activate(o.Step, o.Refs, o.expires())
	case Freeze:
		tx, err = b.Freeze(o.Step, o.Refs)
	case Unfreeze:
		tx, err = b.Unfreeze(o.Step, o.Refs)
	case TransferOut:
		tx, out.Parcel, err = b.TransferOut(o.Step, o.Transfer)
	case TransferIn:
		tx, err = b.TransferIn(o.Step, o.Transfer, o.Parcel)
	case Note:
		tx, err = b.Note(o.Step)
	default:
		err = fmt.Errorf("ledgertest: no verb %q", o.Verb)
	}
	if o.Verb == Spend || o.Verb == Commit {
		out.Takes = tx.Takes()
	}
	return out, err
}

func (o Operation) expires() func(ledger.Lot) clock.Millis {
	if o.Life < 0 {
		return nil
	}
	return func(ledger.Lot) clock.Millis {
		if o.Life == 0 {
			return 0
		}
		return o.Step.Now + o.Life
	}
}
