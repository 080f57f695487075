package studio

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"renown.example/kit/fault"
	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/signin"
	"renown.example/website/web"
)

// roleSet names the roles that a page is for, joined by spaces; empty is every employee with any role. REST decides in the end.
type roleSet string

const (
	tellers   roleSet = "author editor approver admin"
	writers   roleSet = "author editor admin"
	keepers   roleSet = "editor admin"
	reviewers roleSet = "editor approver admin"
	admins    roleSet = "admin"
	managers  roleSet = "manager admin"
)

// Bounds of posted bodies in bytes.
const (
	smallBody   = 1 << 20
	pictureBody = 12 << 20
	importBody  = maxImport + 1<<20
)

// visit is one request of a signed-in employee.
type visit struct {
	*Studio
	w    http.ResponseWriter
	r    *http.Request
	conn *api.Conn
	user *partnersv1.User
	// files are those of a form that was taken in by upload, by the names of their fields.
	files map[string][]postedFile
}

func (v *visit) work() storiesv1.WorkspaceServiceClient {
	return storiesv1.NewWorkspaceServiceClient(v.conn)
}
func (v *visit) review() storiesv1.ReviewServiceClient {
	return storiesv1.NewReviewServiceClient(v.conn)
}
func (v *visit) agreed() storiesv1.ConsentsServiceClient {
	return storiesv1.NewConsentsServiceClient(v.conn)
}
func (v *visit) happened() storiesv1.ActivityServiceClient {
	return storiesv1.NewActivityServiceClient(v.conn)
}

// is reports whether the employee has one of the roles.
func (v *visit) is(roles roleSet) bool {
	if roles == "" {
		return len(v.user.GetRoles()) > 0
	}
	return slices.ContainsFunc(strings.Fields(string(roles)), func(role string) bool { return slices.Contains(v.user.GetRoles(), role) })
}

// page serves a page to employees with one of the roles.
func (s *Studio) page(roles roleSet, show func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.visit(w, r, roles, show) })
}

// form serves the post of a form, whose body is bounded in bytes.
func (s *Studio) form(roles roleSet, bound int64, take func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, bound)
		// A form with files is read in memory: its bound is small, and nothing of it is left on a disk.
		err := r.ParseMultipartForm(bound)
		if errors.Is(err, http.ErrNotMultipart) {
			err = nil
		}
		s.visit(w, r, roles, func(v *visit) error {
			if err != nil {
				return badForm(err, bound)
			}
			return take(v)
		})
	})
}

// json serves a module's request.
func (s *Studio) json(roles roleSet, answer func(*visit) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, smallBody)
		s.visit(w, r, roles, answer)
	})
}

func badForm(err error, bound int64) error {
	if errors.Is(err, errParts) {
		return tooMany()
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &api.Problem{Status: http.StatusRequestEntityTooLarge, Code: fault.TooLarge.Name, Title: "That is too large",
			Detail: "At most " + web.FormatBytes("en", bound) + " can be sent at once. Nothing was changed."}
	}
	return &api.Problem{Status: http.StatusBadRequest, Code: fault.MalformedBody.Name, Title: "The form arrived broken", Detail: "Go back and send it again. Nothing was changed."}
}

// visit finds out who comes and shows what went wrong, if anything did.
func (s *Studio) visit(w http.ResponseWriter, r *http.Request, roles roleSet, do func(*visit) error) {
	v := &visit{Studio: s, w: w, r: r}
	token := signin.Token(r)
	if token == "" {
		v.ended(false)
		return
	}
	v.conn = s.conn.As(api.Session(token))
	me, err := partnersv1.NewSessionsServiceClient(v.conn).GetMe(r.Context(), &partnersv1.GetMeRequest{})
	if err == nil {
		v.user = me.GetUser()
		switch {
		case !v.is(""):
			err = v.noRole()
		case !v.is(roles):
			err = &api.Problem{Status: http.StatusForbidden, Code: fault.PermissionDenied.Name, Title: "This is not yours to do",
				Detail: "It takes one of these roles: " + strings.Join(strings.Fields(string(roles)), ", ") + ". An administrator can give it to you."}
		default:
			err = do(v)
		}
	}
	if err != nil {
		v.fail(err)
	}
}

