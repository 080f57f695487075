package studio

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/api"
	"renown.example/website/web"
)

// entryKinds put into words what an entry did.
var entryKinds = map[loyaltyv1.EntryKind]string{
	loyaltyv1.EntryKind_ENTRY_KIND_ACCRUE:   "Earned by rules",
	loyaltyv1.EntryKind_ENTRY_KIND_ACTIVATE: "Became available",
	loyaltyv1.EntryKind_ENTRY_KIND_EXPIRE:   "Expired",
	loyaltyv1.EntryKind_ENTRY_KIND_RESERVE:  "Held for a reward",
	loyaltyv1.EntryKind_ENTRY_KIND_COMMIT:   "Reward redeemed",
	loyaltyv1.EntryKind_ENTRY_KIND_CANCEL:   "Reward cancelled",
	loyaltyv1.EntryKind_ENTRY_KIND_LAPSE:    "Reward not collected in time",
	loyaltyv1.EntryKind_ENTRY_KIND_RESTORE:  "Given back",
	loyaltyv1.EntryKind_ENTRY_KIND_REVERSE:  "Taken back after a return",
	loyaltyv1.EntryKind_ENTRY_KIND_ADJUST:   "Corrected by hand",
	loyaltyv1.EntryKind_ENTRY_KIND_FREEZE:   "Set aside to be looked at",
	loyaltyv1.EntryKind_ENTRY_KIND_UNFREEZE: "Looked at and available again",
	loyaltyv1.EntryKind_ENTRY_KIND_TRANSFER: "Moved between accounts",
	loyaltyv1.EntryKind_ENTRY_KIND_OPEN:     "Brought along from elsewhere",
}

// pointsEntry is an entry of a member's account.
type pointsEntry struct {
	*loyaltyv1.Entry
	What string
	URL  string
	When time.Time
	Legs []legRow
}

// legRow is one side of an entry: an account and by how much it changed.
type legRow struct{ Account, Points string }

// accountWords are the accounts of a programme that have no name in them.
var accountWords = map[string]string{"redeemed": "Redeemed", "expired": "Expired", "reversed": "Taken back", "adjusted": "By hand"}

// legAccount names an account in words: the member's, what a rule issued, or one of the programme's. What it has no words for keeps its name.
func legAccount(account string) string {
	if rule, ok := strings.CutPrefix(account, "issuance:"); ok {
		return "Issued by " + rule
	}
	if strings.HasPrefix(account, "members/") {
		return "The member’s " + account[strings.LastIndex(account, "/")+1:]
	}
	return cmp.Or(accountWords[account], account)
}

func pointsEntries(list []*loyaltyv1.Entry) []pointsEntry {
	out := make([]pointsEntry, 0, len(list))
	for _, e := range list {
		row := pointsEntry{Entry: e, What: entryKinds[e.GetKind()], URL: memberURL(e.GetName()), When: e.GetEffectiveTime().AsTime()}
		if row.What == "" {
			if row.What = "Noted"; strings.HasPrefix(e.GetSource(), "tiers/") {
				row.What = "Tier changed"
			}
		}
		for _, leg := range e.GetLegs() {
			row.Legs = append(row.Legs, legRow{legAccount(leg.GetAccount()), signedPoints(leg.GetPoints())})
		}
		out = append(out, row)
	}
	return out
}

func signedPoints(n int64) string {
	if n > 0 {
		return "+" + web.FormatInt("en", n)
	}
	return web.FormatInt("en", n)
}

// accountRow is what the member has in one wallet.
type accountRow struct {
	*loyaltyv1.Account
	Unit    string
	Expires *time.Time
}

func accountRows(m *loyaltyv1.Member, program *loyaltyv1.Program) []accountRow {
	var out []accountRow
	for _, a := range m.GetAccounts() {
		row := accountRow{Account: a, Unit: unitOf(program, a.GetWallet())}
		if a.GetNextExpireTime() != nil {
			t := a.GetNextExpireTime().AsTime()
			row.Expires = &t
		}
		out = append(out, row)
	}
	return out
}

