package importer

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What dialects of Markdown have that CommonMark does not.

var (
	admonition = regexp.MustCompile(`^([ \t]*)(?:(?:!!!|\?\?\?\+?)[ \t]+([A-Za-z][\w-]*)(?:[ \t]+[\w-]+)*|===[!+]*)(?:[ \t]+"((?:[^"\\\n]|\\.)*)")?[ \t]*(?:\n|$)`)
	snippet    = regexp.MustCompile(`^[ \t]*-+8<-+[ \t]+"[^"\n]*"[ \t]*(?:\n|$)`)
)

// maxIndented bounds how deep indented passages lie in one another.
const maxIndented = 20

// indentedPassage recognizes what a line such as `!!! note "A title"` begins: the passage below it that is indented.
func (s *scanner) indentedPassage(rest string) bool {
	m := admonition.FindStringSubmatch(rest[:min(len(rest), maxTag)])
	if m == nil || m[2] == "" && m[3] == "" || s.deep >= maxIndented {
		return false
	}
	pt := part{name: strings.ToLower(m[2])}
	if pt.name == "" {
		pt.name = "tab"
	}
	if m[3] != "" {
		title := strings.NewReplacer(`\"`, `"`, "`", "").Replace(m[3])
		pt.fields = append(pt.fields, field{key: "title", line: s.line, value: value{kind: single, text: title, line: s.line}})
	}
	head := len(strings.TrimSuffix(m[0], "\n"))
	body, n := dedented(rest[head:], m[1])
	s.pass(len(m[1]))
	s.put(head-len(m[1]), pt, true)
	inner := &scanner{page: s.page, text: body, line: s.line, jsx: s.jsx, html: s.html, inner: s.inner, names: s.names, searches: s.searches, deep: s.deep + 1,
		endless: map[string]int{}, nowhere: map[string]bool{}, unended: map[string]int{}}
	s.out.WriteString(inner.scan() + "\x00\x00" + m[1] + "</" + element + ">\x00")
	s.open = s.open[:len(s.open)-1]
	s.searches = inner.searches
	s.skip(n)
	return true
}

// dedented returns the lines below a head that are indented by four more than it, as if they were not, and how many bytes they are.
func dedented(below, head string) (body string, n int) {
	var b, blank strings.Builder
	at := 1 // the end of the head's line
	for l := range strings.SplitAfterSeq(below[min(1, len(below)):], "\n") {
		if strings.TrimSpace(l) == "" {
			blank.WriteString(l)
			at += len(l)
			continue
		}
		inside, is := strings.CutPrefix(l, head+"    ")
		if !is {
			inside, is = strings.CutPrefix(l, head+"\t")
		}
		if !is {
			break
		}
		b.WriteString(blank.String() + head + inside)
		blank.Reset()
		at += len(l)
		n = at
	}
	if n == 0 {
		return "", 0
	}
	body = "\n" + b.String()
	if strings.HasSuffix(body, "\n") { // it stays with what follows
		return body[:len(body)-1], n - 1
	}
	return body, n
}

var (
	contents     = regexp.MustCompile(`(?i)^(?:\[\[?_?toc_?\]|[*-] |1\. )`)
	contentsLine = regexp.MustCompile(`(?i)^[ \t]*(?:\[\[?_?toc_?\]?\]|(?:[*-]|1\.) [^\n]*\n\{:\s*toc[^\n}]*\})[ \t]*(?:\n|$)`)
	abbreviation = regexp.MustCompile(`^\*\[[^\]\n]+\]:[^\n]*`)
)

var alert = regexp.MustCompile(`^([ \t]*(?:>[ \t]*)+)\[!([A-Za-z]+)\][+-]?[ \t]*([^\n]*)`)

