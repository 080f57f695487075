package studio_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"strings"
	"testing"

	"renown.example/website/web"
)

const (
	here  = "/studio/loyalty/customers/"
	calls = "/v1/programs/customers/"
)

// setUp is what the gateway of desk answers about how the programme is set up.
var setUp = map[string]string{
	"GET " + calls + "rules":       `{"rules":[{"name":"programs/customers/rules/euro","version":"3","terms":{"displayName":"A point for each euro","trigger":"spend","form":"per_unit","value":"1","per":"100"},"etag":"e3"}]}`,
	"GET " + calls + "rules/euro":  `{"name":"programs/customers/rules/euro","version":"3","terms":{"displayName":"A point for each euro","trigger":"spend","form":"per_unit","value":"1","per":"100"},"etag":"e3"}`,
	"PUT " + calls + "rules/euro":  `{}`,
	"GET " + calls + "rules/old":   `{"name":"programs/customers/rules/old","version":"1","terms":{"displayName":"Old","trigger":"spend","form":"per_unit","value":"1","per":"100","tierValues":{"gold":"2","platinum":"3"}}}`,
	"GET " + calls + "rewards/mug": `{"name":"programs/customers/rewards/mug","kind":"REWARD_KIND_GIFT","displayName":"A mug","prices":[{"points":"300"},{"points":"200","tier":"metals/iron"}],"tiers":["metals/platinum"],"version":1}`,
	"GET " + calls + "tiers": `{"structures":[{"name":"programs/customers/tiers/metals","displayName":"Status","wallet":"points","version":1,"metric":"TIER_METRIC_SPEND","period":"TIER_PERIOD_YEAR","downgrade":"TIER_DOWNGRADE_FULL",
		"tiers":[{"id":"gold","displayName":"Gold","threshold":"50000"}],"etag":"t1"}]}`,
	"GET " + calls + "achievements": `{"achievements":[{"name":"programs/customers/achievements/regular","displayName":"Four in a month","points":"1","goal":{"kind":"ACHIEVEMENT_KIND_CHALLENGE","trigger":"order","category":"tea",
		"leastAmount":"500","measure":"ACHIEVEMENT_MEASURE_TIMES","target":"4","window":"ACHIEVEMENT_WINDOW_MONTH","recurrence":"ACHIEVEMENT_RECURRENCE_PERIOD"},"version":2},
		{"name":"programs/customers/achievements/week","displayName":"A week of visits","archiveTime":"2026-10-01T00:00:00Z","goal":{"kind":"ACHIEVEMENT_KIND_STREAK","trigger":"visit","measure":"ACHIEVEMENT_MEASURE_TIMES",
		"target":"7","least":"2","window":"ACHIEVEMENT_WINDOW_DAY","recurrence":"ACHIEVEMENT_RECURRENCE_ALWAYS"},"version":1},
		{"name":"programs/customers/achievements/spender","displayName":"A big month","points":"50","goal":{"kind":"ACHIEVEMENT_KIND_CHALLENGE","trigger":"order","measure":"ACHIEVEMENT_MEASURE_AMOUNT","target":"10000",
		"window":"ACHIEVEMENT_WINDOW_ROLLING","windowLength":"P30D","recurrence":"ACHIEVEMENT_RECURRENCE_ONCE"},"version":1}]}`,
	"POST " + calls + "achievements": `{}`,
	"GET " + calls + "achievements/regular": `{"name":"programs/customers/achievements/regular","displayName":"Four in a month","points":"1","goal":{"kind":"ACHIEVEMENT_KIND_CHALLENGE","trigger":"order","measure":"ACHIEVEMENT_MEASURE_TIMES","target":"4",
		"window":"ACHIEVEMENT_WINDOW_MONTH","recurrence":"ACHIEVEMENT_RECURRENCE_PERIOD","untilTime":"2026-12-25T00:00:00Z"},"version":2,"etag":"a2"}`,
	"PUT " + calls + "achievements/regular":          `{}`,
	"POST " + calls + "achievements/regular:archive": `{}`,
	"GET " + calls + "achievements/regular/earned":   `{"earned":[{"key":"2026-10","day":"2026-10-20","points":"1","entry":"programs/customers/members/m1/entries/points-1","member":"programs/customers/members/m1"}]}`,
	"GET " + calls + "members/m1/achievements": `{"achievements":[{"achievement":"programs/customers/achievements/regular","displayName":"Four in a month","done":"1","value":"3","target":"4","by":"2026-11-30",
		"earned":[{"key":"2026-10","day":"2026-10-20","points":"1","entry":"programs/customers/members/m1/entries/points-1"}]},
		{"achievement":"programs/customers/achievements/spender","displayName":"A big month","value":"4990","target":"10000"}]}`,
	"GET " + calls + "referralTerms": `{"referrerPoints":"100","friendPoints":"40","life":"rolling P12M","qualification":"REFERRAL_QUALIFICATION_FIRST_ORDER","leastAmount":"2000","most":"5","period":"REFERRAL_PERIOD_YEAR","version":7}`,
	"PUT " + calls + "referralTerms": `{}`,
	"POST /v1/programs":              `{}`,
	"POST " + calls + "tiers":        `{}`,
	"POST " + calls + "rewards":      `{}`,
	"GET " + calls + "rewards":       `{"rewards":[]}`,
	"GET " + calls + "rewards?pageToken=two": `{"rewards":[{"name":"programs/customers/rewards/mug","kind":"REWARD_KIND_GIFT","state":"REWARD_STATE_ACTIVE","displayName":"A mug","stock":{"left":"0"},
		"availability":{"obstacles":[{"reason":"OUT_OF_STOCK","message":"None is left."}]}},{"name":"programs/customers/rewards/pen","state":"REWARD_STATE_ACTIVE","displayName":"A pen"},
		{"name":"programs/customers/rewards/film","kind":"REWARD_KIND_CODE","state":"REWARD_STATE_ACTIVE","displayName":"A film","availability":{"available":true}},
		{"name":"programs/customers/rewards/play","kind":"REWARD_KIND_CODE","state":"REWARD_STATE_ACTIVE","displayName":"A play","availability":{"obstacles":[{"reason":"OUT_OF_STOCK","message":"None is left."}]}}]}`,
	"GET " + calls + "rewards/film/codePool": `{"free":"1240","shown":"3"}`, "GET " + calls + "rewards/play/codePool": `{}`,
	"PUT /v1/programs/customers":         `{}`,
	"GET " + calls + "reports/retention": backAgain, "GET " + calls + "reports/retention:export": "cohort,month\n2026-08,2026-08\n",
	"GET /v1/programs/employees": `{"name":"programs/employees","displayName":"Employees","timeZone":"UTC"}`, "GET /v1/programs/employees/reports/retention": `{}`, "GET /v1/programs/employees/tiers": `{}`,
	"GET " + calls + "reviews":     `{"reviews":[]}`,
	"GET " + calls + "redemptions": `{"redemptions":[{"name":"programs/customers/redemptions/r1","member":"programs/customers/members/m1","displayName":"A mug","wallet":"points","points":"300","order":"1001"}]}`,
	"GET /v1/workspace/texts":      `{"texts":[]}`, "GET /v1/workspace/consents": `{"consents":[]}`, "GET /v1/workspace/leaks": `{"texts":[]}`, "GET /v1/workspace/metrics": `{"metrics":[]}`,
	"POST " + calls + "redemptions/r1:keep": `{}`,
	"POST " + calls + "members/m1:calculate": `{"points":"49","rules":[{"rule":"rules/euro@3","displayName":"A point for each euro","wallet":"points","given":true,"points":"49","desired":"49","steps":[{"text":"49.90 EUR x 1 point per 1 EUR","result":"49.90"},{"text":"rounded down","result":"49"}]},
		{"rule":"rules/gone@1","displayName":"Spring","reason":"outside_window","detail":"It ended on 1 May."}]}`,
}

