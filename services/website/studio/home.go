package studio

import (
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// row is a working text in a list.
type row struct {
	*storiesv1.TextSummary
	State stateWords
	URL   string
	// Next is the step that this person can take, and NextURL where; empty if the text waits for others.
	Next, NextURL string
	// Why says in words what the text waits for.
	Why  string
	rank int
	Mine bool
}

// Updated is when the text last changed.
func (r row) Updated() time.Time { return r.GetUpdateTime().AsTime() }

// Language is the name of the text's language in itself.
func (r row) Language() string { return web.NativeName(r.GetLocale()) }

func storyID(name string) string {
	id := strings.TrimPrefix(name, "stories/")
	id, _, _ = strings.Cut(id, "/")
	return id
}

func textURL(story, locale string) string {
	return "/studio/stories/" + url.PathEscape(story) + "/" + url.PathEscape(locale)
}

// row works out what a text waits for, and whether that is this person.
func (v *visit) row(t *storiesv1.TextSummary) row {
	r := row{TextSummary: t, State: states[t.GetState()], URL: textURL(storyID(t.GetName()), t.GetLocale()), Mine: t.GetAuthor() == v.user.GetName()}
	may := func(action string) bool { return slices.Contains(t.GetActions(), action) }
	next := func(rank int, label, anchor, why string) {
		r.rank, r.Next, r.NextURL, r.Why = rank, label, r.URL+anchor, why
	}
	switch t.GetState() {
	case storiesv1.TextState_TEXT_STATE_DRAFT:
		switch {
		case r.Mine && t.GetChangesAsked() != "":
			next(2, "Work on what was asked", "/edit", "Changes were asked for: “"+shorten(t.GetChangesAsked(), 90)+"”")
		case r.Mine:
			next(5, "Go on writing", "/edit", "A draft of yours")
		}
	case storiesv1.TextState_TEXT_STATE_IN_REVIEW:
		if may("approve") && !r.Mine {
			next(1, "Read and decide", "", "Waits for a second pair of eyes")
		}
	case storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER:
		if v.is(keepers) {
			next(4, "See to the signature", "#customer", "Waits for the customer’s agreement")
		}
	case storiesv1.TextState_TEXT_STATE_APPROVED:
		if may("publish") {
			next(3, "Publish", "#publish", "The customer has agreed")
		}
	}
	return r
}

func shorten(s string, n int) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}

// home shows the next action first. Who has no part in stories is led to where their work is.
func (v *visit) home() error {
	if home := v.homeURL(); home != "/studio" {
		v.w.Header().Set("Cache-Control", "no-store")
		http.Redirect(v.w, v.r, home, http.StatusSeeOther)
		return nil
	}
	var waiting, others []row
	for _, state := range []storiesv1.TextState{storiesv1.TextState_TEXT_STATE_DRAFT, storiesv1.TextState_TEXT_STATE_IN_REVIEW,
		storiesv1.TextState_TEXT_STATE_AWAITING_CUSTOMER, storiesv1.TextState_TEXT_STATE_APPROVED, storiesv1.TextState_TEXT_STATE_SCHEDULED} {
		list, err := v.work().ListTexts(v.ctx(), &storiesv1.ListTextsRequest{State: state, PageSize: 100})
		if err != nil {
			return err
		}
		for _, t := range list.GetTexts() {
			if r := v.row(t); r.Next != "" {
				waiting = append(waiting, r)
			} else {
				others = append(others, r)
			}
		}
	}
	sort.SliceStable(waiting, func(i, j int) bool { return waiting[i].rank < waiting[j].rank })
	unconfirmed := 0
	if v.is(reviewers) {
		list, err := v.agreed().ListConsents(v.ctx(), &storiesv1.ListConsentsRequest{Unconfirmed: true, PageSize: 100})
		if err != nil {
			return err
		}
		for _, c := range list.GetConsents() {
			if c.GetRecordedBy() != v.user.GetName() {
				unconfirmed++
			}
		}
	}
	proofs, err := v.waitingProofs()
	if err != nil {
		return err
	}
	ending, err := v.endingConsents()
	if err != nil {
		return err
	}
	leaks, err := v.anonymous().ListLeaks(v.ctx(), &storiesv1.ListLeaksRequest{})
	if err != nil {
		return err
	}
	points := v.waitingPoints()
	v.show(http.StatusOK, "home", &web.View{Title: "What waits for you", Section: "home", Data: map[string]any{
		"First": first(waiting), "Waiting": rest(waiting), "Others": others, "Unconfirmed": unconfirmed, "Proofs": proofs, "Ending": ending, "Leaks": leakingRows(leaks.GetTexts()), "Points": points, "Quiet": len(points) == 0 && unconfirmed == 0 && len(proofs) == 0 && len(ending) == 0, "Name": firstName(v.user.GetDisplayName()), "MayWrite": v.is(writers)}})
	return nil
}

