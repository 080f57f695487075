package partners_test

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

	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	"renown.example/kit/rpc/rpctest"
	"renown.example/kit/store/engine"
	"renown.example/kit/store/enginetest"
	"renown.example/kit/telemetry"
	"renown.example/partners"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

var start = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

const (
	clientID = "renown"
	nonce    = "a nonce of a sign-in"
)

// rig is a partners service with an identity provider of its own.
type rig struct {
	clock  *clock.Fake
	minter *auth.Minter
	dir    string
	config partners.Config
	log    *rpctest.Log
	deps   partners.Deps
	idp    *provider
	*partners.Service

	sessions    partnersv1.SessionsServiceClient
	users       partnersv1.UsersServiceClient
	apps        partnersv1.AppsServiceClient
	credentials partnersv1.CredentialsServiceClient
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{clock: clock.NewFake(start), dir: t.TempDir(), log: &rpctest.Log{}, idp: newProvider(t)}
	tel, err := telemetry.New(t.Context(), telemetry.Options{Format: "json", Output: r.log})
	if err != nil {
		t.Fatal(err)
	}
	key := auth.GenerateKey()
	if r.minter, err = auth.NewMinter(r.clock, key); err != nil {
		t.Fatal(err)
	}
	r.deps = partners.Deps{Clock: r.clock, Telemetry: tel}
	r.config = partners.Config{
		Config: engine.Config{Data: r.dir, MongoDBURI: enginetest.FreshURI(t, "partners")}, IdentityKeys: []auth.PublicKey{key.Public()},
		OIDC:       partners.OIDC{Issuer: r.idp.issuer(), ClientID: clientID, GroupsClaim: "groups"},
		GroupRoles: "editors=editor,leads=editor,leads=approver,it=admin",
	}
	r.open(t)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// open starts the service on the rig's folder.
func (r *rig) open(t testing.TB) {
	t.Helper()
	var err error
	if r.Service, err = partners.New(t.Context(), r.config, r.deps); err != nil {
		t.Fatal(err)
	}
	c := rpctest.Enduring(r.Conn())
	r.sessions, r.users = partnersv1.NewSessionsServiceClient(c), partnersv1.NewUsersServiceClient(c)
	r.apps, r.credentials = partnersv1.NewAppsServiceClient(c), partnersv1.NewCredentialsServiceClient(c)
}

// restart closes the service and opens it again.
func (r *rig) restart(t testing.TB) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	r.open(t)
}

func (r *rig) as(t testing.TB, i auth.Identity) context.Context {
	t.Helper()
	ctx, err := rpc.As(t.Context(), r.minter, i)
	if err != nil {
		t.Fatal(err)
	}
	return ctx
}

func (r *rig) gateway(t testing.TB) context.Context {
	return r.as(t, auth.Identity{Kind: auth.KindSystem, Subject: "gateway"})
}

func (r *rig) admin(t testing.TB) context.Context {
	return r.as(t, auth.Identity{Kind: auth.KindUser, Subject: "somebody", Roles: []string{"admin"}})
}

// signIn opens a session for a person of the provider.
func (r *rig) signIn(t testing.TB, subject string, groups ...string) *partnersv1.Session {
	t.Helper()
	resp, err := r.sessions.CreateSession(t.Context(), &partnersv1.CreateSessionRequest{IdToken: r.token(t, subject, groups, nil), Nonce: nonce})
	if err != nil {
		t.Fatal(err)
	}
	return resp.GetSession()
}

// token is an ID token as the provider signs it, with the claims in change put over the usual ones.
func (r *rig) token(t testing.TB, subject string, groups []string, change map[string]any) string {
	now := r.clock.Now()
	claims := map[string]any{
		"iss": r.idp.issuer(), "aud": clientID, "sub": subject, "name": "Name of " + subject, "email": subject + "@northwind.example", "groups": groups,
		"nonce": nonce, "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(), "jti": rand.Text(),
	}
	for name, v := range change {
		claims[name] = v
	}
	return sign(t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: r.idp.key, KeyID: "1"}}, claims)
}

func sign(t testing.TB, key jose.SigningKey, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// caller resolves a credential as the gateway does, and returns a context with the identity that it stands for.
func (r *rig) caller(t testing.TB, credential string) context.Context {
	t.Helper()
	got, err := r.resolve(t, credential)
	if err != nil {
		t.Fatal(err)
	}
	return r.as(t, auth.Identity{
		Kind: auth.Kind(got.GetKind()), Subject: got.GetSubject(), Roles: got.GetRoles(), Scopes: got.GetScopes(), Key: got.GetCredentialId(),
	})
}

func (r *rig) resolve(t testing.TB, credential string) (*partnersv1.ResolveCredentialResponse, error) {
	return r.credentials.ResolveCredential(r.gateway(t), &partnersv1.ResolveCredentialRequest{Credential: credential})
}

// refused fails the test unless err is of the reason.
func refused(t testing.TB, what string, err error, reason fault.Reason) {
	t.Helper()
	if !fault.Has(err, reason) {
		t.Errorf("%s: got %v, want %s", what, err, reason.Name)
	}
}

// provider serves the discovery document and keys of an identity provider over HTTP. Its tokens are signed by rig.token.
type provider struct {
	key    *ecdsa.PrivateKey
	server *httptest.Server
	mu     sync.Mutex
	down   bool
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{}
	var err error
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	answer := func(v func() any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.down {
				http.Error(w, "down", http.StatusBadGateway)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v())
		}
	}
	mux.HandleFunc("/.well-known/openid-configuration", answer(func() any {
		return map[string]any{"issuer": p.issuer(), "jwks_uri": p.issuer() + "/keys", "authorization_endpoint": p.issuer() + "/a", "token_endpoint": p.issuer() + "/t",
			"id_token_signing_alg_values_supported": []string{"ES256", "HS256"}}
	}))
	mux.HandleFunc("/keys", answer(func() any {
		return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}}
	}))
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) issuer() string { return p.server.URL }

func (p *provider) setDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}
