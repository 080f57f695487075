package idp

import (
	"crypto/rsa"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// authRequest is a sign-in under way. A stored one is never changed: signing in puts a changed copy in its place, since handlers read it without a lock.
type authRequest struct {
	in      *oidc.AuthRequest
	id      string
	expires time.Time
	// user and at are set when the person has been chosen.
	user string
	at   time.Time
}

func (r *authRequest) GetID() string                      { return r.id }
func (r *authRequest) GetACR() string                     { return "" }
func (r *authRequest) GetAMR() []string                   { return []string{"pwd"} }
func (r *authRequest) GetAudience() []string              { return []string{r.in.ClientID} }
func (r *authRequest) GetAuthTime() time.Time             { return r.at }
func (r *authRequest) GetClientID() string                { return r.in.ClientID }
func (r *authRequest) GetNonce() string                   { return r.in.Nonce }
func (r *authRequest) GetRedirectURI() string             { return r.in.RedirectURI }
func (r *authRequest) GetResponseType() oidc.ResponseType { return r.in.ResponseType }
func (r *authRequest) GetResponseMode() oidc.ResponseMode { return r.in.ResponseMode }
func (r *authRequest) GetScopes() []string                { return r.in.Scopes }
func (r *authRequest) GetState() string                   { return r.in.State }
func (r *authRequest) GetSubject() string                 { return r.user }
func (r *authRequest) Done() bool                         { return r.user != "" }

func (r *authRequest) GetCodeChallenge() *oidc.CodeChallenge {
	return &oidc.CodeChallenge{Challenge: r.in.CodeChallenge, Method: r.in.CodeChallengeMethod}
}

// client is a Client as the op package wants to see it.
type client struct{ Client }

func (c *client) GetID() string                       { return c.ID }
func (c *client) RedirectURIs() []string              { return c.Client.RedirectURIs }
func (c *client) PostLogoutRedirectURIs() []string    { return c.PostLogoutURIs }
func (c *client) ApplicationType() op.ApplicationType { return op.ApplicationTypeWeb }
func (c *client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c *client) GrantTypes() []oidc.GrantType        { return []oidc.GrantType{oidc.GrantTypeCode} }
func (c *client) LoginURL(id string) string           { return "/sign-in?request=" + url.QueryEscape(id) }
func (c *client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeBearer }
func (c *client) IDTokenLifetime() time.Duration      { return tokenTime }
func (c *client) IsScopeAllowed(scope string) bool    { return scope == "groups" }
func (c *client) ClockSkew() time.Duration            { return 0 }

// DevMode allows redirects to plain http: the demo's website has no certificate, and all of it stays on loopback.
func (c *client) DevMode() bool { return true }

// IDTokenUserinfoClaimsAssertion puts name, e-mail address and groups into the ID token, where Renown reads them.
func (c *client) IDTokenUserinfoClaimsAssertion() bool { return true }

func (c *client) AuthMethod() oidc.AuthMethod {
	if c.Secret == "" {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodBasic
}

func (c *client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

func (c *client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

type signingKey struct {
	id  string
	key *rsa.PrivateKey
}

func (k signingKey) ID() string                                  { return k.id }
func (k signingKey) Key() any                                    { return k.key }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

type publicKey struct{ signingKey }

func (k publicKey) Key() any                           { return &k.key.PublicKey }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }
