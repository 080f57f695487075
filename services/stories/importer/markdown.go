package importer

import (
	"bytes"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/yuin/goldmark"
	emoji "github.com/yuin/goldmark-emoji"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	markup "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"golang.org/x/net/html"

	"renown.example/stories/prose"
)

// lineMark is the attribute that carries the line of the file on which an element begins.
const lineMark = "data-rline"

// Elements of footnotes.
const (
	noteRef  = "renown-ref"
	noteList = "renown-notes"
	noteText = "renown-note"
)

// lines turns offsets of a prepared body into lines of its file.
type lines struct {
	starts []int
	of     []int
}

func (l *lines) at(offset int) int {
	i := sort.Search(len(l.starts), func(i int) bool { return l.starts[i] > offset }) - 1
	return l.of[max(i, 0)]
}

// apart ends the preparation of a body: what stands apart gets empty lines around it, which the file does not have.
func apart(body string) (string, *lines) {
	var b strings.Builder
	l := &lines{starts: []int{0}, of: []int{1}}
	line := 1
	for i := range len(body) {
		switch body[i] {
		case 0:
			b.WriteByte('\n')
			l.starts, l.of = append(l.starts, b.Len()), append(l.of, line)
		case '\n':
			line++
			b.WriteByte('\n')
			l.starts, l.of = append(l.starts, b.Len()), append(l.of, line)
		default:
			b.WriteByte(body[i])
		}
	}
	return b.String(), l
}

// fromMarkdown makes HTML of Markdown as other sites write it: with HTML inside, tables, footnotes, tasks and definitions.
func (p *page) fromMarkdown(body string) (string, error) {
	prepared, l := apart(body)
	if problem := prose.Unbearable(prepared); problem != "" {
		return "", errorText("it " + problem)
	}
	blocks := parser.DefaultBlockParsers()
	if isMDX(p.Path) { // there, what is indented is no code
		blocks = slices.DeleteFunc(blocks, func(v util.PrioritizedValue) bool { return v.Value == parser.NewCodeBlockParser() })
	}
	md := goldmark.New(
		goldmark.WithParser(parser.NewParser(parser.WithBlockParsers(blocks...), parser.WithInlineParsers(parser.DefaultInlineParsers()...),
			parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...))),
		goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Footnote, extension.TaskList, extension.DefinitionList, extension.Linkify, emoji.New(emoji.WithRenderingMethod(emoji.Unicode))),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(marker{l}, 2000))),
		goldmark.WithRendererOptions(markup.WithUnsafe(), renderer.WithNodeRenderers(util.Prioritized(raw{l}, 50))),
	)
	source := []byte(prepared)
	root := md.Parser().Parse(text.NewReader(source))
	p.unused(prepared, root, l)
	var out bytes.Buffer
	if err := md.Renderer().Render(&out, source, root); err != nil {
		return "", err
	}
	return out.String(), nil
}

type errorText string

func (e errorText) Error() string { return string(e) }

var noteBegin = regexp.MustCompile(`(?m)^ {0,3}\[\^([^\]\s]+)\]:.*(?:\n(?: {2,}|\t).*)*`)

// unused keeps the footnotes to which nothing leads, and those whose name is taken: Markdown drops them.
func (p *page) unused(body string, root ast.Node, l *lines) {
	used, code := map[string]bool{}, map[int]bool{} // lines of code begin at these offsets
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *extast.Footnote:
			used[string(n.Ref)] = true
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			for i := range n.Lines().Len() {
				code[n.Lines().At(i).Start] = true
			}
		}
		return ast.WalkContinue, nil
	})
	for _, m := range noteBegin.FindAllStringSubmatchIndex(body, 1000) {
		ref := body[m[2]:m[3]]
		if !used[ref] && !code[m[0]] {
			p.keep(l.at(m[0]), "footnote", body[m[0]:m[1]], "nothing leads to this footnote")
		}
		delete(used, ref) // of two with one name the first counts
	}
}

// marker writes on each block the line on which it begins.
type marker struct{ lines *lines }

