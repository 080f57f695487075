package importer

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"renown.example/stories/domain"
)

// Components are known by what their names say.
var (
	saysPicture = regexp.MustCompile(`(?i)figure|image|img|picture|photo|screenshot|caption|zoom|lightbox`)
	saysGallery = regexp.MustCompile(`(?i)galler|carousel|slider|slideshow`)
	saysVideo   = regexp.MustCompile(`(?i)youtube|vimeo|video|film|embed|player|wistia|loom`)
	saysQuote   = regexp.MustCompile(`(?i)quote|testimonial`)
	saysMetric  = regexp.MustCompile(`(?i)stat|metric|kpi|figures|numbers|results?$|highlight`)
	saysButton  = regexp.MustCompile(`(?i)button|btn|cta|calltoaction|call-to-action|link$`)
	saysTitle   = regexp.MustCompile(`(?i)tab$|details|expand|accordion|collaps|spoiler|panel|step$`)
	saysBefore  = regexp.MustCompile(`(?i)before-?_?after|comparison`)
)

// part converts a component. What no block can be is kept, and what stands inside of it is part of the text.
func (c *converter) part(n *html.Node) []piece {
	i, err := strconv.Atoi(attr(n, "data-i"))
	if err != nil || i < 0 || i >= len(c.p.parts) {
		return c.flow(children(n))
	}
	pt := c.p.parts[i]
	c.line, c.used[i] = pt.line, true
	if c.deep++; c.deep >= maxDeep {
		return c.paragraph([]*html.Node{{Type: html.TextNode, Data: textOf(n)}})
	}
	defer func() { c.deep-- }()
	base := pt.name[strings.LastIndexAny(pt.name, "/.")+1:]
	for _, try := range []struct {
		name *regexp.Regexp
		make func(part, *html.Node) ([]piece, bool)
	}{{saysQuote, c.partQuote}, {saysGallery, c.partPictures}, {saysPicture, c.partPictures}, {saysVideo, c.partVideo}, {saysBefore, c.partBefore}, {saysMetric, c.partMetrics}, {saysButton, c.partButton}} {
		if !try.name.MatchString(base) {
			continue
		}
		if out, ok := try.make(pt, n); ok {
			return out
		}
	}
	if pt.alone {
		c.p.keep(pt.line, pt.name, pt.raw, "a component of the other site")
		return nil
	}
	title, _ := get(pt.fields, "title", "heading", "label", "summary")
	if first, there := get(pt.fields, "0"); there && title.key == "" && saysTitle.MatchString(base) {
		title = first
	}
	words := clean(title.value.words())
	if words == "" {
		c.p.keep(pt.line, pt.name, pt.raw, "a component of the other site; what stands in it is in the text")
		return c.flow(children(n))
	}
	c.p.keep(pt.line, pt.name, pt.raw, "a component of the other site; its title and what stands in it are in the text")
	return append([]piece{c.checked("**"+escaped(words, style{})+"**", words)}, c.flow(children(n))...)
}

// adopt makes a component of an element that HTML does not know.
func (c *converter) adopt(n *html.Node) bool {
	if n.Type != html.ElementNode || n.DataAtom != 0 || strings.HasPrefix(n.Data, "renown-") || atom.Lookup([]byte(n.Data)) != 0 || !strings.Contains(n.Data, "-") && len(n.Attr) < 2 {
		return false
	}
	c.seen(n)
	pt := part{name: n.Data, line: c.line, alone: n.FirstChild == nil, raw: opening(n)}
	for _, a := range n.Attr {
		if a.Key != lineMark {
			pt.fields = append(pt.fields, field{key: a.Key, line: c.line, value: value{kind: single, text: a.Val, line: c.line}})
		}
	}
	n.Data, n.Attr = element, []html.Attribute{{Key: "data-i", Val: itoa(len(c.p.parts))}}
	c.p.parts = append(c.p.parts, pt)
	return true
}

// opening returns the tag with which an element begins.
func opening(n *html.Node) string {
	bare := &html.Node{Type: n.Type, Data: n.Data, DataAtom: n.DataAtom, Attr: n.Attr}
	tag := outer(bare)
	return strings.TrimSuffix(tag, "</"+n.Data+">")
}

func partInside(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.Data == element {
			return true
		}
	}
	return false
}

