package ledger

import (
	"slices"

	"renown.example/kit/clock"
)

// TransferOut takes everything that is not reserved out of an account, debt too, and returns it for TransferIn.
func (b *Book) TransferOut(s Step, transfer string) (Transaction, Parcel, error) {
	var parcel Parcel
	tx, err := b.step(s, KindTransfer, func(e *entry) (err error) {
		if transfer == "" {
			return refuse(Invalid, "the transfer has no name")
		}
		parcel, err = e.empty(TransferOf(transfer))
		return err
	})
	if err != nil {
		return Transaction{}, Parcel{}, err
	}
	return tx, parcel, nil
}

// Forfeit takes everything that is not reserved out of an account for good, and lets its debt go.
func (b *Book) Forfeit(s Step) (Transaction, error) {
	return b.step(s, KindAdjust, func(e *entry) error {
		_, err := e.empty(Adjusted)
		return err
	})
}

// empty takes everything that is not reserved to an account of the system, debt too.
func (e *entry) empty(to string) (Parcel, error) {
	var parcel Parcel
	b := e.book
	v := b.account.Balances
	unseen := v.open() - v.Reserved
	take := func(s *sheet) bool {
		for i, l := range s.lots {
			points := l.unreserved()
			if points == 0 {
				continue
			}
			unseen -= points
			e.debit(spot{s, i}, points, to)
			l.Points, l.Open, l.Reserved, l.From = points, points, 0, nil
			parcel.Lots = append(parcel.Lots, l)
		}
		return unseen != 0
	}
	if unseen != 0 {
		if err := b.shelf.walk(b.account.First, take); err != nil {
			return parcel, err
		}
	}
	if unseen != 0 {
		return parcel, b.broken("the lots hold %d points less than the balances", unseen)
	}
	parcel.Debt = -v.Debt
	e.post(string(Debt), parcel.Debt)
	e.post(to, -parcel.Debt)
	return parcel, nil
}

// TransferIn opens the lots of another account here, with their dates, and takes its debt over. That is repaid like any other: at once by what is available here, and
// then by what comes free.
func (b *Book) TransferIn(s Step, transfer string, parcel Parcel) (Transaction, error) {
	return b.step(s, KindTransfer, func(e *entry) error {
		from := TransferOf(transfer)
		if transfer == "" || parcel.Debt < 0 {
			return refuse(Invalid, "the transfer %q cannot bring a debt of %d", transfer, parcel.Debt)
		}
		if parcel.Debt > Most {
			return refuse(Overflow, "a debt of %d is more than can be kept", parcel.Debt)
		}
		e.post(string(Debt), -parcel.Debt)
		e.post(from, parcel.Debt)
		if repaid := min(parcel.Debt, b.account.Balances.Available); repaid > 0 {
			if err := e.inOrder(repaid, func(p spot, points int64) { e.debit(p, points, string(Debt)) }); err != nil {
				return err
			}
		}
		for _, l := range parcel.Lots {
			switch {
			case l.Open <= 0:
				return refuse(Invalid, "%d points cannot be transferred", l.Open)
			case l.Open > Most:
				return refuse(Overflow, "%d points are more than can be kept", l.Open)
			case slices.ContainsFunc([]clock.Millis{l.ActivatesAt, l.ExpiresAt, l.IssuedAt, l.FrozenAt}, unkept):
				return refuse(Invalid, "a lot of %s has instants that cannot be kept", l.Source)
			}
			l.Points, l.Reserved, l.From, l.MovedTo = l.Open, 0, nil, nil
			if err := e.put(l, from); err != nil {
				return err
			}
		}
		return nil
	})
}
