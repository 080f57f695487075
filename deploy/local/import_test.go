package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"renown.example/deploy/cases"
	"renown.example/kit/clock"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// strangersFolder writes the case studies of another site.
func strangersFolder(t *testing.T) string {
	t.Helper()
	var hall bytes.Buffer
	if err := png.Encode(&hall, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"content/customers/halvorsen.md": "+++\ntitle = \"Halvorsen finds every crate\"\nkunde = \"Halvorsen Cold Storage\"\nheroImage = \"/img/hall.png\"\nauthor = \"Somebody\"\n+++\n\nWords. " +
			"{{< widget id=\"7\" >}}\n",
		"content/customers/lumen.mdx":        "---\ntitle: Lumen cuts scrap\nname: Lumen Optics\n---\n\n<Quote author=\"Ada Quist\">The camera never blinks.</Quote>\n",
		"content/customers/seawall.de.html":  "<html><body><nav>Menu</nav><main><h1>Seawall</h1><p>Ein <b>Wort</b>.</p></main></body></html>",
		"content/customers/open.md":          "+++\ntitle = \"no end\"\n",
		"content/customers/_index.md":        "---\ntitle: Customers\n---\n",
		"static/img/hall.png":                hall.String(),
		"static/img/nobody-shows-this.png":   hall.String(),
		"node_modules/left/readme.md":        "# Not ours",
		"content/customers/notes/draft.tsx":  "export {}",
		"content/blog/2024-01-02-release.md": "# Release notes\n\nNot a customer.\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func says(t *testing.T, i *installation, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !regexp.MustCompile(want).MatchString(i.output()) {
			t.Errorf("it does not say %q:\n%s", want, i.output())
		}
	}
}

// ends waits until the program has ended by itself, and returns its status.
func (i *installation) ends(t *testing.T) int {
	t.Helper()
	select {
	case <-i.ended:
	case <-clock.System().After(patience):
		t.Fatal("it does not end")
	}
	return i.cmd.ProcessState.ExitCode()
}

func TestAStrangersFolderIsTriedMappedAndImported(t *testing.T) {
	t.Parallel()
	dir, theirs := t.TempDir(), strangersFolder(t)
	mapping := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(mapping, []byte("fields: {kunde: customer}\nskip: [content/blog/**]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	trial := launch(t, dir, "--demo=false", "--import", theirs, "--mapping", mapping, "--dry-run")
	if code := trial.ends(t); code != 1 {
		t.Errorf("a trial in which a file is refused ends with status %d", code)
	}
	says(t, trial, `3 new, 0 changed, 0 as before, 1 refused`, `refused +content/customers/open.md`, `line 1: .*is not ended by a line "\+\+\+"`, `skipped: the mapping leaves it out\n +content/blog/2024-01-02-release.md`)
	if _, err := os.Stat(filepath.Join(dir, "renown-data")); !os.IsNotExist(err) {
		t.Errorf("a trial without a data folder makes one: %v", err)
	}
	if err := os.Remove(filepath.Join(theirs, "content/customers/open.md")); err != nil {
		t.Fatal(err)
	}
	if again := launch(t, dir, "--demo=false", "--import", theirs, "--mapping", mapping, "--dry-run"); again.ends(t) != 0 {
		t.Errorf("a trial in which nothing is refused does not end well:\n%s", again.output())
	}
	loaded(t, dir)
	i := begin(t, dir, "--import", theirs, "--mapping", mapping)
	says(t, i, `3 new, 0 changed, 0 as before, 0 refused`, `created +content/customers/halvorsen.md +-> +stories/halvorsen/texts/en`, `line 5: kept author: Somebody`, `kept widget`)
	work := storiesv1.NewWorkspaceServiceClient(i.As(t, "edda"))
	got, err := work.GetText(t.Context(), &storiesv1.GetTextRequest{Story: "halvorsen", Locale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	text := got.GetText()
	if c := text.GetContent(); c.GetCustomer() != "Halvorsen Cold Storage" || c.GetBlocks()[0].GetImage().GetAsset() == "" || len(text.GetKept()) != 2 || text.GetSource() != "content/customers/halvorsen.md" {
		t.Errorf("the text is %v", text)
	}
	if german, err := work.GetText(t.Context(), &storiesv1.GetTextRequest{Story: "seawall", Locale: "de"}); err != nil || german.GetText().GetContent().GetTitle() != "Seawall" {
		t.Errorf("the German page is %v, %v", german, err)
	}
	reported(t, filepath.Join(dir, "renown-data", reportFile), "halvorsen.md", "author")
	i.stop(t)
	again := begin(t, dir, "--import", theirs, "--mapping", mapping)
	says(t, again, `0 new, 0 changed, 3 as before, 0 refused`)
}

// reported checks that the report has a line about a field of a file.
func reported(t *testing.T, report, file, field string) {
	t.Helper()
	b, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		var entry line
		if err := json.Unmarshal([]byte(l), &entry); err != nil {
			t.Fatalf("the report holds %q: %v", l, err)
		}
		if strings.HasSuffix(entry.File, file) && entry.Field == field && entry.Severity == "kept" && entry.Line > 0 {
			return
		}
	}
	t.Errorf("the report says nothing of %s in %s", field, file)
}

// An import that dies on the way is done again by the next start, from wherever it was: nothing is there twice and nothing is missing.
func TestAnImportThatIsKilledGoesOn(t *testing.T) {
	t.Parallel()
	dir, theirs := t.TempDir(), strangersFolder(t)
	const stories = 60
	for n := range stories {
		page := fmt.Sprintf("---\ntitle: Story %d\ncustomer: Customer %d\nimage: /img/hall.png\n---\n\nWords of story %d.\n", n, n, n)
		if err := os.WriteFile(filepath.Join(theirs, "content", "customers", fmt.Sprintf("story-%d.md", n)), []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begin(t, dir, "--demo=false").stop(t)
	database := filepath.Join(dir, "renown-data")
	for _, grown := range []int64{1, 60 << 10, 200 << 10} {
		before := sizeOf(t, database)
		i := launch(t, dir, "--demo=false", "--import", theirs)
		cases.Eventually(t, patience, "something is written", func() bool { return sizeOf(t, database) >= before+grown || i.over() })
		i.kill()
	}
	i := begin(t, dir, "--demo=false", "--import", theirs)
	sum := regexp.MustCompile(`(\d+) new, 0 changed, (\d+) as before, 1 refused`).FindStringSubmatch(i.output())
	if sum == nil {
		t.Fatalf("the report says:\n%s", i.output())
	}
	created, _ := strconv.Atoi(sum[1])
	before, _ := strconv.Atoi(sum[2])
	if created+before != stories+4 {
		t.Errorf("of %d stories %d are new and %d were there", stories+4, created, before)
	}
	i.stop(t)
	last := begin(t, dir, "--demo=false", "--import", theirs)
	says(t, last, fmt.Sprintf(`0 new, 0 changed, %d as before, 1 refused`, stories+4))
}

func sizeOf(t *testing.T, dir string) int64 {
	t.Helper()
	var sum int64
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

// over reports whether the program has ended, or has nothing more to do.
func (i *installation) over() bool {
	select {
	case <-i.ended:
		return true
	default:
		return strings.Contains(i.output(), "Metrics ")
	}
}