// typedIn are forms of a programme's set-up as they are posted, and what the interface gets of them.
var typedIn = []struct{ page, values, call, wants string }{
	{"rules/euro", "do=save&display_name=Euro&trigger=category&categories=tea%0Acoffee&form=per_unit&value=1,5&per=0.50&tier-gold=2&from=2026-12-01&until=2026-12-24&weekdays=6&weekdays=7&hours=17:30–19:00&cap-0-most=100&cap-0-per=member&cap-0-period=month&stacking=all&activation=event+delivered&tier_lives=gold:+rolling+P24M&etag=e3",
		"PUT " + calls + "rules/euro", `{"terms":{"displayName":"Euro","trigger":"category","categories":["tea","coffee"],"form":"per_unit","value":"1.5","per":"50","tierValues":{"gold":"2"},"fromTime":"2026-12-01T00:00:00Z",
			"untilTime":"2026-12-25T00:00:00Z","weekdays":[6,7],"hours":[{"from":"17:30","until":"19:00"}],"caps":[{"per":"member","period":"month","most":"100"}],"stacking":"all","activation":"event delivered","tierLives":{"gold":"rolling P24M"}},"etag":"e3"}`},
	{"rules/euro", "do=save&display_name=Euro&trigger=spend&form=fixed&value=5&from=2026-12-01&from_exact=2026-12-01T16:30:00Z&until=2026-12-24&until_exact=2026-12-20T11:00:00Z&cap-0-most=10000&cap-0-per=campaign&campaign=advent",
		"PUT " + calls + "rules/euro", `{"terms":{"displayName":"Euro","trigger":"spend","form":"fixed","value":"5","fromTime":"2026-12-01T16:30:00Z","untilTime":"2026-12-25T00:00:00Z","campaign":"advent","caps":[{"per":"campaign","most":"10000"}]}}`},
	{"tiers/new", "display_name=Status&structure_id=metals&metric=TIER_METRIC_SPEND&period=TIER_PERIOD_YEAR&period_length=P12M&downgrade=TIER_DOWNGRADE_ONE&grace=P30D&tier-0-id=gold&tier-0-name=Gold&tier-0-threshold=500&tier-0-benefits=Free+delivery",
		"POST " + calls + "tiers", `{"structureId":"metals","displayName":"Status","metric":"TIER_METRIC_SPEND","period":"TIER_PERIOD_YEAR","downgrade":"TIER_DOWNGRADE_ONE","grace":"P30D",
			"tiers":[{"id":"gold","displayName":"Gold","threshold":"50000","benefits":["Free delivery"]}]}`},
	{"rewards/new", "display_name=Ten+off&reward_id=ten&kind=REWARD_KIND_DISCOUNT&price-0-points=1,000&price-1-points=800&price-1-tier=metals/gold&percent=12,5&minimum=20&end=2026-12-31&times=2&limit_period=LIMIT_PERIOD_MONTH&stock=40",
		"POST " + calls + "rewards", `{"rewardId":"ten","kind":"REWARD_KIND_DISCOUNT","stock":"40","displayName":"Ten off","prices":[{"points":"1000"},{"tier":"metals/gold","points":"800"}],
			"discount":{"percent":"12.5","minimumOrderAmount":"2000","currency":"EUR"},"endTime":"2027-01-01T00:00:00Z","limit":{"times":2,"period":"LIMIT_PERIOD_MONTH"}}`},
	{"settings", "display_name=Friends&time_zone=Europe/Berlin&wallet-0-id=points&wallet-0-singular=star&wallet-0-plural=stars&minutes=45&returned=3&life=rolling+P12M+to+month&return_policy=allow_debt&cancel_window=P14D&oldest=P90D&etag=p1",
		"PUT /v1/programs/customers", `{"displayName":"Friends","wallets":[{"id":"points","singular":"star","plural":"stars"}],"timeZone":"Europe/Berlin","etag":"p1","redemptions":{"reservationMinutes":45,"returned":"RETURNED_REWARDS_ASK"},
			"points":{"life":"rolling P12M to month","returnPolicy":"allow_debt","cancelWindow":"P14D","oldest":"P90D"}}`},
	{"achievements/new", "display_name=Regular&achievement_id=often&badge=star&kind=ACHIEVEMENT_KIND_CHALLENGE&trigger=order&event=left&category=tea&least_amount=5&measure=ACHIEVEMENT_MEASURE_AMOUNT&target=1000.50&least=3&window=ACHIEVEMENT_WINDOW_MONTH&window_length=P30D&recurrence=ACHIEVEMENT_RECURRENCE_PERIOD&until=2026-12-24&points=1,000&life=never",
		"POST " + calls + "achievements", `{"achievementId":"often","displayName":"Regular","badge":"star","points":"1000","life":"never","goal":{"kind":"ACHIEVEMENT_KIND_CHALLENGE","trigger":"order","category":"tea","leastAmount":"500",
			"measure":"ACHIEVEMENT_MEASURE_AMOUNT","target":"100050","window":"ACHIEVEMENT_WINDOW_MONTH","recurrence":"ACHIEVEMENT_RECURRENCE_PERIOD","untilTime":"2026-12-25T00:00:00Z"}}`},
	{"achievements/new", "display_name=Reviews&achievement_id=reviews&kind=ACHIEVEMENT_KIND_STREAK&trigger=event&event=review.written&category=tea&measure=ACHIEVEMENT_MEASURE_TIMES&target=left&row=3&least=2&window=ACHIEVEMENT_WINDOW_ROLLING&window_length=P3D&unit=ACHIEVEMENT_WINDOW_WEEK&recurrence=ACHIEVEMENT_RECURRENCE_ALWAYS",
		"POST " + calls + "achievements", `{"achievementId":"reviews","displayName":"Reviews","goal":{"kind":"ACHIEVEMENT_KIND_STREAK","trigger":"review.written","measure":"ACHIEVEMENT_MEASURE_TIMES","target":"3","least":"2",
			"window":"ACHIEVEMENT_WINDOW_WEEK","recurrence":"ACHIEVEMENT_RECURRENCE_ALWAYS"}}`},
	{"achievements/regular", "display_name=Four&description=Four+orders&points=2&life=rolling+P12M&etag=a2", "PUT " + calls + "achievements/regular", `{"displayName":"Four","description":"Four orders","points":"2","life":"rolling P12M","etag":"a2"}`},
	{"achievements/regular/archive", "key=k", "POST " + calls + "achievements/regular:archive", `{}`},
	{"referrals", "paused=false&referrer_points=100&friend_points=40&life=never&qualification=REFERRAL_QUALIFICATION_FIRST_ORDER&least_amount=20&within=P30D&most=5&period=REFERRAL_PERIOD_YEAR&device_velocity=4&velocity_span=P7D&etag=7",
		"PUT " + calls + "referralTerms", `{"terms":{"referrerPoints":"100","friendPoints":"40","life":"never","qualification":"REFERRAL_QUALIFICATION_FIRST_ORDER","leastAmount":"2000","within":"P30D","most":"5","period":"REFERRAL_PERIOD_YEAR",
			"deviceVelocity":4,"velocitySpan":"P7D","version":7}}`},
	{"referrals", "paused=true&friend_points=40&life=never&qualification=REFERRAL_QUALIFICATION_ENROLMENT&least_amount=20&within=P30D&period=REFERRAL_PERIOD_YEAR",
		"PUT " + calls + "referralTerms", `{"terms":{"friendPoints":"40","life":"never","qualification":"REFERRAL_QUALIFICATION_ENROLMENT","paused":true,"version":0}}`},
	{"../new", "display_name=Club&program_id=club&currency=chf&time_zone=Europe/Zurich&wallet-0-id=stars&wallet-0-singular=star&wallet-0-plural=stars&minutes=30&returned=1&return_policy=within_balance",
		"POST /v1/programs", `{"programId":"club","displayName":"Club","wallets":[{"id":"stars","singular":"star","plural":"stars"}],"timeZone":"Europe/Zurich","currency":"CHF",
			"redemptions":{"reservationMinutes":30,"returned":"RETURNED_REWARDS_RESTORE"},"points":{"returnPolicy":"within_balance"}}`},
	{"reviews/redemptions/r1", "do=keep&reason-r1=It+was+worn", "POST " + calls + "redemptions/r1:keep", `{"reason":"It was worn"}`},
	{"whatif", "try_member=m1&try_what=order&line-0-amount=49,90&line-0-categories=tea,+coffee&line-0-quantity=2", "POST " + calls + "members/m1:calculate", ""},
}

