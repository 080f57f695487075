package studio_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"renown.example/deploy/cases"
	"renown.example/website"
	"renown.example/website/api"
	"renown.example/website/signin"
)

func TestSignInAndOut(t *testing.T) {
	in := install(t)
	b := in.browser(t)
	b.get("/studio/stories?state=draft").says(http.StatusOK, "Sign in")

	page := b.get("/signin/start?return=%2Fstudio%2Fstories%3Fstate%3Ddraft")
	page = b.send(page.base.Scheme+"://"+page.base.Host+"/sign-in", url.Values{"request": {page.base.Query().Get("request")}, "user": {"ada"}})
	if page.says(http.StatusOK, "Stories").base.RequestURI() != "/studio/stories?state=draft" {
		t.Errorf("signing in led to %s", page.base)
	}
	if !strings.Contains(page.body, "Ada Lindqvist") {
		t.Error("the page does not say who is signed in")
	}

	copied := b.session()
	if copied == "" {
		t.Fatal("there is no session cookie")
	}
	b.submit(page, "/signout").says(http.StatusOK, "You are signed out")
	if b.session() != "" {
		t.Error("the session cookie outlived the signing out")
	}
	// A copy of the cookie is of no use either: the session itself has ended, everywhere within two seconds.
	cases.Eventually(t, 5*time.Second, "the session has ended", func() bool { return !strings.Contains(withSession(b, copied, "/studio").text(), "What waits for you") })
}

// withSession asks for a page with a session cookie of one's own choice and no others.
func withSession(b *browser, token, path string) page {
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.in.url+path, nil)
	must(b.t, err)
	req.Header.Set("Cookie", "__Host-renown="+token)
	return b.in.browser(b.t).do(req)
}

func TestSessionCookie(t *testing.T) {
	in := install(t)
	b := in.browser(t)
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	page := b.get("/signin/start")
	if page.status != http.StatusSeeOther {
		t.Fatalf("start answered %d", page.status)
	}
	begun := page.header.Get("Set-Cookie")
	back := finish(t, b, page, "ada")
	opened := ""
	for _, line := range b.get(back).header.Values("Set-Cookie") {
		if strings.HasPrefix(line, "__Host-renown=") {
			opened = line
		}
	}
	for name, line := range map[string]string{"of the attempt": begun, "of the session": opened} {
		for _, want := range []string{"__Host-", "Path=/", "HttpOnly", "Secure", "SameSite=Lax", "Max-Age="} {
			if !strings.Contains(line, want) {
				t.Errorf("the cookie %s lacks %s: %s", name, want, line)
			}
		}
		if strings.Contains(line, "Domain=") {
			t.Errorf("the cookie %s names a domain", name)
		}
	}
	if b.session() == "" || strings.Contains(in.logs.String(), b.session()) {
		t.Error("the session token is in the logs, or there is none")
	}
}

// finish goes through the provider and returns the address with which it sends the browser back.
func finish(t *testing.T, b *browser, begun page, user string) string {
	t.Helper()
	page := b.get(begun.header.Get("Location"))
	form, err := url.Parse(page.header.Get("Location"))
	must(t, err)
	page = b.send(b.in.issuer+"/sign-in", url.Values{"request": {form.Query().Get("request")}, "user": {user}})
	return b.get(page.header.Get("Location")).header.Get("Location")
}

