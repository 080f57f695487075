// Package chart draws figures as SVG on the server: no script, no style in it, readable in print. Colours and type come from the classes in the style sheet
// (chart, chart-grid, chart-axis, chart-line, chart-bar, chart-label with series-1 to series-3). A chart says what it shows to those who do not see it; the figures
// themselves belong in a table beside it.
package chart

import (
	"fmt"
	"html/template"
	"math"
	"strings"
)

// Series is one line or row of bars.
type Series struct {
	// Name is written at the line's end.
	Name string
	// Values by position; all series have as many as there are positions.
	Values []int64
}

// Chart is what is drawn.
type Chart struct {
	// Title says for those who do not see it what the chart shows.
	Title string
	// Positions are the labels along the bottom; those that would not fit are left out.
	Positions []string
	// Series, at most three: each is labelled where it ends.
	Series []Series
	// Number writes a value for people. Axis does where there is little room, along the side; nil means as Number does.
	Number, Axis func(int64) string
}

// The measures of a chart, in units of its view box.
const (
	width, height = 720.0, 260.0
	left, right   = 72.0, 132.0 // room for 10,000 in the large type of phones
	top, bottom   = 14.0, 34.0
	mostLabels    = 6
	labelLine     = 17.0
)

// ticks returns up to five round values from zero to at least the greatest.
func ticks(greatest int64) []int64 {
	if greatest < 4 {
		greatest = 4
	}
	rough := float64(greatest) / 4
	unit := math.Pow(10, math.Floor(math.Log10(rough)))
	step := int64(unit)
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if step = int64(math.Round(m * unit)); float64(step) >= rough && float64(step) == m*unit {
			break
		}
	}
	var out []int64
	for v := int64(0); ; v += step {
		out = append(out, v)
		if v >= greatest {
			return out
		}
	}
}

func (c Chart) greatest() int64 {
	var most int64
	for _, s := range c.Series {
		for _, v := range s.Values {
			most = max(most, v)
		}
	}
	return most
}

// x is where a position stands.
func (c Chart) x(i int) float64 {
	if len(c.Positions) < 2 {
		return left
	}
	return left + float64(i)*(width-left-right)/float64(len(c.Positions)-1)
}

// Lines draws the series as lines over the positions. The scale begins at zero.
func (c Chart) Lines() template.HTML {
	if c.Axis == nil {
		c.Axis = c.Number
	}
	scale := ticks(c.greatest())
	most := float64(scale[len(scale)-1])
	y := func(v int64) float64 { return height - bottom - float64(v)/most*(height-top-bottom) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %g %g" role="img" aria-label="%s">`, width, height, template.HTMLEscapeString(c.Title))
	for _, v := range scale {
		fmt.Fprintf(&b, `<line class="chart-grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, left, width-right, y(v), y(v))
		fmt.Fprintf(&b, `<text class="chart-axis" text-anchor="end" x="%g" y="%.1f">%s</text>`, left-8, y(v)+4, template.HTMLEscapeString(c.Axis(v)))
	}
	every := max((len(c.Positions)-1+mostLabels-2)/(mostLabels-1), 1)
	for i := 0; i < len(c.Positions); i += every {
		fmt.Fprintf(&b, `<text class="chart-axis" text-anchor="middle" x="%.1f" y="%g">%s</text>`, c.x(i), height-10, template.HTMLEscapeString(c.Positions[i]))
	}
	labels := c.places(y)
	for n, s := range c.Series {
		if len(s.Values) == 0 {
			continue
		}
		points := make([]string, len(s.Values))
		for i, v := range s.Values {
			points[i] = fmt.Sprintf("%.1f,%.1f", c.x(i), y(v))
		}
		last := len(s.Values) - 1
		fmt.Fprintf(&b, `<polyline class="chart-line series-%d" points="%s"/><circle class="chart-end series-%d" cx="%.1f" cy="%.1f" r="3.5"/>`,
			n+1, strings.Join(points, " "), n+1, c.x(last), y(s.Values[last]))
		fmt.Fprintf(&b, `<text class="chart-label series-%d" x="%.1f" y="%.1f">%s</text>`, n+1, c.x(last)+10, labels[n]+4, template.HTMLEscapeString(s.Name))
	}
	b.WriteString(`</svg>`)
	// Everything that came from outside was escaped above.
	return template.HTML(b.String())
}

// places returns where the series' names stand: beside their ends, apart from each other.
func (c Chart) places(y func(int64) float64) []float64 {
	out := make([]float64, len(c.Series))
	for i, s := range c.Series {
		if len(s.Values) > 0 {
			out[i] = y(s.Values[len(s.Values)-1])
		}
	}
	// From the lowest up: each name moves above the one that it would cover.
	order := make([]int, len(out))
	for i := range order {
		order[i] = i
	}
	for i := range order {
		for j := i + 1; j < len(order); j++ {
			if out[order[j]] > out[order[i]] || out[order[j]] == out[order[i]] && order[j] > order[i] {
				order[i], order[j] = order[j], order[i]
			}
		}
	}
	for i := 1; i < len(order); i++ {
		out[order[i]] = min(out[order[i]], out[order[i-1]]-labelLine)
	}
	return out
}
