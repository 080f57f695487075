package gateway_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"renown.example/proto/gen/openapi"
)

// byHand are the routes that no proto declares.
var byHand = []string{"GET /v1/revisions", "POST /v1/oauth2/token"}

type document struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct {
		SecuritySchemes map[string]any
		Schemas         map[string]any
	}
}

type operation struct {
	OperationID string
	Summary     string
	Tags        []string
	Security    *[]map[string][]string
	Parameters  []map[string]any
	Responses   map[string]any
}

func readDocument(t *testing.T) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(openapi.JSON, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDocumentHasExactlyTheRoutes(t *testing.T) {
	w := newWorld(t, nil)
	want := append(w.gateway.Routes(), byHand...)
	slices.Sort(want)
	var have []string
	for path, item := range readDocument(t).Paths {
		for method := range item {
			have = append(have, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(have)
	for _, r := range want {
		if !slices.Contains(have, r) {
			t.Errorf("%s is served and not documented", r)
		}
	}
	for _, r := range have {
		if !slices.Contains(want, r) {
			t.Errorf("%s is documented and not served", r)
		}
	}
}

// TestEveryRouteIsReached asks each documented address for what it allows: the table of routes and the generated handlers must agree.
func TestEveryRouteIsReached(t *testing.T) {
	w := newWorld(t, nil)
	for path, item := range readDocument(t).Paths {
		if slices.ContainsFunc(byHand, func(r string) bool { return strings.HasSuffix(r, " "+path) }) {
			continue
		}
		at := strings.NewReplacer("{", "", "}", "").Replace(path)
		allow := strings.Split(w.do("OPTIONS", at, "").Header.Get("Allow"), ", ")
		for method := range item {
			if !slices.Contains(allow, strings.ToUpper(method)) {
				t.Errorf("%s: allows %v, not %s", path, allow, method)
			}
		}
	}
}

func TestEveryOperationSaysWhoMayCallAndHowItFails(t *testing.T) {
	d := readDocument(t)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("version %s", d.OpenAPI)
	}
	for path, item := range d.Paths {
		for method, op := range item {
			if op.Summary == "" || len(op.Tags) != 1 || op.Security == nil || len(*op.Security) == 0 || op.Responses["default"] == nil || op.Responses["200"] == nil {
				t.Errorf("%s %s: %+v", method, path, op)
				continue
			}
			for _, way := range *op.Security {
				for scheme := range way {
					if d.Components.SecuritySchemes[scheme] == nil {
						t.Errorf("%s %s: no scheme %s", method, path, scheme)
					}
				}
			}
		}
	}
}

func TestDocumentAndReferenceAreServed(t *testing.T) {
	w := newWorld(t, nil)
	doc := w.do("GET", "/openapi.json", "")
	if doc.StatusCode != 200 || string(doc.body) != string(openapi.JSON) || doc.Header.Get("Access-Control-Allow-Origin") != "*" || doc.Header.Get("ETag") == "" {
		t.Errorf("status %d, %v", doc.StatusCode, doc.Header)
	}
	if res := w.do("GET", "/", ""); res.StatusCode != 302 || res.Header.Get("Location") != "/docs" {
		t.Errorf("/: %d", res.StatusCode)
	}
	page := w.do("GET", "/docs/methods/saveText", "")
	if page.StatusCode != 200 || !strings.Contains(page.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("status %d, %v", page.StatusCode, page.Header)
	}
	if strings.Contains(page.Header.Get("Content-Security-Policy"), "unsafe") {
		t.Error("the policy lets inline code pass")
	}
	for _, link := range []string{"/docs/static/docs.css", "/docs/static/docs.js", "/docs/problems/WITHDRAWN"} {
		if res := w.do("GET", link, ""); res.StatusCode != 200 {
			t.Errorf("%s: %d", link, res.StatusCode)
		}
	}
}
