package importer

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// items converts a list. A picture or another block in it parts it.
func (c *converter) items(n *html.Node) []piece {
	ordered := n.DataAtom == atom.Ol
	number := 1
	if s, err := strconv.Atoi(attr(n, "start")); err == nil && s >= 0 && s < 1e6 {
		number = s
	}
	loose := false
	var out []piece
	var list []string
	var notes []int
	line := c.line
	flush := func() {
		if len(list) > 0 {
			gap := "\n"
			if loose {
				gap = "\n\n"
			}
			out = append(out, piece{md: strings.Join(list, gap), notes: notes, line: line})
		}
		list, notes = nil, nil
	}
	for _, li := range children(n) {
		if li.Type != html.ElementNode {
			if strings.TrimSpace(textOf(li)) != "" {
				flush()
				out = append(out, c.paragraph([]*html.Node{li})...)
			}
			continue
		}
		mark := "- "
		if ordered {
			mark = itoa(number) + ". "
			number++
		}
		var parts []string
		var blocks []piece
		for _, pc := range c.item(li) {
			if pc.block != nil {
				blocks = append(blocks, pc)
				continue
			}
			parts = append(parts, pc.md)
			notes = append(notes, pc.notes...)
		}
		loose = loose || li.FirstChild != nil && slices.ContainsFunc(children(li), func(d *html.Node) bool { return d.DataAtom == atom.P })
		if len(parts) > 0 {
			list = append(list, mark+indented(joined(parts, loose), len(mark)))
		}
		if len(blocks) > 0 {
			flush()
			out = append(out, blocks...)
		}
	}
	flush()
	return out
}

func (c *converter) item(li *html.Node) []piece {
	if c.seen(li); li.DataAtom != atom.Li {
		return c.flow([]*html.Node{li})
	}
	return c.flow(children(li))
}

// joined puts the parts of an item together: a list under its words needs no empty line.
func joined(parts []string, loose bool) string {
	var b strings.Builder
	for i, part := range parts {
		if i > 0 {
			if !loose && (strings.HasPrefix(part, "- ") || strings.HasPrefix(part, "1. ")) {
				b.WriteString("\n")
			} else {
				b.WriteString("\n\n")
			}
		}
		b.WriteString(part)
	}
	return b.String()
}

func indented(md string, by int) string {
	pad := strings.Repeat(" ", by)
	ls := strings.Split(md, "\n")
	for i := 1; i < len(ls); i++ {
		if ls[i] != "" {
			ls[i] = pad + ls[i]
		}
	}
	return strings.Join(ls, "\n")
}
