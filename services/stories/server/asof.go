package server

import (
	"context"
	"slices"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// past reads the instant that a story is asked for, 0 if it is asked for as it is.
func (s *Server) past(req *storiesv1.GetPublishedStoryRequest) (clock.Millis, error) {
	at, err := instant("asOf", req.GetAsOf())
	if err == nil && at > s.now() {
		err = fault.Invalid("asOf", "it lies in the future")
	}
	return at, err
}

// asOf returns the edition that was up at an instant. Nothing of the answer depends on what happened since: it is the same bytes for as long as it is given. It is
// given while the story is up and a live consent covers the edition's words.
func (s *Server) asOf(ctx context.Context, tx store.Reader, p tables.Published, at clock.Millis) (*storiesv1.GetPublishedStoryResponse, error) {
	e, err := upAt(ctx, tx, p, at)
	if err != nil {
		return nil, err
	}
	if e.ID == "" {
		return nil, fault.NotFound.New("Nothing of this story was published at %s.", at.Time().Format("2006-01-02T15:04:05Z"))
	}
	consents, err := consentsOf(ctx, tx, tables.TextID(p.Story, p.Locale))
	if err != nil {
		return nil, err
	}
	until, agreed := s.agreed(e, p, plainConsents(consents))
	if !agreed {
		return nil, withdrawn()
	}
	return &storiesv1.GetPublishedStoryResponse{Story: editionAlone(e), ValidUntilTime: timestamp(until)}, nil
}

// sameInstant is how many editions of one text are looked at that may have gone up in one millisecond.
const sameInstant = 8

// upAt returns the edition that was up at an instant; its id is empty if none was. Of those of one instant it is the one that stayed.
func upAt(ctx context.Context, tx store.Reader, p tables.Published, at clock.Millis) (store.Row[tables.Edition], error) {
	found, err := tables.Editions.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{p.Story, p.Locale}, Before: at + 1, Descending: true, Limit: sameInstant})
	if err != nil {
		return store.Row[tables.Edition]{}, err
	}
	for _, e := range found.Rows {
		if e.Value.DownAt == 0 || e.Value.DownAt > at {
			return e, nil
		}
	}
	return store.Row[tables.Edition]{}, nil
}

// agreed reports whether an edition of a story that is up may be read now, and until when.
func (s *Server) agreed(e store.Row[tables.Edition], p tables.Published, consents []domain.Consent) (until clock.Millis, ok bool) {
	c, err := domain.Require(consents, e.Value.Locale, e.Value.Hash, s.now())
	if err != nil {
		return 0, false
	}
	// What shows more than the customer allows now is as good as withdrawn.
	for _, clause := range domain.TakenBack(c, consents) {
		if !slices.Contains(e.Value.Without, clause) {
			return 0, false
		}
	}
	until = p.Until()
	if c.Ends != 0 && (until == 0 || c.Ends < until) {
		until = c.Ends
	}
	return until, true
}

// editionAlone is an edition without anything that stands around it.
func editionAlone(row store.Row[tables.Edition]) *storiesv1.PublishedStory {
	e := row.Value
	summary := &storiesv1.PublishedSummary{
		Name: e.Name(), Slug: e.Slug, Locale: e.Locale, Title: e.Content.Title, Summary: e.Content.Summary, Customer: e.Content.Customer,
		Industry: e.Content.Industry, Region: e.Content.Region, Product: e.Content.Product, UseCase: e.Content.UseCase, PublishTime: timestamp(e.PublishedAt), Version: e.Version,
	}
	for _, b := range e.Content.Blocks {
		if b.Kind == domain.KindImage && summary.Image == nil {
			summary.Image = imageToProto(b.Image)
			if len(e.Pictures) > 0 && e.Pictures[0].Asset == b.Image.Asset {
				summary.Picture = pictureToProto(&e.Pictures[0])
			}
		}
		if b.Kind == domain.KindMetric && summary.Metric == nil {
			summary.Metric = metricToProto(b.Metric)
		}
	}
	return &storiesv1.PublishedStory{
		Summary: summary, Content: contentToProto(e.Content), Html: e.HTML, Markdown: e.Markdown, ContentHash: e.Hash, ConsentKind: kindToProto[e.ConsentKind],
		ConsentTime: timestamp(e.ConsentAt), Edition: "editions/" + row.ID, Excerpts: excerptsToProto(e.Excerpts.Or(e.Content)),
		WithdrawnClauses: clausesToProto(e.Without), Pictures: picturesToProto(e.Pictures), Card: pictureToProto(e.Card),
	}
}

// mostEditions is how many editions are listed.
const mostEditions = 100

// ListPublishedEditions lists the editions of a story that may still be read.
func (s *Server) ListPublishedEditions(ctx context.Context, req *storiesv1.ListPublishedEditionsRequest) (*storiesv1.ListPublishedEditionsResponse, error) {
	asked := &storiesv1.GetPublishedStoryRequest{Slug: req.GetSlug(), Locale: req.GetLocale()}
	resp, err := s.GetPublishedStory(ctx, asked)
	if err != nil {
		return nil, err
	}
	up := resp.GetStory().GetSummary()
	if up.GetSlug() != req.GetSlug() {
		return nil, fault.NotFound.New("There is no story at %q in this language.", req.GetSlug())
	}
	about := func(r *storiesv1.ListPublishedEditionsResponse) spared {
		return spared{names: []string{r.GetName()}, text: tables.TextID(r.GetName(), r.GetLocale())}
	}
	return orSpare(s, "editions/"+up.GetLocale()+"/"+up.GetSlug(), about, func() (*storiesv1.ListPublishedEditionsResponse, error) { return s.listEditions(ctx, up) })
}

func (s *Server) listEditions(ctx context.Context, up *storiesv1.PublishedSummary) (*storiesv1.ListPublishedEditionsResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListPublishedEditionsResponse, error) {
		out := &storiesv1.ListPublishedEditionsResponse{Name: up.GetName(), Locale: up.GetLocale()}
		pub, err := tables.PublishedStories.First(ctx, tx, store.Query{Index: "by_slug", Equal: []any{up.GetLocale(), up.GetSlug()}})
		if err != nil {
			return nil, err
		}
		consents, err := consentsOf(ctx, tx, pub.ID)
		if err != nil {
			return nil, err
		}
		found, err := tables.Editions.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{pub.Value.Story, pub.Value.Locale}, Descending: true, Limit: mostEditions})
		if err != nil {
			return nil, err
		}
		for _, row := range found.Rows {
			if _, ok := s.agreed(row, pub.Value, plainConsents(consents)); ok {
				out.Editions = append(out.Editions, &storiesv1.PublishedEdition{
					Name: "editions/" + row.ID, Version: row.Value.Version, ContentHash: row.Value.Hash, PublishTime: timestamp(row.Value.PublishedAt), DownTime: timestamp(row.Value.DownAt),
				})
			}
		}
		return out, nil
	})
}
