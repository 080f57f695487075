package importer

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// span is a stretch of a paragraph: words with their markup, or something that is a block of its own.
type span struct {
	md, plain string
	blocks    []piece
}

// style is what the words around a span are.
type style struct {
	simple bool // no emphasis
	link   bool
	table  bool
}

// inline converts nodes within a paragraph.
func (c *converter) inline(nodes []*html.Node, st style) []span {
	var out []span
	nodes = togetherEmphasized(nodes)
	for i, n := range nodes {
		switch n.Type {
		case html.TextNode:
			out = append(out, span{md: escaped(spaces(n.Data), st), plain: spaces(n.Data)})
		case html.ElementNode:
			next := ""
			if i+1 < len(nodes) {
				next = textOf(nodes[i+1])
			}
			out = append(out, c.element(n, st, next)...)
		}
	}
	return out
}

// togetherEmphasized puts emphasized words that touch into one element, as readers see them: editors part them.
func togetherEmphasized(nodes []*html.Node) []*html.Node {
	var out []*html.Node
	for _, n := range nodes {
		if last := len(out) - 1; last >= 0 && emphasizes(n) && out[last].DataAtom == n.DataAtom {
			for d := n.FirstChild; d != nil; d = n.FirstChild {
				n.RemoveChild(d)
				out[last].AppendChild(d)
			}
			continue
		}
		out = append(out, n)
	}
	return out
}

func emphasizes(n *html.Node) bool {
	return n.DataAtom == atom.Strong || n.DataAtom == atom.B || n.DataAtom == atom.Em || n.DataAtom == atom.I
}

func (c *converter) element(n *html.Node, st style, next string) []span {
	c.seen(n)
	switch n.DataAtom {
	case atom.Br:
		if st.table {
			return []span{{md: " ", plain: " "}}
		}
		return []span{{md: "\\\n", plain: "\n"}}
	case atom.B, atom.Strong:
		return c.wrapped(n, st, "**", next)
	case atom.I, atom.Em, atom.Cite, atom.Dfn, atom.Var:
		return c.wrapped(n, st, "*", next)
	case atom.Del, atom.S, atom.Strike:
		return c.wrapped(n, st, "~~", next)
	case atom.Code, atom.Kbd, atom.Samp, atom.Tt:
		return c.codeSpan(n, st, next)
	case atom.A:
		return c.anchor(n, st)
	case atom.Img:
		return []span{{blocks: c.img(n)}}
	case atom.Sup, atom.Sub:
		if small, ok := raised(n); ok {
			return []span{{md: small, plain: small}}
		}
		return c.inline(children(n), st)
	case atom.Wbr:
		return nil
	case atom.Q:
		return surrounded(c.inline(children(n), st), "“", "”")
	case atom.Input:
		if attr(n, "type") == "checkbox" {
			sign := "☐"
			if has(n, "checked") {
				sign = "☑"
			}
			return []span{{md: sign, plain: sign}}
		}
	}
	if n.Data == noteRef {
		return []span{{md: "[^" + attr(n, "data-n") + "]", plain: ""}}
	}
	if n.Data == element || c.adopt(n) {
		return c.inlinePart(n, st)
	}
	if isBlock(n) {
		return []span{{blocks: c.block(n)}}
	}
	return c.inline(children(n), st)
}

func surrounded(spans []span, before, after string) []span {
	return append(append([]span{{md: before, plain: before}}, spans...), span{md: after, plain: after})
}

// wrapped puts emphasis around words; blocks within come out of it.
func (c *converter) wrapped(n *html.Node, st style, mark, next string) []span {
	inner := c.inline(children(n), st)
	if st.simple || n.Parent != nil && n.Parent.DataAtom == n.DataAtom {
		return inner
	}
	var out []span
	for _, s := range merged(inner) {
		words := strings.TrimSpace(s.md)
		if len(s.blocks) > 0 || words == "" || strings.HasSuffix(words, "\\") || strings.HasPrefix(words, "\\\n") {
			out = append(out, s)
			continue
		}
		lead := s.md[:strings.Index(s.md, words)]
		trail := s.md[len(lead)+len(words):]
		first, _ := utf8.DecodeRuneInString(next)
		last, _ := utf8.DecodeLastRuneInString(words)
		if trail == "" && isWord(first) && unicode.IsPunct(last) {
			inner := strings.TrimRight(words, ":.,;!?。：，、！？")
			if inner == "" || strings.ContainsAny(inner[len(inner)-1:], "\\*_`~)]") {
				out = append(out, s) // such an end would not be seen
				continue
			}
			words, trail = inner, words[len(inner):] // the sign stands outside then
		}
		out = append(out, span{md: lead + mark + words + mark + trail, plain: s.plain})
	}
	return out
}

