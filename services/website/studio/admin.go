package studio

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

func (v *visit) users() partnersv1.UsersServiceClient {
	return partnersv1.NewUsersServiceClient(v.conn)
}

// roleWords says what each role may do.
var roleWords = []web.Option{
	{Value: "author", Label: "Author", Consequence: "Writes stories and sends them to review."},
	{Value: "editor", Label: "Editor", Consequence: "Writes, asks customers to sign, publishes and withdraws."},
	{Value: "approver", Label: "Approver", Consequence: "Approves what others wrote, or asks for changes."},
	{Value: "manager", Label: "Programme manager", Consequence: "Runs loyalty programmes: rules, rewards, members and their points."},
	{Value: "admin", Label: "Administrator", Consequence: "Everything, and people, apps and keys."},
}

// person is an employee with the form that changes what they may do.
type person struct {
	*partnersv1.User
	ID     string
	Last   time.Time
	Roles  string
	Form   *form
	Self   bool
	Opened bool
}

func (v *visit) people() error { return v.showPeople(http.StatusOK, "", nil) }

func (v *visit) showPeople(status int, refused string, problem *api.Problem) error {
	list, err := v.users().ListUsers(v.ctx(), &partnersv1.ListUsersRequest{PageSize: 100, PageToken: v.r.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	view := &web.View{Title: "People", Section: "people"}
	var rows []person
	for _, u := range list.GetUsers() {
		id := strings.TrimPrefix(u.GetName(), "users/")
		p := person{User: u, ID: id, Last: u.GetLastSignInTime().AsTime(), Roles: strings.Join(u.GetRoles(), ", "), Self: u.GetName() == v.user.GetName(), Opened: id == refused}
		p.Form = newForm(nil, nil)
		if p.Opened {
			p.Form = newForm(v.r.PostForm, problem)
			view.Notice = p.Form.Notice()
		}
		p.Form.add(rolesField(u), "/grantedRoles")
		rows = append(rows, p)
	}
	view.Data = map[string]any{"Rows": rows, "Older": older(v.r.URL, list.GetNextPageToken())}
	v.show(status, "people", view)
	return nil
}

func rolesField(u *partnersv1.User) web.Field {
	f := web.Field{Name: "roles", Label: "Roles given here", Help: "Besides those that follow from the person’s groups in your directory.", Type: "checks"}
	for _, o := range roleWords {
		o.Chosen = slices.Contains(u.GetGrantedRoles(), o.Value)
		if slices.Contains(u.GetRoles(), o.Value) && !o.Chosen {
			o.Consequence += " Has it from a group."
		}
		f.Options = append(f.Options, o)
	}
	return f
}

func (v *visit) updatePerson() error {
	id := v.r.PathValue("user")
	_, err := v.users().UpdateUser(v.ctx(), &partnersv1.UpdateUserRequest{User: id, GrantedRoles: v.r.PostForm["roles"], Disabled: v.value("do") == "close" || v.value("do") == "keep-closed", Etag: v.etag()}, v.once())
	if err == nil {
		return v.done("/studio/people", "person")
	}
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return v.showPeople(problem.Status, id, problem)
}

func (v *visit) partners() partnersv1.AppsServiceClient {
	return partnersv1.NewAppsServiceClient(v.conn)
}

// appRow is a partner's app in the list.
type appRow struct {
	*partnersv1.App
	ID   string
	Made time.Time
}

func appOf(a *partnersv1.App) appRow {
	return appRow{App: a, ID: strings.TrimPrefix(a.GetName(), "apps/"), Made: a.GetCreateTime().AsTime()}
}

func (v *visit) apps() error { return v.showApps(http.StatusOK, nil) }

func (v *visit) showApps(status int, problem *api.Problem) error {
	list, err := v.partners().ListApps(v.ctx(), &partnersv1.ListAppsRequest{PageSize: 100, PageToken: v.r.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	f := newForm(v.r.PostForm, problem).
		add(web.Field{Name: "display_name", Label: "Name", Required: true, Max: 120, Help: "What people call the program, such as “Company website”."}, "/displayName").
		add(web.Field{Name: "app_id", Label: "Id", Max: 40, Help: "Lower-case letters, digits and hyphens. Made up if empty."}, "/appId").
		add(web.Field{Name: "limit", Label: "Requests a minute", Type: "number", Inputmode: "numeric", Help: "For all its keys together. Empty means the installation’s default."}, "/requestsPerMinute")
	var rows []appRow
	for _, a := range list.GetApps() {
		rows = append(rows, appOf(a))
	}
	v.show(status, "apps", &web.View{Title: "Apps and keys", Section: "apps", Notice: f.Notice(), Data: map[string]any{"Rows": rows, "Form": f, "Open": problem != nil || len(rows) == 0, "Older": older(v.r.URL, list.GetNextPageToken())}})
	return nil
}

func (v *visit) createApp() error {
	limit := 0
	if value := v.value("limit"); value != "" {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > 1000000 {
			return v.showApps(http.StatusBadRequest, api.AsProblem(refusal("/requestsPerMinute", "Give a whole number from 1 to 1,000,000, or leave it empty.")))
		}
		limit = n
	}
	got, err := v.partners().CreateApp(v.ctx(), &partnersv1.CreateAppRequest{AppId: v.value("app_id"), DisplayName: v.value("display_name"), RequestsPerMinute: int32(limit)}, v.once())
	if err == nil {
		return v.done("/studio/apps/"+url.PathEscape(appOf(got.GetApp()).ID), "app")
	}
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized {
		return err
	}
	return v.showApps(problem.Status, problem)
}
