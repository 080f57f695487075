package studio

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

func (s *Studio) loyaltyRoutes(mux *http.ServeMux) {
	mux.Handle("GET /studio/loyalty", s.page(managers, (*visit).loyalty))
	mux.Handle("GET /studio/loyalty/new", s.page(managers, (*visit).newProgram))
	mux.Handle("POST /studio/loyalty/new", s.form(managers, smallBody, (*visit).createProgram))
	mux.Handle("GET /studio/loyalty/{program}/liability.csv", s.page(managers, (*visit).liabilityCSV))
	mux.Handle("GET /studio/loyalty/{program}/retention", s.page(managers, (*visit).retention))
	mux.Handle("GET /studio/loyalty/{program}/retention.csv", s.page(managers, (*visit).retentionCSV))
	mux.Handle("POST /studio/loyalty/{program}/find", s.form(managers, smallBody, (*visit).findMember))
	mux.Handle("GET /studio/loyalty/{program}/members/{member}", s.page(managers, (*visit).member))
	mux.Handle("POST /studio/loyalty/{program}/members/{member}/adjust", s.form(managers, smallBody, (*visit).adjustPoints))
	mux.Handle("GET /studio/loyalty/{program}/members/{member}/entries/{entry}", s.page(managers, (*visit).entry))
	mux.Handle("POST /studio/loyalty/{program}/members/{member}/link", s.form(managers, smallBody, (*visit).linkMember))
	mux.Handle("GET /studio/loyalty/{program}/members/{member}/merge", s.page(managers, (*visit).askMerge))
	mux.Handle("POST /studio/loyalty/{program}/members/{member}/merge", s.form(managers, smallBody, (*visit).mergeMembers))
	mux.Handle("GET /studio/loyalty/{program}/members/{member}/erase", s.page(managers, (*visit).askErase))
	mux.Handle("POST /studio/loyalty/{program}/members/{member}/erase", s.form(managers, smallBody, (*visit).eraseMember))
	mux.Handle("GET /studio/loyalty/{program}/whatif", s.page(managers, (*visit).whatIf))
	mux.Handle("POST /studio/loyalty/{program}/whatif", s.form(managers, smallBody, (*visit).tryOrder))
	mux.Handle("GET /studio/loyalty/{program}/rules", s.page(managers, (*visit).rules))
	mux.Handle("GET /studio/loyalty/{program}/rules/{rule}", s.page(managers, (*visit).rule))
	mux.Handle("POST /studio/loyalty/{program}/rules/{rule}", s.form(managers, smallBody, (*visit).saveRule))
	mux.Handle("GET /studio/loyalty/{program}/tiers", s.page(managers, (*visit).tiers))
	mux.Handle("GET /studio/loyalty/{program}/tiers/{structure}", s.page(managers, (*visit).tierStructure))
	mux.Handle("POST /studio/loyalty/{program}/tiers/{structure}", s.form(managers, smallBody, (*visit).saveTiers))
	mux.Handle("GET /studio/loyalty/{program}/rewards", s.page(managers, (*visit).rewards))
	mux.Handle("GET /studio/loyalty/{program}/rewards/{reward}", s.page(managers, (*visit).reward))
	mux.Handle("POST /studio/loyalty/{program}/rewards/{reward}", s.form(managers, smallBody, (*visit).saveReward))
	mux.Handle("GET /studio/loyalty/{program}/rewards/{reward}/{step}", s.page(managers, (*visit).reward))
	mux.Handle("POST /studio/loyalty/{program}/rewards/{reward}/{step}", s.form(managers, smallBody, (*visit).rewardStep))
	mux.Handle("GET /studio/loyalty/{program}/achievements", s.page(managers, (*visit).achievements))
	mux.Handle("GET /studio/loyalty/{program}/achievements/{achievement}", s.page(managers, (*visit).achievement))
	mux.Handle("POST /studio/loyalty/{program}/achievements/{achievement}", s.form(managers, smallBody, (*visit).saveAchievement))
	mux.Handle("GET /studio/loyalty/{program}/achievements/{achievement}/{step}", s.page(managers, (*visit).achievement))
	mux.Handle("POST /studio/loyalty/{program}/achievements/{achievement}/{step}", s.form(managers, smallBody, (*visit).archiveAchievement))
	mux.Handle("GET /studio/loyalty/{program}/referrals", s.page(managers, (*visit).referrals))
	mux.Handle("POST /studio/loyalty/{program}/referrals", s.form(managers, smallBody, (*visit).saveReferrals))
	mux.Handle("GET /studio/loyalty/{program}/reviews", s.page(managers, (*visit).reviews))
	mux.Handle("GET /studio/loyalty/{program}/reviews/{review}", s.page(managers, (*visit).reviews))
	mux.Handle("POST /studio/loyalty/{program}/reviews/{review}", s.form(managers, smallBody, (*visit).decideReview))
	mux.Handle("GET /studio/loyalty/{program}/reviews/redemptions/{redemption}", s.page(managers, (*visit).reviews))
	mux.Handle("POST /studio/loyalty/{program}/reviews/redemptions/{redemption}", s.form(managers, smallBody, (*visit).decideRedemption))
	mux.Handle("GET /studio/loyalty/{program}/settings", s.page(managers, (*visit).settings))
	mux.Handle("POST /studio/loyalty/{program}/settings", s.form(managers, smallBody, (*visit).saveSettings))
}

