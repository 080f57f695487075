package server

import (
	"context"
	"slices"

	"google.golang.org/genproto/googleapis/api/httpbody"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

func publishedSummary(p tables.Published) *storiesv1.PublishedSummary {
	return &storiesv1.PublishedSummary{
		Name: p.Name(), Slug: p.Slug, Locale: p.Locale, Title: p.Title, Summary: p.Summary, Customer: p.Customer, Industry: p.Industry,
		Region: p.Region, Product: p.Product, UseCase: p.UseCase, PublishTime: timestamp(p.LiveSince), FirstPublishTime: timestamp(p.FirstAt), Image: imageToProto(p.Image),
		Version: p.Version, Metric: metricToProto(p.Metric), Picture: pictureToProto(p.Picture),
	}
}

// GetPublishedStory returns an edition by its address.
func (s *Server) GetPublishedStory(ctx context.Context, req *storiesv1.GetPublishedStoryRequest) (*storiesv1.GetPublishedStoryResponse, error) {
	locale := domain.CanonicalLocale(req.GetLocale())
	if req.GetLocale() == "" {
		locale = s.Locales[0]
	}
	if !domain.ValidLocale(locale) {
		return nil, fault.Invalid("locale", "%q is not a language tag such as en or pt-BR", req.GetLocale())
	}
	asOf, err := s.past(req)
	if err != nil {
		return nil, err
	}
	if asOf != 0 {
		return s.getPublished(ctx, locale, req.GetSlug(), asOf)
	}
	return orSpare(s, "story/"+locale+"/"+req.GetSlug(), aboutStory, func() (*storiesv1.GetPublishedStoryResponse, error) {
		return s.getPublished(ctx, locale, req.GetSlug(), 0)
	})
}

// aboutStory says what a reply depends on.
func aboutStory(r *storiesv1.GetPublishedStoryResponse) spared {
	up := r.GetStory().GetSummary()
	x := spared{names: []string{up.GetName()}, text: tables.TextID(up.GetName(), up.GetLocale())}
	for _, beside := range r.GetStory().GetRelated() {
		x.names = append(x.names, beside.GetStory().GetName())
	}
	if until := r.GetValidUntilTime(); until != nil {
		x.until = clock.At(until.AsTime())
	}
	return x
}

func (s *Server) getPublished(ctx context.Context, locale, slug string, asOf clock.Millis) (*storiesv1.GetPublishedStoryResponse, error) {
	// What is up, and what stands beside it, is looked up in the catalogue, which must know what was committed before.
	if err := s.shelves.sync(ctx); err != nil {
		return nil, err
	}
	up := s.shelves.At(locale, slug)
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetPublishedStoryResponse, error) {
		if asOf == 0 && up != nil && up.Published.Live(s.now()) {
			st, err := s.edition(ctx, tx, up.Published)
			return &storiesv1.GetPublishedStoryResponse{Story: st, ValidUntilTime: st.GetNextChangeTime()}, err
		}
		pub, err := tables.PublishedStories.First(ctx, tx, store.Query{Index: "by_slug", Equal: []any{locale, slug}})
		if store.IsNotFound(err) {
			resp, err := s.elsewhere(ctx, tx, locale, slug)
			if asOf != 0 && err == nil {
				return nil, fault.NotFound.New("There is no story at %q in this language.", slug)
			}
			return resp, err
		}
		if err != nil {
			return nil, err
		}
		if !pub.Value.Live(s.now()) {
			return nil, withdrawn()
		}
		if asOf != 0 {
			return s.asOf(ctx, tx, pub.Value, asOf)
		}
		st, err := s.edition(ctx, tx, pub.Value)
		return &storiesv1.GetPublishedStoryResponse{Story: st, ValidUntilTime: st.GetNextChangeTime()}, err
	})
}

func withdrawn() error {
	return fault.Withdrawn.New("This story was published here and has been withdrawn.")
}

