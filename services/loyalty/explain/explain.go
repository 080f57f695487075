// Package explain says in words why an entry of the ledger is as it is. It is pure: the transaction and what is known of its lots go in, parts that add up come out.
package explain

import (
	"fmt"
	"strings"

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
		out = append(out, Part{Points: further, Text: fmt.Sprintf("%d further lots", many)})
	}
	if left != 0 {
		out = append(out, Part{Points: left, Text: rest(tx)})
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

// rest says what points are that lie in no lot.
func rest(tx ledger.Transaction) string {
	switch tx.Kind {
	case ledger.KindReverse:
		return "They were spent already and are owed"
	case ledger.KindRestore:
		return "They repaid what was owed, or their time was over"
	case ledger.KindTransfer, ledger.KindOpen:
		return "A debt goes along"
	}
	return "They lie in no lot"
}

// Legs are the sides of a transaction in words. Together they are zero.
func Legs(tx ledger.Transaction) []Leg {
	var out []Leg
	for _, l := range tx.Legs {
		out = append(out, Leg{Account: l.Account, Points: l.Points, Text: side(l)})
	}
	return out
}

// sides are what more and less mean on an account.
var sides = map[string][2]string{
	string(ledger.Pending):   {"wait until they become available", "wait no longer"},
	string(ledger.Available): {"more can be spent", "fewer can be spent"},
	string(ledger.Reserved):  {"are held for a redemption", "are held no longer"},
	string(ledger.Frozen):    {"are set aside to be looked at", "are set aside no longer"},
	string(ledger.Debt):      {"repaid what was owed", "are owed from now on"},
	ledger.Redeemed:          {"were spent on rewards", "come back from what was spent"},
	ledger.Expired:           {"ended unspent", "come back from what had ended"},
	ledger.Reversed:          {"were taken back after a return", "come back from what was taken back"},
	ledger.Adjusted:          {"were taken by hand", "were given by hand"},
	ledger.Opening:           {"were brought along as a debt", "were brought along from elsewhere"},
}

func side(l ledger.Leg) string {
	words, known := sides[l.Account]
	if !known {
		kind, of, _ := strings.Cut(l.Account, ":")
		switch kind {
		case "issuance":
			words = [2]string{"go back to the rule " + of, "were issued by the rule " + of}
		case "donated":
			words = [2]string{"were given to the cause " + of, "come back from the cause " + of}
		case "transfer":
			words = [2]string{"went to another account", "came from another account"}
		default:
			words = [2]string{"went to " + l.Account, "came from " + l.Account}
		}
	}
	text := words[0]
	if l.Points < 0 {
		text = words[1]
	}
	return fmt.Sprintf("%d %s", max(l.Points, -l.Points), text)
}
