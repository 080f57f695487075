package deploy_test

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"renown.example/deploy/idp"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/fault"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/partners"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
)

// nowhere is a website that does not exist: who is led back there is stopped in front of it.
const nowhere = "http://127.0.0.1:1"

// idToken walks through the provider's page and redeems the code.
func idToken(t *testing.T, issuer, client, username, nonce string) string {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	config := &oauth2.Config{ClientID: client, ClientSecret: "a secret of the provider's", Endpoint: provider.Endpoint(), RedirectURL: nowhere + "/signin/callback",
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"}}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), nowhere) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	verifier := oauth2.GenerateVerifier()
	page, err := browser.Get(config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce)))
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	back, err := browser.PostForm(issuer+"/sign-in", url.Values{"request": {page.Request.URL.Query().Get("request")}, "user": {username}})
	if err != nil {
		t.Fatal(err)
	}
	back.Body.Close()
	to, err := back.Location()
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := config.Exchange(t.Context(), to.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	token, _ := tokens.Extra("id_token").(string)
	return token
}

// The tokens of a real provider open one session each, for the sign-in that they were made for and the program that they were issued to.
func TestPartnersAndARealProvider(t *testing.T) {
	redirect := []string{nowhere + "/signin/callback"}
	provider, err := idp.Start(context.Background(), idp.Config{Addr: "127.0.0.1:0", Users: idp.DemoUsers("northwind.example"), Clients: []idp.Client{
		{ID: "renown", Secret: "a secret of the provider's", RedirectURIs: redirect}, {ID: "another", Secret: "a secret of the provider's", RedirectURIs: redirect},
	}}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(provider.Stop)
	tel, err := telemetry.New(t.Context(), telemetry.Options{Output: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	service, err := partners.New(t.Context(), partners.Config{
		Config: engine.Config{Data: t.TempDir()}, IdentityKeys: []auth.PublicKey{auth.GenerateKey().Public()}, GroupRoles: "editor=editor,editor=author",
		OIDC: partners.OIDC{Issuer: provider.Issuer, ClientID: "renown", GroupsClaim: "groups"},
	}, partners.Deps{Clock: clock.System(), Telemetry: tel})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	sessions := partnersv1.NewSessionsServiceClient(service.Conn())
	open := func(token, nonce string) (*partnersv1.Session, error) {
		resp, err := sessions.CreateSession(t.Context(), &partnersv1.CreateSessionRequest{IdToken: token, Nonce: nonce})
		return resp.GetSession(), err
	}
	nonce, other := rand.Text(), rand.Text()
	token := idToken(t, provider.Issuer, "renown", "edda", nonce)
	if _, err := open(token, other); !fault.Has(err, fault.Unauthenticated) {
		t.Errorf("the nonce of another sign-in: %v", err)
	}
	session, err := open(token, nonce)
	if err != nil || !slices.Equal(session.GetUser().GetRoles(), []string{"author", "editor"}) || session.GetUser().GetEmail() != "edda@northwind.example" {
		t.Fatalf("session %v, %v", session, err)
	}
	if _, err := open(token, nonce); !fault.Has(err, fault.Unauthenticated) {
		t.Errorf("the same token again: %v", err)
	}
	if _, err := open(idToken(t, provider.Issuer, "another", "edda", nonce), nonce); !fault.Has(err, fault.Unauthenticated) {
		t.Errorf("a token that was issued to another program: %v", err)
	}
	again, err := open(idToken(t, provider.Issuer, "renown", "edda", other), other)
	if err != nil || again.GetUser().GetName() != session.GetUser().GetName() || again.GetId() == session.GetId() {
		t.Errorf("the second sign-in: %v, %v", again, err)
	}
}
