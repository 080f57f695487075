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

// usualConsentLife is how long a consent holds where nobody says until when: every consent ends.
func usualConsentLife(now clock.Millis) clock.Millis { return clock.At(now.Time().AddDate(2, 0, 0)) }

// checkEnd refuses an end that lies beyond the life of the customer's link, by which consent can be taken back.
func checkEnd(ends, now clock.Millis) error {
	if latest := latestEnd(now); ends > latest {
		return fault.Invalid("endTime", "it must lie before %s: nobody decides for longer", latest.Time().Format("2 January 2006"))
	}
	return nil
}

// latestEnd is the last instant at which a consent that is given now may end.
func latestEnd(now clock.Millis) clock.Millis {
	return clock.At(now.Time().AddDate(consentYears, 0, -1))
}

// consent is a consent as the API shows it; hash is that of the text's newest version.
func (s *Server) consent(row store.Row[tables.Consent], hash string) *storiesv1.Consent {
	c := row.Value.Consent
	givenBy := c.Signer.Name
	if c.Signer.Role != "" {
		givenBy += ", " + c.Signer.Role
	}
	return &storiesv1.Consent{
		Name: "consents/" + row.ID, Story: "stories/" + c.Story, Locale: c.Locale, ContentHash: c.Hash, Kind: kindToProto[c.Kind], Scopes: scopesToProto(c.Scopes),
		GivenBy: givenBy, GiveTime: timestamp(c.SignedAt), EndTime: timestamp(c.Ends), Evidence: c.Evidence, RecordedBy: c.RecordedBy, ConfirmedBy: c.ConfirmedBy,
		RevokeTime: timestamp(c.RevokedAt), RevokeReason: c.Reason, CreateTime: timestamp(row.Value.CreatedAt), Current: c.Hash == hash,
		Live: c.Counts(s.now()), Renews: renews(c), Ending: row.Value.EndingSince != 0, Withdrawals: withdrawalsToProto(c.Withdrawals),
	}
}

// renews names the consent that c follows on, "" if there is none.
func renews(c domain.Consent) string {
	if c.Renews == "" {
		return ""
	}
	return "consents/" + c.Renews
}

// textHash returns the hash of the newest version of a text, "" if there is none.
func textHash(ctx context.Context, tx store.Reader, text string) (string, error) {
	row, err := tables.Texts.Get(ctx, tx, text)
	return row.Value.Hash, ignoreMissing(err)
}

// addConsent stores a new consent and plans its end.
func (s *Server) addConsent(ctx context.Context, tx store.Writer, c domain.Consent, by actor) (store.Row[tables.Consent], error) {
	now := s.now()
	if err := domain.CheckConsent(c, now); err != nil {
		return store.Row[tables.Consent]{}, err
	}
	v := tables.Consent{Consent: c, Text: tables.TextID(c.Story, c.Locale), Story: c.Story, CreatedAt: now}
	action, event := "consent.signed", EventConsentGiven
	if c.Kind == domain.Attested {
		v.UnconfirmedSince, action, event = now, "consent.attested", ""
	}
	row, err := tables.Consents.Insert(ctx, tx, c.ID, v)
	if err != nil {
		return row, err
	}
	job := outbox.Job{ID: jobConsentEnd + c.ID, Kind: kindConsentEnd, DueAt: c.Ends, Data: []byte(quote(c.ID))}
	if err := outbox.Schedule(ctx, tx, job); err != nil {
		return row, err
	}
	if err := s.planReminder(ctx, tx, v); err != nil {
		return row, err
	}
	return row, s.record(ctx, tx, happening{
		by: by, story: c.Story, subject: "consents/" + c.ID, action: action, event: event, at: now,
		details: map[string]string{"locale": c.Locale, "hash": c.Hash, "scopes": fmt.Sprint(c.Scopes)},
	})
}

// attestFields are the names that a consent's fields have in AttestConsentRequest.
var attestFields = map[string]string{
	"consent.signer.name": "givenBy", "consent.signedAt": "giveTime", "consent.ends": "endTime", "consent.evidence": "evidence", "consent.scopes": "scopes",
}

