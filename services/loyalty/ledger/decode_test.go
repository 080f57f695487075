package ledger_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"renown.example/loyalty/ledger"
)

// plain is a page that encoding/json reads by itself.
type plain ledger.Page

// sameAsPlain compares how a page is read with how encoding/json reads it.
func sameAsPlain(t *testing.T, text []byte) {
	t.Helper()
	var got ledger.Page
	var want plain
	err, wanted := json.Unmarshal(text, &got), json.Unmarshal(text, &want)
	if (err == nil) != (wanted == nil) {
		t.Fatalf("%s: %v, want %v", text, err, wanted)
	}
	if err == nil && !reflect.DeepEqual(got, ledger.Page(want)) {
		t.Fatalf("%s: %+v, want %+v", text, got, want)
	}
}

func TestPagesAreReadAsTheyWereWritten(t *testing.T) {
	s, pages := seed(t), 0
	for n := range uint64(50) {
		m, _ := lived(t, s+n)
		for _, p := range m.Stored() {
			pages++
			text, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			var got ledger.Page
			if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, p) {
				t.Fatalf("%s: %+v, %v", text, got, err)
			}
			sameAsPlain(t, text)
		}
	}
	if pages < 50 {
		t.Errorf("only %d pages", pages)
	}
}

func FuzzPage(f *testing.F) {
	for _, text := range []string{
		`{"id":"2026-01/000001","lots":[{"n":1,"points":100,"open":-30,"reserved":5,"pending":true,"activatesAt":1,"issuedAt":2,"expiresAt":3,"life":"P1Y","policy":"p@1","frozenAt":4,"rule":"r","source":"s","tx":9,"from":{"page":"x","n":3},"movedTo":{"page":"y","n":7}},{"n":2,"points":1,"open":1,"issuedAt":0,"tx":1,"rule":"r"}]}`,
		`{}`, `null`, `[]`, `{"lots":null}`, `{"lots":[]}`, `{"lots":[null]}`, ` {"id" : "a"}`, `{"ID":"a"}`, `{"id":"a","id":"b"}`, `{"id":"\u0041é"}`, `{"id":"é"}`,
		`{"lots":[{"n":1e3}]}`, `{"lots":[{"n":1.0}]}`, `{"lots":[{"n":01}]}`, `{"lots":[{"n":-0}]}`, `{"lots":[{"n":9223372036854775807}]}`, `{"lots":[{"n":92233720368547758079}]}`,
		`{"lots":[{"n":"1"}]}`, `{"lots":[{"from":null,"pending":false,"other":[1,{"a":2}]}]}`, `{"lots":[{"n":1},]}`, `{"lots":[{"n":1}{"n":2}]}`, `{"lots":[{"n":1}]`, `{"lots":[],"lots":[{"n":2}]}`,
		`{"lots":[{"n":1,"n":2,"from":{"n":1,"page":"a"},"from":{"n":2}}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameAsPlain(t, text) })
}

// The quick way is the one that is taken.
func TestPagesAreReadInOneGo(t *testing.T) {
	text := []byte(`{"id":"2026-01/000001","lots":[` + strings.TrimSuffix(strings.Repeat(`{"n":1,"points":100,"open":30,"issuedAt":2,"rule":"rules/base@1","source":"orders/1","tx":9},`, 32), ",") + `]}`)
	var p ledger.Page
	quick := testing.AllocsPerRun(100, func() { _ = p.UnmarshalJSON(text) })
	slow := testing.AllocsPerRun(100, func() { _ = p.UnmarshalJSON(append(bytes.Clone(text), ' ')) })
	if len(p.Lots) != 32 || quick > 8 || slow < 2*quick {
		t.Errorf("%d lots, %v and %v allocations", len(p.Lots), quick, slow)
	}
}
