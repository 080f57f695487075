package render

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"

	"renown.example/stories/domain"
	"renown.example/stories/prose"
)

// Plain returns the whole story as words without markup, for search and for letters: title, summary, then the blocks, parted by empty lines.
func Plain(c domain.Content) string {
	parts := []string{c.Title, c.Summary}
	for _, b := range c.Blocks {
		parts = append(parts, PlainBlock(b))
	}
	return join("\n\n", parts...)
}

// PlainBlock returns one block as words without markup; a decorative image has none.
func PlainBlock(b domain.Block) string {
	switch {
	case b.Text != nil:
		return plainText(b.Text.Markdown)
	case b.Quote != nil:
		return join("\n", "“"+b.Quote.Text+"”", join(", ", b.Quote.By, b.Quote.Role))
	case b.Metric != nil:
		m := b.Metric
		return join("\n", join(" ", m.Value, m.Unit, m.Label), join(", ", m.Baseline, m.Period, m.Sample, m.Method, m.MeasuredOn))
	case b.BeforeAfter != nil:
		return join("\n", b.BeforeAfter.Before, b.BeforeAfter.After)
	case b.Image != nil:
		return join("\n", b.Image.Alt, b.Image.Caption)
	case b.Video != nil:
		return join("\n", b.Video.Title, b.Video.URL)
	case b.CTA != nil:
		return join("\n", b.CTA.Label, b.CTA.URL)
	}
	return ""
}

// join joins what is not empty.
func join(sep string, parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

func plainText(markdown string) string {
	w := plainWriter{source: []byte(markdown)}
	return w.blocks(prose.Parse(markdown), "\n\n")
}

type plainWriter struct{ source []byte }

// blocks returns the children of n, parted by sep.
func (w plainWriter) blocks(n ast.Node, sep string) string {
	var parts []string
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		parts = append(parts, w.block(c))
	}
	return join(sep, parts...)
}

func (w plainWriter) block(n ast.Node) string {
	switch n := n.(type) {
	case *ast.List:
		return w.list(n)
	case *ast.Blockquote:
		return w.blocks(n, "\n\n")
	case *extast.Table:
		return w.blocks(n, "\n")
	case *extast.TableHeader, *extast.TableRow:
		return w.blocks(n, "\t")
	case *extast.FootnoteList:
		return w.blocks(n, "\n")
	case *extast.Footnote:
		return "[" + strconv.Itoa(n.Index) + "] " + w.blocks(n, "\n")
	case *ast.ThematicBreak:
		return ""
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		return strings.TrimRight(string(n.Lines().Value(w.source)), "\n")
	case *ast.HTMLBlock:
		text := string(n.Lines().Value(w.source))
		if n.HasClosure() {
			text += string(n.ClosureLine.Value(w.source))
		}
		return strings.TrimSpace(text)
	}
	return strings.TrimSpace(prose.Text(n, w.source))
}

func (w plainWriter) list(n *ast.List) string {
	sep := "\n"
	if !n.IsTight {
		sep = "\n\n"
	}
	var items []string
	number := n.Start
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = strconv.Itoa(number) + ". "
			number++
		}
		inner := strings.ReplaceAll(w.blocks(c, sep), "\n", "\n"+strings.Repeat(" ", len(mark)))
		items = append(items, mark+strings.ReplaceAll(inner, "\n"+strings.Repeat(" ", len(mark))+"\n", "\n\n"))
	}
	return strings.Join(items, "\n")
}
