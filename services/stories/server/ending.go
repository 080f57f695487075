package server

import (
	"context"
	"encoding/json"
	"fmt"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/stories/domain"
	"renown.example/stories/tables"
)

// The due jobs of the service. An id names the one thing that is planned, so that planning it again replaces it.
const (
	kindPublish     = "stories.publish"
	kindUnpublish   = "stories.unpublish"
	kindConsentEnd  = "stories.consent_end"
	kindSend        = "stories.send"
	kindPurge       = "stories.purge"
	kindMetricStale = "stories.metric_stale"
	kindRemind      = "stories.remind"

	jobPublish     = "publish/"
	jobUnpublish   = "unpublish/"
	jobConsentEnd  = "consent-end/"
	jobSend        = "send/"
	jobPurge       = "purge/"
	jobMetricStale = "metric-stale/"
	jobRemind      = "remind/"
)

// Jobs returns what the service does when its due jobs are due. What changes the store runs in the update that also ends the job.
func (s *Server) Jobs() map[string]outbox.Handler {
	return map[string]outbox.Handler{
		kindPublish:     {Do: s.foreseeDue, Apply: named(s.publishDue)},
		kindUnpublish:   {Apply: named(s.unpublishDue)},
		kindConsentEnd:  {Apply: named(s.consentDue)},
		kindMetricStale: {Apply: named(s.metricDue)},
		kindRemind:      {Apply: named(s.remindDue)},
		kindSend:        {Do: s.deliver, Apply: named(s.delivered)},
		kindPurge:       {Do: s.sendPurge, Apply: named(s.purged)},
	}
}

// named reads the id that a job is about.
func named(fn func(ctx context.Context, tx store.Writer, id string) error) func(context.Context, store.Writer, outbox.Job) error {
	return func(ctx context.Context, tx store.Writer, job outbox.Job) error {
		about, err := aboutOf(job)
		if err != nil {
			return err
		}
		return fn(ctx, tx, about)
	}
}

func aboutOf(job outbox.Job) (string, error) {
	var about string
	if err := json.Unmarshal(job.Data, &about); err != nil {
		return "", fmt.Errorf("stories: job %s: %w", job.ID, err)
	}
	return about, nil
}

// early keeps a job whose instant, which had come when it was taken, lies ahead again: the clock was set back, and done now it would be done without effect.
func (s *Server) early(due clock.Millis) error {
	if due <= s.now() {
		return nil
	}
	return fault.Conflict.New("the clock was set back: what was due is not due yet")
}

// foreseeDue draws the card before the update: that cannot be given up for it.
func (s *Server) foreseeDue(ctx context.Context, job outbox.Job) error {
	text, err := aboutOf(job)
	if err == nil {
		s.foresee(ctx, text)
	}
	return err
}

// publishDue publishes a scheduled text. Its consent was live until then when it was scheduled; if it ended since, the text is not scheduled any more. What has
// become impossible otherwise, such as a slug that another story has taken, goes back to the editors: trying on would publish it at an instant nobody chose.
func (s *Server) publishDue(ctx context.Context, tx store.Writer, text string) error {
	row, err := tables.Texts.GetForUpdate(ctx, tx, text)
	if err != nil || row.Value.State != domain.Scheduled {
		return ignoreMissing(err)
	}
	if err := s.early(row.Value.PublishAt); err != nil {
		return err
	}
	err = s.plannable(ctx, tx, row, s.now())
	if fault.Has(err, fault.NotPublishable) || fault.Has(err, fault.AlreadyExists) {
		return s.settle(ctx, tx, row, domain.Approved, renown, "text.unscheduled", words(err))
	}
	if err != nil {
		return err
	}
	_, err = s.publish(ctx, tx, row, renown, row.Value.UnpublishAt)
	return err
}

// unpublishDue takes an edition down at its planned end.
func (s *Server) unpublishDue(ctx context.Context, tx store.Writer, text string) error {
	pub, err := tables.PublishedStories.GetForUpdate(ctx, tx, text)
	if err != nil || pub.Value.Edition == "" || pub.Value.UnpublishAt == 0 {
		return ignoreMissing(err)
	}
	if err := s.early(pub.Value.UnpublishAt); err != nil {
		return err
	}
	row, err := tables.Texts.GetForUpdate(ctx, tx, text)
	if err != nil {
		return ignoreMissing(err)
	}
	// The rules ask whether an edition is up; it is, though its time is over.
	to, err := domain.Next(row.Value.State, domain.Unpublish, true)
	if err != nil {
		return err
	}
	if err := s.settle(ctx, tx, row, to, renown, "text.unpublished", "planned"); err != nil {
		return err
	}
	return s.removeEdition(ctx, tx, text, renown, "planned")
}

