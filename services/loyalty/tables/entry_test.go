package tables

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"renown.example/loyalty/calendar"
)

// What is plain is written and read by encoding/json.
type (
	plainEntry   Entry
	plainAccount Account
	plainMember  Member
)

// fill gives every field a value, or, if it is told to leave some out, some of them.
func fill(r *rand.Rand, v reflect.Value, leave bool) {
	if leave && r.IntN(3) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[calendar.Date]() {
			v.Set(reflect.ValueOf(calendar.Date{Year: 1 + r.IntN(9999), Month: time.Month(1 + r.IntN(12)), Day: 1 + r.IntN(28)}))
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				fill(r, v.Field(i), leave)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem(), leave)
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`{"a":[1,"}\\\"",{}],"b":null}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(r, v.Index(i), leave)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for _, key := range []string{"b", "a/1", "ä"} {
			value := reflect.New(v.Type().Elem()).Elem()
			fill(r, value, leave)
			v.SetMapIndex(reflect.ValueOf(key), value)
		}
	case reflect.String:
		v.SetString([]string{"rules/double@3", "2027-03/000001", "", "naïve <b> & \"q\" \\ \n"}[r.IntN(3+r.IntN(8)/7)])
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt([]int64{1, -20, 1 << 53, 1_790_000_000_000}[r.IntN(4)])
	}
}

// TestWhatIsStoredOftenIsWrittenAndReadAsEncodingJSONWould fails too when a field was added that the writers do not know: then they leave everything to encoding/json.
func TestWhatIsStoredOftenIsWrittenAndReadAsEncodingJSONWould(t *testing.T) {
	if !taught || !taughtMember {
		t.Error("a field was added: the writers and readers of entries, accounts, members or pages have to be taught it")
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 1000 {
		var e, gotEntry Entry
		var a, gotAccount Account
		fill(r, reflect.ValueOf(&e).Elem(), n%2 == 1)
		fill(r, reflect.ValueOf(&a).Elem(), n%2 == 1)
		same(t, e, plainEntry(e), &gotEntry)
		briefly(t, e)
		var m, gotMember Member
		fill(r, reflect.ValueOf(&m).Elem(), n%2 == 1)
		same(t, m, plainMember(m), &gotMember)
		same(t, a, plainAccount(a), &gotAccount)
		headless := a
		headless.Ledger.Head = ""
		text, err := headless.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		a.Ledger.Head = "0f"
		same(t, a.Sealed(WithHead(text, "0f")), plainAccount(a), &gotAccount)
	}
}

// briefly holds that an entry is read briefly as it is, without the changes of lots.
func briefly(t *testing.T, e Entry) {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var whole Entry
	var brief Brief
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &brief); err != nil {
		t.Fatal(err)
	}
	if whole.Tx != nil {
		whole.Tx.Lots = nil
	}
	if !reflect.DeepEqual(brief.Entry, whole) {
		t.Fatalf("%s\nis briefly read as\n%+v", text, brief.Entry)
	}
}

func same[T any](t *testing.T, v T, plain any, got *T) {
	t.Helper()
	want, err := json.Marshal(plain)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil || string(text) != string(want) {
		t.Fatalf("%s\nis not\n%s\n%v", text, want, err)
	}
	if err := json.Unmarshal(text, got); err != nil {
		t.Fatal(err)
	}
	plainGot := reflect.New(reflect.TypeOf(plain))
	if err := json.Unmarshal(text, plainGot.Interface()); err != nil {
		t.Fatal(err)
	}
	if as := plainGot.Elem().Convert(reflect.TypeFor[T]()).Interface(); !reflect.DeepEqual(as, any(*got)) {
		t.Fatalf("%s\nis read as\n%+v", text, *got)
	}
}
