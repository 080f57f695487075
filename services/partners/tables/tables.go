// Package tables declares what the partners service stores. No secret is stored: credentials are kept as SHA-256.
package tables

import (
	"renown.example/kit/clock"
	"renown.example/kit/idempotency"
	"renown.example/kit/outbox"
	"renown.example/kit/secret"
	"renown.example/kit/store"
)

// User is an employee as the identity provider knows them.
type User struct {
	Issuer       string       `json:"issuer"`
	Subject      string       `json:"subject"`
	DisplayName  string       `json:"displayName"`
	Email        string       `json:"email"`
	Groups       []string     `json:"groups,omitempty"`
	Granted      []string     `json:"granted,omitempty"`
	Disabled     bool         `json:"disabled"`
	LastSignInAt clock.Millis `json:"lastSignInAt"`
	CreatedAt    clock.Millis `json:"createdAt"`
	// SortName orders lists of users: the lower-case name.
	SortName string `json:"sortName"`
}

// Users by user id.
var Users = store.Define[User](store.Spec{Name: "users", Indexes: []store.Index{
	{Name: "by_identity", Fields: []string{"issuer", "subject"}, Unique: true},
	{Name: "by_name", Fields: []string{"sortName"}},
}})

// Session is an employee's sign-in.
type Session struct {
	User      string       `json:"user"`
	Digest    string       `json:"digest"`
	CreatedAt clock.Millis `json:"createdAt"`
	ExpiresAt clock.Millis `json:"expiresAt"`
	RevokedAt clock.Millis `json:"revokedAt,omitempty"`
}

// Sessions by session id.
var Sessions = store.Define[Session](store.Spec{Name: "sessions", Indexes: []store.Index{
	{Name: "by_user", Fields: []string{"user", "createdAt"}},
	{Name: "by_end", Fields: []string{"expiresAt"}},
}})

// UsedIDToken remembers an ID token that has opened a session: each opens one.
type UsedIDToken struct {
	ExpiresAt clock.Millis `json:"expiresAt"`
}

// UsedIDTokens by SHA-256 of the token in hex.
var UsedIDTokens = store.Define[UsedIDToken](store.Spec{Name: "used_id_tokens", Indexes: []store.Index{
	{Name: "by_end", Fields: []string{"expiresAt"}},
}})

// App is a partner's program.
type App struct {
	DisplayName       string       `json:"displayName"`
	RequestsPerMinute int32        `json:"requestsPerMinute,omitempty"`
	CreatedBy         string       `json:"createdBy"`
	CreatedAt         clock.Millis `json:"createdAt"`
}

// Apps by app id.
var Apps = store.Define[App](store.Spec{Name: "apps", Indexes: []store.Index{
	{Name: "by_creation", Fields: []string{"createdAt"}},
}})

// Key is an API key of an app.
type Key struct {
	App         string   `json:"app"`
	DisplayName string   `json:"displayName"`
	Prefix      string   `json:"prefix"`
	Digest      string   `json:"digest"`
	Scopes      []string `json:"scopes"`
	Test        bool     `json:"test,omitempty"`
	RotatedFrom string   `json:"rotatedFrom,omitempty"`
	Successor   string   `json:"successor,omitempty"`
	CreatedBy   string   `json:"createdBy"`
	// Owner is the user who made the key, or the key that made it.
	Owner     string       `json:"owner,omitempty"`
	CreatedAt clock.Millis `json:"createdAt"`
	ExpiresAt clock.Millis `json:"expiresAt,omitempty"`
	RevokedAt clock.Millis `json:"revokedAt,omitempty"`
}

// Keys by key id.
var Keys = store.Define[Key](store.Spec{Name: "keys", Indexes: []store.Index{
	{Name: "by_app", Fields: []string{"app", "createdAt"}},
}})

// KeyUse says when a key was last used. It is apart from Key so that using a key never conflicts with changing it.
type KeyUse struct {
	At clock.Millis `json:"at"`
}

// KeyUses by key id.
var KeyUses = store.Define[KeyUse](store.Spec{Name: "key_uses"})

// Token is an access token that a key has bought.
type Token struct {
	Key       string       `json:"key"`
	Digest    string       `json:"digest"`
	Scopes    []string     `json:"scopes"`
	ExpiresAt clock.Millis `json:"expiresAt"`
}

// Tokens by token id.
var Tokens = store.Define[Token](store.Spec{Name: "tokens", Indexes: []store.Index{
	{Name: "by_end", Fields: []string{"expiresAt"}},
}})

// Setup is the one-time link of the first start.
type Setup struct {
	Digest    string       `json:"digest"`
	ExpiresAt clock.Millis `json:"expiresAt"`
	UsedBy    string       `json:"usedBy,omitempty"`
}

// Setups holds at most one row, SetupID.
var Setups = store.Define[Setup](store.Spec{Name: "setups"})

// SetupID is the id of the only row of Setups.
const SetupID = "first-administrator"

// Specs returns every table of the service, for opening its database.
func Specs() []*store.Spec {
	return append([]*store.Spec{
		Users.Spec(), Sessions.Spec(), UsedIDTokens.Spec(), Apps.Spec(), Keys.Spec(), KeyUses.Spec(), Tokens.Spec(), Setups.Spec(), secret.Table.Spec(),
		idempotency.Table.Spec(),
	}, outbox.Specs()...)
}
