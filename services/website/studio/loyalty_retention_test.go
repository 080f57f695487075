package studio_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// backAgain is what came of three months; in the fake clock's November 2026 October can still grow.
const backAgain = `{"cohorts":[
	{"month":"2026-08","members":"8","repeatMembers":"6","repeatRate":"0.7500","months":[{"month":"2026-08","members":"8"},{"month":"2026-09","monthsAfter":1,"members":"4"},{"month":"2026-10","monthsAfter":2,"members":"2"},{"month":"2026-11","monthsAfter":3,"members":"1"}]},
	{"month":"2026-10","members":"4","repeatMembers":"1","repeatRate":"0.2500","months":[{"month":"2026-10","members":"4"},{"month":"2026-11","monthsAfter":1,"members":"1"}]}],
	"months":[{"month":"2026-08","members":"8","retainedMembers":"4","orders":"9","tiers":[{"tier":"","members":"8","retainedMembers":"4","newMembers":"8","repeatMembers":"6"}]},
	{"month":"2026-09","members":"4","returningMembers":"4","retainedMembers":"1","orders":"5","tiers":[{"tier":"gold","members":"4","retainedMembers":"1"}]},
	{"month":"2026-10","members":"6","returningMembers":"2","retainedMembers":"2","orders":"7","tiers":[{"tier":"gold","members":"2","retainedMembers":"2"},{"tier":"","members":"4","newMembers":"4","repeatMembers":"1"}]},
	{"month":"2026-11","members":"2","returningMembers":"2","orders":"2"}]}`

// Who comes back is answered in a number, a chart with words for it, by month, by cohort and by tier; what is not over is not told as if it were.
func TestWhoComesBack(t *testing.T) {
	h, seen := desk(t, "manager")
	res, doc := visit(t, h, here+"retention", nil)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("answered %d: %s", res.StatusCode, doc.Text())
	}
	says(t, doc, ".answer-figure", "58\u00a0%") // 7 of 12
	says(t, doc, ".answer-words", "in the last 12 months")
	says(t, doc, "[aria-labelledby=by-tier] .help", "left out of the months with an order")
	says(t, doc, ".tabs [aria-current=page]", "Retention")
	if words := doc.Find("svg.chart").AttrOr("aria-label", ""); !strings.Contains(words, "from 50 to 25 percent") {
		t.Errorf("the chart says %q", words)
	}
	if axis := doc.Find("svg.chart").Text(); strings.Contains(axis, "Oct") || strings.Contains(axis, "Nov") {
		t.Errorf("months that can still grow are drawn: %q", axis)
	}
	cells := func(table string, row int) []string {
		var out []string
		doc.Find("[aria-labelledby=" + table + "] tbody tr").Eq(row).Find("td").Each(func(_ int, cell *goquery.Selection) { out = append(out, cell.Text()) })
		return out
	}
	for _, want := range []struct {
		table string
		row   int
		cells []string
	}{
		{"by-month", 1, []string{"September 2026", "4", "4", "5", "1", "25\u00a0%"}},
		{"by-month", 2, []string{"October 2026", "6", "2", "7", "2 so far", "33\u00a0%"}},
		{"by-month", 3, []string{"November 2026", "2", "2", "2", "not known yet", ""}},
		{"by-cohort", 0, []string{"August 2026", "8", "6", "75\u00a0%", "50\u00a0%", "25\u00a0%", "", "", ""}},
		{"by-tier", 0, []string{"No tier yet", "8", "4", "50\u00a0%", "12", "7", "58\u00a0%"}},
		{"by-tier", 1, []string{"Gold", "4", "1", "25\u00a0%", "0", "0", ""}},
	} {
		if got := cells(want.table, want.row); !slices.Equal(got, want.cells) {
			t.Errorf("line %d of %s is %q, want %q", want.row, want.table, got, want.cells)
		}
	}
	res, doc = visit(t, h, here+"retention.csv?period=10-years", nil)
	if kind := res.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/csv") || !strings.Contains(doc.Text(), "cohort,month") {
		t.Errorf("the file is %s: %s", kind, doc.Text())
	}
	// No more months are asked for than are told: from December 2016 on they are 120.
	if query := seen["GET "+calls+"reports/retention:export"].query; query != "fromMonth=2016-12" {
		t.Errorf("the longest period asks with %q", query)
	}
}

// Where nobody has ordered, the page says what will be there; of a short period it says no more than it knows.
func TestNobodyHasComeBackYet(t *testing.T) {
	h, _ := desk(t, "manager")
	_, doc := visit(t, h, "/studio/loyalty/employees/retention", nil)
	says(t, doc, ".empty", "Nobody has ordered in the last 12 months")
	to := doc.Find("main a:contains('Look at the last 10 years')").AttrOr("href", "")
	if to != "?period=10-years" {
		t.Errorf("the longer period is at %q", to)
	}
	_, doc = visit(t, h, "/studio/loyalty/employees/retention"+to, nil)
	says(t, doc, ".empty", "Nobody has ordered yet")
	if more := doc.Find("main a[href*=years]"); more.Length() != 0 {
		t.Errorf("there is nothing longer than all: %s", more.Text())
	}
}
