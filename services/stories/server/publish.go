package server

import (
	"context"
	"fmt"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// PublishText publishes a text, at once or later.
func (s *Server) PublishText(ctx context.Context, req *storiesv1.PublishTextRequest) (*storiesv1.PublishTextResponse, error) {
	at, err := instant("publishTime", req.GetPublishTime())
	if err != nil {
		return nil, err
	}
	until, err := instant("unpublishTime", req.GetUnpublishTime())
	if err != nil {
		return nil, err
	}
	if at <= s.now() {
		s.foresee(ctx, tables.TextID(req.GetStory(), domain.CanonicalLocale(req.GetLocale())))
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.PublishTextResponse, error) {
		now := s.now()
		if until != 0 && until <= max(at, now) {
			return nil, fault.Invalid("unpublishTime", "it must lie after the publication")
		}
		row, err := textForUpdate(ctx, tx, req.GetStory(), req.GetLocale())
		if err != nil {
			return nil, err
		}
		if err := checkEtag(req.GetEtag(), row.Version); err != nil {
			return nil, err
		}
		if at > now {
			row, err = s.schedule(ctx, tx, row, at, until)
		} else {
			row, err = s.publish(ctx, tx, row, who(ctx), until)
		}
		if err != nil {
			return nil, err
		}
		t, err := s.text(ctx, tx, row)
		return &storiesv1.PublishTextResponse{Text: t}, err
	})
}

// schedule plans a publication. What would refuse it then refuses it now.
func (s *Server) schedule(ctx context.Context, tx store.Writer, row store.Row[tables.Text], at, until clock.Millis) (store.Row[tables.Text], error) {
	if err := s.plannable(ctx, tx, row, at); err != nil {
		return row, err
	}
	row, err := s.move(ctx, tx, row, step{
		by: who(ctx), action: domain.Schedule, audit: "text.scheduled", details: map[string]string{"publishTime": at.Time().Format("2006-01-02T15:04:05Z")},
		change: func(t *tables.Text) error {
			t.PublishAt, t.UnpublishAt = at, until
			return nil
		},
	})
	if err != nil {
		return row, err
	}
	return row, outbox.Schedule(ctx, tx, outbox.Job{ID: jobPublish + row.ID, Kind: kindPublish, DueAt: at, Data: []byte(quote(row.ID))})
}

// plannable refuses what would refuse the publication at an instant, as far as that is known now.
func (s *Server) plannable(ctx context.Context, tx store.Writer, row store.Row[tables.Text], at clock.Millis) error {
	f, err := s.publishable(ctx, tx, row, at)
	if err != nil {
		return err
	}
	_, err = addressing(ctx, tx, row.Value.Locale, domain.Assignment{Story: row.Value.Story, Slug: f.slug})
	return err
}

// publish makes the edition and puts it up.
func (s *Server) publish(ctx context.Context, tx store.Writer, row store.Row[tables.Text], by actor, until clock.Millis) (store.Row[tables.Text], error) {
	f, err := s.publishable(ctx, tx, row, s.now())
	if err != nil {
		return row, err
	}
	row, err = s.move(ctx, tx, row, step{
		by: by, action: domain.Publish, audit: "text.published",
		details: map[string]string{"version": fmt.Sprint(f.version.Number), "consent": "consents/" + f.consent.ID},
		change: func(t *tables.Text) error {
			t.PublishAt, t.UnpublishAt = 0, until
			return nil
		},
	})
	if err != nil {
		return row, err
	}
	if err := s.issue(ctx, tx, row, f, by, until, "edition.published"); err != nil {
		return row, err
	}
	if err := outbox.Cancel(ctx, tx, jobPublish+row.ID); err != nil {
		return row, err
	}
	if until == 0 {
		return row, outbox.Cancel(ctx, tx, jobUnpublish+row.ID)
	}
	return row, outbox.Schedule(ctx, tx, outbox.Job{ID: jobUnpublish + row.ID, Kind: kindUnpublish, DueAt: until, Data: []byte(quote(row.ID))})
}

