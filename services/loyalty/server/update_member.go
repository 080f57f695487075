package server

import (
	"context"
	"fmt"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/book"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// mostIdentifiers bounds how many identifiers a member has: those of merged members come together.
const mostIdentifiers = 50

// Bounds of how many tags and attributes a member has, however they came: by enrolment, changes, an import or a merge.
const mostTags, mostAttributes = 30, 30

// UpdateMember changes what is known of a member.
func (s *Server) UpdateMember(ctx context.Context, req *loyaltyv1.UpdateMemberRequest) (*loyaltyv1.UpdateMemberResponse, error) {
	added, err := newIdentifiers("addIdentifiers", req.GetAddIdentifiers())
	if err != nil {
		return nil, err
	}
	removed, err := identifiersOf("removeIdentifiers", req.GetRemoveIdentifiers())
	if err != nil {
		return nil, err
	}
	for i, one := range removed {
		if slices.Contains(added, one) {
			return nil, fault.Invalid(fmt.Sprintf("removeIdentifiers[%d]", i), "it is to be added as well")
		}
	}
	return book.Do(ctx, s.books, req, func(ctx context.Context, u *book.Unit) (*loyaltyv1.UpdateMemberResponse, error) {
		row, p, err := activeMember(ctx, u.Tx, req.GetProgram(), req.GetMember())
		if err != nil {
			return nil, err
		}
		if err := checkEtag(req.GetEtag(), row.Version); err != nil {
			return nil, err
		}
		if err := s.exchange(ctx, u.Tx, row, &p, added, removed); err != nil {
			return nil, err
		}
		change(req, &row.Value, &p)
		if n := len(row.Value.Tags); n > mostTags {
			return nil, fault.Invalid("addTags", "the member would have %d tags, and has at most %d", n, mostTags)
		}
		if n := len(p.Attributes); n > mostAttributes {
			return nil, fault.Invalid("attributes", "the member would have %d attributes, and has at most %d", n, mostAttributes)
		}
		if row, err = putProfile(ctx, u.Tx, row, p); err != nil {
			return nil, err
		}
		u.Record(tables.Entry{Type: "loyalty.member.changed", Subject: memberName(row.Value.Program, row.ID), Program: row.Value.Program, Member: row.ID})
		out, err := s.shownMember(ctx, u.Tx, row, p)
		return &loyaltyv1.UpdateMemberResponse{Member: out}, err
	})
}

// activeMember reads a member who takes part, for a change.
func activeMember(ctx context.Context, tx store.Writer, programID, memberID string) (row store.Row[tables.Member], p tables.Profile, err error) {
	if row, err = findMember(ctx, tx, programID, memberID); err != nil {
		return row, p, err
	}
	if row, err = tables.Members.GetForUpdate(ctx, tx, row.ID); err != nil {
		return row, p, err
	}
	if row.Value.State == tables.MemberErased {
		return row, p, fault.IllegalState.New("The member was erased: nothing can be known of them any more.")
	}
	p, err = profileOf(ctx, tx, row)
	return row, p, err
}

// exchange takes identifiers from a member and gives others.
func (s *Server) exchange(ctx context.Context, tx store.Writer, row store.Row[tables.Member], p *tables.Profile, added, removed []tables.Identifier) error {
	for _, one := range removed {
		if !slices.Contains(p.Identifiers, one) {
			continue
		}
		if err := s.release(ctx, tx, row.Value.Program, one, row.ID); err != nil {
			return err
		}
		p.Identifiers = slices.DeleteFunc(slices.Clone(p.Identifiers), func(i tables.Identifier) bool { return i == one })
	}
	for i, one := range added {
		if slices.Contains(p.Identifiers, one) {
			continue
		}
		path := fmt.Sprintf("addIdentifiers[%d]", i)
		if len(p.Identifiers) >= mostIdentifiers {
			return fault.Invalid(path, "a member has at most %d identifiers", mostIdentifiers)
		}
		if err := s.claim(ctx, tx, row.Value.Program, one, row.ID, path); err != nil {
			return err
		}
		p.Identifiers = append(p.Identifiers, one)
	}
	return nil
}

// change sets what a request says of name, tags and attributes.
func change(req *loyaltyv1.UpdateMemberRequest, m *tables.Member, p *tables.Profile) {
	if req.DisplayName != nil {
		p.DisplayName = req.GetDisplayName()
	}
	tags := slices.DeleteFunc(slices.Clone(m.Tags), func(t string) bool { return slices.Contains(req.GetRemoveTags(), t) })
	for _, t := range req.GetAddTags() {
		if !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	m.Tags = tags
	for key, value := range req.GetAttributes() {
		if value == "" {
			delete(p.Attributes, key)
			continue
		}
		if p.Attributes == nil {
			p.Attributes = map[string]string{}
		}
		p.Attributes[key] = value
	}
}

// shownMember is a member with the accounts as of now.
func (s *Server) shownMember(ctx context.Context, tx store.Reader, row store.Row[tables.Member], p tables.Profile) (*loyaltyv1.Member, error) {
	out, _, err := s.memberUntil(ctx, tx, row, p)
	return out, err
}