// What was typed into the forms of a programme's set-up reaches the interface in its own units: amounts in minor ones, days by the programme's clock.
func TestWhatIsSetUpIsSent(t *testing.T) {
	for _, c := range typedIn {
		h, seen := desk(t, "manager")
		values, err := url.ParseQuery(c.values)
		if err != nil {
			t.Fatal(err)
		}
		res, doc := visit(t, h, path.Clean(here+c.page), values)
		got, sent := seen[c.call]
		if !sent || res.StatusCode >= http.StatusBadRequest {
			t.Errorf("%s: answered %d, %s", c.page, res.StatusCode, doc.Find(".notice, .error-summary, .problem").Text())
			continue
		}
		if c.page == "whatif" {
			says(t, doc, "#outcome", "+49")
			says(t, doc, "#outcome", "rounded down49")
			says(t, doc, "#outcome", "It ended on 1 May.")
			if !strings.Contains(got.body, `"amount":"4990"`) || !strings.Contains(got.body, `"categories":["tea","coffee"]`) {
				t.Errorf("asked for %s", got.body)
			}
			continue
		}
		var a, b any
		if json.Unmarshal([]byte(got.body), &a) != nil || json.Unmarshal([]byte(c.wants), &b) != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s sent\n%s\nwant\n%s", c.page, got.body, c.wants)
		}
	}
}