// programID is the last part of a programme's name.
func programID(p *loyaltyv1.Program) string { return strings.TrimPrefix(p.GetName(), "programs/") }

// memberURL leads to the page of a member by its resource name, "programs/{program}/members/{member}".
func memberURL(name string) string {
	return "/studio/loyalty/" + strings.TrimPrefix(name, "programs/")
}

// still reports that nothing ever happened to the points.
func still(l *loyaltyv1.Liability) bool {
	m := l.GetMovements()
	return l.GetHoldings().GetOutstanding() == 0 && m.GetIssued() == 0 && m.GetOpened() == 0 && m.GetAdjusted() == 0 && m.GetTransferred() == 0
}

// identifierKinds are the ways to find a member, the usual one first.
var identifierKinds = []struct {
	Value, Label string
	Kind         loyaltyv1.IdentifierKind
}{
	{"email", "E-mail address", loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EMAIL},
	{"phone", "Telephone", loyaltyv1.IdentifierKind_IDENTIFIER_KIND_PHONE},
	{"external", "Id in your own system", loyaltyv1.IdentifierKind_IDENTIFIER_KIND_EXTERNAL},
	{"card", "Card", loyaltyv1.IdentifierKind_IDENTIFIER_KIND_CARD},
}

func findForm(values url.Values, problem *api.Problem) *form {
	kinds := web.Field{Name: "kind", Label: "What do you have?", Type: "select", Required: true}
	for i, k := range identifierKinds {
		kinds.Options = append(kinds.Options, web.Option{Value: k.Value, Label: k.Label, Chosen: i == 0})
	}
	return newForm(values, problem).add(kinds, "/identifier/kind").
		add(web.Field{Name: "identifier", Label: "How does it read?", Required: true, Max: 254, Autocomplete: "off", Help: "A telephone number with its country, such as +49 30 1234567."}, "/identifier/value", "/identifier")
}

func (v *visit) loyalty() error {
	return v.showLoyalty(http.StatusOK, v.r.URL.Query().Get("program"), nil)
}

// programs lists the programmes and picks the one of an id; the first is the usual one.
func (v *visit) programs(id string) (list []*loyaltyv1.Program, chosen *loyaltyv1.Program, err error) {
	got, err := loyaltyv1.NewProgramsServiceClient(v.conn).ListPrograms(v.ctx(), &loyaltyv1.ListProgramsRequest{PageSize: 200})
	if err != nil {
		return nil, nil, err
	}
	list = got.GetPrograms()
	for _, p := range list {
		if programID(p) == id {
			return list, p, nil
		}
	}
	if id != "" || len(list) == 0 {
		return nil, nil, v.notFound()
	}
	return list, list[0], nil
}

