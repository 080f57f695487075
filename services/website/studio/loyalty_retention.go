package studio

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
	"renown.example/website/chart"
	"renown.example/website/web"
)

// months are how far back the page of retention looks, at most as far as the interface tells months.
var months = []period{{"12-months", "12 months", 12}, {"24-months", "24 months", 24}, {"10-years", "10 years", 120}}

func monthsOf(r *http.Request) period {
	for _, p := range months {
		if p.Key == r.URL.Query().Get("period") {
			return p
		}
	}
	return months[0]
}

// thisMonth is the present month by the programme's own clock.
func (v *visit) thisMonth(program *loyaltyv1.Program) time.Time {
	zone, err := time.LoadLocation(program.GetTimeZone())
	if err != nil {
		zone = time.UTC
	}
	now := v.clock.Now().In(zone)
	return time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// monthKey is a month as the interface writes it.
func monthKey(at time.Time) string { return at.Format("2006-01") }

// fromMonth is the first month of a period that ends with the present one.
func (v *visit) fromMonth(program *loyaltyv1.Program, p period) string {
	return monthKey(v.thisMonth(program).AddDate(0, 1-p.Days, 0))
}

// percentOf is so many of so many, in whole percent; ok is false where there is nobody to count.
func percentOf(some, all int64) (percent int64, ok bool) {
	if all <= 0 {
		return 0, false
	}
	return (100*some + all/2) / all, true
}

func percentWords(some, all int64) string {
	if percent, ok := percentOf(some, all); ok {
		return web.FormatInt("en", percent) + "\u00a0%"
	}
	return ""
}

// afterMonths are the months after the first order that the table of cohorts has columns for.
var afterMonths = []int{1, 2, 3, 6, 12}

// cohortRow is the customers of whom a month was the first.
type cohortRow struct {
	Month, Rate     string
	Members, Repeat int64
	// After are the parts that ordered so many months later, "" for months that have not come.
	After []string
}

func cohortRows(cohorts []*loyaltyv1.RetentionCohort, now time.Time) []cohortRow {
	var out []cohortRow
	for _, c := range cohorts {
		first, err := time.Parse("2006-01", c.GetMonth())
		if err != nil {
			continue
		}
		row := cohortRow{Month: monthWords(c.GetMonth()), Members: c.GetMembers(), Repeat: c.GetRepeatMembers(), Rate: percentWords(c.GetRepeatMembers(), c.GetMembers())}
		came := map[int]int64{}
		for _, m := range c.GetMonths() {
			came[int(m.GetMonthsAfter())] = m.GetMembers()
		}
		for _, n := range afterMonths {
			words := ""
			if first.AddDate(0, n, 0).Before(now) { // a month that is not over would seem to fall
				words = percentWords(came[n], c.GetMembers())
			}
			row.After = append(row.After, words)
		}
		out = append(out, row)
	}
	return out
}

// backRow is a month in which members ordered.
type backRow struct {
	Month, Rate                          string
	Members, Returning, Retained, Orders int64
	// Growing is that the month after it is not over: what is said of it is what is known so far.
	Growing bool
}

func backRows(list []*loyaltyv1.RetentionMonth, now time.Time) []backRow {
	var out []backRow
	last := monthKey(now.AddDate(0, -1, 0))
	for _, m := range list {
		row := backRow{Month: monthWords(m.GetMonth()), Members: m.GetMembers(), Returning: m.GetReturningMembers(), Retained: m.GetRetainedMembers(), Orders: m.GetOrders(), Growing: m.GetMonth() >= last}
		if m.GetMonth() <= last {
			row.Rate = percentWords(m.GetRetainedMembers(), m.GetMembers())
		}
		out = append(out, row)
	}
	return out
}

// tierBack sums the months of a tier up that are over, with the months after them. Who ordered in three months counts three times.
type tierBack struct {
	Name, Rate, RepeatRate         string
	Ordered, Retained, New, Repeat int64
}

// tierRows are the tiers in which anybody ordered, in the order of the ladder, those without one first.
func tierRows(list []*loyaltyv1.RetentionMonth, ladder []*loyaltyv1.Tier, now time.Time) []tierBack {
	sums := map[string]*tierBack{}
	for _, m := range list {
		for _, t := range m.GetTiers() {
			row := sums[t.GetTier()]
			if row == nil {
				row = &tierBack{Name: t.GetTier()}
				sums[t.GetTier()] = row
			}
			if m.GetMonth() < monthKey(now.AddDate(0, -1, 0)) {
				row.Ordered, row.Retained = row.Ordered+t.GetMembers(), row.Retained+t.GetRetainedMembers()
			}
			row.New, row.Repeat = row.New+t.GetNewMembers(), row.Repeat+t.GetRepeatMembers()
		}
	}
	order := []string{""}
	for _, t := range ladder {
		order = append(order, t.GetId())
		if sums[t.GetId()] != nil {
			sums[t.GetId()].Name = t.GetDisplayName()
		}
	}
	for id := range sums { // tiers that there are no more
		if !slices.Contains(order, id) {
			order = append(order, id)
		}
	}
	slices.Sort(order[1+len(ladder):])
	var out []tierBack
	for _, id := range order {
		row := sums[id]
		if row == nil {
			continue
		}
		if id == "" {
			row.Name = "No tier yet"
		}
		row.Rate, row.RepeatRate = percentWords(row.Retained, row.Ordered), percentWords(row.Repeat, row.New)
		out = append(out, *row)
	}
	return out
}

// percentChart draws one part over months.
func percentChart(title, name string, list []string, values []int64) chart.Chart {
	c := chart.Chart{Title: title, Number: func(n int64) string { return web.FormatInt("en", n) + "\u00a0%" }, Series: []chart.Series{{Name: name, Values: values}}}
	if len(values) > 0 {
		c.Title += fmt.Sprintf(", from %d to %d percent", values[0], values[len(values)-1])
	}
	c.Title += "; the same figures are in the table below."
	for _, month := range list {
		at, err := time.Parse("2006-01", month)
		if err == nil {
			month = at.Format("Jan 06")
		}
		c.Positions = append(c.Positions, month)
	}
	return c
}

// retentionChart draws how many of a month's members ordered in the next; the months of which that is not known yet are left out.
func retentionChart(list []*loyaltyv1.RetentionMonth, now time.Time) chart.Chart {
	var names []string
	var values []int64
	for _, m := range list {
		if percent, ok := percentOf(m.GetRetainedMembers(), m.GetMembers()); ok && m.GetMonth() < monthKey(now.AddDate(0, -1, 0)) {
			names, values = append(names, m.GetMonth()), append(values, percent)
		}
	}
	return percentChart("Of the members who ordered in a month, the part that ordered in the next one, too", "Came back", names, values)
}

// retention answers who comes back, counted from orders.
func (v *visit) retention() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	p, now := monthsOf(v.r), v.thisMonth(program)
	got, err := loyaltyv1.NewReportsServiceClient(v.conn).GetRetention(v.ctx(), &loyaltyv1.GetRetentionRequest{Program: programID(program), FromMonth: v.fromMonth(program, p)})
	if err != nil {
		return err
	}
	ladders, err := v.structures(program)
	if err != nil {
		return err
	}
	r := got.GetRetention()
	var tabs []web.Tab
	for _, other := range months {
		tabs = append(tabs, web.Tab{Label: other.Label, URL: loyaltyURL(program, "retention") + "?" + owedQuery("", other), Current: other == p})
	}
	var members, repeat int64
	for _, c := range r.GetCohorts() {
		members, repeat = members+c.GetMembers(), repeat+c.GetRepeatMembers()
	}
	drawn, longest := retentionChart(r.GetMonths(), now), months[len(months)-1]
	more := ""
	if p != longest {
		more = "?" + owedQuery("", longest)
	}
	return v.programmePage(http.StatusOK, "retention", program, "retention", "", nil, map[string]any{
		"Tabs": tabs, "Members": members, "Repeat": repeat, "Rate": percentWords(repeat, members), "Since": p.Label, "Nobody": len(r.GetMonths()) == 0, "More": more, "Most": longest.Label,
		"Chart": drawn.Lines(), "Drawn": len(drawn.Positions) > 1, "Months": backRows(r.GetMonths(), now), "Cohorts": cohortRows(r.GetCohorts(), now), "After": afterMonths,
		"Tiers": tierRows(r.GetMonths(), tiersOf(ladders), now), "CSV": "/studio/loyalty/" + programID(program) + "/retention.csv?" + owedQuery("", p)})
}

// retentionCSV is the same as a file for a spreadsheet.
func (v *visit) retentionCSV() error {
	program, err := v.program()
	if err != nil {
		return err
	}
	got, err := loyaltyv1.NewReportsServiceClient(v.conn).ExportRetention(v.ctx(), &loyaltyv1.ExportRetentionRequest{Program: programID(program), FromMonth: v.fromMonth(program, monthsOf(v.r))})
	if err != nil {
		return err
	}
	v.file("renown-retention.csv", got.GetBody().GetData())
	return nil
}

// file answers with a CSV file.
func (v *visit) file(name string, data []byte) {
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+url.PathEscape(name)+`"`)
	h.Set("Cache-Control", "no-store")
	// A reader who went away is not an error of ours.
	_, _ = v.w.Write(data)
}
