package sqlite

import (
	"fmt"
	"strings"
	"testing"
)

// How often the log is folded rests on how many pages are believed to be written: rows that were added together share them, others have one each, and a long one has many.
func TestPagesAreCountedAsRowsLie(t *testing.T) {
	one, other := &table{}, &table{}
	text := strings.Repeat("x", pageSize/8)
	rows := func(n int, id string, in func(i int) *table, index bool) int {
		var w wrote
		for i := range n {
			w.row(in(i), fmt.Sprintf(id, i), text, index)
		}
		return w.pages
	}
	same := func(int) *table { return one }
	for name, c := range map[string]struct{ got, want int }{
		"neighbours":              {rows(80, "ada/points/2027-03/%06d", same, false), 11},
		"neighbours in an index":  {rows(80, "ada/points/2027-03/%06d", same, true), 91},
		"rows of many":            {rows(80, "%06d/points", same, false), 80},
		"short ids":               {rows(80, "%03d", same, false), 80},
		"rows of tables, in turn": {rows(80, "ada/points/2027-03/%06d", func(i int) *table { return []*table{one, other}[i%2] }, false), 80},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d pages, want %d", name, c.got, c.want)
		}
	}
	var w wrote
	if w.row(one, "a", strings.Repeat("x", 10*pageSize), false); w.pages != 11 {
		t.Errorf("a long row has %d pages, want 11", w.pages)
	}
}
