package server

import (
	"context"
	"encoding/json"
	"fmt"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/reward"
	"renown.example/loyalty/tables"
)

// payWith ties a redemption to the order that it pays for. One that is still reserved is committed by it. It is called before the order's own entry is posted.
func (s *Server) payWith(ctx context.Context, u *book.Unit, programID, memberID, redemptionID, order string) (store.Row[tables.Redemption], error) {
	row, err := findRedemption(ctx, u.Tx, programID, redemptionID)
	if err != nil {
		return row, inField("order.redemption", err)
	}
	if row.Value.Member != memberID {
		return row, fault.IllegalState.New("The redemption %q is another member's.", redemptionID).
			With(fault.Field{Path: "order.redemption", Message: "Name one of the member whose order it is."})
	}
	if row.Value.Order != "" && row.Value.Order != order {
		return row, fault.IllegalState.New("The redemption %q is for the order %q.", redemptionID, row.Value.Order).WithMeta("order", row.Value.Order).
			With(fault.Field{Path: "order.redemption", Message: "It has paid for another order."})
	}
	if row.Value.State != reward.Committed {
		return s.act(ctx, u, programID, redemptionID, reward.Commit, func(v *tables.Redemption) { v.Order = order })
	}
	if row, err = tables.Redemptions.GetForUpdate(ctx, u.Tx, redemptionID); err != nil || row.Value.Order == order {
		return row, err
	}
	row.Value.Order = order
	return tables.Redemptions.Put(ctx, u.Tx, row)
}

// givenBack is what became of a redemption whose order was returned: how many points went back, how many of them were taken for what earlier returns of the order had
// let go, and whether somebody has to decide.
type givenBack struct {
	restored, reclaimed int64
	asked               bool
}

// restoreFor does with a redemption what the policy says when the order that it paid for is returned. A redemption whose points are back already is left as it is. It is
// called before the return's own entry is posted.
func (s *Server) restoreFor(ctx context.Context, u *book.Unit, programID, redemptionID string, policy reward.Restoring) (givenBack, error) {
	row, err := findRedemption(ctx, u.Tx, programID, redemptionID)
	if err != nil || row.Value.State != reward.Committed || policy == reward.Forfeit {
		return givenBack{}, err
	}
	why := fmt.Sprintf("The order %s was returned", row.Value.Order)
	if policy == reward.Restore {
		row, err = s.act(ctx, u, programID, redemptionID, reward.Reverse, func(v *tables.Redemption) { v.Reason = why })
		return givenBack{restored: row.Value.Points, reclaimed: row.Value.Reclaimed}, err
	}
	if row, err = tables.Redemptions.GetForUpdate(ctx, u.Tx, redemptionID); err != nil || row.Value.Asked != "" {
		return givenBack{asked: true}, err
	}
	row.Value.Asked, row.Value.Reason = programID, why
	return givenBack{asked: true}, s.note(ctx, u, row, "loyalty.redemption.questioned")
}

// reclaimed are the facts of an entry that takes, out of what a redemption gave back, what returns of its order had let go as spent.
type reclaimed struct {
	Of reclaimedOf `json:"reclaimed"`
	told
}

type reclaimedOf struct {
	Order      string `json:"order"`
	Redemption string `json:"redemption"`
	Points     int64  `json:"points"`
}

// reclaim takes what returns of an order have let go out of what the redemption that paid for it has just given back, whoever decided that it does: without it the
// member would have points of an order that came back. It happens once for an order, since its redemption is given back once.
func (s *Server) reclaim(ctx context.Context, u *book.Unit, w *book.Work, restored ledger.Transaction, row store.Row[tables.Redemption]) (store.Row[tables.Redemption], error) {
	if row.Value.Order == "" {
		return row, nil
	}
	e, returns, err := orderEntries(func(name string) (tables.Entry, error) { return u.Once(ctx, name) }, row.Value.Program, row.Value.Order)
	if fault.Has(err, fault.NotFound) { // it was never recorded, or is not recorded yet
		return row, nil
	}
	if err != nil {
		return row, err
	}
	var bought earned
	if err := json.Unmarshal(e.Facts, &bought); err != nil || bought.Redemption != row.ID {
		return row, err
	}
	all, err := letGo(ctx, u, bought, returns, row)
	if err != nil {
		return row, err
	}
	for _, part := range all {
		tx, points, err := w.Book.Reclaim(ledger.Step{Now: u.Now}, restored, row.Value.Reclaimed, part.points)
		if err != nil {
			return row, book.Refused(err)
		}
		if points == 0 {
			continue
		}
		out := u.Post(w, tx)
		out.Source = e.Source
		// For tiers, as with what took the rest of them, the points never were from then on.
		out.Counts = &tables.Counts{At: part.at}
		if out.Facts, err = book.Facts(reclaimed{reclaimedOf{row.Value.Order, row.ID, points}, told{bought.Story}}); err != nil {
			return row, err
		}
		row.Value.Reclaimed += points
		row.Value.Entries = append(row.Value.Entries, tx.Seq)
	}
	if row.Value.Reclaimed == 0 {
		return row, nil
	}
	return tables.Redemptions.Put(ctx, u.Tx, row)
}

