package server

import (
	"context"
	"fmt"
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	"renown.example/stories/domain"
	"renown.example/stories/leak"
	"renown.example/stories/tables"
)

// forming is what an edition is made of: a signed version, as it may be shown now.
type forming struct {
	version tables.Version
	consent domain.Consent
	// without are the clauses that the customer has taken back, and content is the signed one without them.
	without []domain.Clause
	content domain.Content
	// excerpts are spans of the content, none empty.
	excerpts domain.Excerpts
	slug     string
	// alias is the story's public name where its id may not be told; unsaid are the words that must not be.
	alias  string
	unsaid []leak.Term
	// pictures are those of the content, and card stands for it where it is shared; cardProblem says what the card leaves out. They are made by issue.
	pictures    []tables.Picture
	card        *tables.Picture
	cardProblem string
}

// name is the last part of the story's public name.
func (f forming) name(story string) string {
	if f.alias != "" {
		return f.alias
	}
	return story
}

// assets are all files that the edition shows.
func (f forming) assets() []string {
	var out []string
	for _, b := range f.content.Blocks {
		if b.Image != nil {
			out = append(out, b.Image.Asset)
		}
	}
	for _, p := range f.pictures {
		out = append(out, p.Assets()...)
	}
	if f.card != nil {
		out = append(out, f.card.Asset)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// publishable returns what could be published of the text at an instant, or says all that is missing.
func (s *Server) publishable(ctx context.Context, tx store.Writer, row store.Row[tables.Text], at clock.Millis) (forming, error) {
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
	return s.form(ctx, tx, row, v.Value, c, plainConsents(consents))
}

// form makes of a signed version what may be shown of it, or refuses with fault.NotPublishable what must not be.
func (s *Server) form(ctx context.Context, tx store.Writer, row store.Row[tables.Text], v tables.Version, c domain.Consent, of []domain.Consent) (forming, error) {
	story, err := tables.Stories.GetForUpdate(ctx, tx, row.Value.Story)
	if err != nil {
		return forming{}, err
	}
	f := forming{version: v, consent: c, content: v.Content, slug: row.Value.Slug, alias: story.Value.Alias, without: domain.TakenBack(c, of)}
	chosen := row.Value.Excerpts
	if len(f.without) > 0 {
		if chosen, err = s.reform(ctx, tx, row.Value, &f); err != nil {
			return f, err
		}
	}
	f.excerpts = chosen.Kept(plain(f.content)).Or(f.content)
	seen := shown{name: f.name(row.Value.Story), slug: f.slug, content: f.content, excerpts: f.excerpts}
	found, err := s.leaks(ctx, tx, row.Value.Story, seen)
	if err != nil {
		return f, err
	}
	if len(f.unsaid) > 0 {
		left, err := s.scan(ctx, tx, f.unsaid, seen)
		if err != nil {
			return f, err
		}
		found = append(found, left...)
	}
	return f, tellsNothing(found)
}

// issue makes an edition, puts it up in place of what is up, and tells the world. audit is what the audit calls it.
func (s *Server) issue(ctx context.Context, tx store.Writer, row store.Row[tables.Text], f forming, by actor, until clock.Millis, audit string) error {
	t, now := row.Value, s.now()
	before, err := published(ctx, tx, row.ID)
	if err != nil {
		return err
	}
	if err := s.address(ctx, tx, t.Locale, domain.Assignment{Story: t.Story, Slug: f.slug}); err != nil {
		return err
	}
	if err := s.hush(ctx, tx, t, f); err != nil {
		return err
	}
	if f.pictures, err = s.pictures(ctx, tx, f.content); err != nil {
		return err
	}
	if f.card, f.cardProblem, err = s.putCard(ctx, tx, row.ID, f); err != nil {
		return err
	}
	edition := id.New(s.Clock)
	if _, err := tables.Editions.Insert(ctx, tx, edition, editionOf(t, f, by, now)); err != nil {
		return err
	}
	details := map[string]string{"locale": t.Locale, "slug": f.slug, "edition": edition, "hash": f.version.Hash}
	if len(f.without) > 0 {
		details["without"] = fmt.Sprint(f.without)
	}
	if f.cardProblem != "" {
		details["card"] = f.cardProblem
	}
	if err := noteLanguages(ctx, tx, t.Locale, details); err != nil {
		return err
	}
	if err := s.put(ctx, tx, row, edition, f, until); err != nil {
		return err
	}
	// What is held of the story is held under the public name that it had until now.
	return s.record(ctx, tx, happening{
		by: by, story: t.Story, subject: "stories/" + t.Story, action: audit, event: EventPublished, at: now, details: aliased(details, before.Value.Alias), named: true,
	})
}

func editionOf(t tables.Text, f forming, by actor, now clock.Millis) tables.Edition {
	return tables.Edition{
		Story: t.Story, Locale: t.Locale, Slug: f.slug, Version: f.version.Number, Content: f.content, Hash: f.version.Hash, Consent: f.consent.ID, ConsentKind: f.consent.Kind,
		ConsentAt: f.consent.SignedAt, PublishedAt: now, PublishedBy: by.name, Without: f.without, Alias: f.alias, Excerpts: f.excerpts, HTML: fragment(f.content), Plain: plain(f.content),
		Pictures: f.pictures, Card: f.card,
		Markdown: string(domain.Format(domain.Document{Story: f.name(t.Story), Slug: f.slug, Content: f.content}, nil)),
	}
}
