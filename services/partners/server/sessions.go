package server

import (
	"context"
	"strings"
	"time"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/partners/domain"
	"renown.example/partners/tables"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

// CreateSession signs an employee in with what the identity provider has said.
func (s *Server) CreateSession(ctx context.Context, req *partnersv1.CreateSessionRequest) (*partnersv1.CreateSessionResponse, error) {
	if s.idp == nil {
		return nil, fault.Unavailable.New("No identity provider is configured: set RENOWN_OIDC_ISSUER and RENOWN_OIDC_CLIENT_ID.")
	}
	claims, err := s.idp.Verify(ctx, req.GetIdToken(), req.GetNonce())
	if err != nil {
		return nil, err
	}
	session, err := s.begin(ctx, claims, req.GetSetupToken())
	if store.ViolatedIndex(err) == "by_identity" {
		// The same person signed in for the first time twice at once: the other was quicker, and is found now.
		session, err = s.begin(ctx, claims, req.GetSetupToken())
	}
	if err != nil {
		return nil, err
	}
	return &partnersv1.CreateSessionResponse{Session: session}, nil
}

// begin opens a session for whom the claims name.
func (s *Server) begin(ctx context.Context, claims Claims, setup string) (*partnersv1.Session, error) {
	var session *partnersv1.Session
	err := s.db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		if err := s.useIDToken(ctx, tx, claims); err != nil {
			return err
		}
		user, err := s.signIn(ctx, tx, claims)
		if err != nil {
			return err
		}
		if setup != "" {
			if user, err = s.useSetup(ctx, tx, user, setup); err != nil {
				return err
			}
		}
		session, err = s.open(ctx, tx, user)
		return err
	})
	return session, err
}

// useIDToken makes an ID token good for one session.
func (s *Server) useIDToken(ctx context.Context, tx store.Writer, c Claims) error {
	_, err := tables.UsedIDTokens.Insert(ctx, tx, c.Digest, tables.UsedIDToken{ExpiresAt: clock.At(c.ExpiresAt.Add(time.Minute))})
	if store.ViolatedIndex(err) != "" {
		return fault.Unauthenticated.New("This sign-in was used already. Sign in again.")
	}
	return err
}

// signIn finds or makes the user and takes over what the provider says of them.
func (s *Server) signIn(ctx context.Context, tx store.Writer, c Claims) (store.Row[tables.User], error) {
	now := s.now()
	found, err := tables.Users.First(ctx, tx, store.Query{Index: "by_identity", Equal: []any{c.Issuer, c.Subject}})
	if err != nil && !store.IsNotFound(err) {
		return found, err
	}
	fresh := tables.User{Issuer: c.Issuer, Subject: c.Subject, CreatedAt: now}
	if err == nil {
		if found, err = tables.Users.GetForUpdate(ctx, tx, found.ID); err != nil {
			return found, err
		}
		fresh = found.Value
	}
	if fresh.Disabled {
		return found, fault.PermissionDenied.New("This account is closed. Ask an administrator.")
	}
	fresh.DisplayName, fresh.Email, fresh.Groups, fresh.LastSignInAt = nameOf(c), c.Email, c.Groups, now
	fresh.SortName = strings.ToLower(fresh.DisplayName)
	if found.ID == "" {
		return tables.Users.Insert(ctx, tx, id.New(s.clock), fresh)
	}
	found.Value = fresh
	return tables.Users.Put(ctx, tx, found)
}

func nameOf(c Claims) string {
	for _, n := range []string{c.Name, c.Email, c.Subject} {
		if n != "" {
			return n
		}
	}
	return ""
}

func (s *Server) open(ctx context.Context, tx store.Writer, user store.Row[tables.User]) (*partnersv1.Session, error) {
	now := s.now()
	c := domain.NewCredential(domain.KindSession, false, id.New(s.clock), random())
	row, err := tables.Sessions.Insert(ctx, tx, c.ID, tables.Session{
		User: user.ID, Digest: c.Digest(), CreatedAt: now, ExpiresAt: now + clock.Millis(domain.SessionLife.Milliseconds()),
	})
	if err != nil {
		return nil, err
	}
	return &partnersv1.Session{
		Id: c.ID, Token: c.String(), User: s.user(user), CreateTime: timestamp(now), ExpireTime: timestamp(row.Value.ExpiresAt), Current: true,
	}, nil
}

// GetMe returns the signed-in employee.
func (s *Server) GetMe(ctx context.Context, _ *partnersv1.GetMeRequest) (*partnersv1.GetMeResponse, error) {
	var user *partnersv1.User
	err := s.db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		row, err := tables.Users.Get(ctx, tx, auth.From(ctx).Subject)
		user = s.user(row)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &partnersv1.GetMeResponse{User: user}, nil
}

// ListSessions lists the caller's open sessions.
func (s *Server) ListSessions(ctx context.Context, _ *partnersv1.ListSessionsRequest) (*partnersv1.ListSessionsResponse, error) {
	me := auth.From(ctx)
	resp := &partnersv1.ListSessionsResponse{}
	err := s.db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		p, err := tables.Sessions.Find(ctx, tx, store.Query{Index: "by_user", Equal: []any{me.Subject}, Descending: true, Limit: 100})
		if err != nil {
			return err
		}
		resp.Sessions = nil
		for _, row := range p.Rows {
			if domain.Ended(row.Value.ExpiresAt, row.Value.RevokedAt, s.now()) {
				continue
			}
			resp.Sessions = append(resp.Sessions, &partnersv1.Session{
				Id: row.ID, CreateTime: timestamp(row.Value.CreatedAt), ExpireTime: timestamp(row.Value.ExpiresAt), Current: row.ID == me.Key,
			})
		}
		return nil
	})
	return resp, err
}

// RevokeSession ends one of the caller's sessions.
func (s *Server) RevokeSession(ctx context.Context, req *partnersv1.RevokeSessionRequest) (*partnersv1.RevokeSessionResponse, error) {
	me := auth.From(ctx)
	sessionID := last(req.GetSession())
	if sessionID == "current" {
		sessionID = me.Key
	}
	err := s.db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		row, err := tables.Sessions.GetForUpdate(ctx, tx, sessionID)
		if store.IsNotFound(err) || (err == nil && row.Value.User != me.Subject) {
			return fault.NotFound.New("You have no session %q.", sessionID)
		}
		if err != nil || row.Value.RevokedAt != 0 {
			return err
		}
		row.Value.RevokedAt = s.now()
		_, err = tables.Sessions.Put(ctx, tx, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &partnersv1.RevokeSessionResponse{}, nil
}
