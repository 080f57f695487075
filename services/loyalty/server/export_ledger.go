package server

import (
	"context"
	"strconv"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// The parts of an export, in their order. A page token names the part and the place in it.
const (
	exportMembers     = "members"
	exportEntries     = "entries"
	exportRedemptions = "redemptions"
)

// ExportLedger lists everything that a programme holds of its members.
func (s *Server) ExportLedger(ctx context.Context, req *loyaltyv1.ExportLedgerRequest) (*loyaltyv1.ExportLedgerResponse, error) {
	size, at, f, err := s.pages.Read(req, 500, 1000)
	if err != nil {
		return nil, err
	}
	part, after, _ := strings.Cut(at, " ")
	var feed []store.Row[tables.Entry]
	if part == exportEntries {
		from, err := strconv.ParseInt(after, 10, 64)
		if err != nil {
			return nil, err
		}
		if feed, err = tables.Journal.Feed(ctx, s.DB, from, size); err != nil {
			return nil, err
		}
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ExportLedgerResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ExportLedgerResponse{}
		next := ""
		switch part {
		case "", exportMembers:
			next, err = s.exportMembers(ctx, tx, resp, req.GetProgram(), store.Query{After: after, Limit: max(1, size/4)})
		case exportEntries:
			next, err = exportFeed(ctx, tx, resp, req.GetProgram(), feed)
		case exportRedemptions:
			next, err = s.exportRedemptions(ctx, tx, resp, req.GetProgram(), store.Query{After: after, Limit: size})
		default:
			err = fault.Internal.New("a page token leads to %q", part)
		}
		resp.NextPageToken = s.pages.Issue(next, f)
		return resp, err
	})
}

// exportMembers adds members, each with the accounts and their lots, and returns where it goes on.
func (s *Server) exportMembers(ctx context.Context, tx store.Reader, resp *loyaltyv1.ExportLedgerResponse, programID string, q store.Query) (string, error) {
	q.Index, q.Equal = "by_program", []any{programID}
	p, err := tables.Members.Find(ctx, tx, q)
	if err != nil {
		return "", err
	}
	for _, row := range p.Rows {
		known, err := profileOf(ctx, tx, row)
		if err != nil {
			return "", err
		}
		m := memberProto(row, known)
		resp.Records = append(resp.Records, &loyaltyv1.LedgerRecord{Member: m})
		accounts, err := accountsOf(ctx, tx, row.ID)
		if err != nil {
			return "", err
		}
		for _, a := range accounts {
			out := accountProto(a.Value.Wallet, a.Value.Ledger)
			setLifetime(out, book.Lifetime(a.Value, a.Value.Ledger))
			resp.Records = append(resp.Records, &loyaltyv1.LedgerRecord{Account: &loyaltyv1.ExportedAccount{Member: m.GetName(), Account: out}})
			if err := exportLots(ctx, tx, resp, m.GetName(), a); err != nil {
				return "", err
			}
		}
	}
	if p.Next != "" {
		return exportMembers + " " + p.Next, nil
	}
	return exportEntries + " 0", nil
}

// exportLots adds all lots of an account, those that are used up too.
func exportLots(ctx context.Context, tx store.Reader, resp *loyaltyv1.ExportLedgerResponse, member string, a store.Row[tables.Account]) error {
	account := a.ID
	for q := (store.Query{From: account + "/", Before: account + "0"}); ; {
		p, err := tables.LotPages.Find(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, row := range p.Rows {
			for _, l := range row.Value.Lots {
				l.ExpiresAt = a.Value.Ledger.Ends(&l)
				resp.Records = append(resp.Records, &loyaltyv1.LedgerRecord{Lot: &loyaltyv1.ExportedLot{Member: member, Lot: lotProto(account, l)}})
			}
		}
		if q.After = p.Next; q.After == "" {
			return nil
		}
	}
}

// exportFeed adds the entries of a programme among those of the journal, with the orders and returns that they record.
func exportFeed(ctx context.Context, tx store.Reader, resp *loyaltyv1.ExportLedgerResponse, programID string, rows []store.Row[tables.Entry]) (string, error) {
	if len(rows) == 0 {
		return exportRedemptions + " ", nil
	}
	for _, row := range rows {
		e := row.Value
		if e.Program != programID || e.Tx == nil {
			continue
		}
		if err := book.Show(ctx, tx, &e); err != nil {
			return "", err
		}
		resp.Records = append(resp.Records, &loyaltyv1.LedgerRecord{Entry: entryProto(e)})
		name, isOrder := strings.CutPrefix(e.Once, programID+"/orders/")
		switch {
		case !isOrder:
		case strings.HasSuffix(name, "/0"):
			o, err := orderProto(e, nil)
			if err != nil {
				return "", err
			}
			o.Entry = nil // it stands before
			resp.Records = append(resp.Records, &loyaltyv1.LedgerRecord{Order: o})
		default:
			back, _, err := returnProto(e)
			if err != nil {
				return "", err
			}
			order := "programs/" + programID + "/orders/" + name[:strings.LastIndexByte(name, '/')]
			resp.Records = append(resp.Records, &loyaltyv1.LedgerRecord{OrderReturn: &loyaltyv1.ExportedReturn{Order: order, OrderReturn: back}})
		}
	}
	return exportEntries + " " + strconv.FormatInt(rows[len(rows)-1].Seq, 10), nil
}

// exportRedemptions adds redemptions, the earliest first.
func (s *Server) exportRedemptions(ctx context.Context, tx store.Reader, resp *loyaltyv1.ExportLedgerResponse, programID string, q store.Query) (string, error) {
	q.Index, q.Equal = "by_program", []any{programID}
	p, err := tables.Redemptions.Find(ctx, tx, q)
	if err != nil {
		return "", err
	}
	for _, row := range p.Rows {
		out, err := s.redemption(ctx, tx, row, false)
		if err != nil {
			return "", err
		}
		resp.Records = append(resp.Records, &loyaltyv1.LedgerRecord{Redemption: out})
	}
	if p.Next == "" {
		return "", nil
	}
	return exportRedemptions + " " + p.Next, nil
}
