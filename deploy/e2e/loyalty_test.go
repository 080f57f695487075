package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"renown.example/deploy/browser"
)

// The programme of the employees is the tests' own: that of the customers may hold the demo's members.
const (
	team     = "/v1/programs/employees"
	teamDesk = "/studio/loyalty/employees"
)

// partner calls the interface with the demo's key, as a shop does, and returns the answer's fields.
func partner(t *testing.T, at *browser.Platform, method, path, body string) map[string]any {
	t.Helper()
	return value(at.Partner(method, path, body))(t)
}

// colleague enrols a member of the test's own and returns the address of the member below the interface.
func colleague(t *testing.T, at *browser.Platform, name, email string, points int) string {
	t.Helper()
	m := partner(t, at, http.MethodPost, team+"/members", fmt.Sprintf(`{"displayName":%q,"identifiers":[{"kind":"IDENTIFIER_KIND_EMAIL","value":%q}]}`, name, email))
	path := "/v1/" + m["name"].(string)
	if points > 0 {
		partner(t, at, http.MethodPost, path+":adjust", fmt.Sprintf(`{"points":"%d","reason":"For the stand at the fair"}`, points))
	}
	return path
}

// A manager writes a rule: a slip in its condition is named with its place, what it would give is seen as it is typed, nothing is recorded by looking; a second tab that
// saves in between is shown, and nothing typed is lost.
func TestAManagerSetsUpARule(t *testing.T) {
	at, marta := platform(t), employee(t, browser.Manager)
	member := colleague(t, at, "Tove Hallberg", "tove@holmway.example", 0)
	press := func(p *browser.Page, button string) {
		t.Helper()
		must(t, p.Follow(func() error { return p.Click(button) }))
	}
	must(t, marta.Go(at.Website+teamDesk+"/rules/new"))
	must(t, marta.Fill("#display_name", "A point for each unit spent"))
	must(t, marta.Fill("#rule_id", "each"))
	must(t, marta.Fill("#condition", "order.totl > 1"))
	press(marta.Page, ".form-end .button")
	says(t, marta.Page, ".error-summary", "column")
	says(t, marta.Page, "#condition-error", "has no field `totl`")
	says(t, marta.Page, ".place", "^")
	if typed := value(marta.Property("#display_name", "value"))(t); typed != "A point for each unit spent" {
		t.Errorf("the name became %q", typed)
	}
	must(t, marta.Fill("#condition", "order.total_minor >= 1000"))
	must(t, marta.Fill("#try_member", "tove@holmway.example"))
	must(t, marta.Fill("#line-0-amount", "49.90"))
	must(t, marta.Until(`document.querySelector("#outcome").innerText.includes("+49")`))
	says(t, marta.Page, "#outcome", "Nothing was recorded.")
	if rules := partner(t, at, http.MethodGet, team+"/rules", ""); strings.Contains(fmt.Sprint(rules), "rules/each") {
		t.Errorf("looking saved %v", rules)
	}
	press(marta.Page, ".form-end .button")
	says(t, marta.Page, ".notice.good", "The rule is in force.")

	must(t, marta.Fill("#try_member", "tove@holmway.example"))
	must(t, marta.Fill("#line-0-amount", "9.90"))
	must(t, marta.Until(`document.querySelector("#outcome").innerText.includes("No rule gives anything")`))
	says(t, marta.Page, "#outcome", "condition")
	if list := partner(t, at, http.MethodGet, member+"/entries", ""); len(list["entries"].([]any)) > 0 {
		t.Errorf("looking recorded %v", list["entries"])
	}

	other := employee(t, browser.Manager)
	must(t, other.Go(at.Website+teamDesk+"/rules/each"))
	must(t, other.Fill("#value", "2"))
	press(other.Page, ".form-end .button")
	says(t, other.Page, ".page-head", "Version 2")
	must(t, marta.Fill("#value", "3"))
	press(marta.Page, ".form-end .button")
	says(t, marta.Page, ".notice", "Somebody else saved this meanwhile.")
	says(t, marta.Page, ".differs", "How many")
	if typed := value(marta.Property("#value", "value"))(t); typed != "3" {
		t.Errorf("what was typed became %q", typed)
	}
	press(marta.Page, ".form-end .button")
	says(t, marta.Page, ".page-head", "Version 3")
}

