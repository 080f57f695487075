package server

import (
	"context"
	"slices"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/idempotency"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
)

// claimAssets notes that the edition of a text shows these pictures.
func (s *Server) claimAssets(ctx context.Context, tx store.Writer, text string, assets []string) error {
	assets = slices.Clone(assets)
	slices.Sort(assets)
	for _, a := range slices.Compact(assets) {
		if _, err := tables.AssetUses.Insert(ctx, tx, a+"/"+text, tables.AssetUse{Asset: a, Text: text}); err != nil {
			return err
		}
	}
	return nil
}

// releaseAssets notes that the edition of a text shows no pictures any more.
func (s *Server) releaseAssets(ctx context.Context, tx store.Writer, text string) error {
	uses, err := tables.AssetUses.Find(ctx, tx, store.Query{Index: "by_text", Equal: []any{text}})
	if err != nil {
		return err
	}
	for _, use := range uses.Rows {
		if err := tables.AssetUses.Delete(ctx, tx, use); err != nil {
			return err
		}
		if _, err := tables.WithdrawnAssets.GetForUpdate(ctx, tx, use.Value.Asset); store.IsNotFound(err) {
			_, err = tables.WithdrawnAssets.Insert(ctx, tx, use.Value.Asset, tables.WithdrawnAsset{At: s.now()})
			if err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
	}
	return nil
}

// UploadAsset stores a picture.
func (s *Server) UploadAsset(ctx context.Context, req *storiesv1.UploadAssetRequest) (*storiesv1.UploadAssetResponse, error) {
	p, err := s.decodePicture(ctx, "data", req.GetData(), req.GetFilename())
	if err != nil {
		return nil, err
	}
	err = idempotency.Update(ctx, s.DB, func(ctx context.Context, tx store.Writer) error {
		return s.storePicture(ctx, tx, p, who(ctx))
	})
	if err != nil {
		return nil, err
	}
	return &storiesv1.UploadAssetResponse{Asset: p.info.SHA256, ContentType: p.info.Type, Width: int32(p.info.Width), Height: int32(p.info.Height)}, nil
}

// GetAsset returns a picture of a working text. A customer sees those of the text to be signed.
func (s *Server) GetAsset(ctx context.Context, req *storiesv1.GetAssetRequest) (*storiesv1.GetAssetResponse, error) {
	missing := fault.NotFound.New("There is no picture %q.", req.GetAsset())
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetAssetResponse, error) {
		if auth.From(ctx).Kind == auth.KindLink {
			if ok, err := s.linkShows(ctx, tx, req.GetAsset()); err != nil {
				return nil, err
			} else if !ok {
				return nil, missing
			}
		}
		a, err := tables.Assets.Get(ctx, tx, req.GetAsset())
		if store.IsNotFound(err) {
			return nil, missing
		}
		return &storiesv1.GetAssetResponse{Data: a.Value.Data, ContentType: a.Value.ContentType}, err
	})
}

// linkShows reports whether the text behind the caller's link shows the picture.
func (s *Server) linkShows(ctx context.Context, tx store.Reader, asset string) (bool, error) {
	if auth.LinkPurpose(auth.From(ctx).Link) == purposePreview {
		_, v, err := s.linkedPreview(ctx, tx)
		return err == nil && showsPicture(v.Content, asset), err
	}
	signoffID, err := s.linkedSignoff(ctx)
	if err != nil {
		return false, err
	}
	row, err := tables.Signoffs.Get(ctx, tx, signoffID)
	if err != nil || !s.shown(row.Value) {
		return false, ignoreMissing(err)
	}
	v, err := version(ctx, tx, row.Value.Text, row.Value.Version)
	if err != nil {
		return false, err
	}
	return showsPicture(v.Value.Content, asset), nil
}
