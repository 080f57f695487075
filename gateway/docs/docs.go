// Package docs is the reference of the REST interface for people: pages made from the OpenAPI document and the table of reasons, with a form to try each method.
// Everything comes from here; no page asks another host for anything.
package docs

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"renown.example/kit/fault"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed static
var staticFiles embed.FS

// policy lets pages use what is served here, and nothing else. The form that tries methods calls this address only.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// Docs serves /docs and what is below it.
type Docs struct {
	files map[string]file
}

// file is a page or a static file, ready to be sent.
type file struct {
	contentType, etag string
	body              []byte
}

// New renders every page of the OpenAPI document.
func New(openapi []byte) (*Docs, error) {
	description, groups, err := read(openapi)
	if err != nil {
		return nil, err
	}
	d := &Docs{files: map[string]file{}}
	if err := d.statics(); err != nil {
		return nil, err
	}
	words := speaker{map[string]bool{}}
	for _, g := range groups {
		for _, op := range g.Operations {
			words.methods[op.ID] = true
		}
	}
	pages, err := template.New("").Funcs(template.FuncMap{"prose": words.prose, "inline": words.inline, "breakable": breakable, "lower": strings.ToLower, "asset": d.asset, "of": of}).ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("docs: %w", err)
	}
	var problems []fault.Reason
	for _, name := range slices.Sorted(maps.Keys(fault.Reasons())) {
		problems = append(problems, fault.Reasons()[name])
	}
	base := view{Groups: groups, Description: description, Problems: problems}
	render := func(at, name, title string, change func(*view)) {
		v := base
		v.Title, v.At = title, at
		if change != nil {
			change(&v)
		}
		var out bytes.Buffer
		if e := pages.ExecuteTemplate(&out, name, v); e != nil && err == nil {
			err = fmt.Errorf("docs: %s: %w", at, e)
		}
		d.put(at, "text/html; charset=utf-8", out.Bytes())
	}
	render("/docs", "overview.html", "REST interface", nil)
	render("/docs/problems", "problems.html", "Problems", nil)
	for _, p := range problems {
		render("/docs/problems/"+p.Name, "problem.html", p.Title, func(v *view) { v.Problem = p })
	}
	for _, g := range groups {
		for _, op := range g.Operations {
			render("/docs/methods/"+op.ID, "method.html", op.Summary, func(v *view) { v.Operation = op })
		}
	}
	return d, err
}

// view is what a page is made from.
type view struct {
	Title, At, Description string
	Groups                 []*Group
	Problems               []fault.Reason
	Operation              *Operation
	Problem                fault.Reason
}

// ParameterKinds are the kinds of parameters in the order in which they are shown.
func (view) ParameterKinds() []struct{ In, Title string } {
	return []struct{ In, Title string }{{"path", "In the path"}, {"query", "In the query"}, {"header", "Headers"}}
}

// Schemes are those of Authorization.
func (view) Schemes() []string { return []string{"Bearer", "Session", "Link"} }

// of returns the parameters of one kind.
func of(in string, all []Parameter) []Parameter {
	var some []Parameter
	for _, p := range all {
		if p.In == in {
			some = append(some, p)
		}
	}
	return some
}

// statics takes the embedded files under addresses that change with their content.
func (d *Docs) statics() error {
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return err
	}
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8"}
	for _, e := range entries {
		b, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			return err
		}
		d.put("/docs/static/"+e.Name(), types[path.Ext(e.Name())], b)
	}
	return nil
}

// asset is the address of a static file.
func (d *Docs) asset(name string) (string, error) {
	f, ok := d.files["/docs/static/"+name]
	if !ok {
		return "", fmt.Errorf("no file %s", name)
	}
	return "/docs/static/" + name + "?v=" + f.etag[1:9], nil
}

func (d *Docs) put(at, contentType string, body []byte) {
	s := sha256.Sum256(body)
	d.files[at] = file{contentType, `"` + hex.EncodeToString(s[:8]) + `"`, body}
}

// Route returns the pattern of the path, for logs, and whether there is a page.
func (d *Docs) Route(at string) (string, bool) {
	_, ok := d.files[strings.TrimSuffix(at, "/")]
	parts := strings.SplitN(strings.Trim(at, "/"), "/", 3)
	if len(parts) == 3 {
		parts[2] = "{page}"
	}
	return "/" + strings.Join(parts, "/"), ok
}

// ServeHTTP answers a GET or HEAD for which Route has found a page.
func (d *Docs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := d.files[strings.TrimSuffix(r.URL.Path, "/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(r.URL.Path, "/docs/static/") && r.URL.RawQuery != "" {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(f.body)
	}
}
