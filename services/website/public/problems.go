package public

import (
	"context"
	"net/http"

	"renown.example/website/web"
)

// onProblem is how many stories a page about a problem offers instead.
const onProblem = 3

type problemData struct {
	Status int
	Text   []string
	Again  string
	Index  string
	// Today is the address of the story as it is, where another instant of it was asked for.
	Today     string
	RequestID string
	Rows      []Row
}

// problemPage says what is not there, why, and what there is instead. Without a gateway it offers no stories.
func (s *Site) problemPage(ctx context.Context, status int, locale, title string, text ...string) (*page, error) {
	return s.problem(ctx, locale, problemData{Status: status}, func(locale string) (string, []string) {
		var said []string
		for _, key := range text {
			said = append(said, s.say(locale, key))
		}
		return s.say(locale, title), said
	})
}

// problem is problemPage for words that say more: they are asked for in the language that the page turns out to have.
func (s *Site) problem(ctx context.Context, locale string, data problemData, words func(locale string) (title string, text []string)) (*page, error) {
	reply, err := s.list(ctx, locale, onProblem, "")
	if err != nil && locale != s.DefaultLocale {
		locale = s.DefaultLocale
		reply, err = s.list(ctx, locale, onProblem, "")
	}
	if err != nil {
		return nil, err
	}
	data.Rows = s.rows(reply.GetStories())
	data.Index = s.paths.index(locale)
	title, text := words(locale)
	data.Text = text
	return s.render(data.Status, "problem", &web.View{
		Locale: locale, Title: title, NoIndex: true, Class: "problem-page", Data: data,
		Languages: s.languages(reply.GetLocales(), locale, s.paths.index),
	})
}

// Broken answers when a page could not be made: 503 when the gateway is out of reach, 500 when the fault is ours. Nothing is
// asked of the gateway for it.
func (s *Site) broken(w http.ResponseWriter, r *http.Request, status int, requestID string) {
	locale := find(r.URL.Path, s.DefaultLocale).locale
	if locale == "" {
		locale = s.DefaultLocale
	}
	title, text := "broken.title", "broken.text"
	if status == http.StatusServiceUnavailable {
		title, text = "away.title", "away.text"
		w.Header().Set("Retry-After", "2")
	}
	p, err := s.render(status, "problem", &web.View{Locale: locale, Title: s.say(locale, title), NoIndex: true, Class: "problem-page", Data: problemData{
		Status: status, Text: []string{s.say(locale, text)}, Again: r.URL.RequestURI(), RequestID: requestID,
	}})
	if err != nil {
		s.Log.ErrorContext(r.Context(), "the page about a failure failed itself", "error", err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", p.contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.status)
	// A reader who went away is not an error of ours.
	_, _ = w.Write(p.body)
}
