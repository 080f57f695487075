package points_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"renown.example/kit/clock"
	"renown.example/website/api"
	"renown.example/website/points"
	"renown.example/website/web"
)

// gate is a gateway that answers as written, and remembers what it was sent.
type gate struct {
	answers map[string]string
	// refuse is the status and body with which redeeming is answered, if it is not empty.
	status int
	refuse string
	key    string
	body   string
	// calls are the questions for entries; silent says that nobody can explain them.
	calls  []string
	silent bool
}

const redeem = "POST /v1/programs/customers/redemptions:redeem"

func written() *gate {
	return &gate{answers: map[string]string{
		"GET /v1/statement": `{"member":"programs/customers/members/m1","displayName":"Ida","program":"Customers","timeZone":"Europe/Berlin","currency":"EUR",
			"wallets":[{"wallet":{"id":"points","singular":"point","plural":"points"},"account":{"wallet":"points","available":"250","tier":{"structure":"programs/customers/tiers/metals",
			"tier":"silver","displayName":"Silver","benefits":["Free delivery"],"metric":"TIER_METRIC_SPEND","value":"50000","up":{"tier":"gold","displayName":"Gold","missing":"150000","by":"2026-12-31"}}},
			"activations":[{"time":"2026-12-01T10:00:00Z","points":"10"},{"time":"2026-12-01T12:00:00Z","points":"5"}],"moreActivations":true}],"linkExpireTime":"2026-12-27T00:00:00Z"}`,
		"GET /v1/statement/entries": `{"entries":[]}`,
		"GET /v1/programs/customers/members/m1/achievements": `{"achievements":[
			{"achievement":"programs/customers/achievements/first","displayName":"A first tea","done":"1","over":true,"earned":[{"day":"2026-03-05"}]},
			{"achievement":"programs/customers/achievements/four","displayName":"Four in a month","description":"Order four times in a month.","done":"2","value":"3","target":"4","by":"2026-11-30","earned":[{"day":"2026-10-20"},{"day":"2026-08-30"}]}]}`,
		"GET /v1/programs/customers/rewards": `{"rewards":[
			{"name":"programs/customers/rewards/mug","displayName":"A mug","kind":"REWARD_KIND_GIFT","availability":{"wallet":"points","points":"1200","obstacles":[{"reason":"OBSTACLE_REASON_TOO_FEW_POINTS","missingPoints":"950"}]}},
			{"name":"programs/customers/rewards/film","displayName":"A film","kind":"REWARD_KIND_CODE","availability":{"available":true,"wallet":"points","points":"200"}}]}`,
		"GET /v1/programs/customers/rewards/film":   `{"name":"programs/customers/rewards/film","displayName":"A film","availability":{"available":true,"wallet":"points","points":"200"}}`,
		"GET /v1/programs/customers/redemptions":    `{"redemptions":[]}`,
		redeem:                                      `{"name":"programs/customers/redemptions/r1"}`,
		"GET /v1/programs/customers/redemptions/r1": `{"name":"programs/customers/redemptions/r1","displayName":"A film","kind":"REWARD_KIND_CODE","state":"REDEMPTION_STATE_COMMITTED","wallet":"points","points":"200","code":"KINO-7F3K","codeExpireTime":"2026-12-31T23:00:00Z"}`,
	}}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := r.Method + " " + r.URL.Path
	answer, status := g.answers[call], http.StatusOK
	if strings.HasPrefix(r.URL.Path, "/v1/statement/entries") {
		g.calls = append(g.calls, r.URL.RequestURI())
		if g.silent && r.URL.Query().Get("explained") == "true" {
			answer, status = `{"status":500,"title":"failed","code":"INTERNAL"}`, http.StatusInternalServerError
		}
	}
	if call == redeem {
		body, _ := io.ReadAll(r.Body) // what is missing of it the test misses
		g.key, g.body = r.Header.Get("Idempotency-Key"), string(body)
		if g.refuse != "" {
			answer, status = g.refuse, g.status
		}
	}
	if answer == "" {
		answer, status = `{"status":404,"title":"not found","code":"NOT_FOUND"}`, http.StatusNotFound
	}
	if status != http.StatusOK {
		w.Header().Set("Content-Type", "application/problem+json")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer) // a test that went away does not mind
}