// consentDue carries out the end of a consent.
func (s *Server) consentDue(ctx context.Context, tx store.Writer, consent string) error {
	row, err := tables.Consents.GetForUpdate(ctx, tx, consent)
	if err != nil || row.Value.Consent.RevokedAt != 0 {
		return ignoreMissing(err)
	}
	if err := s.early(row.Value.Consent.Ends); err != nil {
		return err
	}
	if row.Value.EndingSince != 0 {
		row.Value.EndingSince = 0
		if row, err = tables.Consents.Put(ctx, tx, row); err != nil {
			return err
		}
	}
	c := row.Value.Consent
	err = s.record(ctx, tx, happening{
		by: renown, story: c.Story, subject: "consents/" + c.ID, action: "consent.ended", event: EventConsentEnded, at: s.now(),
		details: map[string]string{"story": c.Story, "locale": c.Locale, "hash": c.Hash},
	})
	if err != nil {
		return err
	}
	return s.consentOver(ctx, tx, c, renown, "consent ended")
}

func ignoreMissing(err error) error {
	if store.IsNotFound(err) {
		return nil
	}
	return err
}

// consentOver does to text and edition what follows from the end of a consent.
func (s *Server) consentOver(ctx context.Context, tx store.Writer, c domain.Consent, by actor, why string) error {
	text := tables.TextID(c.Story, c.Locale)
	row, err := tables.Texts.GetForUpdate(ctx, tx, text)
	if err != nil {
		return ignoreMissing(err)
	}
	at := domain.Position{State: row.Value.State, Hash: row.Value.Hash}
	pub, err := published(ctx, tx, text)
	if err != nil {
		return err
	}
	if pub.Value.Edition != "" {
		edition, err := tables.Editions.Get(ctx, tx, pub.Value.Edition)
		if err != nil {
			return err
		}
		at.EditionHash, at.EditionConsent = edition.Value.Hash, pub.Value.Consent
	}
	consents, err := consentsOf(ctx, tx, text)
	if err != nil {
		return err
	}
	effect := domain.EffectOfEnd(c, at, plainConsents(consents), s.now())
	if effect.State != at.State {
		if err := s.settle(ctx, tx, row, effect.State, by, "text."+stateVerbs[effect.State], why); err != nil {
			return err
		}
	}
	if effect.RemoveEdition {
		return s.removeEdition(ctx, tx, text, by, why)
	}
	if err := s.extend(ctx, tx, pub, plainConsents(consents)); err != nil {
		return err
	}
	return s.reshow(ctx, tx, text, by)
}

var stateVerbs = map[domain.State]string{domain.Withdrawn: "withdrawn", domain.AwaitingCustomer: "consent_lost"}

// extend lets an edition rest on another consent to the same words, such as a renewal, when the one it was published with has ended.
func (s *Server) extend(ctx context.Context, tx store.Writer, pub store.Row[tables.Published], consents []domain.Consent) error {
	if pub.Value.Edition == "" {
		return nil
	}
	edition, err := tables.Editions.Get(ctx, tx, pub.Value.Edition)
	if err != nil {
		return err
	}
	c, err := domain.Require(consents, pub.Value.Locale, edition.Value.Hash, s.now())
	if fault.Has(err, fault.NotPublishable) {
		// The edition's own consent has ended too: its own job takes the edition down, and this end must not fail for it.
		return nil
	}
	if err != nil {
		return err
	}
	row, err := tables.PublishedStories.GetForUpdate(ctx, tx, pub.ID)
	if err != nil || (row.Value.Consent == c.ID && row.Value.ConsentEnds == c.Ends) {
		return err
	}
	row.Value.Consent, row.Value.ConsentEnds = c.ID, c.Ends
	if _, err = tables.PublishedStories.Put(ctx, tx, row); err != nil {
		return err
	}
	// Holders of copies know when theirs end: the new end has to reach them too.
	return s.record(ctx, tx, happening{
		by: renown, story: c.Story, subject: "stories/" + c.Story, action: "edition.extended", event: EventMoved, at: s.now(),
		details: map[string]string{"locale": c.Locale, "consent": "consents/" + c.ID},
	})
}

// settle sets a text's state where that follows from something else than a step of the text itself; why says from what.
func (s *Server) settle(ctx context.Context, tx store.Writer, row store.Row[tables.Text], to domain.State, by actor, audit, why string) error {
	from := row.Value.State
	if from == domain.Scheduled && to != from {
		row.Value.PublishAt, row.Value.UnpublishAt = 0, 0
		if err := outbox.Cancel(ctx, tx, jobPublish+row.ID); err != nil {
			return err
		}
	}
	row.Value.State, row.Value.UpdatedAt = to, s.now()
	if _, err := tables.Texts.Put(ctx, tx, row); err != nil {
		return err
	}
	t := row.Value
	return s.record(ctx, tx, happening{
		by: by, story: t.Story, subject: textName(t.Story, t.Locale), action: audit, event: EventTextChanged, at: t.UpdatedAt,
		details: map[string]string{"from": string(from), "state": string(to), "reason": why},
	})
}
