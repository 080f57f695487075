// Package explain says in words why an entry of the ledger is as it is. It is pure: the transaction and what is known of its lots go in, parts that add up come out.
package explain

import (
	"renown.example/loyalty/ledger"
)

// MostParts bounds how many lots are told one by one; what is beyond is told together.
const MostParts = 100

// Part is a part of an entry's points.
type Part struct {
	Points int64
	// Text says where the points came from, or why they were taken.
	Text string
	// Lot is the number of the lot that they are in or were taken from, 0 for none; Rule and Source are the lot's.
	Lot          int64
	Rule, Source string
}

// Leg is a side of an entry in words.
type Leg struct {
	Account string
	Points  int64
	Text    string
}

// Lots knows the lots that a transaction touched.
type Lots interface {
	// Lot returns a lot as it was issued: its origin and its end.
	Lot(ref ledger.LotRef) (ledger.Lot, bool)
}

// Amount is the points that a transaction is about: more than zero if they were given, less if they were taken, and how many moved if they only changed what can
// be done with them.
func Amount(tx ledger.Transaction) int64 {
	switch tx.Kind {
	case ledger.KindExpire:
		return -leg(tx, ledger.Expired)
	case ledger.KindActivate:
		return -leg(tx, string(ledger.Pending))
	case ledger.KindReserve:
		return leg(tx, string(ledger.Reserved))
	case ledger.KindCancel, ledger.KindLapse:
		return -leg(tx, string(ledger.Reserved))
	case ledger.KindFreeze:
		return leg(tx, string(ledger.Frozen))
	case ledger.KindUnfreeze:
		return -leg(tx, string(ledger.Frozen))
	}
	var sum int64
	for _, l := range tx.Legs {
		if !own(l.Account) && l.Account != ledger.Expired {
			sum -= l.Points
		}
	}
	return sum
}

func leg(tx ledger.Transaction, account string) int64 {
	for _, l := range tx.Legs {
		if l.Account == account {
			return l.Points
		}
	}
	return 0
}

// own reports whether an account is one of the member's buckets.
func own(account string) bool {
	switch ledger.Bucket(account) {
	case ledger.Pending, ledger.Available, ledger.Reserved, ledger.Frozen, ledger.Debt:
		return true
	}
	return false
}

// Parts are what the amount of a transaction is made up of: together they are Amount.
func Parts(tx ledger.Transaction, lots Lots, w Words) []Part {
	amount := Amount(tx)
	var out []Part
	left := amount
	var further, many int64
	for _, c := range tx.Lots {
		points := share(tx, c)
		if points == 0 {
			continue
		}
		left -= points
		if len(out) == MostParts {
			further, many = further+points, many+1
			continue
		}
		l, known := opened(c, lots)
		out = append(out, Part{Points: points, Lot: c.N, Rule: l.Rule, Source: l.Source, Text: w.lot(tx, c, l, known)})
	}
	if many > 0 {
		out = append(out, Part{Points: further, Text: w.Language.say(bent("lots.further", many), many)})
	}
	if left != 0 {
		out = append(out, Part{Points: left, Text: w.Language.say(rest(tx))})
	}
	return out
}

func opened(c ledger.LotChange, lots Lots) (ledger.Lot, bool) {
	if c.Opened != nil {
		return *c.Opened, true
	}
	return lots.Lot(c.LotRef)
}

// share is what of the amount lies in one lot. One that goes on from another lot counts nothing: that one counts.
func share(tx ledger.Transaction, c ledger.LotChange) int64 {
	if c.Opened != nil {
		if c.Opened.From != nil {
			return 0
		}
		return c.Opened.Points
	}
	switch tx.Kind {
	case ledger.KindReserve:
		return c.Reserved
	case ledger.KindCancel, ledger.KindLapse:
		return -c.Reserved
	case ledger.KindActivate, ledger.KindFreeze, ledger.KindUnfreeze:
		if c.MovedTo != nil {
			return c.Reserved - c.Open
		}
		return c.Points
	}
	return c.Open
}

// rest is the message about points that lie in no lot.
func rest(tx ledger.Transaction) string {
	switch tx.Kind {
	case ledger.KindReverse:
		switch v := tx.After; {
		case v.Reserved == 0:
			return "rest.owed"
		case v.Reserved < -v.Debt:
			return "rest.owed.partly"
		}
		return "rest.owed.held"
	case ledger.KindRestore:
		return "rest.repaid"
	case ledger.KindTransfer, ledger.KindOpen:
		return "rest.debt"
	}
	return "rest"
}

// Legs are the sides of a transaction in words. Together they are zero.
func Legs(tx ledger.Transaction, w Words) []Leg {
	var out []Leg
	for _, l := range tx.Legs {
		out = append(out, Leg{Account: l.Account, Points: l.Points, Text: w.side(l)})
	}
	return out
}
