package studio

import (
	"fmt"
	"slices"
	"time"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/chart"
	"renown.example/website/web"
)

// owedRow is what the charts and their table show at one position: a day, or a week of a long period. What was owed at its beginning, and what happened, come to what was
// owed at its end.
type owedRow struct {
	Day              time.Time
	Opening, Closing int64
	loyaltyv1.Movements
}

// owedRows sums the days of a long period by weeks.
func owedRows(days []*loyaltyv1.LiabilityDay, p period) []*owedRow {
	size := 1
	if p.Days > 90 {
		size = 7
	}
	var out []*owedRow
	for i, d := range days {
		day, err := time.Parse(time.DateOnly, d.GetDay())
		if err != nil {
			continue
		}
		if i%size == 0 || len(out) == 0 {
			out = append(out, &owedRow{Day: day, Opening: d.GetOpening()})
		}
		row := out[len(out)-1]
		row.Closing = d.GetClosing()
		addMovements(&row.Movements, d.GetMovements())
	}
	return out
}

func addMovements(to, m *loyaltyv1.Movements) {
	to.Issued, to.Opened, to.Adjusted, to.Transferred = to.Issued+m.GetIssued(), to.Opened+m.GetOpened(), to.Adjusted+m.GetAdjusted(), to.Transferred+m.GetTransferred()
	to.Reversed, to.Redeemed, to.Expired, to.Donated = to.Reversed+m.GetReversed(), to.Redeemed+m.GetRedeemed(), to.Expired+m.GetExpired(), to.Donated+m.GetDonated()
}

// movement is a kind of what happens to points, with the sign that it has for what is owed.
type movement struct {
	Short, Label string
	// Always is that it is named even where nothing of it happened.
	Always bool
	of     func(*loyaltyv1.Movements) int64
}

// movements are all kinds, in the order in which they are added up. "Issued" is by rules everywhere.
var movements = []movement{
	{"Issued", "Issued by rules", true, (*loyaltyv1.Movements).GetIssued},
	{"Brought along", "Brought along from elsewhere", false, (*loyaltyv1.Movements).GetOpened},
	{"Taken back", "Taken back", false, func(m *loyaltyv1.Movements) int64 { return -m.GetReversed() }},
	{"Redeemed", "Redeemed", true, func(m *loyaltyv1.Movements) int64 { return -m.GetRedeemed() }},
	{"Expired", "Expired", true, func(m *loyaltyv1.Movements) int64 { return -m.GetExpired() }},
	{"Adjusted", "Adjusted by hand", false, (*loyaltyv1.Movements).GetAdjusted},
	{"Moved", "Moved between members", false, (*loyaltyv1.Movements).GetTransferred},
	{"Given to causes", "Given to causes", false, func(m *loyaltyv1.Movements) int64 { return -m.GetDonated() }},
}

// movedTable is a table each of whose lines adds up: its cells with a sign come to the last one, which has none.
type movedTable struct {
	First   string
	Columns []string
	Rows    []movedRow
}

type movedRow struct {
	Name  string
	Cells []string
}

// tableOf has a column for each kind that is always named or of which all have something; plain is what of a line stands around them.
func tableOf(first, before, after string, all []*loyaltyv1.Movements, plain func(i int) (name string, opening, closing int64)) movedTable {
	t := movedTable{First: first}
	var kinds []movement
	for _, k := range movements {
		if k.Always || slices.ContainsFunc(all, func(m *loyaltyv1.Movements) bool { return k.of(m) != 0 }) {
			kinds, t.Columns = append(kinds, k), append(t.Columns, k.Short)
		}
	}
	if before != "" {
		t.Columns = append([]string{before}, t.Columns...)
	}
	t.Columns = append(t.Columns, after)
	for i, m := range all {
		name, opening, closing := plain(i)
		row := movedRow{Name: name}
		if before != "" {
			row.Cells = append(row.Cells, web.FormatInt("en", opening))
		}
		for _, k := range kinds {
			row.Cells = append(row.Cells, signedPoints(k.of(m)))
		}
		row.Cells = append(row.Cells, web.FormatInt("en", closing))
		t.Rows = append(t.Rows, row)
	}
	return t
}

// daysTable is the table of the charts.
func daysTable(rows []*owedRow, p period) movedTable {
	first := "Day"
	if p.Days > 90 {
		first = "Week from"
	}
	var all []*loyaltyv1.Movements
	for _, r := range rows {
		all = append(all, &r.Movements)
	}
	return tableOf(first, "Owed before", "Owed after", all, func(i int) (string, int64, int64) {
		return web.FormatDate("en", rows[i].Day), rows[i].Opening, rows[i].Closing
	})
}

