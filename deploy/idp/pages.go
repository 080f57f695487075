package idp

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed pages.css
var style string

//go:embed pages.html
var markup string

var pagesTemplate = template.Must(template.New("").Parse(markup))

// styleHash lets the one inline style sheet through a policy that allows no other.
var styleHash = func() string {
	sum := sha256.Sum256([]byte(style))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// pages is what people see of the provider.
type pages struct {
	store   *storage
	company string
	// back returns the address that continues a completed sign-in.
	back func(ctx context.Context, request string) string
}

type pageData struct {
	Style    template.CSS
	Company  string
	Heading  string
	Request  string
	Users    []User
	Client   string
	Username string
	Problem  string
	Password string
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) {
	p.form(w, r, http.StatusOK, r.FormValue("request"), "", "")
}

// choose signs a person in: by a click on their name, or by user name and password.
func (p *pages) choose(w http.ResponseWriter, r *http.Request) {
	request, username := r.PostFormValue("request"), r.PostFormValue("user")
	if username == "" {
		username = strings.TrimSpace(r.PostFormValue("username"))
		if subtle.ConstantTimeCompare([]byte(r.PostFormValue("password")), []byte(Password)) != 1 {
			p.form(w, r, http.StatusForbidden, request, username, "The password is not right. In the demo it is “"+Password+"” for everybody.")
			return
		}
	}
	if err := p.store.signIn(request, username); err != nil {
		p.form(w, r, http.StatusForbidden, request, username, "Nobody here has that user name. Choose one of the people below.")
		return
	}
	http.Redirect(w, r, p.back(r.Context(), request), http.StatusFound)
}

func (p *pages) form(w http.ResponseWriter, r *http.Request, status int, request, username, problem string) {
	under, err := p.store.AuthRequestByID(r.Context(), request)
	if err != nil {
		p.render(w, http.StatusBadRequest, "", pageData{Heading: "This sign-in has expired",
			Problem: "It was not finished within ten minutes, or it was finished already. Go back to the page you came from and sign in again."})
		return
	}
	redirect, _ := url.Parse(under.GetRedirectURI())
	p.render(w, status, redirect.Scheme+"://"+redirect.Host, pageData{Heading: "Who are you today?", Request: request, Users: p.store.users,
		Client: redirect.Host, Username: username, Problem: problem, Password: Password})
}

func (p *pages) signedOut(w http.ResponseWriter, _ *http.Request) {
	p.render(w, http.StatusOK, "", pageData{Heading: "You are signed out", Problem: "You can close this page."})
}

func (p *pages) home(w http.ResponseWriter, _ *http.Request) {
	p.render(w, http.StatusOK, "", pageData{Heading: "The demo’s identity provider", Problem: "Programs send people here to sign in. There is nothing to do on this page."})
}

// render writes a page. A form's answer may redirect to the client, which browsers check against form-action as well, so the client's origin is named.
func (p *pages) render(w http.ResponseWriter, status int, client string, data pageData) {
	data.Style, data.Company = template.CSS(style), p.company
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", strings.TrimSpace("default-src 'none'; style-src "+styleHash+"; base-uri 'none'; frame-ancestors 'none'; form-action 'self' "+client))
	w.WriteHeader(status)
	// The connection may be gone; there is nobody left to tell.
	_ = pagesTemplate.Execute(w, data)
}
