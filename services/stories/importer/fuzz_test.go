package importer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"renown.example/stories/domain"
	"renown.example/stories/importer"
)

// Whatever a stranger's file holds, it is refused or gives a document that can be stored, exported and imported again, and a report that can be shown.
func FuzzRead(f *testing.F) {
	names := []string{"a.md", "a.mdx", "a.html", "de/a.markdown", "_posts/2024-01-02-a.md"}
	for _, seed := range []string{"hugo", "jekyll", "mdx", "html", "plain", "keys", "tables", "dialects"} {
		files, _ := filepath.Glob(filepath.Join("testdata", seed, "*"))
		more, _ := filepath.Glob(filepath.Join("testdata", seed, "*", "*", "*"))
		deep, _ := filepath.Glob(filepath.Join("testdata", seed, "*", "*", "*", "*"))
		for _, file := range append(append(files, more...), deep...) {
			if data, err := os.ReadFile(file); err == nil && importer.IsText(file) {
				for i, name := range names {
					if filepath.Ext(name) == filepath.Ext(file) {
						f.Add(uint8(i), data)
					}
				}
			}
		}
	}
	f.Add(uint8(0), []byte("{%raw {%endraw%}0"))
	f.Add(uint8(0), []byte("{{< highlight {{< /highlight >}}0"))
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		name := names[int(which)%len(names)]
		for _, p := range importer.Read([]importer.File{{Path: name, Data: data}, {Path: "pic.png"}, {Path: "static/img/hall.png"}}, importer.Mapping{Locale: "en"}) {
			for _, n := range p.Notes {
				if !utf8.ValidString(n.What) || n.Reason == "" || n.Line < 0 || n.Line > strings.Count(string(data), "\n")+strings.Count(string(data), "\r")+2 {
					t.Fatalf("the report says %+v", n)
				}
			}
			if !p.Skip && !p.Refuse && !p.Own {
				stored(t, p)
			}
		}
	})
}

// stored checks that a page can be stored and comes back from an export as it was.
func stored(t testing.TB, p *importer.Page) {
	t.Helper()
	doc := p.Document
	for i := range p.Pictures {
		image := *doc.Content.Blocks[i].Image
		image.Asset = strings.Repeat("ab", 32)
		doc.Content.Blocks[i] = domain.NewImage(image)
	}
	content, err := domain.Prepare(doc.Content)
	if err != nil {
		t.Fatalf("it cannot be stored: %v", err)
	}
	doc.Content = content
	if problem := domain.CheckKept(doc.Kept); problem != "" {
		t.Fatalf("what was kept %s", problem)
	}
	path := func(asset string) string { return "pictures/" + asset + ".png" }
	out := domain.Format(doc, path)
	again, problems := domain.Parse("again.md", out)
	if domain.Refused(problems) {
		t.Fatalf("its export is refused: %v\n%s", problems, out)
	}
	for i, o := range again.Origins {
		if o.Source != "" {
			again.Content.Blocks[i].Image.Asset = strings.Repeat("ab", 32)
		}
	}
	if second := domain.Format(again, path); string(second) != string(out) {
		t.Fatalf("its export comes back otherwise:\n%s\nand then\n%s", out, second)
	}
}
