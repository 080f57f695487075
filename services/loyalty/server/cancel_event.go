package server

import (
	"context"
	"encoding/json"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/earning"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// CancelEvent takes an event back: it did not happen after all.
func (s *Server) CancelEvent(ctx context.Context, req *loyaltyv1.CancelEventRequest) (*loyaltyv1.CancelEventResponse, error) {
	// Its points in other wallets are read from entries, so that it shares no update with the command that makes them.
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CancelEventResponse, error) {
		p, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		r := returning{policy: reach(req.GetPolicy(), p.Value), cancelled: true, stem: eventKey(p.ID, req.GetEvent())}
		if r.entry, err = u.Once(ctx, r.stem); store.IsNotFound(err) {
			return nil, fault.NotFound.New("There is no event %q in the programme %q.", req.GetEvent(), p.ID)
		}
		if err != nil {
			return nil, err
		}
		switch before, err := u.Once(ctx, r.next()); {
		case err == nil:
			return nil, fault.IllegalState.New("The event was cancelled already.").WithMeta("entry", entryProto(before).GetName())
		case !store.IsNotFound(err):
			return nil, err
		}
		if err := inCancelWindow(p.Value, r.entry, u.Now, "event", "it happened"); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(r.entry.Facts, &r.facts); err != nil {
			return nil, err
		}
		r.back = earning.Undo(r.facts.Awards)
		e, err := s.takeBack(ctx, u, r)
		if err != nil {
			return nil, err
		}
		u.Name(e, r.next())
		e.Reason = strings.TrimSpace(req.GetReason())
		back, _, err := returnProto(*e)
		if err != nil {
			return nil, err
		}
		return &loyaltyv1.CancelEventResponse{Cancellation: &loyaltyv1.EventCancellation{
			RecordTime: back.GetRecordTime(), Points: back.GetPoints(), FromPending: back.GetFromPending(), FromAvailable: back.GetFromAvailable(), FromFrozen: back.GetFromFrozen(),
			AsDebt: back.GetAsDebt(), Forgiven: back.GetForgiven(),
		}, Entry: entryProto(*e)}, nil
	})
}
