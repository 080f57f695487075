package server

import (
	"context"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// forming is what an edition is made of: a signed version, as it may be shown now.
type forming struct {
	version tables.Version
	consent domain.Consent
	content domain.Content
	// excerpts are spans of the content, none empty.
	excerpts domain.Excerpts
	slug     string
}

// publishable returns what could be published of the text at an instant, or says all that is missing.
func (s *Server) publishable(ctx context.Context, tx store.Reader, row store.Row[tables.Text], at clock.Millis) (forming, error) {
	v, err := version(ctx, tx, row.ID, row.Value.Version)
	if err != nil {
		return forming{}, err
	}
	// The state comes first: "approve it" helps more than "the consent is missing" while nobody has read it yet.
	if st := row.Value.State; st != domain.Approved && st != domain.Scheduled {
		_, err := domain.Next(st, domain.Publish, false)
		return forming{}, err
	}
	if err := domain.ValidatePublishable(v.Value.Content); err != nil {
		return forming{}, err
	}
	consents, err := consentsOf(ctx, tx, row.ID)
	if err != nil {
		return forming{}, err
	}
	c, err := domain.Require(plainConsents(consents), row.Value.Locale, row.Value.Hash, at)
	if err != nil {
		return forming{}, err
	}
	if err := domain.CheckExcerpts(plain(v.Value.Content), row.Value.Excerpts, fault.NotPublishable); err != nil {
		return forming{}, err
	}
	f := s.form(row, v.Value, c)
	found, err := s.leaks(ctx, tx, row.Value.Story, shown{name: row.Value.Story, slug: f.slug, content: f.content, excerpts: f.excerpts})
	if err != nil {
		return forming{}, err
	}
	return f, tellsNothing(found)
}

// form makes of a signed version what may be shown of it.
func (s *Server) form(row store.Row[tables.Text], v tables.Version, c domain.Consent) forming {
	f := forming{version: v, consent: c, content: v.Content, slug: row.Value.Slug}
	f.excerpts = row.Value.Excerpts.Kept(plain(f.content)).Or(f.content)
	return f
}

// issue makes an edition, puts it up in place of what is up, and tells the world. audit is what the audit calls it.
func (s *Server) issue(ctx context.Context, tx store.Writer, row store.Row[tables.Text], f forming, by actor, until clock.Millis, audit string) error {
	t, now := row.Value, s.now()
	if err := s.address(ctx, tx, t.Locale, domain.Assignment{Story: t.Story, Slug: f.slug}); err != nil {
		return err
	}
	edition := id.New(s.Clock)
	if _, err := tables.Editions.Insert(ctx, tx, edition, editionOf(t, f, by, now)); err != nil {
		return err
	}
	details := map[string]string{"locale": t.Locale, "slug": f.slug, "edition": edition, "hash": f.version.Hash}
	if err := noteLanguages(ctx, tx, t.Locale, details); err != nil {
		return err
	}
	if err := s.put(ctx, tx, row, edition, f, until); err != nil {
		return err
	}
	return s.record(ctx, tx, happening{
		by: by, story: t.Story, subject: "stories/" + t.Story, action: audit, event: EventPublished, at: now, details: details,
	})
}

func editionOf(t tables.Text, f forming, by actor, now clock.Millis) tables.Edition {
	return tables.Edition{
		Story: t.Story, Locale: t.Locale, Slug: f.slug, Version: f.version.Number, Content: f.content, Hash: f.version.Hash, Consent: f.consent.ID, ConsentKind: f.consent.Kind,
		ConsentAt: f.consent.SignedAt, PublishedAt: now, PublishedBy: by.name, Excerpts: f.excerpts, HTML: fragment(f.content), Plain: plain(f.content),
		Markdown: string(domain.Format(domain.Document{Story: t.Story, Slug: f.slug, Content: f.content}, nil)),
	}
}
