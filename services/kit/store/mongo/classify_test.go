package mongo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"pgregory.net/rapid"

	"renown.example/kit/fault"
	"renown.example/kit/store"
)

func command(code int32, labels ...string) error {
	return fmt.Errorf("statement: %w", mongo.CommandError{Code: code, Labels: labels, Message: "as the server words it"})
}

func write(code int) error {
	return mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: code, Message: "could not serialize access due to concurrent update"}}}
}

func TestClassify(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		want   verdict
		commit committed
		reason fault.Reason
	}{
		"MongoDB's conflict":             {command(112, labelTransient), conflict, commitLost, fault.Conflict},
		"any transient error":            {command(246, labelTransient), conflict, commitLost, fault.Conflict},
		"a conflict without a label":     {command(112), conflict, commitLost, fault.Conflict},
		"a changed row as a write error": {write(16777220), conflict, commitLost, fault.Conflict},
		"a changed row":                  {command(16777220), conflict, commitLost, fault.Conflict},
		"a dead transaction":             {command(33685826), conflict, commitUnknown, fault.Conflict},
		"a lost transaction, labelled":   {command(251, labelTransient), conflict, commitLost, fault.Conflict},
		"a lost transaction":             {command(251), conflict, commitUnknown, fault.Conflict},
		"an unknown commit":              {command(91, labelUnknownCommit), refused, commitUnknown, fault.Internal},
		"the network":                    {command(0, "NetworkError", labelUnknownCommit), refused, commitUnknown, fault.Unavailable},
		"a bad statement":                {command(2), refused, commitUnknown, fault.Internal},
		"time":                           {command(50), refused, commitUnknown, fault.DeadlineExceeded},
		"a full disk":                    {command(14031), refused, commitUnknown, fault.StorageFull},
		"a large document":               {command(10334), refused, commitUnknown, fault.TooLarge},
		"a cancelled caller":             {context.Canceled, refused, commitUnknown, fault.Canceled},
		"a broken pipe":                  {io.ErrUnexpectedEOF, refused, commitUnknown, fault.Unavailable},
		"foresight":                      {errConflict, conflict, commitUnknown, fault.Conflict},
	} {
		if got := classify(c.err); got != c.want {
			t.Errorf("%s: verdict %d, want %d", name, got, c.want)
		}
		if got := classifyCommit(c.err); got != c.commit {
			t.Errorf("%s: at commit %d, want %d", name, got, c.commit)
		}
		if err := engineFault(c.err); !fault.Has(err, c.reason) || !errors.Is(err, c.err) && name != "foresight" && !reflect.DeepEqual(errors.Unwrap(err), c.err) {
			t.Errorf("%s: fault %v, want %s", name, err, c.reason.Name)
		}
	}
	if classifyCommit(nil) != commitDone {
		t.Error("a commit without an error is not done")
	}
}

func TestUniqueNamesTheIndex(t *testing.T) {
	spec := &store.Spec{Name: "stories"}
	for message, want := range map[string]string{
		`E11000 duplicate key error collection: renown.stories index: renown_slug dup key: { slug: "a" }`:    "slug",
		`E11000 duplicate key error collection: index_renown_x.stories index: _id_ dup key: { _id: "a" }`:    "id",
		`Duplicate key violation on the requested collection: Index 'renown_kind_code'`:                      "kind_code",
		`Duplicate key violation on the requested collection: Index '_id_'`:                                  "id",
		`E11000 duplicate key error collection: renown.stories index: renown_a_1 dup key: { a: "index: b" }`: "a_1",
	} {
		err := unique(spec, mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 11000, Message: message}}})
		if got := store.ViolatedIndex(err); got != want {
			t.Errorf("%s: index %q, want %q", message, got, want)
		}
	}
	if err := unique(spec, command(2)); store.ViolatedIndex(err) != "" {
		t.Errorf("another error: %v", err)
	}
}

// someJSON makes what encoding/json makes of records.
func someJSON(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.String().AsAny(), rapid.Int64().AsAny(), rapid.Bool().AsAny(), rapid.Just(any(nil)),
		rapid.Float64Range(-1e15, 1e15).Filter(func(f float64) bool { return f != float64(int64(f)) }).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(leaves...)
	}
	key := rapid.StringMatching(`[a-zé.$ ][a-zA-Z0-9_.$"\\]{0,5}`)
	nested := []*rapid.Generator[any]{rapid.SliceOfN(someJSON(depth-1), 0, 3).AsAny(), rapid.MapOfN(key, someJSON(depth-1), 0, 3).AsAny()}
	return rapid.OneOf(append(nested, leaves...)...)
}

// TestDocumentsKeepWhatJSONSays stores any JSON object as BSON and reads it back.
func TestDocumentsKeepWhatJSONSays(t *testing.T) {
	spec := &store.Spec{Name: "things"}
	rapid.Check(t, func(t *rapid.T) {
		record := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,6}`), someJSON(3), 0, 5).Draw(t, "record")
		document, err := encode(spec, "id", record, bson.D{{Key: fieldVersion, Value: int64(1)}, {Key: fieldSchema, Value: int64(1)}})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := bson.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		d, err := read(spec, raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.json()
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		if !sameJSON(t, got, want) {
			t.Fatalf("wrote %s\nread  %s", want, got)
		}
	})
}

func sameJSON(t *rapid.T, a, b []byte) bool {
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

func TestEncodeRefuses(t *testing.T) {
	spec := &store.Spec{Name: "things", Indexes: []store.Index{{Name: "a", Fields: []string{"a"}}}}
	for name, record := range map[string]any{
		"a list":           []int{1},
		"a reserved field": map[string]any{"_version": 7},
		"a zero in a key":  map[string]any{"a": map[string]any{"b\x00c": 1}},
		"65 bits":          map[string]any{"a": uint64(1) << 63},
		"a function":       map[string]any{"a": func() {}},
	} {
		if d, err := encode(spec, "id", record, nil); err == nil {
			t.Errorf("%s became %v", name, d)
		}
	}
	d, err := encode(spec, "id", map[string]any{"a": nil, "b": nil}, nil)
	if err != nil || !reflect.DeepEqual(d, bson.D{{Key: "_id", Value: "id"}, {Key: "b", Value: nil}}) {
		t.Errorf("null became %v, %v", d, err)
	}
}
