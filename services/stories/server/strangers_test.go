package server_test

import (
	"bytes"
	"strings"
	"testing"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

const strange = `---
name: Halvorsen finds every crate
client: {name: Halvorsen Cold Storage, website: https://halvorsen.example}
excerpt: One sentence.
industries: [Logistics]
author: Somebody
heroImage: /img/hall.png
results:
  - value: 38%
    label: fewer errors
---

Words with <b>HTML</b> and {{< widget id="7" >}} a shortcode.

> It found the crate before I did.
>
> — Ola Nordmann, Foreman
`

func stranger(t testing.TB) map[string]string {
	return map[string]string{"content/case-studies/halvorsen.md": strange, "static/img/hall.png": pngFile(t, 90), "content/case-studies/_index.md": "---\ntitle: All\n---\n"}
}

func result(r *storiesv1.ImportStoriesResponse, path string) string {
	for _, f := range r.GetFiles() {
		if f.GetPath() == path {
			return f.GetResult()
		}
	}
	return ""
}

func TestAStrangersPageIsMappedAndWhatHasNoPlaceIsKept(t *testing.T) {
	r := newRig(t)
	if trial := r.importZip(stranger(t), true); trial.GetCreated() != 1 || trial.GetSkipped() != 1 {
		t.Fatalf("the trial says %v", trial)
	}
	report := r.importZip(stranger(t), false)
	text := r.text("halvorsen", "en")
	c := text.GetContent()
	if c.GetTitle() != "Halvorsen finds every crate" || c.GetCustomer() != "Halvorsen Cold Storage" || c.GetSummary() != "One sentence." || len(c.GetBlocks()) != 4 {
		t.Fatalf("got %v of %v", c, report)
	}
	if c.GetBlocks()[0].GetImage() == nil || c.GetBlocks()[1].GetMetric().GetUnit() != "%" || c.GetBlocks()[3].GetQuote().GetBy() != "Ola Nordmann" {
		t.Errorf("the blocks are %v", c.GetBlocks())
	}
	kept := ""
	for _, k := range text.GetKept() {
		kept += k.GetField() + "=" + k.GetText() + ";"
	}
	for _, want := range []string{"author=Somebody", "client.website=https://halvorsen.example", `widget={{< widget id="7" >}}`} {
		if !strings.Contains(kept, want) {
			t.Errorf("%s is not kept: %s", want, kept)
		}
	}
	if text.GetSource() != "content/case-studies/halvorsen.md" {
		t.Errorf("it came from %q", text.GetSource())
	}
	first := r.export()
	other := newRig(t)
	must(other.workspace.ImportStories(other.edda(), &storiesv1.ImportStoriesRequest{Zip: first}))(t)
	if second := other.export(); !bytes.Equal(first, second) {
		t.Errorf("what was kept did not come back")
	}
}

func TestAFileDoesNotOverwriteWhatWasEditedHere(t *testing.T) {
	r := newRig(t)
	const page = "content/case-studies/halvorsen.md"
	files := stranger(t)
	step := func(want string) {
		t.Helper()
		if got := result(r.importZip(files, false), page); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	step("created")
	step("unchanged")
	files[page] = strings.Replace(strange, "Words with", "New words with", 1)
	step("updated")
	step("unchanged")
	edited := r.text("halvorsen", "en")
	c := edited.GetContent()
	c.Title = "Edited here"
	must(r.workspace.SaveText(r.edda(), &storiesv1.SaveTextRequest{Story: "halvorsen", Locale: "en", Etag: edited.GetEtag(),
		Text: &storiesv1.TextInput{Form: &storiesv1.TextInput_Content{Content: c}}}))(t)
	step("unchanged") // the file says nothing new
	files[page] = strings.Replace(strange, "Words with", "Newer words with", 1)
	step("conflict")
	if got := r.text("halvorsen", "en").GetContent().GetTitle(); got != "Edited here" {
		t.Errorf("the title is %q", got)
	}
	over := must(r.workspace.ImportStories(r.edda(), &storiesv1.ImportStoriesRequest{Zip: zipped(t, files), Overwrite: true}))(t)
	if result(over, page) != "updated" {
		t.Errorf("overwriting: %v", over)
	}
}

func TestPicturesOfALargeFolderAreSentByThemselves(t *testing.T) {
	r := newRig(t)
	files := stranger(t)
	data := files["static/img/hall.png"]
	delete(files, "static/img/hall.png")
	req := &storiesv1.ImportStoriesRequest{Zip: zipped(t, files), ValidateOnly: true, Beside: []*storiesv1.FileBeside{{Path: "static/img/hall.png"}, {Path: "static/img/other.png"}}}
	trial := must(r.workspace.ImportStories(r.edda(), req))(t)
	if len(trial.GetWanted()) != 1 || trial.GetWanted()[0] != "static/img/hall.png" || trial.GetCreated() != 1 {
		t.Fatalf("got %v", trial)
	}
	up := must(r.workspace.UploadAsset(r.edda(), &storiesv1.UploadAssetRequest{Data: []byte(data), Filename: "hall.png"}))(t)
	req.ValidateOnly, req.Beside[0].Asset = false, up.GetAsset()
	must(r.workspace.ImportStories(r.edda(), req))(t)
	if got := r.text("halvorsen", "en").GetContent().GetBlocks()[0].GetImage().GetAsset(); got != up.GetAsset() {
		t.Errorf("the picture is %q", got)
	}
	req.ValidateOnly, req.Beside[0].Asset = true, ""
	if again := must(r.workspace.ImportStories(r.edda(), req))(t); again.GetUnchanged() != 1 {
		t.Errorf("a trial that knows the picture's name only says %v of what is there", again)
	}
	own := map[string]string{"own.en.md": "---\nstory: own\nlocale: en\ntitle: Our own form\n---\n\n::: image\nsrc: pic.png\nalt: A hall\n:::\n"}
	trial = must(r.workspace.ImportStories(r.edda(), &storiesv1.ImportStoriesRequest{Zip: zipped(t, own), ValidateOnly: true, Beside: []*storiesv1.FileBeside{{Path: "pic.png"}}}))(t)
	if trial.GetCreated() != 1 || len(trial.GetWanted()) != 1 {
		t.Errorf("a trial of our own form with a picture's name says %v", trial)
	}
}

func TestABadPictureIsNamedAndTheStoryDoesWithout(t *testing.T) {
	r := newRig(t)
	files := stranger(t)
	files["static/img/hall.png"] = files["static/img/hall.png"][:40]
	report := r.importZip(files, false)
	if report.GetCreated() != 1 || result(report, "static/img/hall.png") != "refused" {
		t.Fatalf("got %v", report)
	}
	text := r.text("halvorsen", "en")
	if text.GetContent().GetBlocks()[0].GetImage() != nil {
		t.Error("the picture is shown")
	}
	for _, f := range report.GetFiles() {
		for _, n := range f.GetNotes() {
			if n.GetLine() == 7 && n.GetSeverity() != "kept" {
				t.Errorf("of a picture that cannot be used the report says %v", n)
			}
		}
	}
	if k := text.GetKept()[len(text.GetKept())-1]; !strings.Contains(k.GetText(), "/img/hall.png") || k.GetLine() != 7 {
		t.Errorf("it is not kept: %v", text.GetKept())
	}
}
