package gateway_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"renown.example/gateway"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	loyaltyservice "renown.example/loyalty"
	partnersservice "renown.example/partners"
	storiesservice "renown.example/stories"
)

// newRealWorld starts a gateway in front of the real services on the embedded engine, with an identity provider whose groups are roles.
func newRealWorld(t *testing.T) (*world, *idp) {
	t.Helper()
	w := &world{t: t, clock: clock.NewFake(start), logs: &safeBuffer{}}
	tel, err := telemetry.New(context.Background(), telemetry.Options{Service: "test", Format: "json", Output: w.logs})
	if err != nil {
		t.Fatal(err)
	}
	key := auth.GenerateKey()
	if w.minter, err = auth.NewMinter(w.clock, key); err != nil {
		t.Fatal(err)
	}
	provider := newIDP(t, w.clock)
	store := engine.Config{Data: t.TempDir()}
	keys := []auth.PublicKey{key.Public()}
	people, err := partnersservice.New(context.Background(), partnersservice.Config{
		Config: store, IdentityKeys: keys, OIDC: partnersservice.OIDC{Issuer: provider.server.URL, ClientID: "renown", GroupsClaim: "groups"},
		GroupRoles: "admin=admin,manager=manager,editor=editor,approver=approver,author=author",
	}, partnersservice.Deps{Clock: w.clock, Telemetry: tel})
	if err != nil {
		t.Fatal(err)
	}
	texts, err := storiesservice.New(context.Background(), storiesservice.Config{
		Config: store, IdentityKeys: keys, Company: "Northwind", WebsiteURL: "https://www.northwind.example", Locales: []string{"en", "de"},
	}, storiesservice.Deps{Clock: w.clock, Telemetry: tel})
	if err != nil {
		t.Fatal(err)
	}
	points, err := loyaltyservice.New(context.Background(), loyaltyservice.Config{Config: store, IdentityKeys: keys, WebsiteURL: "https://www.northwind.example"}, loyaltyservice.Deps{Clock: w.clock, Telemetry: tel})
	if err != nil {
		t.Fatal(err)
	}
	if w.gateway, err = gateway.New(gateway.Options{
		Stories: texts.Conn(), Partners: people.Conn(), Loyalty: points.Conn(), Minter: w.minter, Clock: w.clock, Telemetry: tel, PublicURL: "https://api.northwind.example",
	}); err != nil {
		t.Fatal(err)
	}
	w.http = httptest.NewServer(w.gateway)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { people.Run(ctx) })
	running.Go(func() { texts.Run(ctx) })
	running.Go(func() { points.Run(ctx) })
	t.Cleanup(func() {
		w.gateway.Close()
		w.http.Close()
		stop()
		running.Wait()
		for _, err := range []error{texts.Close(), people.Close(), points.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return w, provider
}

// idp is an OpenID provider as far as it signs ID tokens and shows its keys.
type idp struct {
	server *httptest.Server
	key    *ecdsa.PrivateKey
	clock  clock.Clock
}

func newIDP(t *testing.T, c clock.Clock) *idp {
	t.Helper()
	p := &idp{clock: c}
	var err error
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	answer := func(v func() any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v()) // to a caller in this process
		}
	}
	mux.HandleFunc("/.well-known/openid-configuration", answer(func() any {
		u := p.server.URL
		return map[string]any{"issuer": u, "jwks_uri": u + "/keys", "authorization_endpoint": u + "/a", "token_endpoint": u + "/t", "id_token_signing_alg_values_supported": []string{"ES256"}}
	}))
	mux.HandleFunc("/keys", answer(func() any {
		return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}}
	}))
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

// token says who signed in at the provider.
func (p *idp) token(t testing.TB, name, group, nonce string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		t.Fatal(err)
	}
	now := p.clock.Now()
	token, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": p.server.URL, "aud": "renown", "sub": name, "name": name, "email": name + "@northwind.example", "groups": []string{group}, "nonce": nonce,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// signIn opens a session over REST, as the website's back end does, and returns its Authorization.
func (w *world) signIn(p *idp, name, group string) string {
	w.t.Helper()
	const nonce = "a nonce of this sign-in"
	body, err := json.Marshal(map[string]string{"idToken": p.token(w.t, name, group, nonce), "nonce": nonce})
	if err != nil {
		w.t.Fatal(err)
	}
	res := w.do("POST", "/v1/sessions", string(body))
	token, _ := res.json(w.t)["token"].(string)
	if res.StatusCode != 200 || token == "" {
		w.t.Fatalf("signing in as %s: %d %s", name, res.StatusCode, res.body)
	}
	return "Session " + token
}
