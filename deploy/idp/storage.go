package idp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
)

const (
	signInTime  = 10 * time.Minute
	tokenTime   = 5 * time.Minute
	maxRequests = 1000
)

var scopes = []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, "groups"}

// The plain errors of this file become OAuth error answers in the op package, which chooses their codes.
var (
	errNoRequest = errors.New("this sign-in is unknown or has expired")
	errNoCode    = errors.New("the code is unknown, expired or was used")
	errNoToken   = errors.New("the token is unknown or has expired")
	errNoClient  = errors.New("the client is unknown or its secret is wrong")
	errNoGrant   = errors.New("this provider knows no such grant")
)

// storage keeps sign-ins under way and access tokens, all of them in memory and for minutes.
type storage struct {
	clock   clock.Clock
	users   []User
	clients map[string]*client
	key     signingKey

	mu       sync.Mutex
	requests map[string]*authRequest
	codes    map[string]string
	tokens   map[string]token
}

var (
	_ op.Storage                   = (*storage)(nil)
	_ op.CanSetUserinfoFromRequest = (*storage)(nil)
)

type token struct {
	client, user string
	audience     []string
	scopes       []string
	expires      time.Time
}

func newStorage(cfg Config, clk clock.Clock) (*storage, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fault.Internal.New("no signing key could be made").Wrap(err)
	}
	s := &storage{clock: clk, users: cfg.Users, clients: map[string]*client{}, key: signingKey{rand.Text(), key},
		requests: map[string]*authRequest{}, codes: map[string]string{}, tokens: map[string]token{}}
	for _, c := range cfg.Clients {
		s.clients[c.ID] = &client{c}
	}
	return s, nil
}

func (s *storage) userByID(id string) (User, bool) {
	i := slices.IndexFunc(s.users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	return s.users[i], true
}

// signIn completes the sign-in under way with the person of that user name.
func (s *storage) signIn(request, username string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[request]
	if !ok || s.clock.Now().After(r.expires) {
		return errNoRequest
	}
	for _, u := range s.users {
		if u.Username == username {
			done := *r
			done.user, done.at = u.ID, s.clock.Now()
			s.requests[request] = &done
			return nil
		}
	}
	return fault.NotFound.New("there is no user %q", username)
}

// CreateAuthRequest begins a sign-in. It refuses one without PKCE and forgets those that were never finished.
func (s *storage) CreateAuthRequest(_ context.Context, in *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if slices.Contains(in.Prompt, oidc.PromptNone) {
		return nil, oidc.ErrLoginRequired()
	}
	if in.CodeChallenge == "" || in.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("a code_challenge with code_challenge_method S256 is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	for id, r := range s.requests {
		if now.After(r.expires) || len(s.requests) >= maxRequests {
			s.forget(id)
		}
	}
	r := &authRequest{in: in, id: rand.Text(), expires: now.Add(signInTime)}
	s.requests[r.id] = r
	return r, nil
}

func (s *storage) forget(request string) {
	delete(s.requests, request)
	for code, id := range s.codes {
		if id == request {
			delete(s.codes, code)
		}
	}
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[id]
	if !ok || s.clock.Now().After(r.expires) {
		return nil, errNoRequest
	}
	return r, nil
}

// AuthRequestByCode redeems a code: the second time it is refused, whatever became of the first.
func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.requests[s.codes[code]]
	delete(s.codes, code)
	if !ok || s.clock.Now().After(r.expires) {
		return nil, errNoCode
	}
	return r, nil
}

func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.requests[id]; !ok {
		return errNoRequest
	}
	s.codes[code] = id
	return nil
}

func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(id)
	return nil
}

