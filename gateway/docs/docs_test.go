package docs_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"renown.example/gateway/docs"
	"renown.example/kit/fault"
	"renown.example/proto/gen/openapi"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := docs.New(openapi.JSON); err != nil {
			b.Fatal(err)
		}
	}
}

func get(t *testing.T, d *docs.Docs, path string) (string, int) {
	t.Helper()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Body.String(), w.Code
}

func TestPages(t *testing.T) {
	d, err := docs.New(openapi.JSON)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path string
		has  []string
	}{
		{"/docs", []string{"<h1>REST interface</h1>", `href="/docs/methods/publishText"`, "Review and publication", "<strong>Credentials</strong>"}},
		{"/docs/problems", []string{`href="/docs/problems/WITHDRAWN"`}},
		{"/docs/methods/saveText", []string{
			`data-path="/v1/workspace/stories/{story}/texts/{locale}"`, "an API key or access token with the scope stories.write, or the session of an employee with the role author or editor or admin",
			"If-Match", "at most 35 characters", "-X PUT", "TextInput", `data-method="PUT"`,
		}},
		{"/docs/methods/getPublishedStory", []string{"Open to everybody.", "410"}},
		{"/docs/methods/freezePoints", []string{`<a href="/docs/methods/listLots"><code>listLots</code></a>`}},
		{"/docs/methods/getMe", []string{"the session of any employee", "Authorization: Session $KEY"}},
		{"/docs/methods/issueAccessToken", []string{"-u &#34;KEY_ID:$KEY&#34;", "client_id=&amp;client_secret=&amp;grant_type=client_credentials"}},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			body, code := get(t, d, tt.path)
			if code != 200 {
				t.Fatalf("status %d", code)
			}
			for _, want := range tt.has {
				if !strings.Contains(body, want) {
					t.Errorf("%q is not there", want)
				}
			}
			for _, never := range []string{"http://", "https://", "style=", "onclick", "<no value>", "ZgotmplZ", "%!"} {
				if strings.Contains(body, never) {
					t.Errorf("%q is there", never)
				}
			}
		})
	}
}

func TestEveryReasonHasItsPage(t *testing.T) {
	d, err := docs.New(openapi.JSON)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range fault.Reasons() {
		if body, code := get(t, d, "/docs/problems/"+name); code != 200 || !strings.Contains(body, "<h1>"+r.Title) {
			t.Errorf("%s: status %d", name, code)
		}
	}
}
