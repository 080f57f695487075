package server

import (
	"context"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

func excerptsToProto(e domain.Excerpts) *storiesv1.Excerpts {
	return &storiesv1.Excerpts{Snippet: e.Snippet, Card: e.Card, Embed: e.Embed}
}

// SetExcerpts sets the excerpts of a text.
func (s *Server) SetExcerpts(ctx context.Context, req *storiesv1.SetExcerptsRequest) (*storiesv1.SetExcerptsResponse, error) {
	in := req.GetExcerpts()
	chosen := domain.Excerpts{Snippet: in.GetSnippet(), Card: in.GetCard(), Embed: in.GetEmbed()}.Normalized()
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.SetExcerptsResponse, error) {
		row, err := textForUpdate(ctx, tx, req.GetStory(), req.GetLocale())
		if err != nil {
			return nil, err
		}
		if err := checkEtag(req.GetEtag(), row.Version); err != nil {
			return nil, err
		}
		by := who(ctx)
		if err := mine(by, row.Value); err != nil {
			return nil, err
		}
		v, err := version(ctx, tx, row.ID, row.Value.Version)
		if err != nil {
			return nil, err
		}
		if err := domain.CheckExcerpts(plain(v.Value.Content), chosen, fault.ContentRejected); err != nil {
			return nil, err
		}
		if row, err = s.excerpt(ctx, tx, row, chosen, by); err != nil {
			return nil, err
		}
		t, err := s.text(ctx, tx, row)
		return &storiesv1.SetExcerptsResponse{Text: t}, err
	})
}

// excerpt keeps excerpts that were checked; choosing the same again changes nothing.
func (s *Server) excerpt(ctx context.Context, tx store.Writer, row store.Row[tables.Text], chosen domain.Excerpts, by actor) (store.Row[tables.Text], error) {
	if row.Value.Excerpts == chosen {
		return row, nil
	}
	row.Value.Excerpts, row.Value.UpdatedAt = chosen, s.now()
	row, err := tables.Texts.Put(ctx, tx, row)
	if err != nil {
		return row, err
	}
	t := row.Value
	err = s.record(ctx, tx, happening{
		by: by, story: t.Story, subject: textName(t.Story, t.Locale), action: "text.excerpted", event: EventTextChanged, at: t.UpdatedAt,
		details: map[string]string{"state": string(t.State)}, said: map[string]string{"snippet": chosen.Snippet, "card": chosen.Card, "embed": chosen.Embed},
	})
	if err != nil || t.State != domain.Published || !by.has(domain.RoleEditor, domain.RoleAdmin) {
		return row, err
	}
	return row, s.reissue(ctx, tx, row, by, "edition.excerpted")
}

// reissue puts a published version up again as it may be shown now, which is otherwise than before.
func (s *Server) reissue(ctx context.Context, tx store.Writer, row store.Row[tables.Text], by actor, audit string) error {
	pub, err := published(ctx, tx, row.ID)
	if err != nil || !pub.Value.Live(s.now()) {
		return err
	}
	c, err := tables.Consents.Get(ctx, tx, pub.Value.Consent)
	if err != nil {
		return err
	}
	return s.reissueOn(ctx, tx, row, pub.Value, c.Value.Consent, by, audit)
}

// reissueOn is reissue on another consent to the same words.
func (s *Server) reissueOn(ctx context.Context, tx store.Writer, row store.Row[tables.Text], pub tables.Published, c domain.Consent, by actor, audit string) error {
	v, err := version(ctx, tx, row.ID, pub.Version)
	if err != nil {
		return err
	}
	consents, err := consentsOf(ctx, tx, row.ID)
	if err != nil {
		return err
	}
	f, err := s.form(ctx, tx, row, v.Value, c, plainConsents(consents))
	if err != nil {
		return err
	}
	return s.issue(ctx, tx, row, f, by, pub.UnpublishAt, audit)
}
