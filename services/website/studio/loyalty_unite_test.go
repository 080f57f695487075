package studio_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const second = `{"name":"programs/customers/members/m2","displayName":"A. Lindqvist","state":"MEMBER_STATE_ACTIVE","identifiers":[{"kind":"IDENTIFIER_KIND_PHONE","value":"+4930901820"}],
	"attributes":{"city":"Bergen"},"accounts":[{"wallet":"points","available":"300","tier":{"tier":"silver","displayName":"Silver"}}]}`

// memberSteps are the answers to what is done with a member, and about a second entry of the same person.
var memberSteps = map[string]string{
	"POST /v1/programs/customers/members/m1:adjust": `{}`,
	"POST /v1/programs/customers/members/m1:link":   `{"url":"https://stories.example.com/points/tok","expireTime":"2026-12-27T00:00:00Z"}`,
	"GET /v1/programs/customers/members/m2":         second,
	"GET /v1/programs/customers/members/m2/lots": `{"lots":[{"number":"1","wallet":"points","points":"400","open":"300","state":"LOT_STATE_AVAILABLE","source":"orders/77","expireTime":"2027-03-31T00:00:00Z"},
		{"number":"2","wallet":"points","points":"9","open":"0","source":"orders/spent","state":"LOT_STATE_CLOSED"}]}`,
	"POST /v1/programs/customers/members/m1:merge": `{"name":"programs/customers/members/m1","accounts":[{"wallet":"points","available":"1550","pending":"40","tier":{"tier":"gold","displayName":"Gold"}}]}`,
	"POST /v1/programs/customers/members/m1:erase": `{"name":"programs/customers/members/m1","state":"MEMBER_STATE_ERASED"}`,
}

// Two entries of one person become one after somebody has seen what becomes of points, lots and tier, and what is lost; once for each form.
func TestTwoMembersBecomeOne(t *testing.T) {
	h, seen := desk(t, "manager")
	page, call := "/studio/loyalty/customers/members/m1", "POST /v1/programs/customers/members/m1:merge"
	_, doc := visit(t, h, page, nil)
	says(t, doc, ".member-steps", "Merge with another entry")
	for identifier, words := range map[string]string{"nobody@example.com": "Nobody in this programme", "ada@example.com": "That is this member already"} {
		res, doc := visit(t, h, page+"/merge", url.Values{"kind": {"email"}, "identifier": {identifier}})
		if _, asked := seen[call]; asked || res.StatusCode < 400 {
			t.Errorf("%s: answered %d, sent: %t", identifier, res.StatusCode, asked)
		}
		says(t, doc, "#identifier-error", words)
		if doc.Find("#identifier").AttrOr("value", "") != identifier || doc.Find("details[open] #identifier").Length() != 1 || doc.Find("details[open] #points").Length() != 0 {
			t.Errorf("%s: what was typed is lost", identifier)
		}
	}
	_, doc = visit(t, h, page+"/merge?with=m2", nil)
	if body := seen[call].body; !strings.Contains(body, `"validateOnly":true`) {
		t.Errorf("it was asked by %s", body)
	}
	says(t, doc, "h1", "Merge A. Lindqvist into Ada Lindqvist?")
	for _, words := range []string{"1,250", "300", "1,550", "Silver", "Gold", "none"} {
		says(t, doc, ".united", words)
	}
	says(t, doc, "[aria-labelledby=over]", "+4930901820")
	says(t, doc, "[aria-labelledby=over] table", "orders/77")
	says(t, doc, "[aria-labelledby=lost]", "The name “A. Lindqvist”")
	if text := doc.Find("[aria-labelledby=over] table").Text(); strings.Contains(text, "orders/spent") {
		t.Errorf("a closed lot goes over: %s", text)
	}
	with := doc.Find("form[action$=merge] input[name=merged]").AttrOr("value", "")
	res, _ := visit(t, h, page+"/merge", url.Values{"merged": {with}, "key": {"once"}})
	got := seen[call]
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != page+"?done=merged" || got.key != "once" || !strings.Contains(got.body, `"m2"`) || strings.Contains(got.body, "true") {
		t.Errorf("answered %d, sent %+v", res.StatusCode, got)
	}
}

// A member is erased after somebody has seen what goes and what is forfeited.
func TestAMemberIsErased(t *testing.T) {
	h, seen := desk(t, "manager")
	page, call := "/studio/loyalty/customers/members/m1", "POST /v1/programs/customers/members/m1:erase"
	_, doc := visit(t, h, page, nil)
	if doc.Find(`a[href="`+page+`/erase"]`).Length() != 1 {
		t.Error("nothing leads to it")
	}
	_, doc = visit(t, h, page+"/erase", nil)
	if _, sent := seen[call]; sent {
		t.Error("it was erased before anybody was asked")
	}
	says(t, doc, "h1", "Erase Ada Lindqvist?")
	says(t, doc, ".united", "1,250")
	res, _ := visit(t, h, page+"/erase", url.Values{"key": {"once"}})
	if _, sent := seen[call]; !sent || res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != page+"?done=erased" {
		t.Errorf("answered %d, to %q", res.StatusCode, res.Header.Get("Location"))
	}
	h, seen = desk(t, "editor")
	for _, step := range []string{"/erase", "/merge"} {
		if res, _ := visit(t, h, page+step, url.Values{"key": {"once"}, "merged": {"m2"}}); res.StatusCode != http.StatusForbidden || len(seen) > 1 {
			t.Errorf("an editor's %s is answered %d", step, res.StatusCode)
		}
	}
}
