package importer

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"renown.example/stories/domain"
	"renown.example/stories/prose"
)

var lineMarks = regexp.MustCompile(` ` + lineMark + `="\d+"`)

// picturePiece makes a picture's block, or keeps what cannot be one.
func (c *converter) picturePiece(i image) []piece {
	pc, ok := c.p.picture(i)
	if !ok {
		return nil
	}
	return []piece{pc}
}

// picture finds a picture among the files. What is not there is kept and named: the story is imported without it.
func (p *page) picture(i image) (piece, bool) {
	what := i.src
	if i.alt != "" {
		what += " (" + i.alt + ")"
	}
	field := i.field
	if field == "" {
		field = "picture"
	}
	if strings.HasPrefix(i.src, "data:") {
		what = clip(i.src, 80)
	}
	file, problem := p.site.picture(p.Path, i.src)
	if problem != "" {
		if i.caption != "" {
			what += " — " + i.caption
		}
		p.keep(i.line, field, what, problem)
		return piece{}, false
	}
	b := domain.NewImage(domain.Image{Alt: clean(i.alt), Caption: clean(i.caption), Logo: i.logo})
	for _, s := range []struct {
		of   *string
		what string
	}{{&b.Image.Alt, "alternative text"}, {&b.Image.Caption, "caption"}} {
		if len([]rune(*s.of)) > domain.MaxAlt {
			p.keep(i.line, field, *s.of, "it is longer than the "+itoa(domain.MaxAlt)+" characters of a picture's "+s.what)
			*s.of = ""
		}
	}
	p.account(i.src)
	if b.Image.Alt == "" {
		p.note(Open, i.line, field, what, "a picture; say what it shows before the story is published")
	} else {
		p.note(Mapped, i.line, field, what, "a picture")
	}
	return piece{block: &b, file: file, as: i.src, line: i.line}, true
}

// clean makes one line of words.
func clean(s string) string { return strings.Join(strings.Fields(visible(s)), " ") }

func (c *converter) img(n *html.Node) []piece {
	c.met[n] = true
	src := attr(n, "src")
	for _, lazy := range []string{"data-src", "data-lazy-src", "data-original"} {
		if v := attr(n, lazy); v != "" && (src == "" || strings.HasPrefix(src, "data:")) {
			src = v
		}
	}
	if src == "" {
		src, _, _ = strings.Cut(strings.TrimSpace(attr(n, "srcset")), " ")
	}
	if attr(n, "width") == "1" && attr(n, "height") == "1" {
		c.p.keep(c.line, "picture", outer(n), "a picture of one point, which counts readers")
		return nil
	}
	return c.picturePiece(image{src: src, alt: attr(n, "alt"), caption: attr(n, "title"), line: c.line})
}

func (c *converter) pictureElement(n *html.Node) []piece {
	for d := range n.Descendants() {
		if d.DataAtom == atom.Img {
			c.seen(d)
			return c.img(d)
		}
	}
	c.p.keep(c.line, "picture", outer(n), "it shows no picture")
	return nil
}

// figure converts a figure: the caption goes to its picture, quotation or table.
func (c *converter) figure(n *html.Node) []piece {
	var caption *html.Node
	var rest []*html.Node
	for _, d := range children(n) {
		if d.DataAtom == atom.Figcaption {
			caption = d
		} else {
			rest = append(rest, d)
		}
	}
	if caption != nil && len(rest) > 0 {
		for _, d := range rest {
			if d.DataAtom == atom.Blockquote {
				if q, ok := c.quoteOf(d, clean(textOf(caption))); ok {
					return []piece{q}
				}
			}
		}
	}
	out := c.flow(rest)
	if caption == nil || strings.TrimSpace(textOf(caption)) == "" {
		return out
	}
	words := clean(textOf(caption))
	if last := len(out) - 1; last >= 0 && out[last].block != nil && out[last].block.Image != nil && len([]rune(words)) <= domain.MaxAlt && !linked(caption) {
		switch i := out[last].block.Image; i.Caption {
		case "", words:
			i.Caption = words
			return out
		}
	}
	return append(out, c.paragraph(children(caption))...)
}

