package server

import (
	"context"
	"encoding/json"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/loyalty/tables"
	"renown.example/loyalty/vault"
)

// useProfile is what a member's profile is hidden for.
const useProfile = "profile"

func hideProfile(key vault.Key, p tables.Profile) (string, error) {
	if p.DisplayName == "" && len(p.Identifiers) == 0 && len(p.Attributes) == 0 {
		return "", nil
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return key.Hide(useProfile, text)
}

// profileOf reads what is personal of a member; nothing of one who was erased.
func profileOf(ctx context.Context, tx store.Reader, row store.Row[tables.Member]) (p tables.Profile, err error) {
	if row.Value.Profile == "" {
		return p, nil
	}
	key, err := vault.Of(ctx, tx, row.ID)
	if err != nil || key.Destroyed() {
		return p, err
	}
	text, err := key.Show(useProfile, row.Value.Profile)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}

// putProfile writes a member back with a changed profile.
func putProfile(ctx context.Context, tx store.Writer, row store.Row[tables.Member], p tables.Profile) (store.Row[tables.Member], error) {
	key, err := vault.Ensure(ctx, tx, row.ID)
	if err != nil {
		return row, err
	}
	if row.Value.Profile, err = hideProfile(key, p); err != nil {
		return row, err
	}
	return tables.Members.Put(ctx, tx, row)
}

// claim makes an identifier that of a member. One that another member has is refused.
func (s *Server) claim(ctx context.Context, tx store.Writer, program string, i tables.Identifier, member, path string) error {
	name := s.identifierID(program, i)
	use, err := tables.Identifiers.GetForUpdate(ctx, tx, name)
	switch {
	case store.IsNotFound(err):
		return s.own(ctx, tx, program, i, name, member)
	case err != nil || use.Value.Member == member:
		return err
	}
	return fault.AlreadyExists.New("A member of this programme has this identifier already.").
		With(fault.Field{Path: path + ".value", Message: "It belongs to another member. Look the member up by it."})
}

// own makes an identifier, whose row has the name, that of a member. Nobody has it.
func (s *Server) own(ctx context.Context, tx store.Writer, program string, i tables.Identifier, name, member string) error {
	_, err := tables.Identifiers.Insert(ctx, tx, name, tables.IdentifierUse{Member: member})
	if alias, print, ok := s.alias(program, i); ok && err == nil {
		err = keepPrint(ctx, tx, alias, tables.Print{Program: program, Kind: tables.PrintAlias, Print: print, Member: member})
	}
	return err
}

// release gives an identifier of a member up.
func (s *Server) release(ctx context.Context, tx store.Writer, program string, i tables.Identifier, member string) error {
	use, err := tables.Identifiers.GetForUpdate(ctx, tx, s.identifierID(program, i))
	if store.IsNotFound(err) || err == nil && use.Value.Member != member {
		return nil
	}
	if err != nil {
		return err
	}
	if alias, _, ok := s.alias(program, i); ok {
		row, err := tables.Prints.GetForUpdate(ctx, tx, alias)
		if err == nil {
			err = tables.Prints.Delete(ctx, tx, row)
		}
		if err != nil && !store.IsNotFound(err) {
			return err
		}
	}
	return tables.Identifiers.Delete(ctx, tx, use)
}
