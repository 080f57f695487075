package studio

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// consentRow is a consent in a list.
type consentRow struct {
	*storiesv1.Consent
	ID, Scopes, TextURL, Story string
	Given                      time.Time
	Ends                       *time.Time
	State                      stateWords
	Attested, Mine             bool
	// MayConfirm says that this person can be the second one; MayRevoke, that it still has something to end.
	MayConfirm, MayRevoke bool
	// Refused says why a confirmation did not happen.
	Refused string
	// Without lists what was taken back of it.
	Without string
}

// Language is the name of the consent's language in itself.
func (r consentRow) Language() string { return web.NativeName(r.GetLocale()) }

func (v *visit) consentRows(list []*storiesv1.Consent) []consentRow {
	var out []consentRow
	for _, c := range list {
		story := storyID(c.GetStory())
		r := consentRow{Consent: c, ID: strings.TrimPrefix(c.GetName(), "consents/"), Scopes: scopeNames(c.GetScopes()), TextURL: textURL(story, c.GetLocale()), Story: story,
			Given: c.GetGiveTime().AsTime(), Attested: c.GetKind() == storiesv1.ConsentKind_CONSENT_KIND_ATTESTED, Mine: c.GetRecordedBy() == v.user.GetName()}
		if end := c.GetEndTime(); end != nil {
			// The end is the first instant without consent; people speak of the last day with it.
			last := end.AsTime().Add(-time.Second)
			r.Ends = &last
		}
		for _, w := range c.GetWithdrawals() {
			for _, words := range clauseWords {
				if words.Clause == w.GetClause() {
					r.Without = strings.TrimPrefix(r.Without+", "+words.Label, ", ")
				}
			}
		}
		unconfirmed := r.Attested && c.GetConfirmedBy() == "" && c.GetRevokeTime() == nil
		switch {
		case c.GetRevokeTime() != nil:
			r.State = stateWords{Label: "Taken back", Tone: web.BadTone, Icon: "ban"}
		case unconfirmed:
			r.State = stateWords{Label: "To be confirmed", Tone: web.WarnTone, Icon: "clock"}
		case c.GetEndTime() != nil && c.GetEndTime().AsTime().Before(v.clock.Now()):
			r.State = stateWords{Label: "Ended", Tone: web.PlainTone, Icon: "clock"}
		case c.GetEnding():
			r.State = stateWords{Label: "Ends soon", Tone: web.WarnTone, Icon: "clock"}
		case c.GetLive() && c.GetCurrent():
			r.State = stateWords{Label: "Holds", Tone: web.GoodTone, Icon: "circle-check"}
		case c.GetLive():
			r.State = stateWords{Label: "Holds, for older words", Tone: web.WarnTone, Icon: "history"}
		default:
			r.State = stateWords{Label: "Does not hold", Tone: web.PlainTone, Icon: "info"}
		}
		r.MayConfirm = unconfirmed && !r.Mine && v.is(reviewers)
		r.MayRevoke = v.is(keepers) && c.GetRevokeTime() == nil && r.State.Label != "Ended"
		out = append(out, r)
	}
	return out
}

// endingRow is a consent that ends soon and on which something rests.
type endingRow struct {
	consentRow
	// Ask says that nobody is asked unless an editor does: the consent was given elsewhere, and there is no link to send.
	Ask bool
}

// endingConsents are those that end soon, for who can see to it.
func (v *visit) endingConsents() ([]endingRow, error) {
	if !v.is(keepers) {
		return nil, nil
	}
	list, err := v.agreed().ListConsents(v.ctx(), &storiesv1.ListConsentsRequest{Ending: true, PageSize: 50})
	if err != nil {
		return nil, err
	}
	var out []endingRow
	for _, r := range v.consentRows(list.GetConsents()) {
		out = append(out, endingRow{consentRow: r, Ask: r.Attested})
	}
	return out, nil
}

func (v *visit) consents() error { return v.showConsents(http.StatusOK, nil, nil) }