func linked(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.DataAtom == atom.A || d.DataAtom == atom.Img {
			return true
		}
	}
	return false
}

// player makes of a film a link to it.
func (c *converter) player(n *html.Node) []piece {
	c.met[n] = true
	src := attr(n, "src") + attr(n, "data")
	if lazy := attr(n, "data-src"); lazy != "" {
		src = lazy
	}
	for d := range n.Descendants() {
		if d.DataAtom == atom.Source && src == "" {
			src = attr(d, "src")
		}
	}
	title := clean(attr(n, "title"))
	if title == "" || strings.EqualFold(title, "YouTube video player") || strings.EqualFold(title, "vimeo player") {
		title = "Video"
	}
	if n.DataAtom != atom.Audio {
		if at, ok := watchable(src); ok {
			b := domain.NewVideo(domain.Video{URL: at, Title: clip(title, domain.MaxName)})
			c.p.note(Mapped, c.line, "video", src, "a link to a film; players are not embedded")
			if sound(b) {
				return []piece{{block: &b, line: c.line}}
			}
		}
	}
	c.p.keep(c.line, "<"+n.Data+">", outer(n), "nothing of other sites is embedded in a story")
	return nil
}

// blockquote converts a quotation: into a block where it is clear who speaks, else into a quotation in the text.
func (c *converter) blockquote(n *html.Node) []piece {
	if q, ok := c.quoteOf(n, ""); ok {
		return []piece{q}
	}
	var parts []string
	var blocks []piece
	var notes []int
	line := c.line
	for _, pc := range c.flow(children(n)) {
		if pc.block != nil {
			blocks = append(blocks, pc)
			continue
		}
		parts, notes = append(parts, pc.md), append(notes, pc.notes...)
	}
	if len(parts) == 0 {
		return blocks
	}
	var b strings.Builder
	for l := range strings.SplitSeq(strings.Join(parts, "\n\n"), "\n") {
		b.WriteString(strings.TrimRight("> "+l, " ") + "\n")
	}
	return append([]piece{{md: strings.TrimRight(b.String(), "\n"), notes: notes, line: line}}, blocks...)
}

// quoteOf makes a block of a quotation if it says who speaks: in a cite or footer, after a dash, or as caption.
func (c *converter) quoteOf(n *html.Node, by string) (piece, bool) {
	var text []string
	var walk func(n *html.Node)
	simple := true
	walk = func(n *html.Node) {
		for d := range n.ChildNodes() {
			switch {
			case d.Type == html.TextNode:
				text = append(text, d.Data)
			case d.DataAtom == atom.Cite || d.DataAtom == atom.Footer || strings.Contains(attr(d, "class"), "author") || strings.Contains(attr(d, "class"), "attribution"):
				by = strings.TrimSpace(by + " " + strings.Join(leafTexts(d), ", "))
			case d.DataAtom == atom.Br:
				text = append(text, "\n")
			case d.DataAtom == atom.A || d.DataAtom == atom.Img || d.DataAtom == atom.Ul || d.DataAtom == atom.Ol || d.DataAtom == atom.Pre || d.DataAtom == atom.Table || d.DataAtom == atom.Blockquote ||
				d.Data == element || d.Data == noteRef || isHeading(d) || isPlayer(d):
				simple = false
			default:
				if isBlock(d) {
					text = append(text, "\n\n")
				}
				walk(d)
				if isBlock(d) {
					text = append(text, "\n\n")
				}
			}
		}
	}
	walk(n)
	if !simple {
		return piece{}, false
	}
	q := domain.Quote{Text: passage(strings.Join(text, ""))}
	if by != "" {
		q.By, q.Role = person(clean(by))
	} else {
		q.Text, q.By, q.Role = attributed(q.Text)
	}
	q.Text = c.p.quoted(q.Text)
	b := domain.NewQuote(q)
	if q.By == "" || !looksLikeName(q.By) || !sound(b) {
		return piece{}, false
	}
	c.p.note(Mapped, c.line, "quote", q.Text, "a quotation of "+q.By)
	return piece{block: &b, line: c.line}, true
}

