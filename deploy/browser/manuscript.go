package browser

import (
	"bytes"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"renown.example/kit/fault"
)

// Manuscript is a story of somebody's own, in a folder as they have it: one Markdown file and the picture in it.
type Manuscript struct {
	// Story and Title are as the file says; every story of these has the customer "Quillmoor Ferries".
	Story, Title string
	// Files are the paths of the Markdown file and of the picture.
	Files []string
}

// Blocks is how many blocks a Manuscript has: text, picture, figure, quote, text.
const Blocks = 5

const manuscript = `---
story: {{id}}
locale: en
title: {{title}}
summary: A ferry line with six boats stopped leaving cars behind on the quay, without buying a seventh.
customer: Quillmoor Ferries
industry: [Transport]
region: [Northern Europe]
product: [Route planning]
size: 50 to 249 employees
---

Quillmoor runs six car ferries between eleven islands. Until last spring, the timetable was made **twice a year**, by hand, and every storm broke it.

::: image
src: {{id}}.png
alt: Three bands of colour, sea, sand and sky.
:::

::: metric
value: "61"
unit: "%"
label: fewer cars left behind
baseline: 1,840 a month in summer 2024
period: June to August 2025
:::

::: quote
text: We used to apologise on the quay. Now we wave.
by: Una Strandby
role: Harbour master, Quillmoor Ferries
:::

## What comes next

The winter timetable is made in one afternoon. The islands are asked before it is, and see what became of what they said.
`

// Write puts a story with this id into a folder. The picture is another one for every id: a picture that a second story shows stays when the first is withdrawn.
func Write(folder, id, title string) (*Manuscript, error) {
	m := &Manuscript{Story: id, Title: title, Files: []string{filepath.Join(folder, id+".en.md"), filepath.Join(folder, id+".png")}}
	if err := os.WriteFile(m.Files[0], []byte(strings.NewReplacer("{{id}}", id, "{{title}}", title).Replace(manuscript)), 0o600); err != nil {
		return nil, fault.Internal.New("a story cannot be written").Wrap(err)
	}
	if err := os.WriteFile(m.Files[1], picture(id), 0o600); err != nil {
		return nil, fault.Internal.New("a picture cannot be written").Wrap(err)
	}
	return m, nil
}

// picture is a PNG of three bands whose colours follow from the seed.
func picture(seed string) []byte {
	h := fnv.New32a()
	h.Write([]byte(seed))
	sum := h.Sum32()
	const width, height = 960, 540
	img := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{
		color.RGBA{R: 0xd9, G: 0xe6, B: 0xea, A: 0xff},
		color.RGBA{R: 0xe4, G: 0xd3, B: 0xa8 + byte(sum%64), A: 0xff},
		color.RGBA{R: 0x1f + byte(sum>>8%64), G: 0x5f + byte(sum>>16%64), B: 0x6b, A: 0xff},
	})
	for y := range height {
		band := uint8(0)
		switch {
		case y > height*2/3:
			band = 2
		case y > height/2:
			band = 1
		}
		for x := range width {
			img.SetColorIndex(x, y, band)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // a picture in memory can be written
	}
	return out.Bytes()
}
