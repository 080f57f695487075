package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"renown.example/kit/clock"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Assets are the style sheet of the sign-in pages, for web.NewAssets.
func Assets() fs.FS {
	files, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		panic(err) // the files are in the binary
	}
	return files
}

// home is where a sign-in leads that began nowhere in particular.
const home = "/studio"

// providerTime bounds each conversation with the identity provider.
const providerTime = 10 * time.Second

// Handler serves /signin and /signout.
type Handler struct {
	cfg   Config
	conn  *api.Conn
	pages *web.Pages
	clock clock.Clock
	log   *slog.Logger
	seal  *sealer

	mu       sync.Mutex
	provider *oidc.Provider
	// spent remembers the states that came back, until their attempts expire, so that none comes back twice.
	spent map[string]time.Time
}

// New returns the handler. The renderer's assets must hold Assets(). A configuration without a provider is no error: the sign-in page then says what is missing. A cookie secret that is too short is.
func New(cfg Config, conn *api.Conn, renderer *web.Renderer, clk clock.Clock, log *slog.Logger) (*Handler, error) {
	files, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		return nil, err
	}
	pages, err := renderer.Parse(files, web.Site)
	if err != nil {
		return nil, err
	}
	seal, err := newSealer(cfg.CookieSecret)
	if err != nil {
		return nil, err
	}
	return &Handler{cfg: cfg, conn: conn, pages: pages, clock: clk, log: log, seal: seal, spent: map[string]time.Time{}}, nil
}

// Handler returns the routes, which refuse posts that come from another site.
func (h *Handler) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /signin", h.welcome)
	mux.HandleFunc("GET /signin/start", h.start)
	mux.HandleFunc("GET /signin/callback", h.callback)
	mux.HandleFunc("GET /signout", h.askSignOut)
	mux.HandleFunc("POST /signout", h.signOut)
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.refuse(w, http.StatusForbidden, page{Heading: "This came from another website", Text: "A page elsewhere tried to do something here in your name. Nothing was done."})
	}))
	return web.Secure(web.Policy{Private: true}, guard.Handler(mux))
}

// page is what the sign-in pages show.
type page struct {
	Heading, Text, Detail string
	// Findings are the settings to be mended, shown to whoever comes: without them nobody is signed in who could be shown them.
	Findings []Finding
	Action   *web.Link
	Second   *web.Link
	// Post is an address that the page's button posts to.
	Post string
}

func (h *Handler) show(w http.ResponseWriter, status int, p page) {
	view := &web.View{Title: p.Heading, NoIndex: true, Class: "signin", Styles: []string{"signin.css"}, Data: p}
	if err := h.pages.Write(w, status, "signin", view); err != nil {
		h.log.Error("the sign-in page cannot be shown", "error", err)
		http.Error(w, p.Heading+". "+p.Text, status)
	}
}

// refuse shows why a sign-in did not happen, with the way to begin again if the page has none of its own.
func (h *Handler) refuse(w http.ResponseWriter, status int, p page) {
	if p.Action == nil {
		p.Action = &web.Link{Label: "Sign in again", URL: "/signin"}
	}
	h.show(w, status, p)
}

func startURL(target, setup string) string {
	q := url.Values{"return": {target}}
	if setup != "" {
		q.Set("setup", setup)
	}
	return "/signin/start?" + q.Encode()
}

// welcome explains what happens next, or what is missing for anything to happen.
func (h *Handler) welcome(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if missing := h.cfg.Missing(); len(missing) > 0 {
		h.show(w, http.StatusServiceUnavailable, page{Heading: "Nobody can sign in here yet",
			Text: "Renown lets employees in through your company’s identity provider. Whoever runs this installation has to set the following and start it again.", Findings: missing})
		return
	}
	target := LocalPath(q.Get("return"), home)
	if setup := q.Get("setup"); setup != "" && len(setup) <= 256 {
		h.show(w, http.StatusOK, page{Heading: "Become the first administrator",
			Text:   "This link works once. Whoever signs in with it may do everything, and lets the others in.",
			Action: &web.Link{Label: "Sign in as administrator", URL: startURL(target, setup)}})
		return
	}
	p := page{Heading: "Sign in", Text: "You sign in on your company’s own page, and come back here.", Action: &web.Link{Label: "Continue to sign-in", URL: startURL(target, "")}}
	switch {
	case q.Has("out"):
		p.Heading, p.Text = "You are signed out", "This browser cannot open the studio any more."
		p.Action.Label, p.Second = "Sign in again", &web.Link{Label: "Read the stories", URL: "/"}
	case q.Has("ended"):
		p.Heading, p.Text = "Your session has ended", "Sessions end after a while, and when somebody ends them. Sign in again to go on where you were."
		p.Action.Label = "Sign in again"
	}
	h.show(w, http.StatusOK, p)
}

