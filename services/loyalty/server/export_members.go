package server

import (
	"context"

	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/member"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// ExportMembers lists everything of the members that take part.
func (s *Server) ExportMembers(ctx context.Context, req *loyaltyv1.ExportMembersRequest) (*loyaltyv1.ExportMembersResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "by_program", Equal: []any{req.GetProgram()}}, 500, 1000)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ExportMembersResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		page, err := tables.Members.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ExportMembersResponse{NextPageToken: s.pages.Issue(page.Next, f)}
		for _, row := range page.Rows {
			if row.Value.State != tables.MemberActive {
				continue
			}
			m, err := s.exported(ctx, tx, row)
			if err != nil {
				return nil, err
			}
			resp.Members, resp.Names = append(resp.Members, m), append(resp.Names, memberName(row.Value.Program, row.ID))
		}
		return resp, nil
	})
}

func (s *Server) exported(ctx context.Context, tx store.Reader, row store.Row[tables.Member]) (*loyaltyv1.ImportedMember, error) {
	p, err := profileOf(ctx, tx, row)
	if err != nil {
		return nil, err
	}
	out := &loyaltyv1.ImportedMember{
		DisplayName: p.DisplayName, Identifiers: identifierProtos(p.Identifiers), Tags: row.Value.Tags, Attributes: p.Attributes, EnrollTime: timestamp(row.Value.EnrolledAt),
	}
	if len(out.Identifiers) == 0 { // an import needs one, and finds the member by this: see named
		out.Identifiers = identifierProtos([]tables.Identifier{{Kind: string(member.External), Value: memberName(row.Value.Program, row.ID)}})
	}
	accounts, err := accountsOf(ctx, tx, row.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		view, err := book.View(ctx, tx, a.Value.Ledger, s.now())
		if err != nil {
			return nil, err
		}
		if debt := view.Account().Balances.Debt; debt < 0 {
			out.Balances = append(out.Balances, &loyaltyv1.ImportedBalance{Wallet: a.Value.Wallet, Debt: -debt})
		}
		if err := eachOpenLot(view, func(l ledger.Lot) bool {
			b := &loyaltyv1.ImportedBalance{
				Wallet: a.Value.Wallet, Points: l.Open, IssueTime: timestamp(l.IssuedAt), ExpireTime: timestamp(l.ExpiresAt), Frozen: l.FrozenAt != 0,
				Pending: l.Pending && l.ActivatesAt == 0,
			}
			if l.Pending {
				b.ActivateTime = timestamp(l.ActivatesAt)
			}
			out.Balances = append(out.Balances, b)
			return true
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}
