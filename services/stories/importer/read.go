package importer

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/encoding/charmap"

	"renown.example/stories/domain"
)

// read makes a document of one file.
func (p *page) read(data []byte) {
	if why := p.site.skip(p.Path); why != "" {
		p.Skip = true
		p.note(Skipped, 0, "file", p.Path, why)
		return
	}
	if p.Own = own(p.Path, data); p.Own {
		return
	}
	if len(data) > MaxPage {
		p.refuse(0, "file", itoa(len(data))+" bytes", "a page may have "+itoa(MaxPage>>20)+" MB")
		return
	}
	p.called()
	text := p.decoded(data)
	fields, body, line, err := frontMatter(text)
	if err != nil {
		p.refuse(line, "front matter", "", "it cannot be read: "+yamlLine.ReplaceAllString(err.Error(), ""))
		return
	}
	p.fields = append(fields, p.exported(body)...)
	for _, f := range fields {
		if key := plainKey(f.key); f.value.kind == single && (key == "redirectto" || oneOf(key, "redirect", "redirecturl", "externalurl", "externallink") && strings.TrimSpace(body) == "") {
			p.Skip = true
			p.note(Skipped, f.line, f.key, f.value.String(), "the page only leads elsewhere")
			return
		}
	}
	p.front()
	if err := p.body(body); err != nil {
		p.refuse(0, "text", "", err.Error())
	}
	if c := &p.Document.Content; c.Locale == "" && p.site.mapping.Locale != "" {
		c.Locale = p.site.mapping.Locale
		p.note(Mapped, 0, "language", c.Locale, "nothing says the language: this was assumed")
	}
}

func (p *page) refuse(line int, field, what, reason string) {
	p.Refuse = true
	p.note(Refused, line, field, what, reason)
}

// decoded returns a file's text in UTF-8 with LF.
func (p *page) decoded(data []byte) string {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if !utf8.Valid(data) {
		if plain, err := charmap.Windows1252.NewDecoder().Bytes(data); err == nil {
			data = plain
			p.note(Open, 0, "file", "", "it is not UTF-8 and was read as Windows-1252: look at its letters")
		}
	}
	text := strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\r", "\n")
	return strings.ReplaceAll(text, "\x00", "\uFFFD")
}

var ownBlock = regexp.MustCompile(`(?m)^::: (?:text|quote|metric|before-after|image|video|cta)\s*$`)

