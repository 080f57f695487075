package public

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// How many stories a page shows. The index has one large and the rest in a list.
const (
	onHome  = 6
	onIndex = 25
)

// Row is a story in a list.
type Row struct {
	Story    *storiesv1.PublishedSummary
	URL      string
	Industry string
	// Why says why it is shown beside another story.
	Why string
	Picture
}

func (s *Site) row(p *storiesv1.PublishedSummary) Row {
	r := Row{Story: p, URL: s.paths.story(p.GetLocale(), p.GetSlug())}
	if len(p.GetIndustry()) > 0 {
		r.Industry = p.GetIndustry()[0]
	}
	return r
}

func (s *Site) rows(list []*storiesv1.PublishedSummary) []Row {
	out := make([]Row, 0, len(list))
	for _, p := range list {
		out = append(out, s.row(p))
	}
	return out
}

// newest is the first of a list as the large one, with its picture, and the others as rows.
func (s *Site) newest(list []*storiesv1.PublishedSummary) (*Row, []Row) {
	if len(list) == 0 {
		return nil, nil
	}
	first := s.row(list[0])
	first.Picture = pictureOf(list[0].GetImage(), list[0].GetPicture(), asNewest, false)
	return &first, s.rows(list[1:])
}

// list asks for a page of stories and refuses a language in which nothing is published, except the default one.
func (s *Site) list(ctx context.Context, locale string, size int32, token string) (*storiesv1.ListPublishedStoriesResponse, error) {
	return s.listed(ctx, &storiesv1.ListPublishedStoriesRequest{Locale: locale, PageSize: size, PageToken: token})
}

func (s *Site) listed(ctx context.Context, req *storiesv1.ListPublishedStoriesRequest) (*storiesv1.ListPublishedStoriesResponse, error) {
	locale := req.GetLocale()
	reply, err := s.stories.ListPublishedStories(ctx, req)
	if err != nil {
		return nil, err
	}
	if locale != s.DefaultLocale && !slices.Contains(reply.GetLocales(), locale) {
		return nil, fault.NotFound.New("nothing is published in %q", locale)
	}
	return reply, nil
}

// languages are the same page in the languages in which anything is published.
func (s *Site) languages(locales []string, current string, address func(locale string) string) []web.Alternate {
	var out []web.Alternate
	for _, locale := range locales {
		out = append(out, web.Alternate{Locale: locale, URL: address(locale), Current: locale == current})
	}
	return out
}

// absolute are the alternates for the head and the sitemap: absolute, the page itself among them, with x-default for all other readers: the first, which is in the
// default language if there is one. A page in one language has none.
func (s *Site) absolute(in []web.Alternate) []web.Alternate {
	if len(in) < 2 {
		return nil
	}
	out := make([]web.Alternate, 0, len(in)+1)
	for _, a := range in {
		a.URL = s.PublicURL + a.URL
		out = append(out, a)
	}
	return append(out, web.Alternate{Locale: "x-default", URL: out[0].URL})
}

// inOrder sorts languages by their tags, the default first, so that all pages of a story name the same in the same order.
func (s *Site) inOrder(list []web.Alternate) {
	slices.SortFunc(list, func(a, b web.Alternate) int {
		if (a.Locale == s.DefaultLocale) != (b.Locale == s.DefaultLocale) {
			if a.Locale == s.DefaultLocale {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Locale, b.Locale)
	})
}

type homeData struct {
	Newest *Row
	Rows   []Row
	Total  int32
	Index  string
}

func (s *Site) buildHome(ctx context.Context, at place) (*page, error) {
	reply, err := s.list(ctx, at.locale, onHome, "")
	if err != nil {
		return nil, err
	}
	data := homeData{Total: reply.GetTotalSize(), Index: s.paths.index(at.locale)}
	data.Newest, data.Rows = s.newest(reply.GetStories())
	tagline := s.Renderer.Theme.TaglineIn(web.Spoken(at.locale))
	v := &web.View{
		Locale: at.locale, Title: s.say(at.locale, "home.title"), Description: tagline,
		Canonical: s.PublicURL + s.paths.home(at.locale), Class: "home", Data: data,
		Languages: s.languages(reply.GetLocales(), at.locale, s.paths.home),
		Links:     s.feedLinks(at.locale),
	}
	v.Meta = s.shareTags(v, "website", s.sharedOf(reply.GetStories()))
	v.Alternates = s.absolute(v.Languages)
	return s.render(http.StatusOK, "home", v)
}

type indexData struct {
	Newest         *Row
	Rows           []Row
	Total          int32
	First, Next    string
	Elsewhere      string
	ElsewhereLabel string

	// What is looked for: words, terms with their counts, what is chosen, and the address without all of it.
	Here     string
	Words    string
	Facets   []facet
	Chips    []chip
	Narrowed bool
	Search   *storiesv1.Search
	Ways     []way
}

func (s *Site) buildIndex(ctx context.Context, at place, f finding) (*page, error) {
	reply, err := s.listed(ctx, f.request(at.locale))
	if err != nil {
		return nil, err
	}
	here := s.paths.index(at.locale)
	data := indexData{
		Total: reply.GetTotalSize(), Here: here, Words: f.words, Facets: facetsOf(reply.GetFacets()), Chips: f.chips(here, reply.GetFacets()), Narrowed: f.narrowed(),
		Search: reply.GetSearch(), Ways: s.ways(at.locale, here, f, reply.GetLoosenings()),
	}
	switch {
	case f.after != "":
		data.First, data.Rows = f.first().address(here), s.rows(reply.GetStories())
	case f.narrowed():
		data.Rows = s.rows(reply.GetStories())
	default:
		data.Newest, data.Rows = s.newest(reply.GetStories())
	}
	if next := reply.GetNextPageToken(); next != "" {
		onward := f
		onward.after = next
		data.Next = onward.address(here)
	}
	if data.Total == 0 && !f.narrowed() && len(reply.GetLocales()) > 0 {
		other := reply.GetLocales()[len(reply.GetLocales())-1]
		if other != at.locale {
			data.Elsewhere, data.ElsewhereLabel = s.paths.index(other), web.NativeName(other)
		}
	}
	plain := f.after == "" && !f.narrowed()
	v := &web.View{
		Locale: at.locale, Title: s.say(at.locale, "index.title"), Description: s.say(at.locale, "index.text"), Section: "stories",
		Canonical: s.PublicURL + here, Class: "index", Data: data, NoIndex: !plain, Modules: []string{"js/find.js"},
		Languages:  s.languages(reply.GetLocales(), at.locale, s.paths.index),
		LinkedData: s.collection(at.locale, reply.GetStories()), Links: s.feedLinks(at.locale),
	}
	v.Meta = s.shareTags(v, "website", s.sharedOf(reply.GetStories()))
	if plain {
		v.Alternates = s.absolute(v.Languages)
	}
	built, err := s.render(http.StatusOK, "index", v)
	if next := reply.GetNextChangeTime(); next != nil && err == nil {
		built.until = next.AsTime()
	}
	return built, err
}