// showConsents lists consents; refused says by name why one was not confirmed.
func (v *visit) showConsents(status int, refused map[string]string, problem *api.Problem) error {
	q := v.r.URL.Query()
	open := q.Has("open") || refused != nil
	list, err := v.agreed().ListConsents(v.ctx(), &storiesv1.ListConsentsRequest{Unconfirmed: open, PageSize: 100, PageToken: q.Get("page")})
	if err != nil {
		return err
	}
	rows := v.consentRows(list.GetConsents())
	confirmable := 0
	for i := range rows {
		rows[i].Refused = refused[rows[i].GetName()]
		if rows[i].MayConfirm {
			confirmable++
		}
	}
	f := newForm(v.r.PostForm, problem)
	v.show(status, "consents", &web.View{Title: "Consents", Section: "consents", Notice: f.Notice(), Modules: []string{"js/studio/choose.js"}, Data: map[string]any{
		"Rows": rows, "Open": open, "Confirmable": confirmable, "Form": f, "Older": older(v.r.URL, list.GetNextPageToken()), "MayConfirm": v.is(reviewers),
		"Tabs": []web.Tab{{Label: "All", URL: "/studio/consents", Current: !open}, {Label: "To be confirmed", URL: "/studio/consents?open", Current: open}}}})
	return nil
}

// confirmConsents confirms those that were chosen. Each stands for itself: what could not be confirmed is named, the others are.
func (v *visit) confirmConsents() error {
	names := v.r.PostForm["consent"]
	if len(names) == 0 {
		return v.showConsents(http.StatusBadRequest, map[string]string{}, &api.Problem{Status: http.StatusBadRequest, Title: "Nothing was chosen", Detail: "Tick the consents whose evidence you have looked at."})
	}
	got, err := v.agreed().ConfirmConsents(v.ctx(), &storiesv1.ConfirmConsentsRequest{Consents: names}, v.once())
	if err != nil {
		problem := api.AsProblem(err)
		if problem.Status == http.StatusUnauthorized {
			return err
		}
		return v.showConsents(problem.Status, map[string]string{}, problem)
	}
	refused := map[string]string{}
	for _, r := range got.GetResults() {
		if !r.GetConfirmed() {
			refused[r.GetName()] = sentence(r.GetMessage())
		}
	}
	if len(refused) == 0 {
		return v.done("/studio/consents", "confirmed")
	}
	return v.showConsents(http.StatusConflict, refused, &api.Problem{Status: http.StatusConflict, Title: "Not all of them could be confirmed", Detail: "Beside each of the others stands why. The rest is confirmed."})
}

// askRevoke says what ending a consent means before it is done.
func (v *visit) askRevoke() error { return v.showRevoke(http.StatusOK, nil) }

func (v *visit) showRevoke(status int, problem *api.Problem) error {
	return v.showEnds(status, problem, nil)
}

// showEnds shows both ways to end a consent: whole, and in part. The problem belongs to the one that was refused.
func (v *visit) showEnds(status int, problem, partly *api.Problem) error {
	id := v.r.PathValue("consent")
	c, err := v.findConsent("consents/"+id, v.r.FormValue("story"))
	if err != nil {
		return err
	}
	f := newForm(v.r.PostForm, problem).
		add(web.Field{Name: "reason", Label: "Did the customer say why?", Type: "textarea", Rows: 2, Max: 1000, Help: "Kept in the audit trail; readers do not see it."}, "/reason").
		add(web.Field{Name: "all_locales", Label: "What ends?", Type: "choices", Required: true, Options: []web.Option{
			{Value: "", Label: "This language: " + web.NativeName(c.GetLocale()), Chosen: true, Consequence: "Consents of this story in other languages stay."},
			{Value: "yes", Label: "Every language of the story", Consequence: "All consents of this story end."},
		}}, "/allLocales")
	row := v.consentRows([]*storiesv1.Consent{c})[0]
	parts := partsForm(c, v.r.PostForm, partly)
	notice := f.Notice()
	if partly != nil {
		notice = parts.Notice()
	}
	data := map[string]any{"Form": f, "Row": row}
	if c.GetLive() {
		data["Parts"] = parts
	}
	v.show(status, "revoke", &web.View{Title: "End a consent", Section: "consents", Notice: notice, Data: data,
		Trail: []web.Link{{Label: "Consents", URL: "/studio/consents"}, {Label: "End"}}})
	return nil
}

// findConsent looks a consent up in its story's list: the interface has no call for a single one.
func (v *visit) findConsent(name, story string) (*storiesv1.Consent, error) {
	in := &storiesv1.ListConsentsRequest{Story: story, PageSize: 200}
	for {
		list, err := v.agreed().ListConsents(v.ctx(), in)
		if err != nil {
			return nil, err
		}
		for _, c := range list.GetConsents() {
			if c.GetName() == name {
				return c, nil
			}
		}
		if list.GetNextPageToken() == "" {
			return nil, v.notFound()
		}
		in.PageToken = list.GetNextPageToken()
	}
}

