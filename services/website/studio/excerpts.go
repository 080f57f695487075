package studio

import (
	"net/http"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// chooseExcerpts shows the text beside the passages that stand for it elsewhere.
func (v *visit) chooseExcerpts() error { return v.showExcerpts(http.StatusOK, nil) }

func (v *visit) showExcerpts(status int, problem *api.Problem) error {
	got, err := v.work().GetText(v.ctx(), &storiesv1.GetTextRequest{Story: v.r.PathValue("story"), Locale: v.r.PathValue("locale")})
	if err != nil {
		return err
	}
	text := got.GetText()
	x, c := text.GetExcerpts(), text.GetContent()
	f := newForm(v.r.PostForm, problem)
	for _, e := range []struct{ name, label, help, value, otherwise string }{
		{"snippet", "In search results", "At most 300 characters.", x.GetSnippet(), c.GetSummary()},
		{"card", "On the card of a shared link", "At most 200 characters.", x.GetCard(), c.GetTitle()},
		{"embed", "Where other sites show it", "At most 600 characters.", x.GetEmbed(), c.GetSummary()},
	} {
		f.add(web.Field{Name: e.name, Label: e.label, Type: "textarea", Rows: 3, Value: e.value, Help: e.help + " If empty: “" + shorten(e.otherwise, 90) + "”"}, "/excerpts/"+e.name)
	}
	s := text.GetSummary()
	v.show(status, "excerpts", &web.View{Title: "Excerpts", Section: "stories", Notice: f.Notice(), Modules: []string{"js/studio/excerpts.js"}, Trail: v.textTrail(text, "Excerpts"), Data: map[string]any{
		"Form": f, "Text": text, "Etag": text.GetEtag(), "URL": textURL(storyID(s.GetName()), s.GetLocale()), "Parts": v.partsOf(text.GetHtml()), "Live": text.GetLive() != nil}})
	return nil
}

func (v *visit) setExcerpts() error {
	story, locale := v.r.PathValue("story"), v.r.PathValue("locale")
	_, err := storiesv1.NewExcerptsServiceClient(v.conn).SetExcerpts(v.ctx(), &storiesv1.SetExcerptsRequest{Story: story, Locale: locale, Etag: v.etag(),
		Excerpts: &storiesv1.Excerpts{Snippet: v.value("snippet"), Card: v.value("card"), Embed: v.value("embed")}}, v.once())
	if err == nil {
		return v.done(textURL(story, locale), "excerpted")
	}
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return v.showExcerpts(problem.Status, problem)
}
