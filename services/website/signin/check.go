package signin

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"renown.example/kit/fault"
)

// Finding is something wrong, or doubtful, about the settings of the identity provider.
type Finding struct {
	// Setting that is concerned; empty if it is the provider's side.
	Setting Setting
	// Problem in a sentence.
	Problem string
	// Remedy says what to do.
	Remedy string
}

// String is the finding as one line of text.
func (f Finding) String() string {
	line := f.Problem + " " + f.Remedy
	if f.Setting != "" {
		line = string(f.Setting) + ": " + line
	}
	return line
}

// document is what the check reads of the provider's discovery document.
type document struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	EndSession    string   `json:"end_session_endpoint"`
	JWKS          string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	Scopes        []string `json:"scopes_supported"`
	Claims        []string `json:"claims_supported"`
}

// CheckProvider says what is wrong with the settings, in the order in which it should be mended; nothing is wrong if it returns nothing.
//
// It reads the discovery document and the keys, sends an authorization request to see whether the redirect address is registered, and redeems a made-up
// code to see whether the client id and secret are right: a provider that knows the client answers invalid_grant, any other invalid_client. It signs
// nobody in and changes nothing. Each request takes at most 10 seconds.
func CheckProvider(ctx context.Context, cfg Config) []Finding {
	if missing := cfg.Missing(); len(missing) > 0 {
		return missing
	}
	c := checker{cfg: cfg, client: &http.Client{Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	doc, findings := c.discovery(ctx)
	if len(findings) > 0 {
		return findings
	}
	findings = append(findings, c.capabilities(doc)...)
	findings = append(findings, c.keys(ctx, doc)...)
	findings = append(findings, c.authorization(ctx, doc)...)
	return append(findings, c.credentials(ctx, doc)...)
}

type checker struct {
	cfg    Config
	client *http.Client
}

func (c checker) discovery(ctx context.Context) (document, []Finding) {
	var doc document
	issuer, err := url.Parse(c.cfg.Issuer)
	if err != nil || issuer.Host == "" {
		return doc, []Finding{{Issuer, "“" + c.cfg.Issuer + "” is no web address.", "Set it to the address of your provider, such as https://login.example.com."}}
	}
	if issuer.Scheme != "https" && !loopback(issuer.Hostname()) {
		return doc, []Finding{{Issuer, "It is not an https address, so anybody on the way could sign in as anybody.", "Use the provider's https address."}}
	}
	address := strings.TrimSuffix(c.cfg.Issuer, "/") + "/.well-known/openid-configuration"
	status, err := c.getJSON(ctx, address, &doc)
	switch {
	case err != nil && status == 0:
		return doc, []Finding{{Issuer, fmt.Sprintf("%s cannot be reached: %s.", address, reason(err)), "Check the address, and that this machine may call it."}}
	case err != nil:
		return doc, []Finding{{Issuer, fmt.Sprintf("%s answers %d and no discovery document.", address, status),
			"Give the issuer without /.well-known/openid-configuration. With Keycloak it ends in /realms/NAME, with Entra ID in /v2.0."}}
	case doc.Issuer != c.cfg.Issuer:
		return doc, []Finding{{Issuer, fmt.Sprintf("The provider calls itself “%s”.", doc.Issuer), "Set exactly this, slashes included."}}
	}
	return doc, nil
}

func (c checker) capabilities(doc document) []Finding {
	var out []Finding
	if doc.Authorization == "" || doc.Token == "" || doc.JWKS == "" {
		out = append(out, Finding{Problem: "The discovery document lacks the authorization, token or key address.", Remedy: "Use a provider of OpenID Connect with the authorization code flow."})
	}
	if len(doc.ResponseTypes) > 0 && !slices.Contains(doc.ResponseTypes, "code") {
		out = append(out, Finding{Problem: "The provider does not offer the authorization code flow.", Remedy: "Switch on the response type “code” for this client."})
	}
	if len(doc.Challenges) > 0 && !slices.Contains(doc.Challenges, "S256") {
		out = append(out, Finding{Problem: "The provider does not offer PKCE with S256.", Remedy: "Switch it on, or use a current version of the provider."})
	}
	signed := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
	if len(doc.Algorithms) > 0 && !slices.ContainsFunc(doc.Algorithms, func(a string) bool { return slices.Contains(signed, a) }) {
		out = append(out, Finding{Problem: "The provider signs ID tokens only with " + strings.Join(doc.Algorithms, ", ") + ".", Remedy: "Switch on RS256 or ES256 for this client."})
	}
	if len(doc.Scopes) > 0 {
		for _, scope := range c.cfg.scopes() {
			if !slices.Contains(doc.Scopes, scope) && !(scope == "groups" && slices.Contains(doc.Claims, "groups")) {
				out = append(out, Finding{Setting: Scopes, Problem: "The provider does not know the scope “" + scope + "”.",
					Remedy: "Add it at the provider, or leave it out. Without groups in the ID token everybody starts without a role."})
			}
		}
	}
	return out
}

func (c checker) keys(ctx context.Context, doc document) []Finding {
	if doc.JWKS == "" {
		return nil
	}
	var set struct {
		Keys []struct {
			Use string `json:"use"`
		} `json:"keys"`
	}
	if _, err := c.getJSON(ctx, doc.JWKS, &set); err != nil {
		return []Finding{{Problem: fmt.Sprintf("The provider's keys at %s cannot be read: %s.", doc.JWKS, reason(err)), Remedy: "Check that this machine may call the address."}}
	}
	for _, k := range set.Keys {
		if k.Use != "enc" {
			return nil
		}
	}
	return []Finding{{Problem: "The provider publishes no key to check signatures with.", Remedy: "Make a signing key at the provider."}}
}

// authorization asks for a sign-in as a browser would. A provider must not redirect to an address that it does not know, so it answers with an error page.
func (c checker) authorization(ctx context.Context, doc document) []Finding {
	if doc.Authorization == "" {
		return nil
	}
	oc := c.oauth(doc)
	res, err := c.do(ctx, http.MethodGet, oc.AuthCodeURL(rand.Text(), oauth2.S256ChallengeOption(oauth2.GenerateVerifier()), oauth2.SetAuthURLParam("nonce", rand.Text())), nil)
	if err != nil {
		return []Finding{{Problem: fmt.Sprintf("The provider's sign-in page at %s cannot be reached: %s.", doc.Authorization, reason(err)), Remedy: "Check that this machine and people's browsers may call it."}}
	}
	defer res.Body.Close()
	if to, err := res.Location(); err == nil && strings.HasPrefix(to.String(), c.cfg.RedirectURL()) && to.Query().Get("error") != "" {
		q := to.Query()
		return []Finding{{Problem: strings.TrimSpace("The provider refuses sign-ins: " + q.Get("error") + ". " + q.Get("error_description")), Remedy: "Correct the client's settings at the provider."}}
	}
	if res.StatusCode >= 400 {
		return []Finding{{ClientID, fmt.Sprintf("The provider answers a sign-in with %s.", res.Status),
			"Check the client id, and register exactly this redirect address with the provider: " + c.cfg.RedirectURL()}}
	}
	return nil
}

// credentials redeems a code that nobody issued: what the provider complains about first tells whether it knows the client.
func (c checker) credentials(ctx context.Context, doc document) []Finding {
	if doc.Token == "" {
		return nil
	}
	oc := c.oauth(doc)
	_, err := oc.Exchange(context.WithValue(ctx, oauth2.HTTPClient, c.client), "no-such-code", oauth2.VerifierOption(oauth2.GenerateVerifier()))
	var refused *oauth2.RetrieveError
	ok := errors.As(err, &refused)
	switch {
	case err == nil:
		return []Finding{{Problem: "The provider accepted a code that it never issued.", Remedy: "Do not use this provider."}}
	case !ok:
		return []Finding{{Problem: fmt.Sprintf("The provider's token address %s cannot be reached: %s.", doc.Token, reason(err)), Remedy: "Check that this machine may call it."}}
	case refused.ErrorCode == "invalid_grant":
		return nil
	case refused.ErrorCode == "invalid_client" || refused.ErrorCode == "unauthorized_client" || refused.Response.StatusCode == http.StatusUnauthorized:
		return []Finding{{ClientSecret, "The provider does not accept the client id and secret.", "Copy the secret again; if the provider calls the client public, leave the secret empty."}}
	}
	return []Finding{{Problem: strings.TrimSpace(fmt.Sprintf("The provider answers a made-up code with %s %s %s", refused.Response.Status, refused.ErrorCode, refused.ErrorDescription)) + ".",
		Remedy: "It should answer invalid_grant. Look into its log."}}
}

func (c checker) oauth(doc document) *oauth2.Config {
	return &oauth2.Config{ClientID: c.cfg.ClientID, ClientSecret: c.cfg.ClientSecret, RedirectURL: c.cfg.RedirectURL(), Scopes: c.cfg.scopes(),
		Endpoint: oauth2.Endpoint{AuthURL: doc.Authorization, TokenURL: doc.Token}}
}

func (c checker) do(ctx context.Context, method, address string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	return c.client.Do(req)
}

// getJSON returns the status, or zero if nobody answered.
func (c checker) getJSON(ctx context.Context, address string, into any) (int, error) {
	res, err := c.do(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return res.StatusCode, fault.Unavailable.New("it answers %s", res.Status)
	}
	return res.StatusCode, json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(into)
}

// reason is an error in few words: those of net/http repeat the address, ours begin with the name of their reason.
func reason(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if f, ok := fault.As(err); ok {
		return f.Message
	}
	return err.Error()
}
