package gateway_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// example is one entry of the file from which the OpenAPI document takes its examples.
type example struct {
	Operation, Title, As string
	Path, Query, Headers map[string]string
	Body                 any
	Status               int
	Answer               any
	Keep                 map[string]string
}

// TestExamples executes the examples of the OpenAPI document, in their order, against the real services. It is also one story's whole way over REST.
func TestExamples(t *testing.T) {
	all := readExamples(t)
	w, provider := newRealWorld(t)
	r := &runner{world: w, idp: provider, at: map[string][2]string{}, kept: map[string]string{}, sessions: map[string]string{}}
	for path, item := range readDocument(t).Paths {
		for method, op := range item {
			r.at[op.OperationID] = [2]string{strings.ToUpper(method), path}
		}
	}
	for i, e := range all {
		if !t.Run(fmt.Sprintf("%02d %s", i+1, e.Title), func(t *testing.T) { r.run(t, e) }) {
			t.Fatal("what follows stands on this")
		}
	}
}

// TestPointsAreShownByExample holds that each method about points that answers with JSON is shown with a worked call.
func TestPointsAreShownByExample(t *testing.T) {
	shown := map[string]bool{}
	for _, e := range readExamples(t) {
		shown[e.Operation] = true
	}
	for path, item := range readDocument(t).Paths {
		for _, op := range item {
			about := strings.HasPrefix(path, "/v1/programs") || strings.HasPrefix(path, "/v1/statement")
			ok, _ := op.Responses["200"].(map[string]any)
			content, _ := ok["content"].(map[string]any)
			if _, isJSON := content["application/json"]; about && isJSON && !shown[op.OperationID] {
				t.Errorf("%s has no example", op.OperationID)
			}
		}
	}
}

func readExamples(t *testing.T) (all []example) {
	t.Helper()
	raw, err := os.ReadFile("../proto/tools/openapi/examples.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

type runner struct {
	*world
	idp      *idp
	at       map[string][2]string
	kept     map[string]string
	sessions map[string]string
}

func (r *runner) run(t *testing.T, e example) {
	at, ok := r.at[e.Operation]
	if !ok {
		t.Fatalf("no operation %q", e.Operation)
	}
	path := at[1]
	for name, value := range e.Path {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(r.fill(value)))
	}
	query := url.Values{}
	for name, value := range e.Query {
		query.Set(name, r.fill(value))
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	headers := []string{"Authorization", r.credential(t, e.As)}
	for name, value := range e.Headers {
		headers = append(headers, name, r.fill(value))
	}
	body := ""
	if e.Body != nil {
		b, err := json.Marshal(e.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = r.fill(string(b))
	}
	var res reply
	send := func() bool {
		res = r.do(at[0], path, body, headers...)
		return res.StatusCode == e.Status
	}
	if at[0] == "GET" {
		// What was just changed may take a moment to be forgotten: two seconds are promised.
		until(t, fmt.Sprintf("%s answers %d", path, e.Status), send)
	} else if !send() {
		t.Fatalf("status %d, want %d: %s", res.StatusCode, e.Status, res.body)
	}
	var got any
	if err := json.Unmarshal(res.body, &got); err != nil {
		t.Fatalf("body %q: %v", res.body, err)
	}
	compare(t, "", plain(t, e.Answer), got)
	for name, pointer := range e.Keep {
		r.kept[name] = lookup(t, got, pointer)
	}
}

// credential returns the Authorization of one of the examples' people.
func (r *runner) credential(t *testing.T, as string) string {
	switch as {
	case "nobody":
		return ""
	case "app":
		return "Bearer " + r.kept["key"]
	case "shop":
		return "Bearer " + r.kept["shopKey"]
	case "customer":
		return "Link " + r.kept["link"][strings.LastIndex(r.kept["link"], "/")+1:]
	case "guest":
		return "Link " + r.kept["previewLink"][strings.LastIndex(r.kept["previewLink"], "/")+1:]
	case "member":
		return "Link " + r.kept["pointsLink"][strings.LastIndex(r.kept["pointsLink"], "/")+1:]
	case "admin", "editor", "approver":
		if r.sessions[as] == "" {
			r.sessions[as] = r.signIn(r.idp, as, as)
		}
		return r.sessions[as]
	}
	t.Fatalf("nobody is called %q", as)
	return ""
}

var placeholder = regexp.MustCompile(`\$\{(\w+)\}`)

// fill replaces ${name} by what was kept; of a resource name only its last part.
func (r *runner) fill(s string) string {
	return placeholder.ReplaceAllStringFunc(s, func(p string) string {
		v := r.kept[placeholder.FindStringSubmatch(p)[1]]
		if strings.HasPrefix(v, "consents/") || strings.HasPrefix(v, "stories/") || strings.HasPrefix(v, "programs/") {
			return v[strings.LastIndex(v, "/")+1:]
		}
		return v
	})
}

// volatile are members whose values are examples only.
var volatile = []string{"etag", "contentHash", "secret", "prefix", "url", "requestId"}

var madeUpID = regexp.MustCompile(`/[0-9a-v]{26}$`)

// compare fails where want, a part of an answer, is not in got.
func compare(t *testing.T, at string, want, got any) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		o, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s is %v, want an object", at, got)
			return
		}
		for name, v := range want {
			if slices.Contains(volatile, name) {
				if s, ok := o[name].(string); !ok || s == "" {
					t.Errorf("%s/%s is %v, want some text", at, name, o[name])
				}
				continue
			}
			compare(t, at+"/"+name, v, o[name])
		}
	case []any:
		l, ok := got.([]any)
		if !ok || len(l) != len(want) {
			t.Errorf("%s is %v, want %v", at, got, want)
			return
		}
		for i := range want {
			compare(t, fmt.Sprintf("%s/%d", at, i), want[i], l[i])
		}
	case string:
		s, _ := got.(string)
		if s == want || strings.HasSuffix(at, "/type") && strings.HasSuffix(s, want) {
			return
		}
		if madeUpID.MatchString(want) && madeUpID.ReplaceAllString(s, "") == madeUpID.ReplaceAllString(want, "") {
			return
		}
		t.Errorf("%s is %v, want %q", at, got, want)
	default:
		if want != got {
			t.Errorf("%s is %v, want %v", at, got, want)
		}
	}
}

// plain turns what YAML made into what JSON makes.
func plain(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func lookup(t *testing.T, v any, pointer string) string {
	t.Helper()
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		switch o := v.(type) {
		case map[string]any:
			v = o[part]
		case []any:
			v = o[0]
		}
	}
	s, ok := v.(string)
	if !ok || s == "" {
		t.Fatalf("%s is %v", pointer, v)
	}
	return s
}