func adjustForm(f *form, program *loyaltyv1.Program) *form {
	if len(program.GetWallets()) > 1 {
		wallet := web.Field{Name: "wallet", Label: "Of what?", Type: "select", Required: true}
		for i, w := range program.GetWallets() {
			wallet.Options = append(wallet.Options, web.Option{Value: w.GetId(), Label: w.GetPlural(), Chosen: i == 0})
		}
		f.add(wallet, "/wallet")
	}
	return f.add(web.Field{Name: "points", Label: "How many?", Required: true, Max: 14, Autocomplete: "off", Help: "Such as 200 to give, −200 to take."}, "/points").
		add(web.Field{Name: "reason", Label: "Why?", Type: "textarea", Rows: 2, Required: true, Max: 500, Help: "The member reads it too. It stays in the ledger."}, "/reason")
}

func (v *visit) member() error { return v.showMember(http.StatusOK, nil, nil) }

// showMember shows what a member has and how that came about. link is a link that was just made: it is in this answer, and nowhere afterwards.
func (v *visit) showMember(status int, link *loyaltyv1.CreateStatementLinkResponse, problem *api.Problem) error {
	_, program, err := v.programs(v.r.PathValue("program"))
	if err != nil {
		return err
	}
	id, wallet := v.r.PathValue("member"), v.r.URL.Query().Get("wallet")
	got, err := v.members().GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: programID(program), Member: id})
	if err != nil {
		return err
	}
	list, err := loyaltyv1.NewPointsServiceClient(v.conn).ListEntries(v.ctx(), &loyaltyv1.ListEntriesRequest{
		Program: programID(program), Member: id, Wallet: wallet, PageSize: 50, PageToken: v.r.URL.Query().Get("page")})
	if err != nil {
		return err
	}
	goals, err := v.memberGoals(program, id)
	if err != nil {
		return err
	}
	adjust, merge, f := v.memberForms(program, problem)
	m := got.GetMember()
	address := "/studio/loyalty/" + programID(program) + "/members/" + id
	var tabs []web.Tab
	for i, w := range program.GetWallets() {
		tabs = append(tabs, web.Tab{Label: w.GetPlural(), URL: address + "?wallet=" + w.GetId(), Current: w.GetId() == wallet || wallet == "" && i == 0})
	}
	name := m.GetDisplayName()
	if name == "" {
		name = "Member " + id
	}
	var into string
	if m.GetMergedInto() != "" {
		into = memberURL(m.GetMergedInto())
	}
	v.w.Header().Set("Cache-Control", "no-store")
	v.show(status, "member", &web.View{Title: name, Section: "loyalty", Notice: f.Notice(),
		Trail: []web.Link{{Label: "Loyalty", URL: "/studio/loyalty?program=" + programID(program)}, {Label: name}},
		Data: map[string]any{"Sections": loyaltyTabs(program, "members"), "TryURL": loyaltyURL(program, "whatif") + "?" + url.Values{"member": {id}}.Encode(), "Member": m, "ID": id, "Name": name, "URL": address, "Program": program, "Accounts": accountRows(m, program), "Into": into,
			"Active": m.GetState() == loyaltyv1.MemberState_MEMBER_STATE_ACTIVE, "Since": m.GetEnrollTime().AsTime(), "Tabs": tabs, "Entries": pointsEntries(list.GetEntries()),
			"Older": older(v.r.URL, list.GetNextPageToken()), "Adjust": adjust, "Merge": merge, "Failed": f.Failed(), "Once": newForm(nil, nil), "Goals": goals, "Link": link, "Ends": link.GetExpireTime().AsTime(),
			"Adjusting": f == adjust, "Merging": f == merge}})
	return nil
}

// memberForms are the forms of a member's page. A problem stands in the one that was sent.
func (v *visit) memberForms(program *loyaltyv1.Program, problem *api.Problem) (adjust, merge, sent *form) {
	adjust, merge, sent = newForm(nil, nil), newForm(nil, nil), newForm(nil, problem)
	if problem != nil {
		switch lastPart(v.r.URL.Path) {
		case "adjust":
			adjust = newForm(v.r.PostForm, problem)
			sent = adjust
		case "merge":
			merge = newForm(v.r.PostForm, problem)
			sent = merge
		}
	}
	return adjustForm(adjust, program), mergeForm(merge), sent
}

