package server

import (
	"context"
	"fmt"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
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

// restoreFor does with a redemption what the policy says when the order that it paid for is returned, and returns how many points went back, and whether somebody has
// to decide. A redemption whose points are back already is left as it is. It is called before the return's own entry is posted.
func (s *Server) restoreFor(ctx context.Context, u *book.Unit, programID, redemptionID string, policy reward.Restoring) (restored int64, asked bool, err error) {
	row, err := findRedemption(ctx, u.Tx, programID, redemptionID)
	if err != nil || row.Value.State != reward.Committed || policy == reward.Forfeit {
		return 0, false, err
	}
	because := fmt.Sprintf("The order %s was returned", row.Value.Order)
	if policy == reward.Restore {
		row, err = s.act(ctx, u, programID, redemptionID, reward.Reverse, func(v *tables.Redemption) { v.Reason = because })
		return row.Value.Points, false, err
	}
	if row, err = tables.Redemptions.GetForUpdate(ctx, u.Tx, redemptionID); err != nil || row.Value.Asked != "" {
		return 0, true, err
	}
	row.Value.Asked, row.Value.Reason = programID, because
	return 0, true, s.note(ctx, u, row, "loyalty.redemption.questioned")
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