var (
	inMarks  = regexp.MustCompile(`^[*_>\s]*["“„«]`)
	endMarks = regexp.MustCompile(`["“”»][*_\s]*$`)
	byLine   = regexp.MustCompile(`^(?:—|–|-{1,3}|\\-|―)\s*(.{3,150})$`)
)

// spoken makes a quotation of a paragraph in quotation marks that is followed by a dash and a name.
func (c *converter) spoken(pieces []piece) []piece {
	var out []piece
	for i := 0; i < len(pieces); i++ {
		pc := pieces[i]
		if q, ok := c.spokenAtOnce(pc); ok {
			out = append(out, q)
			continue
		}
		if i+1 < len(pieces) && pc.block == nil && pieces[i+1].block == nil && inMarks.MatchString(pc.md) && endMarks.MatchString(pc.md) && len(pc.notes) == 0 && !strings.Contains(pc.md+pieces[i+1].md, "](") {
			words, who := prose.Words(pc.md), byLine.FindStringSubmatch(strings.TrimSpace(prose.Words(pieces[i+1].md)))
			if who != nil && looksLikeName(who[1]) {
				q := domain.Quote{Text: c.p.quoted(passage(words))}
				q.By, q.Role = person(who[1])
				if b := domain.NewQuote(q); sound(b) {
					c.p.note(Mapped, pc.line, "quote", q.Text, "a quotation of "+q.By)
					out = append(out, piece{block: &b, line: pc.line})
					i++
					continue
				}
			}
		}
		out = append(out, pc)
	}
	return out
}

var atOnce = regexp.MustCompile(`(?s)^(?:"([^"]{20,})"|“([^“”]{20,})”|„([^„“”]{20,})[“”]|«([^«»]{20,})»)\s*(?:—|–|-{1,3})\s*([^\n—–"“”]{3,150},[^\n—–"“”]{2,150})$`)

// spokenAtOnce makes a quotation of a paragraph that has the dash, the name and what the person is behind the words.
func (c *converter) spokenAtOnce(pc piece) (piece, bool) {
	if pc.block != nil || len(pc.notes) > 0 || !inMarks.MatchString(pc.md) || strings.HasPrefix(pc.md, ">") || strings.Contains(pc.md, "](") {
		return piece{}, false
	}
	m := atOnce.FindStringSubmatch(strings.TrimSpace(prose.Words(pc.md)))
	if m == nil || !looksLikeName(m[5]) {
		return piece{}, false
	}
	q := domain.Quote{Text: c.p.quoted(passage(m[1] + m[2] + m[3] + m[4]))}
	q.By, q.Role = person(m[5])
	b := domain.NewQuote(q)
	if !sound(b) {
		return piece{}, false
	}
	c.p.note(Mapped, pc.line, "quote", q.Text, "a quotation of "+q.By)
	return piece{block: &b, line: pc.line}, true
}

func isHeading(n *html.Node) bool {
	return len(n.Data) == 2 && n.Data[0] == 'h' && n.Data[1] >= '1' && n.Data[1] <= '6'
}

func isPlayer(n *html.Node) bool {
	return n.DataAtom == atom.Iframe || n.DataAtom == atom.Video || n.DataAtom == atom.Audio || n.DataAtom == atom.Object || n.DataAtom == atom.Embed
}

// apartText returns the words within a node, blocks apart.
func apartText(n *html.Node) string {
	var b strings.Builder
	for d := range n.ChildNodes() {
		switch {
		case d.Type == html.TextNode:
			b.WriteString(blanks.ReplaceAllString(d.Data, " "))
		case d.DataAtom == atom.Br:
			b.WriteString("\n")
		case isBlock(d):
			b.WriteString("\n\n" + apartText(d) + "\n\n")
		default:
			b.WriteString(apartText(d))
		}
	}
	return b.String()
}

// passage makes paragraphs of words: white space in a line is one space.
func passage(s string) string {
	var out []string
	for part := range strings.SplitSeq(visible(s), "\n\n") {
		if part = strings.Join(strings.Fields(part), " "); part != "" {
			out = append(out, part)
		}
	}
	return strings.Join(out, "\n\n")
}

