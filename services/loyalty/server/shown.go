package server

import (
	"context"

	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/kit/store/kept"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostShown bounds how many members are kept as they were shown, of some two kilobytes each.
const mostShown = 8192

// keptMembers keeps members as they were shown: who stands at a till is asked for again and again while nothing changes. Lots are not watched, since none of them changes
// but with its account.
func keptMembers(db store.DB, c clock.Clock) *kept.Answers[*loyaltyv1.Member] {
	return kept.New[*loyaltyv1.Member](db, c, mostShown, tables.LotPages.Spec())
}

// GetMember returns a member with the present balances.
func (s *Server) GetMember(ctx context.Context, req *loyaltyv1.GetMemberRequest) (*loyaltyv1.GetMemberResponse, error) {
	out, err := s.shown.Get(ctx, memberName(req.GetProgram(), req.GetMember()), func(ctx context.Context, tx store.Reader) (*loyaltyv1.Member, clock.Millis, error) {
		return s.wholeMember(ctx, tx, req.GetProgram(), req.GetMember())
	})
	return &loyaltyv1.GetMemberResponse{Member: out}, err
}

// wholeMember is a member with the accounts as of now, and until when that is so if nothing happens.
func (s *Server) wholeMember(ctx context.Context, tx store.Reader, programID, memberID string) (*loyaltyv1.Member, clock.Millis, error) {
	row, err := findMember(ctx, tx, programID, memberID)
	if err != nil {
		return nil, 0, err
	}
	p, err := profileOf(ctx, tx, row)
	if err != nil {
		return nil, 0, err
	}
	return s.memberUntil(ctx, tx, row, p)
}

// memberUntil is a member of whom everything but the accounts has been read; these are as of now.
func (s *Server) memberUntil(ctx context.Context, tx store.Reader, row store.Row[tables.Member], p tables.Profile) (*loyaltyv1.Member, clock.Millis, error) {
	prog, err := program(ctx, tx, row.Value.Program)
	if err != nil {
		return nil, 0, err
	}
	out, until, now := memberProto(row, p), kept.Never, s.now()
	for _, w := range prog.Value.Wallets {
		a, lasts, err := s.account(ctx, tx, row.ID, w.ID, now)
		if err != nil {
			return nil, 0, err
		}
		out.Accounts, until = append(out.Accounts, a), min(until, lasts)
	}
	return out, until, nil
}
