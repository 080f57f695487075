package server

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

// Claims is what an ID token says about an employee.
type Claims struct {
	Issuer    string
	Subject   string
	Name      string
	Email     string
	Groups    []string
	ExpiresAt time.Time
	// Digest is the SHA-256 of the token in hex, by which a second use is known.
	Digest string
}

// Provider verifies ID tokens.
type Provider interface {
	// Verify checks signature, issuer, audience, expiry and nonce. fault.Unauthenticated if any is wrong, fault.Unavailable if the provider cannot be asked.
	Verify(ctx context.Context, idToken, nonce string) (Claims, error)
}

// OIDC verifies ID tokens of an OpenID provider, which it asks for its keys when they are first needed, so that the service starts without it.
type OIDC struct {
	Issuer, ClientID string
	// GroupsClaim names the claim that lists a person's groups, usually "groups".
	GroupsClaim string
	Clock       clock.Clock
	// HTTP asks the provider; nil means a client with a bound of 10 s.
	HTTP *http.Client

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier
}

// providerTime bounds each conversation with the provider where OIDC has no HTTP client of its own.
const providerTime = 10 * time.Second

// keys fetches the provider's keys. It tells its caller, through the context, that they could not be fetched, which go-oidc's own error only says in words.
type keys struct{ oidc.KeySet }

type unreachable struct{}

func (k keys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	payload, err := k.KeySet.VerifySignature(ctx, jwt)
	if told, ok := ctx.Value(unreachable{}).(*bool); ok && err != nil {
		*told = strings.HasPrefix(err.Error(), "fetching keys")
	}
	return payload, err
}

func (o *OIDC) load(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.verifier != nil {
		return o.verifier, nil
	}
	client := o.HTTP
	if client == nil {
		client = &http.Client{Timeout: providerTime}
	}
	// The verifier keeps the context for fetching keys later: it must outlive this call.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), client)
	p, err := oidc.NewProvider(ctx, o.Issuer)
	if err != nil {
		return nil, unavailable(err)
	}
	var found struct {
		Keys       string   `json:"jwks_uri"`
		Algorithms []string `json:"id_token_signing_alg_values_supported"`
	}
	if err := p.Claims(&found); err != nil {
		return nil, unavailable(err)
	}
	o.verifier = oidc.NewVerifier(o.Issuer, keys{oidc.NewRemoteKeySet(ctx, found.Keys)}, &oidc.Config{
		ClientID: o.ClientID, Now: o.Clock.Now, SupportedSigningAlgs: asymmetric(found.Algorithms),
	})
	return o.verifier, nil
}

func unavailable(cause error) error {
	return fault.Unavailable.New("The identity provider cannot be asked right now. Try to sign in again.").Wrap(cause)
}

// asymmetric leaves of what a provider signs with the algorithms whose signatures only it can make: with the others our own secret would do.
func asymmetric(offered []string) []string {
	var out []string
	for _, a := range []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA} {
		if slices.Contains(offered, a) {
			out = append(out, a)
		}
	}
	return out
}

// Verify implements Provider.
func (o *OIDC) Verify(ctx context.Context, idToken, nonce string) (Claims, error) {
	v, err := o.load(ctx)
	if err != nil {
		return Claims{}, err
	}
	down := false
	tok, err := v.Verify(context.WithValue(ctx, unreachable{}, &down), idToken)
	if err != nil && down {
		return Claims{}, unavailable(err)
	}
	if err != nil {
		return Claims{}, fault.Unauthenticated.New("The identity provider's token is not valid. Sign in again.").Wrap(err)
	}
	if subtle.ConstantTimeCompare([]byte(tok.Nonce), []byte(nonce)) != 1 {
		return Claims{}, fault.Unauthenticated.New("The token belongs to another sign-in. Sign in again.")
	}
	var c struct {
		Name  string `json:"name"`
		Email string `json:"email"`
		Party string `json:"azp"`
	}
	all := map[string]any{}
	if err := tok.Claims(&c); err != nil {
		return Claims{}, fault.Unauthenticated.New("The token's claims cannot be read.").Wrap(err)
	}
	if err := tok.Claims(&all); err != nil {
		return Claims{}, fault.Unauthenticated.New("The token's claims cannot be read.").Wrap(err)
	}
	if len(tok.Audience) > 1 && c.Party != o.ClientID {
		return Claims{}, fault.Unauthenticated.New("The token was issued to another program. Sign in again.")
	}
	sum := sha256.Sum256([]byte(idToken))
	return Claims{
		Issuer: tok.Issuer, Subject: tok.Subject, Name: c.Name, Email: c.Email, Groups: groupList(all[o.GroupsClaim]),
		ExpiresAt: tok.Expiry, Digest: hex.EncodeToString(sum[:]),
	}, nil
}

// groupList reads a groups claim, which is a list for most providers and a single string for some.
func groupList(claim any) []string {
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		var groups []string
		for _, g := range c {
			if s, ok := g.(string); ok {
				groups = append(groups, s)
			}
		}
		return groups
	}
	return nil
}