// start sends the browser to the provider.
func (h *Handler) start(w http.ResponseWriter, r *http.Request) {
	if len(h.cfg.Missing()) > 0 {
		http.Redirect(w, r, "/signin", http.StatusSeeOther)
		return
	}
	// The provider leads back to the public address; a cookie given to another name of this website would be missing there. The mark ends the walk where
	// something in front of the website changes the name.
	q := r.URL.Query()
	public, err := url.Parse(h.cfg.PublicURL)
	if err == nil && !strings.EqualFold(r.Host, public.Host) && !q.Has("here") {
		q.Set("here", "1")
		http.Redirect(w, r, public.Scheme+"://"+public.Host+"/signin/start?"+q.Encode(), http.StatusSeeOther)
		return
	}
	oc, err := h.oauth(r.Context())
	if err != nil {
		h.log.Error("the identity provider cannot be reached", "issuer", h.cfg.Issuer, "error", err)
		h.refuse(w, http.StatusBadGateway, page{Heading: "The sign-in page cannot be reached", Text: "Your company’s identity provider does not answer. Nothing is wrong on your side; try again in a minute.",
			Detail: h.cfg.Issuer, Action: &web.Link{Label: "Try again", URL: r.URL.RequestURI()}})
		return
	}
	a := attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Return: LocalPath(q.Get("return"), home),
		Expires: clock.At(h.clock.Now().Add(attemptTime))}
	if setup := q.Get("setup"); len(setup) <= 256 {
		a.Setup = setup
	}
	sealed, err := h.seal.seal(a)
	if err != nil {
		h.log.Error("a sign-in cannot begin", "error", err)
		h.refuse(w, http.StatusInternalServerError, page{Heading: "The sign-in cannot begin", Text: "That is a fault of ours, and it was logged."})
		return
	}
	http.SetCookie(w, cookie(attemptCookie, sealed, attemptTime))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, oc.AuthCodeURL(a.State, oauth2.S256ChallengeOption(a.Verifier), oidc.Nonce(a.Nonce)), http.StatusSeeOther)
}

// oauth asks the provider for its addresses, once.
func (h *Handler) oauth(ctx context.Context) (*oauth2.Config, error) {
	h.mu.Lock()
	provider := h.provider
	h.mu.Unlock()
	if provider == nil {
		ctx, cancel := context.WithTimeout(ctx, providerTime)
		defer cancel()
		found, err := oidc.NewProvider(ctx, h.cfg.Issuer)
		if err != nil {
			return nil, err
		}
		h.mu.Lock()
		h.provider, provider = found, found
		h.mu.Unlock()
	}
	return &oauth2.Config{ClientID: h.cfg.ClientID, ClientSecret: h.cfg.ClientSecret, RedirectURL: h.cfg.RedirectURL(), Endpoint: provider.Endpoint(), Scopes: h.cfg.scopes()}, nil
}

// spend reports whether the state comes back for the first time.
func (h *Handler) spend(a attempt) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.Now()
	for state, until := range h.spent {
		if now.After(until) {
			delete(h.spent, state)
		}
	}
	_, seen := h.spent[a.State]
	h.spent[a.State] = a.Expires.Time()
	return !seen
}

