package studio_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"renown.example/stories/importer"
)

// halvorsen is a page of another site: TOML, names of its own, a picture at an absolute path, a shortcode.
const halvorsen = `+++
title = "Half the errors, twice the speed"
client = "Halvorsen Cold Storage"
excerpt = "One sentence."
heroImage = "/img/hall.png"
author = "Somebody Else"
internal = "%s"
+++

Crates were searched for by hand.

{{< widget id="7" >}}
`

// brought is a file with its path in the folder that was chosen.
type brought struct {
	path string
	raw  []byte
}

func stranger(t *testing.T) []brought {
	t.Helper()
	return []brought{
		{"site/content/case-studies/halvorsen.md", []byte(strings.Replace(halvorsen, "%s", strings.Repeat("Words for ourselves. ", 30), 1))},
		{"site/content/case-studies/_index.md", []byte("---\ntitle: All of them\n---\n")},
		{"site/static/img/hall.png", dot(t)},
		{"site/static/img/nobody-shows-it.png", dot(t)},
		{"site/package.json", []byte("{}")},
		{"site/.github/README.md", []byte("# Not a story\n")},
		{"site/node_modules/left-pad/README.md", []byte("# Not a story\n")},
	}
}

// bring fills the form of the import page and sends files as the page's module does, their paths beside them.
func (b *browser) bring(files []brought, answers ...string) page {
	b.t.Helper()
	where, values := b.get("/studio/import").fill("/studio/import", answers...)
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for name := range values {
		must(b.t, w.WriteField(name, values.Get(name)))
	}
	var paths []string
	for _, f := range files {
		paths = append(paths, f.path)
		part, err := w.CreateFormFile("files", f.path)
		must(b.t, err)
		_, err = part.Write(f.raw)
		must(b.t, err)
	}
	if len(files) > 0 {
		raw, err := json.Marshal(paths)
		must(b.t, err)
		must(b.t, w.WriteField("paths", string(raw)))
	}
	must(b.t, w.Close())
	return b.post(where, w.FormDataContentType(), &out, "Sec-Fetch-Site", "same-origin")
}

// packed is a zip file of them.
func packed(t *testing.T, files []brought) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		part, err := w.Create(f.path)
		must(t, err)
		_, err = part.Write(f.raw)
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

const halvorsensPage = "/studio/stories/halvorsen/en"

func TestAStrangersFolderIsTriedThenImported(t *testing.T) {
	in := install(t)
	edda := in.as(t, "edda")
	trial := edda.bring(stranger(t), "do", "try", "mapping", "fields:\n  internal: keep\n", "overwrite", "yes", "left", "40")
	trial.says(http.StatusOK, "What would happen", "1 new", "0 refused", "2 skipped", "43 files were left out", "Would be imported", "Nothing was changed",
		"1 skipped: No imported text shows this file", "client", "Halvorsen Cold Storage", "1 to see to, 4 mapped, 3 kept", "3 are kept beside their text")
	edda.get("/studio/stories").says(http.StatusOK, "No story yet")
	_, values := trial.fill("/studio/import")
	if values.Get("mapping") != "fields:\n  internal: keep\n" || values.Get("overwrite") != "yes" {
		t.Errorf("the form has forgotten what was typed: %v", values)
	}
	if strings.Contains(trial.body, halvorsensPage) {
		t.Error("a trial leads to a page that is not there")
	}
	open := func(n *html.Node) bool { return n.Data == "details" && has(n, "open") && attr(n, "class") == "fold" }
	if find(trial.doc, open) != nil {
		t.Error("a fold is open that needs nobody")
	}

	done := edda.bring(stranger(t), "do", "import").says(http.StatusOK, "What happened", "1 new", "Imported", "Half the errors, twice the speed", "1 picture")
	if find(done.doc, func(n *html.Node) bool { return attr(n, "href") == halvorsensPage }) == nil {
		t.Fatalf("the report does not lead to the text: %s", done.text())
	}
	text := edda.get(halvorsensPage).says(http.StatusOK, "Kept from site/content/case-studies/halvorsen.md", "Only the workspace sees this", "author", "line 6", "Somebody Else",
		`{{< widget id="7" >}}`, "characters)")
	sheet := find(text.doc, func(n *html.Node) bool { return n.Data == "article" })
	if got := content(sheet); strings.Contains(got, "Somebody Else") || !strings.Contains(got, "searched for by hand") {
		t.Errorf("the text reads %q", got)
	}
	edit := edda.get(halvorsensPage+"/edit").says(http.StatusOK, "Kept from the imported file", "Somebody Else")
	edda.submit(edit, "/edit", "do", "insert:quote").says(http.StatusOK, "Kept from the imported file")
}

