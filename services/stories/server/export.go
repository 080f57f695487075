package server

import (
	"archive/zip"
	"bytes"
	"context"
	"slices"
	"time"

	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/images"
	"renown.example/stories/tables"
)

// ExportStories returns every newest text with its pictures. The same content gives the same bytes.
func (s *Server) ExportStories(ctx context.Context, _ *storiesv1.ExportStoriesRequest) (*storiesv1.ExportStoriesResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ExportStoriesResponse, error) {
		files := map[string][]byte{}
		q := store.Query{}
		for {
			p, err := tables.Texts.Find(ctx, tx, q)
			if err != nil {
				return nil, err
			}
			for _, row := range p.Rows {
				if err := export(ctx, tx, row, files); err != nil {
					return nil, err
				}
			}
			if p.Next == "" {
				break
			}
			q.After = p.Next
		}
		b, err := pack(files)
		return &storiesv1.ExportStoriesResponse{Zip: b}, err
	})
}

// export adds a text and its pictures to the files.
func export(ctx context.Context, tx store.Reader, row store.Row[tables.Text], files map[string][]byte) error {
	v, err := version(ctx, tx, row.ID, row.Value.Version)
	if err != nil {
		return err
	}
	from, err := imported(ctx, tx, row.ID)
	if err != nil {
		return err
	}
	doc := domain.Document{Story: row.Value.Story, Slug: row.Value.Slug, Content: v.Value.Content, Source: from.Source, Kept: from.Kept}
	consents, err := consentsOf(ctx, tx, row.ID)
	if err != nil {
		return err
	}
	for _, c := range consents {
		if c := c.Value.Consent; c.Kind == domain.Attested && c.Hash == row.Value.Hash && c.RevokedAt == 0 {
			doc.Consent = attested(c)
			break
		}
	}
	paths := map[string]string{}
	for _, b := range doc.Content.Blocks {
		if b.Kind != domain.KindImage {
			continue
		}
		a, err := tables.Assets.Get(ctx, tx, b.Image.Asset)
		if err != nil {
			return err
		}
		paths[a.ID] = "images/" + a.ID + images.Info{Type: a.Value.ContentType}.Extension()
		files[paths[a.ID]] = a.Value.Data
	}
	files[doc.FileName()] = domain.Format(doc, func(asset string) string { return paths[asset] })
	return nil
}

// attested turns a consent back into what a file says of it: a consent holds through the whole day of its end.
func attested(c domain.Consent) *domain.AttestedConsent {
	return &domain.AttestedConsent{
		Scopes: c.Scopes, GivenBy: c.Signer.Name, GivenOn: c.SignedAt.Time().Format(time.DateOnly), Ends: (c.Ends - 1).Time().Format(time.DateOnly), Evidence: c.Evidence,
	}
}

func pack(files map[string][]byte) ([]byte, error) {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range names {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(files[name]); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return buf.Bytes(), err
}
