package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed static
var staticFiles embed.FS

// Assets are the files that pages load. Their addresses carry a hash of their content, so a browser may keep them for good.
type Assets struct {
	raw   map[string][]byte
	files map[string]*asset // by name, as templates and style sheets say it
	byURL map[string]*asset
}

type asset struct {
	url, contentType string
	plain, gzip, br  []byte
}

// NewAssets takes the files of the design system, those of the theme and those of the areas of the site.
//
// A file's name is its path: js/copy.js. The files css/<bundle>/*.css become one, <bundle>.css, in the order of their names.
// Style sheets and modules name other assets by their unhashed address (/static/js/copy.js); a name that does not exist and
// two files of one name are errors.
func NewAssets(theme Theme, areas ...fs.FS) (*Assets, error) {
	own, err := fs.Sub(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	a := &Assets{raw: map[string][]byte{}, files: map[string]*asset{}, byURL: map[string]*asset{}}
	for _, area := range append([]fs.FS{own}, areas...) {
		if err := a.collect(area); err != nil {
			return nil, err
		}
	}
	if a.raw["theme.css"], err = bytesOf(theme.css()); err != nil {
		return nil, err
	}
	if a.raw["icon.svg"], err = bytesOf(theme.icon()); err != nil {
		return nil, err
	}
	for name, raw := range theme.fontFiles {
		a.raw[name] = raw
	}
	for _, name := range a.names() {
		if _, err := a.publish(name, nil); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func bytesOf(text string, err error) ([]byte, error) { return []byte(text), err }

func (a *Assets) names() []string {
	names := make([]string, 0, len(a.raw))
	for name := range a.raw {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// collect reads one tree of files. fs.WalkDir goes in lexical order, which is the order of a bundle's parts.
func (a *Assets) collect(area fs.FS) error {
	fresh := map[string]bool{}
	return fs.WalkDir(area, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(area, name)
		if err != nil {
			return err
		}
		bundle := false
		if parts := strings.Split(name, "/"); len(parts) == 3 && parts[0] == "css" {
			name, bundle = parts[1]+".css", true
		}
		if _, taken := a.raw[name]; taken && !(bundle && fresh[name]) {
			return fmt.Errorf("two assets are named %s", name)
		}
		fresh[name] = true
		a.raw[name] = append(a.raw[name], raw...)
		return nil
	})
}

var (
	assetReference = regexp.MustCompile(`/static/[A-Za-z0-9_./-]*[A-Za-z0-9]`)
	cssComment     = regexp.MustCompile(`(?s)/\*.*?\*/`)
	cssSpace       = regexp.MustCompile(`\s*\n\s*`)
	jsComment      = regexp.MustCompile(`(?m)^\s*//.*\n`)
)

// publish gives the asset its final bytes and address, after those it refers to; trail holds the names on the way, to find circles.
func (a *Assets) publish(name string, trail []string) (*asset, error) {
	if done := a.files[name]; done != nil {
		return done, nil
	}
	raw, ok := a.raw[name]
	if !ok {
		return nil, fmt.Errorf("asset %s does not exist (named by %s)", name, strings.Join(trail, " > "))
	}
	if slices.Contains(trail, name) {
		return nil, fmt.Errorf("assets refer to each other in a circle: %s > %s", strings.Join(trail, " > "), name)
	}
	body := slices.Clone(raw)
	ext := path.Ext(name)
	if ext == ".css" || ext == ".js" {
		var failed error
		body = assetReference.ReplaceAllFunc(squeeze(ext, body), func(ref []byte) []byte {
			to, err := a.publish(strings.TrimPrefix(string(ref), "/static/"), append(trail, name))
			if err != nil {
				failed = err
				return ref
			}
			return []byte(to.url)
		})
		if failed != nil {
			return nil, failed
		}
	}
	sum := sha256.Sum256(body)
	hash := base64.RawURLEncoding.EncodeToString(sum[:9])
	f := &asset{url: "/static/" + strings.TrimSuffix(name, ext) + "." + hash + ext, contentType: contentType(ext), plain: body}
	if err := f.compress(ext); err != nil {
		return nil, err
	}
	a.files[name], a.byURL[f.url] = f, f
	return f, nil
}

// squeeze takes comments and line breaks out of a style sheet and whole-line comments out of a module.
func squeeze(ext string, body []byte) []byte {
	if ext == ".css" {
		return cssSpace.ReplaceAll(cssComment.ReplaceAll(body, nil), []byte("\n"))
	}
	return jsComment.ReplaceAll(body, nil)
}

func contentType(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".png":
		return "image/png"
	}
	return "application/octet-stream"
}

func (f *asset) compress(ext string) error {
	if ext == ".woff2" || ext == ".png" {
		return nil
	}
	var gz, br bytes.Buffer
	w, err := gzip.NewWriterLevel(&gz, gzip.BestCompression)
	if err != nil {
		return err
	}
	b := brotlis.Get().(*brotli.Writer)
	defer brotlis.Put(b)
	b.Reset(&br)
	for _, out := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{w, b} {
		if _, err := out.Write(f.plain); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
	f.gzip, f.br = gz.Bytes(), br.Bytes()
	return nil
}

// brotlis are used again. Above this level each is four to sixteen times as large, up to 32 MB, for a hundredth of the bytes.
var brotlis = sync.Pool{New: func() any { return brotli.NewWriterLevel(io.Discard, 6) }}

// URL is the asset's address; the error names an asset that does not exist.
func (a *Assets) URL(name string) (string, error) {
	f := a.files[name]
	if f == nil {
		return "", fmt.Errorf("asset %s does not exist", name)
	}
	return f.url, nil
}

// ServeHTTP answers /static/..., to be kept for good by whoever asked: other content has another address.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := a.byURL[r.URL.Path]
	if f == nil {
		http.NotFound(w, r)
		return
	}
	body, h := f.plain, w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if f.br != nil {
		h.Set("Vary", "Accept-Encoding")
		accept := r.Header.Get("Accept-Encoding")
		if strings.Contains(accept, "br") {
			body = f.br
			h.Set("Content-Encoding", "br")
		} else if strings.Contains(accept, "gzip") {
			body = f.gzip
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		// A reader who went away is not an error of ours.
		_, _ = w.Write(body)
	}
}
