package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/ledger"
	"renown.example/loyalty/member"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/vault"
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
	p := tables.Profile{DisplayName: req.GetDisplayName(), Attributes: req.GetAttributes()}
	with, err := s.seenWith("referral.", req.GetReferral().GetDevice(), req.GetReferral().GetNetworkAddress())
	if err != nil {
		return nil, err
	}
	if p.Identifiers, err = newIdentifiers("identifiers", req.GetIdentifiers()); err != nil {
		return nil, err
	}
	digest := proto.CloneOf(req)
	if r := digest.GetReferral(); r != nil { // what is kept of the request for its key must not give an address away
		r.Device, r.NetworkAddress = with.device, with.address
	}
	return book.Do(ctx, s.books, digest, func(ctx context.Context, u *book.Unit) (*loyaltyv1.CreateMemberResponse, error) {
		prog, err := program(ctx, u.Tx, req.GetProgram())
		if err != nil {
			return nil, err
		}
		row, err := s.enrol(ctx, u, prog.Value, tables.Member{Program: req.GetProgram(), Tags: req.GetTags(), EnrolledAt: u.Now}, p, nil)
		if err != nil {
			return nil, err
		}
		if req.GetReferral() != nil {
			if _, err := s.refer(ctx, u, row, req.GetReferral().GetCode(), with); err != nil {
				return nil, err
			}
		}
		out := memberProto(row, p)
		for _, w := range prog.Value.Wallets {
			out.Accounts = append(out.Accounts, accountProto(w.ID, ledger.Account{}))
		}
		return &loyaltyv1.CreateMemberResponse{Member: out}, nil
	})
}

// identifiersOf reads the identifiers of a request, of which none may stand twice.
func identifiersOf(path string, given []*loyaltyv1.MemberIdentifier) ([]tables.Identifier, error) {
	var out []tables.Identifier
	for i, g := range given {
		one, err := identifier(fmt.Sprintf("%s[%d]", path, i), g)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, one) {
			return nil, fault.Invalid(fmt.Sprintf("%s[%d]", path, i), "it stands twice")
		}
		out = append(out, one)
	}
	return out, nil
}

// newIdentifiers reads identifiers that a member is to get. The name of a member is none: a list that is imported finds a member by it.
func newIdentifiers(path string, given []*loyaltyv1.MemberIdentifier) ([]tables.Identifier, error) {
	out, err := identifiersOf(path, given)
	for i, one := range out {
		if one.Kind == string(member.External) && member.IsName(one.Value) {
			return nil, fault.Invalid(fmt.Sprintf("%s[%d].value", path, i), "it is the name of a member and cannot be an external id: give the id by which your own system knows the customer")
		}
	}
	return out, err
}

// newcomer is what can be made ready for a member before anything is written.
type newcomer struct {
	id string
	// names are those of the identifiers' rows, in the order of the profile.
	names []string
	key   vault.Key
	// profile is hidden under the key.
	profile string
}

func (s *Server) newcomer(program string, p tables.Profile, at clock.Millis) (_ *newcomer, err error) {
	n := &newcomer{id: id.At(at.Time())}
	n.key = vault.New(n.id)
	for _, one := range p.Identifiers {
		n.names = append(n.names, s.identifierID(program, one))
	}
	n.profile, err = hideProfile(n.key, p)
	return n, err
}

