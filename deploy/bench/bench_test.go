package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"renown.example/deploy/idp"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if r := roles[os.Args[1]]; r != nil {
			os.Exit(child(r, os.Stdin, os.Stdout, os.Stderr))
		}
		if os.Args[1] == idp.Arg {
			os.Exit(idp.Child(os.Stdin, os.Stdout, os.Stderr))
		}
	}
	os.Exit(m.Run())
}

// TestTheReportIsWhole runs every row for a moment. How quick anything is on a machine that runs other tests is nobody's claim.
func TestTheReportIsWhole(t *testing.T) {
	t.Parallel()
	for _, subject := range subjects {
		t.Run(subject, func(t *testing.T) { reportIsWhole(t, subject) })
	}
}

func reportIsWhole(t *testing.T, subject string) {
	s := settings{subject: subject, rows: regexp.MustCompile(""), duration: 60 * time.Millisecond, rounds: 2, stories: 40, large: 60, members: 2 * mostLots, imported: 300, accrued: 100, idle: time.Millisecond, asJSON: true}
	var out bytes.Buffer
	if err := bench(t.Context(), s, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	var r report
	d := json.NewDecoder(bytes.NewReader(out.Bytes()))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"kernel": r.Machine.Kernel, "file system": r.Machine.Filesystem, "durability": r.Durability,
		"settings": strings.Join(r.Settings, " "), "limits": strings.Join(r.Limits, " ")} {
		if text == "" {
			t.Errorf("the report does not say: %s", what)
		}
	}
	var names []string
	for _, row := range r.Rows {
		names = append(names, row.Name)
		row.check(t)
	}
	var want []string
	for _, row := range allRows {
		if row.subject == subject {
			want = append(want, row.name)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("the rows are %q, not %q", names, want)
	}
	var page bytes.Buffer
	if err := r.print(&page); err != nil {
		t.Fatal(err)
	}
	for _, name := range want {
		if !strings.Contains(page.String(), "\n"+name+": ") {
			t.Errorf("the page lacks %s", name)
		}
	}
}

func (r result) check(t *testing.T) {
	t.Helper()
	if r.What == "" || r.Goal.Of == "" || r.Goal.Least == 0 && r.Goal.Most == 0 {
		t.Errorf("%s does not say what it is about: %+v", r.Name, r)
	}
	whole := func(s spread) bool { return 0 < s.Min && s.Min <= s.Median && s.Median <= s.Max }
	if !whole(r.Value) || r.Met != r.Goal.met(r.Value.Median) {
		t.Errorf("%s: the value is %+v, met: %v", r.Name, r.Value, r.Met)
	}
	for _, s := range []*side{&r.Ours, r.Base} {
		if s == nil || s.Name == "" {
			continue
		}
		if !whole(s.P50) || !whole(s.P99) || s.P99.Median < s.P50.Median {
			t.Errorf("%s, %s: p50 is %+v, p99 %+v", r.Name, s.Name, s.P50, s.P99)
		}
	}
}

func TestASpreadIsLeastMiddleAndMost(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{{[]float64{3, 1, 2}, spread{1, 2, 3}}, {[]float64{4, 1, 2, 3}, spread{1, 2.5, 4}}, {[]float64{7}, spread{7, 7, 7}}} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("%v: %+v", c.values, got)
		}
	}
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	if p50, p99 := quantile(hundred, 0.5), quantile(hundred, 0.99); p50 != 50 || p99 != 99 {
		t.Errorf("of 1 to 100, half are up to %d, and 99 up to %d", p50, p99)
	}
}

func TestBadFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-rows", "("}, {"-rounds", "0"}, {"-duration", "0s"}, {"-stories", "3"}, {"-members", "3"}, {"-large", "5"}, {"-unknown"}} {
		var said strings.Builder
		if _, err := parse(args, &said); err == nil || said.Len() == 0 {
			t.Errorf("%q: %v, %q", args, err, said.String())
		}
	}
	if s, err := parse([]string{"-quick", "-rounds", "4"}, io.Discard); err != nil || s.rounds != 4 || s.duration != time.Second {
		t.Errorf("-quick overrides what was given: %+v, %v", s, err)
	}
}

func TestNoRequestOfTheListRowIsRepeated(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range listPaths(20_000) {
		if seen[path] {
			t.Fatalf("%s stands there twice", path)
		}
		seen[path] = true
	}
}
