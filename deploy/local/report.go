package main

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// step shows how far something long is: over itself on a terminal, a line now and then elsewhere.
func (c *console) step(what string, done, total int, now string) {
	switch {
	case c.live && done == total:
		c.print("\r\033[K%s: %d\n", what, total)
	case c.live:
		c.print("\r\033[K%s: %d of %d  %s", what, done, total, now)
	case done == 0 || done == total || done == total/2:
		c.print("%s: %d of %d\n", what, done, total)
	}
}

// report tells what became of each file of an import: the sum first, then what needs somebody, file by file. What went well is in the report's file.
func (c *console) report(t *takeIn, r *storiesv1.ImportStoriesResponse) {
	verb := "Imported from"
	if t.p.DryRun {
		verb = "What an import would do with"
	}
	kept := map[string]int{}
	for _, f := range r.GetFiles() {
		for _, n := range f.GetNotes() {
			kept[n.GetSeverity()]++
		}
	}
	c.print("\n%s %s: %d new, %d changed, %d as before, %d refused", verb, t.dir, r.GetCreated(), r.GetUpdated(), r.GetUnchanged(), r.GetRefused())
	if r.GetConflicts() > 0 {
		c.print(", %d edited here since", r.GetConflicts())
	}
	c.print("; %d skipped.\n", int(r.GetSkipped())+len(t.passed))
	if n := kept["mapped"] + kept["open"] + kept["kept"] + kept["skipped"]; n > 0 {
		c.print("Of the things in them %d have their place (%d of them want somebody), %d are kept beside their text, %d belong to the other site.\n", kept["mapped"]+kept["open"], kept["open"],
			kept["kept"], kept["skipped"])
	}
	c.print("All of it: %s\n\n", t.reportPath())
	groups := map[string][]string{} // files of which the same is to be said
	for _, f := range r.GetFiles() {
		switch {
		case f.GetResult() == "skipped" && len(f.GetProblems()) > 0:
			why := f.GetProblems()[0].GetMessage()
			groups["skipped: "+why] = append(groups["skipped: "+why], f.GetPath())
		case f.GetResult() == "unchanged" || f.GetResult() == "asset":
			groups[f.GetResult()] = append(groups[f.GetResult()], f.GetPath())
		default:
			c.file(f)
		}
	}
	for name, why := range t.passed {
		groups["skipped: "+why] = append(groups["skipped: "+why], name)
	}
	for _, what := range slices.Sorted(maps.Keys(groups)) {
		c.print("  %s\n             %s\n", what, some(groups[what]))
	}
}

// some names the first of many files.
func some(names []string) string {
	slices.Sort(names)
	if len(names) > 4 {
		return strings.Join(names[:3], ", ") + " and " + strconv.Itoa(len(names)-3) + " more"
	}
	return strings.Join(names, ", ")
}

func (c *console) file(f *storiesv1.ImportedFile) {
	c.print("  %-10s %s", f.GetResult(), f.GetPath())
	if f.GetText() != "" {
		c.print("  ->  %s", f.GetText())
	}
	c.print("\n")
	for _, p := range f.GetProblems() {
		c.print("             %s%s\n", at(p.GetLine()), p.GetMessage())
	}
	for _, n := range f.GetNotes() {
		if n.GetSeverity() != "kept" && n.GetSeverity() != "open" {
			continue
		}
		what := n.GetWhat()
		if r := []rune(what); len(r) > 60 {
			what = string(r[:59]) + "…"
		}
		c.print("             %s%s %s: %s (%s)\n", at(n.GetLine()), n.GetSeverity(), n.GetField(), what, n.GetReason())
	}
}

func at(line int32) string {
	if line == 0 {
		return ""
	}
	return "line " + strconv.Itoa(int(line)) + ": "
}