// put points the world at an edition. The row exists already: address has made or moved it.
func (s *Server) put(ctx context.Context, tx store.Writer, row store.Row[tables.Text], edition string, f forming, until clock.Millis) error {
	pub, err := tables.PublishedStories.GetForUpdate(ctx, tx, row.ID)
	if err != nil {
		return err
	}
	now := s.now()
	if err := s.releaseAssets(ctx, tx, row.ID); err != nil {
		return err
	}
	if err := noteDown(ctx, tx, pub.Value, now); err != nil {
		return err
	}
	p, c := pub.Value, f.content
	p.Edition, p.LiveSince, p.WithdrawnAt, p.Consent, p.ConsentEnds, p.UnpublishAt = edition, now, 0, f.consent.ID, f.consent.Ends, until
	if p.FirstAt == 0 {
		p.FirstAt = now
	}
	p.Version, p.Title, p.Summary, p.Customer = f.version.Number, c.Title, c.Summary, c.Customer
	p.Industry, p.Region, p.Product, p.UseCase = c.Industry, c.Region, c.Product, c.UseCase
	p.Image, p.Picture, p.Metric, p.Assets, p.Alias, p.CardProblem = nil, nil, nil, f.assets(), f.alias, f.cardProblem
	source, err := variantOf(ctx, tx, row.Value.Story)
	if err != nil {
		return err
	}
	p.Anonymous = source != ""
	for _, b := range c.Blocks {
		if b.Kind == domain.KindMetric && p.Metric == nil {
			p.Metric = b.Metric
		}
		if b.Kind == domain.KindImage && p.Image == nil {
			p.Image = b.Image
			if len(f.pictures) > 0 && f.pictures[0].Asset == b.Image.Asset {
				p.Picture = &f.pictures[0]
			}
		}
	}
	pub.Value = p
	if _, err := tables.PublishedStories.Put(ctx, tx, pub); err != nil {
		return err
	}
	return s.claimAssets(ctx, tx, row.ID, p.Assets)
}

// removeEdition takes down what is up of a text, if anything is.
func (s *Server) removeEdition(ctx context.Context, tx store.Writer, text string, by actor, why string) error {
	pub, err := tables.PublishedStories.GetForUpdate(ctx, tx, text)
	if store.IsNotFound(err) || (err == nil && pub.Value.Edition == "") {
		return nil
	}
	if err != nil {
		return err
	}
	now := s.now()
	edition := pub.Value.Edition
	if err := noteDown(ctx, tx, pub.Value, now); err != nil {
		return err
	}
	pub.Value.Edition, pub.Value.LiveSince, pub.Value.WithdrawnAt, pub.Value.UnpublishAt = "", 0, now, 0
	if _, err := tables.PublishedStories.Put(ctx, tx, pub); err != nil {
		return err
	}
	if err := s.releaseAssets(ctx, tx, text); err != nil {
		return err
	}
	if err := outbox.Cancel(ctx, tx, jobUnpublish+text); err != nil {
		return err
	}
	p := pub.Value
	details := map[string]string{"locale": p.Locale, "slug": p.Slug, "edition": edition, "reason": why}
	if err := noteLanguages(ctx, tx, p.Locale, details); err != nil {
		return err
	}
	return s.record(ctx, tx, happening{
		by: by, story: p.Story, subject: "stories/" + p.Story, action: "edition.withdrawn", event: EventWithdrawn, at: now, details: details,
	})
}

// noteDown notes that what is up of a text, if anything is, goes down at an instant; what ended by itself before did so then.
func noteDown(ctx context.Context, tx store.Writer, p tables.Published, at clock.Millis) error {
	if p.Edition == "" {
		return nil
	}
	row, err := tables.Editions.GetForUpdate(ctx, tx, p.Edition)
	if err != nil {
		return err
	}
	row.Value.DownAt = at
	if until := p.Until(); until != 0 {
		row.Value.DownAt = min(at, until)
	}
	_, err = tables.Editions.Put(ctx, tx, row)
	return err
}

// noteLanguages notes in an event's details that nothing is up in a language: before its first edition is, or after its last one was.
func noteLanguages(ctx context.Context, tx store.Reader, locale string, details map[string]string) error {
	_, err := tables.PublishedStories.First(ctx, tx, store.Query{Index: "live", Equal: []any{locale}})
	if store.IsNotFound(err) {
		details[detailLanguages] = "changed"
		return nil
	}
	return err
}

func quote(s string) string { return fmt.Sprintf("%q", s) }
