package importer

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// table converts a table. What spans several cells stands in the first of them.
func (c *converter) table(n *html.Node) []piece {
	if isFrame(n) {
		return c.frame(n)
	}
	t := grid{spans: map[int]int{}}
	for d := range n.Descendants() {
		if d.DataAtom == atom.Caption {
			t.before = append(t.before, c.paragraph(children(d))...)
		}
		if d.DataAtom == atom.Tr && !inside(d, n) {
			c.seen(d)
			c.row(&t, d)
		}
	}
	width := 0
	for _, r := range t.rows {
		width = max(width, len(r))
	}
	if width < 2 {
		return c.frame(n)
	}
	return append(append(t.before, piece{md: t.markdown(width), notes: t.notes, line: c.line}), t.after...)
}

// maxSpan bounds how many columns a cell spans.
const maxSpan = 30

// grid is a table that is being converted. What cannot stand in a cell stands before or after it.
type grid struct {
	rows          [][]string
	aligns        []string // of the columns
	before, after []piece
	notes         []int
	// spans tells how many rows a cell of a column above still reaches down.
	spans map[int]int
}

func (c *converter) row(t *grid, tr *html.Node) {
	var row []string
	add := func(md, a string) {
		if row = append(row, md); len(t.rows) == 0 {
			t.aligns = append(t.aligns, a)
		}
	}
	for _, cell := range children(tr) {
		if cell.DataAtom != atom.Td && cell.DataAtom != atom.Th {
			continue
		}
		for t.spans[len(row)] > 0 && len(row) < maxSpan {
			t.spans[len(row)]--
			add("", "---")
		}
		md, blocks := c.cell(cell)
		t.after, t.notes = append(t.after, blocks...), append(t.notes, notesIn(md)...)
		first := len(row)
		add(md, align(cell))
		for span, _ := strconv.Atoi(attr(cell, "colspan")); span > 1 && span < maxSpan; span-- {
			add("", "---")
		}
		if down, _ := strconv.Atoi(attr(cell, "rowspan")); down > 1 {
			for column := first; column < len(row); column++ {
				t.spans[column] = down - 1
			}
		}
	}
	if len(row) > 0 {
		t.rows = append(t.rows, row)
	}
}

func (t *grid) markdown(width int) string {
	line := func(cells []string, missing string) string {
		var b strings.Builder
		b.WriteString("|")
		for j := range width {
			cell := missing
			if j < len(cells) {
				cell = cells[j]
			}
			b.WriteString(" " + cell + " |")
		}
		return b.String()
	}
	out := []string{line(t.rows[0], ""), line(t.aligns, "---")}
	for _, r := range t.rows[1:] {
		out = append(out, line(r, ""))
	}
	return strings.Join(out, "\n")
}

// inside reports whether a row belongs to a table within the table.
func inside(row, table *html.Node) bool {
	for p := row.Parent; p != nil && p != table; p = p.Parent {
		if p.DataAtom == atom.Table {
			return true
		}
	}
	return false
}

// longCell is the number of characters from which on what stands in a cell is text, and its table a frame around it.
const longCell = 600

// isFrame reports whether a table only sets passages of a page beside each other, as was done before there were other ways.
func isFrame(n *html.Node) bool {
	paragraphs := 0
	for d := range n.Descendants() {
		switch {
		case d.DataAtom == atom.Th:
			return false
		case isHeading(d), d.DataAtom == atom.Blockquote, d.DataAtom == atom.Table, d.DataAtom == atom.Figure:
			return true
		case d.DataAtom == atom.Td:
			if paragraphs = 0; len(clean(textOf(d))) > longCell {
				return true
			}
		case d.DataAtom == atom.P:
			if paragraphs++; paragraphs > 1 {
				return true
			}
		}
	}
	return false
}

// frame converts what a table is around, cell after cell.
func (c *converter) frame(n *html.Node) []piece {
	var out []piece
	for d := range n.Descendants() {
		if d.DataAtom == atom.Caption {
			out = append(out, c.paragraph(children(d))...)
		}
		if (d.DataAtom == atom.Td || d.DataAtom == atom.Th) && !inside(d.Parent, n) {
			out = append(out, c.flow(children(d))...)
		}
	}
	return out
}

func (c *converter) cell(n *html.Node) (md string, blocks []piece) {
	var parts []string
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && isBlock(d) {
			// A cell is one line: the blocks in it are joined.
			d.InsertBefore(&html.Node{Type: html.TextNode, Data: " "}, d.FirstChild)
		}
	}
	for _, s := range merged(c.inline(children(n), style{table: true})) {
		for _, pc := range s.blocks {
			if pc.block == nil {
				parts = append(parts, strings.ReplaceAll(oneLine(pc.md), "|", "\\|"))
				continue
			}
			blocks = append(blocks, pc)
		}
		if words := strings.Join(strings.Fields(s.md), " "); words != "" {
			parts = append(parts, words)
		}
	}
	return strings.Join(parts, " "), blocks
}

var listMark = regexp.MustCompile(`(?m)^\s*(?:[-*]|\d+\.) `)

// oneLine writes a passage as it can stand in a cell: the items of a list one after the other.
func oneLine(md string) string {
	if startsList(md) {
		md = strings.ReplaceAll(strings.TrimSpace(listMark.ReplaceAllString(md, "\x00")), "\x00", "· ")
	}
	return strings.Join(strings.Fields(md), " ")
}

func align(n *html.Node) string {
	a := attr(n, "align") + attr(n, "style")
	switch {
	case strings.Contains(a, "right"):
		return "---:"
	case strings.Contains(a, "center"):
		return ":---:"
	}
	return "---"
}
