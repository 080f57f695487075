package importer

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// section is a passage of a story that stands in the front matter, as some editors of pages have a field for each.
type section struct {
	heading, text string
}

// sectionKeys are the fields in which such passages stand. Their names are what readers see above them.
var sectionKeys = []string{"challenge", "thechallenge", "challenges", "problem", "theproblem", "situation", "approach", "ourapproach", "theapproach", "solution", "thesolution", "oursolution",
	"implementation", "outcome", "theoutcome", "result", "theresult", "results", "theresults", "benefits", "conclusion", "lookingahead"}

// minProse is the number of characters below which a field is a word or two rather than a passage.
const minProse = 20

// sectioned takes a field for a passage of the story if it is one: prose, in a page whose text has a place for it.
func (p *page) sectioned(f field) bool {
	text := strings.TrimSpace(f.value.text)
	if f.value.kind != single || isHTML(p.Path) || !slices.Contains(sectionKeys, plainKey(f.key)) || utf8.RuneCountInString(text) < minProse || !strings.Contains(text, " ") {
		return false
	}
	words := spaced(f.key)
	_, n := utf8.DecodeRuneInString(words)
	p.sections = append(p.sections, section{heading: strings.ToUpper(words[:n]) + words[n:], text: text})
	p.account(f.value.text)
	p.note(Mapped, f.line, f.key, text, "a passage of the story, under its name")
	return true
}

var headingLine = regexp.MustCompile(`(?m)^(#{1,6})[ \t]+\S`)

// withSections puts the passages of the front matter into a body, before its first heading or else at its end, on lines that its file does not have.
func (p *page) withSections(body string) string {
	if len(p.sections) == 0 {
		return body
	}
	at, mark := len(body), "##"
	prose, _, _ := strings.Cut(body, "```") // what looks like a heading in code is none
	found := headingLine.FindAllStringSubmatchIndex(prose, -1)
	if len(found) > 0 && found[0][3]-found[0][2] == 1 { // the title of the page
		found = found[1:]
	}
	if len(found) > 0 {
		at, mark = found[0][0], prose[found[0][2]:found[0][3]]
	}
	var b strings.Builder
	for _, s := range p.sections {
		b.WriteString("\n\n" + mark + " " + s.heading + "\n\n" + s.text)
	}
	return body[:at] + strings.ReplaceAll(b.String()+"\n\n", "\n", "\x00") + body[at:]
}