// lineBegins recognizes what is something only at the beginning of a line.
func (s *scanner) lineBegins(rest string) bool {
	first := strings.TrimLeft(rest[:min(len(rest), 200)], " \t")
	switch {
	case first == "":
		return false
	case strings.HasPrefix(first, "!!!") || strings.HasPrefix(first, "???") || strings.HasPrefix(first, "==="):
		return s.indentedPassage(rest)
	case strings.HasPrefix(first, "-"):
		m := snippet.FindString(rest)
		if m == "" {
			return false
		}
		s.page.keep(s.line, "snippet", strings.TrimSpace(m), "the other site puts a file in this place: write its words into the text")
		s.replace(len(strings.TrimSuffix(m, "\n")), "")
		return true
	case strings.HasPrefix(first, ":::"):
		indent := len(rest) - len(strings.TrimLeft(rest, " \t"))
		if indent > 3 && !inItem(s.text[max(0, s.at-maxAhead):s.at], indent) {
			return false // code
		}
		s.pass(indent)
		return s.container(rest[indent:])
	case contents.MatchString(first), strings.HasPrefix(first, "*["):
		m := abbreviation.FindString(rest)
		if m == "" {
			m = contentsLine.FindString(rest)
		}
		if m == "" {
			return false
		}
		s.page.note(Skipped, s.line, "mark", strings.TrimSpace(m), "the other site makes something of it: a list of contents, or what an abbreviation stands for")
		s.replace(len(strings.TrimSuffix(m, "\n")), "")
		return true
	case first[0] == '>':
		m := alert.FindStringSubmatch(rest)
		if m == nil {
			return false
		}
		title := ""
		if words := strings.TrimSpace(m[3]); words != "" && !strings.ContainsAny(words, "*`[<") {
			title = "**" + words + "**\\"
		} else if words != "" {
			title = words
		}
		s.page.note(Skipped, s.line, "callout", "[!"+m[2]+"]", "how the other site dresses a passage")
		s.pass(len(m[1]))
		s.replace(len(m[0])-len(m[1]), title)
		return true
	}
	return false
}

var (
	wikiLink = regexp.MustCompile(`^(!?)\[\[([\pL][^\[\]|\n]*)(?:\|([^\[\]\n]*))?\]\]`)
	notWiki  = regexp.MustCompile(`[",{}=]`)
)

// wiki recognizes the links and pictures of wikis.
func (s *scanner) wiki(rest string) bool {
	m := wikiLink.FindStringSubmatch(rest[:min(len(rest), maxVariable)])
	if m == nil || notWiki.MatchString(m[2]) || strings.HasPrefix(rest[len(m[0]):], "(") {
		return false
	}
	to, words := strings.TrimSpace(m[2]), strings.TrimSpace(m[3])
	if m[1] != "" && IsPicture(to) {
		if strings.Trim(words, "0123456789x") == "" { // a width
			words = ""
		}
		s.replace(len(m[0]), "!["+words+"](<"+to+">)")
		return true
	}
	if words == "" {
		words = strings.TrimSpace(strings.ReplaceAll(to, "#", " "))
	}
	s.page.keep(s.line, "link", m[0], "a link of a wiki: its words are in the text, and it leads nowhere")
	s.replace(len(m[0]), words)
	return true
}

var pictureSize = regexp.MustCompile(`^!\[[^\[\]\n]*\]\([^()\s]+([ \t]+=[\dx%]+)\)`)

// sized leaves the size of a picture out, as in "![a](b.png =100x20)".
func (s *scanner) sized(rest string) bool {
	m := pictureSize.FindStringSubmatchIndex(rest[:min(len(rest), maxVariable)])
	if m == nil {
		return false
	}
	s.page.note(Skipped, s.line, "attributes", strings.TrimSpace(rest[m[2]:m[3]]), "how the other site dresses it")
	s.pass(m[2])
	s.replace(m[3]-m[2], "")
	return true
}

// strongPairs are bold words of one paragraph, by the number of their stars.
var strongPairs = map[int]*regexp.Regexp{
	2: regexp.MustCompile(`^\*\*((?:[^*\n]|\n[^*\n])+)\*\*`),
	3: regexp.MustCompile(`^\*\*\*((?:[^*\n]|\n[^*\n])+)\*\*\*`),
}

