package importer

import (
	"html"
	"regexp"
	"slices"
	"strings"

	xhtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

var jsxName = regexp.MustCompile(`^<(/?)([A-Za-z][\w.-]*)?`)

// tag reads an element of JSX. Those of HTML stay, with their attributes as HTML has them; the others become parts.
func (s *scanner) tag(rest string) bool {
	m := jsxName.FindStringSubmatch(rest)
	if m == nil || m[2] == "" && !strings.HasPrefix(rest, "<>") && !strings.HasPrefix(rest, "</>") {
		return false
	}
	if m[2] == "" { // a fragment
		s.replace(strings.IndexByte(rest, '>')+1, "")
		return true
	}
	name := m[2]
	if s.frame(rest) {
		return true
	}
	custom := isComponent(name)
	if m[1] == "/" {
		end := strings.IndexByte(rest, '>')
		if !custom || end < 0 {
			return false
		}
		if !s.end(end+1, name) {
			s.page.keep(s.line, "component", rest[:end+1], "it ends what did not begin")
			s.replace(end+1, "")
		}
		return true
	}
	fields, n, alone := s.props(rest, len(m[0]))
	if n == 0 {
		s.searches++
		return false
	}
	if !custom {
		s.replace(n, plainTag(name, fields, alone))
		return true
	}
	closes := !alone && s.closing(rest[n:], regexp.MustCompile(`</\s*`+regexp.QuoteMeta(name)+`\s*>`), regexp.MustCompile(`<`+regexp.QuoteMeta(name)+`[\s>]`))
	s.put(n, part{name: name, fields: fields}, closes)
	return true
}

// foreign reports whether a tag is that of a component where HTML may stand too: its name is none of HTML's.
func foreign(rest string) bool {
	m := jsxName.FindStringSubmatch(rest)
	return m != nil && m[2] != "" && isComponent(m[2]) && atom.Lookup([]byte(strings.ToLower(m[2]))) == 0
}

var (
	anyTag   = regexp.MustCompile(`^<[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>\n]*)?>`)
	soundTag = regexp.MustCompile("^<[a-zA-Z][a-zA-Z0-9-]*(?:\\s+[a-zA-Z_:][\\w.:-]*(?:\\s*=\\s*(?:[^\\s\"'=<>`]+|'[^']*'|\"[^\"]*\"))?)*\\s*/?>")
)

// sloppy writes a tag anew that browsers understand and Markdown does not, such as one with half of its quotation marks.
func (s *scanner) sloppy(rest string) bool {
	m := anyTag.FindString(rest)
	if m == "" || soundTag.MatchString(rest) || strings.Contains(m, "{{") || strings.Contains(m, "{%") {
		return false // what a template fills in comes first
	}
	z := xhtml.NewTokenizer(strings.NewReader(m))
	if kind := z.Next(); kind != xhtml.StartTagToken && kind != xhtml.SelfClosingTagToken {
		return false
	}
	t := z.Token()
	if t.DataAtom == 0 {
		return false
	}
	for i, a := range t.Attr {
		t.Attr[i].Val = strings.Trim(a.Val, `"'`)
	}
	t.Attr = slices.DeleteFunc(t.Attr, func(a xhtml.Attribute) bool { return strings.ContainsAny(a.Key, `"'<>=`) })
	s.replace(len(m), t.String())
	return true
}

// isComponent reports whether the name of an element is that of a component of the other site.
func isComponent(name string) bool {
	return strings.ToUpper(name[:1]) == name[:1] || strings.ContainsAny(name, ".-")
}

var frames = regexp.MustCompile(`^</?(?:div|section|article|aside|header|footer|main|blockquote|figure|details|center)\b`)

// frame sets the tags of elements that only frame text apart, where what stands inside of them is Markdown.
func (s *scanner) frame(rest string) bool {
	if !frames.MatchString(rest) {
		return false
	}
	m := jsxName.FindStringSubmatch(rest)
	fields, n, alone := s.props(rest, len(m[0]))
	if m[1] == "/" {
		n = strings.IndexByte(rest, '>') + 1
	}
	if n == 0 {
		return false
	}
	tag := "</" + m[2] + ">"
	if m[1] == "" {
		tag = plainTag(m[2], fields, alone)
	}
	s.replace(n, "\x00"+tag+"\x00")
	return true
}

// plainTag writes an element as HTML.
func plainTag(name string, fields []field, alone bool) string {
	var b strings.Builder
	b.WriteString("<" + name)
	for _, f := range fields {
		if f.value.kind != single && f.value.kind != nothing {
			continue
		}
		key := strings.ToLower(f.key)
		if key == "classname" {
			key = "class"
		}
		b.WriteString(" " + key + `="` + strings.ReplaceAll(html.EscapeString(f.value.text), "\n", " ") + `"`)
	}
	b.WriteString(">")
	if alone && !oneOf(name, "img", "br", "hr", "input", "source", "wbr", "col") {
		b.WriteString("</" + name + ">")
	}
	return b.String()
}

var propName = regexp.MustCompile(`^\s*([A-Za-z_][\w:.-]*|[@:v#][\w:.-]+)\s*(=?)\s*`)

// props reads the attributes of an element from place at, and returns the element's length, 0 if it is none.
func (s *scanner) props(rest string, at int) (fields []field, n int, alone bool) {
	for at < len(rest) && at < 20_000 {
		t := strings.TrimLeft(rest[at:], " \t\n")
		at = len(rest) - len(t)
		line := s.line + strings.Count(rest[:at], "\n")
		switch {
		case strings.HasPrefix(t, "/>"):
			return fields, at + 2, true
		case strings.HasPrefix(t, ">"):
			return fields, at + 1, false
		case strings.HasPrefix(t, "{"): // a spread
			k := balanced(t)
			if k == 0 {
				return nil, 0, false
			}
			at += k
			continue
		}
		m := propName.FindStringSubmatch(t)
		if m == nil {
			return nil, 0, false
		}
		at += len(m[0])
		f := field{key: m[1], line: line, value: value{kind: single, text: "true", line: line}}
		if m[2] == "=" {
			k := 0
			if f.value, k = s.propValue(rest[at:], line); k == 0 {
				return nil, 0, false
			}
			at += k
		}
		fields = append(fields, f)
	}
	return nil, 0, false
}

var bareValue = regexp.MustCompile("^[^\\s\"'`<>={}]+")

// propValue reads one value: a string, or an expression that is a literal, a picture's name or a field of the front matter.
func (s *scanner) propValue(rest string, line int) (value, int) {
	if rest == "" {
		return value{}, 0
	}
	if q := rest[0]; q == '"' || q == '\'' {
		end := strings.IndexByte(rest[1:], q)
		if end < 0 {
			return value{}, 0
		}
		return value{kind: single, text: html.UnescapeString(rest[1 : 1+end]), line: line}, end + 2
	}
	if rest[0] != '{' {
		m := bareValue.FindString(rest)
		return value{kind: single, text: m, line: line}, len(m)
	}
	n := balanced(rest)
	if n == 0 {
		return value{}, 0
	}
	return s.literal(strings.TrimSpace(rest[1:n-1]), line), n
}

var (
	required   = regexp.MustCompile(`^require\(\s*['"]([^'"]+)['"]\s*\)(?:\.default)?$`)
	namedValue = regexp.MustCompile(`:\s*[A-Za-z_$][\w$]*`)
	plainKeys  = regexp.MustCompile(`([{,]\s*)([A-Za-z_$][\w$]*)\s*:([^\s])`)
)

// literal reads an expression. JSON is YAML, and what JavaScript adds to it mostly is too.
func (s *scanner) literal(text string, line int) value {
	if src, known := s.names[strings.TrimSuffix(text, ".src")]; known {
		return value{kind: single, text: src, line: line}
	}
	if m := required.FindStringSubmatch(text); m != nil {
		return value{kind: single, text: m[1], line: line}
	}
	if len(text) > 1 && text[0] == '`' && text[len(text)-1] == '`' && !strings.Contains(text, "${") {
		return value{kind: single, text: text[1 : len(text)-1], line: line}
	}
	if strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{") || strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'") {
		tidy := plainKeys.ReplaceAllString(strings.ReplaceAll(text, "\t", " "), "$1$2: $3")
		tidy = namedValue.ReplaceAllStringFunc(tidy, func(m string) string {
			if src, known := s.names[strings.TrimSpace(m[1:])]; known {
				return `: "` + strings.ReplaceAll(src, `"`, "") + `"`
			}
			return m
		})
		if v, _, err := fromYAML(tidy, line); err == nil {
			return v
		}
	}
	for _, prefix := range []string{"frontmatter.", "frontMatter.", "props.", "meta."} {
		if key, ok := strings.CutPrefix(text, prefix); ok {
			if f, found := get(s.page.fields, plainKey(key)); found {
				return f.value
			}
		}
	}
	return value{kind: single, text: "{" + text + "}", line: line}
}
