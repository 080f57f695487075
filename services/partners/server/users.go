package server

import (
	"context"
	"slices"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/page"
	"renown.example/kit/store"
	"renown.example/partners/domain"
	"renown.example/partners/tables"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

func (s *Server) user(row store.Row[tables.User]) *partnersv1.User {
	u := row.Value
	return &partnersv1.User{
		Name: "users/" + row.ID, DisplayName: u.DisplayName, Email: u.Email, Roles: domain.EffectiveRoles(s.groups, u.Groups, u.Granted),
		GrantedRoles: u.Granted, Disabled: u.Disabled, LastSignInTime: timestamp(u.LastSignInAt), Etag: etag(row.Version),
	}
}

// ListUsers lists employees by name.
func (s *Server) ListUsers(ctx context.Context, req *partnersv1.ListUsersRequest) (*partnersv1.ListUsersResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "by_name"})
	if err != nil {
		return nil, err
	}
	resp := &partnersv1.ListUsersResponse{}
	err = s.db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		p, err := tables.Users.Find(ctx, tx, q)
		if err != nil {
			return err
		}
		resp = &partnersv1.ListUsersResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			resp.Users = append(resp.Users, s.user(row))
		}
		return nil
	})
	return resp, err
}

// UpdateUser sets granted roles and closes or opens the account.
func (s *Server) UpdateUser(ctx context.Context, req *partnersv1.UpdateUserRequest) (*partnersv1.UpdateUserResponse, error) {
	if req.GetUser() == auth.From(ctx).Subject && req.GetDisabled() {
		return nil, fault.Invalid("disabled", "You cannot close your own account. Another administrator can.")
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*partnersv1.UpdateUserResponse, error) {
		row, err := tables.Users.GetForUpdate(ctx, tx, req.GetUser())
		if store.IsNotFound(err) {
			return nil, fault.NotFound.New("There is no user %q.", req.GetUser())
		}
		if err != nil {
			return nil, err
		}
		if err := checkEtag(req.GetEtag(), row.Version); err != nil {
			return nil, err
		}
		if err := s.stillAdmin(ctx, tx); err != nil {
			return nil, err
		}
		if err := s.keepsAdmin(ctx, row, req.GetGrantedRoles()); err != nil {
			return nil, err
		}
		if req.GetDisabled() && !row.Value.Disabled {
			if err := s.endSessions(ctx, tx, row.ID); err != nil {
				return nil, err
			}
		}
		row.Value.Granted, row.Value.Disabled = req.GetGrantedRoles(), req.GetDisabled()
		if row, err = tables.Users.Put(ctx, tx, row); err != nil {
			return nil, err
		}
		return &partnersv1.UpdateUserResponse{User: s.user(row)}, nil
	})
}

// stillAdmin refuses callers who have ceased to be administrators since they were identified. Read for update, since two who take the role from each other at the
// same moment would leave nobody who has it.
func (s *Server) stillAdmin(ctx context.Context, tx store.Writer) error {
	row, err := tables.Users.GetForUpdate(ctx, tx, auth.From(ctx).Subject)
	if store.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	u := row.Value
	if u.Disabled || !slices.Contains(domain.EffectiveRoles(s.groups, u.Groups, u.Granted), domain.RoleAdmin) {
		return fault.PermissionDenied.New("You are not an administrator any more.")
	}
	return nil
}

// keepsAdmin refuses that administrators take their own role away: nobody might be left who could give it back.
func (s *Server) keepsAdmin(ctx context.Context, row store.Row[tables.User], granted []string) error {
	if row.ID != auth.From(ctx).Subject || slices.Contains(domain.EffectiveRoles(s.groups, row.Value.Groups, granted), domain.RoleAdmin) {
		return nil
	}
	return fault.Invalid("grantedRoles", "You cannot take the administrator's role from yourself. Another administrator can.")
}

// endSessions revokes the open sessions of a user. An account that is opened again later has to sign in anew.
func (s *Server) endSessions(ctx context.Context, tx store.Writer, user string) error {
	now := s.now()
	q := store.Query{Index: "by_user", Equal: []any{user}, From: int64(now - clock.Millis(domain.SessionLife.Milliseconds()))}
	for {
		p, err := tables.Sessions.Find(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, row := range p.Rows {
			if domain.Ended(row.Value.ExpiresAt, row.Value.RevokedAt, now) {
				continue
			}
			row.Value.RevokedAt = now
			if _, err := tables.Sessions.Put(ctx, tx, row); err != nil {
				return err
			}
		}
		if q.After = p.Next; q.After == "" {
			return nil
		}
	}
}

// query completes a query by what the request says about paging.
func (s *Server) query(req page.Request, q store.Query) (store.Query, page.Filter, error) {
	var f page.Filter
	var err error
	q.Limit, q.After, f, err = s.pages.Read(req, 50, 200)
	return q, f, err
}
