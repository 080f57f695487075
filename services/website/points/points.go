// Package points is the member's own page: what they have, what expires when, and why each point is there. A signed link leads to it.
package points

import (
	"embed"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"renown.example/kit/clock"
	"renown.example/kit/fault"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed static
var staticFiles embed.FS

// Static is the page's style sheet, for web.NewAssets.
func Static() fs.FS {
	sub, err := fs.Sub(staticFiles, "static")
	if err != nil {
		panic(err) // the folder is in the binary
	}
	return sub
}

// Options is what the page needs. All fields are required.
type Options struct {
	// API is the gateway, asked on nobody's behalf.
	API *api.Conn
	// Renderer must know Words, and its assets Static.
	Renderer *web.Renderer
	// DefaultLocale is the language of the page where its reader asks for none.
	DefaultLocale string
	Clock         clock.Clock
	Log           *slog.Logger
}

// Site serves the pages under /points/.
type Site struct {
	Options
	pages *web.Pages
}

// New parses the page.
func New(o Options) (*Site, error) {
	sub, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		return nil, err
	}
	pages, err := o.Renderer.Parse(sub, web.Site)
	if err != nil {
		return nil, err
	}
	return &Site{Options: o, pages: pages}, nil
}

// Handler answers /points/{token}. The token in the address is the key to somebody's points: the page is kept nowhere and its address told to nobody.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /points/{token}", func(w http.ResponseWriter, r *http.Request) { s.visit(w, r).show(http.StatusOK) })
	mux.HandleFunc("GET /points/{token}/rewards/{reward}", func(w http.ResponseWriter, r *http.Request) { s.visit(w, r).confirm(http.StatusOK, nil) })
	mux.HandleFunc("POST /points/{token}/rewards/{reward}", func(w http.ResponseWriter, r *http.Request) { s.visit(w, r).redeem() })
	mux.HandleFunc("GET /points/{token}/redemptions/{redemption}", func(w http.ResponseWriter, r *http.Request) { s.visit(w, r).redeemed() })
	mux.HandleFunc("/points/", func(w http.ResponseWriter, r *http.Request) {
		s.visit(w, r).fail(fault.NotFound.New("there is no page at this address"))
	})
	guarded := http.NewCrossOriginProtection().Handler(mux)
	return web.Secure(web.Policy{Private: true}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Robots-Tag", "noindex")
		guarded.ServeHTTP(w, r)
	}))
}

// visit is one request of a member with a link.
type visit struct {
	site   *Site
	w      http.ResponseWriter
	r      *http.Request
	locale string
	home   string
	conn   *api.Conn
	api    loyaltyv1.StatementsServiceClient
}

func (s *Site) visit(w http.ResponseWriter, r *http.Request) *visit {
	token := r.PathValue("token")
	conn := s.API.As(api.Link(token))
	return &visit{
		site: s, w: w, r: r, locale: s.language(r), home: "/points/" + url.PathEscape(token), conn: conn, api: loyaltyv1.NewStatementsServiceClient(conn),
	}
}

// language is the one that the reader has chosen, or that their browser asks for.
func (s *Site) language(r *http.Request) string {
	asked := []string{r.URL.Query().Get("lang")}
	for _, part := range strings.Split(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		asked = append(asked, tag)
	}
	for _, tag := range asked {
		tag, _, _ = strings.Cut(strings.ToLower(tag), "-")
		for _, known := range web.Languages {
			if tag == known {
				return known
			}
		}
	}
	return s.DefaultLocale
}

func (v *visit) say(key string, args ...any) string {
	return v.site.Renderer.Say(v.locale, key, args...)
}

// view is what all states of the page have in common.
func (v *visit) view(title string, data any) *web.View {
	out := &web.View{Locale: v.locale, Title: title, NoIndex: true, Class: "points-page", Styles: []string{"points.css"}, Data: data}
	for _, l := range web.Languages {
		out.Languages = append(out.Languages, web.Alternate{Locale: l, URL: v.r.URL.EscapedPath() + "?" + v.query("lang", l), Current: l == v.locale})
	}
	return out
}

// show answers with the page as it is now.
func (v *visit) show(status int) {
	ctx := v.r.Context()
	got, err := v.api.GetStatement(ctx, &loyaltyv1.GetStatementRequest{})
	if err != nil {
		v.fail(err)
		return
	}
	q := v.r.URL.Query()
	entries, err := v.entries(q.Get("wallet"), q.Get("page"))
	if api.Is(err, fault.PageTokenInvalid) || api.Is(err, fault.InvalidArgument) {
		http.Redirect(v.w, v.r, v.home, http.StatusSeeOther)
		return
	}
	if err != nil {
		v.fail(err)
		return
	}
	data := v.statement(got.GetStatement(), q.Get("wallet"))
	if next := entries.GetNextPageToken(); next != "" {
		data.Older = v.home + "?" + v.query("page", next)
	}
	if q.Get("page") != "" {
		data.Newer = v.home + "?" + v.query("page", "")
	}
	if err := v.offers(data); err != nil {
		v.fail(err)
		return
	}
	v.goals(data)
	data.History = v.history(data, entries.GetEntries())
	v.explain(data, entries.GetEntries(), entries.GetExplanations())
	v.write(status, "points", v.say("points.title"), data)
}

// write answers with a page of the member's.
func (v *visit) write(status int, page, title string, data any) {
	if err := v.site.pages.Write(v.w, status, page, v.view(title, data)); err != nil {
		v.fail(err)
	}
}

// at is an address below the member's page, in the language that was chosen.
func (v *visit) at(parts ...string) string {
	address := v.home
	for _, part := range parts {
		address += "/" + url.PathEscape(part)
	}
	if lang := v.r.URL.Query().Get("lang"); lang != "" {
		address += "?" + url.Values{"lang": {lang}}.Encode()
	}
	return address
}

// query is the address's query with one value changed.
func (v *visit) query(name, value string) string {
	q := v.r.URL.Query()
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	return q.Encode()
}

// problem is what the page says where there is nothing to show.
type problem struct{ Title, Text, RequestID string }

// fail answers when there is no page to show.
func (v *visit) fail(err error) {
	p := api.AsProblem(err)
	if own, ok := fault.As(err); ok {
		p = &api.Problem{Code: own.Reason.Name, Status: own.Reason.HTTP}
	}
	key := "points.broken"
	switch {
	case p.Code == fault.LinkInvalid.Name || p.Code == fault.Unauthenticated.Name || p.Status == http.StatusNotFound:
		key = "points.nolink"
	case p.Status == http.StatusTooManyRequests:
		key = "points.toomany"
	case p.Status >= http.StatusInternalServerError:
		v.site.Log.Log(v.r.Context(), api.Level(err), "a member's page could not be made", "error", err)
	}
	data := problem{Title: v.say(key + ".title"), Text: v.say(key + ".text"), RequestID: p.RequestID}
	if err := v.site.pages.Write(v.w, p.Status, "problem", v.view(data.Title, data)); err != nil {
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}
