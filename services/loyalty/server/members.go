package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/member"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

var identifierKinds = map[loyaltyv1.IdentifierKind]member.Kind{
	loyaltyv1.IdentifierKind_IDENTIFIER_KIND_PHONE:    member.Phone,
	loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EMAIL:    member.Email,
	loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL: member.External,
	loyaltyv1.IdentifierKind_IDENTIFIER_KIND_CARD:     member.Card,
}

var identifierKindsToProto = func() map[string]loyaltyv1.IdentifierKind {
	out := map[string]loyaltyv1.IdentifierKind{}
	for p, k := range identifierKinds {
		out[string(k)] = p
	}
	return out
}()

var memberStates = map[string]loyaltyv1.MemberState{
	tables.MemberActive: loyaltyv1.MemberState_MEMBER_STATE_ACTIVE,
	tables.MemberMerged: loyaltyv1.MemberState_MEMBER_STATE_MERGED,
	tables.MemberErased: loyaltyv1.MemberState_MEMBER_STATE_ERASED,
}

// identifier reads an identifier of a request in its canonical form.
func identifier(path string, given *loyaltyv1.MemberIdentifier) (tables.Identifier, error) {
	kind := identifierKinds[given.GetKind()]
	value, err := member.Canonical(kind, given.GetValue())
	if err != nil {
		return tables.Identifier{}, fault.Invalid(path+".value", "%v", err)
	}
	return tables.Identifier{Kind: string(kind), Value: value}, nil
}

// identifierID is the id of an identifier's row: a keyed digest, so that nobody who reads the table can try values against it.
func (s *Server) identifierID(program string, i tables.Identifier) string {
	mac := hmac.New(sha256.New, s.pepper)
	mac.Write([]byte(i.Value))
	return program + "/" + i.Kind + "/" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CreateMember enrols a member.
func (s *Server) CreateMember(ctx context.Context, req *loyaltyv1.CreateMemberRequest) (*loyaltyv1.CreateMemberResponse, error) {
	m := tables.Member{Program: req.GetProgram(), DisplayName: req.GetDisplayName(), State: tables.MemberActive}
	for i, given := range req.GetIdentifiers() {
		one, err := identifier(fmt.Sprintf("identifiers[%d]", i), given)
		if err != nil {
			return nil, err
		}
		for _, other := range m.Identifiers {
			if one == other {
				return nil, fault.Invalid(fmt.Sprintf("identifiers[%d]", i), "it stands twice")
			}
		}
		m.Identifiers = append(m.Identifiers, one)
	}
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CreateMemberResponse, error) {
		p, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		row, err := s.enrol(ctx, u, p.Value, m)
		if err != nil {
			return nil, err
		}
		out := memberProto(row)
		for _, w := range p.Value.Wallets {
			out.Accounts = append(out.Accounts, accountProto(w.ID, ledger.Account{}))
		}
		return &loyaltyv1.CreateMemberResponse{Member: out}, nil
	})
}

// enrol adds a member with an account in each wallet.
func (s *Server) enrol(ctx context.Context, u *book.Unit, p tables.Program, m tables.Member) (store.Row[tables.Member], error) {
	m.EnrolledAt = u.Now
	memberID := id.At(u.Now.Time())
	for i, one := range m.Identifiers {
		name := s.identifierID(m.Program, one)
		_, err := tables.Identifiers.GetForUpdate(ctx, u.Tx, name)
		if err == nil {
			return store.Row[tables.Member]{}, fault.AlreadyExists.New("A member of this programme has this identifier already.").
				With(fault.Field{Path: fmt.Sprintf("identifiers[%d].value", i), Message: "It belongs to another member. Look the member up by it."})
		}
		if !store.IsNotFound(err) {
			return store.Row[tables.Member]{}, err
		}
		if _, err := tables.Identifiers.Insert(ctx, u.Tx, name, tables.IdentifierUse{Member: memberID}); err != nil {
			return store.Row[tables.Member]{}, err
		}
	}
	row, err := tables.Members.Insert(ctx, u.Tx, memberID, m)
	if err != nil {
		return row, err
	}
	for _, w := range p.Wallets {
		u.Create(ctx, m.Program, memberID, w.ID)
	}
	u.Record(tables.Entry{Type: "loyalty.member.enrolled", Subject: memberName(m.Program, memberID), Program: m.Program, Member: memberID})
	return row, nil
}

