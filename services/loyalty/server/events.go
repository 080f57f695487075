package server

import (
	"context"
	"encoding/json"

	"renown.example/loyalty/ledger"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// eventData is what an event of points tells: see the reference of events.
type eventData struct {
	Wallet  string          `json:"wallet,omitempty"`
	Entry   string          `json:"entry,omitempty"`
	Points  int64           `json:"points,omitempty"`
	After   *balancesData   `json:"after,omitempty"`
	Source  string          `json:"source,omitempty"`
	Details json.RawMessage `json:"details,omitempty"`
}

type balancesData struct {
	Available int64 `json:"available"`
	Pending   int64 `json:"pending"`
	Reserved  int64 `json:"reserved"`
	Frozen    int64 `json:"frozen"`
	Debt      int64 `json:"debt"`
}

// ListLoyaltyEvents lists what happened in the order of commits.
func (s *Server) ListLoyaltyEvents(ctx context.Context, req *loyaltyv1.ListLoyaltyEventsRequest) (*loyaltyv1.ListLoyaltyEventsResponse, error) {
	limit := int(req.GetPageSize())
	if limit == 0 {
		limit = 100
	}
	rows, err := tables.Journal.Feed(ctx, s.DB, req.GetAfter(), limit)
	if err != nil {
		return nil, err
	}
	resp := &loyaltyv1.ListLoyaltyEventsResponse{NextAfter: req.GetAfter()}
	for _, row := range rows {
		data, err := dataOf(row.Value)
		if err != nil {
			return nil, err
		}
		e := row.Value
		resp.Events = append(resp.Events, &loyaltyv1.LoyaltyEvent{
			Id: row.ID, Sequence: row.Seq, Type: e.Type, Subject: e.Subject, Actor: e.Actor, Time: timestamp(e.At), SchemaVersion: 1, DataJson: data,
		})
		resp.NextAfter = row.Seq
	}
	return resp, nil
}

func dataOf(e tables.Entry) (string, error) {
	d := eventData{Source: e.Source, Details: e.Facts}
	if tx := e.Tx; tx != nil {
		shown := entryProto(e)
		d.Wallet, d.Entry, d.Points = shown.GetWallet(), shown.GetName(), moved(tx)
		d.After = &balancesData{tx.After.Available, tx.After.Pending, tx.After.Reserved, tx.After.Frozen, -tx.After.Debt}
	}
	text, err := json.Marshal(d)
	return string(text), err
}

// moved is how many points a transaction was about: what it took from or gave to the system's accounts, or else what went between the member's own.
func moved(tx *ledger.Transaction) int64 {
	var outside, inside int64
	for _, l := range tx.Legs {
		switch {
		case !isBucket(l.Account):
			outside -= l.Points
		case l.Points > 0:
			inside += l.Points
		}
	}
	if outside != 0 {
		return outside
	}
	return inside
}