// still is a browser that shows where it is led instead of going there.
func (in *installation) still(t *testing.T) *browser {
	b := in.browser(t)
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

// A sign-in is finished once, by whom it was begun.
func TestASignInIsFinishedWhereItWasBegun(t *testing.T) {
	in := install(t)
	t.Run("replayed", func(t *testing.T) {
		b := in.still(t)
		begun := b.get("/signin/start")
		attempt := strings.Split(begun.header.Get("Set-Cookie"), ";")[0]
		back := finish(t, b, begun, "ada")
		if got := b.get(back); got.status != http.StatusSeeOther {
			t.Fatalf("the first return answered %d: %s", got.status, got.text())
		}
		// Somebody who has both the cookie and the address comes too late.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, back, nil)
		must(t, err)
		req.Header.Set("Cookie", attempt)
		thief := in.still(t)
		thief.do(req).says(http.StatusBadRequest, "finished already")
		if thief.session() != "" {
			t.Error("a replay opened a session")
		}
	})
	t.Run("in another browser", func(t *testing.T) {
		back := func() string { b := in.still(t); return finish(t, b, b.get("/signin/start"), "ada") }()
		victim := in.still(t)
		victim.get(back).says(http.StatusBadRequest, "cannot be finished")
		if victim.session() != "" {
			t.Error("a browser was signed in to a sign-in that it had not begun")
		}
	})
	t.Run("state of another sign-in", func(t *testing.T) {
		other := in.still(t)
		theirs := finish(t, other, other.get("/signin/start"), "edda")
		b := in.still(t)
		b.get("/signin/start")
		b.get(theirs).says(http.StatusBadRequest, "not the sign-in you began")
		if b.session() != "" {
			t.Error("a stranger's code opened a session")
		}
	})
}

func TestSignInRefusals(t *testing.T) {
	in := install(t)
	t.Run("provider says no", func(t *testing.T) {
		b := in.still(t)
		begun, err := url.Parse(b.get("/signin/start").header.Get("Location"))
		must(t, err)
		b.get("/signin/callback?error=access_denied&error_description=%3Cb%3Eno%3C%2Fb%3E&state="+begun.Query().Get("state")).says(http.StatusForbidden, "access_denied <b>no</b>")
	})
	t.Run("leading away", func(t *testing.T) {
		b := in.still(t)
		back := finish(t, b, b.get("/signin/start?return=https://evil.example/"), "ada")
		if to := b.get(back).header.Get("Location"); to != "/studio" {
			t.Errorf("signing in led to %q", to)
		}
	})
	t.Run("session from outside", func(t *testing.T) {
		withSession(in.still(t), "rn_chosen_by_somebody_else", "/studio").says(http.StatusOK, "Your session has ended")
	})
	t.Run("signing out from another site", func(t *testing.T) {
		b := in.as(t, "ada")
		b.post("/signout", "application/x-www-form-urlencoded", strings.NewReader(""), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example").says(http.StatusForbidden, "another website")
		b.get("/studio").says(http.StatusOK, "What waits for you")
	})
}

func TestFirstAdministrator(t *testing.T) {
	in := install(t)
	link, err := in.partners.Partners.PrepareSetup(t.Context())
	must(t, err)
	ada := in.browser(t)
	ada.get("/signin?setup="+url.QueryEscape(link)).says(http.StatusOK, "first administrator")
	signInWith := func(b *browser, user string) page {
		page := b.get("/signin/start?" + url.Values{"setup": {link}}.Encode())
		return b.send(page.base.Scheme+"://"+page.base.Host+"/sign-in", url.Values{"request": {page.base.Query().Get("request")}, "user": {user}})
	}
	signInWith(ada, "ada").says(http.StatusOK)
	ada.get("/studio/people").says(http.StatusOK, "Ada Lindqvist", "author, admin")
	if strings.Contains(in.logs.String(), link) {
		t.Error("the one-time token is in the logs")
	}
	signInWith(in.browser(t), "edda").says(http.StatusForbidden, "You were not signed in")
}

func TestProviderIsAsked(t *testing.T) {
	in := install(t)
	if findings := signin.CheckProvider(t.Context(), signin.Config{PublicURL: in.url, Issuer: in.issuer, ClientID: "website", ClientSecret: "s3cret"}); len(findings) > 0 {
		t.Errorf("the settings that people sign in with are found wrong: %v", findings)
	}
}

func TestWithoutProvider(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  signin.Config
		says []string
	}{
		"no provider": {signin.Config{PublicURL: "http://127.0.0.1:8080"}, []string{"RENOWN_OIDC_ISSUER", "RENOWN_OIDC_CLIENT_ID"}},
		"plain http":  {signin.Config{PublicURL: "http://stories.example", Issuer: "https://login.example", ClientID: "renown"}, []string{"RENOWN_PUBLIC_URL", "TLS certificate"}},
	} {
		t.Run(name, func(t *testing.T) {
			site, err := website.New(website.Options{API: api.New("http://127.0.0.1:1", nil), PublicURL: c.cfg.PublicURL, SignIn: c.cfg})
			must(t, err)
			server := httptest.NewServer(site)
			defer server.Close()
			in := &installation{url: server.URL, tls: &tlsClient{http.DefaultTransport}}
			for _, path := range []string{"/signin", "/signin/start", "/studio"} {
				in.browser(t).get(path).says(http.StatusServiceUnavailable, append(c.says, "Nobody can sign in here yet")...)
			}
		})
	}
}

// TestOneNameOfTheWebsite begins a sign-in under a name that the provider does not lead back to.
func TestOneNameOfTheWebsite(t *testing.T) {
	in := install(t)
	b := in.browser(t)
	b.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for path, want := range map[string]string{
		"/signin/start?return=%2Fstudio":        in.url + "/signin/start?here=1&return=%2Fstudio",
		"/signin/start?here=1&return=%2Fstudio": in.issuer,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, in.url+path, nil)
		must(t, err)
		req.Host = "another-name.example"
		if to := b.do(req).header.Get("Location"); !strings.HasPrefix(to, want) {
			t.Errorf("%s led to %s", path, to)
		}
	}
}

func TestSessionsCanBeEnded(t *testing.T) {
	in := install(t)
	here, elsewhere := in.as(t, "ada"), in.as(t, "ada")
	page := here.get("/studio/sessions").says(http.StatusOK, "This browser", "End this session")
	here.submit(page, "/end").says(http.StatusOK, "The session has ended")
	cases.Eventually(t, 3*time.Second, "the session has ended", func() bool { return strings.Contains(elsewhere.get("/studio").text(), "Your session has ended") })
	here.get("/studio").says(http.StatusOK)
}

func TestPostsFromAnotherSite(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	for _, path := range []string{"/studio/new", at + "/submit", at + "/edit", at + "/autosave", "/studio/pictures"} {
		got := ada.post(path, "application/x-www-form-urlencoded", strings.NewReader("customer=Evil"), "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
		got.says(http.StatusForbidden, "another website")
	}
	ada.get(at).says(http.StatusOK, "Draft", "Version 2")
}
