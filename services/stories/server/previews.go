package server

import (
	"context"
	"fmt"
	"slices"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

const (
	// purposePreview is the purpose of preview links, as in the RPCs' rules.
	purposePreview = "preview"
	// usualPreviewDays is how long a preview link works where nobody says.
	usualPreviewDays = 7
)

// previewState tells how a link stands at now, as the API says it.
func previewState(v tables.Preview, now clock.Millis) string {
	switch {
	case v.RevokedAt != 0:
		return "revoked"
	case now >= v.ExpiresAt:
		return "expired"
	}
	return "open"
}

func (s *Server) preview(row store.Row[tables.Preview]) *storiesv1.Preview {
	v := row.Value
	out := &storiesv1.Preview{
		Name: textName(v.Story, v.Locale) + "/previews/" + row.ID, Version: v.Version, Note: v.Note, State: previewState(v, s.now()),
		ExpireTime: timestamp(v.ExpiresAt), RevokeTime: timestamp(v.RevokedAt), CreatedBy: v.CreatedBy, CreatedByName: v.CreatedByName,
		CreateTime: timestamp(v.CreatedAt),
	}
	if out.State == "open" {
		out.Url = s.WebsiteURL + "/preview/" + v.Link
	}
	return out
}

// CreatePreview makes a link to one version.
func (s *Server) CreatePreview(ctx context.Context, req *storiesv1.CreatePreviewRequest) (*storiesv1.CreatePreviewResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.CreatePreviewResponse, error) {
		text, err := textForUpdate(ctx, tx, req.GetStory(), req.GetLocale())
		if err != nil {
			return nil, err
		}
		number := req.GetVersion()
		if number == 0 {
			number = text.Value.Version
		}
		if _, err := version(ctx, tx, text.ID, number); err != nil {
			return nil, err
		}
		days := req.GetValidDays()
		if days == 0 {
			days = usualPreviewDays
		}
		now, by, previewID := s.now(), who(ctx), id.New(s.Clock)
		link, claims, err := s.links.Issue(purposePreview, previewID, now.Time().AddDate(0, 0, int(days)))
		if err != nil {
			return nil, err
		}
		row, err := tables.Previews.Insert(ctx, tx, previewID, tables.Preview{
			Text: text.ID, Story: text.Value.Story, Locale: text.Value.Locale, Version: number, Note: req.GetNote(), CreatedBy: by.name, CreatedByName: by.label,
			Link: link, ExpiresAt: clock.At(claims.Expires), CreatedAt: now,
		})
		if err != nil {
			return nil, err
		}
		return &storiesv1.CreatePreviewResponse{Preview: s.preview(row)}, s.recordPreview(ctx, tx, row, by, "preview.created")
	})
}

// recordPreview is for the audit alone: nobody outside the workspace need know of a link.
func (s *Server) recordPreview(ctx context.Context, tx store.Writer, row store.Row[tables.Preview], by actor, action string) error {
	v := row.Value
	return s.record(ctx, tx, happening{
		by: by, story: v.Story, subject: textName(v.Story, v.Locale) + "/previews/" + row.ID, action: action, at: s.now(),
		details: map[string]string{"version": fmt.Sprint(v.Version), "until": v.ExpiresAt.Time().Format("2006-01-02T15:04:05Z")}, said: map[string]string{"note": v.Note},
	})
}

// ListPreviews lists a text's links.
func (s *Server) ListPreviews(ctx context.Context, req *storiesv1.ListPreviewsRequest) (*storiesv1.ListPreviewsResponse, error) {
	text := tables.TextID(req.GetStory(), domain.CanonicalLocale(req.GetLocale()))
	q, f, err := s.query(req, store.Query{Index: "by_text", Equal: []any{text}, Descending: true}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListPreviewsResponse, error) {
		if _, err := tables.Texts.Get(ctx, tx, text); store.IsNotFound(err) {
			return nil, noText(req.GetStory(), req.GetLocale())
		} else if err != nil {
			return nil, err
		}
		p, err := tables.Previews.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListPreviewsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			resp.Previews = append(resp.Previews, s.preview(row))
		}
		return resp, nil
	})
}

// RevokePreview ends a link.
func (s *Server) RevokePreview(ctx context.Context, req *storiesv1.RevokePreviewRequest) (*storiesv1.RevokePreviewResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.RevokePreviewResponse, error) {
		row, err := tables.Previews.GetForUpdate(ctx, tx, req.GetPreview())
		if store.IsNotFound(err) || err == nil && row.Value.Text != tables.TextID(req.GetStory(), domain.CanonicalLocale(req.GetLocale())) {
			return nil, fault.NotFound.New("The text has no preview link %q.", req.GetPreview())
		}
		if err != nil {
			return nil, err
		}
		if row.Value.RevokedAt != 0 {
			return &storiesv1.RevokePreviewResponse{Preview: s.preview(row)}, nil
		}
		row.Value.RevokedAt = s.now()
		if row, err = tables.Previews.Put(ctx, tx, row); err != nil {
			return nil, err
		}
		return &storiesv1.RevokePreviewResponse{Preview: s.preview(row)}, s.recordPreview(ctx, tx, row, who(ctx), "preview.revoked")
	})
}

// linkedPreview returns what the caller's link shows, or refuses it: altered, late, revoked or of something that is no more.
func (s *Server) linkedPreview(ctx context.Context, tx store.Reader) (tables.Preview, tables.Version, error) {
	claims, err := s.links.Verify(auth.From(ctx).Link, purposePreview)
	if err != nil {
		return tables.Preview{}, tables.Version{}, err
	}
	row, err := tables.Previews.Get(ctx, tx, claims.Subject)
	switch {
	case store.IsNotFound(err):
		return row.Value, tables.Version{}, fault.LinkInvalid.New("This link belongs to a preview that does not exist any more.")
	case err != nil:
		return row.Value, tables.Version{}, err
	case previewState(row.Value, s.now()) != "open":
		return row.Value, tables.Version{}, fault.LinkInvalid.New("This link does not work any more. Ask its sender for a new one.")
	}
	v, err := version(ctx, tx, row.Value.Text, row.Value.Version)
	return row.Value, v.Value, err
}

// GetPreview returns what the link shows.
func (s *Server) GetPreview(ctx context.Context, _ *storiesv1.GetPreviewRequest) (*storiesv1.GetPreviewResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetPreviewResponse, error) {
		p, v, err := s.linkedPreview(ctx, tx)
		if err != nil {
			return nil, err
		}
		return &storiesv1.GetPreviewResponse{Page: &storiesv1.PreviewPage{
			Company: s.Company, Content: contentToProto(v.Content), BlockHtml: blockFragments(v.Content), Version: v.Number, ExpireTime: timestamp(p.ExpiresAt),
		}}, nil
	})
}

// showsPicture reports whether a content shows a picture.
func showsPicture(c domain.Content, asset string) bool {
	return slices.ContainsFunc(c.Blocks, func(b domain.Block) bool { return b.Kind == domain.KindImage && b.Image.Asset == asset })
}
