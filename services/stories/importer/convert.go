package importer

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"renown.example/stories/domain"
	"renown.example/stories/prose"
)

// piece is a passage of Markdown or a block.
type piece struct {
	md    string
	notes []int // footnotes that it leads to
	block *domain.Block
	file  string // of a picture
	as    string
	line  int
}

// converter makes pieces of HTML.
type converter struct {
	p     *page
	line  int
	shift int // of the level of headings
	deep  int
	notes map[string]string
	// waiting are elements that must not be forgotten, met those of them that were converted, used the components.
	waiting []waiting
	met     map[*html.Node]bool
	used    map[int]bool
}

// maxDeep bounds how deep elements lie in one another: what is deeper is taken for its words.
const maxDeep = 120

func (c *converter) seen(n *html.Node) {
	if at, err := strconv.Atoi(attr(n, lineMark)); err == nil {
		c.line = at
	}
}

func children(n *html.Node) []*html.Node { return slices.Collect(n.ChildNodes()) }

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// textOf returns the words within a node.
func textOf(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
		if d.DataAtom == atom.Br {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// outer returns a node as HTML, without our marks.
func outer(n *html.Node) string {
	var b bytes.Buffer
	if err := html.Render(&b, n); err != nil {
		return textOf(n)
	}
	return lineMarks.ReplaceAllString(b.String(), "")
}

func isBlock(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	switch n.DataAtom {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Center, atom.Details, atom.Dialog, atom.Dd, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure,
		atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hr, atom.Iframe, atom.Li, atom.Main, atom.Nav, atom.Noscript, atom.Object, atom.Embed,
		atom.Ol, atom.P, atom.Pre, atom.Section, atom.Table, atom.Ul, atom.Video, atom.Audio, atom.Svg, atom.Canvas, atom.Picture, atom.Button,
		atom.Select, atom.Textarea, atom.Summary, atom.Frameset:
		return true
	}
	return n.Data == noteList
}

// hidden reports whether browsers show nothing of an element.
func hidden(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Script, atom.Style, atom.Template, atom.Link, atom.Meta, atom.Title, atom.Base:
		return true
	}
	return false
}

// blockInside reports whether a node holds a block somewhere: then it is one.
func blockInside(n *html.Node) bool {
	if isBlock(n) {
		return true
	}
	for d := range n.Descendants() {
		if isBlock(d) && d.DataAtom != atom.Picture {
			return true
		}
	}
	return false
}

// flow converts nodes of which some are blocks and some are words between them.
func (c *converter) flow(nodes []*html.Node) []piece {
	var out []piece
	var words []*html.Node
	flush := func() {
		out = append(out, c.paragraph(words)...)
		words = nil
	}
	for i, n := range nodes {
		c.adopt(n)
		switch {
		case n.Type == html.CommentNode || n.Type == html.DoctypeNode:
		case n.Data == element && !amongWords(nodes, i):
			flush()
			out = append(out, c.part(n)...)
		case blockInside(n):
			flush()
			out = append(out, c.block(n)...)
		default:
			words = append(words, n)
		}
	}
	flush()
	return out
}

// amongWords reports whether a component stands in a line with words.
func amongWords(nodes []*html.Node, at int) bool {
	worded := func(i int) bool {
		if i < 0 || i >= len(nodes) {
			return false
		}
		n := nodes[i]
		return n.Type == html.TextNode && strings.Trim(n.Data, " \t\r\n") != "" || n.Type == html.ElementNode && n.Data != element && !blockInside(n) && n.DataAtom != atom.Br
	}
	return !blockInside(nodes[at]) && (worded(at-1) || worded(at+1))
}

// sweep takes out of a page what its readers never saw, remarks and programs, and keeps it. It notes what must not be forgotten.
func (c *converter) sweep(root *html.Node) {
	c.line = 1
	for n := range root.Descendants() {
		c.seen(n)
		if n.DataAtom == atom.Img || isPlayer(n) || n.DataAtom == atom.A && attr(n, "href") != "" {
			c.waiting = append(c.waiting, waiting{n, c.line})
		}
		switch text := strings.TrimSpace(n.Data); {
		case n.Type == html.CommentNode && text != "" && !strings.HasPrefix(text, "wp:") && !strings.HasPrefix(text, "/wp:"):
			c.p.keep(c.line, "comment", text, "a remark of the author's")
		case hidden(n):
			c.p.keep(c.line, "<"+n.Data+">", outer(n), "a story has no such element")
			n.FirstChild, n.LastChild = nil, nil
			n.Type, n.DataAtom = html.CommentNode, 0
		}
	}
}

// waiting is an element that is to be met.
type waiting struct {
	node *html.Node
	line int
}

// forgotten keeps the pictures, films, links and components that stood where only words were looked for.
func (c *converter) forgotten() {
	for _, w := range c.waiting {
		if !c.met[w.node] {
			w.node.FirstChild, w.node.LastChild = nil, nil
			c.p.keep(w.line, "<"+w.node.Data+">", outer(w.node), "there is no place for it where it stood; its words are in the text")
		}
	}
	for i, pt := range c.p.parts {
		if !c.used[i] {
			c.p.keep(pt.line, pt.name, pt.raw, "there is no place for a component where it stood; what stands in it is in the text")
		}
	}
}

// paragraph converts words; pictures and other blocks among them part it.
func (c *converter) paragraph(nodes []*html.Node) []piece {
	if !slices.ContainsFunc(nodes, func(n *html.Node) bool { return n.Type != html.TextNode || strings.TrimSpace(n.Data) != "" }) {
		return nil
	}
	if b, ok := c.buttonAlone(nodes); ok {
		return []piece{{block: &b, line: c.line}}
	}
	spans := merged(c.inline(nodes, style{}))
	var out []piece
	for _, s := range spans {
		if len(s.blocks) > 0 {
			out = append(out, s.blocks...)
			continue
		}
		if md := tidy(s.md); md != "" {
			out = append(out, c.checked(started(md), s.plain))
		}
	}
	return out
}

// checked makes a piece of Markdown and sees that it says what it should: markup that would show is left out.
func (c *converter) checked(md, plain string) piece {
	if !says(md, plain) {
		simple := started(tidy(escaped(strings.Join(strings.Fields(plain), " "), style{})))
		c.p.keep(c.line, "markup", md, "its markup would be shown as characters: the words are there, without it")
		md = simple
	}
	return piece{md: md, notes: notesIn(md), line: c.line}
}

// says reports whether Markdown shows these words.
func says(md, plain string) bool {
	if prose.Unbearable(md) != "" {
		return false
	}
	// A mark of a footnote is no link before its note is there; it is left out of both.
	bare := noteMark.ReplaceAllString(md, "")
	root := prose.Parse(bare)
	got := prose.Text(root, []byte(bare))
	return letters(got) == letters(noteMark.ReplaceAllString(plain, ""))
}

// letters leaves white space out.
func letters(s string) string { return strings.Join(strings.Fields(s), "") }

func tidy(md string) string {
	ls := strings.Split(md, "\n")
	for i := range ls {
		ls[i] = strings.Trim(ls[i], " \t")
	}
	md = strings.Trim(strings.Join(ls, "\n"), " \t\n")
	for strings.HasSuffix(md, "\\") && strings.Count(md[len(strings.TrimRight(md, "\\")):], "\\")%2 == 1 {
		md = strings.TrimRight(strings.TrimSuffix(md, "\\"), " \t\n")
	}
	for strings.HasPrefix(md, "\\\n") {
		md = strings.TrimLeft(md[1:], " \t\n")
	}
	// Two breaks in a row begin a paragraph.
	return strings.ReplaceAll(md, "\\\n\\\n", "\n\n")
}

// block converts one element.
func (c *converter) block(n *html.Node) []piece {
	if c.seen(n); c.deep >= maxDeep {
		return c.paragraph([]*html.Node{{Type: html.TextNode, Data: textOf(n)}})
	}
	c.deep++
	defer func() { c.deep-- }()
	return append(c.backdrop(n), c.undressed(n)...)
}

// undressed converts an element without what is behind it.
func (c *converter) undressed(n *html.Node) []piece {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		return c.heading(n)
	case atom.P, atom.Summary, atom.Dt, atom.Figcaption:
		return c.sentence(n)
	case atom.Ul, atom.Ol:
		return c.items(n)
	case atom.Blockquote:
		return c.blockquote(n)
	case atom.Pre:
		return c.pre(n)
	case atom.Table:
		return c.table(n)
	case atom.Hr:
		return []piece{{md: "---", line: c.line}}
	case atom.Figure:
		return c.figure(n)
	case atom.Picture:
		return c.pictureElement(n)
	case atom.Iframe, atom.Video, atom.Embed, atom.Object, atom.Audio:
		return c.player(n)
	case atom.Dl:
		return c.definitions(n)
	case atom.Button:
		return c.paragraph(children(n))
	case atom.Svg, atom.Canvas, atom.Form, atom.Select, atom.Textarea:
		c.p.keep(c.line, "<"+n.Data+">", outer(n), "a story has no such element")
		return nil
	case atom.Noscript:
		return c.noscript(n)
	}
	switch n.Data {
	case noteList:
		return nil
	case element:
		return c.part(n)
	}
	if out, ok := c.dressed(n); ok {
		return out
	}
	return c.flow(children(n))
}