// own reports whether a file is written in Renown's own form.
func own(name string, data []byte) bool {
	if isHTML(name) || !strings.HasSuffix(name, ".md") {
		return false
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	fields, body, _, err := frontMatter(strings.TrimPrefix(text, "\uFEFF"))
	if err != nil || len(fields) == 0 {
		return false
	}
	story, named := domain.ParseName(name)
	for _, f := range fields {
		switch {
		case f.key == "story" && domain.ValidID(f.value.words()), f.key == "stand_in", f.key == "kept" && f.value.kind == listed:
			return true
		case !slices.Contains(domain.FrontMatterKeys(), f.key):
			return false
		}
	}
	if ownBlock.MatchString(body) || regexp.MustCompile(`(?m)^::: (?:\S+)\s*$`).MatchString(body) && !vitepress.MatchString(body) {
		return true
	}
	if story == "" || named == "" {
		return false
	}
	_, problems := domain.Parse(name, data)
	return len(problems) == 0
}

var vitepress = regexp.MustCompile(`(?m)^::: (?:tip|warning|danger|info|details|note|caution|important|code-group|raw)\b`)

// body converts what follows the front matter.
func (p *page) body(body string) error {
	source := body
	if isHTML(p.Path) {
		source = marked(strings.ReplaceAll(p.parted(body), "\x00", ""), 1)
	} else {
		var err error
		if source, err = p.fromMarkdown(p.parted(p.withSections(body))); err != nil {
			return err
		}
	}
	if p.Refuse {
		return nil
	}
	doc, err := html.ParseWithOptions(strings.NewReader(source), html.ParseOptionEnableScripting(true))
	if err != nil {
		return errorText("it cannot be read as HTML: " + err.Error())
	}
	c := &converter{p: p, line: 1, notes: map[string]string{}, met: map[*html.Node]bool{}, used: map[int]bool{}}
	root := c.main(doc)
	c.sweep(root)
	c.footnotes(root)
	p.titled(c, root)
	p.words = heard(root)
	pieces := c.spoken(c.flow(children(root)))
	p.assemble(c, pieces)
	c.forgotten()
	p.missing()
	p.overlooked()
	return nil
}

// main finds what of a page is its text.
func (c *converter) main(doc *html.Node) *html.Node {
	body := doc
	for n := range doc.Descendants() {
		switch n.DataAtom {
		case atom.Html:
			if l := domain.CanonicalLocale(attr(n, "lang")); domain.ValidLocale(l) && c.p.Document.Content.Locale == "" {
				c.p.Document.Content.Locale = l
				c.p.note(Mapped, c.line, "lang", attr(n, "lang"), "the language is "+l)
			}
		case atom.Head:
			c.head(n)
		case atom.Body:
			body = n
		}
	}
	if !isHTML(c.p.Path) {
		return body
	}
	for _, is := range []func(*html.Node) bool{
		func(n *html.Node) bool { return n.DataAtom == atom.Main || attr(n, "role") == "main" },
		func(n *html.Node) bool { return n.DataAtom == atom.Article },
		func(n *html.Node) bool { return attr(n, "id") == "content" || attr(n, "id") == "main" },
	} {
		for n := range body.Descendants() {
			if n.Type == html.ElementNode && is(n) && strings.TrimSpace(textOf(n)) != "" {
				c.p.note(Skipped, 0, "page", "", "what stands around <"+n.Data+"> belongs to the other site: its head, menus and foot")
				return n
			}
		}
	}
	var chrome []*html.Node
	for n := range body.Descendants() {
		if n.DataAtom == atom.Nav || (n.DataAtom == atom.Header || n.DataAtom == atom.Footer) && n.Parent == body {
			chrome = append(chrome, n)
		}
	}
	for _, n := range chrome {
		c.seen(n)
		c.p.note(Skipped, c.line, "<"+n.Data+">", textOf(n), "it belongs to the other site")
		n.Parent.RemoveChild(n)
	}
	return body
}

// head reads what a page says of itself.
func (c *converter) head(head *html.Node) {
	p := c.p
	for n := range head.Descendants() {
		c.seen(n)
		name := strings.ToLower(attr(n, "name") + attr(n, "property"))
		switch {
		case n.DataAtom == atom.Title:
			p.title = clean(textOf(n))
			for _, sep := range []string{" | ", " – ", " — ", " · ", " - "} {
				if before, _, found := strings.Cut(p.title, sep); found && len(before) > 3 {
					p.note(Skipped, c.line, "<title>", p.title, "what follows “"+strings.TrimSpace(sep)+"” is taken for the other site's name")
					p.title = before
					break
				}
			}
		case n.DataAtom == atom.Meta && (name == "description" || name == "og:description") && p.Document.Content.Summary == "":
			p.line(&p.Document.Content.Summary, field{key: "description", line: c.line, value: value{kind: single, text: attr(n, "content")}}, domain.MaxSummary, "summary")
		case n.DataAtom == atom.Meta && name == "og:image" && len(p.cover) == 0:
			p.cover = append(p.cover, image{src: attr(n, "content"), line: c.line, field: "og:image"})
		case hidden(n) && !isHTML(p.Path):
			p.keep(c.line, "<"+n.Data+">", outer(n), "a story has no such element")
		case n.DataAtom == atom.Meta && attr(n, "content") != "" && oneOf(name, "author", "keywords", "article:published_time", "date"):
			p.keep(c.line, name, attr(n, "content"), "a story has no such field")
		}
	}
}

// titled takes the title from the first heading where nothing else says it, and leaves it out of the text; headings begin below it.
func (p *page) titled(c *converter, root *html.Node) {
	content := &p.Document.Content
	var first *html.Node
	top, ones := 7, 0
	for n := range root.Descendants() {
		if !isHeading(n) {
			continue
		}
		if n.DataAtom == atom.H1 {
			ones++
			if first == nil {
				first = n
			}
		}
	}
	if first != nil {
		words := clean(textOf(first))
		same := strings.EqualFold(words, content.Title)
		if (content.Title == "" || same) && words != "" && utf8.RuneCountInString(words) <= domain.MaxTitle && !linked(first) {
			c.seen(first)
			if content.Title = words; !same {
				p.note(Mapped, c.line, "heading", words, "the title")
			}
			first.Parent.RemoveChild(first)
			ones--
		}
	}
	for n := range root.Descendants() {
		if isHeading(n) && clean(textOf(n)) != "" {
			top = min(top, int(n.Data[1]-'0'))
		}
	}
	if top < 7 && top != 2 {
		c.shift = 2 - top
	}
	if content.Title == "" && p.title != "" {
		content.Title = clip(p.title, domain.MaxTitle)
		p.note(Mapped, 0, "title", content.Title, "nothing else says the title: this is the page's name")
	}
	p.namesCustomer()
}

var caseStudy = regexp.MustCompile(`(?i)^(?:case study|customer story|success story)\s*[:–—-]\s*(.{2,80})$|^(.{2,80}?)\s+(?:case study|customer story|success story)$`)

// namesCustomer takes the customer from a title such as "Northwind Case Study".
func (p *page) namesCustomer() {
	c := &p.Document.Content
	if m := caseStudy.FindStringSubmatch(c.Title); m != nil && c.Customer == "" {
		c.Customer = strings.TrimSpace(m[1] + m[2])
		p.note(Open, 0, "customer", c.Customer, "the title names it: see that it is right")
	}
}

var noteMark = regexp.MustCompile(`\[\^(\d+)\]`)

func notesIn(md string) []int {
	var out []int
	for _, m := range noteMark.FindAllStringSubmatch(md, -1) {
		n := 0
		for _, r := range m[1] {
			n = n*10 + int(r-'0')
		}
		out = append(out, n)
	}
	return out
}

// footnotes converts the notes of a page: each is put where it is led to.
func (c *converter) footnotes(root *html.Node) {
	for n := range root.Descendants() {
		if n.Data != noteText {
			continue
		}
		var parts []string
		for _, pc := range c.flow(children(n)) {
			if pc.block == nil {
				parts = append(parts, pc.md)
			} else {
				c.p.keep(pc.line, "footnote", pc.as, "a footnote shows words only")
			}
		}
		c.notes[attr(n, "data-n")] = indented(strings.Join(parts, "\n\n"), 4)
	}
}

// heard returns the words of a page that its readers see.
func heard(root *html.Node) string {
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case hidden(n) || n.DataAtom == atom.Noscript:
			return
		case n.DataAtom == atom.Sup || n.DataAtom == atom.Sub:
			if small, ok := raised(n); ok {
				b.WriteString(small)
				return
			}
		case isBlock(n) || n.DataAtom == atom.Br || n.DataAtom == atom.Td || n.DataAtom == atom.Th:
			b.WriteByte(' ')
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		if isBlock(n) || n.DataAtom == atom.Td || n.DataAtom == atom.Th {
			b.WriteByte(' ')
		}
	}
	walk(root)
	return b.String()
}
