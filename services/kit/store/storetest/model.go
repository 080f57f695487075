package storetest

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"renown.example/kit/store"
)

// model is the table of items as a plain map, and what its queries should answer.
type model map[string]item

// field returns the value of an indexed field, false if the item lacks it.
func field(v item, name string) (any, bool) {
	switch name {
	case "kind":
		return v.Kind, v.Kind != ""
	case "code":
		return v.Code, v.Code != ""
	case "done":
		return v.Done, true
	}
	if v.Rank == nil {
		return nil, false
	}
	return *v.Rank, true
}

func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		return cmp.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	}
	number := map[bool]int{true: 1}
	return cmp.Compare(number[a.(bool)], number[b.(bool)])
}

// key is the place of a row in an index: its values, then its id. ok is false if the row is not in the index.
func key(id string, v item, ix store.Index) (k []any, ok bool) {
	for _, f := range ix.Fields {
		value, ok := field(v, f)
		if !ok {
			return nil, false
		}
		k = append(k, value)
	}
	return append(k, id), true
}

// matches reports whether the query selects the place; behind is where the last page ended, nil at the start.
func matches(q store.Query, k, behind []any) bool {
	for i, v := range q.Equal {
		if compare(k[i], v) != 0 {
			return false
		}
	}
	if next := len(q.Equal); q.From != nil && compare(k[next], q.From) < 0 || q.Before != nil && compare(k[next], q.Before) >= 0 {
		return false
	}
	if behind == nil {
		return true
	}
	c := slices.CompareFunc(k, behind, compare)
	return c > 0 && !q.Descending || c < 0 && q.Descending
}

// find returns the places of all rows that q selects behind one, in order.
func (m model) find(q store.Query, behind []any) (found [][]any) {
	ix, err := items.Spec().Index(q.Index)
	if err != nil {
		panic(err)
	}
	for id, v := range m {
		if k, ok := key(id, v, ix); ok && matches(q, k, behind) {
			found = append(found, k)
		}
	}
	slices.SortFunc(found, func(a, b []any) int {
		if q.Descending {
			a, b = b, a
		}
		return slices.CompareFunc(a, b, compare)
	})
	return found
}

// violated names the unique indexes that a row would violate.
func (m model) violated(id string, v item) (names []string) {
	for _, ix := range items.Spec().Indexes {
		k, ok := key(id, v, ix)
		if !ok || !ix.Unique {
			continue
		}
		for other, w := range m {
			if o, ok := key(other, w, ix); ok && other != id && slices.Equal(o[:len(o)-1], k[:len(k)-1]) {
				names = append(names, ix.Name)
				break
			}
		}
	}
	return names
}

var (
	someID   = rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "B", "ü", "ab", "a0", "😀"})
	someKind = rapid.SampledFrom([]string{"", "x", "y", "xy", "X", "é", "日本", "x'", "\"", "𝄞"})
	someRank = rapid.SampledFrom([]int64{-1 << 62, -2, -1, 0, 1, 2, 1<<53 + 1, 1<<53 + 2, 1 << 62})
	someCode = rapid.SampledFrom([]string{"", "", "1", "2", "3"})
	someItem = rapid.Custom(func(t *rapid.T) item {
		v := item{Kind: someKind.Draw(t, "kind"), Done: rapid.Bool().Draw(t, "done"), Code: someCode.Draw(t, "code")}
		if rapid.IntRange(0, 4).Draw(t, "ranked") > 0 {
			v.Rank = rank(someRank.Draw(t, "rank"))
		}
		return v
	})
	someValue = map[string]*rapid.Generator[any]{"": someID.AsAny(), "kind": someKind.AsAny(), "rank": someRank.AsAny(), "done": rapid.Bool().AsAny(), "code": someCode.AsAny()}
	someQuery = rapid.Custom(func(t *rapid.T) store.Query {
		q := store.Query{Index: rapid.SampledFrom([]string{"", "kind_rank", "done_kind", "code", "kind_code"}).Draw(t, "index")}
		ix, _ := items.Spec().Index(q.Index)
		fields := ix.Fields
		if q.Index == "" {
			fields = []string{""}
		}
		for _, f := range fields[:rapid.IntRange(0, len(fields)).Draw(t, "equal")] {
			q.Equal = append(q.Equal, someValue[f].Draw(t, "value"))
		}
		if rest := fields[len(q.Equal):]; len(rest) > 0 {
			if rapid.Bool().Draw(t, "bounded below") {
				q.From = someValue[rest[0]].Draw(t, "from")
			}
			if rapid.Bool().Draw(t, "bounded above") {
				q.Before = someValue[rest[0]].Draw(t, "before")
			}
		}
		q.Descending = rapid.Bool().Draw(t, "descending")
		q.Limit = rapid.IntRange(1, 4).Draw(t, "limit")
		return q
	})
)