// Points move by hand for a reason only, after somebody has seen what that does.
func TestAManagerAdjustsWithAReason(t *testing.T) {
	at, marta := platform(t), employee(t, browser.Manager)
	colleague(t, at, "Nils Aune", "nils@holmway.example", 100)
	must(t, marta.Go(at.Website+"/studio/loyalty?program=employees"))
	must(t, marta.Fill("#identifier", "nils@holmway.example"))
	must(t, marta.Follow(func() error { return marta.Click("form[action$='/find'] .button") }))
	says(t, marta.Page, "h1", "Nils Aune")
	must(t, marta.Click(".member-steps summary"))
	must(t, marta.Fill("#points", "−40"))
	must(t, marta.Fill("#reason", "Entered twice"))
	must(t, marta.Follow(func() error { return marta.Click("form[action$='/adjust'] .button") }))
	says(t, marta.Page, "h1", "Take 40 points from Nils Aune?")
	says(t, marta.Page, ".facts", "60")
	must(t, marta.Follow(func() error { return marta.Click("form[action$='/adjust'] .button.primary") }))
	says(t, marta.Page, ".notice.good", "Recorded.")
	says(t, marta.Page, "[aria-labelledby=entries]", "Entered twice")
	clean(t, marta.Page, at)
}

// A reward is set up in the studio; a member redeems it by their link with the keyboard alone and without scripts, and sees the code. For another one points are missing.
func TestAMemberRedeemsByKeyboard(t *testing.T) {
	at, marta, p := platform(t), employee(t, browser.Manager), visitor(t)
	must(t, marta.Go(at.Website+teamDesk+"/rewards/new"))
	must(t, marta.Fill("#display_name", "An afternoon at the sauna"))
	must(t, marta.Fill("#reward_id", "sauna"))
	must(t, marta.Fill("#price-0-points", "150"))
	must(t, marta.Follow(func() error { return marta.Click(".form-end .button") }))
	says(t, marta.Page, ".notice.good", "The reward is saved.")

	link, _ := partner(t, at, http.MethodPost, colleague(t, at, "Siv Dahl", "siv@holmway.example", 200)+":link", "{}")["url"].(string)
	must(t, p.Scripts(false))
	must(t, p.Go(link))
	says(t, p, "h1", "200")
	enter := func(selector string) {
		t.Helper()
		must(t, p.TabTo(selector))
		must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	}
	enter("a[href$='/rewards/sauna']")
	says(t, p, "h1", "Redeem “An afternoon at the sauna”?")
	says(t, p, ".redeem-sum", "50")
	enter("main .button.primary")
	says(t, p, "h1", "An afternoon at the sauna")
	if !strings.Contains(p.Address(), "/redemptions/") || value(p.Property("#code", "value"))(t) == "" {
		t.Errorf("redeeming led to %s", p.Address())
	}
	enter("main p.actions a")
	says(t, p, "h1", "50")
	says(t, p, ".offer-why", "100 points are missing.")
	must(t, p.TabTo(".points-history summary"))
	must(t, p.Press(browser.Enter))
	must(t, p.Until(`document.querySelector(".points-history details").open`))
	clean(t, p, at)
	must(t, p.Scripts(true)) // axe waits with timers
	inspect(t, p, at.Website, []sheet{{"member", link}, {"member in German", link + "?lang=de"}, {"reward that is too dear", link + "/rewards/sauna"}, {"no link", at.Website + "/points/none"}})
}

// gamesByKeyboard makes an achievement, says what is given for friends and makes a programme, with the keyboard alone. A slip is said beside its field, and nothing typed is lost.
func gamesByKeyboard(t *testing.T, p *browser.Page, desk string) {
	t.Helper()
	enter := func(selector string) {
		t.Helper()
		must(t, p.TabTo(selector))
		must(t, p.Follow(func() error { return p.Press(browser.Enter) }))
	}
	must(t, p.Go(desk+"/achievements"))
	enter(".empty .button")
	says(t, p, "h1", "New achievement")
	must(t, p.Fill("#display_name", "Three times here"))
	must(t, p.Fill("#achievement_id", "third"))
	must(t, p.Fill("#target", "three"))
	enter(".form-end .button")
	says(t, p, "#target-error", "Give a whole number.")
	if typed := value(p.Property("#display_name", "value"))(t); typed != "Three times here" {
		t.Errorf("the name became %q", typed)
	}
	must(t, p.Fill("#target", "3"))
	enter(".form-end .button")
	says(t, p, ".notice.good", "The achievement is saved.")
	says(t, p, ".page-head", "3 orders within a calendar month, once")
	must(t, p.Go(desk+"/referrals"))
	must(t, p.Fill("#friend_points", "40"))
	must(t, p.Fill("#device_velocity", "4"))
	enter(".form-end .button")
	says(t, p, "#velocity_span-error", "need")
	must(t, p.Fill("#velocity_span", "P7D"))
	enter(".form-end .button")
	says(t, p, ".notice.good", "The terms are saved.")
	says(t, p, ".page-head", "Version 1")
	must(t, p.Go(strings.TrimSuffix(desk, "/employees")+"/new"))
	must(t, p.Fill("#display_name", "The club"))
	must(t, p.Fill("#program_id", "new"))
	enter(".form-end .button")
	says(t, p, "#program_id-error", "Choose another id")
	must(t, p.Fill("#program_id", "club"))
	enter(".form-end .button")
	says(t, p, ".notice.good", "The programme is there.")
	says(t, p, ".empty", "There are no rules yet")
}

