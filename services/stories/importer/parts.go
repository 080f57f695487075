package importer

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

// part is a component in a body: a shortcode of Hugo or WordPress, a tag of Liquid, an element of JSX, a container with colons.
type part struct {
	name   string
	fields []field
	raw    string
	line   int
	// alone says that it has no inside.
	alone bool
}

// element stands in the body for part number i until the body is converted.
const element = "renown-part"

// scanner goes through a body and puts elements where parts are. Lines stay where they are, and nothing in code is touched.
type scanner struct {
	page  *page
	text  string
	out   strings.Builder
	at    int
	line  int
	open  []string          // parts whose end is awaited
	jsx   bool              // the page is MDX
	html  bool              // the page is HTML: it has no fences, and code stands in elements
	inner bool              // the page asks for Markdown inside of elements of HTML
	names map[string]string // of pictures that MDX imports
	// searches counts how often the end of something was looked for.
	searches int
	// endless tells up to where no end of a component was found, by its pattern.
	endless map[string]int
	// nowhere are words that do not come any more, unended the least length of fences that have no end, and paragraph the place where the current paragraph ends.
	nowhere   map[string]bool
	unended   map[string]int
	paragraph int
	// deep counts the indented passages around this one, each with a scanner of its own.
	deep int
	// bold is where bold words end that have begun.
	bold int
}

// parted returns the body with its parts replaced.
func (p *page) parted(body string) string {
	s := &scanner{page: p, text: body, line: 1, jsx: isMDX(p.Path), html: isHTML(p.Path), names: map[string]string{}, endless: map[string]int{}, nowhere: map[string]bool{}, unended: map[string]int{}}
	s.inner = s.jsx || markdownInside.MatchString(body)
	return s.scan()
}

// scan goes through the text.
func (s *scanner) scan() string {
	for s.at < len(s.text) && !s.page.Refuse {
		if s.searches > maxSearches || len(s.page.parts) > maxParts {
			s.page.refuse(s.line, "text", "", "there are more shortcodes and components in it, or beginnings of such, than a page may have")
			return ""
		}
		if s.code() || s.module() || s.markup() {
			continue
		}
		c := s.text[s.at]
		if c == '\n' {
			s.line++
		}
		s.out.WriteByte(c)
		s.at++
	}
	for range s.open {
		s.out.WriteString("</" + element + ">")
	}
	return s.out.String()
}

var markdownInside = regexp.MustCompile(`<[a-z][^<>]*\smarkdown(?:=|>|\s)`)

// pass copies n bytes.
func (s *scanner) pass(n int) {
	s.out.WriteString(s.text[s.at : s.at+n])
	s.skip(n)
}

// skip leaves n bytes out.
func (s *scanner) skip(n int) {
	s.line += strings.Count(s.text[s.at:s.at+n], "\n")
	s.at += n
}

// replace puts something in the place of n bytes, with as many lines.
func (s *scanner) replace(n int, with string) {
	lines := strings.Count(s.text[s.at:s.at+n], "\n") - strings.Count(with, "\n")
	s.out.WriteString(with + strings.Repeat("\n", max(lines, 0)))
	s.skip(n)
}

func (s *scanner) atLineStart() bool { return s.at == 0 || s.text[s.at-1] == '\n' }

var (
	importLine  = regexp.MustCompile(`^import\s+(?:[^'"\n]*\sfrom\s+)?['"][^'"\n]*['"];?[ \t]*(?:\n|$)`)
	importMany  = regexp.MustCompile(`^import\s+\{[^{}]*\}\s+from\s+['"][^'"\n]*['"];?[ \t]*(?:\n|$)`)
	importImage = regexp.MustCompile(`^import\s+(\w+)\s+from\s+['"]([^'"\n]+)['"]`)
	exportLine  = regexp.MustCompile(`^export\s+(?:default|const|let|var|function|async)\b`)
)

var exportedFields = regexp.MustCompile(`^export\s+(?:const|let|var)\s+(?:meta|metadata|frontmatter|frontMatter|attributes)\s*=\s*\{`)

