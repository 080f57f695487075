package e2e_test

import (
	"archive/zip"
	"bytes"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"renown.example/deploy/browser"
)

// strangers are the files of an invented company's website, each in a form of its own: Hugo's with TOML and a picture at an absolute path, MDX with a component, a
// plain page; and what lies around them.
var strangers = map[string]string{
	"content/customers/halvorsen.md": `+++
title = "Halvorsen finds every crate"
client = "Halvorsen Cold Storage"
description = "A cold store found half of its errors by not looking for them."
heroImage = "/images/hall.png"
author = "Somebody Else"
weight = 30
+++

Crates were searched for **by hand**, at minus twenty.

{{< newsletter list="cold" >}}

> It found the crate before I did.
>
> — Ola Nordmann, Foreman
`,
	"content/customers/tarnbeck.mdx": `---
title: Tarnbeck bakes without leftovers
customer: Tarnbeck Bakeries
---
import Quote from "../../components/Quote"

Every evening, a fifth of the bread was left.

<Quote author="Mina Tarn" role="Head baker">We bake what is eaten.</Quote>

<PriceTable plan="large" />
`,
	"public/pellworm.html": `<!doctype html><html lang="en"><head><title>Pellworm counts its sheep | Example Software</title></head>
<body><nav>Products Prices</nav><main><h1>Pellworm counts its sheep</h1><p>The dyke has <em>more</em> sheep than people.</p>
<blockquote><p>We know each by its number.</p><footer>Arne Deich, Shepherd</footer></blockquote></main><footer>Imprint</footer></body></html>
`,
	"content/customers/broken.md":      "---\ntitle: [never closed\n---\n\nWords.\n",
	"package.json":                     "{}",
	"node_modules/left-pad/README.md":  "# Not a story\n",
	".github/ISSUE_TEMPLATE/report.md": "# Not a story\n",
}

// website writes a folder of them, under a name of its own for the stories' ids, and the same as a zip file.
func website(t *testing.T) (folder, packed string) {
	t.Helper()
	folder, packed = filepath.Join(t.TempDir(), "website"), filepath.Join(t.TempDir(), "website.zip")
	files := map[string][]byte{"static/images/hall.png": value(os.ReadFile(manuscript(t, "hall", "Hall").Files[1]))(t)}
	for name, text := range strangers {
		files[name] = []byte(text)
	}
	out := value(os.Create(packed))(t)
	defer out.Close()
	w := zip.NewWriter(out)
	for name, raw := range files {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(folder, name), raw, 0o600))
		part := value(w.Create("website/" + name))(t)
		value(part.Write(raw))(t)
	}
	must(t, w.Close())
	return folder, packed
}

// A website's folder is chosen once: tried, looked at, imported from the report, and what had no place is found beside the text.
func TestAStrangersFolder(t *testing.T) {
	at, editor := platform(t), employee(t, browser.Editor)
	folder, packed := website(t)
	must(t, editor.Go(at.Website+"/studio/import"))
	must(t, editor.Upload("#folder", folder))
	must(t, editor.Until("document.querySelector('[data-chosen]').textContent.includes('4 texts and 1 picture')"))
	says(t, editor.Page, "[data-chosen]", "3 other files are left out")
	must(t, editor.SendImport("try"))
	says(t, editor.Page, "[data-report]", "What would happen")
	says(t, editor.Page, ".report", "3 new")
	says(t, editor.Page, ".report", "1 refused")
	says(t, editor.Page, ".report-part", "Needs somebody")
	says(t, editor.Page, ".report", "3 files were left out")
	if focus := value(browser.Eval[string](editor.Page, "document.activeElement.id"))(t); focus != "report" {
		t.Errorf("after a trial the focus is on %q", focus)
	}
	saved := value(browser.Eval[string](editor.Page, savedReport))(t)
	for _, row := range []string{`"website/content/customers/halvorsen.md","created","Halvorsen finds every crate","6","author","Somebody Else","Kept: `, `"website/content/customers/broken.md","refused",""`} {
		if !strings.Contains(saved, row) {
			t.Errorf("the saved report lacks %s: %s", row, saved)
		}
	}
	value(browser.Eval[int](editor.Page, "[...document.querySelectorAll('details')].map((d) => d.open = true).length"))(t)
	inspectHere(t, editor.Page, at.Website, "report of a trial")

	must(t, editor.SendImport("import")) // by the report's own button: nothing is chosen again
	says(t, editor.Page, "[data-report]", "What happened")
	says(t, editor.Page, ".report", "3 new")
	clean(t, editor.Page, at)
	text := value(editor.Property(`.report a[href*="/halvorsen/"]`, "href"))(t)
	for _, id := range []string{"halvorsen", "tarnbeck", "pellworm"} {
		must(t, editor.Go(strings.Replace(text, "halvorsen", id, 1)))
		if sheet := value(editor.Text("article.sheet"))(t); strings.Contains(sheet, "Somebody Else") || strings.Contains(sheet, "newsletter") {
			t.Errorf("what is kept stands in the text: %s", sheet)
		}
	}
	must(t, editor.Go(text))
	says(t, editor.Page, "article.sheet", "It found the crate before I did.")
	says(t, editor.Page, ".kept-beside", "Kept from website/content/customers/halvorsen.md")
	says(t, editor.Page, ".kept-beside", "Somebody Else")
	says(t, editor.Page, ".kept-beside", `newsletter list="cold"`)
	says(t, editor.Page, ".kept-beside", "Only the workspace sees this")
	inspectHere(t, editor.Page, at.Website, "a text with what is kept beside it")

	withoutScripts(t, at, editor, packed)
}

