package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"renown.example/kit/auth"
	"renown.example/kit/fault"
	"renown.example/kit/rpc"
	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/stories/importer"
)

// Files of an import in the data folder.
const (
	reportFile  = "import-report.jsonl"
	uploadsFile = "import-pictures.json"
)

// Bounds of what is read from a folder. A call takes 14 MB; texts are sent in portions below that, pictures one by one.
const (
	maxTextFile    = 4 << 20
	maxPictureFile = 10 << 20
	maxPortion     = 10 << 20
	maxFiles       = 4_000 // of a portion
	maxPaths       = 20_000
)

// takeIn is an import of a folder under way. What is done twice changes nothing, so that a start after a crash simply does it again.
type takeIn struct {
	p        *platform
	dir      string
	mapping  string
	texts    []string
	pictures []string
	content  map[string][]byte
	// passed are files that are no part of the import, with the reason.
	passed map[string]string
	// known tells the asset that a picture's bytes became in an earlier import.
	known  map[string]string
	assets map[string]string
	bad    map[string]string
	client storiesv1.WorkspaceServiceClient
}

// importFolder imports a folder of the user's and reports on each file. The person at the terminal holds the installation's keys; what they import is recorded
// as done at the console, and any employee can confirm the agreements in it.
func (p *platform) importFolder(ctx context.Context) error {
	t := &takeIn{p: p, dir: p.Import, content: map[string][]byte{}, passed: map[string]string{}, known: map[string]string{}, assets: map[string]string{}, bad: map[string]string{}}
	if p.Mapping != "" {
		b, err := os.ReadFile(p.Mapping)
		if err != nil {
			return fault.Invalid("mapping", "%s cannot be read: %v.", p.Mapping, plainly(err))
		}
		if _, err := importer.ReadMapping(b); err != nil {
			return fault.Invalid("mapping", "%v.", err)
		}
		t.mapping = string(b)
	}
	if err := t.look(); err != nil {
		return err
	}
	ctx, err := rpc.As(ctx, p.minter, auth.Identity{Kind: auth.KindApp, Subject: "console", Name: "Import at the console", Scopes: []string{"stories.write"}})
	if err != nil {
		return err
	}
	t.client = storiesv1.NewWorkspaceServiceClient(p.stories.Conn())
	t.remember()
	trial, err := t.send(ctx, true)
	if ctx.Err() != nil {
		return ctx.Err() // what is done is done again
	}
	if err != nil {
		return fault.Invalid("import", "%s", fault.Of(err).Message)
	}
	if p.DryRun {
		return t.report(trial)
	}
	if err := t.upload(ctx, trial.GetWanted()); err != nil {
		return err
	}
	done, err := t.send(ctx, false)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fault.Invalid("import", "%s", fault.Of(err).Message)
	}
	return t.report(done)
}

// look finds the texts and pictures of the folder. Folders that hold programs and not pages are passed over, and so is what cannot be sent.
func (t *takeIn) look() error {
	root := os.DirFS(t.dir)
	return fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			t.passed[name] = "it cannot be read"
			return nil
		case name == ".":
			return nil
		case d.IsDir() && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "vendor" || base == "__MACOSX"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		case !importer.IsText(name) && !importer.IsPicture(name):
			return nil
		case !d.Type().IsRegular():
			t.passed[name] = "it is a link and not a file"
			return nil
		case len(name) > 255 || strings.ContainsAny(name, "\\:") || strings.Count(name, "/") >= 12 || !utf8.ValidString(name):
			t.passed[strings.ToValidUTF8(name, "\uFFFD")] = "its path is too long, or holds a character that some systems do not take"
			return nil
		case len(t.texts)+len(t.pictures) >= maxPaths:
			return fault.Invalid("import", "%s holds more than %d texts and pictures: import its folders one after the other.", t.dir, maxPaths)
		case !importer.IsText(name):
			t.pictures = append(t.pictures, name)
			return nil
		}
		info, err := d.Info()
		if err == nil && info.Size() > maxTextFile {
			t.passed[name] = fmt.Sprintf("it is larger than %d MB", maxTextFile>>20)
			return nil
		}
		b, err := fs.ReadFile(root, name)
		if err != nil {
			t.passed[name] = "it cannot be read"
			return nil
		}
		t.texts = append(t.texts, name)
		t.content[name] = b
		return nil
	})
}

// remember finds out which pictures were uploaded by an earlier import.
func (t *takeIn) remember() {
	b, err := os.ReadFile(filepath.Join(t.p.folder.path, uploadsFile))
	if err != nil || json.Unmarshal(b, &t.known) != nil {
		t.known = map[string]string{} // they are uploaded again, and found to be there
		return
	}
	if len(t.known) == 0 {
		return
	}
	for _, name := range t.pictures {
		if b, err := t.read(name); err == nil {
			if asset := t.known[digest(b)]; asset != "" {
				t.assets[name] = asset
			}
		}
	}
}