// exported returns the fields that a page in MDX has as a value of its program instead of front matter.
func (p *page) exported(body string) []field {
	if !isMDX(p.Path) {
		return nil
	}
	line := 1
	for l := range strings.SplitAfterSeq(body, "\n") {
		if m := exportedFields.FindString(l); m != "" {
			rest := body[len(m)-1:]
			s := &scanner{page: p}
			return s.literal(rest[:balanced(rest)], line).fields
		}
		body, line = body[len(l):], line+1
	}
	return nil
}

// module takes the lines of a module out of MDX.
func (s *scanner) module() bool {
	if !s.jsx || !s.atLineStart() {
		return false
	}
	rest := s.text[s.at:]
	n := 0
	if m := importLine.FindString(rest); m != "" {
		n = len(m)
	} else if m := importMany.FindString(rest); m != "" {
		n = len(m)
	} else if m := exportedFields.FindString(rest); m != "" && balanced(rest[len(m)-1:]) > 0 {
		s.replace(len(m)-1+balanced(rest[len(m)-1:]), "") // its fields are those of the page
		return true
	} else if exportLine.MatchString(rest) {
		if n = strings.Index(rest, "\n\n"); n < 0 {
			n = len(rest)
		}
	}
	if n == 0 {
		return false
	}
	raw := strings.TrimSpace(rest[:n])
	if m := importImage.FindStringSubmatch(raw); m != nil {
		s.names[m[1]] = m[2]
		if IsPicture(m[2]) {
			s.page.note(Mapped, s.line, "import", raw, "the picture's name")
			s.replace(n, "")
			return true
		}
	}
	s.page.note(Skipped, s.line, "code", raw, "a line of the other site's program")
	s.replace(n, "")
	return true
}

// markup recognizes what begins here.
func (s *scanner) markup() bool {
	rest := s.text[s.at:]
	switch {
	case strings.HasPrefix(rest, "{{<") || strings.HasPrefix(rest, "{{%"):
		return s.hugo(rest)
	case strings.HasPrefix(rest, "{%"):
		return s.liquid(rest)
	case strings.HasPrefix(rest, "{{"):
		return s.variable(rest, "{{", "}}")
	case !s.html && s.atLineStart() && s.lineBegins(rest), !s.html && rest[0] == '[' && s.wiki(rest):
		return true
	case rest[0] == '[':
		return s.wordpress(rest)
	case s.html:
		return false
	case strings.HasPrefix(rest, "!["):
		return s.wiki(rest) || s.sized(rest)
	case strings.HasPrefix(rest, "**"):
		return s.strong(rest)
	case strings.HasPrefix(rest, "<!--"):
		return s.comment(rest)
	case s.jsx && rest[0] == '{' && s.at > 0 && s.text[s.at-1] == '\\':
		return false
	case s.jsx && strings.HasPrefix(rest, "{"):
		return s.expression(rest)
	case s.jsx && rest[0] == '<':
		return s.tag(rest)
	case rest[0] == '<':
		return s.inner && s.frame(rest) || foreign(rest) && s.tag(rest) || s.sloppy(rest)
	case rest[0] == ':':
		return s.icons(rest)
	case rest[0] == '{':
		return s.attributes(rest)
	}
	return false
}

// put adds a part in the place of n bytes. closes says whether its end stands further on.
func (s *scanner) put(n int, pt part, closes bool) {
	pt.raw, pt.line, pt.alone = s.text[s.at:s.at+n], s.line, !closes
	if before := s.text[max(0, s.at-2):s.at]; before == "](" || before == `="` || before == "='" { // in an address
		s.page.keep(s.line, pt.name, pt.raw, "the other site's templates fill in this address")
		s.replace(n, "")
		return
	}
	i := len(s.page.parts)
	s.page.parts = append(s.page.parts, pt)
	tag := "<" + element + ` data-i="` + itoa(i) + `" data-rline="` + itoa(s.line) + `">`
	if closes {
		s.open = append(s.open, pt.name)
	} else {
		tag += "</" + element + ">"
	}
	s.replace(n, s.apart(n, tag))
}

