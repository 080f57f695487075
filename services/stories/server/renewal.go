package server

import (
	"context"
	"fmt"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/id"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// planReminder plans the next reminder of a consent.
func (s *Server) planReminder(ctx context.Context, tx store.Writer, v tables.Consent) error {
	next, ok := v.Consent.NextReminder(v.CreatedAt, s.now())
	if !ok {
		return nil
	}
	return outbox.Schedule(ctx, tx, outbox.Job{ID: jobRemind + v.Consent.ID, Kind: kindRemind, DueAt: next.At, Data: []byte(quote(v.Consent.ID))})
}

// resting is what rests on the consents of a text: the words that are up, and those that are approved.
func (s *Server) resting(ctx context.Context, tx store.Reader, text string) (hashes []string, err error) {
	pub, err := published(ctx, tx, text)
	if err != nil {
		return nil, err
	}
	if pub.Value.Edition != "" {
		edition, err := tables.Editions.Get(ctx, tx, pub.Value.Edition)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, edition.Value.Hash)
	}
	row, err := tables.Texts.Get(ctx, tx, text)
	if err != nil {
		return hashes, ignoreMissing(err)
	}
	switch row.Value.State {
	case domain.Approved, domain.Scheduled:
		hashes = append(hashes, row.Value.Hash)
	}
	return hashes, nil
}

// restsOn reports whether anything rests on a consent: only then is its end worth a word.
func (s *Server) restsOn(ctx context.Context, tx store.Reader, v tables.Consent) (bool, error) {
	hashes, err := s.resting(ctx, tx, v.Text)
	if err != nil || len(hashes) == 0 {
		return false, err
	}
	rows, err := consentsOf(ctx, tx, v.Text)
	if err != nil {
		return false, err
	}
	for _, h := range hashes {
		if domain.RestsOn(v.Consent, plainConsents(rows), h, s.now()) {
			return true, nil
		}
	}
	return false, nil
}

// remindDue reminds the giver of a consent that it ends. Of reminders that have been missed only the latest is sent; where nothing rests on the consent, or another
// one holds longer, none is.
func (s *Server) remindDue(ctx context.Context, tx store.Writer, consentID string) error {
	row, err := tables.Consents.GetForUpdate(ctx, tx, consentID)
	if err != nil {
		return ignoreMissing(err)
	}
	v := row.Value
	if days := v.Consent.DueReminder(v.CreatedAt, s.now(), v.Reminded); days != 0 && v.Consent.Counts(s.now()) {
		rests, err := s.restsOn(ctx, tx, v)
		if err != nil {
			return err
		}
		if rests {
			if err := s.remind(ctx, tx, row, days); err != nil {
				return err
			}
		}
	}
	return s.planReminder(ctx, tx, v)
}

func (s *Server) remind(ctx context.Context, tx store.Writer, row store.Row[tables.Consent], days int) error {
	now := s.now()
	row.Value.Reminded = days
	if row.Value.EndingSince == 0 {
		row.Value.EndingSince = now
	}
	if _, err := tables.Consents.Put(ctx, tx, row); err != nil {
		return err
	}
	c := row.Value.Consent
	email, err := s.refreshLink(ctx, tx, c)
	if err != nil {
		return err
	}
	m := tables.Message{Signoff: c.SignOff, Consent: c.ID, Days: days, About: textName(c.Story, c.Locale), State: tables.MessageToCopy, CreatedAt: now}
	if err := s.sendTo(ctx, tx, m, email); err != nil {
		return err
	}
	return s.record(ctx, tx, happening{
		by: renown, story: c.Story, subject: "consents/" + c.ID, action: "consent.reminded", event: EventConsentEnding, at: now,
		details: map[string]string{"locale": c.Locale, "hash": c.Hash, "days": fmt.Sprint(days)},
	})
}

// refreshLink sees to it that the link of the request by which a consent was given outlives the consent, and returns where its contact is reached. A consent that was
// given elsewhere has neither.
func (s *Server) refreshLink(ctx context.Context, tx store.Writer, c domain.Consent) (email string, err error) {
	if c.SignOff == "" {
		return "", nil
	}
	row, err := tables.Signoffs.GetForUpdate(ctx, tx, c.SignOff)
	if err != nil {
		return "", err
	}
	claims, err := s.links.Verify(row.Value.Link, purposeSignoff)
	if err == nil && clock.At(claims.Expires) > c.Ends {
		return row.Value.ContactEmail, nil
	}
	if row.Value.Link, _, err = s.links.Issue(purposeSignoff, row.ID, s.now().Time().AddDate(linkYears, 0, 0)); err != nil {
		return "", err
	}
	_, err = tables.Signoffs.Put(ctx, tx, row)
	return row.Value.ContactEmail, err
}

// lean lets what is up of a text rest on the live consent to its words that lasts longest, and forgets the reminders of those on which nothing rests any more.
func (s *Server) lean(ctx context.Context, tx store.Writer, text string) error {
	pub, err := published(ctx, tx, text)
	if err != nil {
		return err
	}
	rows, err := consentsOf(ctx, tx, text)
	if err != nil {
		return err
	}
	if err := s.extend(ctx, tx, pub, plainConsents(rows)); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Value.EndingSince == 0 {
			continue
		}
		if rests, err := s.restsOn(ctx, tx, r.Value); err != nil {
			return err
		} else if rests {
			continue
		}
		row, err := tables.Consents.GetForUpdate(ctx, tx, r.ID)
		if err != nil {
			return err
		}
		row.Value.EndingSince = 0
		if _, err := tables.Consents.Put(ctx, tx, row); err != nil {
			return err
		}
		if err := outbox.Cancel(ctx, tx, jobRemind+r.ID); err != nil {
			return err
		}
	}
	return nil
}

