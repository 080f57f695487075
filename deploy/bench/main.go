// Command bench measures Renown on the machine it runs on: `go run ./deploy/bench`. It builds deploy/local, starts it as it is started anywhere, and compares
// each figure with what the same machine gives at its best in the same run: a bare handler that writes the same bytes, the driver by hand. What it prints is
// explained in deploy/docs/measuring.md.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"time"

	"renown.example/kit/clock"
	"renown.example/kit/run"
)

// clk tells how long things take. Everything measured here is about the machine's own time.
var clk = clock.System()

// settings say what is measured, and for how long.
type settings struct {
	rows     *regexp.Regexp
	duration time.Duration
	rounds   int
	stories  int
	large    int
	data     string
	asJSON   bool
	// subject limits the rows to one of subjects, if it is not empty.
	subject string
	// members is how many the loyalty service has, profiles the folder in which its processor profiles are kept.
	members  int
	profiles string
	// imported is how many members are imported, accrued how often points are given while memory is watched.
	imported, accrued int
	// idle is how long the platform is left alone before its memory is looked at.
	idle time.Duration
}

func main() {
	if len(os.Args) > 1 {
		if role := roles[os.Args[1]]; role != nil {
			os.Exit(child(role, os.Stdin, os.Stdout, os.Stderr))
		}
	}
	s, err := parse(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2)
	}
	ctx, stop := run.Signals(context.Background())
	err = bench(ctx, s, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// subjects are what a run can be limited to, by naming one before the flags.
var subjects = []string{"stories", "loyalty"}

// parse reads the flags.
func parse(args []string, out io.Writer) (settings, error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(out)
	var s settings
	if len(args) > 0 && slices.Contains(subjects, args[0]) {
		s.subject, args = args[0], args[1:]
	}
	only := f.String("rows", "", "regular expression that the names of the rows must match")
	quick := f.Bool("quick", false, "a short run, under two minutes: less time for each row, fewer rounds, a smaller large installation")
	f.DurationVar(&s.duration, "duration", 4*time.Second, "how long each side of a row is measured in each round")
	f.IntVar(&s.rounds, "rounds", 5, "how often both sides of a row are measured, in turn")
	f.IntVar(&s.stories, "stories", 200, "stories of the usual installation")
	f.IntVar(&s.large, "large", 100_000, "stories of the large installation")
	f.StringVar(&s.data, "data", "", "folder in which the generated installations are kept for the next run; without it they are made anew and removed")
	f.IntVar(&s.members, "members", 10_000, "members of the loyalty service")
	f.IntVar(&s.imported, "import", 1_000_000, "members that are imported")
	f.IntVar(&s.accrued, "accrue", 1_000_000, "accruals while memory is watched")
	f.StringVar(&s.profiles, "profile", "", "folder in which processor profiles of the loyalty service are kept, one for each row about it")
	f.BoolVar(&s.asJSON, "json", false, "print the whole report as JSON")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	s.idle = 15 * time.Second
	if *quick {
		given := map[string]bool{}
		f.Visit(func(x *flag.Flag) { given[x.Name] = true })
		if !given["duration"] {
			s.duration = time.Second
		}
		if !given["rounds"] {
			s.rounds = 3
		}
		if !given["large"] {
			s.large = 2000
		}
		if !given["import"] {
			s.imported = 20_000
		}
		if !given["accrue"] {
			s.accrued = 20_000
		}
		s.idle = 5 * time.Second
	}
	var err error
	if s.rows, err = regexp.Compile(*only); err == nil && (s.rounds < 1 || s.duration <= 0 || s.stories < 40 || s.large < s.stories || s.members < 2*mostLots || s.imported < 1 || s.accrued < 1) {
		err = fmt.Errorf("-rounds and -duration must be more than zero, -stories at least 40, -large no less than -stories, -members at least %d, and -import and -accrue more than zero", 2*mostLots)
	}
	if err != nil {
		fmt.Fprintln(out, "bench:", err)
	}
	return s, err
}

// bench measures every row that is asked for, one after the other, and prints the report. Progress goes to another writer.
func bench(ctx context.Context, s settings, out, progress io.Writer) error {
	b, err := newBench(ctx, s, progress)
	if err != nil {
		return err
	}
	defer b.close()
	report := b.describe()
	for _, r := range allRows {
		if !s.rows.MatchString(r.name) || s.subject != "" && s.subject != r.subject {
			continue
		}
		fmt.Fprintf(progress, "%s\n", r.name)
		got, err := r.measure(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		got.Name, got.What, got.Goal = r.name, r.what, r.goal
		got.Met = r.goal.met(got.Value.Median)
		report.Rows = append(report.Rows, got)
	}
	report.Limits, report.Installations = b.limits(), b.installations
	if s.asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	return report.print(out)
}
