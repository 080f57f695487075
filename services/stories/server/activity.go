package server

import (
	"context"

	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/tables"
)

// ListAuditEntries lists what was done, newest first.
func (s *Server) ListAuditEntries(ctx context.Context, req *storiesv1.ListAuditEntriesRequest) (*storiesv1.ListAuditEntriesResponse, error) {
	q := store.Query{Index: "by_time", Descending: true}
	if req.GetStory() != "" {
		q = store.Query{Index: "by_story", Equal: []any{last(req.GetStory())}, Descending: true}
	}
	q, f, err := s.query(req, q, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListAuditEntriesResponse, error) {
		p, err := tables.Audit.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListAuditEntriesResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			e := row.Value
			resp.Entries = append(resp.Entries, &storiesv1.AuditEntry{
				Id: row.ID, Action: e.Action, Actor: e.Actor, ActorName: e.ActorName, Subject: e.Subject, Time: timestamp(e.At), Details: e.Details,
			})
		}
		return resp, nil
	})
}

// ListEvents lists the service's events in the order of their commits.
func (s *Server) ListEvents(ctx context.Context, req *storiesv1.ListEventsRequest) (*storiesv1.ListEventsResponse, error) {
	limit := int(req.GetPageSize())
	if limit == 0 {
		limit = 100
	}
	rows, err := outbox.List(s.DB)(ctx, req.GetAfter(), limit)
	if err != nil {
		return nil, err
	}
	resp := &storiesv1.ListEventsResponse{NextAfter: req.GetAfter()}
	for _, row := range rows {
		e := row.Value
		resp.Events = append(resp.Events, &storiesv1.Event{
			Id: row.ID, Sequence: row.Seq, Type: e.Type, Subject: e.Subject, Actor: e.Actor, Time: timestamp(e.OccurredAt), SchemaVersion: int32(e.SchemaVersion),
			DataJson: string(e.Data),
		})
		resp.NextAfter = row.Seq
	}
	return resp, nil
}

// send writes the message that carries a customer's link. Where mail is configured a job sends it; else an editor copies it.
func (s *Server) send(ctx context.Context, tx store.Writer, signoff string, v tables.Signoff) error {
	m := tables.Message{Signoff: signoff, About: textName(v.Story, v.Locale), State: tables.MessageToCopy, CreatedAt: s.now()}
	return s.sendTo(ctx, tx, m, v.ContactEmail)
}

// sendTo writes a message and, where there is a way to send it, plans that.
func (s *Server) sendTo(ctx context.Context, tx store.Writer, m tables.Message, email string) error {
	messageID := id.New(s.Clock)
	if s.Mail != nil && email != "" {
		m.State = tables.MessageWaiting
		if err := outbox.Schedule(ctx, tx, outbox.Job{ID: jobSend + messageID, Kind: kindSend, DueAt: s.now(), Data: []byte(quote(messageID))}); err != nil {
			return err
		}
	}
	_, err := tables.Messages.Insert(ctx, tx, messageID, m)
	return err
}

// ListMessages lists what goes to people outside.
func (s *Server) ListMessages(ctx context.Context, req *storiesv1.ListMessagesRequest) (*storiesv1.ListMessagesResponse, error) {
	q, f, err := s.query(req, store.Query{Index: "by_creation", Descending: true}, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListMessagesResponse, error) {
		p, err := tables.Messages.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListMessagesResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			m, err := s.message(ctx, tx, row)
			if err != nil {
				return nil, err
			}
			resp.Messages = append(resp.Messages, m)
		}
		return resp, nil
	})
}