// What members can reach is said in words; the goal is asked for once, what a slip is said beside its field, and who reached what stands on the member's page.
func TestAchievementsAndReferrals(t *testing.T) {
	h, seen := desk(t, "manager")
	_, doc := visit(t, h, here+"achievements", nil)
	for row, words := range []string{"4 orders of tea worth €5.00 or more within a calendar month, once each time", "7 days in a row, each with 2 visits, as often as it is done", "Orders for €100.00 in all within 30 days, once"} {
		if got := doc.Find("tbody tr").Eq(row).Text(); !strings.Contains(got, words) {
			t.Errorf("row %d says %q, not %q", row, got, words)
		}
	}
	says(t, doc, "tbody tr:nth-child(1)", "1 point")
	says(t, doc, "tbody tr:nth-child(2)", "Archived")
	_, doc = visit(t, h, here+"achievements/regular", nil)
	if doc.Find("#target").Length() != 0 || doc.Find("#display_name").AttrOr("value", "") != "Four in a month" || doc.Find("form[action$='/archive']").Length() != 1 {
		t.Errorf("an achievement is shown as %s", doc.Find("main").Text())
	}
	says(t, doc, ".page-head", "until 24 December 2026")
	if res, _ := visit(t, h, here+"achievements/regular/archive", nil); res.StatusCode != http.StatusOK {
		t.Errorf("where ending it failed, coming again answers %d", res.StatusCode)
	}
	says(t, doc, "[aria-labelledby=reached]", "Ada Lindqvist20 October 20261")
	for field, values := range map[string]string{"target": "achievement_id=a&kind=ACHIEVEMENT_KIND_CHALLENGE&trigger=order", "row": "achievement_id=a&kind=ACHIEVEMENT_KIND_STREAK&trigger=order&target=3", "event": "achievement_id=a&trigger=event&target=2", "least_amount": "achievement_id=a&trigger=order&least_amount=a+lot",
		"points": "achievement_id=a&points=some", "achievement_id": "achievement_id=new&trigger=order&target=2"} {
		typed, err := url.ParseQuery(values + "&display_name=Mine")
		if err != nil {
			t.Fatal(err)
		}
		res, doc := visit(t, h, here+"achievements/new", typed)
		if res.StatusCode != http.StatusBadRequest || doc.Find("#"+field+"-error").Length() != 1 || doc.Find("#display_name").AttrOr("value", "") != "Mine" {
			t.Errorf("%s: answered %d, %s", values, res.StatusCode, doc.Find(".error-summary, .notice").Text())
		}
	}
	if _, sent := seen["POST "+calls+"achievements"]; sent {
		t.Error("what is wrong was sent")
	}
	_, doc = visit(t, h, here+"members/m1", nil)
	says(t, doc, "[aria-labelledby=goals] tr:nth-child(1)", "3 of 4")
	says(t, doc, "[aria-labelledby=goals] tr:nth-child(1)", "30 November 2026")
	says(t, doc, "[aria-labelledby=goals] tr:nth-child(1)", "1 time20 October 2026: +1")
	says(t, doc, "[aria-labelledby=goals] tr:nth-child(2)", "€49.90 of €100.00")
	_, doc = visit(t, h, here+"referrals", nil)
	if doc.Find("[name=etag]").AttrOr("value", "") != "7" || doc.Find("#least_amount").AttrOr("value", "") != "20.00" || doc.Find("#period option[selected]").Text() != "a calendar year" {
		t.Errorf("the terms are shown as %s", doc.Find("form").Text())
	}
	res, doc := visit(t, h, here+"referrals", url.Values{"qualification": {"REFERRAL_QUALIFICATION_FIRST_ORDER"}, "most": {"many"}})
	if res.StatusCode != http.StatusBadRequest || doc.Find("#most-error").Length() != 1 || doc.Find("#most").AttrOr("value", "") != "many" {
		t.Errorf("answered %d", res.StatusCode)
	}
}

