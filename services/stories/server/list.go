package server

import (
	"context"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/page"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/catalog"
	"renown.example/stories/domain"
	"renown.example/stories/taxonomy"
)

// partialFor is how long, in milliseconds, an answer of an index that is not whole yet may be kept: nothing tells when it has become whole.
const partialFor = 1000

// ListPublishedStories lists what is up in one language, narrowed by words and terms.
func (s *Server) ListPublishedStories(ctx context.Context, req *storiesv1.ListPublishedStoriesRequest) (*storiesv1.ListPublishedStoriesResponse, error) {
	p, f, err := s.listParams(req)
	if err != nil {
		return nil, err
	}
	if err := s.shelves.sync(ctx); err != nil {
		return nil, err
	}
	p.Now = s.now()
	var search *storiesv1.Search
	if strings.TrimSpace(req.GetQuery()) != "" {
		f, whole := s.shelves.find(ctx, p.Locale, req.GetQuery(), p.Now)
		search = &storiesv1.Search{Query: f.Query, CorrectedFrom: f.CorrectedFrom, Partial: !whole}
		if f.Query != "" { // else there is no word in it, and nothing is narrowed
			p.Matches = f
		}
	}
	next := s.shelves.nextChange(p.Now)
	if again := p.Now + partialFor; search.GetPartial() && (next == 0 || again < next) {
		next = again
	}
	found := s.shelves.List(p)
	if search != nil {
		search.TotalSize = int32(found.Found)
	}
	resp := &storiesv1.ListPublishedStoriesResponse{
		NextPageToken: s.pages.Issue(found.Next, f), TotalSize: int32(found.Total), Locale: p.Locale, Locales: found.Locales,
		NextChangeTime: timestamp(next), Stories: make([]*storiesv1.PublishedSummary, len(found.Entries)), Facets: facetsToProto(found), Loosenings: looseningsToProto(req, found), Search: search,
	}
	for i, e := range found.Entries {
		resp.Stories[i] = e.Summary
	}
	return resp, nil
}

// listParams reads what a list is asked for.
func (s *Server) listParams(req *storiesv1.ListPublishedStoriesRequest) (p catalog.Params, f page.Filter, err error) {
	p.Locale = domain.CanonicalLocale(req.GetLocale())
	if req.GetLocale() == "" {
		p.Locale = s.Locales[0]
	}
	if !domain.ValidLocale(p.Locale) {
		return p, f, fault.Invalid("locale", "%q is not a language tag such as en or pt-BR", req.GetLocale())
	}
	p.Chosen = taxonomy.Written(req.GetIndustry(), req.GetRegion(), req.GetProduct(), req.GetUseCase())
	p.Size, p.After, f, err = s.pages.Read(req, 20, 100)
	return p, f, err
}

func facetsToProto(p catalog.Page) []*storiesv1.Facet {
	out := make([]*storiesv1.Facet, 0, len(p.Facets))
	for x, counts := range p.Facets {
		f := &storiesv1.Facet{Taxonomy: taxonomy.Names()[x], Terms: make([]*storiesv1.FacetTerm, len(counts))}
		for i, c := range counts {
			f.Terms[i] = &storiesv1.FacetTerm{Id: c.ID, Label: c.Label, Count: int32(c.Entries), Selected: c.Selected}
		}
		out = append(out, f)
	}
	return out
}

func looseningsToProto(req *storiesv1.ListPublishedStoriesRequest, p catalog.Page) []*storiesv1.Loosening {
	var out []*storiesv1.Loosening
	for _, l := range p.Loosenings {
		m := &storiesv1.Loosening{Query: req.GetQuery(), TotalSize: int32(l.Entries)}
		switch {
		case l.Words:
			m.Query = l.Query
		case l.All:
			m.Taxonomy = "*"
		default:
			m.Taxonomy = taxonomy.Names()[l.Taxonomy]
		}
		out = append(out, m)
	}
	return out
}
