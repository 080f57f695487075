package server

import (
	"context"
	"slices"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/partners/tables"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

func app(row store.Row[tables.App]) *partnersv1.App {
	return &partnersv1.App{
		Name: "apps/" + row.ID, DisplayName: row.Value.DisplayName, RequestsPerMinute: row.Value.RequestsPerMinute, CreateTime: timestamp(row.Value.CreatedAt),
	}
}

// CreateApp registers an app.
func (s *Server) CreateApp(ctx context.Context, req *partnersv1.CreateAppRequest) (*partnersv1.CreateAppResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*partnersv1.CreateAppResponse, error) {
		appID := req.GetAppId()
		if appID == "" {
			appID = "app-" + id.New(s.clock)
		}
		row, err := tables.Apps.Insert(ctx, tx, appID, tables.App{
			DisplayName: req.GetDisplayName(), RequestsPerMinute: req.GetRequestsPerMinute(), CreatedBy: auth.From(ctx).Principal(), CreatedAt: s.now(),
		})
		if store.ViolatedIndex(err) != "" {
			return nil, fault.AlreadyExists.New("There is an app %q already.", appID).With(fault.Field{Path: "appId", Message: "It is taken."})
		}
		if err != nil {
			return nil, err
		}
		return &partnersv1.CreateAppResponse{App: app(row)}, nil
	})
}

// GetApp returns an app.
func (s *Server) GetApp(ctx context.Context, req *partnersv1.GetAppRequest) (*partnersv1.GetAppResponse, error) {
	resp := &partnersv1.GetAppResponse{}
	err := s.db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		row, err := s.mayApp(ctx, tx, req.GetApp())
		resp.App = app(row)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// mayApp returns an app that the caller may know of: a partner's key knows its own only.
func (s *Server) mayApp(ctx context.Context, tx store.Reader, appID string) (store.Row[tables.App], error) {
	missing := fault.NotFound.New("There is no app %q.", appID)
	if me := auth.From(ctx); me.Kind == auth.KindApp && me.Subject != appID {
		return store.Row[tables.App]{}, missing
	}
	row, err := tables.Apps.Get(ctx, tx, appID)
	if store.IsNotFound(err) {
		return row, missing
	}
	return row, err
}

// ListApps lists the apps; a partner's key sees its own only.
func (s *Server) ListApps(ctx context.Context, req *partnersv1.ListAppsRequest) (*partnersv1.ListAppsResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "by_creation"})
	if err != nil {
		return nil, err
	}
	resp := &partnersv1.ListAppsResponse{}
	err = s.db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		if me := auth.From(ctx); me.Kind == auth.KindApp {
			row, err := s.mayApp(ctx, tx, me.Subject)
			resp = &partnersv1.ListAppsResponse{Apps: []*partnersv1.App{app(row)}}
			return err
		}
		p, err := tables.Apps.Find(ctx, tx, q)
		if err != nil {
			return err
		}
		resp = &partnersv1.ListAppsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			resp.Apps = append(resp.Apps, app(row))
		}
		return nil
	})
	return resp, err
}

func (s *Server) key(ctx context.Context, tx store.Reader, row store.Row[tables.Key]) (*partnersv1.Key, error) {
	use, err := tables.KeyUses.Get(ctx, tx, row.ID)
	if err != nil && !store.IsNotFound(err) {
		return nil, err
	}
	k := row.Value
	return &partnersv1.Key{
		Name: "apps/" + k.App + "/keys/" + row.ID, DisplayName: k.DisplayName, Prefix: k.Prefix, Scopes: k.Scopes, CreateTime: timestamp(k.CreatedAt),
		ExpireTime: timestamp(k.ExpiresAt), RevokeTime: timestamp(k.RevokedAt), LastUseTime: timestamp(use.Value.At), RotatedFrom: k.RotatedFrom,
	}, nil
}

// ListKeys lists an app's keys.
func (s *Server) ListKeys(ctx context.Context, req *partnersv1.ListKeysRequest) (*partnersv1.ListKeysResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "by_app", Equal: []any{req.GetApp()}})
	if err != nil {
		return nil, err
	}
	resp := &partnersv1.ListKeysResponse{}
	err = s.db.View(ctx, func(ctx context.Context, tx store.Reader) error {
		if _, err := s.mayApp(ctx, tx, req.GetApp()); err != nil {
			return err
		}
		p, err := tables.Keys.Find(ctx, tx, q)
		if err != nil {
			return err
		}
		resp = &partnersv1.ListKeysResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			k, err := s.key(ctx, tx, row)
			if err != nil {
				return err
			}
			resp.Keys = append(resp.Keys, k)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// sorted returns scopes in order, so that equal sets read alike.
func sorted(scopes []string) []string {
	out := slices.Clone(scopes)
	slices.Sort(out)
	return out
}

func hours(n int32) clock.Millis { return clock.Millis(n) * 3_600_000 }
