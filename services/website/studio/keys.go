package studio

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	partnersv1 "renown.example/proto/gen/renown/partners/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// scopeOptions says what a key may do.
var keyScopes = []web.Option{
	{Value: "stories.read", Label: "Read the workspace", Consequence: "Drafts, consents and the audit trail. Published stories need no key at all."},
	{Value: "stories.write", Label: "Write stories", Consequence: "Import, save, submit, publish, withdraw."},
	{Value: "loyalty.read", Label: "Read loyalty programmes", Consequence: "Members, their points and why they have them."},
	{Value: "loyalty.write", Label: "Move points", Consequence: "Enrol members, record orders and returns, redeem rewards."},
	{Value: "partners.read", Label: "See apps and keys", Consequence: "Not the secrets: nobody can see those again."},
	{Value: "partners.write", Label: "Make and end keys", Consequence: "Only with uses that it has itself."},
}

// keyRow is an API key in the list.
type keyRow struct {
	*partnersv1.Key
	ID, Scopes string
	State      stateWords
	Live       bool
	Form       *form
}

// At turns one of the key's instants into a time; the zero time if there is none.
func (k keyRow) Made() time.Time { return k.GetCreateTime().AsTime() }

// Used is when the key was last used, nil if never.
func (k keyRow) Used() *time.Time {
	if k.GetLastUseTime() == nil {
		return nil
	}
	t := k.GetLastUseTime().AsTime()
	return &t
}

// Ends is when the key ends by itself, nil if never.
func (k keyRow) Ends() *time.Time {
	if k.GetExpireTime() == nil {
		return nil
	}
	t := k.GetExpireTime().AsTime()
	return &t
}

func (v *visit) keyOf(k *partnersv1.Key) keyRow {
	parts := strings.Split(k.GetName(), "/")
	r := keyRow{Key: k, ID: parts[len(parts)-1], Scopes: strings.Join(k.GetScopes(), ", "), Form: newForm(nil, nil), State: stateWords{Label: "Works", Tone: web.GoodTone, Icon: "circle-check"}, Live: true}
	switch end := r.Ends(); {
	case k.GetRevokeTime() != nil:
		r.State, r.Live = stateWords{Label: "Ended by hand", Tone: web.BadTone, Icon: "ban"}, false
	case end != nil && end.Before(v.clock.Now()):
		r.State, r.Live = stateWords{Label: "Expired", Tone: web.PlainTone, Icon: "clock"}, false
	}
	return r
}

func (v *visit) app() error { return v.showApp(http.StatusOK, "", nil) }

// showApp shows an app with its keys. secret is a key that was just made: it is in this answer, and nowhere afterwards.
func (v *visit) showApp(status int, secret string, problem *api.Problem) error {
	id := v.r.PathValue("app")
	got, err := v.partners().GetApp(v.ctx(), &partnersv1.GetAppRequest{App: id})
	if err != nil {
		return err
	}
	list, err := v.partners().ListKeys(v.ctx(), &partnersv1.ListKeysRequest{App: id, PageSize: 200})
	if err != nil {
		return err
	}
	var keys []keyRow
	for _, k := range list.GetKeys() {
		keys = append(keys, v.keyOf(k))
	}
	values := v.r.PostForm
	if problem == nil {
		values = nil
	}
	f := newForm(values, problem).
		add(web.Field{Name: "display_name", Label: "What is it for?", Required: true, Max: 120, Help: "Such as “Nightly import”."}, "/displayName").
		add(web.Field{Name: "scopes", Label: "What may it do?", Type: "checks", Required: true, Options: append([]web.Option(nil), keyScopes...)}, "/scopes").
		add(web.Field{Name: "expires", Label: "Last day", Type: "date", Help: "Empty means it works until somebody ends it."}, "/expireTime").
		add(web.Field{Name: "test", Label: "Kind", Type: "choices", Required: true, Options: []web.Option{
			{Value: "", Label: "For real use", Chosen: true}, {Value: "yes", Label: "For trying things out", Consequence: "It is marked “test” and may do the same."}}}, "/test")
	app := appOf(got.GetApp())
	v.w.Header().Set("Cache-Control", "no-store")
	v.show(status, "app", &web.View{Title: app.GetDisplayName(), Section: "apps", Notice: f.Notice(), Trail: []web.Link{{Label: "Apps and keys", URL: "/studio/apps"}, {Label: app.GetDisplayName()}},
		Data: map[string]any{"App": app, "Keys": keys, "Form": f, "Secret": secret, "Open": problem != nil || len(keys) == 0 && secret == ""}})
	return nil
}

func (v *visit) createKey() error {
	in := &partnersv1.CreateKeyRequest{App: v.r.PathValue("app"), DisplayName: v.value("display_name"), Scopes: v.r.PostForm["scopes"], Test: v.value("test") == "yes"}
	if value := v.value("expires"); value != "" {
		if in.ExpireTime = endOfDay(value); in.ExpireTime == nil {
			return v.showApp(http.StatusBadRequest, "", api.AsProblem(refusal("/expireTime", "Give a day such as 2027-03-01.")))
		}
	}
	got, err := v.partners().CreateKey(v.ctx(), in, v.once())
	if err != nil {
		problem := api.AsProblem(err)
		if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
			return err
		}
		return v.showApp(problem.Status, "", problem)
	}
	return v.showApp(http.StatusOK, got.GetSecret(), nil)
}

// keyStep replaces or ends a key.
func (v *visit) keyStep() error {
	app, key := v.r.PathValue("app"), v.r.PathValue("key")
	var secret string
	var err error
	switch v.r.PathValue("step") {
	case "rotate":
		hours, bad := strconv.Atoi(v.value("grace_hours"))
		if bad != nil {
			hours = 24
		}
		var got *partnersv1.RotateKeyResponse
		got, err = v.partners().RotateKey(v.ctx(), &partnersv1.RotateKeyRequest{App: app, Key: key, GraceHours: int32(min(max(hours, 0), 720))}, v.once())
		secret = got.GetSecret()
	case "revoke":
		_, err = v.partners().RevokeKey(v.ctx(), &partnersv1.RevokeKeyRequest{App: app, Key: key}, v.once())
		if err == nil {
			return v.done("/studio/apps/"+app, "key-revoked")
		}
	default:
		return v.notFound()
	}
	if err == nil {
		return v.showApp(http.StatusOK, secret, nil)
	}
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return v.showApp(problem.Status, "", problem)
}
