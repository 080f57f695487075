package storetest

import (
	"context"
	"fmt"
	"slices"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

var queryCases = []testCase{
	{"a compound index gives order, ranges and counts", queryOrder},
	{"rows that lack a field of the index, or hold null there, are not in it", queryAbsent},
	{"cursors stay right while rows are inserted and deleted", queryCursors},
	{"an answer is bounded, and says that there is more", queryBound},
	{"a position of another query, or a forged one, is refused", queryForged},
	{"a query that the index cannot answer is refused", queryImpossible},
	{"any query answers as a plain map would", queryProperty},
}

// ids reads all pages of q.
func ids(ctx context.Context, tx store.Reader, q store.Query) (all []string, err error) {
	for {
		page, err := items.Find(ctx, tx, q)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Rows {
			all = append(all, r.ID)
		}
		if page.Next == "" {
			return all, nil
		}
		q.After = page.Next
	}
}

func (s *suite) ids(db store.DB, q store.Query) (all []string) {
	s.Helper()
	err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) (err error) {
		all, err = ids(ctx, tx, q)
		return err
	})
	if err != nil {
		s.Fatalf("find %+v: %v", q, err)
	}
	return all
}

// sample inserts rows a to j with kinds and ranks out of the order of their ids.
func (s *suite) sample(db store.DB) {
	s.Helper()
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		for i, v := range []item{
			{Kind: "x", Rank: rank(3)}, {Kind: "y", Rank: rank(1)}, {Kind: "x", Rank: rank(1)}, {Kind: "x", Rank: rank(2)}, {Kind: "y", Rank: rank(-5)},
			{Kind: "x", Rank: rank(2), Done: true}, {Kind: "z", Rank: rank(9)}, {Kind: "x"}, {Rank: rank(4)}, {Kind: "x", Rank: rank(10)},
		} {
			if _, err := items.Insert(ctx, tx, string(rune('a'+i)), v); err != nil {
				return err
			}
		}
		return nil
	})
}

func queryOrder(s *suite) {
	db := s.fresh()
	s.sample(db)
	type kind string
	for _, c := range []struct {
		q    store.Query
		want string
	}{
		{store.Query{Index: "kind_rank"}, "[c d f a j e b g]"},
		{store.Query{Index: "kind_rank", Descending: true}, "[g b e j a f d c]"},
		{store.Query{Index: "kind_rank", Equal: []any{kind("x")}}, "[c d f a j]"},
		{store.Query{Index: "kind_rank", Equal: []any{"x"}, Descending: true}, "[j a f d c]"},
		{store.Query{Index: "kind_rank", Equal: []any{"x"}, From: 2}, "[d f a j]"},
		{store.Query{Index: "kind_rank", Equal: []any{"x"}, From: 2, Before: uint8(10)}, "[d f a]"},
		{store.Query{Index: "kind_rank", Equal: []any{"x"}, Before: 3, Descending: true}, "[f d c]"},
		{store.Query{Index: "kind_rank", Equal: []any{"x", 2}}, "[d f]"},
		{store.Query{Index: "kind_rank", From: "y"}, "[e b g]"},
		{store.Query{Index: "kind_rank", Equal: []any{"none"}}, "[]"},
		{store.Query{Index: "done_kind", Equal: []any{true}}, "[f]"},
		{store.Query{Index: "done_kind", Equal: []any{false}, From: "y"}, "[b e g]"},
		{store.Query{}, "[a b c d e f g h i j]"},
		{store.Query{Descending: true, From: "c", Before: "e"}, "[d c]"},
		{store.Query{Equal: []any{"c"}}, "[c]"},
	} {
		for _, limit := range []int{0, 1, 2, 3} {
			c.q.Limit = limit
			if got := fmt.Sprint(s.ids(db, c.q)); got != c.want {
				s.Errorf("%+v: %s, want %s", c.q, got, c.want)
			}
		}
		if got, want := s.count(db, c.q), int64(len(c.want)/2); c.want != "[]" && got != want {
			s.Errorf("%+v: counted %d, want %d", c.q, got, want)
		}
	}
}

func queryAbsent(s *suite) {
	db := s.fresh()
	s.sample(db)
	if got := s.ids(db, store.Query{Index: "kind_rank"}); slices.Contains(got, "h") || slices.Contains(got, "i") {
		s.Errorf("rows without kind or rank are in the index: %v", got)
	}
	if got := fmt.Sprint(s.ids(db, store.Query{Index: "done_kind", Equal: []any{false, "x"}})); got != "[a c d h j]" {
		s.Errorf("rows by done and kind: %s", got)
	}
}

