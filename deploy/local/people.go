package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	"renown.example/website/api"
)

// people signs demo users in as the website does: authorization code with PKCE at the provider, whose page is answered for them, then a session for the ID token.
type people struct {
	issuer, clientSecret, publicURL string
}

// signInTime bounds one sign-in.
const signInTime = 30 * time.Second

// open opens a session for a demo user.
func (p people) open(ctx context.Context, rest *api.Conn, username string) (*partnersv1.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, signInTime)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, p.issuer)
	if err != nil {
		return nil, err
	}
	client := &oauth2.Config{
		ClientID: demoClientID, ClientSecret: p.clientSecret, Endpoint: provider.Endpoint(), RedirectURL: p.publicURL + "/signin/callback",
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"},
	}
	verifier, nonce, state := oauth2.GenerateVerifier(), rand.Text(), rand.Text()
	answer, err := p.choose(ctx, client.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier), oidc.Nonce(nonce)), username)
	if err != nil {
		return nil, err
	}
	if answer.Get("state") != state || answer.Get("code") == "" {
		return nil, fmt.Errorf("the identity provider refused %s: %s", username, answer.Get("error"))
	}
	tokens, err := client.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		return nil, err
	}
	idToken, _ := tokens.Extra("id_token").(string)
	resp, err := partnersv1.NewSessionsServiceClient(rest).CreateSession(ctx, &partnersv1.CreateSessionRequest{IdToken: idToken, Nonce: nonce})
	return resp.GetSession(), err
}

// choose goes to the provider's page, chooses the user, and returns what the provider tells the website.
func (p people) choose(ctx context.Context, authorize, username string) (url.Values, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), p.publicURL+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := visit(ctx, browser, http.MethodGet, authorize, nil)
	if err != nil {
		return nil, err
	}
	form := url.Values{"request": {page.Request.URL.Query().Get("request")}, "user": {username}}
	back, err := visit(ctx, browser, http.MethodPost, p.issuer+"/sign-in", form)
	if err != nil {
		return nil, err
	}
	to, err := back.Location()
	if err != nil {
		return nil, fmt.Errorf("the identity provider answers %s instead of leading back", back.Status)
	}
	return to.Query(), nil
}

func visit(ctx context.Context, browser *http.Client, method, address string, form url.Values) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := browser.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	return res, err
}
