package studio

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// editorPage is the editor with a text in it.
type editorPage struct {
	Form *form
	// Etag is that of the stored text that the typed one began from; empty for a new language.
	Etag    string
	Version int32
	Saved   time.Time
	URL     string
	// Theirs is the stored text when it changed under the typed one. Both are shown; Etag is then Theirs', so that saving keeps both as versions.
	Theirs   *theirs
	Preview  template.HTML
	Problems []editorProblem
	Missing  []editorProblem
	Blocks   any
	// Pictures are those in the text, for their points that stay in sight.
	Pictures []focused
	Live     bool
	Asks     string
	Language string
	Locale   string
	New      bool
	// Kept is what an imported file said that has no place in the text; nil if nothing.
	Kept *keptView
}

// theirs is a text that somebody else saved meanwhile.
type theirs struct {
	Author  string
	When    time.Time
	Version int32
	Body    string
	Changed []string
}

// editorProblem is something about a typed text, with the line of the body that it is in, 0 if in none.
type editorProblem struct {
	Line  int    `json:"line"`
	Field string `json:"field"`
	Text  string `json:"text"`
}

// edit shows the editor: with the stored text, or empty for a language that the story does not have yet.
func (v *visit) edit() error {
	story, locale := v.r.PathValue("story"), v.r.PathValue("locale")
	got, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: story, Locale: locale})
	if api.Is(err, fault.NotFound) && v.r.URL.Query().Has("begin") {
		return v.editNew(story, locale)
	}
	if err != nil {
		return err
	}
	text := got.GetText()
	if may := v.may(text); !may["edit"] {
		s := states[text.GetSummary().GetState()]
		return &api.Problem{Status: http.StatusConflict, Code: fault.IllegalState.Name, Title: "This text cannot be changed now",
			Detail: "It is “" + strings.ToLower(s.Label) + "”: what others are reading must not change under their eyes. Ask for changes first; that makes it a draft again."}
	}
	return v.showEditor(http.StatusOK, editorOf(text, documentOf(text), nil, nil))
}

// editNew begins another language with the facts of the story's first one.
func (v *visit) editNew(story, locale string) error {
	got, err := v.work().GetStory(v.ctx(), &storiesv1.GetStoryRequest{Story: story})
	if err != nil {
		return err
	}
	d := document{Story: story, Locale: locale, Customer: got.GetStory().GetCustomer()}
	return v.showEditor(http.StatusOK, &editorPage{Form: editorForm(d, nil, nil), URL: textURL(story, locale), Language: web.NativeName(locale), New: true})
}

// editorOf fills the editor with a document that began from the stored text.
func editorOf(text *storiesv1.Text, d document, values url.Values, problem *api.Problem) *editorPage {
	s := text.GetSummary()
	return &editorPage{Form: editorForm(d, values, problem), Etag: text.GetEtag(), Version: s.GetVersion(), Saved: s.GetUpdateTime().AsTime(), URL: textURL(d.Story, d.Locale),
		Live: s.GetLive(), Asks: s.GetChangesAsked(), Language: web.NativeName(d.Locale), Kept: keptOf(text)}
}

