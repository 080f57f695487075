package studio_test

import (
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"renown.example/kit/clock"
	"renown.example/website/api"
	"renown.example/website/studio"
	"renown.example/website/web"
)

// asked is a request that reached the gateway.
type asked struct{ key, body, query string }

const member = `{"name":"programs/customers/members/m1","displayName":"Ada Lindqvist","state":"MEMBER_STATE_ACTIVE","enrollTime":"2026-03-01T00:00:00Z",
	"accounts":[{"wallet":"points","available":"1250","pending":"40","lifetimeEarned":"2000"}]}`

// refusalOf is how the gateway of a desk refuses a call, with a status of 0 if it does not.
func refusalOf(call, body string, known bool) (status int, problem string) {
	switch {
	case strings.Contains(call, "/members/late"):
		return http.StatusGatewayTimeout, `{"status":504,"title":"It took too long","detail":"The request did not finish in its time.","code":"DEADLINE_EXCEEDED"}`
	case !known || strings.Contains(body, "nobody@"):
		return http.StatusNotFound, `{"status":404,"title":"not found","code":"NOT_FOUND"}`
	case strings.Contains(body, "stale"):
		return http.StatusPreconditionFailed, `{"status":412,"title":"It has changed","code":"ETAG_MISMATCH"}`
	case strings.Contains(body, "unknown "):
		return http.StatusBadRequest,
			`{"status":400,"title":"The request is not valid","code":"INVALID_ARGUMENT","errors":[{"pointer":"/rules/0/terms/condition","detail":"Line 1, column 1: there is no unknown\nunknown > 1\n^"}]}`
	}
	return 0, ""
}

// desk is the studio before a gateway that answers as written here, for an employee with a role.
func desk(t *testing.T, role string) (http.Handler, map[string]asked) {
	t.Helper()
	return deskOf(t, role, slog.DiscardHandler, nil)
}