// sentence converts a paragraph. One that is a button alone becomes a call to action.
func (c *converter) sentence(n *html.Node) []piece {
	if b, ok := c.buttonAlone(children(n)); ok {
		return []piece{{block: &b, line: c.line}}
	}
	return c.flow(children(n))
}

func blockChild(n *html.Node) bool {
	return slices.ContainsFunc(children(n), func(d *html.Node) bool { return d.Type == html.ElementNode && (blockInside(d) || d.Data == element) })
}

func (c *converter) heading(n *html.Node) []piece {
	level := min(int(n.Data[1]-'0')+c.shift, 6)
	spans := merged(c.inline(children(n), style{table: false}))
	var out, after []piece
	for _, s := range spans {
		if len(s.blocks) > 0 {
			after = append(after, s.blocks...)
			continue
		}
		md := strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(s.md, "\\\n", " "), "\n", " "))
		if md == "" {
			continue
		}
		if strings.HasSuffix(md, "#") {
			md = md[:len(md)-1] + "\\#"
		}
		pc := c.checked(strings.Repeat("#", level)+" "+md, s.plain)
		out = append(out, pc)
	}
	return append(out, after...)
}

func (c *converter) pre(n *html.Node) []piece {
	language := ""
	for d := range n.Descendants() {
		for class := range strings.FieldsSeq(attr(d, "class")) {
			if l, ok := strings.CutPrefix(class, "language-"); ok {
				language = strings.Trim(l, "{}.") // some write attributes there
			}
		}
	}
	code := strings.TrimRight(strings.TrimLeft(visible(textOf(n)), "\n"), " \t\n")
	code = strings.ReplaceAll(code, "\r", "")
	if strings.TrimSpace(code) == "" {
		return nil
	}
	mark := "```"
	for strings.Contains(code, mark) {
		mark += "`"
	}
	return []piece{{md: mark + strings.Trim(language, "` ") + "\n" + code + "\n" + mark, line: c.line}}
}

func (c *converter) definitions(n *html.Node) []piece {
	var out []piece
	for _, d := range children(n) {
		switch {
		case d.DataAtom == atom.Dt:
			c.seen(d)
			if words := strings.Join(strings.Fields(textOf(d)), " "); words != "" {
				out = append(out, c.checked("**"+escaped(words, style{})+"**", words))
			}
		case d.Type == html.ElementNode:
			c.seen(d)
			out = append(out, c.flow(children(d))...)
		}
	}
	return out
}

func (c *converter) noscript(n *html.Node) []piece {
	if raw := strings.TrimSpace(textOf(n)); raw != "" {
		c.p.keep(c.line, "<noscript>", raw, "what the other site shows to browsers without scripts")
	}
	return nil
}
