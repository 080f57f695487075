package server_test

import (
	"archive/zip"
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	"renown.example/kit/fault"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
)

// zipped packs files for an import.
func zipped(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for name, content := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func pngFile(t testing.TB, shade uint8) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	m.SetGray(1, 1, color.Gray{Y: shade})
	var buf bytes.Buffer
	if err := png.Encode(&buf, m); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

const attestedConsent = `consent:
  scope: [web, sales]
  given_by: Jonna Fjeld, Head of Operations
  given_on: 2026-03-02
  ends: 2028-03-01
  evidence: Clause 7 of the framework agreement
---
`

func importable(t testing.TB) map[string]string {
	withImage := strings.Replace(markdown, "---\n\nThe", attestedConsent+"\n::: image\nsrc: pictures/harbour.png\nalt: Cranes at dawn\n:::\n\nThe", 1)
	return map[string]string{
		"case-studies/nordhafen.en.md":      withImage,
		"case-studies/nordhafen.de.md":      german,
		"case-studies/pictures/harbour.png": pngFile(t, 200),
	}
}

func (r *rig) importZip(files map[string]string, dry bool) *storiesv1.ImportStoriesResponse {
	r.t.Helper()
	return must(r.workspace.ImportStories(r.edda(), &storiesv1.ImportStoriesRequest{Zip: zipped(r.t, files), ValidateOnly: dry}))(r.t)
}

func (r *rig) export() []byte {
	r.t.Helper()
	return must(r.workspace.ExportStories(r.edda(), &storiesv1.ExportStoriesRequest{}))(r.t).GetZip()
}

func TestExportImportExportIsIdentical(t *testing.T) {
	r := newRig(t)
	report := r.importZip(importable(t), false)
	if report.GetCreated() != 2 || report.GetRefused() != 0 {
		t.Fatalf("got %v", report)
	}
	if again := r.importZip(importable(t), false); again.GetUnchanged() != 2 || again.GetCreated()+again.GetUpdated() != 0 {
		t.Errorf("the same again: %v", again)
	}
	first := r.export()
	other := newRig(t)
	must(other.workspace.ImportStories(other.edda(), &storiesv1.ImportStoriesRequest{Zip: first}))(t)
	if second := other.export(); !bytes.Equal(first, second) {
		t.Errorf("export, import, export: %d and %d bytes differ", len(first), len(second))
	}
	consents := r.text("nordhafen", "en").GetConsents()
	if len(consents) != 1 || consents[0].GetLive() || consents[0].GetGivenBy() != "Jonna Fjeld, Head of Operations" {
		t.Errorf("the attested consent: %v", consents)
	}
}

func TestADryRunKeepsNothing(t *testing.T) {
	r := newRig(t)
	if report := r.importZip(importable(t), true); report.GetCreated() != 2 {
		t.Errorf("got %v", report)
	}
	if texts := must(r.workspace.ListTexts(r.edda(), &storiesv1.ListTextsRequest{}))(t); len(texts.GetTexts()) != 0 {
		t.Errorf("a dry run left %v", texts)
	}
}

func TestWhatAnImportCannotUseIsSaidByFileAndLine(t *testing.T) {
	r := newRig(t)
	files := importable(t)
	files["case-studies/nordhafen.de.md"] = strings.Replace(german, "Der Hafen", "::: carousel\nsrc: x\n:::\n\nDer Hafen", 1)
	files["lost.en.md"] = strings.Replace(markdown, "The harbour", "::: image\nsrc: nowhere.png\nalt: Nothing\n:::\n\nThe harbour", 1)
	files["bomb.en.md"] = strings.Replace(markdown, "The harbour", "::: image\nsrc: bomb.png\nalt: Everything\n:::\n\nThe harbour", 1)
	files["bomb.png"] = pngFile(t, 1)[:40]
	report := r.importZip(files, false)
	if report.GetCreated() != 1 || report.GetRefused() != 4 {
		t.Errorf("got %v", report)
	}
	for path, want := range map[string]struct {
		line int32
		word string
	}{"case-studies/nordhafen.de.md": {8, "carousel"}, "lost.en.md": {9, "nowhere.png"}, "bomb.en.md": {9, "bomb.png"}} {
		found := false
		for _, f := range report.GetFiles() {
			for _, p := range f.GetProblems() {
				found = found || (f.GetPath() == path && p.GetLine() == want.line && strings.Contains(p.GetMessage(), want.word))
			}
		}
		if !found {
			t.Errorf("%s: no problem on line %d about %s in %v", path, want.line, want.word, report)
		}
	}
}

func TestHostileArchives(t *testing.T) {
	r := newRig(t)
	for name, files := range map[string]map[string]string{
		"climbs":   {"../../etc/story.en.md": markdown},
		"absolute": {"/etc/story.en.md": markdown},
		"bomb":     {"story.en.md": strings.Repeat("a", 20<<20)},
	} {
		_, err := r.workspace.ImportStories(r.edda(), &storiesv1.ImportStoriesRequest{Zip: zipped(t, files)})
		e, ok := fault.As(err)
		if !ok || e.Reason.HTTP >= 500 || len(e.Fields) == 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if texts := must(r.workspace.ListTexts(r.edda(), &storiesv1.ListTextsRequest{}))(t); len(texts.GetTexts()) != 0 {
		t.Errorf("a refused archive left %v", texts)
	}
}

func TestALinkThatWasReplacedShowsNoPictures(t *testing.T) {
	r := newRig(t)
	r.importZip(importable(t), false)
	r.approve("nordhafen", "en")
	asset := r.text("nordhafen", "en").GetContent().GetBlocks()[0].GetImage().GetAsset()
	see := func(url string) error {
		_, err := r.workspace.GetAsset(r.customer(url), &storiesv1.GetAssetRequest{Asset: asset})
		return err
	}
	first := r.ask("nordhafen", "en")
	if err := see(first); err != nil {
		t.Fatal(err)
	}
	second := r.ask("nordhafen", "en")
	refused(t, see(first), fault.NotFound)
	r.sign(second)
	r.clock.Step(40 * 24 * time.Hour)
	if err := see(second); err != nil {
		t.Errorf("a customer no longer sees what they have signed: %v", err)
	}
}

func TestPicturesGoWithTheirStory(t *testing.T) {
	r := newRig(t)
	r.importZip(importable(t), false)
	asset := r.text("nordhafen", "en").GetContent().GetBlocks()[0].GetImage().GetAsset()
	get := func() error {
		_, err := r.published.GetPublishedAsset(r.nobody(), &storiesv1.GetPublishedAssetRequest{Asset: asset})
		return err
	}
	refused(t, get(), fault.NotFound)
	url := r.publish("nordhafen", "en")
	if err := get(); err != nil {
		t.Fatal(err)
	}
	must(r.signoff.RevokeSignoff(r.customer(url), &storiesv1.RevokeSignoffRequest{}))(t)
	refused(t, get(), fault.Withdrawn)
}
