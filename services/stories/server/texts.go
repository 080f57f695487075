package server

import (
	"context"
	"slices"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// most is how many sign-offs and languages of one text are looked at: more than any real one has.
const most = 200

func textName(story, locale string) string { return "stories/" + story + "/texts/" + locale }

// textForUpdate reads the text on which a change rests, and what the world sees of it.
func textForUpdate(ctx context.Context, tx store.Writer, story, locale string) (store.Row[tables.Text], error) {
	row, err := tables.Texts.GetForUpdate(ctx, tx, tables.TextID(story, domain.CanonicalLocale(locale)))
	if store.IsNotFound(err) {
		return row, noText(story, locale)
	}
	return row, err
}

func noText(story, locale string) error {
	return fault.NotFound.New("The story %q has no text in %q.", story, locale)
}

// published returns the row of what the world sees of a text; a zero row with id "" if it never saw anything.
func published(ctx context.Context, tx store.Reader, text string) (store.Row[tables.Published], error) {
	row, err := tables.PublishedStories.Get(ctx, tx, text)
	if store.IsNotFound(err) {
		return store.Row[tables.Published]{}, nil
	}
	return row, err
}

// version reads one version of a text.
func version(ctx context.Context, tx store.Reader, text string, number int32) (store.Row[tables.Version], error) {
	row, err := tables.Versions.Get(ctx, tx, versionID(text, number))
	if store.IsNotFound(err) {
		return row, fault.NotFound.New("The text has no version %d.", number)
	}
	return row, err
}

// consentsOf returns the consents to a text, newest first.
func consentsOf(ctx context.Context, tx store.Reader, text string) ([]store.Row[tables.Consent], error) {
	return everyConsent(ctx, tx, store.Query{Index: "by_text", Equal: []any{text}, Descending: true})
}

// everyConsent returns all consents that the query selects, however many there are: one that is overlooked could keep up what its customer has taken back.
func everyConsent(ctx context.Context, tx store.Reader, q store.Query) ([]store.Row[tables.Consent], error) {
	var all []store.Row[tables.Consent]
	for {
		p, err := tables.Consents.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Rows...)
		if q.After = p.Next; q.After == "" {
			return all, nil
		}
	}
}

func plainConsents(rows []store.Row[tables.Consent]) []domain.Consent {
	out := make([]domain.Consent, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Value.Consent)
	}
	return out
}

// summary is what lists show of a text, with the steps that the caller may take.
func (s *Server) summary(ctx context.Context, row store.Row[tables.Text], pub tables.Published) *storiesv1.TextSummary {
	t := row.Value
	live := pub.Live(s.now())
	out := &storiesv1.TextSummary{
		Name: textName(t.Story, t.Locale), Locale: t.Locale, Title: t.Title, State: stateToProto[t.State], Customer: t.Customer, Slug: t.Slug,
		Version: t.Version, UpdateTime: timestamp(t.UpdatedAt), Author: t.Author, AuthorName: t.AuthorName, Live: live,
		PublishTime: timestamp(t.PublishAt), ChangesAsked: t.ChangesAsked,
	}
	me := who(ctx)
	for _, a := range domain.AllowedTo(me.roles, t.State, live) {
		if a == domain.GiveConsent || (a == domain.Approve && domain.MayApprove(me.name, t.Writers) != nil) {
			continue
		}
		out.Actions = append(out.Actions, string(a))
	}
	return out
}