// message is a message with its words and its link.
func (s *Server) message(ctx context.Context, tx store.Reader, row store.Row[tables.Message]) (*storiesv1.Message, error) {
	out := &storiesv1.Message{
		Id: row.ID, About: row.Value.About, State: row.Value.State, Error: row.Value.Error, CreateTime: timestamp(row.Value.CreatedAt),
	}
	if row.Value.Consent != "" {
		return out, s.fillReminder(ctx, tx, row.Value, out)
	}
	signoff, err := tables.Signoffs.Get(ctx, tx, row.Value.Signoff)
	if err != nil {
		return nil, err
	}
	v := signoff.Value
	text, err := tables.Texts.Get(ctx, tx, v.Text)
	if err != nil {
		return nil, err
	}
	if out.State != tables.MessageSent && signoffState(v, s.now()) != tables.SignoffOpen {
		out.State = tables.MessageCancelled
	}
	out.ToName, out.ToEmail = v.ContactName, v.ContactEmail
	w := signoffWords(v.Locale)
	out.Subject = fill(w.subject, s.Company, text.Value.Title)
	out.Body = fill(w.body, s.Company, text.Value.Title, v.ContactName, s.signoffURL(v), w.date(v.ExpiresAt))
	return out, nil
}

// deliver sends a message. It may happen twice, when the process dies before the job is done: the letter's id lets mail programs know the repetition.
func (s *Server) deliver(ctx context.Context, job outbox.Job) error {
	messageID, err := aboutOf(job)
	if err != nil {
		return err
	}
	m, err := read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.Message, error) {
		row, err := tables.Messages.Get(ctx, tx, messageID)
		if err != nil {
			return nil, err
		}
		return s.message(ctx, tx, row)
	})
	if err != nil {
		return ignoreMissing(err)
	}
	if m.GetState() == tables.MessageCancelled {
		return s.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
			return s.markMessage(ctx, tx, messageID, tables.MessageCancelled, "")
		})
	}
	if s.Mail == nil {
		return s.leaveToCopy(ctx, messageID, "No mail server is configured any more.")
	}
	failure := s.Mail.Send(ctx, Letter{ID: m.GetId(), ToName: m.GetToName(), ToEmail: m.GetToEmail(), Subject: m.GetSubject(), Body: m.GetBody()})
	if failure == nil {
		return nil
	}
	if fault.Has(failure, fault.ContentRejected) || job.Attempts >= mostSendings {
		return s.leaveToCopy(ctx, messageID, failure.Error())
	}
	// The job is tried again; until then the outbox page says what is wrong.
	if err := s.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		return s.markMessage(ctx, tx, messageID, tables.MessageFailed, failure.Error())
	}); err != nil {
		return err
	}
	return failure
}

// mostSendings is how often a message is tried: with the pauses of due jobs that is about a day.
const mostSendings = 300

// leaveToCopy gives up sending a message: an editor has to hand the link over.
func (s *Server) leaveToCopy(ctx context.Context, messageID, problem string) error {
	return s.DB.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		return s.markMessage(ctx, tx, messageID, tables.MessageToCopy, problem)
	})
}

// delivered notes that a message was sent, unless it was left to be copied.
func (s *Server) delivered(ctx context.Context, tx store.Writer, messageID string) error {
	row, err := tables.Messages.Get(ctx, tx, messageID)
	if err != nil || row.Value.State == tables.MessageToCopy || row.Value.State == tables.MessageCancelled {
		return ignoreMissing(err)
	}
	return s.markMessage(ctx, tx, messageID, tables.MessageSent, "")
}

func (s *Server) markMessage(ctx context.Context, tx store.Writer, messageID, state, problem string) error {
	row, err := tables.Messages.GetForUpdate(ctx, tx, messageID)
	if err != nil {
		return ignoreMissing(err)
	}
	row.Value.State, row.Value.Error = state, problem
	_, err = tables.Messages.Put(ctx, tx, row)
	return err
}

// Letter is a message on its way.
type Letter struct {
	ID, ToName, ToEmail, Subject, Body string
}

// Mailer sends letters. Send returns fault.ContentRejected where trying again would be in vain.
type Mailer interface {
	Send(ctx context.Context, l Letter) error
}
