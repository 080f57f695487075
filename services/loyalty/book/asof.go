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
	b := ledger.Open(a, newPages(ctx, tx, a.ID))
	if err := b.Settle(now); err != nil {
		return a, Refused(err)
	}
	return b.Account(), nil
}