// queryProperty runs random changes and queries, pages of one query with changes between them.
func queryProperty(s *suite) {
	db := s.fresh()
	defer setChecks(s, map[bool]string{false: "60", true: "1000"}[Full()])()
	rapid.Check(s.T, func(t *rapid.T) {
		p := property{t, db, model{}}
		p.clear()
		var open *cursor
		t.Repeat(map[string]func(*rapid.T){
			"set":    func(t *rapid.T) { p.set(t, someID.Draw(t, "id"), someItem.Draw(t, "item")) },
			"delete": func(t *rapid.T) { p.remove(t, someID.Draw(t, "id")) },
			"query":  func(t *rapid.T) { open = &cursor{q: someQuery.Draw(t, "query")}; p.read(t, open) },
			"page": func(t *rapid.T) {
				if open == nil || open.q.After == "" {
					t.Skip("no query has a further page")
				}
				p.read(t, open)
			},
		})
	})
}

func setChecks(t testing.TB, n string) func() {
	old := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", n); err != nil {
		t.Fatal(err)
	}
	return func() { _ = flag.Set("rapid.checks", old) }
}

type property struct {
	t  *rapid.T
	db store.DB
	m  model
}

// cursor is a query that is read page by page.
type cursor struct {
	q      store.Query
	behind []any
}

func (p property) clear() {
	err := p.db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
		page, err := items.Find(ctx, tx, store.Query{})
		for _, r := range page.Rows {
			err = errors.Join(err, items.Delete(ctx, tx, r))
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p property) set(t *rapid.T, id string, v item) {
	err := p.db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
		row, err := items.GetForUpdate(ctx, tx, id)
		if store.IsNotFound(err) {
			_, err = items.Insert(ctx, tx, id, v)
			return err
		}
		row.Value = v
		_, err = items.Put(ctx, tx, row)
		return err
	})
	switch violated := p.m.violated(id, v); {
	case len(violated) == 0 && err == nil:
		p.m[id] = v
	case len(violated) > 0 && slices.Contains(violated, store.ViolatedIndex(err)):
	default:
		t.Fatalf("setting %q: %v; unique indexes violated: %v", id, err, violated)
	}
}

func (p property) remove(t *rapid.T, id string) {
	err := p.db.Update(context.Background(), func(ctx context.Context, tx store.Writer) error {
		row, err := items.GetForUpdate(ctx, tx, id)
		if err != nil {
			return err
		}
		return items.Delete(ctx, tx, row)
	})
	if _, exists := p.m[id]; exists != (err == nil) || err != nil && !store.IsNotFound(err) {
		t.Fatalf("deleting %q: %v; it exists: %v", id, err, exists)
	}
	delete(p.m, id)
}

// read compares the next page of the query, and its count, with the model.
func (p property) read(t *rapid.T, c *cursor) {
	var page store.Page[item]
	var n int64
	err := p.db.View(context.Background(), func(ctx context.Context, tx store.Reader) (err error) {
		if page, err = items.Find(ctx, tx, c.q); err == nil {
			n, err = items.Count(ctx, tx, c.q)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%+v: %v", c.q, err)
	}
	if want := len(p.m.find(c.q, nil)); n != int64(want) {
		t.Fatalf("%+v: counted %d, want %d", c.q, n, want)
	}
	want := p.m.find(c.q, c.behind)
	if more := len(want) > c.q.Limit; more != (page.Next != "") {
		t.Fatalf("%+v: next page %q, want one: %v", c.q, page.Next, more)
	}
	want = want[:min(len(want), c.q.Limit)]
	if len(page.Rows) != len(want) {
		t.Fatalf("%+v: %d rows, want %v", c.q, len(page.Rows), want)
	}
	for i, r := range page.Rows {
		if r.ID != want[i][len(want[i])-1] {
			t.Fatalf("%+v: row %d is %q, want %v", c.q, i, r.ID, want)
		}
		c.behind = want[i]
	}
	c.q.After = page.Next
}
