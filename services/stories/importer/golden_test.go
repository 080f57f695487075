package importer_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"renown.example/stories/domain"
	"renown.example/stories/importer"
)

var update = flag.Bool("update", false, "write the golden files anew")

// site reads a folder of testdata.
func site(t testing.TB, name string) ([]importer.File, importer.Mapping) {
	t.Helper()
	var files []importer.File
	root := os.DirFS(filepath.Join("testdata", name))
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, path)
		files = append(files, importer.File{Path: path, Data: data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join("testdata", name+".mapping.yaml"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	m, err := importer.ReadMapping(raw)
	if err != nil {
		t.Fatal(err)
	}
	return files, m
}

// told writes what became of a page, for people to look at.
func told(p *importer.Page) string {
	var b strings.Builder
	what := "story"
	switch {
	case p.Skip:
		what = "skipped"
	case p.Refuse:
		what = "refused"
	case p.Own:
		what = "in our own form"
	}
	fmt.Fprintf(&b, "=== %s: %s\n", p.Path, what)
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "%4d %-8s %s | %s | %s\n", n.Line, n.Severity, n.Field, n.What, n.Reason)
	}
	if what != "story" {
		return b.String()
	}
	doc := p.Document
	doc.Kept = nil // the notes show it
	blocks := slices.Clone(doc.Content.Blocks)
	for i, pic := range p.Pictures {
		image := *blocks[i].Image
		image.Asset = pic.File
		blocks[i] = domain.NewImage(image)
	}
	doc.Content.Blocks = blocks
	return b.String() + string(domain.Format(doc, func(asset string) string { return asset }))
}

// Sites of the usual kinds are imported as they were looked at. -update writes them anew: look at them then.
func TestSitesOfTheUsualKinds(t *testing.T) {
	for _, name := range []string{"hugo", "jekyll", "mdx", "html", "plain", "keys", "tables", "dialects"} {
		t.Run(name, func(t *testing.T) {
			files, m := site(t, name)
			var got strings.Builder
			for _, p := range importer.Read(files, m) {
				got.WriteString(told(p))
			}
			golden := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("%s is imported otherwise:\n%s", name, got.String())
			}
		})
	}
}