// spared are points that were let go because they were spent, and when they had been given.
type spared struct {
	points int64
	at     clock.Millis
}

// letGo is what returns of an order within the balance have let go in a redemption's wallet because it was spent: first of what the order gave, then of achievements and
// of a referral that were undone with it. What one let go that takes only pending points is the shop's gift.
func letGo(ctx context.Context, u *book.Unit, bought earned, returns []tables.Entry, row store.Row[tables.Redemption]) ([]spared, error) {
	own := spared{at: bought.Input.Order.At}
	for _, r := range returns {
		var f cameBack
		if err := json.Unmarshal(r.Facts, &f); err != nil {
			return nil, err
		}
		if f.Policy != ledger.WithinBalance {
			continue
		}
		met := f.Beside[row.Value.Wallet]
		if _, usual, _ := cutAccount(r.Tx.Account); usual == row.Value.Wallet {
			met = f.Reversal
		}
		own.points += met.Forgiven
	}
	all := []spared{own}
	for n := 0; ; n++ {
		e, err := u.Once(ctx, forgoneKey(row.Value.Program, row.Value.Order, n))
		if store.IsNotFound(err) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		var f forgone
		if err := json.Unmarshal(e.Facts, &f); err != nil {
			return nil, err
		}
		if _, wallet, _ := cutAccount(e.Tx.Account); wallet == row.Value.Wallet {
			all = append(all, spared{f.Of.Points, e.Counts.At})
		}
	}
}

// because is why something that was given besides an order is undone: how far it may be taken back, and the order that came back; empty if it was no order.
type because struct {
	policy ledger.Reach
	order  string
}

func (d *done) because() because {
	if d.before == nil { // nothing came back
		return because{policy: d.policy}
	}
	return because{d.policy, d.order}
}

// forgone are the facts of an entry that took back, since an order came back, what had been given besides, and let some of it go as spent.
type forgone struct {
	Of forgoneOf `json:"forgone"`
}

type forgoneOf struct {
	Order  string `json:"order"`
	Points int64  `json:"points"`
}

// forgo notes with an entry, under a name of its order's, what it let go: so reclaim finds it. It returns the facts; zero if there is nothing to note.
func (b because) forgo(ctx context.Context, u *book.Unit, e *tables.Entry, points int64) (f forgone, err error) {
	if b.order == "" || b.policy != ledger.WithinBalance || points == 0 {
		return f, nil
	}
	for n := 0; ; n++ {
		name := forgoneKey(e.Program, b.order, n)
		_, err := u.Once(ctx, name)
		if err == nil {
			continue
		}
		if store.IsNotFound(err) {
			u.Name(e, name)
			return forgone{forgoneOf{b.order, points}}, nil
		}
		return f, err
	}
}

// forgoneKey is the name of an entry that let go what was given besides an order. It does not begin as those of the order's own.
func forgoneKey(program, order string, n int) string {
	return fmt.Sprintf("%s/forgone/%s/%d", program, order, n)
}

// note writes back a redemption whose points do not move, and tells of it.
func (s *Server) note(ctx context.Context, u *book.Unit, row store.Row[tables.Redemption], event string) error {
	e := u.Record(tables.Entry{Type: event, Subject: redemptionName(row.Value.Program, row.ID), Program: row.Value.Program, Member: row.Value.Member})
	if err := tell(e, row); err != nil {
		return err
	}
	_, err := tables.Redemptions.Put(ctx, u.Tx, row)
	return err
}