func memberName(program, member string) string { return "programs/" + program + "/members/" + member }

func memberProto(row store.Row[tables.Member]) *loyaltyv1.Member {
	out := &loyaltyv1.Member{
		Name: memberName(row.Value.Program, row.ID), DisplayName: row.Value.DisplayName, State: memberStates[row.Value.State], EnrollTime: timestamp(row.Value.EnrolledAt),
		Etag: etag(row.Version),
	}
	for _, i := range row.Value.Identifiers {
		out.Identifiers = append(out.Identifiers, &loyaltyv1.MemberIdentifier{Kind: identifierKindsToProto[i.Kind], Value: i.Value})
	}
	return out
}

// findMember reads a member of a programme.
func findMember(ctx context.Context, tx store.Reader, program, id string) (store.Row[tables.Member], error) {
	row, err := tables.Members.Get(ctx, tx, id)
	if store.IsNotFound(err) || err == nil && row.Value.Program != program {
		return row, book.NoMember(program, id)
	}
	return row, err
}

// GetMember returns a member with the present balances.
func (s *Server) GetMember(ctx context.Context, req *loyaltyv1.GetMemberRequest) (*loyaltyv1.GetMemberResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.GetMemberResponse, error) {
		out, err := s.wholeMember(ctx, tx, req.GetProgram(), req.GetMember())
		return &loyaltyv1.GetMemberResponse{Member: out}, err
	})
}

// wholeMember is a member with the accounts as of now.
func (s *Server) wholeMember(ctx context.Context, tx store.Reader, programID, memberID string) (*loyaltyv1.Member, error) {
	row, err := findMember(ctx, tx, programID, memberID)
	if err != nil {
		return nil, err
	}
	p, err := program(ctx, tx, programID)
	if err != nil {
		return nil, err
	}
	out := memberProto(row)
	for _, w := range p.Value.Wallets {
		a, err := s.account(ctx, tx, memberID, w.ID)
		if err != nil {
			return nil, err
		}
		out.Accounts = append(out.Accounts, a)
	}
	return out, nil
}

// LookupMember finds a member by an identifier.
func (s *Server) LookupMember(ctx context.Context, req *loyaltyv1.LookupMemberRequest) (*loyaltyv1.LookupMemberResponse, error) {
	i, err := identifier("identifier", req.GetIdentifier())
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.LookupMemberResponse, error) {
		use, err := tables.Identifiers.Get(ctx, tx, s.identifierID(req.GetProgram(), i))
		if store.IsNotFound(err) {
			return nil, fault.NotFound.New("No member of the programme %q has this identifier.", req.GetProgram())
		}
		if err != nil {
			return nil, err
		}
		out, err := s.wholeMember(ctx, tx, req.GetProgram(), use.Value.Member)
		return &loyaltyv1.LookupMemberResponse{Member: out}, err
	})
}

// ListMembers lists the members of a programme.
func (s *Server) ListMembers(ctx context.Context, req *loyaltyv1.ListMembersRequest) (*loyaltyv1.ListMembersResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "by_program", Equal: []any{req.GetProgram()}}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListMembersResponse, error) {
		prog, err := program(ctx, tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		p, err := tables.Members.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListMembersResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			out := memberProto(row)
			for _, w := range prog.Value.Wallets {
				a, err := s.account(ctx, tx, row.ID, w.ID)
				if err != nil {
					return nil, err
				}
				out.Accounts = append(out.Accounts, a)
			}
			resp.Members = append(resp.Members, out)
		}
		return resp, nil
	})
}
