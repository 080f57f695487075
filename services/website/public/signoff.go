package public

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// maxForm bounds a posted form, in bytes: the longest comment in the widest characters fits many times.
const maxForm = 64 << 10

// Limits of the contract, in characters.
const (
	maxComment = 2000
	maxReason  = 1000
	maxName    = 200
)

// signoff answers /signoff/{token} and what is posted below it. Every answer is made anew: the page belongs to one person, and
// the token in its address is the key to it, so it is neither stored nor told to anybody.
func (s *Site) signoff(w http.ResponseWriter, r *http.Request) {
	token, action, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/signoff/"), "/")
	visit := &visit{site: s, w: w, r: r, token: token, home: "/signoff/" + url.PathEscape(token),
		api: storiesv1.NewSignoffServiceClient(s.API.As(api.Link(token)))}
	if token == "" {
		visit.fail(&api.Problem{Code: fault.LinkInvalid.Name, Status: fault.LinkInvalid.HTTP})
		return
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if asset, ok := strings.CutPrefix(action, "images/"); ok {
			visit.picture(asset)
			return
		}
		if action != "" { // somebody reloads after a post, or follows half a link
			http.Redirect(w, r, visit.home, http.StatusSeeOther)
			return
		}
		visit.show(http.StatusOK, answers{})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		visit.fail(err)
		return
	}
	switch action {
	case "comment":
		visit.comment()
	case "sign":
		visit.sign()
	case "changes":
		visit.askForChanges()
	case "renew":
		visit.renew()
	case "revoke":
		visit.revoke()
	case "withdraw":
		visit.withdraw()
	default:
		visit.fail(fault.NotFound.New("there is nothing to do here"))
	}
}

// visit is one request of a customer with a link.
type visit struct {
	site  *Site
	w     http.ResponseWriter
	r     *http.Request
	token string
	home  string
	api   storiesv1.SignoffServiceClient
}

// answers is what a form held when it could not be accepted, so that nothing typed is lost.
type answers struct {
	form    url.Values
	errors  map[string]string
	problem string // key of a sentence about the whole
}

func (v *visit) back(to string) { http.Redirect(v.w, v.r, v.home+to, http.StatusSeeOther) }

func (v *visit) comment() {
	block, err := strconv.ParseInt(v.r.PostForm.Get("block"), 10, 32)
	if err != nil {
		v.fail(fault.Invalid("block", "is no position of a block"))
		return
	}
	_, err = v.api.CommentSignoff(v.r.Context(), &storiesv1.CommentSignoffRequest{Block: int32(block), Text: strings.TrimSpace(v.r.PostForm.Get("text"))})
	if err != nil {
		v.again(err, answers{form: v.r.PostForm, problem: "signoff.failed"})
		return
	}
	v.back("#block-" + strconv.FormatInt(block, 10))
}

func (v *visit) sign() {
	form := v.r.PostForm
	a := answers{form: form, errors: map[string]string{}}
	name := strings.TrimSpace(form.Get("name"))
	if name == "" || len([]rune(name)) > maxName {
		a.errors["name"] = "signoff.name.missing"
	}
	req := &storiesv1.SignSignoffRequest{ContentHash: form.Get("hash"), SignedBy: name}
	for _, value := range form["scope"] {
		scope := storiesv1.ConsentScope(storiesv1.ConsentScope_value[value])
		if scope != storiesv1.ConsentScope_CONSENT_SCOPE_UNSPECIFIED && !slices.Contains(req.Scopes, scope) {
			req.Scopes = append(req.Scopes, scope)
		}
	}
	if !slices.Contains(req.Scopes, storiesv1.ConsentScope_CONSENT_SCOPE_WEB) {
		a.errors["scope"] = "signoff.scopes.web"
	}
	years, err := strconv.Atoi(form.Get("years"))
	if err != nil || !slices.Contains(offeredYears, years) {
		years = usualYears
	}
	req.EndTime = timestamppb.New(endAfter(v.site.Clock.Now(), years))
	if len(a.errors) > 0 {
		v.show(http.StatusUnprocessableEntity, a)
		return
	}
	if _, err := v.api.SignSignoff(v.r.Context(), req); err != nil {
		a.problem = "signoff.failed"
		if p := api.AsProblem(err); p.Code == fault.IllegalState.Name || p.At("/contentHash") != "" {
			a.problem = "signoff.moved"
		}
		v.again(err, a)
		return
	}
	v.back("")
}

// offeredYears are the lengths that a customer can choose, usualYears the one that is chosen beforehand. Every consent ends.
var offeredYears = []int{1, 2, 3, 5}

const usualYears = 2