// Transform implements parser.ASTTransformer.
func (m marker) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering || n.Type() != ast.TypeBlock || n.Kind() == ast.KindDocument {
			return ast.WalkContinue, nil
		}
		if at := begins(n); at >= 0 {
			n.SetAttributeString(lineMark, []byte(itoa(m.lines.at(at))))
		}
		return ast.WalkContinue, nil
	})
}

// begins returns where a block begins, -1 if nothing tells.
func begins(n ast.Node) int {
	if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
		return n.Lines().At(0).Start
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			return t.Segment.Start
		}
		if at := begins(c); at >= 0 {
			return at
		}
	}
	return -1
}

// raw renders HTML as it is written, with lines, and footnotes as elements of ours.
type raw struct{ lines *lines }

// framed is what begins with an element that frames text.
var framed = regexp.MustCompile(`(?i)^\s*</?(?:table|tbody|thead|tr|td|th|div|section|article|p|h[1-6]|ul|ol|li|figure|img|a|span|renown-part)\b[^<>]*>`)

// RegisterFuncs implements renderer.NodeRenderer.
func (r raw) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindHTMLBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		block := n.(*ast.HTMLBlock)
		var b strings.Builder
		for i := range block.Lines().Len() {
			segment := block.Lines().At(i)
			b.Write(segment.Value(source))
		}
		if block.HasClosure() {
			b.Write(block.ClosureLine.Value(source))
		}
		first := 1
		if block.Lines().Len() > 0 {
			first = r.lines.at(block.Lines().At(0).Start)
		}
		_, _ = w.WriteString(marked(b.String(), first) + "\n")
		return ast.WalkSkipChildren, nil
	})
	reg.Register(ast.KindCodeBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		code := string(n.Lines().Value(source))
		if framed.MatchString(code) { // an element whose author indented it
			_, _ = w.WriteString(marked(code, r.lines.at(n.Lines().At(0).Start)) + "\n")
		} else {
			_, _ = w.WriteString("<pre " + lineMark + `="` + itoa(r.lines.at(n.Lines().At(0).Start)) + `"><code>` + html.EscapeString(code) + "</code></pre>\n")
		}
		return ast.WalkSkipChildren, nil
	})
	reg.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			segments := n.(*ast.RawHTML).Segments
			var b strings.Builder
			for i := range segments.Len() {
				segment := segments.At(i)
				b.Write(segment.Value(source))
			}
			if segments.Len() > 0 {
				_, _ = w.WriteString(marked(b.String(), r.lines.at(segments.At(0).Start)))
			}
		}
		return ast.WalkSkipChildren, nil
	})
	r.footnotes(reg)
}

// footnotes writes footnotes and their marks as elements of ours.
func (raw) footnotes(reg renderer.NodeRendererFuncRegisterer) {
	tag := func(kind ast.NodeKind, open func(ast.Node) string, end string) {
		reg.Register(kind, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
			if entering {
				_, _ = w.WriteString(open(n))
			} else {
				_, _ = w.WriteString(end)
			}
			return ast.WalkContinue, nil
		})
	}
	tag(extast.KindFootnoteLink, func(n ast.Node) string {
		return "<" + noteRef + ` data-n="` + itoa(n.(*extast.FootnoteLink).Index) + `">`
	}, "</"+noteRef+">")
	tag(extast.KindFootnoteBacklink, func(ast.Node) string { return "" }, "")
	tag(extast.KindFootnoteList, func(ast.Node) string { return "<" + noteList + ">" }, "</"+noteList+">")
	tag(extast.KindFootnote, func(n ast.Node) string {
		return "<" + noteText + ` data-n="` + itoa(n.(*extast.Footnote).Index) + `">`
	}, "</"+noteText+">")
}

// marked writes its line on each element of a piece of HTML.
func marked(s string, first int) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	line := first
	for {
		kind := z.Next()
		token := string(z.Raw())
		if (kind == html.StartTagToken || kind == html.SelfClosingTagToken) && !strings.Contains(token, lineMark) {
			end := 1
			for end < len(token) && !strings.ContainsRune(" \t\n/>", rune(token[end])) {
				end++
			}
			b.WriteString(token[:end] + " " + lineMark + `="` + itoa(line) + `"` + token[end:])
		} else {
			b.WriteString(token)
		}
		line += strings.Count(token, "\n")
		if kind == html.ErrorToken {
			return b.String()
		}
	}
}
