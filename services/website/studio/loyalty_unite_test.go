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
	"GET /v1/programs/customers/members/m1/entries/points-2:explain": `{"entry":{"name":"programs/customers/members/m1/entries/points-2","wallet":"points","number":"2","kind":"ENTRY_KIND_REVERSE"},"points":"-50",
		"takes":[{"rule":"rules/review@1","earned":"50","part":"1","due":"50","points":"50","wallet":"points"}]}`,
	"GET /v1/programs/customers/members/m1/entries/points-3:explain": `{"entry":{"name":"programs/customers/members/m1/entries/points-3","wallet":"points","number":"3","kind":"ENTRY_KIND_REVERSE"},"points":"-10",
		"takes":[{"rule":"rules/euro@1","line":"2","earned":"20","part":"1/2","due":"10","points":"10","wallet":"points"}]}`,
	// Who was merged into m1 is found as m1.
	"GET /v1/programs/customers/members/was-m1": member,
	// Who was m3 is m2 by now.
	"GET /v1/programs/customers/members/m3": second,
	// The open lots of m4 lie behind closed ones; those of m5 behind more of them than anybody looks through; m6 has none.
	"GET /v1/programs/customers/members/m4":                     otherWith("m4", "21"),
	"GET /v1/programs/customers/members/m4/lots":                `{"lots":[{"number":"1","open":"0","state":"LOT_STATE_CLOSED"}],"nextPageToken":"two"}`,
	"GET /v1/programs/customers/members/m4/lots?pageToken=two":  `{"lots":[` + strings.TrimSuffix(strings.Repeat(`{"number":"2","open":"1","state":"LOT_STATE_AVAILABLE","source":"orders/78"},`, 21), ",") + `]}`,
	"GET /v1/programs/customers/members/m5":                     otherWith("m5", "5"),
	"GET /v1/programs/customers/members/m5/lots":                `{"lots":[{"number":"1","open":"0","state":"LOT_STATE_CLOSED"}],"nextPageToken":"more"}`,
	"GET /v1/programs/customers/members/m5/lots?pageToken=more": `{"lots":[{"number":"1","open":"0","state":"LOT_STATE_CLOSED"}],"nextPageToken":"more"}`,
	"GET /v1/programs/customers/members/m6":                     otherWith("m6", "0"),
	"GET /v1/programs/customers/members/m6/lots":                `{"lots":[{"number":"1","open":"0","state":"LOT_STATE_CLOSED"}]}`,
	"POST /v1/programs/customers/members/m1:merge":              `{"name":"programs/customers/members/m1","etag":"seen-so","accounts":[{"wallet":"points","available":"1550","pending":"40","tier":{"tier":"gold","displayName":"Gold"}}]}`,
	"POST /v1/programs/customers/members/m1:erase":              `{"name":"programs/customers/members/m1","state":"MEMBER_STATE_ERASED"}`,
}

func otherWith(id, available string) string {
	return `{"name":"programs/customers/members/` + id + `","state":"MEMBER_STATE_ACTIVE","accounts":[{"wallet":"points","available":"` + available + `"}]}`
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
	with, looked := doc.Find("form[action$=merge] input[name=merged]").AttrOr("value", ""), doc.Find("form[action$=merge] input[name=etag]").AttrOr("value", "")
	res, _ := visit(t, h, page+"/merge", url.Values{"merged": {with}, "key": {"once"}, "etag": {looked}})
	got := seen[call]
	if !strings.Contains(got.body, `"etag":"seen-so"`) {
		t.Errorf("it is sent without what was seen: %s", got.body)
	}
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != page+"?done=merged" || got.key != "once" || !strings.Contains(got.body, `"m2"`) || strings.Contains(got.body, "true") {
		t.Errorf("answered %d, sent %+v", res.StatusCode, got)
	}
}

// Open lots are found behind closed ones. That there are no points is said of who has none, and not of who has them out of sight.
func TestWhatGoesOverIsLookedFor(t *testing.T) {
	for _, c := range []struct {
		with, says string
		rows       int
		more       bool
	}{{"m2", "Every lot of points", 1, false}, {"m4", "Every lot of points", 20, true}, {"m5", "Every lot of points", 0, false}, {"m6", "No points: there are none", 0, false}} {
		h, _ := desk(t, "manager")
		_, doc := visit(t, h, here+"members/m1/merge?with="+c.with, nil)
		over := doc.Find("[aria-labelledby=over]")
		says(t, doc, "[aria-labelledby=over] ul", c.says)
		if rows, more := over.Find("tbody tr").Length(), strings.Contains(over.Text(), "And more."); rows != c.rows || more != c.more {
			t.Errorf("%s: %d lots, more: %t", c.with, rows, more)
		}
	}
}