// inlinePart is a component among words.
func (c *converter) inlinePart(n *html.Node, st style) []span {
	i, err := strconv.Atoi(attr(n, "data-i"))
	if err == nil && i >= 0 && i < len(c.p.parts) && c.p.parts[i].alone {
		if label, to, ok := buttonFields(c.p.parts[i].fields); ok && saysButton.MatchString(c.p.parts[i].name) {
			c.line, c.used[i] = c.p.parts[i].line, true
			c.p.note(Mapped, c.line, c.p.parts[i].name, c.p.parts[i].raw, "a link in the text")
			return c.anchor(linkNode(label, to), st)
		}
	}
	if err == nil && i >= 0 && i < len(c.p.parts) && !c.p.parts[i].alone && !blockChild(n) {
		pt := c.p.parts[i]
		c.line, c.used[i] = pt.line, true
		if saysButton.MatchString(pt.name) {
			if to, ok := get(pt.fields, "href", "to", "url", "link"); ok {
				return c.anchor(&html.Node{Type: html.ElementNode, Data: "a", Attr: []html.Attribute{{Key: "href", Val: to.value.words()}}, FirstChild: n.FirstChild, LastChild: n.LastChild}, st)
			}
		}
		if _, film := c.p.film(pt.name, clean(textOf(n))); !saysQuote.MatchString(pt.name) && !(saysVideo.MatchString(pt.name) && film) {
			c.p.keep(pt.line, pt.name, pt.raw, "a component of the other site; what stands in it is in the text")
			return c.inline(children(n), st)
		}
	}
	return []span{{blocks: c.part(n)}}
}

// linkNode is the link that a button would be in a text.
func linkNode(label, to field) *html.Node {
	a := &html.Node{Type: html.ElementNode, Data: "a", DataAtom: atom.A, Attr: []html.Attribute{{Key: "href", Val: to.value.words()}}}
	a.AppendChild(&html.Node{Type: html.TextNode, Data: label.value.words()})
	return a
}

// left keeps the fields of a component that had no place.
func (c *converter) left(pt part, used ...string) {
	for _, f := range pt.fields {
		if key := plainKey(f.key); f.value.kind != nothing && !oneOf(key, used...) && !dressing[key] {
			c.p.keep(f.line, pt.name+" "+f.key, f.value.String(), "the block has no such field")
		}
	}
}

// dressing are fields of components that say how something looks.
var dressing = map[string]bool{"class": true, "classname": true, "style": true, "width": true, "height": true, "align": true, "id": true, "loading": true, "sizes": true, "layout": true,
	"quality": true, "placeholder": true, "priority": true, "fill": true, "color": true, "variant": true, "key": true, "size": true, "lazy": true, "target": true, "rel": true, "decoding": true,
	"format": true, "formats": true, "aspectratio": true, "autoplay": true, "controls": true, "position": true, "theme": true, "background": true}

func (c *converter) partPictures(pt part, n *html.Node) ([]piece, bool) {
	var pics []image
	for _, f := range pt.fields {
		if oneOf(plainKey(f.key), "src", "url", "image", "path", "file", "source", "img", "images", "photos", "slides", "items", "0", "href", "filename", "image1", "image2") && len(pics) == 0 {
			pics = imagesOf(f.value)
		}
	}
	if len(pics) == 0 && !pt.alone {
		return c.captioned(pt, n)
	}
	if len(pics) == 0 || !IsPicture(strings.SplitN(pics[0].src, "?", 2)[0]) && !strings.HasPrefix(pics[0].src, "data:") {
		return nil, false
	}
	used := []string{"src", "url", "image", "path", "file", "source", "img", "images", "photos", "slides", "items", "0", "href", "filename"}
	if len(pics) == 1 {
		if alt, ok := get(pt.fields, "alt", "alttext", "1"); ok && pics[0].alt == "" {
			if second, there := get(pt.fields, "2"); there && alt.key == "1" && !strings.Contains(alt.value.words(), " ") {
				alt = second // the first dresses it
				used = append(used, "2")
			}
			pics[0].alt = alt.value.words()
		}
		if caption, ok := get(pt.fields, "caption", "title", "description"); ok && pics[0].caption == "" {
			pics[0].caption = c.p.plainText(caption.value.words())
			used = append(used, plainKey(caption.key))
		}
		if words := clean(textOf(n)); words != "" && pics[0].caption == "" && !blockChild(n) && !linked(n) {
			pics[0].caption = words
			n = nil
		}
		used = append(used, "alt", "alttext", "1")
	}
	var out []piece
	for _, i := range pics {
		i.line, i.field = pt.line, pt.name
		out = append(out, c.picturePiece(i)...)
	}
	c.left(pt, used...)
	if n != nil {
		out = append(out, c.flow(children(n))...)
	}
	return out, true
}

// captioned converts a component around one picture and what is said of it.
func (c *converter) captioned(pt part, n *html.Node) ([]piece, bool) {
	var img *html.Node
	for d := range n.Descendants() {
		if d.DataAtom == atom.Img {
			if img != nil {
				return nil, false
			}
			img = d
		} else if d.Type == html.ElementNode && (isBlock(d) && d.DataAtom != atom.P || d.Data == element) {
			return nil, false
		}
	}
	words := clean(textOf(n))
	if img == nil || len([]rune(words)) > domain.MaxAlt {
		return nil, false
	}
	out := c.img(img)
	switch {
	case words == "":
	case len(out) == 1 && out[0].block.Image.Caption == "":
		out[0].block.Image.Caption = words
	default:
		out = append(out, c.checked(started(escaped(words, style{})), words))
	}
	c.left(pt)
	return out, true
}

