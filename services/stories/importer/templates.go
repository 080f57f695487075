package importer

import (
	"html"
	"regexp"
	"strings"
)

// maxTag bounds one tag of a template.
const maxTag = 10_000

// until returns a text up to the end of the first tag in it, nothing if none ends within bounds.
func until(text, end string) string {
	text = text[:min(len(text), maxTag)]
	return text[:max(strings.Index(text, end), -len(end))+len(end)]
}

var hugoTag = regexp.MustCompile(`(?s)^\{\{([<%])\s*(/?)\s*([\w./-]+)\s*(.*?)\s*(/?)\s*([>%])\}\}`)

func (s *scanner) hugo(rest string) bool {
	m := hugoTag.FindStringSubmatch(until(rest, "}}"))
	if m == nil {
		return false
	}
	n, name := len(m[0]), m[3]
	if m[2] == "" && (name == "highlight" || name == "code") {
		if end := s.ending(n, hugoEnd); end != nil {
			language, _, _ := strings.Cut(strings.Trim(m[4], `"'`), " ")
			s.fenced(end[1], strings.Trim(language, `"'`), rest[n:end[0]])
			return true
		}
	}
	if name == "ref" || name == "relref" {
		s.replace(n, strings.Trim(m[4], `"'`+"` "))
		return true
	}
	if m[2] == "/" {
		if !s.end(n, name) {
			s.page.keep(s.line, "shortcode", m[0], "it ends what did not begin")
			s.replace(n, "")
		}
		return true
	}
	closes := m[5] == "" && s.closing(rest[n:], regexp.MustCompile(`\{\{[<%]\s*/\s*`+regexp.QuoteMeta(name)+`\s*[>%]\}\}`), regexp.MustCompile(`\{\{[<%]\s*`+regexp.QuoteMeta(name)+`[\s>%]`))
	s.put(n, part{name: name, fields: parameters(m[4], s.line)}, closes)
	return true
}

var hugoEnd = regexp.MustCompile(`\{\{[<%]\s*/\s*(?:highlight|code)\s*[>%]\}\}`)

// fenced puts a block of code in the place of n bytes.
func (s *scanner) fenced(n int, language, code string) {
	if strings.Contains(language, "=") {
		language = ""
	}
	s.replace(n, "\n```"+language+"\n"+strings.Trim(code, "\n")+"\n```\n")
}

// Bounds of how far, and how often on a page, the end of a component is looked for, and of how many of them a page has.
const (
	maxAhead    = 64 << 10
	maxSearches = 2_000
	maxParts    = 1_000
)

// closing reports whether the end comes before another beginning that has none.
func (s *scanner) closing(rest string, end, begin *regexp.Regexp) bool {
	s.searches++
	from := len(s.text) - len(rest)
	to := min(from+maxAhead, len(s.text))
	// Where none was found the last time, none is: only what has come into sight since is looked through.
	const overlap = 1_000 // more than an end has characters
	if until := s.endless[end.String()]; until > from && end.FindStringIndex(s.text[max(from, until-overlap):to]) == nil {
		s.endless[end.String()] = to
		return false
	}
	rest = s.text[from:to]
	deep := 1
	for len(rest) > 0 {
		e := end.FindStringIndex(rest)
		if e == nil {
			if deep == 1 {
				s.endless[end.String()] = to
			}
			return false
		}
		deep += len(begin.FindAllString(rest[:e[0]], -1))
		if deep--; deep <= 0 {
			return true
		}
		rest = rest[e[1]:]
		if deep > 20 {
			return false
		}
	}
	return false
}

var parameter = regexp.MustCompile("(?s)([\\w:.-]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|'((?:[^'\\\\]|\\\\.)*)'|`([^`]*)`|([^\\s\"'`]+))|\"((?:[^\"\\\\]|\\\\.)*)\"|'((?:[^'\\\\]|\\\\.)*)'|([^\\s\"'`,]+)")

// parameters reads name="value" and plain values, which get the number of their place as a name.
func parameters(text string, line int) []field {
	var out []field
	n := 0
	for _, m := range parameter.FindAllStringSubmatch(text, 200) {
		key, v := m[1], m[2]+m[3]+m[4]+m[5]
		if key == "" {
			key, v = itoa(n), m[6]+m[7]+m[8]
			n++
		}
		v = strings.NewReplacer(`\"`, `"`, `\'`, `'`).Replace(v)
		out = append(out, field{key: key, line: line, value: value{line: line, kind: single, text: html.UnescapeString(v)}})
	}
	return out
}

var (
	liquidTag  = regexp.MustCompile(`(?s)^\{%-?\s*(\w+)\s*(.*?)\s*-?%\}`)
	liquidEnds = map[string]*regexp.Regexp{
		"highlight": regexp.MustCompile(`\{%-?\s*endhighlight\s*-?%\}`), "comment": regexp.MustCompile(`\{%-?\s*endcomment\s*-?%\}`), "raw": regexp.MustCompile(`\{%-?\s*endraw\s*-?%\}`),
	}
)

func (s *scanner) liquid(rest string) bool {
	m := liquidTag.FindStringSubmatch(until(rest, "%}"))
	if m == nil {
		return false
	}
	n, name := len(m[0]), m[1]
	switch {
	case name == "highlight" || name == "raw" || name == "comment":
		end := s.ending(n, liquidEnds[name])
		if end == nil {
			break
		}
		inner := rest[n:end[0]]
		switch language, _, _ := strings.Cut(m[2], " "); name {
		case "highlight":
			s.fenced(end[1], language, inner)
		case "comment":
			s.page.keep(s.line, "comment", inner, "a remark of the author's")
			s.replace(end[1], "")
		default:
			s.replace(end[1], inner)
		}
		return true
	case name == "post_url" || name == "link":
		s.replace(n, "/"+strings.TrimPrefix(m[2], "/"))
		return true
	case strings.HasPrefix(name, "end"):
		if !s.end(n, strings.TrimPrefix(name, "end")) {
			s.page.keep(s.line, "tag", m[0], "a tag of the other site's templates")
			s.replace(n, "")
		}
		return true
	}
	fields := parameters(m[2], s.line)
	label := name
	if (name == "include" || name == "include_relative" || name == "render") && len(fields) > 0 {
		file := fields[0].value.text
		label, fields = file[strings.LastIndexByte(file, '/')+1:], fields[1:]
		label = strings.TrimSuffix(strings.TrimSuffix(label, ".html"), ".md")
	}
	closes := s.closing(rest[n:], regexp.MustCompile(`\{%-?\s*end`+regexp.QuoteMeta(name)+`\s*-?%\}`), regexp.MustCompile(`\{%-?\s*`+regexp.QuoteMeta(name)+`\s`))
	pt := part{name: label, fields: fields}
	s.put(n, pt, closes)
	if closes { // its end goes by the tag's name
		s.open[len(s.open)-1] = name
	}
	return true
}