var buttonClass = regexp.MustCompile(`(?i)(?:^|[\s_-])(?:btn|button|cta)(?:$|[\s_-])`)

// buttonAlone recognizes a paragraph that is a link dressed as a button.
func (c *converter) buttonAlone(nodes []*html.Node) (domain.Block, bool) {
	var link *html.Node
	for _, d := range nodes {
		switch {
		case d.DataAtom == atom.A && link == nil && buttonClass.MatchString(attr(d, "class")):
			link = d
		case d.Type == html.TextNode && strings.TrimSpace(d.Data) == "":
		default:
			return domain.Block{}, false
		}
	}
	if link == nil || linked(link) {
		return domain.Block{}, false
	}
	to, problem := c.p.link(attr(link, "href"))
	b := domain.NewCTA(domain.CTA{Label: clean(textOf(link)), URL: to})
	if problem != "" || !sound(b) {
		return b, false
	}
	c.met[link] = true
	c.p.note(Mapped, c.line, "call to action", b.CTA.Label, "a button that leads to "+to)
	return b, true
}

var (
	quoteClass = regexp.MustCompile(`(?i)testimonial|quote`)
	behind     = regexp.MustCompile(`(?i)background(?:-image)?\s*:[^;]*url\(\s*['"]?([^'")]+)`)
)

// backdrop is the picture behind an element: on its own page it was shown.
func (c *converter) backdrop(n *html.Node) []piece {
	m := behind.FindStringSubmatch(attr(n, "style"))
	if m == nil {
		return nil
	}
	return c.picturePiece(image{src: m[1], line: c.line, field: "background"})
}

var embedClass = regexp.MustCompile(`(?i)(?:^|[\s_-])embed(?:$|[\s_-])`)

var statClass = regexp.MustCompile(`(?i)(?:^|[\s_-])(?:stat|metric|kpi)(?:$|[\s_]|-(?:item|card|box|block))`)

// stat recognizes a figure and what it counts, each in an element of its own.
func (c *converter) stat(n *html.Node) ([]piece, bool) {
	texts := leafTexts(n)
	if len(texts) != 2 || linked(n) || partInside(n) {
		return nil, false
	}
	for _, pair := range [][2]string{{texts[0], texts[1]}, {texts[1], texts[0]}} {
		m := c.p.figure(pair[0])
		if m.Value == "" || m.Label != "" {
			continue
		}
		m.Label = pair[1]
		if b := domain.NewMetric(m); sound(b) {
			c.p.note(Mapped, c.line, "figure", pair[0]+" "+pair[1], "a figure")
			return []piece{{block: &b, line: c.line}}, true
		}
	}
	return nil, false
}

// leafTexts returns the words of a node, apart where they stand in elements of their own.
func leafTexts(n *html.Node) []string {
	apart := false
	for d := range n.ChildNodes() {
		if d.Type == html.TextNode && clean(d.Data) != "" {
			return []string{clean(textOf(n))}
		}
		apart = apart || d.Type == html.ElementNode
	}
	var out []string
	if apart {
		for d := range n.ChildNodes() {
			out = append(out, leafTexts(d)...)
		}
	}
	return out
}

// dressed recognizes what a class says of an element.
func (c *converter) dressed(n *html.Node) ([]piece, bool) {
	class := attr(n, "class")
	if class == "" {
		return nil, false
	}
	if quoteClass.MatchString(class) {
		if q, ok := c.quoteOf(n, ""); ok {
			return []piece{q}, true
		}
	}
	if b, ok := c.buttonAlone(children(n)); ok {
		return []piece{{block: &b, line: c.line}}, true
	}
	if statClass.MatchString(class) {
		return c.stat(n)
	}
	if at, film := watchable(clean(textOf(n))); film && embedClass.MatchString(class) {
		b := domain.NewVideo(domain.Video{URL: at, Title: "Video"})
		c.p.note(Mapped, c.line, "video", at, "a link to a film; players are not embedded")
		return []piece{{block: &b, line: c.line}}, sound(b)
	}
	return nil, false
}
