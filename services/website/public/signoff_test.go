package public_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const link = "/signoff/tok"

func TestSignoffPageAsks(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/signoff", 200, read(t, "signoff.open.json"))
	res := s.get(link)
	doc := page(t, res, 200)
	wantText(t, doc, "h1", "Holmway asks you, Jonna Fjeld, to agree that this text is published exactly as it stands below.")
	wantText(t, doc, ".signed-title", "Nordhafen cut late deliveries by 38%")
	blocks := doc.Find(".signed-block").Length()
	wantCount(t, doc, ".signed-block .remark textarea", blocks)
	wantCount(t, doc, "#block-0 .block-text", 1)
	wantAttr(t, doc, "#block-1 img", "src", link+"/images/"+strings.TrimPrefix(doc.Find("#block-1 img").AttrOr("src", ""), link+"/images/"))
	wantCount(t, doc, "#decide-sign input[name=scope]", 3)
	wantCount(t, doc, "#decide-sign input[name=scope][checked]", 1)
	wantText(t, doc, "#decide-sign .choice-consequence", "Everyone can read it, find it by search and share its address.")
	wantAttr(t, doc, "#decide-sign input[name=hash]", "value", hashOf(t))
	// An untouched form can be sent: no required control is empty but the ones that the customer must fill.
	wantCount(t, doc, "#decide-sign select[required] option[value='']", 0)
	wantAttr(t, doc, "select[name=years] option[selected]", "value", "2")
	// Both ways to answer are one form with one button of the same look.
	wantCount(t, doc, ".decide-way button.strong", 2)
	wantCount(t, doc, "form[method=post]:not([action^='/signoff/tok/'])", 0)
	for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := s.gateway.calls("GET /v1/signoff")[0].authorization; got != "Link tok" {
		t.Errorf("the link was passed on as %q", got)
	}
}