// A value for a tier that no structure has any more is shown and sent again: saving something else of the rule does not lose it.
func TestATierThatIsGoneKeepsItsValue(t *testing.T) {
	h, _ := desk(t, "manager")
	_, doc := visit(t, h, here+"rules/old", nil)
	if doc.Find("#tier-gold").AttrOr("value", "") != "2" || doc.Find("#tier-platinum").AttrOr("value", "") != "3" {
		t.Errorf("the tiers are %s", doc.Find("[name^=tier-]").Parent().Text())
	}
	says(t, doc, "label[for=tier-platinum]", "“platinum”, a tier that there is not")
	_, doc = visit(t, h, here+"rewards/mug", nil)
	if got := doc.Find("[name=tiers][checked]").AttrOr("value", ""); got != "metals/platinum" {
		t.Errorf("the reward is for %q", got)
	}
	if got := doc.Find("#price-1-tier option[selected]").Last().AttrOr("value", ""); got != "metals/iron" {
		t.Errorf("the price is for %q", got)
	}
}

// A rule is tried as it was typed, and saved as a draft without deciding about anything; what is wrong with it is said beside its field.
func TestARuleIsTriedAsItIsTyped(t *testing.T) {
	h, seen := desk(t, "manager")
	typed := url.Values{"do": {"try"}, "display_name": {"Euro"}, "trigger": {"spend"}, "form": {"per_unit"}, "value": {"2"}, "per": {"1.00"}, "etag": {"e3"}, "try_member": {"m1"}, "try_what": {"order"}, "line-0-amount": {"49.90"}}
	res, doc := visit(t, h, here+"rules/euro", typed)
	body := seen["POST "+calls+"members/m1:calculate"].body
	if res.StatusCode != http.StatusOK || !strings.Contains(body, `"rules":[{"ruleId":"euro","terms":{"displayName":"Euro"`) || !strings.Contains(body, `"value":"2"`) {
		t.Errorf("answered %d, tried %s", res.StatusCode, body)
	}
	says(t, doc, "#outcome", "+49")
	if _, saved := seen["PUT "+calls+"rules/euro"]; saved || doc.Find("#value").AttrOr("value", "") != "2" {
		t.Error("trying saved it, or lost what was typed")
	}
	typed.Set("condition", "unknown > 1")
	res, doc = visit(t, h, here+"rules/euro", typed)
	says(t, doc, "#condition-error", "Line 1, column 1")
	says(t, doc, ".place", "^")
	says(t, doc, "#outcome", "The rule cannot be reckoned with yet.")
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("answered %d", res.StatusCode)
	}
	typed.Set("do", "draft")
	typed.Del("condition")
	res, _ = visit(t, h, here+"rules/euro", typed)
	if to := res.Header.Get("Location"); to != here+"rules/euro?done=rule-draft" || !strings.Contains(seen["PUT "+calls+"rules/euro"].body, `"draft":true`) {
		t.Errorf("led to %q with %s", to, seen["PUT "+calls+"rules/euro"].body)
	}
}