// savedReport saves the report and reads the file that the browser would have kept.
const savedReport = `(async () => {
	const make = URL.createObjectURL;
	const saved = new Promise((done) => { URL.createObjectURL = (file) => { done(file); return "#saved"; }; });
	document.querySelector("[data-save]").click();
	URL.createObjectURL = make;
	return (await saved).text();
})()`

// withoutScripts brings the same as a zip file and chooses it twice, since no browser keeps it.
func withoutScripts(t *testing.T, at *browser.Platform, editor *browser.Employee, packed string) {
	t.Helper()
	must(t, editor.Scripts(false))
	must(t, editor.Go(at.Website+"/studio/import"))
	must(t, editor.Upload("#files", packed))
	must(t, editor.Click(".import-more > summary"))
	must(t, editor.Fill("#mapping", "fields:\n  author: size\n"))
	must(t, editor.SendImport("try"))
	says(t, editor.Page, "[data-report]", "What would happen")
	says(t, editor.Page, ".report", "choose the same files again below")
	says(t, editor.Page, ".report", "3 files were left out")
	if typed := value(editor.Property("#mapping", "value"))(t); !strings.Contains(typed, "author: size") {
		t.Errorf("the mapping is now %q", typed)
	}
	must(t, editor.Upload("#files", packed))
	must(t, editor.SendImport("import"))
	says(t, editor.Page, "[data-report]", "What happened")
	says(t, editor.Page, ".report", "1 with a new version")
	must(t, editor.Go(value(editor.Property(`.report a[href*="/halvorsen/"]`, "href"))(t)))
	says(t, editor.Page, ".text-facts", "Somebody Else")
	says(t, editor.Page, ".kept-beside", `newsletter list="cold"`)
	clean(t, editor.Page, at)
}

// A folder that is larger than what can be sent at once is dropped on the page and comes in by pieces: of its pictures only the one that a text shows.
func TestALargeFolder(t *testing.T) {
	at, editor := platform(t), employee(t, browser.Editor)
	folder := filepath.Join(t.TempDir(), "large")
	must(t, os.MkdirAll(folder, 0o700))
	must(t, os.WriteFile(filepath.Join(folder, "varnholt.md"), []byte("---\ntitle: Varnholt sees the whole yard\nclient: Varnholt Yards\n---\n\nOne look is enough.\n\n![The yard from above](yard.png)\n"), 0o600))
	for _, name := range []string{"yard", "nobody-shows-it"} {
		must(t, os.WriteFile(filepath.Join(folder, name+".png"), noise(t, name), 0o600))
	}
	must(t, editor.Go(at.Website+"/studio/import"))
	must(t, editor.Drop("h1", folder))
	must(t, editor.Until("document.querySelector('[data-chosen]').textContent.includes('1 text and 2 pictures, 1')"))
	must(t, editor.SendImport("import"))
	says(t, editor.Page, "[data-report]", "What happened")
	says(t, editor.Page, ".report-sum", "1 new · 0 with a new version · 0 there already · 0 refused · 1 skipped")
	sent := 0
	for _, r := range editor.Requests() {
		if strings.HasSuffix(r.URL, "/studio/import/pictures") {
			sent++
		}
	}
	if sent != 1 {
		t.Errorf("%d pictures were sent", sent)
	}
	must(t, editor.Go(value(editor.Property(`.report a[href*="/varnholt/"]`, "href"))(t)))
	must(t, editor.Until("document.querySelector('.sheet img').naturalWidth > 0"))
	clean(t, editor.Page, at)
}

// noise is a picture that nothing makes smaller.
func noise(t *testing.T, seed string) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 1500, 1500))
	x := uint32(len(seed))
	for i := range img.Pix {
		x = x*1664525 + 1013904223
		img.Pix[i] = byte(x >> 24)
		if i%4 == 3 {
			img.Pix[i] = 0xff
		}
	}
	var out bytes.Buffer
	must(t, (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&out, img))
	return out.Bytes()
}
