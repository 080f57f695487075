package server

import (
	"context"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/leak"
	"renown.example/stories/tables"
)

// reform takes out of an edition to be what the customer has taken back, and finds an address and a name that do not tell it. It returns the excerpts that were
// chosen as they are then.
func (s *Server) reform(ctx context.Context, tx store.Writer, t tables.Text, f *forming) (domain.Excerpts, error) {
	r, err := s.reforming(ctx, tx, t.Story, f.without)
	if err != nil {
		return t.Excerpts, err
	}
	signed := f.content
	if f.content, err = domain.Reform(signed, r); err != nil {
		return t.Excerpts, err
	}
	if !slices.Contains(f.without, domain.ClauseName) {
		return t.Excerpts, nil
	}
	f.unsaid = domain.Terms(r.NameTerms(signed))
	if f.alias == "" && tellsAny(f.unsaid, t.Story) {
		f.alias = s.unsaying(f.unsaid)
	}
	if tellsAny(f.unsaid, f.slug) {
		f.slug, err = s.slugWithout(ctx, tx, t, *f)
	}
	return r.Reexcerpt(signed, t.Excerpts), err
}

// reforming gathers what re-forming depends on: names and logos in every language of the story.
func (s *Server) reforming(ctx context.Context, tx store.Reader, story string, without []domain.Clause) (domain.Reforming, error) {
	r := domain.Reforming{Clauses: without, Logos: map[string]bool{}}
	decided, err := tables.Protections.Get(ctx, tx, story)
	if ignoreMissing(err) != nil {
		return r, err
	}
	r.Exempt = decided.Value.Exempt
	texts, err := tables.Texts.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{story}, Limit: most})
	if err != nil {
		return r, err
	}
	for _, t := range texts.Rows {
		contents, err := s.contentsOf(ctx, tx, t)
		if err != nil {
			return r, err
		}
		for _, c := range contents {
			r.Names = append(r.Names, c.Customer)
			for _, b := range c.Blocks {
				if b.Image != nil && b.Image.Logo {
					r.Logos[b.Image.Asset] = true
				}
			}
		}
	}
	return r, nil
}

// tellsAny reports whether a word of an address tells one of the terms.
func tellsAny(terms []leak.Term, address string) bool {
	return len(leak.New(terms).Scan([]leak.Output{{Text: address, Address: true}})) > 0
}

// unsaying returns a name that tells nothing: an id, of which not even two letters are somebody's initials.
func (s *Server) unsaying(terms []leak.Term) string {
	name := id.New(s.Clock)
	for range 8 {
		if !tellsAny(terms, name) {
			break
		}
		name = id.New(s.Clock)
	}
	return name
}

// slugWithout returns a slug that tells none of what is unsaid and that no other story has or had.
func (s *Server) slugWithout(ctx context.Context, tx store.Writer, t tables.Text, f forming) (string, error) {
	free := func(slug string) bool {
		_, err := addressing(ctx, tx, t.Locale, domain.Assignment{Story: t.Story, Slug: slug})
		return err == nil
	}
	if slug := domain.Slugify(f.content.Title, t.Locale); slug != "" && !tellsAny(f.unsaid, slug) && free(slug) {
		return slug, nil
	}
	if slug := s.unsaying(f.unsaid); free(slug) {
		return slug, nil
	}
	return "", fault.Conflict.New("no address could be found for the story without its customer's name")
}

// hush gives the story the public name that an edition needs, and closes the former addresses that tell what it does not.
func (s *Server) hush(ctx context.Context, tx store.Writer, t tables.Text, f forming) error {
	if f.alias != "" {
		story, err := tables.Stories.GetForUpdate(ctx, tx, t.Story)
		if err != nil {
			return err
		}
		if story.Value.Alias != f.alias {
			story.Value.Alias = f.alias
			if _, err := tables.Stories.Put(ctx, tx, story); err != nil {
				return err
			}
			if err := s.discloseUnder(ctx, tx, t.Story, f.alias); err != nil {
				return err
			}
		}
	}
	if len(f.unsaid) == 0 {
		return nil
	}
	former, err := tables.Redirects.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{t.Story, t.Locale}})
	if err != nil {
		return err
	}
	for _, r := range former.Rows {
		if r.Value.Gone || !tellsAny(f.unsaid, r.Value.Slug) {
			continue
		}
		row, err := tables.Redirects.GetForUpdate(ctx, tx, r.ID)
		if err != nil {
			return err
		}
		row.Value.Gone = true
		if _, err := tables.Redirects.Put(ctx, tx, row); err != nil {
			return err
		}
	}
	return nil
}

// reshow puts what is up of a text up again where clauses were taken back or given again. What cannot be shown without them is withdrawn.
func (s *Server) reshow(ctx context.Context, tx store.Writer, text string, by actor) error {
	pub, err := published(ctx, tx, text)
	if err != nil || !pub.Value.Live(s.now()) {
		return err
	}
	edition, err := tables.Editions.Get(ctx, tx, pub.Value.Edition)
	if err != nil {
		return err
	}
	rows, err := consentsOf(ctx, tx, text)
	if err != nil {
		return err
	}
	all := plainConsents(rows)
	rests, err := domain.Require(all, pub.Value.Locale, edition.Value.Hash, s.now())
	if fault.Has(err, fault.NotPublishable) {
		// Nothing carries it any more: the end of the consent takes it down.
		return nil
	}
	if err != nil || !domain.EffectOfPart(rests, all, edition.Value.Without).Reform {
		return err
	}
	row, err := tables.Texts.GetForUpdate(ctx, tx, text)
	if err != nil {
		return err
	}
	err = s.reissueOn(ctx, tx, row, pub.Value, rests, by, "edition.reformed")
	if !fault.Has(err, fault.NotPublishable) {
		return err
	}
	const why = "a part of the consent was taken back, and the text cannot stand without it"
	if row.Value.State == domain.Published && row.Value.Hash == edition.Value.Hash {
		if err := s.settle(ctx, tx, row, domain.Withdrawn, by, "text.withdrawn", why); err != nil {
			return err
		}
	}
	return s.removeEdition(ctx, tx, text, by, why)
}

// discreet drops marks whose evidence tells what their edition does not say.
func (s *Server) discreet(ctx context.Context, tx store.Reader, e tables.Edition, marks []*storiesv1.VerifiedMetric) ([]*storiesv1.VerifiedMetric, error) {
	if len(marks) == 0 {
		return marks, nil
	}
	terms, err := s.unsaidBy(ctx, tx, e)
	if err != nil {
		return nil, err
	}
	scanner := leak.New(terms)
	return slices.DeleteFunc(marks, func(m *storiesv1.VerifiedMetric) bool {
		return len(scanner.Scan([]leak.Output{{Text: m.GetEvidenceLine()}})) > 0
	}), nil
}
