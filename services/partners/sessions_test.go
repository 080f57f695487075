package partners_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"renown.example/kit/fault"
	"renown.example/partners/domain"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

func TestSignInOpensASessionForThePersonTheProviderNames(t *testing.T) {
	r := newRig(t)
	s := r.signIn(t, "ada", "leads", "unheard of")
	if s.GetToken() == "" || !s.GetCurrent() || s.GetExpireTime().AsTime() != start.Add(domain.SessionLife) {
		t.Errorf("session %v", s)
	}
	u := s.GetUser()
	if u.GetDisplayName() != "Name of ada" || u.GetEmail() != "ada@northwind.example" || !slices.Equal(u.GetRoles(), []string{"editor", "approver"}) {
		t.Errorf("user %v", u)
	}
	me, err := r.sessions.GetMe(r.caller(t, s.GetToken()), &partnersv1.GetMeRequest{})
	if err != nil || me.GetUser().GetName() != u.GetName() {
		t.Errorf("me %v, %v", me, err)
	}
	again := r.signIn(t, "ada", "editors")
	if again.GetUser().GetName() != u.GetName() || !slices.Equal(again.GetUser().GetRoles(), []string{"editor"}) {
		t.Errorf("the same person came back as %v", again.GetUser())
	}
	if got, err := r.resolve(t, s.GetToken()); err != nil || !slices.Equal(got.GetRoles(), []string{"editor"}) {
		t.Errorf("the first session has the roles of before: %v, %v", got, err)
	}
}

func TestAnIDTokenOpensOneSession(t *testing.T) {
	r := newRig(t)
	req := &partnersv1.CreateSessionRequest{IdToken: r.token(t, "ada", nil, nil), Nonce: nonce}
	var all sync.WaitGroup
	var mu sync.Mutex
	opened := 0
	for range 8 {
		all.Go(func() {
			if _, err := r.sessions.CreateSession(t.Context(), req); err == nil {
				mu.Lock()
				opened++
				mu.Unlock()
			} else {
				refused(t, "replay", err, fault.Unauthenticated)
			}
		})
	}
	all.Wait()
	if opened != 1 {
		t.Errorf("one token opened %d sessions", opened)
	}
	r.clock.Step(9 * time.Minute)
	r.restart(t)
	_, err := r.sessions.CreateSession(t.Context(), req)
	refused(t, "replay after a restart", err, fault.Unauthenticated)
}

func TestForgedIDTokensAreRefused(t *testing.T) {
	r := newRig(t)
	r.signIn(t, "somebody") // the provider's keys are known from here
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]any{"iss": r.idp.issuer(), "aud": clientID, "sub": "ada", "nonce": nonce, "exp": start.Add(time.Hour).Unix(), "iat": start.Unix()}
	valid := r.token(t, "ada", nil, nil)
	parts := strings.Split(valid, ".")
	for name, token := range map[string]string{
		"another issuer":            r.token(t, "ada", nil, map[string]any{"iss": "https://elsewhere.example"}),
		"another audience":          r.token(t, "ada", nil, map[string]any{"aud": "another program"}),
		"issued to another":         r.token(t, "ada", nil, map[string]any{"aud": []string{clientID, "another program"}, "azp": "another program"}),
		"expired":                   r.token(t, "ada", nil, map[string]any{"exp": start.Add(-time.Second).Unix()}),
		"another nonce":             r.token(t, "ada", nil, map[string]any{"nonce": "the nonce of another sign-in"}),
		"no nonce":                  r.token(t, "ada", nil, map[string]any{"nonce": ""}),
		"another key":               sign(t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: other, KeyID: "1"}}, good),
		"a key nobody knows":        sign(t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: other, KeyID: "2"}}, good),
		"signed with the secret":    sign(t, jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("client secret ", 4))}, good),
		"not signed":                "eyJhbGciOiJub25lIn0." + parts[1] + ".",
		"signature of another":      parts[0] + "." + strings.Split(r.token(t, "eve", nil, nil), ".")[1] + "." + parts[2],
		"no token at all, but long": strings.Repeat("x", 100),
	} {
		_, err := r.sessions.CreateSession(t.Context(), &partnersv1.CreateSessionRequest{IdToken: token, Nonce: nonce})
		refused(t, name, err, fault.Unauthenticated)
	}
	if _, err := r.sessions.CreateSession(t.Context(), &partnersv1.CreateSessionRequest{IdToken: valid, Nonce: nonce}); err != nil {
		t.Error("the good token is refused as well:", err)
	}
}

