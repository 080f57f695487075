package server

import (
	"context"
	"fmt"

	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// CreateStory begins a story.
func (s *Server) CreateStory(ctx context.Context, req *storiesv1.CreateStoryRequest) (*storiesv1.CreateStoryResponse, error) {
	doc, err := input("", req.GetText())
	if err != nil {
		return nil, err
	}
	storyID := req.GetStoryId()
	if storyID == "" {
		storyID = doc.Story
	}
	if storyID == "" {
		storyID = domain.Slugify(doc.Content.Customer+" "+doc.Content.Title, doc.Content.Locale)
	}
	if len(storyID) > 64 || !domain.ValidSlug(storyID) {
		return nil, fault.Invalid("storyId", "give the story an id of lower-case letters, digits and hyphens, at most 64 of them")
	}
	if doc.Content.Locale == "" {
		doc.Content.Locale = s.Locales[0]
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.CreateStoryResponse, error) {
		if _, err := tables.Stories.GetForUpdate(ctx, tx, storyID); err == nil {
			return nil, fault.AlreadyExists.New("There is a story %q already.", storyID).With(fault.Field{Path: "storyId", Message: "it is taken"})
		} else if !store.IsNotFound(err) {
			return nil, err
		}
		_, err := s.save(ctx, tx, draft{story: storyID, locale: doc.Content.Locale, content: doc.Content, slug: doc.Slug, by: who(ctx)})
		if err != nil {
			return nil, inRequest(err, textFields)
		}
		st, err := s.story(ctx, tx, storyID)
		return &storiesv1.CreateStoryResponse{Story: st}, err
	})
}

// SaveText saves a new version.
func (s *Server) SaveText(ctx context.Context, req *storiesv1.SaveTextRequest) (*storiesv1.SaveTextResponse, error) {
	doc, err := input("", req.GetText())
	if err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.SaveTextResponse, error) {
		if _, err := tables.Stories.Get(ctx, tx, req.GetStory()); store.IsNotFound(err) {
			return nil, fault.NotFound.New("There is no story %q.", req.GetStory())
		} else if err != nil {
			return nil, err
		}
		row, err := s.save(ctx, tx, draft{
			story: req.GetStory(), locale: req.GetLocale(), content: doc.Content, slug: doc.Slug, by: who(ctx), etag: req.GetEtag(), mustMatch: true,
			autosave: req.GetAutosave(),
		})
		if err != nil {
			return nil, inRequest(err, textFields)
		}
		t, err := s.text(ctx, tx, row)
		return &storiesv1.SaveTextResponse{Text: t}, err
	})
}

// PreviewText renders without saving. What is wrong with the text is in the answer, not an error: an author is in the middle of a sentence.
func (s *Server) PreviewText(_ context.Context, req *storiesv1.PreviewTextRequest) (*storiesv1.PreviewTextResponse, error) {
	resp := &storiesv1.PreviewTextResponse{}
	doc := domain.Document{}
	if c := req.GetText().GetContent(); c != nil {
		content, err := contentFromProto(c)
		if err != nil {
			return nil, err
		}
		doc.Content = content
	} else {
		var problems []domain.Problem
		doc, problems = domain.Parse("", []byte(req.GetText().GetMarkdown()))
		for _, p := range problems {
			resp.Problems = append(resp.Problems, &storiesv1.Problem{Line: int32(p.Line), Message: p.Message})
		}
	}
	if doc.Content.Locale == "" {
		doc.Content.Locale = s.Locales[0]
	}
	doc.Content = domain.Normalize(doc.Content)
	resp.Problems = append(resp.Problems, problemsOf(domain.Validate(doc.Content))...)
	resp.Missing = problemsOf(domain.ValidatePublishable(doc.Content))
	resp.Content, resp.Html = contentToProto(doc.Content), fragment(doc.Content)
	resp.Markdown = string(domain.Format(doc, nil))
	return resp, nil
}