// elsewhere answers for a slug that no story has in this language: it may be a former one, or that of another language.
func (s *Server) elsewhere(ctx context.Context, tx store.Reader, locale, slug string) (*storiesv1.GetPublishedStoryResponse, error) {
	missing := fault.NotFound.New("There is no story at %q.", slug)
	former, err := tables.Redirects.Get(ctx, tx, locale+"/"+slug)
	if err == nil {
		pub, err := published(ctx, tx, tables.TextID(former.Value.Story, locale))
		if err != nil {
			return nil, err
		}
		if !pub.Value.Live(s.now()) || former.Value.Gone {
			return nil, withdrawn()
		}
		return nil, moved(pub.Value)
	}
	if !store.IsNotFound(err) {
		return nil, err
	}
	others, err := tables.PublishedStories.Find(ctx, tx, store.Query{Index: "by_any_slug", Equal: []any{slug}, Limit: most})
	if err != nil {
		return nil, err
	}
	// Several stories may have this slug, each in a language of its own: the first that can be read answers, and only where none can, one that is gone.
	var refusal error = missing
	for _, other := range others.Rows {
		resp, err := s.inAnotherLanguage(ctx, tx, other.Value.Story, locale, missing)
		if err == nil || !fault.Has(err, fault.Withdrawn) && !fault.Has(err, fault.NotFound) {
			return resp, err
		}
		if fault.Has(err, fault.Withdrawn) {
			refusal = err
		}
	}
	return nil, refusal
}

func moved(p tables.Published) error {
	return fault.Moved.New("This story has another address now.").WithMeta("slug", p.Slug).WithMeta("locale", p.Locale).
		WithMeta("location", "/v1/stories/"+p.Slug+"?locale="+p.Locale)
}

// inAnotherLanguage answers for a story asked for by the slug that it has in another language: at its own address if it is up in the language asked for, gone if
// it was withdrawn there, else in the language that comes next.
func (s *Server) inAnotherLanguage(ctx context.Context, tx store.Reader, story, locale string, missing error) (*storiesv1.GetPublishedStoryResponse, error) {
	p, err := tables.PublishedStories.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{story}, Limit: most})
	if err != nil {
		return nil, err
	}
	rows := map[string]tables.Published{}
	for _, r := range p.Rows {
		rows[r.Value.Locale] = r.Value
	}
	picked, standing := domain.Pick(locale, s.Locales, func(l string) domain.Standing {
		row, ok := rows[l]
		switch {
		case !ok:
			return domain.NeverPublished
		case row.Live(s.now()):
			return domain.Up
		}
		return domain.Gone
	})
	switch {
	case standing == domain.Gone:
		return nil, withdrawn()
	case standing != domain.Up:
		return nil, missing
	case picked == locale:
		return nil, moved(rows[picked])
	}
	st, err := s.edition(ctx, tx, rows[picked])
	if err != nil {
		return nil, err
	}
	st.FallbackFor = locale
	return &storiesv1.GetPublishedStoryResponse{Story: st, ValidUntilTime: st.GetNextChangeTime()}, nil
}