// apart makes a line of its own a block of its own: Markdown takes a tag that is alone on its line for HTML until the next blank line otherwise.
func (s *scanner) apart(n int, tag string) string {
	before := s.text[:s.at]
	after := s.text[s.at+n:]
	indent := before[strings.LastIndexByte(before, '\n')+1:]
	lineEnd, _, _ := strings.Cut(after, "\n")
	if strings.TrimLeft(indent, " \t") == "" && strings.TrimSpace(lineEnd) == "" {
		if !inItem(before[max(0, len(before)-maxAhead):len(before)-len(indent)], len(indent)) {
			indent = ""
		}
		return "\x00" + indent + tag + "\x00"
	}
	return tag
}

var itemMark = regexp.MustCompile(`^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+`)

// inItem reports whether what is indented by so much below some lines belongs to an item of a list.
func inItem(before string, by int) bool {
	for before = strings.TrimRight(before, "\n"); before != "" && by > 0; {
		at := strings.LastIndexByte(before, '\n') + 1
		line := before[at:]
		before = before[:max(at-1, 0)]
		indent := len(line) - len(strings.TrimLeft(line, " \t"))
		if strings.TrimSpace(line) == "" || indent >= by {
			continue
		}
		if m := itemMark.FindString(line); m != "" {
			return len(m) <= by
		}
		by = indent
	}
	return false
}

// end closes the part of a name, and those inside of it that have no end.
func (s *scanner) end(n int, name string) bool {
	for i := len(s.open) - 1; i >= 0; i-- {
		if s.open[i] != name {
			continue
		}
		tag := strings.Repeat("</"+element+">", len(s.open)-i)
		s.open = s.open[:i]
		s.replace(n, s.apart(n, tag))
		return true
	}
	return false
}

// maxVariable is the number of bytes in which the end of a variable is looked for.
const maxVariable = 1_000

// variable writes what a template would: a field of the front matter, an address, nothing of the site's own.
func (s *scanner) variable(rest, begin, end string) bool {
	n := strings.Index(rest[:min(len(rest), maxVariable)], end)
	if n < 0 || strings.Contains(rest[:n], "\n\n") {
		return false
	}
	s.searches++
	n += len(end)
	inner := strings.Trim(strings.TrimSpace(rest[len(begin):n-len(end)]), "-")
	head, _, _ := strings.Cut(inner, "|")
	if words, is := literally(head); is {
		s.replace(n, words)
		return true
	}
	s.fill(n, strings.TrimSpace(head))
	return true
}

// literally returns what an expression says that is a string.
func literally(expression string) (string, bool) {
	e := strings.TrimSpace(expression)
	if len(e) < 2 || e[0] != e[len(e)-1] || !strings.Contains("\"'`", e[:1]) || strings.Contains(e[1:len(e)-1], e[:1]) {
		return "", false
	}
	return strings.ReplaceAll(e[1:len(e)-1], "\n", " "), true
}

// fill puts in the place of n bytes what they stand for.
func (s *scanner) fill(n int, head string) {
	switch head {
	case "site.baseurl", "site.url", "base_path", "site.BaseURL", ".Site.BaseURL":
		s.replace(n, "")
		return
	}
	key := head
	for _, prefix := range []string{"page.", "frontmatter.", "frontMatter.", ".Params.", "$frontmatter.", "meta.", "props."} {
		key = strings.TrimPrefix(key, prefix)
	}
	if f, ok := get(s.page.fields, plainKey(key)); ok && f.value.kind == single && key != "" {
		s.replace(n, html.EscapeString(strings.Join(strings.Fields(f.value.text), " ")))
		return
	}
	s.page.keep(s.line, "template", s.text[s.at:s.at+n], "the other site's templates fill this in: write it into the text")
	s.replace(n, "")
}

