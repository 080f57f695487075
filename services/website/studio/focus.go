package studio

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"renown.example/website/api"
)

// focused is a picture of a text with the point of it that stays in sight where it is cut.
type focused struct {
	Asset, Alt string
	// X and Y are percent of its width and height, as the text has them or as they were typed; empty for its middle.
	X, Y  string
	Error string
}

// NoPicture is what the editor's module makes others of.
func (p *editorPage) NoPicture() focused { return focused{} }

// The block of a picture in a body, and what is looked for in it. The module focus.js reads the same.
var (
	imageBlock = regexp.MustCompile(`(?ms)^::: image[ \t]*\n.*?^:::[ \t]*$`)
	sourceLine = regexp.MustCompile(`(?m)^src: +"?images/([0-9a-f]{64})"?[ \t]*$`)
	altLine    = regexp.MustCompile(`(?m)^alt: +(.*)$`)
	focusLine  = regexp.MustCompile(`(?m)^focus: +"?(\d+) (\d+)"?[ \t]*$`)
	anyFocus   = regexp.MustCompile(`(?m)^focus:.*\n`)
)

// picturesIn are the pictures of a body, each once.
func picturesIn(body string) []focused {
	var out []focused
	seen := map[string]bool{}
	for _, block := range imageBlock.FindAllString(body, -1) {
		source := sourceLine.FindStringSubmatch(block)
		if source == nil || seen[source[1]] {
			continue
		}
		seen[source[1]] = true
		p := focused{Asset: source[1]}
		if alt := altLine.FindStringSubmatch(block); alt != nil && json.Unmarshal([]byte(alt[1]), &p.Alt) != nil {
			p.Alt = alt[1]
		}
		if at := focusLine.FindStringSubmatch(block); at != nil {
			p.X, p.Y = at[1], at[2]
		}
		out = append(out, p)
	}
	return out
}

// withFocus is a body in which a picture has its focus at a point; an empty one is its middle.
func withFocus(body, asset, point string) string {
	return imageBlock.ReplaceAllStringFunc(body, func(block string) string {
		if source := sourceLine.FindStringSubmatch(block); source == nil || source[1] != asset {
			return block
		}
		block = anyFocus.ReplaceAllString(block, "")
		if point == "" {
			return block
		}
		end := strings.LastIndex(block, ":::")
		return block[:end] + "focus: " + point + "\n" + block[end:]
	})
}

// pointOf reads a point of two fields. Both empty is the middle.
func pointOf(x, y string) (string, error) {
	if x == "" && y == "" {
		return "", nil
	}
	left, err1 := strconv.ParseUint(x, 10, 8)
	top, err2 := strconv.ParseUint(y, 10, 8)
	if err1 != nil || err2 != nil || left > 100 || top > 100 {
		return "", refusal("/focus", "Give whole numbers from 0 to 100 in both, or leave both empty for the middle.")
	}
	return fmt.Sprintf("%d %d", left, top), nil
}

// readFocus takes the points of pictures from the editor's form into the text, those that were changed there. It returns the pictures if something is wrong with one.
func (v *visit) readFocus(d *document) []focused {
	pictures, wrong := picturesIn(d.Body), false
	for i := range pictures {
		p := &pictures[i]
		x, y := v.value("focus-x-"+p.Asset), v.value("focus-y-"+p.Asset)
		if !v.r.PostForm.Has("focus-was-"+p.Asset) || x+" "+y == v.r.PostFormValue("focus-was-"+p.Asset) {
			continue
		}
		point, err := pointOf(x, y)
		if err != nil {
			p.X, p.Y, p.Error, wrong = x, y, api.AsProblem(err).Detail, true
			continue
		}
		d.Body = withFocus(d.Body, p.Asset, point)
	}
	if !wrong {
		return nil
	}
	return pictures
}
