// Package auth says who is calling.
//
// The gateway authenticates a caller once and mints an identity token: an Ed25519-signed JWT that is good for 60 seconds. It travels as gRPC metadata; every
// service verifies it (Verifier) and finds the Identity in the context (From). There is no other way to be somebody.
//
// Customers have no accounts. They hold signed links (Links): single-purpose, expiring, made and checked by the service that sends them; an Identity of KindLink
// only carries the link, it does not vouch for it.
package auth

import (
	"context"
	"encoding/binary"
	"slices"
)

// Kind is what sort of caller an Identity describes.
type Kind string

const (
	// KindAnonymous is a caller who showed no credentials.
	KindAnonymous Kind = "anonymous"
	// KindUser is a signed-in employee.
	KindUser Kind = "user"
	// KindApp is a partner's application.
	KindApp Kind = "app"
	// KindLink is a customer who holds a signed link. The service that issued the link verifies it with Links.Verify.
	KindLink Kind = "link"
	// KindSystem is a part of Renown itself.
	KindSystem Kind = "system"
)

// AnyRole in an RPC's rule stands for every signed-in employee.
const AnyRole = "any"

// Identity describes a caller.
type Identity struct {
	Kind Kind `json:"kind"`
	// Subject is the id of the user or app, or the name of the system part. Empty for anonymous callers and links.
	Subject string `json:"sub,omitempty"`
	// Name and Email are personal data: they are for pages and audit trails, not for logs.
	Name   string   `json:"name,omitempty"`
	Email  string   `json:"email,omitempty"`
	Roles  []string `json:"roles,omitempty"`
	Scopes []string `json:"scopes,omitempty"`
	// Owner is the user who stands behind an app: where two persons are needed, the app and its owner are one.
	Owner string `json:"owner,omitempty"`
	// Link is the link token as the caller sent it, not verified.
	Link string `json:"link,omitempty"`
	// Key is the id of the credential that was shown: a session's, an API key's or an access token's.
	Key string `json:"key,omitempty"`
}

// Anonymous is the caller who showed no credentials.
var Anonymous = Identity{Kind: KindAnonymous}

// HasRole reports whether the caller is an employee with one of the roles; AnyRole is had by every employee.
func (i Identity) HasRole(roles ...string) bool {
	return i.Kind == KindUser && slices.ContainsFunc(roles, func(r string) bool { return r == AnyRole || slices.Contains(i.Roles, r) })
}

// HasScope reports whether the caller is an app with one of the scopes.
func (i Identity) HasScope(scopes ...string) bool {
	return i.Kind == KindApp && slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(i.Scopes, s) })
}

// Principal names the caller for records: "user/<subject>", "app/<subject>", "system/<subject>", "link/<nonce>" or "anonymous". A link's nonce is taken from
// the link as it was sent: before the link is verified, the name vouches for nothing.
func (i Identity) Principal() string {
	switch i.Kind {
	case KindUser, KindApp, KindSystem:
		return string(i.Kind) + "/" + i.Subject
	case KindLink:
		if claims, _, ok := decodeLink(i.Link); ok {
			return "link/" + claims.Nonce
		}
	}
	return string(KindAnonymous)
}

// key tells identities apart: no two that differ have the same.
func (i Identity) key() string {
	var room [256]byte
	b := room[:0]
	one := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	all := func(list []string) {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			one(s)
		}
	}
	one(string(i.Kind))
	one(i.Subject)
	one(i.Name)
	one(i.Email)
	all(i.Roles)
	all(i.Scopes)
	one(i.Owner)
	one(i.Link)
	one(i.Key)
	return string(b)
}

type identityKey struct{}
type tokenKey struct{}

// With returns a context whose caller is i.
func With(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, i)
}

// From returns the caller; Anonymous if the context has none.
func From(ctx context.Context) Identity {
	if i, ok := ctx.Value(identityKey{}).(Identity); ok {
		return i
	}
	return Anonymous
}

// WithToken returns a context whose outgoing calls carry the identity token.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// Token returns the identity token of outgoing calls; "" if there is none.
func Token(ctx context.Context) string {
	t, _ := ctx.Value(tokenKey{}).(string)
	return t
}
