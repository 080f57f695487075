package studio_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"renown.example/deploy/cases"
)

// online brings a story from its draft to its readers, and returns its address for readers.
func online(t *testing.T, in *installation, edda, pavel *browser, at string) string {
	t.Helper()
	edda.submit(edda.get(at), "/submit").says(http.StatusOK, "Sent to review")
	pavel.submit(pavel.get(at), "/approve").says(http.StatusOK, "Approved")
	page := edda.submit(edda.get(at), "/signoff", "contact_name", "Jonna Fjeld", "scopes", "web")
	customerSigns(t, in.browser(t), link(t, page))
	edda.submit(edda.get(at), "/publish").says(http.StatusOK, "Published")
	return "/stories/nordhafen-cut-late-deliveries-by-38"
}

// TestAFigureIsProvenInTheStudio takes a figure from nothing to its mark and back, each step by the person whose step it is.
func TestAFigureIsProvenInTheStudio(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	edda, pavel := in.as(t, "edda"), in.as(t, "pavel")
	story := online(t, in, edda, pavel, at)
	reader := in.browser(t)

	page := ada.get(at).says(http.StatusOK, "Figures and their evidence", "38 % fewer late deliveries", "No evidence yet", "Say where it comes from")
	pavel.get(at).says(http.StatusOK, "Waits for its author or an editor")
	figure := attr(find(page.doc, func(n *html.Node) bool { return strings.Contains(attr(n, "href"), "/metrics/") }), "href")

	answers := []string{"source", "Dispatch export of 3 March, cell B17", "source_url", "https://files.northwind.example/dispatch", "evidence_line", "Measured by the customer’s dispatch system, 6 months"}
	refused := edda.submit(edda.get(figure), "/record", append(answers, "source_url", "ftp://files", "stale_on", "2020-01-01")...)
	refused.says(http.StatusBadRequest, "Must be an address", "Must lie in the future", "cell B17")
	edda.submit(edda.get(figure), "/record", answers...).says(http.StatusOK, "Recorded.", "To be verified", "Only colleagues see this", "cell B17", "Waits for an approver")
	ada.get(figure).says(http.StatusOK, "Waits for an approver who wrote none of the text")
	if got := reader.get(story); strings.Contains(got.body, "dispatch system") || strings.Contains(got.body, "Verified") {
		t.Error("readers see a mark that nobody has verified")
	}

	pavel.get("/studio").says(http.StatusOK, "Figures that need you", "Look at the evidence: 38 % fewer late deliveries")
	pavel.submit(pavel.get(figure), "/verify").says(http.StatusOK, "Verified.", "Pavel Hradil")
	pavel.get(at).says(http.StatusOK, "Verified", "See the evidence")
	places := []string{story, in.gateway.URL + "/v1" + story}
	for _, place := range places {
		cases.Eventually(t, 2*time.Second, "the mark is there", func() bool {
			return strings.Contains(reader.get(place).body, "Measured by the customer’s dispatch system")
		})
	}
	reader.get(story).says(http.StatusOK, "Verified", "A second person looked at the evidence")
	for _, public := range []string{story, in.gateway.URL + "/v1/stories/nordhafen-cut-late-deliveries-by-38", in.gateway.URL + "/v1/stories", story + ".md", "/stories"} {
		got := reader.get(public)
		if strings.Contains(got.body, "B17") || strings.Contains(got.body, "files.northwind.example") {
			t.Errorf("%s tells where the figure comes from", public)
		}
	}
	if strings.Contains(in.logs.String(), "B17") {
		t.Error("the log tells where the figure comes from")
	}

	page = edda.submit(edda.get(figure), "/withdraw", "reason", "August was counted twice")
	page.says(http.StatusOK, "Taken back.", "August was counted twice", "Record the evidence")
	for _, place := range places {
		cases.Eventually(t, 2*time.Second, "the mark is gone", func() bool { return !strings.Contains(reader.get(place).body, "dispatch system") })
	}
	edda.get("/studio/audit?story=nordhafen").says(http.StatusOK, "Metric verified", "Metric withdrawn", "Pavel Hradil")

	edda.get(at+"/metrics/"+strings.Repeat("0", 64)).says(http.StatusNotFound, "no such figure any more")
}

// rest calls the gateway as the employee of a browser does through the website.
func (b *browser) rest(method, path, body string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.in.gateway.URL+path, strings.NewReader(body))
	must(b.t, err)
	req.Header.Set("Authorization", "Session "+b.session())
	req.Header.Set("Content-Type", "application/json")
	return b.do(req)
}

