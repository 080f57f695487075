package server

import (
	"context"
	"maps"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/member"
	"renown.example/loyalty/tables"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// trial is what a dry run of an import foresees: members as they would be by then. A nil one foresees nothing.
type trial struct {
	// byName has them by the rows of their identifiers, byID those who are there already.
	byName, byID map[string]*foreseen
}

// foreseen is a member who would have been enrolled, or changed.
type foreseen struct {
	member  store.Row[tables.Member] // without an id if it would be enrolled
	profile tables.Profile
	// opened are the digests of the balances that would have been opened, by wallet.
	opened map[string]string
}

// tryImport says what an import would do, after members who come before.
func (s *Server) tryImport(ctx context.Context, req *loyaltyv1.ImportMembersRequest) (*loyaltyv1.ImportMembersResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*loyaltyv1.ImportMembersResponse, error) {
		p, err := s.portion(ctx, tx, req)
		if err != nil {
			return nil, err
		}
		p.trial = &trial{byName: map[string]*foreseen{}, byID: map[string]*foreseen{}}
		if _, err := p.take(ctx, tx, nil, req.GetEarlier(), nil); err != nil {
			return nil, err
		}
		return p.take(ctx, tx, nil, req.GetMembers(), nil)
	})
}

// owner is who has an identifier: a member who is there, or one who is foreseen.
type owner struct {
	id   string
	seen *foreseen
}

// owner finds who has an identifier, nobody if it is free.
func (p *portion) owner(ctx context.Context, tx store.Reader, one tables.Identifier) (owner, bool, error) {
	name := p.s.identifierID(p.id, one)
	if p.trial != nil && p.trial.byName[name] != nil {
		return owner{seen: p.trial.byName[name]}, true, nil
	}
	use, err := tables.Identifiers.Get(ctx, tx, name)
	if store.IsNotFound(err) {
		return owner{}, false, nil
	}
	if err != nil {
		return owner{}, false, err
	}
	if p.trial != nil && p.trial.byID[use.Value.Member] != nil {
		return owner{seen: p.trial.byID[use.Value.Member]}, true, nil
	}
	return owner{id: use.Value.Member}, true, nil
}

// named finds a member of the programme by an external id that is the member's own name: so an export has those who have no identifiers. The name of one who was merged leads
// to the other, and one who was erased is found too. Elsewhere nobody is found, and the name becomes an identifier like any other.
func (p *portion) named(ctx context.Context, tx store.Reader, one tables.Identifier) (owner, bool, error) {
	id, ok := strings.CutPrefix(one.Value, memberName(p.id, ""))
	if !ok || id == "" || one.Kind != string(member.External) {
		return owner{}, false, nil
	}
	row, err := findMember(ctx, tx, p.id, id)
	switch {
	case fault.Has(err, fault.NotFound):
		return owner{}, false, nil
	case err != nil:
		return owner{}, false, err
	case p.trial != nil && p.trial.byID[row.ID] != nil:
		return owner{seen: p.trial.byID[row.ID]}, true, nil
	}
	return owner{id: row.ID}, true, nil
}

// known returns what is known of a member.
func (o owner) known(ctx context.Context, tx store.Reader) (store.Row[tables.Member], tables.Profile, error) {
	if o.seen != nil {
		p := o.seen.profile
		p.Attributes = maps.Clone(p.Attributes) // who is refused in the end has changed nothing
		return o.seen.member, p, nil
	}
	row, err := tables.Members.Get(ctx, tx, o.id)
	if err != nil {
		return row, tables.Profile{}, err
	}
	profile, err := profileOf(ctx, tx, row)
	return row, profile, err
}

// foresee keeps what an arrival would have come to.
func (p *portion) foresee(a *arrival) {
	f := a.owner.seen
	if f == nil {
		f = &foreseen{opened: map[string]string{}}
	}
	if f.member, f.profile = a.member, a.profile; !a.found {
		f.member.Value.Tags = a.tags
	}
	for _, o := range a.wallets {
		f.opened[o.wallet] = o.digest
	}
	for _, one := range a.profile.Identifiers {
		p.trial.byName[p.s.identifierID(p.id, one)] = f
	}
	if a.member.ID != "" {
		p.trial.byID[a.member.ID] = f
	}
}

// onlyTried refuses members who come before an import that is no trial.
func onlyTried(req *loyaltyv1.ImportMembersRequest) error {
	if len(req.GetEarlier()) > 0 {
		return fault.Invalid("earlier", "only a trial (validateOnly) is told who comes before: an import finds them")
	}
	return nil
}
