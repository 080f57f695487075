// Package signin lets employees sign in through the company's identity provider, with OpenID Connect's authorization code flow and PKCE.
//
// Everything happens in the website's back end: the browser sees the provider's page and, afterwards, the cookie __Host-renown with an opaque session token.
// The provider's tokens never reach it. The ID token goes to the gateway, which verifies it against the configured issuer and audience and opens a session.
//
// A sign-in under way lives in a sealed cookie of ten minutes: state, nonce, PKCE verifier and where to go afterwards. It is good for one return from the
// provider in the browser that it was given to. Which provider is used, and what is wrong with its settings, see Config and CheckProvider.
package signin