// TestAMarkIsGoneAtItsInstant asks page and interface, whose answers are held in memory, the moment after a verification has become stale.
func TestAMarkIsGoneAtItsInstant(t *testing.T) {
	in := install(t)
	_, at := begun(t, in)
	edda, pavel, reader := in.as(t, "edda"), in.as(t, "pavel"), in.browser(t)
	story := online(t, in, edda, pavel, at)
	var list struct{ Metrics []struct{ Name string } }
	must(t, json.Unmarshal([]byte(edda.rest(http.MethodGet, "/v1/workspace/stories/nordhafen/texts/en/metrics", "").body), &list))
	places := []string{in.url + story, in.gateway.URL + "/v1" + story}
	marked := func(place string) bool { return strings.Contains(reader.get(place).body, "Counted by the harbour") }
	// On a busy machine the mark may be stale before anybody has seen it; then it lives for longer.
	var stale time.Time
	for life, seen := 3*time.Second, false; !seen; life *= 2 {
		stale = time.Now().Add(life)
		verified(t, edda, pavel, list.Metrics[0].Name, stale)
		seen = true
		for _, place := range places {
			cases.Eventually(t, 2*time.Second, "the mark is there", func() bool { seen = seen && time.Now().Before(stale); return !seen || marked(place) })
		}
	}
	cases.Eventually(t, time.Until(stale), "its time is over", func() bool { return !time.Now().Before(stale) })
	for _, place := range places {
		if marked(place) {
			t.Errorf("%s shows the mark after its time", place)
		}
	}
}

// TestAPreviewIsShownToWhoHasTheLink is about somebody without an account.
func TestAPreviewIsShownToWhoHasTheLink(t *testing.T) {
	in := install(t)
	ada, at := begun(t, in)
	edda, guest := in.as(t, "edda"), in.browser(t)
	if page := ada.get(at); find(page.doc, byID("previews")) != nil {
		t.Error("an author is offered preview links")
	}
	edda.submit(edda.get(at), "/preview", "note", "", "preview_days", "7").says(http.StatusBadRequest, "Say who it is for")
	edda.submit(edda.get(at), "/preview", "note", "Mira at the agency", "preview_days", "900").says(http.StatusBadRequest, "between 1 and 90", "Mira at the agency")
	page := edda.submit(edda.get(at), "/preview", "note", "Mira at the agency", "preview_days", "3").says(http.StatusOK, "The preview link is ready", "Works until")
	where := attr(find(page.doc, func(n *html.Node) bool { return strings.Contains(attr(n, "value"), "/preview/") }), "value")
	if !strings.HasPrefix(where, in.url+"/preview/") {
		t.Fatalf("the link to copy is %q", where)
	}

	// The text goes on; the link shows what it was made for.
	ada.submit(ada.get(at+"/edit"), "/edit", "body", strings.Replace(body, "eleven", "twelve", 1)).says(http.StatusOK, "Saved")
	shown := guest.get(where)
	shown.says(http.StatusOK, "Preview", "eleven harbours", "fewer late deliveries", "Nordhafen cut late deliveries by 38 %")
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"} {
		if got := shown.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if strings.Contains(shown.body, "canonical") || strings.Contains(shown.body, "og:title") || strings.Contains(shown.body, "application/ld+json") || strings.Contains(shown.body, "readings.js") {
		t.Error("the preview describes itself to machines, or is counted")
	}
	token := last(where)
	guest.get(in.url+"/preview/"+token[:len(token)-2]+"AA").says(http.StatusForbidden, "This link does not work")
	guest.get("/preview/").says(http.StatusForbidden, "This link does not work")
	guest.get("/signoff/"+token).says(http.StatusForbidden, "This link does not work")

	edda.submit(edda.get(at), "/revoke-preview").says(http.StatusOK, "The link has ended", "Ended by us: Mira at the agency")
	guest.get(where).says(http.StatusForbidden, "This link does not work")
	if strings.Contains(in.logs.String(), token) || strings.Contains(in.logs.String(), token[20:60]) {
		t.Error("the link is in a log")
	}
}

func last(address string) string { return address[strings.LastIndex(address, "/")+1:] }

// verified records where a figure comes from, until it is stale, and verifies it.
func verified(t *testing.T, edda, pavel *browser, name string, stale time.Time) {
	t.Helper()
	recorded := edda.rest(http.MethodPost, "/v1/workspace/"+name+":record",
		`{"source":"The export of March","evidenceLine":"Counted by the harbour","staleTime":"`+stale.UTC().Format(time.RFC3339Nano)+`"}`)
	var evidence struct{ RecordTime string }
	must(t, json.Unmarshal([]byte(recorded.body), &evidence))
	if got := pavel.rest(http.MethodPost, "/v1/workspace/"+name+":verify", `{"recordTime":"`+evidence.RecordTime+`"}`); got.status != http.StatusOK {
		t.Fatalf("verifying answers %d: %s", got.status, got.body)
	}
}