func lastPart(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// uniteAndErase makes one member of two and then erases them, without scripts. Pressed twice, both are done once.
func uniteAndErase(t *testing.T, at *browser.Platform, p *browser.Page, page, twin string) {
	t.Helper()
	must(t, p.Scripts(false))
	press := func(selector string) {
		t.Helper()
		must(t, p.Follow(func() error { return p.Click(selector) }))
	}
	must(t, p.Go(page))
	must(t, p.Click(".member-steps details:has([action$='/merge']) summary"))
	must(t, p.Fill("#identifier", "nobody@holmway.example"))
	press("form[action$='/merge'] .button")
	says(t, p, "#identifier-error", "Nobody in this programme")
	must(t, p.Fill("#identifier", "moen@holmway.example"))
	press("form[action$='/merge'] .button")
	says(t, p, "h1", "Merge E. Moen into Eira Moen?")
	says(t, p, ".united", "380")
	confirm := p.Address()
	press("form[action$='/merge'] .button.danger")
	says(t, p, ".notice.good", "They are one member now.")
	says(t, p, "[aria-labelledby=balances]", "380")
	must(t, p.Go(confirm)) // the page is still open in another tab
	says(t, p, ".notice.good", "They are one member now.")
	if got := partner(t, at, http.MethodGet, team+"/members/"+twin, ""); lastPart(page) != lastPart(fmt.Sprint(got["name"])) {
		t.Errorf("the former name leads to %v", got["name"])
	}
	press("a[href$='/erase']")
	says(t, p, "h1", "Erase Eira Moen?")
	says(t, p, "[aria-labelledby=gone]", "moen@holmway.example")
	press("form[action$='/erase'] .button.danger")
	says(t, p, ".notice.good", "The member is erased.")
	says(t, p, ".page-head", "Takes part no more.")
	must(t, p.Go(page+"/erase"))
	says(t, p, ".notice.good", "The member is erased.")
	clean(t, p, at)
	must(t, p.Scripts(true))
}

// All pages of a programme, empty and filled, in every look; who is no manager is told what it takes.
func TestLoyaltysPages(t *testing.T) {
	at, marta := platform(t), employee(t, browser.Manager)
	member := colleague(t, at, "Eira Moen", "eira@holmway.example", 300)
	path := strings.TrimPrefix(member, "/v1/programs/")
	partner(t, at, http.MethodPost, member+":freeze", `{"lots":["1"],"reason":"Two accounts with one address"}`)
	desk := at.Website + teamDesk
	sheets := []sheet{{"what is owed", at.Website + "/studio/loyalty?program=employees"}, {"member in the studio", at.Website + "/studio/loyalty/" + path}}
	twin := lastPart(colleague(t, at, "E. Moen", "moen@holmway.example", 80))
	sheets = append(sheets, sheet{"an entry explained", sheets[1].address + "/entries/points-1"}, sheet{"two become one", sheets[1].address + "/merge?with=" + twin}, sheet{"erase a member", sheets[1].address + "/erase"})
	for _, s := range []string{"retention", "whatif", "rules", "rules/new", "tiers", "tiers/new", "rewards", "rewards/new", "reviews", "reviews?state=released", "settings", "achievements/new", "referrals"} {
		sheets = append(sheets, sheet{s, desk + "/" + s})
	}
	sheets = append(sheets, sheet{"achievements, none yet", desk + "/achievements"}, sheet{"new programme", at.Website + "/studio/loyalty/new"})
	inspect(t, marta.Page, at.Website, sheets)
	gamesByKeyboard(t, marta.Page, desk)
	inspect(t, marta.Page, at.Website, []sheet{{"achievements", desk + "/achievements"}, {"an achievement", desk + "/achievements/third"}, {"referrals", desk + "/referrals"}, sheets[1]})

	must(t, marta.Go(desk+"/reviews"))
	must(t, marta.Click(".reviews summary"))
	must(t, marta.Fill(".reviews textarea", "The address is an office"))
	must(t, marta.Follow(func() error { return marta.Click(".reviews button[value=release]") }))
	says(t, marta.Page, ".notice.good", "The points are free.")
	uniteAndErase(t, at, marta.Page, sheets[1].address, twin)
	author := employee(t, browser.Author)
	must(t, author.Go(desk+"/rules"))
	says(t, author.Page, "h1", "This is not yours to do")
	says(t, author.Page, ".lead", "manager")
}
