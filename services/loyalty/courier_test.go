package loyalty_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"renown.example/loyalty/courier"
	"renown.example/loyalty/roster"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// brokenList writes a list of 100 members, of whom every tenth has no e-mail address that could be one, and the sixth points that have ended.
func brokenList(t *testing.T, dir string) string {
	t.Helper()
	var list strings.Builder
	list.WriteString("Nr;E-Mail;Punkte;Bis\n")
	for i := range 100 {
		mail := fmt.Sprintf("m%d@example.org", i)
		if i%10 == 9 {
			mail = "broken"
		}
		end := "31.12.2027"
		if i == 5 {
			end = "31.12.2020"
		}
		fmt.Fprintf(&list, "K-%d;%s;%d;%s\n", i, mail, 10+i, end)
	}
	file := filepath.Join(dir, "list.csv")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func mapped(t *testing.T, text string) roster.Mapping {
	t.Helper()
	m, err := roster.ReadMapping([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// checkReport looks whether the report has each member of brokenList once, and says what was wrong with some.
func checkReport(t *testing.T, file string) {
	t.Helper()
	report, err := os.ReadFile(file)
	lines := bytes.Split(bytes.TrimSpace(report), []byte("\n"))
	if err != nil || len(lines) != 100 {
		t.Fatalf("the report has %d lines, %v", len(lines), err)
	}
	for i, says := range map[int]string{
		5:  `"outcome":"refused","problems":[{"line":7,"column":"Bis","message":"it has passed`,
		9:  `{"number":10,"line":11,"outcome":"refused","problems":[{"line":11,"column":"E-Mail","message":"\"broken\": it is no e-mail address`,
		35: `{"number":36,"line":37,"outcome":"created","member":"programs/customers/members/`,
	} {
		if !bytes.Contains(lines[i], []byte(says)) {
			t.Errorf("line %d is %s", i, lines[i])
		}
	}
}

// TestABrokenImportGoesOnWhereItWas breaks an import off after a portion whose answer was lost while the one behind it was done, restarts the service and runs the same
// import again.
func TestABrokenImportGoesOnWhereItWas(t *testing.T) {
	r := newRig(t)
	dir := t.TempDir()
	file := brokenList(t, dir)
	m := mapped(t, "columns: {Nr: external, E-Mail: email, Punkte: points, Bis: expires}\ndates: [DD.MM.YYYY]")
	var mu sync.Mutex
	sent, lost, behind := map[string]int{}, errors.New("the wire was cut"), make(chan struct{})
	run := func(breaks bool) (courier.Totals, error) {
		job := &courier.Import{
			File: file, Report: filepath.Join(dir, "report"), Mapping: &m, Program: "customers", Source: "till", Portion: 10,
			Send: func(_ context.Context, req *loyaltyv1.ImportMembersRequest, key string) (*loyaltyv1.ImportMembersResponse, error) {
				first := req.GetMembers()[0].GetIdentifiers()[0].GetValue()
				mu.Lock()
				sent[first]++
				mu.Unlock()
				resp, err := r.members.ImportMembers(r.shop(t, key), req)
				switch {
				case breaks && first == "K-30":
					<-behind
					return nil, lost
				case breaks && first == "K-40":
					close(behind)
				}
				return resp, err
			},
		}
		return job.Run(t.Context())
	}
	if _, err := run(true); !errors.Is(err, lost) {
		t.Fatalf("the first run ended with %v", err)
	}
	r.tryBetween(t, courier.Import{File: file, Report: filepath.Join(dir, "report"), Mapping: &m, Program: "customers", Source: "till", Portion: 10})
	// Whatever the report had beyond the position that was kept is written again.
	f, err := os.OpenFile(filepath.Join(dir, "report"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprint(f, strings.Repeat(`{"half`, 4_000)) // more than what is still to come
	r.restart(t)
	got, err := run(false)
	want := courier.Totals{Members: 100, Created: 89, Refused: 11}
	for i := range 100 {
		if i%10 != 9 && i != 5 {
			want.Points += int64(10 + i)
		}
	}
	if err != nil || got != want || len(sent) != 10 || sent["K-20"] != 1 || sent["K-30"] != 2 || sent["K-40"] != 2 || sent["K-50"] != 1 {
		t.Errorf("got %+v, %v after the portions %v; want %+v, with the fourth and the fifth sent again", got, err, sent, want)
	}
	checkReport(t, filepath.Join(dir, "report"))
	if left, _ := filepath.Glob(filepath.Join(dir, "*.position*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if again, err := run(false); err != nil || again.Unchanged+again.Created != 89 || again.Refused != 11 {
		t.Errorf("the same once more: %+v, %v", again, err)
	}
}

// tryBetween has a dry run of an import that is to go on, one that comes to its end and one that breaks: position and report stay as they are.
func (r *rig) tryBetween(t *testing.T, job courier.Import) {
	t.Helper()
	kept := func() string {
		position, err1 := os.ReadFile(job.Report + ".position")
		report, err2 := os.ReadFile(job.Report)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		return string(position) + string(report)
	}
	before, portions := kept(), 0
	job.DryRun = true
	for _, most := range []int{4, 100} {
		job.Send = func(_ context.Context, req *loyaltyv1.ImportMembersRequest, key string) (*loyaltyv1.ImportMembersResponse, error) {
			if portions++; portions > most {
				return nil, errors.New("cut")
			}
			return r.members.ImportMembers(r.shop(t, key), req)
		}
		totals, err := job.Run(t.Context())
		if (most == 100) != (err == nil) || err == nil && (totals.Members != 100 || totals.Unchanged == 0 || totals.Created == 0) {
			t.Errorf("a dry run in between: %+v, %v", totals, err)
		}
		if after := kept(); after != before {
			t.Errorf("a dry run has left %s\nbefore\n%s", after, before)
		}
		portions = 0
	}
	if said := outcomes(t, job.Report+".dry-run.jsonl"); len(said) != 100 {
		t.Errorf("the dry run's own report has %d lines", len(said))
	}
}
