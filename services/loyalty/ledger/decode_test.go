package ledger_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"renown.example/loyalty/ledger"
)

// sameAsPlain compares how a page is read in one go with how encoding/json reads it, to which a blank behind it leaves it.
func sameAsPlain(t *testing.T, text []byte) {
	t.Helper()
	if !json.Valid(text) {
		return // which no database holds
	}
	var got, want ledger.Page
	err, wanted := got.UnmarshalJSON(text), want.UnmarshalJSON(append(bytes.Clone(text), ' '))
	if (err == nil) != (wanted == nil) {
		t.Fatalf("%s: %v, want %v", text, err, wanted)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
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

// A page that remembers its text writes what one writes that does not, whatever becomes of its figures.
func TestFiguresAreWrittenIntoThePagesText(t *testing.T) {
	s, pages := seed(t), 0
	for n := range uint64(50) {
		m, _ := lived(t, s+n)
		for _, stored := range m.Stored() {
			text, err := stored.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			p, err := ledger.ReadPage(text)
			if err != nil || !reflect.DeepEqual(p.Lots, stored.Lots) {
				t.Fatalf("%s: %+v, %v", text, p, err)
			}
			for _, open := range []int64{0, 7, 1_000_000} {
				for i := range p.Lots {
					p.Lots[i].Open, p.Lots[i].Reserved = open*int64(i%3), open
				}
				got, err := p.MarshalJSON()
				if err != nil {
					t.Fatal(err)
				}
				if want, _ := (ledger.Page{ID: p.ID, Lots: p.Lots}).MarshalJSON(); !bytes.Equal(got, want) {
					t.Fatalf("%s, want %s", got, want)
				}
				pages++
			}
		}
	}
	if pages < 50 {
		t.Errorf("only %d pages", pages)
	}
}

// Figures that stand elsewhere than a page writes them are read, and the page is written as a whole.
func TestATextOfAnotherOrderIsNotWrittenInto(t *testing.T) {
	for _, text := range []string{
		`{"id":"a","lots":{"n":[1,2],"open":4,"points":5,"tx":1}}`, `{"id":"a","lots":{"n":[1,2],"points":5,"tx":1,"open":4}}`,
		`{"id":"a","lots":{"n":[1,2],"points":5,"reserved":4,"open":4,"tx":1}}`, `{"lots":{"n":[1,2],"points":5,"tx":1,"open":4},"id":"a"}`, `{"id":"a","lots":{"n":[]}}`, `{"id":"a"}`,
		` {"id":"a","lots":{"n":[1,2],"points":5,"open":4}}`, `{"id":"é","lots":{"n":[1,2],"points":5,"open":4}}`,
	} {
		p, err := ledger.ReadPage([]byte(text))
		if err != nil {
			t.Fatal(text, err)
		}
		for i := range p.Lots {
			p.Lots[i].Open = 3
		}
		got, err := p.MarshalJSON()
		if want, _ := (ledger.Page{ID: p.ID, Lots: p.Lots}).MarshalJSON(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s becomes %s, want %s (%v)", text, got, want, err)
		}
	}
}

func FuzzPage(f *testing.F) {
	for _, text := range []string{
		`{"id":"2026-01/000001","lots":{"n":[1,2],"points":100,"open":[-30,4],"reserved":[5,0],"pending":true,"activatesAt":1,"issuedAt":2,"expiresAt":[3,4],"life":"P1Y","policy":["p@1",""],"frozenAt":4,"rule":"r","source":["s","t"],"tx":[9,10],"from":[null,{"page":"x","n":3}],"movedTo":[{"page":"y","n":7},null]}}`,
		`{"id":"a","lots":{"n":[]}}`, `{"id":"a","lots":{"n":[1],"pending":false,"from":{"page":"x","n":3}}}`, `{"id":"a","lots":{"points":1,"n":[1]}}`, `{"id":"a","lots":{"n":[1,2],"points":[1]}}`,
		`{"id":"a","lots":{"n":[1,2],"points":[1,2,3]}}`, `{}`, `null`, `[]`, `{"lots":null}`, `{"lots":{}}`, `{"id":"","lots":{}}`, `{"lots":{"n":1}}`, ` {"id" : "a"}`, `{"id":"\u0041é","lots":{"n":[3],"rule":"é"}}`,
		`{"id":"a","lots":{"n":{"first":3,"last":5},"points":[1,2,3]}}`, `{"id":"a","lots":{"n":{"first":3,"last":3}}}`, `{"id":"a","lots":{"n":{"first":1,"last":33}}}`,
		`{"id":"a","lots":{"n":{"last":3}}}`, `{"id":"a","lots":{"n":{"first":3,"last":2}}}`, `{"id":"a","lots":{"n":{"first":1,"last":2,"more":3},"points":1}}`,
		`{"lots":{"n":[1],"points":1e3}}`, `{"lots":{"n":[1],"points":"1"}}`, `{"lots":{"n":[1],"other":[1]}}`, `{"lots":{"n":[1],"from":null}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameAsPlain(t, text) })
}

// The quick way is the one that is taken.
func TestPagesAreReadInOneGo(t *testing.T) {
	p := ledger.Page{ID: "2026-01/000001"}
	for n := range int64(32) {
		p.Lots = append(p.Lots, ledger.Lot{N: n + 1, Points: 100, Open: 30, IssuedAt: 2, Rule: "rules/base@1", Source: "orders/1", Tx: n + 9})
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var got ledger.Page
	quick := testing.AllocsPerRun(100, func() { _ = got.UnmarshalJSON(text) })
	slow := testing.AllocsPerRun(100, func() { _ = got.UnmarshalJSON(append(bytes.Clone(text), ' ')) })
	if !reflect.DeepEqual(got, p) || quick > 20 || slow < 2*quick {
		t.Errorf("%+v, %v and %v allocations", got, quick, slow)
	}
	if len(text) > 400 {
		t.Errorf("a page of lots that are alike takes %d bytes", len(text))
	}
}