// endAfter is the end of the day, in UTC, so many years from now.
func endAfter(now time.Time, years int) time.Time {
	y, m, d := now.UTC().AddDate(years, 0, 1).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func (v *visit) askForChanges() {
	text := strings.TrimSpace(v.r.PostForm.Get("changes"))
	_, err := v.api.DeclineSignoff(v.r.Context(), &storiesv1.DeclineSignoffRequest{Comment: text})
	if err != nil {
		a := answers{form: v.r.PostForm, problem: "signoff.failed"}
		if text == "" && api.AsProblem(err).Status < http.StatusInternalServerError {
			a = answers{form: v.r.PostForm, errors: map[string]string{"changes": "signoff.change.missing"}}
		}
		v.again(err, a)
		return
	}
	v.back("")
}

// renew gives the consent once more, as it is. A second press comes to the page of the renewed one, like the first.
func (v *visit) renew() {
	_, err := v.api.RenewSignoff(v.r.Context(), &storiesv1.RenewSignoffRequest{ContentHash: v.r.PostForm.Get("hash")})
	if err != nil {
		v.again(err, answers{form: v.r.PostForm, problem: "renew.failed"})
		return
	}
	v.back("")
}

func (v *visit) revoke() {
	_, err := v.api.RevokeSignoff(v.r.Context(), &storiesv1.RevokeSignoffRequest{Reason: strings.TrimSpace(v.r.PostForm.Get("reason"))})
	if err != nil {
		v.again(err, answers{form: v.r.PostForm, problem: "signoff.failed"})
		return
	}
	v.back("")
}

// withdraw takes parts of the consent back.
func (v *visit) withdraw() {
	req := &storiesv1.WithdrawSignoffRequest{Reason: strings.TrimSpace(v.r.PostForm.Get("part-reason"))}
	for _, value := range v.r.PostForm["clause"] {
		clause := storiesv1.ConsentClause(storiesv1.ConsentClause_value[value])
		if clause != storiesv1.ConsentClause_CONSENT_CLAUSE_UNSPECIFIED && !slices.Contains(req.Clauses, clause) {
			req.Clauses = append(req.Clauses, clause)
		}
	}
	if len(req.Clauses) == 0 {
		v.show(http.StatusUnprocessableEntity, answers{form: v.r.PostForm, errors: map[string]string{"clause": "part.missing"}})
		return
	}
	if _, err := v.api.WithdrawSignoff(v.r.Context(), req); err != nil {
		v.again(err, answers{form: v.r.PostForm, problem: "signoff.failed"})
		return
	}
	v.back("#taken")
}

// picture passes on a picture of the text to sign: it may not be published, so only this link shows it.
func (v *visit) picture(asset string) {
	reply, err := storiesv1.NewWorkspaceServiceClient(v.site.API.As(api.Link(v.token))).GetAsset(v.r.Context(), &storiesv1.GetAssetRequest{Asset: asset})
	if err != nil {
		http.Error(v.w, http.StatusText(api.AsProblem(err).Status), api.AsProblem(err).Status)
		return
	}
	v.w.Header().Set("Content-Type", pictureType(reply.GetContentType()))
	// A reader who went away is not an error of ours.
	_, _ = v.w.Write(reply.GetData())
}

// again shows the page with what was typed, unless the link itself is what was refused.
func (v *visit) again(err error, a answers) {
	if api.Is(err, fault.LinkInvalid) || api.Is(err, fault.Unauthenticated) {
		v.fail(err)
		return
	}
	v.site.Log.WarnContext(v.r.Context(), "a customer's answer was refused", "error", err)
	v.show(api.AsProblem(err).Status, a)
}

// show answers with the page in the state that it is in now.
func (v *visit) show(status int, a answers) {
	reply, err := v.api.GetSignoff(v.r.Context(), &storiesv1.GetSignoffRequest{})
	if err != nil {
		v.fail(err)
		return
	}
	view := v.site.signoffView(v, reply.GetPage(), a)
	if err := v.site.pages.Write(v.w, status, "signoff", view); err != nil {
		v.fail(err)
	}
}

// fail answers when there is no page to show.
func (v *visit) fail(err error) {
	p := api.AsProblem(err)
	var own *fault.Error
	if errors.As(err, &own) {
		p = &api.Problem{Code: own.Reason.Name, Status: own.Reason.HTTP}
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		p = &api.Problem{Code: fault.TooLarge.Name, Status: fault.TooLarge.HTTP}
	}
	if p.Status >= http.StatusInternalServerError {
		v.site.Log.Log(v.r.Context(), api.Level(err), "the sign-off page could not be made", "error", err)
		v.site.broken(v.w, v.r, p.Status, p.RequestID)
		return
	}
	locale := v.site.DefaultLocale
	view := &web.View{Locale: locale, Title: v.site.say(locale, "link.title"), NoIndex: true, Class: "problem-page", Styles: styles,
		Data: problemData{Status: p.Status, Text: []string{v.site.say(locale, "link.text")}}}
	if err := v.site.pages.Write(v.w, p.Status, "problem", view); err != nil {
		v.site.Log.ErrorContext(v.r.Context(), "the page about a link failed", "error", err)
		http.Error(v.w, http.StatusText(p.Status), p.Status)
	}
}
