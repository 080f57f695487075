package idp

import (
	"bufio"
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"renown.example/kit/fault"
)

const callback = "http://127.0.0.1:1/signin/callback"

func config() Config {
	return Config{Addr: "127.0.0.1:0", Company: "Northwind", Users: DemoUsers("northwind.example"), Clients: []Client{
		{ID: "website", Secret: "s3cret", RedirectURIs: []string{callback}, PostLogoutURIs: []string{"http://127.0.0.1:1/"}},
		{ID: "public", RedirectURIs: []string{callback}},
	}}
}

// TestMain lets the test binary be the provider's process, and a parent that dies without a word.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == Arg {
		os.Exit(Child(os.Stdin, os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == "parent" {
		p, err := Start(context.Background(), config(), os.Stderr)
		if err != nil {
			os.Exit(1)
		}
		os.Stdout.WriteString(p.Issuer + "\n")
		select {}
	}
	os.Exit(m.Run())
}

func start(t *testing.T) string {
	t.Helper()
	p, err := Start(t.Context(), config(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p.Issuer
}

// browser keeps cookies and stops in front of the website's callback.
func browser(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

func website(t *testing.T, issuer, id, secret string) (*oidc.Provider, *oauth2.Config) {
	t.Helper()
	provider, err := oidc.NewProvider(t.Context(), issuer)
	if err != nil {
		t.Fatal(err)
	}
	return provider, &oauth2.Config{ClientID: id, ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: callback,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"}}
}

// signIn walks a browser from the authorization request to the code.
func signIn(t *testing.T, oc *oauth2.Config, form url.Values, opts ...oauth2.AuthCodeOption) *http.Response {
	t.Helper()
	b := browser(t)
	res, err := b.Get(oc.AuthCodeURL("the-state", opts...))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.Request.URL.Path != "/sign-in" {
		return res
	}
	form.Set("request", res.Request.URL.Query().Get("request"))
	res, err = b.PostForm(res.Request.URL.Scheme+"://"+res.Request.URL.Host+"/sign-in", form)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

func code(t *testing.T, res *http.Response) url.Values {
	t.Helper()
	to, err := res.Location()
	if err != nil {
		t.Fatalf("no redirect to the client but %s", res.Status)
	}
	return to.Query()
}

func TestCodeFlowGivesNameAndGroups(t *testing.T) {
	issuer := start(t)
	cases := []struct {
		name, client, secret, user, group string
		form                              url.Values
	}{
		{"one click", "website", "s3cret", "demo-ada", "author", url.Values{"user": {"ada"}}},
		{"typed password", "website", "s3cret", "demo-pavel", "approver", url.Values{"username": {"pavel"}, "password": {"demo"}}},
		{"public client", "public", "", "demo-agnes", "admin", url.Values{"user": {"agnes"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			provider, oc := website(t, issuer, c.client, c.secret)
			verifier := oauth2.GenerateVerifier()
			q := code(t, signIn(t, oc, c.form, oauth2.S256ChallengeOption(verifier), oidc.Nonce("a-nonce-of-enough-length")))
			if q.Get("state") != "the-state" {
				t.Errorf("state came back as %q", q.Get("state"))
			}
			tok, err := oc.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			id, err := provider.Verifier(&oidc.Config{ClientID: c.client}).Verify(t.Context(), tok.Extra("id_token").(string))
			if err != nil {
				t.Fatal(err)
			}
			var claims struct {
				Name, Email string
				Groups      []string
			}
			if err := id.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if id.Subject != c.user || id.Nonce != "a-nonce-of-enough-length" || len(claims.Groups) != 1 || claims.Groups[0] != c.group || claims.Name == "" ||
				!strings.HasSuffix(claims.Email, "@northwind.example") {
				t.Errorf("the ID token says %s, nonce %q, %+v", id.Subject, id.Nonce, claims)
			}
			if _, err := oc.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(verifier)); err == nil {
				t.Error("the code worked twice")
			}
			info, err := provider.UserInfo(t.Context(), oauth2.StaticTokenSource(tok))
			if err != nil || info.Subject != c.user {
				t.Errorf("userinfo: %v, %v", info, err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	issuer := start(t)
	_, oc := website(t, issuer, "website", "s3cret")
	verifier := oauth2.GenerateVerifier()
	pkce := oauth2.S256ChallengeOption(verifier)
	ada := url.Values{"user": {"ada"}}

	t.Run("without PKCE", func(t *testing.T) {
		if got := code(t, signIn(t, oc, ada)).Get("error"); got != "invalid_request" {
			t.Errorf("error is %q", got)
		}
	})
	t.Run("plain PKCE", func(t *testing.T) {
		plain := []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("code_challenge", verifier), oauth2.SetAuthURLParam("code_challenge_method", "plain")}
		if got := code(t, signIn(t, oc, ada, plain...)).Get("error"); got != "invalid_request" {
			t.Errorf("error is %q", got)
		}
	})
	t.Run("another redirect address", func(t *testing.T) {
		other := *oc
		other.RedirectURL = "http://127.0.0.1:1/elsewhere"
		if res := signIn(t, &other, ada, pkce); res.StatusCode != http.StatusBadRequest {
			t.Errorf("answered %s", res.Status)
		}
	})
	for name, form := range map[string]url.Values{
		"wrong password": {"username": {"ada"}, "password": {"guess"}},
		"unknown person": {"user": {"mallory"}},
	} {
		t.Run(name, func(t *testing.T) {
			if res := signIn(t, oc, form, pkce); res.StatusCode != http.StatusForbidden {
				t.Errorf("answered %s", res.Status)
			}
		})
	}
	t.Run("post from another site", func(t *testing.T) {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, issuer+"/sign-in", strings.NewReader("user=ada"))
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("answered %s", res.Status)
		}
	})
}

// A code is good for whom it was made for.
func TestACodeIsRedeemedByItsOwnerOnly(t *testing.T) {
	issuer := start(t)
	_, oc := website(t, issuer, "website", "s3cret")
	verifier := oauth2.GenerateVerifier()
	pkce := oauth2.S256ChallengeOption(verifier)
	ada := url.Values{"user": {"ada"}}

	t.Run("wrong verifier", func(t *testing.T) {
		q := code(t, signIn(t, oc, ada, pkce))
		if _, err := oc.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(oauth2.GenerateVerifier())); err == nil {
			t.Error("a code was redeemed with another verifier")
		}
	})
	t.Run("wrong client secret", func(t *testing.T) {
		q := code(t, signIn(t, oc, ada, pkce))
		wrong := *oc
		wrong.ClientSecret = "guess"
		if _, err := wrong.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(verifier)); err == nil {
			t.Error("a code was redeemed with a wrong secret")
		}
	})
}

func TestEndSessionLeadsBackToRegisteredAddressOnly(t *testing.T) {
	issuer := start(t)
	b := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for to, want := range map[string]int{"http://127.0.0.1:1/": http.StatusFound, "http://127.0.0.1:1/elsewhere": http.StatusBadRequest} {
		res, err := b.Get(issuer + "/end_session?" + url.Values{"client_id": {"website"}, "post_logout_redirect_uri": {to}}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("to %s: answered %s", to, res.Status)
		}
	}
}

func TestConfigIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"every interface": func(c *Config) { c.Addr = "0.0.0.0:0" },
		"no host":         func(c *Config) { c.Addr = ":0" },
		"issuer slash":    func(c *Config) { c.Issuer = "http://127.0.0.1:1/" },
		"issuer scheme":   func(c *Config) { c.Issuer = "ftp://127.0.0.1:1" },
		"nobody":          func(c *Config) { c.Users = nil },
		"no client":       func(c *Config) { c.Clients = nil },
		"no redirect":     func(c *Config) { c.Clients[0].RedirectURIs = nil },
	} {
		t.Run(name, func(t *testing.T) {
			c := config()
			change(&c)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			if err := Serve(ctx, c, nil); !fault.Has(err, fault.InvalidArgument) {
				t.Errorf("Serve returned %v", err)
			}
		})
	}
}

// TestChildEndsWithItsParent kills a parent the hard way and waits for its provider to fall silent.
func TestChildEndsWithItsParent(t *testing.T) {
	parent := exec.Command(os.Args[0], "parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	issuer := strings.TrimSpace(line)
	if err := discover(t.Context(), issuer); err != nil {
		t.Fatal(err)
	}
	if err := parent.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for discover(ctx, issuer) == nil {
	}
	if ctx.Err() != nil {
		t.Error("the provider outlived its parent")
	}
}