// callback receives the browser from the provider and opens the session.
func (h *Handler) callback(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, cookie(attemptCookie, "", 0))
	a, err := h.seal.open(r, h.clock.Now())
	if err != nil {
		h.lost(w, r, err)
		return
	}
	q := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(a.State), []byte(q.Get("state"))) != 1 {
		h.refuse(w, http.StatusBadRequest, page{Heading: "This is not the sign-in you began", Text: "The answer belongs to another one: perhaps you began a second one in another tab. Nothing was changed."})
		return
	}
	if !h.spend(a) {
		h.refuse(w, http.StatusBadRequest, page{Heading: "This sign-in was finished already", Text: "Each one works once. If you are not signed in, begin again."})
		return
	}
	if code := q.Get("error"); code != "" {
		h.log.Info("the identity provider refused a sign-in", "code", code)
		h.refuse(w, http.StatusForbidden, page{Heading: "You were not signed in", Text: "Your identity provider said no.", Detail: strings.TrimSpace(code + " " + q.Get("error_description")),
			Action: &web.Link{Label: "Sign in again", URL: startURL(a.Return, a.Setup)}})
		return
	}
	session, problem := h.open(r.Context(), a, q.Get("code"))
	if problem != nil {
		problem.Action = &web.Link{Label: "Sign in again", URL: startURL(a.Return, a.Setup)}
		h.refuse(w, http.StatusForbidden, *problem)
		return
	}
	if old := Token(r); old != "" {
		// What this browser was signed in with before must not stay open behind its back. If it cannot be ended, it ends by its time.
		if err := h.revoke(r.Context(), old); err != nil {
			h.log.Info("the session before could not be ended", "error", err)
		}
	}
	h.setSession(w, session)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, a.Return, http.StatusSeeOther)
}

// open redeems the code and opens a session with the ID token. What it returns for people names no token and no code.
func (h *Handler) open(ctx context.Context, a attempt, code string) (*partnersv1.Session, *page) {
	ctx, cancel := context.WithTimeout(ctx, providerTime)
	defer cancel()
	oc, err := h.oauth(ctx)
	var tokens *oauth2.Token
	if err == nil {
		tokens, err = oc.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	}
	if err != nil {
		h.log.Warn("a code could not be redeemed", "error", err)
		return nil, &page{Heading: "You were not signed in", Text: "Your identity provider did not accept the code that it sent along. If this stays so, its settings for Renown need a look: the client id, the secret and the redirect address."}
	}
	idToken, _ := tokens.Extra("id_token").(string)
	if idToken == "" {
		return nil, &page{Heading: "You were not signed in", Text: "Your identity provider did not say who you are: its answer holds no ID token. The scope “openid” has to be allowed there."}
	}
	opened, err := partnersv1.NewSessionsServiceClient(h.conn).CreateSession(ctx, &partnersv1.CreateSessionRequest{IdToken: idToken, Nonce: a.Nonce, SetupToken: a.Setup})
	if err != nil {
		problem := api.AsProblem(err)
		h.log.Warn("a session was refused", "error", err)
		p := &page{Heading: "You were not signed in", Text: problem.Detail}
		if problem.RequestID != "" {
			p.Detail = "Request " + problem.RequestID
		}
		return nil, p
	}
	return opened.GetSession(), nil
}

// lost explains a return without its cookie, and tells those who are signed in all the same so.
func (h *Handler) lost(w http.ResponseWriter, r *http.Request, why error) {
	h.log.Info("a sign-in came back without its cookie", "error", why)
	if Token(r) != "" {
		h.show(w, http.StatusBadRequest, page{Heading: "This sign-in was finished already", Text: "You are signed in. There is nothing left to do here.", Action: &web.Link{Label: "Open the studio", URL: home}})
		return
	}
	p := page{Heading: "This sign-in cannot be finished", Text: sentence(why) + " Each one works once, in the browser it was begun in."}
	if strings.HasPrefix(h.cfg.PublicURL, "http://") {
		p.Detail = "On a plain http address, Safari keeps no sign-in cookies even on this machine. Firefox, Chrome and Edge do."
	}
	h.refuse(w, http.StatusBadRequest, p)
}

func (h *Handler) askSignOut(w http.ResponseWriter, r *http.Request) {
	if Token(r) == "" {
		http.Redirect(w, r, "/signin?out", http.StatusSeeOther)
		return
	}
	h.show(w, http.StatusOK, page{Heading: "Sign out?", Text: "What you have saved stays saved.", Post: "/signout", Action: &web.Link{Label: "Sign out"}, Second: &web.Link{Label: "Back to the studio", URL: home}})
}

// signOut ends the session at the gateway first: a cookie that was copied must not go on working.
func (h *Handler) signOut(w http.ResponseWriter, r *http.Request) {
	if token := Token(r); token != "" {
		if err := h.revoke(r.Context(), token); err != nil {
			h.log.Warn("a session could not be ended", "error", err)
			h.show(w, http.StatusBadGateway, page{Heading: "You are not signed out yet", Text: "Renown could not end your session just now. Try again in a minute.", Post: "/signout", Action: &web.Link{Label: "Sign out"}})
			return
		}
	}
	Forget(w)
	http.Redirect(w, r, "/signin?out", http.StatusSeeOther)
}