// deskOf is a desk with some other answers, and with a log.
func deskOf(t *testing.T, role string, log slog.Handler, other map[string]string) (http.Handler, map[string]asked) {
	t.Helper()
	answers := map[string]string{
		"GET /v1/me":                 `{"name":"users/u1","displayName":"Mara","roles":["` + role + `"]}`,
		"GET /v1/programs":           `{"programs":[{"name":"programs/customers","displayName":"Customers","timeZone":"UTC","currency":"EUR","wallets":[{"id":"points","singular":"point","plural":"points"}]}]}`,
		"GET /v1/programs/customers": `{"name":"programs/customers","displayName":"Customers","timeZone":"UTC","currency":"EUR","wallets":[{"id":"points","singular":"point","plural":"points"}]}`,
		"GET /v1/programs/customers/liability": `{"day":"2026-11-27","holdings":{"outstanding":"98765","available":"98000"},"movements":{"issued":"100000"},
			"cohorts":[{"month":"2026-03","holdings":{"outstanding":"4321"},"movements":{"issued":"4400","opened":"21","redeemed":"100"}}]}`,
		"GET /v1/programs/customers/liability/days":        `{"days":[{"day":"2026-11-26","opening":"89924","closing":"90001","movements":{"issued":"77","opened":"500","reversed":"20","adjusted":"-480"}},{"day":"2026-11-27","opening":"90001","closing":"98765","movements":{"redeemed":"55","issued":"8819"}}]}`,
		"GET /v1/programs/customers/liability/days:export": "day,opening\n2026-11-26,0\n",
		"POST /v1/programs/customers/members:lookup":       member,
		"GET /v1/programs/customers/members/m1":            member,
		"GET /v1/programs/customers/members/m1/entries": `{"entries":[{"name":"programs/customers/members/m1/entries/points-1","wallet":"points","number":"1","kind":"ENTRY_KIND_ADJUST","reason":"A late parcel","actor":"users/u1","account":{"available":"1250"},
			"legs":[{"account":"members/m1/available","points":"1250"},{"account":"adjusted","points":"-1250"}]}]}`,
	}
	maps.Copy(answers, setUp)
	maps.Copy(answers, memberSteps)
	maps.Copy(answers, other)
	seen := map[string]asked{}
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := called(r)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen[call] = asked{r.Header.Get("Idempotency-Key"), string(body), r.URL.RawQuery}
		answer, known := answers[call]
		if status, refusal := refusalOf(call, string(body), known); status != 0 {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			answer = refusal
		}
		if _, err := io.WriteString(w, answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(gateway.Close)
	assets, err := web.NewAssets(web.DefaultTheme(), studio.Assets())
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := web.NewRenderer(web.DefaultTheme(), assets)
	if err != nil {
		t.Fatal(err)
	}
	s, err := studio.New(api.New(gateway.URL, nil), renderer, clock.NewFake(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)), slog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	return s.Handler(), seen
}

// called is how answers name a request: by its method and path, and by its token if it asks for a further page.
func called(r *http.Request) string {
	call := r.Method + " " + r.URL.Path
	if token := r.URL.Query().Get("pageToken"); token != "" {
		call += "?pageToken=" + token
	}
	return call
}

// visit asks for a page, or posts a form.
func visit(t *testing.T, h http.Handler, path string, values url.Values) (*http.Response, *goquery.Document) {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, path, nil)
	if values != nil {
		req = httptest.NewRequest(http.MethodPost, path, strings.NewReader(values.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.AddCookie(&http.Cookie{Name: "__Host-renown", Value: "s"})
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
	if got := doc.Find(selector).Text(); !strings.Contains(got, words) {
		t.Errorf("%s says %q, want %q in it", selector, got, words)
	}
}

// What is owed is answered in a number, a chart, its table, by cohort and as a file; only managers and administrators are told.
func TestWhatIsOwed(t *testing.T) {
	for _, role := range []string{"manager", "admin"} {
		h, _ := desk(t, role)
		res, doc := visit(t, h, "/studio/loyalty", nil)
		if res.StatusCode != http.StatusOK {
			t.Fatalf("a %s is answered %d: %s", role, res.StatusCode, doc.Text())
		}
		says(t, doc, "h1", "What do we owe?")
		says(t, doc, ".answer-figure", web.FormatInt("en", 98765))
		says(t, doc, ".chart-table", web.FormatInt("en", 8819))
		says(t, doc, "[aria-labelledby=cohorts]", web.FormatInt("en", 4321))
		says(t, doc, ".app-nav [aria-current=page]", "Loyalty")
		for _, name := range []string{"Outstanding", "Issued", "Redeemed"} {
			says(t, doc, "svg.chart", name)
		}
	}
	h, _ := desk(t, "manager")
	res, doc := visit(t, h, "/studio/loyalty/customers/liability.csv?period=4-weeks", nil)
	if kind := res.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") || !strings.Contains(doc.Text(), "2026-11-26,0") {
		t.Errorf("the file is %s: %s", kind, doc.Text())
	}
	h, _ = desk(t, "editor")
	if res, doc := visit(t, h, "/studio/loyalty", nil); res.StatusCode != http.StatusForbidden || doc.Find(`a[href="/studio/loyalty"]`).Length() != 0 {
		t.Errorf("an editor is answered %d", res.StatusCode)
	}
}

// Each line of the tables adds up as it stands there, from what was owed before to what is owed after it, whatever happened; "issued" means the same in all of them.
func TestEachLineAddsUp(t *testing.T) {
	h, _ := desk(t, "manager")
	_, doc := visit(t, h, "/studio/loyalty", nil)
	number := func(cell *goquery.Selection) int64 {
		n, err := strconv.ParseInt(strings.NewReplacer(",", "", "−", "-", "+", "").Replace(cell.Text()), 10, 64)
		if err != nil {
			t.Error(err)
		}
		return n
	}
	lines := doc.Find(".table-wide tbody tr")
	if lines.Length() != 3 {
		t.Fatalf("there are %d lines", lines.Length())
	}
	lines.Each(func(_ int, line *goquery.Selection) {
		cells := line.Find(".num")
		sum := int64(0)
		cells.Slice(0, cells.Length()-1).Each(func(_ int, cell *goquery.Selection) { sum += number(cell) })
		if last := number(cells.Last()); sum != last || sum == 0 {
			t.Errorf("%q comes to %d, not to %d", line.Text(), sum, last)
		}
	})
	for _, want := range []string{"Owed before", "Issued", "Brought along", "Taken back", "Redeemed", "Expired", "Adjusted", "Owed after"} {
		says(t, doc, ".chart-table thead", want)
	}
	if first := lines.First(); number(first.Find("[data-label=Issued]")) != 77 || number(first.Find("[data-label='Brought along']")) != 500 {
		t.Errorf("what was issued and what was brought along are %q", first.Text())
	}
}

// A member is found without the identifier standing in an address; who is not found is said beside the field, and what was typed stays.
func TestAMemberIsFound(t *testing.T) {
	h, seen := desk(t, "manager")
	res, _ := visit(t, h, "/studio/loyalty/customers/find", url.Values{"kind": {"email"}, "identifier": {" ada@example.com "}})
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != "/studio/loyalty/customers/members/m1" {
		t.Errorf("answered %d, to %q", res.StatusCode, to)
	}
	if body := seen["POST /v1/programs/customers/members:lookup"].body; !strings.Contains(body, "IDENTIFIER_KIND_EMAIL") || !strings.Contains(body, `"ada@example.com"`) {
		t.Errorf("asked for %s", body)
	}
	res, doc := visit(t, h, "/studio/loyalty/customers/find", url.Values{"kind": {"email"}, "identifier": {"nobody@example.com"}})
	if res.StatusCode != http.StatusNotFound || doc.Find("#identifier").AttrOr("value", "") != "nobody@example.com" {
		t.Errorf("answered %d: %s", res.StatusCode, doc.Find("main").Text())
	}
	if words := doc.Find("#identifier-error").Text(); strings.Count(words, "Nobody in this programme") != 1 {
		t.Errorf("it is told as %q", words)
	}
}

// The page of a member shows the balances and both sides of each entry; points move for a reason only, once for each form; the link is shown when it is made.
func TestAMembersPage(t *testing.T) {
	h, seen := desk(t, "manager")
	page, call := "/studio/loyalty/customers/members/m1", "POST /v1/programs/customers/members/m1:adjust"
	_, doc := visit(t, h, page, nil)
	says(t, doc, "h1", "Ada Lindqvist")
	says(t, doc, "[aria-labelledby=balances]", web.FormatInt("en", 1250))
	says(t, doc, "[aria-labelledby=entries]", "A late parcel")
	says(t, doc, "[aria-labelledby=entries]", "The member’s available +"+web.FormatInt("en", 1250))
	says(t, doc, "[aria-labelledby=entries]", "By hand −"+web.FormatInt("en", 1250))
	for field, values := range map[string]url.Values{"reason": {"points": {"200"}, "reason": {" "}}, "points": {"points": {"0"}, "reason": {"A late parcel"}}} {
		res, doc := visit(t, h, page+"/adjust", values)
		if _, sent := seen[call]; sent || res.StatusCode != http.StatusBadRequest || doc.Find("#"+field+"-error").Length() != 1 {
			t.Errorf("%v: answered %d, sent: %t", values, res.StatusCode, sent)
		}
	}
	_, doc = visit(t, h, page+"/adjust", url.Values{"points": {"−1 200"}, "reason": {"A late parcel"}})
	if _, sent := seen[call]; sent {
		t.Error("it was recorded before anybody was asked")
	}
	says(t, doc, "h1", "Take 1,200 points from Ada Lindqvist?")
	says(t, doc, ".facts", "50")
	sure := url.Values{}
	doc.Find("form[action$=adjust] input").Each(func(_ int, in *goquery.Selection) { sure.Set(in.AttrOr("name", ""), in.AttrOr("value", "")) })
	sure.Set("key", "once")
	res, _ := visit(t, h, page+"/adjust", sure)
	got := seen[call]
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != page+"?done=adjusted" || got.key != "once" || !strings.Contains(got.body, "-1200") || !strings.Contains(got.body, "A late parcel") {
		t.Errorf("answered %d, sent %+v", res.StatusCode, got)
	}
	_, doc = visit(t, h, page+"/link", url.Values{"key": {"l"}})
	if link := doc.Find("#member-link").AttrOr("value", ""); link != "https://stories.example.com/points/tok" {
		t.Errorf("the link is %q", link)
	}
}
