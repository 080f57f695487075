package sqlite

import (
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"renown.example/kit/store"
)

// TestQueriesUseTheirIndex asks SQLite how it would run each shape of query: through the index, and without sorting.
func TestQueriesUseTheirIndex(t *testing.T) {
	type record struct{}
	spec := store.Define[record](store.Spec{Name: "things", Indexes: []store.Index{
		{Name: "two", Fields: []string{"a", "b"}}, {Name: "one", Fields: []string{"a"}, Unique: true}, {Name: "pair", Fields: []string{"b", "a"}, Unique: true},
	}}).Spec()
	c, err := open(t.Context(), filepath.Join(t.TempDir(), "a.db"), writerPragmas...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := c.prepare(t.Context(), []*store.Spec{spec}); err != nil {
		t.Fatal(err)
	}
	tab := &table{spec: spec}
	n := 0
	for _, name := range []string{"", "two", "one", "pair"} {
		ix, err := spec.Index(name)
		if err != nil {
			t.Fatal(err)
		}
		fields := max(1, len(ix.Fields))
		for shape := range (fields + 1) << 4 {
			p := store.Plan{Index: ix, Limit: 10, Descending: shape&1 != 0}
			for range shape >> 4 {
				p.Equal = append(p.Equal, "x")
			}
			if len(ix.Fields) > 0 {
				p.Rest = ix.Fields[len(p.Equal):]
			}
			if len(p.Equal) < fields {
				if shape&2 != 0 {
					p.From = "a"
				}
				if shape&4 != 0 {
					p.Before = "z"
				}
			}
			if shape&8 != 0 {
				p.After = &store.Position{ID: "i"}
				for range p.Rest {
					p.After.Values = append(p.After.Values, "m")
				}
			}
			n++
			explain(t, c, tab, &p)
		}
	}
	t.Logf("%d shapes of queries", n)
}

func explain(t *testing.T, c *conn, tab *table, p *store.Plan) {
	t.Helper()
	_, args, err := c.selection(tab, kindFind, p)
	if err != nil {
		t.Fatal(err)
	}
	text := tab.selection(kindFind, p)
	var steps []string
	if err := c.read("EXPLAIN QUERY PLAN "+text, func(row []driver.Value) error {
		steps = append(steps, fmt.Sprint(row[3]))
		return nil
	}, args...); err != nil {
		t.Fatal(err)
	}
	plan := strings.Join(steps, "; ")
	bounded := len(p.Equal) > 0 || p.From != nil || p.Before != nil || p.After != nil
	if len(steps) != 1 || !strings.Contains(plan, "USING INDEX") || bounded && !strings.HasPrefix(plan, "SEARCH") {
		t.Errorf("%s\n%s", text, plan)
	}
}
