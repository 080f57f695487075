// Package studio_test tests signing in and the studio on a whole installation: the identity provider in a process of its own, the real services, the gateway
// and the website, spoken to as a browser does.
package studio_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"renown.example/deploy/idp"
	"renown.example/gateway"
	"renown.example/kit/auth"
	"renown.example/kit/clock"
	"renown.example/kit/rpc/rpctest"
	"renown.example/kit/store/engine"
	"renown.example/kit/telemetry"
	"renown.example/partners"
	"renown.example/stories"
	"renown.example/website"
	"renown.example/website/api"
	"renown.example/website/signin"
)

// TestMain lets the test binary be the identity provider's process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == idp.Arg {
		os.Exit(idp.Child(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// installation is everything, started.
type installation struct {
	url, issuer string
	partners    *partners.Service
	gateway     *httptest.Server
	tls         *tlsClient
	logs        *rpctest.Log
}

type tlsClient struct{ transport http.RoundTripper }

// install starts everything with a provider of the demo's people. The website speaks https, since the cookies of signing in demand it.
func install(t *testing.T) *installation {
	t.Helper()
	in := &installation{logs: &rpctest.Log{}}
	front := httptest.NewUnstartedServer(nil)
	in.url = "https://" + front.Listener.Addr().String()
	provider, err := idp.Start(t.Context(), idp.Config{Addr: "127.0.0.1:0", Users: idp.DemoUsers("northwind.example"),
		Clients: []idp.Client{{ID: "website", Secret: "s3cret", RedirectURIs: []string{in.url + "/signin/callback"}}}}, os.Stderr)
	must(t, err)
	t.Cleanup(provider.Stop)
	in.issuer = provider.Issuer

	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "test", Output: in.logs})
	must(t, err)
	clk, key := clock.System(), auth.GenerateKey()
	minter, err := auth.NewMinter(clk, key)
	must(t, err)
	data := engine.Config{Data: t.TempDir()}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	in.partners, err = partners.New(ctx, partners.Config{Config: data, IdentityKeys: []auth.PublicKey{key.Public()}, GroupRoles: idp.GroupRoles,
		OIDC: partners.OIDC{Issuer: in.issuer, ClientID: "website", GroupsClaim: "groups"}}, partners.Deps{Clock: clk, Telemetry: quiet(t, in.logs)})
	must(t, err)
	told, err := stories.New(ctx, stories.Config{Config: data, IdentityKeys: []auth.PublicKey{key.Public()}, Company: "Northwind", WebsiteURL: in.url, Locales: []string{"en", "de"}},
		stories.Deps{Clock: clk, Telemetry: quiet(t, in.logs)})
	must(t, err)
	running.Go(func() { in.partners.Run(ctx) })
	running.Go(func() { told.Run(ctx) })
	gate, err := gateway.New(gateway.Options{Stories: told.Conn(), Partners: in.partners.Conn(), Minter: minter, Clock: clk, Telemetry: tel, PublicURL: "http://127.0.0.1:8081"})
	must(t, err)
	in.gateway = httptest.NewServer(gate)
	site, err := website.New(website.Options{API: api.New(in.gateway.URL, nil), PublicURL: in.url, Clock: clk, Telemetry: tel,
		SignIn: signin.Config{Issuer: in.issuer, ClientID: "website", ClientSecret: "s3cret"}})
	must(t, err)
	running.Go(func() { site.Run(ctx) })
	front.Config.Handler = site
	front.StartTLS()
	in.tls = &tlsClient{front.Client().Transport}
	t.Cleanup(func() {
		stop()
		front.Close()
		gate.Close()
		in.gateway.Close()
		running.Wait()
		must(t, told.Close())
		must(t, in.partners.Close())
	})
	return in
}

// quiet is telemetry of a service of its own: two services in one process must not share a registry.
func quiet(t *testing.T, out io.Writer) *telemetry.Telemetry {
	t.Helper()
	tel, err := telemetry.New(t.Context(), telemetry.Options{Service: "test", Output: out})
	must(t, err)
	return tel
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser is somebody's browser: cookies, redirects, and the headers that tell where a request comes from.
type browser struct {
	t    *testing.T
	in   *installation
	jar  *cookiejar.Jar
	http *http.Client
}

func (in *installation) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &browser{t: t, in: in, jar: jar, http: &http.Client{Jar: jar, Transport: in.tls.transport}}
}

