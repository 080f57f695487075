package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/PuerkitoBio/goquery"
)

// form is a page with every part that pages share.
const form = `{{define "main"}}{{template "error-summary" in $ .Data.Failed}}{{range .Data.Fields}}{{template "field" in $ .}}{{end}}
{{template "copybox" in $ (dict "id" "c" "label" "Link" "value" "<v>" "help" "Keep it")}}{{template "chip" dict "tone" "good" "icon" "check" "text" "Published"}}
{{template "tabs" dict "label" "Views" "items" .Data.Tabs}}{{template "pager" in $ (dict "newer" "" "older" "/o")}}{{template "empty" dict "icon" "inbox" "title" "T" "text" "X" "url" "/u" "action" "Do it"}}{{end}}`

func renderForm(t *testing.T, layout Layout, v *View) *goquery.Document {
	t.Helper()
	assets, err := NewAssets(DefaultTheme())
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRenderer(DefaultTheme(), assets)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := r.Parse(fstest.MapFS{"form.html": {Data: []byte(form)}}, layout)
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	if err := pages.Write(rec, http.StatusOK, "form", v); err != nil {
		t.Fatal(err)
	}
	if got := rec.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
	doc, err := goquery.NewDocumentFromReader(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// Every control has a label, its help and its error are tied to it, and what was typed is escaped and kept.
func TestParts(t *testing.T) {
	fields := []Field{
		{Name: "mail", Label: "E-mail", Type: "email", Value: `"><script>x</script>`, Error: "Needs an @", Help: "Of the contact", Required: true, Max: 200},
		{Name: "note", Label: "Note", Type: "textarea", Value: "</textarea><b>"},
		{Name: "scope", Label: "Use", Type: "checks", Error: "Choose one", Required: true, Options: []Option{{Value: "a", Label: "A", Chosen: true}, {Value: "b", Label: "B", Consequence: "So"}}},
		{Name: "lang", Label: "Language", Type: "select", Value: "de", Required: true, Options: []Option{{Value: "en", Label: "English"}, {Value: "de", Label: "Deutsch"}}},
	}
	doc := renderForm(t, App, &View{Title: "Form", Section: "x", Nav: []NavItem{{Key: "x", Label: "X", URL: "/x", Icon: "inbox", Count: 2}}, User: &User{Name: "Mara", SignOutURL: "/signout"},
		Data: map[string]any{"Fields": fields, "Failed": Failed(fields...), "Tabs": []Tab{{Label: "All", URL: "/a", Current: true}}}})
	for selector, want := range map[string]int{
		`label[for=mail]`: 1, `#mail[aria-invalid=true][required][maxlength="200"][aria-describedby="mail-error mail-help"]`: 1, `#mail-help`: 1, `#mail-error .icon`: 1,
		`label[for=note] .optional`: 1, `label[for=mail] .optional`: 0, `fieldset legend`: 1, `#scope-0[checked]`: 1, `fieldset[aria-describedby=scope-error]`: 1,
		`option[value=de][selected]`: 1, `.error-summary a[href="#mail"]`: 1, `.error-summary a[href="#scope-0"]`: 1, `script:not([src])`: 0, `[style]`: 0,
		`button[data-copy=c][hidden]`: 1, `.chip.good .icon`: 1, `.tabs a[aria-current=page]`: 1, `a[rel=next]`: 1, `a[rel=prev]`: 0, `.empty a.primary`: 1,
		`.app-nav a[aria-current=page] .count`: 1, `form[method=post][action="/signout"]`: 1, `a.skip[href="#main"]`: 1, `main#main`: 1, `b`: 0,
	} {
		if got := doc.Find(selector).Length(); got != want {
			t.Errorf("%d of %s, want %d", got, selector, want)
		}
	}
	if got := doc.Find("#mail").AttrOr("value", ""); got != `"><script>x</script>` {
		t.Errorf("what was typed came back as %q", got)
	}
	if got := strings.TrimSpace(doc.Find(".error-summary h2").Text()); got != "2 answers need another look" {
		t.Errorf("the summary says %q", got)
	}
}

func TestUnknownPageIconAndWords(t *testing.T) {
	assets, err := NewAssets(DefaultTheme())
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewRenderer(DefaultTheme(), assets)
	if err != nil {
		t.Fatal(err)
	}
	pages, err := r.Parse(fstest.MapFS{
		"icon.html": {Data: []byte(`{{define "main"}}{{icon "none"}}{{end}}`)}, "word.html": {Data: []byte(`{{define "main"}}{{.T "none"}}{{end}}`)},
	}, Site)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"icon", "word", "nopage"} {
		rec := httptest.NewRecorder()
		if err := pages.Write(rec, 200, name, &View{}); err == nil || rec.Body.Len() > 0 {
			t.Errorf("%s: error %v after %d bytes", name, err, rec.Body.Len())
		}
	}
}
