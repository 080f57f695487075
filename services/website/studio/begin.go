package studio

import (
	"net/http"
	"net/url"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// newStory asks for the little that a story begins with. For a further language of a story it leads straight to the editor.
func (v *visit) newStory() error {
	q := v.r.URL.Query()
	if story, locale := q.Get("story"), q.Get("locale"); story != "" && locale != "" {
		http.Redirect(v.w, v.r, "/studio/stories/"+url.PathEscape(story)+"/"+url.PathEscape(locale)+"/edit?begin", http.StatusSeeOther)
		return nil
	}
	return v.showNew(http.StatusOK, nil)
}

func (v *visit) showNew(status int, problem *api.Problem) error {
	f := newForm(v.r.PostForm, problem).
		add(web.Field{Name: "customer", Label: "Whose story is it?", Required: true, Max: 200, Help: "Name of the customer."}, "/text/content/customer").
		add(web.Field{Name: "title", Label: "Headline", Required: true, Max: 200, Wide: true, Help: "Who achieved what? It can change until the customer signs."}, "/text/content/title").
		add(web.Field{Name: "locale", Label: "Language", Type: "select", Required: true, Value: "en", Options: localeOptions()}, "/text/content/locale").
		add(web.Field{Name: "story_id", Label: "Name in addresses of the studio", Max: 64, Help: "Lower-case letters, digits and hyphens. Made from customer and headline if empty, and never changed."}, "/storyId")
	v.show(status, "new", &web.View{Title: "Begin a story", Section: "stories", Notice: f.Notice(), Data: f, Trail: []web.Link{{Label: "Stories", URL: "/studio/stories"}, {Label: "New"}}})
	return nil
}

func localeOptions() []web.Option {
	return languages(&storiesv1.Story{})
}

func (v *visit) createStory() error {
	content := &storiesv1.Content{Locale: v.value("locale"), Title: v.value("title"), Customer: v.value("customer")}
	got, err := v.work().CreateStory(v.ctx(), &storiesv1.CreateStoryRequest{StoryId: v.value("story_id"), Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Content{Content: content}}}, v.once())
	if err != nil {
		problem := api.AsProblem(err)
		if problem.Status == http.StatusUnauthorized {
			return err
		}
		return v.showNew(problem.Status, problem)
	}
	return v.done(textURL(storyID(got.GetStory().GetName()), v.value("locale"))+"/edit", "created")
}
