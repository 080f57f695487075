package archive

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"renown.example/kit/fault"
)

// item is one entry of a zip file made for a test.
type item struct {
	name  string
	data  string
	mode  fs.FileMode
	flags uint16
	// claims is the size the entry says it has, when it lies.
	claims uint64
	method uint16 // Deflate unless set to another than Store
}

func pack(t testing.TB, items ...item) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, i := range items {
		var packed bytes.Buffer
		f, err := flate.NewWriter(&packed, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(i.data)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		h := &zip.FileHeader{Name: i.name, Method: zip.Deflate, Flags: i.flags | 0x800, CRC32: crc32.ChecksumIEEE([]byte(i.data)),
			CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(i.data))}
		if i.method != 0 {
			h.Method = i.method
		}
		if i.claims != 0 {
			h.UncompressedSize64 = i.claims
		}
		if i.mode != 0 {
			h.SetMode(i.mode)
		}
		e, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(i.name, "/") {
			continue // the writer lets folders have no content
		}
		if _, err := e.Write(packed.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadZip(t *testing.T) {
	files, err := ReadZip(pack(t, item{name: "images/", mode: fs.ModeDir | 0o755}, item{name: "images/a.png", data: "picture"}, item{name: "a.en.md", data: "text"},
		item{name: "__MACOSX/._a", data: "x"}, item{name: "images/.DS_Store", data: "x"}, item{name: "ü/日本.md", data: ""}), DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.Path+"="+string(f.Data))
	}
	if want := "a.en.md=text images/a.png=picture ü/日本.md="; strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
}

// noise is text that packs badly.
func noise(n int) string {
	var b strings.Builder
	for x := uint32(1); b.Len() < n; x = x*1664525 + 1013904223 {
		b.WriteByte(byte(x >> 24))
	}
	return b.String()
}

// many are n empty files.
func many(n int) []item {
	items := make([]item, n)
	for i := range items {
		items[i] = item{name: fmt.Sprint(i)}
	}
	return items
}

// tight are limits that a test can reach.
var tight = Limits{Entries: 10, FileBytes: 3 << 20, TotalBytes: 4 << 20, Ratio: 100}

var refusals = []struct {
	name   string
	items  []item
	reason fault.Reason
	names  string // what the refusal must name
}{
	{"up and out", []item{{name: "a/../../b"}}, fault.ContentRejected, `"a/../../b"`},
	{"only up", []item{{name: ".."}}, fault.ContentRejected, `".."`},
	{"here", []item{{name: "./a"}}, fault.ContentRejected, `"./a"`},
	{"nothing between slashes", []item{{name: "a//b"}}, fault.ContentRejected, `"a//b"`},
	{"absolute", []item{{name: "/etc/passwd"}}, fault.ContentRejected, `"/etc/passwd"`},
	{"backslash", []item{{name: `..\a`}}, fault.ContentRejected, `"..\\a"`},
	{"drive", []item{{name: "C:a"}}, fault.ContentRejected, `"C:a"`},
	{"stream of a file", []item{{name: "a.md:b"}}, fault.ContentRejected, `"a.md:b"`},
	{"NUL", []item{{name: "a\x00.md"}}, fault.ContentRejected, `"a\x00.md"`},
	{"escape", []item{{name: "a\x1b[2J"}}, fault.ContentRejected, `"a\x1b[2J"`},
	{"not UTF-8", []item{{name: "a\xff"}}, fault.ContentRejected, `"a\xff"`},
	{"no name", []item{{name: ""}}, fault.ContentRejected, `""`},
	{"dropped dot", []item{{name: "a./b"}}, fault.ContentRejected, `"a./b"`},
	{"long", []item{{name: strings.Repeat("a", 256)}}, fault.ContentRejected, "too long"},
	{"deep", []item{{name: strings.Repeat("a/", 12) + "b"}}, fault.ContentRejected, "too deep"},
	{"link", []item{{name: "a", data: "/etc/passwd", mode: fs.ModeSymlink | 0o777}}, fault.ContentRejected, "symbolic link"},
	{"device", []item{{name: "a", mode: fs.ModeDevice | 0o666}}, fault.ContentRejected, "neither a file"},
	{"pipe", []item{{name: "a", mode: fs.ModeNamedPipe | 0o666}}, fault.ContentRejected, "neither a file"},
	{"folder that is none", []item{{name: "a", mode: fs.ModeDir | 0o755}}, fault.ContentRejected, "by its mode"},
	{"twice", []item{{name: "a", data: "1"}, {name: "a", data: "2"}}, fault.ContentRejected, `"a"`},
	{"twice but for case", []item{{name: "Straße"}, {name: "STRASSE"}}, fault.ContentRejected, `"STRASSE"`},
	{"twice but for composition", []item{{name: "\u00e9"}, {name: "e\u0301"}}, fault.ContentRejected, "stands twice"},
	{"file in a file", []item{{name: "a"}, {name: "a/b"}}, fault.ContentRejected, `"a/b"`},
	{"file over a folder", []item{{name: "a/b"}, {name: "a"}}, fault.ContentRejected, `"a"`},
	{"encrypted", []item{{name: "a", flags: 1}}, fault.ContentRejected, "encrypted"},
	{"method", []item{{name: "a", method: 12}}, fault.ContentRejected, "method"},
	{"bomb", []item{{name: "a", data: strings.Repeat("0", 2<<20)}}, fault.ContentRejected, "times its size"},
	{"bomb that hides its size", []item{{name: "a", data: strings.Repeat("0", 3<<20), claims: 10}}, fault.ContentRejected, `"a"`},
	{"large", []item{{name: "a", data: noise(3<<20 + 1)}}, fault.TooLarge, `"a"`},
	{"claims to be endless", []item{{name: "a", data: "x", claims: 1<<64 - 1}}, fault.ContentRejected, `"a"`},
	{"large altogether", []item{{name: "a", data: noise(2 << 20)}, {name: "b", data: noise(2<<20 + 1)}}, fault.TooLarge, `"b"`},
	{"many", many(tight.Entries + 1), fault.TooLarge, "entries"},
}

func TestReadZipRefuses(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			files, err := ReadZip(pack(t, c.items...), tight)
			if !fault.Has(err, c.reason) || files != nil {
				t.Fatalf("got %d files, %v", len(files), err)
			}
			if e, _ := fault.As(err); !strings.Contains(e.Message, c.names) || len(e.Fields) != 1 {
				t.Errorf("%v does not name %s", e, c.names)
			}
		})
	}
}

