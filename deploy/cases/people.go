package cases

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"renown.example/website/api"
)

// Browser is a browser as far as signing in goes: it keeps cookies, secure ones also over http on this machine, as browsers do, and follows redirects.
type Browser struct {
	at     Target
	client *http.Client
	jar    *jar
}

// NewBrowser returns a browser that has been nowhere.
func (at Target) NewBrowser() *Browser {
	j := &jar{byHost: map[string]map[string]*http.Cookie{}}
	return &Browser{at: at, jar: j, client: &http.Client{Jar: j, Timeout: plain.Timeout}}
}

// SignIn signs a person in from the website's sign-in page, by the identity provider's page, back to the studio. query is added to the beginning, such as the
// token of the first administrator.
func (b *Browser) SignIn(t testing.TB, username, query string) {
	t.Helper()
	page := b.Visit(t, b.at.Website+"/signin/start?return=/studio&"+query)
	if page.URL.Path != "/sign-in" {
		t.Fatalf("signing in leads to %s: %.500s", page.URL, page.Body)
	}
	after := b.Post(t, page.URL.Scheme+"://"+page.URL.Host+"/sign-in", url.Values{"request": {page.URL.Query().Get("request")}, "user": {username}})
	if !strings.HasPrefix(after.URL.Path, "/studio") || after.Status != http.StatusOK {
		t.Fatalf("%s is led to %s, %d: %.500s", username, after.URL, after.Status, after.Body)
	}
}

// Page is where a browser is.
type Page struct {
	URL    *url.URL
	Status int
	Body   string
}

// Visit goes to an address.
func (b *Browser) Visit(t testing.TB, address string) Page {
	t.Helper()
	return b.send(t, http.MethodGet, address, nil)
}

// Post sends a form.
func (b *Browser) Post(t testing.TB, address string, form url.Values) Page {
	t.Helper()
	return b.send(t, http.MethodPost, address, form)
}

func (b *Browser) send(t testing.TB, method, address string, form url.Values) Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := b.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Page{res.Request.URL, res.StatusCode, string(body)}
}

// Session returns the token of the browser's session, "" if it is not signed in.
func (b *Browser) Session() string {
	u, err := url.Parse(b.at.Website)
	if err != nil {
		return ""
	}
	for _, c := range b.jar.Cookies(u) {
		if c.Name == "__Host-renown" {
			return c.Value
		}
	}
	return ""
}

// As signs a person in and returns their connection to REST.
func (at Target) As(t testing.TB, username string) *api.Conn {
	t.Helper()
	return at.Rest().As(api.Session(at.SignIn(t, username)))
}

// SignIn signs a person in and returns the session's token.
func (at Target) SignIn(t testing.TB, username string) string {
	t.Helper()
	b := at.NewBrowser()
	b.SignIn(t, username, "")
	return b.Session()
}

// jar keeps cookies by host and port.
type jar struct {
	mu     sync.Mutex
	byHost map[string]map[string]*http.Cookie
}

// SetCookies implements http.CookieJar.
func (j *jar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	of := j.byHost[u.Host]
	if of == nil {
		of = map[string]*http.Cookie{}
		j.byHost[u.Host] = of
	}
	for _, c := range cookies {
		if c.MaxAge < 0 {
			delete(of, c.Name)
			continue
		}
		of[c.Name] = c
	}
}

// Cookies implements http.CookieJar.
func (j *jar) Cookies(u *url.URL) []*http.Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []*http.Cookie
	for _, c := range j.byHost[u.Host] {
		out = append(out, &http.Cookie{Name: c.Name, Value: c.Value})
	}
	return out
}
