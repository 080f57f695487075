package server

import (
	"context"
	"fmt"
	"strings"

	"renown.example/kit/page"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
)

// ListAddresses lists what is up by story and language. Rows of what was withdrawn are passed over, so a page may be short.
func (s *Server) ListAddresses(ctx context.Context, req *storiesv1.ListAddressesRequest) (*storiesv1.ListAddressesResponse, error) {
	q := store.Query{Index: "by_story"}
	if from := strings.TrimPrefix(req.GetFrom(), "stories/"); from != "" {
		q.From = from
	}
	q, f, err := s.query(req, q, store.MaxLimit, store.MaxLimit)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("addresses/%v/%s/%d", q.From, q.After, q.Limit)
	return orSpare(s, key, func(*storiesv1.ListAddressesResponse) spared { return spared{} }, func() (*storiesv1.ListAddressesResponse, error) {
		return s.listAddresses(ctx, q, f)
	})
}

func (s *Server) listAddresses(ctx context.Context, q store.Query, f page.Filter) (*storiesv1.ListAddressesResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListAddressesResponse, error) {
		p, err := tables.PublishedStories.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListAddressesResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			if v := row.Value; v.Live(s.now()) {
				resp.Addresses = append(resp.Addresses, &storiesv1.Address{Name: v.Name(), Locale: v.Locale, Slug: v.Slug, PublishTime: timestamp(v.LiveSince)})
			}
		}
		resp.Locales, err = s.upIn(ctx, tx)
		return resp, err
	})
}

// upIn returns the languages in which anything is up, in the order of the site; the default alone if nothing is.
func (s *Server) upIn(ctx context.Context, tx store.Reader) ([]string, error) {
	var out []string
	for _, l := range s.Locales {
		_, err := tables.PublishedStories.First(ctx, tx, store.Query{Index: "live", Equal: []any{l}})
		if err == nil {
			out = append(out, l)
		} else if !store.IsNotFound(err) {
			return nil, err
		}
	}
	if len(out) == 0 {
		out = s.Locales[:1]
	}
	return out, nil
}