func TestAProviderThatIsDownIsNotTheCallersFault(t *testing.T) {
	r := newRig(t)
	r.idp.setDown(true)
	req := &partnersv1.CreateSessionRequest{IdToken: r.token(t, "ada", nil, nil), Nonce: nonce}
	_, err := r.sessions.CreateSession(t.Context(), req)
	refused(t, "discovery fails", err, fault.Unavailable)
	r.idp.setDown(false)
	r.signIn(t, "somebody")
	r.idp.setDown(true)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unknown := sign(t, jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: stranger, KeyID: "new"}}, map[string]any{"iss": r.idp.issuer()})
	_, err = r.sessions.CreateSession(t.Context(), &partnersv1.CreateSessionRequest{IdToken: unknown, Nonce: nonce})
	refused(t, "the keys cannot be fetched", err, fault.Unavailable)
	if _, err = r.sessions.CreateSession(t.Context(), req); err != nil {
		t.Error("a token whose key is known:", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	r := newRig(t)
	first, second, others := r.signIn(t, "ada"), r.signIn(t, "ada"), r.signIn(t, "bo")
	me := r.caller(t, first.GetToken())
	list, err := r.sessions.ListSessions(me, &partnersv1.ListSessionsRequest{})
	if err != nil || len(list.GetSessions()) != 2 {
		t.Fatalf("sessions %v, %v", list, err)
	}
	for _, s := range list.GetSessions() {
		if s.GetToken() != "" || s.GetCurrent() != (s.GetId() == first.GetId()) {
			t.Errorf("listed %v", s)
		}
	}
	_, err = r.sessions.RevokeSession(me, &partnersv1.RevokeSessionRequest{Session: others.GetId()})
	refused(t, "somebody else's session", err, fault.NotFound)
	for _, name := range []string{second.GetId(), second.GetId(), "current"} {
		if _, err := r.sessions.RevokeSession(me, &partnersv1.RevokeSessionRequest{Session: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range []*partnersv1.Session{first, second} {
		_, err := r.resolve(t, s.GetToken())
		refused(t, "revoked", err, fault.Unauthenticated)
	}
	if _, err := r.resolve(t, others.GetToken()); err != nil {
		t.Error(err)
	}
	r.clock.Step(domain.SessionLife - time.Millisecond)
	if _, err := r.resolve(t, others.GetToken()); err != nil {
		t.Error("before its end:", err)
	}
	r.clock.Step(time.Millisecond)
	_, err = r.resolve(t, others.GetToken())
	refused(t, "at its end", err, fault.Unauthenticated)
}

func TestCredentialsThatDoNotCountAllGetTheSameAnswer(t *testing.T) {
	r := newRig(t)
	s := r.signIn(t, "ada")
	forged, _ := domain.ParseCredential(s.GetToken())
	forged.Secret = strings.Repeat("0", len(forged.Secret))
	unknown := domain.NewCredential(domain.KindSession, false, "unknown", [domain.SecretBytes]byte{})
	asKey, asToken := forged, forged
	asKey.Kind, asToken.Kind = domain.KindAPIKey, domain.KindToken
	messages := map[string]bool{}
	for _, c := range []string{"whatever", s.GetToken() + "0", forged.String(), unknown.String(), asKey.String(), asToken.String()} {
		_, err := r.resolve(t, c)
		refused(t, c, err, fault.Unauthenticated)
		if f, ok := fault.As(err); ok {
			messages[f.Message] = true
		}
	}
	if len(messages) != 1 {
		t.Errorf("the answers tell the cases apart: %v", messages)
	}
}

func TestWithoutAProviderNobodySignsIn(t *testing.T) {
	r := newRig(t)
	r.config.OIDC = partnersOIDC{}
	r.restart(t)
	_, err := r.sessions.CreateSession(t.Context(), &partnersv1.CreateSessionRequest{IdToken: r.token(t, "ada", nil, nil), Nonce: nonce})
	refused(t, "no provider", err, fault.Unavailable)
}

func TestSweepingRemovesWhatIsLongOver(t *testing.T) {
	r := newRig(t)
	r.signIn(t, "ada")
	r.clock.Step(domain.SessionLife)
	recent := r.signIn(t, "ada")
	r.clock.Step(7*24*time.Hour - time.Minute)
	// The first ID token and the second are over, and so is the first session since more than a week.
	if n, err := r.Partners.SweepNow(t.Context()); err != nil || n != 2 {
		t.Fatalf("removed %d, %v", n, err)
	}
	r.clock.Step(domain.SessionLife)
	if n, err := r.Partners.SweepNow(t.Context()); err != nil || n != 1 {
		t.Fatalf("removed %d, %v", n, err)
	}
	_, err := r.resolve(t, recent.GetToken())
	refused(t, "removed", err, fault.Unauthenticated)
}

func TestNothingSecretOrPersonalIsLogged(t *testing.T) {
	r := newRig(t)
	s := r.signIn(t, "ada")
	app := r.app(t, "shop")
	_, secret := r.key(t, app, "stories.read")
	for _, c := range []string{s.GetToken(), secret, secret + "0"} {
		_, _ = r.resolve(t, c)
	}
	log := r.log.String()
	if !strings.Contains(log, "ResolveCredential") {
		t.Fatal("nothing was logged at all")
	}
	for _, bad := range []string{s.GetToken(), secret, "ada@northwind.example", "Name of ada", nonce} {
		if strings.Contains(log, bad) {
			t.Errorf("the log holds %q", bad)
		}
	}
}
