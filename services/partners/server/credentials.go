package server

import (
	"context"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/partners/domain"
	"renown.example/partners/tables"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

// refused is the one answer to every credential that does not count, so that it tells nothing about which exist.
func refused() error {
	return fault.Unauthenticated.New("The credential is unknown, has expired or was revoked.")
}

// ResolveCredential returns the identity behind a credential.
func (s *Server) ResolveCredential(ctx context.Context, req *partnersv1.ResolveCredentialRequest) (*partnersv1.ResolveCredentialResponse, error) {
	c, ok := domain.ParseCredential(req.GetCredential())
	if !ok {
		return nil, refused()
	}
	var resp *partnersv1.ResolveCredentialResponse
	var used clock.Millis
	err := s.db.View(ctx, func(ctx context.Context, tx store.Reader) (err error) {
		switch c.Kind {
		case domain.KindSession:
			resp, err = s.resolveSession(ctx, tx, c)
		case domain.KindAPIKey:
			resp, used, err = s.resolveKey(ctx, tx, c)
		default:
			resp, used, err = s.resolveToken(ctx, tx, c)
		}
		return err
	})
	if store.IsNotFound(err) {
		return nil, refused()
	}
	if err != nil {
		return nil, err
	}
	if resp.GetKind() == "app" {
		s.noteUse(ctx, resp.GetCredentialId(), used)
	}
	return resp, nil
}

func (s *Server) resolveSession(ctx context.Context, tx store.Reader, c domain.Credential) (*partnersv1.ResolveCredentialResponse, error) {
	row, err := tables.Sessions.Get(ctx, tx, c.ID)
	if err != nil {
		return nil, err
	}
	if !c.Matches(row.Value.Digest) || domain.Ended(row.Value.ExpiresAt, row.Value.RevokedAt, s.now()) {
		return nil, refused()
	}
	user, err := tables.Users.Get(ctx, tx, row.Value.User)
	if err != nil {
		return nil, err
	}
	if user.Value.Disabled {
		return nil, refused()
	}
	return &partnersv1.ResolveCredentialResponse{
		Kind: "user", Subject: user.ID, DisplayName: user.Value.DisplayName, Email: user.Value.Email,
		Roles:        domain.EffectiveRoles(s.groups, user.Value.Groups, user.Value.Granted),
		CredentialId: row.ID, ExpireTime: timestamp(row.Value.ExpiresAt),
	}, nil
}

func (s *Server) resolveKey(ctx context.Context, tx store.Reader, c domain.Credential) (*partnersv1.ResolveCredentialResponse, clock.Millis, error) {
	row, err := tables.Keys.Get(ctx, tx, c.ID)
	if err != nil {
		return nil, 0, err
	}
	if !c.Matches(row.Value.Digest) {
		return nil, 0, refused()
	}
	return s.resolveApp(ctx, tx, row, row.Value.Scopes, row.Value.ExpiresAt)
}

// resolveToken resolves an access token: it lives no longer than the key that bought it.
func (s *Server) resolveToken(ctx context.Context, tx store.Reader, c domain.Credential) (*partnersv1.ResolveCredentialResponse, clock.Millis, error) {
	row, err := tables.Tokens.Get(ctx, tx, c.ID)
	if err != nil {
		return nil, 0, err
	}
	if !c.Matches(row.Value.Digest) || domain.Ended(row.Value.ExpiresAt, 0, s.now()) {
		return nil, 0, refused()
	}
	key, err := tables.Keys.Get(ctx, tx, row.Value.Key)
	if err != nil {
		return nil, 0, err
	}
	return s.resolveApp(ctx, tx, key, row.Value.Scopes, row.Value.ExpiresAt)
}

func (s *Server) resolveApp(ctx context.Context, tx store.Reader, key store.Row[tables.Key], scopes []string, ends clock.Millis) (*partnersv1.ResolveCredentialResponse, clock.Millis, error) {
	if domain.Ended(key.Value.ExpiresAt, key.Value.RevokedAt, s.now()) {
		return nil, 0, refused()
	}
	app, err := tables.Apps.Get(ctx, tx, key.Value.App)
	if err != nil {
		return nil, 0, err
	}
	use, err := tables.KeyUses.Get(ctx, tx, key.ID)
	if err != nil && !store.IsNotFound(err) {
		return nil, 0, err
	}
	return &partnersv1.ResolveCredentialResponse{
		Kind: "app", Subject: key.Value.App, DisplayName: app.Value.DisplayName, Scopes: scopes,
		CredentialId: key.ID, Owner: key.Value.Owner, ExpireTime: timestamp(ends), RequestsPerMinute: app.Value.RequestsPerMinute,
	}, use.Value.At, nil
}

// noteUse records the use of a key, at most once a minute; before is when it was last used, as far as the caller knows. Failing to is no reason to refuse the
// caller.
func (s *Server) noteUse(ctx context.Context, key string, before clock.Millis) {
	now := s.now()
	recent := now - clock.Millis(domain.UseGranularity.Milliseconds())
	if before > recent {
		return
	}
	err := s.db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		row, err := tables.KeyUses.GetForUpdate(ctx, tx, key)
		if store.IsNotFound(err) {
			_, err = tables.KeyUses.Insert(ctx, tx, key, tables.KeyUse{At: now})
			return err
		}
		if err != nil || row.Value.At > recent {
			return err
		}
		row.Value.At = now
		_, err = tables.KeyUses.Put(ctx, tx, row)
		return err
	})
	if err != nil {
		s.log.WarnContext(ctx, "the use of a key could not be recorded", "key", key, "error", err)
	}
}

// IssueAccessToken exchanges an API key for an access token.
func (s *Server) IssueAccessToken(ctx context.Context, req *partnersv1.IssueAccessTokenRequest) (*partnersv1.IssueAccessTokenResponse, error) {
	c, ok := domain.ParseCredential(req.GetClientSecret())
	if !ok || c.Kind != domain.KindAPIKey || c.ID != req.GetClientId() {
		return nil, refused()
	}
	var resp *partnersv1.IssueAccessTokenResponse
	err := s.db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		key, err := tables.Keys.Get(ctx, tx, c.ID)
		if store.IsNotFound(err) {
			return refused()
		}
		if err != nil {
			return err
		}
		now := s.now()
		if !c.Matches(key.Value.Digest) || domain.Ended(key.Value.ExpiresAt, key.Value.RevokedAt, now) {
			return refused()
		}
		scopes := req.GetScopes()
		if len(scopes) == 0 {
			scopes = key.Value.Scopes
		}
		if err := domain.CheckGrant(key.Value.Scopes, scopes); err != nil {
			return err
		}
		tok := domain.NewCredential(domain.KindToken, c.Test, id.New(s.clock), random())
		row := tables.Token{Key: key.ID, Digest: tok.Digest(), Scopes: scopes, ExpiresAt: now + clock.Millis(domain.TokenLife.Milliseconds())}
		if _, err := tables.Tokens.Insert(ctx, tx, tok.ID, row); err != nil {
			return err
		}
		resp = &partnersv1.IssueAccessTokenResponse{AccessToken: tok.String(), ExpiresIn: int32(domain.TokenLife.Seconds()), Scopes: scopes}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.noteUse(ctx, c.ID, 0)
	return resp, nil
}
