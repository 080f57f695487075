package studio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// save takes the editor's form: to save it, or, without JavaScript, to insert something into it first.
func (v *visit) save() error {
	d := typedDocument(v.r.PathValue("story"), v.r.PathValue("locale"), v.r.PostForm)
	do := v.r.PostFormValue("do")
	if wrong := v.readFocus(&d); wrong != nil {
		p := v.typedEditor(d, api.AsProblem(refusal("/pictures", "One of the points that stay in sight of the pictures is none.")))
		p.Pictures = wrong
		return v.showEditor(http.StatusBadRequest, p)
	}
	if kind, ok := strings.CutPrefix(do, "insert:"); ok {
		for _, s := range skeletons {
			if s.Kind == kind {
				d.append(s.Text)
			}
		}
		return v.showEditor(http.StatusOK, v.typedEditor(d, nil))
	}
	if do == "picture" {
		return v.insertPicture(d)
	}
	if do == "focus" {
		return v.showEditor(http.StatusOK, v.typedEditor(d, nil))
	}
	text, err := v.store(d, v.etag(), false)
	if err == nil {
		if atoi(v.r.PostFormValue("version")) == int(text.GetSummary().GetVersion()) {
			return v.done(textURL(d.Story, d.Locale), "same")
		}
		return v.done(textURL(d.Story, d.Locale), "saved")
	}
	problem := api.AsProblem(err)
	switch problem.Status {
	case http.StatusUnauthorized:
		return err
	case http.StatusPreconditionFailed:
		return v.conflict(d)
	}
	return v.showEditor(problem.Status, v.typedEditor(d, problem))
}

// typedEditor is the editor with what was typed, on top of what the form began from.
func (v *visit) typedEditor(d document, problem *api.Problem) *editorPage {
	p := &editorPage{Form: editorForm(d, v.r.PostForm, problem), Etag: v.etag(), Version: int32(atoi(v.r.PostFormValue("version"))), URL: textURL(d.Story, d.Locale), Language: web.NativeName(d.Locale)}
	if p.New = p.Etag == ""; !p.New {
		// What is kept beside the text is of use while it is written; without it the editor is whole as well.
		if got, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: d.Story, Locale: d.Locale}); err == nil {
			p.Kept = keptOf(got.GetText())
		}
	}
	return p
}

// store saves the document under its etag. What the facts say is in its front matter.
func (v *visit) store(d document, etag string, autosave bool) (*storiesv1.Text, error) {
	got, err := v.work().SaveText(v.ctx(), &storiesv1.SaveTextRequest{Story: d.Story, Locale: d.Locale, Text: d.input(), Etag: etag, Autosave: autosave}, v.once())
	return got.GetText(), err
}

// conflict shows the typed text together with the one that was saved meanwhile. Nothing is lost either way: the other one is a version already, and saving
// from here makes the typed one the next.
func (v *visit) conflict(d document) error {
	got, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: d.Story, Locale: d.Locale})
	if err != nil {
		return err
	}
	p := editorOf(got.GetText(), d, nil, nil)
	p.Theirs = theirsOf(got.GetText(), d)
	return v.showEditor(http.StatusPreconditionFailed, p)
}

// theirsOf describes the stored text and names the facts in which it differs from the typed one.
func theirsOf(text *storiesv1.Text, mine document) *theirs {
	s, stored := text.GetSummary(), documentOf(text)
	t := &theirs{Author: s.GetAuthorName(), When: s.GetUpdateTime().AsTime(), Version: s.GetVersion(), Body: stored.Body}
	typed := map[string]any{}
	for _, f := range mine.facts() {
		typed[f.name] = f.value
	}
	for _, f := range stored.facts() {
		theirs, _ := json.Marshal(f.value)
		own, _ := json.Marshal(typed[f.name])
		if string(theirs) != string(own) {
			t.Changed = append(t.Changed, f.name+": "+strings.Trim(string(theirs), `"[]`))
		}
	}
	return t
}

// savedJSON answers an autosave.
type savedJSON struct {
	Etag    string    `json:"etag"`
	Version int32     `json:"version"`
	Time    time.Time `json:"time"`
}

// conflictJSON is the other text, for an editor that saved too late.
type conflictJSON struct {
	savedJSON
	Author string            `json:"author"`
	Fields map[string]string `json:"fields"`
}

// autosave takes the editor's fields as JSON with the etag that they began from.
func (v *visit) autosave() error {
	values, err := v.readFields()
	if err != nil {
		return err
	}
	d := typedDocument(v.r.PathValue("story"), v.r.PathValue("locale"), values)
	v.r.PostForm = values
	text, err := v.store(d, values.Get("etag"), true)
	if api.Is(err, fault.EtagMismatch) {
		got, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: d.Story, Locale: d.Locale})
		if err != nil {
			return err
		}
		v.answer(http.StatusPreconditionFailed, conflictJSON{savedOf(got.GetText()), got.GetText().GetSummary().GetAuthorName(), documentOf(got.GetText()).fields()})
		return nil
	}
	if err != nil {
		return d.relocate(api.AsProblem(err))
	}
	v.answer(http.StatusOK, savedOf(text))
	return nil
}

func savedOf(text *storiesv1.Text) savedJSON {
	return savedJSON{Etag: text.GetEtag(), Version: text.GetSummary().GetVersion(), Time: text.GetSummary().GetUpdateTime().AsTime()}
}

// pictureFields are those of the editor's form that say something of a picture to be added.
var pictureFields = []string{"picture", "alt", "caption", "focus_x", "focus_y"}

// fields is the document as the editor's form holds it.
func (d document) fields() map[string]string {
	out := map[string]string{}
	for _, f := range editorForm(d, nil, nil).fields {
		if !slices.Contains(pictureFields, f.Name) {
			out[f.Name] = f.Value
		}
	}
	return out
}

// readFields reads a JSON object of strings.
func (v *visit) readFields() (url.Values, error) {
	var fields map[string]string
	if err := json.NewDecoder(v.r.Body).Decode(&fields); err != nil {
		return nil, badForm(err, smallBody)
	}
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	return values, nil
}

// previewJSON answers the live preview.
type previewJSON struct {
	HTML     string          `json:"html"`
	Problems []editorProblem `json:"problems"`
	Missing  []editorProblem `json:"missing"`
}

func (v *visit) preview() error {
	values, err := v.readFields()
	if err != nil {
		return err
	}
	d := typedDocument(values.Get("story"), values.Get("locale"), values)
	got, err := v.work().PreviewText(v.ctx(), &storiesv1.PreviewTextRequest{Text: d.input()})
	if err != nil {
		return d.relocate(api.AsProblem(err))
	}
	v.answer(http.StatusOK, previewJSON{HTML: string(v.trusted(got.GetHtml())), Problems: d.problems(got.GetProblems()), Missing: d.problems(got.GetMissing())})
	return nil
}
