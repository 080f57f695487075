package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestAssetsAreHashedAndKeptForGood(t *testing.T) {
	area := fstest.MapFS{
		"css/area/b.css": {Data: []byte("b{color:red} /* gone */")},
		"css/area/a.css": {Data: []byte("a{color:blue}\n")},
		"js/a.js":        {Data: []byte("// gone\nimport \"/static/js/b.js\";\n")},
		"js/b.js":        {Data: []byte("export default 1;\n")},
	}
	a, err := NewAssets(DefaultTheme(), area)
	if err != nil {
		t.Fatal(err)
	}
	res := get(a, mustURL(t, a, "area.css"), "")
	if body := text(t, res); res.StatusCode != 200 || strings.TrimSpace(body) != "a{color:blue}\nb{color:red}" {
		t.Errorf("bundle is %d %q", res.StatusCode, body)
	}
	if got := res.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control is %q", got)
	}
	if body := text(t, get(a, mustURL(t, a, "js/a.js"), "")); !strings.Contains(body, mustURL(t, a, "js/b.js")) || strings.Contains(body, "gone") {
		t.Errorf("module is %q", body)
	}
	zipped := get(a, mustURL(t, a, "site.css"), "gzip")
	if zipped.Header.Get("Content-Encoding") != "gzip" || zipped.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("headers are %v", zipped.Header)
	}
	r, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := io.ReadAll(r); err != nil || len(raw) != len(text(t, get(a, mustURL(t, a, "site.css"), ""))) {
		t.Errorf("unzipped to %d bytes, %v", len(raw), err)
	}
	if res := get(a, "/static/site.css", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("an address without its hash answers %d", res.StatusCode)
	}
}

func TestAssetsRefuse(t *testing.T) {
	for name, area := range map[string]fstest.MapFS{
		"site.css":  {"site.css": {Data: []byte("a{}")}},
		"js/none":   {"js/a.js": {Data: []byte(`import "/static/js/none.js"`)}},
		"in a circ": {"js/a.js": {Data: []byte(`import "/static/js/b.js"`)}, "js/b.js": {Data: []byte(`import "/static/js/a.js"`)}},
	} {
		if _, err := NewAssets(DefaultTheme(), area); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error is %v, want one that names %s", err, name)
		}
	}
}

func get(h http.Handler, path, encoding string) *http.Response {
	req := httptest.NewRequest(http.MethodGet, path, nil)
	req.Header.Set("Accept-Encoding", encoding)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec.Result()
}

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
