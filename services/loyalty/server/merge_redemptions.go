package server

import (
	"cmp"
	"context"
	"fmt"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
)

// free lets go of what is held in the account of a member who is merged: the points go over with the others.
func free(u *book.Unit, out *book.Work, holds []ledger.Hold) error {
	for _, h := range holds {
		tx, err := out.Book.Cancel(ledger.Step{Now: u.Now}, h.ID)
		if err != nil {
			return book.Refused(err)
		}
		u.Post(out, tx).Source = "redemptions/" + h.ID
	}
	return nil
}

// holdAgain holds in the account that has the points now what was held before, under the same names and until the same instants. What either of them owes is repaid
// first: if too little is left then, the members are not merged.
func holdAgain(ctx context.Context, u *book.Unit, in *book.Work, holds []ledger.Hold) error {
	for _, h := range holds {
		row, err := tables.Redemptions.GetForUpdate(ctx, u.Tx, h.ID)
		if err != nil {
			return err
		}
		tx, err := in.Book.Reserve(ledger.Step{Now: u.Now}, h.ID, h.Points, h.EndsAt)
		if r, ok := err.(*ledger.Refusal); ok && r.Code == ledger.Insufficient {
			return fault.IllegalState.New("Points of the member who is to be merged are reserved for redemptions, and are owed. Commit or cancel them first.").
				WithMeta("redemption", h.ID)
		}
		if err != nil {
			return book.Refused(err)
		}
		row.Value.Past, row.Value.Entries = entryNames(row.Value), nil
		e := u.Post(in, tx)
		if err := tell(e, row); err != nil {
			return err
		}
		row.Value.Entries = []int64{tx.Seq}
		if _, err := tables.Redemptions.Put(ctx, u.Tx, row); err != nil {
			return err
		}
	}
	return nil
}

// moveRedemptions gives a member the redemptions of another, those that are over too.
func moveRedemptions(ctx context.Context, u *book.Unit, from, to string) error {
	for {
		// Those that were moved are not found again.
		p, err := tables.Redemptions.Find(ctx, u.Tx, store.Query{Index: "by_member", Equal: []any{from}})
		if err != nil {
			return err
		}
		for _, row := range p.Rows {
			v := &row.Value
			if v.State != reward.Pending { // the entry that holds a pending one is in the new account already
				v.Past, v.Entries = entryNames(*v), nil
				if v.CommitEntry != 0 {
					v.CommitIn = cmp.Or(v.CommitIn, tables.AccountID(from, v.Wallet))
				}
			}
			if v.UsedBy != "" {
				v.UsedBy = tables.UseOf(to, v.Reward)
			}
			v.Member = to
			if _, err := tables.Redemptions.Put(ctx, u.Tx, row); err != nil {
				return err
			}
		}
		if len(p.Rows) == 0 {
			return nil
		}
	}
}

// entryNames are the names of the entries that a redemption consists of, wherever they are.
func entryNames(v tables.Redemption) []string {
	out := append([]string(nil), v.Past...)
	for _, n := range v.Entries {
		out = append(out, fmt.Sprintf("%s/entries/%s-%d", memberName(v.Program, v.Member), v.Wallet, n))
	}
	return out
}

// restoreElsewhere gives back what a redemption took from lots of an account that is closed by now: as lots of the account that has its points, with the dates and
// the origin of those that they came from.
func restoreElsewhere(ctx context.Context, u *book.Unit, w *book.Work, step ledger.Step, v tables.Redemption) (ledger.Transaction, error) {
	spent, err := tables.Journal.Get(ctx, u.Tx, book.EntryID(v.CommitIn, v.CommitEntry))
	if err != nil {
		return ledger.Transaction{}, err
	}
	var lots []ledger.NewLot
	for _, c := range spent.Value.Tx.Lots {
		if c.Open >= 0 {
			continue
		}
		l, err := lotOf(ctx, u.Tx, v.CommitIn, c.LotRef)
		if err != nil {
			return ledger.Transaction{}, err
		}
		lots = append(lots, ledger.NewLot{
			Points: -c.Open, IssuedAt: l.IssuedAt, ExpiresAt: l.ExpiresAt, Life: l.Life, Policy: l.Policy, Rule: l.Rule, Source: l.Source, From: ledger.Redeemed,
		})
	}
	return w.Book.Issue(step, ledger.KindRestore, lots)
}

// lotOf reads a lot of an account that takes no more steps, where it lies now.
func lotOf(ctx context.Context, tx store.Reader, account string, at ledger.LotRef) (ledger.Lot, error) {
	for {
		page, err := tables.LotPages.Get(ctx, tx, account+"/"+at.Page)
		if err != nil {
			return ledger.Lot{}, err
		}
		i := 0
		for i < len(page.Value.Lots) && page.Value.Lots[i].N != at.N {
			i++
		}
		if i == len(page.Value.Lots) {
			return ledger.Lot{}, fault.Internal.New("the account %s has no lot %d on page %s", account, at.N, at.Page)
		}
		l := page.Value.Lots[i]
		if l.MovedTo == nil {
			return l, nil
		}
		at = *l.MovedTo
	}
}
