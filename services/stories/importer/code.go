package importer

import (
	"regexp"
	"strings"
)

// find returns where in the rest of the text something stands, from some bytes on, and -1 if nowhere. What was not found once is not looked for again.
func (s *scanner) find(from int, what string) int {
	if s.nowhere[what] {
		return -1
	}
	n := strings.Index(s.text[s.at+from:], what)
	if n < 0 {
		s.nowhere[what] = true
		return -1
	}
	return from + n
}

// ending returns where in the rest of the text, from some bytes on, something ends, nothing if nowhere.
func (s *scanner) ending(from int, end *regexp.Regexp) []int {
	if s.nowhere[end.String()] {
		return nil
	}
	at := end.FindStringIndex(s.text[s.at+from:])
	if at == nil {
		s.nowhere[end.String()] = true
		return nil
	}
	return []int{from + at[0], from + at[1]}
}

// code passes over fenced code, code in a line and what HTML takes for no markup.
func (s *scanner) code() bool {
	rest := s.text[s.at:]
	switch {
	case s.html:
		return rest[0] == '<' && s.verbatim(rest)
	case s.fence(rest):
		return true
	case rest[0] != '`':
		return false
	}
	ticks := len(rest) - len(strings.TrimLeft(rest, "`"))
	if s.at >= s.paragraph {
		if s.paragraph = len(s.text); s.find(0, "\n\n") >= 0 {
			s.paragraph = s.at + s.find(0, "\n\n")
		}
	}
	line := s.text[s.at:max(s.paragraph, s.at+ticks)]
	if end := strings.Index(line[ticks:], rest[:ticks]); end >= 0 {
		s.copied(2*ticks + end)
	} else {
		s.pass(ticks)
	}
	return true
}

var (
	// A fence may stand in a list, where what is its place is not known here.
	fenceOpen = regexp.MustCompile("^([ \t]*(?:>[ \t]*)*(?:(?:[-*+]|\\d{1,3}[.)])[ \t]+)?)(`{3,20}|~{3,20})[^`\n]*(?:\n|$)")
	deepFence = regexp.MustCompile("^(?: {4}| {0,3}\t)")
)

// fence passes over a fenced block of code. One that is indented like code itself counts only with its end.
func (s *scanner) fence(rest string) bool {
	if !s.atLineStart() {
		return false
	}
	m := fenceOpen.FindStringSubmatch(rest[:min(len(rest), maxTag)])
	if m == nil {
		return false
	}
	mark, deep := m[2][:1], deepFence.MatchString(m[1])
	if least := s.unended[mark]; deep && least > 0 && len(m[2]) >= least {
		return false
	}
	end, ended := len(m[0]), false
	for l := range strings.SplitAfterSeq(rest[len(m[0]):], "\n") {
		end += len(l)
		t := strings.Trim(l, " \t\n>")
		if ended = len(t) >= len(m[2]) && strings.Trim(t, mark) == ""; ended {
			break
		}
	}
	if !ended && deep {
		s.unended[mark] = len(m[2])
		return false
	}
	s.copied(end)
	return true
}

var rawTag = regexp.MustCompile(`\{%-?[ \t]*(?:end)?raw[ \t]*-?%\}`)

// copied copies code. Liquid acts on code too, so that sites which use it say in their code what is none of it.
func (s *scanner) copied(n int) {
	code := s.text[s.at : s.at+n]
	if !strings.Contains(code, "raw") || !rawTag.MatchString(code) {
		s.pass(n)
		return
	}
	s.out.WriteString(rawTag.ReplaceAllString(code, ""))
	s.skip(n)
}

// verbatims are elements of HTML in which nothing is markup, and remarks, by how they begin; and how each ends.
var (
	verbatims   = regexp.MustCompile(`(?i)^<(?:(pre|code|script|style|textarea)\b|!--)`)
	verbatimEnd = map[string]*regexp.Regexp{
		"pre": regexp.MustCompile(`(?i)</pre\s*>`), "code": regexp.MustCompile(`(?i)</code\s*>`), "script": regexp.MustCompile(`(?i)</script\s*>`),
		"style": regexp.MustCompile(`(?i)</style\s*>`), "textarea": regexp.MustCompile(`(?i)</textarea\s*>`), "": regexp.MustCompile(`-->`),
	}
)

// verbatim passes over an element in which nothing is markup.
func (s *scanner) verbatim(rest string) bool {
	m := verbatims.FindStringSubmatch(rest)
	if m == nil {
		return false
	}
	at := s.ending(0, verbatimEnd[strings.ToLower(m[1])])
	if at == nil {
		return false
	}
	s.pass(at[1])
	return true
}