// renewal tells until when the consent behind a request would hold if it were renewed now by a link with this end, 0 if it cannot be.
func (s *Server) renewal(v tables.Consent, link clock.Millis) clock.Millis {
	now := s.now()
	if !v.Consent.Renewable(v.CreatedAt, now) {
		return 0
	}
	// Whoever renews can take it back by the same link as long as it holds.
	end := min(v.Consent.RenewedEnd(), latestEnd(now), link-dayMillis)
	if end <= v.Consent.Ends {
		return 0
	}
	return end
}

// RenewSignoff gives the consent behind the caller's link once more.
func (s *Server) RenewSignoff(ctx context.Context, req *storiesv1.RenewSignoffRequest) (*storiesv1.RenewSignoffResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.RenewSignoffResponse, error) {
		row, err := s.linked(ctx, tx)
		if err != nil {
			return nil, err
		}
		if row.Value.Consent == "" {
			return nil, fault.IllegalState.New("You have not signed anything by this link, so there is nothing to renew.")
		}
		if row, err = s.renew(ctx, tx, row, req.GetContentHash()); err != nil {
			return nil, err
		}
		p, err := s.page(ctx, tx, row.Value)
		return &storiesv1.RenewSignoffResponse{Page: p}, err
	})
}

func (s *Server) renew(ctx context.Context, tx store.Writer, row store.Row[tables.Signoff], hash string) (store.Row[tables.Signoff], error) {
	old, err := tables.Consents.GetForUpdate(ctx, tx, row.Value.Consent)
	if err != nil {
		return row, err
	}
	c := old.Value.Consent
	if hash != c.Hash {
		return row, fault.Invalid("contentHash", "it is not that of the text you signed: reload the page")
	}
	ends := s.renewal(old.Value, s.linkEnd(ctx))
	switch {
	case c.RevokedAt != 0:
		return row, fault.IllegalState.New("You have taken this consent back. Nothing is renewed.")
	case c.Ended(s.now()):
		return row, fault.IllegalState.New("This consent has ended. Ask its sender for a new request if you want to give it again.")
	case ends == 0 && c.Renews != "":
		return row, nil // the double click, the reload, the second tab: renewed is renewed
	case ends == 0:
		return row, fault.IllegalState.New("This consent cannot be renewed now: it holds until %s.", c.Ends.Time().Format("2 January 2006"))
	}
	customer := actor{name: "customer", label: c.Signer.Name, roles: []domain.Role{domain.RoleCustomer}}
	renewed, err := s.addConsent(ctx, tx, c.Renew(id.New(s.Clock), s.now(), ends), customer)
	if err != nil {
		return row, err
	}
	if err := outbox.Cancel(ctx, tx, jobRemind+c.ID); err != nil {
		return row, err
	}
	row.Value.Consent = renewed.ID
	if row, err = tables.Signoffs.Put(ctx, tx, row); err != nil {
		return row, err
	}
	return row, s.lean(ctx, tx, row.Value.Text)
}

// fillReminder writes the reminder that a message is. Its link is the one by which the customer signed; a consent that was given elsewhere has none, and its words are
// for an editor to send.
func (s *Server) fillReminder(ctx context.Context, tx store.Reader, m tables.Message, out *storiesv1.Message) error {
	consent, err := tables.Consents.Get(ctx, tx, m.Consent)
	if err != nil {
		return err
	}
	c := consent.Value.Consent
	// A reminder is over with what it reminds of, and with the next one.
	if out.State != tables.MessageSent && (consent.Value.EndingSince == 0 || m.Days > consent.Value.Reminded) {
		out.State = tables.MessageCancelled
	}
	title, err := s.titleOf(ctx, tx, consent.Value)
	if err != nil {
		return err
	}
	w, link := reminderWords(c.Locale), ""
	out.ToName = c.Signer.Name
	if m.Signoff != "" {
		signoff, err := tables.Signoffs.Get(ctx, tx, m.Signoff)
		if err != nil {
			return err
		}
		out.ToName, out.ToEmail, link = signoff.Value.ContactName, signoff.Value.ContactEmail, s.signoffURL(signoff.Value)
	} else {
		w.body = w.unlinked
	}
	// People speak of the last day with a consent; what is stored is the first instant without it.
	last := w.date(c.Ends - 1)
	out.Subject = fill(w.subject, s.Company, title, out.ToName, link, last)
	out.Body = fill(w.body, s.Company, title, out.ToName, link, last)
	return nil
}

// titleOf is the headline of the words that a consent is about.
func (s *Server) titleOf(ctx context.Context, tx store.Reader, v tables.Consent) (string, error) {
	pub, err := published(ctx, tx, v.Text)
	if err != nil || pub.Value.Edition != "" {
		return pub.Value.Title, err
	}
	text, err := tables.Texts.Get(ctx, tx, v.Text)
	return text.Value.Title, err
}
