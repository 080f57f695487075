// Package tables declares what the stories service stores.
//
// A text, a consent, an edition and a withdrawal belong to one (story, locale), written "story/locale" and called a text id. What is being written (texts,
// versions) and what the world sees (published, editions) are apart: the first never shows through the second.
package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/store"
	"renown.example/stories/domain"
)

// TextID returns the id shared by everything that belongs to one language of a story.
func TextID(story, locale string) string { return story + "/" + locale }

// Story groups the languages of one success story. Its id is chosen by people.
type Story struct {
	Customer string `json:"customer"`
	// Alias is the story's public name where its id tells a name that the customer has taken back. Once given it stays.
	Alias     string       `json:"alias,omitempty"`
	CreatedBy string       `json:"createdBy"`
	CreatedAt clock.Millis `json:"createdAt"`
	UpdatedAt clock.Millis `json:"updatedAt"`
}

// Stories by story id.
var Stories = store.Define[Story](store.Spec{Name: "stories", Indexes: []store.Index{{Name: "by_alias", Fields: []string{"alias"}}}})

// Text is the working text of one language: its state and where its newest version is.
type Text struct {
	Story    string       `json:"story"`
	Locale   string       `json:"locale"`
	State    domain.State `json:"state"`
	Slug     string       `json:"slug"`
	Title    string       `json:"title"`
	Customer string       `json:"customer"`
	// Version is the number of the newest version and Hash that of its content.
	Version int32  `json:"version"`
	Hash    string `json:"hash"`
	// Author wrote the newest version.
	Author     string `json:"author"`
	AuthorName string `json:"authorName"`
	// CreatedBy began the text.
	CreatedBy string `json:"createdBy"`
	// Writers wrote a version since the text was last published: none of them may approve it.
	Writers []string `json:"writers,omitempty"`
	// Hands ever wrote a version: none of them may verify the text's figures.
	Hands        []string     `json:"hands,omitempty"`
	ChangesAsked string       `json:"changesAsked,omitempty"`
	PublishAt    clock.Millis `json:"publishAt,omitempty"`
	UnpublishAt  clock.Millis `json:"unpublishAt,omitempty"`
	// Excerpts are the passages chosen to stand for the text elsewhere. They are checked against it when they are set and when it is published.
	Excerpts  domain.Excerpts `json:"excerpts,omitzero"`
	CreatedAt clock.Millis    `json:"createdAt"`
	UpdatedAt clock.Millis    `json:"updatedAt"`
}

// Texts by text id.
var Texts = store.Define[Text](store.Spec{Name: "texts", Indexes: []store.Index{
	{Name: "by_story", Fields: []string{"story", "locale"}},
	{Name: "by_update", Fields: []string{"updatedAt"}},
	{Name: "by_state", Fields: []string{"state", "updatedAt"}},
}})

// Version is an immutable state of a text.
type Version struct {
	Text         string         `json:"text"`
	Number       int32          `json:"number"`
	Content      domain.Content `json:"content"`
	Hash         string         `json:"hash"`
	Author       string         `json:"author"`
	AuthorName   string         `json:"authorName"`
	At           clock.Millis   `json:"at"`
	Autosave     bool           `json:"autosave,omitempty"`
	RestoredFrom int32          `json:"restoredFrom,omitempty"`
}

// Versions by "text id/number".
var Versions = store.Define[Version](store.Spec{Name: "versions", Indexes: []store.Index{
	{Name: "by_text", Fields: []string{"text", "number"}, Unique: true},
}})

// Consent is a customer's agreement to the exact words of one language. What domain.Consent does not know is there for the indexes.
type Consent struct {
	Consent   domain.Consent `json:"consent"`
	Text      string         `json:"text"`
	Story     string         `json:"story"`
	CreatedAt clock.Millis   `json:"createdAt"`
	// UnconfirmedSince is set on an attested consent until a second person confirms it.
	UnconfirmedSince clock.Millis `json:"unconfirmedSince,omitempty"`
	// Reminded is how many days before the end the last reminder was for, 0 while there was none.
	Reminded int `json:"reminded,omitempty"`
	// EndingSince is when the first of them was made; it is taken away when the consent is renewed, revoked or over.
	EndingSince clock.Millis `json:"endingSince,omitempty"`
}

// Consents by consent id.
var Consents = store.Define[Consent](store.Spec{Name: "consents", Indexes: []store.Index{
	{Name: "by_text", Fields: []string{"text", "createdAt"}},
	{Name: "by_story", Fields: []string{"story", "createdAt"}},
	{Name: "by_creation", Fields: []string{"createdAt"}},
	{Name: "unconfirmed", Fields: []string{"unconfirmedSince"}},
	{Name: "ending", Fields: []string{"endingSince"}},
}})

// Sign-off states as the API says them.
const (
	SignoffOpen         = "open"
	SignoffSigned       = "signed"
	SignoffChangesAsked = "changes_asked"
	SignoffCancelled    = "cancelled"
	SignoffReplaced     = "replaced"
	SignoffExpired      = "expired"
)

// Signoff is a request to the customer to read and sign one version.
type Signoff struct {
	Text         string         `json:"text"`
	Story        string         `json:"story"`
	Locale       string         `json:"locale"`
	ContactName  string         `json:"contactName"`
	ContactEmail string         `json:"contactEmail,omitempty"`
	Scopes       []domain.Scope `json:"scopes"`
	Version      int32          `json:"version"`
	Hash         string         `json:"hash"`
	State        string         `json:"state"`
	Consent      string         `json:"consent,omitempty"`
	Comments     []Comment      `json:"comments,omitempty"`
	RequestedBy  string         `json:"requestedBy"`
	// Link is the token of the customer's page, kept so that an editor can copy it again.
	Link      string       `json:"link"`
	ExpiresAt clock.Millis `json:"expiresAt"`
	CreatedAt clock.Millis `json:"createdAt"`
}

// Comment is what the customer says about a block; block -1 is the whole.
type Comment struct {
	Block int32        `json:"block"`
	Text  string       `json:"text"`
	At    clock.Millis `json:"at"`
}

// Signoffs by sign-off id.
var Signoffs = store.Define[Signoff](store.Spec{Name: "signoffs", Indexes: []store.Index{
	{Name: "by_text", Fields: []string{"text", "createdAt"}},
}})
