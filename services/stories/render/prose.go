package render

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"

	"renown.example/stories/domain"
	"renown.example/stories/prose"
)

// footnotePrefix is where a tree carries the prefix of its footnotes' ids.
const footnotePrefix = "footnotes"

var toHTML = renderer.NewRenderer(renderer.WithNodeRenderers(
	util.Prioritized(html.NewRenderer(), 1000),
	util.Prioritized(extension.NewTableHTMLRenderer(extension.WithTableCellAlignMethod(extension.TableCellAlignNone)), 500),
	util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
	util.Prioritized(extension.NewFootnoteHTMLRenderer(extension.WithFootnoteIDPrefixFunction(func(n ast.Node) []byte {
		prefix, _ := n.OwnerDocument().Meta()[footnotePrefix].(string)
		return []byte(prefix)
	})), 500),
	util.Prioritized(asWritten{}, 100),
))

// prose renders the Markdown of block number i.
func (p *page) prose(i int, markdown string) string {
	source := []byte(markdown)
	root := prose.Parse(markdown)
	if document, ok := root.(*ast.Document); ok {
		document.AddMeta(footnotePrefix, "b"+strconv.Itoa(i+1)+"-")
	}
	// Neither the visitor nor a buffer ever fails.
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			p.adapt(n, source)
		}
		return ast.WalkContinue, nil
	})
	var out bytes.Buffer
	_ = toHTML.Render(&out, source, root)
	return out.String()
}

// adapt makes of a tree of Markdown one that fits into the page.
func (p *page) adapt(n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Heading:
		n.Level = min(n.Level+1, 6)
		n.SetAttributeString("id", []byte(p.id(prose.Text(n, source))))
	case *ast.Link:
		if url := prose.Resolve(n.Destination); !domain.AllowedLink(url) {
			n.Destination = nil
		} else if strings.HasPrefix(url, "https:") {
			n.SetAttributeString("rel", []byte("nofollow noopener"))
		}
	case *ast.AutoLink:
		n.SetAttributeString("rel", []byte("nofollow noopener"))
	case *extast.TableCell:
		switch n.Alignment {
		case extast.AlignRight:
			n.SetAttributeString("class", []byte("align-right"))
		case extast.AlignCenter:
			n.SetAttributeString("class", []byte("align-center"))
		}
	}
}

// id returns an id for a heading that no other element of the page has. The prefix keeps headings from taking the name of anything else on the page.
func (p *page) id(heading string) string {
	base := strings.TrimSuffix("h-"+domain.Slugify(heading, p.locale), "-")
	id := base
	for {
		p.ids[base]++
		if n := p.ids[base]; n > 1 {
			id = base + "-" + strconv.Itoa(n)
		}
		if id == base || p.ids[id] == 0 {
			break
		}
	}
	if id != base {
		p.ids[id]++
	}
	return id
}

// asWritten renders what a text block may not contain as the characters it consists of: HTML shows its tags, an image its alternative text.
type asWritten struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (asWritten) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			segments := n.(*ast.RawHTML).Segments
			for i := range segments.Len() {
				segment := segments.At(i)
				_, _ = w.WriteString(escape(string(segment.Value(source))))
			}
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(ast.KindHTMLBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			block := n.(*ast.HTMLBlock)
			text := string(block.Lines().Value(source))
			if block.HasClosure() {
				text += string(block.ClosureLine.Value(source))
			}
			_, _ = w.WriteString("<p>" + escape(strings.TrimSpace(text)) + "</p>\n")
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(ast.KindImage, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			_, _ = w.WriteString(escape(prose.Text(n, source)))
		}
		return ast.WalkSkipChildren, nil
	})
}