// Nobody is merged whom nobody has seen: where one of the two leads to somebody else by now, those are shown first. A form that comes again after the merge is sent.
func TestNobodyIsMergedUnseen(t *testing.T) {
	page, call := here+"members/", "POST /v1/programs/customers/members/m1:merge"
	for _, c := range []struct{ member, merged, to string }{
		{"m1", "m3", page + "m1/merge?with=m2&done=merge-moved"}, {"m3", "m1", page + "m2/merge?with=m1&done=merge-moved"},
		{"m1", "m2", page + "m1?done=merged"}, {"m1", "was-m1", page + "m1?done=merged"},
	} {
		h, seen := desk(t, "manager")
		res, _ := visit(t, h, page+c.member+"/merge", url.Values{"merged": {c.merged}, "key": {"once"}})
		_, sent := seen[call]
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != c.to || sent == strings.Contains(c.to, "merge-moved") {
			t.Errorf("%s into %s: answered %d, to %q, sent: %t", c.merged, c.member, res.StatusCode, to, sent)
		}
	}
	// What was seen has changed: the page shows what there is now.
	h, seen := desk(t, "manager")
	for _, etag := range []string{"stale", ""} {
		res, _ := visit(t, h, page+"m1/merge", url.Values{"merged": {"m2"}, "key": {"once"}, "etag": {etag}})
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || etag != "" && to != page+"m1/merge?with=m2&done=merge-changed" {
			t.Errorf("with %q answered %d, to %q", etag, res.StatusCode, to)
		}
		if etag == "" && !strings.Contains(seen[call].body, `"etag":"unseen"`) {
			t.Errorf("without a look it is sent as %s", seen[call].body)
		}
	}
	_, doc := visit(t, h, page+"m1/merge?with=m2&done=merge-changed", nil)
	says(t, doc, ".notice", "has changed since you looked")
	_, doc = visit(t, h, page+"m1/merge?with=m3&done=merge-moved", nil)
	says(t, doc, ".notice", "Nothing was merged")
	if with := doc.Find("form[action$=merge] input[name=merged]").AttrOr("value", ""); with != "m2" {
		t.Errorf("the form would merge %q, and m2 is shown", with)
	}
}

// Without the other there is nothing to look at but the member.
func TestAMergeWithNobodyLeadsBack(t *testing.T) {
	h, _ := desk(t, "manager")
	res, _ := visit(t, h, here+"members/m1/merge", nil)
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != here+"members/m1" {
		t.Errorf("answered %d, to %q", res.StatusCode, to)
	}
}

// A page that could not be made is asked for again by one link; of what was sent nobody knows.
func TestAPageThatFailsSaysWhatToDo(t *testing.T) {
	h, _ := desk(t, "manager")
	page := here + "members/late?wallet=points"
	_, doc := visit(t, h, page, nil)
	says(t, doc, ".problem .lead", "The request did not finish in its time. Nothing was changed.")
	if to := doc.Find(".problem .primary").AttrOr("href", ""); to != page {
		t.Errorf("it leads to %q", to)
	}
	_, doc = visit(t, h, here+"members/late/erase", url.Values{"key": {"once"}})
	says(t, doc, ".problem .lead", "It may have been done all the same")
	if text := doc.Find(".problem .actions").Text(); strings.Contains(text, "Try again") {
		t.Errorf("what was sent is to be sent again: %s", text)
	}
}

// What a cancelled event takes has no lines; what a return takes has.
func TestWhatIsTakenIsTold(t *testing.T) {
	h, _ := desk(t, "manager")
	_, doc := visit(t, h, here+"members/m1/entries/points-2", nil)
	says(t, doc, "#takes", "What the cancellation of the event takes")
	if head := doc.Find("[aria-labelledby=takes] th").Text(); strings.Contains(head, "Line") || strings.Contains(head, "Came back") || doc.Find("[aria-labelledby=takes] td").Length() != 5 {
		t.Errorf("it is told under %s: %s", head, doc.Find("[aria-labelledby=takes] td").Text())
	}
	_, doc = visit(t, h, here+"members/m1/entries/points-3", nil)
	says(t, doc, "#takes", "What the return takes")
	says(t, doc, "[aria-labelledby=takes] tr", "2rules/euro@1201/210010")
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
	for _, other := range []string{"Ever earned", "Tier"} { // they are no points that anybody could lose
		if strings.Contains(doc.Find(".united").Text(), other) {
			t.Errorf("forfeited is %s", doc.Find(".united").Text())
		}
	}
	res, _ := visit(t, h, page+"/erase", url.Values{"key": {"once"}})
	if _, sent := seen[call]; !sent || res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != page+"?done=erased" {
		t.Errorf("answered %d, to %q", res.StatusCode, res.Header.Get("Location"))
	}
	h, seen = desk(t, "editor")
	for _, step := range []string{"/erase", "/merge"} {
		for _, form := range []url.Values{nil, {"key": {"once"}, "merged": {"m2"}}} {
			if res, _ := visit(t, h, page+step, form); res.StatusCode != http.StatusForbidden || len(seen) > 1 {
				t.Errorf("an editor's %s with %v is answered %d", step, form, res.StatusCode)
			}
		}
	}
}