// edition is what is up of a story in one language, with what stands around it.
func (s *Server) edition(ctx context.Context, tx store.Reader, p tables.Published) (*storiesv1.PublishedStory, error) {
	row, err := tables.Editions.Get(ctx, tx, p.Edition)
	if err != nil {
		return nil, err
	}
	e := row.Value
	out := &storiesv1.PublishedStory{
		Summary: publishedSummary(p), Content: contentToProto(e.Content), Html: e.HTML, Markdown: e.Markdown, ContentHash: e.Hash,
		ConsentKind: kindToProto[e.ConsentKind], ConsentTime: timestamp(e.ConsentAt), ConsentEndTime: timestamp(p.ConsentEnds),
		Edition: "editions/" + p.Edition, Pictures: picturesToProto(e.Pictures), Card: pictureToProto(e.Card),
		// What was published before there were excerpts has none of its own.
		Excerpts: excerptsToProto(e.Excerpts.Or(e.Content)), WithdrawnClauses: clausesToProto(e.Without),
	}
	marks, stale, err := s.verified(ctx, tx, p.Story, e.Content)
	if err != nil {
		return nil, err
	}
	if out.Verified, err = s.discreet(ctx, tx, e, marks); err != nil {
		return nil, err
	}
	if out.Disclosure, err = disclosureOf(ctx, tx, p); err != nil {
		return nil, err
	}
	next := s.shelves.nextOf(p)
	if stale != 0 && (next == 0 || stale < next) {
		next = stale
	}
	out.NextChangeTime = timestamp(next)
	out.Related, out.Summary.Terms = s.relatedTo(p), s.shelves.Terms(tables.TextID(p.Story, p.Locale))
	for _, sib := range s.shelves.Languages(p.Story) {
		if sib.Published.Live(s.now()) && sib.Published.Locale != p.Locale {
			out.Alternates = append(out.Alternates, &storiesv1.Alternate{Locale: sib.Published.Locale, Slug: sib.Published.Slug, Title: sib.Published.Title})
		}
	}
	slices.SortFunc(out.Alternates, func(a, b *storiesv1.Alternate) int { return s.rank(a.GetLocale()) - s.rank(b.GetLocale()) })
	return out, nil
}

// rank orders languages as they are configured, unknown ones last.
func (s *Server) rank(locale string) int {
	if i := slices.Index(s.Locales, locale); i >= 0 {
		return i
	}
	return len(s.Locales)
}

// GetPublishedAsset returns a picture that some edition shows now.
func (s *Server) GetPublishedAsset(ctx context.Context, req *storiesv1.GetPublishedAssetRequest) (*storiesv1.GetPublishedAssetResponse, error) {
	return orSpare(s, "asset/"+req.GetAsset(), aboutAsset, func() (*storiesv1.GetPublishedAssetResponse, error) {
		return s.getAsset(ctx, req.GetAsset())
	})
}

func aboutAsset(r *storiesv1.GetPublishedAssetResponse) spared {
	x := spared{names: r.GetStories()}
	if until := r.GetValidUntilTime(); until != nil {
		x.until = clock.At(until.AsTime())
	}
	return x
}

func (s *Server) getAsset(ctx context.Context, asset string) (*storiesv1.GetPublishedAssetResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetPublishedAssetResponse, error) {
		uses, err := tables.AssetUses.Find(ctx, tx, store.Query{Index: "by_asset", Equal: []any{asset}})
		if err != nil {
			return nil, err
		}
		var shownBy []string
		var until clock.Millis // when the last of them goes by itself
		for _, use := range uses.Rows {
			pub, err := published(ctx, tx, use.Value.Text)
			if err != nil {
				return nil, err
			}
			if pub.Value.Live(s.now()) {
				if end := pub.Value.Until(); len(shownBy) == 0 || until != 0 && (end == 0 || end > until) {
					until = end
				}
				shownBy = append(shownBy, pub.Value.Name())
			}
		}
		if len(shownBy) > 0 {
			a, err := tables.Assets.Get(ctx, tx, asset)
			if err != nil {
				return nil, err
			}
			slices.Sort(shownBy)
			return &storiesv1.GetPublishedAssetResponse{
				Body: &httpbody.HttpBody{ContentType: a.Value.ContentType, Data: a.Value.Data}, Stories: slices.Compact(shownBy), ValidUntilTime: timestamp(until),
			}, nil
		}
		if len(uses.Rows) > 0 {
			return nil, withdrawn()
		}
		if _, err := tables.WithdrawnAssets.Get(ctx, tx, asset); err == nil {
			return nil, fault.Withdrawn.New("This picture was published here and has been withdrawn.")
		} else if !store.IsNotFound(err) {
			return nil, err
		}
		return nil, fault.NotFound.New("There is no picture %q.", asset)
	})
}
