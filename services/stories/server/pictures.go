package server

import (
	"context"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/images"
	"renown.example/stories/tables"
)

// picture is a checked and cleaned picture with its variants. It has none if they are stored already.
type picture struct {
	info     images.Info
	data     []byte
	filename string
	variants []images.Variant
}

// decodePicture checks a file, frees it from its metadata and makes its variants. A picture that is stored with them is not made again.
func (s *Server) decodePicture(ctx context.Context, field string, data []byte, filename string) (picture, error) {
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return picture{}, ctx.Err()
	}
	clean, info, err := images.Clean(data)
	if err != nil {
		if e, ok := fault.As(err); ok && len(e.Fields) == 0 {
			err = e.With(fault.Field{Path: field, Message: e.Message})
		}
		return picture{}, err
	}
	p := picture{info: info, data: clean, filename: filename}
	made, err := read(ctx, s, func(ctx context.Context, tx store.Reader) (bool, error) {
		row, err := tables.Assets.Get(ctx, tx, info.SHA256)
		return len(row.Value.Variants) > 0, ignoreMissing(err)
	})
	if err == nil && !made {
		p.variants, err = images.Variants(clean)
	}
	return p, err
}

// storePicture keeps a picture and its variants; the same one again is the same asset.
func (s *Server) storePicture(ctx context.Context, tx store.Writer, p picture, by actor) error {
	asset := p.info.SHA256
	row, err := tables.Assets.GetForUpdate(ctx, tx, asset)
	if store.IsNotFound(err) {
		row = store.Row[tables.Asset]{ID: asset, Value: tables.Asset{
			ContentType: p.info.Type, Width: p.info.Width, Height: p.info.Height, Filename: p.filename, Data: p.data, UploadedBy: by.name, At: s.now(),
		}}
		if row, err = tables.Assets.Insert(ctx, tx, asset, row.Value); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	_, err = s.storeVariants(ctx, tx, row, p.variants)
	return err
}

// storeVariants keeps the variants of a picture that has none yet.
func (s *Server) storeVariants(ctx context.Context, tx store.Writer, of store.Row[tables.Asset], variants []images.Variant) (store.Row[tables.Asset], error) {
	if len(of.Value.Variants) > 0 || len(variants) == 0 {
		return of, nil
	}
	for _, v := range variants {
		if v.Data != nil {
			file := tables.Asset{ContentType: v.Type, Width: v.Width, Height: v.Height, Data: v.Data, UploadedBy: of.Value.UploadedBy, Of: of.ID}
			if err := s.storeFile(ctx, tx, v.SHA256, file); err != nil {
				return of, err
			}
		}
		of.Value.Variants = append(of.Value.Variants, tables.PictureVariant{Asset: v.SHA256, Width: v.Width, Height: v.Height, ContentType: v.Type})
	}
	return tables.Assets.Put(ctx, tx, of)
}

// storeFile keeps a file that was made here, unless it is kept already.
func (s *Server) storeFile(ctx context.Context, tx store.Writer, asset string, file tables.Asset) error {
	_, err := tables.Assets.GetForUpdate(ctx, tx, asset)
	if store.IsNotFound(err) {
		file.At = s.now()
		_, err = tables.Assets.Insert(ctx, tx, asset, file)
	}
	return err
}

// pictures returns the pictures of a content, each once, and makes the variants of those that were stored before there were any.
func (s *Server) pictures(ctx context.Context, tx store.Writer, c domain.Content) ([]tables.Picture, error) {
	var out []tables.Picture
	for _, b := range c.Blocks {
		if b.Image == nil || slices.ContainsFunc(out, func(p tables.Picture) bool { return p.Asset == b.Image.Asset }) {
			continue
		}
		row, err := tables.Assets.GetForUpdate(ctx, tx, b.Image.Asset)
		if store.IsNotFound(err) {
			continue
		}
		if err == nil && len(row.Value.Variants) == 0 {
			var variants []images.Variant
			if variants, err = images.Variants(row.Value.Data); err == nil {
				row, err = s.storeVariants(ctx, tx, row, variants)
			}
		}
		if err != nil {
			return nil, err
		}
		out = append(out, pictureOf(row, b.Image))
	}
	return out, nil
}

// pictureOf is a stored picture as a content shows it.
func pictureOf(row store.Row[tables.Asset], i *domain.Image) tables.Picture {
	a := row.Value
	return tables.Picture{PictureVariant: tables.PictureVariant{Asset: row.ID, Width: a.Width, Height: a.Height, ContentType: a.ContentType}, Focus: i.Focus, Variants: a.Variants}
}

func variantsToProto(list []tables.PictureVariant) []*storiesv1.PictureVariant {
	var out []*storiesv1.PictureVariant
	for _, v := range list {
		out = append(out, &storiesv1.PictureVariant{Asset: v.Asset, Width: int32(v.Width), Height: int32(v.Height), ContentType: v.ContentType})
	}
	return out
}

func pictureToProto(p *tables.Picture) *storiesv1.Picture {
	if p == nil {
		return nil
	}
	return &storiesv1.Picture{
		Asset: p.Asset, Width: int32(p.Width), Height: int32(p.Height), ContentType: p.ContentType, Focus: p.Focus, Variants: variantsToProto(p.Variants),
	}
}

func picturesToProto(list []tables.Picture) []*storiesv1.Picture {
	var out []*storiesv1.Picture
	for _, p := range list {
		out = append(out, pictureToProto(&p))
	}
	return out
}
