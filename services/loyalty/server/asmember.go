package server

import (
	"context"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/store"
)

// asMember returns the member that a request is about: for the holder of a member's link nobody else than that member; for others the one they ask for.
func (s *Server) asMember(ctx context.Context, tx store.Reader, programID, asked string) (string, error) {
	if auth.From(ctx).Kind != auth.KindLink {
		return asked, nil
	}
	row, _, err := s.linked(ctx, tx)
	if err != nil {
		return "", err
	}
	if row.Value.Program != programID || asked != "" && asked != row.ID {
		return "", fault.PermissionDenied.New("This link shows its own member's account only.")
	}
	return row.ID, nil
}
