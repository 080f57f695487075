package store_test

import (
	"math"
	"reflect"
	"testing"

	"renown.example/kit/clock"
	"renown.example/kit/store"
)

type record struct{}

// TestDefineRefuses checks that a declaration which no engine could keep stops the program.
func TestDefineRefuses(t *testing.T) {
	index := func(name string, fields ...string) []store.Index { return []store.Index{{Name: name, Fields: fields}} }
	for name, s := range map[string]store.Spec{
		"no name":              {},
		"a quoted name":        {Name: `a"b`},
		"an engine's name":     {Name: "_a"},
		"a digit first":        {Name: "1a"},
		"an unnamed index":     {Name: "a", Indexes: index("", "b")},
		"the index of ids":     {Name: "a", Indexes: index("id", "b")},
		"no fields":            {Name: "a", Indexes: index("b")},
		"a path as field":      {Name: "a", Indexes: index("b", "c.d")},
		"an engine's field":    {Name: "a", Indexes: index("b", "_version")},
		"a repeated index":     {Name: "a", Indexes: append(index("b", "c"), index("b", "d")...)},
		"unique across shards": {Name: "a", ShardKey: []string{"t"}, Indexes: []store.Index{{Name: "b", Fields: []string{"b", "t"}, Unique: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was accepted", s)
				}
			}()
			store.Define[record](s)
		})
	}
	ok := store.Define[record](store.Spec{Name: "a_1", ShardKey: []string{"t"}, Indexes: []store.Index{{Name: "b", Fields: []string{"t", "b"}, Unique: true}}})
	if ok.Spec().Version() != 1 {
		t.Errorf("schema version %d", ok.Spec().Version())
	}
}

func TestScalar(t *testing.T) {
	type kind string
	for _, c := range []struct {
		in, want any
	}{
		{"a", "a"}, {kind("a"), "a"}, {7, int64(7)}, {uint8(7), int64(7)}, {clock.Millis(7), int64(7)}, {true, true},
		{1.5, nil}, {nil, nil}, {[]byte("a"), nil}, {uint64(math.MaxUint64), nil}, {struct{}{}, nil},
	} {
		got, err := store.Scalar(c.in)
		if !reflect.DeepEqual(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%T %v became %v, %v", c.in, c.in, got, err)
		}
	}
}