// AttestConsent records an agreement that was given elsewhere.
func (s *Server) AttestConsent(ctx context.Context, req *storiesv1.AttestConsentRequest) (*storiesv1.AttestConsentResponse, error) {
	given, err := instant("giveTime", req.GetGiveTime())
	if err != nil {
		return nil, err
	}
	ends, err := instant("endTime", req.GetEndTime())
	if err != nil {
		return nil, err
	}
	if err := checkEnd(ends, s.now()); err != nil {
		return nil, err
	}
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.AttestConsentResponse, error) {
		text, err := textForUpdate(ctx, tx, req.GetStory(), req.GetLocale())
		if err != nil {
			return nil, inField(err, "story")
		}
		if ok, err := s.standsThere(ctx, tx, text, req.GetContentHash()); err != nil {
			return nil, err
		} else if !ok {
			return nil, fault.Invalid("contentHash", "it is that of neither the newest version nor what is up: the customer agreed to other words than those that stand there now")
		}
		now := s.now()
		if ends == 0 {
			ends = usualConsentLife(now)
		}
		by := who(ctx)
		row, err := s.addConsent(ctx, tx, domain.Consent{
			ID: id.New(s.Clock), Story: text.Value.Story, Locale: text.Value.Locale, Hash: req.GetContentHash(), Kind: domain.Attested,
			Scopes: scopesFromProto(req.GetScopes()), Signer: domain.Signer{Name: req.GetGivenBy()}, SignedAt: given, Ends: ends, Evidence: req.GetEvidence(),
			RecordedBy: by.name, RecordedFor: by.owner, RecordedAt: now,
		}, by)
		if err != nil {
			return nil, inRequest(err, attestFields)
		}
		return &storiesv1.AttestConsentResponse{Consent: s.consent(row, text.Value.Hash)}, nil
	})
}

// standsThere reports whether a hash is that of a text's newest version, or of what is up of it: an agreement can be renewed while the next text is written.
func (s *Server) standsThere(ctx context.Context, tx store.Reader, text store.Row[tables.Text], hash string) (bool, error) {
	if hash == text.Value.Hash {
		return true, nil
	}
	pub, err := published(ctx, tx, text.ID)
	if err != nil || !pub.Value.Live(s.now()) {
		return false, err
	}
	edition, err := tables.Editions.Get(ctx, tx, pub.Value.Edition)
	return err == nil && edition.Value.Hash == hash, err
}

// ConfirmConsents confirms attested consents, each by itself: one that cannot be confirmed does not hold up the others.
func (s *Server) ConfirmConsents(ctx context.Context, req *storiesv1.ConfirmConsentsRequest) (*storiesv1.ConfirmConsentsResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.ConfirmConsentsResponse, error) {
		resp := &storiesv1.ConfirmConsentsResponse{}
		for _, name := range req.GetConsents() {
			err := s.confirm(ctx, tx, last(name))
			if err != nil && (!refusal(err) || len(req.GetConsents()) == 1) {
				return nil, err
			}
			r := &storiesv1.ConfirmedConsent{Name: name, Confirmed: err == nil}
			if e, ok := fault.As(err); ok {
				r.Message = e.Message
			}
			resp.Results = append(resp.Results, r)
		}
		return resp, nil
	})
}

// refusal reports whether err says that one consent cannot be confirmed, rather than that something is broken.
func refusal(err error) bool {
	return fault.Has(err, fault.NotFound) || fault.Has(err, fault.IllegalState) || fault.Has(err, fault.PermissionDenied)
}

// confirm confirms one consent. It refuses before it writes anything.
func (s *Server) confirm(ctx context.Context, tx store.Writer, consentID string) error {
	row, err := tables.Consents.GetForUpdate(ctx, tx, consentID)
	if store.IsNotFound(err) {
		return fault.NotFound.New("There is no consent %q.", consentID)
	}
	if err != nil {
		return err
	}
	by := who(ctx)
	if row.Value.Consent, err = row.Value.Consent.Confirm(by.name, s.now()); err != nil {
		return err
	}
	row.Value.UnconfirmedSince = 0
	if row, err = tables.Consents.Put(ctx, tx, row); err != nil {
		return err
	}
	c := row.Value.Consent
	err = s.record(ctx, tx, happening{
		by: by, story: c.Story, subject: "consents/" + c.ID, action: "consent.confirmed", event: EventConsentGiven, at: s.now(),
		details: map[string]string{"locale": c.Locale, "hash": c.Hash},
	})
	if err != nil {
		return err
	}
	text, err := tables.Texts.GetForUpdate(ctx, tx, row.Value.Text)
	if err != nil {
		return ignoreMissing(err)
	}
	if _, err = s.acceptConsent(ctx, tx, text); err != nil {
		return err
	}
	if err := s.lean(ctx, tx, row.Value.Text); err != nil {
		return err
	}
	return s.reshow(ctx, tx, row.Value.Text, by)
}

