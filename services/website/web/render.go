package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

//go:embed layouts/*.html
var layoutFiles embed.FS

// Layout is the frame around a page.
type Layout string

// The frames: Site for what everybody may read, App for those who work in it, Bare for what stands in a frame of somebody else's.
const (
	Site Layout = "site"
	App  Layout = "app"
	Bare Layout = "bare"
)

// Renderer turns views into pages. It is safe for use by many requests at once.
type Renderer struct {
	Theme  Theme
	Assets *Assets
	words  Words
}

// NewRenderer takes the theme, the assets and the words of the areas of the site; a key given twice is an error.
func NewRenderer(theme Theme, assets *Assets, areas ...Words) (*Renderer, error) {
	words, err := merge(append([]Words{baseWords}, areas...)...)
	if err != nil {
		return nil, err
	}
	return &Renderer{Theme: theme, Assets: assets, words: words}, nil
}

// Pages are the parsed pages of one area.
type Pages struct {
	renderer *Renderer
	byName   map[string]*template.Template
}

// Parse reads every *.html in the root of files as a page of the same name without ".html". A page defines "main" and may
// define "aside" (App: beside the page's heading) and "head". Files whose names begin with "_" hold definitions that all pages share.
func (r *Renderer) Parse(files fs.FS, layout Layout) (*Pages, error) {
	base, err := template.New("base").Funcs(functions()).ParseFS(layoutFiles, "layouts/_*.html", "layouts/"+string(layout)+".html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		return nil, err
	}
	var shared, own []string
	for _, name := range names {
		if strings.HasPrefix(name, "_") {
			shared = append(shared, name)
		} else {
			own = append(own, name)
		}
	}
	if len(shared) > 0 {
		if base, err = base.ParseFS(files, shared...); err != nil {
			return nil, err
		}
	}
	p := &Pages{renderer: r, byName: map[string]*template.Template{}}
	for _, name := range own {
		page, err := template.Must(base.Clone()).ParseFS(files, name)
		if err != nil {
			return nil, err
		}
		p.byName[strings.TrimSuffix(name, ".html")] = page.Lookup(string(layout) + ".html")
	}
	return p, nil
}

// Bytes gives the finished page. The error names the page and what its template lacked.
func (p *Pages) Bytes(name string, v *View) ([]byte, error) {
	page := p.byName[name]
	if page == nil {
		return nil, fmt.Errorf("page %q does not exist", name)
	}
	v.renderer = p.renderer
	var out bytes.Buffer
	if err := page.Execute(&out, v); err != nil {
		return nil, fmt.Errorf("page %q: %w", name, err)
	}
	return out.Bytes(), nil
}

// Write answers with the finished page. Nothing is written when the error is not nil, so the caller can still answer otherwise.
// Without a Cache-Control of the caller's the page is not stored anywhere.
func (p *Pages) Write(w http.ResponseWriter, status int, name string, v *View) error {
	body, err := p.Bytes(name, v)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang())
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	w.WriteHeader(status)
	// A reader who went away is not an error of ours.
	_, _ = w.Write(body)
	return nil
}

// Say gives the words of a key for code that builds views. A key without words is a fault of the program, shown as the key
// itself; tests look for such.
func (r *Renderer) Say(locale, key string, args ...any) string {
	text, err := r.words.Say(locale, key, args...)
	if err != nil {
		return "[" + key + "]"
	}
	return text
}

// Count is Say for a key that counts.
func (r *Renderer) Count(locale, key string, n int64) string {
	text, err := r.words.Count(locale, key, n)
	if err != nil {
		return "[" + key + "]"
	}
	return text
}