func queryCursors(s *suite) {
	db := s.fresh()
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		for i := range 20 {
			if _, err := items.Insert(ctx, tx, id(i), item{Kind: "x", Rank: rank(int64(i / 4))}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, descending := range []bool{false, true} {
		q := store.Query{Index: "kind_rank", Equal: []any{"x"}, Limit: 6, Descending: descending}
		first := s.page(db, q)
		last := first.Rows[5]
		// The row at the cursor and one already read go, one comes before and one behind the cursor.
		before, behind := rank(-1), rank(99)
		if descending {
			before, behind = behind, before
		}
		s.update(db, func(ctx context.Context, tx store.Writer) error {
			for _, r := range []store.Row[item]{last, first.Rows[2]} {
				if err := items.Delete(ctx, tx, r); err != nil {
					return err
				}
			}
			for name, at := range map[string]*int64{"before": before, "behind": behind} {
				if _, err := items.Insert(ctx, tx, fmt.Sprint(name, descending), item{Kind: "x", Rank: at}); err != nil {
					return err
				}
			}
			return nil
		})
		q.After = first.Next
		rest := s.ids(db, q)
		for _, r := range first.Rows {
			if slices.Contains(rest, r.ID) {
				s.Errorf("descending %v: row %s is on two pages", descending, r.ID)
			}
		}
		if slices.Contains(rest, fmt.Sprint("before", descending)) || !slices.Contains(rest, fmt.Sprint("behind", descending)) {
			s.Errorf("descending %v: rows inserted meanwhile: %v", descending, rest)
		}
		if want := s.count(db, q) - 4 - 1; int64(len(rest)) != want {
			s.Errorf("descending %v: %d rows behind the cursor, want %d", descending, len(rest), want)
		}
	}
}

func (s *suite) page(db store.DB, q store.Query) (p store.Page[item]) {
	s.Helper()
	err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) (err error) {
		p, err = items.Find(ctx, tx, q)
		return err
	})
	if err != nil {
		s.Fatalf("find %+v: %v", q, err)
	}
	return p
}

func queryBound(s *suite) {
	db := s.fresh()
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		for i := range store.MaxLimit + 1 {
			if _, err := items.Insert(ctx, tx, id(i), item{Kind: "x", Rank: rank(int64(i))}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, q := range []store.Query{{}, {Index: "kind_rank"}, {Limit: store.MaxLimit * 2}} {
		p := s.page(db, q)
		if len(p.Rows) != store.MaxLimit || p.Next == "" {
			s.Errorf("%+v: %d rows, next %q", q, len(p.Rows), p.Next)
		}
		q.After = p.Next
		if p = s.page(db, q); len(p.Rows) != 1 || p.Next != "" {
			s.Errorf("%+v: second page has %d rows, next %q", q, len(p.Rows), p.Next)
		}
	}
}

func queryForged(s *suite) {
	db := s.fresh()
	s.sample(db)
	x := store.Query{Index: "kind_rank", Equal: []any{"x"}, Limit: 2}
	next := s.page(db, x).Next
	for name, q := range map[string]store.Query{
		"other index":  {Index: "code", After: next},
		"other filter": {Index: "kind_rank", Equal: []any{"y"}, After: next},
		"not base64":   {Index: "kind_rank", After: "*"},
		"not a list":   {Index: "kind_rank", After: "e30"},
		"nested":       {Index: "kind_rank", After: "W1tdLDEsImEiXQ"}, // [[],1,"a"]
		"no id":        {Index: "kind_rank", After: "WyJ4IiwxLDJd"},   // ["x",1,2]
	} {
		err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) error {
			_, err := items.Find(ctx, tx, q)
			return err
		})
		if !fault.Has(err, fault.PageTokenInvalid) {
			s.Errorf("%s: %v", name, err)
		}
	}
}

func queryImpossible(s *suite) {
	db := s.fresh()
	for name, q := range map[string]store.Query{
		"unknown index":   {Index: "nothing"},
		"too many values": {Index: "code", Equal: []any{"a", "b"}},
		"no field left":   {Index: "code", Equal: []any{"a"}, From: "b"},
		"a float":         {Index: "kind_rank", Equal: []any{"x"}, From: 1.5},
		"a struct":        {Index: "code", Equal: []any{struct{}{}}},
	} {
		err := db.View(s.Context(), func(ctx context.Context, tx store.Reader) error {
			_, err := items.Find(ctx, tx, q)
			return err
		})
		if err == nil {
			s.Errorf("%s: answered", name)
		}
	}
}