func site(t *testing.T, g *gate) http.Handler {
	t.Helper()
	gateway := httptest.NewServer(g)
	t.Cleanup(gateway.Close)
	assets, err := web.NewAssets(web.DefaultTheme(), points.Static())
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := web.NewRenderer(web.DefaultTheme(), assets, points.Words)
	if err != nil {
		t.Fatal(err)
	}
	s, err := points.New(points.Options{API: api.New(gateway.URL, nil), Renderer: renderer, DefaultLocale: "en",
		Clock: clock.NewFake(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler()
}

func visit(t *testing.T, h http.Handler, path string, values url.Values) (*http.Response, *goquery.Document) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	if values != nil {
		req = httptest.NewRequest(http.MethodPost, path, strings.NewReader(values.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(rec.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return rec.Result(), doc
}

func says(t *testing.T, doc *goquery.Document, selector, words string) {
	t.Helper()
	if got := strings.ReplaceAll(doc.Find(selector).Text(), "\u00a0", " "); !strings.Contains(got, words) {
		t.Errorf("%s says %q, want %q in it", selector, got, words)
	}
}

// The page says where the member stands, what there is to have, first what they can pay, and how many points are missing for the rest; in their language.
func TestAMembersOwnPage(t *testing.T) {
	h := site(t, written())
	res, doc := visit(t, h, "/points/tok", nil)
	if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("answered %d, kept %q", res.StatusCode, res.Header.Get("Cache-Control"))
	}
	says(t, doc, "h1", "250 points")
	says(t, doc, "#tier", "Silver")
	says(t, doc, ".tier-step", "€1,500.00 more by 31 December 2026 lead to Gold.")
	says(t, doc, ".tier-benefits", "Free delivery")
	says(t, doc, ".offer:first-child", "A film")
	says(t, doc, ".offer:last-child", "950 points are missing.")
	says(t, doc, ".points-coming", "15 points")
	if n := doc.Find(".points-coming li").Length(); n != 1 {
		t.Errorf("one day of arrivals is shown as %d", n)
	}
	says(t, doc, "[aria-labelledby=arrives]", "More follows after these days.")
	if to := doc.Find(".offer a").AttrOr("href", ""); doc.Find(".offer a").Length() != 1 || to != "/points/tok/rewards/film" {
		t.Errorf("the buttons lead to %q", to)
	}
	_, doc = visit(t, h, "/points/tok?lang=de", nil)
	says(t, doc, ".tier-step", "Noch 1.500,00 € bis zum 31. Dezember 2026, dann erreichen Sie Gold.")
	says(t, doc, ".offer:last-child", "Es fehlen 950 points.")
	if to := doc.Find(".offer a").AttrOr("href", ""); to != "/points/tok/rewards/film?lang=de" {
		t.Errorf("the button forgets the language: %q", to)
	}
	if strings.Contains(doc.Text(), "[points.") {
		t.Error("words are missing")
	}
}

// What can be reached stands on the page with how far the member has come; without an answer about it the rest is there.
func TestAMembersAchievements(t *testing.T) {
	g := written()
	h := site(t, g)
	_, doc := visit(t, h, "/points/tok", nil)
	says(t, doc, ".goals li:first-child h3", "Four in a month")
	says(t, doc, ".goals li:first-child", "Reached 2 times, last on 20 October 2026.")
	says(t, doc, ".goals li:first-child", "The rest has until 30 November 2026.")
	if share := doc.Find(".goals progress").AttrOr("value", ""); share != "75" || doc.Find(".goals progress").Length() != 1 {
		t.Errorf("%d bars, the first at %s", doc.Find(".goals progress").Length(), share)
	}
	says(t, doc, ".goals li:last-child", "Reached on 5 March 2026.")
	_, doc = visit(t, h, "/points/tok?lang=de", nil)
	says(t, doc, ".goals li:first-child", "2 Mal erreicht, zuletzt am 20. Oktober 2026.")
	delete(g.answers, "GET /v1/programs/customers/members/m1/achievements")
	res, doc := visit(t, h, "/points/tok", nil)
	if res.StatusCode != http.StatusOK || doc.Find("#goals").Length() != 0 {
		t.Errorf("without an answer the page is answered %d", res.StatusCode)
	}
	says(t, doc, "h1", "250 points")
}

// Redeeming asks first, spends for the price that was shown and with the form's own key, and shows the code.
func TestAMemberRedeems(t *testing.T) {
	g := written()
	h := site(t, g)
	_, doc := visit(t, h, "/points/tok/rewards/film", nil)
	says(t, doc, "h1", "Redeem “A film”?")
	says(t, doc, ".redeem-sum .sum", "50 points")
	form := url.Values{}
	doc.Find("form input").Each(func(_ int, in *goquery.Selection) { form.Set(in.AttrOr("name", ""), in.AttrOr("value", "")) })
	res, _ := visit(t, h, "/points/tok/rewards/film", form)
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != "/points/tok/redemptions/r1" {
		t.Fatalf("answered %d, to %q", res.StatusCode, to)
	}
	if g.key == "" || g.key != form.Get("key") || !strings.Contains(g.body, `"expectedPoints":"200"`) || !strings.Contains(g.body, `"wallet":"points"`) {
		t.Errorf("sent %s with the key %q", g.body, g.key)
	}
	_, doc = visit(t, h, "/points/tok/redemptions/r1", nil)
	says(t, doc, "h1", "A film")
	if code := doc.Find("#code").AttrOr("value", ""); code != "KINO-7F3K" {
		t.Errorf("the code is %q", code)
	}
	// The code ends at midnight in Berlin: its last day is the day before.
	says(t, doc, "main", "The code works until 31 December 2026.")
	if res, _ := visit(t, h, "/points/tok/redemptions/nobodys", nil); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/points/tok" {
		t.Errorf("what is not there is answered %d", res.StatusCode)
	}
}

// What is refused spends nothing and says so; what nobody answered is sent again with the same key.
func TestRedeemingIsRefused(t *testing.T) {
	g := written()
	h := site(t, g)
	form := url.Values{"key": {"k1"}, "expected": {"150"}, "wallet": {"points"}}
	g.status, g.refuse = http.StatusConflict, `{"status":409,"code":"ILLEGAL_STATE","title":"no","detail":"The reward costs 200 by now.","errors":[{"pointer":"/expectedPoints","detail":"The price has changed."}]}`
	res, doc := visit(t, h, "/points/tok/rewards/film", form)
	if key := doc.Find("[name=key]").AttrOr("value", ""); res.StatusCode != http.StatusConflict || key == "" || key == "k1" {
		t.Errorf("answered %d with the key %q", res.StatusCode, key)
	}
	says(t, doc, ".notice", "The price has changed meanwhile.")
	says(t, doc, ".button.primary", "Redeem for 200 points")
	g.status, g.refuse = http.StatusServiceUnavailable, `{"status":503,"code":"UNAVAILABLE","title":"no"}`
	res, doc = visit(t, h, "/points/tok/rewards/film", form)
	if key := doc.Find("[name=key]").AttrOr("value", ""); res.StatusCode != http.StatusServiceUnavailable || key != "k1" {
		t.Errorf("answered %d with the key %q", res.StatusCode, key)
	}
	says(t, doc, ".notice", "it is redeemed once")
	g.status, g.refuse = http.StatusForbidden, `{"status":403,"code":"LINK_INVALID","title":"no"}`
	_, doc = visit(t, h, "/points/tok/rewards/film", form)
	says(t, doc, "h1", "This link does not work")
}

// A line of the history opens to what its points are made up of, which adds up; one that nobody can explain right now says at least what moved.
func TestALineOpensToItsArithmetic(t *testing.T) {
	g := written()
	g.answers["GET /v1/statement/entries"] = `{"entries":[
		{"name":"programs/customers/members/m1/entries/points-5","number":"5","kind":"ENTRY_KIND_ACCRUE","source":"orders/8","legs":[{"account":"members/m1/available","points":"7"},{"account":"issuance:euro","points":"-7"}]},
		{"name":"programs/customers/members/m1/entries/points-4","number":"4","kind":"ENTRY_KIND_REVERSE","source":"events/review-1","legs":[{"account":"members/m1/available","points":"-50"},{"account":"reversed","points":"50"}]},
		{"name":"programs/customers/members/m1/entries/points-3","number":"3","kind":"ENTRY_KIND_RESERVE","legs":[{"account":"members/m1/available","points":"-200"},{"account":"members/m1/reserved","points":"200"}]},
		{"name":"programs/customers/members/m1/entries/points-2","number":"2","kind":"ENTRY_KIND_REVERSE","source":"orders/7","legs":[{"account":"members/m1/available","points":"-10"},{"account":"reversed","points":"10"}]},
		{"name":"programs/customers/members/m1/entries/points-1","number":"1","kind":"ENTRY_KIND_ACCRUE","source":"orders/7","legs":[{"account":"members/m1/available","points":"20"},{"account":"members/m1/pending","points":"135"},{"account":"issuance:euro","points":"-155"}]}],"explanations":[
		{"unexplained":true,"summary":"It cannot be told"},
		{"points":"-50","takes":[{"displayName":"A review","earned":"50","part":"1","points":"50","wallet":"points"}]},
		{"points":"200","parts":[{"points":"30","source":"orders/7"},{"points":"170"}]},
		{"points":"-10","takes":[{"line":"2","displayName":"Coffee","detail":"40 x 1/3, rounded down to 13","points":"13","wallet":"points"},
			{"line":"2","displayName":"Large","detail":"20 x 1/2","points":"10","wallet":"points"}],"letGo":{"points":"13","text":"Let go: spent already"}},
		{"points":"155","rules":[{"displayName":"Coffee","wallet":"points","points":"20","detail":"20 points for the order"},
			{"displayName":"A point for each euro","wallet":"points","points":"135","detail":"135.46 EUR x 1 point per 1 EUR = 135.46, rounded down to 135"}]}]}`
	_, doc := visit(t, site(t, g), "/points/tok", nil)
	says(t, doc, "#entry-5 .line-points", "+7")
	says(t, doc, "#entry-5 .line-untold", "It cannot be told.")
	says(t, doc, "#entry-1 .line-points", "+155")
	says(t, doc, "#entry-1 .line-legs", "135.46 EUR x 1 point per 1 EUR = 135.46, rounded down to 135")
	says(t, doc, "#entry-1 .line-legs:first-child .sum", "+155")
	says(t, doc, "#entry-2 .line-legs", "Line 2 came back (Coffee)40 x 1/3, rounded down to 13−13Line 2 came back (Large)20 x 1/2−10Let go: spent already+13Together−10")
	says(t, doc, "#entry-4 .line-legs", "The event was cancelled (A review)−50") // it has no line, and no part of it came back
	if got := doc.Find("#entry-3 .line-points").Text(); got != "200" {
		t.Errorf("points that are only held are shown as %s", got)
	}
	says(t, doc, "#entry-3 .line-body", "Entry 3")
	says(t, doc, "#entry-3 .line-legs:first-child .sum", "200")
	says(t, doc, "#entry-3 .line-legs:first-child", "From the points of order 730")
	if got := doc.Find("#entry-3 .line-legs:first-child td").Text(); strings.ContainsAny(got, "+−") {
		t.Errorf("points that only changed their place have a sign: %s", got)
	}
	if strings.Contains(doc.Text(), "%!") {
		t.Error("something is written as what it is not")
	}
	says(t, doc, "#entry-3 .line-legs", "Your available points−200")
	if want := []string{"/v1/statement/entries?explained=true&language=en"}; !slices.Equal(g.calls, want) {
		t.Errorf("a page of history asked %q, want %q", g.calls, want)
	}
	g.calls = nil
	_, doc = visit(t, site(t, g), "/points/tok?lang=de", nil)
	says(t, doc, "#entry-4 .line-legs", "Das Ereignis wurde storniert (A review)−50")
	if want := []string{"/v1/statement/entries?explained=true&language=de"}; !slices.Equal(g.calls, want) {
		t.Errorf("in German it asked %q, want %q", g.calls, want)
	}
	g.silent = true
	g.answers["GET /v1/statement/entries"] = strings.Split(g.answers["GET /v1/statement/entries"], `,"explanations"`)[0] + "}"
	_, doc = visit(t, site(t, g), "/points/tok", nil)
	says(t, doc, "#entry-2 .line-legs", "Your available points−10")
}