// merged joins words that touch.
func merged(spans []span) []span {
	var out []span
	var md, plain strings.Builder
	worded := false
	flush := func() {
		if worded {
			out = append(out, span{md: md.String(), plain: plain.String()})
			md.Reset()
			plain.Reset()
		}
		worded = false
	}
	for _, s := range spans {
		if len(s.blocks) > 0 {
			flush()
			out = append(out, s)
			continue
		}
		md.WriteString(s.md)
		plain.WriteString(s.plain)
		worded = true
	}
	flush()
	return out
}

func (c *converter) codeSpan(n *html.Node, st style, next string) []span {
	text := textOf(n)
	code := strings.Join(strings.Fields(text), " ")
	if code == "" {
		return nil
	}
	lead, trail := "", ""
	before := ""
	if n.PrevSibling != nil {
		before = textOf(n.PrevSibling)
	}
	if last, _ := utf8.DecodeLastRuneInString(before); isWord(last) && strings.HasPrefix(spaces(text), " ") { // what parts it from its neighbours stays
		lead = " "
	}
	if first, _ := utf8.DecodeRuneInString(next); isWord(first) && strings.HasSuffix(spaces(text), " ") {
		trail = " "
	}
	ticks := "`"
	for strings.Contains(code, ticks) {
		ticks += "`"
	}
	pad := ""
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") {
		pad = " "
	}
	md := ticks + pad + code + pad + ticks
	if st.table {
		md = strings.ReplaceAll(md, "|", "\\|")
	}
	return []span{{md: lead + md + trail, plain: lead + code + trail}}
}

// anchor converts a link. One around a picture leaves the picture, one that cannot be kept its words.
func (c *converter) anchor(n *html.Node, st style) []span {
	c.met[n] = true
	href := attr(n, "href")
	st.link = true
	inner := merged(c.inline(children(n), st))
	if sign := strings.TrimSpace(plainOf(inner)); strings.HasPrefix(href, "#") && oneOf(sign, "#", "¶", "§", "🔗") {
		c.p.note(Skipped, c.line, "link", href, "the sign by which a heading of the other site is linked to")
		return nil
	}
	if strings.TrimSpace(plainOf(inner)) == "" {
		if href != "" && !strings.HasPrefix(href, "#") && len(inner) > 0 && !IsPicture(href) {
			c.p.keep(c.line, "link", href, "a link around a picture: pictures of a story lead nowhere")
		}
		return inner
	}
	if href == "" {
		return inner
	}
	to, problem := c.p.link(href)
	if problem != "" {
		if !strings.HasPrefix(href, "#") {
			c.p.keep(c.line, "link", href, "the link of “"+clip(plainOf(inner), 60)+"”: "+problem)
		} else {
			c.p.note(Skipped, c.line, "link", href, problem)
		}
		return inner
	}
	if strings.HasPrefix(strings.TrimSpace(href), "http:") {
		c.p.note(Open, c.line, "link", href, "it leads to https now: see that it still arrives")
	}
	var out []span
	for _, s := range inner {
		words := strings.TrimSpace(s.md)
		if len(s.blocks) > 0 || words == "" {
			out = append(out, s)
			continue
		}
		lead := s.md[:strings.Index(s.md, words)]
		trail := s.md[len(lead)+len(words):]
		out = append(out, span{md: lead + "[" + words + "](" + destination(to) + ")" + trail, plain: s.plain})
	}
	return out
}

