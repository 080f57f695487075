package roster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"renown.example/kit/clock"
	"renown.example/loyalty/member"
)

func all(t testing.TB, text string, m *Mapping) []*Row {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), m)
	if err != nil {
		t.Fatal(err)
	}
	return rest(t, r)
}

func rest(t testing.TB, r *Reader) []*Row {
	t.Helper()
	var out []*Row
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
}

func mapping(t testing.TB, text string) *Mapping {
	t.Helper()
	m, err := ReadMapping([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &m
}

func day(y int, m time.Month, d int) clock.Millis {
	return clock.At(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// told writes rows down in short.
func told(rows []*Row) string {
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%d@%d %q", r.Number, r.Line, r.Name)
		for _, id := range r.Identifiers {
			fmt.Fprintf(&b, " %s=%s", id.Kind, id.Value)
		}
		for _, v := range r.Balances {
			fmt.Fprintf(&b, " [%s %d-%d %s %s]", v.Wallet, v.Points, v.Debt, instantText(v.IssuedAt), instantText(v.ExpiresAt))
		}
		for _, p := range r.Problems {
			fmt.Fprintf(&b, " !%d %s: %s", p.Line, p.Column, p.Message)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestOwnFormIsReadWithoutAMapping(t *testing.T) {
	csv := "\xef\xbb\xbfexternal,email,phone,name,tags,attribute:Store,enrolled,wallet,points,issued,expires\r\n" +
		"a-1,Ida@Example.org,'+49 30 1234567,\"Ida \"\"Sturm\"\"\nHahn\",vip|gold,Berlin,2020-02-29,points,100,2024-01-01,2027-03-31\r\n" +
		"\r\n" +
		"a-2,,,,,,,,,,\r\n"
	rows := all(t, csv, nil)
	want := []*Row{
		{
			Number: 1, Line: 2, Name: `Ida "Sturm" Hahn`, Identifiers: []Identifier{{member.External, "a-1"}, {member.Email, "ida@example.org"}, {member.Phone, "+49301234567"}},
			Tags: []string{"vip", "gold"}, Attributes: map[string]string{"Store": "Berlin"}, EnrolledAt: day(2020, 2, 29),
			Balances: []Balance{{Wallet: "points", Points: 100, IssuedAt: day(2024, 1, 1), ExpiresAt: day(2027, 4, 1)}},
		},
		{Number: 2, Line: 5, Identifiers: []Identifier{{member.External, "a-2"}}},
	}
	for _, r := range rows {
		r.Columns = nil
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	json := `{"external":["a-1"],"email":"Ida@Example.org","phone":["+49 30 1234567"],"name":"Ida \"Sturm\" Hahn","tags":["vip","gold"],"attributes":{"Store":"Berlin"},` +
		`"enrolled":"2020-02-29","balances":[{"wallet":"points","points":100,"issued":"2024-01-01","expires":"2027-03-31"}]}` + "\n\n\n" + `{"external":"a-2"}`
	rows = all(t, json, nil)
	for _, r := range rows {
		r.Columns = nil
	}
	want[0].Line, want[1].Line = 1, 4
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestARealExportIsReadByAMapping(t *testing.T) {
	m := mapping(t, `
columns: {Kundennummer: external, E-Mail: email, Telefon: phone, Vorname: name, Nachname: name, Punkte: points, Verfall: expires, Seit: enrolled, Filiale: "attribute:store"}
decimal: ","
thousands: "."
fractions: down
dates: ["DD.MM.YYYY", "D.M.YY"]
zone: Europe/Berlin
country: "+49"
wallet: points
empty: ["-", "n/a"]
`)
	text := "Kundennummer;E-Mail;Telefon;Vorname;Nachname;Punkte;Verfall;Seit;Filiale;Bemerkung\n" +
		"1001;ida@example.org;(030) 1234567;Ida;Hahn;1.234,50;31.03.2027;1.2.19;Mitte;ruft gern an\n" +
		"1002;-;+44 20 7946 0018;Per;N/A;0;;;;\n"
	// A file of a spreadsheet in the encoding of old.
	text = strings.ReplaceAll(text, "Hahn", "H\xe4hn")
	m.Encoding = "windows-1252"
	r, err := NewReader(strings.NewReader(text), m)
	if err != nil {
		t.Fatal(err)
	}
	got := told(rest(t, r))
	want := `1@2 "Ida Hähn" external=1001 email=ida@example.org phone=+49301234567 [points 1234-0  2027-03-31T22:00:00Z]
2@3 "Per" external=1002 phone=+442079460018
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if passed := r.Passed(); !slices.Equal(passed, []string{"Bemerkung"}) {
		t.Errorf("passed over: %q", passed)
	}
}

func TestLinesOfOneMemberBelongTogether(t *testing.T) {
	text := "external,points,expires\na,5,2027-01-31\na,7,2027-02-28\nb,1,\nb,0,\na,9,\n"
	want := "1@2 \"\" external=a [ 5-0  2027-02-01T00:00:00Z] [ 7-0  2027-03-01T00:00:00Z]\n2@4 \"\" external=b [ 1-0  ]\n3@5 \"\" external=b\n4@6 \"\" external=a [ 9-0  ]\n"
	rows := all(t, text, nil)
	if got := told(rows); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for field, want := range map[string]string{"balances[0].points": "2 points", "balances[1].expireTime": "3 expires", "balances[1]": "3 points", "identifiers": "2 external", "tags": "2 tags"} {
		if line, column := rows[0].Place(field); fmt.Sprint(line, " ", column) != want {
			t.Errorf("%s is at %d %s, want %s", field, line, column, want)
		}
	}
	// A balance that cannot be read holds up the others of the member: without it they would be opened as if they were all.
	text = "external,points,expires\na,5,\na,x,\na,7,\nb,x,\nb,1,\n"
	want = "1@2 \"\" external=a [ 5-0  ] [ 7-0  ] !3 points: \"x\" is no number of points\n2@5 \"\" external=b [ 1-0  ] !5 points: \"x\" is no number of points\n"
	rows = all(t, text, nil)
	if got := told(rows); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if line, _ := rows[0].Place("balances[1].points"); line != 4 {
		t.Errorf("the second balance that can be read is at line %d", line)
	}
}

// What becomes of a file is never silent: a fraction that was rounded and a column that was passed over are told.
func TestWhatIsTakenOtherwiseIsTold(t *testing.T) {
	m, err := ReadMapping([]byte("columns: {Nr: external, Punkte: points}\ndecimal: ','\nthousands: '.'\nfractions: down"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Nr;Punkte;Filiale\na;1.250,5;x\nb;7,0;y\n", `{"Nr":"a","Punkte":"1.250,5","Filiale":"x"}` + "\n" + `{"Nr":"b","Punkte":"7,0"}`} {
		r, err := NewReader(strings.NewReader(text), &m)
		if err != nil {
			t.Fatal(err)
		}
		a, errA := r.Next()
		b, errB := r.Next()
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if want := []Problem{{Line: a.Line, Column: "Punkte", Message: `"1.250,5" was taken as 1250`}}; !slices.Equal(a.Notes, want) || len(b.Notes) != 0 || a.Balances[0].Points != 1250 {
			t.Errorf("%q: %v and %v", text, a.Notes, b.Notes)
		}
		if passed := r.Passed(); !slices.Equal(passed, []string{"Filiale"}) {
			t.Errorf("%q: passed over %v", text, passed)
		}
	}
}

func TestAMappingThatIsWrongSaysWhere(t *testing.T) {
	for text, want := range map[string]string{
		"decimal: ','\ncolums: {a: external}": `the mapping has an unknown key "colums" in line 2; there are columns, country, dates, decimal, delimiter, empty, encoding, fractions, last_day, several, thousands, wallet, zone`,
		"dates: DD.MM.YYYY":                   `the mapping cannot be read: dates in line 1: it takes a list of texts, such as ["DD.MM.YYYY"]`,
		"columns: [a]":                        "the mapping cannot be read: columns in line 1: it takes columns and what each becomes, such as {Nr: external}",
		"zone: [a]":                           "the mapping cannot be read: zone in line 1: it takes one text",
		"decimal: ','\ndecimal: '.'":          "the mapping has the key decimal twice, again in line 2",
		"columns:\n  a: external\n  a: email": `the mapping cannot be read: columns in line 1: line 3: mapping key "a" already defined at line 2`,
		"just words":                          `the mapping cannot be read: line 1 is no key with a value, such as decimal: ","`,
	} {
		if _, err := ReadMapping([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestNumbersAreNeverGuessed(t *testing.T) {
	for _, c := range []struct {
		decimal, thousands, fractions, text string
		want                                int64
		says                                string
	}{
		{text: "1234", want: 1234},
		{text: "1 234", want: 1234},
		{text: "1'234", want: 1234},
		{text: "1.234", says: "two ways"},
		{text: "1,234", says: "two ways"},
		{text: "0.500", says: "fraction"},
		{text: "1,234.00", want: 1234},
		{text: "1.234,00", want: 1234},
		{text: "1,234,567", want: 1234567},
		{text: "12,34,567", says: "no number"},
		{text: "12.50", says: "fraction"},
		{text: "12.50", fractions: "down", want: 12},
		{text: "12.50", fractions: "half_up", want: 13},
		{text: "12.4999", fractions: "half_up", want: 12},
		{text: "-3", want: -3},
		{text: "+3", want: 3},
		{text: "−3", want: -3},
		{decimal: ",", text: "1.234", want: 1234},
		{decimal: ",", thousands: ".", text: "1.234,0", want: 1234},
		{decimal: ".", text: "1.234", says: "fraction"},
		{thousands: ".", text: "1.234", want: 1234},
		{thousands: ",", text: "1.234", says: "fraction"},
		{thousands: ".", text: "1,234.567", says: "no number"},
		{text: "1E+05", says: "no number"},
		{text: "", says: "no number"},
		{text: ".", says: "no number"},
		{text: "1,2,3", says: "no number"},
		{text: "9007199254740992", want: 1 << 53},
		{text: "9007199254740993", says: "more points"},
		{text: "99999999999999999999", says: "more points"},
		{text: "٣", says: "no number"},
		{text: "NaN", says: "no number"},
	} {
		m := Own()
		m.Decimal, m.Thousands = c.decimal, c.thousands
		if c.fractions != "" {
			m.Fractions = c.fractions
		}
		got, _, err := m.points(c.text)
		if got != c.want && c.says == "" || (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q (decimal %q, thousands %q, fractions %q): got %d, %v", c.text, c.decimal, c.thousands, c.fractions, got, err)
		}
	}
}

func TestDatesAreReadAsTheMappingSays(t *testing.T) {
	for _, c := range []struct {
		dates, value string
		end          bool
		want         string
	}{
		{value: "2027-03-31", want: "2027-03-31T00:00:00Z"},
		{value: "2027-03-31", end: true, want: "2027-04-01T00:00:00Z"},
		{value: "2027-03-31T12:00:00+02:00", end: true, want: "2027-03-31T10:00:00Z"},
		{value: "2027-03-31 12:00", want: "2027-03-31T12:00:00Z"},
		{value: "31.03.2027"},
		{value: "2027-02-30"},
		{value: "0001-01-01"},
		{dates: "[MM/DD/YYYY]", value: "03/31/2027", want: "2027-03-31T00:00:00Z"},
		{dates: "[MM/DD/YYYY]", value: "31/03/2027"},
		{dates: "[\"DD MMM YY hh:mm A\"]", value: "31 Mar 27 01:05 PM", want: "2027-03-31T13:05:00Z"},
		{dates: "[unix]", value: "1806451200", want: "2027-03-31T00:00:00Z"},
		{dates: "[unix_ms]", value: "1806451200000", want: "2027-03-31T00:00:00Z"},
		{dates: "[unix]", value: "9223372036854775807"},
	} {
		m := mapping(t, "dates: "+c.dates)
		got, err := m.instant(c.value, c.end)
		if (err != nil) != (c.want == "") || err == nil && instantText(got) != c.want {
			t.Errorf("%s as %s: got %s, %v, want %s", c.value, c.dates, instantText(got), err, c.want)
		}
	}
	for _, bad := range []string{"dates: [YYYY]", "dates: [DD.MM.]", "zone: Mars/Base", "columns: {a: b}", "decimal: x", "{decimal: ',', thousands: ','}", "surprise: 1", "country: '12'",
		"encoding: ebcdic", "fractions: up", "columns: {a: 'attribute:'}", "- a"} {
		if _, err := ReadMapping([]byte(bad)); err == nil {
			t.Errorf("%s: taken", bad)
		}
	}
}

// TestHostileFiles reads files that are broken in every way that was thought of. What is wrong is told with its line, and does not hold up what follows.
func TestHostileFiles(t *testing.T) {
	long := strings.Repeat("x", maxRecord+1)
	for _, c := range []struct{ name, text, want string }{
		{"a quote that is never closed", "external,name\na,\"oh\nb,\nc,\n", "1@2 \"\" !2 : a quotation mark is opened and never closed\n2@3 \"\" external=b\n3@4 \"\" external=c\n"},
		{"text behind a closing quote", "external,name\n\"a\"b,\nc,\n", "1@2 \"\" !2 : column 1 goes on behind its closing quotation mark: double those within\n2@3 \"\" external=c\n"},
		{"too few columns", "external,name\na\nb,B\n",
			"1@2 \"\" !2 : the line has 1 columns and the head has 2: is there a \",\" in a value without quotation marks?\n2@3 \"B\" external=b\n"},
		{"empty columns too many", "external,name\na,A,,\n", "1@2 \"A\" external=a\n"},
		{"not UTF-8", "external,name\na,\xff\nb,B\n", "1@2 \"\" !2 : the line is not UTF-8: save the file as UTF-8, or name its encoding in the mapping\n2@3 \"B\" external=b\n"},
		{"NUL", "external\na\x00\nb\n", "1@2 \"\" !2 : the line holds a NUL byte: the file is damaged, or in an encoding that the mapping must name\n2@3 \"\" external=b\n"},
		{"a line without end", "external,name\na," + long + "\nb,B\n", "1@2 \"\" !2 : the line is longer than 262144 bytes\n2@3 \"B\" external=b\n"},
		{"a quote without end", "external,name\na,\"" + strings.Repeat("x\n", 3000) + "\"\nb,B\n", ""},
		{"no identifier", "external,name\n,A\n", "1@2 \"A\" !2 : nothing says by what the member is found: an external id, an e-mail address, a telephone number or a card\n"},
		{"a name too long", "external,name\na," + strings.Repeat("n", 121) + "\n", "1@2 \"" + strings.Repeat("n", 121) + "\" external=a !2 name: it is longer than 120 characters\n"},
		{"JSON that is broken", "{\"external\":\"a\"}\n{\"external\":\n[1]\n{\"external\":\"b\"} {}\n{\"external\":\"c\",\"x\":1}\n",
			"1@1 \"\" external=a\n2@2 \"\" !2 : the line is no JSON object: unexpected EOF\n3@3 \"\" !3 : the line is no JSON object: json: cannot unmarshal array into Go value of type map[string]interface {}\n" +
				"4@4 \"\" !4 : the line is no JSON object: more than one value\n5@5 \"\" external=c !5 x: it is unknown: say in a mapping what it becomes, or \"skip\"\n"},
		{"JSON in the wrong places", `{"external":{"a":1},"points":[1,2],"balances":[1]}`, ""},
		{"below zero", "external,points\na,-5\n", "1@2 \"\" external=a !2 points: \"-5\" is below zero: what a member owes stands in a column of its own, debt\n"},
		{"a spreadsheet's word", "sep=;\nexternal;points\na;5\n", "1@3 \"\" external=a [ 5-0  ]\n"},
		{"formulas", "external,name\na,'=1+1\nb,=1+1\nc,''x\n", "1@2 \"=1+1\" external=a\n2@3 \"=1+1\" external=b\n3@4 \"'x\" external=c\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := all(t, c.text, nil)
			if got := told(rows); c.want != "" && got != c.want {
				t.Errorf("got\n%.600s\nwant\n%.600s", got, c.want)
			}
			if c.want == "" && !slices.ContainsFunc(rows, func(r *Row) bool { return len(r.Problems) > 0 }) {
				t.Error("nothing is said to be wrong")
			}
		})
	}
	for _, c := range []struct{ name, text, says string }{
		{"nothing", "", "empty"}, {"a workbook", "PK\x03\x04...", "workbook"}, {"packed", "\x1f\x8b\x08\x00", "packed"}, {"an array", "[{}]", "array"},
		{"no columns that are known", "Kunde;Punkte\n1;2\n", "the columns are Kunde, Punkte"}, {"unknown columns", "external,Punkte\n1,2\n", `"Punkte"`},
	} {
		if _, err := NewReader(strings.NewReader(c.text), nil); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestUTF16IsSeenByItsMark(t *testing.T) {
	var b bytes.Buffer
	b.Write([]byte{0xff, 0xfe})
	for _, r := range "external\tname\r\n1\tZoë\r\n" {
		b.Write([]byte{byte(r), byte(r >> 8)})
	}
	if got := told(all(t, b.String(), nil)); got != "1@2 \"Zoë\" external=1\n" {
		t.Errorf("got %s", got)
	}
}

func TestWhatIsWrittenIsReadAsItWas(t *testing.T) {
	rows := []*Row{
		{Name: "=cmd|' /C calc'!A0", Identifiers: []Identifier{{member.External, "a|b"}, {member.External, `-1`}, {member.Phone, "+49301234567"}}, Tags: []string{"x|y", "@z"},
			Attributes: map[string]string{"store": "'Mitte", "note": "a, \"b\"; c"}, EnrolledAt: 1577836800123,
			Balances: []Balance{
				{Wallet: "points", Points: 5, IssuedAt: day(2024, 1, 1), ExpiresAt: day(2027, 1, 1)}, {Wallet: "points", Points: 7, Pending: true, Frozen: true},
				{Wallet: "miles", Debt: 3}, {Wallet: "miles", Points: 1, ActivatesAt: day(2028, 1, 1)},
			}},
		{Identifiers: []Identifier{{member.Email, "ida@example.org"}, {member.Card, "AB12"}}},
	}
	for name, made := range map[string]func(io.Writer) *Writer{
		"json": NewJSONWriter, "csv": func(out io.Writer) *Writer { return NewCSVWriter(out, []string{"store", "note"}) },
	} {
		var out bytes.Buffer
		w := made(&out)
		for _, r := range rows {
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got := all(t, out.String(), nil)
		for _, r := range got {
			r.Columns, r.Line, r.Number, r.Lines = nil, 0, 0, nil
		}
		if diff := cmp.Diff(rows, got); diff != "" {
			t.Errorf("%s: %s\n%s", name, diff, out.String())
		}
		if name == "csv" {
			for _, cell := range strings.Split(out.String(), ",") {
				if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
					t.Errorf("a spreadsheet runs %q", cell)
				}
			}
		}
	}
}

// FuzzReader reads whatever comes, to its end, and writes what was sound so that it is read again as it was.
func FuzzReader(f *testing.F) {
	f.Add("external,name,points,expires\na,\"b\",5,2027-01-01\n", "")
	f.Add("{\"external\":\"a\",\"balances\":[{\"points\":5}]}\n", "")
	f.Add("sep=;\nKunde;Punkte\n\"1\n;", "columns: {Kunde: external, Punkte: points}\ndecimal: ','")
	f.Add("external\n'\n''\n'=\n", "several: ';'")
	f.Fuzz(func(t *testing.T, text, mapped string) {
		m, err := ReadMapping([]byte(mapped))
		if err != nil {
			return
		}
		given := &m
		if mapped == "" {
			given = nil
		}
		r, err := NewReader(strings.NewReader(text), given)
		if err != nil {
			return
		}
		var out bytes.Buffer
		w := NewJSONWriter(&out)
		var sound []*Row
		for n := 0; ; n++ {
			row, err := r.Next()
			if err != nil {
				break
			}
			if n > len(text)+1 {
				t.Fatal("more members than bytes")
			}
			if len(row.Problems) > 0 {
				continue
			}
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
			sound = append(sound, row)
		}
		if w.Flush() != nil || len(sound) == 0 {
			return
		}
		again := all(t, out.String(), nil)
		if len(again) != len(sound) {
			t.Fatalf("%d members became %d", len(sound), len(again))
		}
		for i := range again {
			var one bytes.Buffer
			w := NewJSONWriter(&one)
			_ = w.Write(again[i])
			_ = w.Flush()
			var other bytes.Buffer
			w = NewJSONWriter(&other)
			_ = w.Write(sound[i])
			_ = w.Flush()
			if one.String() != other.String() {
				t.Fatalf("got %s, want %s", one.String(), other.String())
			}
		}
	})
}
