package server

import (
	"context"
	"strings"
	"time"

	"renown.example/kit/clock"
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
		e, err := u.Once(ctx, orderKey(p.ID, req.GetOrder(), 0))
		if store.IsNotFound(err) {
			return nil, noOrder(p.ID, req.GetOrder())
		}
		if err != nil {
			return nil, err
		}
		if err := inCancelWindow(p.Value, e, u.Now, "order", "it was placed. It can still be returned"); err != nil {
			return nil, err
		}
		r := returning{policy: reach(req.GetPolicy(), p.Value), cancelled: true}
		back, out, err := s.comeBack(ctx, u, &r, req.GetProgram(), req.GetOrder(), more)
		if err != nil {
			return nil, err
		}
		out.Reason = strings.TrimSpace(req.GetReason())
		return &loyaltyv1.CancelOrderResponse{Cancellation: back, Entry: entryProto(*out)}, nil
	})
}

// inCancelWindow refuses to cancel what an entry recorded if it was done too long ago, and the programme has a window for it. since says from when the window counts.
func inCancelWindow(p tables.Program, e tables.Entry, now clock.Millis, what, since string) error {
	if p.Points.CancelWindow == "" {
		return nil
	}
	zone, err := calendar.LoadZone("timeZone", p.TimeZone)
	if err != nil {
		return err
	}
	window := span(p.Points.CancelWindow, calendar.Span{})
	if until := zone.Add(e.Tx.EffectiveAt, window); now >= until {
		return fault.IllegalState.New("The %s could be cancelled until %s: the programme says %s after %s.", what,
			until.Time().Format(time.RFC3339), window.Words(), since).WithMeta("until", until.Time().Format(time.RFC3339))
	}
	return nil
}