func TestAnImportDoesNotOverwriteUnasked(t *testing.T) {
	in := install(t)
	edda := in.as(t, "edda")
	files := stranger(t)
	edda.bring(files, "do", "import").says(http.StatusOK, "1 new")
	edda.bring(files, "do", "import").says(http.StatusOK, "1 there already")
	edda.submit(edda.get(halvorsensPage+"/edit"), "/edit", "title", "Edited here").says(http.StatusOK, "Saved")
	files[0].raw = bytes.Replace(files[0].raw, []byte("by hand"), []byte("by lamplight"), 1)
	edda.bring(files, "do", "try").says(http.StatusOK, "an import would change nothing")
	for _, do := range []string{"try", "import"} {
		left := edda.bring(files, "do", do).says(http.StatusOK, "1 edited here since", "Needs somebody", "Not overwritten", "This text was edited here since it was imported")
		if find(left.doc, func(n *html.Node) bool { return n.Data == "a" && attr(n, "href") == halvorsensPage }) == nil {
			t.Error("the report does not lead to the text that was left as it is")
		}
	}
	edda.get(halvorsensPage).says(http.StatusOK, "Edited here", "by hand")
	edda.bring(files, "do", "import", "overwrite", "yes").says(http.StatusOK, "1 with a new version")
	edda.get(halvorsensPage).says(http.StatusOK, "by lamplight")
	edda.get(halvorsensPage+"/versions").says(http.StatusOK, "Version 3", "Version 2")
}

func TestAMappingIsFollowedOrRefused(t *testing.T) {
	in := install(t)
	edda := in.as(t, "edda")
	wrong := edda.bring(stranger(t), "do", "try", "mapping", "fields:\n  internal: sonnet\n").says(http.StatusBadRequest, "cannot become \"sonnet\"")
	if _, values := wrong.fill("/studio/import"); values.Get("mapping") != "fields:\n  internal: sonnet\n" {
		t.Error("the mapping that was refused is lost")
	}
	if find(wrong.doc, func(n *html.Node) bool { return attr(n, "class") == "import-more" && has(n, "open") }) == nil {
		t.Error("what is wrong is folded away")
	}
	edda.bring(stranger(t), "do", "import", "mapping", "fields:\n  author: size\n  internal: skip\n").says(http.StatusOK, "1 new")
	if page := edda.get(halvorsensPage).says(http.StatusOK, "Size", "Somebody Else"); strings.Contains(page.body, "Words for ourselves") {
		t.Error("what the mapping skips is kept")
	}

	_, values := edda.get("/studio/import").fill("/studio/import", "do", "try", "mapping", "fields: {internal: sonnet}")
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for name := range values {
		must(t, w.WriteField(name, values.Get(name)))
	}
	for name, raw := range map[string][]byte{"mapping_file": []byte("locale: de\n"), "files": packed(t, stranger(t))} {
		part, err := w.CreateFormFile(name, strings.Replace(name, "files", "site.zip", 1))
		must(t, err)
		_, err = part.Write(raw)
		must(t, err)
	}
	must(t, w.Close())
	page := edda.post("/studio/import", w.FormDataContentType(), &out, "Sec-Fetch-Site", "same-origin").says(http.StatusOK, "nothing says the language", "3 files were left out")
	if _, values := page.fill("/studio/import"); values.Get("mapping") != "locale: de\n" {
		t.Errorf("the mapping of the file reads %q", values.Get("mapping"))
	}
}

// heavy is a picture of a few pixels in a file of many bytes.
func heavy(t *testing.T, size int, seed uint32) []byte {
	t.Helper()
	raw := dot(t)
	noise := append(make([]byte, 0, size+4), "noIs"...)
	for x := seed; len(noise) < size; x = x*1664525 + 1013904223 {
		noise = append(noise, byte(x>>24))
	}
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(noise)-4))
	chunk = binary.BigEndian.AppendUint32(append(chunk, noise...), crc32.ChecksumIEEE(noise))
	return slices.Concat(raw[:33], chunk, raw[33:]) // behind the header
}

// More than REST takes at once comes in all the same: texts first, then the pictures that they show.
func TestAFolderThatIsLargeComesInPieces(t *testing.T) {
	in := install(t)
	edda := in.as(t, "edda")
	files := stranger(t)
	files[2].raw, files[3].raw = heavy(t, 8<<20, 1), heavy(t, 8<<20, 2)
	edda.bring([]brought{{"site.zip", packed(t, files)}}, "do", "try").says(http.StatusOK, "1 new", "2 skipped", "1 picture", "3 files were left out", "0 refused")
	edda.bring(files, "do", "import").says(http.StatusOK, "1 new", "2 skipped", "1 picture")
	page := edda.get(halvorsensPage)
	if find(page.doc, func(n *html.Node) bool {
		return n.Data == "img" && strings.HasPrefix(attr(n, "src"), "/studio/assets/")
	}) == nil {
		t.Error("the text came without its picture")
	}
	files[2].raw = heavy(t, 15<<20, 1)
	edda.bring(files, "do", "import").says(http.StatusOK, "larger than", "1 refused")
	edda.bring([]brought{{"a.md", make([]byte, 34<<20)}}, "do", "import").says(http.StatusRequestEntityTooLarge, "too large")
}

