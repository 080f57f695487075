// Package prose is the one dialect of Markdown that stories are written in: CommonMark with tables, strike-through and footnotes. It parses a text and tells
// what is in it; package render makes HTML of the same tree, so that what was checked is what is shown.
package prose

import (
	"sort"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

var dialect = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Footnote))

// Parse returns the tree of a text. One that Unbearable finds fault with is a single block of code.
func Parse(markdown string) ast.Node {
	source := []byte(markdown)
	if problem := Unbearable(markdown); problem == "" {
		return dialect.Parser().Parse(text.NewReader(source))
	}
	code := ast.NewCodeBlock()
	starts := append(lineStarts(source), len(source))
	for i := range len(starts) - 1 {
		code.Lines().Append(text.NewSegment(starts[i], starts[i+1]))
	}
	root := ast.NewDocument()
	root.AppendChild(root, code)
	return root
}

// Image is a picture in a text.
type Image struct {
	Line             int // counted from 1
	Source           string
	Alt, Title       string
	Alone            bool // the only thing in a paragraph at the top level
	FirstLine, Lines int  // of that paragraph, which has Lines lines
}

// Link is a destination in a text, with escapes resolved.
type Link struct {
	Line int
	URL  string
}

// Report is what Inspect found in a text.
type Report struct {
	Images []Image
	Links  []Link
	// HTML holds the lines on which something that looks like an HTML tag begins.
	HTML []int
	// References counts the links and footnote marks.
	References int
	// Depth is the number of block and inline containers around the deepest node.
	Depth int
}

// Inspect tells what a text contains apart from words.
func Inspect(markdown string) Report {
	source := []byte(markdown)
	root := Parse(markdown)
	in := inspector{source: source, starts: lineStarts(source)}
	depth := 0
	// The visitor never fails, so neither does the walk.
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			depth--
			return ast.WalkContinue, nil
		}
		in.report.Depth = max(in.report.Depth, depth)
		depth++
		in.visit(n)
		if k := n.Kind(); k == ast.KindLink || k == extast.KindFootnoteLink {
			in.report.References++
		}
		return ast.WalkContinue, nil
	})
	return in.report
}

type inspector struct {
	source []byte
	starts []int
	report Report
}

func (in *inspector) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.Image:
		in.report.Images = append(in.report.Images, in.image(n))
	case *ast.Link:
		in.report.Links = append(in.report.Links, Link{Line: in.lineOf(n), URL: Resolve(n.Destination)})
	case *ast.AutoLink:
		url := string(n.URL(in.source))
		if n.AutoLinkType == ast.AutoLinkEmail {
			url = "mailto:" + url
		}
		in.report.Links = append(in.report.Links, Link{Line: in.lineOf(n), URL: url})
	case *ast.RawHTML, *ast.HTMLBlock:
		in.report.HTML = append(in.report.HTML, in.lineOf(n))
	}
}

func (in *inspector) image(n *ast.Image) Image {
	i := Image{Line: in.lineOf(n), Source: Resolve(n.Destination), Alt: strings.ReplaceAll(Text(n, in.source), "\n", " "), Title: Resolve(n.Title)}
	p, isParagraph := n.Parent().(*ast.Paragraph)
	if isParagraph && p.ChildCount() == 1 && p.Parent().Kind() == ast.KindDocument && p.Lines().Len() > 0 {
		i.Alone = true
		i.FirstLine = in.lineAt(p.Lines().At(0).Start)
		i.Lines = p.Lines().Len()
	}
	return i
}

// Text returns the words of n without their markup: a line break that the renderer may move becomes a space, one that was asked for stays, HTML stays as it
// is written, the mark of a footnote becomes its number in brackets.
func Text(n ast.Node, source []byte) string {
	var b strings.Builder
	// The visitor never fails, so neither does the walk.
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *extast.FootnoteLink:
			b.WriteString("[" + strconv.Itoa(n.Index) + "]")
		default:
			writeInline(&b, n, source)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// Resolve returns what a text, an address or a title in the tree stands for: the tree keeps escapes and references as they were written, and "&#58;" is a
// colon to every browser.
func Resolve(written []byte) string {
	return string(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(written))))
}

func writeText(b *strings.Builder, n *ast.Text, source []byte) {
	value := n.Value(source)
	if _, code := n.Parent().(*ast.CodeSpan); !code && !n.IsRaw() {
		b.WriteString(Resolve(value))
	} else {
		b.Write(value)
	}
	switch {
	case n.HardLineBreak():
		b.WriteByte('\n')
	case n.SoftLineBreak():
		b.WriteByte(' ')
	}
}

// lineOf finds the line on which n begins: that of its first text, or else that of the block around it.
func (in *inspector) lineOf(n ast.Node) int {
	at := -1
	_ = ast.Walk(n, func(c ast.Node, entering bool) (ast.WalkStatus, error) {
		switch c := c.(type) {
		case *ast.Text:
			at = c.Segment.Start
		case *ast.RawHTML:
			if c.Segments.Len() > 0 {
				at = c.Segments.At(0).Start
			}
		}
		if at >= 0 {
			return ast.WalkStop, nil
		}
		return ast.WalkContinue, nil
	})
	for p := n; at < 0 && p != nil; p = p.Parent() {
		if p.Type() == ast.TypeBlock && p.Lines() != nil && p.Lines().Len() > 0 {
			at = p.Lines().At(0).Start
		}
	}
	return in.lineAt(max(at, 0))
}

func (in *inspector) lineAt(offset int) int {
	return sort.Search(len(in.starts), func(i int) bool { return in.starts[i] > offset })
}

func lineStarts(source []byte) []int {
	starts := []int{0}
	for i, c := range source {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// writeInline writes the words of a node that stands within a line.
func writeInline(b *strings.Builder, n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Text:
		writeText(b, n, source)
	case *ast.String:
		b.Write(n.Value)
	case *ast.AutoLink:
		b.Write(n.Label(source))
	case *ast.RawHTML:
		b.Write(n.Segments.Value(source))
	}
}

// Words returns everything that a text shows, block after block: code and the words of footnotes too, without their numbers.
func Words(markdown string) string {
	source := []byte(markdown)
	var b strings.Builder
	// The visitor never fails, so neither does the walk.
	_ = ast.Walk(Parse(markdown), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			if n.Type() == ast.TypeBlock {
				b.WriteByte('\n')
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeBlock, *ast.FencedCodeBlock, *ast.HTMLBlock:
			b.Write(n.Lines().Value(source))
		default:
			writeInline(&b, n, source)
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}
