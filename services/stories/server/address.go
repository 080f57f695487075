package server

import (
	"context"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// addresses shows the slugs of one locale to the rules. What it cannot read is remembered in err.
type addresses struct {
	ctx    context.Context
	tx     store.Writer
	locale string
	err    error
}

func (a *addresses) note(err error) bool {
	if err != nil && !store.IsNotFound(err) && a.err == nil {
		a.err = err
	}
	return err == nil
}

// Current implements domain.Addresses.
func (a *addresses) Current(story string) (string, bool) {
	row, err := tables.PublishedStories.GetForUpdate(a.ctx, a.tx, tables.TextID(story, a.locale))
	return row.Value.Slug, a.note(err)
}

// Owner implements domain.Addresses.
func (a *addresses) Owner(slug string) (string, bool) {
	row, err := tables.PublishedStories.First(a.ctx, a.tx, store.Query{Index: "by_slug", Equal: []any{a.locale, slug}})
	return row.Value.Story, a.note(err)
}

// Former implements domain.Addresses.
func (a *addresses) Former(slug string) (string, bool) {
	row, err := tables.Redirects.GetForUpdate(a.ctx, a.tx, a.locale+"/"+slug)
	return row.Value.Story, a.note(err)
}

// Redirects implements domain.Addresses.
func (a *addresses) Redirects(story string) []string {
	p, err := tables.Redirects.Find(a.ctx, a.tx, store.Query{Index: "by_story", Equal: []any{story, a.locale}})
	a.note(err)
	var slugs []string
	for _, r := range p.Rows {
		slugs = append(slugs, r.Value.Slug)
	}
	return slugs
}

// addressing decides what becomes of slugs and redirects, or says which slug cannot be given.
func addressing(ctx context.Context, tx store.Writer, locale string, changes ...domain.Assignment) (domain.AddressPlan, error) {
	view := &addresses{ctx: ctx, tx: tx, locale: locale}
	plan, err := domain.Assign(view, changes...)
	if view.err != nil {
		return plan, view.err
	}
	return plan, err
}

// address gives stories their slugs and keeps their former ones leading to them.
func (s *Server) address(ctx context.Context, tx store.Writer, locale string, changes ...domain.Assignment) error {
	plan, err := addressing(ctx, tx, locale, changes...)
	if err != nil {
		return err
	}
	for _, slug := range plan.Remove {
		row, err := tables.Redirects.GetForUpdate(ctx, tx, locale+"/"+slug)
		if err != nil {
			return err
		}
		if err := tables.Redirects.Delete(ctx, tx, row); err != nil {
			return err
		}
	}
	if err := assignSlugs(ctx, tx, locale, plan.Slugs); store.ViolatedIndex(err) == "by_slug" {
		return fault.AlreadyExists.New("Another story was given the slug at the same moment. Choose another.").
			With(fault.Field{Path: "slug", Message: "belongs to another story"})
	} else if err != nil {
		return err
	}
	for _, r := range plan.Set {
		key := locale + "/" + r.From
		_, err := tables.Redirects.GetForUpdate(ctx, tx, key)
		if err == nil {
			// It leads to the story, not to a slug, so it is right already.
			continue
		}
		if !store.IsNotFound(err) {
			return err
		}
		if _, err := tables.Redirects.Insert(ctx, tx, key, tables.Redirect{Locale: locale, Slug: r.From, Story: r.Story, At: s.now()}); err != nil {
			return err
		}
	}
	return nil
}

// assignSlugs sets slugs in two passes, since two stories that exchange theirs would meet on the unique index in one.
func assignSlugs(ctx context.Context, tx store.Writer, locale string, list []domain.Assignment) error {
	for pass, final := range []bool{false, true} {
		for _, a := range list {
			textID := tables.TextID(a.Story, locale)
			row, err := tables.PublishedStories.GetForUpdate(ctx, tx, textID)
			missing := store.IsNotFound(err)
			if err != nil && !missing {
				return err
			}
			slug := a.Slug
			if !final {
				// No story can be published under this one: it is no valid slug.
				slug = "~" + textID
			}
			if missing && pass == 0 {
				_, err = tables.PublishedStories.Insert(ctx, tx, textID, tables.Published{Story: a.Story, Locale: locale, Slug: slug})
			} else {
				row.Value.Slug = slug
				_, err = tables.PublishedStories.Put(ctx, tx, row)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// SwapSlugs exchanges the slugs of two published stories.
func (s *Server) SwapSlugs(ctx context.Context, req *storiesv1.SwapSlugsRequest) (*storiesv1.SwapSlugsResponse, error) {
	if req.GetStory() == req.GetOtherStory() {
		return nil, fault.Invalid("otherStory", "name another story")
	}
	locale := domain.CanonicalLocale(req.GetLocale())
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.SwapSlugsResponse, error) {
		one, err := s.liveForUpdate(ctx, tx, "story", req.GetStory(), locale)
		if err != nil {
			return nil, err
		}
		other, err := s.liveForUpdate(ctx, tx, "otherStory", req.GetOtherStory(), locale)
		if err != nil {
			return nil, err
		}
		err = s.address(ctx, tx, locale, domain.Assignment{Story: one.Value.Story, Slug: other.Value.Slug}, domain.Assignment{Story: other.Value.Story, Slug: one.Value.Slug})
		if err != nil {
			return nil, err
		}
		for _, swapped := range []struct{ story, slug string }{{one.Value.Story, other.Value.Slug}, {other.Value.Story, one.Value.Slug}} {
			if err := s.mayHave(ctx, tx, swapped.story, locale, swapped.slug); err != nil {
				return nil, err
			}
			if err := s.reslug(ctx, tx, swapped.story, locale, swapped.slug); err != nil {
				return nil, err
			}
		}
		return &storiesv1.SwapSlugsResponse{Slug: other.Value.Slug, OtherSlug: one.Value.Slug}, nil
	})
}

func (s *Server) liveForUpdate(ctx context.Context, tx store.Writer, field, story, locale string) (store.Row[tables.Published], error) {
	row, err := tables.PublishedStories.GetForUpdate(ctx, tx, tables.TextID(story, locale))
	if store.IsNotFound(err) || (err == nil && !row.Value.Live(s.now())) {
		return row, fault.NotFound.New("The story %q is not published in %q.", story, locale).With(fault.Field{Path: field, Message: "it is not published"})
	}
	return row, err
}

// reslug lets the working text follow a change of its story's slug, and says so.
func (s *Server) reslug(ctx context.Context, tx store.Writer, story, locale, slug string) error {
	row, err := textForUpdate(ctx, tx, story, locale)
	if err != nil {
		return err
	}
	row.Value.Slug, row.Value.UpdatedAt = slug, s.now()
	if _, err := tables.Texts.Put(ctx, tx, row); err != nil {
		return err
	}
	return s.record(ctx, tx, happening{
		by: who(ctx), story: story, subject: "stories/" + story, action: "edition.moved", event: EventMoved, at: s.now(),
		details: map[string]string{"locale": locale, "slug": slug},
	})
}