// problemsOf turns the fields of a refusal into problems of a text.
func problemsOf(err error) []*storiesv1.Problem {
	e, ok := fault.As(err)
	if !ok {
		return nil
	}
	var out []*storiesv1.Problem
	for _, f := range e.Fields {
		out = append(out, &storiesv1.Problem{Field: f.Path, Message: f.Message})
	}
	return out
}

func versionToProto(row store.Row[tables.Version], text tables.Text, whole bool) *storiesv1.Version {
	v := row.Value
	out := &storiesv1.Version{
		Name: fmt.Sprintf("%s/versions/%d", textName(text.Story, text.Locale), v.Number), Number: v.Number, ContentHash: v.Hash, Author: v.Author,
		AuthorName: v.AuthorName, CreateTime: timestamp(v.At), Autosave: v.Autosave, RestoredFrom: v.RestoredFrom,
	}
	if whole {
		out.Content = contentToProto(v.Content)
		out.Markdown = string(domain.Format(domain.Document{Story: text.Story, Slug: text.Slug, Content: v.Content}, nil))
	}
	return out
}

// ListVersions lists the versions of a text, newest first.
func (s *Server) ListVersions(ctx context.Context, req *storiesv1.ListVersionsRequest) (*storiesv1.ListVersionsResponse, error) {
	textID := tables.TextID(req.GetStory(), domain.CanonicalLocale(req.GetLocale()))
	q, f, err := s.query(req, store.Query{Index: "by_text", Equal: []any{textID}, Descending: true}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListVersionsResponse, error) {
		text, err := tables.Texts.Get(ctx, tx, textID)
		if store.IsNotFound(err) {
			return nil, noText(req.GetStory(), req.GetLocale())
		}
		if err != nil {
			return nil, err
		}
		p, err := tables.Versions.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListVersionsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			resp.Versions = append(resp.Versions, versionToProto(row, text.Value, false))
		}
		return resp, nil
	})
}

// versionOf reads a version with its text.
func versionOf(ctx context.Context, tx store.Reader, story, locale string, number int32) (store.Row[tables.Version], tables.Text, error) {
	textID := tables.TextID(story, domain.CanonicalLocale(locale))
	text, err := tables.Texts.Get(ctx, tx, textID)
	if store.IsNotFound(err) {
		return store.Row[tables.Version]{}, tables.Text{}, noText(story, locale)
	}
	if err != nil {
		return store.Row[tables.Version]{}, tables.Text{}, err
	}
	row, err := version(ctx, tx, textID, number)
	return row, text.Value, err
}

// GetVersion returns a version with its content.
func (s *Server) GetVersion(ctx context.Context, req *storiesv1.GetVersionRequest) (*storiesv1.GetVersionResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetVersionResponse, error) {
		row, text, err := versionOf(ctx, tx, req.GetStory(), req.GetLocale(), req.GetVersion())
		if err != nil {
			return nil, err
		}
		return &storiesv1.GetVersionResponse{Version: versionToProto(row, text, true)}, nil
	})
}

// RestoreVersion saves an older version's content again.
func (s *Server) RestoreVersion(ctx context.Context, req *storiesv1.RestoreVersionRequest) (*storiesv1.RestoreVersionResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.RestoreVersionResponse, error) {
		old, _, err := versionOf(ctx, tx, req.GetStory(), req.GetLocale(), req.GetVersion())
		if err != nil {
			return nil, err
		}
		row, err := s.save(ctx, tx, draft{
			story: req.GetStory(), locale: req.GetLocale(), content: old.Value.Content, by: who(ctx), etag: req.GetEtag(), restoredFrom: req.GetVersion(),
			wrote: old.Value.Author,
		})
		if err != nil {
			return nil, err
		}
		t, err := s.text(ctx, tx, row)
		return &storiesv1.RestoreVersionResponse{Text: t}, err
	})
}
