package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	"renown.example/partners/domain"
	"renown.example/partners/tables"
)

// PrepareSetup returns a fresh one-time token that makes its first bearer an administrator, or "" once one was used: from then on administrators make administrators. A token that was made
// before and not used stops working: the operator sees the newest one only.
func (s *Server) PrepareSetup(ctx context.Context) (string, error) {
	b := random()
	token := base64.RawURLEncoding.EncodeToString(b[:])
	there := false
	err := s.db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		row, err := tables.Setups.GetForUpdate(ctx, tx, tables.SetupID)
		if err != nil && !store.IsNotFound(err) {
			return err
		}
		missing := err != nil
		if there = row.Value.UsedBy != ""; there {
			return nil
		}
		if there, err = s.hasAdministrator(ctx, tx); err != nil || there {
			return err
		}
		row.Value = tables.Setup{Digest: digest(token), ExpiresAt: s.now() + clock.Millis(domain.SetupLife.Milliseconds())}
		if missing {
			_, err = tables.Setups.Insert(ctx, tx, tables.SetupID, row.Value)
			return err
		}
		_, err = tables.Setups.Put(ctx, tx, row)
		return err
	})
	if err != nil || there {
		return "", err
	}
	return token, nil
}

// hasAdministrator reports whether somebody who has signed in is an administrator, by a grant or through a group.
func (s *Server) hasAdministrator(ctx context.Context, tx store.Reader) (bool, error) {
	q := store.Query{Index: "by_name"}
	for {
		p, err := tables.Users.Find(ctx, tx, q)
		if err != nil {
			return false, err
		}
		for _, row := range p.Rows {
			u := row.Value
			if !u.Disabled && slices.Contains(domain.EffectiveRoles(s.groups, u.Groups, u.Granted), domain.RoleAdmin) {
				return true, nil
			}
		}
		if q.After = p.Next; q.After == "" {
			return false, nil
		}
	}
}

// useSetup makes the user an administrator by the one-time token.
func (s *Server) useSetup(ctx context.Context, tx store.Writer, user store.Row[tables.User], token string) (store.Row[tables.User], error) {
	row, err := tables.Setups.GetForUpdate(ctx, tx, tables.SetupID)
	if err != nil && !store.IsNotFound(err) {
		return user, err
	}
	wrong := err != nil || subtle.ConstantTimeCompare([]byte(row.Value.Digest), []byte(digest(token))) != 1
	if wrong || row.Value.UsedBy != "" || domain.Ended(row.Value.ExpiresAt, 0, s.now()) {
		return user, fault.LinkInvalid.New("The administrator's link was used already, has expired or was replaced by a newer one. Start Renown again for a new one.")
	}
	row.Value.UsedBy = user.ID
	if _, err := tables.Setups.Put(ctx, tx, row); err != nil {
		return user, err
	}
	if !slices.Contains(user.Value.Granted, domain.RoleAdmin) {
		user.Value.Granted = append(slices.Clone(user.Value.Granted), domain.RoleAdmin)
	}
	return tables.Users.Put(ctx, tx, user)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
