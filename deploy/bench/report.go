package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// report is everything that a run says.
type report struct {
	Machine    machine  `json:"machine"`
	Durability string   `json:"durability"`
	Settings   []string `json:"settings"`
	// Limits are what was raised beyond the usual, and nothing else was changed.
	Limits        []string `json:"limits"`
	Installations []string `json:"installations"`
	Rows          []result `json:"rows"`
}

// result is one row.
type result struct {
	Name string `json:"name"`
	What string `json:"what"`
	// Ours and Base are the two sides; Base is empty where the goal is a number of its own.
	Ours side  `json:"ours"`
	Base *side `json:"base,omitempty"`
	// Value is what the goal is about, over the rounds.
	Value spread   `json:"value"`
	Goal  goal     `json:"goal"`
	Met   bool     `json:"met"`
	Notes []string `json:"notes,omitempty"`
}

// side is one of two that are compared, over the rounds. What does not apply is zero.
type side struct {
	Name      string `json:"name"`
	PerSecond spread `json:"perSecond"`
	// P50 and P99 are in milliseconds.
	P50 spread `json:"p50"`
	P99 spread `json:"p99"`
}

// spread shows how much a figure differs from round to round.
type spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
}

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	s := slices.Sorted(slices.Values(values))
	middle := s[len(s)/2]
	if len(s)%2 == 0 {
		middle = (s[len(s)/2-1] + s[len(s)/2]) / 2
	}
	return spread{s[0], middle, s[len(s)-1]}
}

// goal is what the median of a row's value is held against.
type goal struct {
	// Of says what the value is, such as "ratio of answers a second".
	Of    string  `json:"of"`
	Unit  string  `json:"unit,omitempty"`
	Least float64 `json:"least,omitempty"`
	Most  float64 `json:"most,omitempty"`
}

func (g goal) met(v float64) bool {
	return (g.Least == 0 || v >= g.Least) && (g.Most == 0 || v <= g.Most)
}

func (g goal) String() string {
	if g.Least != 0 {
		return strings.TrimSpace(fmt.Sprintf(">= %s %s", number(g.Least), g.Unit))
	}
	return strings.TrimSpace(fmt.Sprintf("<= %s %s", number(g.Most), g.Unit))
}

// number has three digits that count.
func number(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func (s spread) String() string {
	if s.Min == s.Max {
		return number(s.Median)
	}
	return fmt.Sprintf("%s < %s < %s", number(s.Min), number(s.Median), number(s.Max))
}

// print writes the report for people.
func (r report) print(out io.Writer) error {
	m := r.Machine
	fmt.Fprintf(out, "machine      %s, %d cores used, %s memory\n", m.CPU, m.Cores, m.Memory)
	fmt.Fprintf(out, "             %s, data on %s\n", m.Kernel, m.Filesystem)
	fmt.Fprintf(out, "program      %s, %s, revision %s\n", m.Go, m.SQLite, m.Revision)
	fmt.Fprintf(out, "durability   %s\n", r.Durability)
	lines(out, "settings", r.Settings)
	lines(out, "limits", r.Limits)
	lines(out, "data", r.Installations)
	fmt.Fprintln(out, "\nEach figure is minimum < median < maximum over the rounds; a goal is held against the median.")
	for _, row := range r.Rows {
		if err := row.print(out); err != nil {
			return err
		}
	}
	return nil
}

func lines(out io.Writer, name string, texts []string) {
	for i, text := range texts {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(out, "%-12s %s\n", name, text)
	}
}

func (r result) print(out io.Writer) error {
	verdict := "met"
	if !r.Met {
		verdict = "MISSED"
	}
	fmt.Fprintf(out, "\n%s: %s\n", r.Name, r.What)
	fmt.Fprintf(out, "  %s: %s %s   goal %s: %s\n", r.Goal.Of, r.Value, r.Goal.Unit, r.Goal, verdict)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, s := range []*side{&r.Ours, r.Base} {
		if s == nil || s.Name == "" {
			continue
		}
		fmt.Fprintf(w, "  %s", s.Name)
		for _, f := range []struct {
			unit string
			of   spread
		}{{"/s", s.PerSecond}, {"ms p50", s.P50}, {"ms p99", s.P99}} {
			if f.of.Max > 0 {
				fmt.Fprintf(w, "\t%s %s", f.of, f.unit)
			}
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, n := range r.Notes {
		fmt.Fprintf(out, "  %s\n", n)
	}
	return nil
}
