package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	linked  = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	noSlug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// documents are what people read about Renown, from the root of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../*.md", "docs/*.md", "docs/adr/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		all = append(all, found...)
	}
	return all
}

func written(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every link from one document to another, or to a place in one, leads somewhere.
func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	for _, file := range documents(t) {
		for _, m := range linked.FindAllStringSubmatch(written(t, file), -1) {
			to, place, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, ":") {
				continue
			}
			target := file
			if to != "" {
				target = filepath.Join(filepath.Dir(file), to)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s leads to %s: %v", file, m[1], err)
				continue
			}
			if place != "" && !places(written(t, target))[place] {
				t.Errorf("%s leads to %s: there is no such heading", file, m[1])
			}
		}
	}
}

// places are the names by which a document's headings are linked to.
func places(text string) map[string]bool {
	out := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		out[strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return out
}

// The decisions are numbered without a gap, no number is given twice, and the list names each of them in its order.
func TestDecisionsAreNumberedAndListed(t *testing.T) {
	files, err := filepath.Glob("docs/adr/[0-9]*.md")
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for i, file := range files {
		name := filepath.Base(file)
		number := fmt.Sprintf("%04d", i+1)
		if !strings.HasPrefix(name, number+"-") {
			t.Errorf("%s stands where decision %s is expected", name, number)
		}
		if !strings.HasPrefix(written(t, file), "# "+name[:4]+" ") {
			t.Errorf("%s is headed by another number", name)
		}
		want += fmt.Sprintf("[%s](%s)\n", name[:4], name)
	}
	got := ""
	for _, m := range regexp.MustCompile(`(?m)^\| (\[[0-9]+\]\(.+\.md\)) \| .+ \|$`).FindAllStringSubmatch(written(t, "docs/adr/README.md"), -1) {
		got += m[1] + "\n"
	}
	if got != want {
		t.Errorf("the list names\n%sand there are\n%s", got, want)
	}
}