func (v *visit) revokeConsent() error {
	id := v.r.PathValue("consent")
	_, err := v.agreed().RevokeConsent(v.ctx(), &storiesv1.RevokeConsentRequest{Consent: id, Reason: v.value("reason"), AllLocales: v.value("all_locales") == "yes"}, v.once())
	if err == nil {
		if story := v.value("story"); story != "" {
			return v.done("/studio/stories/"+url.PathEscape(story), "revoked")
		}
		return v.done("/studio/consents", "revoked")
	}
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return v.showRevoke(problem.Status, problem)
}

// clauseWords says what taking back a part means.
var clauseWords = []struct {
	Clause      storiesv1.ConsentClause
	Label, Says string
}{
	{storiesv1.ConsentClause_CONSENT_CLAUSE_LOGO, "Logo", "Pictures that show it are taken out."},
	{storiesv1.ConsentClause_CONSENT_CLAUSE_NAME, "Name", "The stand-in that was signed takes its place; the logo, people’s names and links to the customer go, the address changes."},
	{storiesv1.ConsentClause_CONSENT_CLAUSE_SALES, "Sales", "It may not be shown in sales any more."},
	{storiesv1.ConsentClause_CONSENT_CLAUSE_ADS, "Advertising", "It may not appear in paid advertisements any more."},
	{storiesv1.ConsentClause_CONSENT_CLAUSE_PRESS, "Press", "It may not be handed to journalists any more."},
}

// useOf are the uses that a clause is about.
var useOf = map[storiesv1.ConsentClause]storiesv1.ConsentScope{
	storiesv1.ConsentClause_CONSENT_CLAUSE_SALES: storiesv1.ConsentScope_CONSENT_SCOPE_SALES,
	storiesv1.ConsentClause_CONSENT_CLAUSE_ADS:   storiesv1.ConsentScope_CONSENT_SCOPE_ADS,
	storiesv1.ConsentClause_CONSENT_CLAUSE_PRESS: storiesv1.ConsentScope_CONSENT_SCOPE_PRESS,
}

// partsForm asks for parts of a consent that the customer takes back; those that were are not offered.
func partsForm(c *storiesv1.Consent, values url.Values, problem *api.Problem) *form {
	clauses := web.Field{Name: "clause", Label: "What does the customer take back?", Type: "checks", Required: true}
	for _, w := range clauseWords {
		if scope, isUse := useOf[w.Clause]; isUse && !slices.Contains(c.GetScopes(), scope) {
			continue // what was never allowed
		}
		if !slices.ContainsFunc(c.GetWithdrawals(), func(t *storiesv1.ConsentWithdrawal) bool { return t.GetClause() == w.Clause }) {
			clauses.Options = append(clauses.Options, web.Option{Value: w.Clause.String(), Label: w.Label, Consequence: w.Says})
		}
	}
	return newForm(values, problem).add(clauses, "/clauses").
		add(web.Field{Name: "part_reason", Label: "Did the customer say why?", Type: "textarea", Rows: 2, Max: 1000, Help: "Kept in the audit trail; readers do not see it."}, "/reason")
}

// withdrawClauses takes parts of a consent back for a customer who has called.
func (v *visit) withdrawClauses() error {
	in := &storiesv1.WithdrawClausesRequest{Consent: v.r.PathValue("consent"), Reason: v.value("part_reason")}
	for _, value := range v.r.PostForm["clause"] {
		if clause := storiesv1.ConsentClause(storiesv1.ConsentClause_value[value]); clause != 0 && !slices.Contains(in.Clauses, clause) {
			in.Clauses = append(in.Clauses, clause)
		}
	}
	if len(in.Clauses) == 0 {
		return v.showEnds(http.StatusBadRequest, nil, api.AsProblem(refusal("/clauses", "Choose at least one part.")))
	}
	_, err := v.agreed().WithdrawClauses(v.ctx(), in, v.once())
	if err == nil {
		if story := v.value("story"); story != "" {
			return v.done("/studio/stories/"+url.PathEscape(story), "parted")
		}
		return v.done("/studio/consents", "parted")
	}
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return v.showEnds(problem.Status, nil, problem)
}
