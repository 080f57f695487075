// Package archive reads the files that somebody hands in for import, from a zip file or a folder, as if each were made to do harm: nothing is read past its
// bounds, and no path leads anywhere but into the archive. One bad entry refuses the whole.
package archive

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"renown.example/kit/fault"
)

// File is one file of an archive.
type File struct {
	// Path is relative, clean and parted by slashes.
	Path string
	Data []byte
}

// Limits bound what is read.
type Limits struct {
	Entries    int
	FileBytes  int64 // unpacked, of one file
	TotalBytes int64 // unpacked, of all files
	// Ratio bounds how many times larger than its packed form a file of more than a megabyte may be.
	Ratio int64
}

// DefaultLimits suit an import of stories with their pictures.
func DefaultLimits() Limits {
	return Limits{Entries: 5_000, FileBytes: 16 << 20, TotalBytes: 64 << 20, Ratio: 100}
}

// Bounds of paths.
const (
	maxPath  = 255 // bytes
	maxDepth = 12
)

// smallFile is the size up to which the ratio does not matter: a page of one letter packs well and harms nobody.
const smallFile = 1 << 20

// ReadZip reads all files of a zip file, in the order of their paths. Folders, and the notes that file managers leave, are passed over. Refusals are
// fault.ContentRejected with the entry's name as the field; fault.TooLarge when it is too much altogether.
func ReadZip(packed []byte, limits Limits) ([]File, error) {
	r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fault.ContentRejected.New("This is not a zip file that can be read.").With(fault.Field{Path: "zip", Message: "cannot be read"}).Wrap(err)
	}
	c := collector{limits: limits, seen: map[string]string{}}
	for _, entry := range r.File {
		if err := c.zipEntry(entry); err != nil {
			return nil, err
		}
	}
	return c.done()
}

func (c *collector) zipEntry(entry *zip.File) error {
	mode := entry.Mode()
	name := entry.Name
	isFolder := strings.HasSuffix(name, "/")
	switch {
	case mode&fs.ModeSymlink != 0:
		return refuse(name, "is a symbolic link")
	case !mode.IsRegular() && !mode.IsDir():
		return refuse(name, "is neither a file nor a folder")
	case mode.IsDir() != isFolder:
		return refuse(name, "is a folder by its mode or by its name, but not by both")
	case entry.Flags&1 != 0:
		return refuse(name, "is encrypted")
	case entry.Method != zip.Store && entry.Method != zip.Deflate:
		return refuse(name, "is packed by a method that is not supported")
	case entry.UncompressedSize64 > uint64(max(smallFile, c.limits.Ratio*int64(min(entry.CompressedSize64, 1<<40)))):
		return refuse(name, fmt.Sprintf("unpacks to more than %d times its size", c.limits.Ratio))
	}
	if isFolder {
		return c.folder(strings.TrimSuffix(name, "/"))
	}
	return c.file(name, int64(min(entry.UncompressedSize64, 1<<62)), func() (io.ReadCloser, error) { return entry.Open() })
}

// ReadFS reads all files below the root of a folder, under the same rules.
func ReadFS(root fs.FS, limits Limits) ([]File, error) {
	c := collector{limits: limits, seen: map[string]string{}}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return refuse(name, "cannot be read")
		case name == ".":
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			return refuse(name, "is a symbolic link")
		case d.IsDir():
			return c.folder(name)
		case !d.Type().IsRegular():
			return refuse(name, "is neither a file nor a folder")
		}
		info, err := d.Info()
		if err != nil {
			return refuse(name, "cannot be read")
		}
		return c.file(name, info.Size(), func() (io.ReadCloser, error) { return root.Open(name) })
	})
	if err != nil {
		return nil, err
	}
	return c.done()
}

// collector takes in entry by entry.
type collector struct {
	limits  Limits
	files   []File
	entries int
	total   int64
	// seen maps each path that was taken, folded to what file systems confuse it with, to "file" or "folder".
	seen map[string]string
}

