package loyalty_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"renown.example/kit/fault"
	"renown.example/loyalty/courier"
	loyaltyv1 "renown.example/proto/gen/renown/loyalty/v1"
)

// randomList writes members of few identifiers, so that many come again, are two at once, or have other figures.
func randomList(t *testing.T, file string, random *rand.Rand) {
	t.Helper()
	var list strings.Builder
	list.WriteString("external,email,card,name,points,tags\n")
	pick := func(format string, of int, often float64) string {
		if random.Float64() > often {
			return ""
		}
		return fmt.Sprintf(format, random.IntN(of))
	}
	for i := range 40 {
		external, mail := pick("K-%d", 25, 0.7), pick("m%d@example.org", 15, 0.6)
		if external == "" && mail == "" {
			external = fmt.Sprint("only-", i)
		}
		fmt.Fprintf(&list, "%s,%s,%s,%s,%s,%s\n", external, mail, pick("C%d", 15, 0.3), pick("Name %d", 5, 0.5), pick("%d0", 3, 0.5), pick("tag%d", 4, 0.4))
	}
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A dry run says what the import then does, line by line, however the list is cut into portions: of members who come again, of two who turn out to be one, of figures that
// differ, and of members who are there already.
func TestADryRunSaysWhatTheImportThenDoes(t *testing.T) {
	r := newRig(t)
	columns := mapped(t, "columns: {external: external, email: email, card: card, name: name, points: points, tags: tags}")
	dir, all := t.TempDir(), map[string]int{}
	for seed := range uint64(8) {
		random, program := rand.New(rand.NewPCG(seed, 1)), fmt.Sprint("club-", seed)
		_, err := r.programs.CreateProgram(r.manager(t, program), &loyaltyv1.CreateProgramRequest{
			ProgramId: program, DisplayName: program, TimeZone: "UTC", Currency: "EUR", Wallets: []*loyaltyv1.Wallet{{Id: "points", Singular: "point", Plural: "points"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		there := []*loyaltyv1.ImportedMember{
			{DisplayName: "Ida", Identifiers: []*loyaltyv1.MemberIdentifier{external("K-1"), email("m1@example.org"), external("K-2")}},
			{Identifiers: []*loyaltyv1.MemberIdentifier{external("K-3"), email("m3@example.org")}, Balances: []*loyaltyv1.ImportedBalance{{Points: 10}}},
		}
		r.take(t, &loyaltyv1.ImportMembersRequest{Program: program, Source: "till", Members: there})
		file := filepath.Join(dir, program+".csv")
		randomList(t, file, random)
		run := func(portion int, dry bool) (courier.Totals, []string) {
			report := filepath.Join(dir, fmt.Sprint(program, portion, dry, ".jsonl"))
			job := &courier.Import{File: file, Report: report, Mapping: &columns, Program: program, Source: "till", Portion: portion, DryRun: dry,
				Send: func(_ context.Context, req *loyaltyv1.ImportMembersRequest, key string) (*loyaltyv1.ImportMembersResponse, error) {
					return r.members.ImportMembers(r.shop(t, key), req)
				}}
			totals, err := job.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if dry {
				report = strings.TrimSuffix(report, ".jsonl") + ".dry-run.jsonl"
			}
			return totals, outcomes(t, report)
		}
		trials := map[int][]string{}
		sums := map[int]courier.Totals{}
		for _, portion := range []int{1, 3, 40} {
			sums[portion], trials[portion] = run(portion, true)
		}
		sum, done := run(7, false)
		for portion, said := range trials {
			if !slices.Equal(said, done) || sums[portion] != sum {
				t.Errorf("seed %d in portions of %d: a dry run says %+v\n%s\nand then it is %+v\n%s", seed, portion, sums[portion], strings.Join(said, "\n"), sum, strings.Join(done, "\n"))
			}
		}
		for _, line := range done {
			all[strings.Fields(line)[1]]++
		}
	}
	for _, outcome := range []string{"created", "updated", "unchanged", "refused"} {
		if all[outcome] < 5 {
			t.Errorf("hardly any line was %s: %v", outcome, all)
		}
	}
	_, err := r.members.ImportMembers(r.shop(t), &loyaltyv1.ImportMembersRequest{Program: "customers", Members: people(0, 1), Earlier: people(1, 2)})
	refused(t, "an import that is told who comes before", err, fault.InvalidArgument)
	fieldOf(t, err, "earlier")
}

// outcomes are the lines of a report without the names of members, which a dry run gives to nobody.
func outcomes(t *testing.T, file string) (out []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var l struct {
			Number   int
			Outcome  string
			Problems json.RawMessage
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%d %s %s", l.Number, l.Outcome, l.Problems))
	}
	return out
}
