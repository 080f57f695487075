package loyalty_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"renown.example/loyalty/courier"
	"renown.example/loyalty/roster"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// tillMapping is that of the operator's guide.
const tillMapping = `columns: {Kundennummer: external, E-Mail: email, Telefon: phone, Vorname: name, Nachname: name, Punkte: points, Verfall: expires, Seit: enrolled, "Filiale": "attribute:store"}
decimal: ","
thousands: "."
fractions: down
dates: ["DD.MM.YYYY"]
zone: Europe/Berlin
country: "+49"
empty: ["-", "n/a"]
`

// tills imports lists as the command does.
type tills struct {
	r            *rig
	file, report string
	source       string
	program      string
	dry, broken  bool
	unmapped     bool
}

func newTills(t *testing.T, r *rig, list string) *tills {
	dir := t.TempDir()
	i := &tills{r: r, file: filepath.Join(dir, "till.csv"), report: filepath.Join(dir, "till.csv.report.jsonl"), source: "till", program: "customers"}
	i.write(t, list)
	return i
}

func (i *tills) write(t *testing.T, list string) {
	t.Helper()
	if err := os.WriteFile(i.file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run returns what the terminal shows.
func (i *tills) run(t *testing.T) (string, error) {
	t.Helper()
	job := &courier.Import{File: i.file, Report: i.report, Program: i.program, Source: i.source, DryRun: i.dry, Send: func(_ context.Context, req *loyaltyv1.ImportMembersRequest, key string) (*loyaltyv1.ImportMembersResponse, error) {
		if i.broken {
			return nil, errors.New("the key is unknown")
		}
		return i.r.members.ImportMembers(i.r.shop(t, key), req)
	}}
	if !i.unmapped {
		m, err := roster.ReadMapping([]byte(tillMapping))
		if err != nil {
			t.Fatal(err)
		}
		job.Mapping = &m
	}
	var out bytes.Buffer
	err := job.Tell(t.Context(), &out)
	return out.String(), err
}

func (i *tills) reported(t *testing.T) string {
	t.Helper()
	file := i.report
	if i.dry {
		file = strings.TrimSuffix(file, ".jsonl") + ".dry-run.jsonl"
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s: %q is missing in\n%s", what, p, text)
		}
	}
}

const tillHead = "Kundennummer;E-Mail;Vorname;Nachname;Punkte;Verfall;Filiale;Bemerkung\n"

func TestAnImportTellsWhatItDid(t *testing.T) {
	r := newRig(t)
	i := newTills(t, r, tillHead+"K-1;ida@example.org;Ida;Sturm;1.250,5;31.12.2027;Mitte;x\nK-2;ole@example.org;Ole;Hahn;300;31.12.2027;Nord;\n")
	said, err := i.run(t)
	if err != nil {
		t.Fatal(err, said)
	}
	has(t, "the first", said, "2 members: 2 new, 0 changed, 0 as before, 0 refused\n1550 points. Each member: "+i.report, "Left out, as no mapping names them: Bemerkung\n")
	has(t, "its report", i.reported(t), `"notes":[{"line":2,"column":"Punkte","message":"\"1.250,5\" was taken as 1250"}]`)
	if said, err = i.run(t); err != nil {
		t.Fatal(err)
	}
	has(t, "the same again", said, "2 members: 0 new, 0 changed, 2 as before, 0 refused\n0 points.")

	// What fails before it has done anything leaves the report of the run before.
	before := i.reported(t)
	i.broken = true
	if said, err = i.run(t); err == nil || err.Error() != "the key is unknown" || strings.Contains(said, "points") {
		t.Errorf("a run that fails says %q, %v", said, err)
	}
	i.broken, i.unmapped = false, true
	if said, err = i.run(t); err == nil || strings.Contains(said, "points") {
		t.Errorf("a run without its mapping says %q, %v", said, err)
	}
	if after := i.reported(t); after != before {
		t.Errorf("the report has become %q", after)
	}

	// Without its source the list would open all balances once more.
	i.unmapped, i.source = false, ""
	for _, i.dry = range []bool{true, false} {
		if said, err = i.run(t); err == nil || !strings.Contains(err.Error(), "--source till") || said != "" {
			t.Errorf("without a source: %q, %v", said, err)
		}
	}
	if m, err := r.lookup(t, external("K-1")); err != nil || m.GetAccounts()[0].GetAvailable() != 1250 {
		t.Errorf("without a source points were opened: %v, %v", m, err)
	}
	i.source, i.dry = "copy", true
	if said, err = i.run(t); err != nil {
		t.Fatal(err)
	}
	has(t, "by another source", said, "1550 of the points are for members who were there already")

	i.source, i.dry = "till", false
	i.write(t, tillHead)
	if said, err = i.run(t); err != nil || i.reported(t) != "" {
		t.Errorf("an empty list: %q, %v, with the report %q", said, err, i.reported(t))
	}
}

func TestMembersWhoAreRefusedAreAnErrorWithReasons(t *testing.T) {
	r := newRig(t)
	list := tillHead + "K-0;;Zoe;;10;;;\nK-1;;Ida;;10;31.12.2027;;\nK-1;;Ida;;20;31.12.2020;;\nK-1;;Ida;;30;31.12.2021;;\n"
	for _, n := range []string{"2", "3", "4", "5", "6"} {
		list += "K-" + n + ";broken;;;1;;;\n"
	}
	i := newTills(t, r, list)
	for _, i.dry = range []bool{true, false} {
		said, err := i.run(t)
		if err == nil || err.Error() != "6 of 7 members were refused" {
			t.Errorf("dry %t: %v", i.dry, err)
		}
		has(t, "the terminal", said, "7 members: 1 new, 0 changed, 0 as before, 6 refused\n", "line 4, Verfall: it has passed", `line 6, E-Mail: "broken": it is no e-mail address`, "\nand 1 more\n")
		has(t, "the report", i.reported(t), `"problems":[{"line":4,"column":"Verfall","message":"it has passed: nothing would be left of the points"},{"line":5,"column":"Verfall",`)
	}
	// A balance that has changed names the column where it stands.
	i.write(t, tillHead+"K-0;;Zoe;;11;;;\n")
	said, err := i.run(t)
	if err == nil {
		t.Error("a balance that has changed is no error")
	}
	has(t, "a balance that has changed", said, "line 2, Punkte: the balance in the wallet points was opened by an earlier import from till with other figures")
}

// An export as the operator's guide has it, after an import as it has it, is a list that can be read again.
func TestAnExportAsCSVHasAColumnForEachAttribute(t *testing.T) {
	r := newRig(t)
	i := newTills(t, r, tillHead+"K-1;ida@example.org;Ida;Sturm;1.250;31.12.2027;Mitte;x\nK-2;ole@example.org;Ole;Hahn;300;31.12.2027;-;\n")
	if said, err := i.run(t); err != nil {
		t.Fatal(err, said)
	}
	job := &courier.Export{Program: "customers", CSV: true, Fetch: func(_ context.Context, program, token string) (*loyaltyv1.ExportMembersResponse, error) {
		return r.members.ExportMembers(r.shop(t), &loyaltyv1.ExportMembersRequest{Program: program, PageToken: token, PageSize: 1})
	}}
	var out bytes.Buffer
	if err := job.Run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	has(t, "the table", out.String(), ",attribute:store\r\n", ",Mitte\r\n", "ole@example.org")
	i.write(t, out.String())
	i.unmapped, i.dry, i.source = true, true, "copy" // as the same source, balances would have dates that the list had not
	said, err := i.run(t)
	if err != nil {
		t.Error(err)
	}
	has(t, "the table come back", said, "2 members: 0 new, 2 changed, 0 as before, 0 refused\n1550 points")
	job.Fetch = func(context.Context, string, string) (*loyaltyv1.ExportMembersResponse, error) {
		return nil, errors.New("gone")
	}
	var none bytes.Buffer
	if err := job.Run(t.Context(), &none); err == nil || none.Len() != 0 {
		t.Errorf("an export that fails has written %q, %v", none.String(), err)
	}
}

// Members without identifiers take part in the round trip: by their own name, which finds them where they are and is an identifier elsewhere.
func TestMembersWithoutIdentifiersComeBack(t *testing.T) {
	r := newRig(t)
	nameless := r.enrol(t, "nameless")
	other := r.enrol(t, "other")
	r.enrol(t, "known", external("K-1"))
	if _, err := r.adjust(t, "given", nameless, 70); err != nil {
		t.Fatal(err)
	}
	if _, err := r.programs.CreateProgram(r.manager(t, "club"), &loyaltyv1.CreateProgramRequest{
		ProgramId: "club", DisplayName: "Club", TimeZone: "UTC", Currency: "EUR", Wallets: []*loyaltyv1.Wallet{{Id: "points", Singular: "point", Plural: "points"}},
	}); err != nil {
		t.Fatal(err)
	}
	for _, csv := range []bool{true, false} {
		i := newTills(t, r, "")
		i.unmapped, i.source = true, "export"
		job := &courier.Export{Program: "customers", CSV: csv, Fetch: func(_ context.Context, program, token string) (*loyaltyv1.ExportMembersResponse, error) {
			return r.members.ExportMembers(r.shop(t), &loyaltyv1.ExportMembersRequest{Program: program, PageToken: token})
		}}
		var out bytes.Buffer
		if err := job.Run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		i.write(t, out.String())
		for _, c := range []struct {
			program, want string
			dry           bool
		}{
			{"customers", "3 members: 0 new, 1 changed, 2 as before, 0 refused\n70 points", true},
			{"club", map[bool]string{true: "3 members: 3 new, 0 changed, 0 as before, 0 refused\n70 points", false: "3 members: 0 new, 0 changed, 3 as before, 0 refused\n0 points"}[csv], false},
			{"club", "3 members: 0 new, 0 changed, 3 as before, 0 refused\n0 points", false},
		} {
			i.program, i.dry = c.program, c.dry
			said, err := i.run(t)
			if err != nil {
				t.Error(err)
			}
			has(t, c.program, said, c.want)
		}
	}
	// What is given to a member by name adds no identifier, and opens the balance once.
	for range 2 {
		got := r.take(t, &loyaltyv1.ImportMembersRequest{Source: "late", Members: []*loyaltyv1.ImportedMember{
			{Identifiers: []*loyaltyv1.MemberIdentifier{external("programs/customers/members/" + other)}, Balances: []*loyaltyv1.ImportedBalance{{Points: 9}}},
		}})
		if got.GetCreated()+got.GetRefused() != 0 {
			t.Errorf("by name: %v", got)
		}
	}
	if m := r.member(t, other); len(m.GetIdentifiers()) != 0 || m.GetAccounts()[0].GetAvailable() != 9 {
		t.Errorf("the member has become %v", m)
	}
}
