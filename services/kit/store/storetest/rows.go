package storetest

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

var rowCases = []testCase{
	{"a row is inserted, read, changed and deleted, with its version", rowLife},
	{"every value comes back as it was written", rowValues},
	{"a change of a version that is no longer there is refused", rowConflict},
	{"a change of a row that does not exist is refused", rowMissing},
	{"a violated unique index is named", rowUnique},
	{"rows without a field of a unique index do not collide", rowUniqueAbsent},
	{"a table that was not declared at opening is refused", rowUndeclared},
}

func rowLife(s *suite) {
	db := s.fresh()
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		row, err := items.Insert(ctx, tx, "a", item{Count: 1})
		if err == nil && (row.Version != 1 || row.ID != "a") {
			s.Errorf("inserted row is %+v", row)
		}
		return err
	})
	row := s.get(db, "a")
	if row.Version != 1 || row.Value.Count != 1 {
		s.Errorf("read %+v", row)
	}
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		changed := row
		changed.Value.Count = 2
		after, err := items.Put(ctx, tx, changed)
		if err == nil && after.Version != 2 {
			s.Errorf("version after a change is %d", after.Version)
		}
		return err
	})
	if row = s.get(db, "a"); row.Version != 2 || row.Value.Count != 2 {
		s.Errorf("after the change: %+v", row)
	}
	s.update(db, func(ctx context.Context, tx store.Writer) error { return items.Delete(ctx, tx, row) })
	s.absent(db, "a")
	s.insert(db, "a", item{Count: 3})
	if row = s.get(db, "a"); row.Version != 1 || row.Value.Count != 3 {
		s.Errorf("a row inserted again is %+v", row)
	}
}

func rowValues(s *suite) {
	db := s.fresh()
	ids := []string{"a", "A", "ä", "a b", "a'b\"", "a.b$c", "%", strings.Repeat("x", 200)}
	for i, id := range ids {
		want := item{Kind: "kind " + id, Rank: rank(math.MaxInt64 - int64(i)), Done: i%2 == 0, Count: math.MinInt64 + int64(i)}
		s.insert(db, id, want)
		if got := s.get(db, id); !reflect.DeepEqual(got.Value, want) || got.ID != id {
			s.Errorf("wrote %+v, read %+v", want, got.Value)
		}
	}
	s.insert(db, "long", item{Kind: "k", Code: strings.Repeat("ab", 400)})
	s.insert(db, "large", item{Kind: strings.Repeat("€", 300_000)[:900_000], Rank: nil})
	if got := s.get(db, "large"); len(got.Value.Kind) != 900_000 || got.Value.Rank != nil {
		s.Errorf("a large document came back with %d bytes", len(got.Value.Kind))
	}
}

func rowConflict(s *suite) {
	db := s.fresh()
	s.insert(db, "a", item{Count: 1})
	stale := s.get(db, "a")
	s.update(db, func(ctx context.Context, tx store.Writer) error { return increment(ctx, tx, "a") })
	for name, change := range map[string]func(ctx context.Context, tx store.Writer) error{
		"put": func(ctx context.Context, tx store.Writer) error {
			_, err := items.Put(ctx, tx, stale)
			return err
		},
		"delete": func(ctx context.Context, tx store.Writer) error { return items.Delete(ctx, tx, stale) },
	} {
		if err := db.Update(s.Context(), change); !store.IsChanged(err) {
			s.Errorf("%s with a stale version: %v", name, err)
		}
	}
	if row := s.get(db, "a"); row.Version != 2 || row.Value.Count != 2 {
		s.Errorf("the row is %+v", row)
	}
}

func rowMissing(s *suite) {
	db := s.fresh()
	gone := store.Row[item]{ID: "gone", Version: 1}
	for name, change := range map[string]func(ctx context.Context, tx store.Writer) error{
		"get": func(ctx context.Context, tx store.Writer) error {
			_, err := items.Get(ctx, tx, "gone")
			return err
		},
		"get for update": func(ctx context.Context, tx store.Writer) error {
			_, err := items.GetForUpdate(ctx, tx, "gone")
			return err
		},
		"put": func(ctx context.Context, tx store.Writer) error {
			_, err := items.Put(ctx, tx, gone)
			return err
		},
		"delete": func(ctx context.Context, tx store.Writer) error { return items.Delete(ctx, tx, gone) },
		"first": func(ctx context.Context, tx store.Writer) error {
			_, err := items.First(ctx, tx, store.Query{Index: "code", Equal: []any{"gone"}})
			return err
		},
	} {
		if err := db.Update(s.Context(), change); !store.IsNotFound(err) {
			s.Errorf("%s of a row that does not exist: %v", name, err)
		}
	}
	s.absent(db, "gone")
}

func rowUnique(s *suite) {
	db := s.fresh()
	s.insert(db, "a", item{Kind: "x", Code: "one"})
	s.insert(db, "b", item{Kind: "y", Code: "two"})
	insert := func(id string, v item) func(ctx context.Context, tx store.Writer) error {
		return func(ctx context.Context, tx store.Writer) error {
			_, err := items.Insert(ctx, tx, id, v)
			return err
		}
	}
	for _, c := range []struct {
		name, index string
		change      func(ctx context.Context, tx store.Writer) error
	}{
		{"insert of a taken id", "id", insert("a", item{})},
		{"insert of a taken code", "code", insert("c", item{Kind: "z", Code: "one"})},
		{"change to a taken code", "code", func(ctx context.Context, tx store.Writer) error {
			row, err := items.GetForUpdate(ctx, tx, "b")
			if err != nil {
				return err
			}
			row.Value.Code = "one"
			_, err = items.Put(ctx, tx, row)
			return err
		}},
	} {
		err := db.Update(s.Context(), c.change)
		if got := store.ViolatedIndex(err); got != c.index || !fault.Has(err, fault.AlreadyExists) {
			s.Errorf("%s: index %q, error %v", c.name, got, err)
		}
	}
	if n := s.count(db, store.Query{}); n != 2 {
		s.Errorf("%d rows", n)
	}
	// What was deleted or changed is free again.
	s.update(db, func(ctx context.Context, tx store.Writer) error {
		row, err := items.GetForUpdate(ctx, tx, "a")
		if err != nil {
			return err
		}
		return errors.Join(items.Delete(ctx, tx, row), insert("c", item{Kind: "z", Code: "one"})(ctx, tx))
	})
}

func rowUniqueAbsent(s *suite) {
	db := s.fresh()
	s.insert(db, "a", item{Kind: "x"})
	s.insert(db, "b", item{Kind: "x"})
	s.insert(db, "c", item{Kind: "x", Code: "one"})
	if n := s.count(db, store.Query{Index: "kind_code", Equal: []any{"x"}}); n != 1 {
		s.Errorf("%d rows in an index whose field only one has", n)
	}
}

func rowUndeclared(s *suite) {
	db := s.fresh()
	unknown := store.Define[item](store.Spec{Name: "unknown"})
	err := db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
		_, err := unknown.Insert(ctx, tx, "a", item{})
		return err
	})
	if err == nil {
		s.Error("a row was inserted into a table that was not declared")
	}
}
