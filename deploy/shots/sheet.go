package main

import (
	"bytes"
	"html/template"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
)

var page = template.Must(template.New("sheet").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Every page of Renown</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 24px; background: #8a8f94; color: #111; }
h2 { font-size: 17px; margin: 32px 0 8px; } h2 small { font-weight: 400; }
.views { display: flex; flex-wrap: wrap; gap: 16px; align-items: start; }
figure { margin: 0; } figcaption { font-size: 13px; margin-bottom: 4px; }
img { display: block; width: 300px; max-height: 900px; object-fit: cover; object-position: top; border: 1px solid #444; } .narrow img { width: 180px; }
nav { columns: 220px; } nav a { color: inherit; }
</style>
<h1>Every page of Renown</h1><nav>{{range $i, $r := .}}<a href="#p{{$i}}">{{$r.Name}}</a><br>{{end}}</nav>
{{range $i, $r := .}}<h2 id="p{{$i}}">{{$r.Name}} <small>{{$r.Address}}</small></h2>
<div class="views">{{range $r.Views}}<figure{{if .Narrow}} class="narrow"{{end}}><figcaption>{{.Name}}</figcaption><a href="{{.File}}"><img src="{{.File}}" alt="{{$r.Name}}, {{.Name}}" loading="lazy"></a></figure>{{end}}</div>
{{end}}</html>
`))

type shown struct {
	Name, Address string
	Views         []shownView
}

type shownView struct {
	Name, File string
	Narrow     bool
}

// views is every way of looking in the order of the sheet.
func views() []view { return append(append([]view{}, screens...), paper) }

func (s *session) sheetHTML() error {
	var rows []shown
	for _, r := range s.taken {
		out := shown{Name: r.name, Address: r.address}
		for _, v := range views() {
			if file := r.files[v.name]; file != "" {
				out.Views = append(out.Views, shownView{v.name, file, v.width < 500})
			}
		}
		rows = append(rows, out)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, rows); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.folder, "index.html"), b.Bytes(), 0o644)
}

// Measures of the PNG in pixels. Of long pages it shows the beginning.
const (
	margin    = 16
	rowHeight = 420
)

func thumbWidth(v view) int {
	if v.width < 500 {
		return 150
	}
	return 300
}

// sheetPNG lays small pictures of all pages out in one: a row a page, in the order of the HTML.
func (s *session) sheetPNG() error {
	width := margin
	for _, v := range views() {
		width += thumbWidth(v) + margin
	}
	sheet := image.NewRGBA(image.Rect(0, 0, width, len(s.taken)*(rowHeight+margin)+margin))
	draw.Draw(sheet, sheet.Bounds(), image.NewUniform(color.Gray{Y: 0x8c}), image.Point{}, draw.Src)
	for i, r := range s.taken {
		x, y := margin, margin+i*(rowHeight+margin)
		for _, v := range views() {
			if file := r.files[v.name]; file != "" {
				small, err := thumbnail(filepath.Join(s.folder, file), thumbWidth(v))
				if err != nil {
					return err
				}
				draw.Draw(sheet, small.Bounds().Add(image.Pt(x, y)), small, image.Point{}, draw.Src)
			}
			x += thumbWidth(v) + margin
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, sheet); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.folder, "sheet.png"), b.Bytes(), 0o644)
}

// thumbnail is the picture in a file scaled to a width, cut off below rowHeight. Each of its pixels is the mean of those that it stands for.
func thumbnail(file string, width int) (image.Image, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	from, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	full := image.NewRGBA(from.Bounds())
	draw.Draw(full, full.Bounds(), from, from.Bounds().Min, draw.Src)
	size := full.Bounds().Size()
	height := min(size.Y*width/size.X, rowHeight)
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			small.SetRGBA(x, y, mean(full, x*size.X/width, y*size.X/width, max(1, (x+1)*size.X/width-x*size.X/width), max(1, (y+1)*size.X/width-y*size.X/width)))
		}
	}
	return small, nil
}

func mean(img *image.RGBA, x, y, w, h int) color.RGBA {
	var r, g, b, n int
	for j := y; j < min(y+h, img.Rect.Dy()); j++ {
		for i := x; i < min(x+w, img.Rect.Dx()); i++ {
			at := img.PixOffset(i, j)
			r, g, b, n = r+int(img.Pix[at]), g+int(img.Pix[at+1]), b+int(img.Pix[at+2]), n+1
		}
	}
	n = max(n, 1)
	return color.RGBA{R: uint8(r / n), G: uint8(g / n), B: uint8(b / n), A: 0xff}
}