// A draft that is put into force is what was typed, and no draft is left behind; throwing it away does not ask whether what was typed can be read.
func TestADraftIsPutIntoForce(t *testing.T) {
	h, seen := desk(t, "manager")
	typed := url.Values{"do": {"save"}, "from_draft": {"true"}, "display_name": {"Euro"}, "trigger": {"spend"}, "form": {"per_unit"}, "value": {"2"}, "per": {"1.00"}, "etag": {"e3"}}
	visit(t, h, here+"rules/euro", typed)
	if saved := seen["PUT "+calls+"rules/euro"].body; !strings.Contains(saved, `"draft":true`) || !strings.Contains(saved, `"value":"2"`) {
		t.Errorf("saved %s", saved)
	}
	if _, published := seen["POST "+calls+"rules/euro:publish"]; !published {
		t.Error("it was not put into force")
	}
	typed.Set("do", "discard")
	typed.Set("priority", "a lot")
	visit(t, h, here+"rules/euro", typed)
	if _, discarded := seen["POST "+calls+"rules/euro:discard"]; !discarded {
		t.Errorf("not thrown away: %v", seen)
	}
	typed.Set("do", "save")
	typed.Del("priority")
	typed.Set("rule_id", "new")
	res, doc := visit(t, h, here+"rules/new", typed)
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("a rule is called new: %d", res.StatusCode)
	}
	says(t, doc, "#rule_id-error", "Choose another id")
}