// editorForm declares the editor's fields with the document's values.
func editorForm(d document, values url.Values, problem *api.Problem) *form {
	if problem != nil {
		problem = d.relocate(problem)
	}
	list := func(values []string) string { return strings.Join(values, ", ") }
	f := newForm(nil, problem)
	if values != nil && problem != nil && problem.Status >= 500 {
		f.Key = values.Get("key")
	}
	return f.
		add(web.Field{Name: "title", Label: "Headline", Required: true, Max: 200, Wide: true, Value: d.Title, Help: "Customer and outcome: “Nordhafen cut late deliveries by 38 %”."}, "/text/content/title", "/title").
		add(web.Field{Name: "summary", Label: "The outcome in one sentence", Type: "textarea", Rows: 2, Max: 500, Value: d.Summary, Help: "Shown in lists and search results."}, "/text/content/summary", "/summary").
		add(web.Field{Name: "customer", Label: "Customer", Required: true, Max: 200, Value: d.Customer}, "/text/content/customer", "/customer").
		add(web.Field{Name: "slug", Label: "Last part of the address", Max: 120, Value: d.Slug, Help: "Lower-case letters, digits and hyphens. Made from the headline if empty."}, "/text/slug", "/slug").
		add(web.Field{Name: "industry", Label: "Industries", Value: list(d.Industry), Help: "Several are parted by commas."}, "/text/content/industry", "/industry").
		add(web.Field{Name: "region", Label: "Regions", Value: list(d.Region)}, "/text/content/region", "/region").
		add(web.Field{Name: "product", Label: "Products", Value: list(d.Product)}, "/text/content/product", "/product").
		add(web.Field{Name: "use_case", Label: "What it is used for", Value: list(d.UseCase), Help: "Such as “Home delivery”."}, "/text/content/useCase", "/use_case").
		add(web.Field{Name: "size", Label: "Size of the customer", Max: 80, Value: d.Size, Help: "Such as “420 employees”."}, "/text/content/size", "/size").
		add(web.Field{Name: "stand_in", Label: "What to call the customer without its name", Max: 200, Value: d.StandIn, Help: "Such as “a European bank”. It is signed with the text, and takes the name’s place if the customer takes its name back."}, "/text/content/standIn", "/stand_in").
		add(web.Field{Name: "body", Label: "Text", Type: "textarea", Rows: 24, Required: true, Value: d.Body}, "/text/markdown", "/text/content/blocks", "/text/content", "/body", "/text").
		add(web.Field{Name: "picture", Label: "File", Type: "file"}, "/picture", "/data").
		add(web.Field{Name: "alt", Label: "What does the picture show?", Type: "textarea", Rows: 2, Max: 500, Value: values.Get("alt"), Help: "For those who do not see it: what is in it, not that it is a picture."}, "/alt").
		add(web.Field{Name: "caption", Label: "Line below the picture", Max: 500, Value: values.Get("caption")}, "/caption").
		add(web.Field{Name: "focus_x", Label: "From the left, in percent", Type: "number", Inputmode: "numeric", Value: values.Get("focus_x")}, "/focus").
		add(web.Field{Name: "focus_y", Label: "From the top, in percent", Type: "number", Inputmode: "numeric", Value: values.Get("focus_y")})
}

// relocate turns the lines of the document that a problem speaks of into lines of the body, and those of front matter into the fields they came from.
func (d document) relocate(p *api.Problem) *api.Problem {
	out := *p
	out.Detail = d.inBody(p.Detail)
	out.Errors = nil
	for _, e := range p.Errors {
		if found := lineInWords.FindStringSubmatch(e.Detail); found != nil && strings.HasPrefix(e.Pointer, "/text") {
			if field, _ := d.place(atoi(found[1])); field != "body" {
				e.Pointer = "/" + field
			}
			e.Detail = d.inBody(e.Detail)
		}
		out.Errors = append(out.Errors, e)
	}
	return &out
}

func (v *visit) showEditor(status int, p *editorPage) error {
	p.Blocks = skeletons
	if p.Form.Field("body").Value != "" {
		// Without a preview the editor still works; the module fetches one as soon as it runs.
		d := documentFrom(p)
		if got, err := v.work().PreviewText(v.ctx(), &storiesv1.PreviewTextRequest{Text: d.input()}); err == nil {
			p.Preview, p.Problems, p.Missing = v.trusted(got.GetHtml()), d.problems(got.GetProblems()), d.problems(got.GetMissing())
		}
	}
	shown := documentFrom(p)
	p.Locale = shown.Locale
	if p.Pictures == nil {
		p.Pictures = picturesIn(shown.Body)
	}
	id, title := shown.Story, p.Form.Field("title").Value
	if title == "" {
		title = "Untitled"
	}
	view := &web.View{Title: "Write: " + title, Section: "stories", Class: "editing", Modules: []string{"js/studio/editor.js"}, Data: p, Notice: p.Form.Notice(),
		Trail: []web.Link{{Label: "Stories", URL: "/studio/stories"}, {Label: title, URL: "/studio/stories/" + url.PathEscape(id)}, {Label: p.Language, URL: p.URL}, {Label: "Write"}}}
	if p.New {
		view.Trail[2].URL = ""
	}
	v.show(status, "editor", view)
	return nil
}

// documentFrom reads the document back out of a page, to preview exactly what is shown.
func documentFrom(p *editorPage) document {
	values := url.Values{}
	for _, f := range p.Form.fields {
		values.Set(f.Name, f.Value)
	}
	parts := strings.Split(strings.TrimPrefix(p.URL, "/studio/stories/"), "/")
	story, _ := url.PathUnescape(parts[0])
	locale, _ := url.PathUnescape(parts[len(parts)-1])
	return typedDocument(story, locale, values)
}

// problems puts what the service found where the author sees it.
func (d document) problems(found []*storiesv1.Problem) []editorProblem {
	var out []editorProblem
	for _, p := range found {
		e := editorProblem{Text: d.inBody(sentence(p.GetMessage()))}
		if p.GetLine() > 0 {
			e.Field, e.Line = d.place(int(p.GetLine()))
			if e.Field != "body" {
				e.Line = 0
			}
		}
		out = append(out, e)
	}
	return out
}
