package public

import (
	"context"
	"html/template"
	"net/http"
	"regexp"
	"strings"

	"renown.example/kit/ready"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// forModelsStories is how many stories llms.txt names, the newest.
const forModelsStories = 100

// anywhere are the header fields of what pages of any other site may read.
func anywhere() http.Header {
	return http.Header{"Access-Control-Allow-Origin": {"*"}, "Cross-Origin-Resource-Policy": {"cross-origin"}}
}

// robots is what crawlers may look at: all that is public, withdrawn stories included. Their addresses say 410, which a crawler has to see to forget them.
func (s *Site) robots() http.Handler {
	text := "User-agent: *\nDisallow: /studio\nDisallow: /signin\nDisallow: /signout\n\nSitemap: " + s.PublicURL + "/sitemap.xml\n"
	return ready.Fixed(ready.Answer{Header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, Body: []byte(text)})
}

// pictureSource is where the Markdown of an edition names a picture, from the folder that it is exported into.
var pictureSource = regexp.MustCompile(`(?m)^src: images/([0-9a-f]{64})$`)

// withPictures leads from an edition's Markdown to the pictures on this site.
func (s *Site) withPictures(markdown string) string {
	return pictureSource.ReplaceAllString(markdown, "src: "+strings.ReplaceAll(s.PublicURL, "$", "$$$$")+"/images/$1")
}

// disclosed puts what the customer was given for a story behind its Markdown, set apart from the words that were signed.
func disclosed(markdown string, d *storiesv1.Disclosure) string {
	if d.GetText() == "" {
		return markdown
	}
	return strings.TrimRight(markdown, "\n") + "\n\n***\n\n*" + inMarkdown(d.GetText()) + "*\n"
}

// buildText is a story as Markdown, as its edition has it, and what stands around it.
func (s *Site) buildText(ctx context.Context, at place) (*page, error) {
	published, err := s.published(ctx, at)
	if err != nil {
		return nil, err
	}
	summary := published.GetSummary()
	header := anywhere()
	header.Set("Link", "<"+s.PublicURL+s.paths.story(summary.GetLocale(), summary.GetSlug())+`>; rel="canonical"`)
	return &page{status: http.StatusOK, contentType: "text/markdown; charset=utf-8", language: summary.GetLocale(), body: []byte(disclosed(s.withPictures(published.GetMarkdown()), published.GetDisclosure())), header: header,
		until: endOf(published), names: alone(published)}, nil
}

// buildForModels is llms.txt: what is here in words that a language model reads, each story as Markdown.
func (s *Site) buildForModels(ctx context.Context, at place) (*page, error) {
	reply, err := s.list(ctx, at.locale, forModelsStories, "")
	if err != nil {
		return nil, err
	}
	var out strings.Builder
	line := func(words ...string) { out.WriteString(strings.Join(words, "") + "\n") }
	link := func(title, url, text string) { line("- [", inMarkdown(title), "](", s.PublicURL, url, ")", text) }
	line("# ", inMarkdown(s.Renderer.Theme.Name), "\n")
	if tagline := s.Renderer.Theme.TaglineIn(web.Spoken(at.locale)); tagline != "" {
		line("> ", inMarkdown(tagline), "\n")
	}
	line(s.say(at.locale, "models.text"), "\n\n## ", s.say(at.locale, "index.title"), "\n")
	for _, p := range reply.GetStories() {
		link(p.GetTitle(), s.paths.of(asText, p.GetLocale(), p.GetSlug()), ": "+inMarkdown(p.GetCustomer()+". "+p.GetSummary()))
	}
	if len(reply.GetLocales()) > 1 {
		line("\n## ", s.say(at.locale, "models.languages"), "\n")
		for _, locale := range reply.GetLocales() {
			if locale != at.locale {
				link(web.NativeName(locale), s.paths.models(locale), "")
			}
		}
	}
	line("\n## Optional\n")
	link(s.say(at.locale, "models.feed"), s.paths.feed(at.locale, "json"), "")
	link(s.say(at.locale, "models.all"), "/sitemap.xml", "")
	return &page{status: http.StatusOK, contentType: "text/plain; charset=utf-8", language: at.locale, body: []byte(out.String()), header: anywhere()}, nil
}

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "#", `\#`, "\n", " ", "\r", " ")

// inMarkdown writes words so that Markdown shows them as they are.
func inMarkdown(words string) string { return markdownEscapes.Replace(words) }

// published asks for the story at a place.
func (s *Site) published(ctx context.Context, at place) (*storiesv1.PublishedStory, error) {
	reply, err := s.stories.GetPublishedStory(ctx, &storiesv1.GetPublishedStoryRequest{Slug: at.slug, Locale: at.locale})
	return reply.GetStory(), err
}

// headerOf are the header fields that say who may read what is at an address of a kind.
func headerOf(k kind) http.Header {
	switch {
	case k == asFrame:
		return framed()
	case k.machines():
		return anywhere()
	}
	return nil
}

// refusal is what a program gets where there is nothing: a line. A frame on another site shows nothing at all.
func refusal(k kind, status int, words string) *page {
	p := &page{status: status, contentType: "text/plain; charset=utf-8", body: []byte(words + "\n"), header: headerOf(k)}
	if k == asFrame {
		p.contentType, p.body = "text/html; charset=utf-8", []byte("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>"+template.HTMLEscapeString(words)+"</title></html>\n")
	}
	return p
}

// alone is what an answer depends on that shows a story and nothing of what stands beside it.
func alone(p *storiesv1.PublishedStory) []string { return []string{p.GetSummary().GetName()} }