// showLoyalty answers what is owed to the members of a programme, and since when.
func (v *visit) showLoyalty(status int, id string, problem *api.Problem) error {
	programs, program, err := v.programs(id)
	if err != nil {
		return err
	}
	id = programID(program)
	p := periodOf(v.r)
	reports := loyaltyv1.NewReportsServiceClient(v.conn)
	owed, err := reports.GetLiability(v.ctx(), &loyaltyv1.GetLiabilityRequest{Program: id})
	if err != nil {
		return err
	}
	days, err := reports.ListLiabilityDays(v.ctx(), &loyaltyv1.ListLiabilityDaysRequest{Program: id, FromDay: v.firstDay(program, p)})
	if err != nil {
		return err
	}
	rows := owedRows(days.GetDays(), p)
	drawn := rows
	if len(rows) > 1 {
		drawn = rows[:len(rows)-1] // the day or week that is not over yet would seem to fall
	}
	var tabs, times []web.Tab
	for _, other := range programs {
		tabs = append(tabs, web.Tab{Label: other.GetDisplayName(), URL: "/studio/loyalty?" + owedQuery(programID(other), p), Current: other == program})
	}
	for _, other := range periods {
		times = append(times, web.Tab{Label: other.Label, URL: "/studio/loyalty?" + owedQuery(id, other), Current: other == p})
	}
	f := findForm(v.r.PostForm, problem)
	v.show(status, "loyalty", &web.View{Title: "What do we owe?", Section: "loyalty", Notice: f.Notice(), Data: map[string]any{
		"Program": program, "ID": id, "Programs": tabs, "Waits": v.waitingIn(programs), "Tabs": times, "Period": p, "Unit": unitOf(program, ""), "Owed": owed.GetLiability(), "Still": still(owed.GetLiability()),
		"Sections": loyaltyTabs(program, ""), "Roll": rollForward(days.GetDays()), "Ties": tie(days.GetDays(), owed.GetLiability()),
		"Days": daysTable(rows, p), "Cohorts": cohortsTable(owed.GetLiability().GetCohorts()), "Chart": owedChart(rows, p).Lines(), "Flows": flowChart(drawn, p).Lines(), "CSV": "/studio/loyalty/" + id + "/liability.csv?" + owedQuery("", p), "Find": f}})
	return nil
}

func owedQuery(program string, p period) string {
	q := url.Values{"period": {p.Key}}
	if program != "" {
		q.Set("program", program)
	}
	return q.Encode()
}

// firstDay is the first day of a period that ends today, by the programme's own clock.
func (v *visit) firstDay(program *loyaltyv1.Program, p period) string {
	zone, err := time.LoadLocation(program.GetTimeZone())
	if err != nil {
		zone = time.UTC
	}
	return v.clock.Now().In(zone).AddDate(0, 0, 1-p.Days).Format(time.DateOnly)
}

// unitOf is what several of a wallet's points are called; an empty id means the usual wallet.
func unitOf(program *loyaltyv1.Program, wallet string) string {
	for _, w := range program.GetWallets() {
		if wallet == "" || w.GetId() == wallet {
			return w.GetPlural()
		}
	}
	return "points"
}

// liabilityCSV is the same days as a file for a spreadsheet.
func (v *visit) liabilityCSV() error {
	_, program, err := v.programs(v.r.PathValue("program"))
	if err != nil {
		return err
	}
	got, err := loyaltyv1.NewReportsServiceClient(v.conn).ExportLiabilityDays(v.ctx(), &loyaltyv1.ExportLiabilityDaysRequest{
		Program: programID(program), FromDay: v.firstDay(program, periodOf(v.r))})
	if err != nil {
		return err
	}
	v.file("renown-liability.csv", got.GetBody().GetData())
	return nil
}

// findMember leads to the member with an identifier. It is posted, so that no address or number stands in a URL.
func (v *visit) findMember() error {
	program := v.r.PathValue("program")
	got, err := v.members().LookupMember(v.ctx(), &loyaltyv1.LookupMemberRequest{Program: program, Identifier: v.identifier()})
	if err == nil {
		v.w.Header().Set("Cache-Control", "no-store")
		http.Redirect(v.w, v.r, memberURL(got.GetMember().GetName()), http.StatusSeeOther)
		return nil
	}
	problem := api.AsProblem(err)
	switch problem.Status {
	case http.StatusUnauthorized:
		return err
	case http.StatusNotFound:
		problem = api.AsProblem(refusal("/identifier/value", "Nobody in this programme is known by it. Look for a slip, or try another way."))
		problem.Status = http.StatusNotFound
	}
	return v.showLoyalty(problem.Status, program, problem)
}
