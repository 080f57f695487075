package chart

import (
	"encoding/xml"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func number(v int64) string { return strconv.FormatInt(v, 10) }

// failer is a test or a property.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// elements reads an SVG as XML and returns the attributes of its elements of one kind.
func elements(t failer, svg, name string) []map[string]string {
	t.Helper()
	var out []map[string]string
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("the chart is not well formed: %v\n%s", err, svg)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == name {
			attributes := map[string]string{}
			for _, a := range e.Attr {
				attributes[a.Name.Local] = a.Value
			}
			out = append(out, attributes)
		}
	}
}

func TestTicksAreRoundAndBeginAtZero(t *testing.T) {
	for greatest, want := range map[int64][]int64{
		0: {0, 1, 2, 3, 4}, 3: {0, 1, 2, 3, 4}, 7: {0, 2, 4, 6, 8}, 10: {0, 5, 10}, 93: {0, 25, 50, 75, 100}, 1240: {0, 500, 1000, 1500}, 4000: {0, 1000, 2000, 3000, 4000},
	} {
		if got := ticks(greatest); !slices.Equal(got, want) {
			t.Errorf("up to %d: %v, want %v", greatest, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		greatest := rapid.Int64Range(0, 1e15).Draw(t, "greatest")
		got := ticks(greatest)
		if got[0] != 0 || got[len(got)-1] < greatest || len(got) > 6 {
			t.Fatalf("up to %d: %v", greatest, got)
		}
	})
}

func TestLinesStayInsideAndNamesApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "positions")
		c := Chart{Title: `<&"`, Number: number, Positions: make([]string, n)}
		for i := range rapid.IntRange(0, 3).Draw(t, "series") {
			c.Series = append(c.Series, Series{Name: "<b>" + strconv.Itoa(i), Values: rapid.SliceOfN(rapid.Int64Range(0, 1e6), n, n).Draw(t, "values")})
		}
		svg := string(c.Lines())
		for _, line := range elements(t, svg, "polyline") {
			for point := range strings.FieldsSeq(line["points"]) {
				x, y, _ := strings.Cut(point, ",")
				if within(x, left-0.1, width-right+0.1) && within(y, top-0.1, height-bottom+0.1) {
					continue
				}
				t.Fatalf("the point %s lies outside", point)
			}
		}
		var names []float64
		for _, text := range elements(t, svg, "text") {
			if strings.HasPrefix(text["class"], "chart-label") {
				y, _ := strconv.ParseFloat(text["y"], 64)
				names = append(names, y)
			}
		}
		slices.Sort(names)
		for i := 1; i < len(names); i++ {
			if names[i]-names[i-1] < labelLine-0.2 {
				t.Fatalf("names cover each other: %v", names)
			}
		}
	})
}

func within(s string, low, high float64) bool {
	v, err := strconv.ParseFloat(s, 64)
	return err == nil && v >= low && v <= high
}
