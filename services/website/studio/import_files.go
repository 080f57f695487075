package studio

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	storiesv1 "renown.example/proto/gen/renown/stories/v1"
	"renown.example/website/web"
)

// Endings of what an import reads. Everything else stays where it is: a site's folder holds much that is neither a text nor a picture.
var (
	textEndings    = []string{".md", ".markdown", ".mdown", ".mdx", ".mdoc", ".html", ".htm"}
	pictureEndings = []string{".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".avif", ".svg"}
)

// Bounds of an import in bytes: what REST takes as one zip file, and what is taken here at once, from which such files are made.
const (
	maxZip    = 14 << 20
	maxImport = 32 << 20
)

// maxPath is the longest path that REST takes.
const maxPath = 255

// importFile is one file of those that were chosen.
type importFile struct {
	path string
	open func() (io.ReadCloser, error)
	// entry is the file in the zip file that was chosen, if it came in one: it is passed on as it is packed.
	entry *zip.File
}

func (f importFile) base() string { return path.Base(f.path) }

// read returns the content, or its first bytes where it has more than the bound.
func (f importFile) read(bound int64) ([]byte, error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, bound+1))
}

// chosenFiles are the files of an import. What is wrong with them, paths included, is for the service to judge.
type chosenFiles struct {
	// whole is a zip file that goes on as it came, since there is nothing to leave out of it.
	whole           []byte
	texts, pictures []importFile
	// beside are pictures that the module sends by themselves, and those that go ahead of the texts from here.
	beside []*storiesv1.FileBeside
	// left counts what was left out, here and before it was sent.
	left int
}

func posted(file postedFile) importFile {
	return importFile{path: file.name, open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file.raw)), nil }}
}

// besideJSON is a picture that the module sends by itself, or has sent.
type besideJSON struct{ Path, Asset, Problem string }

// chosen reads the files of the posted form: a zip file, or files whose paths the module has told, since browsers send names only.
func (v *visit) chosen() (*chosenFiles, error) {
	files, out := slices.Concat(v.files["files"], v.files["folder"]), &chosenFiles{}
	if left, err := strconv.Atoi(v.r.PostFormValue("left")); err == nil && left > 0 {
		out.left = left
	}
	packed := slices.IndexFunc(files, func(f postedFile) bool { return strings.EqualFold(path.Ext(f.name), ".zip") })
	switch {
	case len(files) == 1 && packed == 0:
		return out, out.unzip(files[0])
	case packed >= 0:
		return nil, refusal("/files", "A zip file goes alone: choose "+files[packed].name+" by itself, or unpack it.")
	}
	var paths []string
	var beside []besideJSON
	for field, into := range map[string]any{"paths": &paths, "beside": &beside} {
		if raw := v.r.PostFormValue(field); raw != "" && json.Unmarshal([]byte(raw), into) != nil {
			return nil, refusal("/files", "The files arrived broken. Choose them again.")
		}
	}
	for _, b := range beside {
		out.beside = append(out.beside, &storiesv1.FileBeside{Path: b.Path, Asset: b.Asset, Problem: b.Problem})
	}
	for i, file := range files {
		if len(paths) == len(files) && paths[i] != "" {
			file.name = paths[i]
		}
		out.add(posted(file))
	}
	return out, out.sound()
}

// unzip lists what is in a zip file.
func (c *chosenFiles) unzip(file postedFile) error {
	r, err := zip.NewReader(bytes.NewReader(file.raw), int64(len(file.raw)))
	if err != nil {
		return refusal("/files", "The file "+file.name+" is not a zip file that can be read.")
	}
	for _, entry := range r.File {
		if !strings.HasSuffix(entry.Name, "/") {
			c.add(importFile{path: entry.Name, open: entry.Open, entry: entry})
		}
	}
	if c.left == 0 && len(file.raw) <= maxZip {
		c.whole = file.raw
	}
	return c.sound()
}

func (c *chosenFiles) add(f importFile) {
	lower := strings.ToLower(path.Ext(f.path))
	switch {
	case strings.HasPrefix(f.base(), ".") || inside(path.Dir(f.path)):
		c.left++
	case slices.Contains(textEndings, lower):
		c.texts = append(c.texts, f)
	case slices.Contains(pictureEndings, lower) && len(f.path) <= maxPath:
		c.pictures = append(c.pictures, f)
	default:
		c.left++
	}
}

// inside reports whether a folder is one that holds programs and not pages.
func inside(dir string) bool {
	for part := range strings.SplitSeq(dir, "/") {
		if len(part) > 1 && part[0] == '.' && part != ".." || part == "node_modules" || part == "vendor" || part == "__MACOSX" {
			return true
		}
	}
	return false
}

// sound says what to choose if there is nothing to import.
func (c *chosenFiles) sound() error {
	switch {
	case len(c.texts)+len(c.pictures)+len(c.beside) > 0 || c.whole != nil:
		return nil
	case c.left > 0:
		return refusal("/files", "None of the "+web.FormatInt("en", int64(c.left))+" files is a text or a picture. Texts end with "+strings.Join(textEndings, ", ")+".")
	}
	return refusal("/files", "Choose a zip file, a folder, or texts.")
}

// pack makes one zip file of the texts, and of the pictures if they are asked for.
func (c *chosenFiles) pack(pictures bool) ([]byte, error) {
	if c.whole != nil && pictures {
		return c.whole, nil
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range c.texts {
		if err := f.into(w, zip.Deflate); err != nil {
			return nil, err
		}
	}
	for _, f := range c.pictures {
		if !pictures || out.Len() > maxZip {
			break
		}
		if err := f.into(w, zip.Store); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// into packs the file. Pictures are as small as they get already.
func (f importFile) into(w *zip.Writer, method uint16) error {
	cannot := refusal("/files", "The file "+f.path+" cannot be packed.")
	if f.entry != nil {
		if w.Copy(f.entry) != nil {
			return cannot
		}
		return nil
	}
	raw, err := f.read(maxImport)
	if err != nil {
		return refusal("/files", "The file "+f.path+" arrived broken. Choose it again.")
	}
	part, err := w.CreateHeader(&zip.FileHeader{Name: f.path, Method: method})
	if err != nil {
		return cannot
	}
	if _, err := part.Write(raw); err != nil {
		return cannot
	}
	return nil
}