// enrol adds a member with an account in each wallet. A newcomer takes the identifiers without asking whose they are: one that somebody has is an error of the store.
// With nil they are looked up, and one that somebody has is refused.
func (s *Server) enrol(ctx context.Context, u *book.Unit, p tables.Program, m tables.Member, profile tables.Profile, n *newcomer) (row store.Row[tables.Member], err error) {
	taking := n != nil
	if !taking {
		if n, err = s.newcomer(m.Program, profile, u.Now); err != nil {
			return row, err
		}
	}
	m.State, m.Profile = tables.MemberActive, n.profile
	for i, one := range profile.Identifiers {
		if taking {
			err = s.own(ctx, u.Tx, m.Program, one, n.names[i], n.id)
		} else {
			err = s.claim(ctx, u.Tx, m.Program, one, n.id, fmt.Sprintf("identifiers[%d]", i))
		}
		if err != nil {
			return row, err
		}
	}
	if err := n.key.Keep(ctx, u.Tx); err != nil {
		return row, err
	}
	if row, err = tables.Members.Insert(ctx, u.Tx, n.id, m); err != nil {
		return row, err
	}
	for _, w := range p.Wallets {
		u.Create(ctx, m.Program, n.id, w.ID)
	}
	u.Record(tables.Entry{Type: "loyalty.member.enrolled", Subject: memberName(m.Program, n.id), Program: m.Program, Member: n.id})
	return row, nil
}

func memberName(program, member string) string { return "programs/" + program + "/members/" + member }

func memberProto(row store.Row[tables.Member], p tables.Profile) *loyaltyv1.Member {
	out := &loyaltyv1.Member{
		Name: memberName(row.Value.Program, row.ID), DisplayName: p.DisplayName, State: memberStates[row.Value.State], EnrollTime: timestamp(row.Value.EnrolledAt),
		Etag: etag(row.Version), Identifiers: identifierProtos(p.Identifiers), Tags: row.Value.Tags, Attributes: p.Attributes,
	}
	if row.Value.Into != "" {
		out.MergedInto = memberName(row.Value.Program, row.Value.Into)
	}
	return out
}

func identifierProtos(identifiers []tables.Identifier) []*loyaltyv1.MemberIdentifier {
	var out []*loyaltyv1.MemberIdentifier
	for _, i := range identifiers {
		out = append(out, &loyaltyv1.MemberIdentifier{Kind: identifierKindsToProto[i.Kind], Value: i.Value})
	}
	return out
}

// findMember reads a member of a programme. The name of one who was merged leads to the other.
func findMember(ctx context.Context, tx store.Reader, program, id string) (store.Row[tables.Member], error) {
	row, err := tables.Members.Get(ctx, tx, id)
	if store.IsNotFound(err) || err == nil && row.Value.Program != program {
		return row, book.NoMember(program, id)
	}
	if err == nil && row.Value.Into != "" {
		return findMember(ctx, tx, program, row.Value.Into)
	}
	return row, err
}

// LookupMember finds a member by an identifier.
func (s *Server) LookupMember(ctx context.Context, req *loyaltyv1.LookupMemberRequest) (*loyaltyv1.LookupMemberResponse, error) {
	i, err := identifier("identifier", req.GetIdentifier())
	if err != nil {
		return nil, err
	}
	name := s.identifierID(req.GetProgram(), i)
	out, err := s.shown.Get(ctx, "identifiers/"+name, func(ctx context.Context, tx store.Reader) (*loyaltyv1.Member, clock.Millis, error) {
		use, err := tables.Identifiers.Get(ctx, tx, name)
		if store.IsNotFound(err) {
			return nil, 0, fault.NotFound.New("No member of the programme %q has this identifier.", req.GetProgram())
		}
		if err != nil {
			return nil, 0, err
		}
		return s.wholeMember(ctx, tx, req.GetProgram(), use.Value.Member)
	})
	return &loyaltyv1.LookupMemberResponse{Member: out}, err
}

// ListMembers lists the members of a programme.
func (s *Server) ListMembers(ctx context.Context, req *loyaltyv1.ListMembersRequest) (*loyaltyv1.ListMembersResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "by_program", Equal: []any{req.GetProgram()}}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ListMembersResponse, error) {
		if _, err := program(ctx, tx, req.GetProgram()); err != nil {
			return nil, err
		}
		p, err := tables.Members.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &loyaltyv1.ListMembersResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			profile, err := profileOf(ctx, tx, row)
			if err != nil {
				return nil, err
			}
			out, err := s.shownMember(ctx, tx, row, profile)
			if err != nil {
				return nil, err
			}
			resp.Members = append(resp.Members, out)
		}
		return resp, nil
	})
}