// Who saves a rule that somebody else saved in between sees both, and has lost nothing of what they typed.
func TestARuleThatMoved(t *testing.T) {
	h, _ := desk(t, "manager")
	res, doc := visit(t, h, here+"rules/euro", url.Values{"do": {"save"}, "key": {"k"}, "display_name": {"Euro"}, "trigger": {"spend"}, "form": {"per_unit"}, "value": {"2"}, "per": {"1.00"}, "etag": {"stale"}})
	if res.StatusCode != http.StatusPreconditionFailed || doc.Find("#value").AttrOr("value", "") != "2" || doc.Find("[name=etag]").AttrOr("value", "") != "e3" {
		t.Errorf("answered %d with %q", res.StatusCode, doc.Find("#value").AttrOr("value", ""))
	}
	says(t, doc, ".notice", "Somebody else saved this meanwhile.")
	says(t, doc, ".differs", "A point for each euroEuro")
	if doc.Find(".differs tbody tr").Length() != 2 {
		t.Errorf("named as different: %s", doc.Find(".differs").Text())
	}
	if doc.Find("[name=key]").AttrOr("value", "k") == "k" {
		t.Error("a request that was refused is sent again under its key")
	}
}

// What waits in the programmes stands on the manager's first page, and nowhere for those who cannot decide it.
func TestWhatWaitsInTheProgrammes(t *testing.T) {
	for role, home := range map[string]string{"manager": "/studio/loyalty", "admin": "/studio"} {
		h, _ := desk(t, role)
		_, doc := visit(t, h, home, nil)
		says(t, doc, "[aria-labelledby=points-h]", "1 order that came back was paid for with points")
		if to := doc.Find("[aria-labelledby=points-h] a").AttrOr("href", ""); to != here+"reviews" {
			t.Errorf("it leads to %q: %s", to, doc.Find("main").Text())
		}
	}
	h, seen := desk(t, "editor")
	if _, doc := visit(t, h, "/studio", nil); doc.Find("[aria-labelledby=points-h]").Length() != 0 {
		t.Error("an editor is told")
	}
	if _, asked := seen["GET "+calls+"reviews"]; asked {
		t.Error("it is asked for in vain")
	}
}

