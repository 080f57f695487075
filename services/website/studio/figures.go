package studio

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/chart"
	"renown.example/website/web"
)

// period is a range of days that the figures are shown for.
type period struct {
	Key, Label string
	Days       int
}

var periods = []period{{"4-weeks", "4 weeks", 28}, {"12-weeks", "12 weeks", 84}, {"12-months", "12 months", 365}}

// periodOf reads the period of the address; the first is the usual one.
func periodOf(r *http.Request) period {
	for _, p := range periods {
		if p.Key == r.URL.Query().Get("period") {
			return p
		}
	}
	return periods[0]
}

// figureRow is a story's figures.
type figureRow struct {
	*storiesv1.StoryFigures
	URL, Language string
	// Share is how many of those who saw it read on, in percent.
	Share int64
	// Through are the stories by way of which most of its clicks came.
	Through []*storiesv1.Lead
}

// mostThrough is how many stories a row names that led to it.
const mostThrough = 2

func figureRows(list []*storiesv1.StoryFigures) []figureRow {
	out := make([]figureRow, 0, len(list))
	for _, s := range list {
		row := figureRow{StoryFigures: s, URL: textURL(storyID(s.GetName()), s.GetLocale()), Language: web.NativeName(s.GetLocale()), Share: share(s.GetFigures())}
		for _, lead := range s.GetLeads() {
			if lead.GetName() != "" && len(row.Through) < mostThrough {
				row.Through = append(row.Through, lead)
			}
		}
		out = append(out, row)
	}
	return out
}

// share is how many of a hundred views were reads, rounded.
func share(f *storiesv1.Figures) int64 {
	if f.GetViews() == 0 {
		return 0
	}
	return (200*f.GetReads() + f.GetViews()) / (2 * f.GetViews())
}

// figures answers whether the stories are read, and which of them led on.
func (v *visit) figures() error {
	p := periodOf(v.r)
	got, err := v.counted(p)
	if err != nil {
		return err
	}
	tabs := make([]web.Tab, 0, len(periods))
	for _, other := range periods {
		tabs = append(tabs, web.Tab{Label: other.Label, URL: "/studio/figures?period=" + other.Key, Current: other == p})
	}
	v.show(http.StatusOK, "figures", &web.View{Title: "Are our stories read?", Section: "figures", Data: map[string]any{
		"Tabs": tabs, "Period": p, "Total": got.GetTotal(), "Share": share(got.GetTotal()), "Days": buckets(got.GetDays(), p), "Rows": figureRows(got.GetStories()),
		"Led": led(got.GetStories()), "Chart": readingChart(whole(buckets(got.GetDays(), p)), p).Lines(), "CSV": "/studio/figures.csv?period=" + p.Key}})
	return nil
}

func (v *visit) counted(p period) (*storiesv1.GetFiguresResponse, error) {
	today := v.clock.Now().UTC()
	return storiesv1.NewFiguresServiceClient(v.conn).GetFigures(v.ctx(), &storiesv1.GetFiguresRequest{
		FromDay: today.AddDate(0, 0, 1-p.Days).Format(time.DateOnly), ToDay: today.Format(time.DateOnly)})
}

// bucket is what a chart shows at one position: a day, or a week of a long period.
type bucket struct {
	Day     time.Time
	Figures *storiesv1.Figures
}

// buckets sums the days of a long period by weeks, from its first day on.
func buckets(days []*storiesv1.DayFigures, p period) []bucket {
	size := 1
	if p.Days > 90 {
		size = 7
	}
	var out []bucket
	for i, d := range days {
		day, err := time.Parse(time.DateOnly, d.GetDay())
		if err != nil {
			continue
		}
		if i%size == 0 {
			out = append(out, bucket{Day: day, Figures: &storiesv1.Figures{}})
		}
		sum, f := out[len(out)-1].Figures, d.GetFigures()
		sum.Views, sum.Reads, sum.Clicks = sum.Views+f.GetViews(), sum.Reads+f.GetReads(), sum.Clicks+f.GetClicks()
	}
	return out
}

// whole leaves out the day or week that is not over yet, whose line would seem to fall, unless there is nothing before it.
func whole(list []bucket) []bucket {
	for _, b := range list[:max(len(list)-1, 0)] {
		if b.Figures.GetViews() > 0 {
			return list[:len(list)-1]
		}
	}
	return list
}

func readingChart(list []bucket, p period) chart.Chart {
	views, reads := chart.Series{Name: "Shown"}, chart.Series{Name: "Read to 75 %"}
	c := chart.Chart{Title: "How often stories were shown and read in the last " + p.Label + "; the same figures are in the table below.",
		Number: func(n int64) string { return web.FormatInt("en", n) }}
	for _, b := range list {
		c.Positions = append(c.Positions, fmt.Sprintf("%d %s", b.Day.Day(), b.Day.Month().String()[:3]))
		views.Values, reads.Values = append(views.Values, b.Figures.GetViews()), append(reads.Values, b.Figures.GetReads())
	}
	c.Series = []chart.Series{views, reads}
	return c
}

// led are the stories whose call to action was followed, the most first.
func led(list []*storiesv1.StoryFigures) []figureRow {
	var out []figureRow
	for _, row := range figureRows(list) {
		if row.GetFigures().GetClicks() > 0 {
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(a, b figureRow) int { return cmp.Compare(b.GetFigures().GetClicks(), a.GetFigures().GetClicks()) })
	return out
}

// figuresCSV is the same as a file for a spreadsheet, a row for each story and language.
func (v *visit) figuresCSV() error {
	p := periodOf(v.r)
	got, err := v.counted(p)
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="renown-figures.csv"`)
	h.Set("Cache-Control", "no-store")
	out := csv.NewWriter(v.w)
	// A reader who went away is not an error of ours.
	_ = out.Write([]string{"story", "locale", "title", "views", "reads", "clicks"})
	for _, s := range got.GetStories() {
		f := s.GetFigures()
		number := func(n int64) string { return strconv.FormatInt(n, 10) }
		_ = out.Write([]string{storyID(s.GetName()), s.GetLocale(), harmless(s.GetTitle()), number(f.GetViews()), number(f.GetReads()), number(f.GetClicks())})
	}
	out.Flush()
	return nil
}

// harmless keeps a spreadsheet from taking words for a formula.
func harmless(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@') {
		return "'" + s
	}
	return s
}
