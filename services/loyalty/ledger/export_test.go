package ledger

// Tamper spoils each transaction, and the lots that it changed, before it is looked at.
func (b *Book) Tamper(spoil func(tx *Transaction, lots []*Lot)) {
	b.tamper = func(e *entry) {
		var lots []*Lot
		for _, f := range b.undo[e.began.undo:] {
			for i := range f.sheet.lots {
				lots = append(lots, &f.sheet.lots[i])
			}
		}
		spoil(&e.tx, lots)
	}
}

// SetBalances spoils the balances.
func (b *Book) SetBalances(v Balances) { b.account.Balances = v }
