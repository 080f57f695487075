package server

import (
	"context"
	"encoding/json"
	"maps"

	"renown.example/kit/clock"
	"renown.example/kit/id"
	"renown.example/kit/outbox"
	"renown.example/kit/store"
	"renown.example/stories/tables"
)

// The events of the service. Published and Withdrawn are what holders of copies wait for.
const (
	EventPublished      = "stories.edition.published"
	EventWithdrawn      = "stories.edition.withdrawn"
	EventMoved          = "stories.edition.moved"
	EventTextChanged    = "stories.text.changed"
	EventConsentGiven   = "stories.consent.given"
	EventConsentRevoked = "stories.consent.revoked"
	EventConsentEnded   = "stories.consent.ended"
	EventConsentEnding  = "stories.consent.ending"
	EventTermsChanged   = "stories.terms.changed"
	// A part was taken back: the story stays up without it.
	EventConsentPartWithdrawn = "stories.consent.part_withdrawn"
	// What changes which figures are marked as verified.
	EventMetricVerified  = "stories.metric.verified"
	EventMetricWithdrawn = "stories.metric.withdrawn"
	EventMetricStale     = "stories.metric.stale"
	// What was given for telling a story is another now.
	EventDisclosureChanged = "stories.disclosure.changed"
)

// happening is something worth remembering: an audit entry and, where others care, an event.
type happening struct {
	by      actor
	story   string
	subject string
	// action is what the audit calls it, event what the feed calls it; event may be empty.
	action, event string
	at            clock.Millis
	details       map[string]string
	// named says that the details hold the public name under which the world has known the story until now, if that is not its id.
	named bool
	// said is what people wrote, and their names. It is for the audit alone: events are read by partners, and leave for where nobody can erase them.
	said map[string]string
}

// aliased adds the public name under which the world knows a story, where that is not its id.
func aliased(details map[string]string, alias string) map[string]string {
	if alias == "" {
		return details
	}
	out := maps.Clone(details)
	if out == nil {
		out = map[string]string{}
	}
	out["alias"] = alias
	return out
}

// record writes the happening in the transaction of its cause.
func (s *Server) record(ctx context.Context, tx store.Writer, h happening) error {
	all := maps.Clone(h.details)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, h.said)
	_, err := tables.Audit.Insert(ctx, tx, id.New(s.Clock), tables.AuditEntry{
		Story: h.story, Action: h.action, Actor: h.by.name, ActorName: h.by.label, Subject: h.subject, At: h.at, Details: all,
	})
	if err != nil || h.event == "" {
		return err
	}
	if !h.named {
		row, err := tables.Stories.Get(ctx, tx, h.story)
		if ignoreMissing(err) != nil {
			return err
		}
		h.details = aliased(h.details, row.Value.Alias)
	}
	data, err := json.Marshal(h.details)
	if err != nil {
		return err
	}
	event := outbox.Event{Type: h.event, Subject: h.subject, Actor: h.by.name, OccurredAt: h.at, SchemaVersion: 1, Data: data}
	if err := s.planPurge(ctx, tx, h.story, event); err != nil {
		return err
	}
	return outbox.Append(ctx, tx, event)
}