func TestSigning(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/signoff", 200, read(t, "signoff.open.json"))
	s.gateway.set("POST /v1/signoff:sign", 200, read(t, "signoff.signed.json"))
	form := url.Values{"hash": {hashOf(t)}, "scope": {"CONSENT_SCOPE_WEB", "CONSENT_SCOPE_SALES", "nonsense"}, "name": {" Jonna Fjeld "}, "years": {"2"}}
	if res := s.post(link+"/sign", form); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != link {
		t.Fatalf("signing answers %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	sent := s.gateway.calls("POST /v1/signoff:sign")[0].body
	if scopes, _ := sent["scopes"].([]any); len(scopes) != 2 || sent["signedBy"] != "Jonna Fjeld" || sent["contentHash"] != hashOf(t) || sent["endTime"] != "2028-05-05T00:00:00Z" {
		t.Errorf("sent %v", sent)
	}

	s.gateway.set("GET /v1/signoff", 200, read(t, "signoff.signed.json"))
	doc := page(t, s.get(link), 200)
	wantText(t, doc, "h1", "You signed this text")
	wantAttr(t, doc, "input#hash", "value", hashOf(t))
	wantAttr(t, doc, ".takeback form", "action", link+"/revoke")
	wantCount(t, doc, ".takeback [required]", 0)
	wantCount(t, doc, ".remark, #decide-sign", 0)
	s.gateway.set("POST /v1/signoff:revoke", 200, `{"state":"revoked"}`)
	if res := s.post(link+"/revoke", url.Values{"reason": {""}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("revoking answers %d", res.StatusCode)
	}
	if n := len(s.gateway.calls("POST /v1/signoff:revoke")); n != 1 {
		t.Errorf("revoked %d times", n)
	}
}

func TestSigningKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/signoff", 200, read(t, "signoff.open.json"))
	doc := page(t, s.post(link+"/sign", url.Values{"hash": {hashOf(t)}, "scope": {"CONSENT_SCOPE_ADS"}, "name": {""}, "years": {"3"}}), http.StatusUnprocessableEntity)
	wantCount(t, doc, ".error-summary a[href='#name'], .error-summary a[href='#scope-0']", 2)
	wantCount(t, doc, "input[value=CONSENT_SCOPE_ADS][checked]", 1)
	wantCount(t, doc, "input[value=CONSENT_SCOPE_WEB][checked]", 0)
	wantAttr(t, doc, "select[name=years] option[selected]", "value", "3")
	wantAttr(t, doc, "input#name", "aria-describedby", "name-error name-help")
	if n := len(s.gateway.calls("POST /v1/signoff:sign")); n != 0 {
		t.Errorf("signed %d times without a name", n)
	}

	s.gateway.set("POST /v1/signoff:sign", 409, `{"status":409,"code":"ILLEGAL_STATE","detail":"x"}`)
	doc = page(t, s.post(link+"/sign", url.Values{"hash": {hashOf(t)}, "scope": {"CONSENT_SCOPE_WEB"}, "name": {"Kaia"}}), http.StatusConflict)
	wantText(t, doc, ".notice.bad", "The text changed while you read it. Nothing was signed. Please read it again below.")
	wantAttr(t, doc, "input#name", "value", "Kaia")

	s.gateway.set("POST /v1/signoff:comment", 503, `{"status":503,"code":"UNAVAILABLE","detail":"x"}`)
	doc = page(t, s.post(link+"/comment", url.Values{"block": {"2"}, "text": {"Ninety-five trucks"}}), http.StatusServiceUnavailable)
	wantText(t, doc, "#block-2 .remark[open] textarea", "Ninety-five trucks")
}

func TestCommentsAndChanges(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/signoff", 200, read(t, "signoff.open.json"))
	s.gateway.set("POST /v1/signoff:comment", 200, read(t, "signoff.open.json"))
	if res := s.post(link+"/comment", url.Values{"block": {"3"}, "text": {"Say berth, not quay"}}); res.Header.Get("Location") != link+"#block-3" {
		t.Errorf("a comment leads to %q", res.Header.Get("Location"))
	}
	if sent := s.gateway.calls("POST /v1/signoff:comment")[0].body; sent["block"] != 3.0 || sent["text"] != "Say berth, not quay" {
		t.Errorf("sent %v", sent)
	}
	wantCount(t, page(t, s.get(link), 200), "textarea#changes[required]", 1)
	s.gateway.set("GET /v1/signoff", 200, strings.Replace(read(t, "signoff.open.json"), `"state"`, `"comments":[{"block":0,"text":"x"}],"state"`, 1))
	wantCount(t, page(t, s.get(link), 200), "textarea#changes[required]", 0)
	s.gateway.set("POST /v1/signoff:decline", 200, `{"state":"changes_asked"}`)
	if res := s.post(link+"/changes", url.Values{"changes": {"The second figure is wrong"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("asking for changes answers %d", res.StatusCode)
	}
	s.gateway.set("GET /v1/signoff", 200, `{"state":"changes_asked","company":"Holmway","content":{"locale":"de"},"comments":[{"block":3,"text":"Liegeplatz"},{"block":-1,"text":"Danke"}]}`)
	doc := page(t, s.get(link), 200)
	wantText(t, doc, "h1", "Sie haben Änderungen gewünscht")
	wantText(t, doc, ".signoff-said dt", "Teil 4")
	wantCount(t, doc, "form", 0)
}

func TestLinksThatDoNotWork(t *testing.T) {
	s := newSite(t)
	s.gateway.set("GET /v1/signoff", 403, `{"status":403,"code":"LINK_INVALID","detail":"x"}`)
	wantText(t, page(t, s.get("/signoff/altered"), http.StatusForbidden), "h1", "This link does not work")
	if res := s.post(link+"/sign", url.Values{"name": {strings.Repeat("x", 1<<20)}}); res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("an oversized form answers %d", res.StatusCode)
	}
	for state, want := range map[string]string{"expired": "This link has run out", "replaced": "There is a newer version", "cancelled": "This request was taken back", "revoked": "You took your consent back", "ended": "Your consent has ended"} {
		s.gateway.set("GET /v1/signoff", 200, `{"state":"`+state+`","company":"Holmway","content":{"locale":"en"}}`)
		doc := page(t, s.get(link), 200)
		wantText(t, doc, "h1", want)
		wantCount(t, doc, "form", 0)
		if text := doc.Find("main").Text(); strings.Contains(text, "%!") || strings.Contains(text, "[") {
			t.Errorf("%s: %s", state, text)
		}
	}
}

func TestCrossSitePostsAreRefused(t *testing.T) {
	s := newSite(t)
	req, err := http.NewRequest(http.MethodPost, link+"/revoke", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if status := s.do(req); status != http.StatusForbidden || len(s.gateway.calls("POST /v1/signoff:revoke")) != 0 {
		t.Errorf("a post from elsewhere answers %d", status)
	}
}

func TestRenewingIsOneButton(t *testing.T) {
	s := newSite(t)
	signed := strings.Replace(read(t, "signoff.signed.json"), `"receipt": {`, `"receipt": {"endTime":"2028-05-05T00:00:00Z",`, 1)
	ending := strings.Replace(signed, `"state"`, `"renewable":true,"renewEndTime":"2030-05-05T00:00:00Z","state"`, 1)
	s.gateway.set("GET /v1/signoff", 200, ending)
	doc := page(t, s.get(link), 200)
	wantText(t, doc, "h1", "Your consent ends on 4 May 2028")
	wantText(t, doc, "#renew button", "Renew until 4 May 2030")
	wantCount(t, doc, "#renew input:not([type=hidden]), #renew textarea, #renew select", 0)
	wantAttr(t, doc, "#renew input[name=hash]", "value", hashOf(t))
	wantCount(t, doc, ".takeback form", 1)
	s.gateway.set("POST /v1/signoff:renew", 200, read(t, "signoff.signed.json"))
	if res := s.post(link+"/renew", url.Values{"hash": {hashOf(t)}}); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != link {
		t.Fatalf("renewing answers %d to %q", res.StatusCode, res.Header.Get("Location"))
	}
	if sent := s.gateway.calls("POST /v1/signoff:renew")[0].body; sent["contentHash"] != hashOf(t) || len(sent) != 1 {
		t.Errorf("sent %v", sent)
	}
	s.gateway.set("GET /v1/signoff", 200, strings.Replace(signed, `"receipt": {`, `"receipt": {"renews":"consents/old",`, 1))
	doc = page(t, s.get(link), 200)
	wantText(t, doc, "h1", "You renewed your consent")
	wantCount(t, doc, "#renew", 0)
	// A refusal leaves everything as it was, and says so.
	s.gateway.set("GET /v1/signoff", 200, ending)
	s.gateway.set("POST /v1/signoff:renew", 409, `{"status":409,"code":"ILLEGAL_STATE","detail":"x"}`)
	doc = page(t, s.post(link+"/renew", url.Values{"hash": {hashOf(t)}}), http.StatusConflict)
	wantText(t, doc, ".notice.bad", "That did not go through. Your consent is as it was. Please reload the page and look again.")
}

// signedWith is a receipt with parts that can be taken back, and those that were.
func signedWith(t *testing.T, parts, withdrawals string) string {
	t.Helper()
	page := strings.Replace(read(t, "signoff.signed.json"), `"receipt": {`, `"parts": [`+parts+`], "receipt": {"withdrawals": [`+withdrawals+`],`, 1)
	return strings.Replace(page, `"content": {`, `"content": {"standIn": "a northern haulier",`, 1)
}

func TestTakingBackAPart(t *testing.T) {
	s := newSite(t)
	const parts = `{"clause":"CONSENT_CLAUSE_LOGO"},{"clause":"CONSENT_CLAUSE_NAME"},{"clause":"CONSENT_CLAUSE_ADS"}`
	s.gateway.set("GET /v1/signoff", 200, signedWith(t, parts, ""))
	doc := page(t, s.get(link), 200)
	wantCount(t, doc, "#part input[name=clause]", 3)
	wantCount(t, doc, "#part input[name=clause][checked]", 0)
	wantCount(t, doc, "#again", 0)
	if words := doc.Find("#part").Text(); !strings.Contains(words, "You are called “a northern haulier” instead") || !strings.Contains(words, "It stays on the website.") {
		t.Errorf("the consequences: %s", words)
	}
	// The whole can be taken back as easily.
	wantCount(t, doc, ".takeback button.strong", 2)
	wantText(t, doc, ".signed-facts div:last-child dd", "a northern haulier")

	doc = page(t, s.post(link+"/withdraw", url.Values{"part-reason": {"We were bought."}}), http.StatusUnprocessableEntity)
	wantCount(t, doc, ".error-summary a[href='#clause-0']", 1)
	wantText(t, doc, "#part-reason", "We were bought.")
	s.gateway.set("POST /v1/signoff:withdraw", 200, `{"state":"signed"}`)
	res := s.post(link+"/withdraw", url.Values{"clause": {"CONSENT_CLAUSE_LOGO", "nonsense", "CONSENT_CLAUSE_ADS"}, "part-reason": {""}})
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != link+"#taken" {
		t.Errorf("taking back answers %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
	if sent, _ := s.gateway.calls("POST /v1/signoff:withdraw")[0].body["clauses"].([]any); len(sent) != 2 || sent[0] != "CONSENT_CLAUSE_LOGO" {
		t.Errorf("sent %v", sent)
	}

	s.gateway.set("GET /v1/signoff", 200, signedWith(t, strings.Replace(parts, `LOGO"`, `LOGO","withdrawTime":"2026-05-03T09:00:00Z"`, 1), `{"clause":"CONSENT_CLAUSE_LOGO","time":"2026-05-03T09:00:00Z"},{"clause":"CONSENT_CLAUSE_SALES","time":"2026-05-03T09:00:00Z"}`))
	doc = page(t, s.get(link), 200)
	wantCount(t, doc, "#part input[name=clause]", 2)
	wantCount(t, doc, "#taken li", 2)
	if allowed := doc.Find(".receipt").Text(); strings.Contains(allowed, "In sales conversations") || !strings.Contains(allowed, "On the website") {
		t.Errorf("the receipt allows %s", allowed)
	}
	// Signing again gives back: the same words and uses, and the hash that was read.
	wantAttr(t, doc, "#again input[name=hash]", "value", hashOf(t))
	wantCount(t, doc, "#again input[name=scope]", 2)
	wantAttr(t, doc, "#again", "action", link+"/sign")
}