// text is the whole working text as the API shows it.
func (s *Server) text(ctx context.Context, tx store.Reader, row store.Row[tables.Text]) (*storiesv1.Text, error) {
	t := row.Value
	pub, err := published(ctx, tx, row.ID)
	if err != nil {
		return nil, err
	}
	v, err := version(ctx, tx, row.ID, t.Version)
	if err != nil {
		return nil, err
	}
	out := &storiesv1.Text{
		Summary: s.summary(ctx, row, pub.Value), Content: contentToProto(v.Value.Content), ContentHash: t.Hash, Etag: etag(row.Version),
		UnpublishTime: timestamp(t.UnpublishAt), Markdown: string(domain.Format(domain.Document{Story: t.Story, Slug: t.Slug, Content: v.Value.Content}, nil)),
		Html: fragment(v.Value.Content), Excerpts: excerptsToProto(t.Excerpts),
	}
	if auth.From(ctx).Kind == auth.KindUser {
		of, err := variantOf(ctx, tx, t.Story)
		if err != nil {
			return nil, err
		}
		if of != "" {
			out.AnonymousOf = "stories/" + of
		}
	}
	from, err := imported(ctx, tx, row.ID)
	if err != nil {
		return nil, err
	}
	out.Source = from.Source
	for _, k := range from.Kept {
		out.Kept = append(out.Kept, &storiesv1.KeptNote{Line: int32(k.Line), Field: k.Field, Text: k.Text, Reason: k.Reason})
	}
	if out.Summary.Live {
		out.Live, out.CardProblem = publishedSummary(pub.Value), pub.Value.CardProblem
	}
	consents, err := consentsOf(ctx, tx, row.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range consents[:min(len(consents), 20)] {
		out.Consents = append(out.Consents, s.consent(c, t.Hash))
	}
	signoffs, err := tables.Signoffs.Find(ctx, tx, store.Query{Index: "by_text", Equal: []any{row.ID}, Descending: true, Limit: 20})
	if err != nil {
		return nil, err
	}
	for _, r := range signoffs.Rows {
		out.Signoffs = append(out.Signoffs, s.signoff(ctx, r))
	}
	return out, nil
}

// story is a story with its texts' summaries.
func (s *Server) story(ctx context.Context, tx store.Reader, storyID string) (*storiesv1.Story, error) {
	row, err := tables.Stories.Get(ctx, tx, storyID)
	if store.IsNotFound(err) {
		return nil, fault.NotFound.New("There is no story %q.", storyID)
	}
	if err != nil {
		return nil, err
	}
	p, err := tables.Texts.Find(ctx, tx, store.Query{Index: "by_story", Equal: []any{storyID}, Limit: most})
	if err != nil {
		return nil, err
	}
	out := &storiesv1.Story{
		Name: "stories/" + storyID, Customer: row.Value.Customer, CreateTime: timestamp(row.Value.CreatedAt), UpdateTime: timestamp(row.Value.UpdatedAt),
	}
	for _, t := range p.Rows {
		pub, err := published(ctx, tx, t.ID)
		if err != nil {
			return nil, err
		}
		out.Texts = append(out.Texts, s.summary(ctx, t, pub.Value))
		if t.Value.UpdatedAt > row.Value.UpdatedAt {
			out.UpdateTime = timestamp(t.Value.UpdatedAt)
		}
	}
	return out, nil
}

// GetStory returns a story.
func (s *Server) GetStory(ctx context.Context, req *storiesv1.GetStoryRequest) (*storiesv1.GetStoryResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetStoryResponse, error) {
		st, err := s.story(ctx, tx, req.GetStory())
		return &storiesv1.GetStoryResponse{Story: st}, err
	})
}

// GetText returns a working text.
func (s *Server) GetText(ctx context.Context, req *storiesv1.GetTextRequest) (*storiesv1.GetTextResponse, error) {
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.GetTextResponse, error) {
		row, err := tables.Texts.Get(ctx, tx, tables.TextID(req.GetStory(), domain.CanonicalLocale(req.GetLocale())))
		if store.IsNotFound(err) {
			return nil, noText(req.GetStory(), req.GetLocale())
		}
		if err != nil {
			return nil, err
		}
		t, err := s.text(ctx, tx, row)
		return &storiesv1.GetTextResponse{Text: t}, err
	})
}

// ListTexts lists working texts, the last changed first.
func (s *Server) ListTexts(ctx context.Context, req *storiesv1.ListTextsRequest) (*storiesv1.ListTextsResponse, error) {
	q := store.Query{Index: "by_update", Descending: true}
	if req.GetState() != storiesv1.TextState_TEXT_STATE_UNSPECIFIED {
		q = store.Query{Index: "by_state", Equal: []any{string(stateFromProto[req.GetState()])}, Descending: true}
	}
	q, f, err := s.query(req, q, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListTextsResponse, error) {
		p, err := tables.Texts.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListTextsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			pub, err := published(ctx, tx, row.ID)
			if err != nil {
				return nil, err
			}
			resp.Texts = append(resp.Texts, s.summary(ctx, row, pub.Value))
		}
		return resp, nil
	})
}

// mine refuses an author who is nothing else the texts of others.
func mine(a actor, t tables.Text) error {
	if !a.has(domain.RoleAuthor) || a.has(domain.RoleEditor, domain.RoleAdmin) || t.CreatedBy == a.name || slices.Contains(t.Writers, a.name) {
		return nil
	}
	return fault.PermissionDenied.New("Authors change the texts that they began or have written on; an editor can change this one.")
}
