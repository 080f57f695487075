package public

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// previewData is a version as it would look. It has the parts of a story's page that are words of the text; what publication adds is not there yet.
type previewData struct {
	telling
	Banner  string
	Expires time.Time
}

// preview answers /preview/{token} and the pictures below it. Like the sign-off page it is made anew for every request: the token in its address is the key to it.
func (s *Site) preview(w http.ResponseWriter, r *http.Request) {
	token, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/preview/"), "/")
	v := &visit{site: s, w: w, r: r, token: token, home: "/preview/" + url.PathEscape(token)}
	asset, picture := strings.CutPrefix(rest, "images/")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", readMethod)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
	case token == "":
		v.fail(&api.Problem{Code: fault.LinkInvalid.Name, Status: fault.LinkInvalid.HTTP})
	case picture:
		v.picture(asset)
	case rest != "":
		http.Redirect(w, r, v.home, http.StatusSeeOther)
	default:
		s.showPreview(v)
	}
}

func (s *Site) showPreview(v *visit) {
	reply, err := storiesv1.NewPreviewsServiceClient(s.API.As(api.Link(v.token))).GetPreview(v.r.Context(), &storiesv1.GetPreviewRequest{})
	if err != nil {
		v.fail(err)
		return
	}
	p := reply.GetPage()
	content := p.GetContent()
	locale := content.GetLocale()
	title := content.GetTitle()
	if title == "" {
		title = s.say(locale, "preview.title")
	}
	data := previewData{Banner: s.say(locale, "preview.banner", p.GetVersion(), p.GetCompany()), Expires: p.GetExpireTime().AsTime()}
	data.telling = telling{Customer: content.GetCustomer(), Title: title, Summary: content.GetSummary(),
		Facts: factsOf(&storiesv1.PublishedSummary{Customer: content.GetCustomer(), Industry: content.GetIndustry(), Region: content.GetRegion(),
			Product: content.GetProduct(), UseCase: content.GetUseCase()}, content)}
	fragments := p.GetBlockHtml()
	for len(fragments) < len(content.GetBlocks()) {
		fragments = append(fragments, "")
	}
	parts := partsOf(content.GetBlocks(), fragments, nil)
	for i := range parts {
		if parts[i].Kind == "image" {
			parts[i].Src = v.home + "/images/" + parts[i].Image.GetAsset()
		}
	}
	data.Tiles, data.Parts = liftFigures(parts, tiles)
	view := &web.View{Locale: locale, Title: title, NoIndex: true, Class: "story-page preview-page", Home: s.paths.home(locale), Styles: styles, Data: data}
	if err := s.pages.Write(v.w, http.StatusOK, "preview", view); err != nil {
		v.fail(err)
	}
}
