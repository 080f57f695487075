package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

var schemaCases = []testCase{
	{"documents of an older schema are migrated", schemaMigrated},
	{"what an older program left is migrated", schemaRecorded},
	{"a database of a newer program is refused", schemaNewer},
	{"a migration that fails leaves everything as it was", schemaFails},
	{"indexes follow the declaration", schemaIndexes},
	{"a unique index that the rows violate is refused", schemaViolated},
	{"several that open an older database at once migrate it once", schemaTogether},
}

// talkV1 is a record as the first version of a program wrote it, talk as the third does.
type talkV1 struct {
	Title   string `json:"title"`
	Minutes int64  `json:"minutes"`
	Big     int64  `json:"big"`
}

type talk struct {
	Title   string `json:"title"`
	Slug    string `json:"slug"`
	Seconds int64  `json:"seconds"`
	Big     int64  `json:"big"`
}

var talksV1 = store.Define[talkV1](store.Spec{Name: "talks", Indexes: []store.Index{{Name: "minutes", Fields: []string{"minutes"}}, {Name: "big", Fields: []string{"big"}}}})

var talksV3 = store.Define[talk](store.Spec{
	Name:    "talks",
	Indexes: []store.Index{{Name: "slug", Fields: []string{"slug"}, Unique: true}, {Name: "seconds", Fields: []string{"seconds"}}, {Name: "big", Fields: []string{"big"}}},
	Migrations: []store.Migration{
		func(doc map[string]any) error {
			minutes, err := doc["minutes"].(json.Number).Int64()
			delete(doc, "minutes")
			doc["seconds"] = minutes * 60
			return err
		},
		func(doc map[string]any) error {
			doc["slug"] = strings.ReplaceAll(strings.ToLower(doc["title"].(string)), " ", "-")
			return nil
		},
	},
})

// recordedRows are the rows at schema version 1 that Engine.Recorded leaves, and what they must become.
var recordedRows = map[string]struct {
	version int64
	was     talkV1
	becomes talk
}{
	"t1": {1, talkV1{"On Harbours", 20, 1<<53 + 1}, talk{"On Harbours", "on-harbours", 1200, 1<<53 + 1}},
	"t2": {3, talkV1{"Counting Übermut", 45, -7}, talk{"Counting Übermut", "counting-übermut", 2700, -7}},
	"t3": {1, talkV1{"", 0, 0}, talk{"", "", 0, 0}},
}

