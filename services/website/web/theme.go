package web

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Theme is what makes the site a company's own. It is read from a JSON file; every field but the name may be left out.
type Theme struct {
	// Name of the company as it appears in the header and in titles.
	Name string `json:"name"`
	// Tagline by locale, one line, shown on the home page and in the footer.
	Tagline map[string]string `json:"tagline,omitempty"`
	// Accent is "#rrggbb" or "oklch(L C H)"; every other colour follows from it.
	Accent string `json:"accent,omitempty"`
	// PaperHue tints the ground, in degrees; 85 is a warm white.
	PaperHue *float64 `json:"paperHue,omitempty"`
	// Logo is the file of an SVG beside the theme file. It may hold shapes and paths only.
	Logo string `json:"logo,omitempty"`
	// Wordless hides the name beside the logo, for a logo that already says it.
	Wordless bool `json:"wordless,omitempty"`
	// Fonts replace the faces that come with Renown.
	Fonts *Fonts `json:"fonts,omitempty"`

	logo      template.HTML
	fontFiles map[string][]byte
}

// Fonts names the company's own faces.
type Fonts struct {
	Heading *Face `json:"heading,omitempty"`
	Text    *Face `json:"text,omitempty"`
}

// Face is a variable WOFF2 file beside the theme file and the family name it is used by.
type Face struct {
	Family string `json:"family"`
	File   string `json:"file"`
}

const (
	defaultAccent = "oklch(0.47 0.19 264)"
	defaultHue    = 85
)

// DefaultTheme is how Renown looks before a company makes it its own.
func DefaultTheme() Theme {
	return Theme{
		Name: "Renown",
		Tagline: map[string]string{
			"en": "What our customers achieved, in words they agreed to.",
			"de": "Was unsere Kunden erreicht haben, in Worten, denen sie zugestimmt haben.",
		},
		logo: template.HTML(`<svg viewBox="0 0 24 24" fill="currentColor"><path d="M10.5 3.5C5.2 5 2 9.3 2 14.7 2 18.6 4 21 6.7 21c2.4 0 4.2-1.7 4.2-4.1s-1.7-4-3.8-4q-.6 0-1 .2C6.5 9.7 8 7.1 10.5 5z"/><path d="M21.5 3.5C16.2 5 13 9.3 13 14.7 13 18.6 15 21 17.7 21c2.4 0 4.2-1.7 4.2-4.1s-1.7-4-3.8-4q-.6 0-1 .2C17.5 9.7 19 7.1 21.5 5z"/></svg>`),
	}
}

// LoadTheme reads a theme file; the logo and the fonts it names are read from the same folder. An unknown key, a colour
// that is none and a logo with anything but shapes in it are errors that name the key. An empty path is the default theme.
func LoadTheme(path string) (Theme, error) {
	if path == "" {
		return DefaultTheme(), nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return Theme{}, fmt.Errorf("theme: %w", err)
	}
	var t Theme
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return Theme{}, fmt.Errorf("theme %s: %w", path, err)
	}
	if strings.TrimSpace(t.Name) == "" {
		return Theme{}, fmt.Errorf("theme %s: name is missing", path)
	}
	if err := t.readFiles(filepath.Dir(path)); err != nil {
		return Theme{}, fmt.Errorf("theme %s: %w", path, err)
	}
	if _, _, err := t.Palettes(); err != nil {
		return Theme{}, fmt.Errorf("theme %s: accent: %w", path, err)
	}
	return t, nil
}

func (t *Theme) readFiles(dir string) error {
	if t.Logo != "" {
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(t.Logo)))
		if err != nil {
			return fmt.Errorf("logo: %w", err)
		}
		if err := onlyShapes(raw); err != nil {
			return fmt.Errorf("logo: %w", err)
		}
		t.logo = template.HTML(raw)
	}
	t.fontFiles = map[string][]byte{}
	for key, face := range t.faces() {
		if !familyName.MatchString(face.Family) || !strings.HasSuffix(face.File, ".woff2") {
			return fmt.Errorf("fonts.%s: needs a family of letters and spaces and a .woff2 file", key)
		}
		raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(face.File)))
		if err != nil {
			return fmt.Errorf("fonts.%s: %w", key, err)
		}
		t.fontFiles["fonts/theme-"+key+".woff2"] = raw
	}
	return nil
}