// cohortsTable is who is owed what, and what it came from since they enrolled.
func cohortsTable(cohorts []*loyaltyv1.LiabilityCohort) movedTable {
	var all []*loyaltyv1.Movements
	for _, c := range cohorts {
		all = append(all, c.GetMovements())
	}
	return tableOf("Enrolled in", "", "Owed now", all, func(i int) (string, int64, int64) {
		return monthWords(cohorts[i].GetMonth()), 0, cohorts[i].GetHoldings().GetOutstanding()
	})
}

// monthWords is a month such as "2026-11" for people.
func monthWords(month string) string {
	at, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return at.Format("January 2006")
}

// owedChart draws what was outstanding, and flowChart what was issued, redeemed and expired. Their scales begin at zero: a day on which more was given back than
// redeemed, or more was owed by members than to them, stands there.
func owedChart(rows []*owedRow, p period) chart.Chart {
	outstanding := chart.Series{Name: "Outstanding"}
	c := timeline(rows, "Points outstanding in the last "+p.Label+trend(rows)+"; the same figures are in the table below.")
	for _, r := range rows {
		outstanding.Values = append(outstanding.Values, max(r.Closing, 0))
	}
	c.Series = []chart.Series{outstanding}
	return c
}

func flowChart(rows []*owedRow, p period) chart.Chart {
	issued, redeemed, expired := chart.Series{Name: "Issued"}, chart.Series{Name: "Redeemed"}, chart.Series{Name: "Expired"}
	var sums [3]int64
	for _, r := range rows {
		issued.Values, redeemed.Values = append(issued.Values, max(r.Issued, 0)), append(redeemed.Values, max(r.Redeemed, 0))
		expired.Values = append(expired.Values, max(r.Expired, 0))
		sums[0], sums[1], sums[2] = sums[0]+r.Issued, sums[1]+r.Redeemed, sums[2]+r.Expired
	}
	c := timeline(rows, fmt.Sprintf("Points issued, redeemed and expired in the last %s, in all %s, %s and %s; the same figures are in the table below.",
		p.Label, web.FormatInt("en", sums[0]), web.FormatInt("en", sums[1]), web.FormatInt("en", sums[2])))
	c.Series = []chart.Series{issued, redeemed, expired}
	return c
}

func timeline(rows []*owedRow, title string) chart.Chart {
	c := chart.Chart{Title: title, Number: func(n int64) string { return web.FormatInt("en", n) }, Axis: func(n int64) string { return web.FormatShort("en", n) }}
	for _, r := range rows {
		c.Positions = append(c.Positions, fmt.Sprintf("%d %s", r.Day.Day(), r.Day.Month().String()[:3]))
	}
	return c
}

// trend says from where to where the line goes, for those who do not see it.
func trend(rows []*owedRow) string {
	if len(rows) == 0 {
		return ""
	}
	return ", from " + web.FormatInt("en", rows[0].Closing) + " to " + web.FormatInt("en", rows[len(rows)-1].Closing)
}

// rollRow is a line of what led from what was owed to what is owed.
type rollRow struct {
	Label, Points string
	Sum           bool
}

// rollForward adds the movements of the days up, with the sign that they have for what is owed.
func rollForward(days []*loyaltyv1.LiabilityDay) []rollRow {
	if len(days) == 0 {
		return nil
	}
	var m loyaltyv1.Movements
	for _, d := range days {
		addMovements(&m, d.GetMovements())
	}
	out := []rollRow{{"Owed at the beginning of " + dayWords(days[0]), web.FormatInt("en", days[0].GetOpening()), false}}
	for _, k := range movements {
		if points := k.of(&m); k.Always || points != 0 {
			out = append(out, rollRow{k.Label, signedPoints(points), false})
		}
	}
	return append(out, rollRow{"Owed at the end of " + dayWords(days[len(days)-1]), web.FormatInt("en", days[len(days)-1].GetClosing()), true})
}

func dayWords(d *loyaltyv1.LiabilityDay) string {
	day, err := time.Parse(time.DateOnly, d.GetDay())
	if err != nil {
		return d.GetDay()
	}
	return web.FormatDate("en", day)
}

// tie reports whether the days add up, each to the next and the last to what members hold.
func tie(days []*loyaltyv1.LiabilityDay, owed *loyaltyv1.Liability) bool {
	for i, d := range days {
		m := d.GetMovements()
		sum := d.GetOpening() + m.GetIssued() + m.GetOpened() + m.GetAdjusted() + m.GetTransferred() - m.GetReversed() - m.GetRedeemed() - m.GetExpired() - m.GetDonated()
		if sum != d.GetClosing() || i > 0 && days[i-1].GetClosing() != d.GetOpening() {
			return false
		}
	}
	h := owed.GetHoldings()
	return len(days) == 0 || days[len(days)-1].GetClosing() == h.GetOutstanding() && h.GetOutstanding() == h.GetAvailable()+h.GetPending()+h.GetReserved()+h.GetFrozen()-h.GetDebt()
}
