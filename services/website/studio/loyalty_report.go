package studio

import (
	"fmt"
	"time"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/chart"
	"renown.example/website/web"
)

// owedRow is what the charts and their table show at one position: a day, or a week of a long period.
type owedRow struct {
	Day                                    time.Time
	Outstanding, Issued, Redeemed, Expired int64
}

// owedRows sums the days of a long period by weeks. What is outstanding is that of the last day; points brought along from elsewhere count as issued.
func owedRows(days []*loyaltyv1.LiabilityDay, p period) []owedRow {
	size := 1
	if p.Days > 90 {
		size = 7
	}
	var out []owedRow
	for i, d := range days {
		day, err := time.Parse(time.DateOnly, d.GetDay())
		if err != nil {
			continue
		}
		if i%size == 0 || len(out) == 0 {
			out = append(out, owedRow{Day: day})
		}
		row, m := &out[len(out)-1], d.GetMovements()
		row.Outstanding = d.GetClosing()
		row.Issued, row.Redeemed, row.Expired = row.Issued+m.GetIssued()+m.GetOpened(), row.Redeemed+m.GetRedeemed(), row.Expired+m.GetExpired()
	}
	return out
}

// owedChart draws what was outstanding, and flowChart what was issued, redeemed and expired. Their scales begin at zero: a day on which more was given back than
// redeemed, or more was owed by members than to them, stands there.
func owedChart(rows []owedRow, p period) chart.Chart {
	outstanding := chart.Series{Name: "Outstanding"}
	c := timeline(rows, "Points outstanding in the last "+p.Label+trend(rows)+"; the same figures are in the table below.")
	for _, r := range rows {
		outstanding.Values = append(outstanding.Values, max(r.Outstanding, 0))
	}
	c.Series = []chart.Series{outstanding}
	return c
}

func flowChart(rows []owedRow, p period) chart.Chart {
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

func timeline(rows []owedRow, title string) chart.Chart {
	c := chart.Chart{Title: title, Number: func(n int64) string { return web.FormatInt("en", n) }, Axis: func(n int64) string { return web.FormatShort("en", n) }}
	for _, r := range rows {
		c.Positions = append(c.Positions, fmt.Sprintf("%d %s", r.Day.Day(), r.Day.Month().String()[:3]))
	}
	return c
}

// trend says from where to where the line goes, for those who do not see it.
func trend(rows []owedRow) string {
	if len(rows) == 0 {
		return ""
	}
	return ", from " + web.FormatInt("en", rows[0].Outstanding) + " to " + web.FormatInt("en", rows[len(rows)-1].Outstanding)
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
		one := d.GetMovements()
		m.Issued, m.Opened, m.Adjusted, m.Transferred = m.Issued+one.GetIssued(), m.Opened+one.GetOpened(), m.Adjusted+one.GetAdjusted(), m.Transferred+one.GetTransferred()
		m.Reversed, m.Redeemed, m.Expired, m.Donated = m.Reversed+one.GetReversed(), m.Redeemed+one.GetRedeemed(), m.Expired+one.GetExpired(), m.Donated+one.GetDonated()
	}
	out := []rollRow{{"Owed at the beginning of " + dayWords(days[0]), web.FormatInt("en", days[0].GetOpening()), false}}
	for _, line := range []struct {
		label  string
		points int64
		always bool
	}{
		{"Issued by rules", m.Issued, true}, {"Brought along from elsewhere", m.Opened, false}, {"Adjusted by hand", m.Adjusted, false}, {"Moved between members", m.Transferred, false},
		{"Taken back after returns", -m.Reversed, false}, {"Redeemed", -m.Redeemed, true}, {"Expired", -m.Expired, true}, {"Given to causes", -m.Donated, false},
	} {
		if line.always || line.points != 0 {
			out = append(out, rollRow{line.label, signedPoints(line.points), false})
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
