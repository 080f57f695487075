package studio_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

const (
	here  = "/studio/loyalty/customers/"
	calls = "/v1/programs/customers/"
)

// setUp is what the gateway of desk answers about how the programme is set up.
var setUp = map[string]string{
	"GET " + calls + "rules":      `{"rules":[{"name":"programs/customers/rules/euro","version":"3","terms":{"displayName":"A point for each euro","trigger":"spend","form":"per_unit","value":"1","per":"100"},"etag":"e3"}]}`,
	"GET " + calls + "rules/euro": `{"name":"programs/customers/rules/euro","version":"3","terms":{"displayName":"A point for each euro","trigger":"spend","form":"per_unit","value":"1","per":"100"},"etag":"e3"}`,
	"PUT " + calls + "rules/euro": `{}`,
	"GET " + calls + "tiers": `{"structures":[{"name":"programs/customers/tiers/metals","displayName":"Status","wallet":"points","version":1,"metric":"TIER_METRIC_SPEND","period":"TIER_PERIOD_YEAR","downgrade":"TIER_DOWNGRADE_FULL",
		"tiers":[{"id":"gold","displayName":"Gold","threshold":"50000"}],"etag":"t1"}]}`,
	"POST " + calls + "tiers":      `{}`,
	"POST " + calls + "rewards":    `{}`,
	"GET " + calls + "rewards":     `{"rewards":[]}`,
	"PUT /v1/programs/customers":   `{}`,
	"GET " + calls + "reviews":     `{"reviews":[]}`,
	"GET " + calls + "redemptions": `{"redemptions":[{"name":"programs/customers/redemptions/r1","member":"programs/customers/members/m1","displayName":"A mug","wallet":"points","points":"300","order":"1001"}]}`,
	"GET /v1/workspace/texts":      `{"texts":[]}`, "GET /v1/workspace/consents": `{"consents":[]}`, "GET /v1/workspace/leaks": `{"texts":[]}`, "GET /v1/workspace/metrics": `{"metrics":[]}`,
	"POST " + calls + "redemptions/r1:keep": `{}`,
	"POST " + calls + "members/m1:calculate": `{"points":"49","rules":[{"rule":"rules/euro@3","displayName":"A point for each euro","wallet":"points","given":true,"points":"49","desired":"49","steps":[{"text":"49.90 EUR x 1 point per 1 EUR","result":"49.90"},{"text":"rounded down","result":"49"}]},
		{"rule":"rules/gone@1","displayName":"Spring","reason":"outside_window","detail":"It ended on 1 May."}]}`,
}

// What was typed into the forms of a programme's set-up reaches the interface in its own units: amounts in minor ones, days by the programme's clock.
func TestWhatIsSetUpIsSent(t *testing.T) {
	for _, c := range []struct{ page, values, call, wants string }{
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
		{"reviews/redemptions/r1", "do=keep&reason-r1=It+was+worn", "POST " + calls + "redemptions/r1:keep", `{"reason":"It was worn"}`},
		{"whatif", "try_member=m1&try_what=order&line-0-amount=49,90&line-0-categories=tea,+coffee&line-0-quantity=2", "POST " + calls + "members/m1:calculate", ""},
	} {
		h, seen := desk(t, "manager")
		values, err := url.ParseQuery(c.values)
		if err != nil {
			t.Fatal(err)
		}
		res, doc := visit(t, h, here+c.page, values)
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
	h, _ := desk(t, "manager")
	_, doc := visit(t, h, "/studio", nil)
	says(t, doc, "[aria-labelledby=points-h]", "1 order that came back was paid for with points")
	if to := doc.Find("[aria-labelledby=points-h] a").AttrOr("href", ""); to != here+"reviews" {
		t.Errorf("it leads to %q: %s", to, doc.Find("main").Text())
	}
	h, seen := desk(t, "editor")
	if _, doc = visit(t, h, "/studio", nil); doc.Find("[aria-labelledby=points-h]").Length() != 0 {
		t.Error("an editor is told")
	}
	if _, asked := seen["GET "+calls+"reviews"]; asked {
		t.Error("it is asked for in vain")
	}
}
