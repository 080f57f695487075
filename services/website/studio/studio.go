package studio

import (
	"embed"
	"io/fs"
	"log/slog"
	"net/http"

	"renown.example/kit/clock"
	"renown.example/website/api"
	"renown.example/website/web"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// Assets are the studio's style sheet and modules, for web.NewAssets.
func Assets() fs.FS {
	files, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		panic(err) // the files are in the binary
	}
	return files
}

// Studio serves the pages under /studio.
type Studio struct {
	conn  *api.Conn
	pages *web.Pages
	clock clock.Clock
	log   *slog.Logger
}

// New returns the studio. The renderer's assets must hold Assets().
func New(conn *api.Conn, renderer *web.Renderer, clk clock.Clock, log *slog.Logger) (*Studio, error) {
	files, err := fs.Sub(pageFiles, "pages")
	if err != nil {
		return nil, err
	}
	pages, err := renderer.Parse(files, web.App)
	if err != nil {
		return nil, err
	}
	return &Studio{conn: conn, pages: pages, clock: clk, log: log}, nil
}

// policy lets the editor show pictures before they are sent, and its preview write the HTML that the server rendered.
var policy = web.Policy{Images: "blob:", TrustedTypes: "renown-preview"}

// Handler returns the routes. Posts that come from another site are refused, bodies are bounded.
func (s *Studio) Handler() http.Handler {
	mux := http.NewServeMux()
	s.readingRoutes(mux)
	s.writingRoutes(mux)
	s.consentRoutes(mux)
	s.adminRoutes(mux)
	s.loyaltyRoutes(mux)
	mux.Handle("/studio/", s.page("", func(v *visit) error { return v.notFound() }))
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(s.crossSite))
	return web.Secure(policy, guard.Handler(mux))
}

func (s *Studio) readingRoutes(mux *http.ServeMux) {
	mux.Handle("GET /studio", s.page("", (*visit).home))
	mux.Handle("GET /studio/{$}", s.page("", (*visit).home))
	mux.Handle("GET /studio/stories", s.page(tellers, (*visit).stories))
	mux.Handle("GET /studio/stories/{story}", s.page(tellers, (*visit).story))
	mux.Handle("GET /studio/stories/{story}/{locale}", s.page(tellers, (*visit).text))
	mux.Handle("GET /studio/stories/{story}/{locale}/versions", s.page(tellers, (*visit).versions))
	mux.Handle("GET /studio/stories/{story}/{locale}/versions/{version}", s.page(tellers, (*visit).version))
	mux.Handle("GET /studio/stories/{story}/{locale}/diff", s.page(tellers, (*visit).diff))
	mux.Handle("GET /studio/stories/{story}/{locale}/metrics/{metric}", s.page(tellers, (*visit).metric))
	mux.Handle("GET /studio/stories/{story}/protection", s.page(tellers, (*visit).protection))
	mux.Handle("GET /studio/terms", s.page(tellers, (*visit).terms))
	mux.Handle("GET /studio/terms/{taxonomy}/{term}", s.page(tellers, (*visit).term))
	mux.Handle("GET /studio/audit", s.page(tellers, (*visit).audit))
	mux.Handle("GET /studio/figures", s.page(tellers, (*visit).figures))
	mux.Handle("GET /studio/figures.csv", s.page(tellers, (*visit).figuresCSV))
	mux.Handle("GET /studio/sessions", s.page("", (*visit).sessions))
	mux.Handle("POST /studio/sessions/{session}/end", s.form("", smallBody, (*visit).endSession))
	mux.Handle("GET /studio/assets/{asset}", s.page(tellers, (*visit).asset))
}

func (s *Studio) writingRoutes(mux *http.ServeMux) {
	mux.Handle("GET /studio/new", s.page(writers, (*visit).newStory))
	mux.Handle("POST /studio/new", s.form(writers, smallBody, (*visit).createStory))
	mux.Handle("GET /studio/stories/{story}/{locale}/edit", s.page(writers, (*visit).edit))
	mux.Handle("POST /studio/stories/{story}/{locale}/edit", s.form(writers, pictureBody, (*visit).save))
	mux.Handle("POST /studio/stories/{story}/{locale}/autosave", s.json(writers, (*visit).autosave))
	mux.Handle("POST /studio/preview", s.json(tellers, (*visit).preview))
	mux.Handle("POST /studio/pictures", s.form(writers, pictureBody, (*visit).uploadPicture))
	mux.Handle("POST /studio/stories/{story}/{locale}/versions/{version}/restore", s.form(writers, smallBody, (*visit).restore))
	mux.Handle("GET /studio/stories/{story}/{locale}/anonymous", s.page(writers, (*visit).askAnonymous))
	mux.Handle("POST /studio/stories/{story}/{locale}/anonymous", s.form(writers, smallBody, (*visit).makeAnonymous))
	mux.Handle("POST /studio/stories/{story}/protection", s.form(keepers, smallBody, (*visit).setProtection))
	mux.Handle("GET /studio/stories/{story}/{locale}/excerpts", s.page(writers, (*visit).chooseExcerpts))
	mux.Handle("POST /studio/stories/{story}/{locale}/excerpts", s.form(writers, smallBody, (*visit).setExcerpts))
	mux.Handle("POST /studio/stories/{story}/{locale}/{step}", s.form(tellers, smallBody, (*visit).step))
	mux.Handle("POST /studio/stories/{story}/{locale}/metrics/{metric}/{step}", s.form(tellers, smallBody, (*visit).metricStep))
	mux.Handle("POST /studio/terms", s.form(keepers, smallBody, (*visit).createTerm))
	mux.Handle("POST /studio/terms/{taxonomy}/{term}/{step}", s.form(keepers, smallBody, (*visit).termStep))
	mux.Handle("GET /studio/import", s.page(keepers, (*visit).importPage))
	mux.Handle("POST /studio/import", s.upload(keepers, importBody, (*visit).runImport))
	mux.Handle("POST /studio/import/pictures", s.upload(keepers, pictureBody, (*visit).importPicture))
	mux.Handle("GET /studio/export", s.page(keepers, (*visit).export))
}

func (s *Studio) consentRoutes(mux *http.ServeMux) {
	mux.Handle("GET /studio/consents", s.page(tellers, (*visit).consents))
	mux.Handle("POST /studio/consents/confirm", s.form(reviewers, smallBody, (*visit).confirmConsents))
	mux.Handle("GET /studio/consents/{consent}/revoke", s.page(keepers, (*visit).askRevoke))
	mux.Handle("POST /studio/consents/{consent}/withdraw", s.form(keepers, smallBody, (*visit).withdrawClauses))
	mux.Handle("POST /studio/consents/{consent}/revoke", s.form(keepers, smallBody, (*visit).revokeConsent))
	mux.Handle("GET /studio/outbox", s.page(keepers, (*visit).outbox))
}

func (s *Studio) adminRoutes(mux *http.ServeMux) {
	mux.Handle("GET /studio/people", s.page(admins, (*visit).people))
	mux.Handle("POST /studio/people/{user}", s.form(admins, smallBody, (*visit).updatePerson))
	mux.Handle("GET /studio/apps", s.page(admins, (*visit).apps))
	mux.Handle("POST /studio/apps", s.form(admins, smallBody, (*visit).createApp))
	mux.Handle("GET /studio/apps/{app}", s.page(admins, (*visit).app))
	mux.Handle("POST /studio/apps/{app}/keys", s.form(admins, smallBody, (*visit).createKey))
	mux.Handle("POST /studio/apps/{app}/keys/{key}/{step}", s.form(admins, smallBody, (*visit).keyStep))
}