func first(rows []row) *row {
	if len(rows) == 0 {
		return nil
	}
	return &rows[0]
}

func rest(rows []row) []row {
	if len(rows) == 0 {
		return nil
	}
	return rows[1:]
}

func firstName(name string) string {
	name, _, _ = strings.Cut(name, " ")
	return name
}

// stories lists every text, or those in one state.
func (v *visit) stories() error {
	q := v.r.URL.Query()
	in := &storiesv1.ListTextsRequest{PageSize: 50, PageToken: q.Get("page")}
	tabs := []web.Tab{{Label: "All", URL: "/studio/stories", Current: q.Get("state") == ""}}
	for _, s := range stateSlugs {
		current := q.Get("state") == s.Slug
		if current {
			in.State = s.State
		}
		tabs = append(tabs, web.Tab{Label: states[s.State].Label, URL: "/studio/stories?state=" + s.Slug, Current: current})
	}
	list, err := v.work().ListTexts(v.ctx(), in)
	if err != nil {
		return err
	}
	var rows []row
	for _, t := range list.GetTexts() {
		rows = append(rows, v.row(t))
	}
	v.show(http.StatusOK, "stories", &web.View{Title: "Stories", Section: "stories", Data: map[string]any{
		"Rows": rows, "Tabs": tabs, "Filtered": in.State != 0, "MayWrite": v.is(writers), "Older": older(v.r.URL, list.GetNextPageToken())}})
	return nil
}

// older is the address of the next page of a list, or "".
func older(here *url.URL, token string) string {
	if token == "" {
		return ""
	}
	q := here.Query()
	q.Set("page", token)
	q.Del("done")
	return here.Path + "?" + q.Encode()
}

// story shows a story in all its languages.
func (v *visit) story() error {
	id := v.r.PathValue("story")
	got, err := v.work().GetStory(v.ctx(), &storiesv1.GetStoryRequest{Story: id})
	if err != nil {
		return err
	}
	agreed, err := v.agreed().ListConsents(v.ctx(), &storiesv1.ListConsentsRequest{Story: id, PageSize: 50})
	if err != nil {
		return err
	}
	trail, err := v.happened().ListAuditEntries(v.ctx(), &storiesv1.ListAuditEntriesRequest{Story: id, PageSize: 10})
	if err != nil {
		return err
	}
	purges, err := v.happened().ListPurges(v.ctx(), &storiesv1.ListPurgesRequest{Story: id, PageSize: 5})
	if err != nil {
		return err
	}
	story := got.GetStory()
	var rows []row
	title := story.GetCustomer()
	for _, t := range story.GetTexts() {
		rows = append(rows, v.row(t))
		if title == "" {
			title = t.GetTitle()
		}
	}
	v.show(http.StatusOK, "story", &web.View{Title: title, Section: "stories", Trail: []web.Link{{Label: "Stories", URL: "/studio/stories"}, {Label: title}}, Data: map[string]any{
		"Story": story, "ID": id, "Purges": purges.GetPurges(), "Cache": purges.GetCache(), "Rows": rows, "Consents": v.consentRows(agreed.GetConsents()), "Entries": entries(trail.GetEntries()), "MayWrite": v.is(writers), "Languages": languages(story)}})
	return nil
}

// languages are those that a story does not have yet, as suggestions.
func languages(story *storiesv1.Story) []web.Option {
	var out []web.Option
	for code, name := range web.Native {
		if !slices.ContainsFunc(story.GetTexts(), func(t *storiesv1.TextSummary) bool { return t.GetLocale() == code }) {
			out = append(out, web.Option{Value: code, Label: name})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Label < out[j].Label })
	return out
}
