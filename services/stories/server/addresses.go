package server

import (
	"context"
	"strings"

	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// ListAddresses lists what is up by story and language. It is answered from memory, as lists are: who wants all addresses asks for page after page.
func (s *Server) ListAddresses(ctx context.Context, req *storiesv1.ListAddressesRequest) (*storiesv1.ListAddressesResponse, error) {
	size, after, f, err := s.pages.Read(req, store.MaxLimit, store.MaxLimit)
	if err != nil {
		return nil, err
	}
	if err := s.shelves.sync(ctx); err != nil {
		return nil, err
	}
	now := s.now()
	found, next := s.shelves.Named(strings.TrimPrefix(req.GetFrom(), "stories/"), after, size, now)
	resp := &storiesv1.ListAddressesResponse{
		NextPageToken: s.pages.Issue(next, f), Locales: s.shelves.Locales(now), Addresses: make([]*storiesv1.Address, len(found)),
	}
	for i, e := range found {
		p := e.Published
		resp.Addresses[i] = &storiesv1.Address{Name: p.Name(), Locale: p.Locale, Slug: p.Slug, PublishTime: timestamp(p.LiveSince)}
	}
	if len(resp.Locales) == 0 {
		resp.Locales = s.Locales[:1]
	}
	return resp, nil
}