func (s *storage) CreateAccessToken(_ context.Context, in op.TokenRequest) (string, time.Time, error) {
	r, ok := in.(*authRequest)
	if !ok {
		return "", time.Time{}, errNoGrant
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	for id, t := range s.tokens {
		if now.After(t.expires) {
			delete(s.tokens, id)
		}
	}
	id, expires := rand.Text(), now.Add(tokenTime)
	s.tokens[id] = token{client: r.GetClientID(), user: r.user, audience: r.GetAudience(), scopes: r.GetScopes(), expires: expires}
	return id, expires, nil
}

func (s *storage) CreateAccessAndRefreshTokens(context.Context, op.TokenRequest, string) (string, string, time.Time, error) {
	return "", "", time.Time{}, errNoGrant
}

func (s *storage) TokenRequestByRefreshToken(context.Context, string) (op.RefreshTokenRequest, error) {
	return nil, errNoGrant
}

func (s *storage) GetRefreshTokenInfo(context.Context, string, string) (string, string, error) {
	return "", "", op.ErrInvalidRefreshToken
}

func (s *storage) TerminateSession(_ context.Context, user, client string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, t := range s.tokens {
		if t.user == user && t.client == client {
			delete(s.tokens, id)
		}
	}
	return nil
}

func (s *storage) RevokeToken(_ context.Context, id, _, client string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.tokens[id]; ok && t.client != client {
		return oidc.ErrInvalidClient().WithDescription("the token was made for another client")
	}
	delete(s.tokens, id)
	return nil
}

func (s *storage) SigningKey(context.Context) (op.SigningKey, error) { return s.key, nil }

func (s *storage) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s *storage) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s.key}}, nil }

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	c, ok := s.clients[id]
	if !ok {
		return nil, errNoClient
	}
	return c, nil
}

func (s *storage) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	c, ok := s.clients[id]
	if !ok || c.Secret == "" || subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) != 1 {
		return errNoClient
	}
	return nil
}

// clientFirst refuses a client that does not prove itself before the code is looked at, as providers do; the op package looks at the code first, and would
// spend it for whoever found it.
func (s *storage) clientFirst(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, secret, basic := r.BasicAuth()
		if basic {
			id, _ = url.QueryUnescape(id)
			secret, _ = url.QueryUnescape(secret)
		} else {
			id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
		}
		c, known := s.clients[id]
		if !known || subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) != 1 {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"the client is unknown or its secret is wrong"}`))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// SetUserinfoFromScopes is deprecated in favour of SetUserinfoFromRequest and is empty by its contract.
func (s *storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

func (s *storage) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, in op.IDTokenRequest, scopes []string) error {
	return s.describe(info, in.GetSubject(), scopes)
}

func (s *storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, id, _, _ string) error {
	s.mu.Lock()
	t, ok := s.tokens[id]
	s.mu.Unlock()
	if !ok || s.clock.Now().After(t.expires) {
		return errNoToken
	}
	return s.describe(info, t.user, t.scopes)
}

func (s *storage) SetIntrospectionFromToken(_ context.Context, out *oidc.IntrospectionResponse, id, _, client string) error {
	s.mu.Lock()
	t, ok := s.tokens[id]
	s.mu.Unlock()
	if !ok || s.clock.Now().After(t.expires) || !slices.Contains(t.audience, client) {
		return errNoToken
	}
	out.Scope, out.ClientID, out.Subject, out.Expiration = t.scopes, t.client, t.user, oidc.FromTime(t.expires)
	return nil
}

func (s *storage) describe(info *oidc.UserInfo, user string, scopes []string) error {
	u, ok := s.userByID(user)
	if !ok {
		return fault.NotFound.New("there is no user %q", user)
	}
	info.Subject = u.ID
	for _, scope := range scopes {
		switch scope {
		case oidc.ScopeProfile:
			info.Name, info.PreferredUsername = u.Name, u.Username
		case oidc.ScopeEmail:
			info.Email, info.EmailVerified = u.Email, true
		case "groups":
			info.AppendClaims("groups", u.Groups)
		}
	}
	return nil
}

func (s *storage) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return nil, nil
}

func (s *storage) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, errNoGrant
}

func (s *storage) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, errNoGrant
}

func (s *storage) Health(context.Context) error { return nil }