// The page's module does the same by itself: it tells the names of pictures, uploads those that are wanted, and says what they became.
func TestPicturesComeAfterTheirTexts(t *testing.T) {
	in := install(t)
	edda := in.as(t, "edda")
	texts := stranger(t)[:1]
	bring := func(do, asset, problem string) page {
		where, values := edda.get("/studio/import").fill("/studio/import", "do", do)
		values.Set("paths", `["`+texts[0].path+`"]`)
		values.Set("beside", `[{"path":"site/static/img/hall.png","asset":"`+asset+`","problem":"`+problem+`"},{"path":"site/static/img/nobody-shows-it.png"}]`)
		kind, raw := multi(t, values, map[string][]byte{texts[0].path: texts[0].raw}, "files")
		return edda.post(where, kind, raw, "Sec-Fetch-Site", "same-origin", "Accept", "text/html, application/json")
	}
	trial := bring("try", "", "").says(http.StatusOK, "1 new", "1 skipped", "known by their names only")
	report := find(trial.doc, func(n *html.Node) bool { return attr(n, "class") == "report" })
	if got := attr(report, "data-wanted"); got != `["site/static/img/hall.png"]` {
		t.Errorf("it wants %s", got)
	}
	upload := func(raw []byte, status int, words string) string {
		t.Helper()
		kind, body := multi(t, url.Values{}, map[string][]byte{"hall.png": raw}, "picture")
		got := edda.post("/studio/import/pictures", kind, body, "Sec-Fetch-Site", "same-origin", "Accept", "text/html, application/json")
		if got.status != status || !strings.Contains(got.body, words) {
			t.Fatalf("the upload answered %d, %s", got.status, got.body)
		}
		return got.body
	}
	upload([]byte("no picture"), http.StatusUnprocessableEntity, "detail")
	var done struct{ Asset string }
	must(t, json.Unmarshal([]byte(upload(dot(t), http.StatusOK, "asset")), &done))
	bring("import", "", "it is torn").says(http.StatusOK, "1 new", "1 refused", "It is torn", "hall.png")
	bring("import", done.Asset, "").says(http.StatusOK, "1 with a new version", "1 picture", "0 refused")
	if page := edda.get(halvorsensPage); !strings.Contains(page.body, done.Asset) {
		t.Error("the text came without its picture")
	}
}

func TestWhatCannotBeImportedIsSaidBeforeItIsSent(t *testing.T) {
	in := install(t)
	edda := in.as(t, "edda")
	page := edda.get("/studio/import").says(http.StatusOK, strings.Join(importer.Targets, ", "))
	choose := find(page.doc, byID("files"))
	endings := strings.Split(attr(choose, "accept"), ",")
	for _, e := range endings {
		if e != ".zip" && !importer.IsText("a"+e) && !importer.IsPicture("a"+e) {
			t.Errorf("%s can be chosen, and nothing reads it", e)
		}
	}
	for _, e := range []string{".md", ".markdown", ".mdx", ".html", ".png", ".jpg", ".webp"} {
		if !slices.Contains(endings, e) {
			t.Errorf("%s cannot be chosen", e)
		}
	}
	edda.bring(nil, "do", "try").says(http.StatusBadRequest, "Choose a zip file, a folder, or texts")
	many := stranger(t)
	for i := range 1200 {
		many = append(many, brought{fmt.Sprintf("site/static/img/%d.png", i), nil})
	}
	edda.bring(many, "do", "try").says(http.StatusOK, "1 new", "1,202 skipped")
	edda.bring(slices.Concat(many, many, many, many, many), "do", "try").says(http.StatusRequestEntityTooLarge, "too many files")
	edda.bring([]brought{{"site/package.json", []byte("{}")}}, "do", "try").says(http.StatusBadRequest, "None of the 1 files is a text or a picture")
	edda.bring([]brought{{"a.zip", []byte("PK")}}, "do", "try").says(http.StatusBadRequest, "not a zip file that can be read")
	edda.bring([]brought{{"a.zip", packed(t, stranger(t))}, {"b.md", []byte("# B\n")}}, "do", "try").says(http.StatusBadRequest, "A zip file goes alone")
	in.browser(t).send("/studio/import", url.Values{"do": {"import"}}).says(http.StatusUnauthorized, "session has ended")
}