func (t *takeIn) read(name string) ([]byte, error) {
	info, err := os.Stat(filepath.Join(t.dir, filepath.FromSlash(name)))
	if err == nil && info.Size() > maxPictureFile {
		return nil, fmt.Errorf("it is larger than %d MB", maxPictureFile>>20)
	}
	return os.ReadFile(filepath.Join(t.dir, filepath.FromSlash(name)))
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// send sends the texts in portions and puts the answers together.
func (t *takeIn) send(ctx context.Context, trial bool) (*storiesv1.ImportStoriesResponse, error) {
	all := &storiesv1.ImportStoriesResponse{}
	for from := 0; from < len(t.texts) || from == 0; {
		files, size, to := map[string][]byte{}, 0, from
		for to < len(t.texts) && to-from < maxFiles && (to == from || size+len(t.content[t.texts[to]]) <= maxPortion) {
			files[t.texts[to]] = t.content[t.texts[to]]
			size += len(files[t.texts[to]])
			to++
		}
		packed, err := pack(files)
		if err != nil {
			return nil, err
		}
		req := &storiesv1.ImportStoriesRequest{Zip: packed, ValidateOnly: trial, Mapping: t.mapping}
		for _, name := range t.pictures {
			req.Beside = append(req.Beside, &storiesv1.FileBeside{Path: name, Asset: t.assets[name], Problem: t.bad[name]})
		}
		for i, name := range t.texts {
			if i < from || i >= to {
				req.Beside = append(req.Beside, &storiesv1.FileBeside{Path: name})
			}
		}
		got, err := t.client.ImportStories(ctx, req)
		if err != nil {
			return nil, err
		}
		add(all, got)
		if from = to; from == 0 {
			break
		}
	}
	return all, nil
}

func add(all, got *storiesv1.ImportStoriesResponse) {
	all.Files = append(all.Files, got.GetFiles()...)
	all.Wanted = append(all.Wanted, got.GetWanted()...)
	all.Created += got.GetCreated()
	all.Updated += got.GetUpdated()
	all.Unchanged += got.GetUnchanged()
	all.Refused += got.GetRefused()
	all.Conflicts += got.GetConflicts()
	all.Skipped += got.GetSkipped()
}

// upload uploads the pictures that texts show. One that cannot be used is named in the report.
func (t *takeIn) upload(ctx context.Context, wanted []string) error {
	for i, name := range wanted {
		t.p.console.step("Uploading pictures", i, len(wanted), name)
		if t.assets[name] != "" || t.bad[name] != "" {
			continue
		}
		b, err := t.read(name)
		if err != nil {
			t.bad[name] = plainly(err).Error()
			continue
		}
		got, err := t.client.UploadAsset(ctx, &storiesv1.UploadAssetRequest{Data: b, Filename: path.Base(name)})
		switch e, ok := fault.As(err); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			t.assets[name], t.known[digest(b)] = got.GetAsset(), got.GetAsset()
		case ok && e.Reason.HTTP < 500:
			t.bad[name] = e.Message
		default:
			return fmt.Errorf("uploading %s: %w", name, err)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	t.p.console.step("Uploading pictures", len(wanted), len(wanted), "")
	b, err := json.MarshalIndent(t.known, "", " ")
	if err != nil {
		return err
	}
	return t.p.folder.write(uploadsFile, b)
}

// line is one of the report's file.
type line struct {
	File     string `json:"file"`
	Result   string `json:"result,omitempty"`
	Text     string `json:"text,omitempty"`
	Title    string `json:"title,omitempty"`
	Line     int32  `json:"line,omitempty"`
	Field    string `json:"field,omitempty"`
	What     string `json:"what,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Severity string `json:"severity,omitempty"`
}

// unused passes over the pictures that no text shows.
func (t *takeIn) unused(r *storiesv1.ImportStoriesResponse) {
	shown := map[string]bool{}
	for _, f := range r.GetFiles() {
		shown[f.GetPath()] = true
	}
	for _, name := range t.pictures {
		if !shown[name] {
			t.passed[name] = "no imported text shows it"
		}
	}
}

func (t *takeIn) reportPath() string { return filepath.Join(t.p.settings.report, reportFile) }

// report prints what became of the folder and writes all of it, a line for each thing, into the data folder.
func (t *takeIn) report(r *storiesv1.ImportStoriesResponse) error {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	var errs []error
	for _, f := range r.GetFiles() {
		errs = append(errs, e.Encode(line{File: f.GetPath(), Result: f.GetResult(), Text: f.GetText(), Title: f.GetTitle()}))
		for _, p := range f.GetProblems() {
			errs = append(errs, e.Encode(line{File: f.GetPath(), Line: p.GetLine(), Field: p.GetField(), Reason: p.GetMessage(), Severity: "problem"}))
		}
		for _, n := range f.GetNotes() {
			errs = append(errs, e.Encode(line{File: f.GetPath(), Line: n.GetLine(), Field: n.GetField(), What: n.GetWhat(), Reason: n.GetReason(), Severity: n.GetSeverity()}))
		}
	}
	t.unused(r)
	for _, name := range slices.Sorted(maps.Keys(t.passed)) {
		errs = append(errs, e.Encode(line{File: name, Result: "skipped", Reason: t.passed[name]}))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if t.p.settings.report == "" {
		t.p.settings.report = t.p.folder.path
	}
	if err := os.WriteFile(t.reportPath(), out.Bytes(), 0o600); err != nil {
		return fault.Invalid("import", "The report cannot be written: %v.", plainly(err))
	}
	t.p.console.report(t, r)
	if n := r.GetRefused() + r.GetConflicts(); n > 0 && t.p.DryRun {
		t.p.verdict = fmt.Errorf("%d of the files cannot be imported as they are", n)
	}
	return nil
}