// wantsJSON tells a module's request from a person's.
func (v *visit) wantsJSON() bool {
	return strings.Contains(v.r.Header.Get("Accept"), "application/json")
}

// fail answers an error that the handler had no better page for.
func (v *visit) fail(err error) {
	p := api.AsProblem(err)
	if p.Status == http.StatusUnauthorized {
		v.ended(true)
		return
	}
	if p.Status >= 500 {
		v.log.Log(v.r.Context(), api.Level(err), "a page of the studio failed", "path", v.r.URL.Path, "error", err)
	}
	if v.wantsJSON() {
		v.answer(p.Status, problemJSON{Title: p.Title, Detail: p.Detail, Code: p.Code})
		return
	}
	v.problemPage(p)
}

type problemJSON struct {
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
}

// problemPage says what happened, what was kept and what to do.
func (v *visit) problemPage(p *api.Problem) {
	if v.user == nil {
		v.user = &partnersv1.User{}
	}
	shown := *p
	again := ""
	if p.Status >= http.StatusInternalServerError {
		if strings.TrimSuffix(shown.Detail, ".") == shown.Title {
			shown.Detail = ""
		}
		then := " It may have been done all the same: go back and look before you send it again."
		if v.r.Method == http.MethodGet {
			again, then = v.r.URL.RequestURI(), " Nothing was changed. If it happens again, tell whoever runs Renown for you."
		}
		shown.Detail = strings.TrimSpace(shown.Detail + then)
	}
	view := &web.View{Title: p.Title, Data: map[string]any{"Problem": &shown, "Again": again, "Home": v.homeURL()}}
	v.w.Header().Del("Cache-Control")
	if p.Status == http.StatusServiceUnavailable {
		v.w.Header().Set("Retry-After", "2")
	}
	v.show(p.Status, "problem", view)
}

// answer writes JSON for a module.
func (v *visit) answer(status int, body any) {
	v.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	v.w.WriteHeader(status)
	// A reader who went away is not an error of ours.
	_ = json.NewEncoder(v.w).Encode(body)
}

func (v *visit) notFound() error {
	return &api.Problem{Status: http.StatusNotFound, Code: fault.NotFound.Name, Title: "There is nothing here", Detail: "The address is not one of the studio’s. Perhaps the story was renamed."}
}

func (v *visit) noRole() error {
	return &api.Problem{Status: http.StatusForbidden, Code: fault.PermissionDenied.Name, Title: "You are signed in, but have no role yet",
		Detail: "Ask an administrator to make you an author, editor, approver or manager: in your company’s directory, or here under “People”. You are " + v.user.GetDisplayName() + ", " + v.user.GetEmail() + "."}
}

// ended leads to the sign-in. Whoever was sending a form gets it back, to be sent once they are signed in again.
func (v *visit) ended(forget bool) {
	if forget {
		signin.Forget(v.w)
	}
	switch {
	case v.wantsJSON():
		v.answer(http.StatusUnauthorized, problemJSON{Title: "You are signed out", Detail: "Sign in again in another tab, then go on here.", Code: fault.Unauthenticated.Name})
	case v.r.Method == http.MethodPost:
		v.user = &partnersv1.User{}
		v.show(http.StatusUnauthorized, "resend", &web.View{Title: "Your session has ended", Data: resend{Action: v.r.URL.Path, Values: v.r.PostForm}})
	default:
		q := url.Values{"return": {v.r.URL.RequestURI()}}
		address := "/signin?" + q.Encode()
		if forget {
			address += "&ended="
		}
		v.w.Header().Set("Cache-Control", "no-store")
		http.Redirect(v.w, v.r, address, http.StatusSeeOther)
	}
}

