package main

import (
	"slices"
	"testing"
)

// TestWhatStrangersSendIsFuzzed checks that what comes from outside has a target, and that it is found.
func TestWhatStrangersSendIsFuzzed(t *testing.T) {
	root, err := workspace()
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	targets, err := find(root)
	if err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]target{
		"Markdown as files":    {"services/stories/domain", "FuzzParse"},
		"Markdown as pages":    {"services/stories/render", "FuzzRender"},
		"front matter":         {"services/stories/domain", "FuzzFrontMatter"},
		"blocks":               {"services/stories/domain", "FuzzBlocks"},
		"page tokens":          {"services/kit/page", "FuzzParse"},
		"positions in a list":  {"services/kit/store", "FuzzParsePosition"},
		"keys of partners":     {"services/partners/domain", "FuzzParseCredential"},
		"keys of an operator":  {"services/kit/auth", "FuzzKeys"},
		"archives to import":   {"services/stories/archive", "FuzzReadZip"},
		"bodies of requests":   {"gateway/strict", "FuzzBody"},
		"pictures":             {"services/stories/images", "FuzzClean"},
		"what is searched for": {"services/stories/search", "FuzzQuery"},
		"lengths of time":      {"services/loyalty/calendar", "FuzzSpan"},
	} {
		if !slices.Contains(targets, want) {
			t.Errorf("%s: there is no %s in %s", what, want.name, want.folder)
		}
	}
}
