package public

import (
	"strconv"
	"strings"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// stage is which of three pages the customer gets: one to decide on, a receipt, or one that says why there is nothing to do.
type stage string

const (
	deciding stage = "open"
	receipt  stage = "signed"
	over     stage = "over"
)

type signoffData struct {
	Page     *storiesv1.SignoffPage
	Stage    stage
	Home     string
	Headline commented
	Parts    []commented
	Facts    []fact
	Failed   []web.Field
	Problem  string
	// The forms.
	Scopes, Name, Ends, Changes, Reason web.Field
	// Fixed is the answer that is always part of signing.
	StateTitle, StateText string
	Allowed               []string
	// Taken are the parts that were taken back, Clauses those that still can be.
	Taken   []takenPart
	Clauses web.Field
	// PartReason is why a part is taken back.
	PartReason web.Field
	// Until is on the last day of the consent that was signed, nil if it has none.
	Until *time.Time
	// RenewUntil is on the last day of a renewal, nil where the consent cannot be renewed now; Renew is what the button says.
	RenewUntil *time.Time
	Renew      string
}

// takenPart is a part of the consent that was taken back.
type takenPart struct {
	Words string
	At    time.Time
}

// Number is the part's position for people, from 1.
func (c commented) Number() int { return c.At + 1 }

// commented is a part of the text with what the customer said about it. At is -1 for headline and summary: what is said there
// is about the text as a whole.
type commented struct {
	Part
	At      int
	Comment string
	Open    bool
}

func (s *Site) signoffView(v *visit, page *storiesv1.SignoffPage, a answers) *web.View {
	locale := page.GetContent().GetLocale()
	data := &signoffData{Page: page, Home: v.home, Stage: stageOf(page.GetState())}
	if a.problem != "" {
		data.Problem = s.say(locale, a.problem)
	}
	s.fillText(v, data, a)
	title := "signoff.title"
	switch data.Stage {
	case deciding:
		s.fillForms(data, locale, a)
	case receipt:
		title = "receipt.title"
		data.Reason = web.Field{Name: "reason", Label: s.say(locale, "revoke.reason"), Type: "textarea", Rows: 2, Max: maxReason, Value: a.form.Get("reason")}
		if end := page.GetReceipt().GetEndTime(); end != nil {
			last := lastDay(end)
			data.Until = &last
		}
		if page.GetReceipt().GetRenews() != "" {
			title = "renewed.title"
		}
		if page.GetRenewable() && data.Until != nil {
			until := lastDay(page.GetRenewEndTime())
			data.RenewUntil, data.Renew = &until, s.say(locale, "renew.button", web.FormatDate(locale, until))
			data.StateTitle = s.say(locale, "renew.title", web.FormatDate(locale, *data.Until))
		}
		s.fillParts(data, locale, a)
	default:
		title = "state." + page.GetState()
		data.StateText = s.say(locale, title+".text")
		switch page.GetState() {
		case "cancelled", "expired", "replaced":
			data.StateText = s.say(locale, title+".text", page.GetCompany())
		}
	}
	if data.StateTitle == "" {
		data.StateTitle = s.say(locale, title)
	}
	return &web.View{Locale: locale, Title: data.StateTitle, NoIndex: true, Class: "signoff-page", Home: s.paths.home(locale), Styles: styles, Data: data}
}

// fillParts says what the consent allows, what of it was taken back, and what still can be.
func (s *Site) fillParts(data *signoffData, locale string, a answers) {
	taken := map[storiesv1.ConsentClause]bool{}
	for _, w := range data.Page.GetReceipt().GetWithdrawals() {
		taken[w.GetClause()] = true
		data.Taken = append(data.Taken, takenPart{Words: s.say(locale, clauseKey(w.GetClause())), At: w.GetTime().AsTime()})
	}
	for _, scope := range data.Page.GetReceipt().GetScopes() {
		if !taken[clauseOf[scope]] {
			data.Allowed = append(data.Allowed, s.say(locale, scopeKey(scope)))
		}
	}
	data.PartReason = web.Field{Name: "part-reason", Label: s.say(locale, "revoke.reason"), Type: "textarea", Rows: 2, Max: maxReason, Value: a.form.Get("part-reason")}
	data.Clauses = web.Field{Name: "clause", Label: s.say(locale, "part.which"), Type: "checks", Required: true}
	if key := a.errors["clause"]; key != "" {
		data.Clauses.Error = s.say(locale, key)
	}
	for _, part := range data.Page.GetParts() {
		if part.GetWithdrawTime() != nil {
			continue
		}
		key := clauseKey(part.GetClause())
		so := s.say(locale, key+".so")
		if part.GetClause() == storiesv1.ConsentClause_CONSENT_CLAUSE_NAME {
			so = s.say(locale, key+".so", data.Page.GetContent().GetStandIn())
		}
		data.Clauses.Options = append(data.Clauses.Options, web.Option{Value: part.GetClause().String(), Label: s.say(locale, key), Consequence: so, Chosen: contains(a.form["clause"], part.GetClause().String())})
	}
	data.Name = web.Field{Name: "name", Label: s.say(locale, "signoff.name"), Help: s.say(locale, "signoff.name.help"), Value: data.Page.GetContactName(), Required: true, Autocomplete: "name", Max: maxName}
	if key := a.errors["name"]; key != "" {
		data.Name.Value, data.Name.Error = a.form.Get("name"), s.say(locale, key)
	}
	data.Failed = web.Failed(data.Clauses, data.Name)
}

// clauseOf are the clauses that a use belongs to.
var clauseOf = map[storiesv1.ConsentScope]storiesv1.ConsentClause{
	storiesv1.ConsentScope_CONSENT_SCOPE_SALES: storiesv1.ConsentClause_CONSENT_CLAUSE_SALES,
	storiesv1.ConsentScope_CONSENT_SCOPE_ADS:   storiesv1.ConsentClause_CONSENT_CLAUSE_ADS,
	storiesv1.ConsentScope_CONSENT_SCOPE_PRESS: storiesv1.ConsentClause_CONSENT_CLAUSE_PRESS,
}

// clauseKey is the word for a part of a consent.
func clauseKey(c storiesv1.ConsentClause) string {
	return "clause." + strings.ToLower(strings.TrimPrefix(c.String(), "CONSENT_CLAUSE_"))
}

func stageOf(state string) stage {
	switch state {
	case "open":
		return deciding
	case "signed":
		return receipt
	}
	return over
}

func (s *Site) fillText(v *visit, data *signoffData, a answers) {
	said := map[int32]string{}
	for _, c := range data.Page.GetComments() {
		said[c.GetBlock()] = c.GetText()
	}
	if at, err := strconv.ParseInt(a.form.Get("block"), 10, 32); err == nil {
		said[int32(at)] = a.form.Get("text")
	}
	content := data.Page.GetContent()
	data.Facts = factsOf(&storiesv1.PublishedSummary{Customer: content.GetCustomer(), Industry: content.GetIndustry(), Region: content.GetRegion(), Product: content.GetProduct(), UseCase: content.GetUseCase()}, content)
	if standIn := content.GetStandIn(); standIn != "" {
		data.Facts = append(data.Facts, fact{Key: "signoff.standin", Values: []factValue{{Text: standIn}}})
	}
	data.Headline = commented{At: -1, Comment: said[-1], Open: said[-1] != ""}
	blocks, fragments := data.Page.GetContent().GetBlocks(), data.Page.GetBlockHtml()
	for len(fragments) < len(blocks) {
		fragments = append(fragments, "")
	}
	for _, p := range partsOf(blocks, fragments, nil) {
		p.Figure.Open = true
		if p.Kind == "image" {
			p.Src = v.home + "/images/" + p.Image.GetAsset()
		}
		words := said[int32(p.Index)]
		data.Parts = append(data.Parts, commented{Part: p, At: p.Index, Comment: words, Open: words != ""})
	}
}

func (s *Site) fillForms(data *signoffData, locale string, a answers) {
	why := func(field string) string {
		if key := a.errors[field]; key != "" {
			return s.say(locale, key)
		}
		return ""
	}
	data.Name = web.Field{Name: "name", Label: s.say(locale, "signoff.name"), Help: s.say(locale, "signoff.name.help"), Error: why("name"),
		Value: data.Page.GetContactName(), Required: true, Autocomplete: "name", Max: maxName}
	data.Changes = web.Field{Name: "changes", Label: s.say(locale, "signoff.change.label"), Help: s.say(locale, "signoff.change.help"), Error: why("changes"),
		Type: "textarea", Rows: 5, Max: maxComment, Required: len(data.Page.GetComments()) == 0, Value: a.form.Get("changes")}
	data.Scopes = web.Field{Name: "scope", Label: s.say(locale, "signoff.scopes"), Help: s.say(locale, "signoff.scopes.help"), Error: why("scope"), Type: "checks", Required: true}
	for _, scope := range data.Page.GetScopes() {
		chosen := scope == storiesv1.ConsentScope_CONSENT_SCOPE_WEB
		if a.form != nil && a.form.Has("hash") {
			chosen = contains(a.form["scope"], scope.String())
		}
		key := scopeKey(scope)
		data.Scopes.Options = append(data.Scopes.Options, web.Option{Value: scope.String(), Label: s.say(locale, key), Consequence: s.say(locale, key+".so"), Chosen: chosen})
	}
	data.Ends = web.Field{Name: "years", Label: s.say(locale, "signoff.ends"), Help: s.say(locale, "signoff.ends.help"), Type: "select", Required: true, Value: a.form.Get("years")}
	if data.Ends.Value == "" {
		data.Ends.Value = strconv.Itoa(usualYears)
	}
	for _, years := range offeredYears {
		data.Ends.Options = append(data.Ends.Options, web.Option{Value: strconv.Itoa(years), Label: s.Renderer.Count(locale, "signoff.ends.years", int64(years))})
	}
	if a.form.Has("name") {
		data.Name.Value = a.form.Get("name")
	}
	data.Failed = web.Failed(data.Scopes, data.Name, data.Changes)
}

func contains(list []string, value string) bool {
	for _, v := range list {
		if v == value {
			return true
		}
	}
	return false
}

func scopeKey(scope storiesv1.ConsentScope) string {
	switch scope {
	case storiesv1.ConsentScope_CONSENT_SCOPE_SALES:
		return "scope.sales"
	case storiesv1.ConsentScope_CONSENT_SCOPE_ADS:
		return "scope.ads"
	case storiesv1.ConsentScope_CONSENT_SCOPE_PRESS:
		return "scope.press"
	}
	return "scope.web"
}
