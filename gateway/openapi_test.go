package gateway_test

import (
	"encoding/json"
	"fmt"
	"regexp"
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
	RequestBody struct {
		Content map[string]struct {
			Schema struct {
				Type     string
				Required []string
			}
		}
	}
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

// TestWhatIsRequiredIsWhatIsMissed sends an empty object to each operation that takes one: what the document calls required, and nothing else, is what the answer misses.
func TestWhatIsRequiredIsWhatIsMissed(t *testing.T) {
	w, provider := newRealWorld(t)
	sessions := map[string]string{}
	asked := 0
	for path, item := range readDocument(t).Paths {
		for method, op := range item {
			schema, role := bodySchema(op), firstRole(op)
			if schema == nil || role == "" {
				continue
			}
			if sessions[role] == "" {
				sessions[role] = w.signIn(provider, role, role)
			}
			asked++
			address := placeholderInPath.ReplaceAllString(strings.ReplaceAll(path, "{locale}", "en"), "abcd")
			res := w.do(strings.ToUpper(method), address, "{}", "Authorization", sessions[role], "Idempotency-Key", op.OperationID)
			var missed []string
			if res.StatusCode == 400 {
				for _, e := range res.problem(t).Errors {
					name := strings.TrimPrefix(e.Pointer, "/")
					oneOfSeveral := strings.HasPrefix(e.Detail, "Give either") || strings.HasPrefix(e.Detail, "say one of") // of which none is required
					if !oneOfSeveral && !strings.Contains(path, "{"+name+"}") {
						missed = append(missed, name)
					}
				}
			}
			slices.Sort(missed)
			if !slices.Equal(missed, schema.Required) {
				t.Errorf("%s requires %q, and an empty object is answered with %d: %s", op.OperationID, schema.Required, res.StatusCode, res.body)
			}
		}
	}
	if asked < 50 {
		t.Errorf("only %d operations were asked", asked)
	}
}

var placeholderInPath = regexp.MustCompile(`\{\w+\}`)

// body is the schema of a request's body.
type body struct{ Required []string }

// bodySchema returns the schema of an operation that takes a JSON object of its own, nil of others.
func bodySchema(op operation) *body {
	s := op.RequestBody.Content["application/json"].Schema
	if s.Type != "object" {
		return nil
	}
	return &body{s.Required}
}

// firstRole is a role of employees by which an operation may be called.
func firstRole(op operation) string {
	for _, way := range *op.Security {
		if roles := way["session"]; len(roles) > 0 {
			return roles[0]
		}
	}
	return ""
}

// TestTheDocumentSpeaksOfREST reads every text of the document for words that only the protos know: names of methods and fields as they are spelled there, and what
// gRPC is made of.
func TestTheDocumentSpeaksOfREST(t *testing.T) {
	var doc map[string]any
	if err := json.Unmarshal(openapi.JSON, &doc); err != nil {
		t.Fatal(err)
	}
	methods := map[string]bool{}
	for _, item := range readDocument(t).Paths {
		for _, op := range item {
			methods[strings.ToUpper(op.OperationID[:1])+op.OperationID[1:]] = true
		}
	}
	var read func(at string, v any)
	read = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, e := range v {
				if text, ok := e.(string); ok && (key == "description" || key == "summary") {
					for _, word := range spokenWords.FindAllString(quotedValues.ReplaceAllString(text, ""), -1) {
						if methods[word] || strings.Contains(word, "_") && strings.ToUpper(word) != word || ofGRPC[word] {
							t.Errorf("%s/%s says %q: %s", at, key, word, text)
						}
					}
				} else if key != "examples" && key != "/v1/oauth2/token" { // whose names are OAuth's
					read(at+"/"+key, e)
				}
			}
		case []any:
			for i, e := range v {
				read(fmt.Sprintf("%s/%d", at, i), e)
			}
		}
	}
	read("", doc)
}

var (
	spokenWords  = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_]*`)
	quotedValues = regexp.MustCompile("\"[^\"]*\"|`rn_[a-z_]*…`")
	ofGRPC       = map[string]bool{"RPC": true, "RPCs": true, "gRPC": true, "protobuf": true, "proto": true, "protos": true, "oneof": true, "google": true, "FieldMask": true, "AIP": true}
)
