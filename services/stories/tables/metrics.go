package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/stories/domain"
)

// Metric is a figure of a text with its evidence. It is there once somebody has recorded some.
type Metric struct {
	Text   string `json:"text"`
	Story  string `json:"story"`
	Locale string `json:"locale"`
	// Hash identifies the exact figure: domain.MetricHash.
	Hash     string          `json:"hash"`
	Block    domain.Metric   `json:"block"`
	Evidence domain.Evidence `json:"evidence"`
	// WaitingSince is set while it needs somebody: until a second person verifies it, and from when it became stale.
	WaitingSince clock.Millis `json:"waitingSince,omitempty"`
}

// MetricID is the id of a figure's row.
func MetricID(text, hash string) string { return text + "/" + hash }

// Metrics by "text id/hash".
var Metrics = store.Define[Metric](store.Spec{Name: "metrics", Indexes: []store.Index{
	{Name: "by_text", Fields: []string{"text", "hash"}},
	{Name: "waiting", Fields: []string{"waitingSince"}},
}})

// Preview is a link to one version of a text for somebody without an account.
type Preview struct {
	Text          string `json:"text"`
	Story         string `json:"story"`
	Locale        string `json:"locale"`
	Version       int32  `json:"version"`
	Note          string `json:"note"`
	CreatedBy     string `json:"createdBy"`
	CreatedByName string `json:"createdByName,omitempty"`
	// Link is the token of the address, kept so that an editor can copy it again.
	Link      string       `json:"link"`
	ExpiresAt clock.Millis `json:"expiresAt"`
	RevokedAt clock.Millis `json:"revokedAt,omitempty"`
	CreatedAt clock.Millis `json:"createdAt"`
}

// Previews by preview id.
var Previews = store.Define[Preview](store.Spec{Name: "previews", Indexes: []store.Index{
	{Name: "by_text", Fields: []string{"text", "createdAt"}},
}})