// refused shows the member again with what was typed, unless there is no member to show or nobody signed in.
func (v *visit) refused(err error) error {
	problem := api.AsProblem(err)
	if problem.Status == http.StatusUnauthorized || problem.Status == http.StatusNotFound {
		return err
	}
	return v.showMember(problem.Status, nil, problem)
}

// adjustPoints gives or takes points for a reason.
func (v *visit) adjustPoints() error {
	plain := strings.NewReplacer("−", "-", " ", "", "\u00a0", "").Replace(v.value("points"))
	points, err := strconv.ParseInt(plain, 10, 64)
	if err != nil || points == 0 {
		return v.refused(refusal("/points", "Give a whole number other than zero, such as 200 or −200."))
	}
	if len([]rune(v.value("reason"))) < 3 {
		return v.refused(refusal("/reason", "Say why: the member and whoever looks at the ledger later will ask."))
	}
	if v.value("sure") == "" {
		return v.askAdjust(points)
	}
	program, member := v.r.PathValue("program"), v.r.PathValue("member")
	_, err = loyaltyv1.NewPointsServiceClient(v.conn).AdjustPoints(v.ctx(), &loyaltyv1.AdjustPointsRequest{
		Program: program, Member: member, Wallet: v.value("wallet"), Points: points, Reason: v.value("reason")}, v.once())
	if err != nil {
		return v.refused(err)
	}
	address := "/studio/loyalty/" + program + "/members/" + member
	if wallet := v.value("wallet"); wallet != "" {
		address += "?" + url.Values{"wallet": {wallet}}.Encode()
	}
	return v.done(address, "adjusted")
}

// askAdjust shows what an adjustment would do, before it is done.
func (v *visit) askAdjust(points int64) error {
	program, err := v.program()
	if err != nil {
		return err
	}
	got, err := loyaltyv1.NewMembersServiceClient(v.conn).GetMember(v.ctx(), &loyaltyv1.GetMemberRequest{Program: programID(program), Member: v.r.PathValue("member")})
	if err != nil {
		return err
	}
	wallet, have := v.value("wallet"), int64(0)
	for i, a := range got.GetMember().GetAccounts() {
		if a.GetWallet() == wallet || wallet == "" && i == 0 {
			have = a.GetAvailable()
		}
	}
	who, unit := memberTitle(got.GetMember()), unitOf(program, wallet)
	title := "Give " + web.FormatInt("en", points) + " " + unit + " to " + who + "?"
	if points < 0 {
		title = "Take " + web.FormatInt("en", -points) + " " + unit + " from " + who + "?"
	}
	address := memberURL(got.GetMember().GetName())
	v.show(http.StatusOK, "adjust", &web.View{Title: title, Section: "loyalty",
		Trail: []web.Link{{Label: "Loyalty", URL: "/studio/loyalty"}, {Label: program.GetDisplayName(), URL: loyaltyURL(program, "")}, {Label: who, URL: address}, {Label: "Adjust"}},
		Data: map[string]any{"Form": newForm(nil, nil), "Points": points, "Typed": signedPoints(points), "Unit": unit, "Wallet": wallet, "Reason": v.value("reason"), "Have": have, "Then": have + points,
			"Short": have+points < 0, "URL": address}})
	return nil
}

// linkMember makes the link to the member's own page.
func (v *visit) linkMember() error {
	got, err := loyaltyv1.NewStatementsServiceClient(v.conn).CreateStatementLink(v.ctx(), &loyaltyv1.CreateStatementLinkRequest{
		Program: v.r.PathValue("program"), Member: v.r.PathValue("member")}, v.once())
	if err != nil {
		return v.refused(err)
	}
	return v.showMember(http.StatusOK, got, nil)
}
