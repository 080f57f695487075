package server

import (
	"context"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/partners/domain"
	"renown.example/partners/tables"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

// CreateKey makes an API key. It takes no idempotency key: the answer holds a secret, which must not be kept.
func (s *Server) CreateKey(ctx context.Context, req *partnersv1.CreateKeyRequest) (*partnersv1.CreateKeyResponse, error) {
	ends, err := end("expireTime", req.GetExpireTime(), s.clock.Now())
	if err != nil {
		return nil, err
	}
	var resp *partnersv1.CreateKeyResponse
	err = s.db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		if _, err := s.mayApp(ctx, tx, req.GetApp()); err != nil {
			return err
		}
		if err := mayGive(ctx, req.GetScopes()); err != nil {
			return err
		}
		row, secret, err := s.insertKey(ctx, tx, tables.Key{
			App: req.GetApp(), DisplayName: req.GetDisplayName(), Scopes: sorted(req.GetScopes()), Test: req.GetTest(), ExpiresAt: ends,
		})
		if err != nil {
			return err
		}
		k, err := s.key(ctx, tx, row)
		resp = &partnersv1.CreateKeyResponse{Key: k, Secret: secret}
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// mayGive refuses scopes that the caller cannot give: an administrator gives any, a partner's key only those that it has.
func mayGive(ctx context.Context, scopes []string) error {
	if me := auth.From(ctx); me.Kind == auth.KindApp {
		return domain.CheckGrant(me.Scopes, scopes)
	}
	return nil
}

// insertKey completes a key by id, secret and maker, and stores it.
func (s *Server) insertKey(ctx context.Context, tx store.Writer, k tables.Key) (store.Row[tables.Key], string, error) {
	c := domain.NewCredential(domain.KindAPIKey, k.Test, id.New(s.clock), random())
	me := auth.From(ctx)
	k.Prefix, k.Digest, k.CreatedBy, k.Owner, k.CreatedAt = c.Prefix(), c.Digest(), me.Principal(), me.Owner, s.now()
	if me.Kind == auth.KindUser {
		k.Owner = me.Subject
	}
	row, err := tables.Keys.Insert(ctx, tx, c.ID, k)
	return row, c.String(), err
}

// keyForUpdate returns a key of an app that the caller may change.
func (s *Server) keyForUpdate(ctx context.Context, tx store.Writer, appID, keyID string) (store.Row[tables.Key], error) {
	if _, err := s.mayApp(ctx, tx, appID); err != nil {
		return store.Row[tables.Key]{}, err
	}
	row, err := tables.Keys.GetForUpdate(ctx, tx, keyID)
	if store.IsNotFound(err) || (err == nil && row.Value.App != appID) {
		return row, fault.NotFound.New("The app %q has no key %q.", appID, keyID)
	}
	return row, err
}

// RotateKey makes a successor of a key.
func (s *Server) RotateKey(ctx context.Context, req *partnersv1.RotateKeyRequest) (*partnersv1.RotateKeyResponse, error) {
	var resp *partnersv1.RotateKeyResponse
	err := s.db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		old, err := s.keyForUpdate(ctx, tx, req.GetApp(), req.GetKey())
		if err != nil {
			return err
		}
		now := s.now()
		if domain.Ended(old.Value.ExpiresAt, old.Value.RevokedAt, now) {
			return fault.IllegalState.New("The key has ended: create a new one instead of rotating it.")
		}
		if old.Value.Successor != "" {
			return fault.IllegalState.New("The key has a successor already, %s: two live keys of one line are the most.", old.Value.Successor)
		}
		if err := s.predecessorEnded(ctx, tx, old.Value.RotatedFrom, now); err != nil {
			return err
		}
		// The answer holds the successor's secret: it must not be more than the caller could make.
		if err := mayGive(ctx, old.Value.Scopes); err != nil {
			return err
		}
		// The successor lives as long as the old key was meant to, the old one until the grace is over.
		next := tables.Key{
			App: old.Value.App, DisplayName: old.Value.DisplayName, Scopes: old.Value.Scopes, Test: old.Value.Test, RotatedFrom: old.ID, ExpiresAt: old.Value.ExpiresAt,
		}
		row, secret, err := s.insertKey(ctx, tx, next)
		if err != nil {
			return err
		}
		old.Value.Successor = row.ID
		if ends := now + hours(req.GetGraceHours()); old.Value.ExpiresAt == 0 || ends < old.Value.ExpiresAt {
			old.Value.ExpiresAt = ends
		}
		if old, err = tables.Keys.Put(ctx, tx, old); err != nil {
			return err
		}
		resp = &partnersv1.RotateKeyResponse{Secret: secret}
		if resp.Key, err = s.key(ctx, tx, row); err != nil {
			return err
		}
		resp.OldKey, err = s.key(ctx, tx, old)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// predecessorEnded refuses a third live key of one line: the key before this one has to be over first.
func (s *Server) predecessorEnded(ctx context.Context, tx store.Reader, id string, now clock.Millis) error {
	if id == "" {
		return nil
	}
	row, err := tables.Keys.Get(ctx, tx, id)
	if err != nil || domain.Ended(row.Value.ExpiresAt, row.Value.RevokedAt, now) {
		return err
	}
	return fault.IllegalState.New("The key before this one, %s, still works: two live keys of one line are the most. Revoke it first, or wait for its end.", id)
}

// RevokeKey ends a key at once.
func (s *Server) RevokeKey(ctx context.Context, req *partnersv1.RevokeKeyRequest) (*partnersv1.RevokeKeyResponse, error) {
	resp := &partnersv1.RevokeKeyResponse{}
	err := s.db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		row, err := s.keyForUpdate(ctx, tx, req.GetApp(), req.GetKey())
		if err != nil {
			return err
		}
		if row.Value.RevokedAt == 0 {
			row.Value.RevokedAt = clock.At(s.clock.Now())
			if row, err = tables.Keys.Put(ctx, tx, row); err != nil {
				return err
			}
		}
		resp.Key, err = s.key(ctx, tx, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}