var familyName = regexp.MustCompile(`^[A-Za-z0-9 ]{1,60}$`)

func (t *Theme) faces() map[string]Face {
	out := map[string]Face{}
	if t.Fonts == nil {
		return out
	}
	if t.Fonts.Heading != nil {
		out["heading"] = *t.Fonts.Heading
	}
	if t.Fonts.Text != nil {
		out["text"] = *t.Fonts.Text
	}
	return out
}

// Palettes gives the colours of both schemes; the error says why the accent is no colour.
func (t *Theme) Palettes() (light, dark Palette, err error) {
	accent, hue := t.Accent, float64(defaultHue)
	if accent == "" {
		accent = defaultAccent
	}
	if t.PaperHue != nil {
		hue = *t.PaperHue
	}
	c, err := ParseColor(accent)
	if err != nil {
		return nil, nil, err
	}
	light, dark = derive(c, hue)
	return light, dark, nil
}

// TaglineIn gives the tagline in the locale, else in English, else none.
func (t *Theme) TaglineIn(locale string) string {
	if line := t.Tagline[locale]; line != "" {
		return line
	}
	return t.Tagline["en"]
}

// css is the theme's own style sheet, a few hundred bytes.
func (t *Theme) css() (string, error) {
	light, dark, err := t.Palettes()
	if err != nil {
		return "", err
	}
	out := rolesCSS(light, dark)
	faces := t.faces()
	for _, key := range []string{"heading", "text"} {
		face, ok := faces[key]
		if !ok {
			continue
		}
		out += fmt.Sprintf("@font-face{font-family:%q;src:url(\"/static/fonts/theme-%s.woff2\") format(\"woff2\");font-weight:100 900;font-display:swap}\n"+
			":root{--face-%s:%q,%s}\n", face.Family, key, key, face.Family, map[string]string{"heading": "Georgia,serif", "text": "Arial,sans-serif"}[key])
	}
	return out, nil
}

// icon is the picture in the browser's tab: the first letter of the name on the accent.
func (t *Theme) icon() (string, error) {
	light, _, err := t.Palettes()
	if err != nil {
		return "", err
	}
	first := []rune(strings.ToUpper(strings.TrimSpace(t.Name)))[:1]
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="%s"/>`+
		`<text x="16" y="23" font-family="Georgia,serif" font-weight="700" font-size="21" text-anchor="middle" fill="%s">%s</text></svg>`,
		light[Accent].Hex(), light[OnAccent].Hex(), template.HTMLEscapeString(string(first))), nil
}

// shapes is all that a logo may consist of: it is written into every page, where nothing may run, load or restyle.
var shapes = []string{"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "title", "desc", "defs",
	"linearGradient", "radialGradient", "stop", "clipPath"}

var shapeAttributes = regexp.MustCompile(`^(viewBox|width|height|fill|fill-rule|fill-opacity|clip-rule|clip-path|stroke|stroke-width|stroke-linecap|stroke-linejoin|` +
	`stroke-dasharray|opacity|transform|d|x|y|x1|x2|y1|y2|cx|cy|r|rx|ry|fx|fy|points|id|offset|stop-color|stop-opacity|gradientUnits|gradientTransform|` +
	`role|aria-label|aria-hidden|focusable|xmlns|version|preserveAspectRatio)$`)

func onlyShapes(svg []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(svg))
	for depth := 0; ; {
		token, err := dec.Token()
		if err == io.EOF && depth == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("is not an SVG: %w", err)
		}
		switch el := token.(type) {
		case xml.StartElement:
			if err := checkShape(el, depth); err != nil {
				return err
			}
			depth++
		case xml.EndElement:
			depth--
		case xml.ProcInst, xml.Directive, xml.Comment:
			return fmt.Errorf("may hold elements only: take out the XML header, doctype and comments")
		}
	}
}

func checkShape(el xml.StartElement, depth int) error {
	if depth == 0 && el.Name.Local != "svg" {
		return fmt.Errorf("must start with <svg>")
	}
	if !slices.Contains(shapes, el.Name.Local) {
		return fmt.Errorf("may not hold <%s>", el.Name.Local)
	}
	for _, a := range el.Attr {
		if !shapeAttributes.MatchString(a.Name.Local) {
			return fmt.Errorf("may not use the attribute %s on <%s>", a.Name.Local, el.Name.Local)
		}
	}
	return nil
}