// recordTalks writes the recorded rows as the first version of the program did.
func recordTalks(ctx context.Context, db store.DB) error {
	return db.Update(ctx, func(ctx context.Context, tx store.Writer) error {
		for id, r := range recordedRows {
			row, err := talksV1.Insert(ctx, tx, id, r.was)
			for err == nil && row.Version < r.version {
				row, err = talksV1.Put(ctx, tx, row)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// old makes a database at schema version 1 and returns its location.
func (s *suite) old() string {
	s.Helper()
	location := s.Fresh(s)
	db, err := s.Open(s.Context(), location, talksV1.Spec())
	if err == nil {
		err = errors.Join(recordTalks(s.Context(), db), db.Close())
	}
	if err != nil {
		s.Fatal(err)
	}
	return location
}

func schemaMigrated(s *suite) { s.checkMigrated(s.old()) }

func schemaRecorded(s *suite) {
	if s.Recorded == nil {
		s.Fatal("the engine's test gives no recorded database")
	}
	location := s.Fresh(s)
	s.Recorded(s, location)
	s.checkMigrated(location)
}

func (s *suite) checkMigrated(location string) {
	s.Helper()
	v3 := talksV3
	for range 2 { // the second time there is nothing to migrate
		db, err := s.Open(s.Context(), location, v3.Spec())
		if err != nil {
			s.Fatal(err)
		}
		err = db.View(s.Context(), func(ctx context.Context, tx store.Reader) error {
			for id, want := range recordedRows {
				row, err := v3.Get(ctx, tx, id)
				if err != nil {
					return err
				}
				if !reflect.DeepEqual(row.Value, want.becomes) || row.Version != want.version {
					s.Errorf("row %s became %+v", id, row)
				}
				found, err := v3.First(ctx, tx, store.Query{Index: "slug", Equal: []any{want.becomes.Slug}})
				if err != nil || found.ID != id {
					s.Errorf("by its new slug, row %s is found as %+v, %v", id, found, err)
				}
			}
			n, err := v3.Count(ctx, tx, store.Query{Index: "big", From: int64(1<<53 + 1)})
			if n != 1 {
				s.Errorf("by a number that no float can hold: %d rows, %v", n, err)
			}
			return err
		})
		if err := errors.Join(err, db.Close()); err != nil {
			s.Fatal(err)
		}
	}
}

func schemaNewer(s *suite) {
	location := s.old()
	db, err := s.Open(s.Context(), location, talksV3.Spec())
	if err != nil {
		s.Fatal(err)
	}
	if err := db.Close(); err != nil {
		s.Fatal(err)
	}
	if db, err = s.Open(s.Context(), location, talksV1.Spec()); err == nil {
		s.Errorf("an older program opened the database; closing: %v", db.Close())
	} else if !fault.Has(err, fault.IllegalState) {
		s.Errorf("opening by an older program: %v", err)
	}
}

func schemaFails(s *suite) {
	location := s.old()
	broken := store.Define[talkV1](store.Spec{Name: "talks", Migrations: []store.Migration{func(doc map[string]any) error {
		if doc["title"] == "On Harbours" {
			return errRefused
		}
		doc["title"] = "spoilt"
		return nil
	}}})
	if _, err := s.Open(s.Context(), location, broken.Spec()); !errors.Is(err, errRefused) {
		s.Fatalf("opening with a migration that fails: %v", err)
	}
	db, err := s.Open(s.Context(), location, talksV1.Spec())
	if err != nil {
		s.Fatalf("opening with the old declaration again: %v", err)
	}
	err = db.View(s.Context(), func(ctx context.Context, tx store.Reader) error {
		for id, want := range recordedRows {
			if row, err := talksV1.Get(ctx, tx, id); err != nil || row.Value != want.was {
				s.Errorf("row %s is %+v, %v", id, row, err)
			}
		}
		_, err := talksV1.Find(ctx, tx, store.Query{Index: "minutes"})
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		s.Fatal(err)
	}
	s.checkMigrated(location)
}

func schemaIndexes(s *suite) {
	location := s.Fresh(s)
	define := func(indexes ...store.Index) *store.Table[item] {
		return store.Define[item](store.Spec{Name: "things", Indexes: indexes})
	}
	add := func(table *store.Table[item], id, code string) error {
		db, err := s.Open(s.Context(), location, table.Spec())
		if err != nil {
			return err
		}
		err = db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
			_, err := table.Insert(ctx, tx, id, item{Code: code, Kind: code})
			return err
		})
		return errors.Join(err, db.Close())
	}
	unique := define(store.Index{Name: "code", Fields: []string{"code"}, Unique: true})
	loose := define(store.Index{Name: "code", Fields: []string{"code"}})
	for i, step := range []struct {
		table *store.Table[item]
		code  string
		want  string
	}{
		{define(), "a", ""}, {unique, "b", ""}, {unique, "a", "code"}, {unique, "b", "code"},
		{loose, "c", ""}, {unique, "c", "code"}, {define(), "d", ""}, {define(), "d", ""},
	} {
		err := add(step.table, fmt.Sprint(i), step.code)
		if got := store.ViolatedIndex(err); got != step.want || (err != nil) != (step.want != "") {
			s.Errorf("step %d: index %q, %v", i, got, err)
		}
	}
	if err := add(loose, "last", "x"); err != nil {
		s.Fatal(err)
	}
	db, err := s.Open(s.Context(), location, loose.Spec())
	if err != nil {
		s.Fatal(err)
	}
	defer db.Close()
	err = db.View(s.Context(), func(ctx context.Context, tx store.Reader) error {
		n, err := loose.Count(ctx, tx, store.Query{Index: "code", Equal: []any{"d"}})
		if n != 2 {
			s.Errorf("an index over rows that were there before it has %d", n)
		}
		return err
	})
	if err != nil {
		s.Error(err)
	}
}

func schemaViolated(s *suite) {
	location := s.Fresh(s)
	before := store.Define[item](store.Spec{Name: "things"})
	db, err := s.Open(s.Context(), location, before.Spec())
	if err != nil {
		s.Fatal(err)
	}
	err = db.Update(s.Context(), func(ctx context.Context, tx store.Writer) error {
		_, err := before.Insert(ctx, tx, "a", item{Code: "same"})
		_, err2 := before.Insert(ctx, tx, "b", item{Code: "same"})
		return errors.Join(err, err2)
	})
	if err := errors.Join(err, db.Close()); err != nil {
		s.Fatal(err)
	}
	after := store.Define[item](store.Spec{Name: "things", Indexes: []store.Index{{Name: "code", Fields: []string{"code"}, Unique: true}}})
	if _, err := s.Open(s.Context(), location, after.Spec()); store.ViolatedIndex(err) != "code" {
		s.Errorf("opening with a unique index that the rows violate: %v", err)
	}
}

func schemaTogether(s *suite) {
	if !s.Concurrent {
		s.Skip("only one process can open this engine's database")
	}
	location := s.old()
	s.parallel(3, func(int) error {
		db, err := s.Open(s.Context(), location, talksV3.Spec())
		if err != nil {
			return err
		}
		return db.Close()
	})
	// A document migrated twice would be an error: its old fields are gone.
	s.checkMigrated(location)
}
