package gateway

import (
	"net/http"
	"strings"
	"sync"

	"renown.example/gateway/docs"
	"renown.example/kit/fault"
	"renown.example/kit/ready"
	"renown.example/proto/gen/openapi"
)

// openAPIPath is where the OpenAPI document is.
const openAPIPath = "/openapi.json"

// reference renders the pages when the first of them is asked for: it takes a quarter of a second, which a start need not wait for.
var reference = sync.OnceValues(func() (*docs.Docs, error) { return docs.New(openapi.JSON) })

// fixed answers what is the same for everybody as long as the process lives: the OpenAPI document and the reference. It returns false if the path is none of
// these.
func (g *Gateway) fixed(w http.ResponseWriter, r *http.Request) bool {
	ex := exchangeOf(r.Context())
	path := r.URL.Path
	var pages *docs.Docs
	switch {
	case path == openAPIPath || path == "/":
		ex.route = path
	case path == "/docs" || strings.HasPrefix(path, "/docs/"):
		var err error
		if pages, err = reference(); err != nil {
			g.refuse(w, r, fault.Of(err))
			return true
		}
		pattern, ok := pages.Route(path)
		if !ok {
			return false
		}
		ex.route = pattern
	default:
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		g.methodNotAllowed(w, r, []string{http.MethodGet, http.MethodHead})
		return true
	}
	switch {
	case path == "/":
		http.Redirect(w, r, "/docs", http.StatusFound)
	case path == openAPIPath:
		shareWithAll(w.Header())
		g.openapi.ServeHTTP(w, r)
	default:
		pages.ServeHTTP(w, r)
	}
	return true
}

// openapiHandler serves the OpenAPI document.
func openapiHandler() http.Handler {
	return ready.Fixed(ready.Answer{Header: http.Header{"Content-Type": {"application/json"}, "X-Content-Type-Options": {"nosniff"}}, Body: openapi.JSON})
}
