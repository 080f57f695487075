package server

import (
	"context"

	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
)

// DiffVersions compares two versions of a text.
func (s *Server) DiffVersions(ctx context.Context, req *storiesv1.DiffVersionsRequest) (*storiesv1.DiffVersionsResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.DiffVersionsResponse, error) {
		from, _, err := versionOf(ctx, tx, req.GetStory(), req.GetLocale(), req.GetFrom())
		if err != nil {
			return nil, err
		}
		to, _, err := versionOf(ctx, tx, req.GetStory(), req.GetLocale(), req.GetTo())
		if err != nil {
			return nil, err
		}
		return difference(domain.Diff(from.Value.Content, to.Value.Content)), nil
	})
}

func difference(d domain.Difference) *storiesv1.DiffVersionsResponse {
	resp := &storiesv1.DiffVersionsResponse{}
	for _, f := range d.Fields {
		resp.Fields = append(resp.Fields, &storiesv1.FieldChange{Field: f.Field, Before: f.Before, After: f.After})
	}
	for _, b := range d.Blocks {
		change := &storiesv1.BlockChange{Change: string(b.Change)}
		if b.Before != nil {
			change.Before = blockToProto(*b.Before)
		}
		if b.After != nil {
			change.After = blockToProto(*b.After)
		}
		for _, span := range b.Spans {
			change.Spans = append(change.Spans, &storiesv1.DiffSpan{Change: string(span.Change), Text: span.Text})
		}
		resp.Blocks = append(resp.Blocks, change)
	}
	return resp
}