// resend is a form that came after the session's end.
type resend struct {
	Action string
	Values url.Values
}

func (s *Studio) crossSite(w http.ResponseWriter, r *http.Request) {
	v := &visit{Studio: s, w: w, r: r}
	v.problemPage(&api.Problem{Status: http.StatusForbidden, Code: fault.PermissionDenied.Name, Title: "This came from another website",
		Detail: "A page elsewhere tried to do something here in your name. Nothing was done."})
}

// show writes a page within the studio's frame.
func (v *visit) show(status int, name string, view *web.View) {
	view.NoIndex, view.Area, view.Home = true, "Studio", v.homeURL()
	view.Styles = append(view.Styles, "studio.css")
	if v.user.GetName() != "" {
		view.Nav = v.nav()
		view.User = &web.User{Name: v.user.GetDisplayName(), Detail: strings.Join(v.user.GetRoles(), ", "), SignOutURL: "/signout"}
	}
	if view.Notice == nil {
		view.Notice = notices[v.r.URL.Query().Get("done")]
	}
	if err := v.pages.Write(v.w, status, name, view); err != nil {
		v.log.Error("a page of the studio cannot be shown", "page", name, "error", err)
		http.Error(v.w, "This page cannot be shown. That is a fault of ours, and it was logged.", http.StatusInternalServerError)
	}
}

// homeURL is where the employee's work is; it is never a page that refuses them.
func (v *visit) homeURL() string {
	switch {
	case v.is(tellers), v.user.GetName() == "":
		return "/studio"
	case v.is(managers):
		return "/studio/loyalty"
	case v.is(""):
		return "/studio/sessions"
	}
	return "" // an employee without a role has no page here
}

// nav is the menu of what the employee's roles may open.
func (v *visit) nav() []web.NavItem {
	if !v.is("") {
		return nil
	}
	var items []web.NavItem
	if v.is(tellers) {
		items = append(items, web.NavItem{Key: "home", Label: "What waits", URL: "/studio", Icon: "inbox"},
			web.NavItem{Key: "stories", Label: "Stories", URL: "/studio/stories", Icon: "book-open"},
			web.NavItem{Key: "consents", Label: "Consents", URL: "/studio/consents", Icon: "signature"},
			web.NavItem{Key: "terms", Label: "Terms", URL: "/studio/terms", Icon: "list-checks"},
			web.NavItem{Key: "figures", Label: "Figures", URL: "/studio/figures", Icon: "chart-line"})
	}
	if v.is(managers) {
		items = append(items, web.NavItem{Key: "loyalty", Label: "Loyalty", URL: "/studio/loyalty", Icon: "badge-check"})
	}
	if v.is(keepers) {
		items = append(items, web.NavItem{Key: "outbox", Label: "Outbox", URL: "/studio/outbox", Icon: "mail"},
			web.NavItem{Key: "import", Label: "Import and export", URL: "/studio/import", Icon: "upload"})
	}
	if v.is(tellers) {
		items = append(items, web.NavItem{Key: "audit", Label: "Audit trail", URL: "/studio/audit", Icon: "history"})
	}
	if v.is(admins) {
		items = append(items, web.NavItem{Key: "people", Label: "People", URL: "/studio/people", Icon: "users"},
			web.NavItem{Key: "apps", Label: "Apps and keys", URL: "/studio/apps", Icon: "settings"})
	}
	return append(items, web.NavItem{Key: "sessions", Label: "Your sessions", URL: "/studio/sessions", Icon: "user"})
}

// done leads on after a form was taken, to a page that says so.
func (v *visit) done(address, notice string) error {
	v.w.Header().Set("Cache-Control", "no-store")
	sep := "?"
	if strings.Contains(address, "?") {
		sep = "&"
	}
	http.Redirect(v.w, v.r, address+sep+"done="+notice, http.StatusSeeOther)
	return nil
}