func TestReadZipOfDamagedFiles(t *testing.T) {
	good := pack(t, item{name: "a", data: strings.Repeat("some text ", 100)})
	if _, err := ReadZip(good, DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if _, err := ReadZip(good[:n], DefaultLimits()); !fault.Has(err, fault.ContentRejected) {
			t.Errorf("cut after %d bytes: %v", n, err)
		}
	}
	for i := 35; i < 50; i++ { // inside the packed data
		damaged := bytes.Clone(good)
		damaged[i] ^= 0x55
		if _, err := ReadZip(damaged, DefaultLimits()); !fault.Has(err, fault.ContentRejected) {
			t.Errorf("damaged at %d: %v", i, err)
		}
	}
}

func TestReadFS(t *testing.T) {
	files, err := ReadFS(fstest.MapFS{"a.en.md": {Data: []byte("text")}, "images/b.png": {Data: []byte("picture")}}, DefaultLimits())
	if err != nil || len(files) != 2 || files[0].Path != "a.en.md" || string(files[1].Data) != "picture" {
		t.Errorf("got %v, %v", files, err)
	}
	dir := t.TempDir()
	if err := os.Symlink("/etc/passwd", dir+"/a.md"); err != nil {
		t.Skip("this system has no symbolic links:", err)
	}
	if _, err := ReadFS(os.DirFS(dir), DefaultLimits()); !fault.Has(err, fault.ContentRejected) {
		t.Errorf("a link: %v", err)
	}
	if _, err := ReadFS(fstest.MapFS{"a": {Data: make([]byte, 100)}}, Limits{Entries: 1, FileBytes: 99, TotalBytes: 1000, Ratio: 1}); !fault.Has(err, fault.TooLarge) {
		t.Errorf("a large file: %v", err)
	}
}

// growing is a folder whose files are larger when they are read than when they were listed.
type growing struct{ fstest.MapFS }

type smallEntry struct{ fs.DirEntry }

type smallInfo struct{ fs.FileInfo }

func (e smallEntry) Info() (fs.FileInfo, error) {
	info, err := e.DirEntry.Info()
	return smallInfo{info}, err
}

func (smallInfo) Size() int64 { return 1 }

func (g growing) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := g.MapFS.ReadDir(name)
	for i := range entries {
		entries[i] = smallEntry{entries[i]}
	}
	return entries, err
}

func TestFilesThatGrowAreNotReadPastTheirBounds(t *testing.T) {
	limits := Limits{Entries: 9, FileBytes: 99, TotalBytes: 1000, Ratio: 1}
	if files, err := ReadFS(growing{fstest.MapFS{"a": {Data: make([]byte, 100)}}}, limits); !fault.Has(err, fault.TooLarge) {
		t.Errorf("got %d files, %v", len(files), err)
	}
}

func FuzzReadZip(f *testing.F) {
	f.Add(pack(f, item{name: "a/b.md", data: "text"}, item{name: "../x", data: "y"}))
	f.Add(pack(f, item{name: "a", data: strings.Repeat("0", 5000), claims: 3}))
	limits := Limits{Entries: 20, FileBytes: 1 << 16, TotalBytes: 1 << 17, Ratio: 50}
	f.Fuzz(func(t *testing.T, packed []byte) {
		files, err := ReadZip(packed, limits)
		if err != nil {
			if _, ours := fault.As(err); !ours {
				t.Fatalf("not one of our refusals: %v", err)
			}
			return
		}
		total := 0
		for _, file := range files {
			if !fs.ValidPath(file.Path) {
				t.Fatalf("path %q", file.Path)
			}
			total += len(file.Data)
		}
		if int64(total) > limits.TotalBytes || len(files) > limits.Entries {
			t.Fatalf("%d files of %d bytes", len(files), total)
		}
	})
}