// Where there is no programme nothing waits in one, which is no trouble that a log need tell of; that it cannot be asked for is.
func TestNothingWaitsWithoutProgrammes(t *testing.T) {
	for answer, want := range map[string]bool{`{"programs":[]}`: false, `no JSON`: true} {
		var log bytes.Buffer
		h, _ := deskOf(t, "admin", slog.NewTextHandler(&log, nil), map[string]string{"GET /v1/programs": answer})
		if res, doc := visit(t, h, "/studio", nil); res.StatusCode != http.StatusOK || doc.Find("[aria-labelledby=points-h]").Length() != 0 {
			t.Errorf("answered %d: %s", res.StatusCode, doc.Find("main").Text())
		}
		if told := strings.Contains(log.String(), "what waits in the loyalty programmes is not known"); told != want {
			t.Errorf("of %s the log says: %s", answer, log.String())
		}
	}
}

// A pool of codes that cannot be counted leaves its cell empty; the other rewards are there all the same.
func TestRewardsAreListedWithoutTheirCodes(t *testing.T) {
	var log bytes.Buffer
	h, _ := deskOf(t, "manager", slog.NewTextHandler(&log, nil), map[string]string{"GET " + calls + "rewards": `{"rewards":[
		{"name":"programs/customers/rewards/lost","kind":"REWARD_KIND_CODE","state":"REWARD_STATE_ACTIVE","displayName":"A lost film"},
		{"name":"programs/customers/rewards/film","kind":"REWARD_KIND_CODE","state":"REWARD_STATE_ACTIVE","displayName":"A film"}]}`})
	_, doc := visit(t, h, here+"rewards", nil)
	rows := doc.Find("tbody tr")
	for i, want := range []string{"", web.FormatInt("en", 1240) + " codes"} {
		if got := rows.Eq(i).Find("[data-label=Left]").Text(); rows.Length() != 2 || got != want {
			t.Errorf("line %d of %d says %q, want %q", i, rows.Length(), got, want)
		}
	}
	if line := log.String(); !strings.Contains(line, "level=WARN") || !strings.Contains(line, "reward=lost") {
		t.Errorf("the log says: %s", line)
	}
}

// A reward that nobody can have at the moment does not stand there as one to be had; of codes it is said how many are left.
func TestWhatCannotBeHadIsNotOffered(t *testing.T) {
	h, _ := desk(t, "manager")
	_, doc := visit(t, h, here+"rewards?page=two", nil)
	rows := doc.Find("tbody tr")
	for i, want := range []struct {
		state, left string
		none        bool
	}{{"Not now", "0", true}, {"To be had", "as many as are wanted", false}, {"To be had", web.FormatInt("en", 1240) + " codes", false}, {"Not now", "0 codes", true}} {
		row := rows.Eq(i)
		if got := row.Text(); !strings.Contains(got, want.state) || strings.Contains(got, "None is left.") != want.none || row.Find("[data-label=Left]").Text() != want.left {
			t.Errorf("row %d says %q, want %v", i, got, want)
		}
		if green := row.Find(".chip.good").Length() == 1; green == want.none {
			t.Errorf("row %d is marked as one to be had: %t", i, green)
		}
	}
}