func (s *scanner) comment(rest string) bool {
	end := s.find(0, "-->")
	if end < 0 {
		return false
	}
	inner := strings.TrimSpace(rest[4:end])
	if strings.EqualFold(inner, "more") || strings.HasPrefix(inner, "wp:") || strings.HasPrefix(inner, "/wp:") || inner == "" {
		s.page.note(Skipped, s.line, "comment", rest[:end+3], "a mark of the other site's editor")
	} else {
		s.page.keep(s.line, "comment", inner, "a remark of the author's")
	}
	s.replace(end+3, "")
	return true
}

// expression is one of JSX in braces.
func (s *scanner) expression(rest string) bool {
	n := balanced(rest)
	if n == 0 {
		s.searches++
		return false
	}
	inner := strings.TrimSpace(rest[1 : n-1])
	if strings.HasPrefix(inner, "/*") {
		s.page.keep(s.line, "comment", strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(inner, "/*"), "*/")), "a remark of the author's")
		s.replace(n, "")
		return true
	}
	if words, is := literally(inner); is { // text, whatever it looks like
		s.replace(n, html.EscapeString(words))
		return true
	}
	s.searches++
	s.fill(n, inner)
	return true
}

// balanced returns the length of the passage in braces with which text begins, 0 if they do not match.
func balanced(text string) int {
	deep, quote := 0, byte(0)
	for i := 0; i < len(text) && i < 20_000; i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '`' || c == '\'' && (i == 0 || !unicode.IsLetter(rune(text[i-1]))):
			quote = c
		case c == '{':
			deep++
		case c == '}':
			if deep--; deep == 0 {
				return i + 1
			}
		}
	}
	return 0
}

var wordpressTag = regexp.MustCompile(`^\[(/?)([a-z][a-z0-9_-]*)((?:\s+[\w-]+\s*=\s*(?:"[^"\]]*"|'[^'\]]*'|[^\s\]"'(]+))*)\s*(/?)\]`)

// wordpress recognizes shortcodes in brackets, which Markdown uses for links: one has attributes or an end, and no address behind it.
func (s *scanner) wordpress(rest string) bool {
	m := wordpressTag.FindStringSubmatch(rest)
	if m == nil {
		return false
	}
	n, name := len(m[0]), m[2]
	if m[1] == "/" {
		return s.end(n, name)
	}
	s.searches++
	ends := strings.Contains(rest[:min(len(rest), maxAhead)], "[/"+name+"]")
	if after := rest[n:]; strings.HasPrefix(after, "(") || strings.HasPrefix(after, "[") && m[3] == "" && !ends || strings.HasPrefix(after, ":") {
		return false
	}
	if strings.TrimSpace(m[3]) == "" && !ends && !oneOf(name, "gallery") {
		return false
	}
	closes := ends && s.closing(rest[n:], regexp.MustCompile(`\[/`+name+`\]`), regexp.MustCompile(`\[`+name+`[\s\]]`))
	s.put(n, part{name: name, fields: parameters(m[3], s.line)}, closes)
	return true
}

var containerLine = regexp.MustCompile(`^(:{3,})[ \t]*([\w-]*)[ \t]*([^\n]*)(?:\n|$)`)

// container recognizes ":::note A title" and its end.
func (s *scanner) container(rest string) bool {
	m := containerLine.FindStringSubmatch(rest)
	if m == nil {
		return false
	}
	n := len(strings.TrimSuffix(m[0], "\n"))
	if m[2] == "" {
		if !s.end(n, m[1]) {
			s.page.keep(s.line, "container", m[0], "it ends what did not begin")
			s.replace(n, "")
		}
		return true
	}
	title := strings.Trim(m[3], "[]{} \t")
	pt := part{name: m[2], fields: nil}
	if title != "" {
		pt.fields = append(pt.fields, field{key: "title", line: s.line, value: value{kind: single, text: title, line: s.line}})
	}
	s.put(n, pt, true)
	s.open[len(s.open)-1] = m[1]
	return true
}
