package server

import (
	"context"
	"strings"
	"time"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/calendar"
	"renown.example/loyalty/earning"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// CancelOrder takes an order back, or some of its lines.
func (s *Server) CancelOrder(ctx context.Context, req *loyaltyv1.CancelOrderRequest) (*loyaltyv1.CancelOrderResponse, error) {
	var more []earning.Returned
	for _, line := range req.GetLines() {
		more = append(more, earning.Returned{Line: line, Whole: true})
	}
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CancelOrderResponse, error) {
		p, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		if err := inCancelWindow(ctx, u, p, req.GetOrder()); err != nil {
			return nil, err
		}
		r := returning{policy: reach(req.GetPolicy(), p.Value), cancelled: true}
		back, e, err := s.comeBack(ctx, u, &r, req.GetProgram(), req.GetOrder(), more)
		if err != nil {
			return nil, err
		}
		e.Reason = strings.TrimSpace(req.GetReason())
		return &loyaltyv1.CancelOrderResponse{Cancellation: back, Entry: entryProto(*e)}, nil
	})
}

// inCancelWindow refuses to cancel an order that was placed too long ago, if the programme has a window for it.
func inCancelWindow(ctx context.Context, u *book.Unit, p store.Row[tables.Program], order string) error {
	if p.Value.Points.CancelWindow == "" {
		return nil
	}
	e, err := u.Once(ctx, orderKey(p.ID, order, 0))
	if store.IsNotFound(err) {
		return noOrder(p.ID, order)
	}
	if err != nil {
		return err
	}
	zone, err := calendar.LoadZone("timeZone", p.Value.TimeZone)
	if err != nil {
		return err
	}
	placed := e.Tx.EffectiveAt
	if until := zone.Add(placed, span(p.Value.Points.CancelWindow, calendar.Span{})); u.Now >= until {
		return fault.IllegalState.New("The order could be cancelled until %s: the programme says %s after it was placed. It can still be returned.",
			until.Time().Format(time.RFC3339), p.Value.Points.CancelWindow).WithMeta("until", until.Time().Format(time.RFC3339))
	}
	return nil
}