func (c *converter) partVideo(pt part, n *html.Node) ([]piece, bool) {
	f, ok := get(pt.fields, "id", "videoid", "src", "url", "href", "0", "youtubeid", "vimeoid", "embedid", "link", "youtube", "vimeo", "video")
	address := clean(textOf(n))
	if ok {
		address = f.value.words()
	}
	at, there := c.p.film(pt.name+f.key, address)
	if !there {
		return nil, false
	}
	title := "Video"
	if t, ok := get(pt.fields, "title", "caption", "alt", "name"); ok {
		title = t.value.words()
	}
	b := domain.NewVideo(domain.Video{URL: at, Title: title})
	if !sound(b) {
		return nil, false
	}
	c.p.note(Mapped, pt.line, pt.name, pt.raw, "a link to a film; players are not embedded")
	out := []piece{{block: &b, line: pt.line}}
	if ok {
		out = append(out, c.flow(children(n))...)
	}
	return out, true
}

func (c *converter) partQuote(pt part, n *html.Node) ([]piece, bool) {
	v := value{kind: table, fields: pt.fields}
	inner := passage(apartText(n))
	if inner != "" {
		if linked(n) || partInside(n) {
			return nil, false
		}
		if _, there := get(pt.fields, "quote", "text", "content"); there {
			return nil, false
		}
		v.fields = append([]field{{key: "text", line: pt.line, value: value{kind: single, text: inner}}}, v.fields...)
	}
	q, rest, ok := c.p.quotation(v)
	if ok && q.By == "" {
		q.Text, q.By, q.Role = attributed(q.Text)
	}
	if by, there := get(rest, "0"); ok && q.By == "" && there && looksLikeName(by.value.words()) {
		role, _ := get(rest, "1")
		q.By, q.Role = by.value.words(), role.value.words()
		rest = slices.DeleteFunc(rest, func(f field) bool { return f.key == "0" || f.key == "1" })
	}
	b := domain.NewQuote(q)
	if !ok || !sound(b) {
		return nil, false
	}
	c.p.note(Mapped, pt.line, pt.name, q.Text, "a quotation")
	var left []field
	for _, f := range rest {
		pics := imagesOf(f.value)
		if len(pics) > 0 && IsPicture(pics[0].src) {
			c.p.keep(f.line, pt.name+" "+f.key, f.value.String(), "a quotation has no picture")
			continue
		}
		left = append(left, f)
	}
	c.left(part{name: pt.name, fields: left})
	return []piece{{block: &b, line: pt.line}}, true
}

func (c *converter) partMetrics(pt part, n *html.Node) ([]piece, bool) {
	fields := pt.fields
	if inner := clean(textOf(n)); inner != "" {
		if blockChild(n) {
			return nil, false
		}
		fields = append(append([]field(nil), fields...), field{key: "label", value: value{kind: single, text: inner}})
	}
	var blocks []domain.Block
	for _, f := range fields {
		if f.value.kind == listed {
			blocks = append(blocks, c.p.metrics(pt.name, pt.line, f.value, false)...)
		}
	}
	if len(blocks) == 0 {
		m, rest := c.p.metric(value{kind: table, fields: fields, line: pt.line})
		b := domain.NewMetric(m)
		if m.Value == "" || m.Label == "" || !sound(b) {
			return nil, false
		}
		c.p.note(Mapped, pt.line, pt.name, pt.raw, "a figure")
		c.left(part{name: pt.name, fields: rest})
		blocks = append(blocks, b)
	}
	var out []piece
	for i := range blocks {
		out = append(out, piece{block: &blocks[i], line: pt.line})
	}
	return out, true
}

func (c *converter) partButton(pt part, n *html.Node) ([]piece, bool) {
	fields := pt.fields
	if inner := clean(textOf(n)); inner != "" {
		if linked(n) {
			return nil, false
		}
		fields = append([]field{{key: "label", value: value{kind: single, text: inner}}}, fields...)
	}
	b, ok := c.p.button(fields)
	if !ok {
		label, to, ok := buttonFields(fields)
		if !ok || clean(label.value.words()) == "" {
			return nil, false
		}
		c.p.note(Mapped, pt.line, pt.name, pt.raw, "a link in the text")
		return c.paragraph([]*html.Node{linkNode(label, to)}), true
	}
	c.p.note(Mapped, pt.line, pt.name, pt.raw, "a call to action")
	return []piece{{block: &b, line: pt.line}}, true
}

func (c *converter) partBefore(pt part, _ *html.Node) ([]piece, bool) {
	before, ok := get(pt.fields, "before", "left")
	after, there := get(pt.fields, "after", "right")
	if !ok || !there || before.value.kind != single || after.value.kind != single {
		return nil, false
	}
	if IsPicture(before.value.words()) && IsPicture(after.value.words()) {
		out := c.picturePiece(image{src: before.value.words(), line: pt.line, field: pt.name})
		return append(out, c.picturePiece(image{src: after.value.words(), line: pt.line, field: pt.name})...), true
	}
	b := domain.NewBeforeAfter(passage(before.value.text), passage(after.value.text))
	if !sound(b) {
		return nil, false
	}
	c.p.note(Mapped, pt.line, pt.name, pt.raw, "before and after")
	return []piece{{block: &b, line: pt.line}}, true
}