// ListConsents lists consents.
func (s *Server) ListConsents(ctx context.Context, req *storiesv1.ListConsentsRequest) (*storiesv1.ListConsentsResponse, error) {
	q := store.Query{Index: "by_creation", Descending: true}
	switch {
	case req.GetUnconfirmed() && req.GetStory() != "":
		return nil, fault.Invalid("unconfirmed", "ask either for one story or for the unconfirmed ones")
	case req.GetEnding() && (req.GetStory() != "" || req.GetUnconfirmed()):
		return nil, fault.Invalid("ending", "ask either for those that end soon, or for one story, or for the unconfirmed ones")
	case req.GetUnconfirmed():
		q.Index = "unconfirmed"
	case req.GetEnding():
		q = store.Query{Index: "ending"}
	case req.GetStory() != "":
		q = store.Query{Index: "by_story", Equal: []any{last(req.GetStory())}, Descending: true}
	}
	q, f, err := s.query(req, q, 50, 200)
	if err != nil {
		return nil, err
	}
	return read(ctx, s, func(ctx context.Context, tx store.Reader) (*storiesv1.ListConsentsResponse, error) {
		p, err := tables.Consents.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		resp := &storiesv1.ListConsentsResponse{NextPageToken: s.pages.Issue(p.Next, f)}
		for _, row := range p.Rows {
			if req.GetEnding() {
				// What was taken down meanwhile needs nobody's consent.
				if rests, err := s.restsOn(ctx, tx, row.Value); err != nil {
					return nil, err
				} else if !rests {
					continue
				}
			}
			hash, err := textHash(ctx, tx, row.Value.Text)
			if err != nil {
				return nil, err
			}
			resp.Consents = append(resp.Consents, s.consent(row, hash))
		}
		return resp, nil
	})
}

// RevokeConsent ends a consent at the customer's wish.
func (s *Server) RevokeConsent(ctx context.Context, req *storiesv1.RevokeConsentRequest) (*storiesv1.RevokeConsentResponse, error) {
	return write(ctx, s, req, func(ctx context.Context, tx store.Writer) (*storiesv1.RevokeConsentResponse, error) {
		row, err := s.revoke(ctx, tx, req.GetConsent(), who(ctx), req.GetReason(), req.GetAllLocales())
		if err != nil {
			return nil, err
		}
		hash, err := textHash(ctx, tx, row.Value.Text)
		return &storiesv1.RevokeConsentResponse{Consent: s.consent(row, hash)}, err
	})
}

// revoke ends a consent, and those that fall with it, and carries out what follows.
func (s *Server) revoke(ctx context.Context, tx store.Writer, consentID string, by actor, reason string, all bool) (store.Row[tables.Consent], error) {
	row, err := tables.Consents.GetForUpdate(ctx, tx, consentID)
	if store.IsNotFound(err) {
		return row, fault.NotFound.New("There is no consent %q.", consentID)
	}
	if err != nil {
		return row, err
	}
	siblings, err := everyConsent(ctx, tx, store.Query{Index: "by_story", Equal: []any{row.Value.Story}})
	if err != nil {
		return row, err
	}
	for _, c := range domain.CoveredByRevocation(row.Value.Consent, plainConsents(siblings), all) {
		if err := s.revokeOne(ctx, tx, c.ID, by, reason); err != nil {
			return row, err
		}
	}
	return tables.Consents.Get(ctx, tx, consentID)
}

func (s *Server) revokeOne(ctx context.Context, tx store.Writer, consentID string, by actor, reason string) error {
	row, err := tables.Consents.GetForUpdate(ctx, tx, consentID)
	if err != nil {
		return err
	}
	row.Value.Consent = row.Value.Consent.Revoke(by.name, reason, s.now())
	row.Value.UnconfirmedSince, row.Value.EndingSince = 0, 0
	if row, err = tables.Consents.Put(ctx, tx, row); err != nil {
		return err
	}
	for _, job := range []string{jobConsentEnd, jobRemind} {
		if err := outbox.Cancel(ctx, tx, job+consentID); err != nil {
			return err
		}
	}
	c := row.Value.Consent
	err = s.record(ctx, tx, happening{
		by: by, story: c.Story, subject: "consents/" + c.ID, action: "consent.revoked", event: EventConsentRevoked, at: s.now(),
		details: map[string]string{"story": c.Story, "locale": c.Locale, "hash": c.Hash}, said: map[string]string{"reason": reason},
	})
	if err != nil {
		return err
	}
	return s.consentOver(ctx, tx, c, by, "consent revoked")
}