func (c *collector) done() ([]File, error) {
	slices.SortFunc(c.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return c.files, nil
}

// claim checks a path and takes it, and the folders above it.
func (c *collector) claim(name, as string) error {
	if c.entries++; c.entries > c.limits.Entries {
		return fault.TooLarge.New("The archive has more than %d entries.", c.limits.Entries).With(fault.Field{Path: "zip", Message: "has too many entries"})
	}
	if problem := pathProblem(name); problem != "" {
		return refuse(name, problem)
	}
	folded := fold(name)
	if before := c.seen[folded]; before == "file" || before == "folder" && as == "file" {
		return refuse(name, "stands twice, or differs from another entry only in ways that some systems do not tell apart")
	}
	c.seen[folded] = as
	for dir := path.Dir(folded); dir != "."; dir = path.Dir(dir) {
		if c.seen[dir] == "file" {
			return refuse(name, "lies in what is a file")
		}
		c.seen[dir] = "folder"
	}
	return nil
}

func (c *collector) folder(name string) error { return c.claim(name, "folder") }

func (c *collector) file(name string, declared int64, open func() (io.ReadCloser, error)) error {
	if err := c.claim(name, "file"); err != nil {
		return err
	}
	if litter(name) {
		return nil
	}
	allowed := min(c.limits.FileBytes, c.limits.TotalBytes-c.total)
	if declared > allowed {
		return c.tooLarge(name)
	}
	r, err := open()
	if err != nil {
		return refuse(name, "cannot be unpacked")
	}
	// What the entry says of its size may be a lie: no more is read than is allowed.
	data, err := io.ReadAll(io.LimitReader(r, allowed+1))
	if closing := r.Close(); err == nil {
		err = closing
	}
	switch {
	case int64(len(data)) > allowed:
		return c.tooLarge(name)
	case err != nil:
		return refuse(name, "cannot be unpacked")
	}
	c.total += int64(len(data))
	c.files = append(c.files, File{Path: name, Data: data})
	return nil
}

func (c *collector) tooLarge(name string) error {
	message := fmt.Sprintf("is too large: a file may have %d MB, all files together %d MB", c.limits.FileBytes>>20, c.limits.TotalBytes>>20)
	return fault.TooLarge.New("%s %s.", shown(name), message).With(fault.Field{Path: shown(name), Message: message})
}

// pathProblem says what keeps a name from being the path of a file in the archive, or nothing.
func pathProblem(name string) string {
	switch {
	case name == "":
		return "has no name"
	case !utf8.ValidString(name):
		return "has a name that is not UTF-8"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "has a control character in its name"
	case len(name) > maxPath:
		return "has a name that is too long"
	case strings.Contains(name, "\\"):
		return "has a backslash in its name"
	case strings.HasPrefix(name, "/"):
		return "has an absolute path"
	case strings.Contains(name, ":"):
		return "has a colon in its name"
	case strings.Count(name, "/") >= maxDepth:
		return "lies too deep"
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return "has a path that leads elsewhere"
		}
		if strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
			return "has a name that ends with a dot or a space, which some systems drop"
		}
	}
	return ""
}

// fold maps names that a file system may confuse to one: upper and lower case, composed and decomposed letters.
func fold(name string) string { return norm.NFC.String(cases.Fold().String(norm.NFC.String(name))) }

// litter is what file managers leave behind.
func litter(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, "._") || base == ".DS_Store" || base == "Thumbs.db" || base == "desktop.ini"
}

func refuse(name, why string) error {
	return fault.ContentRejected.New("The archive is refused: %s %s.", shown(name), why).With(fault.Field{Path: shown(name), Message: why})
}

// shown quotes a name so that nothing in it can do anything to whoever reads it.
func shown(name string) string {
	if len(name) > 100 {
		name = strings.ToValidUTF8(name[:100], "") + "…"
	}
	return fmt.Sprintf("%q", name)
}
