package book

import (
	"context"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/loyalty/ledger"
)

// AsOf returns an account as settling it now would leave it. Nothing is written.
func AsOf(ctx context.Context, tx store.Reader, a ledger.Account, now clock.Millis) (ledger.Account, error) {
	if a.DueAt == 0 || now < a.DueAt {
		return a, nil
	}
	b, err := View(ctx, tx, a, now)
	if err != nil {
		return a, err
	}
	return b.Account(), nil
}

// View returns an account and its lots as settling it now would leave them. Nothing of it may be written.
func View(ctx context.Context, tx store.Reader, a ledger.Account, now clock.Millis) (*ledger.Book, error) {
	b := ledger.Open(a, newPages(ctx, tx, a.ID))
	return b, Refused(b.Settle(now))
}
