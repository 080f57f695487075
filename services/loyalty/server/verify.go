package server

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"renown.example/kit/outbox"
	"renown.example/kit/page"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/verify"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// Checkpoints follows the journal and seals the order of its entries. It does not look at once: entries that come together are sealed together.
func (s *Server) Checkpoints(_ <-chan struct{}, failed func(error)) *outbox.Follower[tables.Entry] {
	return &outbox.Follower[tables.Entry]{
		DB: s.DB, Clock: s.Clock, Consumer: verify.Sealer, Batch: store.MaxLimit, Apply: book.Seal, Failed: failed, Source: s.journal,
	}
}

// A call verifies about so many rows, unless it is asked for others, and begins no further account after so long.
const (
	verifiedAtOnce = 1000
	verifiedFor    = time.Second
)

// VerifyLedger looks whether the ledger is whole, some rows at a time.
func (s *Server) VerifyLedger(ctx context.Context, req *loyaltyv1.VerifyLedgerRequest) (*loyaltyv1.VerifyLedgerResponse, error) {
	f, err := page.FilterOf(req)
	if err != nil {
		return nil, err
	}
	position, err := s.pages.Parse(req.GetPageToken(), f)
	if err != nil {
		return nil, err
	}
	var c verify.Cursor
	if position != "" {
		if err := json.Unmarshal([]byte(position), &c); err != nil {
			return nil, err
		}
	}
	rows := int(req.GetPageSize())
	if rows == 0 {
		rows = verifiedAtOnce
	}
	// How long rows take depends on the machine and on what else it does: a part ends in time for its answer, too.
	end := s.Clock.Now().Add(verifiedFor)
	source := verify.NewDatabase(s.DB,
		tables.Journal.Spec(), tables.Accounts.Spec(), tables.LotPages.Spec(), tables.Checkpoints.Spec(), outbox.Positions.Spec(), tables.Budgets.Spec())
	report, next, err := verify.Part(ctx, source, c, rows, func() bool { return !s.Clock.Now().Before(end) })
	if err != nil {
		return nil, err
	}
	resp := reportProto(&report)
	if !next.Done() {
		text, err := json.Marshal(next)
		if err != nil {
			return nil, err
		}
		resp.NextPageToken = s.pages.Issue(string(text), f)
	}
	return resp, nil
}

func reportProto(r *verify.Report) *loyaltyv1.VerifyLedgerResponse {
	resp := &loyaltyv1.VerifyLedgerResponse{
		Whole: r.Whole(), Accounts: r.Accounts, Entries: r.Entries, Lots: r.Lots, OtherEntries: r.Others,
		Checkpoints: r.Checkpoints, SealedEntries: r.Sealed, UnsealedEntries: r.Unsealed, FindingCount: r.Found, Budgets: r.Budgets,
	}
	for _, name := range slices.Sorted(maps.Keys(r.Wallets)) {
		sum := r.Wallets[name]
		w := &loyaltyv1.WalletSum{Wallet: name, Sum: sum.Total()}
		for _, side := range []map[string]int64{sum.Members, sum.System} {
			for _, account := range slices.Sorted(maps.Keys(side)) {
				w.Accounts = append(w.Accounts, &loyaltyv1.Leg{Account: account, Points: side[account]})
			}
		}
		resp.Wallets = append(resp.Wallets, w)
	}
	for _, f := range r.Findings {
		resp.Findings = append(resp.Findings, &loyaltyv1.LedgerFinding{
			Table: f.Table, Row: f.ID, Account: f.Account, Number: f.Number, Field: f.Field, Problem: f.Problem,
		})
	}
	return resp
}