// destination writes an address as Markdown takes it.
func destination(to string) string {
	return strings.NewReplacer("(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "\\", "%5C", "*", "%2A", "|", "%7C", "&", "&amp;").Replace(to)
}

const (
	plainDigits = "0123456789+-=()n"
	supDigits   = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ"
	subDigits   = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₙ"
)

// raised writes small figures by characters that are small by themselves.
func raised(n *html.Node) (string, bool) {
	text := strings.TrimSpace(textOf(n))
	small := []rune(supDigits)
	if n.DataAtom == atom.Sub {
		small = []rune(subDigits)
	}
	if text == "" || strings.Trim(text, plainDigits) != "" || n.FirstChild == nil || n.FirstChild != n.LastChild || n.FirstChild.Type != html.TextNode {
		return "", false
	}
	var b strings.Builder
	for _, r := range text {
		b.WriteRune(small[strings.IndexRune(plainDigits, r)])
	}
	return b.String(), true
}

func plainOf(spans []span) string {
	var b strings.Builder
	for _, s := range spans {
		b.WriteString(s.plain)
	}
	return b.String()
}

// isWord reports whether a character is one of words.
func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

var entityLike = regexp.MustCompile(`^&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)

// escaped writes words so that Markdown takes them as words.
func escaped(s string, st style) string {
	var b strings.Builder
	for i, r := range s {
		before, after := rune(' '), rune(' ')
		if i > 0 {
			before, _ = utf8.DecodeLastRuneInString(s[:i])
		}
		if i+utf8.RuneLen(r) < len(s) && utf8.RuneLen(r) > 0 {
			after, _ = utf8.DecodeRuneInString(s[i+utf8.RuneLen(r):])
		}
		switch r {
		case '\\', '`', '[', '<':
			b.WriteByte('\\')
		case '*':
			if !(before == ' ' && after == ' ' && i > 0) {
				b.WriteByte('\\')
			}
		case '_':
			if !(isWord(before) && isWord(after)) {
				b.WriteByte('\\')
			}
		case '~':
			if after == '~' || before == '~' || i == 0 || i == len(s)-1 || !unicode.IsDigit(after) {
				b.WriteByte('\\')
			}
		case ']':
			if st.link {
				b.WriteByte('\\')
			}
		case '|':
			if st.table {
				b.WriteByte('\\')
			}
		case '!':
			if i == len(s)-1 {
				b.WriteByte('\\')
			}
		case '&':
			if entityLike.MatchString(s[i:]) {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
	}
	return b.String()
}

var lineStart = regexp.MustCompile(`^(?:#{1,6}(?:\s|$)|>|[-+*=](?:\s|$|[-+*=])|:|\||~~~|\d{1,9}[.)](?:\s|$))`)

// strongly begins a line that begins with words in bold and italics, and is no rule.
var strongly = regexp.MustCompile(`^\*{3}[^\s*]`)

// started escapes what would begin something else at the beginning of a line.
func started(md string) string {
	ls := strings.Split(md, "\n")
	for i, l := range ls {
		l = strings.TrimLeft(l, " \t")
		if strings.HasPrefix(l, "**") && !strings.HasPrefix(l, "***") || strongly.MatchString(l) || strings.HasPrefix(l, "*") && len(l) > 1 && l[1] != ' ' && l[1] != '*' || strings.HasPrefix(l, "~~") && !strings.HasPrefix(l, "~~~") {
			ls[i] = l
			continue
		}
		if lineStart.MatchString(l) {
			at := strings.IndexAny(l, ".)")
			if l[0] >= '0' && l[0] <= '9' && at > 0 {
				l = l[:at] + "\\" + l[at:]
			} else {
				l = "\\" + l
			}
		}
		ls[i] = l
	}
	return strings.Join(ls, "\n")
}

var blanks = regexp.MustCompile(`[ \t\r\n\f]+`)

// spaces makes one space of white space, as browsers do.
func spaces(s string) string { return blanks.ReplaceAllString(visible(s), " ") }

// visible drops characters that nothing can show.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return r
		case r == '\u2028' || r == '\u2029':
			return '\n'
		case unicode.IsControl(r) || r == '\uFEFF':
			return -1
		}
		return r
	}, s)
}
