package server

import (
	"context"

	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// step is one move of a text through its states.
type step struct {
	by     actor
	action domain.Action
	etag   string
	// audit is what the audit calls it.
	audit   string
	details map[string]string
	// said is what only the audit keeps: see happening.
	said map[string]string
	// change alters the text besides its state; it may refuse. It may be nil.
	change func(t *tables.Text) error
}

// move takes the step with a text that was read for update.
func (s *Server) move(ctx context.Context, tx store.Writer, row store.Row[tables.Text], m step) (store.Row[tables.Text], error) {
	if err := checkEtag(m.etag, row.Version); err != nil {
		return row, err
	}
	pub, err := published(ctx, tx, row.ID)
	if err != nil {
		return row, err
	}
	from := row.Value.State
	to, err := domain.Move(m.by.roles, from, m.action, pub.Value.Live(s.now()))
	if err != nil {
		return row, err
	}
	row.Value.State, row.Value.UpdatedAt = to, s.now()
	if m.change != nil {
		if err := m.change(&row.Value); err != nil {
			return row, err
		}
	}
	if row, err = tables.Texts.Put(ctx, tx, row); err != nil {
		return row, err
	}
	details := map[string]string{"from": string(from), "state": string(to)}
	for k, v := range m.details {
		details[k] = v
	}
	t := row.Value
	return row, s.record(ctx, tx, happening{
		by: m.by, story: t.Story, subject: textName(t.Story, t.Locale), action: m.audit, event: EventTextChanged, at: t.UpdatedAt, details: details,
		said: m.said,
	})
}

// textRequest is a request that names a text.
type textRequest interface {
	GetStory() string
	GetLocale() string
	GetEtag() string
}

// moved runs a step and whatever follows from it, and returns the text.
func (s *Server) moved(ctx context.Context, tx store.Writer, req textRequest, m step,
	then func(ctx context.Context, tx store.Writer, row store.Row[tables.Text]) (store.Row[tables.Text], error),
) (*storiesv1.Text, error) {
	row, err := textForUpdate(ctx, tx, req.GetStory(), req.GetLocale())
	if err != nil {
		return nil, err
	}
	m.by, m.etag = who(ctx), req.GetEtag()
	if row, err = s.move(ctx, tx, row, m); err != nil {
		return nil, err
	}
	if then != nil {
		if row, err = then(ctx, tx, row); err != nil {
			return nil, err
		}
	}
	return s.text(ctx, tx, row)
}

// SubmitText asks for a review.
func (s *Server) SubmitText(ctx context.Context, req *storiesv1.SubmitTextRequest) (*storiesv1.SubmitTextResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.SubmitTextResponse, error) {
		me := who(ctx)
		t, err := s.moved(ctx, tx, req, step{action: domain.Submit, audit: "text.submitted", change: func(t *tables.Text) error {
			t.ChangesAsked = ""
			return mine(me, *t)
		}}, nil)
		return &storiesv1.SubmitTextResponse{Text: t}, err
	})
}

// RequestChanges sends a text back.
func (s *Server) RequestChanges(ctx context.Context, req *storiesv1.RequestChangesRequest) (*storiesv1.RequestChangesResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.RequestChangesResponse, error) {
		t, err := s.moved(ctx, tx, req, step{
			action: domain.RequestChanges, audit: "text.changes_requested", said: map[string]string{"comment": req.GetComment()},
			change: func(t *tables.Text) error {
				t.ChangesAsked = req.GetComment()
				return nil
			},
		}, func(ctx context.Context, tx store.Writer, row store.Row[tables.Text]) (store.Row[tables.Text], error) {
			return row, s.closeSignoffs(ctx, tx, row.ID, tables.SignoffCancelled)
		})
		return &storiesv1.RequestChangesResponse{Text: t}, err
	})
}

// ApproveText passes a text on to the customer, or to publication where the customer's consent to these words is there already.
func (s *Server) ApproveText(ctx context.Context, req *storiesv1.ApproveTextRequest) (*storiesv1.ApproveTextResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.ApproveTextResponse, error) {
		me := who(ctx)
		t, err := s.moved(ctx, tx, req, step{action: domain.Approve, audit: "text.approved", change: func(t *tables.Text) error {
			return domain.MayApprove(me.name, t.Writers)
		}}, s.acceptConsent)
		return &storiesv1.ApproveTextResponse{Text: t}, err
	})
}

// acceptConsent moves a text that waits for its customer on, if a live consent to its words is there.
func (s *Server) acceptConsent(ctx context.Context, tx store.Writer, row store.Row[tables.Text]) (store.Row[tables.Text], error) {
	if row.Value.State != domain.AwaitingCustomer {
		return row, nil
	}
	consents, err := consentsOf(ctx, tx, row.ID)
	if err != nil {
		return row, err
	}
	c, err := domain.Require(plainConsents(consents), row.Value.Locale, row.Value.Hash, s.now())
	if fault.Has(err, fault.NotPublishable) {
		return row, nil
	}
	if err != nil {
		return row, err
	}
	// Where the agreement came another way, the customer's page has nothing left to ask: an answer to it would change nothing, or reach a later text.
	if err := s.closeSignoffs(ctx, tx, row.ID, tables.SignoffCancelled); err != nil {
		return row, err
	}
	// The customer accepts: whoever's call brought the consent to light is in the audit beside it.
	by := actor{name: "customer", label: c.Signer.Name, roles: []domain.Role{domain.RoleCustomer}}
	return s.move(ctx, tx, row, step{by: by, action: domain.GiveConsent, audit: "text.consented", details: map[string]string{"consent": "consents/" + c.ID}})
}

// UnscheduleText takes a planned publication back.
func (s *Server) UnscheduleText(ctx context.Context, req *storiesv1.UnscheduleTextRequest) (*storiesv1.UnscheduleTextResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.UnscheduleTextResponse, error) {
		t, err := s.moved(ctx, tx, req, step{action: domain.Unschedule, audit: "text.unscheduled", change: func(t *tables.Text) error {
			t.PublishAt, t.UnpublishAt = 0, 0
			return nil
		}}, func(ctx context.Context, tx store.Writer, row store.Row[tables.Text]) (store.Row[tables.Text], error) {
			return row, outbox.Cancel(ctx, tx, jobPublish+row.ID)
		})
		return &storiesv1.UnscheduleTextResponse{Text: t}, err
	})
}

// UnpublishText takes an edition down.
func (s *Server) UnpublishText(ctx context.Context, req *storiesv1.UnpublishTextRequest) (*storiesv1.UnpublishTextResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.UnpublishTextResponse, error) {
		t, err := s.moved(ctx, tx, req, step{action: domain.Unpublish, audit: "text.unpublished", said: map[string]string{"reason": req.GetReason()}},
			func(ctx context.Context, tx store.Writer, row store.Row[tables.Text]) (store.Row[tables.Text], error) {
				return row, s.removeEdition(ctx, tx, row.ID, who(ctx), "unpublished")
			})
		return &storiesv1.UnpublishTextResponse{Text: t}, err
	})
}
