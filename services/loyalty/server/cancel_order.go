package server

import (
	"context"
	"encoding/json"
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

// mostScanned bounds how many entries are looked through for one page of orders.
const mostScanned = 1000

// ListOrders lists a member's orders, the last recorded first.
func (s *Server) ListOrders(ctx context.Context, req *loyaltyv1.ListOrdersRequest) (*loyaltyv1.ListOrdersResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListOrdersResponse, error) {
		account, err := accountOf(ctx, tx, req.GetProgram(), req.GetMember(), "")
		if err != nil {
			return nil, err
		}
		q, f, err := s.query(req, store.Query{From: account + "/", Before: account + "0", Descending: true}, 20, 100)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListOrdersResponse{}
		most, scanned := q.Limit, 0
		for {
			// As many entries as orders are missing: so a page of orders ends where a page of entries does.
			q.Limit = most - len(resp.Orders)
			p, err := tables.Journal.Find(ctx, tx, q)
			if err != nil {
				return nil, err
			}
			for _, row := range p.Rows {
				if !isOrder(row.Value) {
					continue
				}
				o, err := shownOrder(ctx, tx, row.Value)
				if err != nil {
					return nil, err
				}
				resp.Orders = append(resp.Orders, o)
			}
			scanned += len(p.Rows)
			if q.After = p.Next; p.Next == "" || len(resp.Orders) == most || scanned >= mostScanned {
				resp.NextPageToken = s.pages.Issue(p.Next, f)
				return resp, nil
			}
		}
	})
}

// isOrder reports whether an entry recorded an order.
func isOrder(e tables.Entry) bool {
	return strings.HasPrefix(e.Once, e.Program+"/orders/") && strings.HasSuffix(e.Once, "/0")
}

// shownOrder is an order as the API shows it, given the entry that recorded it.
func shownOrder(ctx context.Context, tx store.Reader, e tables.Entry) (*loyaltyv1.Order, error) {
	var f earned
	if err := json.Unmarshal(e.Facts, &f); err != nil {
		return nil, err
	}
	_, returns, err := orderEntries(onceIn(ctx, tx), e.Program, f.Input.Order.ID)
	if err != nil {
		return nil, err
	}
	return orderProto(e, returns)
}

// onceIn finds entries by their names.
func onceIn(ctx context.Context, tx store.Reader) func(name string) (tables.Entry, error) {
	return func(name string) (tables.Entry, error) {
		row, err := tables.Journal.First(ctx, tx, store.Query{Index: "by_once", Equal: []any{name}})
		return row.Value, err
	}
}