// strong mends "**words **and" and "and** words**", which editors write and readers see as bold, and Markdown does not.
func (s *scanner) strong(rest string) bool {
	stars := len(rest) - len(strings.TrimLeft(rest, "*"))
	if s.at == s.bold || strongPairs[stars] == nil || s.at > 0 && s.text[s.at-1] == '\\' {
		s.pass(stars)
		return true
	}
	m := strongPairs[stars].FindStringSubmatch(rest)
	if m == nil || strings.HasPrefix(rest[len(m[0]):], "*") || strings.HasSuffix(m[1], "\\") {
		s.pass(stars)
		return true
	}
	words := strings.TrimSpace(m[1])
	lead, trail, _ := strings.Cut(m[1], words)
	switch {
	case words == "": // an editor's leftovers
		s.replace(len(m[0]), m[1])
	case lead == "" && trail == "" && s.unseen(words, rest[len(m[0]):]):
		inner := strings.TrimFunc(words, unicode.IsPunct)
		before, after, _ := strings.Cut(words, inner)
		s.replace(len(m[0]), before+m[0][:stars]+inner+m[0][:stars]+after)
	case (lead == "") == (trail == ""), strings.ContainsAny(m[1], "\n`{<["):
		s.bold = s.at + len(m[0]) - stars
		s.pass(stars)
	default:
		s.replace(len(m[0]), lead+m[0][:stars]+words+m[0][:stars]+trail)
	}
	return true
}

// unseen reports whether bold words begin or end with a sign that touches a letter outside: Markdown takes neither for bold. The signs are put outside.
func (s *scanner) unseen(words, after string) bool {
	inner := strings.TrimFunc(words, unicode.IsPunct)
	if inner == "" || strings.ContainsAny(words, "\n`{<[*_\\(") {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(s.text[:s.at])
	next, _ := utf8.DecodeRuneInString(after)
	return isWord(last) && !strings.HasPrefix(words, inner) || isWord(next) && !strings.HasSuffix(words, inner)
}

var (
	icon          = regexp.MustCompile(`^:(?:fontawesome|octicons|material|simple|fa|fas|fab|mdi)-[a-z0-9-]+:`)
	attributeList = regexp.MustCompile(`^\{(?::[^{}\n]*|[ \t]*(?:[#.][\w-][\w:-]*|[\w-]+=(?:"[^"\n]*"|[^\s{}"']+))(?:[ \t]+(?:[#.][\w-][\w:-]*|[\w-]+=(?:"[^"\n]*"|[^\s{}"']+)))*[ \t]*)\}`)
)

// braceText is a string of JSX where a page of Markdown is one of MDX by another name.
var braceText = regexp.MustCompile(`^\{'([^'\n]{1,10})'\}`)

// icons leaves out the names of drawings that only the other site has.
func (s *scanner) icons(rest string) bool {
	m := icon.FindString(rest)
	if m == "" {
		return false
	}
	s.page.note(Skipped, s.line, "icon", m, "a drawing of the other site's")
	s.replace(len(m), "")
	return true
}

// attributes are those of kramdown and others: "{: .wide}", "{#place}", "{target=_blank}".
func (s *scanner) attributes(rest string) bool {
	if m := braceText.FindStringSubmatch(rest); m != nil {
		s.replace(len(m[0]), html.EscapeString(m[1]))
		return true
	}
	if s.at == 0 {
		return false
	}
	m := attributeList.FindString(rest[:min(len(rest), maxVariable)])
	if m == "" || !strings.ContainsAny(m[:2], ":#.") && unicode.IsSpace(rune(s.text[s.at-1])) && !strings.ContainsAny(strings.TrimLeft(m[1:], " \t")[:1], ".#") {
		return false
	}
	s.page.note(Skipped, s.line, "attributes", m, "how the other site dresses it")
	s.replace(len(m), "")
	return true
}
