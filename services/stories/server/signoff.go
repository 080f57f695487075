package server

import (
	"context"

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/id"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

const (
	// purposeSignoff is the purpose of the customer's links, as in the RPCs' rules.
	purposeSignoff = "signoff"
	// usualSignoffDays is how long a request is open where nobody says.
	usualSignoffDays = 30
	// consentYears is for how long a consent can be given at once.
	consentYears = 10
	// linkYears is how long a link can be used at all: it outlives the request, because the customer takes consent back and renews it by the same link.
	linkYears = 30
	dayMillis = 24 * 60 * 60 * 1000
)

// signoffState tells how a request stands at now: an open one whose time is over has expired, whether or not anybody looked.
func signoffState(v tables.Signoff, now clock.Millis) string {
	if v.State == tables.SignoffOpen && now >= v.ExpiresAt {
		return tables.SignoffExpired
	}
	return v.State
}

// signoff is a request as the workspace shows it. The link is for those who may send it.
func (s *Server) signoff(ctx context.Context, row store.Row[tables.Signoff]) *storiesv1.Signoff {
	v := row.Value
	out := &storiesv1.Signoff{
		Name: textName(v.Story, v.Locale) + "/signoffs/" + row.ID, ContactName: v.ContactName, ContactEmail: v.ContactEmail, Scopes: scopesToProto(v.Scopes),
		Version: v.Version, ContentHash: v.Hash, State: signoffState(v, s.now()), ExpireTime: timestamp(v.ExpiresAt), CreateTime: timestamp(v.CreatedAt),
		Comments: commentsToProto(v.Comments),
	}
	if v.Consent != "" {
		out.Consent = "consents/" + v.Consent
	}
	if who(ctx).has(domain.RoleEditor, domain.RoleAdmin) && auth.From(ctx).Kind == auth.KindUser {
		out.Url = s.signoffURL(v)
	}
	return out
}

func (s *Server) signoffURL(v tables.Signoff) string { return s.WebsiteURL + "/signoff/" + v.Link }

func commentsToProto(list []tables.Comment) []*storiesv1.SignoffComment {
	var out []*storiesv1.SignoffComment
	for _, c := range list {
		out = append(out, &storiesv1.SignoffComment{Block: c.Block, Text: c.Text, CreateTime: timestamp(c.At)})
	}
	return out
}

// closeSignoffs ends the open requests of a text.
func (s *Server) closeSignoffs(ctx context.Context, tx store.Writer, text, state string) error {
	p, err := tables.Signoffs.Find(ctx, tx, store.Query{Index: "by_text", Equal: []any{text}, Descending: true, Limit: most})
	if err != nil {
		return err
	}
	for _, r := range p.Rows {
		if r.Value.State != tables.SignoffOpen {
			continue
		}
		row, err := tables.Signoffs.GetForUpdate(ctx, tx, r.ID)
		if err != nil {
			return err
		}
		row.Value.State = state
		if _, err := tables.Signoffs.Put(ctx, tx, row); err != nil {
			return err
		}
	}
	return nil
}

// RequestSignoff makes the customer's page.
func (s *Server) RequestSignoff(ctx context.Context, req *storiesv1.RequestSignoffRequest) (*storiesv1.RequestSignoffResponse, error) {
	if err := domain.CheckContact(req.GetContactName(), req.GetContactEmail()); err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.RequestSignoffResponse, error) {
		t, err := s.moved(ctx, tx, req, step{action: domain.RequestSignoff, audit: "signoff.requested", said: map[string]string{"contact": req.GetContactName()}},
			func(ctx context.Context, tx store.Writer, row store.Row[tables.Text]) (store.Row[tables.Text], error) {
				if err := s.closeSignoffs(ctx, tx, row.ID, tables.SignoffReplaced); err != nil {
					return row, err
				}
				return row, s.ask(ctx, tx, row.Value, req)
			})
		return &storiesv1.RequestSignoffResponse{Text: t}, err
	})
}

// ask stores the request and the message that carries its link.
func (s *Server) ask(ctx context.Context, tx store.Writer, t tables.Text, req *storiesv1.RequestSignoffRequest) error {
	now := s.now()
	days := req.GetValidDays()
	if days == 0 {
		days = usualSignoffDays
	}
	signoffID := id.New(s.Clock)
	link, _, err := s.links.Issue(purposeSignoff, signoffID, now.Time().AddDate(linkYears, 0, 0))
	if err != nil {
		return err
	}
	v := tables.Signoff{
		Text: tables.TextID(t.Story, t.Locale), Story: t.Story, Locale: t.Locale, ContactName: req.GetContactName(), ContactEmail: req.GetContactEmail(),
		Scopes: domain.SortScopes(append(scopesFromProto(req.GetScopes()), domain.ScopeWeb)), Version: t.Version, Hash: t.Hash, State: tables.SignoffOpen,
		RequestedBy: who(ctx).name, Link: link, ExpiresAt: now + clock.Millis(days)*dayMillis, CreatedAt: now,
	}
	if _, err := tables.Signoffs.Insert(ctx, tx, signoffID, v); err != nil {
		return err
	}
	return s.send(ctx, tx, signoffID, v)
}

// CancelSignoff ends the open request of a text.
func (s *Server) CancelSignoff(ctx context.Context, req *storiesv1.CancelSignoffRequest) (*storiesv1.CancelSignoffResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.CancelSignoffResponse, error) {
		t, err := s.moved(ctx, tx, req, step{action: domain.CancelSignoff, audit: "signoff.cancelled"},
			func(ctx context.Context, tx store.Writer, row store.Row[tables.Text]) (store.Row[tables.Text], error) {
				return row, s.closeSignoffs(ctx, tx, row.ID, tables.SignoffCancelled)
			})
		return &storiesv1.CancelSignoffResponse{Text: t}, err
	})
}