// as signs a browser in as one of the demo's people.
func (in *installation) as(t *testing.T, username string) *browser {
	t.Helper()
	b := in.browser(t)
	page := b.get("/signin/start?return=/studio")
	page = b.send(page.base.Scheme+"://"+page.base.Host+"/sign-in", url.Values{"request": {page.base.Query().Get("request")}, "user": {username}})
	if page.status != http.StatusOK || page.base.Path != "/studio" {
		t.Fatalf("signing in as %s ended with %d at %s: %s", username, page.status, page.base, page.text())
	}
	return b
}

// page is an answer, read.
type page struct {
	t      *testing.T
	status int
	header http.Header
	base   *url.URL
	body   string
	doc    *html.Node
}

func (b *browser) address(path string) string {
	if strings.HasPrefix(path, "/") {
		return b.in.url + path
	}
	return path
}

func (b *browser) get(path string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.address(path), nil)
	must(b.t, err)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

// send posts a form as one of the site's own pages does.
func (b *browser) send(path string, form url.Values) page {
	b.t.Helper()
	return b.post(path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), "Sec-Fetch-Site", "same-origin")
}

// post sends a body; headers alternate names and values.
func (b *browser) post(path, contentType string, body io.Reader, headers ...string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.address(path), body)
	must(b.t, err)
	req.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return b.do(req)
}

func (b *browser) do(req *http.Request) page {
	b.t.Helper()
	res, err := b.http.Do(req)
	must(b.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(b.t, err)
	doc, err := html.Parse(bytes.NewReader(raw))
	must(b.t, err)
	return page{t: b.t, status: res.StatusCode, header: res.Header, base: res.Request.URL, body: string(raw), doc: doc}
}

// session is the session cookie's value, or "".
func (b *browser) session() string {
	at, err := url.Parse(b.in.url)
	must(b.t, err)
	for _, c := range b.jar.Cookies(at) {
		if c.Name == "__Host-renown" {
			return c.Value
		}
	}
	return ""
}

// fill reads the form whose action ends so, as it was rendered, and lays answers over it.
func (p page) fill(action string, answers ...string) (string, url.Values) {
	p.t.Helper()
	form := find(p.doc, func(n *html.Node) bool {
		return n.Data == "form" && strings.HasSuffix(attr(n, "action"), action)
	})
	if form == nil {
		p.t.Fatalf("%s has no form %q: %s", p.base, action, p.text())
	}
	values := url.Values{}
	walk(form, func(n *html.Node) {
		name := attr(n, "name")
		switch {
		case name == "" || n.Type != html.ElementNode || n.Data == "button":
		case n.Data == "textarea":
			values.Set(name, strings.TrimPrefix(content(n), "\n"))
		case n.Data == "input" && (attr(n, "type") == "checkbox" || attr(n, "type") == "radio"):
			if has(n, "checked") {
				values.Add(name, attr(n, "value"))
			}
		case n.Data == "input" && attr(n, "type") == "file":
		case n.Data == "input":
			values.Set(name, attr(n, "value"))
		case n.Data == "select":
			walk(n, func(o *html.Node) {
				if o.Data == "option" && (has(o, "selected") || !values.Has(name)) {
					values.Set(name, attr(o, "value"))
				}
			})
		}
	})
	for i := 0; i+1 < len(answers); i += 2 {
		values.Set(answers[i], answers[i+1])
	}
	return attr(form, "action"), values
}

// submit fills a form of the page and sends it.
func (b *browser) submit(p page, action string, answers ...string) page {
	b.t.Helper()
	where, values := p.fill(action, answers...)
	return b.send(where, values)
}

func find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	var found *html.Node
	walk(n, func(c *html.Node) {
		if found == nil && c.Type == html.ElementNode && ok(c) {
			found = c
		}
	})
	return found
}

func walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func content(n *html.Node) string {
	var b strings.Builder
	walk(n, func(c *html.Node) {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	})
	return b.String()
}

var space = regexp.MustCompile(`\s+`)

// text is what the page's main part says.
func (p page) text() string {
	main := find(p.doc, func(n *html.Node) bool { return n.Data == "main" })
	if main == nil {
		main = p.doc
	}
	return strings.TrimSpace(space.ReplaceAllString(content(main), " "))
}

// says fails unless the page has the status and says all of the words.
func (p page) says(status int, words ...string) page {
	p.t.Helper()
	text := p.text()
	if p.status != status {
		p.t.Fatalf("%s answered %d, want %d: %s", p.base, p.status, status, text)
	}
	for _, w := range words {
		if !strings.Contains(text, w) {
			p.t.Fatalf("%s does not say %q: %s", p.base, w, text)
		}
	}
	return p
}
