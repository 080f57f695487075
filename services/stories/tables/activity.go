package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/idempotency"
	"renown.example/kit/outbox"
	"renown.example/kit/secret"
	"renown.example/kit/store"
)

// AuditEntry is one thing that somebody did. Rows are only ever inserted.
type AuditEntry struct {
	Story     string            `json:"story"`
	Action    string            `json:"action"`
	Actor     string            `json:"actor"`
	ActorName string            `json:"actorName,omitempty"`
	Subject   string            `json:"subject"`
	At        clock.Millis      `json:"at"`
	Details   map[string]string `json:"details,omitempty"`
}

// Audit by entry id, which grows with time.
var Audit = store.Define[AuditEntry](store.Spec{Name: "audit", Indexes: []store.Index{
	{Name: "by_story", Fields: []string{"story", "at"}},
	{Name: "by_time", Fields: []string{"at"}},
}})

// Message states as the API says them.
const (
	MessageToCopy  = "to copy"
	MessageWaiting = "waiting"
	MessageSent    = "sent"
	MessageFailed  = "failed"
	// MessageCancelled: the request that it carries was over before it was sent.
	MessageCancelled = "cancelled"
)

// Message is something for a person outside. Links in it are put in when it is read or sent: the row holds no secret.
type Message struct {
	Signoff string `json:"signoff,omitempty"`
	// Consent is set on a reminder that a consent ends, and Days is how many days before.
	Consent   string       `json:"consent,omitempty"`
	Days      int          `json:"days,omitempty"`
	About     string       `json:"about"`
	State     string       `json:"state"`
	Error     string       `json:"error,omitempty"`
	CreatedAt clock.Millis `json:"createdAt"`
}

// Messages by message id.
var Messages = store.Define[Message](store.Spec{Name: "messages", Indexes: []store.Index{
	{Name: "by_creation", Fields: []string{"createdAt"}},
}})

// Specs returns every table of the service, for opening its database.
func Specs() []*store.Spec {
	return append([]*store.Spec{
		Stories.Spec(), Texts.Spec(), Versions.Spec(), Consents.Spec(), Signoffs.Spec(),
		PublishedStories.Spec(), Editions.Spec(), Redirects.Spec(), Assets.Spec(), AssetUses.Spec(), WithdrawnAssets.Spec(),
		Taxonomies.Spec(), Audit.Spec(), Messages.Spec(), MonthlyFigures.Spec(), Purges.Spec(), secret.Table.Spec(), idempotency.Table.Spec(),
		Imports.Spec(), Variants.Spec(), Protections.Spec(),
		Metrics.Spec(), Previews.Spec(), Disclosures.Spec(),
	}, outbox.Specs()...)
}
