package card

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/font"

	"renown.example/kit/fault"
)

//go:embed fonts/*.ttf
var fontFiles embed.FS

// Fonts are the faces that cards are set in. They are safe for use by many at once.
type Fonts struct {
	// headline and text are asked in their order for each character.
	headline, text []*font.Font
}

// maxFontBytes bounds one file of the operator's: the largest fonts of Chinese have 20 to 30 MB.
const maxFontBytes = 64 << 20

// LoadFonts returns the fonts that come with Renown, for Latin, Greek, Cyrillic, Arabic and Hebrew, and after them those in a folder, in the order of their names;
// "" is no folder. A file that is no font stops the start, naming it.
func LoadFonts(dir string) (*Fonts, error) {
	own := map[string]*font.Font{}
	for _, name := range []string{"brygada-1918-semibold", "figtree-semibold", "amiri-bold", "noto-serif-hebrew-semibold"} {
		b, err := fontFiles.ReadFile("fonts/" + name + ".ttf")
		if err != nil {
			return nil, err
		}
		faces, err := font.ParseTTC(bytes.NewReader(b))
		if err != nil {
			return nil, fmt.Errorf("the font %s: %w", name, err)
		}
		own[name] = faces[0].Font
	}
	brygada, figtree, arabic, hebrew := own["brygada-1918-semibold"], own["figtree-semibold"], own["amiri-bold"], own["noto-serif-hebrew-semibold"]
	f := &Fonts{headline: []*font.Font{brygada, arabic, hebrew, figtree}, text: []*font.Font{figtree, brygada, arabic, hebrew}}
	more, err := fromFolder(dir)
	f.headline, f.text = append(f.headline, more...), append(f.text, more...)
	return f, err
}

func fromFolder(dir string) ([]*font.Font, error) {
	if dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fault.Invalid("fonts", "%q cannot be read: %v.", dir, err)
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	var out []*font.Font
	for _, e := range entries {
		switch strings.ToLower(filepath.Ext(e.Name())) {
		case ".ttf", ".otf", ".ttc", ".otc":
		default:
			continue // a licence, a note
		}
		path := filepath.Join(dir, e.Name())
		if info, err := os.Stat(path); err != nil || info.Size() > maxFontBytes {
			return nil, fault.Invalid("fonts", "%q cannot be read, or has more than %d MB.", path, maxFontBytes>>20)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fault.Invalid("fonts", "%q cannot be read: %v.", path, err)
		}
		faces, err := font.ParseTTC(bytes.NewReader(b))
		if err != nil {
			return nil, fault.Invalid("fonts", "%q is not a TrueType or OpenType font: %v.", path, err)
		}
		for _, face := range faces {
			out = append(out, face.Font)
		}
	}
	if out == nil {
		return nil, fault.Invalid("fonts", "%q holds no font (.ttf, .otf, .ttc).", dir)
	}
	return out, nil
}

// faces chooses the face for each character: the first that has it. It belongs to one drawing.
type faces []*font.Face

func newFaces(fonts []*font.Font) faces {
	out := make(faces, len(fonts))
	for i, f := range fonts {
		out[i] = font.NewFace(f)
	}
	return out
}

// ResolveFace implements shaping.Fontmap.
func (f faces) ResolveFace(r rune) *font.Face {
	for _, face := range f {
		if _, has := face.NominalGlyph(r); has {
			return face
		}
	}
	return f[0]
}

// seen reports whether a character is one that readers see: others need no glyph.
func seen(r rune) bool {
	return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Variation_Selector, r) && !unicode.IsControl(r)
}
